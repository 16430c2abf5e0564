"""Promises of what is done to files: whole or not at all, and never through a planted link."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zstatic.disk import is_plain_folder, remove_tree, write_atomically, write_durably

both_ways = pytest.mark.parametrize("write", [write_atomically, write_durably])
Write = Callable[[Path, bytes], None]


@both_ways
def test_a_written_file_holds_the_new_content_and_leaves_no_draft(tmp_path: Path, write: Write) -> None:
    file = tmp_path / "words.json"
    for content in (b"old", b"new"):
        write(file, content)
        assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


@both_ways
def test_nothing_is_written_through_a_link_planted_in_the_place_of_the_draft(
    tmp_path: Path, write: Write
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("of the user", "utf-8")
    (tmp_path / "words.json.new").symlink_to(outside)
    write(tmp_path / "words.json", b"new")
    assert outside.read_text("utf-8") == "of the user"
    assert (tmp_path / "words.json").read_bytes() == b"new"
    assert not (tmp_path / "words.json").is_symlink()


@both_ways
def test_nothing_is_written_through_a_link_in_the_place_of_the_file(tmp_path: Path, write: Write) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("of the user", "utf-8")
    (tmp_path / "words.json").symlink_to(outside)
    write(tmp_path / "words.json", b"new")
    assert outside.read_text("utf-8") == "of the user"
    assert (tmp_path / "words.json").read_bytes() == b"new"


@both_ways
def test_a_folder_left_in_the_place_of_the_draft_does_not_stop_a_file(tmp_path: Path, write: Write) -> None:
    (tmp_path / "words.json.new" / "within").mkdir(parents=True)
    write(tmp_path / "words.json", b"new")
    assert (tmp_path / "words.json").read_bytes() == b"new"


@both_ways
def test_what_the_disk_refuses_names_the_file(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError) as raised:
        write(tmp_path / "words.json", b"new")
    assert raised.value.filename == str(tmp_path / "words.json.new")


def test_a_link_to_a_folder_is_no_plain_folder_and_is_removed_without_what_it_leads_to(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("kept", "utf-8")
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert is_plain_folder(folder) and not is_plain_folder(link) and not is_plain_folder(folder / "file")
    remove_tree(link)
    assert (folder / "file").is_file() and not link.is_symlink()

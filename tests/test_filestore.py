"""The store hands out no file but one whose bytes are right, and reads none twice without need."""

import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest

from zstatic import filestore
from zstatic.filestore import FileStore


def put(folder: Path, content: bytes) -> str:
    md5 = hashlib.md5(content).hexdigest()
    (folder / md5[:2]).mkdir(parents=True, exist_ok=True)
    (folder / md5[:2] / md5).write_bytes(content)
    return md5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read through."""
    names: list[str] = []
    read_through = filestore._md5_of

    def noting(path: Path) -> str:
        names.append(path.name)
        return read_through(path)

    monkeypatch.setattr(filestore, "_md5_of", noting)
    return names


def test_file_is_read_once_and_its_sight_is_kept(folder: Path, read: list[str]) -> None:
    md5 = put(folder, b"one")
    store = FileStore(folder)
    assert store.find(md5) == folder / md5[:2] / md5
    assert store.find(md5)
    store.save()
    assert FileStore(folder).find(md5)
    assert read == [md5]


def test_file_out_of_a_cache_is_read_again_though_its_size_and_date_are_the_same(
    folder: Path, read: list[str]
) -> None:
    md5 = put(folder, b"one")
    store = FileStore(folder)
    store.find(md5)
    store.save()
    path = folder / md5[:2] / md5
    date = path.stat().st_mtime_ns
    path.write_bytes(b"two")
    os.utime(path, ns=(date, date))
    again = FileStore(folder)
    assert again.find(md5) is None
    assert again.damaged == {md5}
    assert not path.exists()


def test_unpacked_copy_of_the_store_is_read_again(folder: Path, tmp_path: Path, read: list[str]) -> None:
    md5 = put(folder, b"one")
    store = FileStore(folder)
    store.find(md5)
    store.save()
    shutil.copytree(tmp_path, tmp_path / "unpacked")
    assert FileStore(tmp_path / "unpacked" / "files").find(md5)
    assert read == [md5, md5]


def test_forgetting_reads_all_again(folder: Path, read: list[str]) -> None:
    md5 = put(folder, b"one")
    store = FileStore(folder)
    store.find(md5)
    store.forget()
    store.find(md5)
    assert read == [md5, md5]


def test_two_stores_keep_what_each_saw(folder: Path, read: list[str]) -> None:
    names = [put(folder, content) for content in (b"one", b"two")]
    stores = [FileStore(folder), FileStore(folder)]
    for store, md5 in zip(stores, names, strict=True):
        store.find(md5)
    for store in stores:
        store.save()
    assert all(map(FileStore(folder).find, names))
    assert len(read) == 2


def test_what_was_seen_of_a_file_that_is_gone_is_forgotten(folder: Path) -> None:
    names = [put(folder, content) for content in (b"one", b"two")]
    store = FileStore(folder)
    assert all(map(store.find, names))
    (folder / names[0][:2] / names[0]).unlink()
    store.save()
    assert names[0] not in (folder.parent / "files.json").read_text()


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"a": "b"}', "\ud800"])
def test_nonsense_beside_the_files_costs_a_reading_and_no_more(folder: Path, text: str) -> None:
    md5 = put(folder, b"one")
    (folder.parent / "files.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert FileStore(folder).find(md5)


def test_any_flipped_bit_and_any_truncation_is_found(folder: Path) -> None:
    chance = random.Random("damage")
    for number in range(200):
        content = chance.randbytes(chance.randrange(1, 5000))
        md5 = put(folder, content)
        bad = bytearray(content)
        if number % 2:
            bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        else:
            del bad[chance.randrange(len(bad)) :]
        (folder / md5[:2] / md5).write_bytes(bad)
        assert FileStore(folder).find(md5) is None
        assert not (folder / md5[:2] / md5).exists()


@pytest.mark.parametrize("mark", ["null", "5", '"x"', "{}", '["x"]', "[1.5]", "[" * 900 + "]" * 900])
def test_note_of_an_odd_shape_counts_for_nothing(mark: str, folder: Path, read: list[str]) -> None:
    md5 = put(folder, b"one")
    folder.with_name("files.json").write_text(f'{{"{md5}": {mark}, "x": {mark}}}')
    store = FileStore(folder)
    assert store.find(md5)
    store.save()
    FileStore(folder).find(md5)
    assert read == [md5]

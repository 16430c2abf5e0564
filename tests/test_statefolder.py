"""Garbage in the state folder costs a message and some work, never the site, a file elsewhere or a crash."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, without_marker

from zstatic.errors import BadPath
from zstatic.progress import Silent
from zstatic.statefolder import repair_state

ENDLESS = "[" * 100_000


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def small_library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "Small")
    fake.add_key("reader", user=1)
    key = library.add_item("AAAA2222", title="On maps")
    library.add_attachment(key, b"%PDF-1.4 maps", key="FFFF2222", filename="maps.pdf")
    return library


def edit(library: FakeLibrary) -> None:
    library.edit_item("AAAA2222", title="On charts")


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    return small_library(fake)


@pytest.fixture
def site(library: FakeLibrary, fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}], key="reader")
    site.build()
    return site


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The site of the edited library, built where nothing was before."""
    with FakeZotero() as fake:
        library = small_library(fake)
        edit(library)
        site = SiteFolder(tmp_path_factory.mktemp("fresh"), fake, [{"id": library.id}], key="reader")
        site.build()
        return without_marker(site.tree())


def elsewhere(state: Path) -> Path:
    return state.parents[1] / "elsewhere"


def link(state: Path, name: str) -> None:
    """Put a link to a folder, or file, of the user's in the place."""
    mine = elsewhere(state)
    if (state / name).is_dir():
        (mine / "ab").mkdir(parents=True)
        (mine / "ab" / "thesis.docx").write_text("years of work")
    else:
        mine.mkdir()
        mine /= "thesis.docx"
        mine.write_text("years of work")
    if (state / name).exists():
        (state / name).rename(state.parent / "before")
    (state / name).symlink_to(mine)


def replace(state: Path, name: str) -> None:
    """Put a file in the place of a folder, and a folder in that of a file."""
    if (state / name).exists():
        (state / name).rename(state.parent / "before")
    if "." in name or name == "lock":
        (state / name / "in it").mkdir(parents=True)
    else:
        (state / name).write_text("no folder")


def change_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def spoil(state: Path) -> None:
        manifest = json.loads((state / "manifest.json").read_text())
        change(manifest)
        (state / "manifest.json").write_text(json.dumps(manifest))

    return spoil


def rows(value: object) -> Callable[[Path], object]:
    return change_manifest(lambda manifest: manifest.update(files=dict.fromkeys(manifest["files"], value)))


KINDS = ("mirror", "files", "search", "stage", "manifest.json", "journal.json", "lock", "files.json")
Spoil = Callable[[Path], object]

GARBAGE: dict[str, Spoil] = {
    **{f"link in place of {name}": partial(link, name=name) for name in KINDS},
    **{f"other kind in place of {name}": partial(replace, name=name) for name in KINDS},
    "link in place of a draft": lambda state: link(state, "manifest.json.new"),
    "endless manifest": lambda state: (state / "manifest.json").write_text(ENDLESS),
    "endless journal": lambda state: (state / "journal.json").write_text(ENDLESS),
    "endless files.json": lambda state: (state / "files.json").write_text(ENDLESS),
    "binary manifest": lambda state: (state / "manifest.json").write_bytes(bytes(range(256))),
    "empty manifest": lambda state: (state / "manifest.json").write_bytes(b""),
    "rows of another kind": rows(["a", [], {}, None, 1.5]),
    "rows of text": rows("abcde"),
    "no rows": rows(None),
    "problems of another kind": change_manifest(lambda manifest: manifest.update(problems=[[["a"], {}, 1]])),
    "record of another kind": change_manifest(lambda m: m.update(record={"stamp": [], "libraries": [1]})),
    "endless numbers": change_manifest(
        lambda m: m.update(record={"stamp": "", "libraries": {"groups/7": {"chosen": {"a": float("inf")}}}})
    ),
    "unread column": lambda state: (state / "search" / "columns" / "zstatic.json").unlink(),
}


class Told(Silent):
    """Remembers what is said."""

    def __init__(self) -> None:
        self.said = ""

    def say(self, message: str) -> None:
        self.said += f"{message}\n"


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_the_state_folder_is_repaired_and_reaches_nothing_else(
    name: str, site: SiteFolder, library: FakeLibrary, edited: dict[str, str]
) -> None:
    GARBAGE[name](site.root / ".zstatic")
    edit(library)
    told = Told()
    site.build(track=told)
    assert ("set aside as" in told.said) == ("in place of" in name and not name.endswith(("draft", "lock")))
    assert without_marker(site.tree()) == edited
    if elsewhere(site.root / ".zstatic").exists():
        (kept,) = [path for path in elsewhere(site.root / ".zstatic").rglob("*") if path.is_file()]
        assert kept.read_text() == "years of work"


@pytest.mark.parametrize("command", ["sync", "index", "status", "collections", "clean"])
@pytest.mark.parametrize(
    "name", ["link in place of mirror", "other kind in place of files", "endless journal"]
)
def test_every_command_gets_along_with_garbage(command: str, name: str, site: SiteFolder) -> None:
    GARBAGE[name](site.root / ".zstatic")
    run = site.run(command, *(["everything", "--yes"] if command == "clean" else []))
    # Without its mirror an index cannot be made, and says so.
    assert run.returncode == (2 if (command, name) == ("index", "link in place of mirror") else 0), run.stderr
    assert "Traceback" not in run.stderr
    if name.startswith("link"):
        assert (elsewhere(site.root / ".zstatic") / "ab" / "thesis.docx").read_text() == "years of work"
    if command == "clean":
        assert not site.site.exists()
        assert [path.name for path in (site.root / ".zstatic").iterdir() if path.is_dir()] == []


def test_what_may_not_be_read_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "manifest.json").write_text("{}")
    # Root may read everything, so that is told instead of tried.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    told = repair_state(tmp_path)
    assert [line.partition(" ")[0] for line in told] == [
        str(tmp_path / "files"),
        str(tmp_path / "manifest.json"),
    ]
    assert all("may not be read or written" in line for line in told)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files.broken", "manifest.json.broken"]


# Links in the site


def test_no_build_writes_or_removes_through_a_link_in_the_site(
    site: SiteFolder, library: FakeLibrary
) -> None:
    mine = site.root / "mine"
    (site.site / "items").rename(mine)
    (site.site / "items").symlink_to(mine)
    before = sorted(mine.rglob("*"))
    library.delete_item("AAAA2222")
    with pytest.raises(BadPath, match="items"):
        site.build(allow_shrink=True)
    assert sorted(mine.rglob("*")) == before
    (site.site / "items").unlink()
    site.build(allow_shrink=True)
    assert sorted(mine.rglob("*")) == before


def test_cleaning_removes_links_and_not_what_they_lead_to(site: SiteFolder) -> None:
    mine = site.root / "mine"
    mine.mkdir()
    (mine / "thesis.docx").write_text("years of work")
    (site.site / "shortcut").symlink_to(mine)
    (site.root / ".zstatic" / "search" / "shortcut").symlink_to(mine)
    assert site.run("clean", "everything", "--yes").returncode == 0
    assert (mine / "thesis.docx").read_text() == "years of work"

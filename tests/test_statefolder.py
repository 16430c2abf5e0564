"""Garbage in the state folder costs a message and some work, never the site, a file elsewhere or a crash.

A folder of the user's, named as the state folder by mistake, is left as it is.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, tree_of, without_marker

from zstatic import mirror, pipeline
from zstatic.config import load_config
from zstatic.errors import BadPath, ConfigError, MirrorLocked
from zstatic.progress import Silent
from zstatic.statefolder import repair_state
from zstatic.upkeep import clean

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
        assert not (site.root / ".zstatic").exists()


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


# A folder of the user's

MINE = ("mirror/t.docx", "files/thesis.docx", "search/x.docx")


def put(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("years of work")
    return tree_of(folder)


@pytest.mark.parametrize("command", [("build",), ("sync",), ("clean", "everything", "--yes")])
def test_a_folder_of_the_users_is_never_taken_for_the_local_copy(
    command: tuple[str, ...], site: SiteFolder
) -> None:
    mine = site.root.parent / "mydata"
    site.settings += '[output]\nstate = "../mydata"\n'
    site.write()
    before = put(mine, MINE)
    run = site.run(*command)
    assert run.returncode == 2, run.stderr
    assert f"{mine}: the local copy should be kept here, but this folder holds what zst" in run.stderr
    assert "(files/thesis.docx)" in run.stderr
    assert tree_of(mine) == before
    assert site.site.exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("stage/play.docx", "stage"),
        ("fulltext/x.docx", "fulltext/x.docx"),
        ("files/ab/photo.jpg", "files/ab/photo.jpg"),
        ("mirror/a/b/c.docx", "mirror/a/b"),
        ("manifest.json", "manifest.json"),
        ("files.json", "files.json"),
        ("search/bundle/fragment/x", "search/bundle"),
        ("lock.docx", "lock.docx"),
    ],
)
def test_a_folder_is_not_ours_for_one_name_that_others_give_too(name: str, told: str, tmp_path: Path) -> None:
    before = put(tmp_path, (name,))
    with pytest.raises(ConfigError, match=re.escape(f"({told})")), mirror.lock(tmp_path):
        pass
    assert tree_of(tmp_path) == before


def test_what_others_put_into_the_state_folder_stays(site: SiteFolder) -> None:
    state = site.root / ".zstatic"
    names = (*MINE[:3], "fulltext/x.docx", "search/files/x/y.docx", "thesis.broken", "x.docx")
    put(state, names)
    mine = {name: digest for name, digest in tree_of(state).items() if name in names}
    site.build(full=True)
    pipeline.index(load_config(site.root, None, site.variables))
    assert mine.items() <= tree_of(state).items()
    for what in ("cache", "attachments", "index", "output", "everything"):
        clean(load_config(site.root, None, site.variables), what)
    assert tree_of(state).keys() - mine.keys() <= {"CACHEDIR.TAG", "lock"}
    assert mine.items() <= tree_of(state).items()
    site.build()


def test_the_state_folder_tells_backup_programs_that_it_can_be_made_anew(site: SiteFolder) -> None:
    mark = (site.root / ".zstatic" / "CACHEDIR.TAG").read_text()
    # Source: Cache Directory Tagging Specification, https://bford.info/cachedir/
    assert mark.startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_a_state_folder_that_lost_its_mark_is_used_if_all_in_it_is_ours(site: SiteFolder) -> None:
    state = site.root / ".zstatic"
    before = tree_of(state)
    for spoil in (lambda: None, lambda: (state / "CACHEDIR.TAG").mkdir()):
        (state / "CACHEDIR.TAG").unlink()
        spoil()
        assert set(site.build().site.written) <= {"last_sync.json"}
        assert tree_of(state).keys() == before.keys()
    (state / "CACHEDIR.TAG").unlink()
    (state / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"notes\.txt"):
        site.build()


def test_cleaning_everything_leaves_no_state_folder(site: SiteFolder) -> None:
    site.build(full=True)
    assert (site.root / ".zstatic" / "files.json").exists()
    gone = clean(load_config(site.root, None, site.variables), "everything")
    assert sorted(path.name for path in site.root.iterdir()) == ["site.toml"]
    names = (".zstatic/mirror", ".zstatic/files", ".zstatic/search", "_site")
    assert gone == tuple(site.root / name for name in names)


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")
def test_nobody_works_in_a_folder_that_was_removed_meanwhile(tmp_path: Path) -> None:
    state, taken = tmp_path / "state", mirror._take

    def take_late(file: Any) -> bool:
        with suppress(FileNotFoundError):
            shutil.rmtree(state)
            monkeypatch.setattr(mirror, "_take", taken)
        return taken(file)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(mirror, "_take", take_late)
        with mirror.lock(state), pytest.raises(MirrorLocked), mirror.lock(state):
            pass


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

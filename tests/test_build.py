"""The site folder after a build, after many, and after a crash."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zstatic import build
from zstatic.build import (
    check_output,
    read_kept,
    recover,
    recover_if_possible,
    remove_site,
    write_marker,
    write_site,
)
from zstatic.claims import path_fault
from zstatic.digests import digest
from zstatic.errors import BadPath, ConfigError, MirrorError, Problem
from zstatic.outputs import Copy, Output, Page, Text

OLD_SYNC = '{"zstatic": "0.1.0", "when": "2026-11-20T17:00:00+00:00"}'
NEW_SYNC = '{"zstatic": "0.1.0", "when": "2026-11-21T17:00:00+00:00"}'


class StubRenderer:
    """Renders a page's view as text; remembers which pages it was asked for."""

    def __init__(self, template_version: str = "") -> None:
        self.rendered: list[str] = []
        self._version = template_version

    def fingerprint(self, output: Page | Text) -> str:
        if isinstance(output, Text):
            return digest(output.text)
        return digest((self._version, output.view))

    def render(self, output: Page | Text) -> bytes:
        self.rendered.append(output.path)
        return (output.text if isinstance(output, Text) else f"<p>{output.view}</p>").encode()


class Folder:
    """A site folder and a state folder in one place."""

    def __init__(self, root: Path) -> None:
        self.site = root / "_site"
        self.state = root / ".zstatic"
        self.renderer = StubRenderer()

    def write(
        self,
        *outputs: Output,
        last_sync: str = OLD_SYNC,
        header: dict[str, str] | None = None,
        renderer: StubRenderer | None = None,
    ) -> build.SiteReport:
        self.renderer = renderer or StubRenderer()
        return write_site(outputs, self.renderer, header or {}, last_sync, self.site, self.state)

    def tree(self) -> dict[str, bytes | None] | None:
        return tree_of(self.site)


def tree_of(folder: Path) -> dict[str, bytes | None] | None:
    """Path -> bytes, None for a folder; None if there is no such folder."""
    if not folder.exists():
        return None
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }


def page(path: str, view: object = "text") -> Page:
    return Page(path, "page.html", view)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# What is written


def test_a_first_build_holds_every_output_and_the_marker(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    report = folder.write(
        page("index.html"), Text("robots.txt", "é"), Copy("items/A/a.pdf", tmp_path / "a.pdf", "1")
    )
    assert folder.tree() == {
        "index.html": b"<p>text</p>",
        "robots.txt": "é".encode(),
        "items": None,
        "items/A": None,
        "items/A/a.pdf": b"%PDF",
        "last_sync.json": OLD_SYNC.encode(),
    }
    assert report.written == ("index.html", "robots.txt", "items/A/a.pdf", "last_sync.json")
    assert (report.files, report.unchanged, report.removed) == (4, 0, ())
    assert report.bytes == 11 + 2 + 4 + len(OLD_SYNC)


def test_a_second_build_writes_and_renders_nothing(folder: Folder) -> None:
    folder.write(page("index.html"), page("a/index.html"))
    before = {path: path.stat().st_mtime_ns for path in folder.site.rglob("*")}
    report = folder.write(page("index.html"), page("a/index.html"))
    assert (report.written, report.removed, report.unchanged) == ((), (), 3)
    assert folder.renderer.rendered == []
    assert {path: path.stat().st_mtime_ns for path in folder.site.rglob("*")} == before


def test_a_build_after_a_sync_without_changes_writes_only_last_sync(folder: Folder) -> None:
    folder.write(page("index.html"))
    report = folder.write(page("index.html"), last_sync=NEW_SYNC)
    assert report.written == ("last_sync.json",)
    assert (folder.site / "last_sync.json").read_text() == NEW_SYNC


def test_only_the_page_whose_view_changed_is_written(folder: Folder) -> None:
    folder.write(page("index.html"), page("a/index.html"))
    report = folder.write(page("index.html"), page("a/index.html", "new"))
    assert report.written == ("a/index.html",)
    assert folder.renderer.rendered == ["a/index.html"]


def test_a_changed_template_that_gives_the_same_bytes_leaves_the_file_alone(folder: Folder) -> None:
    folder.write(page("index.html"))
    before = (folder.site / "index.html").stat().st_mtime_ns
    assert folder.write(page("index.html"), renderer=StubRenderer("2")).written == ()
    assert folder.renderer.rendered == ["index.html"]
    assert (folder.site / "index.html").stat().st_mtime_ns == before
    folder.write(page("index.html"), renderer=StubRenderer("2"))
    assert folder.renderer.rendered == []


def test_a_changed_header_renders_every_page(folder: Folder) -> None:
    folder.write(page("index.html"), page("a/index.html"), header={"engine": "1"})
    folder.write(page("index.html"), page("a/index.html"), header={"engine": "2"})
    assert folder.renderer.rendered == ["index.html", "a/index.html"]


def test_what_left_the_plan_is_removed_with_the_folders_it_empties(folder: Folder) -> None:
    folder.write(page("index.html"), page("a/b/index.html"))
    report = folder.write(page("index.html"))
    assert report.removed == ("a/b/index.html",)
    assert sorted(folder.tree() or {}) == ["index.html", "last_sync.json"]


def test_a_file_that_was_deleted_damaged_or_cut_is_made_again(folder: Folder) -> None:
    outputs = page("a.html", "aaa"), page("b.html", "bbb"), page("c.html", "ccc")
    folder.write(*outputs)
    whole = folder.tree()
    (folder.site / "a.html").unlink()
    (folder.site / "b.html").write_bytes(b"<p>bxb</p>")
    (folder.site / "c.html").write_bytes(b"")
    assert folder.write(*outputs).written == ("a.html", "b.html", "c.html")
    assert folder.tree() == whole


def test_other_modification_times_alone_write_nothing(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    outputs = page("a.html"), Copy("a.pdf", tmp_path / "a.pdf", "1")
    folder.write(*outputs)
    for path in folder.site.iterdir():
        os.utime(path, ns=(0, 0))
    assert folder.write(*outputs).written == ()
    assert folder.renderer.rendered == []


def test_files_nobody_planned_are_never_touched(folder: Folder) -> None:
    folder.write(page("items/A/index.html"))
    (folder.site / "CNAME").write_text("example.org")
    (folder.site / "items/A/notes.txt").write_text("mine")
    folder.write(page("index.html"))
    assert (folder.site / "CNAME").read_text() == "example.org"
    assert (folder.site / "items/A/notes.txt").read_text() == "mine"
    assert not (folder.site / "items/A/index.html").exists()


def test_a_file_becomes_a_folder_and_a_folder_a_file(folder: Folder) -> None:
    folder.write(page("about"), page("news/2020/index.html"))
    report = folder.write(page("about/index.html"), page("news"))
    assert report.removed == ("about", "news/2020/index.html")
    assert sorted(folder.tree() or {}) == ["about", "about/index.html", "last_sync.json", "news"]


def test_the_order_of_outputs_does_not_change_the_site(folder: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    folder.write(page("a.html"), page("b.html"))
    other.write(page("b.html"), page("a.html"))
    assert folder.tree() == other.tree()


def test_files_get_the_usual_permissions(folder: Folder, tmp_path: Path) -> None:
    source = tmp_path / "secret.pdf"
    source.write_bytes(b"x")
    source.chmod(0o600)
    (tmp_path / "usual").write_bytes(b"")
    (tmp_path / "usual_folder").mkdir()
    folder.write(page("a/index.html"), Copy("a/b.pdf", source, "1"))
    usual, usual_folder = (tmp_path / "usual").stat().st_mode, (tmp_path / "usual_folder").stat().st_mode
    assert (folder.site / "a/index.html").stat().st_mode == usual
    assert (folder.site / "a/b.pdf").stat().st_mode == usual
    assert folder.site.stat().st_mode == (folder.site / "a").stat().st_mode == usual_folder


# Copies


def test_a_copy_is_no_hardlink(folder: Folder, tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    source.write_bytes(b"%PDF")
    folder.write(Copy("a.pdf", source, "1"))
    (folder.site / "a.pdf").write_bytes(b"xxxx")
    assert source.read_bytes() == b"%PDF"


def test_a_copy_with_a_new_digest_is_written_and_one_from_elsewhere_is_not(
    folder: Folder, tmp_path: Path
) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_bytes(b"1111")
    same.write_bytes(b"1111")
    other.write_bytes(b"2222")
    folder.write(Copy("a.pdf", one, "1"))
    assert folder.write(Copy("a.pdf", same, "1")).written == ()
    assert folder.write(Copy("a.pdf", same, "another name of the same bytes")).written == ()
    assert folder.write(Copy("a.pdf", other, "2")).written == ("a.pdf",)
    assert (folder.site / "a.pdf").read_bytes() == b"2222"


def test_a_missing_source_is_named_and_leaves_the_site_alone(folder: Folder, tmp_path: Path) -> None:
    folder.write(page("index.html"))
    before = folder.tree()
    with pytest.raises(MirrorError, match=r"nowhere\.pdf.*items/A/a\.pdf"):
        folder.write(page("index.html", "new"), Copy("items/A/a.pdf", tmp_path / "nowhere.pdf", "1"))
    assert folder.tree() == before
    assert not (folder.state / "stage").exists()


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a//b",
        "a/./b",
        "a/",
        "a\\b",
        "C:/a",
        "a\nb",
        "a\x7f",
        "a\x85é",
        "cafe\u0301/index.html",
        "\ud800",
        "é" * 128,
    ],
)
def test_a_path_that_is_no_plain_relative_one_is_refused(path: str, folder: Folder) -> None:
    assert path_fault(path)
    with pytest.raises(BadPath):
        folder.write(page(path))
    assert folder.tree() is None


@pytest.mark.parametrize("path", ["index.html", ".nojekyll", "tags/история/index.html", "tags/straße/a.b"])
def test_paths_of_every_script_are_good(path: str, folder: Folder) -> None:
    folder.write(page(path))
    assert (folder.site / path).exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.html", "a.html"), ("A.html", "a.html"), ("é/x", "É/x"), ("a", "a/b"), ("a/b/c", "A/B")],
)
def test_two_outputs_that_meet_are_both_named(first: str, second: str, folder: Folder) -> None:
    with pytest.raises(BadPath) as raised:
        folder.write(Page(first, "one.html", ""), Page(second, "two.html", ""))
    for name in (first, second, "one.html", "two.html"):
        assert name in raised.value.message


def test_no_output_can_pose_as_the_marker(folder: Folder) -> None:
    with pytest.raises(BadPath, match=r"last_sync\.json"):
        folder.write(Text("last_sync.json", "{}"))


def test_words_with_and_without_sharp_s_are_two_pages(folder: Folder) -> None:
    folder.write(page("tags/straße/index.html"), page("tags/strasse/index.html"))


def test_nothing_is_written_through_a_link_out_of_the_site(folder: Folder, tmp_path: Path) -> None:
    folder.write(page("index.html"))
    (tmp_path / "elsewhere").mkdir()
    (folder.site / "items").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadPath, match="items"):
        folder.write(page("index.html"), page("items/index.html"))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_foreign_folder_in_the_place_of_a_file_is_not_replaced(folder: Folder) -> None:
    folder.write(page("index.html"))
    (folder.site / "about").mkdir()
    before = folder.tree()
    with pytest.raises(BadPath, match="about"):
        folder.write(page("index.html", "new"), page("about"))
    (folder.site / "about/mine.txt").write_text("mine")
    with pytest.raises(BadPath, match="about"):
        folder.write(page("index.html", "new"), page("about"))
    (folder.site / "about/mine.txt").unlink()
    assert folder.tree() == before


# Whose folder it is


def test_a_foreign_folder_is_refused(folder: Folder) -> None:
    folder.site.mkdir()
    (folder.site / "thesis.tex").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        folder.write(page("index.html"))
    assert [path.name for path in folder.site.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("marker", ["[]", '{"version": 3}', "not JSON", ""])
def test_a_last_sync_of_someone_else_is_no_marker(marker: str, folder: Folder) -> None:
    folder.site.mkdir()
    (folder.site / "last_sync.json").write_text(marker)
    with pytest.raises(ConfigError):
        check_output(folder.site)


def test_a_file_in_the_place_of_the_site_is_refused(folder: Folder) -> None:
    folder.site.write_text("mine")
    with pytest.raises(ConfigError, match="this is a file"):
        folder.write(page("index.html"))


def test_an_empty_folder_and_a_site_that_never_synced_are_ours(folder: Folder) -> None:
    folder.site.mkdir()
    folder.write(page("index.html"), last_sync="{}")
    folder.write(page("index.html"), last_sync=OLD_SYNC)
    assert (folder.site / "last_sync.json").read_text() == OLD_SYNC


def test_a_site_reached_through_a_link_is_written_where_it_lies(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    folder.site.symlink_to(tmp_path / "www")
    folder.write(page("index.html"))
    folder.write(page("index.html", "new"))
    assert (tmp_path / "www/index.html").read_bytes() == b"<p>new</p>"
    assert folder.site.is_symlink()


def test_removing_the_site_takes_its_manifest_along_and_spares_foreign_folders(folder: Folder) -> None:
    folder.write(page("index.html"))
    remove_site(folder.site, folder.state)
    assert not folder.site.exists()
    assert build.read_manifest(folder.state) is None
    assert [path.name for path in folder.site.parent.iterdir()] == [".zstatic"]
    folder.site.mkdir()
    (folder.site / "mine").write_text("")
    with pytest.raises(ConfigError):
        remove_site(folder.site, folder.state)
    assert (folder.site / "mine").exists()


# Manifest


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"format": 1, "header": {}, "files": {"index.html": [1]}}']
)
def test_a_broken_manifest_costs_a_full_build_and_nothing_else(damage: str, folder: Folder) -> None:
    folder.write(page("index.html"), page("a.html"))
    (folder.state / "manifest.json").write_text(damage)
    report = folder.write(page("index.html"), page("a.html", "new"))
    assert report.written == ("a.html",)
    assert folder.renderer.rendered == ["index.html", "a.html"]


def test_files_left_over_from_a_lost_manifest_are_kept_and_counted(folder: Folder) -> None:
    folder.write(page("index.html"), page("old.html"))
    shutil.rmtree(folder.state)
    (problem,) = folder.write(page("index.html")).problems
    assert problem.code == "unknown-files"
    assert "1: old.html" in problem.message
    assert (folder.site / "old.html").exists()


def test_of_a_folder_of_our_own_nothing_stays_without_a_manifest_either(folder: Folder) -> None:
    folder.write(page("index.html"), page("pagefind/old"), page("pagefind/index/old"), page("kept.html"))
    shutil.rmtree(folder.state)
    report = write_site(
        [page("index.html"), page("pagefind/new")],
        StubRenderer(),
        {},
        OLD_SYNC,
        folder.site,
        folder.state,
        own_folders=["pagefind"],
    )
    assert report.removed == ("pagefind/index/old", "pagefind/old")
    assert "1: kept.html" in report.problems[0].message


def test_a_manifest_of_another_format_still_says_which_files_are_ours(folder: Folder) -> None:
    folder.write(page("index.html"), page("old.html"))
    manifest = json.loads((folder.state / "manifest.json").read_text())
    manifest |= {"format": 0, "files": dict.fromkeys(manifest["files"], "whatever")}
    (folder.state / "manifest.json").write_text(json.dumps(manifest))
    report = folder.write(page("index.html"))
    assert (report.written, report.removed, report.problems) == ((), ("old.html",), ())


def test_a_planted_manifest_or_journal_reaches_nothing_outside_the_site(
    folder: Folder, tmp_path: Path
) -> None:
    folder.write(page("index.html"))
    (tmp_path / "precious").write_text("mine")
    file = folder.state / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["files"]["../precious"] = manifest["files"]["index.html"]
    file.write_text(json.dumps(manifest))
    folder.write(page("index.html"))
    journal = {"format": 1, "site": "../_site", "whole": False, "write": {}, "remove": ["../precious"]}
    stated = digest(json.dumps(journal, separators=(",", ":")))
    (folder.state / "journal.json").write_text(json.dumps({"digest": stated, **journal}))
    assert not recover(folder.site, folder.state)
    assert (tmp_path / "precious").exists()


def test_an_error_while_planning_or_rendering_leaves_site_and_state_as_they_were(folder: Folder) -> None:
    folder.write(page("index.html"))
    before, state = folder.tree(), tree_of(folder.state)

    def outputs() -> Iterator[Output]:
        yield page("index.html", "new")
        raise RuntimeError("planning failed")

    with pytest.raises(RuntimeError):
        write_site(outputs(), StubRenderer(), {}, NEW_SYNC, folder.site, folder.state)
    assert folder.tree() == before
    assert tree_of(folder.state) == state


def test_a_folder_that_cannot_be_written_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(page("index.html"))
    before = folder.tree()

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patched, pytest.raises(ConfigError, match="disk is full"):
        patched.setattr(Path, "write_bytes", full)
        folder.write(page("index.html", "new"))
    assert folder.tree() == before


# Crashes


ALL_STEPS = 1_000_000


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


class Crash(BaseException):
    """The process dies: no later operation takes place, clean-up included."""


@contextmanager
def dying_at(step: int, *, other_disk: bool = False) -> Iterator[Callable[[], int]]:
    """Let the disk operations number `step` and following fail; gives a count of the operations so far.

    other_disk: nothing can be renamed from the state folder into the site.
    """
    count = 0

    def alive() -> None:
        nonlocal count
        count += 1
        if count > step:
            raise Crash

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def operate(*args: Any, **kwargs: Any) -> Any:
            alive()
            return real(*args, **kwargs)

        return operate

    real_write = Path.write_bytes

    def torn(path: Path, content: bytes) -> int:
        try:
            alive()
        except Crash:
            # The disk may have got a part of it.
            if count == step + 1:
                real_write(path, content[: len(content) // 2])
            raise
        return real_write(path, content)

    def renaming(real: Callable[..., Path]) -> Callable[..., Path]:
        def rename(path: Path, target: Path) -> Path:
            alive()
            if other_disk and ".zstatic" in path.parts and ".zstatic" not in target.parts:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            return real(path, target)

        return rename

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "write_bytes", torn)
        patched.setattr(Path, "replace", renaming(Path.replace))
        patched.setattr(Path, "rename", renaming(Path.rename))
        patched.setattr(os, "fsync", lambda handle: alive())
        for owner, name in (
            (Path, "unlink"),
            (Path, "rmdir"),
            (Path, "mkdir"),
            (shutil, "rmtree"),
            (shutil, "copyfile"),
        ):
            patched.setattr(owner, name, guarded(getattr(owner, name)))
        yield lambda: count


def old_outputs(root: Path) -> tuple[Output, ...]:
    return (
        page("index.html", "old"),
        page("same.html"),
        page("about", "old"),
        page("news/2020/index.html"),
        page("items/A/index.html", "old"),
        Copy("items/A/a.pdf", root / "old.pdf", "old"),
        page("items/B/index.html"),
    )


def new_outputs(root: Path) -> tuple[Output, ...]:
    return (
        page("index.html", "new"),
        page("same.html"),
        page("about/index.html", "new"),
        page("news", "new"),
        page("items/A/index.html", "new"),
        Copy("items/A/a.pdf", root / "new.pdf", "new"),
        page("items/C/index.html"),
    )


class Scenario:
    """A site before and after an edit, and the edit under way."""

    def __init__(self, root: Path, *, before: str, other_disk: bool) -> None:
        self.root = root
        self.other_disk = other_disk
        (root / "old.pdf").write_bytes(b"old")
        (root / "new.pdf").write_bytes(b"new and longer")
        self.folder = Folder(root / "project")
        if before == "a site":
            self.folder.write(*old_outputs(root))
        elif before == "an empty folder":
            self.folder.site.mkdir(parents=True)
        self.old = self.folder.tree()
        self._saved = root / "saved"
        if (root / "project").exists():
            shutil.copytree(root / "project", self._saved)
        fresh = Folder(root / "fresh")
        self.new = None
        fresh.write(*new_outputs(root), last_sync=NEW_SYNC)
        self.new = fresh.tree()

    def reset(self) -> None:
        shutil.rmtree(self.root / "project", ignore_errors=True)
        if self._saved.exists():
            shutil.copytree(self._saved, self.root / "project")

    def write_until(self, step: int) -> int | None:
        """None: the write came to its end; else the step at which it died."""
        with dying_at(step, other_disk=self.other_disk) as count:
            try:
                self.folder.write(*new_outputs(self.root), last_sync=NEW_SYNC)
            except Crash:
                return count()
        return None

    def recover_until(self, step: int) -> bool:
        """Whether it came to its end."""
        with dying_at(step, other_disk=self.other_disk):
            try:
                recover(self.folder.site, self.folder.state)
            except Crash:
                return False
        return True

    def assert_old_or_new(self) -> None:
        tree = self.folder.tree()
        assert tree in (self.old, self.new)
        assert not (self.folder.state / "journal.json").exists()
        assert not (self.folder.state / "stage").exists()


SCENARIOS = pytest.mark.parametrize(
    ("before", "other_disk"),
    [
        ("a site", False),
        ("a site", True),
        ("no folder", False),
        ("no folder", True),
        ("an empty folder", False),
        ("an empty folder", True),
    ],
)


@pytest.mark.usefixtures("quick")
@SCENARIOS
def test_a_crash_at_any_step_leaves_the_old_site_or_the_new_one(
    before: str, other_disk: bool, tmp_path: Path
) -> None:
    scenario = Scenario(tmp_path, before=before, other_disk=other_disk)
    outcomes = []
    step = 0
    while scenario.write_until(step) is not None:
        assert scenario.recover_until(ALL_STEPS)
        scenario.assert_old_or_new()
        outcomes.append(scenario.folder.tree() == scenario.new)
        report = scenario.folder.write(*new_outputs(tmp_path), last_sync=NEW_SYNC)
        assert scenario.folder.tree() == scenario.new
        assert report.problems == ()
        scenario.reset()
        step += 1
    assert scenario.folder.tree() == scenario.new
    # Old until the journal is there, new from then on.
    assert outcomes == sorted(outcomes)
    assert True in outcomes
    assert False in outcomes


@pytest.mark.usefixtures("quick")
@SCENARIOS
def test_a_crash_while_recovering_can_be_recovered_from(
    before: str, other_disk: bool, tmp_path: Path
) -> None:
    scenario = Scenario(tmp_path, before=before, other_disk=other_disk)
    steps = 0
    while scenario.write_until(steps) is not None:
        scenario.reset()
        steps += 1
    scenario.reset()
    for step in range(steps // 3, steps, 4):
        again = 0
        scenario.write_until(step)
        while not scenario.recover_until(again):
            assert scenario.recover_until(ALL_STEPS)
            scenario.assert_old_or_new()
            scenario.reset()
            scenario.write_until(step)
            again += 3
        scenario.assert_old_or_new()
        scenario.reset()


SPACE = ("write_bytes", "copyfile", "mkdir")


@contextmanager
def failing_at(step: int, number: int, *, full: bool = False) -> Iterator[Callable[[], int]]:
    """Let one disk operation fail with this error; gives a count of the operations so far.

    full: every later one that needs room fails, too.
    """
    count = 0

    def failing(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def operate(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            if full and name not in SPACE:
                return real(*args, **kwargs)
            count += 1
            if count == step + 1 or (full and count > step):
                if name == "write_bytes":
                    real(args[0], args[1][: len(args[1]) // 2])
                # A full disk names no file where it has a handle only.
                raise OSError(number, os.strerror(number), *([] if name == "fsync" else [str(args[0])]))
            return real(*args, **kwargs)

        return operate

    operations: list[tuple[object, str]] = [
        *((Path, name) for name in ("write_bytes", "mkdir", "replace", "rename", "unlink", "rmdir")),
        (shutil, "copyfile"),
        (shutil, "rmtree"),
        (os, "fsync"),
    ]
    with pytest.MonkeyPatch.context() as patched:
        for owner, name in operations:
            patched.setattr(owner, name, failing(getattr(owner, name), name))
        yield lambda: count


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("before", ["a site", "no folder", "an empty folder"])
def test_a_full_disk_stops_a_write_before_it_is_decided(before: str, tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, before=before, other_disk=False)
    outcomes, step = [], 0
    while True:
        with failing_at(step, errno.ENOSPC, full=True) as count:
            try:
                scenario.folder.write(*new_outputs(tmp_path), last_sync=NEW_SYNC)
            except ConfigError as error:
                assert "the disk is full" in error.message
                assert str(tmp_path) in error.message
                assert scenario.folder.tree() == scenario.old
            else:
                assert scenario.folder.tree() == scenario.new
            outcomes.append(scenario.folder.tree() == scenario.new)
        assert not build.is_interrupted(scenario.folder.state)
        assert list(scenario.folder.site.parent.glob(".*.stage")) == []
        scenario.reset()
        if count() <= step:
            break
        step += 1
    # Nothing needs room once the change is decided.
    assert outcomes == [False] * step + [True]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("before", "number"), [("a site", errno.EIO), ("a site", errno.EACCES), ("no folder", errno.EIO)]
)
def test_an_operation_that_fails_leaves_the_old_site_or_one_that_the_next_command_finishes(
    before: str, number: int, tmp_path: Path
) -> None:
    scenario = Scenario(tmp_path, before=before, other_disk=False)
    step = 0
    while True:
        with failing_at(step, number) as count:
            try:
                scenario.folder.write(*new_outputs(tmp_path), last_sync=NEW_SYNC)
            except ConfigError as error:
                assert str(tmp_path) in error.message
                begun = build.is_interrupted(scenario.folder.state)
                assert ("the next build goes on" in error.hint) == begun
                assert begun or scenario.folder.tree() == scenario.old
            else:
                assert scenario.folder.tree() == scenario.new
        recover(scenario.folder.site, scenario.folder.state)
        scenario.assert_old_or_new()
        scenario.folder.write(*new_outputs(tmp_path), last_sync=NEW_SYNC)
        assert scenario.folder.tree() == scenario.new
        scenario.reset()
        if count() <= step:
            break
        step += 1


@pytest.mark.usefixtures("quick")
def test_a_site_is_removed_without_finishing_an_interrupted_write(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, before="an empty folder", other_disk=False)
    step = 0
    while not (scenario.folder.site / "index.html").exists():
        scenario.reset()
        scenario.write_until(step)
        step += 1
    assert build.is_interrupted(scenario.folder.state)
    with failing_at(0, errno.ENOSPC, full=True):
        remove_site(scenario.folder.site, scenario.folder.state)
    assert not scenario.folder.site.exists()
    assert list(scenario.folder.state.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_who_can_work_without_the_site_is_told_why_an_interrupted_write_waits_on(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, before="a site", other_disk=False)
    step = 0
    while not build.is_interrupted(scenario.folder.state):
        scenario.reset()
        scenario.write_until(step)
        step += 1
    with failing_at(3, errno.EIO):
        told = recover_if_possible(scenario.folder.site, scenario.folder.state)
    assert "the disk reports an error" in told
    assert "The site was being changed: the next build goes on with that first." in told
    assert recover_if_possible(scenario.folder.site, scenario.folder.state) == ""
    assert scenario.folder.tree() == scenario.new


def test_a_folder_without_permission_is_named_before_anything_is_decided(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(page("a/index.html"), page("b/index.html"))
    before = folder.tree()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: access(path, mode) and Path(path) != folder.site / "b"
    )
    with pytest.raises(ConfigError, match=r"_site/b: cannot be written: permission denied"):
        folder.write(page("a/index.html", "new"), page("b/index.html", "new"))
    assert folder.tree() == before


def test_a_file_of_the_site_that_cannot_be_read_is_made_anew(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(page("a.html"), page("b.html"))
    read_bytes = Path.read_bytes

    def unreadable(path: Path) -> bytes:
        if path.name == "a.html":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    assert folder.write(page("a.html"), page("b.html"), header={"engine": "2"}).written == ("a.html",)


def test_after_a_crash_on_another_disk_no_draft_stays_in_the_site(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, before="a site", other_disk=True)
    scenario.write_until(ALL_STEPS)
    assert scenario.folder.tree() == scenario.new


@pytest.mark.usefixtures("quick")
def test_a_stage_that_lost_files_is_repaired_by_the_next_build(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, before="a site", other_disk=False)
    step = 0
    while not (scenario.folder.state / "journal.json").exists():
        scenario.reset()
        scenario.write_until(step)
        step += 1
    shutil.rmtree(scenario.folder.state / "stage")
    assert recover(scenario.folder.site, scenario.folder.state)
    assert build.read_manifest(scenario.folder.state) is None
    scenario.folder.write(*new_outputs(tmp_path), last_sync=NEW_SYNC)
    assert scenario.folder.tree() == scenario.new


@pytest.mark.parametrize("damage", ["", "{}", '{"digest": "0", "format": 1}'])
def test_a_damaged_journal_is_dropped_and_the_next_build_is_whole(damage: str, folder: Folder) -> None:
    folder.write(page("index.html"))
    (folder.state / "journal.json").write_text(damage)
    report = folder.write(page("index.html", "new"))
    assert report.written == ("index.html",)
    assert not (folder.state / "journal.json").exists()


@pytest.mark.usefixtures("quick")
def test_an_interrupted_write_survives_moving_the_project(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, before="a site", other_disk=False)
    step = 0
    while not (scenario.folder.state / "journal.json").exists():
        scenario.reset()
        scenario.write_until(step)
        step += 1
    (tmp_path / "project").rename(tmp_path / "moved")
    moved = Folder(tmp_path / "moved")
    assert recover(moved.site, moved.state)
    assert moved.tree() == scenario.new


# Many edits

PATHS = st.sampled_from(
    ["index.html", "a/index.html", "a/b/index.html", "b", "b/index.html", "c/d", "Ä.html"]
)
SITES = st.dictionaries(PATHS, st.sampled_from(["one", "two", "three"]), max_size=6).map(
    lambda site: {path: text for path, text in site.items() if not (path == "b" and "b/index.html" in site)}
)
EDITS = st.lists(
    st.tuples(SITES, st.sampled_from(["1", "2"]), st.sampled_from(["1", "2"])), min_size=2, max_size=6
)


@settings(max_examples=30, deadline=None)
@given(EDITS)
def test_after_any_edits_the_site_equals_a_fresh_one(edits: list[tuple[dict[str, str], str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda handle: None)
        root = Path(name)
        for text in ("one", "two", "three"):
            (root / text).write_text(text)
        folder = Folder(root / "project")
        for number, (site, header, template) in enumerate(edits):
            outputs = [
                Copy(path, root / text, text) if path.startswith("c") else page(path, text)
                for path, text in site.items()
            ]
            fresh = Folder(root / f"fresh{number}")
            for each in (folder, fresh):
                each.write(*outputs, header={"engine": header}, renderer=StubRenderer(template))
            assert folder.tree() == fresh.tree()


# What was kept


def test_an_unchanged_site_is_known_by_its_stamp_until_a_file_is_touched(tmp_path: Path) -> None:
    site, state = tmp_path / "site", tmp_path / "state"
    found = (Problem("odd", "somewhere", "An odd thing."),)
    outputs = [Text("a.txt", "a"), Text("b.txt", "b")]
    write_site(outputs, StubRenderer(), {}, OLD_SYNC, site, state, stamp="s1", problems=found)
    assert read_kept("s2", site, state) is None
    kept = read_kept("s1", site, state)
    assert kept is not None
    assert kept.problems == found
    (site / "b.txt").write_text("tampered", "utf-8")
    assert read_kept("s1", site, state) is None


def test_a_kept_site_gets_a_new_marker_and_nothing_else(tmp_path: Path) -> None:
    site, state = tmp_path / "site", tmp_path / "state"
    write_site([Text("a.txt", "a")], StubRenderer(), {}, OLD_SYNC, site, state, stamp="s1")
    kept = read_kept("s1", site, state)
    assert kept is not None
    report = write_marker(kept, NEW_SYNC, site, state)
    assert (report.written, report.unchanged, report.removed) == (("last_sync.json",), 1, ())
    assert (site / "last_sync.json").read_text("utf-8") == NEW_SYNC
    assert read_kept("s1", site, state) is not None


def test_without_a_stamp_nothing_is_taken_for_kept(tmp_path: Path) -> None:
    site, state = tmp_path / "site", tmp_path / "state"
    write_site([Text("a.txt", "a")], StubRenderer(), {}, OLD_SYNC, site, state)
    assert read_kept("", site, state) is None

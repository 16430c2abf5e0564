"""Bundles made by other processes: the same as made here, and nothing goes on when they are not wanted."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakezotero import FakeZotero
from sites import SiteFolder, without_marker

from zstatic import bundles, indexers, pagefind, pdftext
from zstatic.bundles import Index, Task
from zstatic.errors import SearchError
from zstatic.indexers import Indexers
from zstatic.pagefind import Document
from zstatic.progress import Silent
from zstatic.render import Renderer


def task(folder: Path, count: int = 5, word: str = "whale", memory: int = 1) -> Task:
    documents = [
        Document(f"items/{number}/", f"{word} number{number}", {"title": word}) for number in range(count)
    ]
    digests = tuple(f"{word} {number}" for number in range(count))
    return Task(folder, "en", digests, partial(tuple, documents), memory)


def tree(folder: Path) -> dict[str, bytes]:
    return {name: Path(path).read_bytes() for name, path in pagefind.files_below(folder / "bundle")}


class Watching(Silent):
    """Counts what is told to be done."""

    done = 0

    def __call__(self, items: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        for item in items:
            self.done += 1
            yield item


def test_another_process_makes_the_same_bundle_and_tells_how_far_it_is(tmp_path: Path) -> None:
    track = Watching()
    with Indexers(track) as running:
        waits = [running.start(task(tmp_path / name, 250, name)) for name in ("one", "two")]
        made = [wait() for wait in waits]
    assert track.done == 500
    for name, index in zip(("one", "two"), made, strict=True):
        wanted = task(tmp_path / f"{name}-here", 250, name)
        here = bundles.make_bundle(wanted, wanted.fingerprint)
        assert tree(tmp_path / name) == tree(tmp_path / f"{name}-here")
        assert index.ids == here.ids
        assert bundles.read_index(tmp_path / name) == index


def test_what_is_there_already_takes_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Indexers() as running:
        first = running.start(task(tmp_path))()
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    with Indexers() as running:
        assert running.start(task(tmp_path))() == first


def test_a_program_in_the_folder_where_one_works_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pickle", "json", "zstatic"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    with Indexers() as running:
        assert running.start(task(tmp_path / "work"))().ids
    with pdftext.reader() as reading:
        assert reading.read(tmp_path / "none.pdf", 10) == ()
        assert reading._process and reading._process.poll() is None


def test_a_failure_there_is_told_here_in_its_own_words(tmp_path: Path) -> None:
    documents = [Document("a", "a word", {}), Document("b", "!!!", {})]
    wanted = Task(tmp_path, "en", ("a", "b"), partial(tuple, documents), 1)
    with Indexers() as running, pytest.raises(SearchError, match="1 of 2 items"):
        running.start(wanted)()


def test_a_process_that_is_killed_is_told_and_the_next_run_recovers(tmp_path: Path) -> None:
    with Indexers() as running, pytest.raises(SearchError, match="ended early") as failure:
        wait = running.start(task(tmp_path, 3000))
        while not running._live:
            time.sleep(0.01)
        for process in running._live:
            process.kill()
        wait()
    assert "--no-search" in failure.value.hint
    with Indexers() as running:
        made = running.start(task(tmp_path))()
    assert bundles.read_index(tmp_path) == made


def test_leaving_early_ends_the_processes_and_pagefind(tmp_path: Path) -> None:
    with Indexers() as running:
        running.start(task(tmp_path, 5000))
        processes = wait_for_pagefind(tmp_path)
    for process in processes:
        wait_for_end(process)
    assert bundles.read_index(tmp_path) is None


def test_what_makes_a_bundle_ends_with_the_build_however_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from test_indexers import task\n"
        "from zstatic.indexers import Indexers\n"
        "with Indexers() as running: running.start(task(Path(sys.argv[1]), 5000))()\n"
    )
    build = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)])
    processes = wait_for_pagefind(tmp_path)
    build.kill()
    build.wait()
    for process in processes:
        wait_for_end(process)


def wait_for_pagefind(folder: Path) -> list[int]:
    """The processes that run in the folder of a task: Pagefind does."""
    if not Path("/proc/self/cwd").exists():
        pytest.skip("what runs where is only told under /proc")
    for _ in range(1000):
        if found := [process for process in processes() if runs_in(process, folder)]:
            return found
        time.sleep(0.01)
    pytest.fail("Pagefind was not started")


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def runs_in(process: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{process}/cwd").readlink() == folder
    except OSError:
        return False


def wait_for_end(process: int) -> None:
    for _ in range(1000):
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    pytest.fail("Pagefind ran on")


def test_no_more_run_at_a_time_than_there_is_memory_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken, most = threading.Lock(), [0], [0]

    def ask(self: Indexers, order: tuple[Task, str, Index | None], done: object) -> Index:
        with lock:
            taken[0] += order[0].memory
            most[0] = max(most[0], taken[0])
        time.sleep(0.02)
        with lock:
            taken[0] -= order[0].memory
        return Index("", (), (), {})

    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(indexers.Indexers, "_ask", ask)
    with Indexers(memory=100) as running:
        waits = [
            running.start(task(tmp_path / str(number), memory=1 + number * 37 % 100)) for number in range(20)
        ]
        for wait in waits:
            wait()
    assert 0 < most[0] <= 100


# In a build


@pytest.fixture
def site(fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    library = fake.add_library("groups/7", "Small", public=True)
    for number in range(12):
        library.add_item(title=f"Book {number}")
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}])
    site.build()
    library.add_item(title="One more")
    return site


def test_pages_are_rendered_while_the_index_is_made(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    start, render = Indexers.start, Renderer.render

    def started(self: Indexers, wanted: Task) -> Callable[[], Index]:
        order.append("index begun")
        wait = start(self, wanted)
        return lambda: [order.append("index wanted"), wait()][1]

    monkeypatch.setattr(Indexers, "start", started)
    monkeypatch.setattr(Renderer, "render", lambda *output: [order.append("page"), render(*output)][1])
    site.build()
    assert order == ["index begun", *["page"] * order.count("page"), "index wanted"]
    assert "page" in order


@pytest.mark.parametrize("what", ["the index", "a page"])
def test_what_fails_meanwhile_leaves_the_site_as_it_was(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before = site.tree()

    def fail(*arguments: Any) -> Any:
        raise SearchError("no luck")

    owner, name = (Indexers, "_ask") if what == "the index" else (Renderer, "render")
    with monkeypatch.context() as patch, pytest.raises(SearchError, match="no luck"):
        patch.setattr(owner, name, fail)
        site.build()
    assert site.tree() == before
    assert not (site.root / ".zstatic" / "stage").exists()
    assert site.build().changed
    fresh = SiteFolder(site.root / "fresh", site.fake, site.libraries)
    fresh.build()
    assert without_marker(site.tree()) == without_marker(fresh.tree())

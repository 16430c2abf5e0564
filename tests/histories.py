"""Any history of a library, of faults and of killed runs: the state machine, and what it counts.

`test_histories.py` runs a few of them, `bench/histories.py` thousands.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import enumerate as threads
from threading import get_ident
from typing import Any, TypeVar

from fakelibrary import FakeLibrary
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from wire import FAULTS, Event, Wire

from zstatic.api import OBJECT_KEY
from zstatic.config import CitationRules, Config, ExportRules, LibraryConfig, Secret, SiteConfig
from zstatic.errors import ApiError
from zstatic.mirror import FULLTEXT, Mirror, citation_set, export_set, open_mirror
from zstatic.progress import silent
from zstatic.sample.answers import Request, Response
from zstatic.sync import LibrarySyncReport, sync_libraries

T = TypeVar("T")
DAY = 24 * 3600
BIG = st.integers(0, 1 << 20)
LOSSES = ("items", "collections", "files")
CITATIONS = citation_set("apa", "en-US")


class Killed(BaseException):
    """The process is no more."""


@dataclass(slots=True)
class Tally:
    """histories, syncs, kills, requests, edits, faults: so many. twice, late: what must not have happened.

    probes: requests for what is here, made because others failed, to tell an outage from what cannot be read.
    """

    histories: int = 0
    syncs: int = 0
    kills: int = 0
    requests: int = 0
    edits: int = 0
    faults: int = 0
    probes: int = 0
    twice: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)


class Rows:
    """Stands between mirrors and their disk: knows which version of what is stored, and kills at a step.

    steps: so many are left before the run is killed; a write has three: before, half done, done.
    """

    def __init__(self) -> None:
        self.versions: dict[str, dict[str, int]] = {}
        self.steps = 0

    def step(self) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise Killed

    def written(self, prefix: str, rows: Mapping[str, Any]) -> None:
        known = self.versions.setdefault(prefix, {})
        for key, row in rows.items():
            if isinstance(row, dict) and type(row.get("version")) is int:
                known[key] = row["version"]
            elif isinstance(row, list) and row and prefix != "state":
                known[key] = row[0]

    def dropped(self, prefix: str, keys: Any) -> None:
        for key in keys:
            self.versions.get(prefix, {}).pop(key, None)


CURRENT: list[Rows] = []


@contextmanager
def watched_mirrors() -> Iterator[None]:
    """Let every mirror tell the newest Rows what it writes."""
    write, drop, note = Mirror._write, Mirror._drop, Mirror._note_change

    def watched_write(self: Mirror, prefix: str, rows: Mapping[str, Any]) -> None:
        if not rows:
            return
        CURRENT[-1].step()
        write(self, prefix, rows)
        CURRENT[-1].written(prefix, rows)
        CURRENT[-1].step()

    def watched_drop(self: Mirror, prefix: str, names: Any) -> None:
        gone = frozenset(names)
        CURRENT[-1].step()
        drop(self, prefix, gone)
        CURRENT[-1].dropped(prefix, gone)

    def watched_note(self: Mirror) -> None:
        note(self)
        CURRENT[-1].step()

    Mirror._write, Mirror._drop, Mirror._note_change = watched_write, watched_drop, watched_note  # type: ignore[method-assign]
    try:
        yield
    finally:
        Mirror._write, Mirror._drop, Mirror._note_change = write, drop, note  # type: ignore[method-assign]


class Stage:
    """One library, on the server and here, with what happens to both."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.tally = tally
        self.wire = Wire()
        self.wire.on_answer, self.wire.spoil = self.note_answer, self.spoil
        self.unreadable: set[str] = set()
        self.library = self.wire.zotero.add_library("groups/7", "A group")
        self.wire.zotero.add_key("reader", user=1)
        self.rows = Rows()
        CURRENT[:] = [self.rows]
        self.anew = self.damaged = False
        self.collections_seen: set[str] = set()
        self.config = Config(
            folder,
            SiteConfig("Site"),
            (LibraryConfig("groups/7", api_url=self.wire.zotero.url),),
            folder / "_site",
            folder / ".zstatic",
            citations=CitationRules(("apa",)),
            exports=ExportRules(("bibtex",)),
            api_key=Secret("reader"),
        )

    # --- syncs

    def sync(self, happen: Mapping[int, list[Event]], steps: int = 0, **how: Any) -> LibrarySyncReport | None:
        """Sync once; None: it was killed after so many steps, or gave up."""
        self.wire.begin(happen)
        self.rows.steps, self.anew = steps, bool(how.get("full"))
        report = None
        self.failure: BaseException | None = None
        try:
            (report,) = sync_libraries(
                self.config, silent, open_api=self.wire.open_api, now=self.wire.time.clock, **how
            )
        except ApiError as error:
            self.failure = error
        except Killed:
            self.tally.kills += 1
        self.rows.steps = 0
        # A killed process takes its requests with it: these must not meet what happens next.
        for thread in threads():
            if thread.name.startswith("ThreadPoolExecutor"):
                thread.join()
        self.tally.syncs += 1
        self.tally.requests += len(self.wire.zotero.log)
        self.tally.late += self.wire.late
        self.wire.late.clear()
        if report and report.version == self.library.version and not report.problems and not self.damaged:
            # It says that it has this version: then it has.
            with open_mirror(self.config, self.config.libraries[0]) as mirror:
                self.compare(mirror)
        if report and "library-busy" not in {problem.code for problem in report.problems}:
            rows = [
                self.rows.versions.get(kind, {}) for kind in ("items", "collections", "searches", "settings")
            ]
            assert all(version <= report.version for kind in rows for version in kind.values()), "a mixture"
            codes = {problem.code for problem in report.problems}
            if report.version == self.library.version and not self.damaged and codes <= {"item-unreadable"}:
                self.insist_on_nothing_stale(self.library)
        return report

    def spoil(self, request: Request, response: Response) -> Response:
        """Deliver no item that cannot be read."""
        asked = request.query.get("itemKey", "").split(",") if request.query.get("include") == "data" else ()
        return Response(500, (), b"No") if self.unreadable.intersection(asked) else response

    def insist_on_nothing_stale(self, library: FakeLibrary) -> None:
        """Whatever could not be read: no item is here in another version, and all others are here."""
        here = self.rows.versions.get("items", {})
        there = {key: item["version"] for key, item in library.items.items()}
        assert here.items() <= there.items()
        assert there.keys() - here.keys() <= self.unreadable

    def note_answer(self, request: Request, response: Response) -> None:
        """Count what is sent though it is stored here in that very version."""
        if response.status != 200 or self.anew:
            return
        if get_ident() in self.wire.probing:
            self.tally.probes += 1
            return
        for prefix, key, version in self.sent(request):
            if self.rows.versions.get(prefix, {}).get(key) == version:
                self.tally.twice.append(f"{prefix}/{key} of {version}")

    def sent(self, request: Request) -> Iterator[tuple[str, str, int]]:
        """Give (rows that hold it, key, version) of each object that a request asks for."""
        place = request.path.split("/")
        if place[-1] == "fulltext" and place[-3] == "items":
            yield FULLTEXT, place[-2], self.library.fulltext_versions.get(place[-2], -1)
        sets = {"data": "items", "bib": CITATIONS, "bibtex": export_set("bibtex")}
        for name, prefix, objects in (
            ("itemKey", sets.get(request.query.get("include", ""), ""), self.library.items),
            ("collectionKey", "collections", self.library.collections),
            ("searchKey", "searches", self.library.searches),
        ):
            for key in filter(OBJECT_KEY.fullmatch, request.query.get(name, "").split(",")):
                if key in objects:
                    yield prefix, key, objects[key]["version"]
        if "zotero-storage" in place and (self.files / place[-1][:2] / place[-1]).exists():
            self.tally.twice.append(f"file {place[-1]}")

    @property
    def files(self) -> Path:
        return self.config.state / "files"

    # --- edits

    def edit(self, kind: int, pick: int) -> None:
        self.tally.edits += 1
        with self.library.lock:
            edits = list(self.edits(self.library, pick))
            edits[kind % len(edits)]()
            self.collections_seen.update(self.library.collections)

    def edits(self, library: FakeLibrary, pick: int) -> Iterator[Callable[[], object]]:
        """Give what can be done to a library now. pick: says to which of its objects."""
        items, collections = sorted(library.items), sorted(library.collections)
        tops = [key for key in items if library.items[key]["data"]["itemType"] == "book"]
        files = [key for key in items if library.items[key]["data"]["itemType"] == "attachment"]
        shelf = chosen(collections, pick)
        yield lambda: library.add_item(title="New", collections=shelf)
        yield lambda: library.add_item(title="New", tags=["tag"])
        yield lambda: library.add_collection("New", next(iter(chosen(collections, pick // 7)), None))
        yield lambda: library.move_version(3)
        yield lambda: library.set_setting("tagColors", [{"name": "tag", "color": f"#{pick:06x}"}])
        yield lambda: library.add_search("Books", [])
        yield lambda: library.rename(f"Group {pick}")
        yield lambda: library.add_attachment(None, f"%PDF-1.7 {pick}".encode())
        for key in chosen(items, pick):
            yield partial(library.edit_item, key, extra=str(pick))
            yield partial(library.trash_item, key)
            yield partial(library.restore_item, key)
            yield partial(library.delete_item, key)
        for key in chosen(tops, pick):
            yield partial(library.add_note, key, "note")
            yield partial(library.add_attachment, key, f"%PDF-1.7 {pick}".encode())
            yield partial(library.move_item, key, *shelf, *chosen(collections, pick // 5))
            yield partial(library.move_item, key)
        for key in chosen([k for k in items if "parentItem" in library.items[k]["data"]], pick):
            for parent in chosen(tops, pick):
                yield partial(library.edit_item, key, parentItem=parent)
        for key in chosen(files, pick):
            yield partial(library.put_file, key, f"%PDF-1.7 other {pick}".encode())
            yield partial(library.set_fulltext, key, f"words {pick}")
        for key in shelf:
            yield partial(library.rename_collection, key, f"Name {pick}")
            yield partial(library.delete_collection, key)
            yield partial(library.trash_collection, key)
            yield partial(library.restore_collection, key)
        filled = {key for item in library.items.values() for key in item["data"].get("collections", ())}
        for key in chosen(sorted(filled & library.collections.keys()), pick):
            yield partial(library.delete_collection, key)
            yield partial(replace_collection, library, key)
        for key in chosen(sorted(self.collections_seen - library.collections.keys()), pick):
            yield partial(library.add_collection, "Again", key=key)
        for key in chosen(sorted(library.deleted["items"]), pick):
            yield partial(library.add_item, key, title="Again")
        for name in chosen(sorted(library.settings), pick):
            yield partial(library.delete_setting, name)

    def lose(self, pick: int, kinds: Collection[str] = LOSSES) -> None:
        """Lose one of each kind here, as a broken disk or another program may."""
        with open_mirror(self.config, self.config.libraries[0]) as mirror:
            for key in chosen(sorted(mirror.keys("items")), pick) if "items" in kinds else ():
                mirror.drop_objects("items", [key])
                self.damaged = True
            for key in chosen(sorted(mirror.keys("collections")), pick) if "collections" in kinds else ():
                mirror.drop_objects("collections", [key])
                self.damaged = True
        for path in chosen(sorted(self.files.glob("??/*")), pick) if "files" in kinds else ():
            path.write_bytes(path.read_bytes()[:-1] + bytes([pick % 256]))
            self.damaged = True

    # --- the end

    def check(self) -> None:
        """Insist that a calm sync makes the mirror equal to the server."""
        verify, self.damaged = self.damaged, False
        self.unreadable.clear()
        report = self.sync({}, verify=verify)
        assert report is not None, f"nothing was wrong, and yet: {self.failure}"
        if report.problems:
            # What failed is asked for again, though nothing changed.
            report = self.sync({})
            assert report is not None, f"nothing was wrong, and yet: {self.failure}"
            assert report.problems == ()
        with open_mirror(self.config, self.config.libraries[0]) as mirror:
            self.compare(mirror)
            assert mirror.library_name == self.library.name
        assert self.tally.twice == []
        assert self.tally.late == []

    def compare(self, mirror: Mirror) -> None:
        library = self.library
        assert mirror.library_version == library.version
        for kind in ("collections", "items", "searches"):
            here = {key: (each["version"], each["data"]) for key, each in mirror.objects(kind)}
            there = {key: (each["version"], each["data"]) for key, each in getattr(library, kind).items()}
            assert here == there, kind
        assert dict(mirror.objects("settings")) == library.settings
        citations, bibtex = mirror.citations("apa", "en-US"), mirror.exports("bibtex")
        trash = set(filter(self.is_trashed, library.items))
        for key, item in library.items.items():
            fields = item["data"]
            if fields["itemType"] != "note" and not fields.get("deleted") and not fields.get("parentItem"):
                assert citations[key] == item["bib"]
                assert bibtex[key] == item["bibtex"]
            if fields["itemType"] == "attachment" and key not in trash:
                path = mirror.file(fields["md5"])
                assert path is not None
                assert hashlib.md5(path.read_bytes()).hexdigest() == fields["md5"]
                text = library.fulltext.get(key)
                assert mirror.fulltext(key) == (text and text["content"])
        for name in (CITATIONS, export_set("bibtex"), FULLTEXT):
            assert mirror._names.get(name, set()) <= library.items.keys()

    def is_trashed(self, key: str) -> bool:
        fields = self.library.items[key]["data"]
        parent = fields.get("parentItem")
        return bool(fields.get("deleted")) or (parent in self.library.items and self.is_trashed(parent))


def replace_collection(library: FakeLibrary, key: str) -> None:
    """Delete a collection and create it again, between two looks at it: what was in it is there no more."""
    library.delete_collection(key)
    library.add_collection("Again", key=key)


def chosen(choices: list[T], pick: int) -> list[T]:
    """Give one of the choices, or none if there is none."""
    return [choices[pick % len(choices)]] if choices else []


# Up to which step of its writing a sync gets; 0: to its end.
STEPS = st.one_of(st.just(0), st.integers(1, 9), st.integers(1, 20), st.integers(1, 60))
EDITS = st.lists(st.tuples(st.integers(0, 40), BIG), min_size=1, max_size=6)
MISHAPS = st.lists(
    st.tuples(st.integers(1, 24), st.sampled_from(("edit", "fault")), st.integers(0, 40), BIG), max_size=7
)


class Histories(RuleBasedStateMachine):
    """Edits at rest and during syncs, faults, losses and kills, in any order; then a calm sync ends equal."""

    root = Path()
    tally = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        self.tally.histories += 1
        self.stage = Stage(self.folder, self.tally)

    def teardown(self) -> None:
        try:
            self.stage.check()
        finally:
            shutil.rmtree(self.folder)

    @rule(edits=EDITS)
    def edit(self, edits: list[tuple[int, int]]) -> None:
        for kind, pick in edits:
            self.stage.edit(kind, pick)

    @rule(mishaps=MISHAPS, steps=STEPS, full=st.booleans())
    def sync(self, mishaps: list[tuple[int, str, int, int]], steps: int, full: bool) -> None:
        self.stage.sync(self.script(mishaps), steps, full=full and len(mishaps) > 5)

    @rule(edits=EDITS, steps=STEPS)
    def go_on_after_a_kill(self, edits: list[tuple[int, int]], steps: int) -> None:
        self.edit(edits)
        self.stage.sync({}, steps)
        self.stage.check()

    @rule(every=st.integers(1, 3), pick=BIG)
    def sync_a_library_that_never_stands_still(self, every: int, pick: int) -> None:
        moving: dict[int, list[Event]] = {
            n: [partial(self.stage.edit, n + pick, n * pick)] for n in range(1, 200, every)
        }
        self.stage.sync(moving)

    @rule(pick=BIG, kinds=st.sets(st.sampled_from(LOSSES), min_size=1))
    def lose_something(self, pick: int, kinds: set[str]) -> None:
        self.stage.lose(pick, kinds)

    @rule(pick=BIG, kinds=st.sets(st.sampled_from(LOSSES), min_size=1))
    def mend_what_was_lost(self, pick: int, kinds: set[str]) -> None:
        self.stage.library.add_attachment(None, f"%PDF-1.7 {pick}".encode())
        self.stage.check()
        self.stage.lose(pick, kinds)
        self.stage.check()

    @rule(edits=EDITS, pick=BIG)
    def meet_items_that_cannot_be_read(self, edits: list[tuple[int, int]], pick: int) -> None:
        self.edit(edits)
        newest_last = sorted(self.stage.library.items.values(), key=lambda item: item["version"])
        self.stage.unreadable.update(item["key"] for item in newest_last[-1 - pick % 3 :])
        self.stage.sync({})

    @rule(days=st.integers(1, 9))
    def wait(self, days: int) -> None:
        self.stage.wire.time.now += days * DAY

    @rule()
    def sync_calmly(self) -> None:
        self.stage.check()

    def script(self, mishaps: list[tuple[int, str, int, int]]) -> dict[int, list[Event]]:
        events: dict[int, list[Event]] = {}
        for number, what, kind, pick in mishaps:
            edit: Event = partial(self.stage.edit, kind, pick)
            event = edit if what == "edit" else FAULTS[pick % len(FAULTS)]
            self.tally.faults += what == "fault"
            events.setdefault(number, []).append(event)
        return events


def ram() -> str | None:
    """A folder that lies in memory, where there is one: histories are many and short-lived."""
    return next((str(path) for path in (Path("/dev/shm"),) if path.is_dir()), None)


@contextmanager
def playing(tally: Tally) -> Iterator[type[Histories]]:
    """Give the machine, ready to run; it counts into the tally."""
    with tempfile.TemporaryDirectory(dir=ram()) as folder, watched_mirrors():
        Histories.root, Histories.tally = Path(folder), tally
        yield Histories

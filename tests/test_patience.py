"""Whatever a server says about waiting is obeyed by all workers, and a refusal ends all asking."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from wire import (
    DATE,
    LATER,
    Event,
    Wire,
    cut,
    half,
    login_page,
    nonsense,
    refusal,
    reset,
    stall,
    with_headers,
)

from zstatic.api import Api
from zstatic.config import CitationRules, Config, ExportRules, LibraryConfig, Secret, SiteConfig
from zstatic.errors import AccessDenied, ApiUnreachable, RateLimited
from zstatic.mirror import open_mirror
from zstatic.patience import Gate, Patience
from zstatic.progress import Silent
from zstatic.sync import LibrarySyncReport, sync_libraries

GROUP = "groups/7"


class Told(Silent):
    """A Track that remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


class Run:
    """A site whose syncs need no socket and no time."""

    def __init__(self, root: Path) -> None:
        self.wire, self.told = Wire(), Told()
        self.library: FakeLibrary = self.wire.zotero.add_library(GROUP, "A group")
        self.wire.zotero.add_key("reader", user=1)
        library = LibraryConfig(GROUP, api_url=self.wire.zotero.url)
        self.config = Config(
            root,
            SiteConfig("Site"),
            (library,),
            root / "_site",
            root / ".zstatic",
            citations=CitationRules(("apa",)),
            exports=ExportRules(()),
            api_key=Secret("reader"),
        )

    def sync(self, happen: dict[int, list[Event]] | None = None) -> LibrarySyncReport:
        self.wire.begin(happen or {})
        now = self.wire.time.clock
        return sync_libraries(self.config, self.told, open_api=self.wire.open_api, now=now)[0]

    def keys(self) -> set[str]:
        with open_mirror(self.config, self.config.libraries[0]) as mirror:
            return set(mirror.keys("items"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path)
    for number in range(220):
        run.library.add_item(title=f"Book {number}")
    return run


@pytest.mark.parametrize(
    ("event", "least", "most"),
    [
        (refusal(429, ("Retry-After", "10")), 10, 10),
        (refusal(429, ("Retry-After", LATER), ("Date", DATE)), 30, 30),
        (refusal(429, ("Retry-After", "whenever")), 22.5, 37.5),
        (refusal(429), 22.5, 37.5),
        (refusal(503, ("Retry-After", "5")), 5, 5),
        (refusal(503, ("Retry-After", LATER), ("Date", DATE)), 30, 30),
        (refusal(503, ("Retry-After", "-5")), 22.5, 37.5),
        (refusal(503), 22.5, 37.5),
        (refusal(503, ("Retry-After", "2"), ("Backoff", "8")), 8, 8),
        (refusal(500, ("Backoff", "6")), 6, 8),
        (with_headers(("Backoff", "12")), 12, 12),
        (with_headers(("Backoff", "12"), ("X-Broken", "1")), 12, 14),
        (reset, 0.5, 1.5),
        (stall, 0.5, 1.5),
        (cut, 0.5, 1.5),
        (half, 0.5, 1.5),
        (login_page, 0.5, 1.5),
        (nonsense, 0.5, 1.5),
        (refusal(500), 0.5, 1.5),
        (refusal(502), 0.5, 1.5),
    ],
)
@pytest.mark.parametrize("number", [4, 9], ids=["alone", "among four"])
def test_every_form_of_trouble_is_waited_out_by_all(
    run: Run, event: Event, least: float, most: float, number: int
) -> None:
    start = run.wire.time.now
    run.sync({number: [event]})
    assert run.wire.late == []
    assert least <= run.wire.time.now - start <= most
    assert run.keys() == set(run.library.items)


def test_backoff_on_a_304_makes_the_next_request_wait(run: Run) -> None:
    run.sync()
    start = run.wire.time.now
    # The third asks for changes; nothing follows it but another library, or another sync.
    run.wire.begin({1: [with_headers(("Backoff", "7"))]})
    with run.wire.open_api(run.wire.zotero.url) as api:
        assert api.item_versions(GROUP, run.library.version, run.library.version) is None
        assert run.wire.time.now == start
        api.item_versions(GROUP, 0)
    assert run.wire.time.now == start + 7


def test_at_most_four_requests_run_at_once(run: Run) -> None:
    together = threading.Barrier(4)

    def meet() -> None:
        together.wait(5)

    # Passes only if four are there at the same time.
    run.sync({number: [meet] for number in range(9, 13)})
    assert run.wire.zotero.peak == 4


@pytest.mark.parametrize("number", [8, 10, 13])
def test_nothing_is_asked_after_the_first_403(run: Run, number: int) -> None:
    with pytest.raises(AccessDenied, match="no access to the library"):
        run.sync({number: [refusal(403)]})
    # But what was on its way already.
    assert len(run.wire.zotero.log) <= number + 3


def test_refused_library_is_not_asked_again_by_any_worker(run: Run) -> None:
    run.wire.begin({1: [refusal(403)]})
    with run.wire.open_api(run.wire.zotero.url, Secret("reader")) as api:
        for _ in range(3):
            with pytest.raises(AccessDenied):
                api.item_versions(GROUP, 0)
        assert api.request_count == 1
        # Another library may be open.
        run.wire.zotero.add_library("groups/8")
        assert api.item_versions("groups/8", 0)


def test_progress_says_what_is_waited_for(run: Run) -> None:
    run.sync({4: [with_headers(("Backoff", "12"))], 6: [refusal(429, ("Retry-After", "40"))], 9: [reset]})
    said = "\n".join(run.told.lines)
    assert "127.0.0.1 asks to wait 12 s" in said
    assert "127.0.0.1 asks to wait 40 s" in said
    assert "No usable answer from 127.0.0.1, trying again in" in said


def test_wait_of_our_own_is_not_told_as_the_servers(run: Run) -> None:
    run.sync({4: [refusal(429)], 7: [refusal(503, ("Retry-After", "soon"))]})
    said = "\n".join(run.told.lines)
    for status in (429, 503):
        assert re.search(rf"127\.0\.0\.1 answered {status}; waiting \d+ s before asking again", said)
    assert "asks to wait" not in said


def test_run_that_is_told_to_wait_too_long_ends_and_keeps_what_came(run: Run) -> None:
    with pytest.raises(RateLimited, match="120 minutes"):
        run.sync({12: [refusal(429, ("Retry-After", "7200"))]})
    kept = run.keys()
    assert kept
    report = run.sync()
    assert report.added == 220 - len(kept)


def test_address_of_a_file_that_ran_out_while_waiting_is_asked_for_anew(run: Run) -> None:
    run.library.add_attachment(None, b"%PDF-1.7 file")
    run.sync()
    run.library.add_attachment(None, b"%PDF-1.7 another")
    run.sync()
    asked = next(n for n, logged in enumerate(run.wire.zotero.log, 1) if logged.path.endswith("/file"))
    run.library.add_attachment(None, b"%PDF-1.7 a third")
    report = run.sync({asked: [with_headers(("Backoff", "120"))]})
    assert report.files == 1 and report.problems == ()
    places = [logged.path for logged in run.wire.zotero.log if logged.path.endswith("/file")]
    assert len(places) == 2
    assert sum(logged.storage for logged in run.wire.zotero.log) == 1


def slept(chance: Callable[[], float], tries: int) -> float:
    naps: list[float] = []
    Api("http://127.0.0.1:1", chance=chance, sleep=naps.append).pause(tries)
    return naps[0]


def test_pauses_double_up_to_a_cap_and_are_never_in_step() -> None:
    assert [slept(lambda: 0.5, tries) for tries in (1, 2, 3, 10, 100)] == [1, 2, 4, 60, 60]
    assert (slept(lambda: 0.0, 3), slept(lambda: 1.0, 3)) == (2, 6)


def test_all_pauses_together_stay_within_the_budget() -> None:
    naps: list[float] = []
    gate = Gate(Patience(budget=100), lambda: 0.0, naps.append)
    with pytest.raises(ApiUnreachable, match="too often"):
        while True:
            gate.pause(60)
    # Four workers pause at the same time.
    assert sum(naps) <= 400

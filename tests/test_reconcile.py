"""What no list of changes tells is found all the same; a sync that is cut short goes on where it stood."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from histories import DAY, Killed, Stage, Tally, ram, watched_mirrors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oddities import VALUES, fill
from wire import refusal

from zstatic.mirror import open_mirror
from zstatic.sync import RECONCILE_EVERY

STATE_NAMES = (
    *(
        "version",
        "name",
        "public",
        "done",
        "failed",
        "files",
        "files-done",
        "fulltext-versions",
        "fulltext-upto",
    ),
    *("schema", "schema-version", "reconciled", "synced", "changed", "scope", "server", "group-version"),
    *("annotations-upto", "children-read", "format"),
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=ram()) as folder, watched_mirrors():
        yield Stage(Path(folder), Tally())


@pytest.fixture
def library(stage: Stage) -> FakeLibrary:
    shelf = stage.library.add_collection("Shelf")
    for number in range(20):
        stage.library.add_item(title=f"Book {number}", collections=[shelf])
    stage.library.add_attachment(None, b"%PDF-1.7 one")
    stage.check()
    return stage.library


def listed(stage: Stage) -> list[str]:
    """The `since` of every listing of items in the last sync."""
    asked = stage.wire.zotero.log
    return [
        each.query["since"]
        for each in asked
        if each.path.endswith("/items") and each.query.get("format") == "versions" and "since" in each.query
    ]


# --- resuming


@pytest.mark.parametrize("steps", [9, 14, 20])
def test_sync_killed_at_any_step_of_writing_fetches_nothing_twice(stage: Stage, steps: int) -> None:
    for number in range(230):
        stage.library.add_item(title=f"Book {number}", collections=[])
    for number in range(60):
        stage.library.add_collection(f"Collection {number}")
    stage.library.set_fulltext(stage.library.add_attachment(None, b"%PDF-1.7 one"), "words")
    runs = 1
    while stage.sync({}, steps + runs % 3) is None:
        runs += 1
        assert runs < 100
    assert stage.tally.kills > 2
    assert stage.tally.twice == []
    stage.check()


@pytest.mark.parametrize("requests", [10, 13])
def test_first_sync_cut_every_few_requests_becomes_complete(stage: Stage, requests: int) -> None:
    for number in range(400):
        stage.library.add_item(title=f"Book {number}")

    def die() -> None:
        raise Killed

    report, runs = None, 0
    while report is None:
        report = stage.sync({requests: [die]})
        runs += 1
        assert runs < 40
    assert runs > 3
    assert stage.tally.twice == []
    stage.check()


def test_library_version_is_written_last(stage: Stage) -> None:
    stage.library.add_item(title="Book")
    assert stage.sync({8: [refusal(500)] * 1, 9: [refusal(403)]}) is None
    with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
        assert not mirror.completed
    stage.check()


# --- reconciling


def test_complete_listing_is_compared_every_so_many_syncs(stage: Stage, library: FakeLibrary) -> None:
    for number in range(1, RECONCILE_EVERY):
        stage.sync({})
        assert listed(stage) == [str(library.version)], number
    stage.sync({})
    assert listed(stage) == ["0"]
    stage.sync({})
    assert listed(stage) == [str(library.version)]


def test_complete_listing_is_compared_every_week(stage: Stage, library: FakeLibrary) -> None:
    stage.wire.time.now += 6.9 * DAY
    stage.sync({})
    assert listed(stage) == [str(library.version)]
    stage.wire.time.now += 0.2 * DAY
    stage.sync({})
    assert listed(stage) == ["0"]


def test_clock_that_was_set_back_puts_nothing_off(stage: Stage, library: FakeLibrary) -> None:
    stage.wire.time.now -= 400 * DAY
    stage.sync({})
    assert listed(stage) == ["0"]


def test_comparing_fetches_only_what_differs(stage: Stage, library: FakeLibrary) -> None:
    stage.lose(7)
    report = stage.sync({}, verify=True)
    assert report is not None and report.added == 1 and report.collections == 1 and report.files == 1
    assert report.damaged == 1
    assert stage.tally.twice == []
    stage.check()


def test_loss_is_noticed_when_the_counts_disagree(stage: Stage, library: FakeLibrary) -> None:
    with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
        mirror.drop_objects("items", [min(library.items)])
    library.add_item(title="Another")
    report = stage.sync({})
    assert report is not None and report.added == 2
    assert listed(stage)[-1] == "0"
    stage.check()


def test_server_that_went_back_to_an_older_state_is_followed(stage: Stage, library: FakeLibrary) -> None:
    key = min(library.items)
    before = dict(library.items), library.version
    library.edit_item(key, title="Lost with the server")
    library.add_item(title="Lost, too")
    stage.check()
    library.items, library.version = before
    library.edit_item(key, title="After the accident")
    assert library.version <= stage.rows.versions["items"][key]
    report = stage.sync({}, verify=True)
    assert report is not None
    if library.version < report.version_before:
        assert [problem.code for problem in report.problems] == ["library-restored"]
    with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
        stage.compare(mirror)


def test_collection_that_was_deleted_and_created_again_is_empty(stage: Stage, library: FakeLibrary) -> None:
    (shelf,) = library.collections
    key = min(key for key, item in library.items.items() if item["data"].get("collections"))
    version = library.items[key]["version"]
    library.delete_collection(shelf)
    library.add_collection("Shelf again", key=shelf)
    assert library.items[key]["version"] == version
    stage.check()
    with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
        item = mirror.object("items", key)
        assert item is not None and item["data"]["collections"] == []


def test_collection_created_again_is_seen_though_the_sync_was_killed(
    stage: Stage, library: FakeLibrary
) -> None:
    (shelf,) = library.collections
    library.delete_collection(shelf)
    library.add_collection("Shelf again", key=shelf)
    for steps in range(1, 20):
        stage.sync({}, steps)
    stage.check()


def test_library_that_changes_on_every_request_ends(stage: Stage, library: FakeLibrary) -> None:
    keys = sorted(library.items)

    def edit(number: int) -> None:
        library.edit_item(keys[number % len(keys)], extra=str(number))

    report = stage.sync({n: [lambda n=n: edit(n)] for n in range(1, 500)})  # type: ignore[misc]
    assert report is not None
    assert "library-busy" in {problem.code for problem in report.problems}
    assert len(stage.wire.zotero.log) < 100
    stage.check()


# --- damage


def test_any_flipped_bit_and_any_truncation_of_the_mirror_is_repaired(
    stage: Stage, library: FakeLibrary
) -> None:
    (database,) = stage.config.state.rglob("cache.db")
    sound = database.read_bytes()
    chance = random.Random("damage")
    rebuilt = 0
    for number in range(200):
        bad = bytearray(sound)
        if number % 5:
            # Every third where the file says what kind of file it is.
            place = chance.randrange(100 if number % 3 == 0 else len(bad))
            bad[place] ^= 1 << chance.randrange(8)
        else:
            del bad[chance.randrange(len(bad)) :]
        for leftover in database.parent.glob("cache.db*"):
            leftover.unlink()
        database.write_bytes(bad)
        report = stage.sync({})
        assert report is not None, stage.failure
        rebuilt += "mirror-rebuilt" in {problem.code for problem in report.problems}
        with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
            stage.compare(mirror)
    assert rebuilt > 50


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(state=st.dictionaries(st.sampled_from(STATE_NAMES), VALUES, min_size=1, max_size=3))
def test_mirror_with_any_state_is_repaired(state: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory(dir=ram()) as folder, watched_mirrors():
        stage = Stage(Path(folder), Tally())
        fill(stage)
        stage.check()
        with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
            mirror.write_state(**state)
        stage.damaged = True
        # What is lost is fetched, again if need be.
        stage.anew = True
        stage.tally.twice = []
        report = stage.sync({}, verify=True)
        assert report is not None, stage.failure
        stage.tally.twice = []
        stage.check()

"""Sync against a fake Zotero: whatever happened there, the mirror ends equal to it."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero

from zstatic.api import Api, RequestFailed
from zstatic.config import (
    CitationRules,
    Config,
    ExportRules,
    LibraryConfig,
    SearchRules,
    Secret,
    SiteConfig,
)
from zstatic.errors import AccessDenied, ApiUnreachable, ConfigError, LibraryNotFound
from zstatic.mirror import Mirror, export_set, open_mirror
from zstatic.patience import Patience
from zstatic.progress import silent
from zstatic.sync import LibrarySyncReport, Part, SyncPlan, plan_sync, sync_libraries

T = TypeVar("T")
ApiMaker = Callable[..., Api]
PDF = b"%PDF-1.7 one"
HURRIED = Patience(unsaid=(0.0,), first=0.0)
hurried_api = partial(Api, patience=HURRIED, sleep=lambda seconds: None)


class Site:
    """A folder with one or more libraries, synced as `zstatic sync` would."""

    def __init__(self, root: Path, zotero: FakeZotero, *ids: str, **rules: Any) -> None:
        self.zotero = zotero
        self.config = Config(
            root,
            SiteConfig("Site"),
            tuple(LibraryConfig(id, slug=id.replace("/", "-"), api_url=zotero.url) for id in ids),
            root / "_site",
            root / ".zstatic",
            citations=rules.pop("citations", CitationRules(("apa",))),
            exports=rules.pop("exports", ExportRules(("bibtex",))),
            **rules,
        )

    def sync(
        self, full: bool = False, parts: Collection[Part] = ("metadata", "attachments")
    ) -> LibrarySyncReport:
        """Sync all libraries; gives the report of the first. The log then holds this run's requests only."""
        self.zotero.log.clear()
        return sync_libraries(self.config, silent, full=full, parts=parts, open_api=hurried_api)[0]

    def mirror(self, number: int = 0) -> Mirror:
        return open_mirror(self.config, self.config.libraries[number])

    def change(self, **rules: Any) -> None:
        self.config = replace(self.config, **rules)


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    return fake.add_library("groups/7", "A group")


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Site:
    # The files of a public group are for its members only.
    fake.add_key("reader", user=1)
    return Site(tmp_path, fake, "groups/7", api_key=Secret("reader"))


def assert_equal(mirror: Mirror, library: FakeLibrary, config: Config) -> None:
    """The mirror holds what the server has, and for each item texts made from that very version."""
    assert mirror.library_version == library.version
    assert parts(mirror.objects("items")) == parts(library.items.items())
    assert parts(mirror.objects("collections")) == parts(library.collections.items())
    assert parts(mirror.objects("searches")) == parts(library.searches.items())
    assert dict(mirror.objects("settings")) == library.settings
    cited = {key: item for key, item in library.items.items() if is_citable(item["data"])}
    for style in config.citations.styles:
        assert mirror.citations(style, config.citation_locale).keys() >= cited.keys()
    for format in config.exports.formats:
        texts = mirror.exports(format)
        for key, item in cited.items():
            expected = item[format]
            assert texts[key] == expected or json.loads(texts[key]) == expected
            assert mirror.text_version(export_set(format), key) == item["version"]


def parts(objects: Iterable[tuple[str, Any]]) -> dict[str, tuple[Any, Any]]:
    return {key: (each["version"], each["data"]) for key, each in objects}


def is_citable(data: dict[str, Any]) -> bool:
    return not (data.get("deleted") or data.get("parentItem") or data["itemType"] in ("note", "annotation"))


def asked(zotero: FakeZotero, part: str) -> list[str]:
    return [target for target in zotero.targets if part in target]


# --- deciding


def test_first_sync_fetches_all_that_is_listed() -> None:
    assert plan_sync({}, {"B": 2, "A": 1}, [], 0) == SyncPlan(("A", "B"), ())


def test_interrupted_sync_fetches_only_the_rest() -> None:
    assert plan_sync({"A": 1, "B": 1}, {"A": 1, "B": 2, "C": 3}, [], 0) == SyncPlan(("B", "C"), ())


def test_whole_listing_drops_what_it_does_not_name() -> None:
    assert plan_sync({"A": 1, "X": 1}, {"A": 1}, [], 0) == SyncPlan((), ("X",))


def test_listing_of_changes_drops_only_what_was_deleted() -> None:
    assert plan_sync({"A": 1, "X": 1}, {"A": 2}, ["X", "NEVERHERE"], 5) == SyncPlan(("A",), ("X",))


def test_key_that_is_changed_and_deleted_in_one_answer_stays() -> None:
    assert plan_sync({"A": 1}, {"A": 9}, ["A"], 5) == SyncPlan(("A",), ())


# --- whole libraries


def test_real_libraries_are_mirrored_whole(
    tmp_path: Path, fake: FakeZotero, group1: FakeLibrary, user1001: FakeLibrary
) -> None:
    both = Site(tmp_path, fake, "groups/1", "users/1001", api_key=Secret("owner"))
    both.change(exports=ExportRules())
    reports = sync_libraries(both.config, silent, open_api=hurried_api)
    for number, library in enumerate((group1, user1001)):
        with both.mirror(number) as mirror:
            assert_equal(mirror, library, both.config)
            assert mirror.schema() == fake.schema
            texts = {key for key in library.fulltext if mirror.fulltext(key) is not None}
            assert texts and all(mirror.fulltext(k) == library.fulltext[k]["content"] for k in texts)
            assert mirror.library_name == library.name
    assert [report.added for report in reports] == [375, 1443]
    assert [report.version for report in reports] == [417, 1599]
    assert fake.peak <= 4
    assert {problem.code for report in reports for problem in report.problems} == {"file-not-uploaded"}


def test_unchanged_library_costs_one_request(
    tmp_path: Path, fake: FakeZotero, group1: FakeLibrary, user1001: FakeLibrary
) -> None:
    both = Site(tmp_path, fake, "groups/1", "users/1001", api_key=Secret("owner"))
    both.sync()
    report = both.sync()
    versions = [target for target in fake.targets if "/items?format=versions" in target]
    assert len(versions) == 2
    assert sorted(set(fake.targets) - set(versions)) == [
        "/keys/current",
        "/users/1001/groups?format=versions",
    ]
    assert len(fake.log) == 4
    assert not report.changed


# --- one change at a time


def test_each_kind_of_change_arrives(site: Site, library: FakeLibrary) -> None:
    outer = library.add_collection("Outer")
    inner = library.add_collection("Inner", outer)
    book = library.add_item(title="Book", collections=[outer, inner])
    note = library.add_note(book, "<p>Note</p>")
    other = library.add_item(title="Other")

    def check(**counts: int) -> None:
        report = site.sync()
        with site.mirror() as mirror:
            assert_equal(mirror, library, site.config)
        shown = {name: getattr(report, name) for name in ("added", "updated", "removed")}
        assert {name: count for name, count in shown.items() if count} == counts
        assert report.changed

    check(added=3)
    library.edit_item(book, title="Book, second edition")
    check(updated=1)
    library.trash_item(book)
    check(updated=1)
    library.restore_item(book)
    check(updated=1)
    library.edit_item(note, parentItem=other)
    check(updated=1)
    library.move_item(other, inner)
    check(updated=1)
    library.rename_collection(inner, "Innermost")
    check()
    library.trash_collection(inner)
    check()
    library.set_setting("tagColors", [{"name": "to-read", "color": "#FF6666"}])
    library.add_search("Books", [])
    check()
    library.delete_collection(outer)
    # Neither the subcollection nor the two items are in any list of changes.
    check(updated=2)
    library.delete_item(other)
    check(removed=2)
    library.add_item(other, title="Again under the same key")
    check(added=1)


def test_item_deleted_in_two_syncs_stays_deleted(site: Site, library: FakeLibrary) -> None:
    key = library.add_item(title="Book")
    site.sync()
    for _ in range(2):
        library.delete_item(key)
        site.sync()
        with site.mirror() as mirror:
            assert mirror.keys("items") == frozenset()
        library.add_item(key, title="Back")
        site.sync()
        with site.mirror() as mirror:
            assert mirror.keys("items") == {key}


def test_empty_library_at_version_0_is_complete(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    assert library.version == 0
    site.sync()
    with site.mirror() as mirror:
        assert mirror.completed
        assert mirror.library_name == "A group"
    assert not site.sync().changed
    library.add_item(title="First")
    assert site.sync().added == 1


def test_whether_everybody_can_read_a_group_is_kept_with_it(site: Site, library: FakeLibrary) -> None:
    site.sync()
    with site.mirror() as mirror:
        assert mirror.is_public
    library.group = {"libraryReading": "members"}
    library.rename("A group")
    site.sync()
    with site.mirror() as mirror:
        assert not mirror.is_public


def test_group_that_is_renamed_gets_its_new_name(site: Site, library: FakeLibrary) -> None:
    site.sync()
    library.rename("Another name")
    report = site.sync()
    assert report.name == "Another name"
    assert report.changed


def test_publications_are_compared_with_the_whole_list(
    tmp_path: Path, fake: FakeZotero, user1001: FakeLibrary
) -> None:
    site = Site(tmp_path, fake, "users/1001/publications")
    site.sync()
    published = {key for key, item in user1001.items.items() if item["data"].get("inPublications")}
    with site.mirror() as mirror:
        assert mirror.keys("items") == published
        assert mirror.library_name == user1001.name
    site.sync()
    assert len(fake.log) == 1
    gone = min(published)
    user1001.edit_item(gone, inPublications=False)
    site.sync()
    with site.mirror() as mirror:
        assert mirror.keys("items") == published - {gone}
    assert not asked(fake, "/deleted") and not asked(fake, "/fulltext")


def test_new_schema_is_fetched_when_the_server_has_one(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    library.add_item(title="Book")
    site.sync()
    assert not asked(fake, "/schema")
    fake.schema = {**fake.schema, "version": 42}
    library.add_item(title="Book")
    site.sync()
    with site.mirror() as mirror:
        assert mirror.schema()["version"] == 42


def test_missing_schema_stops_nothing(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    library.add_item(title="Book")
    fake.refuse("/schema", 500, times=None)
    report = site.sync()
    assert report.added == 1
    assert [problem.code for problem in report.problems] == ["schema-missing"]
    fake.calm()
    assert site.sync().problems == ()


# --- only what is missing


def test_new_style_and_format_fetch_only_themselves(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(3):
        library.add_item(title=f"Book {number}")
    site.sync()
    site.change(citations=CitationRules(("apa", "vancouver")), exports=ExportRules(("bibtex", "csljson")))
    report = site.sync()
    assert report.texts == 6
    # A style is tried with one item first.
    assert len(asked(fake, "itemKey")) == 3
    assert asked(fake, "style=vancouver") and asked(fake, "include=csljson")
    site.change(citations=CitationRules(("apa", "vancouver"), "de-DE"))
    assert site.sync().texts == 6
    site.sync()
    assert not asked(fake, "itemKey")


def test_edited_item_alone_is_cited_anew(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    keys = [library.add_item(title=f"Book {number}") for number in range(3)]
    site.sync()
    library.edit_item(keys[1], title="Edited")
    site.sync()
    assert {query for query in asked(fake, "itemKey") if keys[1] in query} == set(asked(fake, "itemKey"))
    assert not any(keys[0] in query for query in asked(fake, "itemKey"))


def test_notes_and_attached_files_are_not_cited(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    book = library.add_item(title="Book")
    library.add_note(book, "note")
    library.add_note(None, "standalone")
    library.add_attachment(book, PDF)
    standalone = library.add_attachment(None, PDF)
    trashed = library.add_item(title="Trashed")
    library.trash_item(trashed)
    site.sync()
    with site.mirror() as mirror:
        assert mirror.citations("apa", "en-US").keys() == {book, standalone}


def test_unknown_style_is_an_error_of_the_configuration(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(200):
        library.add_item(title=f"Book {number}")
    site.change(citations=CitationRules(("apa", "no-such-style")))
    with pytest.raises(ConfigError, match="'no-such-style'") as error:
        site.sync()
    assert "zotero.org/styles" in error.value.hint
    # Tried twice with each of three items; no more than one is asked for at a time.
    assert [query.count("%2C") + query.count(",") for query in asked(fake, "no-such-style")] == [0] * 6
    # Nothing is lost by it.
    site.change(citations=CitationRules(("apa",)))
    report = site.sync()
    assert report.added == 0
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)


@pytest.mark.parametrize("status", [400, 404, 413, 500, 502])
def test_style_that_is_refused_in_whatever_way_is_named(
    status: int, site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    library.add_item(title="Book")
    site.change(citations=CitationRules(("vancouver",)))
    fake.refuse("style=vancouver", status, times=None)
    with pytest.raises(ConfigError, match="'vancouver'"):
        site.sync()


@pytest.mark.parametrize("status", [400, 500])
def test_style_that_worked_and_is_withdrawn_is_named(
    status: int, site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    library.add_item(title="Book")
    site.change(citations=CitationRules(("vancouver",)))
    site.sync()
    library.add_item(title="Another")
    fake.refuse("style=vancouver", status, times=None)
    with pytest.raises(ConfigError, match="'vancouver'"):
        site.sync()


def test_items_that_fail_in_a_new_style_do_not_make_it_wrong(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = sorted(library.add_item(title=f"Book {number}") for number in range(9))
    site.change(citations=CitationRules(("vancouver",)))
    fake.refuse(lambda r: r.query.get("include") == "bib" and keys[0] in r.query["itemKey"], 500, times=None)
    assert [problem.code for problem in site.sync().problems] == ["citation-failed"]


def test_citations_that_fail_in_every_style_are_an_outage(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(9):
        library.add_item(title=f"Book {number}")
    site.change(citations=CitationRules(("vancouver",)))
    fake.refuse("include=bib", 500, times=None)
    with pytest.raises(ApiUnreachable):
        site.sync()


# --- trouble


def test_item_that_breaks_its_batch_is_left_out_alone(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = sorted(library.add_item(title=f"Book {number}") for number in range(60))
    bad = keys[17]
    fake.refuse(lambda r: r.query.get("include") == "data" and bad in r.query["itemKey"], 500, times=None)
    report = site.sync()
    assert report.added == 59
    assert [(p.code, p.where) for p in report.problems] == [("item-unreadable", f"groups/7/items/{bad}")]
    # Remembered, since no later listing names it.
    fake.calm()
    report = site.sync()
    assert (report.added, report.problems) == (1, ())
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)


def test_citation_that_fails_is_a_problem_of_its_item(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = sorted(library.add_item(title=f"Book {number}") for number in range(9))
    bad = keys[4]
    fake.refuse(lambda r: r.query.get("include") == "bib" and bad in r.query["itemKey"], 500, times=None)
    report = site.sync()
    assert [(p.code, p.where) for p in report.problems] == [("citation-failed", f"groups/7/items/{bad}")]
    with site.mirror() as mirror:
        assert mirror.citations("apa", "en-US").keys() == set(keys) - {bad}
        assert mirror.exports("bibtex").keys() == set(keys)
    fake.calm()
    library.edit_item(bad, title="Better")
    assert site.sync().problems == ()
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)


def test_server_that_fails_altogether_is_not_asked_for_every_item(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(300):
        library.add_item(title=f"Book {number}")
    fake.refuse("itemKey", 500, times=None)
    with pytest.raises(RequestFailed):
        site.sync()
    assert len(fake.log) < 200


def test_flood_of_faults_is_waited_out(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    for number in range(120):
        library.add_item(title=f"Book {number}")
    fake.drop(2)
    fake.limit_rate(4, wait=1)
    fake.truncate(6, 10)
    fake.maintenance(8)
    fake.answer_with(10, b"<html>", {"Content-Type": "text/html"})
    fake.answer_with(12, b'[{"key": "AB')
    fake.refuse(14, 504)
    site.sync()
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)


def test_library_that_moves_during_the_sync_ends_consistent(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    collection = library.add_collection("Shelf")
    keys = [library.add_item(title=f"Book {number}", collections=[collection]) for number in range(120)]
    steps: list[Callable[[], object]] = [
        lambda: library.edit_item(keys[3], title="Edited while reading"),
        lambda: library.delete_item(keys[5]),
        lambda: library.delete_collection(collection),
        lambda: library.add_item(title="New while reading"),
    ]
    for number, step in enumerate(steps):
        fake.before(4 + 7 * number, step)
    site.sync()
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)
    assert (
        max(Counter(key for query in asked(fake, "include=data") for key in keys if key in query).values())
        <= 2
    )


def test_library_that_never_stands_still_ends_and_says_so(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    key = library.add_item(title="Book")
    fake.before("", lambda: library.edit_item(key, extra=str(library.version)), times=None)
    report = site.sync()
    assert "library-busy" in {problem.code for problem in report.problems}
    assert len(fake.log) < 100
    fake.calm()
    report = site.sync()
    assert report.problems == ()
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)


class Killed(BaseException):
    pass


class Interrupting:
    """A Track that ends the run after so many pieces of work."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        for item in items:
            yield item
            self.left -= 1
            if self.left == 0:
                raise Killed

    def say(self, message: str) -> None:
        pass


def test_sync_that_is_cut_short_fetches_nothing_twice(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(400):
        book = library.add_item(title=f"Book {number}")
        if number % 100 == 0:
            library.add_attachment(book, PDF + str(number).encode())
    rounds = 0
    while True:
        rounds += 1
        try:
            sync_libraries(site.config, Interrupting(3), open_api=hurried_api)
            break
        except Killed:
            with site.mirror() as mirror:
                assert not mirror.completed or rounds > 8
    assert rounds > 5
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)
    # What was on its way when the run ended may be asked for again, at most the few requests read ahead.
    wanted = Counter(key for query in asked(fake, "include=data") for key in library.items if key in query)
    assert sum(wanted.values()) < 2.5 * len(library.items)


def test_refusal_in_the_middle_stops_at_once_and_deletes_nothing(tmp_path: Path, fake: FakeZotero) -> None:
    library = fake.add_library("users/5", public=False)
    keys = {library.add_item(title=f"Book {number}") for number in range(10)}
    fake.add_key("goodkey", user=5)
    site = Site(tmp_path, fake, "users/5", api_key=Secret("goodkey"))
    site.sync()
    library.edit_item(min(keys), title="Edited")
    fake.refuse("/collections", 403, "Forbidden", times=None)
    with pytest.raises(AccessDenied, match="users/5") as error:
        site.sync()
    assert "zotero.org/settings/keys" in error.value.hint
    assert len(asked(fake, "/collections")) == 1
    with site.mirror() as mirror:
        assert mirror.keys("items") == keys


def test_wrong_key_is_found_out_with_one_request(tmp_path: Path, fake: FakeZotero) -> None:
    fake.add_library("groups/7")
    site = Site(tmp_path, fake, "groups/7", api_key=Secret("wrong"))
    with pytest.raises(AccessDenied, match="refuses the API key"):
        site.sync()
    assert len(fake.log) == 1


def test_unknown_library_and_dead_server_are_told_apart(tmp_path: Path, fake: FakeZotero) -> None:
    with pytest.raises(LibraryNotFound, match="groups/8"):
        Site(tmp_path, fake, "groups/8").sync()
    with FakeZotero() as gone:
        dead = Site(tmp_path, gone, "groups/7")
    with pytest.raises(ApiUnreachable, match="No connection"):
        dead.sync()


def test_broken_mirror_is_said_and_fetched_anew(site: Site, library: FakeLibrary) -> None:
    library.add_item(title="Book")
    site.sync()
    (database,) = site.config.state.rglob("cache.db")
    database.write_bytes(database.read_bytes()[:3000])
    report = site.sync()
    assert [problem.code for problem in report.problems] == ["mirror-rebuilt"]
    assert report.added == 1
    assert site.sync().problems == ()


def test_full_sync_copes_with_another_server_under_the_same_name(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    key = library.add_item(title="Book")
    site.sync()
    again = fake.add_library("groups/7", "A group")
    again.add_item(key, title="Another book under the same key and version")
    assert again.version == library.version
    site.sync(full=True)
    with site.mirror() as mirror:
        assert_equal(mirror, again, site.config)


def test_full_sync_repairs_what_versions_do_not_tell(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = [library.add_item(title=f"Book {number}") for number in range(3)]
    site.sync()
    with site.mirror() as mirror:
        wrong = {**library.items[keys[0]], "data": {**library.items[keys[0]]["data"], "title": "Wrong"}}
        mirror.write_objects("items", {keys[0]: wrong, "XXXX2345": wrong})
        mirror.drop_objects("items", [keys[1]])
    assert not site.sync().changed
    report = site.sync(full=True)
    assert (report.added, report.updated, report.removed) == (1, 1, 1)
    with site.mirror() as mirror:
        assert_equal(mirror, library, site.config)


def test_parts_are_synced_alone(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    library.add_attachment(None, PDF)
    assert site.sync(parts=["metadata"]).files == 0
    assert not any(logged.storage for logged in fake.log)
    report = site.sync(parts=["attachments"])
    assert report.files == 1
    assert [target for target in fake.targets if not target.endswith("/file")] == []


# --- full text


def test_full_text_follows_its_own_versions(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    book = library.add_item(title="Book")
    file = library.add_attachment(book, PDF)
    snapshot = library.add_attachment(book, b"<html>", content_type="text/html")
    for key in (file, snapshot):
        library.set_fulltext(key, f"words of {key}")
    site.sync()
    with site.mirror() as mirror:
        assert mirror.fulltext(file) == f"words of {file}"
        # It is never published.
        assert mirror.fulltext(snapshot) is None
    library.edit_item(file, title="Other title")
    site.sync()
    assert not asked(fake, f"{file}/fulltext")
    library.set_fulltext(file, "other words")
    site.sync()
    with site.mirror() as mirror:
        assert mirror.fulltext(file) == "other words"


def test_full_text_that_is_listed_but_missing_is_a_problem(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = [library.add_attachment(None, PDF + bytes([number])) for number in range(3)]
    for key in keys:
        library.set_fulltext(key, "words")
    del library.fulltext[keys[1]]
    report = site.sync()
    assert [(p.code, p.where) for p in report.problems] == [("fulltext-missing", f"groups/7/items/{keys[1]}")]
    library.add_item(title="Book")
    assert len(site.sync().problems) == 1
    assert not asked(fake, f"{keys[1]}/fulltext")


def test_full_text_wanted_later_is_fetched_later(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    site.change(search=SearchRules(fulltext=False))
    key = library.add_attachment(None, PDF)
    library.set_fulltext(key, "words")
    site.sync()
    assert not asked(fake, "fulltext")
    site.change(search=SearchRules())
    site.sync()
    with site.mirror() as mirror:
        assert mirror.fulltext(key) == "words"

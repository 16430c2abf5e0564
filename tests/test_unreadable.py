"""What Zotero cannot deliver: one object is a Problem that mends itself, all of them are an outage."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from mirrors import Mirrored, some_collections
from sites import SiteFolder

from zstatic.api import Objects, RequestFailed
from zstatic.batches import FAILURES_IN_A_ROW, fetch_halving
from zstatic.config import ExportRules, LibraryConfig, SearchRules, Secret, SelectRules
from zstatic.errors import ApiUnreachable
from zstatic.library import Library, read_library
from zstatic.mirror import Failure, Mirror
from zstatic.patience import Patience
from zstatic.sample.answers import Request
from zstatic.selection import select


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "A group")
    shelf = library.add_collection("Papers")
    for number in range(60):
        library.add_item(title=f"Book {number}", collections=[shelf])
    return library


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Mirrored:
    return Mirrored(tmp_path, fake, "groups/7")


def asks_for(key: str, include: str = "data") -> Callable[[Request], bool]:
    return lambda r: r.query.get("include") == include and key in r.query.get("itemKey", "")


def problems(site: Mirrored) -> list[tuple[str, str]]:
    return [(each.code, each.where.rpartition("/")[2]) for each in site.sync().problems]


# --- one object


@pytest.mark.parametrize("whole", [True, False], ids=["whole library", "some collections"])
def test_unreadable_item_is_asked_for_on_every_run_though_nothing_changes(
    whole: bool, tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    site = Mirrored(tmp_path, fake, "groups/7" if whole else some_collections(fake, "groups/7", "Papers"))
    bad = sorted(library.items)[17]
    fake.refuse(asks_for(bad), 500, times=None)
    for _ in range(2):
        assert problems(site) == [("item-unreadable", bad)]
        assert site.items() == library.items.keys() - {bad}
        assert bad in site.item_keys()
    # Alone, and not for long.
    assert site.item_keys() == {bad}
    fake.calm()
    assert problems(site) == []
    assert site.items() == library.items.keys()
    with site.mirror() as mirror:
        assert bad in mirror.citations("apa", "en-US") and bad in mirror.exports("bibtex")
    problems(site)
    assert site.item_keys() == set()


def test_unreadable_item_that_is_deleted_is_asked_for_no_more(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    bad = sorted(library.items)[17]
    fake.refuse(asks_for(bad), 500, times=None)
    assert problems(site) == [("item-unreadable", bad)]
    library.delete_item(bad)
    assert problems(site) == []
    assert site.item_keys() == set()
    assert not [target for target in site.asked() if "since=0" in target]


@pytest.mark.parametrize("whole", [True, False], ids=["whole library", "some collections"])
def test_nothing_but_what_failed_is_asked_for_while_nothing_changes(
    whole: bool, tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    site = Mirrored(tmp_path, fake, "groups/7" if whole else some_collections(fake, "groups/7", "Papers"))
    site.change(api_key=Secret(fake.add_key("reader", user=1)))
    shelf, bad = min(library.collections), sorted(library.items)[17]
    lost, broken = (library.add_attachment(None, word, collections=[shelf]) for word in (b"%PDF1", b"%PDF2"))
    below, search = library.add_collection("Below", shelf), library.add_search("Books", [])
    inside = library.add_item(title="Inside", collections=[below])
    sound = library.items[bad]["data"]
    library.items[bad]["data"] = {**sound, "tags": "odd"}
    library.lose_file(lost)
    fake.refuse(f"{broken}/file", 500, times=None)
    fake.refuse(lambda r: below in r.query.get("collectionKey", ""), 500, times=None)
    fake.refuse(lambda r: search in r.query.get("searchKey", ""), 500, times=None)
    failing = [
        ("collections-unreadable", below),
        ("file-missing", lost),
        ("file-unreachable", broken),
        ("item-unreadable", bad),
        ("searches-unreadable", search),
    ]
    for _ in range(3):
        assert problems(site) == failing
    asked = set(site.asked("/groups/7/"))
    assert [
        logged.status for logged in fake.log if "since" in logged.query or "itemType" in logged.query
    ] == [304]
    assert len(asked) == 5, asked
    for part in (below, search, bad, f"{broken}/file"):
        assert sum(part in target for target in asked) == 1
    library.items[bad]["data"] = sound
    fake.calm()
    assert problems(site) == [("file-missing", lost)]
    assert site.items() == library.items.keys() and inside in site.items()
    assert sum("include=data" in target and bad in target for target in site.asked()) == 1
    with site.mirror() as mirror:
        assert bad in mirror.citations("apa", "en-US") and bad in mirror.exports("bibtex")
        assert mirror.keys("collections") == {shelf, below}
    assert problems(site) == [("file-missing", lost)]
    assert [logged.status for logged in fake.log if "/groups/7/" in logged.path] == [304]


def test_library_that_moves_while_an_unreadable_item_is_asked_for_is_planned_again(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    bad, other = sorted(library.items)[:2]
    fake.refuse(asks_for(bad), 500, times=None)
    site.sync()
    fake.calm()
    fake.before(asks_for(bad), lambda: library.edit_item(other, title="Edited meanwhile"))
    report = site.sync()
    assert report.problems == () and report.version == library.version
    assert site.items() == library.items.keys()
    with site.mirror() as mirror:
        item = mirror.object("items", other)
        assert item is not None and item["data"]["title"] == "Edited meanwhile"
    assert sum("include=data" in target and bad in target for target in site.asked()) == 1


def test_unreadable_item_is_not_forgotten_by_a_run_that_is_cut_short(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = sorted(library.items)[17]
    fake.refuse(asks_for(bad), 500, times=None)
    site.sync()
    write = Mirror.write_failures

    def stop(mirror: Mirror, name: str, failures: dict[str, Failure]) -> None:
        if name == "items" and failures:
            raise KeyboardInterrupt
        write(mirror, name, failures)

    monkeypatch.setattr(Mirror, "write_failures", stop)
    with pytest.raises(KeyboardInterrupt):
        site.sync()
    monkeypatch.setattr(Mirror, "write_failures", write)
    fake.calm()
    assert problems(site) == []
    assert site.items() == library.items.keys()


def test_older_copy_of_an_unreadable_item_is_dropped(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    bad = min(library.items)
    library.trash_item(bad)
    fake.refuse(asks_for(bad), 500, times=None)
    # Nothing else changed: that the server is well is seen by asking for what it delivered before.
    assert problems(site) == [("item-unreadable", bad)]
    assert site.items() == library.items.keys() - {bad}
    fake.calm()
    library.restore_item(bad)
    assert problems(site) == []
    assert site.items() == library.items.keys()


@pytest.mark.parametrize("number", [8, 59])
def test_many_unreadable_items_with_older_copies_are_no_outage(
    number: int, site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    bad = set(sorted(library.items)[:number])
    for key in bad:
        library.edit_item(key, title="Edited")
    fake.refuse(
        lambda r: r.query.get("include") == "data" and not bad.isdisjoint(r.query["itemKey"].split(",")),
        500,
        times=None,
    )
    assert problems(site) == [("item-unreadable", key) for key in sorted(bad)]
    assert site.items() == library.items.keys() - bad


def test_trashed_item_leaves_the_site_though_zotero_cannot_deliver_it(
    tmp_path: Path, fake: FakeZotero, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zstatic.api.PATIENCE", Patience(first=0.0))
    library = fake.add_library("groups/7", "A group")
    keys = [library.add_item(title=f"Book {number}") for number in range(3)]
    site = SiteFolder(tmp_path, fake, [{"id": "groups/7"}], search=False)
    site.build()
    library.trash_item(keys[1])
    fake.refuse(asks_for(keys[1]), 500, times=None)
    report = site.build()
    assert "item-unreadable" in {problem.code for problem in report.problems}
    assert [(site.site / "items" / key).exists() for key in keys] == [True, False, True]


def test_copy_of_the_very_version_stays_though_it_cannot_be_read_again(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    bad = min(library.items)
    fake.refuse(asks_for(bad), 500, times=None)
    site.sync(full=True)
    assert site.items() == set(library.items)


def test_unreadable_collection_is_a_problem_until_it_can_be_read(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    first = min(library.collections)
    bad = library.add_collection("New")
    library.rename_collection(first, "Other name")
    fake.refuse(lambda r: bad in r.query.get("collectionKey", ""), 500, times=None)
    for _ in range(2):
        assert problems(site) == [("collections-unreadable", bad)]
    with site.mirror() as mirror:
        assert mirror.keys("collections") == {first}
    fake.calm()
    assert problems(site) == []
    with site.mirror() as mirror:
        assert mirror.keys("collections") == {first, bad}


def test_unreadable_search_is_a_problem_until_it_can_be_read(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    bad = library.add_search("Books", [])
    fake.refuse(lambda r: bad in r.query.get("searchKey", ""), 500, times=None)
    for _ in range(2):
        assert problems(site) == [("searches-unreadable", bad)]
    fake.calm()
    assert problems(site) == []
    with site.mirror() as mirror:
        assert mirror.keys("searches") == {bad}


@pytest.mark.parametrize(("include", "code"), [("bib", "citation-failed"), ("bibtex", "export-failed")])
def test_text_that_failed_is_asked_for_on_every_run_though_nothing_changes(
    include: str, code: str, site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    bad = sorted(library.items)[30]
    fake.refuse(asks_for(bad, include), 500, times=None)
    for _ in range(2):
        assert problems(site) == [(code, bad)]
    assert site.item_keys() == {bad}
    fake.calm()
    assert problems(site) == []
    problems(site)
    assert site.item_keys() == set()


def test_text_that_zotero_does_not_make_waits_for_a_change(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.change(exports=ExportRules(("bibtex",)))
    bad = min(library.items)
    del library.items[bad]["bibtex"]
    assert problems(site) == [("export-missing", bad)]
    assert problems(site) == [("export-missing", bad)]
    assert site.item_keys() == set()
    library.add_item(title="Another")
    problems(site)
    assert any(bad in target for target in site.asked("include=bibtex"))


def test_full_text_that_failed_is_asked_for_on_every_run(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.change(search=SearchRules())
    fake.add_key("reader", user=1)
    key = library.add_attachment(None, b"%PDF-1.7 one")
    library.set_fulltext(key, "words")
    fake.refuse(f"{key}/fulltext", 500, times=None)
    for _ in range(2):
        assert ("fulltext-failed", key) in problems(site)
    fake.calm()
    assert ("fulltext-failed", key) not in problems(site)
    with site.mirror() as mirror:
        assert mirror.fulltext(key) == "words"


@pytest.mark.parametrize("bad", [1, 9])
def test_file_whose_annotations_cannot_be_read_is_a_problem_until_they_can(
    bad: int, tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    site = Mirrored(tmp_path, fake, some_collections(fake, "groups/7", "Papers"))
    fake.add_key("reader", user=1)
    files = [library.add_attachment(key, b"%PDF-1.7 one") for key in sorted(library.items)[:9]]
    notes = {library.add_item(itemType="annotation", parentItem=file) for file in files}
    fake.refuse(
        lambda r: r.path.endswith("/children") and r.path.split("/")[-2] in files[:bad], 500, times=None
    )
    if bad == 9:
        with pytest.raises(ApiUnreachable):
            site.sync()
    else:
        for _ in range(2):
            found = [each for each in problems(site) if each[0].startswith("children")]
            assert found == [("children-unreadable", files[0])]
    fake.calm()
    assert "children-unreadable" not in {code for code, _ in problems(site)}
    assert site.items() >= notes


# --- collections that a rule may name


@pytest.fixture(params=["whole library", "some collections", "Zotero desktop"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Mirrored, FakeLibrary]]:
    """A library with a collection "Private", which is excluded."""
    id = "users/0" if request.param == "Zotero desktop" else "groups/7"
    with FakeZotero(desktop="one" if id == "users/0" else "") as fake:
        library = fake.add_library(id, "A library")
        library.public = True
        papers = library.add_collection("Papers", key="PAPERS22")
        library.add_collection("Private", papers, key="PRVATE22")
        library.add_item("QPEN2222", title="Open", collections=[papers])
        rules = SelectRules(collections=("Papers",), exclude_collections=("Private",))
        part = "collections" if request.param == "some collections" else "library"
        yield Mirrored(tmp_path, fake, LibraryConfig(id, mirror=part, select=rules)), library


def published(site: Mirrored) -> set[str]:
    with site.mirror() as mirror:
        library = site.config.libraries[0]
        return set(select(read_library(mirror, site.config, library), library.select).items)


def test_item_in_an_unreadable_collection_is_not_published(guarded: tuple[Mirrored, FakeLibrary]) -> None:
    site, library = guarded
    bad = library.add_collection("Below", "PRVATE22")
    deep = library.add_collection("Deep", bad)
    for collection in (bad, deep):
        library.add_item(title="Secret", collections=["PAPERS22", collection])
    site.zotero.refuse(lambda r: bad in r.query.get("collectionKey", ""), 500, times=None)
    assert problems(site) == [("collections-unreadable", bad)]
    assert published(site) == {"QPEN2222"}
    site.zotero.calm()
    assert problems(site) == []
    assert published(site) == {"QPEN2222"}
    # The older copy of a collection does not tell where it is now.
    moved = library.add_collection("Moved", "PAPERS22")
    library.add_item("MQVED222", title="Moved", collections=["PAPERS22", moved])
    site.sync()
    assert published(site) == {"QPEN2222", "MQVED222"}
    library.edit_collection(moved, parentCollection="PRVATE22")
    site.zotero.refuse(lambda r: moved in r.query.get("collectionKey", ""), 500, times=None)
    assert problems(site) == [("collections-unreadable", moved)]
    assert published(site) == {"QPEN2222"}


def test_item_that_came_before_its_collection_is_not_published(
    guarded: tuple[Mirrored, FakeLibrary],
) -> None:
    site, library = guarded
    site.sync()
    library.edit_item("QPEN2222", title="Edited")
    below: list[str] = []

    def hide() -> None:
        below.append(library.add_collection("Below", "PRVATE22"))
        library.add_item("SECRET22", title="Secret", collections=["PAPERS22", below[0]])
        library.edit_item("QPEN2222", collections=["PAPERS22", below[0]])

    site.zotero.before("include=data", hide)
    # The sync ends there: what it fetched is kept, for builds without network, too.
    site.zotero.refuse(lambda r: bool(below) and "include=data" not in r.path + str(r.query), 500, times=None)
    with pytest.raises(ApiUnreachable):
        site.sync()
    with site.mirror() as mirror:
        item = mirror.object("items", "QPEN2222")
        assert item is not None and item["data"]["collections"] == ["PAPERS22", *below]
    assert published(site) == set()


def test_collection_that_is_listed_and_does_not_come_is_unreadable(
    guarded: tuple[Mirrored, FakeLibrary],
) -> None:
    site, library = guarded
    bad = library.add_collection("Below", "PRVATE22")
    library.add_item(title="Secret", collections=["PAPERS22", bad])
    body = json.dumps([each for key, each in library.collections.items() if key != bad]).encode()
    headers = {"Content-Type": "application/json", "Last-Modified-Version": str(library.version)}
    site.zotero.answer_with("collectionKey", body, headers, times=None)
    assert problems(site) == [("collections-unreadable", bad)]
    assert published(site) == {"QPEN2222"}


# --- parts of an item


def selected(site: Mirrored) -> Library:
    with site.mirror() as mirror:
        library = site.config.libraries[0]
        return select(read_library(mirror, site.config, library), library.select)


# What is empty says nothing, so nothing is lost with it.
@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("collections", [None], False),
        ("collections", [None, "PAPERS22"], False),
        ("collections", [5, "PAPERS22"], True),
        ("tags", [None, {"tag": "kept"}], False),
        ("tags", [{"tag": "kept"}, {"tag": ["x"]}], True),
        ("tags", ["kept"], True),
        ("creators", [None, {"creatorType": "author", "name": "Kept"}], False),
        ("creators", [{"creatorType": "author", "name": "Kept"}, {"creatorType": "author", "name": 5}], True),
        ("creators", [{"creatorType": None, "name": None}, "Kept"], True),
        ("relations", [], False),
        ("relations", {"dc:relation": [None]}, False),
        ("relations", {"dc:relation": 5}, True),
        ("relations", ["http://zotero.org/groups/7/items/ABCD2345"], True),
        ("url", {"name": "Press"}, True),
        ("url", None, False),
        ("meta", ["odd"], False),
        ("library", ["odd"], False),
    ],
    ids=str,
)
def test_item_with_an_odd_part_is_published_without_it(
    field: str, value: Any, lost: bool, site: Mirrored, library: FakeLibrary
) -> None:
    library.add_collection("Papers", key="PAPERS22")
    other = library.add_item(title="Other")
    key = library.add_item("QDD22222", title="Odd", tags=["kept"], collections=["PAPERS22"])
    raw = library.items[key]
    (raw if field in ("meta", "library") else raw["data"])[field] = value
    assert problems(site) == []
    item = selected(site).items[key]
    assert item.title == "Odd"
    assert other in selected(site).items
    assert set(item.tags) <= {"kept"} and {creator.name for creator in item.creators} <= {"Kept"}
    found = [each for each in selected(site).problems if each.where.endswith(key)]
    assert [each.code for each in found] == ["part-unreadable"] * lost
    assert all(field in each.message for each in found)
    # Nothing is asked for again: Zotero has no better answer.
    site.sync()
    assert key not in site.item_keys()


def test_item_that_may_be_in_an_excluded_collection_is_held_back(
    guarded: tuple[Mirrored, FakeLibrary],
) -> None:
    site, library = guarded
    key = library.add_item("QDD22222", title="Odd", collections=["PAPERS22"])
    library.items[key]["data"]["collections"] = ["PAPERS22", {"key": "PRVATE22"}]
    site.sync()
    assert published(site) == {"QPEN2222"}
    codes = {each.code for each in selected(site).problems if each.where.endswith(key)}
    assert codes == {"held-back", "part-unreadable"}


def test_what_may_have_an_excluded_tag_is_held_back(site: Mirrored, library: FakeLibrary) -> None:
    key = library.add_item("QDD22222", title="Odd")
    note = library.add_note(key, "<p>Secret</p>")
    library.add_note(key, "<p>Open</p>")
    for each in (key, note):
        library.items[each]["data"]["tags"] = [{"tag": {"name": "_private"}}]
    site.change_library(select=SelectRules(notes=True))
    site.sync()
    assert [each.html for each in selected(site).items[key].notes] == ["<p>Open</p>"]
    site.change_library(select=SelectRules(notes=True, item_exclude="^secret$"))
    assert key not in selected(site).items
    codes = {each.code for each in selected(site).problems if each.where.endswith(key)}
    assert codes == {"held-back", "part-unreadable"}


# --- an outage


@pytest.mark.parametrize("edited", [1, 2, 60])
def test_outage_blames_no_item_and_drops_none(
    edited: int, site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    before = site.items()
    for key in sorted(library.items)[:edited]:
        library.edit_item(key, title="Edited")
    fake.refuse("include=data", 500, times=None)
    with pytest.raises(ApiUnreachable):
        site.sync()
    assert len(fake.log) < 40
    assert site.items() == before
    with site.mirror() as mirror:
        assert mirror.problems() == ()
    fake.calm()
    assert problems(site) == []


@pytest.mark.parametrize("failing", ["itemKey", "include=bib", "collectionKey"])
def test_server_that_fails_on_a_first_sync_is_soon_left_alone(
    failing: str, site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(400):
        library.add_item(title=f"More {number}")
    fake.refuse(failing, 500, times=None)
    with pytest.raises(ApiUnreachable):
        site.sync()
    assert sum(failing in target for target in fake.targets) < 40


@pytest.mark.parametrize("times", [1, 3, 8, 13])
def test_outage_that_passes_leaves_no_trace(
    times: int, site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.sync()
    for key in sorted(library.items)[:5]:
        library.edit_item(key, title="Edited")
    fake.refuse("include=data", 500, times=times)
    try:
        assert problems(site) == []
    except ApiUnreachable:
        # Longer than it took to be sure.
        assert times > 8
        assert problems(site) == []
    assert site.items() == set(library.items)


def test_full_texts_that_all_fail_are_an_outage(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    site.change(search=SearchRules())
    for number in range(40):
        library.set_fulltext(library.add_attachment(None, b"%PDF-1.7" + bytes([number])), "words")
    fake.refuse(lambda r: r.path.endswith("/fulltext") and "/items/" in r.path, 500, times=None)
    with pytest.raises(ApiUnreachable):
        site.sync()
    assert len(site.asked("/fulltext")) < 60


# --- finding who is to blame


class Server:
    """Delivers all but some keys; from some request on, or until then, nothing at all."""

    def __init__(self, *bad: str, down: range = range(0)) -> None:
        self.bad, self.down = set(bad), down
        self.sizes: list[int] = []

    def ask(self, keys: object) -> Objects:
        assert isinstance(keys, tuple)
        self.sizes.append(len(keys))
        if len(self.sizes) in self.down or self.bad & set(keys):
            raise RequestFailed("no")
        return Objects({key: {"version": 1} for key in keys}, 9)

    def delivers(self, failing: object) -> bool:
        self.sizes.append(0)
        return len(self.sizes) not in self.down


KEYS = [f"k{number:03}" for number in range(200)]


def blamed(server: Server, known: tuple[str, ...] = ()) -> set[str]:
    found = list(fetch_halving(server.ask, KEYS, server.delivers, known))
    failed = {key for batch in found for key in batch.failed}
    assert {key for batch in found for key in batch.by_key} == set(KEYS) - failed
    return failed


def test_halving_ends_at_the_objects_to_blame() -> None:
    server = Server("k007", "k030")
    assert blamed(server) == {"k007", "k030"}
    assert server.sizes[0] == 50 and len(server.sizes) < 35


def test_objects_to_blame_in_every_batch_are_no_outage() -> None:
    bad = {KEYS[number] for number in (3, 4, 60, 61, 110, 111, 170, 171)}
    assert blamed(Server(*bad)) == bad


def test_object_to_blame_before_is_asked_for_once_alone_and_last() -> None:
    server = Server("k007")
    assert blamed(server, ("k007",)) == {"k007"}
    assert server.sizes == [50, 50, 50, 49, 1]


def test_objects_asked_for_in_a_short_outage_are_not_to_blame() -> None:
    for start in range(1, 40):
        for length in range(1, FAILURES_IN_A_ROW):
            with suppress(RequestFailed):
                assert blamed(Server("k007", down=range(start, start + length))) == {"k007"}


def test_outage_is_noticed_after_few_requests() -> None:
    for start in range(1, 12):
        server = Server("k007", down=range(start, 1000))
        with pytest.raises(RequestFailed):
            blamed(server)
        assert len(server.sizes) < start + 14

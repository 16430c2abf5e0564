"""`mirror = "collections"`: the mirror holds what is in those collections, whatever happens on the server."""

import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from mirrors import Mirrored, some_collections

from zstatic.api import Versions
from zstatic.config import LibraryConfig, SearchRules, SelectRules
from zstatic.errors import AccessDenied
from zstatic.library import read_library
from zstatic.partial import changed_annotations, chosen_collections, scope_of
from zstatic.patience import WORKERS
from zstatic.selection import select

PDF = b"%PDF-1.7 partial"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    fake.add_key("reader", user=1)
    library = fake.add_library("users/1", "Library User")
    library.public = library.public_notes = True
    return library


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Mirrored:
    """Mirrors the collection "Papers" only."""
    return Mirrored(tmp_path, fake, some_collections(fake, "users/1", "Papers"))


def expected_items(library: FakeLibrary, names: Collection[str]) -> dict[str, Any]:
    """What belongs in the mirror: whatever stands, however deep, under an item of a chosen collection."""
    chosen = set(chosen_collections(library.collections, names))

    def top(key: str) -> Any:
        parent = library.items[key]["data"].get("parentItem")
        return top(parent) if parent in library.items else library.items[key]

    return {
        key: item["data"]
        for key, item in library.items.items()
        if chosen.intersection(top(key)["data"].get("collections") or ())
    }


def assert_mirrored(site: Mirrored, library: FakeLibrary, *names: str) -> None:
    expected = expected_items(library, names)
    with site.mirror() as mirror:
        assert mirror.library_version == library.version
        assert {key: item["data"] for key, item in mirror.objects("items")} == expected
        assert mirror.keys("collections") == library.collections.keys()
        cited = {k for k, d in expected.items() if not d.get("deleted") and not d.get("parentItem")}
        assert mirror.exports("bibtex").keys() >= {k for k in cited if expected[k]["itemType"] != "note"}
        assert mirror.exports("bibtex").keys() <= expected.keys()


def add_tree(library: FakeLibrary, *collections: str) -> dict[str, str]:
    """An item with everything that can hang under it."""
    book = library.add_item(title="Book", collections=list(collections))
    pdf = library.add_attachment(book, PDF + book.encode())
    note = library.add_note(book, "<p>Note</p>")
    return {
        "book": book,
        "pdf": pdf,
        "annotation": library.add_item(itemType="annotation", parentItem=pdf, annotationText="This"),
        "note": note,
        "image": library.add_attachment(note, linkMode="embedded_image", content_type="image/png"),
    }


# --- which collections


def collection(key: str, name: str, parent: str | None = None, **data: Any) -> tuple[str, Any]:
    return key, {"key": key, "data": {"name": name, "parentCollection": parent or False, **data}}


def test_collections_are_chosen_by_key_and_name_with_all_below() -> None:
    tree = dict(
        [
            collection("A", "Papers"),
            collection("B", "Old", "A"),
            collection("C", "Older", "B"),
            collection("D", " papers "),
            collection("E", "Other"),
            collection("F", "Below nothing", "GONE"),
        ]
    )
    assert chosen_collections(tree, ["PAPERS"]) == ("A", "B", "C", "D")
    assert chosen_collections(tree, ["B", "Nowhere"]) == ("B", "C")
    assert chosen_collections(tree, ["F"]) == ("F",)


def test_collection_in_the_trash_is_not_chosen_and_a_cycle_ends() -> None:
    tree = dict(
        [
            collection("A", "Papers", deleted=True),
            collection("B", "Below the trash", "A"),
            collection("C", "One", "D"),
            collection("D", "Two", "C"),
        ]
    )
    assert chosen_collections(tree, ["Papers"]) == ()
    assert chosen_collections(tree, ["C"]) == ("C", "D")


def test_my_publications_have_no_collections() -> None:
    rules = SelectRules(collections=("B", "A"))
    assert scope_of(LibraryConfig("users/1", mirror="collections", select=rules)) == ["A", "B"]
    assert scope_of(LibraryConfig("users/1/publications", mirror="collections", select=rules)) is None
    assert scope_of(LibraryConfig("users/1", select=rules)) is None


def test_unknown_annotation_counts_only_if_it_is_new() -> None:
    there = Versions({"OLD": 3, "SAME": 5, "EDITED": 9, "NEW": 8}, 9)
    assert changed_annotations(there, {"SAME": 5, "EDITED": 4, "GONE": 1}, 6) == {"EDITED": 9, "NEW": 8}


# --- a first sync


def test_only_the_chosen_collections_are_fetched(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    papers, other = library.add_collection("Papers"), library.add_collection("Other")
    below = library.add_collection("Below", papers)
    inside = [*add_tree(library, papers).values(), *add_tree(library, below, papers).values()]
    outside = [*add_tree(library, other).values(), library.add_item(title="Unfiled")]
    site.sync()
    assert site.items() == set(inside)
    assert not site.item_keys().intersection(outside)
    assert_mirrored(site, library, "Papers")
    assert fake.peak <= 4


def test_real_library_is_mirrored_in_part_as_in_whole(
    tmp_path: Path, fake: FakeZotero, user1001: FakeLibrary
) -> None:
    """The same site comes out of a part of the library as out of the whole with the same rules."""
    name = max(user1001.collections, key=lambda key: int(user1001.collections[key]["meta"]["numCollections"]))
    user1001.public = user1001.public_notes = True
    user1001.restore_collection(name)
    part = Mirrored(tmp_path / "part", fake, some_collections(fake, "users/1001", name))
    whole = Mirrored(tmp_path / "whole", fake, replace(part.config.libraries[0], mirror="library"))
    part.sync()
    assert_mirrored(part, user1001, name)
    asked = len(fake.log)
    whole.sync()
    assert asked < len(fake.log)
    assert part.items() < whole.items()
    libraries = []
    for site in (part, whole):
        with site.mirror() as mirror:
            config = site.config.libraries[0]
            libraries.append(select(read_library(mirror, site.config, config), config.select))
    assert libraries[0].items and libraries[0].items == libraries[1].items
    assert libraries[0].collections == libraries[1].collections


def test_second_run_costs_one_conditional_request(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    add_tree(library, library.add_collection("Papers"))
    site.sync()
    report = site.sync()
    assert [logged.status for logged in fake.log] == [304]
    assert not report.changed


def test_change_elsewhere_fetches_no_item(site: Mirrored, fake: FakeZotero, library: FakeLibrary) -> None:
    tree = add_tree(library, library.add_collection("Papers"))
    other = library.add_item(title="Elsewhere")
    site.sync()
    library.edit_item(other, title="Edited elsewhere")
    assert not site.sync().changed
    assert not site.item_keys()
    assert site.items() == set(tree.values())


# --- one change at a time


def test_each_move_in_and_out_arrives(site: Mirrored, library: FakeLibrary) -> None:
    papers, other = library.add_collection("Papers"), library.add_collection("Other")
    below = library.add_collection("Below", papers)
    tree = add_tree(library, papers)
    book = tree["book"]
    moves: list[tuple[str, ...]] = [(below,), (below, papers), (papers, other), (other,), (), (below, other)]
    site.sync()
    for collections in moves:
        library.move_item(book, *collections)
        site.sync()
        assert (book in site.items()) == bool({papers, below}.intersection(collections)), collections
        assert_mirrored(site, library, "Papers")
    child, elsewhere = library.add_note(book, "<p>Child</p>"), library.add_item(title="Elsewhere")
    site.sync()
    library.edit_item(child, parentItem=elsewhere)
    site.sync()
    assert child not in site.items()
    assert_mirrored(site, library, "Papers")


@pytest.mark.parametrize("name", ["book", "pdf", "annotation", "note"])
def test_edit_trash_restore_and_deletion_arrive(site: Mirrored, library: FakeLibrary, name: str) -> None:
    key = add_tree(library, library.add_collection("Papers"))[name]
    changes: list[Callable[[], object]] = [
        lambda: library.edit_item(key, tags=["new"]),
        lambda: library.trash_item(key),
        lambda: library.restore_item(key),
        lambda: library.delete_item(key),
    ]
    site.sync()
    for change in changes:
        change()
        site.sync()
        assert_mirrored(site, library, "Papers")
    assert key not in site.items()


def test_image_leaves_with_the_edit_of_its_note(site: Mirrored, library: FakeLibrary) -> None:
    tree = add_tree(library, library.add_collection("Papers"))
    site.sync()
    library.delete_item(tree["image"])
    library.edit_item(tree["note"], note="<p>Without its image</p>")
    site.sync()
    assert_mirrored(site, library, "Papers")


def test_new_annotations_are_kept_only_where_their_file_is(site: Mirrored, library: FakeLibrary) -> None:
    papers = library.add_collection("Papers")
    inside, outside = add_tree(library, papers), add_tree(library)
    site.sync()
    new = [
        library.add_item(itemType="annotation", parentItem=tree["pdf"], annotationText="New")
        for tree in (inside, outside)
    ]
    site.sync()
    assert new[0] in site.items() and new[1] not in site.items()
    assert_mirrored(site, library, "Papers")
    # Of a file that came in later, the annotations that were there before count as well.
    library.move_item(outside["book"], papers)
    site.sync()
    assert new[1] in site.items()
    assert_mirrored(site, library, "Papers")


def test_each_fate_of_a_collection_arrives(site: Mirrored, library: FakeLibrary) -> None:
    papers = library.add_collection("Papers")
    below = library.add_collection("Below", papers)
    other = library.add_collection("Other")
    for collection in (papers, below, other):
        add_tree(library, collection)
    changes: list[Callable[[], object]] = [
        lambda: library.edit_collection(below, parentCollection=other),
        lambda: library.edit_collection(below, parentCollection=papers),
        lambda: library.rename_collection(papers, "Renamed"),
        lambda: library.rename_collection(papers, "Papers"),
        lambda: library.rename_collection(other, "papers"),
        lambda: library.delete_collection(other),
        lambda: library.trash_collection(papers),
        lambda: library.restore_collection(papers),
        lambda: library.delete_collection(below),
        lambda: library.delete_collection(papers),
    ]
    site.sync()
    for number, change in enumerate(changes):
        change()
        site.sync()
        assert_mirrored(site, library, "Papers")
        assert (not site.items()) == (number in (2, 6, 9)), number


def test_key_goes_on_when_its_collection_is_renamed(
    tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    papers = library.add_collection("Papers")
    add_tree(library, papers)
    site = Mirrored(tmp_path, fake, some_collections(fake, "users/1", papers))
    site.sync()
    library.rename_collection(papers, "Another name")
    assert not site.sync().removed
    assert_mirrored(site, library, papers)


# --- another choice


def test_another_choice_fetches_and_drops_just_the_difference(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    a, b, c = (library.add_collection(name) for name in ("Papers", "Books", "Other"))
    in_a, in_b = add_tree(library, a), add_tree(library, b)
    both, in_c = add_tree(library, a, b), add_tree(library, c)
    site.sync()
    site.change_library(select=SelectRules(collections=("Papers", "Books")))
    report = site.sync()
    assert (report.added, report.removed) == (len(in_b), 0)
    assert not site.item_keys().intersection((*in_a.values(), *both.values(), *in_c.values()))
    assert_mirrored(site, library, "Papers", "Books")
    site.change_library(select=SelectRules(collections=("Books",)))
    report = site.sync()
    assert (report.added, report.removed) == (0, len(in_a))
    assert not site.item_keys()
    assert_mirrored(site, library, "Books")
    site.sync()
    assert [logged.status for logged in fake.log] == [304]


def test_part_becomes_the_whole_and_a_part_again(site: Mirrored, library: FakeLibrary) -> None:
    inside, outside = add_tree(library, library.add_collection("Papers")), add_tree(library)
    site.sync()
    site.change_library(mirror="library")
    assert site.sync().added == len(outside)
    assert not site.item_keys().intersection(inside.values())
    assert site.items() == library.items.keys()
    site.change_library(mirror="collections")
    assert site.sync().removed == len(outside)
    assert not site.item_keys()
    assert_mirrored(site, library, "Papers")


def test_files_and_texts_follow_another_choice_at_the_same_version(
    site: Mirrored, library: FakeLibrary
) -> None:
    trees = [add_tree(library, library.add_collection(name)) for name in ("Papers", "Books")]
    for tree in trees:
        library.set_fulltext(tree["pdf"], f"Text of {tree['pdf']}")
    site.change(search=SearchRules(fulltext=True))
    site.sync()
    site.change_library(select=SelectRules(collections=("Books",)))
    report = site.sync()
    assert report.files == 1
    assert sorted(target for target in site.asked("/file") if "/items/" in target) == [
        f"/users/1/items/{trees[1]['pdf']}/file"
    ]
    with site.mirror() as mirror:
        assert mirror.fulltext(trees[0]["pdf"]) is None
        assert mirror.fulltext(trees[1]["pdf"]) == f"Text of {trees[1]['pdf']}"
        assert mirror.file(library.items[trees[1]["pdf"]]["data"]["md5"])
        assert mirror.state("files", {}).keys() == {trees[1]["pdf"]}


def test_unknown_collection_mirrors_nothing_and_breaks_nothing(site: Mirrored, library: FakeLibrary) -> None:
    add_tree(library, library.add_collection("Books"))
    site.sync()
    assert site.items() == set()
    with site.mirror() as mirror:
        assert mirror.completed


# --- trouble


def test_library_that_moves_meanwhile_ends_consistent(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    papers = library.add_collection("Papers")
    trees = [add_tree(library, papers) for _ in range(3)]
    fake.before("/collections/", lambda: library.move_item(trees[0]["book"]))
    fake.before("/children", lambda: library.delete_item(trees[1]["annotation"]))
    fake.before("itemKey=", lambda: library.add_note(trees[2]["book"], "<p>Late</p>"))
    site.sync()
    assert_mirrored(site, library, "Papers")


def test_collection_deleted_while_it_is_read_ends_consistent(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    papers = library.add_collection("Papers")
    below = library.add_collection("Below", papers)
    add_tree(library, papers), add_tree(library, below)
    fake.before(f"/collections/{below}/items", lambda: library.delete_collection(below))
    site.sync()
    assert_mirrored(site, library, "Papers")


def test_first_sync_that_is_cut_short_fetches_again_only_what_was_on_its_way(
    tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    papers = library.add_collection("Papers")
    for _ in range(6):
        add_tree(library, papers)
    for number in range(3, 24):
        site = Mirrored(tmp_path / str(number), fake, some_collections(fake, "users/1", "Papers"))
        fake.refuse(number, 403, "Forbidden")
        seen: list[str] = []
        for _ in range(2):
            with suppress(AccessDenied):
                site.sync()
            seen += [
                each.target
                for each in fake.log
                if each.status == 200 and ("itemKey" in each.query or "/children" in each.path)
            ]
            fake.calm()
        assert len(seen) - len(set(seen)) < WORKERS, number
        assert_mirrored(site, library, "Papers")


def test_full_sync_repairs_what_versions_do_not_tell(site: Mirrored, library: FakeLibrary) -> None:
    tree = add_tree(library, library.add_collection("Papers"))
    site.sync()
    with site.mirror() as mirror:
        mirror.write_objects(
            "items", {tree["note"]: {**library.items[tree["note"]], "data": {"itemType": "x"}}}
        )
        mirror.drop_objects("items", [tree["annotation"]])
    site.sync(full=True)
    assert_mirrored(site, library, "Papers")


# --- any history


class Histories(RuleBasedStateMachine):
    """A server that changes in any way, and a mirror of one of its collections that follows."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.zotero = FakeZotero().__enter__()
        self.library = self.zotero.add_library("users/1", "User")
        self.library.public = True
        self.library.public_notes = True
        self.names = ["One"]
        self.site = Mirrored(
            Path(self.folder.name), self.zotero, some_collections(self.zotero, "users/1", "One")
        )
        for name in ("One", "Two"):
            self.library.add_collection(name)
        self.synced = False

    def teardown(self) -> None:
        self.zotero.__exit__()
        self.folder.cleanup()

    def pick(self, keys: Collection[str], number: int) -> str:
        ordered = sorted(keys)
        return ordered[number % len(ordered)] if ordered else ""

    def of_type(self, *types: str) -> list[str]:
        return [key for key, item in self.library.items.items() if item["data"]["itemType"] in types]

    @rule(number=st.integers(0, 9), again=st.integers(0, 9))
    def add_item(self, number: int, again: int) -> None:
        inside = {self.pick(self.library.collections, each) for each in (number, again)} - {""}
        self.library.add_item(title="Book", collections=sorted(inside))

    @rule(number=st.integers(0, 99), kind=st.sampled_from(["note", "pdf", "annotation"]))
    def add_child(self, number: int, kind: str) -> None:
        parent = self.pick(self.of_type("attachment" if kind == "annotation" else "book"), number)
        if not parent:
            return
        if kind == "note":
            self.library.add_note(parent, "<p>Note</p>")
        elif kind == "pdf":
            self.library.add_attachment(parent, PDF + parent.encode())
        else:
            self.library.add_item(itemType="annotation", parentItem=parent)

    @rule(
        number=st.integers(0, 99),
        act=st.sampled_from(["edit_item", "trash_item", "restore_item", "delete_item"]),
    )
    def change_item(self, number: int, act: str) -> None:
        key = self.pick(self.library.items, number)
        if key:
            getattr(self.library, act)(
                key, **({"tags": [str(self.library.version)]} if act == "edit_item" else {})
            )

    @rule(number=st.integers(0, 99), to=st.lists(st.integers(0, 9), max_size=2))
    def move_item(self, number: int, to: list[int]) -> None:
        key = self.pick(self.of_type("book"), number)
        if key:
            self.library.move_item(
                key, *sorted({self.pick(self.library.collections, each) for each in to} - {""})
            )

    @rule(number=st.integers(0, 99), to=st.integers(0, 99))
    def move_child(self, number: int, to: int) -> None:
        child = self.pick(self.of_type("note", "attachment"), number)
        parent = self.pick(self.of_type("book"), to)
        if child and parent:
            self.library.edit_item(child, parentItem=parent)

    @rule(number=st.integers(0, 9), name=st.sampled_from(["One", "Two", "Three"]))
    def add_collection(self, number: int, name: str) -> None:
        if len(self.library.collections) < 8:
            self.library.add_collection(name, self.pick(self.library.collections, number) or None)

    @rule(number=st.integers(0, 9), name=st.sampled_from(["One", "Two"]))
    def rename_collection(self, number: int, name: str) -> None:
        key = self.pick(self.library.collections, number)
        if key:
            self.library.rename_collection(key, name)

    @rule(
        number=st.integers(0, 9),
        act=st.sampled_from(["trash_collection", "restore_collection", "delete_collection"]),
    )
    def change_collection(self, number: int, act: str) -> None:
        key = self.pick(self.library.collections, number)
        if key:
            getattr(self.library, act)(key)

    @rule(names=st.sampled_from([["One"], ["Two"], ["One", "Two"]]))
    def choose(self, names: list[str]) -> None:
        self.names = names
        self.site.change_library(select=SelectRules(collections=tuple(names)))
        self.synced = False

    @rule(full=st.booleans(), number=st.integers(1, 12), act=st.sampled_from(["delete_item", "trash_item"]))
    def sync(self, full: bool, number: int, act: str) -> None:
        """Sync, while an item goes just before one of the requests."""

        def meddle() -> None:
            key = self.pick(self.library.items, number)
            if key:
                getattr(self.library, act)(key)

        self.zotero.before(number, meddle)
        self.site.sync(full=full)
        self.zotero.calm()
        self.site.sync()
        self.synced = True

    @rule(number=st.integers(1, 12))
    def sync_that_is_refused(self, number: int) -> None:
        self.zotero.refuse(number, 403, "Forbidden", times=1)
        try:
            self.site.sync()
        except AccessDenied:
            self.synced = False
        self.zotero.calm()

    @invariant()
    def mirror_equals_what_is_in_the_collections(self) -> None:
        if self.synced:
            assert_mirrored(self.site, self.library, *self.names)
            self.synced = False


def test_mirror_equals_the_collections_after_any_history() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

import json
from pathlib import Path

import pytest
from builders import (
    LIBRARY_URI,
    StubMirror,
    make_attachment,
    make_collection,
    make_config,
    make_item,
    make_note,
    make_tags,
    recorded_mirror,
)

from zstatic.config import AttachmentRules, LibraryConfig, SelectRules
from zstatic.library import Library, Removed, read_library
from zstatic.selection import may_publish, published_files, select

TREE = (
    make_collection("TOPA2222", "Maps"),
    make_collection("SUBA2222", "Old maps", parent="TOPA2222"),
    make_collection("LEAF2222", "Very old maps", parent="SUBA2222"),
    make_collection("TOPB2222", "Texts"),
)


def read(*items, collections=TREE, **mirror) -> Library:
    return read_library(
        StubMirror(*items, collections=collections, **mirror), make_config(), LibraryConfig("groups/1")
    )


def selected(*items, tree=TREE, exports=None, **rules) -> Library:
    return select(read(*items, collections=tree, exports=exports or {}), SelectRules(**rules))


def in_each_collection():
    keys = {"AAAA2222": "TOPA2222", "BBBB2222": "SUBA2222", "CCCC2222": "LEAF2222", "DDDD2222": "TOPB2222"}
    return [make_item(key, collections=[collection]) for key, collection in keys.items()] + [
        make_item("EEEE2222")
    ]


# Collections


def test_without_rules_everything_but_notes_and_private_tags_is_published():
    library = selected(*in_each_collection())
    assert len(library.items) == 5
    assert len(library.collections) == 4


@pytest.mark.parametrize("name", ["SUBA2222", "Old maps", " old MAPS "])
def test_a_chosen_collection_comes_with_its_subcollections_and_nothing_else(name):
    library = selected(*in_each_collection(), collections=(name,))
    assert list(library.items) == ["BBBB2222", "CCCC2222"]
    assert {key: collection.parent for key, collection in library.collections.items()} == {
        "LEAF2222": "SUBA2222",
        "SUBA2222": None,
    }


def test_an_excluded_collection_goes_with_its_subcollections_and_their_items():
    library = selected(*in_each_collection(), exclude_collections=("Old maps",))
    assert list(library.items) == ["AAAA2222", "DDDD2222", "EEEE2222"]
    assert list(library.collections) == ["TOPA2222", "TOPB2222"]


@pytest.mark.parametrize("place", ["GQNE2222", "LEAF2222"], ids=["a collection", "the one above it"])
def test_an_item_whose_collection_is_not_here_is_held_back_if_any_is_excluded(place):
    tree = [collection for collection in TREE if collection["key"] != "SUBA2222"]
    items = [make_item("AAAA2222", collections=[place, "TOPB2222"]), make_item("BBBB2222")]
    library = selected(*items, tree=tree, exclude_collections=("Maps",))
    assert list(library.items) == ["BBBB2222"]
    (problem,) = library.problems
    assert (problem.code, problem.where) == ("held-back", "groups/1/items/AAAA2222")
    assert list(selected(*items, tree=tree).items) == ["AAAA2222", "BBBB2222"]


def test_an_item_in_a_trashed_collection_or_in_a_cycle_of_collections_is_not_held_back():
    tree = [
        make_collection("TOPA2222", "Maps"),
        make_collection("TRAS2222", "Trash", deleted=True),
        make_collection("CYCA2222", "One", parent="CYCB2222"),
        make_collection("CYCB2222", "Two", parent="CYCA2222"),
    ]
    items = [make_item("AAAA2222", collections=["TRAS2222"]), make_item("BBBB2222", collections=["CYCA2222"])]
    assert len(selected(*items, tree=tree, exclude_collections=("Maps",)).items) == 2


def test_an_item_in_any_excluded_collection_is_dropped():
    library = selected(
        make_item("AAAA2222", collections=["TOPB2222", "LEAF2222"]), exclude_collections=("TOPA2222",)
    )
    assert library.items == {}


def test_excluding_wins_over_choosing():
    library = selected(*in_each_collection(), collections=("TOPA2222",), exclude_collections=("SUBA2222",))
    assert (list(library.items), list(library.collections)) == (["AAAA2222"], ["TOPA2222"])


def test_all_collections_of_a_name_are_meant():
    twins = [make_collection("TWIN2222", "Twin"), make_collection("TWIN3333", "Twin", parent="TWIN4444")]
    assert selected(tree=twins, exclude_collections=("Twin",)).collections == {}


def test_an_unknown_collection_is_a_problem_that_names_the_nearest():
    (problem,) = selected(exclude_collections=("Old mapps",)).problems
    assert problem.code == "unknown-collection"
    assert "exclude_collections" in problem.message
    assert "'Old maps'" in problem.message


def test_choosing_only_unknown_collections_publishes_nothing():
    library = selected(*in_each_collection(), collections=("Nowhere",))
    assert (library.items, library.collections) == ({}, {})


def test_a_kept_item_does_not_name_collections_outside_the_selection():
    item = make_item("AAAA2222", collections=["SUBA2222", "TOPB2222"])
    assert selected(item, collections=("TOPB2222",)).items["AAAA2222"].collections == ("TOPB2222",)


# Tags


def tagged(key, *tags, **data):
    return make_item(key, tags=make_tags(*tags), **data)


def test_items_are_included_by_their_tags():
    library = selected(tagged("AAAA2222", "x", "public"), tagged("BBBB2222", "x"), item_include="^public$")
    assert list(library.items) == ["AAAA2222"]


def test_excluding_an_item_wins_over_including_it():
    library = selected(tagged("AAAA2222", "public", "draft"), item_include="^public$", item_exclude="^draft$")
    assert library.items == {}


def test_patterns_match_anywhere_and_heed_case():
    library = selected(tagged("AAAA2222", "Not public"), tagged("BBBB2222", "Public"), item_include="public")
    assert list(library.items) == ["AAAA2222"]


def test_a_tag_that_is_not_published_may_still_choose_items():
    library = selected(tagged("AAAA2222", "_public", "x"), tagged("BBBB2222", "x"), item_include="^_public$")
    assert [item.tags for item in library.items.values()] == [("x",)]


def test_excluded_tags_are_nowhere():
    library = selected(
        tagged("AAAA2222", "_CANARY", "x"),
        make_note("BBBB2222", "AAAA2222", tags=make_tags("todo CANARY", "y")),
        make_attachment("CCCC2222", "AAAA2222", tags=make_tags("todo CANARY", "z")),
        tag_exclude="CANARY",
        notes=True,
        exports={
            "bibtex": {"AAAA2222": "@misc{a,\n\tkeywords = {_CANARY, x},\n}"},
            "ris": {"AAAA2222": "TY  - GEN\r\nKW  - _CANARY\r\nKW  - x\r\nER  - \r\n"},
            "csljson": {"AAAA2222": json.dumps({"id": "1/AAAA2222", "keyword": "_CANARY"})},
        },
    )
    assert "CANARY" not in repr(library)
    item = library.items["AAAA2222"]
    assert (item.tags, item.notes[0].tags, item.attachments[0].tags) == (("x",), ("y",), ("z",))
    assert set(item.exports) == {"bibtex", "ris", "csljson"}


def test_tags_that_differ_only_in_case_become_one():
    assert selected(tagged("AAAA2222", "History", "x", "history")).items["AAAA2222"].tags == ("History", "x")


def test_a_rule_sees_every_case_of_a_tag():
    raw = tagged("AAAA2222", "private", "Private")
    assert selected(raw, item_exclude="^Private$").items == {}
    assert selected(raw, tag_exclude="^private$").items["AAAA2222"].tags == ("Private",)


def test_an_empty_pattern_is_no_rule():
    library = selected(
        tagged("AAAA2222", "_x"),
        make_attachment("BBBB2222", "AAAA2222", tags=make_tags("_y")),
        tag_exclude="",
        child_exclude="",
    )
    assert (library.items["AAAA2222"].tags, library.items["AAAA2222"].attachments[0].tags) == (
        ("_x",),
        ("_y",),
    )


def test_an_export_that_cannot_be_cleaned_is_left_out_and_named():
    library = selected(tagged("AAAA2222", "_CANARY"), exports={"bibtex": {"AAAA2222": "CANARY"}})
    assert dict(library.items["AAAA2222"].exports) == {}
    assert [(problem.code, problem.where) for problem in library.problems] == [
        ("export-unreadable", "groups/1/items/AAAA2222")
    ]
    assert "CANARY" not in repr(library)


# Notes and children


def test_notes_are_published_only_when_asked_for():
    raws = [
        make_item("AAAA2222"),
        make_note("BBBB2222", "AAAA2222", "CANARY"),
        make_note("CCCC2222", note="CANARY"),
    ]
    without, with_notes = selected(*raws), selected(*raws, notes=True)
    assert "CANARY" not in repr(without)
    assert list(without.items) == ["AAAA2222"]
    assert list(with_notes.items) == ["AAAA2222", "CCCC2222"]
    assert len(with_notes.items["AAAA2222"].notes) == 1


def test_excluded_children_are_dropped_and_their_siblings_stay():
    item = selected(
        make_item("AAAA2222"),
        make_note("BBBB2222", "AAAA2222", tags=make_tags("_private")),
        make_note("CCCC2222", "AAAA2222"),
        make_attachment("DDDD2222", "AAAA2222", tags=make_tags("_private")),
        make_attachment("EEEE2222", "AAAA2222"),
        notes=True,
    ).items["AAAA2222"]
    assert [note.key for note in item.notes] == ["CCCC2222"]
    assert [attachment.key for attachment in item.attachments] == ["EEEE2222"]


@pytest.mark.parametrize("make", [make_note, make_attachment])
def test_a_standalone_note_or_file_is_excluded_like_any_other(make):
    assert selected(make("AAAA2222", tags=make_tags("_private")), notes=True).items == {}


def test_relations_to_what_is_dropped_are_dropped():
    library = selected(
        make_item(
            "AAAA2222", relations={"dc:relation": [LIBRARY_URI + "BBBB2222", LIBRARY_URI + "CCCC2222"]}
        ),
        tagged("BBBB2222", "draft"),
        make_item("CCCC2222"),
        item_exclude="draft",
    )
    assert library.items["AAAA2222"].related == ("CCCC2222",)
    assert "BBBB2222" not in repr(library)


def test_citations_from_and_to_what_is_dropped_are_dropped():
    links = "".join(f"zotero://select/groups/1/items/{key} " for key in ("BBBB2222", "CCCC2222"))
    note = {"note": links, "tags": make_tags("_cites")}
    library = selected(
        make_item("AAAA2222"),
        make_note("NNNN2222", "AAAA2222", **note),
        tagged("BBBB2222", "draft"),
        make_note("MMMM2222", "BBBB2222", **note),
        make_item("CCCC2222"),
        item_exclude="draft",
    )
    assert library.items["AAAA2222"].cites == ("CCCC2222",)
    assert library.items["CCCC2222"].cited_by == ("AAAA2222",)
    assert "BBBB2222" not in repr(library)


def test_of_the_trash_only_the_keys_of_what_the_rules_let_out_remain():
    library = selected(
        make_item("AAAA2222", deleted=1, tags=make_tags("mine"), collections=["CCCC2222"]),
        tagged("BBBB2222", "draft", deleted=1),
        make_item("DDDD2222", deleted=1, collections=["CCCC3333"]),
        make_item("EEEE2222", deleted=1, collections=["GONE2222"]),
        make_note("NNNN2222", deleted=1),
        make_attachment("FFFF2222", deleted=1),
        make_note("NNNN3333", "AAAA2222"),
        tree=[make_collection("CCCC2222"), make_collection("CCCC3333")],
        item_exclude="draft",
        exclude_collections=("CCCC3333",),
    )
    assert library.removed == (Removed("AAAA2222"),)
    assert library.items == {}


def test_an_excluded_item_takes_its_children_along():
    library = selected(
        tagged("AAAA2222", "draft"),
        make_attachment("BBBB2222", "AAAA2222", title="CANARY"),
        make_note("CCCC2222", "AAAA2222", "CANARY"),
        item_exclude="draft",
        notes=True,
    )
    assert "CANARY" not in repr(library)


def test_nothing_of_a_recorded_library_names_the_excluded(shared):
    library = read_library(recorded_mirror(shared, "user-1001"), make_config(), LibraryConfig("users/1001"))
    whole = select(library, SelectRules())
    top = next(key for key, collection in whole.collections.items() if collection.parent is None)
    part = select(library, SelectRules(exclude_collections=(top,), tag_exclude="^[A-M]"))
    gone = (whole.items.keys() - part.items.keys()) | (whole.collections.keys() - part.collections.keys())
    assert len(gone) > 10
    text = repr(part)
    assert not [key for key in gone if key in text]
    assert not [tag for item in part.items.values() for tag in item.tags if "A" <= tag[0] <= "M"]
    assert '"1/' not in json.dumps([item.exports.get("csljson") for item in part.items.values()])


# Files


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    stored = tmp_path / "stored"
    stored.write_bytes(b"12345")
    return {"1" * 32: stored}


def published(files, *children, **rules):
    raws = [
        make_attachment(f"FILE222{n}", "AAAA2222", **({"md5": "1" * 32} | data))
        for n, data in enumerate(children, 2)
    ]
    item = selected(make_item("AAAA2222"), *raws).items["AAAA2222"]
    return [attachment.key for attachment in published_files(item, AttachmentRules(**rules), files.get)]


def test_stored_files_of_listed_types_are_published(files):
    assert published(files, {}, {"contentType": "image/png"}, {"contentType": "text/plain"}) == [
        "FILE2222",
        "FILE2223",
    ]


@pytest.mark.parametrize(
    "media_type",
    [
        "text/html",
        "TEXT/HTML; charset=utf-8",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "application/xml",
        "application/javascript",
        "text/javascript",
        "multipart/related",
        "application/octet-stream",
        "",
    ],
)
def test_active_or_unknown_content_is_never_published_even_when_listed(files, media_type):
    plain = media_type.partition(";")[0].lower()
    assert published(files, {"contentType": media_type}, media_types=(media_type, plain)) == []


def test_a_listed_type_may_be_written_in_capitals(files):
    assert published(files, {"contentType": "Application/Pdf"}, media_types=("APPLICATION/PDF",)) == [
        "FILE2222"
    ]


def test_a_file_that_is_not_there_is_not_published(files):
    assert (
        published(
            files, {"md5": None}, {"md5": "2" * 32}, {"linkMode": "linked_url"}, {"linkMode": "linked_file"}
        )
        == []
    )


def test_files_are_published_by_tag_if_so_configured(files):
    children = {"tags": make_tags("Share")}, {}
    assert published(files, *children, publish="tagged", tag="share") == ["FILE2222"]
    assert published(files, *children, publish="tagged") == []


def test_no_file_is_published_if_so_configured(files):
    assert published(files, {}, publish="none") == []


def test_a_file_over_the_size_limit_is_not_published(files):
    assert published(files, {}, max_size=5) == ["FILE2222"]
    assert published(files, {}, max_size=4) == []


def test_which_files_are_wanted_is_known_before_they_are_there():
    raws = [
        make_attachment("BBBB2222", "AAAA2222"),
        make_attachment("CCCC2222", "AAAA2222", contentType="text/html"),
    ]
    item = selected(make_item("AAAA2222"), *raws).items["AAAA2222"]
    wanted = [attachment.key for attachment in item.attachments if may_publish(attachment, AttachmentRules())]
    assert wanted == ["BBBB2222"]

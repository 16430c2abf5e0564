import json
from urllib.parse import quote

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
    recorded_library,
    recorded_mirror,
)

from zstatic.config import CitationRules, ExportRules, LibraryConfig, SiteConfig
from zstatic.library import Creator, Library, read_library

SCHEMA = {
    "itemTypes": [
        {
            "itemType": "journalArticle",
            "fields": [
                {"field": name} for name in ("title", "abstractNote", "publicationTitle", "date", "url")
            ],
        },
        {
            "itemType": "case",
            "fields": [
                {"field": "caseName", "baseField": "title"},
                {"field": "court"},
                {"field": "dateDecided", "baseField": "date"},
            ],
        },
        {"itemType": "attachment", "fields": [{"field": name} for name in ("title", "accessDate", "url")]},
        {"itemType": "note", "fields": []},
    ]
}

GROUP = LibraryConfig("groups/1")


def read(*items, library=GROUP, **mirror) -> Library:
    config = make_config(
        citations=CitationRules(("apa",)), exports=ExportRules(("bibtex",)), libraries=(library,)
    )
    return read_library(StubMirror(*items, schema=SCHEMA, **mirror), config, library)


def read_item(item_type="journalArticle", **data):
    return read(make_item("AAAA2222", item_type, **data)).items["AAAA2222"]


# The trash, parents and children


def test_a_trashed_item_is_not_published_nor_what_hangs_under_it():
    library = read(
        make_item("AAAA2222", deleted=1),
        make_note("BBBB2222", "AAAA2222"),
        make_attachment("CCCC2222", "AAAA2222"),
        make_item("DDDD2222"),
    )
    assert list(library.items) == ["DDDD2222"]
    assert library.problems == ()


def test_a_trashed_child_leaves_its_parent():
    item = read(
        make_item("AAAA2222"),
        make_note("BBBB2222", "AAAA2222", deleted=1),
        make_attachment("CCCC2222", "AAAA2222", deleted=1),
    ).items["AAAA2222"]
    assert (item.notes, item.attachments) == ((), ())


def test_children_stand_under_their_parents():
    item = read(
        make_item("AAAA2222"),
        make_note("BBBB2222", "AAAA2222", "<p>Hi</p>", tags=make_tags("n")),
        make_attachment("CCCC2222", "AAAA2222"),
    ).items["AAAA2222"]
    assert [(note.key, note.html, note.tags) for note in item.notes] == [("BBBB2222", "<p>Hi</p>", ("n",))]
    assert [attachment.key for attachment in item.attachments] == ["CCCC2222"]


def test_a_child_without_its_parent_is_left_out_and_named():
    library = read(make_note("BBBB2222", "ZZZZ9999"))
    assert library.items == {}
    assert [(problem.code, problem.where) for problem in library.problems] == [
        ("parent-missing", "groups/1/items/BBBB2222")
    ]


def test_annotations_and_images_in_notes_are_not_modelled():
    library = read(
        make_item("AAAA2222"),
        make_attachment("BBBB2222", "AAAA2222"),
        make_item("CCCC2222", "annotation", parentItem="BBBB2222", annotationText="CANARY"),
        make_note("DDDD2222"),
        make_attachment("EEEE2222", "DDDD2222", linkMode="embedded_image", contentType="image/png"),
    )
    assert set(library.items) == {"AAAA2222", "DDDD2222"}
    assert library.problems == ()
    assert "CANARY" not in repr(library)


def test_a_standalone_attachment_is_an_item_holding_itself():
    item = read(make_attachment("AAAA2222", title="A scan", url="https://example.org/")).items["AAAA2222"]
    assert (item.item_type, item.title) == ("attachment", "A scan")
    assert [attachment.key for attachment in item.attachments] == ["AAAA2222"]
    assert item.fields == {"url": "https://example.org/"}


def test_a_standalone_note_is_an_item_titled_by_its_first_line():
    item = read(make_note("AAAA2222", note="<h1>On <b>x</b></h1><p>More</p>")).items["AAAA2222"]
    assert (item.item_type, item.title, item.fields) == ("note", "On x", {})
    assert [note.key for note in item.notes] == ["AAAA2222"]


# Collections


def test_a_trashed_collection_is_hidden_but_its_members_stay():
    library = read(
        make_item("AAAA2222", collections=["COLL2222", "COLL3333"]),
        collections=[
            make_collection("COLL2222", deleted=True),
            make_collection("COLL3333", parent="COLL2222"),
        ],
    )
    assert {key: collection.parent for key, collection in library.collections.items()} == {"COLL3333": None}
    assert library.items["AAAA2222"].collections == ("COLL3333",)


def test_a_collection_with_an_unknown_parent_is_top_level():
    library = read(collections=[make_collection("COLL2222", parent="ZZZZ9999")])
    assert library.collections["COLL2222"].parent is None


def test_an_item_listing_a_missing_collection_loses_the_reference():
    assert read(make_item("AAAA2222", collections=["ZZZZ9999"])).items["AAAA2222"].collections == ()


@pytest.mark.parametrize(
    "parents",
    [
        {"COLL2222": "COLL2222"},
        {"COLL2222": "COLL3333", "COLL3333": "COLL2222"},
        {"COLL2222": "COLL4444", "COLL3333": "COLL2222", "COLL4444": "COLL3333", "COLL5555": "COLL4444"},
    ],
)
def test_a_cycle_of_collections_is_broken_at_its_first_key(parents):
    library = read(collections=[make_collection(key, parent=parent) for key, parent in parents.items()])
    tree = {key: collection.parent for key, collection in library.collections.items()}
    assert tree == {**parents, "COLL2222": None}
    assert [problem.code for problem in library.problems] == ["collection-cycle"]


def test_two_cycles_are_both_broken():
    parents = {"COLL2222": "COLL3333", "COLL3333": "COLL2222", "COLL4444": "COLL5555", "COLL5555": "COLL4444"}
    library = read(collections=[make_collection(key, parent=parent) for key, parent in parents.items()])
    assert [key for key, collection in library.collections.items() if not collection.parent] == [
        "COLL2222",
        "COLL4444",
    ]


# Relations


def related(*items, **mirror):
    return {key: item.related for key, item in read(*items, **mirror).items.items()}


def test_a_relation_written_on_one_side_holds_on_both():
    assert related(
        make_item("AAAA2222", relations={"dc:relation": LIBRARY_URI + "BBBB2222"}), make_item("BBBB2222")
    ) == {"AAAA2222": ("BBBB2222",), "BBBB2222": ("AAAA2222",)}


def test_a_relation_may_be_a_list_with_repeats():
    uris = [LIBRARY_URI + key for key in ("CCCC2222", "BBBB2222", "BBBB2222", "AAAA2222")]
    items = (
        make_item("AAAA2222", relations={"dc:relation": uris}),
        make_item("BBBB2222"),
        make_item("CCCC2222"),
    )
    assert related(*items)["AAAA2222"] == ("BBBB2222", "CCCC2222")


@pytest.mark.parametrize(
    "uri",
    [
        "http://zotero.org/groups/2/items/BBBB2222",
        "http://zotero.org/users/1/items/BBBB2222",
        "http://zotero.org/users/local/abcd/items/BBBB2222",
        "https://example.org/groups/1/items/BBBB2222",
        LIBRARY_URI + "ZZZZ9999",
        LIBRARY_URI + "CCCC2222",
        LIBRARY_URI + "DDDD2222",
        LIBRARY_URI + "AAAA2222",
        7,
    ],
)
def test_only_live_items_of_this_library_are_related(uri):
    items = [
        make_item("AAAA2222", relations={"dc:relation": uri}),
        make_item("BBBB2222"),
        make_item("CCCC2222", deleted=1),
        make_note("DDDD2222", "BBBB2222"),
    ]
    assert set(related(*items).values()) == {()}


def test_a_notes_relation_relates_nothing():
    note = make_note("DDDD2222", "AAAA2222", relations={"dc:relation": LIBRARY_URI + "BBBB2222"})
    assert set(related(make_item("AAAA2222"), make_item("BBBB2222"), note).values()) == {()}


def test_items_of_a_personal_library_relate_even_when_the_desktop_calls_it_user_0():
    raw = make_item("AAAA2222", relations={"dc:relation": "http://zotero.org/users/77/items/BBBB2222"})
    raw["library"] = {"type": "user", "id": 77}
    library = LibraryConfig("users/0")
    assert related(raw, make_item("BBBB2222"), library=library)["AAAA2222"] == ("BBBB2222",)


def test_other_predicates_are_ignored():
    relations = {"owl:sameAs": LIBRARY_URI + "BBBB2222"}
    assert related(make_item("AAAA2222", relations=relations), make_item("BBBB2222"))["AAAA2222"] == ()


def citing(note, library=None, tags=("_cites",)):
    """What AAAA2222 cites by a note, and what is cited by it."""
    items = read(
        make_item("AAAA2222"),
        make_note("NNNN2222", "AAAA2222", note=note, tags=make_tags(*tags)),
        make_item("BBBB2222"),
        make_item("CCCC2222", deleted=1),
        **({"library": LibraryConfig(library)} if library else {}),
    ).items
    assert all(items[key].cited_by == ("AAAA2222",) for key in items["AAAA2222"].cites)
    return items["AAAA2222"].cites


CITED = quote('{"citationItems":[{"uris":["http://zotero.org/groups/1/items/BBBB2222"],"locator":"3"}]}')


@pytest.mark.parametrize(
    "note",
    [
        '<p><a href="zotero://select/groups/1/items/BBBB2222">Hopper 1952</a></p>',
        '<a href="https://www.zotero.org/groups/1/some_name/items/BBBB2222/library">x</a>',
        "<p>https://www.zotero.org/groups/1/a/collections/CCCC3333/items/BBBB2222/item-details</p>",
        f'<p><span class="citation" data-citation="{CITED}">(Hopper, 1952)</span></p>',
    ],
)
def test_what_a_note_with_the_tag_names_is_cited(note):
    assert citing(note) == ("BBBB2222",)
    assert citing(note, tags=("_CITES", "other")) == ("BBBB2222",)
    assert citing(note, tags=("cites",)) == ()


@pytest.mark.parametrize(
    "link",
    [
        "zotero://select/groups/2/items/BBBB2222",
        "zotero://select/users/1/items/BBBB2222",
        "zotero://select/library/items/BBBB2222",
        "zotero://select/groups/1/items/AAAA2222",
        "zotero://select/groups/1/items/CCCC2222",
        "zotero://select/groups/1/items/ZZZZ9999",
        "https://example.org/groups/1/items/BBBB2222",
    ],
)
def test_only_live_items_of_this_library_are_cited(link):
    assert citing(f'<a href="{link}">x</a>') == ()


@pytest.mark.parametrize("place", ["library", "users/77", "ada_lovelace"])
def test_items_of_a_personal_library_cite_each_other(place):
    kind = "zotero.org" if place[0] == "a" else "zotero://select"
    assert citing(f"{kind}/{place}/items/BBBB2222", library="users/77") == ("BBBB2222",)
    assert citing("zotero://select/users/78/items/BBBB2222", library="users/77") == ()


def test_a_merged_items_old_key_leads_to_what_replaced_it():
    library = read(
        make_item(
            "AAAA2222", relations={"dc:replaces": [LIBRARY_URI + "ZZZZ9999", LIBRARY_URI + "YYYY9999"]}
        ),
        make_item("BBBB2222", relations={"dc:relation": LIBRARY_URI + "ZZZZ9999"}),
        make_item("YYYY9999", deleted=1),
    )
    assert library.items["AAAA2222"].replaces == ("YYYY9999", "ZZZZ9999")
    assert library.items["BBBB2222"].related == ("AAAA2222",)


def test_a_key_that_is_in_use_again_is_not_replaced():
    relations = {"dc:replaces": LIBRARY_URI + "BBBB2222"}
    library = read(make_item("AAAA2222", relations=relations), make_item("BBBB2222"))
    assert library.items["AAAA2222"].replaces == ()


# Fields


def test_the_title_comes_from_the_types_own_field():
    item = read_item("case", title=None, caseName="A v. B", court="High Court", dateDecided="1999")
    assert (item.title, item.date.year) == ("A v. B", 1999)
    assert dict(item.fields) == {"court": "High Court", "dateDecided": "1999"}


@pytest.mark.parametrize("title", ["", None, "  ", 0.5])
def test_a_missing_title_is_no_problem(title):
    assert read_item(title=title).title in ("", "0.5")


def test_fields_stand_in_the_schemas_order_then_the_unknown_by_name():
    item = read_item(zeta="z", url="https://e.org/", alpha="a", abstractNote="Abs", publicationTitle="")
    assert list(item.fields) == ["abstractNote", "url", "alpha", "zeta"]


def test_an_unknown_item_type_keeps_its_fields():
    item = read_item("scroll", title="T", ink="black")
    assert (item.item_type, item.title, dict(item.fields)) == ("scroll", "T", {"ink": "black"})


def test_nothing_about_people_paths_or_places_is_a_field():
    private = {
        "path": "CANARY",
        "filename": "CANARY",
        "createdByUser": "CANARY",
        "username": "CANARY",
        "md5": "CANARY",
    }
    raw = make_item("AAAA2222", **private, odd={"a": "CANARY"})
    raw["meta"] |= {"createdByUser": {"name": "CANARY"}, "lastModifiedByUser": {"name": "CANARY"}}
    raw["links"] = {"self": {"href": "CANARY"}}
    raw["library"]["name"] = "CANARY"
    assert "CANARY" not in repr(read(raw))


def test_control_characters_are_in_no_text():
    raw = make_item(
        "AAAA2222",
        title="a\x0bb\ud800",
        abstractNote="\x00",
        tags=make_tags("t\x01"),
        creators=[{"creatorType": "author", "name": "n\x02"}],
    )
    item = read(raw, make_note("BBBB2222", "AAAA2222", "x\x03")).items["AAAA2222"]
    assert (item.title, item.tags, item.creators[0].family) == ("a b", ("t",), "n")
    assert (dict(item.fields), item.notes[0].html) == ({}, "x")


@pytest.mark.parametrize(
    ("creator", "expected"),
    [
        (
            {"creatorType": "author", "firstName": "Jan", "lastName": "van der Berg"},
            Creator("author", "van der Berg", "Jan"),
        ),
        ({"creatorType": "editor", "name": " UNESCO "}, Creator("editor", "UNESCO")),
        ({"creatorType": "author", "firstName": "Plato", "lastName": ""}, Creator("author", "Plato")),
        ({"creatorType": "author", "firstName": "", "lastName": "Plato"}, Creator("author", "Plato")),
        ({"lastName": "Plato"}, Creator("author", "Plato")),
    ],
)
def test_creators_are_people_or_institutions(creator, expected):
    assert read_item(creators=[creator]).creators == (expected,)


def test_empty_creators_are_left_out():
    empty = [
        {"creatorType": "author", "firstName": " ", "lastName": ""},
        {"creatorType": "author", "name": ""},
        3,
        {},
    ]
    assert read_item(creators=empty).creators == ()


def test_tags_are_stripped_and_appear_once():
    tags = [*make_tags("History", " History ", "", " "), {"tag": "History", "type": 1}, {"tag": 3}, "x"]
    assert read_item(tags=tags).tags == ("History",)


def test_dates_come_with_their_text():
    item = read_item(date="mars 2020", parsed_date="2020-03")
    assert (item.date.text, item.date.iso) == ("mars 2020", "2020-03")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02 03:04:05", "2020-01-02T03:04:05Z"),
        ("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05Z"),
        ("0001-01-01T00:00:00+10:00", ""),
        ("yesterday", ""),
        ("", ""),
        (None, ""),
        (5, ""),
    ],
)
def test_an_odd_date_of_addition_is_no_date(raw, expected):
    assert read_item(dateAdded=raw).date_added == expected


# Attachments


def attachments(*children, **item):
    return read(make_item("AAAA2222", **item), *children).items["AAAA2222"].attachments


def test_the_path_of_a_linked_file_is_nowhere():
    raw = make_attachment(
        "BBBB2222",
        "AAAA2222",
        linkMode="linked_file",
        path="/home/CANARY/x.pdf",
        filename="/home/CANARY/x.pdf",
        url="file:///home/CANARY/x.pdf",
        title="C:\\Users\\CANARY\\x.pdf",
    )
    (attachment,) = attachments(raw)
    assert (attachment.filename, attachment.md5, attachment.title) == ("", None, "x.pdf")
    assert "CANARY" not in repr(read(make_item("AAAA2222"), raw))


def test_a_file_never_uploaded_has_no_md5():
    assert attachments(make_attachment("BBBB2222", "AAAA2222", md5=None, mtime=None))[0].md5 is None


@pytest.mark.parametrize("md5", ["", "x", "../../etc/passwd", 5, "g" * 32])
def test_an_md5_is_one_or_nothing(md5):
    assert attachments(make_attachment("BBBB2222", "AAAA2222", md5=md5))[0].md5 is None


def test_a_media_type_is_lower_case_without_parameters():
    raw = make_attachment("BBBB2222", "AAAA2222", contentType="Application/PDF; charset=binary")
    assert attachments(raw)[0].media_type == "application/pdf"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///x", "mailto:a@b.c", ""])
def test_a_link_leads_to_the_web_or_nowhere(url):
    assert attachments(make_attachment("BBBB2222", "AAAA2222", linkMode="linked_url", url=url))[0].url == ""


def test_attachments_stand_in_zoteros_order_of_the_best_one():
    children = [
        make_attachment("BBBB2222", "AAAA2222", linkMode="linked_url", url="https://e.org/"),
        make_attachment("CCCC2222", "AAAA2222", contentType="text/html"),
        make_attachment("DDDD2222", "AAAA2222", dateAdded="2021-01-01T00:00:00Z"),
        make_attachment("EEEE2222", "AAAA2222"),
        make_attachment("FFFF2222", "AAAA2222", url="https://e.org/", dateAdded="2022-01-01T00:00:00Z"),
    ]
    found = attachments(*children, url="https://e.org/")
    assert [attachment.key for attachment in found] == [
        "FFFF2222",
        "EEEE2222",
        "DDDD2222",
        "CCCC2222",
        "BBBB2222",
    ]


# The library itself


def test_a_library_is_named_by_the_config_then_by_zotero_never_by_an_account():
    def name(configured="", own="", id="groups/4711"):
        library = LibraryConfig(id, name=configured)
        config = make_config(libraries=(library,), site=SiteConfig(title="The site"))
        return read_library(StubMirror(name=own), config, library).name

    assert (name("Mine", "Own"), name("", "Own"), name()) == ("Mine", "Own", "The site")
    for id in ("users/4711", "users/4711/publications"):
        assert (name("Mine", "Ada Lovelace", id), name("", "Ada Lovelace", id)) == ("Mine", "The site")


def test_an_empty_library_is_valid():
    library = read(version=0)
    assert (library.items, library.collections, library.version, library.problems) == ({}, {}, 0, ())


def test_citations_and_exports_are_those_of_the_config_and_never_blank():
    citations = {"apa": {"AAAA2222": "<div>A</div>"}, "vancouver": {"AAAA2222": "V"}}
    exports = {"bibtex": {"AAAA2222": "\n\n"}, "ris": {"AAAA2222": "TY"}}
    item = read(make_item("AAAA2222"), citations=citations, exports=exports).items["AAAA2222"]
    assert (dict(item.citations), dict(item.exports)) == ({"apa": "<div>A</div>"}, {})


@pytest.mark.parametrize(
    "odd",
    [
        {"key": "AAAA2222", "data": None},
        {"key": "AAAA2222"},
        {"key": "AAAA2222", "data": {"itemType": None}},
        {"key": "../../ABC", "data": {"itemType": "book"}},
        {"key": "AAAA2222", "data": [], "meta": "x"},
    ],
)
def test_an_unreadable_object_is_named_and_the_others_stand(odd):
    library = read(odd, make_item("BBBB2222"))
    assert list(library.items) == ["BBBB2222"]
    assert [problem.code for problem in library.problems] == ["object-unreadable"]


def test_odd_values_within_an_object_are_left_out():
    odd = {
        "tags": "x",
        "creators": {},
        "collections": [5, None],
        "relations": [],
        "title": ["x"],
        "extra": {"a": 1},
    }
    raw = make_item("AAAA2222", **odd) | {"meta": None, "library": None}
    library = read(
        raw, make_note("BBBB2222", "AAAA2222", note=None), make_attachment("CCCC2222", "AAAA2222", title=5)
    )
    item = library.items["AAAA2222"]
    assert (item.title, item.tags, item.creators, item.collections, dict(item.fields)) == ("", (), (), (), {})
    assert len(item.notes) == len(item.attachments) == 1


# The recorded libraries


@pytest.mark.parametrize(("name", "id"), [("group-1", "groups/1"), ("user-1001", "users/1001")])
def test_a_recorded_library_is_read_whole_and_without_a_problem(shared, name, id):
    recorded = recorded_library(shared, name)
    config = make_config()
    library = read_library(recorded_mirror(shared, name), config, LibraryConfig(id))
    live = {
        raw["key"]
        for raw in recorded["items"]
        if not raw["data"].get("parentItem") and not raw["data"].get("deleted")
    }
    assert set(library.items) == live
    assert set(library.collections) == {
        raw["key"] for raw in recorded["collections"] if not raw["data"].get("deleted")
    }
    assert library.problems == ()
    assert all(item.title for item in library.items.values())
    assert all(
        item.citations for item in library.items.values() if item.item_type not in ("attachment", "note")
    )
    assert list(library.items) == sorted(library.items)


def test_nobodys_name_or_path_comes_out_of_a_recorded_library(shared):
    for name, id in [("group-1", "groups/1"), ("user-1001", "users/1001")]:
        items = read_library(recorded_mirror(shared, name), make_config(), LibraryConfig(id)).items
        text = json.dumps(repr(items))
        assert "libuser" not in text
        assert "/home/me" not in text
        assert "127.0.0.1:8090" not in text


def test_relations_of_a_recorded_library_are_mutual(shared):
    items = read_library(recorded_mirror(shared, "group-1"), make_config(), LibraryConfig("groups/1")).items
    assert any(item.related for item in items.values())
    assert all(key in items[other].related for key, item in items.items() for other in item.related)

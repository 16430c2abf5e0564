"""After each kind of edit exactly the right files change, and the site equals one built afresh."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, difference, without_marker

PDF = b"%PDF-1.4 stand-in"
TOP, SUB, OTHER = "CCCC2222", "CCCC3333", "CCCC4444"
ENGINE, COMPUTER, MANUAL, SKETCH = "AAAA2222", "BBBB2222", "DDDD2222", "SSSS2222"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "Small", public=True)
    library.add_collection("Machines", key=TOP)
    library.add_collection("Compilers", parent=TOP, key=SUB)
    library.add_collection("Shelf", key=OTHER)
    library.add_item(
        ENGINE,
        itemType="book",
        title="Notes on the Engine",
        date="1843",
        creators=["Ada Lovelace"],
        tags=[{"tag": "History"}],
        collections=[TOP],
    )
    library.add_item(
        COMPUTER,
        itemType="journalArticle",
        title="Education of a Computer",
        date="1952",
        creators=["Grace Hopper"],
        tags=[{"tag": "History"}, {"tag": "Computing"}],
        collections=[SUB],
    )
    library.add_item(MANUAL, itemType="report", title="A Manual", date="1952", collections=[OTHER])
    library.add_item(SKETCH, itemType="manuscript", title="A Sketch", date="")
    return library


@pytest.fixture
def site(fake: FakeZotero, library: FakeLibrary, tmp_path: Path) -> SiteFolder:
    # Without a key Zotero gives nobody a group's files.
    fake.add_key("reader", user=1)
    return SiteFolder(tmp_path / "site", fake, [{"id": library.id}], key="reader")


def item(key: str, *, with_record: bool = True) -> set[str]:
    page = {f"items/{key}/index.html"}
    return page | {f"items/{key}/item.rdf"} if with_record else page


def collection(
    key: str, *, with_exports: bool = True, with_feeds: bool = True, with_embed: bool = True
) -> set[str]:
    extensions = (".bib", ".csl.json", ".ris") if with_exports else ()
    feeds = ("atom.xml", "feed.json") if with_feeds else ()
    embed = ("embed/index.html",) if with_embed else ()
    names = ("index.html", *(f"collection{extension}" for extension in extensions), *feeds, *embed)
    return {f"collections/{key}/{name}" for name in names}


def listing(*paths: str) -> set[str]:
    return {f"{path}/index.html" for path in paths}


HOME = {"index.html"}
FEEDS = {"atom.xml", "feed.json"}
SITEMAP = {"sitemap.xml"}
EXPORTS = {"exports/library.bib", "exports/library.csl.json", "exports/library.ris"}
# Of single items, for the search page to put together.
EXPORTS |= {f"exports/parts/{name}/0.json" for name in ("bibtex", "ris", "csljson", "references")}
# With two items or more a year, tag or collection has a record of its own.
RECORD_1952 = {"years/1952/page-1.rdf"}
LINK = "zotero://select/groups/7/items/"
# It names the item types that occur.
SEARCH_PAGE = {"search/index.html"}

Edit = Callable[[FakeLibrary, SiteFolder], object]


def trash_manual(library: FakeLibrary, site: SiteFolder) -> None:
    library.trash_item(MANUAL)


def add_new_item(library: FakeLibrary, site: SiteFolder) -> None:
    library.add_item(
        "EEEE2222",
        itemType="book",
        title="Newest",
        date="1960",
        creators=["Jean Sammet"],
        tags=[{"tag": "New"}],
    )


def add_file(library: FakeLibrary, site: SiteFolder) -> None:
    key = library.add_attachment(
        MANUAL, title="The manual", contentType="application/pdf", filename="manual.pdf"
    )
    library.put_file(key, PDF)


def change_block(library: FakeLibrary, site: SiteFolder) -> None:
    templates = site.root / "theme" / "templates"
    templates.mkdir(parents=True)
    (templates / "404.html").write_text(
        '{% extends "default/404.html" %}{% block title %}Nothing here{% endblock %}', "utf-8"
    )


def change_menu(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings += 'menu = [{ label = "Shelf", url = "collections/CCCC4444/" }]\n'


EDITS: dict[str, tuple[Edit, set[str]]] = {
    "title": (
        lambda library, site: library.edit_item(ENGINE, title="Sketch of the Engine"),
        item(ENGINE)
        # Similar, by the tag History.
        | item(COMPUTER, with_record=False)
        | collection(TOP)
        | listing("creators/ada-lovelace", "items", "items/recent", "tags/history", "types/book")
        | listing("years/1843")
        | {"tags/history/page-1.rdf"}
        | HOME
        | FEEDS
        | EXPORTS,
    ),
    "tag": (
        lambda library, site: library.edit_item(MANUAL, tags=[{"tag": "Handbooks"}]),
        # CSL-JSON has no tags.
        (
            item(MANUAL)
            | collection(OTHER, with_embed=False)
            | listing("tags", "tags/handbooks")
            | RECORD_1952
            | HOME
            | FEEDS
            | EXPORTS
            | SITEMAP
        )
        - {f"collections/{OTHER}/index.html", f"collections/{OTHER}/collection.csl.json"}
        - {"exports/library.csl.json", "exports/parts/csljson/0.json", "exports/parts/references/0.json"},
    ),
    "creator": (
        lambda library, site: library.edit_item(MANUAL, creators=["Kathleen Booth"]),
        item(MANUAL)
        | collection(OTHER)
        | listing("creators", "creators/kathleen-booth", "items", "items/recent", "types/report")
        | listing("years/1952")
        | RECORD_1952
        | HOME
        | FEEDS
        | EXPORTS
        | SITEMAP,
    ),
    "collection name": (
        lambda library, site: library.rename_collection(SUB, "Translators"),
        item(COMPUTER, with_record=False)
        | collection(SUB, with_exports=False)
        | collection(TOP, with_exports=False, with_feeds=False, with_embed=False)
        | listing("collections"),
    ),
    "moved": (
        lambda library, site: library.move_item(MANUAL, TOP),
        item(MANUAL, with_record=False)
        # Its neighbour now.
        | item(ENGINE, with_record=False)
        | collection(TOP)
        | {f"collections/{TOP}/page-1.rdf"}
        | collection(OTHER)
        | listing("collections")
        | HOME
        # The two collections have changed.
        | SITEMAP,
    ),
    "citation": (
        lambda library, site: library.add_note(MANUAL, f"{LINK}{ENGINE}", tags=[{"tag": "_cites"}]),
        item(MANUAL, with_record=False) | item(ENGINE, with_record=False),
    ),
    "trashed": (
        trash_manual,
        item(MANUAL)
        | collection(OTHER)
        | listing("collections", "items", "items/recent", "types", "types/report", "years", "years/1952")
        | RECORD_1952
        | HOME
        | FEEDS
        | EXPORTS
        | SITEMAP
        | SEARCH_PAGE,
    ),
    "deleted collection": (
        lambda library, site: library.delete_collection(TOP),
        item(ENGINE, with_record=False)
        | item(COMPUTER, with_record=False)
        | collection(TOP)
        | collection(SUB)
        | listing("collections")
        | HOME
        | SITEMAP,
    ),
    "new item": (
        add_new_item,
        item("EEEE2222")
        | listing("collections", "creators", "creators/jean-sammet", "items", "items/recent")
        | listing("tags", "tags/new")
        | listing("types", "types/book", "years", "years/1960")
        | HOME
        | FEEDS
        | EXPORTS
        | SITEMAP,
    ),
    "new file": (
        add_file,
        # Lists show that there is a file.
        item(MANUAL)
        | {f"items/{MANUAL}/{name}" for name in ("manual.pdf", "linkset.json")}
        | {"atom.xml", "feed.json"}
        | collection(OTHER, with_exports=False, with_embed=False)
        | listing("items", "items/recent", "types/report", "years/1952")
        | RECORD_1952
        | HOME
        # The first file: from now on the insides of files can be searched.
        | SEARCH_PAGE,
    ),
    "theme block": (change_block, {"404.html"}),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_exactly_these_files(name: str, library: FakeLibrary, site: SiteFolder) -> None:
    edit, expected = EDITS[name]
    site.build()
    before = site.tree()
    edit(library, site)
    report = site.build()
    changed = difference(before, site.tree())
    assert {path for path in changed if not path.startswith("pagefind/")} == expected
    assert report.site is not None
    assert {*report.site.written, *report.site.removed} - {"last_sync.json"} == changed
    assert_equals_fresh(site)


def test_a_new_menu_changes_every_page_and_nothing_else(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    before = site.tree()
    change_menu(library, site)
    site.build()
    pages = {path for path in before if path.endswith(".html")}
    # What other websites frame has no menu.
    assert difference(before, site.tree()) == {path for path in pages if "/embed/" not in path}
    assert_equals_fresh(site)


def test_a_series_of_edits_ends_with_the_site_of_a_fresh_build(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    for name in EDITS:
        EDITS[name][0](library, site)
        site.build()
    change_menu(library, site)
    site.build()
    assert_equals_fresh(site)


def test_an_edit_and_its_undoing_give_the_old_site(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    before = without_marker(site.tree())
    library.trash_item(COMPUTER)
    site.build()
    assert without_marker(site.tree()) != before
    library.restore_item(COMPUTER)
    site.build()
    assert without_marker(site.tree()) == before


def assert_equals_fresh(site: SiteFolder) -> None:
    """A build into empty folders, with a mirror fetched anew, gives the same files."""
    fresh = SiteFolder(site.root.with_name("fresh"), site.fake, site.libraries, site.settings, site.key)
    for name in ("theme", "content"):
        if (site.root / name).is_dir():
            fresh.root.mkdir(parents=True, exist_ok=True)
            (fresh.root / name).symlink_to(site.root / name)
    fresh.build()
    assert difference(site.tree(), fresh.tree()) == set()

"""Cases of items and collections that break bibliography sites, each on whole pages of a small site."""

from pathlib import Path

import pytest
from builders import make_attachment, make_collection, make_item, make_note, make_tags
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sitepages import context, links, site, site_config, words
from sites import SiteFolder, contents

from zstatic.config import LibraryConfig, SelectRules
from zstatic.outputs import Page
from zstatic.pages import collections, terms
from zstatic.pages.context import PAGE_SIZE

ITEM = "items/AAAA2222/"


def person(family: str, given: str = "", role: str = "author") -> dict[str, str]:
    return {"creatorType": role, "lastName": family, "firstName": given}


@pytest.mark.parametrize(
    ("creators", "line"),
    [
        ([], "Title of AAAA2222"),
        ([person("Hopper", "Grace", "editor")], "Grace Hopper (editor)"),
        ([{"creatorType": "author", "name": "World Health Organization"}], "World Health Organization"),
        ([person("Plato")], "Plato"),
        ([person("", "Voltaire")], "Voltaire"),
        ([person("van der Berg", "Jan Piet")], "Jan Piet van der Berg"),
        ([person(f"Name{number}") for number in range(500)], "and 497 more"),
    ],
)
def test_whoever_made_an_item_or_nobody_is_named_in_lists_and_has_a_page(
    creators: list[dict[str, str]], line: str
) -> None:
    made = site(make_item("AAAA2222", creators=creators))
    assert line in words(made.page("items/").xpath("//main")[0])
    own = [path for path in made.outputs if path.startswith("creators/") and path != "creators/index.html"]
    assert len([path for path in own if "/letter/" not in path]) == len(creators)


def test_an_excluded_items_children_leak_nowhere(fake: FakeZotero, tmp_path: Path) -> None:
    library: FakeLibrary = fake.add_library("groups/7", "Open library")
    library.add_item(title="A public item", tags=["open"])
    hidden = library.add_item(title="canary title", tags=["draft"])
    library.add_note(hidden, "<p>canary note</p>")
    file = library.add_attachment(hidden, b"%PDF-1.4 canary", title="canary file", filename="canary.pdf")
    library.set_fulltext(file, "canary text")
    library.add_attachment(hidden, title="canary link", linkMode="linked_url", url="https://canary.example/")
    rules = '[site]\ntitle = "T"\n[select]\nitem_exclude = "^draft$"\nnotes = true\n'
    made = SiteFolder(tmp_path / "site", fake, [{"id": library.id}], rules)
    made.build()
    found = contents(made.site)
    assert "items/" in {path.partition("/")[0] + "/" for path in found}
    assert [path for path, content in found.items() if b"canary" in content.lower() or "canary" in path] == []
    assert not [path for path in found if file in path or hidden in path]


def test_undated_items_stand_last_and_have_a_page_of_their_own() -> None:
    dates = {
        "AAAA2222": "n.d.",
        "BBBB2222": "1999-00-00",
        "CCCC2222": "",
        "DDDD2222": "2020-13-45",
        "EEEE2222": "44 BCE",
    }
    made = site(*(make_item(key, date=date) for key, date in dates.items()))
    listed = made.page("items/").xpath("//a[@class='entry-title']/@href")
    assert [href[-9:-1] for href in listed] == ["DDDD2222", "BBBB2222", "EEEE2222", "AAAA2222", "CCCC2222"]
    assert len(made.page("years/undated/").xpath("//li[@class='entry']")) == 2


def test_two_items_with_one_doi_are_two_pages_that_both_name_it() -> None:
    made = site(*(make_item(key, DOI="https://doi.org/10.1000/SAME") for key in ("AAAA2222", "BBBB2222")))
    for key in ("AAAA2222", "BBBB2222"):
        assert "https://doi.org/10.1000/SAME" in links(made.page(f"items/{key}/"))


@pytest.mark.parametrize(
    ("pages", "first", "last"),
    [
        ("1–15", "1", "15"),
        ("S12–S19", "S12", "S19"),
        ("e1234", "e1234", ""),
        ("1-2, 5-6", "", ""),
        ("10", "10", ""),
        ("", "", ""),
    ],
)
def test_pages_of_any_form_are_shown_and_a_range_only_is_told_to_programs(
    pages: str, first: str, last: str, tmp_path: Path
) -> None:
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(b"%PDF-1.4")
    file = make_attachment("FFFF2222", "AAAA2222", md5="a" * 32)
    made = site(make_item("AAAA2222", pages=pages), file, files={"a" * 32: pdf})
    page = made.page(ITEM)
    assert pages in words(page.xpath("//main")[0])
    told = [page.xpath(f"//meta[@name='citation_{which}page']/@content") for which in ("first", "last")]
    assert told == [[each] if each else [] for each in (first, last)]


def test_collections_of_any_name_have_pages_that_are_told_apart() -> None:
    names = {
        "CCCC2222": "",
        "CCCC2223": "Same",
        "CCCC2224": "Same",
        "CCCC2225": "Either / or",
        "CCCC2226": "<b>",
    }
    shelves = [make_collection(key, name or " ") for key, name in names.items()]
    item = make_item("AAAA2222", collections=list(names))
    made = site(item, collections=shelves)
    titles = {str(made.page(f"collections/{key}/").xpath("//title")[0].text_content()) for key in names}
    assert len(titles) == len(names)
    for key, name in names.items():
        heading = words(made.page(f"collections/{key}/").xpath("//h1")[0])
        assert heading == (name or "[Untitled]")
        assert f"../../collections/{key}/" in links(made.page(ITEM))


def test_25000_tags_and_a_collection_of_5000_items_twelve_deep_are_cut_into_pages() -> None:
    shelves = [
        make_collection(f"CCCC22{number}", parent=f"CCCC22{number - 1}" if number > 22 else None)
        for number in range(22, 34)
    ]
    letters = "ABCDEFGHIJKLMNPQRSTUVWXYZ"
    items = [
        make_item(
            f"AAAA{number:04}",
            tags=make_tags(*(f"{letters[number % 25]}{number} {each}" for each in range(5))),
            collections=["CCCC2233"],
        )
        for number in range(5000)
    ]
    ctx = context(*items, collections=shelves)
    index = [output for output in terms.pages(ctx) if output.path.startswith("tags/")]
    shown = [page.view for page in index if isinstance(page, Page) and isinstance(page.view, terms.TermsView)]
    paths = {
        term.path
        for view in shown
        if "/letter/" in view.head.path
        for part in view.sections
        for term in part.terms
    }
    assert len(paths) == 25_000
    assert max(len(part.terms) for view in shown for part in view.sections) <= terms.TERMS_PER_PAGE
    deepest = [output for output in collections.pages(ctx) if output.path.startswith("collections/CCCC2233/")]
    assert len(
        [path for path in (each.path for each in deepest) if "/page/" in path and path.endswith("html")]
    ) == (5000 // PAGE_SIZE - 1)
    (first,) = [each for each in deepest if each.path == "collections/CCCC2233/index.html"]
    assert isinstance(first, Page)
    assert len(first.view.head.trail) == 12  # type: ignore[attr-defined]


def test_a_note_with_markup_that_runs_shows_its_words_only() -> None:
    tricks = (
        "<script>run()</script><img src=x onerror=run()><a href='javascript:run()'>x</a>"
        "<svg onload=run()></svg><math><mtext><style><img src=x onerror=run()></math>"
        "<a href='data:text/html,<script>run()</script>'>y</a>"
    )
    config = site_config(libraries=(LibraryConfig("groups/1", select=SelectRules(notes=True)),))
    made = site(
        make_item("AAAA2222"), make_note("NNNN2222", "AAAA2222", f"<p>Words</p>{tricks}"), config=config
    )
    text = made.text(f"{ITEM}index.html")
    assert "Words" in text
    assert "run()" not in text

"""Item and list pages read back by Zotero and Google Scholar, for every type of item; and each known trap."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from builders import StubMirror, make_attachment, make_collection, make_item, make_note, make_tags
from embedded import (
    Saved,
    coins_items,
    embedded_metadata,
    read_coins,
    read_rdf,
    save,
    scholar_problems,
    unapi,
)
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from sitepages import BASE_URL, Site, context, site, site_config

from zstatic.config import ExportRules, MetaRules, SelectRules, SiteConfig
from zstatic.library import read_library
from zstatic.pages.coins import coins
from zstatic.richtext import clean, plain
from zstatic.schema import Schema

KEY = "AAAA2222"
ITEM = f"items/{KEY}/"
# The 37 regular types.
TYPES = (
    *("artwork", "audioRecording", "bill", "blogPost", "book", "bookSection", "case", "computerProgram"),
    *("conferencePaper", "dataset", "dictionaryEntry", "document", "email", "encyclopediaArticle", "film"),
    *("forumPost", "hearing", "instantMessage", "interview", "journalArticle", "letter", "magazineArticle"),
    *("manuscript", "map", "newspaperArticle", "patent", "podcast", "preprint", "presentation"),
    *("radioBroadcast", "report", "standard", "statute", "thesis", "tvBroadcast", "videoRecording"),
    "webpage",
)
FOR_SCHOLAR = ("journalArticle", "conferencePaper", "bookSection", "book", "thesis", "report", "preprint")
VALUES = {
    "abstractNote": "What it is about. " * 20,
    "DOI": "10.1234/five",
    "ISBN": "9780262033848 9780131103627",
    "ISSN": "1234-5679",
    "url": "https://publisher.example/work",
    "pages": "12-34",
    "language": "en",
    "extra": "A line of Extra",
    "PMID": "123456",
    "PMCID": "PMC123456",
    "accessDate": "2020-01-01T00:00:00Z",
}
IDENTIFIERS = ("DOI", "ISBN", "ISSN", "url")


@pytest.fixture(scope="module")
def roles(schema: Any) -> dict[str, list[str]]:
    """Item type -> the roles of its creators, in Zotero's order."""
    return {
        row["itemType"]: [each["creatorType"] for each in row["creatorTypes"]]
        for row in schema["itemTypes"]
        if row["itemType"] not in ("annotation", "attachment", "note")
    }


def full_item(schema: Any, item_type: str) -> dict[str, Any]:
    """An item with every field and a creator in every role of its type."""
    known = Schema.from_json(schema)
    (row,) = (row for row in schema["itemTypes"] if row["itemType"] == item_type)
    fields = {name: VALUES.get(name, f"The {name}") for name in known.fields(item_type)}
    fields[known.title_field(item_type)] = "Its title: a + b"
    fields[known.date_field(item_type)] = "2019-05-17"
    people = [
        {
            "creatorType": each["creatorType"],
            "lastName": f"van {each['creatorType']}",
            "firstName": "Jan Piet",
        }
        for each in row["creatorTypes"]
    ]
    return make_item(
        KEY,
        item_type,
        **fields,
        creators=people,
        tags=make_tags("One", "Two, three"),
        parsed_date="2019-05-17",
    )


def made(tmp_path: Path, schema: Any, *items: Any, pdf: bool = False, **settings: Any) -> Site:
    children, files = [], {}
    if pdf:
        child = make_attachment("FFFF2222", KEY, filename="The Paper.pdf")
        file = tmp_path / "file"
        file.write_bytes(b"%PDF-")
        children, files = [child], {child["data"]["md5"]: file}
    return site(
        *items, *children, files=files, schema_json=schema, schema=Schema.from_json(schema), **settings
    )


def fetcher(of: Site) -> Callable[[str], str]:
    """A static host: it does not look at what follows the question mark."""
    return lambda url: of.text(url.partition("?")[0].removeprefix(BASE_URL))


def same(saved: Saved, raw: Any, title: str, *names: str) -> None:
    source = raw["data"]
    assert saved.item_type == source["itemType"]
    assert saved.fields["title"] == title
    if "2019-05-17" in source.values():
        assert saved.fields["date"].replace("/", "-") == "2019-05-17"
    for name in names:
        if name in source:
            assert saved.fields.get(name) == source[name].strip(), name


def people(raw: Any, *only: str) -> list[tuple[str, str, str]]:
    return sorted(
        (each["creatorType"], each["lastName"], each["firstName"])
        for each in raw["data"]["creators"]
        if not only or each["creatorType"] in only
    )


def reads_back(page: Any, raw: Any, roles: dict[str, list[str]]) -> None:
    """The page tells Zotero of the item that it was made from, and of no file."""
    saved = embedded_metadata(page, roles)
    same(saved, raw, "Its title: a + b", *IDENTIFIERS, "abstractNote", "extra", "pages", "volume", "rights")
    assert sorted(saved.creators) == people(raw)
    assert saved.files == []


def reads_back_with_pdf(page: Any, raw: Any, roles: dict[str, list[str]]) -> None:
    """So does the page of an item with a file; Google Scholar takes it if it indexes its type."""
    (saved,) = save(page, None, roles)
    same(saved, raw, "Its title: a + b", "DOI", "ISSN", "url", "abstractNote", "extra", "pages", "volume")
    assert saved.files == [f"{BASE_URL}{ITEM}the-paper.pdf"]
    is_paper = raw["data"]["itemType"] in FOR_SCHOLAR
    # Zotero knows no other role beside Google Scholar's authors.
    assert sorted(saved.creators) == (people(raw, "author") if is_paper else people(raw))
    if is_paper:
        assert scholar_problems(page, BASE_URL + ITEM) == []
    else:
        tags = [name for name in page.xpath("//meta/@name") if name.startswith("citation_")]
        assert tags == ["citation_pdf_url"]


@pytest.mark.parametrize("item_type", TYPES)
def test_a_page_reads_back_by_its_embedded_metadata(
    item_type: str, schema: Any, roles: dict[str, list[str]], tmp_path: Path
) -> None:
    raw = full_item(schema, item_type)
    reads_back(made(tmp_path, schema, raw).page(ITEM), raw, roles)


@pytest.mark.parametrize("item_type", TYPES)
def test_a_page_with_a_pdf_reads_back_with_it(
    item_type: str, schema: Any, roles: dict[str, list[str]], tmp_path: Path
) -> None:
    raw = full_item(schema, item_type)
    reads_back_with_pdf(without_record(made(tmp_path, schema, raw, pdf=True).page(ITEM)), raw, roles)


def without_record(page: Any) -> Any:
    """The page as it is for whoever cannot reach the record."""
    for link in page.xpath("//link[@rel='unapi-server']"):
        link.getparent().remove(link)
    return page


@pytest.mark.parametrize("item_type", TYPES)
def test_one_click_saves_an_item_whole(
    item_type: str, schema: Any, roles: dict[str, list[str]], tmp_path: Path
) -> None:
    raw = full_item(schema, item_type)
    raw["data"]["creators"].append({"creatorType": roles[item_type][0], "name": "The Royal Society"})
    whole = made(tmp_path, schema, raw, pdf=True)
    (saved,) = save(whole.page(ITEM), fetcher(whole), roles)
    known = [name for name in Schema.from_json(schema).fields(item_type) if name in raw["data"]]
    title, date = (
        getattr(Schema.from_json(schema), f"{name}_field")(item_type) for name in ("title", "date")
    )
    renamed = {"bookTitle", "proceedingsTitle", "encyclopediaTitle", "dictionaryTitle", "websiteTitle"}
    renamed |= {"blogTitle", "forumTitle", "distributor", "label", "company", "institution", title, date}
    same(saved, raw, "Its title: a + b", *(name for name in known if name not in renamed))
    if renamed & set(known) - {title, date, "distributor", "label", "company", "institution"}:
        assert saved.fields["publicationTitle"].startswith("The ")
    if {"distributor", "label", "company", "institution"} & set(known):
        assert saved.fields["publisher"].startswith("The ")
    names = [(each[1], each[2]) for each in saved.creators]
    assert ("The Royal Society", "") in names
    assert len(names) == len(raw["data"]["creators"])
    assert people(raw | {"data": {"creators": raw["data"]["creators"][:-1]}}) == sorted(
        each for each in saved.creators if each[1] != "The Royal Society"
    )
    assert saved.tags == ["One", "Two, three"]
    assert saved.files == [f"{BASE_URL}{ITEM}the-paper.pdf"]


@pytest.mark.parametrize("item_type", TYPES)
def test_a_reference_in_a_list_reads_back(item_type: str, schema: Any, tmp_path: Path) -> None:
    raw = full_item(schema, item_type)
    (saved,) = coins_items(made(tmp_path, schema, raw).page("items/"))
    # The plus is lost in Zotero's reader, however it is written.
    same(saved, raw, "Its title: a   b", "DOI", "url", "pages", "ISSN", "volume", "issue", "language")
    assert saved.fields["ISBN"].startswith("978") if "ISBN" in saved.fields else True
    assert sorted(each[1:] for each in saved.creators) == sorted(each[1:] for each in people(raw))


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="+,"), min_size=1)


@given(item_type=st.sampled_from(TYPES), title=WORDS, last=WORDS, first=WORDS)
def test_any_text_reads_back_from_a_reference(item_type: str, title: str, last: str, first: str) -> None:
    title, last, first = (clean(f"T {text} z") for text in (title, last, first))
    author = {"creatorType": "author", "lastName": last, "firstName": first}
    titles = dict.fromkeys(("title", "caseName", "nameOfAct", "subject"), title)
    mirror = StubMirror(make_item(KEY, item_type, **titles, creators=[author]))
    config = site_config()
    item = read_library(mirror, config, config.libraries[0]).items[KEY]
    (saved,) = coins_items(head(body=str(coins(item))))
    assert (saved.item_type, saved.fields["title"]) == (item_type, plain(item.title))
    assert saved.creators == [("author", " ".join(last.split()), " ".join(first.split()))]


def test_an_item_page_has_no_reference_that_would_hide_its_pdf(tmp_path: Path, schema: Any) -> None:
    whole = made(tmp_path, schema, full_item(schema, "book"))
    assert coins_items(whole.page(ITEM)) == []
    assert coins_items(whole.page("")) == []


# Lists


def listed(number: int, **data: Any) -> Site:
    items = [
        make_item(f"AAAA{each:04}", tags=make_tags("same"), date="1999", **data) for each in range(number)
    ]
    return site(*items)


def test_a_list_is_offered_as_one_record() -> None:
    whole = listed(3, collections=["CCCC2222"])
    for path in ("tags/same/", "years/1999/"):
        saved = unapi(whole.page(path), fetcher(whole))
        assert sorted(item.fields["title"] for item in saved) == [f"Title of AAAA000{n}" for n in range(3)]
        assert f"{path}page-1.rdf" in whole.outputs


def test_a_collection_is_offered_as_one_record() -> None:
    items = [make_item(f"AAAA222{each}", collections=["CCCC2222"]) for each in "23"]
    whole = site(*items, collections=[make_collection("CCCC2222")])
    assert len(unapi(whole.page("collections/CCCC2222/"), fetcher(whole))) == 2


def test_a_list_of_one_item_has_that_items_record() -> None:
    whole = listed(1)
    (saved,) = unapi(whole.page("tags/same/"), fetcher(whole))
    assert saved.fields["title"] == "Title of AAAA0000"
    assert "tags/same/page-1.rdf" not in whole.outputs


def test_a_long_list_offers_all_of_its_references_rather_than_some_records() -> None:
    whole = listed(130)
    first, second = whole.page("tags/same/"), whole.page("tags/same/page/2/")
    assert unapi(first, fetcher(whole)) == []
    assert len(coins_items(first)) == 100
    assert len(unapi(second, fetcher(whole))) == len(coins_items(second)) == 30
    assert "tags/same/page-1.rdf" not in whole.outputs


# What a record may hold


def test_without_base_url_there_are_no_records() -> None:
    whole = site(make_item(KEY), config=site_config(site=SiteConfig("A site")))
    assert not [path for path in whole.outputs if path.endswith(".rdf")]
    assert unapi(whole.page(ITEM), fetcher(whole)) == []


def test_a_record_holds_published_notes_only() -> None:
    note = make_note("NNNN2222", KEY, "<p>Thought<script>alert(1)</script></p>")
    assert read_rdf(site(make_item(KEY), note).text(f"{ITEM}item.rdf"))[0].notes == []
    config = site_config()
    (library,) = config.libraries
    told = type(library)(library.id, select=SelectRules(notes=True))
    whole = site(make_item(KEY), note, config=site_config(libraries=(told,)))
    assert read_rdf(whole.text(f"{ITEM}item.rdf"))[0].notes == ["<p>Thought</p>"]


def test_control_characters_markup_and_odd_roles_leave_a_record_valid() -> None:
    people = [{"creatorType": "x y><z", "name": "A\x0b & <b>"}, {"creatorType": "author", "name": "B"}]
    raw = make_item(KEY, title="<i>a</i>\x0b & ]]> \ufffe", creators=people, url="javascript:alert(1)")
    (saved,) = read_rdf(site(raw).text(f"{ITEM}item.rdf"))
    assert saved.fields["title"] == "<i>a</i>  & ]]>"
    assert "url" not in saved.fields
    assert saved.creators == [("contributor", "A & <b>", ""), ("author", "B", "")]


# The traps: our own pages, changed so that each falls into one


def removed(*names: str) -> Callable[[Any], None]:
    def change(page: Any) -> None:
        found = page.xpath("//meta[@name=$name or @property=$name]", name=names[0])
        for name in names[1:]:
            found += page.xpath("//meta[@name=$name or @property=$name]", name=name)
        assert found
        for each in found:
            each.getparent().remove(each)

    return change


def renamed(old: str, new: str) -> Callable[[Any], None]:
    def change(page: Any) -> None:
        found = page.xpath("//meta[@name=$old]", old=old)
        assert found
        for each in found:
            each.set("name", new)

    return change


def rewritten(name: str, change_text: Callable[[str], str]) -> Callable[[Any], None]:
    def change(page: Any) -> None:
        found = page.xpath("//meta[@name=$name]", name=name)
        assert found
        for each in found:
            each.set("content", change_text(each.get("content")))

    return change


def added(*tags: tuple[str, str], first: bool = False) -> Callable[[Any], None]:
    def change(page: Any) -> None:
        (parent,) = page.xpath("//head")
        for name, content in tags:
            meta = lxml_html.Element("meta", {"name": name, "content": content})
            if first:
                parent.insert(0, meta)
            else:
                parent.append(meta)

    return change


def with_a_reference(page: Any) -> None:
    title = "rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Abook&rft.btitle=Its%20title%3A%20a%20b"
    page.xpath("//main")[0].append(lxml_html.Element("span", {"class": "Z3988", "title": title}))


# What is done to the page -> the type of the item, and whether it has a PDF.
TRAPS: dict[str, tuple[str, bool, Callable[[Any], None]]] = {
    "M-01 a reference on an item page": ("book", True, with_a_reference),
    "M-01 no type": ("film", False, removed("z.itemType")),
    "M-01 a field in capitals under its own name": ("film", False, renamed("DC.identifier", "z.DOI")),
    "M-03 a lone author without the semicolon": (
        "thesis",
        True,
        rewritten("citation_author", lambda name: name.rstrip(";")),
    ),
    "M-03 an editor among the authors": ("book", True, added(("citation_author", "van editor, Jan Piet"))),
    "M-03b the abstract as a description": ("film", False, renamed("DCTERMS.abstract", "DC.description")),
    "M-03b the abstract cut in OpenGraph": ("film", False, added(("og:description", "What it is…"))),
    "M-03b an author for Google Scholar beside directors": (
        "film",
        False,
        added(("citation_author", "van director, Jan Piet")),
    ),
    "M-05 OpenGraph says the type": ("map", False, removed("z.itemType")),
    "M-06 no title": ("journalArticle", True, removed("citation_title")),
    "M-06 no author": ("journalArticle", True, removed("citation_author")),
    "M-06 no date": ("journalArticle", True, removed("citation_publication_date")),
    "M-06 a date in words": (
        "journalArticle",
        True,
        rewritten("citation_publication_date", lambda date: "17 May 2019"),
    ),
    "M-06 a film among the papers": ("film", True, added(("citation_title", "Its title: a + b"))),
    "M-06b the institution of a preprint": (
        "preprint",
        True,
        added(("citation_technical_report_institution", "The repository")),
    ),
    "M-06b a magazine as a journal": (
        "magazineArticle",
        False,
        renamed("prism.publicationName", "citation_journal_title"),
    ),
    "M-06b an encyclopedia as a book": (
        "encyclopediaArticle",
        False,
        renamed("prism.publicationName", "citation_book_title"),
    ),
    "M-06b the proceedings after the conference": (
        "conferencePaper",
        True,
        added(("citation_inbook_title", "The proceedingsTitle")),
    ),
    "M-06b the university of a manuscript": (
        "manuscript",
        False,
        added(("citation_dissertation_institution", "The institution")),
    ),
    "M-07 a PDF elsewhere": (
        "report",
        True,
        rewritten("citation_pdf_url", lambda url: url.replace("/items/", "/files/")),
    ),
    "M-07 a PDF by a relative address": (
        "report",
        True,
        rewritten("citation_pdf_url", lambda url: url.rpartition("/")[2]),
    ),
    "M-07 a PDF without its ending": (
        "report",
        True,
        rewritten("citation_pdf_url", lambda url: url.removesuffix(".pdf")),
    ),
    "M-07 the supplement first": (
        "report",
        True,
        added(("citation_pdf_url", f"{BASE_URL}{ITEM}supplement.pdf"), first=True),
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_page_that_falls_into_a_trap_does_not_read_back(
    trap: str, schema: Any, roles: dict[str, list[str]], tmp_path: Path
) -> None:
    item_type, pdf, change = TRAPS[trap]
    raw = full_item(schema, item_type)
    page = without_record(made(tmp_path, schema, raw, pdf=pdf).page(ITEM))
    check = reads_back_with_pdf if pdf else reads_back
    check(page, raw, roles)
    change(page)
    with pytest.raises(AssertionError):
        check(page, raw, roles)


LIST_TRAPS: dict[str, Callable[[str], str]] = {
    "M-03 first and last name apart": lambda text: re.sub(
        r"rft\.au=([^&]*)%2C%20([^&]*)", r"rft.aulast=\1&rft.aufirst=\2&rft.au=\2%20\1", text
    ),
    "M-09 encoded once": unquote,
    "M-09 spaces as plus signs, encoded as such": lambda text: text.replace("%20", "%252B"),
    "M-09 a type of ours in the format of books": lambda text: text.replace("Amtx%3Adc", "Amtx%3Abook"),
}


@pytest.mark.parametrize("trap", LIST_TRAPS)
def test_a_reference_that_falls_into_a_trap_does_not_read_back(
    trap: str, schema: Any, tmp_path: Path
) -> None:
    names = [{"creatorType": "author", "lastName": "García Márquez", "firstName": "Gabriel José"}]
    film = make_item(KEY, "film", title="Salt & pepper", creators=names)
    (span,) = site(film).page("items/").xpath("//span[@class='Z3988']/@title")

    def reads_back(title: str) -> None:
        saved = read_coins(title)
        assert (saved.item_type, saved.fields["title"]) == ("film", "Salt & pepper")
        assert saved.creators == [("author", "García Márquez", "Gabriel José")]

    reads_back(span)
    assert LIST_TRAPS[trap](span) != span
    with pytest.raises((AssertionError, KeyError)):
        reads_back(LIST_TRAPS[trap](span))


# The traps by themselves: what the reader makes of them


def head(*tags: tuple[str, str], links: str = "", body: str = "") -> Any:
    metas = "".join(f'<meta name="{name}" content="{content}">' for name, content in tags)
    text = f"<!DOCTYPE html><html><head><title>T</title>{metas}{links}</head><body>{body}</body></html>"
    return lxml_html.document_fromstring(text)


def embedded(roles: dict[str, list[str]], *tags: tuple[str, str]) -> Saved:
    return embedded_metadata(head(*tags), roles)


def test_trap_a_lone_author_with_spaces_on_both_sides_is_split(roles: dict[str, list[str]]) -> None:
    name = ("citation_author", "van der Berg, Jan Piet")
    assert len(embedded(roles, name).creators) == 2
    assert embedded(roles, (name[0], f"{name[1]};")).creators == [("author", "van der Berg", "Jan Piet")]


def test_trap_a_description_is_extra_not_the_abstract(roles: dict[str, list[str]]) -> None:
    wrong = embedded(roles, ("z.itemType", "film"), ("DC.description", "About"))
    assert (wrong.fields.get("extra"), wrong.fields.get("abstractNote")) == ("About", None)
    right = embedded(roles, ("z.itemType", "film"), ("DCTERMS.abstract", "About"))
    assert right.fields["abstractNote"] == "About"


@pytest.mark.parametrize(
    ("item_type", "tags", "wrong"),
    [
        ("preprint", ["citation_technical_report_institution"], "report"),
        ("magazineArticle", ["citation_journal_title"], "journalArticle"),
        ("conferencePaper", ["citation_conference_title", "citation_inbook_title"], "bookSection"),
        ("conferencePaper", ["citation_inbook_title"], "bookSection"),
        ("dictionaryEntry", ["citation_book_title"], "bookSection"),
    ],
)
def test_trap_tags_that_form_the_type_beat_the_type(
    item_type: str, tags: list[str], wrong: str, roles: dict[str, list[str]]
) -> None:
    assert embedded(roles, ("z.itemType", item_type), *((name, "X") for name in tags)).item_type == wrong


def test_trap_an_author_tag_makes_all_other_roles_vanish(roles: dict[str, list[str]]) -> None:
    book = (("z.itemType", "book"), ("z.translators", "B, C"))
    assert embedded(roles, *book, ("citation_author", "A, B")).creators == [("author", "A", "B")]
    assert len(embedded(roles, *book, ("DC.creator", "A, B")).creators) == 2


def test_trap_opengraph_makes_a_webpage_of_what_has_no_type(roles: dict[str, list[str]]) -> None:
    assert embedded(roles, ("DC.title", "A film"), ("og:type", "website")).item_type == "webpage"
    assert embedded(roles, ("z.itemType", "film"), ("og:type", "website")).item_type == "film"


def test_trap_opengraph_fills_what_the_item_lacks(roles: dict[str, list[str]]) -> None:
    wrong = embedded(
        roles, ("z.itemType", "blogPost"), ("og:site_name", "A site"), ("og:description", "Cut…")
    )
    assert (wrong.fields["publicationTitle"], wrong.fields["abstractNote"]) == ("A site", "Cut…")
    page = site(make_item(KEY, "blogPost", abstractNote=VALUES["abstractNote"])).page(ITEM)
    right = embedded_metadata(page, roles)
    assert "publicationTitle" not in right.fields
    assert right.fields["abstractNote"] == VALUES["abstractNote"].strip()


def test_trap_a_field_in_capitals_has_no_tag_of_its_own(roles: dict[str, list[str]]) -> None:
    assert "DOI" not in embedded(roles, ("z.itemType", "film"), ("z.DOI", "10.1234/five")).fields
    assert embedded(roles, ("z.itemType", "film"), ("DC.identifier", "10.1234/five")).fields["DOI"]


def test_trap_a_reference_on_an_item_page_costs_the_pdf(roles: dict[str, list[str]]) -> None:
    tags = (("z.itemType", "book"), ("DC.title", "T"), ("citation_pdf_url", "https://e.org/a.pdf"))
    span = (
        '<span class="Z3988" title="rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Abook&amp;rft.btitle=T"></span>'
    )
    assert save(head(*tags, body=span), None, roles)[0].files == []
    assert save(head(*tags), None, roles)[0].files == ["https://e.org/a.pdf"]


def test_trap_first_and_last_name_apart_double_a_compound_surname() -> None:
    format = "rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Abook"
    last = "Garc%C3%ADa%20M%C3%A1rquez"
    apart = f"rft.aulast={last}&rft.aufirst=Gabriel&rft.au=Gabriel%20{last}"
    assert len(read_coins(f"{format}&{apart}").creators) == 2
    people = [{"creatorType": "author", "lastName": "García Márquez", "firstName": "Gabriel"}]
    (saved,) = coins_items(site(make_item(KEY, "book", creators=people)).page("items/"))
    assert saved.creators == [("author", "García Márquez", "Gabriel")]


def test_trap_an_institution_is_cut_unless_saved_by_its_record(roles: dict[str, list[str]]) -> None:
    name = {"creatorType": "author", "name": "World Health Organization"}
    whole = site(make_item(KEY, "report", creators=[name]))
    assert embedded_metadata(whole.page(ITEM), roles).creators == [("author", "Organization", "World Health")]
    (saved,) = save(whole.page(ITEM), fetcher(whole), roles)
    assert saved.creators == [("author", "World Health Organization", "")]


def test_trap_an_unapi_server_with_a_relative_address_is_found_by_none() -> None:
    relative = head(
        links='<link rel="unapi-server" href="item.rdf">', body='<abbr class="unapi-id" title="A">'
    )
    with pytest.raises(AssertionError, match="absolute"):
        unapi(relative, lambda url: "")


def test_trap_a_record_that_does_not_name_its_format_is_passed_over() -> None:
    whole = site(make_item(KEY))
    silent = whole.text(f"{ITEM}item.rdf").replace("rdf_zotero", "mods")
    assert unapi(whole.page(ITEM), lambda url: silent) == []
    assert len(unapi(whole.page(ITEM), fetcher(whole))) == 1


PAPER = (("citation_title", "T"), ("citation_author", "A, B"), ("citation_publication_date", "2020/01/02"))


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        (PAPER[1:], "no citation_title"),
        ((PAPER[0], PAPER[2]), "no citation_author"),
        (PAPER[:2], "no citation_publication_date"),
        ((*PAPER[:2], ("citation_publication_date", "May 2020")), "date"),
        ((*PAPER, ("citation_pdf_url", "a.pdf")), "PDF is not absolute"),
        ((*PAPER, ("citation_pdf_url", "https://e.org/files/a.pdf")), "PDF is in another folder"),
        ((*PAPER, ("citation_pdf_url", "https://e.org/items/A/a")), "PDF is not called .pdf"),
    ],
)
def test_trap_google_scholar_passes_over(tags: tuple[tuple[str, str], ...], problem: str) -> None:
    assert scholar_problems(head(*tags), "https://e.org/items/A/") == [problem]
    right = (*PAPER, ("citation_pdf_url", "https://e.org/items/A/a.pdf"))
    assert scholar_problems(head(*right), "https://e.org/items/A/") == []


# JSON-LD


def json_ld(page: Any) -> Any:
    (text,) = page.xpath("//script[@type='application/ld+json']/text()")
    return json.loads(text)


def test_a_title_with_a_script_stays_inert_in_json_ld() -> None:
    title = "a</script><script>alert(1)</script>&\u2028"
    whole = site(make_item(KEY, title=title))
    page = whole.page(ITEM)
    assert not page.xpath("//script[not(@src) and not(@type='application/ld+json')]")
    assert json_ld(page)["name"] == "a</script><script>alert(1)</script>&"
    assert "\u2028" not in whole.text(f"{ITEM}index.html").partition("ld+json")[2].partition("</script>")[0]


def test_an_article_is_part_of_an_issue_of_a_volume_of_a_periodical(tmp_path: Path, schema: Any) -> None:
    node = json_ld(made(tmp_path, schema, full_item(schema, "journalArticle"), pdf=True).page(ITEM))
    assert node["@type"] == "ScholarlyArticle"
    assert node["@id"] == BASE_URL + ITEM
    assert node["sameAs"] == ["https://doi.org/10.1234/five", "https://pubmed.ncbi.nlm.nih.gov/123456/"]
    chain = node["isPartOf"]
    kinds = [chain["@type"], chain["isPartOf"]["@type"], chain["isPartOf"]["isPartOf"]["@type"]]
    assert kinds == ["PublicationIssue", "PublicationVolume", "Periodical"]
    assert node["encoding"][0]["contentUrl"] == f"{BASE_URL}{ITEM}the-paper.pdf"
    assert {"propertyID": "DOI", "@type": "PropertyValue", "value": "10.1234/five"} in node["identifier"]
    assert [person["familyName"] for person in node["author"]] == ["van author"]


@pytest.mark.parametrize("fields", [{"PMID": "31452104"}, {"extra": "A line\nPMID: 31452104\nAnother"}])
def test_json_ld_names_an_article_by_its_number_in_pubmed(fields: dict[str, str]) -> None:
    node = json_ld(site(make_item(KEY, DOI="10.1234/five", **fields)).page(ITEM))
    assert node["sameAs"] == ["https://doi.org/10.1234/five", "https://pubmed.ncbi.nlm.nih.gov/31452104/"]
    assert {"@type": "PropertyValue", "propertyID": "PMID", "value": "31452104"} in node["identifier"]


def test_the_front_page_describes_search_and_downloads() -> None:
    website, catalog = json_ld(site(make_item(KEY)).page(""))["@graph"]
    assert (
        website["potentialAction"]["target"]["urlTemplate"] == f"{BASE_URL}search/?q={{search_term_string}}"
    )
    (dataset,) = catalog["dataset"]
    assert dataset["distribution"][0]["contentUrl"] == f"{BASE_URL}exports/library.bib"


# Signposting, OpenGraph


def test_an_item_page_points_to_its_record_files_type_and_doi(tmp_path: Path, schema: Any) -> None:
    raw = full_item(schema, "book")
    raw["data"]["rights"] = "CC BY (https://creativecommons.org/licenses/by/4.0/)."
    page = made(tmp_path, schema, raw, pdf=True).page(ITEM)
    found = {
        rel: page.xpath("//head/link[@rel=$rel]/@href", rel=rel)
        for rel in ("describedby", "item", "type", "related", "license", "cite-as")
    }
    assert found == {
        "describedby": [f"../../{ITEM}item.rdf"],
        "item": [f"../../{ITEM}the-paper.pdf"],
        "type": ["https://schema.org/AboutPage", "https://schema.org/Book"],
        "related": ["https://doi.org/10.1234/five"],
        "license": ["https://creativecommons.org/licenses/by/4.0/"],
        # The DOI leads to its publisher, not here.
        "cite-as": [],
    }


@pytest.mark.parametrize(("choice", "offered"), [("always", (True, True)), ("never", (False, False))])
def test_the_site_says_what_google_scholar_is_offered(
    choice: Any, offered: tuple[bool, bool], tmp_path: Path, schema: Any
) -> None:
    config = replace(site_config(), meta=MetaRules(choice))
    paper, film = full_item(schema, "journalArticle"), make_item("BBBB2222", "film")
    for pdf, expected in zip((False, True), offered, strict=True):
        whole = made(tmp_path, schema, paper, film, pdf=pdf, config=config)
        assert (scholar_problems(whole.page(ITEM), BASE_URL + ITEM) == []) is expected
        assert not whole.page("items/BBBB2222/").xpath("//meta[starts-with(@name, 'citation_')]")


@pytest.mark.parametrize(
    ("image", "shared"),
    [
        ("", []),
        ("/my card.png", [f"{BASE_URL}my%20card.png"]),
        ("https://e.org/card.jpg", ["https://e.org/card.jpg"]),
    ],
)
def test_the_sites_own_picture_stands_beside_links_to_it(
    image: str, shared: list[str], tmp_path: Path
) -> None:
    config = site_config(site=SiteConfig("A site", BASE_URL, image=image))
    picture = tmp_path / "map"
    picture.write_bytes(b"x")
    scan = make_attachment("FFFF2222", KEY, filename="Map.png", contentType="image/png")
    files = {scan["data"]["md5"]: picture}
    whole = site(make_item(KEY), scan, make_item("BBBB2222"), files=files, config=config)
    for path in ("", "items/", "items/BBBB2222/"):
        assert whole.page(path).xpath("//meta[@property='og:image']/@content") == shared
        card = "summary_large_image" if shared else "summary"
        assert whole.page(path).xpath("//meta[@name='twitter:card']/@content") == [card]
    own = whole.page(ITEM).xpath("//meta[@property='og:image']/@content")
    assert own == [f"{BASE_URL}{ITEM}map.png"]


def test_every_page_can_be_shared(tmp_path: Path) -> None:
    whole = Site(context(make_item(KEY, "book", title="A <i>b</i>")))
    page = whole.page(ITEM)
    properties = dict(
        zip(page.xpath("//meta/@property"), page.xpath("//meta[@property]/@content"), strict=True)
    )
    assert properties["og:title"] == "A b"
    assert properties["og:type"] == "book"
    assert properties["og:url"] == BASE_URL + ITEM
    assert properties["og:locale"] == "en_US"
    assert whole.page("").xpath("//meta[@property='og:title']/@content") == ["A site"]
    assert whole.page("404.html").xpath("//meta[@property]") == []


def test_a_creator_of_one_item_offers_its_record_and_one_of_several_their_references() -> None:
    people = {"creators": [{"creatorType": "author", "lastName": "Lovelace", "firstName": "Ada"}]}
    one = site(make_item(KEY, **people))
    page = one.page("creators/ada-lovelace/")
    assert coins_items(page) == []
    assert len(unapi(page, fetcher(one))) == 1
    two = site(make_item(KEY, **people), make_item("BBBB2222", **people))
    assert len(coins_items(two.page("creators/ada-lovelace/"))) == 2
    assert not [path for path in two.outputs if path.startswith("creators/") and path.endswith(".rdf")]


def test_a_site_may_do_without_records() -> None:
    config = replace(site_config(), exports=ExportRules(records="none"))
    whole = site(
        make_item(KEY, tags=make_tags("same")), make_item("BBBB2222", tags=make_tags("same")), config=config
    )
    assert not [path for path in whole.outputs if path.endswith(".rdf")]
    assert "item.rdf" not in whole.text("llms.txt")
    for path in (ITEM, "tags/same/"):
        assert unapi(whole.page(path), fetcher(whole)) == []
        assert not whole.page(path).xpath("//link[@rel='describedby' or @rel='unapi-server']")
    assert len(coins_items(whole.page("tags/same/"))) == 2


def test_types_and_recent_additions_hold_no_references() -> None:
    whole = site(make_item(KEY), make_item("BBBB2222"))
    for path in ("types/journalArticle/", "items/recent/"):
        assert coins_items(whole.page(path)) == []


def test_without_records_of_lists_their_references_and_the_records_of_items_stay() -> None:
    config = replace(site_config(), exports=ExportRules(records="items"))
    whole = site(
        make_item(KEY, tags=make_tags("same")), make_item("BBBB2222", tags=make_tags("same")), config=config
    )
    assert {path for path in whole.outputs if path.endswith(".rdf")} == {
        f"{ITEM}item.rdf",
        "items/BBBB2222/item.rdf",
    }
    assert len(coins_items(whole.page("tags/same/"))) == 2

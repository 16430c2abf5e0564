"""What single pages show."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_attachment, make_collection, make_item, make_note, make_tags
from lxml import html as lxml_html
from sitepages import BASE_URL, context, links, site, site_config, words

from zstatic.config import AttachmentRules, CitationRules, LibraryConfig, Secret, SelectRules
from zstatic.dates import PartialDate
from zstatic.pages.citation_meta import iso_date, slash_date
from zstatic.pages.head import shorten
from zstatic.pages.histogram import year_histogram
from zstatic.pages.item import field_parts, size_label, style_label
from zstatic.pages.languages import language_tag
from zstatic.pages.lists import paginate
from zstatic.schema import Schema
from zstatic.translations import ENGLISH

ITEM = "items/AAAA2222/"


def item_page(*children: Any, settings: dict[str, Any] | None = None, **item: Any) -> Any:
    """The parsed page of one item with these fields."""
    return site(make_item("AAAA2222", **item), *children, **(settings or {})).page(ITEM)


def creator(family: str, given: str = "", role: str = "author") -> dict[str, str]:
    return {"creatorType": role, "lastName": family, "firstName": given}


def metas(page: Any, name: str) -> list[str]:
    return [str(content) for content in page.xpath("//meta[@name=$name]/@content", name=name)]


# The item page


def test_markup_of_a_title_is_kept_and_everything_else_is_shown_literally() -> None:
    page = item_page(title="H<sub>2</sub>O & <script>alert(1)</script> <i>x")
    heading = page.xpath("//h1")[0]
    assert heading.xpath("sub/text()") == ["2"]
    assert words(heading) == "H2O & <script>alert(1)</script> <i>x"
    assert page.xpath("string(//title)") == "H2O & <script>alert(1)</script> <i>x · A site"


def test_an_item_without_title_has_a_name_everywhere() -> None:
    made = site(make_item("AAAA2222", title=""))
    assert words(made.page(ITEM).xpath("//h1")[0]) == "[Untitled]"
    assert words(made.page("items/").xpath("//a[@class='entry-title']")[0]) == "[Untitled]"


def test_the_formatted_reference_comes_before_abstract_and_details() -> None:
    styles = {"apa": {"AAAA2222": '<div class="csl-entry">Me <i>here</i>.</div>'}}
    item = {"abstractNote": "What.", "volume": "3"}
    page = item_page(settings={"citations": styles}, **item)
    ids = page.xpath("//article//h2/@id")
    assert [name for name in ids if name in ("cite", "abstract", "details")] == [
        "cite",
        "abstract",
        "details",
    ]
    assert page.xpath("//*[@id='cite-1']//i/text()") == ["here"]


def test_each_configured_style_has_its_reference_and_button() -> None:
    styles = {
        style: {"AAAA2222": f"<div>{style}</div>"}
        for style in ("apa", "modern-language-association", "vancouver")
    }
    page = item_page(settings={"citations": styles})
    assert [words(each) for each in page.xpath("//div[@class='reference']")] == list(styles)
    buttons = page.xpath("//section[@class='cite']//button")
    assert [each.get("data-copy") for each in buttons[:3]] == ["cite-1", "cite-2", "cite-3"]
    assert all(each.xpath("ancestor-or-self::*[@hidden]") for each in buttons), "they need the script to work"


def test_without_a_reference_from_zotero_there_is_a_plain_one() -> None:
    page = item_page(
        title="On <i>light</i>", creators=[creator("Einstein", "Albert")], date="1921", parsed_date="1921"
    )
    assert words(page.xpath("//*[@id='cite-1']")[0]) == "Albert Einstein (1921). On light."
    undated = item_page(title="On light")
    assert words(undated.xpath("//*[@id='cite-1']")[0]) == "(n.d.). On light."


def test_creators_stand_by_role_and_lead_to_their_pages() -> None:
    people = [
        creator("van der Berg", "Jan"),
        creator("Łukasiewicz", "Jan", "editor"),
        {"creatorType": "author", "name": "The Institute"},
        creator("", "", "author"),
        creator("Plato", ""),
    ]
    made = site(make_item("AAAA2222", creators=people))
    rows = made.page(ITEM).xpath("//dl[@class='roles']/div")
    assert [words(row) for row in rows] == [
        "author Jan van der Berg The Institute Plato",
        "editor Jan Łukasiewicz",
    ]
    assert links(rows[0]) == [
        "../../creators/jan-van-der-berg/",
        "../../creators/the-institute/",
        "../../creators/plato/",
    ]
    assert words(made.page("creators/jan-van-der-berg/").xpath("//h1")[0]) == "Jan van der Berg"
    assert "van der Berg, Jan" in words(made.page("creators/").xpath("//main")[0])


def test_500_authors_are_all_there_but_folded() -> None:
    page = item_page(creators=[creator(f"Author{number}") for number in range(500)])
    assert len(page.xpath("//dl[@class='roles']//a")) == 500
    assert len(page.xpath("//dl[@class='roles']/div/dd/ul/li")) == 25
    assert words(page.xpath("//dl[@class='roles']//summary")[0]) == "and 475 more"


def test_hundreds_of_tags_are_all_there_but_folded() -> None:
    page = item_page(tags=make_tags(*(f"tag {number:03}" for number in range(200))))
    section = page.xpath("//section[@aria-labelledby='item-tags']")[0]
    assert len(section.xpath(".//a")) == 200
    assert len(section.xpath("./ul/li")) == 30
    assert words(section.xpath(".//summary")[0]) == "170 more"


def test_fields_come_in_the_schemas_order_under_its_labels(schema: Any) -> None:
    item = make_item("AAAA2222", DOI="10.1000/182", volume="3", publicationTitle="Nature", shortTitle="")
    page = site(item, schema_json=schema, schema=Schema.from_json(schema, "fr-FR")).page(ITEM)
    assert page.xpath("//dl[@class='fields']//dt/text()") == ["Publication", "Volume", "DOI"]


def test_a_type_and_field_that_the_schema_does_not_know_show_their_raw_names() -> None:
    made = site(make_item("AAAA2222", "hologram", brightness="11"))
    page = made.page(ITEM)
    assert words(page.xpath("//p[@class='kind']")[0]) == "hologram"
    assert words(page.xpath("//dl[@class='fields']")[0]) == "brightness 11"
    assert "types/hologram/index.html" in made.outputs


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (
            "DOI",
            "doi:10.1000/ABC<1>",
            [("https://doi.org/10.1000/ABC<1>", "https://doi.org/10.1000/ABC%3C1%3E")],
        ),
        ("DOI", "none", [("none", "")]),
        ("ISSN", "0028-0836", [("0028-0836", "https://portal.issn.org/resource/ISSN/0028-0836")]),
        ("ISSN", "03787788", [("0378-7788", "https://portal.issn.org/resource/ISSN/0378-7788")]),
        (
            "ISSN",
            "ISSN 0378–7788 (print), 1999-2001",
            [
                ("0378-7788", "https://portal.issn.org/resource/ISSN/0378-7788"),
                ("(print), 1999-2001", ""),
            ],
        ),
        ("ISSN", "ISSN", [("ISSN", "")]),
        ("ISBN", "unknown", [("unknown", "")]),
        ("ISBN", "0-69-697269-4", [("0-69-697269-4", "")]),
        (
            "ISBN",
            "ISBN-13: 9780306406157 (hbk.); 978-0-306-40615-8",
            [
                ("978-0-306-40615-7", "https://search.worldcat.org/search?q=bn%3A9780306406157"),
                ("(hbk.); 978-0-306-40615-8", ""),
            ],
        ),
        ("url", "javascript:alert(1)", [("javascript:alert(1)", "")]),
        ("url", "https://example.com/?a=1", [("https://example.com/?a=1", "https://example.com/?a=1")]),
        ("PMID", "123", [("123", "https://pubmed.ncbi.nlm.nih.gov/123/")]),
        ("PMCID", "PMC12", [("PMC12", "https://pmc.ncbi.nlm.nih.gov/articles/PMC12/")]),
        ("archiveID", "arXiv:2101.00001v2", [("arXiv:2101.00001v2", "https://arxiv.org/abs/2101.00001v2")]),
        ("number", "2101.00001", [("2101.00001", "")]),
        ("accessDate", "2020-01-02T03:04:05Z", [("2020-01-02", "")]),
        ("pages", "1-2, 5–6", [("1-2, 5–6", "")]),
        (
            "extra",
            "PMID: 7\nhello\narXiv: hep-th/9901001",
            [
                ("PMID: 7", "https://pubmed.ncbi.nlm.nih.gov/7/"),
                ("hello", ""),
                ("arXiv: hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
            ],
        ),
    ],
)
def test_identifiers_are_links(field: str, value: str, expected: list[tuple[str, str]]) -> None:
    assert [(part.text, part.href) for part in field_parts(field, value)] == expected


def test_two_isbns_in_one_field_are_two_links() -> None:
    parts = list(field_parts("ISBN", "978-0-306-40615-7 0306406152"))
    assert [part.text for part in parts] == ["978-0-306-40615-7", "0-306-40615-2"]
    assert all(part.href.endswith(part.text.replace("-", "")) for part in parts)


def test_files_are_offered_with_kind_and_size(tmp_path: Path) -> None:
    stored = tmp_path / "x"
    stored.write_bytes(b"0" * 1_234_567)
    attachment = make_attachment("DDDD2222", "AAAA2222", title="The paper", filename="A paper.pdf")
    page = item_page(attachment, settings={"files": {attachment["data"]["md5"]: stored}})
    button = page.xpath("//section[@class='access']//a")[0]
    assert words(button) == "The paper PDF, 1.2 MB"
    assert button.get("href") == "../../items/AAAA2222/a-paper.pdf"
    assert metas(page, "citation_pdf_url") == [f"{BASE_URL}items/AAAA2222/a-paper.pdf"]


def test_a_file_that_the_mirror_lacks_is_not_offered() -> None:
    page = item_page(make_attachment("DDDD2222", "AAAA2222"))
    assert not page.xpath("//section[@class='access']")


def test_link_attachments_are_shown_only_if_safe_and_wanted() -> None:
    good = make_attachment(
        "DDDD2222", "AAAA2222", linkMode="linked_url", title="A link", url="https://example.com/", md5=None
    )
    bad = make_attachment(
        "DDDD3333", "AAAA2222", linkMode="linked_url", title="Bad", url="javascript:alert(1)", md5=None
    )
    page = item_page(good, bad)
    assert links(page.xpath("//section[@class='access']")[0]) == ["https://example.com/"]
    off = site_config(attachments=AttachmentRules(link_urls=False))
    assert not item_page(good, bad, settings={"config": off}).xpath("//section[@class='access']")


def test_a_standalone_file_has_a_page_only_if_it_is_published(tmp_path: Path) -> None:
    stored = tmp_path / "x"
    stored.write_bytes(b"%PDF")
    attachment = make_attachment("DDDD2222", title="Alone")
    published = site(attachment, files={attachment["data"]["md5"]: stored})
    assert words(published.page("items/DDDD2222/").xpath("//h1")[0]) == "Alone"
    assert not any(path.startswith("items/DDDD2222") for path in site(attachment).outputs)


def test_an_item_shows_the_paths_of_all_its_collections() -> None:
    collections = [
        make_collection("CCCC2222", "A/B"),
        make_collection("CCCC3333", "Deep", "CCCC2222"),
        make_collection("CCCC4444", "Other"),
    ]
    page = item_page(settings={"collections": collections}, collections=["CCCC3333", "CCCC4444"])
    assert [words(each) for each in page.xpath("//ul[@class='trails']/li")] == ["A/B › Deep", "Other"]
    assert words(page.xpath("//nav[@class='trail']")[0]) == "Collections A/B Deep"


@pytest.mark.parametrize(
    ("value", "shown"), [("la", "Latin"), ("fr-CA", "French (Canada)"), ("en; fr", "en; fr")]
)
def test_a_language_is_named_where_the_field_has_its_code(value: str, shown: str) -> None:
    fields = item_page(language=value).xpath("//dl[@class='fields']/div")
    assert shown in [words(each.xpath("dd")[0]) for each in fields]


def test_related_items_are_links_with_their_titles() -> None:
    relation = {
        "dc:relation": [
            "http://zotero.org/groups/1/items/BBBB2222",
            "http://zotero.org/groups/1/items/GONE2222",
        ]
    }
    made = site(make_item("AAAA2222", relations=relation), make_item("BBBB2222", title="The other"))
    related = made.page(ITEM).xpath("//section[@aria-labelledby='related']//a")
    assert [words(each) for each in related] == ["The other"]


def test_notes_are_shown_only_when_published_and_never_run() -> None:
    note = make_note("EEEE2222", "AAAA2222", note="<p onclick='x()'>Mine<script>alert(1)</script></p>")
    assert not item_page(note).xpath("//section[@aria-labelledby='notes']")
    library = LibraryConfig("groups/1", select=SelectRules(notes=True))
    page = item_page(note, settings={"config": site_config(libraries=(library,))})
    shown = page.xpath("//section[@aria-labelledby='notes']")[0]
    assert "Mine" in words(shown)
    assert shown.xpath("details[@open]/summary/h2[@id='notes']")
    assert not shown.xpath(".//script | .//@onclick")


def test_a_standalone_note_has_a_page_when_notes_are_published() -> None:
    library = LibraryConfig("groups/1", select=SelectRules(notes=True))
    made = site(make_note("EEEE2222", note="<p>Alone.</p>"), config=site_config(libraries=(library,)))
    page = made.page("items/EEEE2222/")
    assert not page.xpath("//section[@class='cite']")
    assert "Alone." in words(page.xpath("//section[@aria-labelledby='notes']")[0])


def test_the_item_is_offered_in_each_export_format() -> None:
    exports = {
        "bibtex": {"AAAA2222": "@article{key_2020,\n\ttitle = {A <b> title}\n}"},
        "csljson": {"AAAA2222": json.dumps({"id": "1/AAAA2222", "type": "article-journal", "title": "A"})},
    }
    page = item_page(settings={"exports": exports})
    blocks = page.xpath("//section[@class='cite']//pre")
    assert [(block.get("role"), block.get("aria-label")) for block in blocks] == [
        ("group", "BibTeX"),
        ("group", "CSL-JSON"),
    ]
    assert "A <b> title" in blocks[0].text_content()


def test_a_very_long_abstract_scrolls_in_a_box_that_the_keyboard_reaches() -> None:
    def box(abstract: str) -> Any:
        page = site(make_item("AAAA2222", abstractNote=abstract)).page(ITEM)
        return page.xpath("//section[@aria-labelledby='abstract']/div")[0]

    long = box("A sentence. " * 3000)
    assert (long.get("tabindex"), long.get("role"), long.get("aria-labelledby")) == ("0", "group", "abstract")
    assert words(long).count("A sentence.") == 3000
    assert box("A sentence. " * 300).get("tabindex") is None


def test_only_an_item_that_anyone_may_see_links_to_zotero() -> None:
    link = "//a[text()='This item at zotero.org']/@href"
    config = site_config()
    assert item_page(settings={"config": config}).xpath(link) == [
        "https://www.zotero.org/groups/1/items/AAAA2222"
    ]
    with_key = replace(config, api_key=Secret("x"))
    assert not item_page(settings={"config": with_key}).xpath(link)
    assert item_page(settings={"config": with_key, "is_public": True}).xpath(link)
    switched_off = replace(config, site=replace(config.site, zotero_links=False))
    assert not item_page(settings={"config": switched_off}).xpath(link)
    of_user = replace(config, libraries=(LibraryConfig("users/7712345"),))
    made = site(make_item("AAAA2222"), config=of_user)
    assert not made.page(ITEM).xpath(link)
    assert not any("7712345" in made.text(path) for path in made.outputs if path.endswith(".html"))


def test_an_export_that_zotero_did_not_give_is_not_offered() -> None:
    exports = {"bibtex": {"AAAA2222": "@article{key_2020,\n\ttitle = {A}\n}"}, "csljson": {}}
    page = item_page(settings={"exports": exports})
    assert page.xpath("//section[@class='cite']//pre/@aria-label") == ["BibTeX"]


@pytest.mark.parametrize(
    ("reference", "locale", "direction", "shown"),
    [
        ("Knuth, D. (1984).", "en-US", "ltr", "Knuth, D. (1984)."),
        ("Knuth, D. (1984).", "ar", "ltr", "Knuth, D. (1984)."),
        (
            "ابن النديم. (1871). <i>كتاب الفهرست</i>. Vogel.",
            "en-US",
            "ltr",
            "<bdi>ابن النديم</bdi>. (1871). <i><bdi>كتاب الفهرست</bdi></i>. Vogel.",
        ),
        ("ابن النديم. (1871). Vogel.", "ar", "rtl", "ابن النديم. (1871). Vogel."),
        ("ابن النديم. (1871).", "en-US", "rtl", "ابن النديم. (1871)."),
        ('“מארה"ב” in 1950', "en-US", "ltr", '“<bdi>מארה"ב</bdi>” in 1950'),
    ],
)
def test_a_reference_keeps_its_order_whatever_the_scripts_in_it(
    reference: str, locale: str, direction: str, shown: str
) -> None:
    config = site_config(citations=CitationRules(styles=("apa",), locale=locale))
    page = item_page(settings={"citations": {"apa": {"AAAA2222": reference}}, "config": config})
    block = page.get_element_by_id("cite-1")
    assert block.get("dir") == direction
    inner = (block.text or "") + "".join(str(lxml_html.tostring(each, encoding="unicode")) for each in block)
    assert inner == shown


def test_each_part_of_a_line_about_an_item_keeps_its_own_direction() -> None:
    creators = [creator("الإدريسي", "محمد")]
    made = site(make_item("AAAA2222", creators=creators, publicationTitle="Nature", date="1154"))
    line = made.page("items/").xpath("//p[@class='entry-by']")[0]
    assert line.get("dir") is None
    assert [each.text for each in line.iter("bdi")] == ["محمد الإدريسي"]
    assert line.xpath("cite[@dir='auto']/text()") == ["Nature"]


def test_items_and_collections_of_the_same_name_are_told_apart_by_their_page_titles() -> None:
    items = [
        make_item("AAAA2222", title="Rosetta Stone", date="2010", parsed_date="2010"),
        make_item("BBBB2222", title="Rosetta Stone"),
        make_item("CCCC2222", title="Another"),
    ]
    twins = [make_collection("CCCC3333", "Maps"), make_collection("CCCC4444", "Maps")]
    made = site(*items, collections=twins)

    def title(path: str) -> str:
        return str(made.page(path).xpath("string(//title)"))

    assert title("items/AAAA2222/") == "Rosetta Stone (2010, AAAA2222) · A site"
    assert title("items/BBBB2222/") == "Rosetta Stone (BBBB2222) · A site"
    assert title("items/CCCC2222/") == "Another · A site"
    assert title("collections/CCCC3333/") == "Collection: Maps (CCCC3333) · A site"
    assert title("collections/CCCC4444/") == "Collection: Maps (CCCC4444) · A site"


def test_an_item_text_tells_its_language_and_direction() -> None:
    page = item_page(title="كتاب الفهرست", language="ar")
    heading = page.xpath("//h1")[0]
    assert (heading.get("lang"), heading.get("dir")) == ("ar", "auto")
    assert item_page(language="French").xpath("//h1/@lang") == []


@pytest.mark.parametrize(
    ("text", "language", "lang"),
    [
        ("Von der Bewegung und dem Licht.", "de", ["de"]),
        ("Of light and the motion of bodies.", "de", ["en"]),
        ("Of light and the motion of bodies.", "", ["en"]),
        ("Of light and the motion of bodies.", "en-GB", ["en-GB"]),
        ("Thee licht of donker and", "nl", ["nl"]),
        ("Something", "", []),
    ],
)
def test_an_english_abstract_of_a_foreign_work_is_read_as_english(
    text: str, language: str, lang: list[str]
) -> None:
    page = item_page(abstractNote=text, language=language)
    assert page.xpath("//section[@aria-labelledby='abstract']//div/@lang") == lang


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        *(("en", "en"), ("fr-CA", "fr-CA"), ("fr_CA", "fr-CA"), ("zh-Hant", "zh-Hant"), ("en; fr", "")),
        *(("eng", "en"), ("ger", "de"), ("DE-ch", "de-ch"), ("grc", "grc"), ("xx", "")),
        *(("French", ""), ("", ""), ("x", ""), ("日本語", ""), ('en" onload="x', "")),
    ],
)
def test_only_a_real_language_tag_becomes_one(text: str, tag: str) -> None:
    assert language_tag(text) == tag


# The head of the item page


def scholarly_page(tmp_path: Path, **item: Any) -> Any:
    """The page of an item whose PDF is published."""
    attachment = make_attachment("FFFF2222", "AAAA2222")
    file = tmp_path / "file"
    file.write_bytes(b"%PDF-")
    return item_page(attachment, settings={"files": {attachment["data"]["md5"]: file}}, **item)


def test_an_article_can_be_read_by_google_scholar(tmp_path: Path) -> None:
    page = scholarly_page(
        tmp_path,
        title="On <i>light</i>",
        creators=[creator("van der Berg", "Jan Piet"), creator("Curie", "Marie", "editor")],
        publicationTitle="Nature",
        volume="3",
        pages="162–163",
        DOI="10.1000/182",
        date="1921-03",
        parsed_date="1921-03",
    )
    assert metas(page, "citation_title") == ["On light"]
    assert metas(page, "citation_author") == ["van der Berg, Jan Piet;"]
    assert metas(page, "citation_publication_date") == ["1921/03"]
    assert metas(page, "citation_journal_title") == ["Nature"]
    assert (metas(page, "citation_firstpage"), metas(page, "citation_lastpage")) == (["162"], ["163"])
    assert metas(page, "citation_doi") == ["10.1000/182"]
    assert metas(page, "DC.creator") == []


def test_two_authors_stand_as_they_are(tmp_path: Path) -> None:
    page = scholarly_page(tmp_path, creators=[creator("de A", "B C"), creator("C", "D")])
    assert metas(page, "citation_author") == ["de A, B C", "C, D"]


def test_the_tag_that_makes_a_conference_paper_comes_last(tmp_path: Path) -> None:
    paper = {"itemType": "conferencePaper", "proceedingsTitle": "Proceedings"}
    names = scholarly_page(tmp_path, conferenceName="Conference", **paper).xpath("//meta/@name")
    assert names.index("citation_inbook_title") < names.index("citation_conference_title")
    assert "citation_inbook_title" not in scholarly_page(tmp_path, **paper).xpath("//meta/@name")


def test_google_scholar_is_offered_papers_by_those_who_publish_them() -> None:
    hosted_elsewhere = item_page(creators=[creator("A", "B")])
    assert metas(hosted_elsewhere, "citation_title") == []
    assert metas(hosted_elsewhere, "DC.creator") == ["A, B"]
    own = site_config(libraries=(LibraryConfig("users/1/publications"),))
    assert metas(item_page(settings={"config": own}), "citation_title") == ["Title of AAAA2222"]


def test_a_film_is_described_without_the_tags_of_articles() -> None:
    page = item_page(itemType="film", title="Metropolis", creators=[creator("Lang", "Fritz", "director")])
    assert not [name for name in page.xpath("//meta/@name") if name.startswith("citation_")]
    assert metas(page, "DC.creator") == ["Lang, Fritz"]


@pytest.mark.parametrize(
    ("date", "iso", "slashes"),
    [
        (PartialDate("x", 1999, 3, 1), "1999-03-01", "1999/03/01"),
        (PartialDate("x", 999), "0999", "0999"),
        (PartialDate("x", 1999, None, 5), "1999", "1999"),
        (PartialDate("x", -43), "", ""),
        (PartialDate("n.d."), "", ""),
    ],
)
def test_dates_for_machines(date: PartialDate, iso: str, slashes: str) -> None:
    assert (iso_date(date), slash_date(date)) == (iso, slashes)


def test_descriptions_are_one_line_of_whole_words() -> None:
    assert shorten("One\n two") == "One two"
    assert shorten("word " * 100, 22) == "word word word word…"
    assert shorten("word " * 100, 20) == "word word word word…"


def test_a_description_without_spaces_is_cut_to_200_characters() -> None:
    assert shorten("文" * 300) == "文" * 199 + "…"


# Lists


def test_items_are_listed_newest_year_first_and_undated_last() -> None:
    dates = {"AAAA2222": "1990", "AAAA3333": "2020", "AAAA4444": "", "AAAA5555": "-0043", "AAAA6666": "999"}
    items = [make_item(key, title=key, date=date, parsed_date=date) for key, date in dates.items()]
    page = site(*items).page("items/")
    assert page.xpath("//section[@class='year']/h2/text()") == ["2020", "1990", "999", "44 BCE", "Undated"]
    assert site(*items).page("years/undated/").xpath("//a[@class='entry-title']/text()") == ["AAAA4444"]


def test_within_a_year_items_are_listed_by_title_without_accents_case_or_quotes() -> None:
    titles = ["Zebra", "“Éclair”", "apple", "<i>Banana</i>", "Éclairs"]
    items = [make_item(f"AAAA222{number}", title=title) for number, title in enumerate(titles, 2)]
    lines = site(*items).page("items/").xpath("//a[@class='entry-title']")
    assert [words(line) for line in lines] == ["apple", "Banana", "“Éclair”", "Éclairs", "Zebra"]


def test_a_list_has_at_most_a_hundred_items_a_page_and_a_way_through() -> None:
    made = site(*(make_item(f"AAAA{number:04}", title=f"T{number:04}") for number in range(201)))
    first, last = made.page("items/"), made.page("items/page/3/")
    assert len(first.xpath("//a[@class='entry-title']")) == 100
    assert len(last.xpath("//a[@class='entry-title']")) == 1
    assert first.xpath("//a[@rel='next']/@href") == ["../items/page/2/"]
    assert first.xpath("//nav[@class='pagination']//a[@aria-current='page']/text()") == ["1"]
    assert not last.xpath("//a[@rel='next']")
    assert "items/page/1/index.html" not in made.outputs


def test_long_pagination_leaves_out_the_middle() -> None:
    pages = [pagination for _, pagination in paginate(range(5000), "x/", 100)]
    assert [link.number for link in pages[24].links] == [1, 0, 23, 24, 25, 26, 27, 0, 50]
    assert [link.number for link in pages[0].links] == [1, 2, 3, 0, 50]


def test_tags_equal_but_for_case_and_spaces_share_a_page_under_the_commonest_spelling() -> None:
    tags = [make_tags("history"), make_tags(" History "), make_tags("History"), make_tags("")]
    made = site(*(make_item(f"AAAA222{n}", tags=each) for n, each in enumerate(tags, 2)))
    page = made.page("tags/history/")
    assert words(page.xpath("//h1")[0]) == "History"
    assert len(page.xpath("//a[@class='entry-title']")) == 3
    assert sum(path.startswith("tags/") and path.endswith(".html") for path in made.outputs) == 2


@pytest.mark.parametrize("tag", ["a/b", "?", "#", "100%", "😀", "x" * 255, "..", "con", "<b>"])
def test_any_tag_has_a_page_that_its_items_link_to(tag: str) -> None:
    made = site(make_item("AAAA2222", tags=make_tags(tag)))
    href = made.page(ITEM).xpath("//section[@aria-labelledby='item-tags']//a/@href")[0]
    page = made.page(href.removeprefix("../../"))
    assert page.xpath("string(//h1)") == tag


def test_a_short_index_has_a_section_for_each_initial() -> None:
    tags = make_tags("Äpfel", "apple", "Berlin", "1984", "★", "данные", "漢字", "한글")
    page = site(make_item("AAAA2222", tags=tags)).page("tags/")
    assert page.xpath("//div[@class='letter']/h2/text()") == ["#", "0–9", "A", "B", "Д", "한", "漢"]


def test_a_long_index_is_split_by_initial_and_every_term_is_still_there() -> None:
    tags = [f"{letter}{number:03}" for letter in "ab" for number in range(350)]
    made = site(make_item("AAAA2222", tags=make_tags(*tags)), make_item("BBBB2222", tags=make_tags("b001")))
    index = made.page("tags/")
    assert words(index.xpath("//div[@class='letter']//a")[0]) == "b001"
    assert links(index.xpath("//nav[@class='letters']")[0]) == ["../tags/letter/a/", "../tags/letter/b/"]
    listed = [
        words(a)
        for letter in "ab"
        for a in made.page(f"tags/letter/{letter}/").xpath("//ul[@class='terms']//a")
    ]
    assert listed == tags


def test_a_collection_page_shows_its_items_its_subcollections_and_where_it_lies() -> None:
    collections = [
        make_collection("CCCC2222", "Top"),
        make_collection("CCCC3333", "Middle", "CCCC2222"),
        make_collection("CCCC4444", " ", "CCCC3333"),
    ]
    items = [
        make_item("AAAA2222", title="Both", collections=["CCCC2222", "CCCC4444"]),
        make_item("AAAA3333", title="Deep", collections=["CCCC4444"]),
    ]
    made = site(*items, collections=collections)
    top = made.page("collections/CCCC2222/")
    assert [words(a) for a in top.xpath("//a[@class='entry-title']")] == ["Both"]
    assert words(top.xpath("//p[@class='sum']")[0]) == "1 item · 2 with subcollections"
    assert words(top.xpath("//ul[@class='cards']")[0]) == "Middle 2"
    deep = made.page("collections/CCCC4444/")
    assert words(deep.xpath("//nav[@class='trail']")[0]) == "Collections Top Middle"
    assert words(deep.xpath("//h1")[0]) == "[Untitled]"


def test_the_tree_of_collections_nests_as_in_zotero() -> None:
    keys = [f"CCCC{number:04}" for number in range(2000, 2012)]
    chain = [make_collection(key, key, parent) for key, parent in zip(keys, [None, *keys], strict=False)]
    tree = site(make_item("AAAA2222"), collections=[*chain, make_collection("CCCC3333", "Last")]).page(
        "collections/"
    )
    nested = tree.xpath("//div[@class='tree']" + "/ul/li" * 12)
    assert [words(row) for row in nested] == ["CCCC2011 0"]
    assert len(tree.xpath("//div[@class='tree']/ul/li")) == 2


def test_a_thousand_nested_collections_do_not_stop_a_site() -> None:
    keys = [f"C{number:07}" for number in range(1000)]
    chain = [make_collection(key, key, parent) for key, parent in zip(keys, [None, *keys], strict=False)]
    ctx = context(make_item("AAAA2222", collections=[keys[-1]]), collections=chain)
    assert len(ctx.collections["", keys[0]].subtree) == 1
    assert len(ctx.collections["", keys[-1]].parents) == 999


def test_items_in_no_collection_are_said_to_be_among_all_items() -> None:
    made = site(make_item("AAAA2222"), collections=[make_collection("CCCC2222")])
    assert "1 item is in no collection" in words(made.page("collections/").xpath("//main")[0])
    assert "../items/AAAA2222/" in links(made.page("items/"))


def test_years_stand_by_decade() -> None:
    years = ["2021", "2020", "1999", "-0043"]
    made = site(*(make_item(f"AAAA222{n}", date=year, parsed_date=year) for n, year in enumerate(years, 2)))
    page = made.page("years/")
    assert page.xpath("//section/h2/text()") == ["2020s", "1990s", "50 to 41 BCE"]
    assert links(page.xpath("//section")[0]) == ["../years/2021/", "../years/2020/"]
    assert words(made.page("years/-43/").xpath("//h1")[0]) == "44 BCE"


@pytest.mark.parametrize(
    "years", [[2020], [1450, *range(1900, 2025)], [-3000, 2020, 9999], list(range(1, 2025))]
)
def test_the_picture_of_years_has_few_bars_that_fit(years: list[int]) -> None:
    items = [
        make_item(
            f"A{number:07}",
            date=f"{year:05}" if year < 0 else f"{year:04}",
            parsed_date=f"{year:05}" if year < 0 else f"{year:04}",
        )
        for number, year in enumerate(years)
    ]
    chart = year_histogram(context(*items).groups["year"], ENGLISH)
    assert 1 <= len(chart.bars) <= 40
    assert max(bar.height for bar in chart.bars) == 100
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in chart.bars)
    # Every item is in a bar or said to be left out.
    assert sum(bar.count for bar in chart.bars) + sum(each.count for each in chart.outside) == len(years)


def test_what_the_picture_of_years_leaves_out_is_said_and_linked() -> None:
    dates = ["1154", *["2020"] * 30, "", ""]
    items = [make_item(f"A{n:07}", date=date, parsed_date=date) for n, date in enumerate(dates)]
    for path, root in (("", "./"), ("years/", "../")):
        said = site(*items).page(path).xpath("//p[@class='outside']")[0]
        assert words(said) == "Not in the picture: 1 before 2020, 2 undated"
        assert links(said) == [f"{root}years/#decade-1150", f"{root}years/undated/"]


def test_the_number_of_files_is_no_link_as_no_page_lists_them(tmp_path: Path) -> None:
    attachment = make_attachment("DDDD2222", "AAAA2222")
    stored = tmp_path / "stored"
    stored.write_bytes(b"%PDF-1.4")
    page = site(make_item("AAAA2222"), attachment, files={attachment["data"]["md5"]: stored}).page("")
    counts = page.xpath("//ul[@class='numbers']/li")
    assert {words(count): links(count) for count in counts} == {"1 item": ["./items/"], "1 file": []}


def test_the_front_page_counts_and_shows_the_newest() -> None:
    items = [
        make_item(f"AAAA222{n}", title=f"T{n}", dateAdded=f"2020-01-0{n}T00:00:00Z", tags=make_tags("x"))
        for n in range(1, 10)
    ]
    page = site(*items).page("")
    assert [words(each) for each in page.xpath("//ul[@class='numbers']/li")] == ["9 items", "1 tag"]
    assert [words(a) for a in page.xpath("//a[@class='entry-title']")][:2] == ["T9", "T8"]
    assert page.xpath("//form[@action='./search/'][@method='get']//input[@name='q']")


def test_what_was_added_at_once_stands_in_the_order_of_the_lists_wherever_the_newest_are() -> None:
    at_once = "2020-01-01T00:00:00Z"
    items = [
        make_item("AAAA2222", title="Zebra", date="1990", dateAdded=at_once),
        make_item("BBBB2222", title="Élan", date="1990", dateAdded=at_once),
        make_item("CCCC2222", title="Old", date="1890", dateAdded=at_once),
        make_item("DDDD2222", title="New", date="1790", dateAdded="2020-01-02T00:00:00Z"),
    ]
    made = site(*items)
    expected = ["New", "Élan", "Zebra", "Old"]
    for path in ("", "items/recent/"):
        assert [words(a) for a in made.page(path).xpath("//a[@class='entry-title']")] == expected
    feed = json.loads(made.text("feed.json"))
    assert [entry["title"] for entry in feed["items"]] == expected


@pytest.mark.parametrize(
    ("kind", "fields", "shown"),
    [
        ("book", {"archive": "Secret shelf"}, ""),
        ("book", {"archive": "Secret shelf", "series": "Old maps"}, "Old maps"),
        ("letter", {"archive": "Bodleian Library"}, "Bodleian Library"),
    ],
)
def test_only_what_was_not_published_is_told_by_the_archive_where_it_is(
    kind: str, fields: dict[str, str], shown: str
) -> None:
    entry = context(make_item("AAAA2222", kind, **fields)).items[0]
    assert (entry.container, entry.line.container) == (shown, shown)


def test_long_lists_lead_to_the_search_in_them_and_to_their_feeds() -> None:
    items = [
        make_item(
            f"AAAA22{n + 22}", tags=make_tags("R&D", *(["rare"] if n < 4 else [])), collections=["CCCC2222"]
        )
        for n in range(20)
    ]
    for item in items:
        item["data"]["creators"] = [{"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"}]
    made = site(*items, collections=[make_collection("CCCC2222", "Maps")])

    def more(path: str) -> list[str]:
        return made.page(path).xpath("//header/p[@class='more']//a/@href")

    (tag,) = (group.term for group in context(*items).groups["tag"] if group.term.label == "R&D")
    feeds = ["atom.xml", "feed.json"]
    assert more("collections/CCCC2222/") == ["../../search/?collection=CCCC2222"] + [
        f"../../collections/CCCC2222/{feed}" for feed in feeds
    ]
    assert more(tag.path) == [f"../../search/?tag={tag.slug}", *(f"../../{tag.path}{feed}" for feed in feeds)]
    assert more("creators/ada-lovelace/") == ["../../search/?creator=ada-lovelace"]
    assert more("tags/rare/") == [] and more("types/journalArticle/") == []


def test_a_tag_of_a_single_item_is_not_called_frequent() -> None:
    items = [make_item(f"AAAA222{n}", tags=make_tags("shared", f"only {n}")) for n in range(2)]
    page = site(*items).page("")
    assert page.xpath("//section[@aria-labelledby='tags']//li/a/text()") == ["shared"]


# Words and numbers


@pytest.mark.parametrize(
    ("size", "label"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (999_600, "1 MB"),
        (12_345_678, "12 MB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_sizes_are_readable(size: int, label: str) -> None:
    assert size_label(size, ENGLISH) == label


def test_style_names_are_readable() -> None:
    assert style_label("apa") == "APA"
    assert style_label("journal-of-odd-things") == "Journal of odd things"
    assert style_label("https://www.zotero.org/styles/my-style") == "My style"


# Merged items


def test_the_address_of_a_merged_item_leads_on() -> None:
    relations = {"dc:replaces": ["http://zotero.org/groups/1/items/OOOO2222"]}
    made = site(make_item("AAAA2222", title="Kept", relations=relations))
    page = made.page("items/OOOO2222/")
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == ["0; url=../../items/AAAA2222/"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{BASE_URL}items/AAAA2222/"]
    assert metas(page, "robots") == ["noindex"]
    assert "../../items/AAAA2222/" in links(page.xpath("//main")[0])
    assert "OOOO2222" not in made.text("sitemap.xml")


def test_an_item_that_is_still_there_is_not_led_away_from() -> None:
    relations = {"dc:replaces": ["http://zotero.org/groups/1/items/BBBB2222"]}
    made = site(make_item("AAAA2222", relations=relations), make_item("BBBB2222", title="Still here"))
    assert words(made.page("items/BBBB2222/").xpath("//h1")[0]) == "Still here"


def test_the_address_of_a_removed_item_says_so_and_tells_nothing_of_it() -> None:
    gone = make_item("GONE2222", title="canary", tags=make_tags("canary"), deleted=1)
    merged = make_item("OOOO2222", title="canary", deleted=1)
    relations = {"dc:replaces": ["http://zotero.org/groups/1/items/OOOO2222"]}
    made = site(gone, merged, make_item("AAAA2222", relations=relations))
    page = made.page("items/GONE2222/")
    assert words(page.xpath("//h1")[0]) == "This item was removed"
    assert metas(page, "robots") == ["noindex"]
    assert not page.xpath("//link[@rel='canonical']")
    assert words(made.page("items/OOOO2222/").xpath("//h1")[0]) == "This item has moved"
    written = {path: made.text(path) for path in made.outputs if not path.startswith("static/")}
    assert not [path for path, text in written.items() if "canary" in text]
    assert [path for path, text in written.items() if "GONE2222" in text] == ["items/GONE2222/index.html"]

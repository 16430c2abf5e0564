"""Pages in a language that is written from right to left."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_item, make_tags
from sitepages import Site, site, site_config

from zstatic.outputs import Page

THEMES = Path(__file__).parent.parent / "themes"
PHYSICAL = re.compile(
    r"(?:(?:margin|padding|border)-(?:left|right)\b|(?<![-\w])(?:left|right|float|clear)\s*:"
    r"|text-align:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius)"
)
# Where a text of another direction stands at the page's own start, which no value of text-align says.
MEANT = {
    ':is(h1, h2, p, a, span, dt, dd, cite)[dir="auto"], .reference[dir] { text-align: left; }',
    '[dir="rtl"] :is(:is(h1, h2, p, a, span, dt, dd, cite)[dir="auto"], .reference[dir]) '
    "{ text-align: right; }",
}


@pytest.fixture(scope="module")
def arabic() -> Site:
    config = replace(site_config(), site=replace(site_config().site, language="ar"))
    german = make_item(
        "AAAA2222",
        title="Über Bücher",
        abstractNote="Eine Zusammenfassung.",
        language="de",
        tags=make_tags("kitāb"),
        creators=[
            {"creatorType": "author", "firstName": "Jan", "lastName": "Berg"},
            {"creatorType": "author", "firstName": "محمد", "lastName": "الإدريسي"},
        ],
    )
    return site(german, make_item("AAAA3333", title="نزهة المشتاق"), config=config)


@pytest.mark.parametrize("sheet", sorted(THEMES.glob("*/static/*.css")), ids=lambda path: path.name)
def test_style_sheets_know_start_and_end_but_not_left_and_right(sheet: Path) -> None:
    lines = [line for line in sheet.read_text("utf-8").splitlines() if line not in MEANT]
    assert not [line for line in lines if PHYSICAL.search(line)]


def test_every_page_says_its_language_and_direction(arabic: Site) -> None:
    for path, output in arabic.outputs.items():
        if isinstance(output, Page):
            page = arabic.page(path)
            assert (page.get("lang"), page.get("dir")) == ("ar", "rtl"), path


def test_an_item_keeps_its_own_language_and_direction_on_an_arabic_page(arabic: Site) -> None:
    page = arabic.page("items/AAAA2222/")
    (title,) = page.xpath("//h1")
    (abstract,) = page.xpath("//section[@aria-labelledby='abstract']/div")
    assert [(each.get("lang"), each.get("dir")) for each in (title, abstract)] == [("de", "auto")] * 2
    for link in page.xpath("//dl[@class='roles']//a | //ul[@class='chips']//a"):
        assert link.get("dir") == "auto"
    (entry,) = arabic.page("items/").xpath("//a[@class='entry-title'][@lang='de']")
    assert entry.get("dir") == "auto"


def test_names_in_a_list_are_set_apart_from_the_line_they_stand_in(arabic: Site) -> None:
    names = arabic.page("items/").xpath("//p[@class='entry-by']/bdi/text()")
    assert names == ["Jan Berg، محمد الإدريسي"]

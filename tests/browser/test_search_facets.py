"""The filters beside the results: counts, choices, addresses, keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import make_collection, make_item, make_tags
from playwright.sync_api import Locator, Page, expect
from sitepages import context, site_config
from test_search_browser import write_folder

from zstatic.config import FacetRules

pytestmark = pytest.mark.browser

COLLECTIONS = [
    make_collection("CFICTION", "Fiction"),
    make_collection("CNOVELS0", "Novels", parent="CFICTION"),
    make_collection("CSCIENCE", "Science"),
]


def whale(number: int) -> Any:
    """30 works: every third a book in Novels, the others articles in Science; years 1990 to 2019."""
    year = str(1990 + number)
    return make_item(
        f"WHALE{number:03}",
        title=f"Whale {number:02}",
        itemType="book" if number % 3 == 0 else "journalArticle",
        date=year,
        parsed_date=year,
        language="fr" if number % 2 else "",
        collections=["CNOVELS0" if number % 3 == 0 else "CSCIENCE"],
        tags=make_tags("even" if number % 2 == 0 else "odd", f"number {number:02}"),
        creators=[{"creatorType": "author", "firstName": "Ada", "lastName": f"Writer{number % 5}"}],
        DOI="10.1000/x7" if number == 7 else "",
        extra="Citation Key: whale1999" if number == 9 else "",
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    top = tmp_path_factory.mktemp("site")
    write_folder(context(*map(whale, range(30)), collections=COLLECTIONS), top / "repo", top / "work")
    return serve(top) + "repo/"


def facet(page: Page, name: str) -> Locator:
    return page.locator(f'[data-facet="{name}"]')


def values(page: Page, name: str) -> list[str]:
    """As readers see them: "Book 10"."""
    rows = facet(page, name).locator("li").all()
    return [" ".join(row.inner_text().split()).removesuffix(" −") for row in rows]


def count(page: Page, text: str) -> None:
    expect(page.locator("#search-count")).to_have_text(text)


def test_facets_show_what_the_results_have_in_common(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    expect(facet(page, "type").locator("li")).to_have_count(2)
    assert values(page, "type") == ["journalArticle 20", "book 10"]
    assert values(page, "collection") == ["Fiction 10", "Science 20"]
    assert values(page, "tag")[:3] == ["even 15", "odd 15", "number 00 1"]
    facet(page, "language").locator("summary").click()
    expect(facet(page, "language").locator("li")).to_have_count(1)
    assert values(page, "language") == ["French 15"]
    expect(facet(page, "file")).to_be_hidden()
    expect(facet(page, "library")).to_have_count(0)


def test_values_of_one_facet_are_alternatives_and_facets_narrow_each_other(
    address: str,
    visit: Callable[..., Page],
) -> None:
    page = visit(f"{address}search/?q=whale")
    page.get_by_role("checkbox", name="book").check()
    count(page, "10 results")
    expect(page).to_have_url(f"{address}search/?q=whale&type=book")
    assert values(page, "type") == ["journalArticle 20", "book 10"]
    expect(facet(page, "tag").locator("li").first).to_contain_text("5")
    page.get_by_role("checkbox", name="journalArticle").check()
    count(page, "30 results")
    page.get_by_role("checkbox", name="even").check()
    count(page, "15 results")
    expect(page).to_have_url(f"{address}search/?q=whale&type=book&type=journalArticle&tag=even")
    page.go_back()
    count(page, "30 results")
    expect(page.get_by_role("checkbox", name="even")).not_to_be_checked()


def test_a_value_can_be_left_out_with_a_click(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    button = page.get_by_role("button", name="Leave out book")
    button.click()
    count(page, "20 results")
    expect(page).to_have_url(f"{address}search/?q=whale&not-type=book")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#search-chips")).to_have_text(re.compile("Type: not book"))
    button.click()
    count(page, "30 results")


def test_choices_are_chips_that_can_be_taken_back(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale&type=book&tag=even&year=1995..2010")
    count(page, "3 results")
    expect(page.locator("#search-chips li")).to_have_count(3)
    expect(page.locator("#search-chips")).to_contain_text("Year: 1995–2010")
    page.get_by_role("button", name="Remove the filter Type: book").click()
    count(page, "8 results")
    page.get_by_role("button", name="Clear all filters").click()
    count(page, "30 results")
    expect(page).to_have_url(f"{address}search/?q=whale")
    expect(page.locator("#search-chosen")).to_be_hidden()


def test_a_link_to_years_in_the_wrong_order_finds_and_names_those_between(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/?q=whale&year=2004..2000")
    count(page, "5 results")
    expect(page.locator("#search-chips")).to_contain_text("Year: 2000–2004")
    expect(page.get_by_label("From")).to_have_value("2000")
    expect(page.get_by_label("to", exact=True)).to_have_value("2004")
    expect(facet(page, "year").locator("g.inside")).to_have_count(5)


def test_years_may_be_open_at_one_end(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale&year=2010..")
    count(page, "10 results")
    expect(page.locator("#search-chips")).to_have_text(re.compile("Year: 2010–\\W*$"))
    expect(page.get_by_label("to", exact=True)).to_have_value("")
    expect(facet(page, "year").locator("g.inside")).to_have_count(10)


def test_years_are_a_range_by_number_or_by_bar(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    first, last = page.get_by_label("From"), page.get_by_label("to", exact=True)
    expect(first).to_have_attribute("placeholder", "1990")
    first.fill("2000")
    first.press("Enter")
    count(page, "20 results")
    last.fill("2004")
    last.press("Tab")
    count(page, "5 results")
    expect(page).to_have_url(f"{address}search/?q=whale&year=2000..2004")
    expect(facet(page, "year").locator("g.inside")).to_have_count(5)
    first.fill("2010")
    first.press("Enter")
    count(page, "7 results")
    expect(page).to_have_url(f"{address}search/?q=whale&year=2004..2010")
    expect(first).to_have_value("2004")
    expect(last).to_have_value("2010")
    facet(page, "year").locator("g").last.click()
    expect(page).to_have_url(f"{address}search/?q=whale&year=2019..2019")
    count(page, "1 result")


def test_a_collection_has_what_its_subcollections_have(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    expect(page.get_by_role("checkbox", name="Novels")).to_have_count(0)
    page.get_by_role("button", name="Subcollections of Fiction").click()
    assert values(page, "collection") == ["Fiction 10", "Novels 10", "Science 20"]
    page.get_by_role("checkbox", name="Fiction").check()
    count(page, "10 results")


def test_a_value_among_many_is_found_by_typing(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    expect(facet(page, "tag").locator("li")).to_have_count(10)
    expect(facet(page, "type").locator(".facet-find")).to_be_hidden()
    page.get_by_label("Find in Tag").fill("num 27")
    expect(facet(page, "tag").locator("li")).to_have_count(1)
    page.get_by_role("checkbox", name="number 27").check()
    count(page, "1 result")
    page = visit(f"{address}search/?q=whale")
    page.get_by_role("button", name=re.compile("^Show .* more$")).first.click()
    expect(facet(page, "tag").locator("li")).to_have_count(32)


def test_the_focus_stays_on_what_was_chosen(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    box = page.get_by_role("checkbox", name="book")
    box.focus()
    page.keyboard.press("Space")
    count(page, "10 results")
    expect(box).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("10 results.")


def test_without_a_query_the_choices_alone_find(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?type=book&sort=title")
    count(page, "10 results")
    expect(page.locator("#search-results .entry-title").first).to_have_text("Whale 00")
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert not [name for name in names if "/pagefind/index/" in name]


def test_facets_follow_the_sites_settings(
    tmp_path: Path,
    serve: Callable[[Path], str],
    visit: Callable[..., Page],
) -> None:
    facets = (FacetRules("tag", "Subjects", "label", 3), FacetRules("type"))
    ctx = context(*map(whale, range(9)), config=site_config(facets=facets))
    write_folder(ctx, tmp_path / "site", tmp_path / "work")
    page = visit(serve(tmp_path / "site") + "search/?q=whale")
    expect(page.locator("[data-facet]")).to_have_count(2)
    expect(page.locator("[data-facet] > summary").first).to_have_text("Subjects")
    expect(facet(page, "tag").locator("li")).to_have_count(3)
    assert values(page, "tag") == ["even 5", "number 00 1", "number 01 1"]


@pytest.mark.parametrize("typed", ["10.1000/X7", "https://doi.org/10.1000/x7", "whale1999"])
def test_an_identifier_that_is_entered_leads_straight_to_its_work(
    address: str,
    visit: Callable[..., Page],
    typed: str,
) -> None:
    page = visit(f"{address}search/")
    page.locator("#search-field").fill(typed)
    page.locator("#search-field").press("Enter")
    expect(page).to_have_url(re.compile(r"/items/WHALE00[79]/$"))
    page.go_back()
    count(page, "1 result")


def test_a_query_with_a_mistake_says_what_is_wrong_and_still_finds(
    address: str,
    visit: Callable[..., Page],
) -> None:
    page = visit(f"{address}search/?q=(whale+07")
    count(page, "1 result")
    expect(page.locator("#search-note")).to_contain_text("A parenthesis has no partner")
    page = visit(f"{address}search/?q=whale+type:comic")
    expect(page.locator("#search-note")).to_contain_text("Type: there is none called “comic”.")


def test_the_help_is_a_click_away(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/")
    page.get_by_text("Search help").click()
    expect(page.get_by_role("cell", name="whale OR dolphin", exact=True)).to_be_visible()


def test_filters_are_folded_away_on_a_narrow_screen(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale&type=book")
    page.set_viewport_size({"width": 320, "height": 700})
    expect(page.get_by_role("checkbox", name="book")).to_be_hidden()
    page.locator("#search-filters > summary").click()
    expect(page.get_by_role("checkbox", name="book")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

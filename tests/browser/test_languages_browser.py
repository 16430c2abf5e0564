"""Pages in other languages than English in a real Chromium: what scripts say, direction, room."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_collection, make_item, make_tags
from playwright.sync_api import Browser, Page, expect
from sitepages import context, site_config
from test_search_browser import write_folder

pytestmark = pytest.mark.browser

LANGUAGES = ("ar", "de", "fr")
PATHS = ("", "items/", "items/AAAA0001/", "collections/", "tags/", "creators/", "years/", "search/?q=book")


def item(number: int) -> Any:
    return make_item(
        f"AAAA{number:04}",
        title=f"Book {number}",
        date=str(1900 + number),
        parsed_date=str(1900 + number),
        language="fr",
        tags=make_tags("history"),
        collections=["CCCC2222" if number % 2 else "CCCC3333"],
        creators=[{"creatorType": "author", "firstName": "A.", "lastName": f"N{each}"} for each in range(5)],
    )


@pytest.fixture(scope="module", params=LANGUAGES)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]
) -> Iterator[tuple[str, str]]:
    """A language and the address of a site in it, with its search."""
    top = tmp_path_factory.mktemp(request.param)
    config = replace(site_config(), site=replace(site_config().site, language=request.param))
    collections = [make_collection("CCCC2222", "One"), make_collection("CCCC3333", "Two", "CCCC2222")]
    ctx = context(*map(item, range(1, 26)), collections=collections, config=config)
    write_folder(ctx, top / "site", top / "work")
    yield request.param, serve(top / "site")


def test_the_search_speaks_the_language_of_the_page(
    place: tuple[str, str], visit: Callable[..., Page]
) -> None:
    language, address = place
    said = {
        "ar": ("25 نتيجة", "1–20 من 25", "الفرنسية", "A. N0، A. N1، A. N2 و2 غيرهم", "لا نتائج لـ «zzzz»"),
        "de": ("25 Ergebnisse", "1–20 von 25", "Französisch", "A. N0, A. N1, A. N2 und 2 weitere", ""),
        "fr": ("25 résultats", "1–20 sur 25", "français", "A. N0, A. N1, A. N2 et 2 autres", ""),
    }[language]
    page = visit(f"{address}search/?q=book")
    expect(page.locator("#search-count")).to_have_text(said[0])
    expect(page.locator("#search-range")).to_have_text(said[1])
    expect(page.locator("#search-results .entry-by bdi").first).to_have_text(said[3])
    page.locator('[data-facet="language"] summary').click()
    expect(page.locator('[data-facet="language"] li label')).to_have_text(said[2])
    if said[4]:
        page.locator("#search-field").fill("zzzz")
        expect(page.locator("#search-none-title")).to_have_text(said[4])


def test_nothing_is_wider_than_a_narrow_screen_whatever_the_language(
    place: tuple[str, str], chromium: Browser
) -> None:
    _, address = place
    page = chromium.new_page(viewport={"width": 320, "height": 700})
    for path in PATHS:
        page.goto(address + path)
        if path.startswith("search"):
            expect(page.locator("#search-results li").first).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        beyond = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert beyond <= 0, path
    page.close()


def test_no_control_covers_another_on_a_narrow_screen_whatever_the_language(
    place: tuple[str, str], chromium: Browser
) -> None:
    _, address = place
    page = chromium.new_page(viewport={"width": 320, "height": 700})
    page.goto(f"{address}search/?q=book&tag=history")
    expect(page.locator("#search-chips button")).to_be_visible()
    assert page.evaluate(_COVERED) == []
    page.close()


# The places of controls at which another part of the page would be hit, half a pixel aside.
_COVERED = """() => [...document.querySelectorAll("a, button, input, select, summary")].flatMap((element) => {
  if (!element.checkVisibility({visibilityProperty: true}) || element.closest(".skip")) return [];
  element.scrollIntoView({block: "center"});
  const {left, right, top, bottom} = element.getClientRects()[0];
  return [left + 1, (left + right) / 2, right - 1]
    .map((x) => document.elementFromPoint(x, (top + bottom) / 2))
    .filter((found) => !element.contains(found) && !found?.contains(element))
    .map((found) => `${element.outerHTML.slice(0, 60)} under ${found?.outerHTML.slice(0, 60)}`);
})"""


def test_what_leads_on_points_the_way_that_the_page_is_read(
    place: tuple[str, str], chromium: Browser
) -> None:
    """The next item stands where a line ends, with an arrow that points away from the page's middle."""
    language, address = place
    page = chromium.new_page(viewport={"width": 1100, "height": 800})
    page.goto(f"{address}items/AAAA0003/")
    before, after = (page.locator(f".neighbours a[rel={rel}]") for rel in ("prev", "next"))
    boxes = before.bounding_box(), after.bounding_box()
    assert boxes[0] and boxes[1]
    is_rtl = language == "ar"
    assert (boxes[0]["x"] > boxes[1]["x"]) == is_rtl
    arrow = "getComputedStyle(document.querySelector('.neighbours .following small'), '::after').content"
    assert ("←" if is_rtl else "→") in page.evaluate(arrow)
    page.close()

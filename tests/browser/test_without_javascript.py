"""Everything but the search is there without JavaScript, and the search says where to go instead."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from showcase import PAGES, RICH

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_a_reader_walks_from_the_front_page_to_a_file(page: Page, show: Callable[[str], str]) -> None:
    page.goto(show("en"))
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Collections").click()
    page.get_by_role("main").get_by_role("link", name="Maps and geography").click()
    page.get_by_role("main").get_by_role("link", name="and C60").first.click()
    expect(page).to_have_url(f"{show('en')}items/{RICH}/")
    file = page.get_by_role("link", name="PDF").first.get_attribute("href")
    assert file
    answer = page.request.get(f"{show('en')}items/{RICH}/{file.rpartition('/')[2]}")
    assert answer.body().startswith(b"%PDF")
    page.locator("summary", has_text="BibTeX").click()
    expect(page.locator("pre").first).to_be_visible()
    page.get_by_role("link", name="Gerardus Mercator").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gerardus Mercator")


def test_the_search_says_that_it_needs_javascript_and_leads_to_the_lists(
    page: Page, show: Callable[[str], str]
) -> None:
    page.goto(show("en"))
    page.get_by_role("searchbox").fill("maps")
    page.get_by_role("searchbox").press("Enter")
    sentence = page.locator("noscript p")
    expect(sentence).to_be_visible()
    assert "needs JavaScript, which is switched off" in sentence.inner_text()
    expect(page.locator("#search")).to_be_hidden()
    page.get_by_role("main").get_by_role("link", name="Tags").click()
    page.get_by_role("main").get_by_role("link", name="maps").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("maps")


@pytest.mark.parametrize("kind", sorted({*PAGES} - {"search"}))
def test_no_button_is_shown_that_would_do_nothing(kind: str, page: Page, show: Callable[[str], str]) -> None:
    page.goto(show("en") + PAGES[kind])
    for button in page.locator("button").all():
        if button.is_visible():
            assert button.get_attribute("type") == "submit", button.inner_text()


def test_the_address_of_a_moved_item_leads_on(page: Page, show: Callable[[str], str]) -> None:
    page.goto(show("en") + PAGES["moved item"])
    page.wait_for_url(f"**/items/{RICH}/")

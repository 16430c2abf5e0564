"""The demo, as `zstatic demo` builds it: opened, searched and clicked through in a real Chromium."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    subprocess.run(
        [sys.executable, "-m", "zstatic", "demo", str(folder), "--no-serve"], check=True, timeout=120
    )
    return serve(folder / "_site")


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A page that bears no complaint: no error, no refused policy, no request to anybody else."""
    page = chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "blob:", "data:"))
            else complaints.append(f"asked {request.url}")
        ),
    )
    page.goto(address)
    yield page
    page.close()
    assert complaints == []


def test_a_reader_searches_from_the_home_page_and_opens_a_result(page: Page) -> None:
    page.get_by_role("searchbox").fill("mercator")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/search/?q=mercator*")
    result = page.get_by_role("main").get_by_role("article").first
    expect(result).to_contain_text("Mercator", ignore_case=True)
    title = result.get_by_role("link").first.inner_text()
    result.get_by_role("link").first.click()
    page.wait_for_url("**/items/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_reader_browses_from_collection_to_item_to_creator(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Collections").first.click()
    page.get_by_role("main").get_by_role("link", name="Maps and geography").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maps and geography")
    page.get_by_role("main").get_by_role("link", name="Antiquity and the Middle Ages").first.click()
    page.get_by_role("main").locator("a[href*='items/']").first.click()
    page.wait_for_url("**/items/*/")
    page.locator("a[href*='creators/']").last.click()
    expect(page.get_by_role("main").locator("a[href*='items/']").first).to_be_visible()


def test_every_section_of_the_navigation_opens(page: Page, address: str) -> None:
    names = page.get_by_role("navigation").first.get_by_role("link").all_inner_texts()
    assert len(names) >= 6
    for name in names:
        page.goto(address)
        page.get_by_role("navigation").first.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_published_pdf_can_be_fetched(page: Page, address: str) -> None:
    page.goto(f"{address}search/?q=etymologiae")
    page.get_by_role("main").get_by_role("article").first.get_by_role("link").first.click()
    page.wait_for_url("**/items/*/")
    link = page.locator("a[href$='.pdf']").first.get_attribute("href")
    assert link
    answer = page.request.get(page.evaluate("href => new URL(href, document.baseURI).href", link))
    assert answer.ok
    assert answer.body().startswith(b"%PDF")


def test_the_footer_tells_how_fresh_the_site_is(page: Page) -> None:
    line = page.get_by_role("contentinfo").get_by_text("Updated")
    expect(line).to_be_visible()
    expect(line).to_contain_text("minute")

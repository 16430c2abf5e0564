"""What the lists of words lead to in the search page."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from builders import make_item
from playwright.sync_api import Browser, Page, expect
from searching import in_parts
from sitepages import context
from test_search_browser import write_folder
from test_search_language import ask, open_index

pytestmark = pytest.mark.browser

ENDINGS = ["".join(letters) for letters in product("bcdgkm", "aeiou")]


def titled(*titles: str) -> list[object]:
    return [make_item(f"ITEM{number:04}", title=title) for number, title in enumerate(titles)]


@pytest.mark.parametrize("each", [15, 1000])
@pytest.mark.parametrize("start", ["cons", "constructor"])
def test_a_beginning_of_many_words_finds_these_alone_however_they_are_spread(
    tmp_path: Path, serve: Callable[[Path], str], chromium: Browser, start: str, each: int
) -> None:
    """Pagefind takes "cons" for more than one con; and "constructor" is in every object of a browser."""
    others = [f"con{ending}p" for ending in ENDINGS]
    ctx = context(*titled(*(f"{start}{ending}p" for ending in ENDINGS), *others))
    with in_parts(each):
        page = open_index(ctx, tmp_path, serve, chromium)
    found = ask(page, start, {}, "newest")["rows"]
    page.close()
    assert sorted(ctx.items[row].title for row in found) == sorted(f"{start}{ending}p" for ending in ENDINGS)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("words")
    write_folder(context(*titled("Whales", "Songs")), folder / "site", folder / "work")
    yield serve(folder / "site")


@pytest.mark.parametrize("lost", [r"/words/first\.json", r"/words/[0-9a-f]{8}\.json"])
def test_words_that_could_not_be_loaded_are_loaded_by_the_next_search(
    address: str, chromium: Browser, lost: str
) -> None:
    page: Page = chromium.new_page()
    page.route(re.compile(lost), lambda route: route.abort())
    page.goto(f"{address}search/?q=whales")
    expect(page.locator("#search-note")).to_contain_text("could not be loaded")
    page.unroute_all()
    page.locator("#search-field").press("Enter")
    expect(page.get_by_role("link", name="Whales")).to_be_visible()
    page.close()

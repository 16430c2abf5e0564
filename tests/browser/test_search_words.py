"""What the lists of words lead to in the search page."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from builders import make_item
from playwright.sync_api import Browser
from searching import in_parts
from sitepages import context
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

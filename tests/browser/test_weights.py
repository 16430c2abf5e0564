"""Pages are light: few requests, few bytes, none from anybody else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser
from showcase import PAGES
from weights import weigh

pytestmark = pytest.mark.browser

KB = 1024
MOVED = "moved item"  # opens the item


@pytest.mark.parametrize("kind", sorted({*PAGES} - {MOVED}))
def test_a_page_is_light(kind: str, chromium: Browser, show: Callable[[str], str]) -> None:
    context = chromium.new_context()
    weight = weigh(context.new_page(), show("en") + PAGES[kind], show("en"))
    context.close()
    assert weight.foreign == ()
    assert weight.html <= 15 * KB
    assert weight.css <= 12 * KB
    assert weight.other <= 1 * KB
    # The search has scripts of its own and Pagefind's; the index comes with the first word.
    searches = kind == "search"
    assert weight.js <= (30 if searches else 10) * KB
    assert weight.requests <= (15 if searches else 6)

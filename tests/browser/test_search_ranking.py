"""What stands first: the work that is known by just what was typed, before newer ones that also have it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import make_item
from playwright.sync_api import Browser, Page
from sitepages import context, write_folder
from test_search_browser import author, dated, search

pytestmark = pytest.mark.browser

# The later one of two comes first unless what was typed says otherwise.
ITEMS = [
    dated("HYPHEN00", "Convention and classification", 1990, creators=[author("Rainer Diaz-Bone")]),
    dated("HYPHEN01", "Convention and classification", 2000, creators=[author("Rainer Diaz-Bonetti")]),
    dated("FIRST000", "Rivers of ice", 1990, creators=[author("Ann Stone"), author("Bo Berg")]),
    dated("FIRST001", "Rivers of ice", 2000, creators=[author("Bo Berg"), author("Ann Stone")]),
    dated("FAMILY00", "Letters home", 1950, creators=[author("John Ulrich")]),
    dated("FAMILY01", "Letters abroad", 1950, creators=[author("Ulrich Jones")]),
    dated("WHOLE000", "Deep learning", 1990),
    dated("WHOLE001", "A very short introduction to deep learning", 2000),
    dated("WORD0000", "The art of glass", 1990),
    dated("WORD0001", "Artificial glass", 2000),
    dated("TITLE000", "A grammar of whistles", 1990, abstractNote="Of towers. " * 40),
    dated("TITLE001", "Towers", 2000, abstractNote="A grammar of whistles. " * 3),
    dated("NUMBER00", "1984", 1949, creators=[author("George Orwell")]),
    dated("NUMBER01", "Collected essays", 1984, creators=[author("George Orwell")]),
    dated("YEAR0000", "Frost and thaw", 1963, creators=[author("Olga Berggolz")]),
    dated("YEAR0001", "Fires of 1963", 2000, creators=[author("Ada Berggolz")]),
    dated("OFFICE00", "Housing", 1990, creators=[{"creatorType": "author", "name": "Office (Paris)"}]),
    dated("OFFICE01", "Offices of Paris and housing", 2000),
    dated("CHINESE0", "清代城市", 1990, creators=[author("大臻 史")]),
    dated("CHINESE1", "清代史", 1990, creators=[author("Ada Chen")]),
    *(
        dated(f"OTHER{number:03}", f"Of bells, whistles and {number}", 1900, abstractNote="Ice. " * number)
        for number in range(40)
    ),
    make_item("NAMED000", title="Albert Einstein", itemType="encyclopediaArticle"),
    dated(
        "NAMED001",
        "Annual report",
        2000,
        creators=[{"creatorType": "author", "name": "Hospital Albert Einstein"}],
    ),
]


@pytest.fixture(scope="module")
def page(
    tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str], chromium: Browser
) -> Iterator[Page]:
    top = tmp_path_factory.mktemp("ranking")
    write_folder(context(*ITEMS), top / "site", top / "work")
    opened = chromium.new_page()
    opened.goto(f"{serve(top / 'site')}search/")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("convention classification diaz-bone", "HYPHEN00"),
        ("rivers ice stone", "FIRST000"),
        ("rivers ice berg", "FIRST001"),
        ("ulrich 1950", "FAMILY00"),
        ("deep learning", "WHOLE000"),
        ("art glass", "WORD0000"),
        ("whistles grammar", "TITLE000"),
        ("orwell 1984", "NUMBER00"),
        ("berggolz 1963", "YEAR0000"),
        ("housing office (paris)", "OFFICE00"),
        ("史 1990", "CHINESE0"),
        ("albert einstein", "NAMED000"),
    ],
)
def test_the_work_that_is_known_by_just_these_words_comes_first(page: Page, query: str, first: str) -> None:
    search(page, query)
    links = page.locator("#search-results .entry-title")
    assert f"/items/{first}/" in (links.first.get_attribute("href") or "")
    assert links.count() > 1

"""Searching inside files: asked for, joined to items, leading to the page."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_attachment, make_item
from playwright.sync_api import Page, expect
from searching import index_files
from sitepages import Site, context, site_config
from test_fulltext import pdf
from test_search_browser import found, search, write_folder

from zstatic.config import SearchRules
from zstatic.fulltext import file_texts

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    top = tmp_path_factory.mktemp("files")
    whale = top / "whale.pdf"
    whale.write_bytes(
        pdf(
            *(f"page {number} of nothing" for number in range(1, 8)),
            "The quokka sings in the harpoon room of Lodz",
        )
    )
    attachments = [
        make_attachment("FILE0001", "WHALE000", filename="whale.pdf"),
        make_attachment("FILE0002", "EPUB0000", filename="b.epub", contentType="application/epub+zip"),
    ]
    ctx = context(
        make_item("WHALE000", title="The whale"),
        make_item("EPUB0000", title="A quokka book"),
        make_item("OTHER000", title="Neither"),
        *attachments,
        files={raw["data"]["md5"]: whale for raw in attachments},
    )
    write_folder(ctx, top / "repo", top / "work")
    texts = file_texts(ctx, lambda slug, key: "Told by a quokka in Łódź", 1000, top / "kept")
    for copy in index_files(texts, "en", top / "work" / "files"):
        (top / "repo" / copy.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy.source, top / "repo" / copy.path)
    return serve(top) + "repo/"


def test_files_have_one_spelling_or_the_other(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?in=files&q=Łódź")
    expect(page.locator("#search-results .entry-title")).to_have_count(2)
    assert sorted(found(page)) == ["A quokka book", "The whale"]


def test_files_are_searched_when_asked_and_lead_to_the_page(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/")
    assert search(page, "harpoon") == []
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert not [name for name in names if "/files/" in name or "search-files" in name]
    page.get_by_role("button", name="Look inside PDFs").click()
    expect(page.get_by_label("Look inside PDFs")).to_be_checked()
    expect(page.get_by_label("Look inside PDFs")).to_be_focused()
    expect(page).to_have_url(f"{address}search/?q=harpoon&in=files")
    expect(page.locator("#search-results .entry-title")).to_have_text("The whale")
    passage = page.locator(".passages a")
    expect(passage).to_have_text("p. 8")
    expect(passage).to_have_attribute("href", "../items/WHALE000/whale.pdf#page=8")
    expect(page.locator(".passages mark")).to_have_text("harpoon")
    expect(page.locator("#search-note")).to_be_hidden()


def test_items_that_have_it_themselves_come_first_and_files_without_pages_are_found(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/?q=quokka&in=files")
    expect(page.locator("#search-count")).to_have_text("2 results")
    assert found(page) == ["A quokka book", "The whale"]
    first = page.locator("#search-results .entry").first.locator(".passages a")
    expect(first).to_have_attribute("href", "../items/EPUB0000/b.epub")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ('"harpoon room"', ["The whale"]),
        ('"room harpoon"', []),
        ("harpoon OR quokka", ["A quokka book", "The whale"]),
        ("harpoon quokka", ["The whale"]),
        ("harpoom", []),
        ("neither", ["Neither"]),
        ("xyzzyq", []),
    ],
)
def test_words_phrases_and_their_combinations_are_found_inside(
    address: str, visit: Callable[..., Page], query: str, titles: list[str]
) -> None:
    page = visit(f"{address}search/?in=files")
    assert search(page, query) == titles


def test_what_files_do_not_have_is_looked_for_elsewhere_and_said(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/?q=title:quokka&in=files")
    expect(page.locator("#search-results .entry-title")).to_have_text("A quokka book")
    expect(page.locator("#search-note")).to_contain_text("Inside files only words and phrases")


def test_a_site_without_files_or_without_their_text_does_not_offer_it() -> None:
    plain = Site(context(make_item("WHALE000"))).text("search/index.html")
    off = replace(site_config(), search=SearchRules(fulltext=False))
    attachment = make_attachment("FILE0001", "WHALE000")
    files = {attachment["data"]["md5"]: Path(__file__)}
    without = Site(context(make_item("WHALE000"), attachment, files=files, config=off)).text(
        "search/index.html"
    )
    with_text = Site(context(make_item("WHALE000"), attachment, files=files)).text("search/index.html")
    assert [bool(re.search("search-inside", page)) for page in (plain, without, with_text)] == [
        False,
        False,
        True,
    ]

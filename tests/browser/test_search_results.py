"""What can be done with results: views, files, exports, the basket, from item to item."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from builders import make_attachment
from playwright.sync_api import Page, expect
from sitepages import context, site_config
from test_search_browser import dated, write_folder

from zstatic.config import CitationRules
from zstatic.exports import FORMATS
from zstatic.pages.context import Context

pytestmark = pytest.mark.browser

NUMBERS = range(1, 46)
WHALES = [dated(f"WHALE{number:03}", f"Whale songs, part {number:03}", 1900 + number) for number in NUMBERS]
ABSTRACT = "A beginning of this abstract. " + "Much stands between them. " * 30 + "Its very end."


def make_site(folder: Path, work: Path) -> Context:
    pdf = folder.parent / "whale.pdf"
    pdf.write_bytes(b"%PDF-1.4")
    long = dated(
        "ABSTRACT", "A work <i>with</i> an abstract", 1890, abstractNote=ABSTRACT, publicationTitle="Sea"
    )
    attachment = make_attachment("FILE0000", "ABSTRACT", filename="The whale.pdf")
    keys = [raw["key"] for raw in [*WHALES, long]]
    exports = {
        # Zotero makes the same key for several.
        "bibtex": {key: f"\n@book{{whale_{key[-1:]},\n\ttitle = {{{key}}},\n}}\n" for key in keys},
        "ris": {key: f"TY  - BOOK\r\nTI  - {key}\r\nER  - \r\n\r\n" for key in keys},
        "csljson": {key: json.dumps({"id": f"5/{key}", "type": "book", "title": key}) for key in keys},
    }
    citation = '<div class="csl-bib-body"><div class="csl-entry">Ahab. <i>{key}</i>. <a href="https://x.org/">x</a></div></div>'
    ctx = context(
        *WHALES,
        long,
        attachment,
        files={attachment["data"]["md5"]: pdf},
        config=replace(site_config(), citations=CitationRules(styles=("apa",))),
        exports=exports,
        citations={"apa": {key: citation.format(key=key) for key in keys if key != "WHALE045"}},
    )
    write_folder(ctx, folder, work)
    return ctx


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> tuple[Context, str]:
    top = tmp_path_factory.mktemp("results")
    (top / "repo").mkdir()
    ctx = make_site(top / "repo", top / "work")
    return ctx, serve(top) + "repo/"


def shown(page: Page) -> list[str]:
    return page.locator("#search-results .entry-title").all_inner_texts()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (768, 900), (360, 740)])
def test_the_first_result_is_in_sight_at_once_and_on_the_next_page_too(
    made: tuple[Context, str], visit: Callable[..., Page], width: int, height: int
) -> None:
    page = visit(f"{made[1]}search/?q=whale&sort=oldest&type=journalArticle")
    page.set_viewport_size({"width": width, "height": height})
    first = page.locator("#search-results .entry-title").first
    expect(first).to_have_text("Whale songs, part 001")
    expect(first).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Next").click()
    expect(first).to_have_text("Whale songs, part 021")
    expect(first).to_be_in_viewport(ratio=1)


def test_what_was_searched_for_stands_on_the_printed_results(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=whale&type=journalArticle")
    expect(page.locator("#search-found")).to_be_visible()
    page.emulate_media(media="print")
    for kept in ("#search-field", "#search-count", "#search-chips", "#search-results"):
        expect(page.locator(kept)).to_be_visible()
    for left_out in (
        ".search-line button",
        ".search-hint",
        ".search-help",
        "#search-tools",
        "#search-filters",
    ):
        expect(page.locator(left_out)).to_be_hidden()


def test_results_can_be_read_as_references(made: tuple[Context, str], visit: Callable[..., Page]) -> None:
    page = visit(f"{made[1]}search/?q=whale&sort=newest")
    page.get_by_label("References").check()
    expect(page).to_have_url(f"{made[1]}search/?q=whale&sort=newest&view=references")
    expect(page.locator("#search-results .entry-title").nth(1)).to_have_text("Ahab. WHALE044. x")
    assert shown(page)[0].startswith("(1945)."), "Zotero gave no reference for the first"
    expect(page.locator("#search-results .entry-title").nth(1).locator("i")).to_have_text("WHALE044")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#search-results .entry-title").first).to_have_text("Ahab. WHALE025. x")
    page.get_by_label("Titles", exact=True).check()
    expect(page.locator("#search-results .entry-title").first).to_have_text("Whale songs, part 025")
    page.go_back()
    expect(page.get_by_label("References")).to_be_checked()


def test_abstracts_can_be_read_whole(made: tuple[Context, str], visit: Callable[..., Page]) -> None:
    page = visit(f"{made[1]}search/?q=beginning")
    excerpt = page.locator(".search-excerpt")
    expect(excerpt).to_contain_text("beginning")
    expect(excerpt).not_to_contain_text("Its very end.")
    page.get_by_label("Whole abstracts").check()
    expect(excerpt).to_have_text(ABSTRACT)
    expect(excerpt.locator("mark")).to_have_text("beginning")
    expect(page).to_have_url(re.compile("abstracts=1$"))


def test_a_file_is_one_click_away(made: tuple[Context, str], visit: Callable[..., Page]) -> None:
    page = visit(f"{made[1]}search/?q=abstract")
    link = page.locator("#search-results .entry-kind a")
    expect(link).to_have_attribute("href", "../items/ABSTRACT/the-whale.pdf")
    expect(link).to_have_text("PDF")


def test_results_are_read_item_by_item_and_lead_back(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=whale&sort=oldest&page=2")
    page.get_by_role("link", name="part 040").click()
    bar = page.get_by_role("navigation", name="Search results")
    expect(bar.locator("[data-place]")).to_have_text("40 of 45")
    bar.get_by_role("link", name="Previous").click()
    expect(page).to_have_url(f"{made[1]}items/WHALE039/")
    expect(bar.locator("[data-place]")).to_have_text("39 of 45")
    for _ in range(2):
        bar.get_by_role("link", name="Next").click()
    expect(page).to_have_url(f"{made[1]}search/?q=whale&sort=oldest&page=3")
    page.get_by_role("link", name="part 045").click()
    expect(bar.get_by_role("link", name="Next")).to_be_hidden()
    bar.get_by_role("link", name="Back to the results").click()
    expect(page).to_have_url(f"{made[1]}search/?q=whale&sort=oldest&page=3")


def test_an_item_that_was_not_found_by_searching_has_no_way_back(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}items/WHALE001/")
    expect(page.locator("#item-basket")).to_be_visible()
    expect(page.locator("#from-search")).to_be_hidden()


@pytest.mark.parametrize("name", ["bibtex", "ris", "csljson"])
def test_all_results_are_exported_as_the_program_exports_them(
    made: tuple[Context, str], visit: Callable[..., Page], name: str
) -> None:
    ctx, root = made
    page = visit(f"{root}search/?q=whale&sort=oldest")
    page.get_by_text("Export all").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=FORMATS[name].LABEL, exact=True).click()
    content = Path(download.value.path()).read_bytes().decode()
    everything = [entry.item for entry in ctx.items]
    wanted = [item for item in reversed(everything) if item.key != "ABSTRACT"]
    # As in the file of the whole library, so that a key means the same work in every file.
    whole = dict(FORMATS[name].parts(everything))
    texts = [whole[everything.index(item)] for item in wanted]
    each = FORMATS[name]
    assert content == each.HEAD + each.BETWEEN.join(texts) + each.TAIL
    assert download.value.suggested_filename == f"whale.{each.EXTENSION}"
    expect(page.locator("#search-exported")).to_have_text("Saved 45 of 45.")


def test_results_are_saved_as_a_list_of_references(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=whale&sort=oldest")
    page.get_by_text("Export all").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="List of references").click()
    content = Path(download.value.path()).read_text("utf-8")
    assert content.count("<li>") == 45
    assert '<li>Ahab. <i>WHALE001</i>. <a href="https://x.org/"' in content


def test_a_basket_is_filled_from_results_and_items_kept_shared_and_exported(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=whale&sort=oldest")
    baskets = page.locator("#search-results .basket")
    for place in (2, 0):
        baskets.nth(place).click()
    expect(baskets.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#search-basket")).to_have_text("Basket: 2")
    page.goto(f"{made[1]}items/ABSTRACT/")
    page.get_by_role("button", name="Add to basket").click()
    page.get_by_role("link", name="Basket: 3").click()
    expect(page).to_have_url(f"{made[1]}search/?keys=WHALE003,WHALE001,ABSTRACT")
    expect(page.locator("#search-count")).to_have_text("3 results")
    expect(page.get_by_role("button", name="Empty the basket")).to_be_visible()
    page.get_by_text("Export all").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="RIS").click()
    keys = re.findall("TI  - (.*)\r", Path(download.value.path()).read_bytes().decode())
    assert keys == ["WHALE003", "WHALE001", "ABSTRACT"]
    page.get_by_role("button", name="Empty the basket").click()
    expect(page.locator("#search-results article")).to_have_count(0)
    expect(page.locator("#search-basket")).to_be_hidden()


def test_a_shared_list_shows_its_items_in_its_order_to_those_without_a_basket(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?keys=WHALE005,GONE0000,WHALE001")
    expect(page.get_by_role("heading", name="A shared list of 2 items")).to_be_visible()
    expect(page).to_have_title(re.compile("^A shared list of 2 items · "))
    expect(page.locator("#search-note")).to_have_text("1 item of this list is no longer here.")
    expect(page.locator("#search-count")).to_have_text("2 results")
    assert shown(page) == ["Whale songs, part 005", "Whale songs, part 001"]
    expect(page.get_by_role("button", name="Copy a link to this list")).to_be_visible()
    expect(page.get_by_role("button", name="Empty the basket")).to_be_hidden()
    page.get_by_label("Sort by").select_option("oldest")
    expect(page.locator("#search-results .entry-title").first).to_have_text("Whale songs, part 001")
    page.locator("#search-field").fill("abstract")
    expect(page).to_have_url(f"{made[1]}search/?q=abstract&sort=oldest")


def test_a_list_of_which_nothing_is_left_says_so(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?keys=GONE0000,GONE0001")
    expect(page.locator("#search-none-title")).to_have_text("2 items of this list are no longer here.")
    expect(page.locator("#search-listed")).to_be_hidden()


def test_a_long_list_is_an_address_that_no_server_refuses(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    keys = [f"GONE{number:04}" for number in range(998)] + ["WHALE005", "WHALE001"]
    page = visit(f"{made[1]}items/WHALE001/", permissions=["clipboard-read", "clipboard-write"])
    name = f"zstatic-basket {urlsplit(made[1]).path}"
    page.evaluate("([name, keys]) => localStorage.setItem(name, JSON.stringify(keys))", [name, keys])
    page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#item-basket a").click()
    expect(page.locator("#search-count")).to_have_text("2 results")
    page.reload()
    expect(page.locator("#search-count")).to_have_text("2 results")
    assert shown(page) == ["Whale songs, part 005", "Whale songs, part 001"]
    assert asked and max(len(url.partition("#")[0]) for url in asked) < 200

    page.evaluate("location.hash = '#main'")
    page.get_by_role("button", name="Copy a link to this list").click()
    expect(page.locator("#search-exported")).to_contain_text("programs that cut long links spoil it")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "GONE0000,GONE0001" in copied
    other = visit(copied)
    expect(other.locator("#search-count")).to_have_text("2 results")
    other.get_by_label("Sort by").select_option("oldest")
    expect(other.locator("#search-results .entry-title").first).to_have_text("Whale songs, part 001")
    other.reload()
    expect(other.locator("#search-results .entry-title").first).to_have_text("Whale songs, part 001")


def test_a_query_that_is_too_long_is_cut_and_the_reader_told(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=whale+{'(' * 300}{'whale+' * 100}")
    expect(page.locator("#search-note")).to_contain_text("Only the first 500 characters are looked for.")
    expect(page.locator("#search-count")).to_have_text("45 results")


def test_single_letter_keys_can_be_switched_off(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/")
    page.keyboard.press("?")
    expect(page.locator("#search-help .prose")).to_be_visible()
    page.locator("#search-keys").uncheck()
    page.locator("#search-help summary").focus()
    page.keyboard.press("/")
    expect(page.locator("#search-field")).not_to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#search-help .prose")).to_be_visible()


def test_searching_loads_neither_exports_nor_references_nor_lists_unasked(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=whale")
    expect(page.locator("#search-filters")).to_be_visible()
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert not [
        name for name in names if re.search("exports/|search-parts|/(keys|links|words|orders|files)\\.", name)
    ]


def test_words_that_stand_everywhere_are_not_looked_for_in_the_index(
    made: tuple[Context, str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{made[1]}search/?q=the")
    expect(page.locator("#search-note")).to_have_text(
        "“the”: in so many items that it finds nothing in particular. "
        "Add another word, or put a phrase in quotes."
    )
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in names if "/pagefind/titles." in name]
    assert not [name for name in names if re.search("/pagefind/(index|fragment)/", name)]

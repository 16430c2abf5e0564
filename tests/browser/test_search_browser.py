"""The search page in a real browser: what readers type, see and link to."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from builders import make_item, make_tags, recorded_mirror
from playwright.sync_api import Browser, Page, expect
from sitepages import context, site_config, write_folder

from zstatic.library import read_library
from zstatic.pages.context import make_context
from zstatic.schema import Schema
from zstatic.selection import select

pytestmark = pytest.mark.browser


def author(name: str, role: str = "author") -> dict[str, str]:
    given, _, family = name.rpartition(" ")
    return {"creatorType": role, "firstName": given, "lastName": family}


def dated(key: str, title: str, year: int, **data: Any) -> Any:
    return make_item(key, title=title, date=str(year), parsed_date=str(year), **data)


WHALES = [
    dated(
        f"WHALE{number:03}",
        f"Whale songs, part {number:03}",
        1900 + number,
        dateAdded=f"2020-01-{number % 28 + 1:02}T00:00:00Z",
    )
    for number in range(1, 46)
]
OLD_DOI = "10.1002/(SICI)1097-4571(199806)49:8<700::AID-ASI5>3.0.CO;2-P"
SPECIAL = [
    dated(
        "LOVELACE",
        "Notes on the <i>Analytical Engine</i> & more",
        1843,
        creators=[
            author("Ada Lovelace"),
            author("Luigi Menabrea"),
            author("Charles Babbage"),
            author("Mary Somerville"),
        ],
        publicationTitle="Scientific Memoirs",
        abstractNote="The engine weaves algebraic patterns, just as the loom weaves flowers. "
        "It originates nothing <q>at all</q>.",
        tags=make_tags("computing history"),
        DOI="10.1016/S0140-6736(20)30183-5",
    ),
    make_item(
        "LUKASIEW",
        title="Aristotle's syllogistic",
        creators=[author("Jan Łukasiewicz")],
        ISBN="978-3-16-148410-0",
    ),
    make_item(
        "MUELLER0",
        title="Über Bäume",
        creators=[author("Anna Müller")],
        ISSN="2047-217X",
        extra="Citation Key: mueller2001",
    ),
    make_item(
        "CARBON00",
        title="Rising CO₂ in C# and C++ models",
        archiveID="arXiv:2101.00001",
        extra="PMID: 31452104",
    ),
    make_item(
        "JAPANESE", title="機械学習による東京の研究", abstractNote="深層学習を用いて、都市の成長を調べる。"
    ),
    make_item("NOTITLE0", title="", itemType="map"),
    make_item(
        "LINKED00",
        title="A page of the web",
        url="https://www.example.org/a/page?id=7&utm_source=mail",
        extra="Citation Key: webpageKey",
    ),
    make_item("COLON000", title="A scope:note"),
    make_item("LINKED01", title="A longer key", extra="Citation Key: webpageKeyTwo", DOI=OLD_DOI),
    make_item(
        "SCRIPT00",
        title="<script>document.title='hacked'</script> zebra",
        abstractNote="<img src=x onerror=\"document.title='hacked'\"> zebra",
    ),
    make_item(
        "EDITOR00",
        title="Collected zoology",
        creators=[author("Grace Hopper", "editor")],
        DOI="10.5555/abc.def",
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    """A site that stands under /repo/."""
    top = tmp_path_factory.mktemp("site")
    write_folder(context(*WHALES, *SPECIAL), top / "repo", top / "work")
    return serve(top) + "repo/"


@pytest.fixture(scope="module")
def open_page(chromium: Browser, address: str) -> Iterator[Page]:
    """A search page that many questions are put to."""
    page = chromium.new_page()
    page.goto(f"{address}search/")
    yield page
    page.close()


def found(page: Page) -> list[str]:
    return page.locator("#search-results .entry-title").all_inner_texts()


def search(page: Page, query: str) -> list[str]:
    """Ask and wait for the answer; gives the titles."""
    page.locator("#search-field").fill(query)
    expect(page).to_have_title(re.compile(f"^{re.escape(query.strip())} · Search"))
    expect(page.locator("#search-found")).not_to_have_attribute("aria-busy", "true")
    return found(page)


ENGINE = "Notes on the Analytical Engine & more"
CARBON = "Rising CO₂ in C# and C++ models"
JAPANESE = "機械学習による東京の研究"


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("analytical", ENGINE),
        ("analyt engin", ENGINE),
        ("ANALYTICAL", ENGINE),
        ("weaving patterns", ENGINE),
        ('"weaves algebraic patterns"', ENGINE),
        ("lovelace menabrea", ENGINE),
        ("somerville", ENGINE),
        ("scientific memoirs", ENGINE),
        ("computing history", ENGINE),
        ("lovelace 1843", ENGINE),
        ("10.1016/S0140-6736(20)30183-5", ENGINE),
        ("https://doi.org/10.1016/S0140-6736%2820%2930183-5", ENGINE),
        ("https://dx.doi.org/10.1016/s0140-6736(20)30183-5", ENGINE),
        ("doi: 10.1016/s0140-6736(20)30183-5.", ENGINE),
        ("lukasiewicz", "Aristotle's syllogistic"),
        ("Łukasiewicz", "Aristotle's syllogistic"),
        ("aristotle’s", "Aristotle's syllogistic"),
        ("9783161484100", "Aristotle's syllogistic"),
        ("978-3-16-148410-0", "Aristotle's syllogistic"),
        ("ISBN 3-16-148410-X", "Aristotle's syllogistic"),
        ("muller", "Über Bäume"),
        ("Mueller", "Über Bäume"),
        ("Mu\u0308ller", "Über Bäume"),
        ("baume", "Über Bäume"),
        ("mueller2001", "Über Bäume"),
        ("co2", CARBON),
        ("CO₂ models", CARBON),
        ("c#", CARBON),
        ("c++", CARBON),
        ("arXiv:2101.00001", CARBON),
        ("https://arxiv.org/abs/2101.00001v3", CARBON),
        ("PMID 31452104", CARBON),
        ("機械学習", JAPANESE),
        ("東京", JAPANESE),
        ("都市の成長", JAPANESE),
        ("東京 研究", JAPANESE),
        ("hopper", "Collected zoology"),
        ("untitled", "[Untitled]"),
    ],
)
def test_one_work_is_found(open_page: Page, query: str, title: str) -> None:
    assert search(open_page, query)[:1] == [title]


def test_a_result_leads_to_its_page_and_back_leads_to_the_results(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/?q=lovelace")
    page.get_by_role("link", name=ENGINE).click()
    expect(page).to_have_url(f"{address}items/LOVELACE/")
    page.go_back()
    expect(page.get_by_role("link", name=ENGINE)).to_be_visible()


@pytest.mark.parametrize("way", ["Back of the browser", "Back to the results", "Next"])
def test_who_comes_back_to_the_results_is_where_they_left(
    address: str, visit: Callable[..., Page], way: str
) -> None:
    page = visit(f"{address}search/?q=whale&sort=title")
    link = page.get_by_role("link", name="part 016")
    link.scroll_into_view_if_needed()
    before = link.evaluate("(link) => link.getBoundingClientRect().top")
    link.click()
    expect(page).to_have_url(f"{address}items/WHALE016/")
    if way == "Back of the browser":
        page.go_back()
    elif way == "Back to the results":
        page.get_by_role("link", name=way).click()
    else:
        page.locator("#from-search").get_by_role("link", name=way).click()
        expect(page).to_have_url(f"{address}items/WHALE017/")
        page.get_by_role("link", name="Back to the results").click()
        expect(page.get_by_role("link", name="part 017")).to_be_focused()
        expect(page.get_by_role("link", name="part 017")).to_be_in_viewport()
        return
    expect(link).to_be_focused()
    page.wait_for_timeout(300)
    assert abs(link.evaluate("(link) => link.getBoundingClientRect().top") - before) < 40


def test_a_result_shows_title_markup_creators_venue_year_type_and_an_excerpt(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/?q=flowers")
    article = page.get_by_role("article")
    expect(article.locator(".entry-title i")).to_have_text("Analytical Engine")
    expect(article.locator(".entry-by")).to_have_text(
        "Ada Lovelace, Luigi Menabrea, Charles Babbage and 1 more · Scientific Memoirs · 1843"
    )
    expect(article.locator("mark")).to_have_text("flowers")
    expect(article.locator(".search-excerpt")).to_contain_text("It originates nothing <q>at all</q>.")
    expect(article.locator(".entry-kind")).to_contain_text("journalArticle")
    expect(article.get_by_role("heading", level=3)).to_have_text(ENGINE)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lovelase", "lovelace"),
        ("analitycal engine", "analytical engine"),
        ("author:lovlace", "author:lovelace"),
        ("whalesongs", "whale songs"),
        ("sylogistic", "syllogistic"),
        ("lukasievicz", "łukasiewicz"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(
    address: str, visit: Callable[..., Page], typed: str, meant: str
) -> None:
    page = visit(f"{address}search/")
    search(page, typed)
    expect(page.locator(".search-meant")).to_have_text(f"Did you mean {meant}?")
    page.locator("#search-meant").click()
    expect(page.locator("#search-field")).to_have_value(meant)
    expect(page.locator("#search-count")).to_contain_text("result")
    expect(page.locator("#search-note")).to_be_hidden()
    expect(page.locator(".search-meant")).to_be_hidden()


@pytest.mark.parametrize("typed", ["xyzzyq", '"whale dances"', "lovelace hopper"])
def test_nothing_is_suggested_where_no_word_is_near(
    address: str, visit: Callable[..., Page], typed: str
) -> None:
    page = visit(f"{address}search/")
    search(page, typed)
    page.wait_for_timeout(300)
    expect(page.locator(".search-meant")).to_be_hidden()


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        ("10.1016/S0140-6736(20)30183-5", "LOVELACE"),
        ("https://www.thelancet.com/doi/10.1016/S0140-6736(20)30183-5/full?x=1", "LOVELACE"),
        (OLD_DOI, "LINKED01"),
        (OLD_DOI.lower(), "LINKED01"),
        (f"doi:{OLD_DOI}", "LINKED01"),
        (f"https://doi.org/{quote(OLD_DOI)}", "LINKED01"),
        (quote(OLD_DOI, safe="/:;().-"), "LINKED01"),
        ("doi.org/10.5555/ABC.DEF", "EDITOR00"),
        ("(10.5555/abc.def)", "EDITOR00"),
        ("978-3-16-148410-0", "LUKASIEW"),
        ("2047-217X", "MUELLER0"),
        ("ISSN 2047217x", "MUELLER0"),
        ("2101.00001", "CARBON00"),
        ("https://example.org/a/page/?id=7", "LINKED00"),
        ("http://www.example.org/a/page?id=7#top", "LINKED00"),
        ("mueller2001", "MUELLER0"),
        ("webpageKey", "LINKED00"),
    ],
)
def test_a_pasted_number_address_or_citation_key_leads_to_its_work(
    address: str, visit: Callable[..., Page], pasted: str, key: str
) -> None:
    page = visit(f"{address}search/")
    page.locator("#search-field").focus()
    page.evaluate(
        """(text) => {
          const field = document.getElementById('search-field');
          field.value = text;
          field.dispatchEvent(new InputEvent('input', { inputType: 'insertFromPaste', bubbles: true }));
        }""",
        pasted,
    )
    expect(page).to_have_url(f"{address}items/{key}/")
    page.go_back()
    expect(page.locator("#search-results article").first).to_be_visible()


def test_an_address_that_no_work_has_finds_nothing(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/")
    assert search(page, "https://example.org/other") == []
    expect(page.locator("#search-none-title")).to_be_visible()


def test_what_was_typed_is_marked_in_titles_and_names(open_page: Page) -> None:
    for query, marked in (
        ("lovel", ["Lovelace"]),
        ("東京", ["東京"]),
        ("anal engine", ["Analytical", "Engine", "engine"]),
    ):
        search(open_page, query)
        assert open_page.locator("#search-results mark").all_inner_texts() == marked


def test_a_result_without_abstract_creators_and_year_shows_no_remains_of_them(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/?q=untitled")
    expect(page.locator("#search-results .entry-by, #search-results .search-excerpt")).to_have_count(0)
    expect(page.locator("#search-results .dot")).to_have_count(0)
    page = visit(f"{address}search/?q=hopper")
    expect(page.locator("#search-results .entry-by")).to_have_text("Grace Hopper (editor)")


def test_nothing_from_a_library_is_taken_for_markup(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=zebra")
    expect(page.locator("#search-results .entry-title")).to_have_text(
        "<script>document.title='hacked'</script> zebra"
    )
    expect(page.locator("#search-results img, #search-results script")).to_have_count(0)
    expect(page).to_have_title("zebra · Search · A site")
    search(page, "<img src=x onerror=alert(1)>")
    expect(page.locator("#search img")).to_have_count(0)


def test_typing_is_enough_and_the_address_follows(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/")
    page.locator("#search-field").press_sequentially("lovelace", delay=20)
    expect(page.get_by_role("link", name=ENGINE)).to_be_visible()
    expect(page).to_have_url(f"{address}search/?q=lovelace")
    expect(page.get_by_text("Or browse")).to_be_hidden()


def test_the_first_letters_of_a_word_are_not_looked_for_at_once(
    address: str, visit: Callable[..., Page]
) -> None:
    """Half of all words begin with them, and what is typed next would wait for the answer."""
    page = visit("about:blank")
    page.clock.install()
    page.goto(f"{address}search/")
    for typed, asked in (("lo", ""), ("love", "?q=love")):
        page.locator("#search-field").fill(typed)
        page.clock.run_for(400)
        expect(page).to_have_url(f"{address}search/{asked}")
    page.locator("#search-field").fill("ada lo")
    page.clock.run_for(400)
    expect(page).to_have_url(f"{address}search/?q=love")
    page.clock.run_for(400)
    expect(page).to_have_url(f"{address}search/?q=ada+lo")


def test_back_leads_from_search_to_search_not_from_letter_to_letter(
    address: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{address}search/")
    for query in ("lovelace", "hopper"):
        page.locator("#search-field").fill("")
        page.locator("#search-field").press_sequentially(query, delay=120)
        expect(page).to_have_url(f"{address}search/?q={query}")
        page.locator("#search-field").press("Enter")
    page.go_back()
    expect(page).to_have_url(re.compile(r"q=lovelace$"))
    expect(page.locator("#search-field")).to_have_value("lovelace")
    expect(page.get_by_role("link", name=ENGINE)).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("link", name="Collected zoology")).to_be_visible()


def test_the_form_in_the_header_of_another_page_leads_here(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}items/LOVELACE/")
    page.locator("#quick-search").fill("hopper")
    page.locator("#quick-search").press("Enter")
    expect(page).to_have_url(f"{address}search/?q=hopper")
    expect(page.get_by_role("link", name="Collected zoology")).to_be_visible()


def test_results_come_in_pages_with_addresses(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale&sort=oldest")
    expect(page.locator("#search-count")).to_have_text("45 results")
    expect(page.locator("#search-results article")).to_have_count(20)
    expect(page.locator("#search-range")).to_have_text("1–20 of 45")
    expect(page.get_by_role("link", name="Previous")).to_be_hidden()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(f"{address}search/?q=whale&sort=oldest&page=2")
    expect(page.locator("#search-range")).to_have_text("21–40 of 45")
    expect(page.locator("#search-heading")).to_be_focused()
    assert found(page)[0] == "Whale songs, part 021"
    page.go_back()
    expect(page.locator("#search-range")).to_have_text("1–20 of 45")
    page = visit(f"{address}search/?q=whale&sort=oldest&page=3")
    expect(page.locator("#search-range")).to_have_text("41–45 of 45")
    expect(page.get_by_role("link", name="Next")).to_be_hidden()
    page = visit(f"{address}search/?q=whale&page=99")
    expect(page.locator("#search-range")).to_have_text("41–45 of 45")


@pytest.mark.parametrize(
    ("by", "first"), [("newest", "045"), ("oldest", "001"), ("title", "001"), ("added", "027")]
)
def test_results_can_be_sorted(address: str, visit: Callable[..., Page], by: str, first: str) -> None:
    page = visit(f"{address}search/?q=whale")
    expect(page.locator("#search-count")).to_have_text("45 results")
    page.get_by_label("Sort by").select_option(by)
    expect(page).to_have_url(f"{address}search/?q=whale&sort={by}")
    expect(page.locator("#search-results .entry-title").first).to_have_text(f"Whale songs, part {first}")


def test_no_results_come_with_help_and_ways_on(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/")
    assert search(page, "xyzzyq") == []
    expect(page.get_by_text("No results for “xyzzyq”").first).to_be_visible()
    expect(page.get_by_text("Every word must occur")).to_be_visible()
    expect(page.locator("#search-browse").get_by_role("link", name="Creators")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("No results for “xyzzyq”")


@pytest.mark.parametrize(
    "query", ["lovelace xyzzyq", "lovelacx", "climte", '"patterns weaves"', "lovelace hopper"]
)
def test_what_pagefind_only_guesses_is_no_result(open_page: Page, query: str) -> None:
    titles = search(open_page, query)
    assert not titles or "No exact match" in open_page.locator("#search-note").inner_text()


@pytest.mark.parametrize("query", ["lovexyzz", "whalexyzzy", "1901..1905", "19013", "hopperzzzzzz"])
def test_what_begins_alike_by_accident_is_no_result(open_page: Page, query: str) -> None:
    assert search(open_page, query) == []


@pytest.mark.parametrize("query", ["lovelacexy", "analyticxyz"])
def test_what_begins_alike_for_most_of_the_word_is_told_as_the_nearest(open_page: Page, query: str) -> None:
    assert search(open_page, query) == [ENGINE]
    expect(open_page.locator("#search-note")).to_contain_text("No exact match")


@pytest.mark.parametrize(
    "query",
    ["publisher:menabrea", 'shelf:"algebraic patterns"', "shelf:(menabrea OR xyzzy) -callnumber:xyzzy"],
)
def test_a_field_that_there_is_not_is_told_and_its_words_are_found(open_page: Page, query: str) -> None:
    assert search(open_page, query) == [ENGINE]
    told = open_page.locator("#search-note")
    expect(told).to_contain_text(f"There is no field “{query.partition(':')[0]}:”, so")
    expect(told).to_contain_text("The fields are title:, author:, tag:")


def test_a_colon_within_a_word_that_a_work_has_is_no_field(open_page: Page) -> None:
    assert search(open_page, "scope:note") == ["A scope:note"]
    expect(open_page.locator("#search-note")).to_be_hidden()


@pytest.mark.parametrize("query", ["a", "a b", "?", "—"])
def test_a_query_too_short_to_mean_anything_says_so(
    address: str, visit: Callable[..., Page], query: str
) -> None:
    page = visit(f"{address}search/")
    assert search(page, query) == []
    expect(page.locator("#search-note")).to_have_text("Type at least two letters.")


def test_single_letters_among_words_do_no_harm(address: str, visit: Callable[..., Page]) -> None:
    assert search(visit(f"{address}search/"), "A. Lovelace") == [ENGINE]


def test_the_number_of_results_is_read_out(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=hopper")
    expect(page.get_by_role("status")).to_have_text("1 result.")


def test_keys_lead_through_the_page(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale&sort=title")
    expect(page.locator("#search-results article")).to_have_count(20)
    page.keyboard.press("/")
    expect(page.locator("#search-field")).to_be_focused()
    expect(page.locator("#search-field")).to_have_value("whale")
    titles = page.locator("#search-results .entry-title")
    for place in (0, 1):
        page.keyboard.press("ArrowDown")
        expect(titles.nth(place)).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    expect(page.locator("#search-field")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-field")).to_have_value("")
    expect(page.locator("#search-results article")).to_have_count(0)
    expect(page).to_have_url(re.compile("search/\\?sort=title$"))
    page.keyboard.press("/")
    expect(page.locator("#search-field")).to_have_value("/")


def test_a_query_loads_little_and_never_the_whole_index(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=whale")
    expect(page.locator("#search-results article")).to_have_count(20)
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert all(name.startswith(address) for name in names)
    assert len(names) == len(set(names))
    assert not [name for name in names if "orders." in name]


def test_without_script_the_page_says_so_and_leads_on(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=lovelace", java_script_enabled=False)
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.locator("#search")).to_be_hidden()
    page.locator("#search-browse").get_by_role("link", name="Creators").click()
    expect(page).to_have_url(f"{address}creators/")


def test_without_webassembly_the_page_says_so(address: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.add_init_script("delete window.WebAssembly")
    page.goto(f"{address}search/?q=lovelace")
    expect(page.locator("#search-note")).to_contain_text("does not allow WebAssembly")
    expect(page.locator("#search-browse")).to_be_visible()
    page.close()


def test_without_an_index_the_page_says_so_and_tries_again(
    tmp_path: Path, chromium: Browser, serve: Callable[[Path], str]
) -> None:
    ctx = context(make_item("AAAAAAAA", title="Hello"))
    write_folder(ctx, tmp_path / "site", tmp_path / "work", with_search=False)
    page = chromium.new_page()
    page.goto(serve(tmp_path / "site") + "search/?q=hello")
    expect(page.locator("#search-note")).to_contain_text("could not be loaded")
    write_folder(ctx, tmp_path / "site", tmp_path / "work")
    page.locator("#search-field").press("Enter")
    expect(page.get_by_role("link", name="Hello")).to_be_visible()
    expect(page.locator("#search-note")).to_be_hidden()
    page.close()


def test_nothing_runs_over_the_edge_of_a_narrow_screen(address: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{address}search/?q=zebra")
    page.set_viewport_size({"width": 320, "height": 700})
    expect(page.locator("#search-results article")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_items_of_a_real_library_are_found_by_title_and_doi(
    shared: Path, tmp_path: Path, serve: Callable[[Path], str], visit: Callable[..., Page]
) -> None:
    mirror, config = recorded_mirror(shared, "group-1"), site_config()
    library = select(read_library(mirror, config, config.libraries[0]), config.libraries[0].select)
    ctx = make_context([library], config, Schema.from_json(mirror.schema(), "en"), {}, ())
    write_folder(ctx, tmp_path / "site", tmp_path / "work", within=("search/", "static/"))
    page = visit(serve(tmp_path / "site") + "search/")
    sample = ctx.items[::12]
    lost = [
        entry.title
        for entry in sample
        if " ".join(entry.title.split()) not in map(_one_line, search(page, entry.title))
    ]
    assert lost == []
    with_doi = [entry for entry in ctx.items if entry.item.fields.get("DOI")][::8]
    lost = [
        entry.item.fields["DOI"]
        for entry in with_doi
        if _one_line(entry.title) not in map(_one_line, search(page, entry.item.fields["DOI"]))
    ]
    assert lost == []


def _one_line(text: str) -> str:
    return " ".join(text.split())

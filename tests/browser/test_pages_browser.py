"""The pages in a real Chromium: narrow screens, dark colours, keyboard, copying, printing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import make_attachment, make_collection, make_item, make_tags
from playwright.sync_api import Browser, Page, expect
from sitepages import site, site_config

from zstatic.outputs import Copy

pytestmark = pytest.mark.browser

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
PATHS = [
    "",
    "items/",
    "items/AAAA2222/",
    "items/FFFF2222/",
    "collections/",
    "collections/CCCC2222/",
    "tags/",
    "creators/",
    "years/",
    "types/",
    "about/",
    "404.html",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    """The address of a small site with long words, many authors and a file."""
    root = tmp_path_factory.mktemp("site")
    (root / "content").mkdir()
    (root / "content/about.md").write_text(
        f"# About\n\n{LONG}\n\n| a | b |\n|---|---|\n| {LONG} | {LONG} |\n"
    )
    stored = root / "stored"
    stored.write_bytes(b"%PDF-1.4")
    attachment = make_attachment("DDDD2222", "AAAA2222", filename=f"{LONG}.pdf", title=LONG)
    item = make_item(
        "AAAA2222",
        title=f"{LONG} <i>and</i> C<sub>60</sub>",
        creators=[
            {"creatorType": "author", "lastName": f"Author{number}", "firstName": "A."}
            for number in range(60)
        ],
        tags=make_tags(LONG, "short", "x" * 255),
        collections=["CCCC2222"],
        url=f"https://example.com/{LONG}/{LONG}",
        abstractNote=f"{LONG}\n\n" + "Words and words. " * 50,
        date="1921",
        parsed_date="1921",
    )
    foreign = make_item(
        "EEEE2222",
        title="كتاب الفهرست",
        creators=[{"creatorType": "author", "lastName": "النديم", "firstName": "ابن"}],
        publicationTitle="A journal",
        language="ar",
    )
    others = [
        make_item(
            f"BBBB22{number}",
            title=f"Other {number}",
            date=str(1900 + number),
            parsed_date=str(1900 + number),
        )
        for number in range(10, 90)
    ]
    alone = make_attachment("FFFF2222", md5=attachment["data"]["md5"], title="A file of its own")
    made = site(
        item,
        attachment,
        alone,
        foreign,
        *others,
        collections=[make_collection("CCCC2222", LONG), make_collection("CCCC3333", "Below", "CCCC2222")],
        config=site_config(root),
        files={attachment["data"]["md5"]: stored},
        citations={"apa": {"AAAA2222": "<div>A. Author, <i>Title</i>, 1921.</div>"}},
        exports={"bibtex": {"AAAA2222": "@article{key,\n\ttitle = {T}\n}"}},
    )
    output = root / "_site"
    for path, each in made.outputs.items():
        target = output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(each.source.read_bytes() if isinstance(each, Copy) else made.renderer.render(each))
    (output / "last_sync.json").write_text("{}", "utf-8")
    # 404.html names the base path of the configured address.
    (root / "library").symlink_to(output)
    return f"{serve(root)}library/"


def open_page(chromium: Browser, **settings: Any) -> tuple[Page, list[str]]:
    """A page and what its console complains about."""
    page = chromium.new_context(**settings).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_page_scrolls_sideways_or_is_refused_anything(chromium: Browser, served: str, width: int) -> None:
    page, complaints = open_page(chromium, viewport={"width": width, "height": 800})
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if served not in request.url else None)
    for path in PATHS:
        page.goto(served + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert not complaints
    assert not foreign
    page.context.close()


def test_everything_to_press_is_at_least_24_pixels_or_in_a_line_of_text(
    chromium: Browser, served: str
) -> None:
    page, _ = open_page(chromium, viewport={"width": 320, "height": 800})
    # WCAG 2.5.8 excepts links in a line of text; those of lists stand with room around them.
    text = ".prose, .reference, .skip, .fields, .sum, .site-footer, .trails, .roles, .record, svg"
    spaced = ".entry-title, .row a, .terms a, .lines a, .cards a"
    small = f"""() => [...document.querySelectorAll("a, button, input, summary")].filter((element) => {{
      const box = element.getBoundingClientRect();
      return box.width && box.height < 23.5 && !element.closest("{text}") && !element.matches("{spaced}");
    }}).map((element) => element.outerHTML.slice(0, 120))"""
    for path in PATHS:
        page.goto(served + path)
        assert page.evaluate(small) == [], path
    page.context.close()


def test_the_chosen_colours_are_kept_and_follow_the_system_before(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, color_scheme="dark")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    page.goto(served)
    dark = page.evaluate(background)
    button = page.get_by_role("button", name="Dark colours")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    light = page.evaluate(background)
    assert button.get_attribute("aria-pressed") == "false"
    assert light != dark
    page.goto(served + "tags/")
    assert page.evaluate(background) == light
    page.context.close()


def test_the_keyboard_reaches_the_content_at_once(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium)
    page.goto(served + "items/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_a_reference_is_copied_as_rich_and_plain_text(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, permissions=["clipboard-read", "clipboard-write"])
    page.goto(served + "items/AAAA2222/")
    button = page.get_by_role("button", name="Copy APA reference")
    button.click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "A. Author, Title, 1921."
    rich = page.evaluate(
        "navigator.clipboard.read().then(([item]) => item.getType('text/html')).then((blob) => blob.text())"
    )
    assert "<i>Title</i>" in rich
    assert page.evaluate("document.activeElement.dataset.copy") == "cite-1"
    page.context.close()


def test_an_export_is_saved_under_the_items_key(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium)
    page.goto(served + "items/AAAA2222/")
    page.locator("summary", has_text="BibTeX").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download BibTeX").click()
    assert download.value.suggested_filename == "AAAA2222.bib"
    assert Path(download.value.path()).read_text().startswith("@article{key,\n\ttitle = {T},\n")
    page.context.close()


def test_without_javascript_nothing_is_shown_that_would_not_work(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, java_script_enabled=False)
    page.goto(served + "items/AAAA2222/")
    assert not page.locator(".quiet, .mode").first.is_visible()
    assert page.locator("h1").is_visible()
    page.context.close()


def test_on_paper_there_is_the_reference_and_no_frame(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium)
    page.goto(served + "items/AAAA2222/")
    page.emulate_media(media="print")
    assert page.locator(".reference").first.is_visible()
    for part in (".site-header", ".site-footer", ".cite-more"):
        assert not page.locator(part).first.is_visible()
    page.context.close()


def test_the_kind_of_a_list_is_said_by_the_trail_or_on_paper_without_it_by_a_word(
    chromium: Browser, served: str
) -> None:
    page, _ = open_page(chromium)
    page.goto(served + "collections/CCCC3333/")
    for media, trail in (("screen", True), ("print", False)):
        page.emulate_media(media=media)  # type: ignore[arg-type]
        assert page.locator(".trail").is_visible() == trail
        assert page.locator(".kind").is_visible() != trail
    page.context.close()


def test_on_paper_even_dark_pages_have_black_text(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, color_scheme="dark")
    page.goto(served + "items/AAAA2222/")
    page.get_by_role("button", name="Dark colours").dblclick()
    assert page.evaluate("document.documentElement.dataset.mode") == "dark"
    page.emulate_media(media="print")
    for part in ("h1", ".reference", ".fields"):
        # The change of colours on a link takes its time.
        expect(page.locator(part).first).to_have_css("color", "rgb(0, 0, 0)")
    page.context.close()


def test_the_search_button_says_its_word_in_one_line(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, viewport={"width": 1440, "height": 900})
    for path in ("", "search/"):
        page.goto(served + path)
        box = page.locator("main button[type=submit] span").bounding_box()
        assert box
        assert box["height"] < 30
    page.context.close()


def test_foreign_scripts_stand_where_the_pages_own_text_starts(chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, viewport={"width": 1280, "height": 900})
    start = """part => {
      const range = document.createRange();
      range.selectNodeContents(document.querySelector(part));
      return range.getBoundingClientRect().left;
    }"""
    page.goto(served + "items/EEEE2222/")
    assert page.evaluate(start, "h1") == pytest.approx(page.evaluate(start, ".kind"), abs=2)
    page.goto(served + "years/undated/")
    title, line = (page.evaluate(start, part) for part in (".entry-title[lang=ar]", ".entry-by"))
    assert title == pytest.approx(line, abs=2)
    page.context.close()


def test_where_there_is_a_file_and_nothing_to_read_it_is_not_left_in_a_margin(
    chromium: Browser, served: str
) -> None:
    page, _ = open_page(chromium, viewport={"width": 1280, "height": 900})
    page.goto(served + "items/FFFF2222/")
    boxes = [page.locator(part).bounding_box() for part in ("h1", "#item-basket", ".access", ".record")]
    assert all(boxes)
    assert len({box["x"] for box in boxes if box}) == 1
    assert [box["y"] for box in boxes if box] == sorted(box["y"] for box in boxes if box)
    page.context.close()

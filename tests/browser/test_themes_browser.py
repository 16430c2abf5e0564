"""The themes that we ship beside the default one, in a real Chromium: in both directions and on paper.

That nobody is kept out is tested for all themes in test_accessibility.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sampleviews import full_samples
from sitepages import Site
from themeexamples import example

from zstatic.outputs import Copy
from zstatic.theme import DEFAULT, packaged_themes

pytestmark = pytest.mark.browser

PATHS = [
    "",
    "items/",
    "items/AAAA2222/",
    "items/ZZZZ2222/",
    "collections/",
    "collections/CCCC3333/",
    "collections/CCCC3333/embed/",
    "tags/frequent/",
    "creators/",
    "years/",
    "types/",
    "about/",
    "404.html",
]
THEMES = sorted(path.name for path in packaged_themes().iterdir() if path.name != DEFAULT)


@pytest.fixture(scope="module", params=THEMES)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]
) -> str:
    """The address of a site that has everything."""
    root = tmp_path_factory.mktemp("site")
    write(next(full_samples(root, request.param)).site, root / "library")
    return f"{serve(root)}library/"


def write(made: Site, folder: Path) -> None:
    for path, output in made.outputs.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        copies = isinstance(output, Copy)
        target.write_bytes(output.source.read_bytes() if copies else made.renderer.render(output))
    (folder / "last_sync.json").write_text("{}", "utf-8")


def test_there_is_another_theme() -> None:
    assert THEMES


def test_every_page_keeps_to_its_policy_and_asks_nobody_else(visit: Callable[..., Page], served: str) -> None:
    page = visit(served)
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if served not in request.url else None)
    for path in PATHS:
        page.goto(served + path)
    assert foreign == []


def test_no_page_scrolls_sideways_in_either_direction(visit: Callable[..., Page], served: str) -> None:
    page = visit(served)
    for path in PATHS:
        page.goto(served + path)
        for width in (320, 1000, 1600):
            page.set_viewport_size({"width": width, "height": 900})
            for direction in ("rtl", "ltr"):
                page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_on_paper_there_is_the_reference_in_black_and_no_frame(chromium: Browser, served: str) -> None:
    page = chromium.new_context(color_scheme="dark").new_page()
    page.goto(served + "items/AAAA2222/")
    page.emulate_media(media="print")
    assert page.locator(".reference").first.is_visible()
    for part in (".site-header", ".site-footer", ".cite-more"):
        assert not page.locator(part).first.is_visible()
    for part in ("h1", ".reference"):
        expect(page.locator(part).first).to_have_css("color", "rgb(0, 0, 0)")
    assert page.evaluate("getComputedStyle(document.body, '::before').content") == "none"
    page.context.close()


def test_a_list_in_a_frame_keeps_the_look_and_leaves_the_frame_of_the_pages(
    visit: Callable[..., Page], served: str
) -> None:
    page = visit(served + "collections/CCCC3333/embed/")
    assert page.evaluate("getComputedStyle(document.body).display") != "grid"
    assert page.evaluate("getComputedStyle(document.body, '::before').content") == "none"
    colors = []
    for path in ("collections/CCCC3333/embed/", "items/"):
        page.goto(served + path)
        colors.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert colors[0] == colors[1]


@pytest.mark.parametrize(
    ("scheme", "pressed", "color"),
    [
        ("light", False, "rgb(29, 92, 99)"),
        ("dark", False, "rgb(127, 200, 207)"),
        ("light", True, "rgb(127, 200, 207)"),
    ],
)
def test_the_colours_of_the_readmes_example_are_those_of_the_pages(
    visit: Callable[..., Page],
    serve: Callable[[Path], str],
    tmp_path: Path,
    scheme: str,
    pressed: bool,
    color: str,
) -> None:
    write(example(tmp_path, "theme/static/custom.css"), tmp_path / "_site")
    page = visit(serve(tmp_path / "_site"), color_scheme=scheme, reduced_motion="reduce")
    if pressed:
        page.get_by_role("button", name="Dark colours").click()
    assert page.locator(".more a").first.evaluate("link => getComputedStyle(link).color") == color

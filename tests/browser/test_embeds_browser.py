"""Another website shows a reading list, in a frame and as an element, in a real Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe import violations
from browsing import Quiet, serving
from builders import make_collection, make_item
from playwright.sync_api import Browser, Page, expect
from sitepages import site, site_config

from zstatic.config import SiteConfig
from zstatic.outputs import Copy

pytestmark = pytest.mark.browser

LIST = "collections/CCCC2222/"


class _OpenToAll(Quiet):
    """As GitHub Pages answers: anybody may read."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with a collection of twelve."""
    folder = tmp_path_factory.mktemp("hosted")
    with serving(folder, _OpenToAll) as address:
        made = site(
            *(
                make_item(
                    f"AAAA{number:04}",
                    title=f"On <i>water</i> {number}" if number < 11 else "كتاب الفهرست",
                    language="en" if number < 11 else "ar",
                    creators=[{"creatorType": "author", "lastName": "Author", "firstName": "A."}],
                    collections=["CCCC2222"],
                    dateAdded=f"2020-01-01T00:00:{number:02}Z",
                )
                for number in range(12)
            ),
            collections=[make_collection("CCCC2222", "Water & <b>ice</b>")],
            config=site_config(folder, site=SiteConfig("A site", base_url=address)),
        )
        for path, output in made.outputs.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            copies = isinstance(output, Copy)
            target.write_bytes(output.source.read_bytes() if copies else made.renderer.render(output))
        (folder / "last_sync.json").write_text("{}", "utf-8")
        yield address


@pytest.fixture
def foreign(
    chromium: Browser, hosted: str, tmp_path: Path, serve: Callable[[Path], str], visit: Callable[..., Page]
) -> Callable[..., Page]:
    """Open a page of another origin that has what the collection's page says to paste."""

    def start(kind: str, change: Callable[[str], str] = str, **options: object) -> Page:
        listed = visit(hosted + LIST)
        listed.locator(".share summary").click()
        code = change(listed.locator(f"#embed-{kind}").inner_text())
        policy = f"default-src 'none'; script-src {hosted}; connect-src {hosted}; frame-src {hosted}; "
        (tmp_path / "index.html").write_text(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A blog</title>'
            f'<link rel="icon" href="data:,">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}'
            "style-src 'unsafe-inline'; img-src data:\">"
            f"<style>p {{ color: rgb(1, 2, 3) }} ol {{ border: 9px solid }} a {{ color: rgb(4, 5, 6) }} "
            "zstatic-list::part(by) { font-weight: 800 }</style></head>"
            f"<body><main><h1>Blog</h1>{code}</main></body></html>",
            "utf-8",
        )
        return visit(serve(tmp_path), **options)

    return start


def test_a_frame_shows_the_list_and_its_links_lead_out_of_the_frame(
    foreign: Callable[..., Page], hosted: str
) -> None:
    page = foreign("frame")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading")).to_have_text("Water & <b>ice</b>")
    expect(frame.get_by_role("listitem")).to_have_count(10)
    expect(frame.locator(".entry-title i").first).to_have_text("water")
    frame.get_by_role("link", name="On water 10").click()
    page.wait_for_url(f"{hosted}items/AAAA0010/")


def test_a_page_with_the_element_stays_accessible(foreign: Callable[..., Page]) -> None:
    page = foreign("element", bypass_csp=True)
    expect(page.locator("zstatic-list").get_by_role("listitem")).to_have_count(10)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_frame_has_the_readers_colours_and_does_not_scroll_sideways(
    foreign: Callable[..., Page], scheme: str
) -> None:
    page = foreign("frame", color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 800})
    root = page.frame_locator("iframe").locator("html")
    color = root.evaluate("html => getComputedStyle(html).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(color) < 200) is (scheme == "dark")
    assert root.evaluate("html => html.scrollWidth <= html.clientWidth")


def test_an_element_shows_the_list_in_the_style_of_the_page_around_it(
    foreign: Callable[..., Page], hosted: str
) -> None:
    page = foreign("element")
    element = page.locator("zstatic-list")
    expect(element.get_by_role("listitem")).to_have_count(10)
    assert element.get_by_role("link", name="On water 10").get_attribute("href") == f"{hosted}items/AAAA0010/"
    more = element.get_by_role("link", name="All 12 items")
    assert more.get_attribute("href") == hosted + LIST
    arabic = element.get_by_role("link", name="كتاب الفهرست")
    assert (arabic.get_attribute("lang"), arabic.get_attribute("dir")) == ("ar", "auto")
    expect(element.locator("li i").first).to_have_text("water")
    color = "link => getComputedStyle(link).color"
    assert element.get_by_role("link", name="On water 10").evaluate(color) == "rgb(4, 5, 6)"
    assert element.locator("li p").first.evaluate("by => getComputedStyle(by).fontWeight") == "800"
    # Other styles stay on their side.
    assert element.locator("ol").evaluate("ol => getComputedStyle(ol).borderTopWidth") == "0px"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "كتاب الفهرست"


def test_an_element_shows_no_more_than_it_is_asked_for_and_two_share_a_script(
    foreign: Callable[..., Page],
) -> None:
    page = foreign("element", lambda code: code + code.replace("<zstatic-list", '<zstatic-list count="3"'))
    expect(page.locator("zstatic-list").nth(1).get_by_role("listitem")).to_have_count(3)
    expect(page.locator("zstatic-list").nth(0).get_by_role("listitem")).to_have_count(10)


def test_an_element_that_cannot_have_the_list_keeps_the_link_to_it(chromium: Browser, hosted: str) -> None:
    page = chromium.new_page()
    page.route("**/embed/", lambda route: route.abort())
    page.goto(hosted + LIST)
    code = page.locator("#embed-element").text_content() or ""
    page.set_content(f"<h1>Blog</h1>{code}")
    # A locator sees into the shadow root, where the element shows its own content through a slot.
    expect(page.locator("zstatic-list slot")).to_have_count(1)
    expect(page.get_by_role("link", name="Water & <b>ice</b>")).to_be_visible()
    page.close()


def test_an_element_takes_over_text_and_links_and_nothing_that_runs(chromium: Browser, hosted: str) -> None:
    evil = (
        '<!doctype html><div data-list><ol><li><a href="javascript:bad()" onclick="bad()">One<script>bad()'
        '</script></a><img src=x onerror="bad()"><iframe src="data:,"></iframe></li></ol></div>'
    )
    page = chromium.new_page()
    page.goto(hosted + LIST)
    code = page.locator("#embed-element").text_content() or ""
    page.route(
        "**/embed/",
        lambda route: route.fulfill(
            body=evil, content_type="text/html", headers={"Access-Control-Allow-Origin": "*"}
        ),
    )
    page.set_content(code)
    expect(page.locator("zstatic-list li")).to_have_text("One")
    found = page.locator("zstatic-list").evaluate("element => element.shadowRoot.innerHTML")
    assert [word for word in ("script", "img", "iframe", "onclick", "href") if word in found] == []
    page.close()


def test_the_code_is_copied_by_its_button(chromium: Browser, hosted: str) -> None:
    page = chromium.new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto(hosted + LIST)
    page.locator(".share summary").press("Enter")
    page.get_by_role("button", name="Copy the code for a frame").press("Enter")
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith(f'<iframe src="{hosted}{LIST}embed/"')
    page.context.close()

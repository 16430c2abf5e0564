"""Every kind of page for people who see, point or read otherwise: the rules of WCAG 2.2 AA, and the keyboard.

In every theme; in light, dark and the system's own colours, at 200 % zoom, 320 pixels wide, with text spaced
out, and from right to left.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe import violations
from playwright.sync_api import Browser, Page, Route, expect
from showcase import PAGES, RICH

from zstatic.theme import packaged_themes

pytestmark = pytest.mark.browser

SEARCHES = {
    "search with results": "search/?q=map",
    "search narrowed": "search/?q=map&type=book",
    "search without results": "search/?q=nothinglikethis",
    "search with a mistake": 'search/?q=(map+AND+"sheet',
}
KINDS = PAGES | SEARCHES
THEMES = sorted(path.name for path in packaged_themes().iterdir())
REPORT = (
    "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective))"
)


@pytest.fixture(scope="module")
def shared_page(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what its console complains about."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.add_init_script(REPORT)
    # The page of a moved item would be gone before it was looked at.
    context.route("**/items/MVED2222/", _stay)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def _stay(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('http-equiv="refresh"', 'name="refresh"'))


@pytest.fixture
def page(shared_page: tuple[Page, list[str]]) -> Iterator[Page]:
    """As it was before any test; a complaint on the console fails the test."""
    page, complaints = shared_page
    complaints.clear()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light", forced_colors="none", media="screen")
    yield page
    assert complaints == []


def look(page: Page, address: str, kind: str) -> None:
    """Open a kind of page, with all there is to unfold unfolded."""
    page.goto(address + KINDS[kind])
    if kind in SEARCHES:
        expect(page.locator("#search-found:not([hidden]), #search-none:not([hidden])").first).to_be_visible()
        expect(page.locator("#search-found")).not_to_have_attribute("aria-busy", "true")
    unfold(page)


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def width(page: Page, pixels: int) -> None:
    page.set_viewport_size({"width": pixels, "height": 900})
    unfold(page)  # The filters fold themselves on narrow screens.
    assert page.evaluate("document.documentElement.scrollWidth") <= pixels, f"scrolls sideways at {pixels}"


@pytest.fixture(scope="module")
def pointed_at() -> defaultdict[str, set[str]]:
    """Theme -> the looks that were pointed at on other pages."""
    return defaultdict(set)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_keeps_anybody_out(
    theme: str, kind: str, page: Page, show: Callable[..., str], pointed_at: defaultdict[str, set[str]]
) -> None:
    look(page, show("en", theme), kind)
    width(page, 1280)
    assert violations(page) == []
    assert illegible_when_pointed_at(page, pointed_at[theme]) == []
    width(page, 640)  # 1280 at 200 %
    page.emulate_media(forced_colors="active")
    assert page.evaluate(_FAINT) == []
    width(page, 320)
    page.emulate_media(color_scheme="dark", forced_colors="none")
    assert violations(page) == []
    assert page.evaluate(_SMALL) == []
    page.evaluate(_SPACE_OUT)
    for pixels in (320, 1280):
        width(page, pixels)
        assert page.evaluate(_CUT_OFF) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_keeps_anybody_out_who_reads_from_right_to_left(
    theme: str, kind: str, page: Page, show: Callable[..., str]
) -> None:
    look(page, show("ar", theme), kind)
    assert page.evaluate("document.dir") == "rtl"
    for pixels in (1280, 1000, 320):
        width(page, pixels)
    if theme == "default":
        assert violations(page) == []


def illegible_when_pointed_at(page: Page, seen: set[str]) -> list[tuple[str, str]]:
    """Looks of what can be pressed in colours in which it cannot be read. seen: looks to pass over."""
    looks = dict(page.evaluate(_LOOKS))
    assert looks
    found: list[tuple[str, str]] = []
    for look_of in sorted(looks.keys() - seen):
        page.locator(looks[look_of]).hover(force=True)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            if page.evaluate(_CONTRAST, looks[look_of]) < 4.5:
                found.append((look_of, scheme))
    seen |= looks.keys()
    page.mouse.move(0, 0)
    return found


def test_the_rules_are_those_of_wcag_2_2(page: Page, show: Callable[[str], str]) -> None:
    look(page, show("en"), "missing page")
    page.evaluate(
        """document.querySelector("main").innerHTML = `<h1 class="label">Pale</h1><input>
          <nav class="trail"><button class="tiny"></button><button class="tiny">b</button></nav>`;
        const look = new CSSStyleSheet();
        look.replaceSync(".label { color: #ccc } .tiny { padding: 0; width: 9px; height: 9px }");
        document.adoptedStyleSheets = [look];"""
    )
    rules = {each.partition(":")[0] for each in violations(page)}
    assert {"color-contrast", "label", "button-name", "target-size"} <= rules


# Less than 24 pixels to hit, be it by the label. Links are left to axe, which knows those in running text.
_SMALL = """() => [...document.querySelectorAll("button, input, select, summary")].filter((element) => {
  const isSmall = (target) => {
    const {width, height} = target.getBoundingClientRect();
    return Math.min(width, height) < 23.5;
  };
  const label = element.closest("label");
  if (!element.checkVisibility({visibilityProperty: true})) return false;
  return isSmall(element) && (!label || isSmall(label));
}).map((element) => element.outerHTML.slice(0, 120))"""
# What readers may set for themselves by WCAG 1.4.12.
_SPACE_OUT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
# What is larger than its box, which hides the rest of it.
_CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((element) => {
  if (!element.checkVisibility({visibilityProperty: true})) return false;
  // What is typed into a field can be scrolled.
  if (element.closest("svg, input, .hidden, .skip")) return false;
  const style = getComputedStyle(element);
  if (style.clipPath !== "none" || style.position === "absolute") return false;
  const hides = (way) => style[`overflow${way}`] === "hidden" || style[`overflow${way}`] === "clip";
  return (hides("X") && element.scrollWidth > element.clientWidth + 1) ||
    (hides("Y") && element.scrollHeight > element.clientHeight + 1);
}).map((element) => element.outerHTML.slice(0, 120))"""
# One element of each look that can be pressed: [its classes and those around it, a path to it]
_LOOKS = """() => {
  const path = (one) => one === document.documentElement ? "html" :
    `${path(one.parentElement)} > :nth-child(${1 + [...one.parentElement.children].indexOf(one)})`;
  const look = (element) => `${element.tagName}.${element.className.baseVal ?? element.className}`;
  const found = new Map();
  for (const element of document.querySelectorAll("a, button, summary, label, select")) {
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    if (element.closest("svg, .hidden, .skip")) continue;
    const looks = [element, element.parentElement, element.parentElement.parentElement].map(look);
    found.set(looks.join(" < "), path(element));
  }
  return [...found];
}"""
_LUMINANCE = """const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  // What lies behind an element's text; no ground of ours is half transparent.
  const groundOf = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return /, 0\\)$/.test(color) && element.parentElement ? groundOf(element.parentElement) : color;
  };"""
_CONTRAST = f"""(path) => {{
  {_LUMINANCE}
  const element = document.querySelector(path);
  return contrast(getComputedStyle(element).color, groundOf(element));
}}"""
# Text that hardly stands out. Not asked of axe, which does not see the colours that the system forces.
_FAINT = f"""() => {{
  {_LUMINANCE}
  const has = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility({{visibilityProperty: true}}) && has(each))
    .map((each) => [contrast(getComputedStyle(each).color, groundOf(each)), each.outerHTML.slice(0, 120)])
    .filter(([found]) => found < 4.5);
}}"""

_WALKED = [
    "home",
    "item with all there can be",
    "collection",
    "tags",
    "creators",
    "years",
    "search narrowed",
    "text of the owner",
    "list for another website",
    "missing page",
]

# Number the elements that Tab should reach; say how the one that has the focus shows it.
_NUMBER = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, summary, pre, [tabindex]")]
    .filter((each) => each.tabIndex >= 0 && !each.disabled && (each.type !== "radio" || each.checked))
    .filter((each) => each.checkVisibility({visibilityProperty: true}));
  all.forEach((each, number) => { each.dataset.walk = number; });
  return all.length;
}"""
# The ring must stand out from the nearest ground that is painted.
_FOCUSED = f"""() => {{
  {_LUMINANCE}
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const covers = (box, [x, y]) => {{
    const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return top && (element.contains(top) || top.contains(element));
  }};
  const places = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.2]];
  return {{
    number: Number(element.dataset.walk ?? -1),
    what: element.outerHTML.slice(0, 120),
    ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    contrast: contrast(style.outlineColor, groundOf(element.parentElement)),
    seen: [...element.getClientRects()].some((box) => places.some((place) => covers(box, place))),
  }};
}}"""


@pytest.mark.parametrize(("scheme", "size"), [("light", (1280, 900)), ("dark", (320, 256))])
@pytest.mark.parametrize("kind", _WALKED)
@pytest.mark.parametrize("theme", THEMES)
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    theme: str, kind: str, scheme: Any, size: tuple[int, int], page: Page, show: Callable[..., str]
) -> None:
    """On a large screen, and on one of 1280 by 1024 at 400 %."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    look(page, show("en", theme), kind)
    count = page.evaluate(_NUMBER)
    assert count
    for number in range(min(count, 60)):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        assert focused["number"] == number, focused
        assert focused["seen"], focused
        assert focused["ring"] >= 2, focused
        assert focused["contrast"] >= 3, focused


def test_nothing_moves_for_whoever_wants_no_motion(page: Page, show: Callable[[str], str]) -> None:
    moving = """[...document.querySelectorAll("*")].filter((element) => {
      const style = getComputedStyle(element);
      return parseFloat(style.transitionDuration) || parseFloat(style.animationDuration) ||
        style.scrollBehavior === "smooth";
    }).map((element) => element.outerHTML.slice(0, 80))"""
    for kind in ("home", "item with all there can be", "types", "search narrowed"):
        look(page, show("en"), kind)
        page.evaluate("document.getElementById('search-found')?.setAttribute('aria-busy', 'true')")
        assert page.evaluate(moving) == [], kind


def test_a_search_is_made_narrowed_and_taken_back_by_keyboard_alone(
    page: Page, show: Callable[[str], str]
) -> None:
    page.goto(show("en") + "search/")
    page.keyboard.press("/")
    page.keyboard.type("sheet 3")
    said = page.locator("#search-said")
    expect(said).to_have_text(re.compile(r"\d+ results"))
    before = said.inner_text()
    _tab_to(page, ".facet[data-facet='type'] input[type=checkbox]")
    page.keyboard.press("Space")
    expect(page.locator("#search-chips button")).to_have_count(1)
    expect(said).not_to_have_text(before)
    _tab_to(page, ".facet[data-facet='type'] .exclude")
    page.keyboard.press("Enter")
    expect(page.locator("#search-chips button").first).to_be_visible()
    _tab_to(page, "#search-clear")
    page.keyboard.press("Enter")
    expect(page.locator("#search-chosen")).to_be_hidden()
    _tab_to(page, "#search-results .basket")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results .basket").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("/")
    expect(page.locator("#search-field")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#search-basket")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#search-results a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#search-field")).to_be_focused()
    _tab_to(page, "#search-results a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*/")


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(80):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def test_a_menu_of_the_page_is_named_and_the_place_in_it_told(page: Page, show: Callable[[str], str]) -> None:
    page.goto(f"{show('en')}items/{RICH}/")
    names = page.locator("nav").evaluate_all(
        "all => all.map((nav) => nav.ariaLabel ?? nav.ariaLabelledByElements[0].textContent)"
    )
    assert all(names)
    assert len(set(names)) == len(names)
    page.goto(show("en") + "tags/")
    assert page.locator("[aria-current=page]").inner_text() == "Tags"

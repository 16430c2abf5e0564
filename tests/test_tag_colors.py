"""Tags that have a colour in Zotero have it on the site, first in order, and only if they are public."""

from typing import Any

import pytest
from builders import StubMirror, make_config, make_item, make_tags
from sitepages import site, site_config, words

from zstatic.config import LibraryConfig, SelectRules
from zstatic.library import read_library
from zstatic.selection import select

COLORS = [{"name": "zinc", "color": "#FF6666"}, {"name": "Brass", "color": "#2EA8E5"}]
ITEM = "items/AAAA2222/"


def settings(value: Any) -> dict[str, Any]:
    return {"tagColors": {"value": value, "version": 3}}


def colors_of(value: Any, **rules: Any) -> list[tuple[str, str]]:
    mirror = StubMirror(settings=settings(value))
    library = read_library(mirror, make_config(), LibraryConfig("groups/1"))  # type: ignore[arg-type]
    return list(select(library, SelectRules(**rules)).tag_colors.items())


def dots(element: Any) -> list[tuple[str, str]]:
    """(colour, tag) of each link with a dot."""
    found = element.xpath(".//a[svg/circle]")
    return [(str(link.xpath("string(svg/circle/@fill)")), words(link)) for link in found]


def test_colors_keep_the_order_that_zotero_gives_them() -> None:
    assert colors_of(COLORS) == [("zinc", "#ff6666"), ("Brass", "#2ea8e5")]


def test_the_color_of_an_excluded_tag_goes_with_it() -> None:
    private = [{"name": "_mine", "color": "#990000"}]
    assert colors_of([*private, *COLORS]) == colors_of(COLORS)
    assert colors_of(COLORS, tag_exclude="^z") == [("Brass", "#2ea8e5")]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "red",
        [None, 3, {"name": "a"}, {"name": 1, "color": "#FF6666"}],
        [{"name": "a", "color": 'red"/><script>'}, {"name": "a", "color": "#FF6666;"}],
    ],
)
def test_what_is_no_color_is_none(value: Any) -> None:
    assert colors_of(value) == []


def test_colored_tags_come_first_on_an_items_page_with_their_color() -> None:
    made = site(
        make_item("AAAA2222", tags=make_tags("argon", "Brass", "copper", "zinc")), settings=settings(COLORS)
    )
    (tags,) = made.page(ITEM).xpath("//ul[@class='chips']")
    assert [words(tag) for tag in tags] == ["zinc", "Brass", "argon", "copper"]
    assert dots(tags) == [("#ff6666", "zinc"), ("#2ea8e5", "Brass")]


def test_colored_tags_stand_above_the_index_of_tags_and_in_it() -> None:
    made = site(
        make_item("AAAA2222", tags=make_tags("argon", "Brass", "zinc")),
        make_item("BBBB2222", tags=make_tags("brass")),
        settings=settings([*COLORS, {"name": "unused", "color": "#990000"}]),
    )
    page = made.page("tags/")
    (colored,) = page.xpath("//ul[contains(@class, 'colored')]")
    assert [words(entry) for entry in colored] == ["zinc 1", "Brass 2"]
    in_sections = [dot for section in page.xpath("//div[@class='letter']") for dot in dots(section)]
    assert in_sections == [("#2ea8e5", "Brass"), ("#ff6666", "zinc")]
    assert "unused" not in made.text("tags/index.html")
    # A creator of the same name has no colour.
    assert not made.page("creators/").xpath("//svg[@class='tag-dot']")


def test_a_long_index_shows_colors_too() -> None:
    many = [f"tag {number}" for number in range(700)]
    made = site(make_item("AAAA2222", tags=make_tags(*many, "zinc")), settings=settings(COLORS))
    assert dots(made.page("tags/").xpath("//ul[contains(@class, 'colored')]")[0]) == [("#ff6666", "zinc")]
    assert ("#ff6666", "zinc") in dots(made.page("tags/letter/z/"))


def test_colors_need_no_inline_style() -> None:
    made = site(make_item("AAAA2222", tags=make_tags("zinc")), settings=settings(COLORS))
    for path in (f"{ITEM}index.html", "tags/index.html"):
        assert 'fill="#ff6666"' in made.text(path)
        assert "style=" not in made.text(path)


def test_without_colors_no_page_mentions_them() -> None:
    made = site(make_item("AAAA2222", tags=make_tags("zinc")), config=site_config())
    assert "tag-dot" not in made.text(f"{ITEM}index.html") + made.text("tags/index.html")

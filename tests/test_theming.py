"""The README for theme authors: its four examples work, and its list of views is that of the program."""

import re
from pathlib import Path

import pytest
from sitepages import words
from themeexamples import example, examples
from viewreference import README, readme_with, reference

from zstatic.outputs import Text


def test_there_is_an_example_for_each_rung() -> None:
    assert list(examples()) == [
        "theme/static/custom.css",
        "theme/templates/item.html",
        "theme/templates/_downloads.html",
        "theme/templates/404.html",
    ]


@pytest.mark.parametrize(
    "path", ["", "items/AAAA2222/", "search/", "404.html", "collections/CCCC2222/embed/"]
)
def test_first_rung_the_variables_stand_after_those_they_replace_on_every_page(
    path: str, tmp_path: Path
) -> None:
    made = example(tmp_path, "theme/static/custom.css")
    sheets = made.page(path).xpath("//link[@rel='stylesheet']/@href")
    names = [re.sub(r".*/|\.\w+\.css", "", sheet) for sheet in sheets]
    assert names == ["style", *(["search"] if path == "search/" else []), "custom"]
    style, *_, custom = (made.outputs["static/" + sheet.rpartition("/")[2]] for sheet in sheets)
    assert isinstance(style, Text)
    assert isinstance(custom, Text)
    changed = set(re.findall(r"(--[\w-]+):", custom.text))
    assert changed
    assert changed <= set(re.findall(r"(--[\w-]+):", style.text))


def test_second_rung_a_block_keeps_what_stood_there_and_the_rest_of_the_page(tmp_path: Path) -> None:
    page = example(tmp_path, "theme/templates/item.html").page("items/AAAA2222/")
    (link,) = page.xpath("//a[starts-with(@href, 'mailto:')]")
    assert link.get("href").endswith("subject=Record%20AAAA2222")
    assert "Key AAAA2222" in words(page)
    assert words(page.xpath("//h1")[0]) == "First"


def test_third_rung_a_partial_is_replaced_on_all_pages_that_have_it(tmp_path: Path) -> None:
    made = example(tmp_path, "theme/templates/_downloads.html")
    for path in ("", "collections/CCCC2222/"):
        (line,) = made.page(path).xpath("//p[@class='downloads']")
        assert words(line).replace(" ,", ",").endswith("BibTeX, RIS, CSL-JSON")


def test_fourth_rung_a_whole_template_stands_in_the_frame(tmp_path: Path) -> None:
    page = example(tmp_path, "theme/templates/404.html").page("404.html")
    assert words(page.xpath("//h1")[0]) == "Shelf empty"
    assert page.xpath("//nav[@class='menu']")


def test_every_block_that_the_readme_names_is_one_and_none_is_left_out() -> None:
    text = README.read_text("utf-8").partition("### 2.")[2].partition("`theme/templates")[0]
    named = set(re.findall(r"`(\w+)`", text))
    blocks: set[str] = set()
    for name in ("base", "item", "list", "collection", "home"):
        source = (README.parent / f"templates/{name}.html").read_text("utf-8")
        blocks |= set(re.findall(r"{% block (\w+) %}", source))
    assert named == blocks


def test_the_readme_lists_the_fields_of_every_view() -> None:
    readme = README.read_text("utf-8")
    assert readme == readme_with(reference(), readme), "run: python tests/viewreference.py"

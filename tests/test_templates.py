"""Every template of every theme that we ship, rendered with a sample of every view."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from nuchecker import findings
from sampleviews import Sample, full_samples, sparse_samples, values_of

from zstatic.outputs import Text
from zstatic.theme import DEFAULT, packaged_themes, static_outputs

THEMES = sorted(path.name for path in packaged_themes().iterdir() if path.is_dir())
PARTS = "_*.html"


@pytest.fixture(scope="module", params=THEMES)
def theme(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def full(theme: str, tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return list(full_samples(tmp_path_factory.mktemp("full"), theme))


@pytest.fixture(scope="module")
def sparse(theme: str, tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return list(sparse_samples(tmp_path_factory.mktemp("sparse"), theme))


def test_the_full_samples_fill_every_field_of_every_view(full: list[Sample]) -> None:
    """A new field is added to the samples too, or no test shows it to the templates."""
    filled: dict[tuple[str, str], bool] = {}
    for sample in full:
        for view, name, value in values_of((sample.page.view, sample.site.renderer.site)):
            filled[view.__name__, name] = filled.get((view.__name__, name), False) or bool(value)
    empty = [field for field, is_filled in filled.items() if not is_filled]
    assert empty == [], "tests/sampleviews.py has nothing that fills these"


def test_every_template_is_rendered(full: list[Sample], sparse: list[Sample]) -> None:
    made = {sample.page.template for sample in full}
    folder = packaged_themes() / "default/templates"
    assert made == {path.name for path in folder.glob("[!_]*.html")} - {"base.html"}
    # A library without items has no items' pages, and nothing to embed.
    assert made - {sample.page.template for sample in sparse} <= {
        *("content.html", "embed.html", "moved.html", "removed.html")
    }


def test_a_page_is_whole_whatever_it_shows(full: list[Sample], sparse: list[Sample]) -> None:
    for sample in (*_some_of_each(full), *sparse):
        html = sample.site.text(sample.page.path)
        assert html.startswith("<!DOCTYPE html>\n"), sample.page.path
        assert html.rstrip().endswith("</html>"), sample.page.path
        assert "None" not in html, sample.page.path


def test_the_drawings_of_a_page_stand_in_the_style_sheet(full: list[Sample]) -> None:
    """Once for the site: in the pages they were a tenth of their bytes."""
    sheet = (packaged_themes() / "default/static/style.css").read_text("utf-8")
    pages = [sample.site.text(sample.page.path) for sample in _some_of_each(full)]
    used = {name for html in pages for name in re.findall(r'class="icon icon-([^"]*)"', html)}
    assert {"book", "search", "copy"} <= used <= set(re.findall(r"^\.icon-(\w+) \{", sheet, re.MULTILINE))
    assert not [html for html in pages if "<path" in html]


def test_a_template_does_without_any_single_thing(full: list[Sample]) -> None:
    """None of the fields that may be empty is taken for granted."""
    for sample in _some_of_each(full):
        for name, nothing in _emptied(sample.page.view):
            view = replace(sample.page.view, **{name: nothing})  # type: ignore[type-var]
            page = replace(sample.page, view=view)
            assert sample.site.renderer.render(page), name


def test_pages_and_style_sheets_are_valid(full: list[Sample], theme: str, tmp_path: Path) -> None:
    if theme == DEFAULT:
        pytest.skip("the pages of the real libraries are checked in this theme")
    for sample in _some_of_each(full):
        write(tmp_path / sample.page.path, sample.site.renderer.render(sample.page))
    for output in static_outputs(full[0].site.theme):
        if isinstance(output, Text) and output.path.endswith(".css"):
            write(tmp_path / output.path, output.text.encode())
    assert findings(tmp_path) == []


def write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _some_of_each(samples: list[Sample]) -> list[Sample]:
    """The first and the last page of each template."""
    by_template: dict[str, list[Sample]] = {}
    for sample in samples:
        by_template.setdefault(sample.page.template, []).append(sample)
    return [each for made in by_template.values() for each in (made[0], made[-1])]


def _emptied(view: Any) -> Iterator[tuple[str, Any]]:
    """Each text, list and optional part of a view, and what it is when there is none."""
    nothing = {str: "", Markup: Markup(), tuple: ()}
    for field in fields(view):
        value = getattr(view, field.name)
        if type(value) in nothing:
            yield field.name, nothing[type(value)]
        elif "None" in str(field.type):
            yield field.name, None

"""Theme folders: lookup, fingerprints, static files, and errors that name the place."""

from pathlib import Path

import pytest
from builders import make_config

from zstatic.config import SiteConfig, ThemeRules
from zstatic.errors import ThemeError
from zstatic.outputs import Copy, Text
from zstatic.theme import Theme, load_theme, packaged_themes


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def theme(root: Path, name: str = "default") -> Theme:
    return load_theme(make_config(root, theme=ThemeRules(name)))


def test_a_template_is_taken_from_the_users_folder_then_the_named_theme_then_its_parents(
    tmp_path: Path,
) -> None:
    write(tmp_path, "themes/child/theme.toml", 'extends = "parent"')
    write(tmp_path, "themes/child/templates/b.html", "child")
    write(tmp_path, "themes/parent/templates/b.html", "parent")
    write(tmp_path, "themes/parent/templates/c.html", "parent")
    write(tmp_path, "theme/templates/a.html", "own")
    opened = theme(tmp_path, "child")
    rendered = {name: opened.template(name).render() for name in ("a.html", "b.html", "c.html")}
    assert rendered == {"a.html": "own", "b.html": "child", "c.html": "parent"}
    assert opened.template("404.html").filename == str(packaged_themes() / "default/templates/404.html")


def test_an_overriding_template_can_extend_the_original(tmp_path: Path) -> None:
    write(tmp_path, "themes/plain/templates/x.html", "<{% block main %}original{% endblock %}>")
    write(
        tmp_path,
        "theme/templates/x.html",
        '{% extends "plain/x.html" %}{% block main %}{{ super() }} and mine{% endblock %}',
    )
    assert theme(tmp_path, "plain").template("x.html").render() == "<original and mine>"


def test_the_default_theme_has_every_template_that_pages_name() -> None:
    names = [path.name for path in (packaged_themes() / "default/templates").glob("[!_]*.html")]
    opened = load_theme(make_config())
    assert {"base.html", "home.html", "item.html", "list.html", "collection.html"} <= set(names)
    for name in names:
        assert opened.fingerprint(name)


def test_a_theme_opened_again_is_as_its_files_are_now(tmp_path: Path) -> None:
    write(tmp_path, "theme/templates/x.html", '{% include "a.html" %}')
    write(tmp_path, "theme/templates/a.html", "before")
    before = theme(tmp_path)
    assert before.template("x.html").render() == "before"
    fingerprint = before.fingerprint("x.html")
    write(tmp_path, "theme/templates/x.html", '{% include "b.html" %}')
    write(tmp_path, "theme/templates/b.html", "after")
    after = theme(tmp_path)
    assert after.template("x.html").render() == "after"
    assert after.fingerprint("x.html") != fingerprint
    (tmp_path / "theme/templates/b.html").unlink()
    with pytest.raises(ThemeError, match=r"b\.html"):
        theme(tmp_path)


def test_a_theme_opened_again_speaks_the_language_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "theme/templates/x.html", "{{ 1234|number }}")
    said = [
        load_theme(make_config(tmp_path, site=SiteConfig("Test", language=language)))
        .template("x.html")
        .render()
        for language in ("en", "de")
    ]
    assert said == ["1,234", "1.234"]


def test_a_fingerprint_changes_with_what_a_template_extends_includes_or_imports(tmp_path: Path) -> None:
    parts = {"base.html": "base", "_included.html": "part", "_macros.html": "{% macro m() %}x{% endmacro %}"}
    source = '{% extends "base.html" %}{% include "_included.html" %}{% from "_macros.html" import m %}'
    write(tmp_path, "theme/templates/x.html", source)
    write(tmp_path, "theme/templates/other.html", "other")
    for name, text in parts.items():
        write(tmp_path, f"theme/templates/{name}", text)
    seen = {theme(tmp_path).fingerprint("x.html")}
    for name, text in parts.items():
        write(tmp_path, f"theme/templates/{name}", text + " changed")
        seen.add(theme(tmp_path).fingerprint("x.html"))
    assert len(seen) == 4
    write(tmp_path, "theme/templates/other.html", "other changed")
    assert theme(tmp_path).fingerprint("x.html") in seen


def test_a_block_within_a_block_may_be_new(tmp_path: Path) -> None:
    inner = "{% block main %}{% block own %}x{% endblock %}{% endblock %}"
    write(tmp_path, "theme/templates/item.html", '{% extends "default/item.html" %}' + inner)
    theme(tmp_path)


def test_a_missing_template_says_where_it_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "theme").mkdir()
    with pytest.raises(ThemeError, match=r"nowhere\.html") as caught:
        theme(tmp_path).template("nowhere.html")
    assert str(tmp_path / "theme") in caught.value.hint


@pytest.mark.parametrize("name", ["../secret", "/etc", ".", ""])
def test_a_theme_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ThemeError):
        theme(tmp_path, name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("extends = ", "theme.toml"),
        ('extend = "default"', "unknown key extend"),
        ("extends = 1", "expected the name of a theme"),
        ('extends = "loop"', "extends itself"),
    ],
)
def test_a_wrong_theme_toml_is_refused(tmp_path: Path, settings: str, message: str) -> None:
    write(tmp_path, "themes/loop/theme.toml", settings)
    with pytest.raises(ThemeError, match=message):
        theme(tmp_path, "loop")


def test_static_files_carry_a_hash_of_their_content_in_their_name(tmp_path: Path) -> None:
    write(tmp_path, "theme/static/logo.svg", "<svg/>")
    first = theme(tmp_path).assets["logo.svg"]
    write(tmp_path, "theme/static/logo.svg", "<svg>2</svg>")
    second = theme(tmp_path).assets["logo.svg"]
    assert first.startswith("static/logo.") and first.endswith(".svg")
    assert first != second


def test_a_file_of_the_users_folder_hides_the_themes_own(tmp_path: Path) -> None:
    write(tmp_path, "theme/static/style.css", "body{}")
    write(tmp_path, "theme/static/.DS_Store", "")
    opened = theme(tmp_path)
    sheets = [file.output for file in opened.static if file.name == "style.css"]
    assert [sheet.text for sheet in sheets if isinstance(sheet, Text)] == ["body{}"]
    assert "theme.js" in opened.assets
    assert ".DS_Store" not in opened.assets


def test_a_style_sheet_finds_the_files_it_names_under_their_hashed_names(tmp_path: Path) -> None:
    write(tmp_path, "theme/static/fonts/a.woff2", "font")
    css = 'a{src:url("fonts/a.woff2")} b{src:url(https://x.example/y.png)} c{src:url(absent.png)}'
    write(tmp_path, "theme/static/custom.css", css)
    opened = theme(tmp_path)
    sheet = next(file.output for file in opened.static if file.name == "custom.css")
    assert isinstance(sheet, Text)
    font = opened.assets["fonts/a.woff2"].removeprefix("static/")
    assert (
        sheet.text == f"a{{src:url({font})}} b{{src:url(https://x.example/y.png)}} c{{src:url(absent.png)}}"
    )
    assert isinstance(next(file.output for file in opened.static if file.name == "theme.js"), Copy)


def test_a_script_finds_those_it_imports_under_their_hashed_names(tmp_path: Path) -> None:
    write(tmp_path, "theme/static/a.js", 'import { x } from "./parts/z.js";\nimport "./absent.js";')
    write(tmp_path, "theme/static/parts/z.js", "export { x } from './y.js';")
    write(tmp_path, "theme/static/parts/y.js", "export const x = 1;")
    opened = theme(tmp_path)
    text = {file.name: file.output.text for file in opened.static if isinstance(file.output, Text)}
    inner = opened.assets["parts/z.js"].removeprefix("static/")
    assert text["a.js"] == f'import {{ x }} from "./{inner}";\nimport "./absent.js";'
    assert f"'./../{opened.assets['parts/y.js'].removeprefix('static/')}'" in text["parts/z.js"]


def test_an_edit_of_an_imported_script_renames_what_imports_it(tmp_path: Path) -> None:
    write(tmp_path, "theme/static/a.js", 'import "./b.js";')
    write(tmp_path, "theme/static/b.js", "1")
    before = theme(tmp_path).assets["a.js"]
    write(tmp_path, "theme/static/b.js", "2")
    assert theme(tmp_path).assets["a.js"] != before


def test_scripts_that_import_each_other_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, "theme/static/a.js", 'import "./b.js";')
    write(tmp_path, "theme/static/b.js", 'import "./a.js";')
    with pytest.raises(ThemeError, match="imports itself"):
        theme(tmp_path)

"""A mistake in a theme: one paragraph with file, line, what is wrong and which pages; the site stands."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from builders import make_config
from fakezotero import FakeZotero
from sites import SiteFolder

from zstatic.cli import cli, explain
from zstatic.config import ThemeRules
from zstatic.errors import ThemeError
from zstatic.theme import load_theme

ITEM = '{% extends "default/item.html" %}\n{% block main %}\n'
END = "\n{% endblock %}"


class Mistake(NamedTuple):
    """file: in theme/. at: where the message begins, after the file. words: in what is told."""

    file: str
    text: str | bytes
    at: str
    words: tuple[str, ...]


TEMPLATES = {
    "syntax": Mistake(
        "templates/item.html",
        ITEM + "{% if page.tags %}" + END,
        ":4:",
        ("endif", "the pages made by item.html"),
    ),
    "half a tag": Mistake("templates/_items.html", "{{ page.title", ":1:", ("home.html", "collection.html")),
    "in the frame": Mistake("templates/base.html", "<html>\n{% nope %}", ":2:", ("every page",)),
    "filter": Mistake(
        "templates/item.html",
        ITEM + "{% if page.tags %}{{ 1|nummber }}{% endif %}" + END,
        ":3:",
        ("no filter named 'nummber'; did you mean 'number'?", "item.html"),
    ),
    "test": Mistake(
        "templates/item.html", ITEM + "{{ 1 is evn }}" + END, ":3:", ("no test named 'evn'", "'even'")
    ),
    "missing template": Mistake(
        "templates/item.html",
        ITEM + '{% include "_item.html" %}' + END,
        ":3:",
        ("no template '_item.html' in any theme folder; did you mean '_items.html'?",),
    ),
    "missing parent": Mistake(
        "templates/item.html", '{% extends "defualt/item.html" %}', ":1:", ("'default/item.html'",)
    ),
    "extends itself": Mistake(
        "templates/item.html",
        '\n{% extends "item.html" %}',
        ":2:",
        ("itself", '{% extends "default/item.html" %}'),
    ),
    "computed name": Mistake(
        "templates/item.html",
        ITEM + '{% include page.item_type ~ ".html" %}' + END,
        ":3:",
        ("computed", "plain"),
    ),
    "unknown block": Mistake(
        "templates/item.html",
        '{% extends "default/item.html" %}\n{% block mian %}{% endblock %}',
        ":2:",
        ("no block named 'mian'; did you mean 'main'?", "scripts"),
    ),
    "block twice": Mistake(
        "templates/item.html", ITEM + END + "{% block main %}{% endblock %}", ":4:", ("'main'", "twice")
    ),
    "no text": Mistake("templates/item.html", b"\xff\xfe", "", ("item.html", "UTF-8")),
    "style sheet that is no text": Mistake("static/custom.css", b"\xff\xfe", "", ("custom.css", "UTF-8")),
    "template in the wrong folder": Mistake("item.html", ITEM + END, ":", ("theme/templates/item.html",)),
    "style sheet in the wrong folder": Mistake("custom.css", "", ":", ("theme/static/custom.css",)),
    "theme.toml, no TOML": Mistake(
        "theme.toml", "extends =", ":", ("end of document", 'extends = "default"')
    ),
    "theme.toml, unknown key": Mistake(
        "theme.toml", 'extend = "default"', ":", ("extend;", "mean 'extends'")
    ),
    "theme.toml, unknown theme": Mistake(
        "theme.toml", 'extends = "defalt"', ":", ("no theme named 'defalt'; did you mean 'default'?",)
    ),
}

PAGES = {
    "field": Mistake(
        "templates/item.html",
        ITEM + "{{ page.titel }}" + END,
        ":3:",
        ("ItemView has no 'titel'", "mean 'title'"),
    ),
    "name": Mistake(
        "templates/item.html", ITEM + "{{ pgae.title }}" + END, ":3:", ("nothing named 'pgae'", "mean 'page'")
    ),
    "unlike name": Mistake(
        "templates/item.html", ITEM + "{{ library }}" + END, ":3:", ("a template receives page, site, root",)
    ),
    "field of what is not there": Mistake(
        "templates/item.html", ITEM + "{{ page.main.href }}" + END, ":3:", ("'href'", "does not have")
    ),
    "static file": Mistake(
        "templates/item.html", ITEM + "{{ site.assets['style.cs'] }}" + END, ":3:", ("mean 'style.css'",)
    ),
    "macro": Mistake(
        "templates/item.html",
        '{% extends "default/item.html" %}{% from "_items.html" import list %}\n{% block main %}{{ list() }}'
        + END,
        ":2:",
        ("_items.html", "'list'"),
    ),
    "exception": Mistake("templates/item.html", ITEM + "{{ 1 // 0 }}" + END, ":3:", ("ZeroDivisionError",)),
    "endless": Mistake(
        "templates/item.html",
        ITEM + "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}" + END,
        ":3:",
        ("without end",),
    ),
}
LONGEST_PARAGRAPH = 700


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteFolder]:
    """A site that was built once."""
    with FakeZotero() as fake:
        library = fake.add_library("groups/7", "Small", public=True)
        library.add_item("AAAA2222", itemType="book", title="Notes", date="1843", tags=[{"tag": "History"}])
        made = SiteFolder(tmp_path_factory.mktemp("site"), fake, [{"id": library.id}], search=False)
        made.build()
        yield made


def told(site: SiteFolder, mistake: Mistake, *, offline: bool = True) -> str:
    """What a build with the mistake says; it must end with 2 and leave the site as it is."""
    before = site.tree()
    file = site.root / "theme" / mistake.file
    file.parent.mkdir(parents=True)
    file.write_bytes(mistake.text if isinstance(mistake.text, bytes) else mistake.text.encode())
    try:
        with pytest.raises(ThemeError) as caught:
            site.build(offline=offline)
    finally:
        shutil.rmtree(site.root / "theme")
    message, hint, code = explain(caught.value)
    assert code == 2
    assert site.tree() == before
    assert "\n" not in f"{message}{hint}"
    assert len(message) + len(hint) < LONGEST_PARAGRAPH
    if mistake.at:
        assert message.startswith(f"{file}{mistake.at} ")
    said = f"{message} {hint}"
    assert [word for word in mistake.words if word not in said] == [], said
    return said


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_mistake_that_a_theme_shows_stops_the_build_before_anything_is_fetched(
    name: str, site: SiteFolder
) -> None:
    site.fake.log.clear()
    told(site, TEMPLATES[name], offline=False)
    assert not site.fake.log


@pytest.mark.parametrize("name", PAGES)
def test_a_mistake_that_a_page_shows_names_page_template_and_line(name: str, site: SiteFolder) -> None:
    said = told(site, PAGES[name])
    assert "Found while making items/AAAA2222/index.html." in said
    assert "called at" not in said


def test_an_error_inside_a_partial_names_the_template_that_called_it(site: SiteFolder) -> None:
    text = '{% extends "default/item.html" %}\n{% from "_items.html" import item_list %}\n{% block main %}\n'
    said = told(
        site,
        Mistake(
            "templates/item.html", text + "{{ item_list([page], root) }}" + END, "", ("ItemView has no",)
        ),
    )
    assert "default/templates/_items.html:" in said
    assert f"It was called at {site.root}/theme/templates/item.html:4." in said


def test_what_editors_leave_behind_is_no_template(site: SiteFolder) -> None:
    folder = site.root / "theme" / "templates"
    folder.mkdir(parents=True)
    for name in ("item.html~", ".item.html.swp", "#item.html#"):
        (folder / name).write_bytes(b"{% if \xff")
    site.build(offline=True)
    shutil.rmtree(site.root / "theme")


def test_an_unknown_theme_is_told_with_the_nearest_and_all_there_are(tmp_path: Path) -> None:
    (tmp_path / "themes" / "quarto").mkdir(parents=True)
    with pytest.raises(ThemeError) as caught:
        load_theme(make_config(tmp_path, theme=ThemeRules("quatro")))
    assert caught.value.message == (
        "site.toml: [theme] name: there is no theme named 'quatro'; did you mean 'quarto'?"
    )
    assert "default" in caught.value.hint
    assert "quarto" in caught.value.hint
    assert str(tmp_path / "themes") in caught.value.hint


def test_the_preview_shows_the_mistake_in_the_page_until_it_is_mended(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("zstatic.serve.Preview.show", lambda self, site: shown.append(site.error))
    file = site.root / "theme" / "templates" / "item.html"

    def watch(
        paths: Callable[[], list[Path]], changed: Callable[[tuple[Path, ...]], None], stop: object
    ) -> None:
        assert {site.root / "theme", site.root / "themes"} <= set(paths())
        file.parent.mkdir(parents=True)
        file.write_text(ITEM + "{{ page.titel }}" + END)
        changed((file,))
        shutil.rmtree(site.root / "theme")
        changed((file,))
        raise KeyboardInterrupt

    monkeypatch.setattr("zstatic.serve.watch", watch)
    site.write()
    with pytest.raises(SystemExit):
        cli(["-C", str(site.root), "serve", "--port", "0"], prog_name="zstatic")
    assert shown[0].startswith(f"{file}:3: ItemView has no 'titel'")
    assert "Found while making items/AAAA2222/index.html." in shown[0]
    assert shown[1] == ""

"""Fingerprints and bytes of outputs."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from builders import make_config

from zstatic.config import SiteConfig
from zstatic.errors import ThemeError
from zstatic.outputs import Copy, Output, Page, Text
from zstatic.plan import site_view
from zstatic.render import Renderer
from zstatic.theme import load_theme


@dataclass(frozen=True, slots=True)
class View:
    title: str


def renderer(root: Path, template: str, base_url: str = "https://example.org/repo/") -> Renderer:
    folder = root / "theme/templates"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.html").write_text(template, encoding="utf-8")
    config = make_config(root, site=SiteConfig("A site", base_url=base_url))
    theme = load_theme(config)
    return Renderer(theme, site_view((), config, theme))


def test_a_page_is_made_of_its_view_and_the_site(tmp_path: Path) -> None:
    page = Page("a/b/index.html", "x.html", View("é"))
    assert renderer(tmp_path, "{{ page.title }} of {{ site.title }}").render(page) == "é of A site".encode()


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("index.html", "./"),
        ("tags/index.html", "../"),
        ("items/ABCD2345/index.html", "../../"),
        ("404.html", "/repo/"),
    ],
)
def test_root_leads_from_every_page_to_the_front_page(tmp_path: Path, path: str, root: str) -> None:
    assert renderer(tmp_path, "{{ root }}").render(Page(path, "x.html", View(""))) == root.encode()


def test_text_in_templates_is_escaped(tmp_path: Path) -> None:
    page = Page("index.html", "x.html", View('<b> & "'))
    assert renderer(tmp_path, "{{ page.title }}").render(page) == b"&lt;b&gt; &amp; &#34;"


def test_an_unknown_name_in_a_template_is_an_error_naming_template_line_and_page(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match=r"theme/templates/x\.html:2: .*titel") as caught:
        renderer(tmp_path, "fine\n{{ page.titel }}").render(Page("tags/x/index.html", "x.html", View("")))
    assert "tags/x/index.html" in caught.value.hint


def test_any_failure_inside_a_template_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match=r"x\.html:3: ZeroDivisionError"):
        renderer(tmp_path, "\n\n{{ 1 // 0 }}").render(Page("index.html", "x.html", View("")))


def test_half_a_character_does_not_stop_a_site(tmp_path: Path) -> None:
    made = renderer(tmp_path, "{{ page.title }}")
    assert made.render(Page("index.html", "x.html", View("a\ud800b"))) == b"a?b"
    assert made.render(Text("x.txt", "a\ud800b")) == b"a?b"


def test_a_fingerprint_depends_on_view_and_template(tmp_path: Path) -> None:
    made = renderer(tmp_path, "one")
    page = Page("index.html", "x.html", View("a"))
    assert made.fingerprint(page) == made.fingerprint(replace(page, view=View("a")))
    assert made.fingerprint(page) != made.fingerprint(replace(page, view=View("b")))
    assert made.fingerprint(page) != renderer(tmp_path, "two").fingerprint(page)


def test_texts_and_copies_have_fingerprints_of_their_content(tmp_path: Path) -> None:
    made = renderer(tmp_path, "")
    outputs: list[Output] = [
        Text("a", "1"),
        Text("a", "2"),
        Copy("a", Path("x"), "1"),
        Copy("a", Path("x"), "2"),
    ]
    assert len({made.fingerprint(output) for output in outputs}) == 4
    assert made.fingerprint(Copy("a", Path("elsewhere"), "1")) == made.fingerprint(outputs[2])

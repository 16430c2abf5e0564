"""The checks of finished sites find what they are for."""

from pathlib import Path

import pytest
from nuchecker import findings
from sitecheck import Folder, broken_pages, broken_records

BASE = "https://example.org/repo/"
PAGE = """<!DOCTYPE html>
<html lang=en><head><meta charset=utf-8>
<meta http-equiv=Content-Security-Policy content="default-src 'none'"><title>T</title>
{}</head><body>{}</body></html>
"""


def folder(path: Path, body: str = "", head: str = "", **files: str) -> Folder:
    for name, text in {
        "index_html": PAGE.format(head, body),
        "a/index_html": PAGE.format("", "<p id=b>x</p>"),
        **files,
    }.items():
        file = path / name.replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return Folder(path, BASE)


@pytest.mark.parametrize(
    "body",
    [
        "<a href=b/>x</a>",
        "<a href=a>x</a>",
        "<a href=/a/>x</a>",
        "<a href=../a/>x</a>",
        "<a href=a/#c>x</a>",
        "<a href=#c>x</a>",
        "<a href=https://example.org/repo/b/>x</a>",
        "<p id=a>x<p id=a>x",
        "<label for=c>x</label>",
        "<p style='color: red'>x</p>",
        "<script>1</script>",
        "<p onclick=x>x</p>",
    ],
)
def test_a_broken_link_anchor_or_id_is_found(body: str, tmp_path: Path) -> None:
    assert len(broken_pages(folder(tmp_path, body))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<a href=./>x</a>",
        "<a href='?q=1'>x</a>",
        "<a href=a/#b>x</a>",
        "<a href=https://example.org/repo/a/#b>x</a>",
        "<a href=https://example.org/other/>x</a>",
        "<a href=mailto:a@example.org>x</a>",
    ],
)
def test_a_sound_link_is_no_finding(body: str, tmp_path: Path) -> None:
    assert broken_pages(folder(tmp_path, body)) == []


def test_a_page_needs_a_strict_policy(tmp_path: Path) -> None:
    page = PAGE.format("", "")
    assert broken_pages(folder(tmp_path, **{"a/index_html": page.replace("default-src 'none'", "")}))
    assert broken_pages(
        folder(tmp_path, **{"a/index_html": page.replace("'none'", "'none'; style-src 'unsafe-inline'")})
    )


def test_only_the_page_for_missing_addresses_links_from_the_root_of_the_host(tmp_path: Path) -> None:
    assert broken_pages(folder(tmp_path, **{"404_html": PAGE.format("", "<a href=/repo/a/>x</a>")})) == []
    assert len(broken_pages(folder(tmp_path, **{"404_html": PAGE.format("", "<a href=/a/>x</a>")}))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("atom_xml", "<feed"),
        ("atom_xml", '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id></feed>'),
        ("sitemap_xml", '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>'),
        ("feed_json", '{"title": "x", "items": []}'),
        ("robots_txt", f"Sitemap: {BASE}sitemap.xml"),
    ],
)
def test_a_broken_record_is_found(name: str, text: str, tmp_path: Path) -> None:
    assert broken_records(folder(tmp_path, **{name: text}))


@pytest.mark.parametrize(
    "node", ['{"@type": "Book"}', '{"@context": "https://schema.org", "@type": "Book", "url": "x"}']
)
def test_a_broken_description_is_found(node: str, tmp_path: Path) -> None:
    assert broken_records(folder(tmp_path, head=f'<script type="application/ld+json">{node}</script>'))


def test_invalid_html_and_css_are_found(tmp_path: Path) -> None:
    folder(
        tmp_path,
        "<p><img src=x></p>",
        **{"a/index_html": PAGE.format("", ""), "style_css": "a { colr: red }"},
    )
    found = findings(tmp_path)
    assert len(found) == 2
    assert "img" in found[0]
    assert "colr" in found[1]

"""Atom and JSON Feed, read as a feed reader does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import (
    StubMirror,
    make_attachment,
    make_collection,
    make_config,
    make_item,
    make_tags,
    recorded_mirror,
)
from lxml import etree, html

from zstatic.config import FeedRules, SelectRules, SiteConfig
from zstatic.library import read_library
from zstatic.outputs import Text
from zstatic.pages import feeds
from zstatic.pages.context import Context, make_context
from zstatic.schema import Schema
from zstatic.selection import select

BASE = "https://example.org/bibliography/"
SITE = SiteConfig(
    title="A & B <library>", base_url=BASE, language="de", description="All of it", rights="CC0"
)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def context_of(mirror: StubMirror, files: dict[str, Path] | None = None, **settings: Any) -> Context:
    config = make_config(**({"site": SITE} | settings))
    library = select(read_library(mirror, config, config.libraries[0]), SelectRules())
    return make_context([library], config, Schema(), files or {})


def atom_of(ctx: Context) -> Any:
    return etree.fromstring(texts_of(ctx)["atom.xml"].encode())


def json_of(ctx: Context) -> Any:
    return json.loads(texts_of(ctx)["feed.json"])


def texts_of(ctx: Context) -> dict[str, str]:
    return {output.path: output.text for output in feeds.pages(ctx) if isinstance(output, Text)}


def find(element: Any, path: str) -> list[Any]:
    found: list[Any] = element.xpath(path, namespaces=ATOM)
    return found


def test_without_base_url_there_are_no_feeds() -> None:
    assert texts_of(context_of(StubMirror(make_item("AAAAAAAA")), site=SiteConfig("A"))) == {}


def test_the_items_added_last_come_first_and_no_more_than_the_limit() -> None:
    mirror = StubMirror(
        make_item("AAAAAAAA", dateAdded="2020-01-01T00:00:00Z"),
        make_item("BBBBBBBB", dateAdded="2022-01-01T00:00:00Z"),
        make_item("CCCCCCCC", dateAdded="2021-01-01T00:00:00Z"),
    )
    ctx = context_of(mirror, feeds=FeedRules(limit=2))
    urls = [f"{BASE}items/BBBBBBBB/", f"{BASE}items/CCCCCCCC/"]
    assert find(atom_of(ctx), "//a:entry/a:id/text()") == urls
    assert [item["id"] for item in json_of(ctx)["items"]] == urls


def test_the_feed_is_as_new_as_its_newest_change() -> None:
    mirror = StubMirror(
        make_item("AAAAAAAA", dateAdded="2020-01-01T00:00:00Z", dateModified="2023-01-01T00:00:00Z"),
        make_item("BBBBBBBB", dateAdded="2021-01-01T00:00:00Z", dateModified="2021-01-01T00:00:00Z"),
    )
    feed = atom_of(context_of(mirror))
    assert find(feed, "a:updated/text()") == ["2023-01-01T00:00:00Z"]
    assert find(feed, "a:entry/a:published/text()") == ["2021-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]


def test_the_feed_of_an_empty_library_has_a_date_too() -> None:
    ctx = context_of(StubMirror())
    assert find(atom_of(ctx), "a:updated/text()") == ["1970-01-01T00:00:00Z"]
    assert json_of(ctx)["version"] == "https://jsonfeed.org/version/1.1"


@pytest.mark.parametrize("date", ["", "yesterday", "2020-13-45T99:99:99Z"])
def test_an_unreadable_date_is_replaced(date: str) -> None:
    item = make_item("AAAAAAAA", dateAdded=date, dateModified=date)
    feed = atom_of(context_of(StubMirror(item)))
    assert find(feed, "//a:updated/text()") == ["1970-01-01T00:00:00Z"] * 2
    assert find(feed, "//a:published") == []


def test_the_feed_says_what_the_site_is() -> None:
    feed = atom_of(context_of(StubMirror()))
    assert find(feed, "a:title/text()") == ["A & B <library>"]
    assert find(feed, "a:subtitle/text()") == ["All of it"]
    assert find(feed, "a:rights/text()") == ["CC0"]
    assert find(feed, "a:author/a:name/text()") == ["A & B <library>"]
    assert find(feed, "a:link[@rel='self']/@href") == [f"{BASE}atom.xml"]
    assert find(feed, "a:link[@rel='alternate']/@href") == [BASE]
    assert feed.get(XML_LANG) == "de"


def test_an_entry_has_authors_tags_reference_and_abstract() -> None:
    item = make_item(
        "AAAAAAAA",
        title="On <i>E. coli</i> & <script>alert(1)</script>",
        creators=[
            {"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"},
            {"creatorType": "editor", "name": "An institution"},
        ],
        abstractNote="First.\n\n<script>alert(2)</script>",
        tags=make_tags("History", "a < b", "_private"),
    )
    citation = "<div class='csl-entry'>Lovelace, A. <i>On E. coli</i>.<script>alert(3)</script></div>"
    ctx = context_of(StubMirror(item, citations={"apa": {"AAAAAAAA": citation}}))
    (entry,) = find(atom_of(ctx), "a:entry")
    assert find(entry, "a:title/text()") == ["On E. coli & <script>alert(1)</script>"]
    assert find(entry, "a:author/a:name/text()") == ["Ada Lovelace"]
    assert find(entry, "a:category/@term") == ["History", "a < b"]
    (content,) = find(entry, "a:content[@type='html']/text()")
    body = html.fromstring(f"<div>{content}</div>")
    assert body.xpath("//script") == []
    assert "Lovelace, A. On E. coli." in body.text_content()
    assert "First." in body.text_content()
    (json_item,) = json_of(ctx)["items"]
    assert json_item["title"] == "On E. coli & <script>alert(1)</script>"
    assert json_item["authors"] == [{"name": "Ada Lovelace"}]
    assert json_item["tags"] == ["History", "a < b"]
    assert json_item["content_html"] == content


def test_published_files_are_enclosures(tmp_path: Path) -> None:
    attachment = make_attachment("FFFFFFFF", "AAAAAAAA")
    file = tmp_path / "file"
    file.write_bytes(b"%PDF-")
    mirror = StubMirror(make_item("AAAAAAAA"), attachment)
    ctx = context_of(mirror, {attachment["data"]["md5"]: file})
    (entry,) = ctx.items
    url = BASE + entry.files[0].path
    (link,) = find(atom_of(ctx), "//a:link[@rel='enclosure']")
    assert (link.get("href"), link.get("type"), link.get("length")) == (url, "application/pdf", "5")
    (shown,) = json_of(ctx)["items"][0]["attachments"]
    assert (shown["url"], shown["mime_type"], shown["size_in_bytes"]) == (url, "application/pdf", 5)


def test_control_characters_leave_the_feeds_valid() -> None:
    dirty = "a\x0bb\x00c\x1b\ufffe\x85d"
    item = make_item(
        "AAAAAAAA",
        title=dirty,
        abstractNote=dirty,
        creators=[{"creatorType": "author", "name": dirty}],
        tags=make_tags(dirty),
    )
    ctx = context_of(StubMirror(item), site=SiteConfig(dirty, BASE, description=dirty, rights=dirty))
    atom_of(ctx)
    json_of(ctx)
    for text in texts_of(ctx).values():
        assert not set(text) & set("\x00\x0b\x1b\ufffe")


def test_a_collection_has_a_feed_with_its_subcollections() -> None:
    mirror = StubMirror(
        make_item("AAAAAAAA", collections=["CCCCCCCC"]),
        make_item("BBBBBBBB", collections=["DDDDDDDD"]),
        make_item("EEEEEEEE"),
        collections=[
            make_collection("CCCCCCCC", "Maps"),
            make_collection("DDDDDDDD", parent="CCCCCCCC"),
            make_collection("FFFFFFFF"),
        ],
    )
    texts = texts_of(context_of(mirror))
    feed = etree.fromstring(texts["collections/CCCCCCCC/atom.xml"].encode())
    assert find(feed, "a:title/text()") == ["Maps – A & B <library>"]
    assert find(feed, "a:id/text()") == [f"{BASE}collections/CCCCCCCC/"]
    assert find(feed, "a:link[@rel='self']/@href") == [f"{BASE}collections/CCCCCCCC/atom.xml"]
    assert find(feed, "a:entry/a:id/text()") == [f"{BASE}items/AAAAAAAA/", f"{BASE}items/BBBBBBBB/"]
    as_json = json.loads(texts["collections/CCCCCCCC/feed.json"])
    assert [item["id"] for item in as_json["items"]] == find(feed, "a:entry/a:id/text()")
    assert "collections/FFFFFFFF/atom.xml" not in texts, "an empty collection"


def test_feeds_of_parts_are_short_and_that_of_the_site_is_long() -> None:
    items = [
        make_item(f"AAAA22{number}", tags=make_tags("Often"), collections=["CCCCCCCC"])
        for number in range(22, 50)
    ]
    texts = texts_of(context_of(StubMirror(*items, collections=[make_collection("CCCCCCCC")])))
    lengths = {path: len(json.loads(text)["items"]) for path, text in texts.items() if path.endswith(".json")}
    assert lengths == {"feed.json": 28, "tags/often/feed.json": 20, "collections/CCCCCCCC/feed.json": 20}


def test_a_tag_has_a_feed_once_it_is_frequent() -> None:
    items = [make_item(f"AAAAAAA{letter}", tags=make_tags("Often")) for letter in "ABCDEFGHIJKLMNOPQRST"]
    rare = make_item("BBBBBBBB", tags=make_tags("Rare"))
    texts = texts_of(context_of(StubMirror(*items, rare)))
    assert len(json.loads(texts["tags/often/feed.json"])["items"]) == 20
    assert [path for path in texts if path.startswith("tags/")] == [
        "tags/often/atom.xml",
        "tags/often/feed.json",
    ]
    fewer = texts_of(context_of(StubMirror(*items[1:], rare)))
    assert not [path for path in fewer if path.startswith("tags/")]


@pytest.mark.parametrize("name", ["group-1", "user-1001"])
def test_feeds_of_a_real_library_are_valid(name: str, shared: Path) -> None:
    ctx = context_of(recorded_mirror(shared, name))
    feed = atom_of(ctx)
    entries = find(feed, "a:entry")
    assert len(entries) == len(json_of(ctx)["items"]) == 50
    assert len({find(entry, "a:id/text()")[0] for entry in entries}) == 50
    for element in (feed, *entries):
        for required in ("a:id", "a:title", "a:updated"):
            assert len(find(element, required)) == 1
    assert find(feed, "//a:content//*") == []

"""The newest items as Atom and JSON Feed, on sites that know their base URL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

from markupsafe import Markup

from zstatic.outputs import Output, Text
from zstatic.pages.context import Context, Entry, PublishedFile
from zstatic.pages.home import newest
from zstatic.richtext import abstract_html, citation_html, clean, plain

ATOM_PATH = "atom.xml"
JSON_PATH = "feed.json"

_ATOM = "http://www.w3.org/2005/Atom"
# What a feed of nothing says: Atom wants a date, and the clock would make every build differ.
_NEVER = "1970-01-01T00:00:00Z"


def pages(ctx: Context) -> Iterator[Output]:
    if not ctx.config.site.base_url:
        return
    entries = tuple(newest(ctx.items)[: ctx.config.feeds.limit])
    yield Text(ATOM_PATH, atom(ctx, entries))
    yield Text(JSON_PATH, json_feed(ctx, entries))


def atom(ctx: Context, entries: tuple[Entry, ...]) -> str:
    """RFC 4287. An entry's id is its page's address, which never changes; its dates are Zotero's."""
    site = ctx.config.site
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": site.language})
    _add(feed, "id", ctx.absolute(""))
    _add(feed, "title", site.title)
    if site.description:
        _add(feed, "subtitle", site.description)
    if site.rights:
        _add(feed, "rights", site.rights)
    _add(feed, "updated", max(map(_updated, entries), default=_NEVER))
    _add(feed, "link", rel="self", type="application/atom+xml", href=ctx.absolute(ATOM_PATH))
    _add(feed, "link", rel="alternate", type="text/html", href=ctx.absolute(""))
    # An entry without an author of its own is by the feed's.
    _add(_add(feed, "author"), "name", site.title)
    for entry in entries:
        _add_entry(feed, ctx, entry)
    ET.indent(feed, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, "unicode") + "\n"


def json_feed(ctx: Context, entries: tuple[Entry, ...]) -> str:
    """https://www.jsonfeed.org/version/1.1/"""
    site = ctx.config.site
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean(site.title),
        "home_page_url": ctx.absolute(""),
        "feed_url": ctx.absolute(JSON_PATH),
        "description": clean(site.description),
        "language": site.language,
        "items": [_json_entry(ctx, entry) for entry in entries],
    }
    return json.dumps(_filled(feed), ensure_ascii=False, indent=1) + "\n"


def _add_entry(feed: ET.Element, ctx: Context, entry: Entry) -> None:
    element = _add(feed, "entry")
    _add(element, "id", ctx.absolute(entry.path))
    _add(element, "title", entry.title)
    _add(element, "updated", _updated(entry))
    if published := _instant(entry.item.date_added):
        _add(element, "published", published)
    _add(element, "link", rel="alternate", type="text/html", href=ctx.absolute(entry.path))
    for file in entry.files:
        _add(
            element,
            "link",
            rel="enclosure",
            type=file.media_type,
            length=str(file.size),
            title=file.title,
            href=ctx.absolute(file.path),
        )
    for name in _authors(entry):
        _add(_add(element, "author"), "name", name)
    for tag in entry.item.tags:
        _add(element, "category", term=tag)
    if content := _content(ctx, entry):
        _add(element, "content", content, type="html")


def _json_entry(ctx: Context, entry: Entry) -> dict[str, object]:
    item: dict[str, object] = {
        "id": ctx.absolute(entry.path),
        "url": ctx.absolute(entry.path),
        "title": clean(entry.title),
        # The format wants content_html or content_text in every item.
        "content_html": clean(_content(ctx, entry)) or f"<p>{clean(entry.title_html)}</p>",
        "date_published": _instant(entry.item.date_added),
        "date_modified": _updated(entry),
        "authors": [{"name": clean(name)} for name in _authors(entry)],
        "tags": [clean(tag) for tag in entry.item.tags],
        "attachments": [_json_file(ctx, file) for file in entry.files],
    }
    return _filled(item)


def _json_file(ctx: Context, file: PublishedFile) -> dict[str, object]:
    return {
        "url": ctx.absolute(file.path),
        "mime_type": file.media_type,
        "title": clean(file.title),
        "size_in_bytes": file.size,
    }


def _filled(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in ("", [])}


def _content(ctx: Context, entry: Entry) -> Markup:
    """The reference in the site's own style, then the abstract."""
    styles = ctx.config.citations.styles
    reference = citation_html(entry.item.citations.get(styles[0], "")) if styles else Markup()
    abstract = abstract_html(entry.item.fields.get("abstractNote", ""))
    parts = [Markup("<div>{}</div>").format(reference)] if reference else []
    return Markup("\n").join(part for part in (*parts, abstract) if part)


def _authors(entry: Entry) -> tuple[str, ...]:
    names = [plain(each.name) for each in entry.item.creators if each.role == "author" and each.name]
    return tuple(names or (plain(each.name) for each in entry.item.creators if each.name))


def _updated(entry: Entry) -> str:
    return _instant(entry.item.date_modified) or _instant(entry.item.date_added) or _NEVER


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _instant(text: str) -> str:
    """A date as both formats want it; "" for what is none, as any client can write it to Zotero."""
    if not _INSTANT.fullmatch(text):
        return ""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text


def _add(parent: ET.Element, name: str, text: str = "", /, **attributes: str) -> ET.Element:
    # A str subclass such as Markup would escape itself a second time.
    values = {key: clean(str(value)) for key, value in attributes.items()}
    element = ET.SubElement(parent, name, values)
    element.text = clean(str(text)) or None
    return element

"""The newest items of the site, a collection or a tag, as Atom and JSON Feed; only with a base URL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from markupsafe import Markup

from zstatic.outputs import Output, Text
from zstatic.pages.context import Context, Entry, PublishedFile, newest
from zstatic.pages.downloads import ATOM, JSON, collection_has_feed, tag_has_feed
from zstatic.richtext import abstract_html, citation_html, clean, plain

_ATOM = "http://www.w3.org/2005/Atom"
# What a feed of nothing says: Atom wants a date, and the clock would make every build differ.
_NEVER = "1970-01-01T00:00:00Z"


# Of a collection or tag, of which there may be thousands.
_PART_LIMIT = 20


@dataclass(frozen=True, slots=True)
class _Feed:
    """What a feed tells of. path: of the page it belongs to."""

    title: str
    description: str
    path: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry as both formats have it, made once for all feeds it is in."""

    updated: str
    atom: str
    json: str


def pages(ctx: Context) -> Iterator[Output]:
    if not ctx.config.site.base_url:
        return
    written: dict[str, _Written] = {}
    for feed in _feeds(ctx):
        yield Text(feed.path + ATOM, _atom(ctx, feed, written))
        yield Text(feed.path + JSON, _json_feed(ctx, feed, written))


def _feeds(ctx: Context) -> Iterator[_Feed]:
    """Of the site, of each collection with its subcollections, and of each tag that is not too rare."""
    site, limit = ctx.config.site, ctx.config.feeds.limit
    yield _Feed(site.title, site.description, "", tuple(newest(ctx.items)[:limit]))
    limit = min(limit, _PART_LIMIT)
    for node in ctx.collections.values():
        if collection_has_feed(ctx, node):
            title = f"{node.name} – {site.title}"
            yield _Feed(title, "", node.path, tuple(newest(node.subtree)[:limit]))
    for group in ctx.groups["tag"]:
        if tag_has_feed(ctx, group):
            title = f"{group.term.label} – {site.title}"
            yield _Feed(title, "", group.term.path, tuple(newest(group.entries)[:limit]))


def _atom(ctx: Context, of: _Feed, written: dict[str, _Written]) -> str:
    """RFC 4287. An entry's id is its page's address, which never changes; its dates are Zotero's."""
    site = ctx.config.site
    entries = [_write(ctx, entry, written) for entry in of.entries]
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": site.language})
    _add(feed, "id", ctx.absolute(of.path))
    _add(feed, "title", of.title)
    if of.description:
        _add(feed, "subtitle", of.description)
    if site.rights:
        _add(feed, "rights", site.rights)
    _add(feed, "updated", max((entry.updated for entry in entries), default=_NEVER))
    _add(feed, "link", rel="self", type="application/atom+xml", href=ctx.absolute(of.path + ATOM))
    _add(feed, "link", rel="alternate", type="text/html", href=ctx.absolute(of.path))
    # An entry without an author of its own is by the feed's.
    _add(_add(feed, "author"), "name", site.title)
    ET.indent(feed, " ")
    head = ET.tostring(feed, "unicode").removesuffix("</feed>")
    body = "".join(f"{entry.atom}\n" for entry in entries)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{body}</feed>\n'


def _json_feed(ctx: Context, of: _Feed, written: dict[str, _Written]) -> str:
    """https://www.jsonfeed.org/version/1.1/"""
    site = ctx.config.site
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean(of.title),
        "home_page_url": ctx.absolute(of.path),
        "feed_url": ctx.absolute(of.path + JSON),
        "description": clean(of.description),
        "language": site.language,
    }
    head = json.dumps(_filled(feed), ensure_ascii=False, indent=1).removesuffix("\n}")
    items = ",\n".join(_write(ctx, entry, written).json for entry in of.entries)
    return f'{head},\n "items": [\n{items}\n ]\n}}\n'


def _write(ctx: Context, entry: Entry, written: dict[str, _Written]) -> _Written:
    """written: path of an entry -> itself; what is not in it yet is added."""
    if entry.path not in written:
        content = _content(ctx, entry)
        written[entry.path] = _Written(
            updated=_updated(entry),
            atom=_atom_entry(ctx, entry, content),
            json=json.dumps(_json_entry(ctx, entry, content), ensure_ascii=False, separators=(",", ":")),
        )
    return written[entry.path]


def _atom_entry(ctx: Context, entry: Entry, content: Markup) -> str:
    element = ET.Element("entry")
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
    if content:
        _add(element, "content", content, type="html")
    ET.indent(element, " ")
    return ET.tostring(element, "unicode")


def _json_entry(ctx: Context, entry: Entry, content: Markup) -> dict[str, object]:
    item: dict[str, object] = {
        "id": ctx.absolute(entry.path),
        "url": ctx.absolute(entry.path),
        "title": clean(entry.title),
        # The format wants content_html or content_text in every item.
        "content_html": clean(content) or f"<p>{clean(entry.title_html)}</p>",
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

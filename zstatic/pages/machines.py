"""What programs read: sitemap, robots.txt, OpenSearch, llms.txt, and libraries and collections as exports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

from zstatic.config import Config
from zstatic.errors import Problem
from zstatic.exports import FORMATS, left_out
from zstatic.facets import FACETS
from zstatic.library import Item, Library
from zstatic.outputs import Output, Text
from zstatic.pages.collections import TREE_PATH, tree_link
from zstatic.pages.context import Context, Entry
from zstatic.pages.downloads import library_downloads
from zstatic.pages.lists import FACET_TITLES, ITEMS_PATH
from zstatic.pages.rdf import has_records
from zstatic.richtext import clean

# https://www.sitemaps.org/protocol.html
SITEMAP_LIMIT = 50_000
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def pages(ctx: Context) -> Iterator[Output]:
    # GitHub Pages would run the site through Jekyll, which drops files that start with "_".
    yield Text(".nojekyll", "")
    yield Text("robots.txt", robots(ctx))
    yield Text("llms.txt", llms(ctx))
    if ctx.config.site.base_url:
        yield Text("opensearch.xml", open_search(ctx))
        yield from sitemap(ctx)
    yield from library_exports(ctx)
    yield from collection_exports(ctx)


def problems(libraries: Iterable[Library], config: Config) -> tuple[Problem, ...]:
    """What the site lacks, for want of export texts or of a base URL."""
    found = [
        Problem("not-exported", library.id, _missing_message(FORMATS[name].LABEL, missing))
        for library in libraries
        for name in config.exports.formats
        if (missing := left_out(library.items.values(), name))
    ]
    if not config.site.base_url:
        found.append(
            Problem(
                "no-base-url",
                "site.toml",
                "[site] base_url is not set, so there are no feeds, no sitemap, no canonical links, no "
                "records for Zotero to save pages by and no direct links to files for Google Scholar. "
                "Write there where the site will stand.",
            )
        )
    return tuple(found)


def _missing_message(label: str, keys: tuple[str, ...]) -> str:
    some = ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")
    count = f"{len(keys)} items are" if len(keys) > 1 else "1 item is"
    return f"{count} not in the {label} files, for lack of a usable text from Zotero ({some})."


def library_exports(ctx: Context) -> Iterator[Text]:
    """Each library in each format; under its slug if it has one."""
    for library in ctx.libraries:
        folder = f"{library.slug}/" if library.slug else ""
        # Only what has a page: an unpublished standalone file must not show its title here.
        own = (entry.item for entry in ctx.items if entry.library is library)
        items = sorted(own, key=lambda item: item.key)
        yield from _exports(ctx, f"{folder}exports/library", items)


def collection_exports(ctx: Context) -> Iterator[Text]:
    """Each collection with its subcollections; none for an empty one."""
    for node in ctx.collections.values():
        if node.subtree:
            items = sorted((entry.item for entry in node.subtree), key=lambda item: item.key)
            yield from _exports(ctx, f"{node.path}collection", items)


def _exports(ctx: Context, stem: str, items: Iterable[Item]) -> Iterator[Text]:
    for each in (FORMATS[name] for name in ctx.config.exports.formats):
        yield Text(f"{stem}.{each.EXTENSION}", each.dump(items))


def robots(ctx: Context) -> str:
    lines = ["User-agent: *", "Allow: /"]
    if ctx.config.site.base_url:
        lines += ["", f"Sitemap: {ctx.absolute('sitemap.xml')}"]
    return "\n".join(lines) + "\n"


def open_search(ctx: Context) -> str:
    """By which a browser adds the site to its search engines.

    https://developer.mozilla.org/en-US/docs/Web/XML/Guides/OpenSearch
    """
    site = ctx.config.site
    element = ET.Element("OpenSearchDescription", {"xmlns": "http://a9.com/-/spec/opensearch/1.1/"})
    # The format's own limits.
    ET.SubElement(element, "ShortName").text = clean(site.title)[:16].strip()
    ET.SubElement(element, "LongName").text = clean(site.title)[:48].strip()
    ET.SubElement(element, "Description").text = clean(site.description or site.title)[:1024]
    ET.SubElement(element, "InputEncoding").text = "UTF-8"
    template = f"{ctx.absolute('search/')}?q={{searchTerms}}"
    ET.SubElement(element, "Url", {"type": "text/html", "template": template})
    ET.indent(element, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(element, "unicode") + "\n"


def llms(ctx: Context) -> str:
    """The site in a few lines for language models. No counts: they would change it with every item.

    https://llmstxt.org/, a convention, not a standard.
    """
    site = ctx.config.site
    has_base = bool(site.base_url)
    gettext, tree = ctx.words.gettext, tree_link(ctx)
    exports = [
        (f"{library.name} {each.label}".strip(), each.path)
        for library in library_downloads(ctx)
        for each in library.downloads
    ]
    feed = [(gettext("Newest additions") + ", JSON Feed", "feed.json")]
    sections = {
        gettext("Browse"): [(gettext("All items"), ITEMS_PATH), (tree.label, tree.path)]
        + [(gettext(FACET_TITLES[name]), f"{FACETS[name].folder}/") for name in FACET_TITLES],
        gettext("Pages"): [(page.title, page.path) for page in ctx.content if page.has_own_page],
        gettext("Downloads"): exports + (feed if has_base else []),
    }
    parts = [f"# {_line(site.title)}"]
    if site.description:
        parts.append(f"> {_line(site.description)}")
    each = "Each item has a page at items/KEY/"
    parts.append(f"{each} and the whole record at items/KEY/item.rdf." if has_records(ctx) else f"{each}.")
    for heading, links in sections.items():
        if links:
            lines = [f"- [{_line(label)}]({ctx.absolute(path) or quote(path)})" for label, path in links]
            parts.append("\n".join([f"## {heading}", "", *lines]))
    return "\n\n".join(parts) + "\n"


def _line(text: str) -> str:
    return " ".join(clean(text).split()).replace("[", "(").replace("]", ")")


class _Address(NamedTuple):
    """A page of the site. changed: day of the last change of what it shows, "" = not known."""

    url: str
    changed: str


def sitemap(ctx: Context) -> Iterator[Text]:
    """sitemap.xml; on a site beyond what one file may list, an index of several."""
    addresses = list(_addresses(ctx))
    parts = [addresses[start : start + SITEMAP_LIMIT] for start in range(0, len(addresses), SITEMAP_LIMIT)]
    if len(parts) == 1:
        yield Text("sitemap.xml", _sitemap_xml("urlset", "url", parts[0]))
        return
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    files = (
        _Address(ctx.absolute(name), max(address.changed for address in part))
        for name, part in zip(names, parts, strict=True)
    )
    yield Text("sitemap.xml", _sitemap_xml("sitemapindex", "sitemap", files))
    for name, part in zip(names, parts, strict=True):
        yield Text(name, _sitemap_xml("urlset", "url", part))


def _addresses(ctx: Context) -> Iterator[_Address]:
    """The first page of everything; search engines find the following ones by their links.

    A list changes with the items on it; of an index of lists nobody knows when.
    """
    changed = {entry.path: _day(entry.item.date_modified) for entry in ctx.items}

    def address(path: str, entries: Iterable[Entry] = ()) -> _Address:
        return _Address(ctx.absolute(path), max((changed[entry.path] for entry in entries), default=""))

    yield from (address("", ctx.items), address(ITEMS_PATH, ctx.items), address(TREE_PATH))
    yield from (address(page.path) for page in ctx.content if page.has_own_page)
    for entry in sorted(ctx.items, key=lambda entry: entry.path):
        yield address(entry.path, [entry])
    for node in ctx.collections.values():
        yield address(node.path, node.entries)
    for name in FACET_TITLES:
        yield address(f"{FACETS[name].folder}/")
        yield from (address(group.term.path, group.entries) for group in ctx.groups[name])


def _day(instant: str) -> str:
    """The day, as clients may have written any time zone or none."""
    found = re.match(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?=T|$)", instant)
    return found[0] if found else ""


def _sitemap_xml(root: str, member: str, addresses: Iterable[_Address]) -> str:
    element = ET.Element(root, {"xmlns": _SITEMAP})
    for address in addresses:
        each = ET.SubElement(element, member)
        ET.SubElement(each, "loc").text = address.url
        if address.changed:
            ET.SubElement(each, "lastmod").text = address.changed
    ET.indent(element, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(element, "unicode") + "\n"

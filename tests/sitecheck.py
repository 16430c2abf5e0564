"""What every finished site must keep: links and anchors that lead somewhere, unique ids, sound records.

Each function gives a list of sentences, empty if all is well.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree, html

_ADDRESSES = ("href", "src", "action", "data-root", "data-last-sync")
_POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "data-copy", "data-save")


@dataclass
class Folder:
    """A finished site. base_url: with the slash at its end."""

    path: Path
    base_url: str

    def __post_init__(self) -> None:
        self.files = {
            file.relative_to(self.path).as_posix() for file in self.path.rglob("*") if file.is_file()
        }
        self.ids: dict[str, set[str]] = {}

    @property
    def base_path(self) -> str:
        return urlsplit(self.base_url).path

    def named(self, *endings: str) -> list[str]:
        return sorted(file for file in self.files if file.endswith(endings))

    def lacks(self, page: str, link: str) -> bool:
        """Whether a link on a page leads to nothing of this site; links to others never do."""
        if link.startswith(self.base_url):
            link, page = link.removeprefix(self.base_url) or "./", "index.html"
        elif link.startswith("/") and page == "404.html":
            # Served for any missing address: the one page with links from the root of the host.
            if not link.startswith(self.base_path):
                return True
            link = link.removeprefix(self.base_path) or "./"
        elif urlsplit(link).scheme or link.startswith("//"):
            return False
        address, _, anchor = link.partition("#")
        if address.startswith("/"):
            return True
        target = self._file(page, unquote(address.partition("?")[0]))
        return target not in self.files or bool(anchor and unquote(anchor) not in self.ids.get(target, ()))

    def _file(self, page: str, address: str) -> str:
        if not address:
            return page
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
        if address.endswith(("/", ".")):
            return posixpath.normpath(f"{target}/index.html")
        return target


def broken_pages(site: Folder) -> list[str]:
    """Links, anchors, references between elements, ids, and what the content security policy would refuse."""
    found: list[str] = []
    links: list[tuple[str, str]] = []
    for path in site.named(".html"):
        ids: Counter[str] = Counter()
        pointed: list[str] = []
        tree = html.document_fromstring((site.path / path).read_bytes())
        found += [f"{path}: {wrong}" for wrong in _unsafe(tree)]
        for element in tree.iter(etree.Element):
            for name, value in element.items():
                if name == "id":
                    ids[value] += 1
                elif name in _ADDRESSES:
                    links.append((path, value))
                elif name in _POINTERS:
                    pointed += value.split()
        site.ids[path] = set(ids)
        found += [f"{path}: {count} elements have the id {name}" for name, count in ids.items() if count > 1]
        found += [f"{path}: something refers to {name}, which is not there" for name in {*pointed} - {*ids}]
    return found + [f"{path}: {link} leads nowhere" for path, link in links if site.lacks(path, link)]


def _unsafe(tree: Any) -> Iterator[str]:
    """What the policy against foreign and inline scripts and styles lacks, or would refuse."""
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    if len(policy) != 1 or "default-src 'none'" not in policy[0] or re.search(r"'unsafe-|[ *]\*", policy[0]):
        yield f"the content security policy is {policy}"
    if tree.xpath("//meta[@http-equiv='Content-Security-Policy']/preceding::*[self::script or self::link]"):
        yield "the content security policy comes too late"
    for each in tree.xpath(
        "//style | //@style | //script[not(@src)][@type!='application/ld+json' or not(@type)]"
    ):
        yield f"inline: {each}"
    for each in tree.xpath("//@*[starts-with(name(), 'on')]"):
        yield f"inline: {each.attrname}={each}"


def broken_records(site: Folder) -> list[str]:
    """XML, JSON Feed, JSON-LD and llms.txt: their formats' rules, and their addresses on this site."""
    found: list[str] = []
    for path in site.named(".xml", ".rdf", ".svg"):
        try:
            tree = etree.parse(site.path / path, etree.XMLParser(resolve_entities=False)).getroot()
        except etree.XMLSyntaxError as error:
            found.append(f"{path}: {error}")
            continue
        kind = etree.QName(tree).localname
        found += [f"{path}: {wrong}" for wrong in _XML.get(kind, _any_xml)(tree)]
        if kind != "svg":
            found += _lost(site, path, _addresses_in_xml(tree))
    for path in site.named("feed.json"):
        feed = json.loads((site.path / path).read_text("utf-8"))
        found += [f"{path}: {wrong}" for wrong in _json_feed(feed)]
        found += _lost(site, path, _addresses_in_json(feed))
    for path in site.named(".html"):
        for text in re.findall(
            r'<script type="application/ld\+json">(.*?)</script>', (site.path / path).read_text("utf-8")
        ):
            node = json.loads(text)
            found += [f"{path}: {wrong}" for wrong in _json_ld(node)]
            found += _lost(site, path, _addresses_in_json(node))
    for path in site.named("llms.txt", "robots.txt"):
        found += _lost(site, path, re.findall(r"https?://[^\s)]+", (site.path / path).read_text("utf-8")))
    return found


def _lost(site: Folder, path: str, addresses: Iterator[str] | list[str]) -> list[str]:
    # A template of addresses, for search, has braces.
    return [
        f"{path}: {each} leads nowhere"
        for each in addresses
        if each.startswith(site.base_url) and site.lacks("index.html", re.sub(r"\?.*\{.*\}.*", "", each))
    ]


def _addresses_in_xml(tree: Any) -> Iterator[str]:
    for element in tree.iter(etree.Element):
        yield from (str(value) for value in element.attrib.values())
        if element.text and etree.QName(element).localname in ("loc", "id"):
            yield element.text


def _addresses_in_json(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _addresses_in_json(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _addresses_in_json(each, name)
    elif isinstance(value, str) and name.lower().endswith(("url", "urltemplate", "id")) and name != "@id":
        yield value


# The formats. Each: a tree -> what is wrong with it

_ATOM = "{http://www.w3.org/2005/Atom}"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def _any_xml(tree: Any) -> Iterator[str]:
    yield from ()


def _atom(feed: Any) -> Iterator[str]:
    """RFC 4287: what a feed and its entries must have, once."""
    for element in [feed, *feed.findall(f"{_ATOM}entry")]:
        for name in ("id", "title", "updated"):
            if len(element.findall(_ATOM + name)) != 1:
                yield f"not exactly one {name}"
        for name in ("updated", "published"):
            for date in element.findall(_ATOM + name):
                if not _RFC3339.fullmatch(date.text or ""):
                    yield f"{date.text} is no date of RFC 3339"
        if len(element.findall(f"{_ATOM}link[@rel='alternate'][@type='text/html']")) != 1:
            yield "not exactly one alternate link"
        for author in element.findall(f"{_ATOM}author"):
            if not author.findtext(f"{_ATOM}name"):
                yield "an author without a name"
        if not (element.findall(f"{_ATOM}author") or feed.findall(f"{_ATOM}author")):
            yield "no author"
    if len(feed.findall(f"{_ATOM}link[@rel='self']")) != 1:
        yield "no link to itself"
    ids = [element.text for element in feed.iter(f"{_ATOM}id")]
    if len(set(ids)) < len(ids):
        yield "two entries with one id"


_SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
_W3C_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T.+)?)?)?")


def _sitemap(tree: Any) -> Iterator[str]:
    """sitemaps.org: at most 50,000 addresses, each once, none above 2,048 characters, dates of the W3C."""
    addresses = [element.text for element in tree.iter(f"{_SITEMAP}loc")]
    if not 0 < len(addresses) <= 50_000 or len(set(addresses)) < len(addresses):
        yield f"{len(addresses)} addresses, or some twice"
    yield from (f"{each} is too long" for each in addresses if len(each) >= 2048)
    for date in tree.iter(f"{_SITEMAP}lastmod"):
        if not _W3C_DATE.fullmatch(date.text or ""):
            yield f"{date.text} is no date of the W3C"


_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def _opensearch(tree: Any) -> Iterator[str]:
    """OpenSearch 1.1: short texts, and an address with {searchTerms}."""
    for name, limit in (("ShortName", 16), ("LongName", 48), ("Description", 1024)):
        text = tree.findtext(_OPENSEARCH + name) or ""
        if not 0 < len(text) <= limit:
            yield f"{name} has {len(text)} characters, not 1 to {limit}"
    if "{searchTerms}" not in tree.find(f"{_OPENSEARCH}Url").get("template"):
        yield "no {searchTerms}"


_XML = {"feed": _atom, "urlset": _sitemap, "sitemapindex": _sitemap, "OpenSearchDescription": _opensearch}


def _json_feed(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1: what must be there, ids once, dates of RFC 3339, whole addresses."""
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title"):
        yield "no version or no title"
    ids = [item.get("id") for item in feed["items"]]
    if not all(isinstance(each, str) and each for each in ids) or len(set(ids)) < len(ids):
        yield "ids missing or twice"
    for item in feed["items"]:
        if not ("content_html" in item or "content_text" in item):
            yield f"{item['id']} has no content"
        for name in ("date_published", "date_modified"):
            if name in item and not _RFC3339.fullmatch(item[name]):
                yield f"{item[name]} is no date of RFC 3339"
        for name in ("url", "external_url"):
            if name in item and not urlsplit(item[name]).scheme:
                yield f"{item[name]} is not whole"
        if not all(author.get("name") for author in item.get("authors", ())):
            yield f"{item['id']} has an author without a name"
        if not all(file.get("url") and file.get("mime_type") for file in item.get("attachments", ())):
            yield f"{item['id']} has an attachment without address or type"


def _json_ld(node: Any) -> Iterator[str]:
    """JSON-LD with schema.org: its context once, a type and whole addresses on each node, nothing empty."""
    if node.get("@context") != "https://schema.org":
        yield "the context is not schema.org's"
    yield from _nodes(node.get("@graph", [{**node, "@context": None}]))


def _nodes(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        if not value:
            yield "an empty list"
        for each in value:
            yield from _nodes(each)
    elif isinstance(value, dict):
        if not value.get("@type"):
            yield f"no type: {value}"
        for name, each in value.items():
            if name in ("@id", "url", "sameAs", "contentUrl") and isinstance(each, str):
                if not urlsplit(each).scheme:
                    yield f"{name} is not whole: {each}"
            elif name != "@context":
                yield from _nodes(each)
    elif value in ("", None):
        yield "an empty value"

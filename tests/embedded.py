"""How Zotero and Google Scholar read a page: a reader written from web-standards.md, rule by rule.

It knows their mistakes too: each trap of that file is a rule here, so that a page which falls into it reads
back to another item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from lxml import etree

NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "z": "http://www.zotero.org/namespaces/export#",
    "dcterms": "http://purl.org/dc/terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "bib": "http://purl.org/net/biblio#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://nwalsh.com/rdf/vCard#",
    "link": "http://purl.org/rss/1.0/modules/link/",
    "prism": "http://prismstandard.org/namespaces/1.2/basic/",
}
# M-06b: these decide the type whatever z.itemType says; the last in the page wins.
TYPE_FORMING = {
    "citation_journal_title": "journalArticle",
    "citation_conference_title": "conferencePaper",
    "citation_conference": "conferencePaper",
    "citation_book_title": "bookSection",
    "citation_inbook_title": "bookSection",
    "citation_dissertation_institution": "thesis",
    "citation_technical_report_institution": "report",
}
# M-05: what OpenGraph makes of a page that says nothing better.
OPEN_GRAPH = {"website": "webpage", "book": "book", "music.song": "audioRecording"}


@dataclass
class Saved:
    """An item as Zotero would save it. creators: (role, last name, first name)."""

    item_type: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    creators: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def save(page: Any, fetch: Any, creator_types: dict[str, list[str]]) -> list[Saved]:
    """What one click saves: by the first translator that finds anything, in the order of their priority."""
    return unapi(page, fetch) or coins_items(page) or [embedded_metadata(page, creator_types)]


# Embedded Metadata


def embedded_metadata(page: Any, creator_types: dict[str, list[str]]) -> Saved:
    """creator_types: item type -> the roles that its creators may have, in Zotero's order."""
    metas = [
        (str(meta.get("name") or meta.get("property")), str(meta.get("content")))
        for meta in page.xpath("//head/meta[@content and (@name or @property)]")
    ]
    tags = _Tags(metas)
    saved = Saved(_embedded_type(tags, creator_types))
    saved.fields = _embedded_fields(tags, page)
    saved.creators = _highwire_authors(tags) or _rdf_creators(tags, creator_types[saved.item_type])
    saved.files = tags.all("citation_pdf_url")[:1]
    # Keywords and subjects are dropped, unless another translator called this one.
    return saved


class _Tags:
    """The tags of a head: names without case up to their first delimiter, as Zotero compares them."""

    def __init__(self, metas: list[tuple[str, str]]) -> None:
        self.metas = [(self._normal(name), content) for name, content in metas if content]

    @staticmethod
    def _normal(name: str) -> str:
        if name.startswith("citation_"):
            return name
        prefix, delimiter, rest = re.match(r"([^.:_]*)([.:_]?)(.*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        # The first letter of a property is lower-cased: "z.DOI" says nothing about the field DOI.
        return f"{prefix.lower()}.{rest[:1].lower()}{rest[1:]}" if delimiter else name

    def all(self, *names: str) -> list[str]:
        """The values of the first of these names that has any."""
        for name in names:
            if values := [content for each, content in self.metas if each == name]:
                return values
        return []

    def first(self, *names: str) -> str:
        return next(iter(self.all(*names)), "")


def _embedded_type(tags: _Tags, known: dict[str, list[str]]) -> str:
    forming = [TYPE_FORMING[name] for name, _ in tags.metas if name in TYPE_FORMING]
    if forming:
        return forming[-1]
    said = tags.first("z.itemType")
    if said in known:
        return said
    if (graph := tags.first("og.type")) in OPEN_GRAPH:
        return OPEN_GRAPH[graph]
    if tags.first("citation_isbn"):
        return "book"
    return "journalArticle" if tags.first("citation_title") else "webpage"


def _embedded_fields(tags: _Tags, page: Any) -> dict[str, str]:
    fields = {
        "title": tags.first("citation_title", "dc.title", "og.title"),
        "publicationTitle": tags.first("prism.publicationName", "dc.source", "og.site_name"),
        "date": tags.first(
            "citation_publication_date", "citation_date", "prism.publicationDate", "dcterms.issued", "dc.date"
        ),
        # OpenGraph's description comes before Dublin Core's abstract.
        "abstractNote": tags.first("citation_abstract", "og.description", "dcterms.abstract"),
        "volume": tags.first("citation_volume", "prism.volume"),
        "issue": tags.first("citation_issue", "prism.number"),
        "pages": tags.first("bib.pages"),
        "publisher": tags.first("citation_publisher", "dc.publisher"),
        "language": tags.first("citation_language", "dc.language"),
        "rights": tags.first("dc.rights"),
        "conferenceName": tags.first("citation_conference_title", "bib.presentedAt"),
        "journalAbbreviation": tags.first("citation_journal_abbrev", "dcterms.alternative"),
        # M-03b: with z.itemType the description is Extra, else the abstract.
        "extra" if tags.first("z.itemType") else "description": tags.first("dc.description"),
        "url": tags.first("citation_public_url", "og.url"),
    }
    if not fields["abstractNote"]:
        fields["abstractNote"] = fields.get("description") or tags.first("description")
    if container := tags.first("citation_journal_title", "citation_inbook_title", "citation_book_title"):
        fields["publicationTitle"] = container
    if first := tags.first("citation_firstpage"):
        fields["pages"] = "-".join(filter(None, (first, tags.first("citation_lastpage"))))
    for value in tags.all("dc.identifier"):
        _identify(value, fields)
    for name, tag in (("ISBN", "citation_isbn"), ("ISSN", "citation_issn"), ("DOI", "citation_doi")):
        fields[name] = " ".join(tags.all(tag)) or fields.get(name, "")
    # Whatever stands in Zotero's own namespace is a field of that name, and wins over Dublin Core.
    for name, content in tags.metas:
        if name.startswith("z.") and name != "z.itemType" and not fields.get(name[2:]):
            fields[name[2:]] = content
        elif name == "z.url" and not tags.first("citation_public_url"):
            fields["url"] = content
    return {name: " ".join(value.split()) for name, value in fields.items() if value}


def _identify(value: str, fields: dict[str, str]) -> None:
    kind, _, number = value.partition(" ")
    if kind.upper() in ("ISBN", "ISSN", "DOI"):
        # The last of several wins.
        fields[kind.upper()] = number
    elif value.startswith("10."):
        fields["DOI"] = fields.get("DOI") or value


def _highwire_authors(tags: _Tags) -> list[tuple[str, str, str]]:
    """M-03: a lone author with a space on both sides of the comma is two; a semicolon prevents it."""
    nodes = tags.all("citation_author")
    creators = []
    for node in nodes:
        names = re.split(r"\s*;\s*", node)
        if len(names) == 1 and len(nodes) == 1:
            parts = re.split(r"\s*,\s*", names[0])
            if len(parts) > 1 and " " in parts[0] and " " in parts[1]:
                names = parts
        creators += [clean_author(name, "author") for name in names if re.search(r"[^\s,\-.;]", name)]
    return creators


def _rdf_creators(tags: _Tags, roles: list[str]) -> list[tuple[str, str, str]]:
    """Only roles that the type knows; Dublin Core's creators are its authors."""
    names = {"author": ("bib.authors", "dc.creator", "dc.contributor")}
    names |= {role: (f"bib.{role}s",) for role in ("editor", "contributor")}
    return [
        clean_author(name, role) for role in roles for name in tags.all(*names.get(role, (f"z.{role}s",)))
    ]


def clean_author(name: str, role: str) -> tuple[str, str, str]:
    """One name in one string: cut at the comma, without one at the last space, as for an institution."""
    name = name.strip(" .,/[]:")
    if "," in name:
        last, _, first = name.partition(",")
        return role, last.strip(), first.strip()
    first, _, last = name.rpartition(" ")
    return role, last, first


# Google Scholar


def scholar_problems(page: Any, address: str) -> list[str]:
    """M-06 and M-07: why Google Scholar would not take the page, or not its PDF. address: of the page."""
    tags = {str(meta.get("name")): str(meta.get("content")) for meta in page.xpath("//meta[@name]")}
    problems = [
        f"no {name}"
        for name in ("citation_title", "citation_author", "citation_publication_date")
        if name not in tags
    ]
    if not re.fullmatch(r"\d{4}(/\d\d){0,2}", tags.get("citation_publication_date", "2000")):
        problems.append("date")
    if pdf := tags.get("citation_pdf_url"):
        folder, _, name = pdf.rpartition("/")
        if not re.match(r"https?://", pdf):
            problems.append("PDF is not absolute")
        elif f"{folder}/" != address:
            problems.append("PDF is in another folder")
        if not name.endswith(".pdf"):
            problems.append("PDF is not called .pdf")
    return problems


# COinS


BOOK_GENRES = {"bookitem": "bookSection", "proceeding": "conferencePaper", "report": "report"}


def coins_items(page: Any) -> list[Saved]:
    """What the COinS of a page read back to; there are never files."""
    return [read_coins(str(span.get("title"))) for span in page.xpath("//span[@class='Z3988']")]


def read_coins(title: str) -> Saved:
    pairs = []
    for part in title.split("&"):
        key, _, value = part.partition("=")
        # A plus is lost, even an encoded one.
        pairs.append((key, unquote(re.sub(r"\+|%2[bB]", " ", value))))
    values = dict(reversed(pairs))
    format = values["rft_val_fmt"].removeprefix("info:ofi/fmt:kev:mtx:")
    saved = Saved(_coins_type(format, values))
    in_part = saved.item_type in ("journalArticle", "bookSection", "conferencePaper")
    title_key = {"journal": "atitle", "book": "atitle" if in_part else "btitle"}.get(format, "title")
    container = {"journal": "jtitle", "book": "btitle" if in_part else "", "dc": "source"}.get(format, "")
    names = {
        "title": title_key,
        "publicationTitle": container,
        "publisher": "inst" if format == "dissertation" else "publisher",
        "date": "appldate" if format == "patent" else "date",
        **{name: name for name in ("volume", "issue", "pages", "place", "edition", "language")},
        "ISBN": "isbn",
        "ISSN": "issn",
        "numPages": "tpages",
    }
    saved.fields = {name: values.get(f"rft.{key}", "") for name, key in names.items() if key}
    for key, value in pairs:
        if key == "rft_id" and value.startswith("info:doi/"):
            saved.fields["DOI"] = value.removeprefix("info:doi/")
        elif (key == "rft_id" or (key == "rft.identifier" and format == "dc")) and value.startswith("http"):
            saved.fields["url"] = value
    saved.fields = {name: value for name, value in saved.fields.items() if value}
    saved.creators = list(_coins_creators(pairs))
    return saved


def _coins_type(format: str, values: dict[str, str]) -> str:
    if format == "book":
        return BOOK_GENRES.get(values.get("rft.genre", ""), "book")
    if format == "dc":
        return values.get("rft.type", "webpage")
    return {"journal": "journalArticle", "dissertation": "thesis", "patent": "patent"}[format]


def _coins_creators(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """M-03: first and last name apart are one creator more, where the full name was cut in another place."""
    roles = {"rft.au": "author", "rft.contributor": "contributor", "rft.inventor": "inventor"}
    full = [clean_author(value, roles[key]) for key, value in pairs if key in roles]
    parts = dict(reversed(pairs))
    if last := parts.get("rft.aulast"):
        first = parts.get("rft.aufirst", "")
        if not any(name[1] == last and name[2].startswith(first) for name in full):
            yield "author", last, first
    yield from full


# unAPI and Zotero RDF


def unapi(page: Any, fetch: Any) -> list[Saved]:
    """What the unAPI translator saves. fetch: absolute URL, with or without a query -> text.

    It asks the server bare for its formats, then with an id for the record; a static host answers alike.
    """
    servers = page.xpath("//head/link[@rel='unapi-server']/@href")
    ids = page.xpath("//abbr[@class='unapi-id']/@title")
    if not servers or not ids:
        return []
    assert re.match(r"https?://", servers[0]), "the address of an unAPI server is absolute"
    formats = etree.fromstring(fetch(servers[0]).encode()).xpath("//*[local-name()='format']/@name")
    if "rdf_zotero" not in formats:
        return []
    return [item for each in ids for item in read_rdf(fetch(f"{servers[0]}?id={each}&format=rdf_zotero"))]


def read_rdf(text: str) -> list[Saved]:
    """The items of a Zotero RDF file: what is neither part of another nor without type and title."""
    root = etree.fromstring(text.encode())
    linked = set(
        root.xpath("//link:link/@rdf:resource | //dcterms:isReferencedBy/@rdf:resource", namespaces=NS)
    )
    about = {node.get(f"{{{NS['rdf']}}}about"): node for node in root}
    return [
        _rdf_item(node, about)
        for name, node in about.items()
        if name not in linked and _value(node, "z:itemType")
    ]


def _value(node: Any, path: str) -> str:
    found = node.xpath(f"{path}/text()", namespaces=NS)
    return str(found[0]) if found else ""


def _rdf_item(node: Any, about: dict[str, Any]) -> Saved:
    saved = Saved(_value(node, "z:itemType"))
    container = next(iter(node.xpath("dcterms:isPartOf/*", namespaces=NS)), None)
    whole = node if container is None else container
    paths = {
        "title": "dc:title",
        "abstractNote": "dcterms:abstract",
        "extra": "dc:description",
        "rights": "dc:rights",
        "date": "dc:date",
        "pages": "bib:pages",
        "edition": "prism:edition",
        "accessDate": "dcterms:dateSubmitted",
        "publisher": "dc:publisher/foaf:Organization/foaf:name",
        "place": "dc:publisher/foaf:Organization/vcard:adr/vcard:Address/vcard:locality",
        "conferenceName": "bib:presentedAt/bib:Conference/dc:title",
        "url": "dc:identifier/dcterms:URI/rdf:value",
    }
    saved.fields = {name: _value(node, path) for name, path in paths.items()}
    if container is not None:
        saved.fields["publicationTitle"] = _value(container, "dc:title")
    for name, path in (("volume", "prism:volume"), ("issue", "prism:number")):
        saved.fields[name] = _value(whole, path) or _value(node, path)
    saved.fields["journalAbbreviation"] = _value(whole, "dcterms:alternative")
    for each in {id(part): part for part in (node, whole)}.values():
        for value in each.xpath("dc:identifier/text()", namespaces=NS):
            _identify(str(value).strip(), saved.fields)
    for child in node:
        # Anything else of Zotero's own is a field of that name.
        name = etree.QName(child)
        if name.namespace == NS["z"] and len(child) == 0 and name.localname != "itemType":
            saved.fields[name.localname] = child.text or ""
    saved.fields = {name: value for name, value in saved.fields.items() if value}
    saved.creators = list(_rdf_names(node))
    saved.tags = [str(tag) for tag in node.xpath("dc:subject/text()", namespaces=NS)]
    for url in node.xpath("link:link/@rdf:resource", namespaces=NS):
        saved.files.append(_value(about[url], "dc:identifier/dcterms:URI/rdf:value"))
    for memo in node.xpath("dcterms:isReferencedBy/@rdf:resource", namespaces=NS):
        saved.notes.append(_value(about[memo], "rdf:value"))
    return saved


def _rdf_names(node: Any) -> Iterator[tuple[str, str, str]]:
    for child in node:
        people = child.xpath("rdf:Seq/rdf:li/foaf:Person", namespaces=NS)
        role = etree.QName(child).localname.removesuffix("s")
        for person in people:
            yield role, _value(person, "foaf:surname"), _value(person, "foaf:givenName")

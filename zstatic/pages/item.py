"""The page of an item, and its files beside it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

from zstatic.exports import FORMATS
from zstatic.library import ITEM_URI, Attachment, Library
from zstatic.outputs import Copy, Output, Page
from zstatic.pages.basefields import base_value
from zstatic.pages.bidi import isolate_foreign, reference_direction
from zstatic.pages.citation_meta import is_scholarly, item_meta
from zstatic.pages.collections import tree_link
from zstatic.pages.context import Context, Entry, ItemLine, Link, PublishedFile, TagLink, file_kind
from zstatic.pages.head import Head, HeadLink, Social, make_head, shorten
from zstatic.pages.jsonld import TYPES as SCHEMA_TYPES
from zstatic.pages.jsonld import item_json_ld, license_url
from zstatic.pages.languages import abstract_language, language_tag
from zstatic.pages.linkset import linkset, linkset_link
from zstatic.pages.nearby import Nearby, Neighbours, linked, look_around, nodes_of
from zstatic.pages.orcids import orcids
from zstatic.pages.rdf import Record, item_record
from zstatic.richtext import abstract_html, abstract_text, citation_html, note_html, plain, scrollable
from zstatic.schema import Schema
from zstatic.translations import N_, Direction, Words
from zstatic.urls import (
    arxiv_id,
    doi,
    doi_url,
    handle_url,
    hyphenated,
    isbn_pieces,
    issn_pieces,
    item_name,
    note_anchor,
    orcid_url,
    safe_href,
)

DEFAULT_API = "https://api.zotero.org"
_STYLE_LABELS = {
    "apa": "APA",
    "modern-language-association": "MLA",
    "chicago-author-date": N_("Chicago (author-date)"),
    "chicago-note-bibliography": N_("Chicago (notes)"),
    "chicago-notes-bibliography": N_("Chicago (notes)"),
    "chicago-fullnote-bibliography": N_("Chicago (full notes)"),
    "vancouver": "Vancouver",
    "ieee": "IEEE",
    "nature": "Nature",
    "harvard-cite-them-right": "Harvard",
    "american-medical-association": "AMA",
    "turabian-fullnote-bibliography": "Turabian",
    "modern-humanities-research-association": "MHRA",
}
# Zotero gives no reference for standalone files and notes.
_UNCITED = ("attachment", "note")
# More than two screens: what follows should not be out of reach.
_LONG_ABSTRACT = 6000
_OWN_PLACE = frozenset({"abstractNote", "title"})
_NBN = re.compile(r"urn:nbn:[a-z]{2}[\w:.+/-]*[\w/-]", re.IGNORECASE)
_IDENTIFIER_LINE = re.compile(
    r"^\s*(DOI|ISBN|ISSN|PMID|PMCID|arXiv|Handle|HDL|URN|ORCID)\s*:(.+)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a field. href: absolute, "" = plain text."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """name: Zotero's, e.g. "publicationTitle". label: in the site's language."""

    name: str
    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class CreatorLink:
    """orcid: the address of their ORCID iD, "" = not known."""

    label: str
    path: str
    orcid: str


@dataclass(frozen=True, slots=True)
class RoleView:
    """The creators in one role. rest: those after the first 25."""

    role: str
    label: str
    names: tuple[CreatorLink, ...]
    rest: tuple[CreatorLink, ...]


@dataclass(frozen=True, slots=True)
class CitationView:
    """html: sanitised. direction: "ltr" or "rtl", of the whole reference."""

    style: str
    label: str
    html: Markup
    direction: Direction


@dataclass(frozen=True, slots=True)
class ExportView:
    """The item in an export format. filename: for saving."""

    label: str
    filename: str
    media_type: str
    text: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """anchor: its address on the page, "note-ABCD2345". html: sanitised."""

    anchor: str
    html: Markup


@dataclass(frozen=True, slots=True)
class FileView:
    """size: for reading, "1.2 MB"."""

    title: str
    path: str
    kind: str
    media_type: str
    size: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item. Template: item.html.

    name: of the item in lists, see `urls.item_name`. lang, abstract_lang: of the item's own text, "" unknown.
    abstract_is_long: it wants a box to scroll in.
    citations: the site's own style first; empty only for standalone files and notes.
    main: the best link to the work itself (DOI, else URL), None = there is none.
    trails: the paths of its collections, each outermost first.
    related, cites, cited_by: as the library says. similar: what shares rare tags, relations or small
    collections with it. neighbours: the items beside it in the first of its collections, None = none.
    added, modified: "2020-01-31", "" unknown. zotero: its page at zotero.org, "" = not public.
    replaces: keys of items that were merged into it.
    """

    head: Head
    key: str
    name: str
    title: Markup
    lang: str
    item_type: str
    type: Link
    year: Link
    dated: bool
    date: str
    container: str
    roles: tuple[RoleView, ...]
    citations: tuple[CitationView, ...]
    abstract: Markup
    abstract_lang: str
    abstract_is_long: bool
    main: Part | None
    files: tuple[FileView, ...]
    links: tuple[Part, ...]
    fields: tuple[FieldView, ...]
    trails: tuple[tuple[Link, ...], ...]
    tags: tuple[TagLink, ...]
    related: tuple[ItemLine, ...]
    cites: tuple[ItemLine, ...]
    cited_by: tuple[ItemLine, ...]
    similar: tuple[ItemLine, ...]
    neighbours: Neighbours | None
    notes: tuple[NoteView, ...]
    exports: tuple[ExportView, ...]
    added: str
    modified: str
    zotero: str
    replaces: tuple[str, ...]


def pages(ctx: Context) -> Iterator[Output]:
    nearby = look_around(ctx)
    for entry in ctx.items:
        record = item_record(ctx, entry)
        view = item_view(ctx, entry, nearby, record)
        yield Page(f"{entry.path}index.html", "item.html", view)
        yield from record.files
        if linkset_link(ctx, entry):
            yield linkset(ctx, entry, view.head.links)
        for file in entry.files:
            yield Copy(file.path, file.source, file.md5)


def item_view(ctx: Context, entry: Entry, nearby: Nearby, record: Record) -> ItemView:
    item, library, schema = entry.item, entry.library, ctx.schema
    related, cites, cited_by = (
        linked(ctx, entry, keys) for keys in (item.related, item.cites, item.cited_by)
    )
    main = _main_link(entry)
    (item_type,), (year,) = entry.terms["type"], entry.terms["year"]
    return ItemView(
        head=_head(ctx, entry, record),
        key=item.key,
        name=item_name(library.slug, item.key),
        title=entry.title_html,
        lang=entry.line.lang,
        item_type=item.item_type,
        type=Link(item_type.label, item_type.path),
        year=Link(year.label, year.path),
        dated=item.date.year is not None,
        date=item.date.text,
        container=entry.container,
        roles=tuple(_roles(entry, schema)),
        citations=tuple(_citations(ctx, entry)),
        abstract=abstract_html(item.fields.get("abstractNote", "")),
        abstract_is_long=len(item.fields.get("abstractNote", "")) > _LONG_ABSTRACT,
        abstract_lang=abstract_language(item.fields.get("abstractNote", ""), entry.line.lang),
        main=main,
        files=tuple(_file_view(file, ctx.words) for file in entry.files),
        links=tuple(_links(item.attachments)) if ctx.config.attachments.link_urls else (),
        fields=tuple(_fields(entry, schema, ctx.words)),
        trails=tuple(_trails(ctx, entry)),
        tags=_tags(ctx, entry),
        related=_lines(nearby, related),
        cites=_lines(nearby, cites),
        cited_by=_lines(nearby, cited_by),
        similar=tuple(other.line for other in nearby.similar(entry, (*related, *cites, *cited_by))),
        neighbours=nearby.neighbours.get(entry.path),
        notes=tuple(_notes(ctx, entry)),
        exports=tuple(_exports(ctx, entry)),
        added=item.date_added[:10],
        modified=item.date_modified[:10],
        zotero=_zotero_url(ctx, library, item.key),
        replaces=item.replaces,
    )


def _lines(nearby: Nearby, entries: Iterable[Entry]) -> tuple[ItemLine, ...]:
    """In the site's order."""
    return tuple(entry.line for entry in sorted(entries, key=lambda entry: nearby.ranks[entry.path]))


def _tags(ctx: Context, entry: Entry) -> tuple[TagLink, ...]:
    """As Zotero shows them: those with a colour first, in the order of the colours."""
    order = {slug: position for position, slug in enumerate(ctx.tag_colors)}
    terms = sorted(entry.terms["tag"], key=lambda term: order.get(term.slug, len(order)))
    return tuple(TagLink(term.label, term.path, ctx.tag_colors.get(term.slug, "")) for term in terms)


def _head(ctx: Context, entry: Entry, record: Record) -> Head:
    abstract = plain(entry.item.fields.get("abstractNote", ""))
    where = [part for part in (entry.creators, entry.container, entry.year) if part]
    return make_head(
        ctx,
        ctx.page_title(entry),
        entry.path,
        section="items",
        description=abstract or ". ".join([entry.title, *where]),
        trail=_first_trail(ctx, entry),
        meta=item_meta(ctx, entry),
        links=(*record.links, *_signposts(ctx, entry), *linkset_link(ctx, entry)),
        social=_social(ctx, entry),
        json_ld=item_json_ld(ctx, entry),
        unapi=record.id,
    )


# Others are not shown everywhere.
_SOCIAL_IMAGES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_SOCIAL_KINDS = {
    "book": "book",
    "webpage": "website",
    "videoRecording": "video.other",
    "audioRecording": "music.song",
}


def _social(ctx: Context, entry: Entry) -> Social:
    """Nothing that Zotero would take for what the item lacks: it reads OpenGraph's tags as well."""
    abstract = abstract_text(entry.item.fields.get("abstractNote", ""))
    return Social(
        # Of the others "article" is what Zotero does not insist on.
        kind=_SOCIAL_KINDS.get(entry.item.item_type, "article"),
        names_site=bool(base_value(entry.item, "publicationTitle")),
        # It would win over the abstract, cut off as it is.
        describes=is_scholarly(ctx, entry) or shorten(abstract) == abstract,
        image=next((file.path for file in entry.files if file.media_type in _SOCIAL_IMAGES), ""),
    )


def _signposts(ctx: Context, entry: Entry) -> Iterator[HeadLink]:
    """https://signposting.org/FAIR/. A DOI leads elsewhere, so it is not what to cite this page as."""
    if not ctx.config.site.base_url:
        return
    for url in sorted(set(orcids(entry.item).values())):
        yield HeadLink("author", url, "", "", local=False)
    for file in entry.files:
        yield HeadLink("item", file.path, file.media_type, "", local=True)
    if license := license_url(entry.item):
        yield HeadLink("license", license, "", "", local=False)
    kind = SCHEMA_TYPES.get(entry.item.item_type, "CreativeWork")
    for name in ("AboutPage", kind):
        yield HeadLink("type", f"https://schema.org/{name}", "", "", local=False)
    if url := doi_url(entry.item.fields.get("DOI", "")):
        yield HeadLink("related", url, "", "", local=False)


def _first_trail(ctx: Context, entry: Entry) -> tuple[Link, ...]:
    """The way to the item through its first collection; through the list of all items if it is in none."""
    trail = next(_trails(ctx, entry), ())
    return (tree_link(ctx), *trail) if trail else (Link(ctx.words.gettext("All items"), "items/"),)


_SHOWN_NAMES = 25


def _roles(entry: Entry, schema: Schema) -> Iterator[RoleView]:
    """One row a role, in the order in which the item names them first."""
    by_role: dict[str, list[CreatorLink]] = {}
    known = orcids(entry.item)
    named = [creator for creator in entry.item.creators if creator.name]
    for creator, term in zip(named, entry.terms["creator"], strict=True):
        by_role.setdefault(creator.role, []).append(
            CreatorLink(term.label, term.path, known.get(creator.name, ""))
        )
    for role, names in by_role.items():
        yield RoleView(
            role, schema.creator_label(role), tuple(names[:_SHOWN_NAMES]), tuple(names[_SHOWN_NAMES:])
        )


def _citations(ctx: Context, entry: Entry) -> Iterator[CitationView]:
    """The references that Zotero formatted; a plain one if it gave none."""
    if entry.item.item_type in _UNCITED:
        return
    found = False
    for style in ctx.config.citations.styles:
        html = citation_html(entry.item.citations.get(style, ""))
        if html:
            found = True
            yield _citation_view(ctx, style, ctx.words.gettext(style_label(style)), html)
    if not found:
        yield _citation_view(ctx, "", ctx.words.gettext("Reference"), plain_citation(entry, ctx.words))


def reference(ctx: Context, entry: Entry) -> Markup:
    """The item's reference in the site's own style, or a plain one."""
    html = citation_html(entry.item.citations.get(ctx.config.citations.styles[0], ""))
    html = html or plain_citation(entry, ctx.words)
    return isolate_foreign(html, reference_direction(html, ctx.config.citations.locale))


def _citation_view(ctx: Context, style: str, label: str, html: Markup) -> CitationView:
    direction = reference_direction(html, ctx.config.citation_locale)
    return CitationView(style, label, isolate_foreign(html, direction), direction)


def style_label(style: str) -> str:
    return _STYLE_LABELS.get(style) or style.rpartition("/")[2].replace("-", " ").capitalize()


def plain_citation(entry: Entry, words: Words) -> Markup:
    """A reference put together here: "Creators (year). Title. Container."."""
    year = entry.year or words.gettext("n.d.")
    who = f"{entry.creators} ({year})."
    parts = [escape(who.strip()), entry.title_html + "."]
    if entry.container:
        parts.append(escape(f"{entry.container}."))
    return Markup(" ").join(parts)


def _notes(ctx: Context, entry: Entry) -> Iterator[NoteView]:
    """What they cite of the same library is linked, if it has a page."""
    owner = entry.library.id.removesuffix("/publications")
    root = "../" * entry.path.count("/")

    def cited(uri: str) -> str:
        found = ITEM_URI.fullmatch(uri)
        other = ctx.by_key.get((entry.library.slug, found[2])) if found and found[1] == owner else None
        return root + other.path if other else ""

    for note in entry.item.notes:
        yield NoteView(note_anchor(note.key), scrollable(note_html(note.html, cited)))


def _main_link(entry: Entry) -> Part | None:
    fields = entry.item.fields
    if url := doi_url(fields.get("DOI", "")):
        return Part(f"doi.org/{doi(fields['DOI'])}", url)
    if href := safe_href(fields.get("url", "")):
        return Part(_host(href), href)
    return None


def _host(href: str) -> str:
    return href.partition("//")[2].partition("/")[0].removeprefix("www.") or href


def _file_view(file: PublishedFile, words: Words) -> FileView:
    kind, size = file_kind(file.media_type), size_label(file.size, words)
    return FileView(file.title, file.path, kind, file.media_type, size)


def size_label(size: int, words: Words) -> str:
    """Bytes -> "812 kB", "1.2 MB", as browsers count."""
    if size < 1000:
        return words.ngettext("%(n)s byte", "%(n)s bytes", size)
    for unit, factor in ((N_("%(n)s kB"), 1000), (N_("%(n)s MB"), 1_000_000)):
        number = size / factor
        if number < 999.5:
            return words.gettext(unit, n=words.number(round(number, 1) if number < 9.95 else round(number)))
    return words.gettext("%(n)s GB", n=words.number(round(size / 1_000_000_000, 1)))


def _links(attachments: Iterable[Attachment]) -> Iterator[Part]:
    """The attachments that are no more than an address."""
    for attachment in attachments:
        href = safe_href(attachment.url) if attachment.link_mode == "linked_url" else ""
        if href:
            yield Part(attachment.title or _host(href), href)


def _fields(entry: Entry, schema: Schema, words: Words) -> Iterator[FieldView]:
    """All fields that have no place of their own on the page, in the schema's order."""
    for name, value in entry.item.fields.items():
        if name == "language":
            value = words.language_name(language_tag(value)) or value
        if name not in _OWN_PLACE and value.strip():
            yield FieldView(name, schema.field_label(name), tuple(field_parts(name, value)))


def field_parts(name: str, value: str) -> Iterator[Part]:
    """A field's text, cut where parts of it are links."""
    if name == "DOI":
        # The whole address is shown: it is how a DOI is cited.
        found = doi(value)
        yield Part(f"https://doi.org/{found}" if found else value, doi_url(value))
    elif name == "ISBN":
        yield from dict.fromkeys(_isbn_parts(value)) or [Part(value, "")]
    elif name == "ISSN":
        yield from dict.fromkeys(_issn_parts(value)) or [Part(value, "")]
    elif name == "url":
        yield Part(value, safe_href(value))
    elif name == "extra":
        yield from _extra_parts(value)
    elif name == "accessDate":
        yield Part(value[:10] if "T" in value else value, "")
    else:
        yield Part(value, _identifier_href(name, value))


def _isbn_parts(value: str) -> Iterator[Part]:
    for text, number in isbn_pieces(value):
        href = f"https://search.worldcat.org/search?q=bn%3A{number}"
        yield Part(hyphenated(number), href) if number else Part(text, "")


def _issn_parts(value: str) -> Iterator[Part]:
    for text, number in issn_pieces(value):
        shown = f"{number[:4]}-{number[4:]}"
        yield Part(shown, f"https://portal.issn.org/resource/ISSN/{shown}") if number else Part(text, "")


def _extra_parts(value: str) -> Iterator[Part]:
    """Extra keeps its lines; a line that is an identifier is a link."""
    for line in value.splitlines():
        match = _IDENTIFIER_LINE.match(line)
        href = _identifier_href(match[1].upper(), match[2]) if match else ""
        yield Part(line, href)


def _identifier_href(name: str, value: str) -> str:
    """The address of an identifier; "" if it is none."""
    value = value.strip()
    match name:
        case "PMID":
            return f"https://pubmed.ncbi.nlm.nih.gov/{value}/" if re.fullmatch(r"\d{1,9}", value) else ""
        case "PMCID":
            number = re.fullmatch(r"(?i)(?:PMC)?(\d{1,9})", value)
            return f"https://pmc.ncbi.nlm.nih.gov/articles/PMC{number[1]}/" if number else ""
        case "ARXIV" | "archiveID" | "archiveLocation" | "number":
            return _arxiv_href(value, prefixed=name != "ARXIV")
        case "DOI":
            return doi_url(value)
        case "ISBN":
            return next((part.href for part in _isbn_parts(value) if part.href), "")
        case "HANDLE" | "HDL":
            return handle_url(value)
        case "URN":
            # The German national library resolves those of all national libraries that have a resolver.
            urn = value if value.lower().startswith("urn:") else f"urn:{value}"
            return f"https://nbn-resolving.org/{quote(urn, safe=':/')}" if _NBN.fullmatch(urn) else ""
        case "ORCID":
            iD = re.search(r"(?:\d{4}-){3}\d{3}[\dXx]", value)
            return orcid_url(iD[0]) if iD else ""
        case "ISSN":
            return next((part.href for part in _issn_parts(value) if part.href), "")
    return ""


def _arxiv_href(value: str, prefixed: bool) -> str:
    number = arxiv_id(value, prefixed=prefixed)
    return f"https://arxiv.org/abs/{quote(number)}" if number else ""


def _trails(ctx: Context, entry: Entry) -> Iterator[tuple[Link, ...]]:
    """The item's collections with what they lie in, in the order of the tree."""
    for node in nodes_of(ctx, entry):
        yield (*node.parents, Link(node.name, node.path))


def _exports(ctx: Context, entry: Entry) -> Iterator[ExportView]:
    if entry.item.item_type in _UNCITED:
        return
    for name in ctx.config.exports.formats:
        if name in entry.item.exports:
            each = FORMATS[name]
            text = each.dump([entry.item]).strip()
            yield ExportView(each.LABEL, f"{entry.item.key}.{each.EXTENSION}", each.MEDIA_TYPE, text)


def _zotero_url(ctx: Context, library: Library, key: str) -> str:
    """Only of what is public on Zotero's own server: it says so of the group, or it needs no key to be read.

    A user's library is left out: the address would give the account's number away.
    """
    settings = next((each for each in ctx.config.libraries if each.id == library.id), None)
    is_public = library.is_public or ctx.config.api_key is None
    public = is_public and settings is not None and settings.api_url == DEFAULT_API
    if not ctx.config.site.zotero_links or not public or not re.fullmatch(r"groups/\d+", library.id):
        return ""
    return f"https://www.zotero.org/{library.id}/items/{key}"

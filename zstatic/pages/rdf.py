"""Items as Zotero RDF, by which Zotero saves a page completely: one file for an item or a list.

A static file can play an unAPI server: Zotero asks for the formats first and then for the records, and finds
both in the same answer. The shape of items is that of Zotero's own export; a field without a place of its own
in it stands under Zotero's name, and is read back as it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from zstatic.library import Creator
from zstatic.outputs import Text
from zstatic.pages.basefields import base_field
from zstatic.pages.context import Context, Entry, PublishedFile
from zstatic.pages.head import HeadLink
from zstatic.richtext import clean, note_html
from zstatic.urls import doi, isbns, note_anchor, safe_href

MEDIA_TYPE = "application/rdf+xml"
# A longer list asks too much of the reader's patience: Zotero fetches each file of what it saves.
LIST_LIMIT = 50

_START = """<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#"
 xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:bib="http://purl.org/net/biblio#"
 xmlns:foaf="http://xmlns.com/foaf/0.1/"
 xmlns:vcard="http://nwalsh.com/rdf/vCard#"
 xmlns:link="http://purl.org/rss/1.0/modules/link/"
 xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/">
"""
_END = """<rdf:Description rdf:about="#unapi">
<z:unapiFormats rdf:parseType="Literal">
<format name="rdf_zotero" type="application/rdf+xml"/>
</z:unapiFormats>
</rdf:Description>
</rdf:RDF>
"""
_CLASSES = {
    "artwork": "bib:Illustration",
    "audioRecording": "bib:Recording",
    "bill": "bib:Legislation",
    "blogPost": "bib:Document",
    "book": "bib:Book",
    "bookSection": "bib:BookSection",
    "computerProgram": "bib:Data",
    "email": "bib:Letter",
    "film": "bib:MotionPicture",
    "forumPost": "bib:Document",
    "hearing": "bib:Report",
    "instantMessage": "bib:Letter",
    "interview": "bib:Interview",
    "journalArticle": "bib:Article",
    "letter": "bib:Letter",
    "magazineArticle": "bib:Article",
    "manuscript": "bib:Manuscript",
    "map": "bib:Image",
    "newspaperArticle": "bib:Article",
    "patent": "bib:Patent",
    "podcast": "bib:Recording",
    "presentation": "bib:ConferenceProceedings",
    "radioBroadcast": "bib:Recording",
    "report": "bib:Report",
    "statute": "bib:Legislation",
    "thesis": "bib:Thesis",
    "tvBroadcast": "bib:Recording",
    "videoRecording": "bib:Recording",
    "webpage": "bib:Document",
}
_CONTAINERS = {
    "blogPost": "z:Blog",
    "bookSection": "bib:Book",
    "conferencePaper": "bib:Journal",
    "dictionaryEntry": "bib:Book",
    "encyclopediaArticle": "bib:Book",
    "forumPost": "z:Forum",
    "journalArticle": "bib:Journal",
    "magazineArticle": "bib:Periodical",
    "newspaperArticle": "bib:Newspaper",
    "webpage": "z:Website",
}
# What stands in the container, where there is one, and else in the item.
_OF_CONTAINER = {
    "volume": "prism:volume",
    "issue": "prism:number",
    "journalAbbreviation": "dcterms:alternative",
}
_PLAIN = {
    "rights": "dc:rights",
    "accessDate": "dcterms:dateSubmitted",
    "pages": "bib:pages",
    "extra": "dc:description",
    "abstractNote": "dcterms:abstract",
    "edition": "prism:edition",
}
_PUBLISHERS = ("publisher", "distributor", "label", "company", "institution")


@dataclass(frozen=True, slots=True)
class Record:
    """What Zotero saves from a page. id: by which the page names it, "" = it has none.

    files: those that are made for this page.
    """

    id: str
    links: tuple[HeadLink, ...]
    files: tuple[Text, ...]


NO_RECORD = Record("", (), ())


def has_records(ctx: Context) -> bool:
    return bool(ctx.config.site.base_url) and ctx.config.exports.records != "none"


def has_record(entry: Entry) -> bool:
    """Standalone files and notes are nothing that Zotero saves from a page."""
    return entry.item.item_type not in ("attachment", "note")


def item_rdf_path(entry: Entry) -> str:
    return f"{entry.path}item.rdf"


def item_record(ctx: Context, entry: Entry) -> Record:
    if not has_records(ctx) or not has_record(entry):
        return NO_RECORD
    path = item_rdf_path(entry)
    return Record(entry.item.key, _links(ctx, path), (Text(path, rdf_xml(ctx, [entry])),))


def list_record(ctx: Context, entries: Sequence[Entry], path: str, number: int) -> Record:
    """The record of one page of a list; that of the item if there is only one.

    There is none of nothing, nor of too many items: rather than some of them Zotero then offers all of them,
    by their COinS.
    """
    items = [entry for entry in entries if has_record(entry)]
    if not has_records(ctx) or not items or len(items) > LIST_LIMIT:
        return NO_RECORD
    if len(items) == 1:
        return Record(items[0].item.key, _links(ctx, item_rdf_path(items[0])), ())
    if ctx.config.exports.records == "items":
        return NO_RECORD
    file = f"{path}page-{number}.rdf"
    return Record(f"page-{number}", _links(ctx, file), (Text(file, rdf_xml(ctx, items)),))


def _links(ctx: Context, path: str) -> tuple[HeadLink, ...]:
    # Zotero wants the whole address of an unAPI server.
    return (
        HeadLink("unapi-server", ctx.absolute(path), "application/xml", "unAPI", local=False),
        HeadLink("describedby", path, MEDIA_TYPE, "", local=True),
    )


def rdf_xml(ctx: Context, entries: Iterable[Entry]) -> str:
    """A file that is at once the records and the answer to which formats there are."""
    return "".join((_START, *(part for entry in entries for part in _item(ctx, entry)), _END))


def _item(ctx: Context, entry: Entry) -> Iterator[str]:
    item = entry.item
    name = _CLASSES.get(item.item_type, "rdf:Description")
    yield f"<{name} rdf:about={quoteattr(ctx.absolute(entry.path))}>\n"
    yield _element("z:itemType", item.item_type)
    yield _element("dc:title", item.title)
    yield from _creators(item.creators)
    yield from _fields(entry)
    for tag in item.tags:
        yield _element("dc:subject", tag)
    for note in item.notes:
        yield f"<dcterms:isReferencedBy rdf:resource={quoteattr(_note_id(ctx, entry, note.key))}/>\n"
    for file in entry.files:
        yield f"<link:link rdf:resource={quoteattr(ctx.absolute(file.path))}/>\n"
    yield f"</{name}>\n"
    for note in item.notes:
        yield (
            f"<bib:Memo rdf:about={quoteattr(_note_id(ctx, entry, note.key))}>"
            f"{_element('rdf:value', str(note_html(note.html)))}</bib:Memo>\n"
        )
    for file in entry.files:
        yield _file(ctx, file)


def _note_id(ctx: Context, entry: Entry, key: str) -> str:
    return f"{ctx.absolute(entry.path)}#{note_anchor(key)}"


def _file(ctx: Context, file: PublishedFile) -> str:
    url = ctx.absolute(file.path)
    return (
        f"<z:Attachment rdf:about={quoteattr(url)}>\n"
        + _element("z:itemType", "attachment")
        + _element("dc:title", file.title)
        + _url(url)
        + _element("link:type", file.media_type)
        + "</z:Attachment>\n"
    )


def _creators(creators: Iterable[Creator]) -> Iterator[str]:
    by_role: dict[str, list[Creator]] = {}
    for creator in creators:
        if creator.name:
            # It is to be an element's name, and comes from the network as any text.
            role = creator.role if re.fullmatch(r"[A-Za-z]+", creator.role) else "contributor"
            by_role.setdefault(role, []).append(creator)
    for role, members in by_role.items():
        prefix = "bib" if role in ("author", "editor", "contributor") else "z"
        yield f"<{prefix}:{role}s><rdf:Seq>\n"
        for creator in members:
            yield (
                "<rdf:li><foaf:Person>"
                f"<foaf:surname>{_text(creator.family or creator.name)}</foaf:surname>"
                + (
                    f"<foaf:givenName>{_text(creator.given)}</foaf:givenName>"
                    if creator.given and creator.family
                    else ""
                )
                + "</foaf:Person></rdf:li>\n"
            )
        yield f"</rdf:Seq></{prefix}:{role}s>\n"


def _fields(entry: Entry) -> Iterator[str]:
    item = entry.item
    container = _CONTAINERS.get(item.item_type, "")
    inner: list[str] = []
    publisher = place = ""
    for field, value in item.fields.items():
        if container and (part := _in_container(field, value)):
            inner.append(part)
        elif field in _PUBLISHERS:
            publisher = value
        elif field == "place":
            place = value
        else:
            yield _field(field, value)
    if inner:
        yield f"<dcterms:isPartOf><{container}>\n{''.join(inner)}</{container}></dcterms:isPartOf>\n"
    if publisher or place:
        yield _publisher(publisher, place)


def _in_container(field: str, value: str) -> str:
    if base_field(field) == "publicationTitle":
        return _element("dc:title", value)
    if field == "ISSN":
        return _element("dc:identifier", f"ISSN {value}")
    return _element(_OF_CONTAINER[field], value) if field in _OF_CONTAINER else ""


def _field(field: str, value: str) -> str:
    match field:
        case "title":
            # Of a type whose title is another field; Zotero would take it for the title.
            return ""
        case "url":
            href = safe_href(value)
            return _url(href) if href else ""
        case "DOI":
            return _element("dc:identifier", f"DOI {doi(value) or value}")
        case "ISBN":
            return _element("dc:identifier", f"ISBN {' '.join(isbns(value)) or value}")
        case "ISSN":
            return _element("dc:identifier", f"ISSN {value}")
        case "conferenceName":
            name = _element("dc:title", value)
            return f"<bib:presentedAt><bib:Conference>{name}</bib:Conference></bib:presentedAt>\n"
    if base_field(field) == "date":
        return _element("dc:date", value)
    return _element(_PLAIN.get(field) or _OF_CONTAINER.get(field) or f"z:{field}", value)


def _publisher(name: str, place: str) -> str:
    address = ""
    if place:
        locality = _element("vcard:locality", place)
        address = f"<vcard:adr><vcard:Address>{locality}</vcard:Address></vcard:adr>\n"
    organization = (_element("foaf:name", name) if name else "") + address
    return f"<dc:publisher><foaf:Organization>\n{organization}</foaf:Organization></dc:publisher>\n"


def _url(url: str) -> str:
    value = _element("rdf:value", url)
    return f"<dc:identifier><dcterms:URI>{value}</dcterms:URI></dc:identifier>\n"


def _element(name: str, text: str) -> str:
    return f"<{name}>{_text(text)}</{name}>\n"


def _text(text: str) -> str:
    return escape(clean(text))

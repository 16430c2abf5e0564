"""A reference inside a list, by which Zotero and reference managers save it: OpenURL ContextObjects in spans.

https://ocoins.info/. Only for lists: on an item's page it would win over the tags that know the PDF. It holds
what a reference needs; abstract and tags would double the weight of a list.
"""

from collections.abc import Iterator
from urllib.parse import quote

from markupsafe import Markup

from zstatic.library import Item
from zstatic.pages.basefields import base_value
from zstatic.richtext import plain
from zstatic.urls import doi, isbns, safe_href

# Item type -> format, genre, key of the title, key of what it is in.
_FORMATS = {
    "journalArticle": ("journal", "article", "atitle", "jtitle"),
    "book": ("book", "book", "btitle", ""),
    "bookSection": ("book", "bookitem", "atitle", "btitle"),
    "conferencePaper": ("book", "proceeding", "atitle", "btitle"),
    "report": ("book", "report", "btitle", ""),
    "thesis": ("dissertation", "", "title", ""),
    "patent": ("patent", "", "title", ""),
}
# For all others Dublin Core, whose type Zotero reads back.
_OTHER = ("dc", "", "title", "source")
_FIELDS = {
    "journal": (("journalAbbreviation", "stitle"),),
    "book": (
        *(("place", "place"), ("publisher", "publisher"), ("edition", "edition")),
        *(("series", "series"), ("seriesTitle", "series"), ("numPages", "tpages")),
    ),
    "dissertation": (("publisher", "inst"), ("type", "degree"), ("place", "place")),
    "patent": (("assignee", "assignee"), ("patentNumber", "number")),
    "dc": (("publisher", "publisher"), ("place", "place"), ("rights", "rights")),
}
_ALL = (
    *(("volume", "volume"), ("issue", "issue"), ("pages", "pages")),
    *(("ISSN", "issn"), ("language", "language")),
)
_HELPERS = frozenset(
    (
        *("editor", "translator", "seriesEditor", "contributor", "bookAuthor", "reviewedAuthor", "recipient"),
        *("producer", "scriptwriter", "castMember", "host", "guest", "narrator", "interviewer", "composer"),
        *("wordsBy", "originalCreator", "commenter", "counsel", "cosponsor", "attorneyAgent", "chair"),
        *("organizer", "executiveProducer", "seriesCreator"),
    )
)


def coins(item: Item) -> Markup:
    """The span of an item, made once for all lists; "" for standalone files and notes."""
    if item.item_type in ("attachment", "note"):
        return Markup()
    title = "&".join(f"{key}={quote(value, safe='')}" for key, value in _pairs(item) if value)
    return Markup('<span class="Z3988" title="{}" aria-hidden="true"></span>').format(title)


def _pairs(item: Item) -> Iterator[tuple[str, str]]:
    format, genre, title, container = _FORMATS.get(item.item_type, _OTHER)
    yield "ctx_ver", "Z39.88-2004"
    yield "rft_val_fmt", f"info:ofi/fmt:kev:mtx:{format}"
    yield "rft.genre", genre
    if format == "dc":
        yield "rft.type", item.item_type
    yield f"rft.{title}", plain(item.title)
    if container:
        yield f"rft.{container}", plain(base_value(item, "publicationTitle"))
    yield from _creators(item)
    is_common_era = (item.date.year or 0) > 0
    date = item.date.iso if is_common_era else item.date.text
    yield ("rft.appldate" if format == "patent" else "rft.date"), date
    for field, key in (*_FIELDS[format], *_ALL):
        yield f"rft.{key}", plain(base_value(item, field))
    yield from _identifiers(item, format)


def _creators(item: Item) -> Iterator[tuple[str, str]]:
    """By full name: with first and last name apart, Zotero has double surnames twice."""
    for creator in item.creators:
        if creator.role == "inventor":
            yield "rft.inventor", creator.sort_name
        elif creator.role in _HELPERS:
            yield "rft.contributor", creator.sort_name
        else:
            yield "rft.au", creator.sort_name


def _identifiers(item: Item, format: str) -> Iterator[tuple[str, str]]:
    number = doi(item.fields.get("DOI", ""))
    yield "rft_id", f"info:doi/{number}" if number else ""
    for isbn in isbns(item.fields.get("ISBN", ""))[:1]:
        yield "rft_id", f"urn:isbn:{isbn}"
        yield "rft.isbn", isbn
    url = safe_href(item.fields.get("url", ""))
    yield ("rft.identifier" if format == "dc" else "rft_id"), url

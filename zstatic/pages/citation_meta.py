"""The meta elements by which Zotero, Google Scholar and others read an item page.

Source of the rules: Google Scholar's inclusion guidelines, and Zotero's Embedded Metadata translator.
"""

from collections.abc import Iterator

from zstatic.dates import PartialDate
from zstatic.pages.context import Context, Entry
from zstatic.pages.head import Meta
from zstatic.richtext import plain
from zstatic.urls import doi, isbns

# Only these say what the work is in: the tags would turn any other type into an article or a chapter.
_TYPE_TAGS: dict[str, tuple[tuple[str, str], ...]] = {
    "journalArticle": (
        ("publicationTitle", "citation_journal_title"),
        ("journalAbbreviation", "citation_journal_abbrev"),
        ("volume", "citation_volume"),
        ("issue", "citation_issue"),
        ("ISSN", "citation_issn"),
    ),
    # The last of the two decides the type: first the proceedings, then the conference.
    "conferencePaper": (
        ("proceedingsTitle", "citation_inbook_title"),
        ("conferenceName", "citation_conference_title"),
        ("volume", "citation_volume"),
        ("publisher", "citation_publisher"),
    ),
    "bookSection": (
        ("bookTitle", "citation_inbook_title"),
        ("volume", "citation_volume"),
        ("publisher", "citation_publisher"),
    ),
    "book": (("publisher", "citation_publisher"),),
    "thesis": (("university", "citation_dissertation_institution"),),
    "report": (
        ("institution", "citation_technical_report_institution"),
        ("reportNumber", "citation_technical_report_number"),
    ),
    "preprint": (),
}


def item_meta(ctx: Context, entry: Entry) -> tuple[Meta, ...]:
    """citation_* for the types that Google Scholar indexes; Dublin Core for all."""
    scholarly = _scholarly(ctx, entry) if entry.item.item_type in _TYPE_TAGS else ()
    return tuple(meta for meta in (*scholarly, *_dublin_core(ctx, entry)) if meta.content)


def _scholarly(ctx: Context, entry: Entry) -> Iterator[Meta]:
    item = entry.item
    yield Meta("citation_title", entry.title)
    authors = [creator for creator in item.creators if creator.role == "author" and creator.name]
    for creator in authors:
        # Zotero splits a lone "van der Berg, Jan" at the comma into two authors; the semicolon prevents it.
        yield Meta("citation_author", creator.sort_name + (";" if len(authors) == 1 else ""))
    yield Meta("citation_publication_date", slash_date(item.date))
    for field, name in _TYPE_TAGS[item.item_type]:
        yield Meta(name, plain(item.fields.get(field, "")))
    yield from _page_range(item.fields.get("pages", ""))
    for isbn in isbns(item.fields.get("ISBN", "")):
        yield Meta("citation_isbn", isbn)
    yield Meta("citation_doi", doi(item.fields.get("DOI", "")))
    yield Meta("citation_language", entry.line.lang)
    yield Meta("citation_public_url", ctx.absolute(entry.path))
    pdf = next((file.path for file in entry.files if file.media_type == "application/pdf"), "")
    yield Meta("citation_pdf_url", ctx.absolute(pdf) if pdf else "")


def _dublin_core(ctx: Context, entry: Entry) -> Iterator[Meta]:
    item = entry.item
    yield Meta("DC.title", entry.title)
    if item.item_type not in _TYPE_TAGS:
        for creator in item.creators:
            yield Meta("DC.creator", creator.sort_name)
    yield Meta("DC.date", iso_date(item.date))
    yield Meta("DC.publisher", plain(item.fields.get("publisher", "")))
    yield Meta("DC.language", entry.line.lang)
    yield Meta("DC.rights", plain(item.fields.get("rights", "")))
    yield Meta("DC.identifier", ctx.absolute(entry.path))
    for tag in item.tags:
        yield Meta("DC.subject", tag)
    yield Meta("DCTERMS.abstract", plain(item.fields.get("abstractNote", "")))


def _page_range(pages: str) -> Iterator[Meta]:
    """The first and the last page; only of a single range."""
    first, dash, last = pages.replace("–", "-").replace("—", "-").partition("-")
    if pages and "," not in pages and "-" not in last:
        yield Meta("citation_firstpage", first.strip())
        yield Meta("citation_lastpage", last.strip() if dash else "")


def slash_date(date: PartialDate) -> str:
    """ "2021/03/01", "2021/03", "2021"; "" undated or before the year 1."""
    return iso_date(date).replace("-", "/")


def iso_date(date: PartialDate) -> str:
    """ "2021-03-01", "2021-03", "2021"; "" undated or before the year 1."""
    if date.year is None or date.year < 1:
        return ""
    parts = [f"{date.year:04}"]
    if date.month:
        parts.append(f"{date.month:02}")
        if date.day:
            parts.append(f"{date.day:02}")
    return "-".join(parts)

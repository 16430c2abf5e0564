"""The meta elements by which Zotero, Google Scholar and others read an item page.

Source of the rules: Google Scholar's inclusion guidelines, and what Zotero's Embedded Metadata translator was
measured to make of pages. Its traps:
- A tag for the title of a journal, conference or book, or for the institution of a thesis or report, decides
  the type against `z.itemType`, the last of them against those before.
- One `citation_author`, and all creators in other roles are gone.
- With `z.itemType`, `DC.description` is Extra; and `og:description` comes before `DCTERMS.abstract`.
"""

from collections.abc import Iterator

from zstatic.dates import PartialDate
from zstatic.library import Creator
from zstatic.pages.basefields import base_field
from zstatic.pages.context import Context, Entry, PublishedFile
from zstatic.pages.head import Meta
from zstatic.richtext import abstract_text, plain
from zstatic.urls import arxiv_id, doi, isbns, safe_href

# What Google Scholar indexes, each with the tags that say what the work is in: on any other type they would
# turn it into an article or a chapter.
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
    ),
    "bookSection": (("bookTitle", "citation_inbook_title"), ("volume", "citation_volume")),
    "book": (),
    "thesis": (("university", "citation_dissertation_institution"),),
    "report": (
        ("institution", "citation_technical_report_institution"),
        ("reportNumber", "citation_technical_report_number"),
    ),
    "preprint": (),
}
# Zotero's field, or what it means across types, -> a name under which the translator finds it in any type.
_FIELD_TAGS = {
    "publicationTitle": "prism.publicationName",
    "volume": "prism.volume",
    "issue": "prism.number",
    "edition": "prism.edition",
    "pages": "bib.pages",
    "journalAbbreviation": "DCTERMS.alternative",
    "conferenceName": "bib.presentedAt",
    "publisher": "DC.publisher",
    "language": "DC.language",
    "rights": "DC.rights",
    "extra": "DC.description",
}
# Said by other tags, or by Zotero itself when it saves a page.
_OWN_TAGS = frozenset(
    {"title", "abstractNote", "DOI", "ISBN", "ISSN", "date", "url", "accessDate", "libraryCatalog"}
)
# Types that have these roles have no authors, so that nobody takes them for such.
_FIRST_ROLES = frozenset(
    (
        *("artist", "performer", "sponsor", "programmer", "director", "interviewee", "inventor"),
        *("cartographer", "podcaster", "presenter", "creator"),
    )
)


def is_scholarly(ctx: Context, entry: Entry) -> bool:
    """Whether Google Scholar is offered the item: it wants papers from those who publish them.

    That is, unless the settings say otherwise, who hosts the PDF or whose own publications the library lists.
    """
    if entry.item.item_type not in _TYPE_TAGS or ctx.config.meta.google_scholar == "never":
        return False
    is_own = ctx.config.meta.google_scholar == "always" or entry.library.id.endswith("/publications")
    return is_own or paper(entry) is not None


def paper(entry: Entry) -> PublishedFile | None:
    """The PDF of the work itself: the first in Zotero's order of the best; None = none is published."""
    return next((file for file in entry.files if file.media_type == "application/pdf"), None)


def item_meta(ctx: Context, entry: Entry) -> tuple[Meta, ...]:
    """citation_* for what Google Scholar is offered; Dublin Core, Zotero's own names and the PDF for all."""
    scholarly = is_scholarly(ctx, entry)
    metas = (*(_scholarly(ctx, entry) if scholarly else ()), *_for_zotero(ctx, entry, scholarly))
    return tuple(meta for meta in metas if meta.content)


def _scholarly(ctx: Context, entry: Entry) -> Iterator[Meta]:
    item = entry.item
    yield Meta("citation_title", entry.title)
    authors = _authors(entry)
    for creator in authors:
        yield Meta("citation_author", _author_tag(creator, lone=len(authors) == 1))
    yield Meta("citation_publication_date", slash_date(item.date))
    for field, name in _scholarly_tags(entry):
        yield Meta(name, plain(item.fields.get(field, "")))
    yield from _page_range(item.fields.get("pages", ""))
    yield Meta("citation_publisher", plain(item.fields.get("publisher", "")))
    for isbn in isbns(item.fields.get("ISBN", "")):
        yield Meta("citation_isbn", isbn)
    yield Meta("citation_doi", doi(item.fields.get("DOI", "")))
    yield Meta("citation_pmid", item.fields.get("PMID", "").strip())
    yield Meta("citation_arxiv_id", arxiv_id(item.fields.get("archiveID", "")))
    yield Meta("citation_language", _language(entry))
    yield Meta("citation_keywords", "; ".join(item.tags))
    yield Meta("citation_abstract", abstract_text(item.fields.get("abstractNote", "")))
    # Zotero takes the first for the item's URL.
    yield Meta("citation_public_url", safe_href(item.fields.get("url", "")) or ctx.absolute(entry.path))
    yield Meta("citation_abstract_html_url", ctx.absolute(entry.path))


def _scholarly_tags(entry: Entry) -> tuple[tuple[str, str], ...]:
    """The type's own tags with their fields; without the one that would be the last to decide and wrong."""
    tags = _TYPE_TAGS[entry.item.item_type]
    if entry.item.item_type == "conferencePaper" and not entry.item.fields.get("conferenceName"):
        return tuple(tag for tag in tags if tag[0] != "proceedingsTitle")
    return tags


def _author_tag(creator: Creator, lone: bool) -> str:
    """Zotero splits a lone "van der Berg, Jan Piet" into two authors; a semicolon at its end prevents it."""
    before, comma, after = creator.sort_name.partition(",")
    is_split = lone and comma and " " in before.strip() and " " in after.strip()
    return creator.sort_name + (";" if is_split else "")


def _authors(entry: Entry) -> list[Creator]:
    return [creator for creator in entry.item.creators if creator.role == "author" and creator.name]


def _for_zotero(ctx: Context, entry: Entry, scholarly: bool) -> Iterator[Meta]:
    item = entry.item
    if item.item_type not in ("attachment", "note"):
        yield Meta("z.itemType", item.item_type)
    yield Meta("DC.title", entry.title)
    yield from _creators(entry, scholarly)
    yield Meta("DC.date", iso_date(item.date) or item.date.text)
    said = {field for field, _ in _scholarly_tags(entry)} | {"publisher", "language"} if scholarly else set()
    for field, value in item.fields.items():
        if field not in said and field not in _OWN_TAGS and base_field(field) != "date":
            yield Meta(_field_tag(field), _language(entry) if field == "language" else plain(value))
    yield Meta("z.url", safe_href(item.fields.get("url", "")))
    yield from _identifiers(ctx, entry)
    # For any type: it is how Zotero finds the PDF, and without a title Google Scholar passes over it.
    pdf = paper(entry)
    yield Meta("citation_pdf_url", ctx.absolute(pdf.path) if pdf else "")
    if not scholarly:
        for tag in item.tags:
            yield Meta("DC.subject", tag)
        yield Meta("DCTERMS.abstract", abstract_text(item.fields.get("abstractNote", "")))


def _field_tag(field: str) -> str:
    """The name of a field's tag. Zotero lower-cases the first letter, so a few fields cannot be named."""
    if field in _FIELD_TAGS:
        return _FIELD_TAGS[field]
    if base_field(field) == "publicationTitle":
        return _FIELD_TAGS["publicationTitle"]
    return f"z.{field}" if field[0].islower() else f"DC.identifier.{field}"


def _creators(entry: Entry, scholarly: bool) -> Iterator[Meta]:
    """Each in a tag named for the role."""
    for creator in entry.item.creators:
        if not creator.name:
            continue
        if creator.role == "author":
            if not scholarly:
                yield Meta("DC.creator", creator.sort_name)
            continue
        prefix = "bib" if creator.role in ("editor", "contributor") else "z"
        yield Meta(f"{prefix}.{creator.role}s", creator.sort_name)
        if creator.role in _FIRST_ROLES:
            yield Meta("DC.creator", creator.sort_name)


def _identifiers(ctx: Context, entry: Entry) -> Iterator[Meta]:
    """In the forms that Zotero knows by their beginning; last the address of the page."""
    fields = entry.item.fields
    yield Meta("DC.identifier", doi(fields.get("DOI", "")))
    # Of several tags Zotero keeps the last.
    if numbers := isbns(fields.get("ISBN", "")):
        yield Meta("DC.identifier", f"ISBN {' '.join(numbers)}")
    if issn := plain(fields.get("ISSN", "")):
        yield Meta("DC.identifier", f"ISSN {issn}")
    yield Meta("DC.identifier", ctx.absolute(entry.path))


def _language(entry: Entry) -> str:
    return entry.line.lang or plain(entry.item.fields.get("language", ""))


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

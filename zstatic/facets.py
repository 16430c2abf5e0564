"""The facets: what items can be grouped by. One row gives landing pages, item links and the search filter."""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from zstatic.library import Creator, Item, Library
from zstatic.pages.languages import language_tag
from zstatic.schema import Schema
from zstatic.sorting import sort_key
from zstatic.translations import N_, Words
from zstatic.urls import collection_path, slug

UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Term:
    """One value of a facet.

    slug: the same for names that share a page; unique within the facet.
    label: for reading, "Jan van der Berg". heading: as lists write it, "van der Berg, Jan".
    path: of its landing page, "" = it has none.
    """

    slug: str
    label: str
    heading: str
    path: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What an item's terms are made from. file_kinds: of its published files, "PDF"."""

    library: Library
    item: Item
    schema: Schema
    words: Words
    file_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facet:
    """name: in site.toml. label: in English. folder: of the landing pages, "" = none of its own.
    terms: the values of one item. order: sort key of a term in a language, before its slug.
    """

    name: str
    label: str
    folder: str
    terms: Callable[[Subject], tuple[Term, ...]]
    order: Callable[[Term, str], tuple[int | str, ...]] = lambda term, language: (
        sort_key(term.heading, language),
    )


def tag_term(tag: str) -> Term:
    name = slug(tag)
    return Term(name, tag, tag, f"tags/{name}/")


def creator_term(creator: Creator) -> Term:
    name = slug(creator.name)
    return Term(name, creator.name, creator.sort_name, f"creators/{name}/")


def year_term(year: int | None, words: Words) -> Term:
    if year is None:
        label = words.gettext("Undated")
        return Term(UNDATED, label, label, f"years/{UNDATED}/")
    label = year_label(year, words)
    return Term(str(year), label, label, f"years/{year}/")


def year_label(year: int, words: Words) -> str:
    """Astronomical years count 1 BCE as 0."""
    return str(year) if year > 0 else words.gettext("%(year)s BCE", year=1 - year)


def type_term(item_type: str, schema: Schema) -> Term:
    name = _type_slug(item_type, schema.type_names())
    label = schema.type_label(item_type)
    return Term(name, label, label, f"types/{name}/")


def _type_slug(item_type: str, known: AbstractSet[str]) -> str:
    """Zotero's name of a type; one that the schema does not know comes from the network as any text."""
    if item_type in known and re.fullmatch(r"[A-Za-z0-9]+", item_type):
        return item_type
    name = slug(item_type)
    # Some file systems take "journalarticle" and "journalArticle" for one folder.
    return f"{name}--type" if name in {other.lower() for other in known} else name


def _tags(subject: Subject) -> tuple[Term, ...]:
    return tuple(tag_term(tag) for tag in subject.item.tags)


def _creators(subject: Subject) -> tuple[Term, ...]:
    return tuple(creator_term(creator) for creator in subject.item.creators if creator.name)


def _year(subject: Subject) -> tuple[Term, ...]:
    return (year_term(subject.item.date.year, subject.words),)


def _type(subject: Subject) -> tuple[Term, ...]:
    return (type_term(subject.item.item_type, subject.schema),)


def _collections(subject: Subject) -> tuple[Term, ...]:
    library = subject.library
    nodes = [library.collections[key] for key in subject.item.collections]
    return tuple(
        Term(
            collection_slug(library.slug, node.key),
            node.name,
            node.name,
            collection_path(library.slug, node.key),
        )
        for node in nodes
    )


def collection_slug(library_slug: str, key: str) -> str:
    return f"{library_slug}/{key}" if library_slug else key


def _library(subject: Subject) -> tuple[Term, ...]:
    library = subject.library
    return (Term(library.slug or "main", library.name, library.name, ""),)


def _language(subject: Subject) -> tuple[Term, ...]:
    """By code where the field says one; the search page shows that by name."""
    text = subject.item.fields.get("language", "").strip()
    name = language_tag(text).partition("-")[0] or text
    return (Term(slug(name), name, name, ""),) if name else ()


def _files(subject: Subject) -> tuple[Term, ...]:
    return tuple(Term(slug(kind), kind, kind, "") for kind in dict.fromkeys(subject.file_kinds))


def _year_order(term: Term, _: str) -> tuple[int | str, ...]:
    """Newest first, undated last."""
    return (1, 0) if term.slug == UNDATED else (0, -int(term.slug))


FACETS: dict[str, Facet] = {
    facet.name: facet
    for facet in (
        Facet("type", N_("Type"), "types", _type),
        Facet("year", N_("Year"), "years", _year, _year_order),
        Facet("collection", N_("Collection"), "", _collections),
        Facet("tag", N_("Tag"), "tags", _tags),
        Facet("creator", N_("Creator"), "creators", _creators),
        Facet("language", N_("Language"), "", _language),
        Facet("file", N_("File"), "", _files),
        Facet("library", N_("Library"), "", _library),
    )
}

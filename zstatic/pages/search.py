"""The search page; what it finds is made by `zstatic.search`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from zstatic.config import FacetRules
from zstatic.facets import FACETS
from zstatic.outputs import Output, Page
from zstatic.pages.context import Context
from zstatic.pages.head import Head, make_head
from zstatic.pages.itemtexts import as_json, text_sets


@dataclass(frozen=True, slots=True)
class TypeName:
    """item_type: Zotero's. label: for reading."""

    item_type: str
    label: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A facet on the search page. by_count: most frequent values first. limit: shown before "more"."""

    name: str
    label: str
    by_count: bool
    limit: int


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """name: "bibtex", or "references" for the list of references. label: for reading."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class SearchView:
    """Template: search.html. Nothing of single items is in it, so that an edit does not change the page.

    has_items: False = there is nothing to search, and no index. types: those that occur, by name.
    counted: how many results, for search.js: the forms of `Words.plural_forms` as JSON.
    listed, gone: likewise how many items a shared list has, and how many of it are no longer here.
    has_fulltext: whether the insides of files can be searched.
    exports: what results can be exported as. texts: how, for search-parts.js, as JSON.
    """

    head: Head
    has_items: bool
    types: tuple[TypeName, ...]
    filters: tuple[Filter, ...]
    counted: str
    listed: str
    gone: str
    has_fulltext: bool
    exports: tuple[ExportChoice, ...]
    texts: str


def pages(ctx: Context) -> Iterator[Output]:
    yield Page("search/index.html", "search.html", search_view(ctx))


def search_view(ctx: Context) -> SearchView:
    names = sorted({(entry.item.item_type, entry.line.type_label) for entry in ctx.items})
    counted = ctx.words.plural_forms("%(n)s result", "%(n)s results")
    listed = ctx.words.plural_forms("A shared list of %(n)s item", "A shared list of %(n)s items")
    gone = ctx.words.plural_forms(
        "%(n)s item of this list is no longer here.", "%(n)s items of this list are no longer here."
    )
    sets = text_sets(ctx)
    return SearchView(
        head=make_head(
            ctx,
            ctx.words.gettext("Search"),
            "search/",
            section="search",
            description=ctx.words.gettext("Search the library") + f" · {ctx.config.site.title}",
        ),
        has_items=bool(ctx.items),
        types=tuple(TypeName(item_type, label) for item_type, label in names),
        filters=filters(ctx),
        counted=json.dumps(counted, ensure_ascii=False),
        listed=json.dumps(listed, ensure_ascii=False),
        gone=json.dumps(gone, ensure_ascii=False),
        has_fulltext=ctx.config.search.fulltext and any(entry.files for entry in ctx.items),
        exports=tuple(ExportChoice(each.name, each.label) for each in sets),
        texts=as_json(sets),
    )


def filters(ctx: Context) -> tuple[Filter, ...]:
    """As site.toml wants them; a facet whose only value is the one library tells nothing apart."""
    rules = ctx.config.facets or tuple(FacetRules(name) for name in FACETS)
    return tuple(
        Filter(
            rule.name,
            rule.label or ctx.words.gettext(FACETS[rule.name].label),
            rule.sort == "count",
            rule.limit,
        )
        for rule in rules
        if rule.name != "library" or len(ctx.libraries) > 1
    )

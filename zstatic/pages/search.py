"""The search page; what it finds is made by `zstatic.search`."""

from collections.abc import Iterator
from dataclasses import dataclass

from zstatic.outputs import Output, Page
from zstatic.pages.context import Context
from zstatic.pages.head import Head, make_head


@dataclass(frozen=True, slots=True)
class TypeName:
    """item_type: Zotero's. label: for reading."""

    item_type: str
    label: str


@dataclass(frozen=True, slots=True)
class SearchView:
    """Template: search.html. Nothing of single items is in it, so that an edit does not change the page.

    has_items: False = there is nothing to search, and no index. types: those that occur, by name.
    """

    head: Head
    has_items: bool
    types: tuple[TypeName, ...]


def pages(ctx: Context) -> Iterator[Output]:
    yield Page("search/index.html", "search.html", search_view(ctx))


def search_view(ctx: Context) -> SearchView:
    names = sorted({(entry.item.item_type, entry.line.type_label) for entry in ctx.items})
    return SearchView(
        head=make_head(ctx, "Search", "search/", section="search"),
        has_items=bool(ctx.items),
        types=tuple(TypeName(item_type, label) for item_type, label in names),
    )

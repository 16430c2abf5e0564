"""The way from a list to the search in it, and to its feeds."""

from urllib.parse import quote

from zstatic.pages.context import Context, Link
from zstatic.pages.downloads import ATOM, JSON
from zstatic.translations import N_

# Fewer are seen at a glance.
_SEARCH_FROM = 5
_LABELS = {
    "collection": N_("Search in this collection"),
    "creator": N_("Search in the items of this name"),
    "tag": N_("Search in the items with this tag"),
}


def search_within(ctx: Context, facet: str, slug: str, count: int) -> Link | None:
    """The search with one filter set. None: the list is short, or the search has no such filter.

    count: items in the list.
    """
    rules = ctx.config.facets
    is_filter = not rules or any(rule.name == facet for rule in rules)
    if count < _SEARCH_FROM or facet not in _LABELS or not is_filter:
        return None
    return Link(ctx.words.gettext(_LABELS[facet]), f"search/?{facet}={quote(slug, safe='')}")


def shown_feeds(path: str) -> tuple[Link, ...]:
    """Of a page that has feeds of its own."""
    return Link("Atom", path + ATOM), Link("JSON", path + JSON)

"""What stands near an item: its neighbours in a collection, and items that have much in common with it.

Nothing is weighed over the whole library: only what few items share counts, so an edit changes few pages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from zstatic.pages.context import CollectionNode, Context, Entry, Link
from zstatic.sorting import sort_key

# What more items than this have in common says little of each, and a change of it would touch too many pages.
_FEW = 12
_SHOWN = 5
# An item is similar from this score on: by one rare tag or relation, or by two small collections.
_ENOUGH = 2
_RELATION, _TAG, _COLLECTION = 3, 2, 1


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An item beside another. lang: of the title, "" unknown."""

    path: str
    title: Markup
    lang: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The items before and after one in a collection, in the order of its page; None at an end."""

    collection: Link
    previous: Neighbour | None
    next: Neighbour | None


@dataclass(frozen=True, slots=True)
class _Bond:
    """Something that a few items share. weight: how much it says."""

    weight: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Nearby:
    """neighbours: path of an item -> the items beside it. bonds: path of an item -> what it shares."""

    neighbours: Mapping[str, Neighbours]
    bonds: Mapping[str, tuple[_Bond, ...]]
    ranks: Mapping[str, int]

    def similar(self, entry: Entry, known: Iterable[Entry]) -> tuple[Entry, ...]:
        """The items that share most with this one, at most five.

        known: what the page names anyway.
        """
        scores: Counter[str] = Counter()
        found: dict[str, Entry] = {}
        for bond in self.bonds.get(entry.path, ()):
            for other in bond.entries:
                scores[other.path] += bond.weight
                found[other.path] = other
        for other in (entry, *known):
            scores.pop(other.path, None)
        paths = [path for path, score in scores.items() if score >= _ENOUGH]
        paths.sort(key=lambda path: (-scores[path], self.ranks[path]))
        return tuple(found[path] for path in paths[:_SHOWN])


def look_around(ctx: Context) -> Nearby:
    """Find what all items share, once for all pages."""
    bonds: dict[str, list[_Bond]] = {}
    for bond in _bonds(ctx):
        if 1 < len(bond.entries) <= _FEW:
            for entry in bond.entries:
                bonds.setdefault(entry.path, []).append(bond)
    return Nearby(
        neighbours=dict(_neighbours(ctx)),
        bonds={path: tuple(shared) for path, shared in bonds.items()},
        ranks={entry.path: rank for rank, entry in enumerate(ctx.items)},
    )


def nodes_of(ctx: Context, entry: Entry) -> list[CollectionNode]:
    """The item's collections, in the order of the tree."""
    language = ctx.config.site.language
    nodes = [ctx.collections[entry.library.slug, key] for key in entry.item.collections]
    if len(nodes) > 1:
        nodes.sort(key=lambda node: _tree_order(node, language))
    return nodes


def linked(ctx: Context, entry: Entry, keys: Iterable[str]) -> tuple[Entry, ...]:
    """The items of the entry's library with these keys that have a page."""
    slug = entry.library.slug
    return tuple(ctx.by_key[slug, key] for key in keys if (slug, key) in ctx.by_key)


def _tree_order(node: CollectionNode, language: str) -> tuple[tuple[str, ...], str]:
    names = (*(link.label for link in node.parents), node.name)
    return tuple(sort_key(name, language) for name in names), node.key


def _bonds(ctx: Context) -> Iterator[_Bond]:
    for entry in ctx.items:
        item = entry.item
        if item.related or item.cites or item.cited_by:
            keys = dict.fromkeys((*item.related, *item.cites, *item.cited_by))
            yield _Bond(_RELATION, linked(ctx, entry, keys))
    for group in ctx.groups["tag"]:
        yield _Bond(_TAG, group.entries)
    for node in ctx.collections.values():
        yield _Bond(_COLLECTION, node.entries)


def _neighbours(ctx: Context) -> Iterator[tuple[str, Neighbours]]:
    """In the collection whose path stands above the item, the first in the tree of those it is in."""
    for node in ctx.collections.values():
        members = (Neighbour(entry.path, entry.title_html, entry.line.lang) for entry in node.entries)
        row = [None, *members, None]
        for place, entry in enumerate(node.entries):
            if nodes_of(ctx, entry)[0] is node and len(node.entries) > 1:
                collection = Link(node.name, node.path)
                yield entry.path, Neighbours(collection, row[place], row[place + 2])

"""BibTeX, as Zotero writes it, with citation keys that are unique in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from zstatic.library import Item

NAME = "bibtex"
LABEL = "BibTeX"
EXTENSION = "bib"
MEDIA_TYPE = "application/x-bibtex"

_HEAD = re.compile(r"\s*(@\w+\s*\{)([^,{}]*),")


def dump(items: Iterable[Item]) -> str:
    """One file with the items in the order given; those without BibTeX are left out.

    Zotero makes keys for each item by itself, and they collide. The item added to the library first keeps its
    key, the others get their item key behind it, "smith_2020_abcd2345": what people cite today means the same
    item after the next one was added.
    """
    found = [(item, _HEAD.match(item.exports.get(NAME, ""))) for item in items]
    entries = [(item, head) for item, head in found if head]
    keys = _unique_keys([(item, head[2].strip()) for item, head in entries])
    return "\n".join(
        f"{head[1]}{keys[position]},{item.exports[NAME][head.end() :].rstrip()}\n"
        for position, (item, head) in enumerate(entries)
    )


def _unique_keys(proposed: Sequence[tuple[Item, str]]) -> dict[int, str]:
    """Position -> citation key. BibTeX takes keys that differ in case for one."""
    keys: dict[int, str] = {}
    taken: set[str] = set()
    for position in sorted(range(len(proposed)), key=lambda position: _age(proposed[position][0])):
        item, key = proposed[position]
        while not key or key.lower() in taken:
            key = f"{key}_{item.key.lower()}" if key else item.key.lower()
        taken.add(key.lower())
        keys[position] = key
    return keys


def _age(item: Item) -> tuple[bool, str, str]:
    return (not item.date_added, item.date_added, item.key)

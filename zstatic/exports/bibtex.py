"""BibTeX, as Zotero writes it, with citation keys that are unique in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from zstatic.library import Item

NAME = "bibtex"
LABEL = "BibTeX"
EXTENSION = "bib"
MEDIA_TYPE = "application/x-bibtex"
HEAD, BETWEEN, TAIL = "", "\n", ""

_HEAD = re.compile(r"\s*(@\w+\s*\{)([^,{}]*),")
# What TeX or a reader of BibTeX stops at in a key.
_NOT_IN_KEYS = re.compile(r"[\s\"#%'(),=~\\]+")


def dump(items: Iterable[Item]) -> str:
    """One file with the items in the order given; those without BibTeX are left out."""
    return HEAD + BETWEEN.join(text for _, text in parts(items)) + TAIL


def with_unique_keys(items: Mapping[str, Item]) -> dict[str, Item]:
    """The items of a library; no two have one citation key, so it is the same in every file and on the page.

    Zotero makes keys for each item by itself, and they collide. The item added to the library first keeps its
    key, the others get their item key behind it, "smith_2020_abcd2345": what people cite today means the same
    item after the next one was added.
    """
    heads = [(item, _HEAD.match(item.exports.get(NAME, ""))) for item in items.values()]
    keys = _unique_keys([(item, _NOT_IN_KEYS.sub("", head[2])) if head else None for item, head in heads])
    unique = dict(items)
    for place, (item, head) in enumerate(heads):
        if head and keys[place] != head[2]:
            text = f"{head[1]}{keys[place]},{item.exports[NAME][head.end() :]}"
            unique[item.key] = replace(item, exports={**item.exports, NAME: text})
    return unique


def parts(items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """The place of each item that has BibTeX, and what stands in a file of all for it.

    Those of several libraries may still have keys in common: that of the older item stays.
    """
    found = [(item, _HEAD.match(item.exports.get(NAME, ""))) for item in items]
    keys = _unique_keys([(item, head[2].strip()) if head else None for item, head in found])
    for place, (item, head) in enumerate(found):
        if head:
            yield place, f"{head[1]}{keys[place]},{item.exports[NAME][head.end() :].rstrip()}\n"


def _unique_keys(proposed: Sequence[tuple[Item, str] | None]) -> dict[int, str]:
    """Position -> citation key. BibTeX takes keys that differ in case for one."""
    keys: dict[int, str] = {}
    taken: set[str] = set()
    known = [(position, *each) for position, each in enumerate(proposed) if each]
    for position, item, key in sorted(known, key=lambda each: _age(each[1])):
        while not key or key.lower() in taken:
            key = f"{key}_{item.key.lower()}" if key else item.key.lower()
        taken.add(key.lower())
        keys[position] = key
    return keys


def _age(item: Item) -> tuple[bool, str, str]:
    return (not item.date_added, item.date_added, item.key)

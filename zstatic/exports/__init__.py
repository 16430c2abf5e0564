"""Export formats: items -> one file of references, as Zotero itself writes them.

A format is a module with what `Format` asks for and a line in FORMATS. The texts come from `Item.exports`,
where the selection has already rewritten each with the public tags only: nothing is taken from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from zstatic.exports import bibtex, csljson, ris
from zstatic.library import Item

# Zotero exports these two in no format.
_WITHOUT_EXPORT = ("attachment", "note")


class Format(Protocol):
    """NAME: in site.toml and in `Item.exports`. LABEL: for readers. EXTENSION: without the first dot.

    HEAD, BETWEEN, TAIL: what stands before, between and after the items of a file.
    """

    NAME: str
    LABEL: str
    EXTENSION: str
    MEDIA_TYPE: str
    HEAD: str
    BETWEEN: str
    TAIL: str

    def parts(self, items: Iterable[Item]) -> Iterator[tuple[int, str]]:
        """The place of each item that has a text in this format, and what stands in a file of all for it."""
        ...

    def dump(self, items: Iterable[Item]) -> str:
        """One file with the items in the order given; those without a text in this format are left out."""
        ...


FORMATS: Mapping[str, Format] = {module.NAME: module for module in (bibtex, ris, csljson)}


def left_out(items: Iterable[Item], name: str) -> tuple[str, ...]:
    """Keys of the items that a file in this format lacks, for no text could be had or trusted."""
    return tuple(
        item.key for item in items if name not in item.exports and item.item_type not in _WITHOUT_EXPORT
    )

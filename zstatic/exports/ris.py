"""RIS, as Zotero writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zstatic.library import Item

NAME = "ris"
LABEL = "RIS"
EXTENSION = "ris"
MEDIA_TYPE = "application/x-research-info-systems"
HEAD, BETWEEN, TAIL = "", "", ""


def dump(items: Iterable[Item]) -> str:
    """One file with the items in the order given; those without RIS are left out."""
    return HEAD + BETWEEN.join(text for _, text in parts(items)) + TAIL


def parts(items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """The place of each item that has RIS, and what stands in a file of all for it."""
    for place, item in enumerate(items):
        if text := item.exports.get(NAME, "").strip():
            # The last line of a record is "ER  - ", its space included, and then an empty one follows.
            yield place, f"{text} \r\n\r\n"

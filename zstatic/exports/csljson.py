"""CSL-JSON, as Zotero writes it; the id of a record is its item key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zstatic.library import Item

NAME = "csljson"
LABEL = "CSL-JSON"
EXTENSION = "csl.json"
MEDIA_TYPE = "application/vnd.citationstyles.csl+json"
HEAD, BETWEEN, TAIL = "[\n", ",\n", "\n]\n"


def dump(items: Iterable[Item]) -> str:
    """A JSON list with the items in the order given, a line each; those without CSL-JSON are left out."""
    return HEAD + BETWEEN.join(text for _, text in parts(items)) + TAIL


def parts(items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """The place of each item that has CSL-JSON, and what stands in a file of all for it."""
    for place, item in enumerate(items):
        if text := item.exports.get(NAME, "").strip():
            yield place, text

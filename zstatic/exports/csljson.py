"""CSL-JSON, as Zotero writes it; the id of a record is its item key."""

from __future__ import annotations

from collections.abc import Iterable

from zstatic.library import Item

NAME = "csljson"
LABEL = "CSL-JSON"
EXTENSION = "csl.json"
MEDIA_TYPE = "application/vnd.citationstyles.csl+json"


def dump(items: Iterable[Item]) -> str:
    """A JSON list with the items in the order given, a line each; those without CSL-JSON are left out."""
    texts = (item.exports.get(NAME, "").strip() for item in items)
    return "[\n" + ",\n".join(text for text in texts if text) + "\n]\n"

"""RIS, as Zotero writes it."""

from __future__ import annotations

from collections.abc import Iterable

from zstatic.library import Item

NAME = "ris"
LABEL = "RIS"
EXTENSION = "ris"
MEDIA_TYPE = "application/x-research-info-systems"


def dump(items: Iterable[Item]) -> str:
    """One file with the items in the order given; those without RIS are left out."""
    texts = (item.exports.get(NAME, "").strip() for item in items)
    # The last line of a record is "ER  - ", its space included, and then an empty one follows.
    return "".join(f"{text} \r\n\r\n" for text in texts if text)

"""Texts of single items -> a bounded number of files, of which a browser fetches a few for a few items.

Which file an item is in depends on its name alone, so that an edit of one item changes one file.
"""

from __future__ import annotations

from collections.abc import Mapping

_MOST = 256


def shard_count(items: int, each: int) -> int:
    """So many files for so many items: a power of two, with about `each` items a file while that goes."""
    return min(_MOST, 1 << max(0, -(-items // each) - 1).bit_length())


def sharded(texts: Mapping[str, str], count: int) -> tuple[dict[str, str], ...]:
    """The texts by name, in as many parts; search-parts.js finds a name in the same one."""
    parts: tuple[dict[str, str], ...] = tuple({} for _ in range(count))
    for name in sorted(texts):
        parts[number_of(name) & (count - 1)][name] = texts[name]
    return parts


def number_of(text: str) -> int:
    """FNV-1a with 32 bits, for which a browser needs no more than its own arithmetic."""
    number = 0x811C9DC5
    for byte in text.encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number

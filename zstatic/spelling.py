"""The words of a library -> a short list of them, by which the search page sees what was mistyped."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

# 200 kB at the most, half of that when compressed; loaded only when a word is not found.
_MOST = 30_000
_SAMPLE = 2000
_WORD = re.compile(r"(?<!\w)[^\W\d_]{4,24}(?!\w)")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def vocabulary(names: Iterable[str], texts: Sequence[str]) -> str:
    """The words of all names and titles, and those that an evenly spread sample of the texts repeats.

    In the order of their letters, each as three parts: how many letters it begins with like the one before
    (base 36), its other letters, and how frequent it is (0-9, each twice as frequent as the one before).
    """
    counts = Counter(word for name in names for word in _words(name))
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    repeated = Counter(word for text in sample for word in set(_words(text)))
    counts.update({word: number for word, number in repeated.items() if number > 1})
    common = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST]
    coded = (
        f"{_DIGITS[shared]}{word[shared:]}{min(9, counts[word].bit_length() - 1)}"
        for before, word in pairwise(["", *sorted(common)])
        for shared in [shared_length(before, word)]
    )
    return " ".join(coded)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def shared_length(one: str, other: str) -> int:
    """So many letters of the beginning are the same."""
    number = 0
    for letter, same in zip(one, other, strict=False):
        if letter != same:
            break
        number += 1
    return number

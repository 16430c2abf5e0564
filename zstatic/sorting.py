"""The order of names and titles in lists."""

import unicodedata
from functools import lru_cache

_GROUPS = {"CJK": "漢", "HANGUL": "한", "HIRAGANA": "かな", "KATAKANA": "かな"}
DIGITS = "0–9"
NO_INITIAL = "#"


# What Unicode does not decompose into a letter and its marks.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)

_BETWEEN = dict.fromkeys(" \t\n-–—/_", " ")


@lru_cache(maxsize=200_000)
def sort_key(text: str) -> str:
    """Only letters, digits and where words end count: no accents, no case, no punctuation.

    A name of nothing else is its own key.
    """
    marks_apart = unicodedata.normalize("NFKD", text)
    folded = "".join(char for char in marks_apart if not unicodedata.combining(char)).casefold()
    folded = folded.translate(_PLAIN)
    counting = "".join(char if char.isalnum() else _BETWEEN.get(char, "") for char in folded)
    return " ".join(counting.split()) or folded


def initial(text: str) -> str:
    """The heading that a name stands under in an A–Z: a letter, "0–9", a script's own sign, "#"."""
    first = unicodedata.normalize("NFC", sort_key(text)[:1])
    if not first or not first.isalnum():
        return NO_INITIAL
    if first.isdigit():
        return DIGITS
    if first.isascii():
        return first.upper()
    script = unicodedata.name(first, "").partition(" ")[0]
    return _GROUPS.get(script, first.upper()[:1])

"""Lines in which both directions of writing meet, as they do in references to foreign works."""

import re

from markupsafe import Markup

from zstatic.translations import Direction

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
# The blocks of Unicode whose letters run from right to left.
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RTL_LETTER = re.compile(f"[{_RTL}]")
# Words with what joins them: a quotation mark may stand inside a Hebrew word, not before one.
_RTL_WORDS = re.compile(f"[{_RTL}](?:[\\s'’\"-]?[{_RTL}])*")
_TAGS = re.compile(r"(<[^>]*>)")


def language_direction(language: str) -> Direction:
    """language: a tag such as "en-GB"."""
    return "rtl" if language.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def reference_direction(html: Markup, locale: str) -> Direction:
    """The direction of a reference: that of its only script; of its locale where scripts are mixed."""
    text = html.striptags()
    has_rtl = bool(_RTL_LETTER.search(text))
    has_ltr = any(letter.isalpha() and not _RTL_LETTER.match(letter) for letter in text)
    if has_rtl and has_ltr:
        return language_direction(locale)
    return "rtl" if has_rtl else "ltr"


def isolate_foreign(html: Markup, direction: Direction) -> Markup:
    """Keep right-to-left words in a left-to-right reference to themselves.

    Without this, author, year and title of an Arabic work swap places: digits and marks between two such
    words run in their direction (Unicode Bidirectional Algorithm, rules N1 and N2).
    """
    if direction == "rtl" or not _RTL_LETTER.search(html):
        return html
    parts = [
        part if part.startswith("<") else _RTL_WORDS.sub(lambda words: f"<bdi>{words[0]}</bdi>", part)
        for part in _TAGS.split(html)
    ]
    return Markup("".join(parts))  # noqa: S704 - the markup that came in, with <bdi> added

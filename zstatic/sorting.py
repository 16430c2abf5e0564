"""The order of names and titles in lists, as readers of a language expect it.

The base is the root order of Unicode (https://www.unicode.org/reports/tr10/), word by word: letters in the
order of their alphabet, whatever their accents, case and punctuation; these only decide between what is alike
otherwise. `LETTERS` has the letters that a language places by themselves. There are no tables for Chinese
characters: they follow each other as in Unicode, by radical and strokes.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

_GROUPS = {"CJK": "漢", "HANGUL": "한", "HIRAGANA": "かな", "KATAKANA": "かな"}
DIGITS = "0–9"
NO_INITIAL = "#"

# Language -> its own letters by the one that they follow: "z: å ä=æ", å and then ä, with which æ is alike;
# "i: =y", y is like i. After Unicode's CLDR, without its rarest foreign letters.
LETTERS = {
    "az": "c: ç; e: ə; g: ğ; h: x ı; k: q; o: ö; s: ş; u: ü",
    "be": "е: ё; и: і й; у: ў",
    "bs": "c: č ć; d: dž đ; l: lj; n: nj; s: š; z: ž",
    "cs": "c: č; h: ch; r: ř; s: š; z: ž",
    "cy": "c: ch; d: dd; f: ff; g: ng; l: ll; p: ph; r: rh; t: th",
    "da": "z: æ=ä ø=ö å=aa",
    "eo": "c: ĉ; g: ĝ; h: ĥ; j: ĵ; s: ŝ; u: ŭ",
    "es": "n: ñ",
    "et": "s: š z ž; w: õ ä ö ü",
    "fa": "ب: پ; ج: چ; ز: ژ; ق: ک=ك گ; و: ه ی=ي",
    "fi": "z: å ä=æ ö=ø",
    "fo": "z: æ=ä ø=ö å=aa; a: á; d: ð; i: í; o: ó; u: ú; y: ý",
    "hr": "c: č ć; d: dž đ; l: lj; n: nj; s: š; z: ž",
    "hu": "c: cs; d: dz dzs; g: gy; l: ly; n: ny; o: ö=ő; s: sz; t: ty; u: ü=ű; z: zs",
    "is": "a: á; d: ð; e: é; i: í; o: ó; u: ú; y: ý; z: þ æ ö=ø å",
    "kk": "а: ә; г: ғ; к: қ; н: ң; о: ө; у: ұ ү; х: һ; ы: і",
    "lt": "c: č; i: =y; s: š; z: ž",
    "lv": "c: č; g: ģ; i: =y; k: ķ; l: ļ; n: ņ; r: ŗ; s: š; z: ž",
    "mk": "д: ѓ; з: ѕ; и: ј; л: љ; н: њ; т: ќ; ч: џ",
    "nb": "z: æ=ä ø=ö å=aa",
    "nn": "z: æ=ä ø=ö å=aa",
    "no": "z: æ=ä ø=ö å=aa",
    "pl": "a: ą; c: ć; e: ę; l: ł; n: ń; o: ó; s: ś; z: ź ż",
    "ro": "a: ă â; i: î; s: ș=ş; t: ț=ţ",
    "sk": "a: ä; c: č; h: ch; o: ô; r: ř; s: š; z: ž",
    "sl": "c: č ć; d: đ; s: š; z: ž",
    "sq": "c: ç; d: dh; e: ë; g: gj; l: ll; n: nj; r: rr; s: sh; t: th; x: xh; z: zh",
    "sr": "д: ђ; и: ј; л: љ; н: њ; т: ћ; ч: џ; c: č ć; d: dž đ; l: lj; n: nj; s: š; z: ž",
    "sv": "z: å ä=æ ö=ø",
    "tr": "c: ç; g: ğ; h: ı; o: ö; s: ş; u: ü",
    "uk": "г: ґ; е: є; и: і ї й",
    "vi": "a: ă â; d: đ; e: ê; o: ô ơ; u: ư",
}
# What Unicode does not decompose into a letter and its marks.
_PLAIN = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
# In their alphabets these stand among the others, not after all as their numbers do.
_CYRILLIC = "г: ґ; д: ђ; е: є; з: ѕ; и: й і ј; л: љ; н: њ; т: ћ; ч: џ"
_BETWEEN = " \t\n-–—/_"
# Behind the letter that they follow; higher than any letter, so that what starts with that one comes first.
_PLACES = 0x10F000
_END = "\0"


@dataclass(frozen=True, slots=True)
class _Rules:
    """How the letters of a language are placed.

    letters: its own -> the letter they follow and a place. pattern: finds them.
    names: what is in letters -> the letter's own name.
    dotless: whether "I" is the capital of "ı".
    """

    letters: Mapping[str, str]
    pattern: re.Pattern[str]
    names: Mapping[str, str]
    dotless: bool


@lru_cache(maxsize=200_000)
def sort_key(text: str, language: str = "") -> str:
    """By what text is sorted: its letters and digits, then, behind a NUL, its accents.

    language: of the site, "pt-BR"; a name without any letter or digit is its own key.
    """
    rules = _rules(language)
    lower = unicodedata.normalize("NFC", _lower(text, rules))
    placed = rules.pattern.sub(lambda letter: rules.letters[letter[0]], lower)
    marks_apart = unicodedata.normalize("NFKD", placed)
    counting = " ".join(marks_apart.translate(_FOLD).split())
    return f"{counting or marks_apart}{_END}{lower}"


def initial(text: str, language: str = "") -> str:
    """The heading that a name stands under in an A–Z: a letter, "0–9", a script's own sign, "#"."""
    key = sort_key(text, language)
    if name := _rules(language).names.get(key[:2]):
        return name
    first = unicodedata.normalize("NFC", key[:1])
    if not first.isalnum():
        return NO_INITIAL
    if first.isdigit():
        return DIGITS
    if first.isascii():
        return "İ" if first == "i" and _rules(language).dotless else first.upper()
    script = unicodedata.name(first, "").partition(" ")[0]
    return _GROUPS.get(script, first.upper()[:1])


def _lower(text: str, rules: _Rules) -> str:
    if rules.dotless:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.casefold()


class _Fold(dict[int, str]):
    """Decomposed character -> what of it counts; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if unicodedata.combining(char):
            counts = ""
        elif char.isdecimal():
            counts = str(unicodedata.decimal(char))
        elif char.isalnum() or code >= _PLACES:
            counts = _PLAIN.get(char, char)
        else:
            counts = " " if char in _BETWEEN else ""
        self[code] = counts
        return counts


_FOLD = _Fold()


@cache
def _rules(language: str) -> _Rules:
    name = language.partition("-")[0].lower()
    letters: dict[str, str] = {}
    names: dict[str, str] = {}
    for rule in (*_CYRILLIC.split("; "), *LETTERS.get(name, "").split("; ")):
        base, _, own = rule.partition(": ")
        for place, spellings in enumerate(own.split()):
            own_name, *same = spellings.split("=")
            code = base + chr(_PLACES + place) if own_name else base
            letters |= dict.fromkeys(filter(None, (own_name, *same)), code)
            if own_name:
                names[code] = own_name.upper()
    longest_first = sorted(letters, key=lambda letter: (-len(letter), letter))
    return _Rules(letters, re.compile("|".join(map(re.escape, longest_first))), names, name in ("az", "tr"))

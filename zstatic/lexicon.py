"""The words of documents and their stems -> small files that tell the search page what a typed word means.

Pagefind finds whatever begins with the stem of a typed word and, where nothing does, something else. Readers
mean the words that begin with what they typed, and the other forms of these; which those are a list of all
words tells. The stems are Pagefind's own: given all words once more, it says where which stem stands.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from zstatic import pagefind
from zstatic.disk import naming, remove_tree
from zstatic.pagefind import Document
from zstatic.shards import number_of
from zstatic.spelling import shared_length

FOLDER = "words/"
# In each file so many words, about. Where one ends depends on its words alone: a new one changes one file.
_EACH = 512
# A beginning of words with more stems than this is looked for as it is, not stem by stem.
_MANY = 24
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# So many letters a digit can count, even if browsers count each twice.
_LONGEST = (len(_DIGITS) - 1) // 2
_LETTERS = re.compile(r"[^\W\d_]+")
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def write_lexicon(documents: Sequence[Document], language: str, folder: Path) -> tuple[str, ...]:
    """Write the files for a bundle into its folder; gives their names.

    language: that of the bundle. Raises SearchError, ConfigError or OSError on a full disk.
    """
    typed = _typed(documents)
    stems, cut = _stems(typed, language, folder)
    loose = _loose(typed, documents, stems)
    parts: dict[str, list[str]] = {}
    names: set[str] = set()
    part: list[str] = []
    # As browsers compare: by UTF-16.
    for word in sorted(stems, key=lambda word: word.encode("utf-16-be")):
        if not parts or (zlib.crc32(word.encode()) % _EACH == 0 and _name(word) not in names):
            names.add(_name(word))
            part = parts[word] = []
        part.append(word)
    files = {_name(first): _coded(words, stems, loose) for first, words in parts.items()}
    beginnings = {"firsts": " ".join(parts), **_beginnings(stems, cut)}
    files["first"] = json.dumps(beginnings, ensure_ascii=False, separators=(",", ":"))
    (folder / FOLDER).mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / FOLDER / f"{name}.json"
        with naming(path):
            path.write_text(content, "utf-8")
    return tuple(f"{FOLDER}{name}.json" for name in sorted(files))


def _name(first: str) -> str:
    """Of a file, by its first word; in search-words.js as well."""
    return f"{number_of(first):08x}"


def _typed(documents: Iterable[Document]) -> list[str]:
    """All that stands between spaces, each once."""
    typed: set[str] = set()
    for document in documents:
        for text in (document.content, *document.meta.values(), *document.pages):
            typed.update(text.split())
        typed.update(map(str, range(1, len(document.pages) + 1)))
    return sorted(typed)


def _loose(typed: Iterable[str], documents: Iterable[Document], stems: Mapping[str, str]) -> set[str]:
    """The stems of words that Pagefind misses in some phrases: it loses the places of those with accents.

    And other spellings have a place of their own.
    """
    loose = {word for word in typed if not word.isascii()}
    for document in documents:
        for name, text in document.meta.items():
            if name.endswith("alias"):
                loose.update(text.split())
    return {stems[word] for text in loose for part in _parts(text) if (word := _bare(part)) in stems}


def _stems(typed: list[str], language: str, folder: Path) -> tuple[dict[str, str], set[str]]:
    """Each word that is used, as Pagefind compares words, with its stem; and what it would cut.

    cut: of the beginnings of many words those of which it would look for a stem.
    """
    parts = sorted({_bare(part) for text in typed for part in _parts(text)})
    words = {part for part in parts if part.isalpha()}
    beginnings = {start for start in _frequent(parts) if start.isalpha()}
    asked = sorted(words | beginnings)
    known: set[str] = set()
    stems: dict[str, str] = {}
    # What a kill leaves of it is removed with the bundle, in whose folder it is.
    bundle = folder / "stems"
    documents = [Document("typed", " ".join(typed), {}), Document("words", " ".join(asked), {})]
    pagefind.write_bundle(documents[: 1 + bool(asked)], language, bundle)
    for stem, places in pagefind.read_words(bundle):
        if 0 in places:
            known.add(_bare(stem))
        stems.update((asked[place], stem) for place in places.get(1, ()))
    remove_tree(bundle)
    used = {word: stem for word, stem in stems.items() if word in words and stem in known}
    # Numbers and names with numbers have no other forms.
    unchanged = known - set(used.values()) - {""}
    cut = {start for start in beginnings if stems.get(start, start) != start}
    return {word: word for word in unchanged} | used, cut


def _parts(text: str) -> Iterator[str]:
    """What counts as a word: the whole, and what is between its signs and its capitals."""
    composed = unicodedata.normalize("NFC", text)
    yield composed
    if not composed.isalpha() or not (composed.islower() or composed.istitle()):
        yield from _LETTERS.findall(_INNER_CAPITAL.sub(" ", composed))


def _bare(word: str) -> str:
    """A word as Pagefind compares it: without case, accents and punctuation."""
    apart = unicodedata.normalize("NFD", word.lower())
    return apart if apart.isalnum() else "".join(char for char in apart if char.isalnum() or char in "+#_")


def _frequent(words: Sequence[str]) -> set[str]:
    """The beginnings of more than _MANY of the words, which are sorted.

    A word with that many others after it that begin alike tells them: of a long one not each is to be made.
    """
    far = zip(words, words[_MANY:], strict=False)
    return {one[:length] for one, other in far for length in range(2, shared_length(one, other) + 1)}


def _beginnings(stems: Mapping[str, str], cut: Container[str]) -> dict[str, Any]:
    """Of the beginnings of many words those with which Pagefind does not find just these.

    longer: it would look for a stem of the beginning, so it is to be asked for all that are a letter longer,
    of which the last letters are told. apart: words of which the stems begin otherwise, one of each stem.
    """
    words = sorted(stems)
    longer: dict[str, str] = {}
    apart: dict[str, list[str]] = {}
    for start in sorted(_frequent(words)):
        end = bisect_left(words, f"{start}\U0010ffff")
        those = words[bisect_left(words, start) : end]
        by_stem = {stems[word]: word for word in reversed(those)}
        if len(by_stem) <= _MANY:
            continue
        if start in cut:
            longer[start] = "".join(sorted({word[len(start)] for word in those if word != start}))
        if others := [word for stem, word in by_stem.items() if not stem.startswith(start)]:
            apart[start] = sorted(others)
    return {"longer": longer, "apart": apart}


def _coded(words: Iterable[str], stems: Mapping[str, str], loose: Container[str]) -> str:
    """In order, each as the number of letters shared with the one before (base 36), and the others.

    Then, where the stem is another, "/", how many letters it lacks at the end, and what it has instead.
    And "'" where phrases are to be looked for by reading.
    """
    coded = []
    for before, word in pairwise(["", *words]):
        shared = word[: min(_LONGEST, shared_length(before, word))]
        mark = "'" if stems[word] in loose else ""
        coded.append(f"{_number_of(shared)}{word[len(shared) :]}{_ending(word, stems[word])}{mark}")
    return json.dumps(" ".join(coded), ensure_ascii=False)


def _ending(word: str, stem: str) -> str:
    if word == stem:
        return ""
    kept = shared_length(word, stem)
    return f"/{_number_of(word[kept:])}{stem[kept:]}" if len(word) - kept <= _LONGEST else ""


def _number_of(letters: str) -> str:
    """As browsers count: in UTF-16 one of an ancient script takes two places."""
    return _DIGITS[len(letters.encode("utf-16-be")) // 2]

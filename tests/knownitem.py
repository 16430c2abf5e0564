"""What a reader types who knows of a work: some words of its title, its author, its number.

Queries are made of the item as Zotero has it, not of our index.
"""

from __future__ import annotations

import random
import re
import shutil
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from searching import index_site

from zstatic.outputs import Copy, Text
from zstatic.pages.context import Context, Entry
from zstatic.richtext import plain
from zstatic.search import facet_columns, records
from zstatic.theme import load_theme, static_outputs

SETUP = """
async ([root, indexName]) => {
  const { find, openIndex, ordered } = await import(root + indexName);
  const opened = await openIndex(`${root}pagefind/`);
  window.first = async (query, count) => {
    const { scores } = await find(query, opened);
    if (!scores) return [];
    const rows = [...scores.keys()].filter((row) => scores[row]);
    return (await ordered(rows, scores, "", opened)).slice(0, count);
  };
  window.firstOfAll = async (queries, count) => {
    const found = [];
    for (const query of queries) found.push(await window.first(query, count));
    return found;
  };
}
"""


def write_searchable(ctx: Context, folder: Path, work: Path) -> str:
    """Write what searching takes, without pages; gives the path of the script that opens the index."""
    copies = index_site(records(ctx), "en", work, facets=facet_columns(ctx))
    for output in [*copies, *static_outputs(load_theme(ctx.config))]:
        path = folder / output.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(output, Copy):
            shutil.copyfile(output.source, path)
        elif isinstance(output, Text):
            path.write_text(output.text, "utf-8")
    (folder / "index.html").write_text("<!doctype html><title>Searching</title>", "utf-8")
    return f"static/{next((folder / 'static').glob('search-index.*.js')).name}"


# What a reader knows of a work: ("title", "whale") is a whole word of it, ("family", "van der berg") the
# first creator's family name, ("year", "1851"), ("doi", …), ("isbn", …), ("whole title", …).
Clue = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """text: as typed. clues: what of it says which work is meant. row: of that work, in the site's order."""

    kind: str
    text: str
    clues: frozenset[Clue]
    row: int


@dataclass(frozen=True)
class Answer:
    """place: of the work in the results, from 1; 0 = not among those asked for.

    alike: so many works before it have all the clues as well, so that nobody could say which one is meant.
    alone: no other work has them.
    """

    question: Question
    place: int
    alike: int
    alone: bool

    @property
    def is_first(self) -> bool:
        """Whether nothing is before it but works that have all the clues as well."""
        return self.place > 0 and self.alike == self.place - 1


def without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if not unicodedata.combining(char))


def title_words(entry: Entry) -> list[str]:
    """Words that mean something: of four letters or more, each once."""
    title = unicodedata.normalize("NFC", plain(entry.item.title))
    return list(dict.fromkeys(re.findall(r"(?<!\w)[^\W\d_]{4,}(?!\w)", title)))


def family_name(entry: Entry) -> str:
    creators = [creator for creator in entry.item.creators if creator.name]
    return creators[0].sort_name.partition(",")[0] if creators else ""


def two_words(entry: Entry, chance: random.Random, common: Collection[str]) -> list[str]:
    """Two words of a title, in its order; not those that stand everywhere, such as "with" and "from"."""
    words = [word for word in title_words(entry) if word.lower() not in common]
    if len(words) < 2:
        return []
    places = sorted(chance.sample(range(len(words)), 2))
    return [words[place] for place in places]


def questions(ctx: Context, kind: str, seed: str = "known items") -> Iterator[Question]:
    """One for each item that has what is asked by."""
    make = KINDS[kind]
    chance = random.Random(f"{seed} {kind}")
    common = _common(ctx)
    for row, entry in enumerate(ctx.items):
        for text, clues in make(entry, chance, common):
            yield Question(kind, text, frozenset(clues), row)


def _common(ctx: Context) -> frozenset[str]:
    """Words in one title of fifty and more."""
    seen: dict[str, int] = {}
    for entry in ctx.items:
        for word in {word.lower() for word in title_words(entry)}:
            seen[word] = seen.get(word, 0) + 1
    return frozenset(word for word, number in seen.items() if number > max(5, len(ctx.items) / 50))


Asked = tuple[str, list[Clue]]


def _words_and_name(entry: Entry, chance: random.Random, common: Collection[str]) -> Iterator[Asked]:
    words, name = two_words(entry, chance, common), family_name(entry)
    if words and name:
        yield " ".join([*words, name]), [*_in_title(words), _family(entry)]


def _words(entry: Entry, chance: random.Random, common: Collection[str]) -> Iterator[Asked]:
    if words := two_words(entry, chance, common):
        yield " ".join(words), _in_title(words)


def _name_and_year(entry: Entry, chance: random.Random, common: Collection[str]) -> Iterator[Asked]:
    name, year = family_name(entry), entry.item.date.year
    if name and year and year > 0:
        yield f"{without_accents(name)} {year}", [_family(entry), ("year", str(year))]


def _decomposed(entry: Entry, chance: random.Random, common: Collection[str]) -> Iterator[Asked]:
    title = plain(entry.item.title)
    apart = unicodedata.normalize("NFD", title)
    if apart != title and len(title_words(entry)) > 1:
        yield apart, [_whole_title(entry)]


def _doi(entry: Entry, chance: random.Random, common: Collection[str]) -> Iterator[Asked]:
    number = entry.item.fields.get("DOI", "").strip()
    if re.fullmatch(r"10\.\d+/\S+", number):
        for text in (number, number.upper(), number.lower()):
            yield text, [("doi", number.lower())]
        for start in ("https://doi.org/", "http://dx.doi.org/", "doi:"):
            yield start + number, [("doi", number.lower())]


def _isbn(entry: Entry, chance: random.Random, common: Collection[str]) -> Iterator[Asked]:
    for number in _isbns(entry):
        digits = re.sub(r"[^\dXx]", "", number)
        # Hyphens in other places than the publisher's.
        other = f"{digits[:3]}-{digits[3:4]}-{digits[4:8]}-{digits[8:-1]}-{digits[-1]}"
        for text in (digits, number.strip(), f"ISBN {digits}", other):
            yield text, [("isbn", digits.lower())]


Maker = Callable[[Entry, random.Random, Collection[str]], Iterator[Asked]]
KINDS: Mapping[str, Maker] = {
    "two title words and the first creator": _words_and_name,
    "two title words": _words,
    "creator and year, without accents": _name_and_year,
    "decomposed title": _decomposed,
    "DOI": _doi,
    "ISBN": _isbn,
}


def answers(ctx: Context, asked: Sequence[Question], found: Sequence[Sequence[int]]) -> Iterator[Answer]:
    """found: for each question the rows of the first results."""
    having: dict[Clue, set[int]] = {}
    for row, entry in enumerate(ctx.items):
        for clue in _clues(entry):
            having.setdefault(clue, set()).add(row)
    for question, rows in zip(asked, found, strict=True):
        fitting = set.intersection(*(having[clue] for clue in question.clues))
        place = rows.index(question.row) + 1 if question.row in rows else 0
        before = rows[: place - 1] if place else rows
        yield Answer(question, place, len(fitting.intersection(before)), len(fitting) == 1)


def _clues(entry: Entry) -> Iterator[Clue]:
    """All that a reader may know of a work."""
    yield from _in_title(_plain_words(plain(entry.item.title)))
    yield _whole_title(entry)
    yield _family(entry)
    yield "year", str(entry.item.date.year)
    yield "doi", entry.item.fields.get("DOI", "").strip().lower()
    for number in _isbns(entry):
        yield "isbn", re.sub(r"[^\dx]", "", number.lower())


def _in_title(words: Iterable[str]) -> list[Clue]:
    return [("title", without_accents(word).lower()) for word in words]


def _whole_title(entry: Entry) -> Clue:
    return "whole title", " ".join(_plain_words(plain(entry.item.title)))


def _family(entry: Entry) -> Clue:
    return "family", " ".join(_plain_words(family_name(entry)))


def _isbns(entry: Entry) -> list[str]:
    found = re.findall(r"(?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx]", entry.item.fields.get("ISBN", ""))
    return [number for number in found if len(re.sub(r"[^\dXx]", "", number)) in (10, 13)]


def _plain_words(text: str) -> list[str]:
    return re.findall(r"\w+", without_accents(text).lower())

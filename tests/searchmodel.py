"""What a search must find, worked out item by item from the search help (_search_help.html), without index.

One thing that the text leaves open is taken from Snowball, of which Pagefind has its stemmers: two words are
forms of one another if they share a stem. The order of letters is that of lists (sorting.py), which has tests
of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from snowballstemmer import stemmer

from zstatic.littlewords import little_words
from zstatic.pages.context import Context, Entry
from zstatic.richtext import abstract_text, note_text
from zstatic.search import identifiers
from zstatic.sorting import sort_key

Choices = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
SHELF = {"publisher": ["publisher"], "series": ["series", "seriesTitle"], "call number": ["callNumber"]}


@cache
def plain(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in apart if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    """The words between spaces, each without punctuation, in order."""
    bare = ("".join(char for char in plain(word) if char.isalnum() or char in "+#") for word in text.split())
    return [word for word in bare if word]


INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NUMBER_BESIDE = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")


@cache
def meanings(token: str) -> frozenset[str]:
    """All that counts as a word of what stands between two spaces: the whole, and what is between its signs,
    its capitals and, if there are such, its numbers."""
    pieces = re.split(r"[^\w+#]+|_|(?<=\w)\+(?=\w)", INNER_CAPITAL.sub(" ", token))
    if len(pieces) > 1:
        pieces = [piece for each in pieces for piece in NUMBER_BESIDE.split(each)]
    return frozenset({*words_of(token), *filter(None, map(plain, pieces))})


STEMMER = stemmer("english")


@cache
def stem(word: str) -> str:
    return str(STEMMER.stemWord(word)) if word.isalpha() else word


@dataclass(frozen=True)
class Work:
    """An item as readers see it."""

    entry: Entry

    @cached_property
    def fields(self) -> dict[str, str]:
        entry = self.entry
        names = dict.fromkeys(creator.name for creator in entry.item.creators if creator.name)
        return {
            "title": entry.title,
            "author": "; ".join(names),
            "tag": "; ".join(entry.item.tags),
            "year": entry.year,
            "venue": entry.container,
            "shelf": "; ".join(entry.item.fields.get(name, "") for names in SHELF.values() for name in names),
            "notes": " ".join(note_text(note.html) for note in entry.item.notes),
            "id": " ".join(identifiers(entry.item)),
            "abstract": abstract_text(entry.item.fields.get("abstractNote", "")) or entry.title,
        }

    def text_in(self, place: str) -> str:
        """Of a field, or of a part of the shelf: "publisher", "series", "call number"."""
        if place in self.fields:
            return self.fields[place]
        fields = self.entry.item.fields
        return " ".join(fields.get(name, "") for name in SHELF[place]).strip()

    @cached_property
    def in_order(self) -> dict[str, list[frozenset[str]]]:
        return {
            name: list(filter(None, map(meanings, unicodedata.normalize("NFC", text).split())))
            for name, text in self.fields.items()
        }

    @cached_property
    def words(self) -> dict[str, set[str]]:
        return {name: set().union(*tokens) for name, tokens in self.in_order.items()}

    @cached_property
    def stems(self) -> dict[str, set[str]]:
        return {name: set(map(stem, words)) for name, words in self.words.items()}

    @cached_property
    def all_words(self) -> set[str]:
        return set().union(*self.words.values())

    def has_phrase(self, words: list[str], field: str = "") -> bool:
        """Whatever the endings."""
        texts = [self.in_order[field]] if field else self.in_order.values()
        stems = [stem(word) for word in words]
        return any(
            all(wanted in map(stem, token) for wanted, token in zip(stems, text[place:], strict=False))
            for text in texts
            for place in range(len(text) - len(stems) + 1)
        )


def _is_inside(words: list[str], text: list[str]) -> bool:
    return any(text[place : place + len(words)] == words for place in range(len(text)))


class Model:
    """The library and the collection tree of a site, in the site's order."""

    def __init__(self, ctx: Context) -> None:
        self.works = [Work(entry) for entry in ctx.items]
        self.values: dict[str, list[frozenset[str]]] = {
            name: [frozenset(term.slug for term in entry.terms[name]) for entry in ctx.items]
            for name in ("type", "tag", "creator", "language", "file", "year", "library")
        }
        self.labels: dict[str, dict[str, str]] = {
            name: {term.slug: term.label for entry in ctx.items for term in entry.terms[name]}
            for name in self.values
        }
        inside: dict[str, set[str]] = {}
        self.labels["collection"] = {}
        for (library, key), node in ctx.collections.items():
            name = f"{library}/{key}" if library else key
            self.labels["collection"][name] = node.name
            for entry in node.subtree:
                inside.setdefault(entry.path, set()).add(name)
        self.values["collection"] = [frozenset(inside.get(entry.path, ())) for entry in ctx.items]
        self.little = little_words(ctx.config.site.language)
        self.language = ctx.config.site.language

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """All words, and in how many works each is."""
        return Counter(word for work in self.works for word in work.all_words)

    def with_word(self, typed: str, field: str = "") -> set[int]:
        """The works that have a word that begins so, another form of such a word or of the typed one."""
        start = plain(typed)
        begun = {word for word in self.vocabulary if word.startswith(start)}
        forms = {stem(word) for word in begun | {start}}
        names = [field] if field else list(self.works[0].fields)
        return self.rows(
            lambda work: any(
                not work.words[name].isdisjoint(begun) or not work.stems[name].isdisjoint(forms)
                for name in names
            )
        )

    def rows(self, test: Callable[[Work], bool]) -> set[int]:
        return {row for row, work in enumerate(self.works) if test(work)}

    def called(self, typed: Sequence[str]) -> set[int]:
        """The works that little words alone find: called just that, or with three and more in a row."""
        found = set()
        for row, work in enumerate(self.works):
            title = [plain(word) for word in re.findall(r"[^\W_]+", work.fields["title"])]
            if title == list(typed) or (len(typed) > 2 and _is_inside(list(typed), title)):
                found.add(row)
        return found

    def ordered(self, rows: Iterable[int], by: str) -> list[int]:
        """In the order that readers choose; works that it does not tell apart as "newest" has them."""
        newest = sorted(rows, key=lambda row: self._order(row, "newest"))
        if by == "added":
            return sorted(newest, key=lambda row: self.works[row].entry.item.date_added, reverse=True)
        return sorted(newest, key=lambda row: self._order(row, by))

    def _order(self, row: int, by: str) -> tuple[bool, int | str, str, str]:
        """What has nothing to be ordered by comes last."""
        entry = self.works[row].entry
        item, year = entry.item, entry.item.date.year
        title = sort_key(entry.title, self.language) if item.title else ""
        match by:
            case "newest":
                return year is None, -(year or 0), sort_key(entry.title, self.language), item.key
            case "oldest":
                return year is None, year or 0, title, ""
            case "title":
                return not title, title, "", ""
            case _:
                named = [creator for creator in item.creators if creator.name]
                first = [creator for creator in named if creator.role == "author"] or named
                return not named, sort_key(first[0].sort_name, self.language) if named else "", "", ""

    def chosen(self, rows: Iterable[int], choices: Choices, without: str = "") -> set[int]:
        """The rows that pass the choices, except for what is wanted of one facet."""
        return {
            row
            for row in rows
            if all(
                self._passes(name, row, () if name == without else wanted, unwanted)
                for name, (wanted, unwanted) in choices.items()
            )
        }

    def _passes(self, name: str, row: int, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> bool:
        values = self.values[name][row]
        if name == "year":
            wanted = tuple(year for slug in wanted for year in self._years(slug))
        return (not wanted or not values.isdisjoint(wanted)) and values.isdisjoint(unwanted)

    def _years(self, slug: str) -> list[str]:
        first, dots, last = slug.partition("..")
        if not dots:
            return [slug]
        return [str(year) for year in range(int(first or -5000), int(last or 5000) + 1)]

    def counts(self, rows: Iterable[int], choices: Choices, facet: str) -> Counter[str]:
        """How many of the rows each value would give, whatever else of this facet is wanted."""
        return Counter(
            slug for row in self.chosen(rows, choices, without=facet) for slug in self.values[facet][row]
        )

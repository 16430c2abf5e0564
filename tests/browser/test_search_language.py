"""The query language and the facets, held against a model that follows their description, not their code."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from builders import (
    StubMirror,
    make_attachment,
    make_collection,
    make_item,
    make_note,
    make_tags,
    recorded_mirror,
)
from playwright.sync_api import Browser, Page
from searching import in_parts
from searchmodel import Choices, Model, Work, plain, words_of
from sitepages import context, context_of_libraries, site_config
from test_search_browser import write_folder

from zstatic.config import SelectRules, SiteConfig
from zstatic.library import read_library
from zstatic.pages.context import Context, make_context
from zstatic.schema import Schema
from zstatic.search import identifiers
from zstatic.selection import select

pytestmark = pytest.mark.browser

# The page's own parts, without the page: one call answers many queries.
SETUP = """
async ([root, names]) => {
  const { tally } = await import(root + names.facets);
  const { find, openIndex, ordered } = await import(root + names.index);
  const { parse } = await import(root + names.query);
  const opened = await openIndex(`${root}pagefind/`);
  const facets = await opened.columns.load(Object.keys(opened.columns.pointer.facets));
  window.parseQuery = parse;
  window.search = async (query, choices, by) => {
    const { scores, finder } = await find(query, opened);
    const found = tally(scores ?? new Float64Array(opened.ids.length), choices, facets);
    const counts = {};
    for (const [name, numbers] of Object.entries(found.counts)) {
      const named = [...numbers].map((n, at) => [facets[name].slugs[at], n]);
      counts[name] = Object.fromEntries(named.filter(([, n]) => n));
    }
    const rows = finder?.near.length ? [] : found.rows;
    return { rows: scores ? await ordered(rows, scores, by, opened) : [], counts };
  };
}
"""


ORDERS = ("", "newest", "oldest", "title", "creator", "added")


@dataclass(frozen=True)
class Query:
    """What is typed and what it must find.

    words: side by side with no place to be in, as typed and the rows that have each. others: the rows of all
    else that must hold. kinds: of operators in it. plain: words and nothing else.
    """

    text: str
    kinds: tuple[str, ...]
    others: tuple[frozenset[int], ...] = ()
    words: tuple[tuple[str, frozenset[int]], ...] = ()
    binding: int = 2  # 2: an atom, 1: words side by side, 0: alternatives
    plain: bool = False

    def within(self, binding: int) -> str:
        return f"({self.text})" if self.binding < binding else self.text

    def rows(self, little: Collection[str]) -> frozenset[int] | None:
        """None: it is left out, since there are only little words in it."""
        parts = list(self.others)
        if not all(word in little for word, _ in self.words):
            parts += [rows for _, rows in self.words]
        return frozenset.intersection(*parts) if parts else None


def words_apart(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", plain(text))


def bare(number: str) -> str:
    return re.sub(r"\W", "", number).lower()


OPERATORS = ("side by side", "AND", "OR", "NOT", "-", "parentheses")
# What a word or a phrase that may stand anywhere is taken from.
WORD_PLACES = ("notes", "series", "call number", "venue", "publisher")
PHRASE_PLACES = ("title", "abstract", "notes")
FIELD_NAMES = ("title", "author", "tag")
AMONG = 20  # kinds, of which the one that was asked for least is next
WORDS = 20  # of a text, at most


class Asker:
    """Makes random queries about a library, most of them with results.

    seen: how often each kind of query was asked for with results, perhaps by others as well. What was
    asked for least comes first. row: of the work that is to be found, or to be ruled out.
    """

    def __init__(self, ctx: Context, seed: str, seen: Counter[str] | None = None) -> None:
        self.chance = random.Random(seed)
        self.seen = Counter() if seen is None else seen
        self.ctx = ctx
        self.model = Model(ctx)
        self.everything = frozenset(range(len(self.model.works)))
        self.row = 0
        self.atoms: dict[str, Callable[[], Query | None]] = {
            "word": self.word,
            **{f"word in {place}": partial(self.word_in, place) for place in WORD_PLACES},
            "little word": self.little,
            "beginning of a word": self.prefix,
            **{f"phrase in {place}": partial(self.phrase, place) for place in PHRASE_PLACES},
            "title:": lambda: self.in_field("title", "title"),
            "author:": lambda: self.in_field("author", "author"),
            "creator:": lambda: self.in_field("creator", "author"),
            "tag:": lambda: self.in_field("tag", "tag"),
            **{f'{name}:"…"': partial(self.phrase, name, name) for name in FIELD_NAMES},
            **{f"{name}:(…)": partial(self.group_in_field, name) for name in FIELD_NAMES},
            "doi:": lambda: self.number("doi", "DOI"),
            "isbn:": lambda: self.number("isbn", "ISBN"),
            "issn:": lambda: self.number("issn", "ISSN"),
            "year:": self.years,
            "type:": self.type,
            "collection:": self.collection,
            "language:": lambda: self.value("language", "language"),
            "library:": lambda: self.value("library", "library"),
            "has:file": self.any_file,
            "has:": lambda: self.value("has", "file"),
            "beginning of a name:": self.name_begun,
            "unknown word": self.unknown,
            "no field": self.no_field,
        }
        self.kinds = {
            "words and phrases": [name for name in self.atoms if ":" not in name],
            "places": [name for name in self.atoms if ":" in name],
            "operators": [*OPERATORS, "NOT of several"],
            "facets": [f"facet {name}" for name in sorted(self.model.values)],
            "filters": ["several values", "without a value", "range of years", "several facets"],
            "orders": [f"sort {by or 'relevance'}" for by in ORDERS],
        }

    def rarest_first(self, kinds: Sequence[str]) -> list[str]:
        """All in random order, but for the first ones, which begin with what was asked for least."""
        shuffled = self.chance.sample(kinds, len(kinds))
        return [*sorted(shuffled[:AMONG], key=lambda kind: self.seen[kind]), *shuffled[AMONG:]]

    def rows(self, test: Callable[[Any], bool]) -> frozenset[int]:
        return frozenset(self.model.rows(test))

    @property
    def work(self) -> Work:
        return self.model.works[self.row]

    def any_work(self) -> Work:
        return self.chance.choice(self.model.works)

    def some_words(self, field: str) -> list[str]:
        return self.words_in(self.work.text_in(field))

    def words_in(self, text: str) -> list[str]:
        """Up to twenty, in any order; as they stand there, or with another ending."""
        found = sorted({*re.findall(r"(?<!\w)(?:[A-Za-z]{3,}|\d{4})(?!\w)", text)} - {"AND", "NOT"})
        words = [word for word in found if word.lower() not in self.model.little]
        some = self.chance.sample(words, min(len(words), WORDS))
        return [self.ended(word) if self.chance.random() < 0.2 else word for word in some]

    def ended(self, word: str) -> str:
        """As readers may type a word that they know otherwise."""
        return word.removesuffix("s") + self.chance.choice(["s", "ing", "ed", ""])

    def word(self) -> Query | None:
        words = self.some_words(
            self.chance.choice(["title", "author", "tag", "venue", "shelf", "notes", "abstract"])
        )
        if not words:
            return None
        word = self.chance.choice(words)
        return self.one_word(word, "word")

    def one_word(self, word: str, kind: str) -> Query:
        rows = frozenset(self.model.with_word(word))
        return Query(word, (kind,), words=((word, rows),), plain=True)

    def word_in(self, place: str) -> Query | None:
        """One that stands in that place of a work, wherever else."""
        words = self.some_words(place)
        return self.one_word(self.chance.choice(words), f"word in {place}") if words else None

    def no_field(self) -> Query | None:
        """Its words are looked for all the same."""
        word = self.word()
        return word and replace(word, text=f"publisher:{word.text}", kinds=("no field",))

    def little(self) -> Query | None:
        known = sorted(word for word in self.model.little & self.model.vocabulary.keys() if len(word) > 1)
        return self.one_word(self.chance.choice(known), "little word") if known else None

    def prefix(self) -> Query | None:
        words = self.some_words(self.chance.choice(["title", "author", "abstract"]))
        long = [word for word in words if len(word) > 4]
        if not long:
            return None
        word = self.chance.choice(long)
        start = word[: self.chance.randint(3, len(word) - 1)]
        return None if start.lower() in self.model.little else self.one_word(start, "beginning of a word")

    def phrase(self, place: str, field: str = "") -> Query | None:
        """Two words in a row of a place, but of one name or tag, looked for in a field or anywhere."""
        pairs = [
            pair
            for part in self.work.text_in(place).split("; ")
            for pair in pairwise(part.split())
            if all(re.fullmatch(r"[A-Za-z]{2,}", word) for word in pair)
        ]
        if not pairs:
            return None
        chosen = " ".join(self.chance.choice(pairs))
        words = words_of(chosen)
        rows = self.rows(lambda work: work.has_phrase(words, field))
        if field:
            return Query(f'{field}:"{chosen}"', (f'{field}:"…"',), (rows,))
        return Query(f'"{chosen}"', (f"phrase in {place}",), (rows,))

    def in_field(self, name: str, field: str) -> Query | None:
        words = self.some_words(field)
        if not words:
            return None
        word = self.chance.choice(words)
        return Query(f"{name}:{word}", (f"{name}:",), (self.rows_with(word, field),))

    def rows_with(self, word: str, field: str) -> frozenset[int]:
        return frozenset(self.model.with_word(word, field))

    def group_in_field(self, name: str) -> Query | None:
        one, *more = self.some_words(name) or [""]
        others = self.words_in(self.any_work().text_in(name))
        if not one or not others:
            return None
        operator = self.chance.choice([" ", " OR ", " NOT "])
        other = self.chance.choice(more if operator == " " and more else others)
        with_one, with_other = self.rows_with(one, name), self.rows_with(other, name)
        rows = {" ": with_one & with_other, " OR ": with_one | with_other, " NOT ": with_one - with_other}
        return Query(f"{name}:({one}{operator}{other})", (f"{name}:(…)",), (rows[operator],))

    def number(self, name: str, field: str) -> Query | None:
        item = self.work.entry.item
        typed = next(iter(item.fields.get(field, "").split()), "")
        if not typed or "(" in typed or ")" in typed or not identifiers(item):
            return None
        wanted = bare(typed if field == "ISSN" else identifiers(item)[0])
        same = self.rows(lambda other: wanted in map(bare, identifiers(other.entry.item)))
        return Query(f"{name}:{typed}", (f"{name}:",), (same,))

    def years(self) -> Query | None:
        year, other = (work.entry.item.date.year for work in (self.work, self.any_work()))
        if not year or not other:
            return None
        first, last = sorted([year, other])
        text, low, high = self.chance.choice(
            [
                (f"{first}..{last}", first, last),
                (f"{year}..", year, 9999),
                (f"..{year}", 0, year),
                (str(year), year, year),
            ]
        )
        rows = self.rows(lambda work: (year := work.entry.item.date.year) is not None and low <= year <= high)
        return Query(f"year:{text}", ("year:",), (rows,))

    def type(self) -> Query | None:
        label = self.work.entry.line.type_label
        rows = self.rows(lambda work: work.entry.line.type_label == label)
        return Query(f'type:"{label}"' if " " in label else f"type:{label.lower()}", ("type:",), (rows,))

    def collection(self) -> Query | None:
        keys = sorted(self.model.values["collection"][self.row])
        if not keys:
            return None
        names = self.model.labels["collection"]
        name = names[self.chance.choice(keys)]
        same = {each for each, other in names.items() if words_of(other) == words_of(name)}
        if not words_of(name) or re.search(r"[^\w\s–-]", name):
            return None
        rows = frozenset(row for row, keys in enumerate(self.model.values["collection"]) if keys & same)
        return Query(f'collection:"{name}"', ("collection:",), (rows,))

    def any_file(self) -> Query | None:
        rows = self.rows(lambda work: bool(work.entry.terms["file"]))
        return Query("has:file", ("has:file",), (rows,)) if self.row in rows else None

    def value(self, name: str, facet: str) -> Query | None:
        """By what readers call it."""
        terms = self.work.entry.terms[facet]
        if not terms:
            return None
        label, slug = terms[0].label, terms[0].slug
        rows = self.rows(
            lambda work: any(
                term.slug == slug or words_of(term.label) == words_of(label)
                for term in work.entry.terms[facet]
            )
        )
        typed = f'"{label}"' if " " in label else label.lower()
        return Query(f"{name}:{typed}", (f"{name}:",), (rows,))

    def name_begun(self) -> Query | None:
        """The beginning of a word of the name, where nothing is called just that."""
        facet = self.chance.choice(["collection", "type", "library"])
        labels = self.model.labels[facet]
        own = [words_apart(labels[slug]) for slug in sorted(self.model.values[facet][self.row])]
        words = [word for words in own for word in words if re.fullmatch(r"[a-z]{4,}", word)]
        if not words:
            return None
        start = self.chance.choice(words)[: self.chance.choice([3, 4])]
        if any(start in (slug.lower(), plain(label)) for slug, label in labels.items()):
            return None
        named = {
            slug
            for slug, label in labels.items()
            if any(word.startswith(start) for word in words_apart(label))
        }
        rows = frozenset(row for row, values in enumerate(self.model.values[facet]) if values & named)
        return Query(f"{facet}:{start}", ("beginning of a name:",), (rows,))

    def unknown(self) -> Query | None:
        word = self.chance.choice(["xyzzyq", "qwzvk", "zzyzxq"])
        return Query(word, ("unknown word",), words=((word, frozenset()),), plain=True)

    def atom(self) -> Query:
        kinds = self.rarest_first([*self.atoms])
        return next(made for kind in kinds if (made := self.atoms[kind]()))

    def asked(self, turn: int) -> tuple[Query, Choices, str]:
        """Most of them have results: others are mostly thrown away."""
        while True:
            query = self.about_another(turn % 4)
            rows = self.found(query)
            choices = self.choices(rows) if turn % 2 else {}
            by = ORDERS[turn % len(ORDERS)]
            if self.model.chosen(rows, choices):
                self.seen.update(
                    {*query.kinds, *choice_kinds(choices), f"sort {by or 'relevance'}", "with results"}
                )
                return query, choices, by
            if self.chance.random() < 0.06:
                return query, choices, by

    def found(self, query: Query) -> frozenset[int]:
        rows = query.rows(self.model.little)
        if rows:
            return rows
        if rows is not None:
            longer = [found for word, found in query.words if len(word) > 3]
            is_longer = query.plain and 0 < len(longer) < len(query.words)
            return frozenset.intersection(*longer) if is_longer else rows
        return frozenset(self.model.called(query.text.split()) if query.plain else ())

    def query(self, depth: int) -> Query:
        if depth == 0 or self.chance.random() < 0.2:
            return self.atom()
        kind = self.rarest_first(OPERATORS)[0]
        one = self.about_another(depth - 1) if kind == "-" else self.query(depth - 1)
        other = self.about_another(depth - 1) if kind in ("NOT", "OR") else self.query(depth - 1)
        kinds = (*one.kinds, *other.kinds, kind)
        match kind:
            case "side by side":
                text = f"{one.within(1)} {other.within(1)}"
                return self.both(text, kinds, one, other, one.plain and other.plain)
            case "AND":
                return self.both(f"{one.within(1)} AND {other.within(1)}", kinds, one, other)
            case "OR":
                found = [rows for each in (one, other) if (rows := each.rows(self.model.little)) is not None]
                text = f"{one.text} OR {other.text}"
                return Query(text, kinds, (frozenset.union(*found),) if found else (), binding=0)
            case "NOT":
                without = self.without(other)
                text = f"{one.within(1)} NOT {other.within(2)}"
                return self.both(text, (*kinds, *without.kinds), one, without)
            case "-":
                without = self.without(one)
                text = f"-{one.within(2)} {other.within(1)}"
                return self.both(text, (*kinds, *without.kinds), without, other)
            case _:
                return self.both(f"({one.text}) ({other.text})", kinds, one, other)

    def about_another(self, depth: int) -> Query:
        row, self.row = self.row, self.chance.randrange(len(self.model.works))
        made = self.query(depth)
        self.row = row
        return made

    def without(self, query: Query) -> Query:
        rows = query.rows(self.model.little)
        kinds = ("NOT of several",) if query.binding < 2 else ()
        return Query("", kinds, () if rows is None else (self.everything - rows,))

    def both(
        self, text: str, kinds: tuple[str, ...], one: Query, other: Query, is_plain: bool = False
    ) -> Query:
        others, words = (*one.others, *other.others), (*one.words, *other.words)
        return Query(text, kinds, others, words, binding=1, plain=is_plain)

    def choices(self, rows: frozenset[int]) -> Choices:
        """Of up to three facets, some values that items have, mostly those of one that is found."""
        made: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        found = self.chance.choice(sorted(rows)) if rows else None
        for facet in self.rarest_first(self.kinds["facets"])[: self.chance.choice([1, 2, 2, 3])]:
            name = facet.removeprefix("facet ")
            values = sorted(set().union(*self.model.values[name]))
            if not values:
                continue
            wanted = tuple(self.chance.sample(values, min(len(values), self.chance.choice([0, 1, 2, 3]))))
            if found is not None and self.chance.random() < 0.8:
                own = sorted(self.model.values[name][found])
                wanted = tuple(dict.fromkeys([*wanted[1:], *own[:1]]))
            if name == "year" and self.chance.random() < 0.9:
                wanted = (self.chance.choice(["1990..2010", "..2015", "2000.."]),)
            unwanted = {self.chance.choice(values)} - {*wanted} if self.chance.random() < 0.3 else ()
            if wanted or unwanted:
                made[name] = wanted, tuple(unwanted)
        return made


def choice_kinds(choices: Choices) -> Iterator[str]:
    yield from (f"facet {name}" for name in choices)
    if any(len(wanted) > 1 for wanted, _ in choices.values()):
        yield "several values"
    if any(unwanted for _, unwanted in choices.values()):
        yield "without a value"
    if any(".." in value for wanted, _ in choices.values() for value in wanted):
        yield "range of years"
    if len(choices) > 1:
        yield "several facets"


LITTLE = ["with", "from", "that"]


def synthetic(file: Path) -> Context:
    """Two libraries, 300 works of words that have no endings in common, with all that can be searched for.

    file: that of every third work, by turns said to be a PDF, a book and a picture.
    """
    chance = random.Random("a library")
    sounds = [a + b for a in "bcdfghklmnprtvz" for b in "aou"]
    words = sorted({"".join(chance.choices(sounds, k=4)) + chance.choice("kmptx") for _ in range(400)})
    collections: dict[str, list[Any]] = {
        name: [
            make_collection(
                f"{name[:5].upper()}{number:03}",
                f"Shelf {word}",
                parent=f"{name[:5].upper()}{number // 3 - 1:03}" if number > 4 else None,
            )
            for number, word in enumerate(words[:9])
        ]
        for name in ("main", "second")
    }

    def some(least: int, most: int) -> list[str]:
        return chance.choices(words, k=chance.randint(least, most), weights=range(len(words), 0, -1))

    def sentence(least: int, most: int) -> str:
        text = some(least, most)
        if chance.random() < 0.3:
            text.insert(chance.randrange(len(text)), chance.choice(LITTLE))
        return " ".join(text).capitalize()

    def work(number: int, library: str) -> Any:
        year = chance.choice(["", *map(str, range(1950, 2021))])
        isbn = f"978{number:09}"
        check = -sum(int(digit) * weight for digit, weight in zip(isbn, (1, 3) * 6, strict=True)) % 10
        called = {0: "From", 1: "That with", 2: "With that from", 3: "Bakok from that with", 4: ""}
        return make_item(
            f"ITEM{number:04}",
            itemType=chance.choice(["book", "book", "journalArticle", "map", "bookSection"]),
            title=called.get(number, sentence(3, 7)),
            abstractNote=sentence(10, 40) + "." if number % 4 else "",
            creators=[
                {
                    "creatorType": chance.choice(["author", "author", "editor"]),
                    "firstName": some(1, 1)[0].title(),
                    "lastName": some(1, 1)[0].title(),
                }
                for _ in range(chance.randint(0, 4))
            ],
            tags=make_tags(*{" ".join(some(1, 2)) for _ in range(chance.randint(0, 4))}),
            collections=sorted(
                {chance.choice(collections[library])["key"] for _ in range(chance.randint(0, 2))}
            ),
            date=year,
            parsed_date=year,
            dateAdded=f"20{chance.randint(10, 26)}-0{chance.randint(1, 9)}-11T00:00:00Z",
            language=chance.choice(["en", "eng", "de", "", "fr-FR"]),
            DOI=f"10.{1000 + number % 7}/x{number}.{number % 9}" if number % 3 == 0 else "",
            ISBN=f"{isbn[:3]}-{isbn[3:8]}-{isbn[8:]}-{check}" if number % 5 == 0 else "",
            ISSN=f"1234-{number % 50:04}" if number % 4 == 0 else "",
            publicationTitle=sentence(1, 3) if number % 2 else "",
            publisher=sentence(1, 2) if number % 3 == 1 else "",
            series=sentence(1, 3) if number % 3 == 2 else "",
            callNumber=f"{some(1, 1)[0].upper()}.{number % 90}/{some(1, 1)[0]} {number}"
            if number % 5 < 2
            else "",
        )

    def note(number: int, parent: str | None) -> Any:
        return make_note(f"NOTE{number:04}", parent, f"<h1>{sentence(2, 4)}</h1><p>{sentence(8, 20)}.</p>")

    items = {
        "main": [work(n, "main") for n in range(200)],
        "second": [work(n, "second") for n in range(200, 300)],
    }
    types = ["application/pdf", "application/epub+zip", "image/png"]
    attachments = {
        name: [
            make_attachment(f"FILE{n:04}", each["key"], contentType=types[n % 4], filename=f"{n}.{n % 4}")
            for n, each in enumerate(all)
            if n % 4 < 3 and n % 3 == 0
        ]
        for name, all in items.items()
    }
    # Every twentieth by itself.
    notes = {
        name: [note(n, each["key"] if n % 20 else None) for n, each in enumerate(all) if n % 5 == 0]
        for name, all in items.items()
    }
    mirrors = {
        name: StubMirror(*items[name], *attachments[name], *notes[name], collections=collections[name])
        for name in items
    }
    files = {each["data"]["md5"]: file for all in attachments.values() for each in all}
    return context_of_libraries(site_config(), files, SelectRules(notes=True), **mirrors)


def real(shared: Path) -> Context:
    """A recorded library, with its notes."""
    mirror, config = recorded_mirror(shared, "group-1"), site_config()
    library = select(read_library(mirror, config, config.libraries[0]), SelectRules(notes=True))
    return make_context([library], config, Schema.from_json(mirror.schema(), "en"), {}, ())


def open_index(ctx: Context, folder: Path, serve: Callable[[Path], str], chromium: Browser) -> Page:
    write_folder(ctx, folder / "site", folder / "work")
    root = serve(folder / "site")
    names = {
        name: f"static/{next((folder / 'site/static').glob(f'search-{name}.*.js')).name}"
        for name in ("facets", "index", "query")
    }
    page = chromium.new_page()
    page.goto(f"{root}search/")
    page.evaluate(SETUP, [root, names])
    return page


def ask(page: Page, text: str, choices: Choices, by: str) -> Any:
    chosen = {
        name: {"any": list(wanted), "not": list(unwanted)} for name, (wanted, unwanted) in choices.items()
    }
    return page.evaluate("(asked) => window.search(...asked)", [text, chosen, by])


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str], chromium: Browser
) -> Iterator[tuple[Asker, Page]]:
    folder = tmp_path_factory.mktemp("synthetic")
    ctx = synthetic(a_file(folder))
    page = open_index(ctx, folder, serve, chromium)
    yield Asker(ctx, "synthetic"), page
    page.close()


def a_file(folder: Path) -> Path:
    path = folder / "a.pdf"
    path.write_bytes(b"%PDF-1.4")
    return path


def compare(asker: Asker, page: Page, number: int) -> None:
    """Put so many queries to both sides."""
    wrong = []
    for turn in range(number):
        query, choices, by = asker.asked(turn)
        found = ask(page, query.text, choices, by)
        rows = asker.found(query)
        expected = asker.model.chosen(rows, choices)
        asked = f"{query.text} {json.dumps(choices)} {by}"
        if set(found["rows"]) != expected:
            lacking, surplus = sorted(expected - set(found["rows"])), sorted(set(found["rows"]) - expected)
            wrong.append(f"{asked}: lacks {lacking[:5]}, has too much {surplus[:5]}")
        elif by and found["rows"] != asker.model.ordered(expected, by):
            wrong.append(f"{asked}: in another order, {found['rows'][:5]}")
        for facet in asker.model.values:
            counts = asker.model.counts(rows, choices, facet)
            if found["counts"].get(facet, {}) != counts:
                wrong.append(f"{asked}: other numbers of {facet}")
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong[:20]])


def test_random_queries_find_what_their_description_promises(made: tuple[Asker, Page]) -> None:
    asker, page = made
    compare(asker, page, 400)
    assert not {
        kind: asker.seen[kind] for kinds in asker.kinds.values() for kind in kinds if asker.seen[kind] < 10
    }
    assert asker.seen["with results"] >= 320


def test_random_queries_find_the_same_in_a_real_library(
    shared: Path, tmp_path: Path, serve: Callable[[Path], str], chromium: Browser
) -> None:
    ctx = real(shared)
    page = open_index(ctx, tmp_path, serve, chromium)
    asker = Asker(ctx, "group-1")
    compare(asker, page, 200)
    page.close()
    assert asker.seen["with results"] >= 160


def test_random_queries_find_the_same_in_an_index_of_parts(
    tmp_path: Path, serve: Callable[[Path], str], chromium: Browser
) -> None:
    ctx = synthetic(a_file(tmp_path))
    with in_parts(100):
        page = open_index(ctx, tmp_path, serve, chromium)
    assert len(list((tmp_path / "site/pagefind").rglob("*.pf_meta"))) == 4
    asker = Asker(ctx, "parts")
    compare(asker, page, 250)
    page.close()
    assert asker.seen["with results"] >= 200


@pytest.mark.parametrize("parts", [1, 4])
def test_the_beginning_of_a_word_is_enough_though_the_index_has_many_pieces(
    tmp_path: Path, serve: Callable[[Path], str], chromium: Browser, parts: int
) -> None:
    """Pagefind loads the piece in which the beginning would stand, and the words may go on in the next."""
    chance = random.Random("pieces")
    words = [f"harpo{''.join(ending)}" for ending in product("bcdfgkmpt", repeat=3)]
    items = [
        make_item(f"ITEM{number:04}", title="Whales", abstractNote=" ".join(chance.sample(words, 200)))
        for number in range(150 * parts)
    ]
    ctx = context(*items, make_item("LAST0000", title="Anchors", abstractNote="harpottttt"))
    with in_parts(150 if parts > 1 else 1000):
        page = open_index(ctx, tmp_path, serve, chromium)
    assert len(list((tmp_path / "site/pagefind").rglob("*.pf_index"))) > 2 * parts
    model = Model(ctx)
    # As one types on: the second waits for what the first has begun to load.
    asked = "(all) => Promise.all(all.map((typed) => window.search(typed, {}, '')))"
    found = page.evaluate(asked, ["harp", "harpo"])
    assert [set(each["rows"]) for each in found] == [model.with_word("harp"), model.with_word("harpo")]
    for typed in ("harpo", "harpot", "harp", "harpog", "harpottttt", *chance.sample(words, 5)):
        assert set(ask(page, typed, {}, "newest")["rows"]) == model.with_word(typed)
    page.close()


def test_a_little_word_that_is_tied_to_the_next_one_is_left_out(
    tmp_path: Path, serve: Callable[[Path], str], chromium: Browser
) -> None:
    config = site_config(site=SiteConfig("Un site", base_url="https://example.org/", language="fr"))
    titles = ["L’œuvre d’art", "Art et histoire", "Partir", "Eoin O’Neil"]
    items = [make_item(f"ITEM{number:04}", title=title) for number, title in enumerate(titles)]
    ctx = context(*items, config=config)
    page = open_index(ctx, tmp_path, serve, chromium)
    for query, found in [
        ("l'art", {"L’œuvre d’art", "Art et histoire"}),
        ("l’histoire de l’art", {"Art et histoire"}),
        ("title:l'œuvre", {"L’œuvre d’art"}),
        ("o'neil", {"Eoin O’Neil"}),
        ('"d\'art"', {"L’œuvre d’art"}),
    ]:
        assert {ctx.items[row].title for row in ask(page, query, {}, "newest")["rows"]} == found
    page.close()


# The parser alone


def word(text: str, field: str = "") -> dict[str, Any]:
    return {"op": "word", "text": text, "field": field}


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("whale", word("whale")),
        ("a b", {"op": "and", "parts": [word("a"), word("b")]}),
        ("a AND b", {"op": "and", "parts": [word("a"), word("b")]}),
        ("a and b", {"op": "and", "parts": [word("a"), word("and"), word("b")]}),
        ("a b OR c", {"op": "or", "parts": [{"op": "and", "parts": [word("a"), word("b")]}, word("c")]}),
        ("a (b OR c)", {"op": "and", "parts": [word("a"), {"op": "or", "parts": [word("b"), word("c")]}]}),
        ("a NOT b", {"op": "and", "parts": [word("a"), {"op": "not", "part": word("b")}]}),
        ("a -b", {"op": "and", "parts": [word("a"), {"op": "not", "part": word("b")}]}),
        ("NOT NOT a", {"op": "not", "part": {"op": "not", "part": word("a")}}),
        ("state-of-the-art", word("state-of-the-art")),
        ("(Bi0.85Nd0.15)(Ti0.1Fe0.9)O3", word("(Bi0.85Nd0.15)(Ti0.1Fe0.9)O3")),
        (
            "(a)(b) (c)-d",
            {"op": "and", "parts": [word("a"), word("b"), word("c"), {"op": "not", "part": word("d")}]},
        ),
        ("a - b", {"op": "and", "parts": [word("a"), word("b")]}),
        (
            '"two words" a',
            {"op": "and", "parts": [{"op": "phrase", "text": "two words", "field": ""}, word("a")]},
        ),
        ("„two words“", {"op": "phrase", "text": "two words", "field": ""}),
        ("title:whale", word("whale", "title")),
        ("Author:melville", word("melville", "author")),
        ("creator:melville", word("melville", "author")),
        ("-tag:old", {"op": "not", "part": word("old", "tag")}),
        ('title:"white whale"', {"op": "phrase", "text": "white whale", "field": "title"}),
        ("title:(a OR b)", {"op": "or", "parts": [word("a", "title"), word("b", "title")]}),
        ("genre:novel", word("genre:novel")),
        ("doi:https://doi.org/10.1000/182", word("10.1000/182", "id")),
        ("doi:10.1016/S0140-6736(20)30183-5", word("10.1016/S0140-6736(20)30183-5", "id")),
        ("isbn:0-306-40615-2", word("0306406152", "id")),
        ("issn:0028-0836", word("00280836", "id")),
        ("year:1851", {"op": "years", "from": 1851, "to": 1851}),
        ("year:1850..1860", {"op": "years", "from": 1850, "to": 1860}),
        ("year:1860..1850", {"op": "years", "from": 1850, "to": 1860}),
        ("year:1850..", {"op": "years", "from": 1850, "to": None}),
        ("year:..-43", {"op": "years", "from": None, "to": -43}),
        ("type:book", {"op": "value", "facet": "type", "text": "book"}),
        ("has:pdf", {"op": "value", "facet": "file", "text": "pdf"}),
        ("", None),
        ("?!", None),
    ],
)
def test_a_query_is_read_as_described(made: tuple[Asker, Page], typed: str, tree: Any) -> None:
    assert read(made[1], typed) == {"tree": tree, "problems": []}


@pytest.mark.parametrize(
    ("typed", "tree", "problems"),
    [
        ("(a b", {"op": "and", "parts": [word("a"), word("b")]}, ["paren"]),
        ("a) b", {"op": "and", "parts": [word("a"), word("b")]}, ["paren"]),
        ('"a b', {"op": "and", "parts": [word("a"), word("b")]}, ["quote"]),
        (
            'the 12" "long play"',
            {
                "op": "and",
                "parts": [word("the"), word("12"), {"op": "phrase", "text": "long play", "field": ""}],
            },
            ["quote"],
        ),
        ("a OR", word("a"), ["operator"]),
        ("OR a", word("a"), ["operator"]),
        ("a OR OR b", {"op": "or", "parts": [word("a"), word("b")]}, ["operator"]),
        ("a AND", word("a"), ["operator"]),
        ("NOT", None, ["operator"]),
        ("title: whale", {"op": "and", "parts": [word("title:"), word("whale")]}, ["empty"]),
        ("a year:long", word("a"), ["year"]),
        ("a ()", word("a"), []),
        ("(((((a", word("a"), ["paren"]),
    ],
)
def test_a_mistake_is_named_and_the_rest_still_read(
    made: tuple[Asker, Page], typed: str, tree: Any, problems: list[str]
) -> None:
    found = read(made[1], typed)
    assert found["tree"] == tree
    assert [problem["code"] for problem in found["problems"]] == problems


def test_nothing_that_can_be_typed_breaks_the_parser(made: tuple[Asker, Page]) -> None:
    chance = random.Random("typing")
    pieces = [
        "(",
        ")",
        '"',
        "-",
        "OR",
        "AND",
        "NOT",
        " ",
        " ",
        "title:",
        "year:",
        "x",
        "whale",
        "..",
        "“",
        "漢字",
        "\\",
        "|",
    ]
    typed = ["".join(chance.choices(pieces, k=chance.randint(1, 14))) for _ in range(3000)]
    made[1].evaluate("(all) => all.forEach((text) => window.parseQuery(text))", typed)


def read(page: Page, typed: str) -> Any:
    found = page.evaluate("(text) => window.parseQuery(text)", typed)
    return {"tree": found["tree"], "problems": found["problems"]}

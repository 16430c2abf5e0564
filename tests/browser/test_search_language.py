"""The query language and the facets, held against a model that follows their description, not their code."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from builders import StubMirror, make_attachment, make_collection, make_item, make_tags, recorded_mirror
from playwright.sync_api import Browser, Page
from searching import in_parts
from searchmodel import Choices, Model, plain, words_of
from sitepages import context, context_of_libraries, site_config
from test_search_browser import write_folder

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


# "Customization" and "customer" are forms of "custom" for the stemmer.
DOUBLE_ENDING = re.compile(r"(iz|is|at|ab|iv|ous|ful|less|al)(ation|ional|ity|eness|ness|ly|ing)s?$")
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


def bare(number: str) -> str:
    return re.sub(r"\W", "", number).lower()


class Asker:
    """Makes random queries about a library, most of them with results."""

    def __init__(self, ctx: Context, seed: str) -> None:
        self.chance = random.Random(seed)
        self.ctx = ctx
        self.model = Model(ctx)
        self.everything = frozenset(range(len(self.model.works)))
        known = Counter(word for work in self.model.works for word in work.all_words)
        self.vocabulary = known
        self.atoms: dict[str, Callable[[], Query | None]] = {
            "word": self.word,
            "little": self.little,
            "prefix": self.prefix,
            "phrase": self.phrase,
            "title:": lambda: self.in_field("title", "title"),
            "author:": lambda: self.in_field("author", "author"),
            "creator:": lambda: self.in_field("creator", "author"),
            "tag:": lambda: self.in_field("tag", "tag"),
            "title phrase": lambda: self.phrase("title"),
            "doi:": lambda: self.number("doi", "DOI"),
            "isbn:": lambda: self.number("isbn", "ISBN"),
            "issn:": lambda: self.number("issn", "ISSN"),
            "year:": self.years,
            "type:": self.type,
            "collection:": self.collection,
            "language:": lambda: self.value("language", "language"),
            "library:": lambda: self.value("library", "library"),
            "has:": lambda: self.value("has", "file"),
            "unknown": self.unknown,
            "no field": self.no_field,
        }

    def rows(self, test: Callable[[Any], bool]) -> frozenset[int]:
        return frozenset(self.model.rows(test))

    def usable(self, words: list[str]) -> list[str]:
        """Plain words that mean one thing, endings or not: nothing else in the library begins alike."""
        return [word for word in words if self.is_rigid(word)]

    def is_rigid(self, word: str) -> bool:
        """No other form of the word occurs, so that the stemmer cannot matter."""
        if not re.fullmatch(r"[a-z]{4,}|\d{4}", word):
            return False
        length = max(2, len(word) - 6)
        stem = word[: min(4, length) if DOUBLE_ENDING.search(word) else length]
        return all(
            other.startswith(word) or not other.startswith(stem) or other.isdigit()
            for other in self.vocabulary
        )

    def some_words(self, field: str) -> list[str]:
        work = self.chance.choice(self.model.works)
        return self.usable(sorted({plain(word) for word in re.findall(r"[A-Za-z]+", work.fields[field])}))

    def word(self) -> Query | None:
        words = self.some_words(
            self.chance.choice(["title", "author", "tag", "venue", "shelf", "notes", "abstract"])
        )
        if not words:
            return None
        word = self.chance.choice(words)
        return self.one_word(word, "word")

    def one_word(self, word: str, kind: str) -> Query:
        rows = self.rows(lambda work: work.has_word(word))
        return Query(word, (kind,), words=((word, rows),), plain=True)

    def no_field(self) -> Query | None:
        """Its words are looked for all the same."""
        word = self.word()
        return word and replace(word, text=f"publisher:{word.text}", kinds=("no field",))

    def little(self) -> Query | None:
        """Those that the stemmer leaves alone."""
        known = [word for word in sorted(self.model.little & self.vocabulary.keys()) if self.is_rigid(word)]
        return self.one_word(self.chance.choice(known), "little") if known else None

    def prefix(self) -> Query | None:
        words = self.some_words("title") or self.some_words("author")
        long = [word for word in words if len(word) > 6]
        if not long:
            return None
        start = self.chance.choice(long)[: self.chance.choice([4, 5])]
        forms = {other for other in self.vocabulary if other.startswith(start[:3])}
        if not all(other.startswith(start) for other in forms) or start.endswith(
            ("e", "y", "s", "ing", "ed", "i", "l")
        ):
            return None
        return self.one_word(start, "prefix")

    def phrase(self, field: str = "") -> Query | None:
        work = self.chance.choice(self.model.works)
        text = work.fields[field or self.chance.choice(["title", "abstract", "title"])]
        typed = text.split()
        pairs = [
            pair
            for pair in pairwise(typed)
            if all(re.fullmatch(r"[A-Za-z]{2,}", word) for word in pair)
            and all(self.is_rigid(plain(word)) for word in pair)
        ]
        if not pairs:
            return None
        chosen = " ".join(self.chance.choice(pairs))
        words = words_of(chosen)
        rows = self.rows(lambda work: work.has_phrase(words, field))
        prefix = f"{field}:" if field else ""
        return Query(f'{prefix}"{chosen}"', ("title phrase" if field else "phrase",), (rows,))

    def in_field(self, name: str, field: str) -> Query | None:
        words = self.some_words(field)
        if not words:
            return None
        word = self.chance.choice(words)
        return Query(f"{name}:{word}", (f"{name}:",), (self.rows(lambda work: work.has_word(word, field)),))

    def number(self, name: str, field: str) -> Query | None:
        with_one = [work for work in self.model.works if work.entry.item.fields.get(field)]
        if not with_one:
            return None
        work = self.chance.choice(with_one)
        typed = work.entry.item.fields[field].split()[0]
        if "(" in typed or ")" in typed or not identifiers(work.entry.item):
            return None
        wanted = bare(typed if field == "ISSN" else identifiers(work.entry.item)[0])
        same = self.rows(lambda other: wanted in map(bare, identifiers(other.entry.item)))
        return Query(f"{name}:{typed}", (f"{name}:",), (same,))

    def years(self) -> Query | None:
        known = sorted({work.entry.item.date.year for work in self.model.works if work.entry.item.date.year})
        first, last = sorted(self.chance.choices(known, k=2))
        text, low, high = self.chance.choice(
            [
                (f"{first}..{last}", first, last),
                (f"{first}..", first, 9999),
                (f"..{last}", 0, last),
                (str(first), first, first),
            ]
        )
        rows = self.rows(lambda work: (year := work.entry.item.date.year) is not None and low <= year <= high)
        return Query(f"year:{text}", ("year:",), (rows,))

    def type(self) -> Query | None:
        entry = self.chance.choice(self.model.works).entry
        label = entry.line.type_label
        rows = self.rows(lambda work: work.entry.line.type_label == label)
        return Query(f'type:"{label}"' if " " in label else f"type:{label.lower()}", ("type:",), (rows,))

    def collection(self) -> Query | None:
        key = self.chance.choice(sorted(self.model.collection_names))
        name = self.model.collection_names[key]
        same = {
            each for each, other in self.model.collection_names.items() if words_of(other) == words_of(name)
        }
        if not words_of(name) or re.search(r"[^\w\s–-]", name):
            return None
        rows = frozenset(row for row, keys in enumerate(self.model.values["collection"]) if keys & same)
        return Query(f'collection:"{name}"', ("collection:",), (rows,))

    def value(self, name: str, facet: str) -> Query | None:
        """By what readers call it; "file" is any file."""
        having = [work.entry.terms[facet] for work in self.model.works if work.entry.terms[facet]]
        if not having:
            return None
        terms = self.chance.choice(having)
        if facet == "file" and self.chance.random() < 0.5:
            rows = self.rows(lambda work: bool(work.entry.terms["file"]))
            return Query("has:file", ("has:",), (rows,))
        label, slug = terms[0].label, terms[0].slug
        rows = self.rows(
            lambda work: any(
                term.slug == slug or words_of(term.label) == words_of(label)
                for term in work.entry.terms[facet]
            )
        )
        typed = f'"{label}"' if " " in label else label.lower()
        return Query(f"{name}:{typed}", (f"{name}:",), (rows,))

    def unknown(self) -> Query | None:
        word = self.chance.choice(["xyzzyq", "qwzvk", "zzyzxq"])
        return Query(word, ("unknown",), words=((word, frozenset()),), plain=True)

    def atom(self) -> Query:
        while True:
            name = self.chance.choice(list(self.atoms))
            if made := self.atoms[name]():
                return made

    def asked(self, turn: int) -> tuple[Query, Choices]:
        """Most of them have results: others are mostly thrown away."""
        while True:
            query = self.query(turn % 4)
            rows = self.found(query)
            choices = self.choices(rows) if turn % 2 else {}
            if self.model.chosen(rows, choices) or self.chance.random() < 0.06:
                return query, choices

    def found(self, query: Query) -> frozenset[int]:
        rows = query.rows(self.model.little)
        if rows is not None:
            return rows
        return frozenset(self.model.called(query.text.split()) if query.plain else ())

    def query(self, depth: int) -> Query:
        if depth == 0 or self.chance.random() < 0.2:
            return self.atom()
        kind = self.chance.choice(["and", "AND", "or", "not", "minus", "group"])
        one, other = self.query(depth - 1), self.query(depth - 1)
        kinds = (*one.kinds, *other.kinds, kind)
        match kind:
            case "and":
                text = f"{one.within(1)} {other.within(1)}"
                return self.both(text, kinds, one, other, one.plain and other.plain)
            case "AND":
                return self.both(f"{one.within(1)} AND {other.within(1)}", kinds, one, other)
            case "or":
                found = [rows for each in (one, other) if (rows := each.rows(self.model.little)) is not None]
                text = f"{one.text} OR {other.text}"
                return Query(text, kinds, (frozenset.union(*found),) if found else (), binding=0)
            case "not":
                return self.both(f"{one.within(1)} NOT {other.within(2)}", kinds, one, self.without(other))
            case "minus":
                return self.both(f"-{one.within(2)} {other.within(1)}", kinds, self.without(one), other)
            case _:
                return self.both(f"({one.text}) ({other.text})", kinds, one, other)

    def without(self, query: Query) -> Query:
        rows = query.rows(self.model.little)
        return Query("", (), () if rows is None else (self.everything - rows,))

    def both(
        self, text: str, kinds: tuple[str, ...], one: Query, other: Query, is_plain: bool = False
    ) -> Query:
        others, words = (*one.others, *other.others), (*one.words, *other.words)
        return Query(text, kinds, others, words, binding=1, plain=is_plain)

    def choices(self, rows: frozenset[int]) -> Choices:
        """Of up to three facets, some values that items have, mostly those of one that is found."""
        made: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        found = self.chance.choice(sorted(rows)) if rows else None
        for name in self.chance.sample(sorted(self.model.values), self.chance.choice([0, 1, 1, 2, 3])):
            values = sorted(set().union(*self.model.values[name]))
            if not values:
                continue
            wanted = tuple(self.chance.sample(values, min(len(values), self.chance.choice([0, 1, 2, 3]))))
            if found is not None and self.chance.random() < 0.8:
                own = sorted(self.model.values[name][found])
                wanted = tuple(dict.fromkeys([*wanted[1:], *own[:1]]))
            if name == "year" and self.chance.random() < 0.6:
                wanted = (self.chance.choice(["1990..2010", "..2015", "2000.."]),)
            made[name] = (
                wanted,
                tuple({self.chance.choice(values)} - set(wanted)) if self.chance.random() < 0.3 else (),
            )
        return made


LITTLE = ["with", "from", "that"]


def synthetic(file: Path) -> Context:
    """Two libraries, 300 works of words that have no endings in common, with all that can be searched for.

    file: a PDF, that of every fourth work.
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
        )

    items = {
        "main": [work(n, "main") for n in range(200)],
        "second": [work(n, "second") for n in range(200, 300)],
    }
    attachments = {
        name: [make_attachment(f"FILE{n:04}", each["key"]) for n, each in enumerate(all) if n % 4 == 0]
        for name, all in items.items()
    }
    mirrors = {
        name: StubMirror(*items[name], *attachments[name], collections=collections[name]) for name in items
    }
    files = {each["data"]["md5"]: file for all in attachments.values() for each in all}
    return context_of_libraries(site_config(), files, **mirrors)


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


def compare(asker: Asker, page: Page, number: int) -> Counter[str]:
    """Put so many queries to both sides; gives how often each operator was asked for with results."""
    seen: Counter[str] = Counter()
    wrong = []
    for turn in range(number):
        query, choices = asker.asked(turn)
        by = ORDERS[turn % len(ORDERS)]
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
        if expected:
            facets = [f"facet {name}" for name in choices]
            seen.update({*query.kinds, *facets, f"sort {by or 'relevance'}", "with results"})
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong[:20]])
    return seen


def test_random_queries_find_what_their_description_promises(made: tuple[Asker, Page]) -> None:
    asker, page = made
    seen = compare(asker, page, 400)
    rare = {
        kind: seen[kind]
        for kind in [
            *asker.atoms,
            *("and", "AND", "or", "not", "minus", "group"),
            *(f"facet {name}" for name in asker.model.values),
            *(f"sort {by or 'relevance'}" for by in ORDERS),
        ]
        if seen[kind] < 10
    }
    assert not rare
    assert seen["with results"] >= 320


def test_random_queries_find_the_same_in_a_real_library(
    shared: Path, tmp_path: Path, serve: Callable[[Path], str], chromium: Browser
) -> None:
    mirror, config = recorded_mirror(shared, "group-1"), site_config()
    library = select(read_library(mirror, config, config.libraries[0]), config.libraries[0].select)
    ctx = make_context([library], config, Schema.from_json(mirror.schema(), "en"), {}, ())
    page = open_index(ctx, tmp_path, serve, chromium)
    seen = compare(Asker(ctx, "group-1"), page, 200)
    page.close()
    assert seen["with results"] >= 160


def test_random_queries_find_the_same_in_an_index_of_parts(
    tmp_path: Path, serve: Callable[[Path], str], chromium: Browser
) -> None:
    ctx = synthetic(a_file(tmp_path))
    with in_parts(100):
        page = open_index(ctx, tmp_path, serve, chromium)
    assert len(list((tmp_path / "site/pagefind").rglob("*.pf_meta"))) == 4
    seen = compare(Asker(ctx, "parts"), page, 250)
    page.close()
    assert seen["with results"] >= 200


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
    for typed in ("harpo", "harpot", "harp", "harpog", "harpottttt", *chance.sample(words, 5)):
        assert set(ask(page, typed, {}, "newest")["rows"]) == model.rows(
            lambda work, typed=typed: work.has_word(typed)
        )
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

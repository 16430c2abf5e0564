"""What may be published -> records -> the search index of the site, as files to copy.

Pagefind finds; the columns beside its index order and describe what is found. Both go by the id that Pagefind
gives to a result, so a column can be added without touching the index.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import escape

from zstatic import pagefind
from zstatic.bundles import Index, Task, bundle_folder, digest, remove_others
from zstatic.disk import is_plain_folder, remove_tree, write_atomically
from zstatic.facets import FACETS, collection_slug
from zstatic.fulltext import FileText
from zstatic.indexers import Start
from zstatic.library import Creator, Item
from zstatic.littlewords import compared_words, little_words
from zstatic.outputs import Copy
from zstatic.pagefind import Document
from zstatic.pages.context import Context, Entry, file_kind, short_list
from zstatic.richtext import abstract_text, note_text, plain
from zstatic.shards import number_of, shard_count
from zstatic.sorting import sort_key
from zstatic.spelling import vocabulary
from zstatic.urls import compared_url, doi, isbns, item_name

JSON = Any
# Waits until an index is made, and gives its files.
Finish = Callable[[], tuple[Copy, ...]]

FOLDER = "pagefind/"
POINTER = "zstatic.json"

# Below so many items even a word that is in all of them is found at once.
_COMMON_FROM = 2000
_COMMON_SHARE = 0.4
_COMMON_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Record:
    """An item as the search knows it.

    document: what is searched; its url is the path of the item's page.
    title_html, creators: what results show where the document's own title and creators do not say it, or "".
    file_kind: of its first file, "PDF"; "" = no file.
    title_key, creator_key: for sorting; "" sorts last. added: when, "2026-11-20T17:55:05Z".
    web: the address of the work itself, as addresses are compared; "" = none.
    key: what the item is called in lists of items, see `item_name`. file_name: of its first file, "" = none.
    """

    document: Document
    item_type: str
    title_html: str
    creators: str
    file_kind: str
    year: int | None
    title_key: str
    creator_key: str
    added: str
    web: str = ""
    key: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class FacetColumn:
    """The values of a facet, in the order of lists, and for each record which ones it has.

    parents: of a tree, the place of each value's parent or -1; else empty.
    """

    name: str
    slugs: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    parents: tuple[int, ...] = ()


def records(ctx: Context) -> tuple[Record, ...]:
    """One record for each item that has a page, in the site's order."""
    return tuple(_record(entry, ctx) for entry in ctx.items)


def facet_columns(ctx: Context) -> tuple[FacetColumn, ...]:
    """One for each facet that has values, its rows in the order of `records`."""
    columns = [
        _collection_column(ctx) if name == "collection" else _facet_column(ctx, name) for name in FACETS
    ]
    return tuple(column for column in columns if column.slugs)


def _facet_column(ctx: Context, name: str) -> FacetColumn:
    groups = ctx.groups[name]
    place = {group.term.slug: number for number, group in enumerate(groups)}
    return FacetColumn(
        name,
        tuple(group.term.slug for group in groups),
        tuple(group.term.label for group in groups),
        tuple(tuple(dict.fromkeys(place[term.slug] for term in entry.terms[name])) for entry in ctx.items),
    )


def _collection_column(ctx: Context) -> FacetColumn:
    """The whole tree, as it is read; an item is filed where Zotero says, its parents are for search.js."""
    nodes = [node for node in ctx.collections.values() if node.subtree]
    place = {collection_slug(node.library.slug, node.key): number for number, node in enumerate(nodes)}
    above = [
        ctx.collections[node.library.slug, node.key].library.collections[node.key].parent for node in nodes
    ]
    return FacetColumn(
        "collection",
        tuple(place),
        tuple(node.name for node in nodes),
        tuple(tuple(place[term.slug] for term in entry.terms["collection"]) for entry in ctx.items),
        tuple(
            place[collection_slug(node.library.slug, parent)] if parent else -1
            for node, parent in zip(nodes, above, strict=True)
        ),
    )


def start_index(
    records: Sequence[Record], language: str, work: Path, start: Start, facets: Sequence[FacetColumn] = ()
) -> Finish:
    """Begin to make the search index; gives what makes its files, for the site's folder `pagefind/`.

    No files for no records. language: of the site, "en" or "pt-BR". work: a folder of our own, kept between
    builds. When no document changed, Pagefind is not started; when one did, the files are the same as from an
    empty folder. Starting and finishing raise SearchError.
    """
    if not records:
        return lambda: ()
    count = 1 if len(records) <= _ONE_INDEX else shard_count(len(records), _ITEMS_EACH)
    parts = list(_parts([record.document.url for record in records], count).values())
    tasks = [
        _part_task([records[row].document for row in rows], _stemmer(language), number, work)
        for number, rows in enumerate(parts)
    ]
    waiting = [start(task) for task in tasks]
    files, names = _columns(records, facets, parts, little_words(language))

    def finish() -> tuple[Copy, ...]:
        indexes = [wait() for wait in waiting]
        remove_others(work / _PARTS, [task.folder.name for task in tasks[1:]])
        columns = files | {POINTER: _json(_pointer(names, indexes))}
        _write_columns(columns, work / "columns")
        copies = [
            Copy(FOLDER + name, work / "columns" / name, digest(text)) for name, text in columns.items()
        ]
        for number, (task, index) in enumerate(zip(tasks, indexes, strict=True)):
            copies += _copies(FOLDER + _part_folder(number), task.folder, index, with_engine=not number)
        return tuple(sorted(copies, key=lambda copy: copy.path))

    return finish


# One index answers best. Above so many items it takes much memory to make and long to search; parts of it are
# made side by side and searched faster, and an edit touches one of them.
_ONE_INDEX = 30_000
_ITEMS_EACH = 15_000
# What Pagefind takes for an item with an abstract.
_BYTES_EACH = 120_000
_PARTS = "parts"


def _parts(names: Iterable[str], count: int) -> dict[int, list[int]]:
    """The rows of each part that has any; a row stays in its part while their number stays."""
    parts: dict[int, list[int]] = {}
    for row, name in enumerate(names):
        parts.setdefault(number_of(name) & (count - 1), []).append(row)
    return dict(sorted(parts.items()))


def _part_task(documents: Sequence[Document], stemmer: str, number: int, work: Path) -> Task:
    digests = tuple(_document_digest(document) for document in documents)
    memory = _BYTES_EACH * len(documents)
    if not number:
        return Task(work, stemmer, digests, partial(tuple, documents), memory)
    # The ids of results begin with the language, so with one of its own no part can have an id of another.
    language = f"{stemmer}-x-{number}"
    return Task(work / _PARTS / str(number), language, digests, partial(tuple, documents), memory)


def _part_folder(number: int) -> str:
    """Of a part, below the folder of the index; the first one is that."""
    return f"{number}/" if number else ""


def _stemmer(language: str) -> str:
    return language.split("-")[0].lower()


def _copies(place: str, work: Path, index: Index, *, with_engine: bool = True) -> list[Copy]:
    """place: folder in the site. work: of the bundle. with_engine: False = without what searches in it."""
    return [
        Copy(place + name, bundle_folder(work) / name, file.digest)
        for name, file in index.files.items()
        if with_engine or not name.endswith(_ENGINE)
    ]


_ENGINE = (".js", ".pagefind")


def _document_digest(document: Document) -> str:
    parts = [document.url, document.content, *sorted(document.meta.items())]
    return digest(json.dumps(parts, ensure_ascii=False).encode())


# Files


def start_files_index(files: Sequence[FileText], language: str, work: Path, start: Start) -> Finish:
    """Begin to make the index of what stands inside the published files, for `pagefind/files/`.

    As `start_index`, but in parts, each of which is indexed in bounded memory; a file stays in its part
    while their number stays.
    """
    count = shard_count(sum(file.words for file in files), _WORDS_EACH)
    rows_of = _parts([file.path for file in files], count)
    parts = {str(number): [files[row] for row in rows] for number, rows in rows_of.items()}
    waiting = {
        name: start(_files_task(part, _stemmer(language), work / name)) for name, part in parts.items()
    }

    def finish() -> tuple[Copy, ...]:
        copies: list[Copy] = []
        columns = []
        for name, part in parts.items():
            index = waiting[name]()
            rows = {result_id: (file.row, file.path) for result_id, file in zip(index.ids, part, strict=True)}
            columns.append(
                {"folder": name, "build": index.fingerprint[:16], "meta": _meta(index), "files": rows}
            )
            copies += _copies(f"{FILES_FOLDER}{name}/", work / name, index)
        remove_others(work, list(parts))
        if not columns:
            return ()
        content = _json({"parts": columns})
        write_atomically(work / POINTER, content)
        copies.sort(key=lambda copy: copy.path)
        return (*copies, Copy(FILES_POINTER, work / POINTER, digest(content)))

    return finish


FILES_FOLDER = "pagefind/files/"
FILES_POINTER = FILES_FOLDER + POINTER
# Pagefind takes 350 MB for each million words.
_WORDS_EACH = 2_000_000
_BYTES_A_WORD = 350


def _files_task(part: Sequence[FileText], stemmer: str, folder: Path) -> Task:
    digests = tuple(digest(f"{file.path} {file.fingerprint}".encode()) for file in part)
    memory = _BYTES_A_WORD * sum(file.words for file in part)
    return Task(folder, stemmer, digests, partial(_file_documents, tuple(part)), memory)


def _file_documents(part: Sequence[FileText]) -> Iterator[Document]:
    for file in part:
        pages = tuple(indexed(page) for page in file.pages())
        if file.has_pages:
            # What was kept may have been damaged since it was counted.
            yield Document(file.path, "", {}, pages if any(pages) else (file.path,))
        else:
            yield Document(file.path, pages[0], {})


# Records


def _record(entry: Entry, ctx: Context) -> Record:
    item, language = entry.item, ctx.config.site.language
    creators = _main_first(item.creators)
    names = list(dict.fromkeys(creator.name for creator in creators if creator.name))
    abstract = abstract_text(item.fields.get("abstractNote", ""))
    shelf = [plain(item.fields[name]) for name in _SHELF if item.fields.get(name)]
    notes = [note_text(note.html) for note in item.notes]
    meta = {
        "title": indexed(entry.title),
        "creators": indexed("; ".join(names)),
        "year": entry.year,
        "venue": indexed(entry.container),
        "shelf": indexed("; ".join(text for text in dict.fromkeys(shelf) if text != entry.container)),
        "tags": indexed("; ".join(item.tags)),
        "ids": " ".join(identifiers(item)),
        # Apart, so that a search within one field finds the other spellings, too.
        "title_alias": " ".join(_aliases([entry.title])),
        "creators_alias": " ".join(_aliases(names)),
        "tags_alias": " ".join(_aliases(item.tags)),
        "alias": " ".join(_aliases([entry.container, *shelf], " ".join([abstract, *notes]))),
    }
    # The title is searched as metadata already; as content it would only repeat itself under each result.
    content = indexed(divided(_with_notes(abstract, notes))) or meta["title"]
    if not re.search(r"[^\W_]", content):
        content = f"{content} {item.key}".strip()
    return Record(
        document=Document(entry.path, content, {name: text for name, text in meta.items() if text}),
        item_type=item.item_type,
        title_html=str(entry.title_html) if entry.title_html != escape(joined(meta["title"])) else "",
        creators=entry.creators if entry.creators != short_list(names, ctx.words) else "",
        file_kind=file_kind(entry.files[0].media_type) if entry.files else "",
        year=item.date.year,
        title_key=sort_key(entry.title, language) if item.title else "",
        creator_key=sort_key(creators[0].sort_name, language) if creators else "",
        added=item.date_added,
        web=compared_url(item.fields.get("url", "")),
        key=item_name(entry.library.slug, item.key),
        file_name=entry.files[0].name if entry.files else "",
    )


# Where a work stands, beside its container.
_SHELF = ("publisher", "series", "seriesTitle", "callNumber")
_NOTES_SIGN = "¶"


def _with_notes(abstract: str, notes: Sequence[str]) -> str:
    """An abstract and the published notes after a sign, at which search-result.js divides them."""
    text = " ".join(" ".join(notes).replace(_NOTES_SIGN, " ").split())
    return f"{abstract} {_NOTES_SIGN} {text}".strip() if text else abstract


def _main_first(creators: Iterable[Creator]) -> list[Creator]:
    """Authors, or else those in the first one's role, then the others."""
    named = [creator for creator in creators if creator.name]
    roles = [creator.role for creator in named]
    main = "author" if "author" in roles or not roles else roles[0]
    return sorted(named, key=lambda creator: creator.role != main)


# Identifiers

_EXTRA_LINE = re.compile(r"(?im)^[^\S\n]*(doi|isbn|issn|pmid|pmcid|arxiv|citation key)[^\S\n]*[:=](.+)$")
_DOI_END = 8
_LIKE_ISBN = re.compile(r"(?<![\dXx-])(?:\d[- ]?){9}(?:(?:\d[- ]?){3})?\d(?![\dXx-])")
_LIKE_ISSN = re.compile(r"(?<![\dXx-])\d{4}-?\d{3}[\dXx](?![\dXx-])")
_ARXIV = re.compile(r"(?i)(?:arxiv:\s*)?((\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?)")


def identifiers(item: Item) -> tuple[str, ...]:
    """What an item may be asked for by: DOI, ISBN of both lengths, ISSN, PMID, PMCID, arXiv, citation key."""
    fields = item.fields
    named = [
        ("doi", fields.get("DOI", "")),
        ("isbn", fields.get("ISBN", "")),
        ("issn", fields.get("ISSN", "")),
        ("pmid", fields.get("PMID", "")),
        ("pmcid", fields.get("PMCID", "")),
        ("arxiv", fields.get("archiveID", "")),
        ("citation key", fields.get("citationKey", "")),
        *((match[1].lower(), match[2].strip()) for match in _EXTRA_LINE.finditer(fields.get("extra", ""))),
    ]
    return tuple(dict.fromkeys(found for name, text in named if text for found in _identifier(name, text)))


def _identifier(name: str, text: str) -> Iterator[str]:
    match name:
        case "doi":
            if number := doi(text):
                yield number
                # What publishers call the file: Pagefind does not find an end of a word.
                yield from (end for end in [number.partition("/")[2]] if len(end) >= _DOI_END)
        case "isbn":
            for number in isbns(text):
                yield from (number, _other_isbn(number))
            # Publishers print wrong ones, too, and readers copy them.
            yield from (re.sub(r"\D", "", number) for number in _LIKE_ISBN.findall(text))
        case "issn":
            yield from _LIKE_ISSN.findall(text.translate(_PLAIN_SIGNS))
        case "arxiv":
            if arxiv := _ARXIV.match(text):
                yield from (arxiv[2], arxiv[1])
        case _:
            yield from text.split()[:1]


def _other_isbn(number: str) -> str:
    """An ISBN-10 as ISBN-13 and the other way round; a 979 one, which has no short form, as it is."""
    if len(number) == 13:
        if not number.startswith("978"):
            return number
        rest = (
            -sum(int(digit) * weight for digit, weight in zip(number[3:12], range(10, 1, -1), strict=True))
            % 11
        )
        return number[3:12] + ("X" if rest == 10 else str(rest))
    digits = "978" + number[:9]
    return digits + str(
        -sum(int(digit) * weight for digit, weight in zip(digits, (1, 3) * 6, strict=True)) % 10
    )


# Words that are written in more than one way. search.js folds what a reader types in the same manner.

_FOLD = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
# Pagefind finds the parts of a word only where ASCII signs divide it.
_SIGNS = dict.fromkeys("‘’ʼ′", "'") | dict.fromkeys("‐‑‒–−", "-") | {sign: f" {sign} " for sign in "—―…·•†×"}
_PLAIN_SIGNS = str.maketrans(_SIGNS)
_DIVIDED = re.compile(rf"(?<=\w)[{''.join(_SIGNS)}](?=\w)")
# A letter for Pagefind, for the sake of C++.
_PLUS = re.compile(r"(?<=\w)\+(?=\w)")


def _aliases(short: Iterable[str], long: str = "") -> list[str]:
    """Other spellings of the words that Pagefind would take for different ones.

    short: titles and names, also spelt the German way (Mueller).
    long: a text, where that is not worth the bytes.
    """
    spellings: dict[str, None] = {}
    for text in short:
        for word in _special_words(text):
            candidates = (folded(word), folded(word.translate(_GERMAN)))
            spellings.update(dict.fromkeys(_spellings(word, candidates)))
        for piece in _pieces(text):
            spellings.update(dict.fromkeys((_alias(folded(piece)), _alias(folded(piece.translate(_GERMAN))))))
    for word in _special_words(long):
        spellings.update(dict.fromkeys(_spellings(word, (folded(word),))))
    spellings.update(dict.fromkeys(_alias(folded(piece)) for piece in _pieces(long)))
    return list(spellings)


def _special_words(text: str) -> list[str]:
    if text.isascii() and "+" not in text:
        return []
    words = spaced(unicodedata.normalize("NFC", text).lower()).split()
    return [word for word in words if not word.isascii() or _PLUS.search(word)]


def _spellings(word: str, candidates: Iterable[str]) -> Iterator[str]:
    known, is_divided = _bare(word), bool(_DIVIDED.search(word) or _PLUS.search(word))
    for candidate in candidates:
        bare = _bare(candidate)
        if bare and (bare != known or is_divided):
            yield _alias(candidate)
            is_divided = False


_EDGES = re.compile(r"^[\W_]+|(?<![^\w+#])[^\w+#]+$")


def _alias(word: str) -> str:
    return spaced(_EDGES.sub("", _PLUS.sub(" ", word.translate(_PLAIN_SIGNS))))


# Of CD4/CD8 Pagefind knows the whole and, of its parts, the letters and the digits, each by themselves.
_PARTING = "/,:;()\\[\\]{}…–—"
_INSIDE = re.compile(rf"[{_PARTING}+](?<=\S.)-?(?=\w)\S*")
_BETWEEN = re.compile(rf"[{_PARTING}]+|(?<=\+)-")
_PARTED_FURTHER = re.compile(r"\w[-']\w|\w[+#]|[^\W\d_][0-9]|[0-9][^\W\d_]|[a-z][A-Z]|[A-Z]{2}[a-z]")
_ADDRESS = ("10.", "www.", "doi:")
_BEFORE_ADDRESS = "([{<\"'“‘"


def _pieces(text: str) -> Iterator[str]:
    """What signs part in words without a space, as far as Pagefind parts it further: CD4 and CD8."""
    for word in _parted_words(text):
        if "://" in word or word.lower().lstrip(_BEFORE_ADDRESS).startswith(_ADDRESS):
            continue
        parts = (_plain_piece(part) for part in _BETWEEN.split(word))
        if found := [part for part in parts if _PARTED_FURTHER.search(part)]:
            whole = _bare(_plain_piece(word))
            yield from (part.lower() for part in found if _bare(part) != whole)


def _plain_piece(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_PLAIN_SIGNS)


def _parted_words(text: str) -> Iterator[str]:
    end = 0
    for found in _INSIDE.finditer(text):
        word = text[end : found.start()].rsplit(None, 1)[-1] + found[0]
        if not word.isascii():
            yield from spaced(unicodedata.normalize("NFC", word)).split()
        elif _PARTED_FURTHER.search(word):
            yield word
        end = found.end()


def divided(text: str) -> str:
    """A text in which Pagefind finds the parts of words that signs other than ASCII's divide."""
    return text if text.isascii() else _DIVIDED.sub(lambda sign: _SIGNS[sign[0]], text)


def folded(text: str) -> str:
    """In plain lower-case letters where Unicode keeps others apart: Łukasiewicz as lukasiewicz."""
    return unicodedata.normalize("NFKC", text).lower().translate(_FOLD)


def _bare(word: str) -> str:
    """A word as Pagefind compares it: without accents and punctuation."""
    return "".join(char for char in unicodedata.normalize("NFD", word) if char.isalnum() or char in "+#")


# Pagefind takes what stands between spaces for a word. Chinese and Japanese do without spaces, so each
# character becomes a word; search.js asks for a run of them as a phrase and takes the spaces out again.
_CJK = (
    "[\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff01-\uff0f\uff1a-\uff20\U00020000-\U0003ffff]"
)
_SOME_CJK = re.compile(_CJK)
_CJK_EDGE = re.compile(rf"(?<={_CJK})(?=[^\s])|(?<=[^\s])(?={_CJK})")
_CJK_SPACE = re.compile(rf"(?<={_CJK}) (?={_CJK})")


def spaced(text: str) -> str:
    # Most texts have none, which is seen much faster than that there is no edge.
    return _CJK_EDGE.sub(" ", text) if _SOME_CJK.search(text) else text


# A sign that stands alone takes a place among the words, but not in what Pagefind is asked for, which would
# never find "fish & chips". So it is tied to the word before, and search.js takes the knots out again. The
# sign before notes stays, that no phrase leads into them. Of a word such as “e-mail” Pagefind takes what is
# between ASCII signs as it is, so others are parted from the letters. U+2060 alone would stay in the words.
_KNOT = ",\u2060"
_SEAM = ";\u2060"
_BEFORE_LONE_SIGN = re.compile(rf"(?<=\S)\s+(?=[^\w\s+#{_NOTES_SIGN}]+(?:\s|$))")
_WORD = re.compile(r"\S+")
_SIGN = re.compile(r"[^\w\s\x00-\x7f]")
_OF_PARTS = re.compile(r"\w[!-/:-@\[-`{-~]+\w|[^\W\d_][0-9]|[0-9][^\W\d_]|[a-z][A-Z]")
_BESIDE_SIGN = re.compile(r"(?<=\w)(?=[^\w\s\x00-\x7f])|(?<=[^\w\s\x00-\x7f])(?=\w)")


def indexed(text: str) -> str:
    """As Pagefind is given it. A letter is one character, as in what is asked for."""
    composed = spaced(unicodedata.normalize("NFC", text.replace("\u2060", "")))
    if _SIGN.search(composed):
        composed = _WORD.sub(lambda found: _parted(found[0]), composed)
    return _BEFORE_LONE_SIGN.sub(_KNOT, composed)


def _parted(word: str) -> str:
    return _BESIDE_SIGN.sub(_SEAM, word) if _SIGN.search(word) and _OF_PARTS.search(word) else word


def joined(text: str) -> str:
    """What search.js makes of such a text."""
    if text.isascii():
        return text
    return _CJK_SPACE.sub("", text.replace(_KNOT, " ").replace(_SEAM, ""))


# Columns


def _columns(
    records: Sequence[Record],
    facets: Sequence[FacetColumn],
    index_parts: Sequence[Sequence[int]],
    little: frozenset[str],
) -> tuple[dict[str, bytes], dict[str, JSON]]:
    """The files that search.js reads beside Pagefind's, by name, and the pointer as far as it is known.

    The pointer alone keeps its name; it says what the others are called. A row is a record, in site order.
    """
    shown = {
        **_indexed("type", [record.item_type for record in records]),
        **_indexed("file", [record.file_kind for record in records]),
        "titles": {row: record.title_html for row, record in enumerate(records) if record.title_html},
        "creators": {row: record.creators for row, record in enumerate(records) if record.creators},
        **_part_column(index_parts),
    }
    orders = {
        "oldest": _ranks(records, lambda record: (record.year is None, record.year or 0, record.title_key)),
        "title": _ranks(records, lambda record: (not record.title_key, record.title_key)),
        "creator": _ranks(records, lambda record: (not record.creator_key, record.creator_key)),
        "added": _ranks(records, lambda record: record.added, reverse=True),
    }
    parts: dict[str, dict[str, JSON]] = {}
    for column in facets:
        parts.setdefault(_part(column.name), {})[column.name] = _facet(column)
    files = {}
    names = {}
    common = _common_words(records)
    lazy = {
        "orders": orders,
        "words": {"words": _vocabulary(records)},
        "links": _links(records),
        "keys": {"keys": " ".join(record.key for record in records)},
        "files": {row: record.file_name for row, record in enumerate(records) if record.file_name},
        "titles": _little_titles(records, little.union(common)),
    }
    for name, columns in (("shown", shown), *lazy.items(), *parts.items()):
        content = _json(columns)
        names[name] = f"{name}.{digest(content)[:10]}.json"
        files[names[name]] = content
    pointer = {
        "shown": names["shown"],
        **{name: names[name] for name in lazy},
        "facets": {column.name: names[_part(column.name)] for column in facets},
        # By them the page decides what to load unasked.
        "sizes": {name: len(files[names[name]]) for name in parts},
        "common": common,
        "little": sorted(little),
    }
    return files, pointer


def _part_column(parts: Sequence[Sequence[int]]) -> dict[str, JSON]:
    """In which part of the index each row is, as one character: its number after "0"."""
    if len(parts) == 1:
        return {}
    number = {row: place for place, rows in enumerate(parts) for row in rows}
    return {"part": "".join(chr(ord("0") + number[row]) for row in range(len(number)))}


def _meta(index: Index) -> str:
    """The file of which search-index.js reads the ids of the results."""
    return next(name for name in index.files if name.endswith(".pf_meta"))


def _pointer(columns: Mapping[str, JSON], indexes: Sequence[Index]) -> dict[str, JSON]:
    whole = indexes[0].fingerprint
    if len(indexes) > 1:
        whole = digest(" ".join(index.fingerprint for index in indexes).encode())
    return {
        "build": whole[:16],
        "pagefind": pagefind.version(),
        "parts": [
            {"folder": _part_folder(number), "meta": _meta(index)} for number, index in enumerate(indexes)
        ],
        **columns,
    }


# Facets with so many values that each is a file of its own.
_LARGE = ("tag", "creator")
_PLAIN_LABEL = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")


def _shows_slug(label: str, slug: str) -> bool:
    """Whether search-facets.js can make the slug from the label."""
    small = label.lower()
    return bool(_PLAIN_LABEL.fullmatch(small)) and small.replace(" ", "-") == slug


def _part(facet: str) -> str:
    return facet if facet in _LARGE else "facets"


def _facet(column: FacetColumn) -> dict[str, JSON]:
    """Shortly: a slug that its label shows is left out, a value alone stands without a list."""
    slugs = {
        place: slug
        for place, (slug, label) in enumerate(zip(column.slugs, column.labels, strict=True))
        if not _shows_slug(label, slug)
    }
    facet: dict[str, JSON] = {
        "labels": column.labels,
        "slugs": slugs,
        "rows": [row[0] if len(row) == 1 else row for row in column.rows],
    }
    return facet | ({"parents": column.parents} if column.parents else {})


def _indexed(name: str, values: Sequence[str]) -> dict[str, JSON]:
    """A column of few different values: the values, by number of rows, and for each row which it is."""
    return {f"{name}s": (names := _names(Counter(values))), name: _positions(names, values)}


def _names(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda value: (-counts[value], value))


def _positions(names: Sequence[str], values: Iterable[str]) -> list[int]:
    number = {name: position for position, name in enumerate(names)}
    return [number[value] for value in values]


def _ranks(records: Sequence[Record], key: Callable[[Record], Any], reverse: bool = False) -> list[int]:
    """Each row's place when sorted; equal ones stay in the order they are in, reversed or not."""
    ranks = [0] * len(records)
    rows = sorted(range(len(records)), key=lambda row: key(records[row]), reverse=reverse)
    for rank, row in enumerate(rows):
        ranks[row] = rank
    return ranks


def _vocabulary(records: Sequence[Record]) -> str:
    named = ("title", "creators", "venue", "tags")
    return vocabulary(
        (record.document.meta.get(name, "") for record in records for name in named),
        [record.document.content for record in records],
    )


def _links(records: Sequence[Record]) -> dict[str, JSON]:
    """The works by their address on the web, or rather by a number made of it."""
    found = sorted((number_of(record.web), row) for row, record in enumerate(records) if record.web)
    return {"numbers": [number for number, _ in found], "rows": [row for _, row in found]}


def _common_words(records: Sequence[Record]) -> list[str]:
    """Words that stand in so many items that looking for them is slow and finds nothing in particular.

    Counted, so it works in any language; in an evenly spread sample, so it takes no time.
    """
    if len(records) < _COMMON_FROM:
        return []
    sample = records[:: len(records) // _COMMON_SAMPLE]
    counts = Counter(
        word
        for record in sample
        for word in set(
            re.findall(r"[^\W\d_]+", f"{record.document.content} {record.document.meta['title']}".lower())
        )
    )
    return sorted(word for word, count in counts.items() if count >= _COMMON_SHARE * len(sample))


_RUN = 3


def _little_titles(records: Sequence[Record], little: frozenset[str]) -> dict[str, JSON]:
    """The titles that little words and single letters lead to, for which search.js does not ask the index.

    whole: row -> a title of nothing else. inside: row -> where another title has three or more in a row.
    """
    whole: dict[int, str] = {}
    inside: dict[int, list[str]] = {}
    for row, record in enumerate(records):
        words = compared_words(record.document.meta.get("title", ""))
        grouped = groupby(words, lambda word: len(word) == 1 or word in little)
        runs = [list(run) for is_little, run in grouped if is_little]
        if runs and len(runs[0]) == len(words):
            whole[row] = " ".join(words)
        elif found := [" ".join(run) for run in runs if len(run) >= _RUN]:
            inside[row] = found
    return {"whole": whole, "inside": inside}


def _json(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _write_columns(columns: Mapping[str, bytes], folder: Path) -> None:
    if not is_plain_folder(folder):
        remove_tree(folder)
        folder.mkdir(parents=True)
    for path in list(folder.iterdir()):
        if path.name not in columns or path.is_symlink() or not path.is_file():
            remove_tree(path)
    for name, content in columns.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)

"""What may be published -> records -> the search index of the site, as files to copy.

Pagefind finds; the columns beside its index order and describe what is found. Both go by the id that Pagefind
gives to a result, so a column can be added without touching the index.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

from markupsafe import escape

from zstatic import pagefind
from zstatic.disk import is_plain_folder, remove_tree, write_atomically
from zstatic.errors import SearchError
from zstatic.facets import FACETS, collection_slug
from zstatic.fulltext import FileText
from zstatic.library import Creator, Item
from zstatic.outputs import Copy
from zstatic.pagefind import Document
from zstatic.pages.context import Context, Entry, file_kind, short_list
from zstatic.progress import Track, silent
from zstatic.richtext import abstract_text
from zstatic.shards import number_of, shard_count
from zstatic.sorting import sort_key
from zstatic.spelling import vocabulary
from zstatic.statefolder import clear_away
from zstatic.urls import compared_url, doi, isbns, item_name

JSON = Any

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


def index_site(
    records: Sequence[Record],
    language: str,
    work: Path,
    track: Track = silent,
    facets: Sequence[FacetColumn] = (),
) -> tuple[Copy, ...]:
    """The files of the search index, for the site's folder `pagefind/`; none for no records.

    language: of the site, "en" or "pt-BR". work: a folder of our own, kept between builds. When no document
    changed, Pagefind is not started; when one did, the files are the same as from an empty folder.
    Raises SearchError.
    """
    if not records:
        return ()
    stemmer = language.split("-")[0].lower()
    digests = tuple(_document_digest(record.document) for record in records)
    fingerprint = _digest(json.dumps([pagefind.version(), stemmer, digests]).encode())
    index = _read_index(work)
    if index is None and _marker(work).exists():
        track.say("What was kept of the search index is damaged, so it is made anew.")
    if index is None or index.fingerprint != fingerprint:
        documents = [record.document for record in records]
        index = _write_index(documents, stemmer, digests, fingerprint, work, index, track)
    columns = _columns(records, facets, index)
    _write_columns(columns, work / "columns")
    copies = [Copy(FOLDER + name, work / "bundle" / name, file.digest) for name, file in index.files.items()]
    copies += [Copy(FOLDER + name, work / "columns" / name, _digest(text)) for name, text in columns.items()]
    return tuple(sorted(copies, key=lambda copy: copy.path))


# Files


def index_files(
    files: Sequence[FileText], language: str, work: Path, track: Track = silent
) -> tuple[Copy, ...]:
    """The index of what stands inside the published files, for the site's folder `pagefind/files/`.

    In parts, each of which is indexed in bounded memory; a file stays in its part while their number stays.
    Raises SearchError.
    """
    count = shard_count(sum(file.words for file in files), _WORDS_EACH) if files else 0
    parts: list[list[FileText]] = [[] for _ in range(count)]
    for file in files:
        parts[number_of(file.path) & (count - 1)].append(file)
    copies: list[Copy] = []
    columns = []
    for number, part in enumerate(parts):
        if part:
            folder = work / str(number)
            index = _index_part(part, language, folder, track)
            rows = {result_id: (file.row, file.path) for result_id, file in zip(index.ids, part, strict=True)}
            columns.append({"folder": str(number), "build": index.fingerprint[:16], "files": rows})
            place = f"{FILES_FOLDER}{number}/"
            copies += [
                Copy(place + name, folder / "bundle" / name, made.digest)
                for name, made in index.files.items()
            ]
    _remove_parts(work, {str(number) for number, part in enumerate(parts) if part})
    if not columns:
        return ()
    content = _json({"parts": columns})
    work.mkdir(parents=True, exist_ok=True)
    write_atomically(work / POINTER, content)
    return (
        *sorted(copies, key=lambda copy: copy.path),
        Copy(FILES_POINTER, work / POINTER, _digest(content)),
    )


FILES_FOLDER = "pagefind/files/"
FILES_POINTER = FILES_FOLDER + POINTER
# Pagefind takes 350 MB for each million words.
_WORDS_EACH = 2_000_000


def _index_part(part: Sequence[FileText], language: str, folder: Path, track: Track) -> _Index:
    stemmer = language.split("-")[0].lower()
    digests = tuple(_digest(f"{file.path} {file.fingerprint}".encode()) for file in part)
    fingerprint = _digest(json.dumps([pagefind.version(), stemmer, digests]).encode())
    index = _read_index(folder)
    if index is not None and index.fingerprint == fingerprint:
        return index
    documents = [_file_document(file) for file in part]
    return _write_index(documents, stemmer, digests, fingerprint, folder, index, track)


def _file_document(file: FileText) -> Document:
    pages = tuple(spaced(page) for page in file.pages())
    if not file.has_pages:
        return Document(file.path, pages[0], {})
    # What was kept may have been damaged since it was counted.
    return Document(file.path, "", {}, pages if any(pages) else (file.path,))


def _remove_parts(work: Path, keep: set[str]) -> None:
    if work.is_dir():
        for path in list(work.iterdir()):
            if path.name not in keep and path.name.isdecimal() and path.is_dir():
                remove_tree(path)


# Records


def _record(entry: Entry, ctx: Context) -> Record:
    item, language = entry.item, ctx.config.site.language
    creators = _main_first(item.creators)
    names = list(dict.fromkeys(creator.name for creator in creators if creator.name))
    abstract = abstract_text(item.fields.get("abstractNote", ""))
    meta = {
        "title": spaced(entry.title),
        "creators": spaced("; ".join(names)),
        "year": entry.year,
        "venue": spaced(entry.container),
        "tags": spaced("; ".join(item.tags)),
        "ids": " ".join(identifiers(item)),
        # Apart, so that a search within one field finds the other spellings, too.
        "title_alias": " ".join(_aliases([entry.title])),
        "creators_alias": " ".join(_aliases(names)),
        "tags_alias": " ".join(_aliases(item.tags)),
        "alias": " ".join(_aliases([entry.container], abstract)),
    }
    # The title is searched as metadata already; as content it would only repeat itself under each result.
    content = divided(spaced(abstract)) or meta["title"]
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


def _main_first(creators: Iterable[Creator]) -> list[Creator]:
    """Authors, or else those in the first one's role, then the others."""
    named = [creator for creator in creators if creator.name]
    roles = [creator.role for creator in named]
    main = "author" if "author" in roles or not roles else roles[0]
    return sorted(named, key=lambda creator: creator.role != main)


# Identifiers

_EXTRA_LINE = re.compile(r"(?im)^[^\S\n]*(doi|isbn|pmid|pmcid|arxiv|citation key)[^\S\n]*[:=](.+)$")
_DOI_END = 8
_LIKE_ISBN = re.compile(r"(?<![\dXx-])(?:\d[- ]?){9}(?:(?:\d[- ]?){3})?\d(?![\dXx-])")
_ARXIV = re.compile(r"(?i)(?:arxiv:\s*)?((\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?)")


def identifiers(item: Item) -> tuple[str, ...]:
    """What an item may be asked for by: DOI, ISBN of both lengths, PMID, PMCID, arXiv id, citation key."""
    fields = item.fields
    named = [
        ("doi", fields.get("DOI", "")),
        ("isbn", fields.get("ISBN", "")),
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
    for word in _special_words(long):
        spellings.update(dict.fromkeys(_spellings(word, (folded(word),))))
    return list(spellings)


def _special_words(text: str) -> list[str]:
    words = spaced(unicodedata.normalize("NFC", text).lower()).split()
    return [word for word in words if not word.isascii()]


def _spellings(word: str, candidates: Iterable[str]) -> Iterator[str]:
    known, is_divided = _bare(word), bool(_DIVIDED.search(word))
    for candidate in candidates:
        bare = _bare(candidate)
        if bare and (bare != known or is_divided):
            yield spaced(_EDGES.sub("", candidate.translate(_PLAIN_SIGNS)))
            is_divided = False


_EDGES = re.compile(r"^[\W_]+|[^\w+#]+$")


def divided(text: str) -> str:
    """A text in which Pagefind finds the parts of words that signs other than ASCII's divide."""
    return _DIVIDED.sub(lambda sign: _SIGNS[sign[0]], text)


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
_CJK_EDGE = re.compile(rf"(?<={_CJK})(?=[^\s])|(?<=[^\s])(?={_CJK})")
_CJK_SPACE = re.compile(rf"(?<={_CJK}) (?={_CJK})")


def spaced(text: str) -> str:
    return _CJK_EDGE.sub(" ", text)


def joined(text: str) -> str:
    """What search.js makes of a spaced text."""
    return _CJK_SPACE.sub("", text)


# Index


@dataclass(frozen=True, slots=True)
class _File:
    """digest: of its bytes. mark: size, times and inode when they were read; another mark, another look."""

    digest: str
    mark: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Index:
    """A complete bundle in the work folder.

    ids: result ids in record order. documents: their digests, in that order. files: by path in the bundle.
    """

    fingerprint: str
    ids: tuple[str, ...]
    documents: tuple[str, ...]
    files: Mapping[str, _File]


def _write_index(
    documents: Sequence[Document],
    language: str,
    digests: tuple[str, ...],
    fingerprint: str,
    work: Path,
    previous: _Index | None,
    track: Track,
) -> _Index:
    """Index anew. Fragments of documents that stay are kept: writing them is half of Pagefind's work."""
    folder = work / "bundle"
    if previous is None:
        clear_away(folder if is_plain_folder(work) else work)
    # From here on until the end the folder is in no state to be used.
    clear_away(_marker(work))
    kept = dict(zip(previous.ids, previous.documents, strict=True)) if previous else {}
    _clear(folder, {pagefind.fragment_path(result_id) for result_id in kept})
    pagefind.write_bundle(documents, language, folder, track)
    bundle = pagefind.read_bundle(folder)
    if len(bundle.ids) != len(documents):
        raise SearchError(f"Pagefind indexed {len(bundle.ids)} of {len(documents)} items")
    if any(
        kept.get(result_id, document) != document
        for result_id, document in zip(bundle.ids, digests, strict=True)
    ):
        # A new document got the id of an old one; Pagefind never overwrites, so the old text is still there.
        return _write_index(documents, language, digests, fingerprint, work, None, track)
    _clear(folder, set(bundle.files))
    for document, result_id in zip(documents, bundle.ids, strict=True):
        path = folder / pagefind.fragment_path(result_id)
        if result_id not in kept and pagefind.read_fragment(path).url != document.url:
            raise SearchError(f"Pagefind stored another document than {document.url} as {result_id}")
    index = _Index(
        fingerprint,
        bundle.ids,
        digests,
        {name: _check_file(folder, name, previous) for name in bundle.files},
    )
    _save_index(index, work)
    return index


def _check_file(folder: Path, name: str, previous: _Index | None) -> _File:
    """What a file holds; what Pagefind compressed is seen to be whole."""
    path = folder / name
    if previous and name.startswith("fragment/") and (known := previous.files.get(name)):
        return known
    if name.endswith((".pf_index", ".pf_meta", ".pf_fragment", ".pagefind")):
        pagefind.read_packed(path)
    return _look_at(path)


def _look_at(path: Path) -> _File:
    mark = _mark(path)
    return _File(_digest(path.read_bytes()), mark)


def _mark(path: Path) -> tuple[int, ...]:
    found = path.lstat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _clear(folder: Path, keep: set[str]) -> None:
    """Remove all files but those."""
    for path in list(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in keep:
            path.unlink()


def _marker(work: Path) -> Path:
    return work / "complete.json"


def _save_index(index: _Index, work: Path) -> None:
    state = {
        "fingerprint": index.fingerprint,
        "ids": index.ids,
        "documents": index.documents,
        "files": {name: [file.digest, file.mark] for name, file in index.files.items()},
    }
    write_atomically(_marker(work), json.dumps(state).encode())


def _read_index(work: Path) -> _Index | None:
    """The bundle of the last run; None if there is none, it was not finished or is not as it was left."""
    try:
        state = json.loads(_marker(work).read_bytes())
        told = {name: _File(digest, tuple(mark)) for name, (digest, mark) in state["files"].items()}
        if not _is_plain(work, told):
            return None
        files = {name: _look_again(work / "bundle" / name, file) for name, file in told.items()}
        index = _Index(state["fingerprint"], tuple(state["ids"]), tuple(state["documents"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if any(files[name].digest != told[name].digest for name in files):
        return None
    if len(index.ids) != len(index.documents) or not all(isinstance(id, str) for id in index.ids):
        return None
    if files != told:
        _save_index(index, work)
    return index


def _look_again(path: Path, told: _File) -> _File:
    """What a file holds, read only if something says that it was touched."""
    return told if _mark(path) == told.mark else _look_at(path)


_NAME = re.compile(r"(?:fragment/|index/)?[A-Za-z0-9][\w.-]*")


def _is_plain(work: Path, names: Iterable[str]) -> bool:
    """Whether the bundle consists of files of its own: a planted link would publish any file around."""
    bundle = work / "bundle"
    folders = (work, bundle, bundle / "fragment", bundle / "index")
    return not any(folder.is_symlink() for folder in folders) and all(
        _NAME.fullmatch(name) and S_ISREG((bundle / name).lstat().st_mode) for name in names
    )


def _document_digest(document: Document) -> str:
    parts = [document.url, document.content, *sorted(document.meta.items())]
    return _digest(json.dumps(parts, ensure_ascii=False).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


# Columns


def _columns(records: Sequence[Record], facets: Sequence[FacetColumn], index: _Index) -> dict[str, bytes]:
    """The files that search.js reads beside Pagefind's, by name.

    The pointer alone keeps its name; it says what the others are called. A row is a record, in site order.
    """
    shown = {
        **_indexed("type", [record.item_type for record in records]),
        **_indexed("file", [record.file_kind for record in records]),
        "titles": {row: record.title_html for row, record in enumerate(records) if record.title_html},
        "creators": {row: record.creators for row, record in enumerate(records) if record.creators},
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
    lazy = {
        "orders": orders,
        "words": {"words": _vocabulary(records)},
        "links": _links(records),
        "keys": {"keys": " ".join(record.key for record in records)},
        "files": {row: record.file_name for row, record in enumerate(records) if record.file_name},
    }
    for name, columns in (("shown", shown), *lazy.items(), *parts.items()):
        content = _json(columns)
        names[name] = f"{name}.{_digest(content)[:10]}.json"
        files[names[name]] = content
    pointer = {
        "build": index.fingerprint[:16],
        "pagefind": pagefind.version(),
        "shown": names["shown"],
        # The ids are in it.
        "meta": next(name for name in index.files if name.endswith(".pf_meta")),
        **{name: names[name] for name in lazy},
        "facets": {column.name: names[_part(column.name)] for column in facets},
        # By them the page decides what to load unasked.
        "sizes": {name: len(files[names[name]]) for name in parts},
        "common": _common_words(records),
    }
    return files | {POINTER: _json(pointer)}


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

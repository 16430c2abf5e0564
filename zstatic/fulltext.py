"""The published files -> what search looks for inside them.

PDFs are read page by page, so that a result can lead to the page; of other files, and of PDFs without text,
there is what Zotero read. A PDF is read once: its text is kept in the state folder by the file's md5.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from zstatic import pdftext
from zstatic.disk import write_atomically
from zstatic.filestore import MD5
from zstatic.pages.context import Context, Entry, PublishedFile
from zstatic.progress import Track, silent
from zstatic.richtext import clean

JSON = Any
Pages = tuple[str, ...]
# (slug of a library, key of an attachment) -> what Zotero read in it, None = nothing.
ZoteroText = Callable[[str, str], str | None]

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class FileText:
    """A file with text in it.

    path: from the site's root. row: of its item, in the site's order. fingerprint: of the text.
    words: how many there are. pages: reads the text, in any process; a single one where pages are not known.
    has_pages: whether they are those of a PDF.
    """

    path: str
    row: int
    fingerprint: str
    words: int
    pages: Callable[[], Pages]
    has_pages: bool


def file_texts(
    ctx: Context, zotero_text: ZoteroText, words: int, folder: Path, track: Track = silent
) -> tuple[FileText, ...]:
    """All files in which there are words, in the site's order.

    words: at most so many of one item. folder: for what is kept of PDFs; what it had of others is removed.
    """
    wanted = {file.md5: file.source for entry in ctx.items for file in entry.files if file.media_type == PDF}
    kept = _read_pdfs(wanted, words, folder, track)
    return tuple(
        text for row, entry in enumerate(ctx.items) for text in _texts(row, entry, zotero_text, words, kept)
    )


def _texts(
    row: int, entry: Entry, zotero_text: ZoteroText, words: int, kept: Mapping[str, _Kept]
) -> Iterator[FileText]:
    left = words
    for file in entry.files:
        text = _text(row, file, kept.get(file.md5), partial(zotero_text, entry.library.slug), left)
        if text is not None and text.words:
            left -= text.words
            yield text


def _text(
    row: int, file: PublishedFile, kept: _Kept | None, zotero_text: Callable[[str], str | None], left: int
) -> FileText | None:
    if left <= 0:
        return None
    if kept is not None and kept.words:
        fingerprint = f"{file.md5} {kept.made_by} {left}"
        read = partial(_first_words, kept.path, left)
        return FileText(file.path, row, fingerprint, min(left, kept.words), read, has_pages=True)
    found = clean(zotero_text(file.key) or "").split()[:left]
    if not any(char.isalnum() for word in found for char in word):
        return None
    text = " ".join(found)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:32]
    return FileText(file.path, row, fingerprint, len(found), partial(tuple, (text,)), has_pages=False)


# What is kept of PDFs


@dataclass(frozen=True, slots=True)
class _Kept:
    """words: how many there are, 0 = none. made_by: what they were read with, and how far."""

    path: Path
    words: int
    made_by: str


def _read_pdfs(wanted: Mapping[str, Path], words: int, folder: Path, track: Track) -> dict[str, _Kept]:
    made_by = f"{pdftext.version()} {words}" if wanted else ""
    counts = {
        md5: count
        for md5, count in _read_counts(folder, made_by).items()
        if md5 in wanted and (not count or _path(folder, md5).is_file())
    }
    missing = sorted(wanted.keys() - counts.keys())
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with pdftext.reader() as reader:
            for md5 in track(missing, "Reading PDFs", len(missing)):
                pages = tuple(clean(page) for page in reader.read(wanted[md5], words))
                counts[md5] = sum(len(page.split()) for page in pages if _has_words(page))
                if counts[md5]:
                    kept = gzip.compress(json.dumps(pages).encode(), 6, mtime=0)
                    write_atomically(_path(folder, md5), kept)
    _forget_others(folder, wanted)
    if missing:
        content = {"made_by": made_by, "words": dict(sorted(counts.items()))}
        write_atomically(folder / _COUNTS, json.dumps(content).encode())
    return {md5: _Kept(_path(folder, md5), count, made_by) for md5, count in counts.items()}


_COUNTS = "words.json"


def _has_words(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _path(folder: Path, md5: str) -> Path:
    return folder / f"{md5}.json.gz"


def _read_counts(folder: Path, made_by: str) -> dict[str, int]:
    """Words by md5; none if they were read in another way."""
    try:
        content = json.loads((folder / _COUNTS).read_bytes())
        if content["made_by"] != made_by:
            return {}
        # The state folder may come out of a cache, so anything may stand there.
        return {
            md5: count for md5, count in content["words"].items() if MD5.fullmatch(md5) and type(count) is int
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _forget_others(folder: Path, wanted: Iterable[str]) -> None:
    names = {_path(folder, md5).name for md5 in wanted}
    if folder.is_dir():
        for path in list(folder.iterdir()):
            # What others put there stays.
            if path.name not in names and MD5.match(path.name) and path.is_file():
                path.unlink()


def _first_words(path: Path, words: int) -> Pages:
    """The pages until there are so many words; none if what was kept is damaged."""
    try:
        pages: JSON = json.loads(gzip.decompress(path.read_bytes()))
        texts = [str(page).split() for page in pages]
    except (OSError, EOFError, ValueError, TypeError, zlib.error):
        return ()
    before = accumulate((len(text) for text in texts), initial=0)
    return tuple(" ".join(text[: max(0, words - start)]) for text, start in zip(texts, before, strict=False))

"""What stands inside published files: read once, within bounds, whatever the files are."""

from __future__ import annotations

import io
import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_attachment, make_item
from pypdf import PdfReader, PdfWriter
from searching import index_files
from sitepages import context, site_config

from zstatic import fulltext, pagefind, pdftext
from zstatic.config import AttachmentRules
from zstatic.fulltext import FileText, file_texts
from zstatic.pages.context import Context
from zstatic.pdftext import Reader, reader


def pdf(*pages: str, raw: bytes | None = None) -> bytes:
    """Pages of one line each. raw: instead of the first page's content, compressed."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = zlib.compress(raw or f"BT /F1 12 Tf 40 700 Td ({text}) Tj ET".encode())
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + stream + b"\nendstream")
    body, places = b"%PDF-1.4\n", []
    for number, entry in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, entry)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n".encode()
    return body + f"xref\n0 {size}\n0000000000 65535 f \n".encode() + table + trailer


def locked(content: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def write(folder: Path, content: bytes, name: str = "file.pdf") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# Reading


def test_each_page_has_its_text(tmp_path: Path) -> None:
    with reader() as read:
        assert read.read(write(tmp_path, pdf("First page", "Second")), 100) == ("First page", "Second")


def test_no_more_words_are_read_than_wanted(tmp_path: Path) -> None:
    path = write(tmp_path, pdf("one two three", "four five six", "seven"))
    with reader() as read:
        assert read.read(path, 5) == ("one two three", "four five")


@pytest.mark.parametrize(
    "content",
    [b"", b"no PDF at all", pdf("x")[:150], locked(pdf("secret")), b"%PDF-1.4\n" + os.urandom(2000)],
    ids=["empty", "text", "cut short", "locked", "garbage"],
)
def test_what_cannot_be_read_has_no_pages_and_the_next_is_read(tmp_path: Path, content: bytes) -> None:
    with reader() as read:
        assert read.read(write(tmp_path, content), 100) == ()
        assert read.read(write(tmp_path, pdf("fine")), 100) == ("fine",)


def test_a_file_that_never_ends_is_given_up(tmp_path: Path) -> None:
    endless = tmp_path / "endless.pdf"
    os.mkfifo(endless)
    with reader(seconds=2) as read:
        assert read.read(endless, 100) == ()
    with reader() as read:
        assert read.read(write(tmp_path, pdf("fine")), 100) == ("fine",)


def test_a_bomb_is_given_up_and_the_next_is_read(tmp_path: Path) -> None:
    bomb = write(tmp_path, pdf("", raw=b"BT /F1 12 Tf (bomb) Tj ET " * 4_000_000), "bomb.pdf")
    assert bomb.stat().st_size < 1_000_000
    read = Reader(seconds=3)
    assert sum(len(page) for page in read.read(bomb, 100)) < 1000
    read.close()
    with reader() as again:
        assert again.read(write(tmp_path, pdf("fine")), 100) == ("fine",)


def test_a_reader_that_crashes_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = pdftext._start
    starts = 0

    def crash_first() -> Any:
        nonlocal starts
        starts += 1
        if starts > 1:
            return start()
        monkeypatch.setattr(sys, "executable", "/bin/false")
        process = start()
        monkeypatch.undo()
        return process

    monkeypatch.setattr(pdftext, "_start", crash_first)
    path = write(tmp_path, pdf("fine"))
    with reader() as read:
        assert read.read(path, 100) == ()
        assert read.read(path, 100) == ("fine",)


# The files of a library


def library(folder: Path, **files: bytes | str) -> Context:
    """An item for each file, by its key: bytes are a PDF, a text is what an EPUB is for here."""
    items, sources = [], {}
    for key, content in files.items():
        kind = {"contentType": "application/epub+zip"} if isinstance(content, str) else {}
        attachment = make_attachment(key, f"ITEM{key[4:]}", filename=f"{key}.bin", **kind)
        items += [make_item(f"ITEM{key[4:]}", title=f"Title {key}"), attachment]
        body = content.encode() if isinstance(content, str) else content
        sources[attachment["data"]["md5"]] = write(folder, body, key)
    rules = AttachmentRules(media_types=("application/pdf", "application/epub+zip"))
    return context(*items, files=sources, config=replace(site_config(), attachments=rules))


def texts_of(ctx: Context, folder: Path, words: int = 100, **zotero: str) -> tuple[FileText, ...]:
    return file_texts(ctx, lambda slug, key: zotero.get(key), words, folder)


def shown(texts: Sequence[FileText]) -> dict[str, tuple[str, ...]]:
    return {text.path.rpartition("/")[2]: text.pages() for text in texts}


def test_pdfs_have_pages_and_others_what_zotero_read(tmp_path: Path) -> None:
    ctx = library(tmp_path, FILE0001=pdf("one", "two"), FILE0002="an EPUB", FILE0003=locked(pdf("x")))
    texts = texts_of(ctx, tmp_path / "kept", FILE0002="Of an EPUB", FILE0003="Of a locked PDF")
    assert shown(texts) == {
        "file0001.pdf": ("one", "two"),
        "file0002.epub": ("Of an EPUB",),
        "file0003.pdf": ("Of a locked PDF",),
    }
    assert [text.has_pages for text in texts] == [True, False, False]


def test_a_pdf_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"FILE0001": pdf("one"), "FILE0002": locked(pdf("x"))}
    first = texts_of(library(tmp_path, **files), tmp_path / "kept")
    monkeypatch.setattr(Reader, "read", lambda *_: pytest.fail("it was read again"))
    again = texts_of(library(tmp_path, **files), tmp_path / "kept")
    assert shown(again) == shown(first) == {"file0001.pdf": ("one",)}
    assert [text.fingerprint for text in again] == [text.fingerprint for text in first]


def test_what_is_kept_of_files_that_are_gone_is_removed(tmp_path: Path) -> None:
    texts_of(library(tmp_path, FILE0001=pdf("one"), FILE0002=pdf("two")), tmp_path / "kept")
    assert len(list((tmp_path / "kept").glob("*.gz"))) == 2
    texts_of(library(tmp_path, FILE0001=pdf("one")), tmp_path / "kept")
    assert len(list((tmp_path / "kept").glob("*.gz"))) == 1


@pytest.mark.parametrize("damage", [b"", b"{", b'{"made_by": 1}', b'{"made_by": "", "words": {"x": 1}}'])
def test_a_damaged_state_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    ctx = library(tmp_path, FILE0001=pdf("one"))
    texts_of(ctx, tmp_path / "kept")
    (tmp_path / "kept" / fulltext._COUNTS).write_bytes(damage)
    assert shown(texts_of(ctx, tmp_path / "kept")) == {"file0001.pdf": ("one",)}


def test_all_files_of_an_item_share_its_words(tmp_path: Path) -> None:
    ctx = library(tmp_path, FILE0001=pdf("one two three", "four five"))
    assert shown(texts_of(ctx, tmp_path / "a", words=4)) == {"file0001.pdf": ("one two three", "four")}
    attachments = [make_attachment(key, "ITEM0001") for key in ("FILE0001", "FILE0002")]
    paths = {raw["data"]["md5"]: write(tmp_path, pdf("one two three"), raw["key"]) for raw in attachments}
    both = context(make_item("ITEM0001"), *attachments, files=paths)
    assert sorted(shown(texts_of(both, tmp_path / "b", words=4)).values()) == [("one",), ("one two three",)]


def test_what_stands_in_a_file_that_is_not_published_is_not_searched(tmp_path: Path) -> None:
    ctx = library(tmp_path, FILE0001=pdf("one"))
    attachment = make_attachment("FILE0001", "ITEM0001")
    files = {attachment["data"]["md5"]: tmp_path / "FILE0001"}
    none = replace(site_config(), attachments=AttachmentRules(publish="none"))
    closed = context(make_item("ITEM0001"), attachment, files=files, config=none)
    assert shown(texts_of(ctx, tmp_path / "kept")) and texts_of(closed, tmp_path / "kept") == ()
    assert list((tmp_path / "kept").glob("*.gz")) == []


def test_files_without_words_are_left_out(tmp_path: Path) -> None:
    ctx = library(tmp_path, FILE0001=pdf("", "..."), FILE0002="an EPUB", FILE0003="another")
    assert texts_of(ctx, tmp_path / "kept", FILE0002=" — ", FILE0003="") == ()


# The index


def made(number: int, text: str = "", words: int = 10) -> FileText:
    pages = (text or f"whale number{number}",)
    return FileText(f"items/{number}/a.pdf", number, f"{number} {text}", words, lambda: pages, True)


def names(folder: Path, files: Sequence[FileText]) -> dict[str, bytes]:
    return {copy.path: copy.source.read_bytes() for copy in index_files(files, "en", folder)}


def test_an_index_made_again_after_edits_is_the_same_as_a_fresh_one(tmp_path: Path) -> None:
    names(tmp_path / "a", [made(1), made(2), made(3)])
    edited = [made(1), made(2, "another text"), made(4)]
    assert names(tmp_path / "a", edited) == names(tmp_path / "b", edited)


def test_unchanged_files_are_not_indexed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(tmp_path, [made(1), made(2)])
    monkeypatch.setattr(pagefind, "write_bundle", lambda *_: pytest.fail("Pagefind was started"))
    assert names(tmp_path, [made(1), made(2)]) == before


def test_many_words_are_indexed_in_parts_and_an_edit_touches_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [made(number, words=900_000) for number in range(8)]
    names(tmp_path, files)
    parts = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert 2 <= len(parts) <= 4
    written: list[Path] = []
    write_bundle = pagefind.write_bundle
    monkeypatch.setattr(
        pagefind, "write_bundle", lambda *args: (written.append(args[2]), write_bundle(*args))
    )
    names(tmp_path, [made(0, "edited", words=900_000), *files[1:]])
    assert len([folder for folder in written if folder.name == "bundle"]) == 1


def test_without_files_there_is_no_index_and_nothing_is_kept(tmp_path: Path) -> None:
    names(tmp_path, [made(1)])
    assert names(tmp_path, []) == {}
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []

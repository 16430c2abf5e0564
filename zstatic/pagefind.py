"""Documents -> a Pagefind bundle: the binary, its protocol and its file formats.

The official Python wrapper waits 0.1 s for every reply, so this talks to the binary itself: requests are
written without waiting for replies, a second thread reads and checks those.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import metadata
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, cast

from zstatic.errors import SearchError, disk_failure
from zstatic.progress import Track, silent

JSON = Any

# Replies the binary may owe us: enough to keep it busy, too few to fill its unbounded input queue.
_IN_FLIGHT = 500
_SECONDS_PER_DOCUMENT = 0.05
_SECONDS_AT_LEAST = 180.0
_SECONDS_FOR_BYTES = 60.0
# More than any file that Pagefind writes as it is, which nothing in it would show to be short.
_BYTES_TO_SPARE = 1 << 18

_MAGIC = b"pagefind_dcd"
_HINT = "`zstatic build --no-search` makes the site without a search index."


@dataclass(frozen=True, slots=True)
class Document:
    """What Pagefind searches and gives back as one result.

    url: unique. content: must hold a letter or digit, or Pagefind drops the document without a word.
    meta: name -> text, searched as well.
    pages: texts of pages, instead of content. Results say which page, "#page=8", words are found on.
    """

    url: str
    content: str
    meta: Mapping[str, str]
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle that a browser asks for, and the id of each document.

    ids: in the order the documents were given in. files: paths in the bundle, sorted.
    """

    ids: tuple[str, ...]
    files: tuple[str, ...]


class UnfinishedError(SearchError):
    """A file of a bundle is not there or not whole: Pagefind said too early that it had written it."""


def version() -> str:
    """The Pagefind that would be run."""
    return metadata.version("pagefind_bin")


def fragment_path(result_id: str) -> str:
    """Where a bundle keeps a document."""
    return f"fragment/{result_id}.pf_fragment"


def write_bundle(documents: Iterable[Document], language: str, folder: Path, track: Track = silent) -> None:
    """Index documents into a folder; fragments that already lie there are not written again.

    language: chooses the stemmer; one that Pagefind does not know means none.
    Raises SearchError, ConfigError on a full disk; the folder is then in no usable state.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents = list(documents)
    seconds = _SECONDS_AT_LEAST + _SECONDS_PER_DOCUMENT * len(documents)
    with Service(folder.parent, seconds) as service:
        config = {"force_language": language, "include_characters": "+#"}
        service.send("NewIndex", config=config)
        for document in track(documents, "Indexing for search", len(documents)):
            if document.pages:
                service.send("AddFile", index_id=0, url=document.url, file_contents=_as_html(document))
                continue
            service.send(
                "AddRecord",
                index_id=0,
                url=document.url,
                content=document.content,
                language=language,
                meta=dict(document.meta),
                filters={},
                sort={},
            )
        service.send("WriteFiles", index_id=0, output_path=str(folder.resolve()))
        service.wait()
        _wait_for_bytes(folder)
        service.finish()


def _as_html(document: Document) -> str:
    """Only headings with an id tell Pagefind where a part begins; their own word is to weigh nothing."""
    parts = (
        f'<h2 id="page={number}" data-pagefind-weight="0">{number}</h2><p>{escape(text)}</p>'
        for number, text in enumerate(document.pages, 1)
        if text
    )
    return f"<!DOCTYPE html><html><body>{''.join(parts)}</body></html>"


def _wait_for_bytes(folder: Path) -> None:
    """Wait until no file is empty and none grows.

    The reply to WriteFiles comes when all files exist, but their bytes may still be on the way, and the end
    of its input ends the process at once. Each file is written in one go.
    """
    end = time.monotonic() + _SECONDS_FOR_BYTES
    before: dict[str, int] = {}
    while True:
        sizes = {name: path.stat().st_size for name, path in files_below(folder)}
        if sizes == before:
            _check_room(folder)
            if all(sizes.values()):
                return
        if time.monotonic() > end:
            raise SearchError(f"Pagefind did not finish writing {folder}", _HINT)
        before = sizes
        time.sleep(0.02)


def _check_room(folder: Path) -> None:
    """Raise ConfigError on a full disk: Pagefind says nothing of it and leaves its files empty or short."""
    trial = folder / "room"
    try:
        trial.write_bytes(bytes(_BYTES_TO_SPARE))
    except OSError as error:
        raise disk_failure(error, folder) from error
    finally:
        trial.unlink(missing_ok=True)


class Service:
    """The binary, running; killed on leaving unless it has finished."""

    def __init__(self, folder: Path, seconds: float) -> None:
        """folder: where it runs. seconds: how long it may run in all."""
        self._seconds = seconds
        self._sent = 0
        self._answered = 0
        self._ended = False
        self._failure = ""
        self._state = threading.Condition()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in __exit__)
        self._process = _start(folder, self._errors.fileno())
        assert self._process.stdin and self._process.stdout
        self._input = self._process.stdin
        self._output = cast(io.BufferedReader, self._process.stdout)
        self._reader = threading.Thread(target=self._read_replies, daemon=True)
        self._alarm = threading.Timer(seconds, self._time_out)
        self._alarm.daemon = True

    def __enter__(self) -> Service:
        self._reader.start()
        self._alarm.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._alarm.cancel()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        # What is still buffered for a dead process cannot be written and is not needed.
        for stream in (self._input, self._output, self._errors):
            try:
                stream.close()
            except OSError:
                continue

    def send(self, kind: str, **payload: JSON) -> None:
        """Queue a request; waits only while too many replies are outstanding."""
        with self._state:
            self._state.wait_for(lambda: self._ended or self._sent - self._answered < _IN_FLIGHT)
            if self._ended:
                raise self._error()
            self._sent += 1
        message = {"message_id": self._sent, "payload": {"type": kind, **payload}}
        line = base64.b64encode(json.dumps(message, ensure_ascii=False).encode()) + b","
        try:
            self._input.write(line)
            self._input.flush()
        except OSError:
            raise self._error() from None

    def wait(self) -> None:
        """Wait for every reply."""
        with self._state:
            self._state.wait_for(lambda: self._ended or self._answered == self._sent)
            if self._answered < self._sent:
                raise self._error()

    def finish(self) -> None:
        """Let the process end by itself."""
        self._input.close()
        if self._process.wait():
            raise self._error()

    def _read_replies(self) -> None:
        buffer = b""
        try:
            while block := self._output.read1(1 << 16):
                *replies, buffer = (buffer + block).split(b",")
                for reply in replies:
                    self._check(json.loads(base64.b64decode(reply))["payload"])
        except (ValueError, KeyError, TypeError) as error:
            self._failure = f"it gave an answer that cannot be read ({error})"
        with self._state:
            self._ended = True
            self._state.notify_all()

    def _check(self, payload: JSON) -> None:
        if payload["type"] == "Error":
            # Nothing that comes after can be used; the kill ends the reading, too.
            self._failure = self._failure or str(payload.get("message", "an error"))
            self._process.kill()
            return
        with self._state:
            self._answered += 1
            self._state.notify_all()

    def _time_out(self) -> None:
        self._failure = f"it did not finish within {self._seconds:.0f} seconds"
        self._process.kill()

    def _error(self) -> SearchError:
        if self._process.poll() is None:
            self._process.kill()
        status = self._process.wait()
        self._reader.join()
        self._errors.seek(0)
        told = self._errors.read()[-500:].decode("utf-8", "replace").strip()
        reason = self._failure or told or f"it stopped early with status {status}"
        return SearchError(f"the search index could not be made. Pagefind: {reason}", _HINT)


def _start(folder: Path, errors: int) -> subprocess.Popen[bytes]:
    # Settings for another Pagefind, in the environment or in a pagefind.toml where we are, are not ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAGEFIND_")}
    try:
        from pagefind_bin import get_executable

        return subprocess.Popen(  # noqa: S603
            [str(get_executable()), "--service"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=environment,
        )
    except (ImportError, OSError) as error:
        hint = "Reinstall it: pip install --force-reinstall pagefind_bin"
        raise SearchError(f"Pagefind cannot be started: {error}", hint) from error


# Files


def read_bundle(folder: Path) -> Bundle:
    """What Pagefind wrote; raises SearchError where a file that the others name is not there."""
    entry = _read_json(folder / "pagefind-entry.json")
    try:
        (index,) = entry["languages"].values()
        meta = f"pagefind.{index['hash']}.pf_meta"
        wasm = f"wasm.{index['wasm'] or 'unknown'}.pagefind"
        _, pages, chunks, *_ = decode_cbor(unpacked(_read(folder / meta), folder / meta))
        ids = tuple(str(page[0]) for page in pages)
        words = [f"index/{chunk[2]}.pf_index" for chunk in chunks]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise SearchError(f"Pagefind wrote an index of an unknown form ({error})", _HINT) from error
    fixed = ["pagefind-entry.json", "pagefind.js", "pagefind-worker.js", wasm, meta]
    files = tuple(sorted({*fixed, *words, *(fragment_path(result_id) for result_id in ids)}))
    written = {name for name, path in files_below(folder) if path.stat().st_size}
    for name in files:
        if name not in written:
            raise UnfinishedError(f"Pagefind left {folder / name} empty or did not write it", _HINT)
    return Bundle(ids, files)


def read_words(folder: Path) -> Iterator[tuple[str, dict[int, list[int]]]]:
    """The words of a bundle as they are compared, each with its places by the number of the document.

    Places are counted in words of the content; for few documents only.
    """
    for name in read_bundle(folder).files:
        if name.startswith("index/"):
            (words,) = decode_cbor(unpacked(_read(folder / name), folder / name))
            for word, pages, others in words:
                places: dict[int, list[int]] = {}
                for found in (pages, *(each for _, each in others)):
                    number = 0
                    for step, content, _ in found:
                        number += step
                        # Each is a step from the one before; weights stand between them, below zero.
                        steps = (place for place in content if place >= 0)
                        places.setdefault(number, []).extend(accumulate(steps))
                yield word, places


def files_below(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files of a bundle, by their paths in it."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from ((f"{entry.name}/{name}", path) for name, path in files_below(Path(entry.path)))
        else:
            yield entry.name, entry


def read_fragment(payload: bytes, path: Path) -> Document:
    """The document that a result loads."""
    try:
        fragment = json.loads(payload)
        return Document(fragment["url"], fragment["content"], fragment["meta"])
    except (ValueError, KeyError, TypeError) as error:
        raise SearchError(f"{path} cannot be read ({error})", _HINT) from error


def unpacked(packed: bytes, path: Path) -> bytes:
    """The payload of one of Pagefind's compressed files; raises SearchError for a damaged one."""
    try:
        content = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise UnfinishedError(f"{path} is damaged ({error})", _HINT) from error
    if not content.startswith(_MAGIC):
        raise SearchError(f"{path} is not a file of Pagefind's", _HINT)
    return content.removeprefix(_MAGIC)


def check_script(content: bytes, path: Path) -> None:
    """Raise SearchError for one of Pagefind's scripts that is cut short."""
    if not content.rstrip().endswith((b"};", b"})();")):
        raise UnfinishedError(f"{path} is cut short", _HINT)


def _read_json(path: Path) -> JSON:
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise SearchError(f"{path} cannot be read ({error})", _HINT) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SearchError(f"{path} cannot be read ({error})", _HINT) from error


# CBOR (RFC 8949), as far as Pagefind's metadata file goes: whole numbers, texts and arrays.

_UNSIGNED, _NEGATIVE, _TEXT, _ARRAY = 0, 1, 3, 4
_LENGTHS: dict[int, Literal[1, 2, 4, 8]] = {24: 1, 25: 2, 26: 4, 27: 8}


def decode_cbor(encoded: bytes) -> JSON:
    """Raises ValueError for what is cut short, goes on too long or holds other kinds of values."""
    value, end = _decode(encoded, 0)
    if end != len(encoded):
        raise ValueError("bytes after the end of the CBOR value")
    return value


def _decode(encoded: bytes, at: int) -> tuple[JSON, int]:
    if at >= len(encoded):
        raise ValueError("CBOR is cut short")
    kind, argument = encoded[at] >> 5, encoded[at] & 31
    at += 1
    if argument >= 24:
        length = _LENGTHS.get(argument)
        if length is None:
            raise ValueError(f"unexpected CBOR byte {encoded[at - 1]:#x}")
        argument = int.from_bytes(encoded[at : at + length], "big")
        at += length
    if kind == _UNSIGNED:
        return argument, at
    if kind == _NEGATIVE:
        return -1 - argument, at
    if kind == _TEXT:
        if at + argument > len(encoded):
            raise ValueError("CBOR is cut short")
        return encoded[at : at + argument].decode(), at + argument
    if kind != _ARRAY:
        raise ValueError(f"unexpected CBOR type {kind}")
    values = []
    for _ in range(argument):
        value, at = _decode(encoded, at)
        values.append(value)
    return values, at

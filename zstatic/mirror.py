"""The local copy of one library: raw objects by key, citations and exports, full text, and files by md5.

In: what `sync.py` and `attachments.py` fetched. Out: the same, as received; nothing here knows what it means.
One row per object in a diskcache, as JSON text. The folder may come out of a cache that others can write to,
so it is not trusted: nothing in it can run code or name a file elsewhere, and what looks wrong is set aside.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import sys
import tempfile
import time
import uuid
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

import diskcache
from diskcache.core import MODE_RAW, UNKNOWN

from zstatic.api import Kind
from zstatic.config import Config, LibraryConfig
from zstatic.disk import is_plain_folder
from zstatic.errors import MirrorError, MirrorLocked, Problem
from zstatic.filestore import FileStore, stored_file
from zstatic.shapes import is_readable, is_state
from zstatic.statefolder import claim_state, list_ours, set_aside

JSON = Any

# Rises with every change of the rows below; another format is fetched anew.
FORMAT = 2
# Codes of what is wrong with all files of a library at once, and a problem of the library.
ALL_OR_NONE = frozenset(("file-denied", "file-closed"))
# No eviction: diskcache's default silently drops rows above 1 GiB. No culling: nothing here expires.
SETTINGS: Mapping[str, object] = {
    "statistics": 0,
    "tag_index": 0,
    "eviction_policy": "none",
    "cull_limit": 0,
    "disk_min_file_size": 0,
    "disk_pickle_protocol": 0,
}
# State that says how far a sync came, and nothing of the library. What others keep here counts as content.
_KEPT_FOR_SYNC = frozenset(
    (
        "format",
        "done",
        "files",
        "files-done",
        "fulltext-versions",
        "fulltext-upto",
        "schema-version",
        "reconciled",
        "synced",
        "changed",
        "scope",
        "server",
        "group-version",
        "annotations-upto",
        "children-read",
    )
)
_COUNTERS = frozenset(("count", "size", "hits", "misses"))
_DATABASE = "cache.db"
_DATABASE_FILES = frozenset((_DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm"))


class JsonDisk(diskcache.Disk):  # type: ignore[misc]
    """Rows of text under text keys, inline, after a checksum. No pickle in or out, no file of its own."""

    def put(self, key: object) -> tuple[str, bool]:
        if not isinstance(key, str):
            raise TypeError(f"a key of the mirror is text, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if not raw or not isinstance(key, str):
            raise MirrorError("The mirror holds a key that zstatic did not write.", _REMEDY)
        return key

    def store(self, value: JSON, read: bool, key: object = UNKNOWN) -> tuple[int, int, None, str]:
        if read:
            raise TypeError("the mirror stores no streams")
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except RecursionError:
            raise MirrorError("The mirror holds a row that zstatic did not write.", _REMEDY) from None
        return 0, MODE_RAW, None, _checksum(text.encode()) + text

    def fetch(self, mode: int, filename: object, value: object, read: bool) -> JSON:
        if mode != MODE_RAW or filename is not None or read or not isinstance(value, str):
            raise MirrorError("The mirror holds a row that zstatic did not write.", _REMEDY)
        try:
            return json.loads(value[_CHECKSUM_LENGTH:])
        except (ValueError, RecursionError):
            raise MirrorError("The mirror holds a row that cannot be read.", _REMEDY) from None

    def remove(self, file_path: object) -> None:
        # diskcache calls this for every row it replaces, with the row's file name or None.
        if file_path is not None:
            raise MirrorError("The mirror holds a row that names a file.", _REMEDY)


_CHECKSUM_LENGTH = 8


def _checksum(text: bytes) -> str:
    return f"{zlib.crc32(text):08x}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be fetched, remembered so that it is not asked for on every run.

    version: of the object then; it is tried again when that changes. library_version: then, 0 if it is no
    reason to try again.
    """

    code: str
    version: int
    message: str
    library_version: int = 0


class Mirror:
    """One library's local copy. For one thread; close it, or use it in a `with`.

    rebuilt: why the former copy was set aside when this one was opened; "" = it was not.
    files: the stored files, shared by all libraries of a site.
    """

    def __init__(self, folder: Path, files: Path, library: str, rebuilt: str = "") -> None:
        self.library = library
        self.rebuilt = rebuilt
        self.files = FileStore(files)
        with _storing(library):
            folder.mkdir(parents=True, exist_ok=True)
            self._cache = diskcache.Cache(str(folder), disk=JsonDisk, **SETTINGS)
        # prefix -> names: diskcache has no way to ask for the rows under a prefix.
        self._names: dict[str, set[str]] = {}
        for key in self._cache:
            prefix, _, name = key.rpartition("/")
            self._names.setdefault(prefix, set()).add(name)
        if "format" not in self._names.get("state", ()):
            self.write_state(format=FORMAT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.files.save()
        self._cache.close()

    # --- what readers ask

    @property
    def library_version(self) -> int:
        """The library version up to which everything is here; 0 also if never completed (see `completed`)."""
        return int(self.state("version", 0))

    @property
    def completed(self) -> bool:
        """Whether a sync ever came to its end. An empty library may truly have version 0."""
        return self.state("version", None) is not None

    @property
    def library_name(self) -> str:
        """As Zotero says; "" = unknown."""
        return str(self.state("name", ""))

    @property
    def is_public(self) -> bool:
        """Whether Zotero says that everybody can read the group."""
        return self.state("public", False) is True

    @property
    def revision(self) -> str:
        """Another one after every change of what a site is made of, files aside; "" = nothing was stored."""
        return str(self.state("revision", ""))

    def objects(self, kind: Kind) -> Iterator[tuple[str, JSON]]:
        """Give (key, raw object), in key order. Settings: (name, {"value", "version"})."""
        for key in sorted(self._names.get(kind, ())):
            yield key, self._object(kind, key)

    def object(self, kind: Kind, key: str) -> JSON | None:
        """Give one raw object; None = not here."""
        return self._object(kind, key) if key in self._names.get(kind, ()) else None

    def keys(self, kind: Kind) -> frozenset[str]:
        return frozenset(self._names.get(kind, ()))

    def citations(self, style: str, locale: str) -> dict[str, str]:
        """Give item key -> HTML of its reference, NOT sanitised, in key order."""
        return self._texts(citation_set(style, locale))

    def exports(self, format: str) -> dict[str, str]:
        """Give item key -> the item as Zotero exports it, in key order; "csljson": JSON of one object."""
        return self._texts(export_set(format))

    def fulltext(self, key: str) -> str | None:
        """Give the full text of an attachment; None = there is none."""
        row = self._read(FULLTEXT, key)
        return None if row is None else _pair(row)[1]

    def file(self, md5: str) -> Path | None:
        """Give the stored file with this md5, whose bytes were seen to be right; None = not here."""
        return self.files.find(md5)

    def good_files(self) -> dict[str, str]:
        """Give attachment key -> md5 of the last file of it that was good; in key order.

        That of before, where the newest could not be had.
        """
        rows = self.state("files", {})
        try:
            good = {key: row[1] for key, row in sorted(rows.items())}
        except (AttributeError, TypeError, KeyError, IndexError):
            good = {"": None}
        if not all(isinstance(md5, str) for md5 in good.values()):
            raise MirrorError(f"The mirror of {self.library} is damaged at state/files.", _REMEDY)
        return {key: md5 for key, md5 in good.items() if md5}

    def schema(self) -> JSON:
        """Zotero's schema; None if never fetched."""
        return self.state("schema", None)

    def problems(self) -> tuple[Problem, ...]:
        """What could not be fetched, as of the last sync; sorted."""
        found = [
            Problem(failure.code, self._place(failure, _kind_of(name), key), failure.message)
            for name in self.failed_sets()
            for key, failure in self.failures(name).items()
        ]
        found += [
            Problem("file-damaged", f"{self.library}/files/{md5}", "The stored file was damaged; sync again.")
            for md5 in self.files.damaged
            if stored_file(self.files.folder, md5) is None
        ]
        return tuple(sorted(set(found)))

    def _place(self, failure: Failure, kind: str, key: str) -> str:
        return self.library if failure.code in ALL_OR_NONE else f"{self.library}/{kind}/{key}"

    # --- what a sync writes

    def write_objects(self, kind: Kind, objects: Mapping[str, JSON]) -> None:
        """Store raw objects by key, all or none."""
        self._write(kind, objects)

    def drop_objects(self, kind: Kind, keys: Iterable[str]) -> None:
        """Remove objects; with items go their citations, exports, full text and failures."""
        gone = frozenset(keys)
        with self._transaction():
            self._drop(kind, gone)
            if kind == "items":
                for name in self._names:
                    if name.startswith(_TEXTS_OF_ITEMS) or name == FULLTEXT:
                        self._drop(name, gone)
                for name in self.failed_sets():
                    left = {key: f for key, f in self.failures(name).items() if key not in gone}
                    self.write_failures(name, left)

    def write_texts(self, name: str, texts: Mapping[str, tuple[int, str]]) -> None:
        """Store texts made from objects. name: a `citation_set`, `export_set` or FULLTEXT.

        texts: key -> (version of what the text was made from, text).
        """
        self._write(name, {key: list(pair) for key, pair in texts.items()})

    def text_version(self, name: str, key: str) -> int | None:
        """The version from which the stored text was made; None = there is no text."""
        row = self._read(name, key)
        return None if row is None else _pair(row)[0]

    def text_sets(self) -> frozenset[str]:
        """The citation and export sets of which anything is stored."""
        names = (name for name, keys in self._names.items() if keys)
        return frozenset(name for name in names if name.startswith(_TEXTS_OF_ITEMS))

    def drop_texts(self, name: str) -> None:
        """Remove a whole set of texts."""
        self._drop(name, frozenset(self._names.get(name, ())))

    def text_keys(self, name: str) -> frozenset[str]:
        return frozenset(self._names.get(name, ()))

    def has_texts(self, name: str) -> bool:
        return bool(self._names.get(name))

    def state(self, name: str, default: JSON) -> JSON:
        """Read a value that belongs to the whole mirror."""
        value = self._read("state", name)
        return default if value is None else value

    def write_state(self, **values: JSON) -> None:
        """Store values that belong to the whole mirror, all or none."""
        self._write("state", values)

    def failures(self, name: str) -> dict[str, Failure]:
        """Give key -> what went wrong, of one set of things to fetch; in key order."""
        rows = self.state("failed", {}).get(name, {})
        return {key: Failure(*row) for key, row in sorted(rows.items())}

    def failed_sets(self) -> tuple[str, ...]:
        return tuple(sorted(self.state("failed", {})))

    def write_failures(self, name: str, failures: Mapping[str, Failure]) -> None:
        """Replace what is known to fail in one set; nothing = forget the set."""
        rows = {key: list(astuple(failure)) for key, failure in sorted(failures.items())}
        former = self.state("failed", {})
        others = {each: known for each, known in former.items() if each != name}
        failed = {**others, name: rows} if rows else others
        if failed != former:
            self.write_state(failed=failed)

    def start_afresh(self, **state: JSON) -> None:
        """Forget everything but some state, in one go: what is here is of another library."""
        with self._transaction():
            for name, keys in tuple(self._names.items()):
                self._drop(name, frozenset(keys))
            self.write_state(format=FORMAT, **state)

    # --- rows

    def _object(self, kind: str, key: str) -> JSON:
        value = self._read(kind, key)
        if not is_readable(kind, value):
            raise MirrorError(f"The mirror of {self.library} is damaged at {kind}/{key}.", _REMEDY)
        return value

    def _texts(self, name: str) -> dict[str, str]:
        return {key: _pair(self._read(name, key))[1] for key in sorted(self._names.get(name, ()))}

    def _read(self, prefix: str, name: str) -> JSON:
        if name not in self._names.get(prefix, ()):
            return None
        with _storing(self.library):
            return self._cache.get(f"{prefix}/{name}")

    def _write(self, prefix: str, rows: Mapping[str, JSON]) -> None:
        if not rows:
            return
        with self._transaction():
            for name, value in rows.items():
                self._cache.set(f"{prefix}/{name}", value)
            if prefix != "state" or not _KEPT_FOR_SYNC.issuperset(rows):
                self._note_change()
        self._names.setdefault(prefix, set()).update(rows)

    def _drop(self, prefix: str, names: Iterable[str]) -> None:
        here = self._names.get(prefix, set())
        gone = here.intersection(names)
        if not gone:
            return
        with self._transaction():
            for name in gone:
                self._cache.delete(f"{prefix}/{name}")
            self._note_change()
        here -= gone

    def _note_change(self) -> None:
        # Not a number: a mirror that was rebuilt must not come to the number of its predecessor.
        self._cache.set("state/revision", uuid.uuid4().hex)
        self._names.setdefault("state", set()).add("revision")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _storing(self.library), self._cache.transact():
            yield


def _kind_of(failed_set: str) -> str:
    return failed_set if failed_set in ("collections", "searches") else "items"


_TEXTS_OF_ITEMS = ("citations/", "exports/")
# The sets of texts; with these names they stand in rows, in the done marks and among the failures.
FULLTEXT = "fulltext"


def citation_set(style: str, locale: str) -> str:
    return f"citations/{style}/{locale}"


def export_set(format: str) -> str:
    return f"exports/{format}"


def open_mirror(config: Config, library: LibraryConfig) -> Mirror:
    """Open a library's mirror, empty at first; one that is broken is set aside and begun anew."""
    folder, files = mirror_folder(config, library), config.state / "files"
    reason = find_flaw(config, library)
    try:
        if not reason:
            return Mirror(folder, files, library.id)
    except MirrorError:
        raise
    except Exception as error:
        # Whatever a planted row made diskcache trip over, the remedy is the same.
        reason = f"it cannot be opened ({type(error).__name__})"
    with _storing(library.id):
        set_aside(folder)
    return Mirror(folder, files, library.id, reason)


def find_flaw(config: Config, library: LibraryConfig) -> str:
    """Say for what a library's mirror would be set aside; "" = nothing, or there is none. Changes nothing."""
    folder = mirror_folder(config, library)
    with _storing(library.id):
        return _flaw(folder) if os.path.lexists(folder) else ""


def mirror_folder(config: Config, library: LibraryConfig) -> Path:
    return config.state / "mirror" / mirror_name(library)


def mirror_name(library: LibraryConfig) -> str:
    """Name the folder of a mirror after the API host and the library.

    The port counts except on this machine, where servers take whichever is free.
    """
    address = urlsplit(library.api_url)
    host = address.hostname or "nowhere"
    port = f"-{address.port}" if address.port and host not in ("localhost", "127.0.0.1", "::1") else ""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"{host}{port}-{library.id}").strip("-.")


def collect_files(state: Path, keep: Collection[str]) -> int:
    """Remove the stored files that no library wants, and what interrupted downloads left; say how many.

    keep: md5s.
    """
    removed = 0
    for path in list_ours(state, "files"):
        if path.name not in keep or path.parent.name != path.name[:2]:
            with suppress(OSError):
                path.unlink()
                removed += 1
                path.parent.rmdir()
    return removed


@contextmanager
def lock(state: Path) -> Iterator[None]:
    """Keep other runs out of a state folder. Raises MirrorLocked, naming who is in there.

    The lock is the operating system's: it ends with the process, however that ends.
    Raises ConfigError for a folder that is not ours.
    """
    with closing(_hold(state)) as file:
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "time": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        _rewrite(file, json.dumps(holder))
        try:
            yield
        finally:
            _rewrite(file, "")
            _release(file)


def _hold(state: Path) -> IO[bytes]:
    """Take the lock of a state folder; gives its open file."""
    while True:
        with _storing(str(state.name)):
            claim_state(state)
            place = state / "lock"
            if place.is_symlink() or place.is_dir():
                # What it leads to would be written over.
                set_aside(place)
            file = place.open("a+b", buffering=0)
        if not _take(file):
            with closing(file):
                raise _locked(state, file)
        with suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), place.stat()):
                return file
        # Whoever held it removed the folder, and others may hold another by now.
        file.close()


def _locked(state: Path, file: IO[bytes]) -> MirrorLocked:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        who = f"process {holder['pid']} on {holder['host']} since {holder['time']}"
    except (ValueError, KeyError, TypeError, OSError):
        who = "another process"
    return MirrorLocked(f"Another run is working in {state}: {who}.", "Wait until it has ended.")


def _rewrite(file: IO[bytes], text: str) -> None:
    # Only to tell others who is here; on a full disk they are told less.
    with suppress(OSError):
        file.seek(0)
        file.truncate()
        file.write(text.encode())


if sys.platform == "win32":
    import msvcrt

    # Windows' locks forbid reading: lock a byte beyond the text that tells who holds it.
    _LOCKED_BYTE = 1 << 20

    def _take(file: IO[bytes]) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(file: IO[bytes]) -> None:
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def _flaw(folder: Path) -> str:
    """Say what is wrong with a mirror before diskcache, which trusts what it finds, opens it; "" = nothing.

    Raises sqlite3.OperationalError for what says nothing about the mirror: locked, not permitted, disk full.
    """
    if not is_plain_folder(folder):
        return "it is not a plain folder"
    entries = list(folder.iterdir())
    if any(entry.name not in _DATABASE_FILES or entry.is_symlink() for entry in entries):
        return "it holds files that zstatic did not write"
    if not entries:
        return ""
    if not (folder / _DATABASE).is_file():
        return "its database is missing"
    try:
        with closing(sqlite3.connect(folder / _DATABASE, isolation_level=None, timeout=10)) as connection:
            return _database_flaw(connection)
    except sqlite3.OperationalError as error:
        if _is_circumstance(error):
            raise
        return "its database is damaged"
    except (sqlite3.DatabaseError, ValueError, TypeError, RecursionError):
        return "its database is damaged"


def _database_flaw(connection: sqlite3.Connection) -> str:
    """Check structure, settings, rows and format, in this order: each makes the next safe to read."""
    ask = connection.execute
    ask("PRAGMA trusted_schema = OFF")
    if ask("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
        return "its database is damaged"
    if _structure(connection) != _own_structure():
        return "its database has parts or settings that zstatic did not write"
    foreign = ask(
        "SELECT 1 FROM Cache WHERE filename IS NOT NULL OR mode IS NOT ? OR raw IS NOT 1"
        " OR expire_time IS NOT NULL OR typeof(key) IS NOT 'text' OR typeof(value) IS NOT 'text' LIMIT 1",
        (MODE_RAW,),
    ).fetchone()
    if foreign:
        return "it holds rows that zstatic did not write"
    rows = ask("SELECT substr(value, 1, ?), CAST(substr(value, ?) AS BLOB) FROM Cache", _AFTER_CHECKSUM)
    if any(_checksum(text) != told for told, text in rows):
        return "its rows are damaged, or another version of zstatic wrote them"
    if ask(_ODD_KEYS, (_OF_AN_OBJECT, _TEXT_FROM)).fetchone():
        return "it holds rows that zstatic did not write"
    # Zotero's schema is large; whoever reads it skips what is odd in it.
    rows = ask(
        "SELECT substr(key, 7), substr(value, ?) FROM Cache"
        " WHERE key GLOB 'state/*' AND key <> 'state/schema'",
        (_TEXT_FROM,),
    )
    state = {name: json.loads(text) for name, text in rows}
    if "format" not in state:
        return "it has no format stamp" if ask("SELECT 1 FROM Cache LIMIT 1").fetchone() else ""
    if state["format"] != FORMAT:
        return "another version of zstatic wrote it"
    if not all(is_state(name, value) for name, value in state.items()):
        return "it says of itself what zstatic did not write"
    return ""


_TEXT_FROM = _CHECKSUM_LENGTH + 1
_AFTER_CHECKSUM = (_CHECKSUM_LENGTH, _TEXT_FROM)
# All rows but two kinds are of objects: whoever asks for one puts its key into an address.
_ODD_KEYS = (
    "SELECT 1 FROM Cache WHERE"
    " key NOT GLOB ? AND key NOT GLOB 'state/?*' AND key NOT GLOB 'settings/*'"
    " OR key GLOB '*/*/*' AND key NOT GLOB 'citations/*' AND key NOT GLOB 'exports/*'"
    " OR key = 'state/schema' AND substr(value, ?, 1) NOT IN ('{', 'n') LIMIT 1"
)
_OF_AN_OBJECT = "*/" + "[2-9A-NP-Z]" * 8
Structure = tuple[frozenset[tuple[object, ...]], frozenset[tuple[object, ...]]]


def _structure(connection: sqlite3.Connection) -> Structure:
    """Give tables, indexes and triggers with their SQL, and the settings.

    diskcache makes an attribute or a pragma of every row of Settings, so none may be there but its own.
    """
    parts = frozenset(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))
    rows = frozenset(connection.execute("SELECT key, value, typeof(value) FROM Settings"))
    counters = [row for row in rows if row[0] in _COUNTERS and row[2] == "integer"]
    return parts, rows.difference(counters)


@cache
def _own_structure() -> Structure:
    """Give the structure that this version of diskcache makes with our settings."""
    with tempfile.TemporaryDirectory() as folder:
        diskcache.Cache(folder, disk=JsonDisk, **SETTINGS).close()
        with closing(sqlite3.connect(Path(folder) / _DATABASE)) as connection:
            return _structure(connection)


def _pair(row: JSON) -> tuple[int, str]:
    if isinstance(row, list) and len(row) == 2 and type(row[0]) is int and isinstance(row[1], str):
        return row[0], row[1]
    raise MirrorError("The mirror holds a row that cannot be read.", _REMEDY)


_REMEDY = "Run `zstatic clean cache`, then sync again; downloaded files are kept."


def _is_circumstance(error: sqlite3.OperationalError) -> bool:
    words = ("locked", "unable to open", "readonly", "disk is full", "disk I/O", "permission")
    return any(word in str(error) for word in words)


@contextmanager
def _storing(library: str) -> Iterator[None]:
    """Turn trouble with the disk into a MirrorError that a reader understands."""
    try:
        yield
    except MirrorError as error:
        raise (
            MirrorError(f"{error.message} ({library})", error.hint or _REMEDY) if not error.hint else error
        ) from None
    except diskcache.Timeout:
        raise MirrorError(f"The mirror of {library} is in use by another program.", "Try again.") from None
    except sqlite3.OperationalError as error:
        if not _is_circumstance(error):
            raise MirrorError(f"The mirror of {library} is damaged: {error}.", _REMEDY) from None
        raise MirrorError(f"The mirror of {library} cannot be read or written: {error}.", _ROOM) from None
    except sqlite3.DatabaseError as error:
        raise MirrorError(f"The mirror of {library} is damaged: {error}.", _REMEDY) from None
    except OSError as error:
        raise MirrorError(
            f"The mirror of {library} cannot be read or written: {error.strerror}.", _ROOM
        ) from None


_ROOM = "Check the free space and the permissions of [output] state."

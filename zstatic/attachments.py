"""Which attachment files are wanted, and fetching those that are missing into `<state>/files/ab/<md5>`.

In: raw items of a mirror and the [attachments] rules. Out: verified files and, for each that could not be
had, a Failure kept in the mirror. A file appears under its md5 only when every byte was seen to belong to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from zstatic.api import Api, FileLocation, RequestFailed, in_parallel
from zstatic.batches import FAILURES_IN_A_ROW
from zstatic.config import AttachmentRules
from zstatic.errors import AccessDenied, ApiError, ApiUnreachable, MirrorError, RateLimited
from zstatic.filestore import MD5, FileStore
from zstatic.mirror import ALL_OR_NONE, Failure, Mirror
from zstatic.progress import Track
from zstatic.shapes import tag_names
from zstatic.urls import EXTENSIONS

JSON = Any

FILES = "files"
STORED_MODES = ("imported_file", "imported_url")
CHUNK = 1 << 20
TRIES = 3
# Deflate cannot reach this on documents; beyond it an archive is made to hurt.
MAX_RATIO = 200
RATIO_COUNTS_FROM = 10_000_000
# A failure stands until the version of its item changes, but for these. Somebody who is refused may be given
# access at any time, and one request is enough to learn of it.
UNREACHABLE = "file-unreachable"
RETRIED_ALWAYS = (UNREACHABLE, "file-denied")
RETRIED_IF_LIBRARY_MOVED = ("file-missing", "file-closed")
RETRIED_IF_LIMIT_ROSE = "file-too-large"
NEVER: tuple[None, ...] = (None, None, None)
# Failures are noted every so often: a run that is cut short asks no more than so many in vain again.
NOTED_EVERY = 25


@dataclass(frozen=True, slots=True)
class WantedFile:
    """md5: of the file itself; "" = Zotero never got it. version: of the attachment item."""

    key: str
    md5: str
    version: int


@dataclass(frozen=True, slots=True)
class FilesReport:
    """fetched, bytes: what came in this run. removed: files that are no longer wanted by this library.

    damaged: stored files that were not what they should be.
    """

    fetched: int = 0
    bytes: int = 0
    removed: int = 0
    damaged: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.fetched or self.removed)


def wanted_files(items: Iterable[tuple[str, JSON]], rules: AttachmentRules) -> tuple[WantedFile, ...]:
    """Say which files of a library could be published, in key order.

    items: every (key, raw item). Selection may still leave some out; size is known only when fetching.
    A file without the item that it belongs to has no page.
    """
    places: dict[str, tuple[bool, str]] = {}
    found: list[WantedFile] = []
    for key, item in items:
        fields = item.get("data", {})
        places[key] = (bool(fields.get("deleted")), str(fields.get("parentItem") or ""))
        if _is_wanted(fields, rules):
            found.append(WantedFile(key, _md5(fields.get("md5")), item.get("version", 0)))
    return tuple(sorted((w for w in found if _has_place(w.key, places)), key=lambda w: w.key))


def _has_place(key: str, places: Mapping[str, tuple[bool, str]]) -> bool:
    """Say whether an item, and the one that it hangs under, is there and not in the trash.

    Children of a trashed item are not flagged. places: key -> (flagged itself, key of its parent or "").
    """
    flagged, parent = places[key]
    # What hangs two levels down, as annotations do, is not published.
    return not flagged and (not parent or places.get(parent, (True, "")) == (False, ""))


def sync_files(
    api: Api,
    mirror: Mirror,
    library: str,
    rules: AttachmentRules,
    track: Track,
    *,
    full: bool = False,
    verify: bool = False,
) -> FilesReport:
    """Make the wanted files of a library be there; what fails is written to the mirror's failures.

    full: try again whatever failed before. verify: read all stored files again.
    Raises ApiUnreachable and RateLimited when going on makes no sense; files fetched so far are kept.
    """
    moment = [mirror.library_version, rules_mark(rules), api.has_key]
    done = mirror.state("files-done", NEVER)
    rows: dict[str, list[str]] = mirror.state("files", {})
    failures = mirror.failures(FILES)
    if verify:
        mirror.files.forget()
    damaged = _check_stored(rows, mirror, track)
    # What the network kept from us is asked for again, even if nothing else changes.
    unfinished = any(failure.code in RETRIED_ALWAYS for failure in failures.values())
    if done == moment and not full and not unfinished and _is_settled(rows, failures, mirror):
        return FilesReport(damaged=damaged)
    wanted = wanted_files(mirror.objects("items"), rules)
    known = {key: f for key, f in failures.items() if not full and _stands(f, moment, done)}
    fetched, size, failures = _fetch_missing(api, mirror, library, wanted, known, rules.max_size, track)
    if any(not each.md5 for each in wanted):
        # Some may have been found out by reading them.
        wanted = wanted_files(mirror.objects("items"), rules)
    now = {each.key: [each.md5, _good_md5(each, rows, mirror)] for each in wanted}
    mirror.write_state(**{"files": now, "files-done": moment})
    return FilesReport(fetched, size, len(_good(rows) - _good(now)), damaged)


def _check_stored(rows: Mapping[str, list[str]], mirror: Mirror, track: Track) -> int:
    """Read the stored files that may have changed, and remove those that are damaged; give their number."""
    before = len(mirror.files.damaged)
    kept = sorted({md5 for pair in rows.values() for md5 in pair if md5})
    for md5 in track(kept, "Checking files", len(kept)):
        mirror.file(md5)
    damaged = len(mirror.files.damaged) - before
    if damaged:
        track.say(f"{damaged} stored files were damaged and are fetched again.")
    return damaged


def _stands(failure: Failure, moment: list[JSON], done: list[JSON]) -> bool:
    """Say whether a failure is still true, as far as we know.

    moment, done: [library version, mark of the rules, is there a key], now and when all was last settled.
    """
    if failure.code in RETRIED_IF_LIBRARY_MOVED:
        return bool(failure.library_version == moment[0] and done[2:] == moment[2:])
    if failure.code == RETRIED_IF_LIMIT_ROSE:
        return done[1] is not None and _limit(moment[1]) <= _limit(done[1])
    return failure.code not in RETRIED_ALWAYS


def rules_mark(rules: AttachmentRules) -> str:
    """Give a text that differs when the rules do."""
    return json.dumps(asdict(rules), sort_keys=True)


def _limit(mark: str) -> int:
    """Read max_size out of a `rules_mark`."""
    return int(json.loads(mark)["max_size"])


def _is_wanted(fields: JSON, rules: AttachmentRules) -> bool:
    if fields.get("itemType") != "attachment" or fields.get("linkMode") not in STORED_MODES:
        return False
    allowed = {each.strip().lower() for each in rules.media_types} & EXTENSIONS.keys()
    if rules.publish == "none" or media_type(fields.get("contentType")) not in allowed:
        return False
    tags = {tag.strip().casefold() for tag in tag_names(fields)}
    return rules.publish == "all" or rules.tag.strip().casefold() in tags


def media_type(raw: JSON) -> str:
    """Normalise a content type: "Application/PDF; charset=x" -> "application/pdf"."""
    return str(raw or "").partition(";")[0].strip().lower()


def _md5(raw: JSON) -> str:
    text = str(raw or "").lower()
    return text if MD5.fullmatch(text) else ""


def _is_settled(rows: Mapping[str, list[str]], failures: Mapping[str, Failure], mirror: Mirror) -> bool:
    """Say whether each wanted file is there or known to fail: somebody may have cleaned the folder."""
    return all(key in failures or mirror.file(md5) for key, (md5, _) in rows.items())


def _good_md5(wanted: WantedFile, rows: Mapping[str, list[str]], mirror: Mirror) -> str:
    if wanted.md5 and mirror.file(wanted.md5):
        return wanted.md5
    return rows.get(wanted.key, ["", ""])[1]


def _good(rows: Mapping[str, list[str]]) -> set[str]:
    return {good for _, good in rows.values() if good}


def _fetch_missing(
    api: Api,
    mirror: Mirror,
    library: str,
    wanted: Collection[WantedFile],
    known: Mapping[str, Failure],
    limit: int,
    track: Track,
) -> tuple[int, int, dict[str, Failure]]:
    """Fetch what is not there; give number, bytes, and all failures that now stand, which the mirror notes.

    known: key -> failures that need not be tried again, unless the item's version is another.
    """
    # Zotero's desktop has files that were never uploaded, and does not know their md5.
    on_disk = bool(mirror.state("server", ""))
    failures = {each.key: _never_uploaded(each) for each in wanted if not each.md5 and not on_disk}
    missing: dict[str, list[WantedFile]] = {}
    for each in wanted:
        failure = known.get(each.key)
        if each.key in failures or (each.md5 and mirror.file(each.md5)):
            continue
        if failure and failure.version == each.version:
            failures[each.key] = failure
        else:
            missing.setdefault(each.md5 or each.key, []).append(each)
    fetched = size = 0
    # Why no other file is asked for.
    ended: Failure | None = None
    in_a_row = 0
    # Two attachments may hold the same file: the first that can be had serves both.
    work = deque(missing.values())
    fetch = partial(_fetch_first, api, library, mirror.files, limit)
    results = track(in_parallel(work, fetch), "Fetching files", len(missing))
    for number, (stored, failed) in enumerate(results, 1):
        if stored is not None:
            fetched, size = fetched + 1, size + stored.size
            if not stored.known:
                _note_md5(mirror, stored)
        now = {key: replace(f, library_version=mirror.library_version) for key, f in failed.items()}
        failures |= now
        unreachable = next((failure for failure in now.values() if failure.code == UNREACHABLE), None)
        in_a_row = in_a_row + 1 if unreachable else 0
        denied = next((failure for failure in now.values() if failure.code in ALL_OR_NONE), None)
        ended = denied or ended or (unreachable if in_a_row >= FAILURES_IN_A_ROW else None)
        if ended:
            work.clear()
        if number % NOTED_EVERY == 0:
            mirror.write_failures(FILES, failures)
    if ended:
        rest = [each for same in missing.values() for each in same if not mirror.file(each.md5)]
        failures = {**{each.key: replace(ended, version=each.version) for each in rest}, **failures}
    mirror.write_failures(FILES, failures)
    return fetched, size, failures


def _fetch_first(
    api: Api, library: str, files: FileStore, limit: int, same: list[WantedFile]
) -> tuple[_Stored | None, dict[str, Failure]]:
    """Fetch one file from the first attachment that has it; give that, or None and a failure for each."""
    failures: dict[str, Failure] = {}
    for wanted in same:
        outcome = _fetch_patiently(api, library, files, limit, wanted)
        if isinstance(outcome, _Stored):
            return outcome, {}
        failures[wanted.key] = outcome
        if outcome.code in ALL_OR_NONE:
            break
    return None, failures


def _fetch_patiently(
    api: Api, library: str, files: FileStore, limit: int, wanted: WantedFile
) -> _Stored | Failure:
    """Fetch one file, again if the network broke; give it or what is wrong with it."""
    for attempt in range(1, TRIES + 1):
        try:
            # Asked anew each time: the address it gives is good for a minute only.
            location = api.file_location(library, wanted.key)
            if location is None:
                return _not_given(wanted, closed=api.anonymous and library.startswith("groups/"))
            return _fetch(api, location, files, limit, wanted)
        except RequestFailed as error:
            if attempt == TRIES:
                return _failure(UNREACHABLE, wanted, error.message)
            api.pause(attempt)
        except AccessDenied as error:
            return _failure("file-denied", wanted, error.message)
        except (ApiUnreachable, RateLimited):
            raise
        except ApiError as error:
            return _failure("file-missing", wanted, error.message)
        except _Unfit as unfit:
            return _failure(unfit.code, wanted, str(unfit))
    raise AssertionError


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file that came. known: its md5 stands in the item."""

    key: str
    md5: str
    size: int
    known: bool


def _note_md5(mirror: Mirror, stored: _Stored) -> None:
    """Write into the item what Zotero's desktop did not know: nothing is published without its md5."""
    item = mirror.object("items", stored.key)
    if item is not None:
        known = {**item, "data": {**item["data"], "md5": stored.md5}}
        mirror.write_objects("items", {stored.key: known})


class _Unfit(Exception):
    """The bytes are not what they should be."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _fetch(api: Api, location: FileLocation, files: FileStore, limit: int, wanted: WantedFile) -> _Stored:
    """Stream one file into place. Raises _Unfit, RequestFailed, ApiError."""
    if location.size is not None and location.size > limit:
        raise _too_large(limit)
    if wanted.md5 and location.md5 not in ("", wanted.md5) and not location.zipped:
        # Told before a byte of it came.
        raise _mismatch()
    incoming = files.folder / "incoming"
    body, main = incoming / f"{wanted.key}.body", incoming / f"{wanted.key}.file"
    try:
        with _writing():
            incoming.mkdir(parents=True, exist_ok=True)
            md5, size = _receive(api, location, body, limit)
            if location.zipped:
                if location.md5 and md5 != location.md5:
                    raise _mismatch()
                md5, size = _unpack(body, main, limit)
                main.replace(body)
            if wanted.md5 and md5 != wanted.md5:
                raise _mismatch()
            _put_in_place(body, files, md5)
        return _Stored(wanted.key, md5, size, bool(wanted.md5))
    finally:
        for path in (body, main):
            with suppress(OSError):
                path.unlink()


def _receive(api: Api, location: FileLocation, body: Path, limit: int) -> tuple[str, int]:
    """Write the body to disk as it comes; give its md5 and size."""
    with api.download(location) as chunks, body.open("wb") as file:
        md5, size = _copy(chunks, file, limit)
    if location.size is not None and size != location.size:
        raise RequestFailed("The storage host sent another number of bytes than Zotero announced.")
    return md5, size


def _copy(chunks: Iterable[bytes], file: IO[bytes], limit: int) -> tuple[str, int]:
    """Write chunks until the end or the limit. Raises _Unfit."""
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest(), size


def _unpack(archive: Path, target: Path, limit: int) -> tuple[str, int]:
    """Write the only file of a ZIP; give its md5 and size. Entry names are never used as paths."""
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
            if len(entries) != 1:
                raise _Unfit(
                    "file-archive", f"It is an archive of {len(entries)} files, which is not published."
                )
            allowed = max(RATIO_COUNTS_FROM, entries[0].compress_size * MAX_RATIO)
            with packed.open(entries[0]) as source, target.open("wb") as file:
                md5, size = _copy(_chunks(source, allowed), file, limit)
            return md5, size
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        # RuntimeError: encrypted. NotImplementedError: a method nobody uses.
        raise _Unfit("file-archive", "Its archive cannot be read.") from None


def _chunks(source: IO[bytes], allowed: int) -> Iterator[bytes]:
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > allowed:
            raise _Unfit("file-archive", "Its archive unpacks to far more than it holds.")
        yield chunk


def _put_in_place(body: Path, files: FileStore, md5: str) -> None:
    folder = files.folder / md5[:2]
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir(exist_ok=True)
    body.replace(folder / md5)
    files.note(md5)


@contextmanager
def _writing() -> Iterator[None]:
    """Turn a full or read-only disk into a MirrorError."""
    try:
        yield
    except OSError as error:
        raise MirrorError(
            f"A downloaded file cannot be stored: {error.strerror}.",
            "Check the free space and the permissions of [output] state.",
        ) from None


def _failure(code: str, wanted: WantedFile, message: str) -> Failure:
    return Failure(code, wanted.version, message)


def _not_given(wanted: WantedFile, *, closed: bool) -> Failure:
    if closed:
        # Zotero says no more than 404, for each of them.
        message = "Files of groups need the key of a member, even where all may read: set ZOTERO_API_KEY."
        return _failure("file-closed", wanted, message)
    return _failure("file-missing", wanted, "Zotero does not have this file, or does not give it to us.")


def _never_uploaded(wanted: WantedFile) -> Failure:
    return _failure("file-not-uploaded", wanted, "Its file was never uploaded to Zotero's storage.")


def _mismatch() -> _Unfit:
    return _Unfit("file-mismatch", "The file in Zotero's storage is not the one that the item describes.")


def _too_large(limit: int) -> _Unfit:
    return _Unfit("file-too-large", f"The file is larger than {limit / 1e6:g} MB ([attachments] max_size).")

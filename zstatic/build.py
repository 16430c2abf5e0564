"""Outputs -> the site folder: the only incremental code.

In: the planned outputs, a renderer, the manifest of the last build. Out: a site folder that equals a fresh
build byte for byte, a new manifest, a SiteReport.

Writing goes in two steps, so that a crash at any instant leaves the old site or the new one:

1. everything that changed is written to a stage on the disk of the site, then flushed;
2. a journal says what is to be done with it; from the moment the journal exists the change is decided,
   and whoever finds it (`recover`) carries it through: remove, rename into place, marker, manifest.

All that needs room or permission is done in the first step, so a full disk stops a build while the site is
still the old one; the second step only renames and removes.

The manifest says of every file of the last build what it was made of (fingerprint) and what came out
(size, mtime, digest). Without a manifest, all is rendered and compared with the bytes in the site; files that
no plan explains are then left alone and counted in a Problem, for they may be the user's.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path, PurePath
from typing import Any, Protocol

from zstatic.claims import Claims, path_fault
from zstatic.digests import content_digest, digest
from zstatic.disk import (
    copy_file,
    files_below,
    flush_folders,
    flush_tree,
    has_bytes_of,
    is_plain_folder,
    is_same_file,
    naming,
    plain_file,
    read_if_possible,
    remove_tree,
    write_durably,
)
from zstatic.errors import BadPath, ConfigError, MirrorError, Problem, disk_failure
from zstatic.outputs import Copy, Output, Page, Text
from zstatic.progress import Track, silent

MARKER = "last_sync.json"

_FORMAT = 2
_MANIFEST = "manifest.json"
_NEXT_MANIFEST = "manifest.next.json"
_JOURNAL = "journal.json"
_STAGE = "stage"
# What the second step may need for longer lists of names; held until then.
_ROOM = "room"
_BYTES_PER_FOLDER, _BYTES_PER_NAME = 1 << 12, 1 << 9


class Renders(Protocol):
    """What the build asks of `render.Renderer`."""

    def fingerprint(self, output: Page | Text) -> str: ...

    def render(self, output: Page | Text) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a build did to the site.

    written: paths with new bytes, in the order they were planned. removed: sorted.
    unchanged: number of files left as they were. files, bytes: the whole site now.
    """

    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    files: int
    bytes: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What the manifest knows of one file.

    kind: name of the template, "text" or "copy". fingerprint: of what it was made of.
    size: bytes; mtime: nanoseconds; both as the build left the file.
    digest: of the bytes; for a copy the digest the plan gave.
    """

    kind: str
    fingerprint: str
    size: int
    mtime: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The last build.

    header: what touches every page, by name. files: path -> what is known of it.
    stamp: of all that the site was made of; "" = unknown. problems: what that build found.
    record: JSON that the caller keeps with the site; None = nothing.
    """

    header: Mapping[str, str]
    files: Mapping[str, Made]
    stamp: str = ""
    problems: tuple[Problem, ...] = ()
    record: Any = None


def write_site(
    outputs: Iterable[Output],
    renderer: Renders,
    header: Mapping[str, str],
    last_sync: str,
    site: Path,
    state: Path,
    track: Track = silent,
    *,
    stamp: str = "",
    problems: tuple[Problem, ...] = (),
    record: Any = None,
    own_folders: Iterable[str] = (),
) -> SiteReport:
    """Make the site folder hold exactly these outputs and `last_sync.json`, writing only what changed.

    header: what touches every page (engine, site view, base URL); when it differs, every page is rendered.
    last_sync: text of `last_sync.json`, which marks the folder as ours and is written last.
    stamp, problems, record: kept in the manifest, which changes together with the site.
    own_folders: paths of folders in which nobody else writes; of them nothing stays, manifest or not.
    Raises BadPath, ConfigError (a foreign folder, or one that cannot be written), and whatever planning and
    rendering raise; the site is then as it was before.
    """
    recover(site, state)
    check_output(site)
    site = site.resolve()
    old = read_manifest(state)
    draft = _Draft(site, state, old, Manifest(dict(header), {}, stamp, problems, record))
    if old is None:
        draft.claim(own_folders)
    with _discarded_on_error(site, state):
        for output in track(outputs, "Writing pages"):
            draft.add(output, renderer)
        draft.add_marker(last_sync)
        removed = draft.gone()
        _apply(draft, removed, site, state)
    unknown = _unknown_files(site, draft.files) if old is None else ()
    return _report(draft, removed, unknown)


def explain_output(
    path: str, output: Output | None, renderer: Renders, header: Mapping[str, str], site: Path, state: Path
) -> tuple[Made | None, str]:
    """What the last build knows of a file, and what the next would do with it and why, in a sentence.

    output: what is planned under this path now; None = nothing.
    """
    manifest = read_manifest(state)
    made = manifest.files.get(path) if manifest else None
    if manifest is None or made is None:
        return None, "It would be written: the last build did not make it." if output else _UNKNOWN
    if output is None:
        return made, "It would be removed: nothing in the library or in content/ leads to it any more."
    changed = sorted(
        name
        for name in header.keys() | manifest.header.keys()
        if header.get(name) != manifest.header.get(name)
    )
    if changed and not isinstance(output, Copy):
        return made, f"It would be made anew, as every page, since {', '.join(changed)} changed."
    if made.kind != _kind(output):
        return made, f"It would be made anew: it is now made by {_kind(output)}, not by {made.kind}."
    now = output.digest if isinstance(output, Copy) else renderer.fingerprint(output)
    if now != made.fingerprint:
        return made, "It would be made anew: what it shows or its template changed."
    if not _is_as_left(plain_file(site.resolve() / path), made):
        return made, "It would be compared and, if it differs, made anew: the file was changed or removed."
    return made, "It would be left as it is: nothing that it is made of changed."


_UNKNOWN = "The site has no such file, and the next build would make none."


def read_kept(stamp: str, site: Path, state: Path) -> Manifest | None:
    """The manifest of the last build, if it was made of the very same and its files are as it left them."""
    manifest = read_manifest(state)
    if manifest is None or not stamp or manifest.stamp != stamp:
        return None
    site = site.resolve()
    kept = all(_is_as_left(plain_file(site / path), made) for path, made in manifest.files.items())
    return manifest if kept else None


def write_marker(kept: Manifest, last_sync: str, site: Path, state: Path) -> SiteReport:
    """Renew `last_sync.json` of a site in which nothing else changed."""
    site = site.resolve()
    draft = _Draft(site, state, kept, kept)
    draft.files.update((path, made) for path, made in kept.files.items() if path != MARKER)
    with _discarded_on_error(site, state):
        draft.add_marker(last_sync)
        _apply(draft, (), site, state)
    return _report(draft, ())


def _apply(draft: _Draft, removed: tuple[str, ...], site: Path, state: Path) -> None:
    with _disk_errors(site):
        _check_obstacles(site, draft.staged, removed)
        journal = _decide(draft, removed, site, state)
    if journal:
        _commit(journal, site, state)


def _report(draft: _Draft, removed: tuple[str, ...], unknown: tuple[str, ...] = ()) -> SiteReport:
    return SiteReport(
        written=tuple(draft.staged),
        unchanged=len(draft.files) - len(draft.staged),
        removed=removed,
        files=len(draft.files),
        bytes=sum(made.size for made in draft.files.values()),
        problems=_unknown_problem(unknown),
    )


def recover(site: Path, state: Path) -> bool:
    """Carry an interrupted write through, or throw away what never got as far as a journal.

    True: the site was changed. To be called with the lock held, before anything reads the site.
    Raises ConfigError where the disk does not let it, BadPath where something is in the way; what is left of
    the change waits for the next call.
    """
    journal_file, site = state / _JOURNAL, site.resolve()
    if not journal_file.exists():
        _remove_stages(site, state)
        return False
    journal = _read_journal(journal_file, site)
    if journal is None:
        # Damaged, or of another output folder: nothing in it can be trusted. Without a manifest
        # the next build compares every file with what it should be.
        with _disk_errors(state):
            (state / _MANIFEST).unlink(missing_ok=True)
            journal_file.unlink()
        _remove_stages(site, state)
        return False
    # Somebody may have put a link there since it was decided.
    for folder in _all_folders((*journal.remove, *journal.folders, *journal.write)):
        _check_link(site / folder)
    _commit(journal, site, state)
    return True


def recover_if_possible(site: Path, state: Path) -> str:
    """As `recover`, for those who can work without the site; says why it could not be done, or ""."""
    try:
        recover(site, state)
    except (ConfigError, BadPath) as failure:
        return f"{failure.message} {failure.hint}"
    return ""


def is_interrupted(state: Path) -> bool:
    """Whether a decided change of the site is still to be carried through."""
    return (state / _JOURNAL).exists()


def check_output(site: Path) -> None:
    """Refuse a folder that holds anything but a site of ours; raises ConfigError."""
    if not site.exists() or is_our_site(site):
        return
    if not site.is_dir():
        raise ConfigError(f"{site}: the site should be written here, but this is a file")
    if any(site.iterdir()):
        raise ConfigError(
            f"{site}: this folder is not empty, and {MARKER} does not say that zstatic wrote it",
            hint="set another path under [output], or move the files in it away",
        )


def is_our_site(site: Path) -> bool:
    """Whether the folder carries our marker: `last_sync.json` as we write it."""
    try:
        mark = json.loads((site / MARKER).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    # {} is what a site says before its first sync.
    return isinstance(mark, dict) and (not mark or "zstatic" in mark)


def remove_site(site: Path, state: Path) -> None:
    """Remove the whole site folder, its manifest and what is left of an interrupted write of it.

    Raises ConfigError unless the site is ours.
    """
    site = site.resolve()
    if _read_journal(state / _JOURNAL, site) is None:
        # A first write that was interrupted has no marker yet, but its journal says that the folder is ours.
        check_output(site)
    with _disk_errors(site):
        for name in (_MANIFEST, _JOURNAL):
            (state / name).unlink(missing_ok=True)
        _remove_stages(site, state)
        if site.exists():
            _remove_site_folder(site)


def _remove_site_folder(site: Path) -> None:
    # Out of sight at once: a half-removed folder would have lost its marker.
    doomed = site.with_name(f".{site.name}.removed")
    remove_tree(doomed)
    try:
        site.rename(doomed)
    except OSError:
        # A disk of its own, or in a folder that is not ours to change: it is emptied, the marker last.
        for path in sorted(site.iterdir(), key=lambda path: path.name == MARKER):
            remove_tree(path)
    else:
        remove_tree(doomed)


def read_manifest(state: Path) -> Manifest | None:
    """What the last build left; None: there was none, or its manifest cannot be read.

    Of a manifest in another format only the paths, which are ours to remove, and the record are used.
    """
    try:
        raw = json.loads((state / _MANIFEST).read_text("utf-8"))
        same = raw["format"] == _FORMAT
        files = {
            path: _made(row) if same else _MADE_UNKNOWN
            for path, row in raw["files"].items()
            # The state folder may come out of a CI cache: no path in it is to be trusted.
            if path_fault(path) is None
        }
        record = raw.get("record")
        if not same:
            return Manifest({}, files, record=record)
        problems = tuple(Problem(*map(str, row)) for row in raw["problems"])
        return Manifest(dict(raw["header"]), files, str(raw["stamp"]), problems, record)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _made(row: list[Any]) -> Made:
    """Raises TypeError for a row that the build did not write."""
    made = Made(*row)
    if [type(value) for value in row] != [str, str, int, int, str]:
        raise TypeError("not a row of the manifest")
    return made


_MADE_UNKNOWN = Made("", "", -1, -1, "")
_MADE_ROW = attrgetter(*(field.name for field in dataclasses.fields(Made)))


class _Draft:
    """The new site as far as it is planned: what is known of its files, and a stage with the changed ones."""

    def __init__(self, site: Path, state: Path, old: Manifest | None, new: Manifest) -> None:
        self.files: dict[str, Made] = {}
        self.staged: dict[str, int] = {}
        # Which of `_stages`; chosen when the first file needs one.
        self.stage: int | None = None
        self.whole = not site.exists()
        self._site = site
        self._state = state
        self._old: Mapping[str, Made] = old.files if old else {}
        self._same_header = old is not None and old.header == new.header
        self._new = new
        self._claims = Claims()

    def claim(self, folders: Iterable[str]) -> None:
        """Take what is in these folders for files of the last build."""
        self._old = {
            path: _MADE_UNKNOWN
            for folder in folders
            for name in files_below(self._site / folder)
            if path_fault(path := f"{folder}/{name}") is None
        }

    def add(self, output: Output, renderer: Renders) -> None:
        kind = _kind(output)
        self._claims.add(output.path, f"a copy of {output.source}" if isinstance(output, Copy) else kind)
        if isinstance(output, Copy):
            self.files[output.path] = self._copied(output)
            return
        fingerprint = renderer.fingerprint(output)
        known = self._old.get(output.path)
        kept = None
        if self._same_header and known and (known.kind, known.fingerprint) == (kind, fingerprint):
            kept = self._as_left(output.path, known)
        self.files[output.path] = kept or self._written(
            output.path, kind, fingerprint, renderer.render(output)
        )

    def add_marker(self, last_sync: str) -> None:
        self._claims.add(MARKER, "marker")
        content = last_sync.encode("utf-8")
        self.files[MARKER] = self._written(MARKER, "marker", content_digest(content), content)

    def gone(self) -> tuple[str, ...]:
        """Files of the last build that are in the plan no more, as far as they are still there."""
        return tuple(
            sorted(
                path
                for path in self._old.keys() - self.files.keys()
                if os.path.lexists(self._site / path)
                and not (self._site / path).is_dir()
                and not self._renamed_in_place(path)
            )
        )

    def manifest_text(self) -> str:
        files = {path: _MADE_ROW(made) for path, made in self.files.items()}
        problems = [[problem.code, problem.where, problem.message] for problem in self._new.problems]
        return _json(
            {
                "format": _FORMAT,
                "header": self._new.header,
                "stamp": self._new.stamp,
                "problems": problems,
                "record": self._new.record,
                "files": files,
            }
        )

    def _renamed_in_place(self, path: str) -> bool:
        """Whether only case changed and the disk takes both names for one file."""
        twin = self._claims.twin(path)
        return twin is not None and is_same_file(self._site / path, self._site / twin)

    def _as_left(self, path: str, known: Made) -> Made | None:
        """What is known of a file of the last build if it still is as the build left it; else None."""
        found = plain_file(self._site / path)
        if _is_as_left(found, known):
            return known
        if found is None or found.st_size != known.size:
            return None
        content = read_if_possible(self._site / path)
        if content is None or content_digest(content) != known.digest:
            return None
        return dataclasses.replace(known, mtime=found.st_mtime_ns)

    def _written(self, path: str, kind: str, fingerprint: str, content: bytes) -> Made:
        target, size = self._site / path, len(content)
        found = plain_file(target)
        if found and found.st_size == size and read_if_possible(target) == content:
            mtime = found.st_mtime_ns
        else:
            mtime = self._stage(path, size, lambda file: file.write_bytes(content))
        return Made(kind, fingerprint, size, mtime, content_digest(content))

    def _copied(self, output: Copy) -> Made:
        source = plain_file(output.source, follow=True)
        if source is None:
            raise MirrorError(
                f"{output.source}: this file should be published as {output.path}, but it is gone",
                hint="run: zstatic sync attachments",
            )
        target, size = self._site / output.path, source.st_size
        found = plain_file(target)
        known = self._old.get(output.path)
        if found and found.st_size == size:
            left = Made("copy", output.digest, size, found.st_mtime_ns, output.digest)
            if left == known or has_bytes_of(target, output.source):
                return left
        mtime = self._stage(output.path, size, lambda file: copy_file(output.source, file))
        return Made("copy", output.digest, size, mtime, output.digest)

    def _stage(self, path: str, size: int, write: Callable[[Path], object]) -> int:
        with _disk_errors(self._site):
            if self.stage is None:
                self.stage = _open_stage(self._site, self._state, self.whole)
            stage = _stages(self._site, self._state)[self.stage]
            file = _staged_file(stage, path, len(self.staged), self.whole)
            with naming(file):
                try:
                    write(file)
                except FileNotFoundError:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    write(file)
            self.staged[path] = size
            return file.stat().st_mtime_ns


def _stages(site: Path, state: Path) -> tuple[Path, ...]:
    """Where a change may wait for its decision, best first.

    In the state folder; where that is on another disk, beside the site; where the site is a disk of its own,
    or nothing may be written beside it, in it.
    """
    return state / _STAGE, site.with_name(f".{site.name}.{_STAGE}"), site / f".zstatic-{_STAGE}"


def _open_stage(site: Path, state: Path, whole: bool) -> int:
    """Make the first of `_stages` from which files can be renamed into the site; give its number."""
    goal = site.parent if whole else site
    for folder in (goal, state):
        folder.mkdir(parents=True, exist_ok=True)
    *others, last = _stages(site, state)[: 2 if whole else 3]
    for number, stage in enumerate(others):
        if _reaches(stage, goal):
            return number
    remove_tree(last)
    last.mkdir()
    return len(others)


def _reaches(stage: Path, goal: Path) -> bool:
    """Make a stage, if it can be made there and files can be renamed from it into the goal."""
    if stage.parent.stat().st_dev != goal.stat().st_dev:
        return False
    try:
        remove_tree(stage)
        stage.mkdir()
        # Two mounts of one disk have one number. Linux refuses before it looks whether there is anything.
        (stage / "nothing").rename(goal / ".zstatic-nothing")
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno not in _ELSEWHERE:
            raise
        remove_tree(stage)
        return False
    return True


_ELSEWHERE = (errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)


def _staged_file(stage: Path, path: str, position: int, whole: bool) -> Path:
    """Where the file for a path waits: in a tree that can become the site, else under its place in the row.

    Most builds change few files of many folders; a tree would cost a folder for each.
    """
    return stage / "site" / path if whole else stage / "files" / str(position)


def _is_as_left(found: os.stat_result | None, made: Made) -> bool:
    """Whether nothing says that a file was touched since the build that made it."""
    return found is not None and (found.st_size, found.st_mtime_ns) == (made.size, made.mtime)


def _kind(output: Output) -> str:
    if isinstance(output, Page):
        return output.template
    return "copy" if isinstance(output, Copy) else "text"


def _check_obstacles(site: Path, written: Iterable[str], removed: tuple[str, ...]) -> None:
    """Raise BadPath where something that is not ours would be written over or through.

    Raises OSError where a folder may not be changed: a change that is decided must not fail.
    """
    going = set(removed)
    for folder in _all_folders((*removed, *written)):
        place = site / folder
        _check_link(place)
        if place.exists() and not place.is_dir() and folder not in going:
            raise BadPath(
                f"{place}: should be a folder of the site, but is a file of someone else", hint="move it away"
            )
    for path in written:
        place = site / path
        if is_plain_folder(place) and _stays(place, path, going):
            raise BadPath(f"{place}: should be a file of the site, but is a folder", hint="move it away")
    _check_folders(
        site if site.exists() else site.parent, {_folder_there(site, path) for path in (*removed, *written)}
    )


def _all_folders(paths: Iterable[str]) -> list[str]:
    """Every folder above these paths, sorted."""
    found: set[str] = set()
    for path in paths:
        for folder in _folders_above(path):
            if folder in found:
                break
            found.add(folder)
    return sorted(found)


def _check_link(folder: Path) -> None:
    """Raise BadPath for a symbolic link: it would lead out of the site."""
    if folder.is_symlink():
        raise BadPath(f"{folder}: should be a folder of the site, but is a link", hint="move it away")


def _check_folders(home: Path, changed: set[Path]) -> None:
    """Raise OSError for a folder that may not be changed, BadPath for one on another disk than its home."""
    disk = home.stat().st_dev
    for folder in sorted(changed):
        if not os.access(folder, os.W_OK | os.X_OK):
            number = errno.EROFS if _is_read_only(folder) else errno.EACCES
            raise OSError(number, os.strerror(number), str(folder))
        if folder.stat().st_dev != disk:
            raise BadPath(f"{folder}: is on another disk than {home}", hint="keep the whole site on one disk")


def _folder_there(site: Path, path: str) -> Path:
    """The folder in which the disk has to note the file: its own, or for a new one the next above."""
    above = [site / folder for folder in _folders_above(path)]
    return next(folder for folder in (*above, site, site.parent) if folder.is_dir())


def _is_read_only(folder: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _stays(folder: Path, path: str, going: set[str]) -> bool:
    """Whether the folder will be there still when these files are gone."""
    for place, folders, names in os.walk(folder):
        inside = (PurePath(path) / Path(place).relative_to(folder)).as_posix()
        if not names and not folders:
            return True
        if any(f"{inside}/{name}" not in going for name in names):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Journal:
    """A decided change.

    stage: which of `_stages`. whole: the stage holds a whole site. write: path -> size, in order, the marker
    last. folders: new ones, those above first. remove: paths.
    """

    stage: int
    whole: bool
    write: Mapping[str, int]
    folders: tuple[str, ...]
    remove: tuple[str, ...]


def _decide(draft: _Draft, removed: tuple[str, ...], site: Path, state: Path) -> _Journal | None:
    """Make the change durable; from here on it will happen. None: there is nothing to change."""
    manifest = draft.manifest_text()
    if not draft.staged and not removed:
        # Fingerprints may change with no byte of the site.
        if _read_text(state / _MANIFEST) != manifest:
            write_durably(state / _MANIFEST, manifest.encode())
        return None
    journal = _Journal(
        draft.stage or 0,
        draft.whole,
        draft.staged,
        () if draft.whole else tuple(_missing_folders(site, draft.staged)),
        removed,
    )
    stage = _stages(site, state)[journal.stage]
    _stage_folders(journal, stage, site)
    flush_tree(stage)
    write_durably(state / _NEXT_MANIFEST, manifest.encode())
    try:
        write_durably(state / _JOURNAL, _journal_text(journal, site, state).encode())
    except OSError:
        # It may be there, only not for good; the user is told that nothing happens.
        (state / _JOURNAL).unlink(missing_ok=True)
        raise
    return journal


def _missing_folders(site: Path, written: Iterable[str]) -> list[str]:
    """The folders to be made for these files, those above first."""
    return [folder for folder in _all_folders(written) if not (site / folder).is_dir()]


def _stage_folders(journal: _Journal, stage: Path, site: Path) -> None:
    """Make the new folders, to be renamed into place, and take the room for their names and the files'."""
    if journal.whole:
        return
    for number in range(len(journal.folders)):
        _staged_folder(stage, number).mkdir(parents=True)
    new = [path for path in (*journal.folders, *journal.write) if not os.path.lexists(site / path)]
    # A new folder has its first piece of the disk already.
    grown = {path.rpartition("/")[0] for path in new}.difference(journal.folders)
    if new:
        with naming(stage / _ROOM):
            room = os.urandom(_BYTES_PER_FOLDER * len(grown) + _BYTES_PER_NAME * len(new))
            (stage / _ROOM).write_bytes(room)


def _staged_folder(stage: Path, number: int) -> Path:
    return stage / "folders" / str(number)


def _journal_text(journal: _Journal, site: Path, state: Path) -> str:
    content = {
        "format": _FORMAT,
        "site": _site_name(site, state),
        **{field.name: getattr(journal, field.name) for field in dataclasses.fields(journal)},
    }
    return _json({"digest": digest(_json(content)), **content})


def _read_journal(file: Path, site: Path) -> _Journal | None:
    """None: there is none, it is damaged or does not speak of this site."""
    try:
        content = json.loads(file.read_text("utf-8"))
        stated = content.pop("digest")
        if stated != digest(_json(content)) or content["site"] != _site_name(site, file.parent):
            return None
        journal = _Journal(
            content["stage"],
            content["whole"],
            content["write"],
            tuple(content["folders"]),
            tuple(content["remove"]),
        )
        paths = (*journal.write, *journal.folders, *journal.remove)
        sound = (
            journal.stage in range(3)
            and not any(path_fault(path) for path in paths)
            and all(type(size) is int for size in journal.write.values())
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return journal if sound else None


def _site_name(site: Path, state: Path) -> str:
    # Relative: the whole project folder may have been moved in between.
    return Path(os.path.relpath(site, state.resolve())).as_posix()


def _commit(journal: _Journal, site: Path, state: Path) -> None:
    """Do what the journal says, or what is left of it; every step may have been done before."""
    stage = _stages(site, state)[journal.stage]
    with _disk_errors(site, begun=True):
        (stage / _ROOM).unlink(missing_ok=True)
        needed = {folder for path in journal.write for folder in _folders_above(path)}
        touched = {_remove(site, path, needed) for path in journal.remove}
        if journal.whole and not site.exists():
            _rename_tree(stage / "site", site)
        for number, folder in enumerate(journal.folders):
            _settle_folder(_staged_folder(stage, number), site / folder)
        settled = [
            _settle(_staged_file(stage, path, position, journal.whole), site / path, size)
            for position, (path, size) in enumerate(journal.write.items())
        ]
        touched.update((site / path).parent for path in (*journal.folders, *journal.write))
        flush_folders(touched)
        manifest, following = state / _MANIFEST, state / _NEXT_MANIFEST
        if not all(settled):
            # Someone took files out of the stage. The next build compares all bytes and repairs.
            manifest.unlink(missing_ok=True)
        elif following.exists():
            following.replace(manifest)
        flush_folders({state})
        (state / _JOURNAL).unlink()
    _remove_stages(site, state)


def _folders_above(path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _remove(site: Path, path: str, needed: Container[str]) -> Path:
    """Remove a file and the folders it leaves empty and nobody needs; gives the nearest folder that stays."""
    file = site / path
    # A folder may have taken the place of the file since, or a file that of its folder.
    with suppress(FileNotFoundError, NotADirectoryError):
        if not is_plain_folder(file):
            file.unlink()
    for folder in _folders_above(path):
        if folder in needed:
            return site / folder
        try:
            (site / folder).rmdir()
        except (FileNotFoundError, NotADirectoryError):
            pass  # Done before; the folder above it may still be to do.
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return site / folder
    return site


def _rename_tree(tree: Path, site: Path) -> None:
    """A first build becomes visible at once."""
    try:
        tree.rename(site)
        flush_folders({site.parent})
    except FileNotFoundError:
        pass  # Done before, and the site was taken away since: the files will be found missing.


def _settle_folder(staged: Path, target: Path) -> None:
    """Move a staged folder to its place, unless that has been done or somebody made it."""
    if not target.is_dir():
        with suppress(FileNotFoundError):
            staged.rename(target)


def _settle(staged: Path, target: Path, size: int) -> bool:
    """Move a staged file to its place, unless that has been done. False: it is in neither place."""
    try:
        staged.replace(target)
    except FileNotFoundError:
        if not staged.exists():
            found = plain_file(target)
            return found is not None and found.st_size == size
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
    return True


def _unknown_problem(unknown: tuple[str, ...]) -> tuple[Problem, ...]:
    if not unknown:
        return ()
    some = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")
    return (
        Problem(
            "unknown-files",
            "",
            f"the site folder holds files that this build did not make ({len(unknown)}: {some}). The record "
            "of earlier builds is gone, so they are left alone, though they may be pages of items no longer "
            "published. To be rid of them: zstatic clean output, then build again.",
        ),
    )


def _unknown_files(site: Path, known: Mapping[str, Made]) -> tuple[str, ...]:
    return tuple(sorted(path for path in files_below(site) if path not in known))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read_text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError):
        return None


def _remove_stages(site: Path, state: Path) -> None:
    """Throw away what waits, at all places: the site may have been on another disk then."""
    for stage in (*_stages(site, state), state / _NEXT_MANIFEST):
        # What is left over takes room, no more, and is tried again.
        with suppress(OSError):
            remove_tree(stage)


@contextmanager
def _disk_errors(place: Path, *, begun: bool = False) -> Iterator[None]:
    """Turn what the disk says into what the user can do.

    place: where, if the error does not say. begun: the change of the site is decided.
    """
    try:
        yield
    except OSError as error:
        failure = disk_failure(error, place)
        failure.hint += _GOES_ON if begun else " The site is as it was."
        raise failure from error


_GOES_ON = " The site was being changed: the next build goes on with that first."


@contextmanager
def _discarded_on_error(site: Path, state: Path) -> Iterator[None]:
    """Nothing stays of a change that was not decided."""
    try:
        yield
    except BaseException:
        if not is_interrupted(state):
            _remove_stages(site, state)
        raise

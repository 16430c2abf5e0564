"""The state folder before anybody works in it: whose it is, and what in it is not what it should be.

A folder of the user's, named by mistake, is refused. One of ours may come out of a cache that others can
write to, or of a backup with links and permissions. Everything in it can be made or fetched again, so nothing
there is worth stopping for: what cannot be used is set aside. Only what bears a name of ours is ever removed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from zstatic.disk import is_plain_folder, remove_tree
from zstatic.errors import ConfigError

MARKER = "CACHEDIR.TAG"
# The first line is what backup programs look for. Source: Cache Directory Tagging Specification.
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n"
_OURS_SAID = "# The local copy of a Zotero library, made by zstatic. All of it can be fetched again.\n"
_LOCK = "lock"
_FOLDERS = ("mirror", "files", "search", "fulltext", "stage")
_FILES = ("manifest.json", "manifest.next.json", "journal.json", "files.json")
_ASIDE = ".broken"
# Folder -> what in it is ours, by the path below it, of one or two names.
_OURS = {
    "mirror": re.compile(r"[A-Za-z0-9.-]+-(users|groups)-[0-9]+(-publications)?(\.broken)?"),
    "files": re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}|incoming/[0-9A-Z]{8}\.(body|file)"),
    "search": re.compile(
        r"(bundle|columns|complete\.json|parts/[0-9]+|files/([0-9]+|zstatic\.json))(\.new|\.broken)?"
    ),
    "fulltext": re.compile(r"([0-9a-f]{32}\.json\.gz|words\.json)(\.new)?"),
}
# Beside the folders.
_OUR_FILES = re.compile(
    rf"({'|'.join(map(re.escape, (*_FOLDERS, *_FILES, MARKER, _LOCK)))})(\.broken|\.new)"
    rf"|{'|'.join(map(re.escape, _FILES))}"
)


def claim_state(state: Path) -> None:
    """Make the state folder and mark it as ours; raises ConfigError for one that is not, untouched.

    A folder that lost its mark, as on its way through a cache, is taken if all in it bears names of ours.
    """
    mark = state / MARKER
    if _is_ours(mark):
        return
    if state.is_dir() and (strange := _strange(state)):
        raise ConfigError(
            f"{state}: the local copy should be kept here, but this folder holds what zstatic did not write "
            f"({strange.relative_to(state).as_posix()})",
            "Set another folder under [output] state, or move those files away. If the folder was made by "
            "zstatic, delete it: all of it can be fetched again.",
        )
    state.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(mark):
        set_aside(mark)
    mark.write_text(_SIGNATURE + _OURS_SAID, "utf-8")


def _is_ours(mark: Path) -> bool:
    with suppress(OSError, ValueError):
        return not mark.is_symlink() and mark.read_text("utf-8").startswith(_SIGNATURE + _OURS_SAID)
    return False


def _strange(state: Path) -> Path | None:
    """Something in an unmarked folder that need not be ours; None = there is nothing."""
    files = []
    for path in sorted(state.iterdir()):
        if path.name in _OURS and is_plain_folder(path):
            if (strange := next(_strange_below(path), None)) is not None:
                return strange
            files += list_ours(state, path.name)
        elif _OUR_FILES.fullmatch(path.name):
            files.append(path)
        elif path.name not in (MARKER, _LOCK) and not (path.name == "stage" and _is_empty(path)):
            return path
    # Others have a manifest.json too, but nothing that looks like a mirror or a stored file.
    sure = list_ours(state, "mirror") or list_ours(state, "files")
    return None if sure else next(iter(files), None)


def _strange_below(folder: Path) -> Iterator[Path]:
    for path in _two_levels(folder):
        at_top = path.parent == folder
        whole = folder if at_top else path.parent
        ours = any(_bears_our_name(each, folder) for each in (path, whole))
        if not ours and not (at_top and is_plain_folder(path)):
            yield path


def list_ours(state: Path, name: str) -> list[Path]:
    """What bears a name of ours in one of the folders "mirror", "files", "search" and "fulltext"."""
    folder = state / name
    return [path for path in _two_levels(folder) if _bears_our_name(path, folder)]


def _bears_our_name(path: Path, folder: Path) -> bool:
    return bool(_OURS[folder.name].fullmatch(path.relative_to(folder).as_posix()))


def _two_levels(folder: Path) -> Iterator[Path]:
    if is_plain_folder(folder):
        for path in sorted(folder.iterdir()):
            yield path
            if is_plain_folder(path):
                yield from sorted(path.iterdir())


def _is_empty(folder: Path) -> bool:
    return is_plain_folder(folder) and not any(folder.iterdir())


def remove_ours(state: Path, name: str) -> None:
    """Remove what is ours in one of the folders; the folder too, if nothing else is in it."""
    folder = state / name
    for path in list_ours(state, name):
        clear_away(path)
    for emptied in (*filter(is_plain_folder, _two_levels(folder)), folder):
        with suppress(OSError):
            emptied.rmdir()


def remove_state(state: Path) -> None:
    """Remove all that is ours; the folder too, if nothing else is in it. To be called with the lock held."""
    for name in _OURS:
        remove_ours(state, name)
    for path in sorted(state.iterdir()):
        if _OUR_FILES.fullmatch(path.name) or path.name == "stage":
            clear_away(path)
    if {path.name for path in state.iterdir()} <= {MARKER, _LOCK}:
        # Where an open file cannot be removed, the lock stays.
        with suppress(OSError):
            for name in (MARKER, _LOCK):
                (state / name).unlink(missing_ok=True)
            state.rmdir()


def repair_state(state: Path) -> tuple[str, ...]:
    """Set aside what cannot be used; say what and why. To be called with the lock held."""
    return tuple(_repaired(state))


def _repaired(state: Path) -> Iterator[str]:
    for name in (*_FOLDERS, *_FILES):
        path = state / name
        if reason := _flaw(path, name in _FOLDERS):
            set_aside(path)
            yield f"{path} {reason}; it was set aside as {name}{_ASIDE} and is made anew."


def _flaw(path: Path, is_folder: bool) -> str:
    """What is wrong with it; "" = nothing, or it is not there."""
    if not os.path.lexists(path):
        return ""
    if path.is_symlink():
        return "is a link, which could lead anywhere"
    if is_folder:
        needed = os.R_OK | os.W_OK | os.X_OK
        return _refusal(path, needed) if path.is_dir() else "is not a folder"
    return _refusal(path, os.R_OK | os.W_OK) if path.is_file() else "is not a file"


def _refusal(path: Path, needed: int) -> str:
    return "" if os.access(path, needed) else "may not be read or written"


def set_aside(path: Path) -> None:
    """Rename what cannot be used, for whoever wants to look; the latest is kept."""
    aside = path.with_name(path.name + _ASIDE)
    remove_tree(aside)
    path.rename(aside)


def clear_away(path: Path) -> None:
    """Remove a folder, file or link; what may not be removed is set aside."""
    try:
        remove_tree(path)
    except OSError:
        set_aside(path)

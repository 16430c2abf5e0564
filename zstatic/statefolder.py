"""The state folder before anybody works in it: what is not what it should be is set aside.

The folder may come out of a cache that others can write to, or of a backup with links and permissions.
Everything in it can be made or fetched again, so nothing there is worth stopping for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FOLDERS = ("mirror", "files", "search", "fulltext", "stage")
_FILES = ("manifest.json", "manifest.next.json", "journal.json", "files.json")
_ASIDE = ".broken"


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


def list_set_aside(state: Path) -> list[Path]:
    return sorted(state.glob(f"*{_ASIDE}"))


def clear_away(path: Path) -> None:
    """Remove a folder, file or link; what may not be removed is set aside."""
    try:
        remove_tree(path)
    except OSError:
        set_aside(path)


def remove_tree(path: Path) -> None:
    """Remove a folder with all in it, a file or a link; never what a link leads to."""
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

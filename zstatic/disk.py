"""What is done to files and folders in more than one place, each in its safest way.

The folders may come out of a cache that others can write to, so nothing here goes through a link that lies
where a file or folder of ours should.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

_FLUSHES = 16


def is_plain_folder(path: Path) -> bool:
    """Whether it is a folder itself, not a link to one."""
    return path.is_dir() and not path.is_symlink()


def remove_tree(path: Path) -> None:
    """Remove a folder with all in it, a file or a link; never what a link leads to."""
    with suppress(FileNotFoundError):
        if is_plain_folder(path):
            shutil.rmtree(path)
        else:
            path.unlink()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file at once: whoever reads it finds the old content or the new."""
    _replace(path, content, lambda draft: None)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file at once, and for good: it outlives a power cut. Makes its folder, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content, flush)
    flush_folders({path.parent})


def _replace(path: Path, content: bytes, settle: Callable[[Path], None]) -> None:
    draft = path.with_name(path.name + ".new")
    with naming(draft):
        # Never through what lies there.
        remove_tree(draft)
        draft.write_bytes(content)
        settle(draft)
        draft.replace(path)


def flush(path: Path) -> None:
    """See that the disk has what was written to a file, or the names in a folder."""
    with naming(path):
        # Windows flushes only what may be written.
        handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def flush_tree(folder: Path) -> None:
    """Flush a folder and all in it."""
    places = [(Path(place), names) for place, _, names in os.walk(folder)]
    _flush_together(flush, (place / name for place, names in places for name in names))
    flush_folders(place for place, _ in places)


def flush_folders(folders: Iterable[Path]) -> None:
    if os.name != "nt":  # Windows opens no folders.
        _flush_together(_flush_if_there, folders)


def _flush_if_there(folder: Path) -> None:
    # A repetition may find what its forerunner did: the folder gone, or a file in its place.
    with suppress(FileNotFoundError, NotADirectoryError):
        flush(folder)


def _flush_together(settle: Callable[[Path], None], paths: Iterable[Path]) -> None:
    """Many at a time: a disk settles those that come together with one turn."""
    with ThreadPoolExecutor(_FLUSHES) as threads:
        for _ in threads.map(settle, paths):
            pass


def copy_file(source: Path, target: Path) -> None:
    """Copy the content, sharing blocks where the file system can; never a hardlink.

    A tool that edits the copy in place must not damage the original.
    """
    with target.open("wb") as copy, source.open("rb") as original:
        if _cloned(original.fileno(), copy.fileno()):
            return
    shutil.copyfile(source, target)


def _cloned(source: int, target: int) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


# linux/fs.h: _IOW(0x94, 9, int)
_FICLONE = 0x40049409


def files_below(folder: Path) -> Iterator[str]:
    """The files below a folder, as relative paths with /."""
    for place, _, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        for name in names:
            yield (inside / name).as_posix()


def plain_file(path: Path, follow: bool = False) -> os.stat_result | None:
    """What is known of a file; None: there is none, or something else. follow: a link to a file will do."""
    try:
        found = path.stat() if follow else path.lstat()
    except (OSError, ValueError):
        return None
    return found if S_ISREG(found.st_mode) else None


def is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def has_bytes_of(target: Path, source: Path) -> bool:
    """Whether a file can be read and has the bytes of another."""
    try:
        copy = target.open("rb")
    except OSError:
        return False
    with copy, source.open("rb") as original:
        while True:
            block = original.read(1 << 20)
            if block != copy.read(1 << 20):
                return False
            if not block:
                return True


def read_if_possible(file: Path) -> bytes | None:
    """None: it cannot be read."""
    try:
        return file.read_bytes()
    except OSError:
        return None


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Name the file in what the disk says where that does not."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(file)
        raise

"""Files by md5, in `<folder>/ab/<md5>`, each handed out only after its bytes were seen to be right.

In: a folder that may come out of a cache, so that anybody may have written to it. Out: paths, or nothing.
What was seen is kept beside the folder with their size, times and inode. Whoever unpacks a cache makes files
with times of their own, so all are read again after that; on one machine none is read twice.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from contextlib import suppress
from pathlib import Path

from zstatic.disk import write_atomically

MD5 = re.compile(r"[0-9a-f]{32}")
Mark = list[int]


class FileStore:
    """The stored files of a site. `save` keeps what was seen.

    damaged: md5s of files that were not what they should be; they are removed when that is found.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: set[str] = set()
        self._place = folder.with_name("files.json")
        self._seen = _read_seen(self._place)
        self._news: dict[str, Mark] = {}

    def find(self, md5: str) -> Path | None:
        """Give the file with this md5, read through if it was not before; None = not here or damaged."""
        path = stored_file(self.folder, md5)
        if path is None:
            return None
        with suppress(OSError):
            mark = _mark(path)
            if self._seen.get(md5) == mark:
                return path
            if _md5_of(path) == md5:
                self._seen[md5] = self._news[md5] = mark
                return path
        self.damaged.add(md5)
        with suppress(OSError):
            path.unlink()
        return None

    def note(self, md5: str) -> None:
        """Say that the bytes of a file were seen just now. For any thread."""
        with suppress(OSError):
            self._seen[md5] = self._news[md5] = _mark(self.folder / md5[:2] / md5)

    def forget(self) -> None:
        """Read every file again."""
        self._seen.clear()

    def save(self) -> None:
        """Keep what was seen, beside what others saw meanwhile. Without it files are read again, no more."""
        if not self._news:
            return
        seen = {**_read_seen(self._place), **self._news}
        left = {md5: mark for md5, mark in sorted(seen.items()) if stored_file(self.folder, md5)}
        with suppress(OSError):
            write_atomically(self._place, json.dumps(left).encode())
        self._news.clear()


def stored_file(folder: Path, md5: str) -> Path | None:
    """Give the file with this md5, whatever is in it; None = not here."""
    if not MD5.fullmatch(md5):
        return None
    path = folder / md5[:2] / md5
    try:
        # Not followed: a planted link would publish any file of this machine.
        found = stat.S_ISREG(path.lstat().st_mode) and not path.parent.is_symlink()
    except OSError:
        return None
    return path if found else None


def _mark(path: Path) -> Mark:
    found = path.lstat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _read_seen(path: Path) -> dict[str, Mark]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {md5: mark for md5, mark in content.items() if _is_mark(mark)} if isinstance(content, dict) else {}


def _is_mark(value: object) -> bool:
    return isinstance(value, list) and all(type(each) is int for each in value)

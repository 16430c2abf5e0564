"""Everything that can stop a run, and what can be wrong without stopping it.

    ZstaticError
    ├── ConfigError          site.toml, an option or an environment variable
    ├── ApiError             the Zotero API did not give what was asked
    │   ├── ApiUnreachable   no answer, or no usable one; trying again may help
    │   ├── AccessDenied     key refused, or without the permission needed
    │   ├── LibraryNotFound  no such library, or invisible to this key
    │   ├── RateLimited      told to wait for longer than we may
    │   └── LibraryMoved     the library changed while it was being read
    ├── GuardError           the site would shrink or leak
    ├── MirrorError          the local copy cannot be read or written
    │   └── MirrorLocked     another run holds it
    ├── ThemeError           a template or theme folder
    ├── ProblemsFound        under --strict: what else would only be told
    ├── BadPath              an output would lie outside the site folder, or clash
    └── SearchError          Pagefind failed

Raise where the facts are; only `cli.py` catches.
"""

import difflib
import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


class ZstaticError(Exception):
    """A failure the user can act on.

    hint: what to do, one sentence; "" when the message says it all.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(ZstaticError):
    """Something the user wrote cannot be used."""


class ApiError(ZstaticError):
    """The Zotero API did not give what was asked for."""


class ApiUnreachable(ApiError):
    """No answer within the budget, or none that can be read."""


class AccessDenied(ApiError):
    """The key is refused or lacks a permission."""


class LibraryNotFound(ApiError):
    """There is no such library for this key."""


class RateLimited(ApiError):
    """The server asks to wait longer than a run may take."""


class LibraryMoved(ApiError):
    """The library changed between two answers that must agree."""


class GuardError(ZstaticError):
    """Publishing would remove or expose more than the guard allows.

    untitled: the places that the message names without a title, each in a line of its own.
    private: the names of such places that only the record of the last build knows, by place.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        untitled: Sequence[str] = (),
        private: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.untitled = tuple(untitled)
        self.private = dict(private or {})

    def with_titles(self, titles: Mapping[str, str]) -> "GuardError":
        """The same for one who may see what was held back. titles: by place."""
        known = {**self.private, **titles}
        lines = [
            f"{line} {known[place]}" if (place := line.strip()) in known else line
            for line in self.message.splitlines()
        ]
        return GuardError("\n".join(lines), self.hint)


class MirrorError(ZstaticError):
    """The local copy cannot be opened, read or written."""


class MirrorLocked(MirrorError):
    """Another run is working in this folder."""


class ThemeError(ZstaticError):
    """A template or theme folder is missing or wrong."""


class ProblemsFound(ZstaticError):
    """Under --strict: something is wrong that would not stop the site otherwise. Its caller lists it."""

    def __init__(self, problems: Sequence["Problem"]) -> None:
        found = len(set(problems))
        told = "is 1 problem" if found == 1 else f"are {found:,} problems"
        super().__init__(
            f"There {told}, listed above, and with --strict nothing is published then.",
            "Mend them, or build without --strict. The site is as it was.",
        )
        self.problems = tuple(problems)


class BadPath(ZstaticError):
    """An output path leaves the site folder, or two outputs claim one path."""


class SearchError(ZstaticError):
    """The search index could not be made."""


def disk_failure(error: OSError, place: object) -> ConfigError:
    """What the disk says, in words, and what to do.

    place: where it happened, if the error does not say.
    """
    # Of the two names of a failed renaming or copying the second is where it should go.
    file = error.filename2 or error.filename or place
    what, hint = _DISK_FAILURES.get(error.errno or 0, (error.strerror or str(error), _MEND_DISK))
    return ConfigError(f"{file}: cannot be written: {what}.", hint)


_FREE_DISK = "Free some space there, or choose another place under [output] in site.toml."
_OPEN_DISK = "Make it writable, or choose another place under [output] in site.toml."
_MEND_DISK = "Check that disk, or choose another place under [output] in site.toml."

# errno -> what it means, what to do
_DISK_FAILURES = {
    errno.ENOSPC: ("the disk is full", _FREE_DISK),
    getattr(errno, "EDQUOT", errno.ENOSPC): ("your share of the disk (quota) is used up", _FREE_DISK),
    errno.EFBIG: ("the file is too large for that disk", _MEND_DISK),
    errno.EROFS: ("the disk is read-only", _OPEN_DISK),
    errno.EACCES: ("permission denied", _OPEN_DISK),
    errno.EPERM: ("permission denied", _OPEN_DISK),
    errno.EIO: ("the disk reports an error (input/output)", _MEND_DISK),
}


def is_disk_failure(error: OSError) -> bool:
    """Whether the disk is to blame, and not the program that asked for what is not there."""
    return error.errno in _DISK_FAILURES


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A finding that does not stop the site; listed once at the end of a run.

    code: stable, for machines, e.g. "file-missing".
    where: what it is about, e.g. "groups/1/items/ABCD2345" or "site.toml"; "" = the whole site.
    """

    code: str
    where: str
    message: str


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """ "; did you mean 'title'?" for what is nearly one of these words, else ""."""
    close = difflib.get_close_matches(word, sorted(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""

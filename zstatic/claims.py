"""The paths of outputs: what one may look like, and that no two of them meet."""

from __future__ import annotations

import unicodedata

from zstatic.errors import BadPath


def path_fault(path: str) -> str | None:
    """What is wrong with the path of an output, e.g. "leaves the site folder"; None: nothing."""
    if not path or path.startswith("/") or "\\" in path or path[1:2] == ":":
        return "is not a relative path with / between its parts"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return "leaves the site folder or has an empty part"
    if path.isascii():
        if not path.isprintable():
            return "has a control character"
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        return "has a control character"
    elif not unicodedata.is_normalized("NFC", path):
        return "is not in Unicode's composed form (NFC)"
    if any(len(part.encode()) > 255 for part in path.split("/")):
        return "has a part longer than 255 bytes"
    return None


class Claims:
    """The paths given away so far: no two outputs may be one file, nor one the folder of another."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, str]] = {}
        self._folders: dict[str, tuple[str, str]] = {}

    def add(self, path: str, kind: str) -> None:
        """Raises BadPath, naming both outputs."""
        claim = (path, kind)
        fault = path_fault(path)
        if fault:
            raise BadPath(f"{_named(claim)}: this path {fault}")
        key = _fold(path)
        if key in self._files:
            both = f"{_named(self._files[key])} and {_named(claim)}"
            raise BadPath(f"{both} would be the same file", _RENAME)
        if key in self._folders:
            inner = _named(self._folders[key])
            raise BadPath(f"{_named(claim)} would be the folder that {inner} lies in", _RENAME)
        self._files[key] = claim
        folder = key.rpartition("/")[0]
        while folder and folder not in self._folders:
            if folder in self._files:
                outer = _named(self._files[folder])
                raise BadPath(f"{outer} would be the folder that {_named(claim)} lies in", _RENAME)
            self._folders[folder] = claim
            folder = folder.rpartition("/")[0]

    def twin(self, path: str) -> str | None:
        """The claimed path that differs from this one in case only."""
        claim = self._files.get(_fold(path))
        return claim[0] if claim else None


# Only names in content/ are the user's to choose.
_RENAME = "Give the file in content/ another name."


def _named(claim: tuple[str, str]) -> str:
    path, kind = claim
    return f"{path!r} ({kind})"


def _fold(path: str) -> str:
    """Equal for paths that macOS and Windows take for one. Lower case, not casefold: they tell ß from ss."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path.lower())

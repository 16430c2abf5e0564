"""TOML text -> where each of its keys stands, which tomllib does not tell.

Reads only text that tomllib has accepted, so nothing here checks the syntax.
"""

from collections.abc import Mapping
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """line, column: counted from 1. value_column: of the value, on value_line; a table's is its header's."""

    line: int
    column: int
    value_line: int
    value_column: int


def find_places(text: str) -> Mapping[KeyPath, Place]:
    """Map key paths to their places.

    A path holds names and, inside arrays, indexes: ("library", 0, "id"), ("site", "menu", 1, "url").
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        # tomllib reads "\r\n" as "\n"; doing the same keeps columns right.
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.places: dict[KeyPath, Place] = {}
        self.array_lengths: dict[KeyPath, int] = {}

    def scan(self) -> Mapping[KeyPath, Place]:
        table: KeyPath = ()
        while self._skip("\n \t"):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.places

    def _header(self) -> KeyPath:
        start = self.at
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path = self._inside_arrays(self._key())
        self.at = self.text.index("]", self.at) + (2 if is_array else 1)
        if is_array:
            index = self.array_lengths.get(path, 0)
            self.array_lengths[path] = index + 1
            self._note(path, start, start)
            path = (*path, index)
        self._note(path, start, start)
        return path

    def _inside_arrays(self, names: KeyPath) -> KeyPath:
        """[library.select] means the select of the last [[library]]."""
        path: KeyPath = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self.array_lengths:
                path = (*path, self.array_lengths[path] - 1)
        return (*path, names[-1])

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = (*table, *self._key())
        self._skip(" \t=")
        self._note(path, start, self.at)
        self._value(path)

    def _key(self) -> KeyPath:
        names: list[str] = []
        while True:
            self._skip(" \t")
            quote = self.text[self.at]
            start = self.at
            if quote in "\"'":
                self._string()
                names.append(self.text[start + 1 : self.at - 1])
            else:
                while self.text[self.at].isalnum() or self.text[self.at] in "-_":
                    self.at += 1
                names.append(self.text[start : self.at])
            self._skip(" \t")
            if self.text[self.at] != ".":
                return tuple(names)
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while self._skip("\n \t,") and self.text[self.at] != "]":
            self._note((*path, index), self.at, self.at)
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self._skip("\n \t,") and self.text[self.at] != "}":
            self._pair(path)
        self.at += 1

    def _string(self) -> None:
        quote = self.text[self.at]
        closing = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(closing)
        while not self.text.startswith(closing, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(closing)
        # """…"" ""ends here"""": up to two quotes may stand before the closing three.
        while len(closing) == 3 and self.text.startswith(quote, self.at):
            self.at += 1

    def _skip(self, blanks: str) -> bool:
        """Pass blanks and comments; False at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in blanks:
                self.at += 1
            else:
                return True
        return False

    def _note(self, path: KeyPath, key: int, value: int) -> None:
        self.places.setdefault(path, Place(*self._line_column(key), *self._line_column(value)))

    def _line_column(self, at: int) -> tuple[int, int]:
        return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

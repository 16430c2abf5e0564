"""What tomllib says of a text that is not TOML -> where the mistake is, what it is and what to write.

tomllib speaks to programmers, and often of a place behind the mistake. The kinds of mistakes that people make
are few, and each shows in the line: whatever is none of them keeps tomllib's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from zstatic.config import SECTIONS, settings_of


@dataclass(frozen=True, slots=True)
class Fault:
    """line, column: counted from 1. hint: what to do; "" = the message says it."""

    line: int
    column: int
    message: str
    hint: str = ""


def find_fault(text: str, said: str) -> Fault:
    """Explain an error of tomllib. said: its message, with the place at its end."""
    spot = _Spot(text.replace("\r\n", "\n"), said)
    found = (explain(spot) for explain in _EXPLANATIONS)
    plain = Fault(spot.line, spot.column, f"not valid TOML: {spot.reason[:1].lower()}{spot.reason[1:]}")
    return next((fault for fault in found if fault), plain)


_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_NAME = r"""[\w-]+|"[^"\n]*"|'[^'\n]*'"""
_SETTING = re.compile(rf"\s*({_NAME})\s*=[ \t]*(.*?)[ \t]*")
_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?")


class _Spot:
    """Where tomllib stopped, with line and column.

    reason: what it said. row: the line. rest: what is left of it. key, value: of a setting in it, or "".
    """

    def __init__(self, text: str, said: str) -> None:
        self.text = text
        self.rows = text.split("\n")
        place = _PLACE.search(said)
        self.reason = _PLACE.sub("", said)
        self.at_end = not (place and place[1])
        # That of the end of the text is behind its last line break.
        last = next((n for n in range(len(self.rows), 0, -1) if self.rows[n - 1].strip()), 1)
        self.line = int(place[1]) if place and place[1] else last
        self.row = self.rows[min(self.line, len(self.rows)) - 1]
        self.column = int(place[2]) if place and place[2] else len(self.row.rstrip()) + 1
        self.rest = self.row[self.column - 1 :]
        setting = _SETTING.fullmatch(self.row)
        self.key, self.value = (setting[1], setting[2]) if setting else ("", "")

    @cached_property
    def section(self) -> str:
        """The section that the line lies in: "[site]", "[[library]]"; "" = before all."""
        return _section(self.rows[: self.line - 1])

    @property
    def label(self) -> str:
        """What the line is about: "[site] title: "; "" = that is not seen."""
        return f"{self.section} {self.key}: ".lstrip() if self.key else ""

    def at_value(self, message: str, hint: str = "") -> Fault:
        column = self.row.index("=") + 1
        while self.row[column : column + 1].isspace():
            column += 1
        return Fault(self.line, column + 1, f"{self.label}{message}", hint)

    def here(self, message: str, hint: str = "") -> Fault:
        return Fault(self.line, self.column, f"{self.label}{message}", hint)


def _section(rows: Sequence[str]) -> str:
    headers = (row.split("#")[0].strip() for row in reversed(rows) if _HEADER.fullmatch(row))
    return next(headers, "")


# --- The mistakes


def _doubled(spot: _Spot) -> Fault | None:
    """A setting or section that stands there already."""
    if not re.match(r"cannot (overwrite|declare|mutate)", spot.reason, re.IGNORECASE):
        return None
    if header := _HEADER.fullmatch(spot.row):
        return _doubled_section(spot, header[1])
    if not spot.key:
        return None
    column = spot.row.index(spot.key) + 1
    first = next(_lines_of(spot, spot.key), 0)
    where = f", expected it once; it stands in line {first} already" if first else ", expected it once"
    return Fault(spot.line, column, f"{spot.label}found a second time{where}", "Delete one of them.")


def _lines_of(spot: _Spot, key: str) -> Iterator[int]:
    """The lines above with the same setting in the same section."""
    above = spot.rows[: spot.line - 1]
    start = max((n for n, row in enumerate(above) if _HEADER.fullmatch(row)), default=-1) + 1
    for number, row in enumerate(above[start:], start + 1):
        if (setting := _SETTING.fullmatch(row)) and setting[1] == key:
            yield number


def _doubled_section(spot: _Spot, name: str) -> Fault:
    written = spot.row.split("#")[0].strip()
    column = spot.row.index("[") + 1
    firsts = {
        row.split("#")[0].strip(): number
        for number, row in reversed([*enumerate(spot.rows[: spot.line - 1], 1)])
        if (header := _HEADER.fullmatch(row)) and header[1] == name
    }
    if written in firsts:
        message = (
            f"{written}: found a second time, expected it once; it stands in line {firsts[written]} already"
        )
        return Fault(spot.line, column, message, f"Put the settings of both under one {written}.")
    if name == "library" and firsts:
        single = next(iter(firsts.values())) if written.startswith("[[") else spot.line
        message = "[library]: found single brackets, expected [[library]]: there may be several"
        return Fault(single, 1, message)
    below = [n for n, row in enumerate(spot.rows, 1) if row.strip().startswith(f"[{name}.")]
    if below and below[0] < spot.line:
        inner = spot.rows[below[0] - 1].strip()
        return Fault(below[0], 1, f"{inner}: found above {written}, expected below it")
    first = next(iter(firsts.values()), 0)
    where = f"; it stands in line {first} already" if first else ""
    return Fault(spot.line, column, f"{written}: found a second time, expected it once{where}")


def _open_text(spot: _Spot) -> Fault | None:
    """A text without its closing quotation mark."""
    if spot.reason.lower().startswith(r"illegal character '\n'"):
        at = _opening(spot.row)
        return _unclosed(spot, spot.line, at, spot.row[at]) if at >= 0 else None
    if not re.match(r"unterminated string|expected [\"']+\\?'", spot.reason, re.IGNORECASE):
        return None
    # None follows, or it would have ended there.
    named = re.search("'''|\"\"\"|'", spot.reason.replace("\\", ""))
    mark = named[0] if named else '"""' if '"""' in spot.text else '"'
    at = spot.text.rfind(mark)
    if at < 0:
        return None
    line = spot.text.count("\n", 0, at) + 1
    return _unclosed(spot, line, at - (spot.text.rfind("\n", 0, at) + 1), mark)


def _unclosed(spot: _Spot, line: int, at: int, mark: str) -> Fault:
    row = spot.rows[line - 1]
    setting = _SETTING.fullmatch(row)
    label = f"{_section(spot.rows[: line - 1])} {setting[1]}: ".lstrip() if setting else ""
    message = f"{label}found {mark} at the beginning of a text, expected another {mark} at its end"
    hint = ""
    if setting and setting[2].startswith(mark) and "#" not in row:
        hint = f"Write: {setting[1]} = {_quoted(setting[2].strip(mark))}"
    return Fault(line, at + 1, message, hint)


def _opening(row: str) -> int:
    """Where in a line a text begins that does not end in it; -1 = nowhere."""
    at, opened, mark = 0, -1, ""
    while at < len(row):
        char = row[at]
        if not mark and char == "#":
            break
        if not mark and char in "\"'":
            opened, mark = at, char
        elif mark == '"' and char == "\\":
            at += 1
        elif char == mark:
            opened, mark = -1, ""
        at += 1
    return opened


def _quoted(text: str) -> str:
    """A text as TOML takes it, as plain as can be."""
    if "'" not in text and ('"' in text or "\\" in text):
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _backslash(spot: _Spot) -> Fault | None:
    if not re.match(
        r"unescaped '\\' in a string|invalid hex value|escaped character", spot.reason, re.IGNORECASE
    ):
        return None
    text = re.fullmatch(r'"([^"\']*)"', spot.value.split(" #")[0].strip())
    # tomllib stops behind it.
    column = spot.row.rfind("\\", 0, spot.column) + 1 or spot.column
    message = (
        rf"{spot.label}found \ in a text in double quotation marks, where it has a meaning of its own; "
        "expected single ones around the text"
    )
    return Fault(spot.line, column, message, f"Write: {spot.key} = '{text[1]}'" if text else "")


_CURLY = "“”„‟«»‘’‚‹›"


def _curly(spot: _Spot) -> Fault | None:
    """The quotation marks of a word processor."""
    if not spot.rest or spot.rest[0] not in _CURLY:
        return None
    text = spot.value.split(" #")[0].strip().strip(_CURLY)
    hint = f"Write: {spot.key} = {_quoted(text)}" if spot.value[:1] in _CURLY and spot.value else ""
    return spot.here(f'found {spot.rest[0]}, expected a plain quotation mark "', hint)


def _comment(spot: _Spot) -> Fault | None:
    mark = re.match(r"\s*(;|//|--|/\*|<!--|%)", spot.row)
    if not mark or spot.key:
        return None
    return Fault(spot.line, mark.start(1) + 1, f"found {mark[1]}, expected # before a remark")


def _json(spot: _Spot) -> Fault | None:
    if spot.line > 1 or not spot.row.lstrip().startswith("{"):
        return None
    return spot.here(
        'found JSON, expected TOML: sections such as [site], and below them lines such as title = "…"'
    )


def _header(spot: _Spot) -> Fault | None:
    """The name of a section without its brackets, or with more than them in its line."""
    opened = re.match(r"\s*(\[\[?)\s*([\w.-]+)", spot.row)
    if not opened or not re.search(r"(table|array) declaration|after a statement", spot.reason):
        return None
    written = f"{opened[1]}{opened[2]}{']' * len(opened[1])}"
    message = f"found {_some(spot.row)}, expected {written} on a line of its own"
    return Fault(spot.line, opened.start(1) + 1, message)


def _no_equals(spot: _Spot) -> Fault | None:
    """Not a name with = behind it."""
    if not spot.reason.lower().startswith("expected '=' after a key"):
        return None
    if colon := re.fullmatch(r"\s*([\w-]+)\s*:\s*(.*)", spot.row):
        hint = f"Write: {colon[1]} = {colon[2].strip()}" if colon[2].strip() else ""
        return spot.here(f"found a colon after {colon[1]}, expected =", hint)
    if words := re.fullmatch(r"\s*(\w+(?:[ \t]+\w+)+)\s*=.*", spot.row):
        joined = re.sub(r"\s+", "_", words[1])
        known = {name for section in SECTIONS.values() for name in settings_of(section)}
        guess = f"; did you mean {joined}?" if joined in known else ""
        return spot.here(f"found a space in the name {words[1]!r}, expected one word{guess}")
    return spot.here(f'found {_some(spot.row)}, expected a line such as title = "…", or # before a remark')


def _list(spot: _Spot) -> Fault | None:
    """A list without a comma or its end."""
    opened = list(re.finditer(rf"(?m)^\s*({_NAME})\s*=\s*\[", spot.text[: _offset(spot)]))
    begins_line = not spot.row[: spot.column - 1].strip()
    within = (
        spot.reason.lower().startswith("unclosed array")
        or spot.at_end
        or (begins_line and spot.reason.lower().startswith("invalid value"))
    )
    if not within or not opened:
        return None
    start = opened[-1].end() - 1
    line = spot.text.count("\n", 0, start) + 1
    column = start - spot.text.rfind("\n", 0, start)
    label = f"{_section(spot.rows[: line - 1])} {opened[-1][1]}: ".lstrip()
    follows = spot.rest.lstrip()
    if re.match(r"[\"'{\d-]", follows):
        return Fault(
            spot.line,
            spot.column,
            f"{label}found {_some(follows)}, expected a comma before it or ] at the end of the list",
        )
    return Fault(line, column, f"{label}found [ at the beginning of a list, expected ] at its end")


def _offset(spot: _Spot) -> int:
    return sum(len(row) + 1 for row in spot.rows[: spot.line - 1]) + spot.column - 1


def _inline_table(spot: _Spot) -> Fault | None:
    before = spot.row[: spot.column - 1]
    if "{" not in before or not re.match(
        r"invalid initial character|unclosed inline table|expected '=' after", spot.reason, re.IGNORECASE
    ):
        return None
    if spot.rest.lstrip().startswith("}"):
        return spot.here("found a comma before }, expected none")
    if not spot.rest.strip() or spot.rest.lstrip().startswith("#"):
        return spot.here("found the end of the line, expected all from { to } in one line")
    return spot.here(f"found {_some(spot.rest)}, expected a comma and the next setting, or }}")


def _after_value(spot: _Spot) -> Fault | None:
    """Something behind what is a value by itself."""
    if not spot.reason.lower().startswith("expected newline or end of document") or not spot.value:
        return None
    rest = spot.rest.strip()
    if re.match(rf"({_NAME})\s*=", rest):
        return spot.here("found a second setting in this line, expected each on a line of its own")
    if spot.value[0] in "\"'" and spot.value[-1] in "\"'":
        message = f"found {_some(rest)} after the end of the text, expected nothing more"
        return spot.here(message, f"Write: {spot.key} = {_quoted(spot.value[1:-1])}")
    if re.fullmatch(r"\d+,\d+", spot.value):
        return spot.at_value(f"found {spot.value}, expected a point: {spot.value.replace(',', '.')}")
    if re.fullmatch(r"\d+(\.\d+)?\s*%", spot.value):
        share = float(spot.value.rstrip("% ")) / 100
        return spot.at_value(f"found {spot.value}, expected a number: {share:g}")
    hint = f'If it is text, write: {spot.key} = "{spot.value}"' if '"' not in spot.value else ""
    return spot.here(f"found {_some(rest)} after the value, expected nothing more", hint)


_FLAGS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_UNQUOTED = re.compile(r"([^\W\d][^\"'\[\]{}#=]*?)\s*(?:#.*)?")


def _no_value(spot: _Spot) -> Fault | None:
    """Nothing behind the =, or a text without quotation marks, which is the most common mistake."""
    if not spot.reason.lower().startswith("invalid value") or not spot.key:
        return None
    if not spot.value or spot.value.startswith("#"):
        return spot.at_value('found nothing after =, expected a value, e.g. "…"')
    text = _UNQUOTED.fullmatch(spot.value)
    if not text:
        return spot.here(
            f"found {_some(spot.rest)}, expected text in quotation marks, a number, true or false"
        )
    if flag := _FLAGS.get(text[1].lower()):
        return spot.at_value(f"found {text[1]}, expected {flag}", f"Write: {spot.key} = {flag}")
    hint = f'Text needs quotation marks: {spot.key} = "{text[1]}"'
    return spot.at_value(f"found {_some(text[1])} without quotation marks", hint)


def _control(spot: _Spot) -> Fault | None:
    if not spot.rest or spot.rest[0].isprintable() or spot.rest[0] in "\t\n":
        return None
    return spot.here("found an invisible control character, expected none", "Write the line anew.")


def _statement(spot: _Spot) -> Fault | None:
    if not spot.reason.lower().startswith("invalid statement"):
        return None
    return spot.here(
        f'found {_some(spot.rest)}, expected a section such as [site], a line such as title = "…", '
        "or # before a remark"
    )


def _some(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 30 else f"{text[:29]}…"


_EXPLANATIONS: tuple[Callable[[_Spot], Fault | None], ...] = (
    *(_doubled, _open_text, _backslash, _curly, _comment, _json, _header, _inline_table, _list, _no_equals),
    *(_after_value, _no_value, _control, _statement),
)

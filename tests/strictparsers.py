"""Readers of the export formats as strict as any reference manager: what they cannot read is an error."""

import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reference:
    """A record as read. key: its own; "" in RIS. fields: name -> values, in order."""

    key: str
    title: str
    fields: dict[str, list[str]]


def read_bibtex(text: str) -> list[Reference]:
    """As BibTeX itself: entries, keys without what its parser stops at, values in balanced braces."""
    found: list[Reference] = []
    keys: set[str] = set()
    position = 0
    entry = re.compile(r"\s*@(\w+)\{([^\s,{}()=\"#%\\~']+),")
    name = re.compile(r"\s*([A-Za-z][\w:-]*)\s*=\s*")
    while start := entry.match(text, position):
        assert start[2].lower() not in keys, start[2]
        keys.add(start[2].lower())
        fields: dict[str, list[str]] = {}
        position = start.end()
        while field := name.match(text, position):
            assert field[1].lower() not in fields, field[1]
            value, position = _bibtex_value(text, field.end())
            fields[field[1].lower()] = [value]
            if text[position] == ",":
                position += 1
        end = re.compile(r"\s*\}").match(text, position)
        assert end, text[position : position + 60]
        position = end.end()
        found.append(Reference(start[2], fields.get("title", [""])[0], fields))
    assert not text[position:].strip(), text[position : position + 60]
    return found


def _bibtex_value(text: str, position: int) -> tuple[str, int]:
    if text[position] != "{":
        bare = re.compile(r"\d+|[A-Za-z]+").match(text, position)
        assert bare, text[position : position + 60]
        return bare[0], bare.end()
    depth, start = 0, position
    while True:
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        position += 1
        if depth == 0:
            return text[start + 1 : position - 1], position


def read_ris(text: str) -> list[Reference]:
    """Every line is a tag and a value; a record is what stands from TY to ER."""
    found: list[Reference] = []
    fields: dict[str, list[str]] | None = None
    # Some readers end lines at these, too.
    for line in re.split(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", text):
        if not line.strip():
            continue
        parts = re.fullmatch(r"([A-Z][A-Z0-9])  - ?(.*)", line)
        assert parts, f"a line without a tag: {line!r}"
        tag, value = parts.groups()
        assert (fields is None) == (tag == "TY"), line
        if fields is None:
            fields = {}
        if tag == "ER":
            found.append(Reference("", fields.get("TI", [""])[0], fields))
            fields = None
        else:
            fields.setdefault(tag, []).append(value)
    assert fields is None, "a record that never ends"
    return found


def read_csljson(text: str) -> list[Reference]:
    """Strict JSON in UTF-8, no name twice, every record with an id of its own and a type."""
    text.encode()

    def pairs(rows: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(rows)) == len(rows), rows
        return dict(rows)

    found: list[Reference] = []
    for record in json.loads(text, object_pairs_hook=pairs, parse_constant=lambda name: 1 / 0):
        fields = {name: [value] for name, value in record.items()}
        assert isinstance(record["type"], str)
        found.append(Reference(record["id"], record.get("title", ""), fields))
    assert len({each.key for each in found}) == len(found)
    return found

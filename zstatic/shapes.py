"""What raw JSON must look like before anything relies on it: from a server, or from a disk of anybody's.

In: objects, and the state of a mirror. Out: whether they can be read. Only what code before `library.py`
relies on; that stage skips whatever else is odd in an object, and tells what is lost by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

JSON = Any
Check = Callable[[JSON], bool]
# Nothing of Zotero's or ours is nested deeper than ten; very deep nesting is more than Python can take.
DEEPEST = 100
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)?")


def is_readable(kind: str, raw: JSON) -> bool:
    """Say whether an object of a kind ("items", "collections", …) has the shape of one."""
    if not isinstance(raw, dict):
        return False
    if kind == "settings":
        return True
    if kind == "items":
        return not odd_field(raw)
    return isinstance(raw.get("data"), dict) and _is_count(raw.get("version"))


def odd_field(raw: dict[str, JSON]) -> str:
    """Name what is wrong with an item, which cannot be read for it; "" = nothing."""
    data = raw.get("data")
    if not isinstance(data, dict):
        return "data"
    checks = {
        "version": _is_count(raw.get("version")),
        # By these the rules tell what is private. One odd entry is left to `lost_parts`.
        "collections": isinstance(data.get("collections") or [], list),
        "tags": isinstance(data.get("tags") or [], list),
    }
    return next((field for field, good in checks.items() if not good), "")


# --- parts of an item, of which each may be odd by itself


def part(raw: Mapping[str, JSON], name: str) -> Mapping[str, JSON]:
    """One of the mappings around an item's data, "meta" or "library"; empty if it is none."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def collection_keys(fields: Mapping[str, JSON]) -> tuple[str, ...]:
    """The collections that an item names. fields: its data."""
    return tuple(key for key in _entries(fields, "collections") if isinstance(key, str))


def tag_names(fields: Mapping[str, JSON]) -> tuple[str, ...]:
    """The tags of an item, as written. fields: its data."""
    return tuple(tag["tag"] for tag in _entries(fields, "tags") if _is_tag(tag))


def lost_parts(fields: Mapping[str, JSON]) -> tuple[str, ...]:
    """Name the lists of an item, and its relations, in which there is something that cannot be read.

    fields: its data. What is empty, null say, is no loss.
    """
    return tuple(name for name, check in PARTS.items() if (value := fields.get(name)) and not check(value))


def _entries(fields: Mapping[str, JSON], name: str) -> list[JSON]:
    value = fields.get(name)
    return value if isinstance(value, list) else []


def _is_tag(value: JSON) -> bool:
    return isinstance(value, dict) and isinstance(value.get("tag"), str)


def _is_creator(value: JSON) -> bool:
    names = ("creatorType", "name", "firstName", "lastName")
    return isinstance(value, dict) and all(isinstance(value.get(name) or "", str) for name in names)


def is_state(name: str, value: JSON) -> bool:
    """Say whether a value that belongs to a whole mirror has the shape that its name promises."""
    check = _STATE.get(name)
    return check is None or bool(check(value))


def is_too_deep(content: JSON) -> bool:
    level = [content]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(each) for each in value if each)


# --- state


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _is_time(value: JSON) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_count(value: JSON) -> bool:
    return type(value) is int and value >= 0


def _maps_to(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(check(each) for each in value.values())


def _row_of(*checks: Check) -> Check:
    def fits(value: JSON) -> bool:
        if not isinstance(value, list) or len(value) != len(checks):
            return False
        return all(check(each) for check, each in zip(checks, value, strict=True))

    return fits


def _either(*checks: Check) -> Check:
    return lambda value: any(check(value) for check in checks)


def _is_none(value: JSON) -> bool:
    return value is None


def _is_flag(value: JSON) -> bool:
    return isinstance(value, bool)


def _is_mark(value: JSON) -> bool:
    """Say whether it is an `attachments.rules_mark`."""
    try:
        rules = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(rules, dict) and _is_count(rules.get("max_size"))


# What of an item is no text but has a shape of its own.
PARTS: Mapping[str, Check] = {
    "collections": _list_of(_is_text),
    "tags": _list_of(_is_tag),
    "creators": _list_of(_is_creator),
    "relations": _maps_to(_either(_is_none, _is_text, _list_of(_is_text))),
}
_STATE: Mapping[str, Check] = {
    "version": _is_count,
    "name": _is_text,
    "public": _is_flag,
    "revision": _is_text,
    "done": _maps_to(_either(_is_count, _row_of(_is_count, _is_text))),
    "failed": _maps_to(_maps_to(_row_of(_is_text, lambda value: type(value) is int, _is_text, _is_count))),
    "files": _maps_to(_row_of(_is_text, _is_text)),
    "files-done": _row_of(
        _either(_is_count, _is_none), _either(_is_mark, _is_none), _either(_is_flag, _is_none)
    ),
    "fulltext-versions": _maps_to(_is_count),
    "fulltext-upto": _is_count,
    "schema-version": _is_text,
    "reconciled": _row_of(_is_count, _is_count),
    "synced": _is_time,
    "changed": _is_time,
    "scope": _either(_is_none, lambda value: isinstance(value, list) and all(map(_is_text, value))),
    "server": _is_text,
    "group-version": _is_count,
    "annotations-upto": _is_count,
    "children-read": _maps_to(_is_count),
}

"""What raw JSON must look like before anything relies on it: from a server, or from a disk of anybody's.

In: objects, and the state of a mirror. Out: whether they can be read. Only what code before `library.py`
relies on; that stage skips whatever else is odd in an object.
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
        "library": isinstance(raw.get("library") or {}, dict),
        "meta": isinstance(raw.get("meta") or {}, dict),
        "collections": _all_are(str, data.get("collections")),
        "tags": _all_are(dict, data.get("tags")),
    }
    return next((field for field, good in checks.items() if not good), "")


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


def _all_are(kind: type, values: JSON) -> bool:
    return not values or (isinstance(values, list) and all(isinstance(each, kind) for each in values))


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


_STATE: Mapping[str, Check] = {
    "version": _is_count,
    "name": _is_text,
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

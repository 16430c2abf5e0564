"""What raw JSON must look like before anything relies on it."""

from typing import Any

import pytest

from zstatic.shapes import DEEPEST, is_readable, is_state, is_too_deep


def nested(depth: int) -> Any:
    found: Any = []
    for number in range(depth):
        found = [found] if number % 2 else {"x": found}
    return found


GARBAGE: tuple[Any, ...] = (
    *(None, True, -1, 1.5, 7, "x", "", [], ["x"], [1], [1, 2], [1, "x"], [None, None, None]),
    *({}, {"x": 1}, {"x": {}}, {"x": [1]}, {"x": ["a", "b"]}, {"x": [3, "b"]}, nested(300)),
)


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("version", [7]),
        ("name", ["x", ""]),
        ("public", [True]),
        ("revision", ["x", ""]),
        ("done", [{}, {"x": 1}, {"x": [3, "b"]}]),
        ("failed", [{}, {"x": {}}]),
        ("files", [{}, {"x": ["a", "b"]}]),
        ("files-done", [[None, None, None]]),
        ("fulltext-versions", [{}, {"x": 1}]),
        ("fulltext-upto", [7]),
        ("schema-version", ["x", ""]),
        ("reconciled", [[1, 2]]),
        ("synced", [""]),
        ("changed", [""]),
        ("scope", [None, [], ["x"]]),
        ("server", ["x", ""]),
        ("group-version", [7]),
        ("annotations-upto", [7]),
        ("children-read", [{}, {"x": 1}]),
    ],
)
def test_state_has_the_shape_that_its_name_promises(name: str, sound: list[Any]) -> None:
    assert [value for value in GARBAGE if is_state(name, value)] == sound


def test_state_that_a_sync_writes_is_sound() -> None:
    failure = ["item-unreadable", -1, "Zotero cannot deliver it", 0]
    assert is_state("failed", {"items": {"ABCD2345": failure}})
    assert is_state("files-done", [5, '{"max_size": 100}', True])
    assert is_state("synced", "2026-11-21T13:00:00+00:00")


def test_nesting_deeper_than_python_can_take_is_told() -> None:
    assert not is_too_deep(nested(DEEPEST - 1))
    assert is_too_deep(nested(DEEPEST + 1))
    assert is_too_deep([[], {"x": nested(DEEPEST + 1)}])


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: str(value)[:20])
def test_what_is_no_object_is_not_read(value: Any) -> None:
    assert not is_readable("items", value)

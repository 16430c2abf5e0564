"""Digests are equal exactly when values are, everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from zstatic.config import Secret
from zstatic.digests import digest


class Colour(Enum):
    RED = "r"
    BLUE = "b"


@dataclass(frozen=True, slots=True)
class Point:
    x: object
    y: object = ""


@dataclass(frozen=True, slots=True)
class Place:
    x: object
    y: object = ""


@dataclass(frozen=True, slots=True)
class Keyed:
    name: str
    key: Secret | None = field(default=None, compare=False)


DIFFERENT = [
    None,
    "",
    (),
    {},
    b"",
    0,
    False,
    0.0,
    -0.0,
    "None",
    1,
    True,
    1.0,
    "1",
    b"1",
    Markup("1"),
    PurePosixPath("1"),
    Colour.RED,
    Colour.BLUE,
    ("1",),
    ("ab", "c"),
    ("a", "bc"),
    (("a",), "b"),
    ("a", ("b",)),
    ("a", "b", ()),
    "s1:a",
    ("s1:a",),
    {"a": "b"},
    {"b": "a"},
    {"a": "b", "b": "a"},
    {1: "b"},
    Point("a", "b"),
    Place("a", "b"),
    Point("ab"),
    Point("a"),
    Point(("a", "b")),
    "é",
    "e\u0301",
    "\ud800",
]


def test_different_values_have_different_digests() -> None:
    assert len({digest(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_equal_values_have_equal_digests() -> None:
    assert digest({"a": 1, "b": (2,)}) == digest(MappingProxyType({"b": (2,), "a": 1}))
    assert digest(Point("a", {"x": Markup("y")})) == digest(Point("a", {"x": Markup("y")}))
    assert digest(["a", "b"]) == digest(("a", "b"))
    assert digest(Keyed("a", Secret("1"))) == digest(Keyed("a", Secret("2")))


def test_a_digest_is_the_same_in_every_process() -> None:
    assert digest(("a", 1, {"b": None}, Colour.RED)) == "5458cb3bba51b88e41577f527c4ab41b"


@pytest.mark.parametrize("value", [{"a"}, object(), (1, {2}), {"a": object()}])
def test_a_value_without_stable_content_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        digest(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.text().map(Markup),
    lambda inner: (
        st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner) | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


def typed(value: Any) -> Any:
    """The value with its types, so that == is as strict as a digest."""
    if isinstance(value, Point):
        return ("point", typed(value.x), typed(value.y))
    if isinstance(value, tuple):
        return ("tuple", *map(typed, value))
    if isinstance(value, dict):
        return ("dict", {key: typed(member) for key, member in value.items()})
    return (type(value).__name__, value)


@given(VALUES, VALUES)
def test_digests_are_equal_exactly_when_the_values_are(one: object, other: object) -> None:
    assert (digest(one) == digest(other)) == (typed(one) == typed(other))

"""A value -> a short name for it, the same in every process and on every machine.

By these names a build tells what changed: see `render` and `build`.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from pathlib import PurePath
from typing import Any

from markupsafe import Markup


def digest(value: object) -> str:
    """A short name for a value: equal values have equal digests.

    value: str, Markup, bytes, numbers, None, enums, paths, lists, tuples, mappings (in any order) and
        dataclasses of these. Fields declared with compare=False do not count.
    Raises TypeError for anything else: sets and objects have no stable order or content to go by.
    """
    parts: list[str] = []
    _encode(value, parts.append)
    return content_digest("".join(parts).encode("utf-8", "surrogatepass"))


def content_digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


_Put = Callable[[str], None]
_Encoder = Callable[[Any, _Put], None]


# Every encoded value starts with a tag and, where its end is not evident, its length:
# ("ab", "c") and ("a", "bc") must never look the same. A str and the same text as Markup differ,
# because a template escapes only the first.
def _encode(value: Any, put: _Put) -> None:
    kind = type(value)
    if kind is str:
        put(f"s{len(value)}:{value}")
        return
    encoder = _ENCODERS.get(kind)
    if encoder is None:
        encoder = _ENCODERS[kind] = _encoder_for(kind)
    encoder(value, put)


def _encoder_for(kind: type) -> _Encoder:
    if dataclasses.is_dataclass(kind):
        return _dataclass_encoder(kind)
    for base, encoder in _BASES:
        if issubclass(kind, base):
            return encoder
    raise TypeError(f"no stable digest for {kind.__qualname__}")


def _dataclass_encoder(kind: type) -> _Encoder:
    names = [field.name for field in dataclasses.fields(kind) if field.compare]
    head = "d" + _sized(f"{kind.__module__}.{kind.__qualname__} {' '.join(names)}")
    # attrgetter gives a tuple for two names and more, a bare value for one.
    read = attrgetter(*names) if len(names) > 1 else lambda value: [getattr(value, name) for name in names]

    def encode_fields(value: Any, put: _Put) -> None:
        put(head)
        for member in read(value):
            if type(member) is str:
                put(f"s{len(member)}:{member}")
            else:
                _encode(member, put)

    return encode_fields


def _encode_mapping(value: Mapping[Any, Any], put: _Put) -> None:
    put(f"{{{len(value)}:")
    for key, member in sorted([(_encoded(key), member) for key, member in value.items()], key=itemgetter(0)):
        put(key)
        if type(member) is str:
            put(f"s{len(member)}:{member}")
        else:
            _encode(member, put)


def _encode_sequence(value: Any, put: _Put) -> None:
    put(f"({len(value)}:")
    for member in value:
        if type(member) is str:
            put(f"s{len(member)}:{member}")
        else:
            _encode(member, put)


def _encoded(value: Any) -> str:
    if type(value) is str:
        return f"s{len(value)}:{value}"
    parts: list[str] = []
    _encode(value, parts.append)
    return "".join(parts)


def _sized(text: str) -> str:
    return f"{len(text)}:{text}"


_ENCODERS: dict[type, _Encoder] = {
    type(None): lambda value, put: put("N"),
    bool: lambda value, put: put("T" if value else "F"),
    int: lambda value, put: put(f"i{value};"),
    float: lambda value, put: put(f"f{value.hex()};"),
    Markup: lambda value, put: put("m" + _sized(str.__str__(value))),
    bytes: lambda value, put: put("b" + _sized(value.decode("latin-1"))),
    tuple: _encode_sequence,
    list: _encode_sequence,
    dict: _encode_mapping,
}

# Asked in this order, once for each type met.
_BASES: tuple[tuple[type, _Encoder], ...] = (
    (enum.Enum, lambda value, put: put("e" + _sized(f"{type(value).__qualname__}.{value.name}"))),
    (PurePath, lambda value, put: put("p" + _sized(value.as_posix()))),
    (Mapping, _encode_mapping),
)

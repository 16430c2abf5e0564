"""Fetch objects in batches; where one fails, find the objects to blame, and tell them from an outage.

In: keys, and a way to ask for them. Out: one Batch after the other, as the answers come.
An object is to blame only if it fails alone, the server then delivers another, and it fails once more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any

from zstatic.api import Objects, RequestFailed, RequestRefused, batches, in_parallel

JSON = Any
Ask = Callable[[Sequence[str]], Objects]
# Told the keys that did not come yet; says whether the server delivers any other.
Delivers = Callable[[Collection[str]], bool]
# A refusal may be of one object as well: of a smaller batch the server may think otherwise.
Failed = RequestFailed | RequestRefused
# One object alone fails six batches of falling size. After more in a row something that works is asked for.
FAILURES_IN_A_ROW = 7


@dataclass(frozen=True, slots=True)
class Batch:
    """An answer. asked: keys. by_key: what came. failed: key -> why. versions: of the library, if it came."""

    asked: frozenset[str]
    by_key: Mapping[str, JSON]
    failed: Mapping[str, str]
    versions: tuple[int, ...]


def fetch_halving(
    ask: Ask,
    keys: Collection[str],
    delivers: Delivers,
    known: Collection[str] = (),
    stop: Sized = (),
) -> Iterator[Batch]:
    """Fetch objects in batches, as they come; where one fails, its halves, down to the objects to blame.

    known: those of the keys that were to blame before; they are asked for last, and alone.
    Nothing more is asked before the caller is done with what came, and nothing at all once `stop` holds
    something; what is on its way still comes. Raises Failed when it is the server that fails.
    """
    alone = sorted(set(keys).intersection(known))
    waiting: deque[tuple[str, ...]] = deque(
        [*batches(set(keys).difference(known)), *((key,) for key in alone)]
    )
    left = set(keys)
    suspects: dict[str, Failed] = {}
    for part, answer in _down_to_one(waiting, ask, lambda: delivers(left), stop):
        if not isinstance(answer, Failed):
            left.difference_update(part)
        if isinstance(answer, Failed) and part[0] not in alone:
            suspects[part[0]] = answer
        else:
            yield _batch(part, answer)
    if stop or not suspects:
        return
    if not delivers(left):
        raise next(iter(suspects.values()))
    again: deque[tuple[str, ...]] = deque((key,) for key in sorted(suspects))
    for part, answer in _down_to_one(again, ask, lambda: delivers(left), stop):
        yield _batch(part, answer)


def _batch(part: Sequence[str], answer: Objects | Failed) -> Batch:
    if isinstance(answer, Failed):
        return Batch(frozenset(part), {}, dict.fromkeys(part, answer.message), ())
    return Batch(frozenset(part), answer.by_key, {}, (answer.version,))


def _down_to_one(
    waiting: deque[tuple[str, ...]], ask: Ask, is_well: Callable[[], bool], stop: Sized
) -> Iterator[tuple[tuple[str, ...], Objects | Failed]]:
    """Give what comes, and the failures of single objects. Raises Failed when nothing comes at all."""
    in_a_row = 0
    for part, answer in in_parallel(waiting, partial(_attempt, ask)):
        failed = isinstance(answer, Failed)
        in_a_row = in_a_row + 1 if failed else 0
        if isinstance(answer, Failed) and in_a_row >= FAILURES_IN_A_ROW:
            if not is_well():
                raise answer
            in_a_row = 0
        if failed and len(part) > 1:
            half = len(part) // 2
            waiting.extendleft((part[half:], part[:half]))
        else:
            yield part, answer
        if stop:
            waiting.clear()


def _attempt(ask: Ask, part: tuple[str, ...]) -> tuple[tuple[str, ...], Objects | Failed]:
    try:
        return part, ask(part)
    except (RequestFailed, RequestRefused) as error:
        return part, error

"""How a long loop tells that it is alive, without the loop knowing who listens."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Wraps the iterables of long loops; `cli.py` provides the one that draws."""

    def __call__(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield the items unchanged, reporting progress under a label.

        label: what the reader of a terminal sees, e.g. "Fetching items".
        total: number of items; None means unknown.
        """
        ...

    def say(self, message: str) -> None:
        """Report one event, e.g. that a server asked to wait."""
        ...


class Silent:
    """The default: reports nothing."""

    def __call__(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        yield from items

    def say(self, message: str) -> None:
        pass


silent: Track = Silent()

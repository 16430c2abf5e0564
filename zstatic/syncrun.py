"""One library's sync while it goes on: what it is about, what came so far, and what its stages share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zstatic.api import BATCH, Api, Few, Objects
from zstatic.batches import Batch, fetch_halving
from zstatic.config import Config, LibraryConfig
from zstatic.errors import LibraryMoved, Problem
from zstatic.mirror import Failure, Mirror
from zstatic.partial import scope_of
from zstatic.progress import Track

JSON = Any
# So many items are asked for at once to see whether the server delivers anything.
WITNESSES = 10


@dataclass(slots=True)
class Run:
    """One library's sync while it goes on.

    full: fetch every object anew. reconcile: compare with the complete listing.
    reconciled: that was done.
    last: this is the last pass, which takes the library as it comes.
    read_below: what hangs under notes and files was looked at.
    restored: the server went back to an older state, so that equal versions say nothing.
    fetched: kind -> key -> version, of what came in this run. renewed: set of texts -> keys, likewise.
    """

    api: Api
    mirror: Mirror
    library: LibraryConfig
    config: Config
    track: Track
    now: float
    full: bool
    reconcile: bool = False
    reconciled: bool = False
    last: bool = False
    read_below: bool = False
    restored: bool = False
    schema_read: bool = False
    fetched: dict[str, dict[str, int]] = field(default_factory=dict)
    renewed: dict[str, set[str]] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    collections: set[str] = field(default_factory=set)
    others: int = 0
    texts: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.library.id

    @property
    def thorough(self) -> bool:
        """Whether nothing counts as done for having been done at this library version."""
        return self.full or self.reconcile

    @property
    def whole(self) -> bool:
        """Whether changes alone are not enough."""
        known = self.mirror.completed and self.mirror.state("scope", None) == self.scope
        return self.full or self.reconcile or not known

    @property
    def items_only(self) -> bool:
        """ "My Publications" has items and their files, and no deletions, collections or full text."""
        return self.library.id.endswith("/publications")

    @property
    def changed(self) -> bool:
        kinds = (self.added, self.updated, self.removed, self.collections)
        return any(kinds) or bool(self.others or self.texts)

    @property
    def scope(self) -> list[str] | None:
        return scope_of(self.library)

    def agree(self, version: int, target: int) -> None:
        """Insist that an answer is of the library version that this pass is about."""
        if self.strangers([version], target):
            raise self.moved()

    def strangers(self, versions: Iterable[int], target: int) -> list[int]:
        """Give the library versions that this pass is not about; in the last pass any will do."""
        return [] if self.last else [version for version in versions if version != target]

    def note_fetched(self, kind: str, objects: Mapping[str, JSON]) -> None:
        self.fetched.setdefault(kind, {}).update((key, version_of(each)) for key, each in objects.items())

    def note_changed(self, kind: Few, keys: Iterable[str]) -> None:
        if kind == "collections":
            self.collections.update(keys)
        else:
            self.others += len(set(keys))

    def moved(self) -> LibraryMoved:
        return LibraryMoved(f"The library {self.path} changed while it was being read.")


def in_batches(
    run: Run,
    ask: Callable[[Sequence[str]], Objects],
    keys: Collection[str],
    label: str,
    delivers: Callable[[Collection[str]], bool],
    known: Collection[str],
    stop: Sized,
) -> Iterator[Batch]:
    """Fetch objects and show how far it is; see fetch_halving."""
    found = fetch_halving(ask, keys, delivers, known, stop)
    return run.track(found, label, -(-len(keys) // BATCH))


def any_comes(
    run: Run, query: Mapping[str, str], candidates: Collection[str], failing: Collection[str]
) -> bool | None:
    """Say whether the server delivers any of some items that it delivered before; None: there are none."""
    known = sorted(set(candidates).difference(failing))
    if not known:
        return None
    some = known[:: -(-len(known) // WITNESSES)]
    return run.api.delivers(partial(run.api.items, run.path, some, **query))


def objects_of(mirror: Mirror, keys: Iterable[str]) -> Iterator[tuple[str, JSON]]:
    for key in sorted(keys):
        item = mirror.object("items", key)
        if item is not None:
            yield key, item


def as_failures(code: str, messages: Mapping[str, str], versions: Mapping[str, int]) -> dict[str, Failure]:
    return {key: Failure(code, versions.get(key, 0), message) for key, message in messages.items()}


def version_of(item: JSON) -> int:
    version = item.get("version")
    return version if type(version) is int else -1

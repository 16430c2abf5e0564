"""Mirror only some collections of a library: what belongs there, and what is hidden from its lists.

In: the collections of a library and the names in site.toml. Out: key -> version of the items in them.
A collection's list names its items with their notes and files, but not what hangs under those: annotations
of files and images in notes are looked up in their own ways.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from zstatic.api import Api, RequestFailed, RequestRefused, Versions, in_parallel
from zstatic.config import LibraryConfig
from zstatic.errors import LibraryNotFound
from zstatic.progress import Track
from zstatic.shapes import part

JSON = Any
# What has children that no list of a collection names.
HOLDERS = ("attachment", "note")


def scope_of(library: LibraryConfig) -> list[str] | None:
    """Say what part of a library is mirrored: names and keys of collections; None = all."""
    if library.mirror == "library" or library.id.endswith("/publications"):
        return None
    return sorted({name.strip() for name in library.select.collections})


def chosen_collections(collections: Mapping[str, JSON], names: Iterable[str]) -> tuple[str, ...]:
    """Give the collections with these keys or names and all below them, sorted; none of those in the trash.

    As `selection.select` understands them: a name stands for every collection that bears it.
    """
    live = {key: raw["data"] for key, raw in collections.items() if _is_live(raw)}
    wanted = {name.strip() for name in names}
    folded = {name.casefold() for name in wanted - live.keys()}
    below: dict[str, list[str]] = {}
    for key, data in live.items():
        below.setdefault(str(data.get("parentCollection") or ""), []).append(key)
    waiting = [
        key
        for key, data in live.items()
        if key in wanted or str(data.get("name", "")).strip().casefold() in folded
    ]
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += below.get(key, ())
    return tuple(sorted(found))


def list_items(
    api: Api, library: str, collections: Collection[str], agree: Callable[[int], None], track: Track
) -> dict[str, int]:
    """Give key -> version of all items in some collections, of their notes and of their files.

    agree: raises LibraryMoved for a library version that is not the one of the other answers.
    """
    listed: dict[str, int] = {}
    ask = partial(api.collection_item_versions, library)
    for versions in track(in_parallel(collections, ask), "Listing collections", len(collections)):
        if versions is None:
            # Deleted meanwhile.
            agree(-1)
        else:
            agree(versions.version)
            listed |= versions.by_key
    return listed


def changed_annotations(annotations: Versions, here: Mapping[str, int], since: int) -> dict[str, int]:
    """Give key -> version of the annotations that must be looked at: new ones may be anybody's.

    here: key -> version of those that are mirrored. since: the library version up to which all are known.
    """
    return {
        key: version
        for key, version in annotations.by_key.items()
        if (here[key] != version if key in here else version > since)
    }


def read_children(
    api: Api, library: str, holders: Collection[str], agree: Callable[[int], None], track: Track
) -> Iterator[tuple[str, dict[str, JSON] | RequestFailed]]:
    """Give (key, what hangs directly under it by key, or why that is unknown) for notes and files."""

    def ask(key: str) -> tuple[str, dict[str, JSON] | RequestFailed]:
        try:
            answer = api.children(library, key)
        except RequestFailed as error:
            return key, error
        except (LibraryNotFound, RequestRefused):
            # Gone meanwhile, or a kind of file that has none.
            return key, {}
        agree(answer.version)
        return key, {
            child: item
            for child, item in answer.by_key.items()
            if isinstance(item.get("data"), dict) and item["data"].get("parentItem") == key
        }

    yield from track(in_parallel(holders, ask), "Looking for annotations", len(holders))


def may_have_children(item: JSON) -> bool:
    """Say whether what hangs under an item is hidden from the lists of its collections."""
    return item["data"].get("itemType") in HOLDERS


def has_children(item: JSON) -> bool:
    """Say whether something hangs under a note or file, as of when it was fetched."""
    return may_have_children(item) and bool(part(item, "meta").get("numChildren"))


def _is_live(raw: JSON) -> bool:
    return isinstance(raw.get("data"), dict) and not raw["data"].get("deleted")

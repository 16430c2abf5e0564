"""State folder and site folder -> what there is in them; and removing parts of it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from zstatic.build import MARKER, is_our_site, recover, remove_site
from zstatic.config import Config
from zstatic.errors import Problem
from zstatic.library import Collection, Library, read_library
from zstatic.mirror import lock, open_mirror
from zstatic.sorting import sort_key


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """What the mirror holds of one library.

    version: 0 = never completely synced. synced, changed: ISO 8601; "" = never. items: children counted too.
    """

    id: str
    slug: str
    name: str
    version: int
    synced: str
    changed: str
    items: int
    collections: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """site: what last_sync.json says; None = there is no site. site_bytes, mirror_bytes: on disk."""

    libraries: tuple[LibraryStatus, ...]
    site: Mapping[str, object] | None
    site_files: int
    site_bytes: int
    mirror_bytes: int


def read_status(config: Config) -> Status:
    """What there is: mirror, site, problems. Changes nothing."""
    libraries = []
    if (config.state / "mirror").is_dir():
        for library in config.libraries:
            with lock(config.state), open_mirror(config, library) as mirror:
                libraries.append(
                    LibraryStatus(
                        id=library.id,
                        slug=library.slug,
                        name=library.name or mirror.library_name,
                        version=mirror.library_version,
                        synced=mirror.state("synced", ""),
                        changed=mirror.state("changed", ""),
                        items=len(mirror.keys("items")),
                        collections=len(mirror.keys("collections")),
                        problems=mirror.problems(),
                    )
                )
    site = json.loads((config.output / MARKER).read_text("utf-8")) if is_our_site(config.output) else None
    files, size = _disk_use(config.output)
    return Status(tuple(libraries), site, files, size, _disk_use(config.state)[1])


def _disk_use(folder: Path) -> tuple[int, int]:
    sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """depth: 0 = top level. items: filed in it directly, children and trashed ones aside."""

    key: str
    name: str
    depth: int
    items: int


def read_collections(config: Config) -> Mapping[str, tuple[CollectionRow, ...]]:
    """Give library id -> all its collections as the tree is read, excluded ones too: the rules name them."""
    trees = {}
    with lock(config.state):
        for library in config.libraries:
            with open_mirror(config, library) as mirror:
                trees[library.id] = _rows(read_library(mirror, config, library))
    return trees


def _rows(library: Library) -> tuple[CollectionRow, ...]:
    counts = Counter(key for item in library.items.values() for key in item.collections)
    children: dict[str | None, list[Collection]] = {}
    for collection in sorted(
        library.collections.values(), key=lambda c: (sort_key(c.name), c.key), reverse=True
    ):
        children.setdefault(collection.parent, []).append(collection)
    rows = []
    stack = [(collection, 0) for collection in children.get(None, [])]
    while stack:
        collection, depth = stack.pop()
        rows.append(CollectionRow(collection.key, collection.name, depth, counts[collection.key]))
        stack.extend((child, depth + 1) for child in children.get(collection.key, []))
    return tuple(rows)


_CLEANED = {"cache": ("mirror",), "attachments": ("files",), "index": ("search",), "output": ()}


def clean(config: Config, what: str) -> tuple[Path, ...]:
    """Remove a part of what was made; give the paths that went.

    what: "cache" (the mirror without its files), "index", "attachments", "output" or "everything".
    Raises ConfigError when the output folder is not a site of ours.
    """
    with lock(config.state):
        recover(config.output, config.state)
        names = chain.from_iterable(_CLEANED.values()) if what == "everything" else _CLEANED[what]
        gone = [path for name in names if (path := config.state / name).exists()]
        if what in ("output", "everything") and config.output.exists():
            remove_site(config.output, config.state)
            gone.append(config.output)
        for path in gone:
            shutil.rmtree(path, ignore_errors=True)
    return tuple(gone)

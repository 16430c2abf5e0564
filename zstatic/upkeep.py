"""State folder and site folder -> what there is in them; and removing parts of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zstatic.build import (
    MARKER,
    is_interrupted,
    is_our_site,
    read_manifest,
    recover_if_possible,
    remove_site,
)
from zstatic.config import Config, LibraryConfig
from zstatic.disk import is_plain_folder
from zstatic.errors import MirrorError, Problem
from zstatic.library import Collection as Shelf
from zstatic.library import Library, read_library
from zstatic.mirror import (
    Mirror,
    collect_files,
    find_flaw,
    lock,
    mirror_folder,
    mirror_name,
    open_mirror,
)
from zstatic.pages.head import shorten
from zstatic.richtext import plain
from zstatic.schema import TITLE_FIELDS
from zstatic.sorting import sort_key
from zstatic.statefolder import clear_away, list_ours, remove_ours, remove_state, repair_state


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """What the mirror holds of one library.

    version: 0 = never completely synced. synced, changed: ISO 8601; "" = never. items: children counted too.
    problems: what its last sync and the last build found.
    flaw: for what the mirror cannot be used, so that nothing else is known; "" = it can.
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
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is.

    site: what last_sync.json says; None = there is no site. site_bytes, mirror_bytes: on disk.
    problems: of the site as a whole. unfinished: a build was interrupted while it changed the site.
    sitemap: address of the one that search engines do not find by themselves, "" = there is none.
    """

    libraries: tuple[LibraryStatus, ...]
    site: Mapping[str, Any] | None
    site_files: int
    site_bytes: int
    mirror_bytes: int
    problems: tuple[Problem, ...] = ()
    unfinished: bool = False
    sitemap: str = ""


def read_status(config: Config) -> Status:
    """What there is: mirror, site, problems. Changes nothing."""
    libraries = []
    manifest = read_manifest(config.state)
    found = set(manifest.problems) if manifest else set()
    if is_plain_folder(config.state / "mirror"):
        for library in config.libraries:
            its_own = {problem for problem in found if f"{problem.where}/".startswith(f"{library.id}/")}
            found -= its_own
            with lock(config.state):
                libraries.append(_library_status(config, library, its_own))
    site = json.loads((config.output / MARKER).read_text("utf-8")) if is_our_site(config.output) else None
    files, size = _disk_use(config.output)
    base_url = config.site.base_url
    return Status(
        tuple(libraries),
        site,
        files,
        size,
        _disk_use(config.state)[1],
        tuple(sorted(found)),
        is_interrupted(config.state),
        # They look for robots.txt, which names it, at the root of the host alone.
        f"{base_url}sitemap.xml" if site is not None and urlsplit(base_url).path.strip("/") else "",
    )


def _library_status(config: Config, library: LibraryConfig, found: Collection[Problem]) -> LibraryStatus:
    """found: by the last build."""
    nothing = LibraryStatus(library.id, library.slug, library.name, 0, "", "", 0, 0, tuple(sorted(found)))
    # To open a mirror is to make it, or to set it aside.
    if flaw := find_flaw(config, library):
        return replace(nothing, flaw=flaw)
    if not mirror_folder(config, library).exists():
        return nothing
    with open_mirror(config, library) as mirror:
        return replace(
            nothing,
            name=library.name or mirror.library_name,
            version=mirror.library_version,
            synced=mirror.state("synced", ""),
            changed=mirror.state("changed", ""),
            items=len(mirror.keys("items")),
            collections=len(mirror.keys("collections")),
            problems=tuple(sorted({*mirror.problems(), *found})),
        )


def read_titles(config: Config, problems: Iterable[Problem]) -> Mapping[str, str]:
    """Give place -> title of the items that problems are about; of a note or a file, that of its item.

    Empty without a mirror, and while another run holds it: titles only help to read.
    """
    titles: dict[str, str] = {}
    places = {problem.where for problem in problems}
    for library in config.libraries:
        prefix = f"{library.id}/items/"
        keys = sorted(place.removeprefix(prefix) for place in places if place.startswith(prefix))
        if keys and mirror_folder(config, library).is_dir():
            with suppress(MirrorError), lock(config.state), open_mirror(config, library) as mirror:
                titles.update((prefix + key, title) for key in keys if (title := _title(mirror, key)))
    return titles


def _title(mirror: Mirror, key: str) -> str:
    """On one short line; "" = it has none, or there is no such item."""
    fields = _fields(mirror, key)
    fields = _fields(mirror, str(fields.get("parentItem"))) or fields
    found = (fields.get(name) for name in ("title", *TITLE_FIELDS.values()))
    return shorten(plain(next((title for title in found if title and isinstance(title, str)), "")), _TITLE)


_TITLE = 60


def _fields(mirror: Mirror, key: str) -> Mapping[str, object]:
    raw = mirror.object("items", key)
    data = raw.get("data") if isinstance(raw, dict) else None
    return data if isinstance(data, dict) else {}


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
        repair_state(config.state)
        for library in config.libraries:
            with open_mirror(config, library) as mirror:
                trees[library.id] = _rows(read_library(mirror, config, library))
    return trees


def _rows(library: Library) -> tuple[CollectionRow, ...]:
    counts = Counter(key for item in library.items.values() for key in item.collections)
    children: dict[str | None, list[Shelf]] = {}
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


_CLEANED = {"cache": "mirror", "attachments": "files", "index": "search"}


def clean(config: Config, what: str) -> tuple[Path, ...]:
    """Remove a part of what was made; give the paths that went.

    what: "cache" (the mirror without its files), "index", "attachments", "output" or "everything".
    Raises ConfigError when the state folder is not ours, or the output folder is not a site of ours.
    """
    parts = [config.state / name for key, name in _CLEANED.items() if what in (key, "everything")]
    parts += [config.output] if what in ("output", "everything") else []
    there = [path for path in parts if path.exists()]
    with lock(config.state):
        repair_state(config.state)
        if what in ("output", "everything"):
            remove_site(config.output, config.state)
        else:
            recover_if_possible(config.output, config.state)
        if what == "everything":
            remove_state(config.state)
        elif what in _CLEANED:
            remove_ours(config.state, _CLEANED[what])
    return tuple(path for path in there if not path.exists())


def remove_dropped(config: Config, wanted_files: frozenset[str]) -> tuple[str, ...]:
    """Remove the mirrors of libraries that are no longer configured, and all stored files but these md5s.

    Gives the names of the mirrors' folders. To be called with the lock held, once a build without all that
    has passed the guards.
    """
    collect_files(config.state, wanted_files)
    configured = {mirror_name(library) for library in config.libraries}
    dropped = [
        folder
        for folder in list_ours(config.state, "mirror")
        # What was set aside goes with the library it was of.
        if folder.name.removesuffix(".broken") not in configured
    ]
    for folder in dropped:
        clear_away(folder)
    return tuple(folder.name for folder in dropped)

"""What would be published against what was: a site neither shrinks nor leaks unasked.

In: the record of the last build, what is to be published now, [guard]. Out: a new record, and what the guards
object to. The record lies in the manifest, so it changes together with the site or not at all; whoever loses
the state folder loses it too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zstatic.config import Config, GuardRules, SelectRules
from zstatic.errors import GuardError
from zstatic.library import Library
from zstatic.pages.context import Context, Entry
from zstatic.selection import doubtful_keys, find_collections
from zstatic.values import show_count

JSON = Any

# So many may always vanish: a small library would stop at every deletion.
FREE = 10
_LISTED = 20
_TITLE = 80


@dataclass(frozen=True, slots=True)
class LibraryRecord:
    """What a build published of one library, and what it held back.

    items: key -> title, of those with a page. files: attachment key -> title.
    excluded: keys of items, notes and files that were mirrored and not published.
    chosen: name in select.collections -> published items in it. barred: names in exclude_collections.
        Both without names that no collection bore.
    unmatched: names in exclude_collections that no collection bore.
    names: of the collections that either names by key.
    """

    items: Mapping[str, str]
    files: Mapping[str, str]
    excluded: frozenset[str]
    chosen: Mapping[str, int]
    barred: tuple[str, ...]
    unmatched: tuple[str, ...]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """stamp: of all that the site was made of, see `pipeline`. libraries: by id."""

    stamp: str
    libraries: Mapping[str, LibraryRecord]


@dataclass(frozen=True, slots=True)
class Objections:
    """What a build must not do unasked, in words.

    shrinks: what --allow-shrink lets pass. exposes: what --allow-exposed does.
    allowed: the options that were given and let something pass.
    private: place -> name, of places in these words; not for logs that others read.
    """

    shrinks: tuple[str, ...] = ()
    exposes: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    private: Mapping[str, str] = field(default_factory=dict)

    def without(self, *, shrink: bool, exposed: bool) -> Objections:
        """What is left of them once these are allowed."""
        given = (("--allow-shrink", shrink and self.shrinks), ("--allow-exposed", exposed and self.exposes))
        return Objections(
            () if shrink else self.shrinks,
            () if exposed else self.exposes,
            tuple(option for option, passes in given if passes),
            self.private,
        )

    @property
    def lines(self) -> tuple[str, ...]:
        return (*self.shrinks, *self.exposes)

    @property
    def remedy(self) -> str:
        options = [
            option
            for option, lines in (("--allow-shrink", self.shrinks), ("--allow-exposed", self.exposes))
            # One that was given is needed again: each build is asked for itself.
            if lines or option in self.allowed
        ]
        look = (
            " Zotero shows such an item at zotero://select/groups/…/items/KEY, "
            "one of your own library at zotero://select/library/items/KEY."
            if any("/items/" in line for line in self.exposes)
            else ""
        )
        mend = f" Otherwise mend the rules under [select].{look}" if self.exposes else ""
        return (
            f"If that is meant, build once with {' '.join(options)} "
            f"(on GitHub: Run workflow, with the box for it ticked).{mend}"
        )

    def refuse(self, causes: Iterable[str] = ()) -> None:
        """Raises GuardError, if there are any. causes: what may have led to them, told with them."""
        if self.lines:
            message = "\n".join(["The site was left as it is.", *self.lines, *causes])
            exposed = [line.strip() for lines in self.exposes for line in lines.splitlines()[1:]]
            raise GuardError(message, self.remedy, exposed, self.private)


def take_record(
    stamp: str, config: Config, whole: Sequence[Library], ctx: Context, find_file: Callable[[str], object]
) -> Record:
    """Note what a build publishes and what it holds back.

    whole: the libraries before selection, as in the config. find_file: md5 -> the mirror's file or None.
    """
    entries: dict[str, list[Entry]] = {library.id: [] for library in config.libraries}
    for entry in ctx.items:
        entries[entry.library.id].append(entry)
    return Record(
        stamp,
        {
            library.id: _library_record(library, selected, rules.select, entries[library.id], find_file)
            for library, selected, rules in zip(whole, ctx.libraries, config.libraries, strict=True)
        },
    )


def find_objections(
    before: Record | None, now: Record, config: Config, entries: Iterable[Entry]
) -> Objections:
    """Compare what would be published with what was.

    before: None = nothing was. entries: everything that would be published.
    """
    before = before or Record("", {})
    return Objections(
        shrinks=(*_shrinkage(before, now, config.guard), *_lost_collections(before, now, config)),
        exposes=(*_exposure(before, entries, config.guard), *_mistyped_exclusions(before, now)),
        private={
            f"{id}/collections/{key}": name
            for id, library in before.libraries.items()
            for key, name in library.names.items()
            if key in library.barred
        },
    )


def record_to_json(record: Record) -> JSON:
    return {
        "stamp": record.stamp,
        "libraries": {
            id: {
                "items": library.items,
                "files": library.files,
                "excluded": sorted(library.excluded),
                "chosen": library.chosen,
                "barred": library.barred,
                "unmatched": library.unmatched,
                "names": library.names,
            }
            for id, library in record.libraries.items()
        },
    }


def record_from_json(value: JSON) -> Record | None:
    """None: it is no record, or a build never made one."""
    try:
        return Record(
            str(value["stamp"]),
            {
                str(id): LibraryRecord(
                    _texts(library["items"]),
                    _texts(library["files"]),
                    frozenset(map(str, library["excluded"])),
                    {str(name): int(number) for name, number in library["chosen"].items()},
                    tuple(map(str, library["barred"])),
                    tuple(map(str, library["unmatched"])),
                    _texts(library["names"]),
                )
                for id, library in value["libraries"].items()
            },
        )
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError, RecursionError):
        return None


def _texts(value: JSON) -> dict[str, str]:
    return {str(key): str(text) for key, text in value.items()}


# What a build publishes


def _library_record(
    whole: Library,
    selected: Library,
    rules: SelectRules,
    entries: Sequence[Entry],
    find_file: Callable[[str], object],
) -> LibraryRecord:
    files = {file.key: file.title for entry in entries for file in entry.files}
    chosen = find_collections(rules.collections, whole)
    barred = find_collections(rules.exclude_collections, whole)
    return LibraryRecord(
        items={entry.item.key: _short(entry.title) for entry in entries},
        files={key: _short(title) for key, title in files.items()},
        excluded=frozenset(_excluded(whole, selected, files.keys(), doubtful_keys(whole, rules), find_file)),
        chosen={
            name: sum(not keys.isdisjoint(entry.item.collections) for entry in entries)
            for name, keys in chosen.items()
            if keys
        },
        barred=tuple(name for name, keys in barred.items() if keys),
        unmatched=tuple(name for name, keys in barred.items() if not keys),
        names={
            key: _short(whole.collections[key].name)
            for key in (*rules.collections, *rules.exclude_collections)
            if key in whole.collections
        },
    )


def _texts_in(library: Library) -> Iterator[str]:
    """The keys of items and notes; which files are published is decided elsewhere."""
    for item in library.items.values():
        yield item.key
        yield from (note.key for note in item.notes)


def _excluded(
    whole: Library,
    selected: Library,
    files: Collection[str],
    doubtful: Collection[str],
    find_file: Callable[[str], object],
) -> Iterator[str]:
    """A file that could not be had was not excluded: it counts only if its bytes are here.

    doubtful: what no rule excludes and what is held back for now; it may appear any time.
    """
    sure = replace(whole, items={key: item for key, item in whole.items.items() if key not in doubtful})
    kept = set(_texts_in(selected))
    yield from (key for key in _texts_in(sure) if key not in kept and key not in doubtful)
    for item in sure.items.values():
        for attachment in item.attachments:
            if attachment.key in files or attachment.key in doubtful:
                continue
            if attachment.md5 and find_file(attachment.md5):
                yield attachment.key


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"


# What the guards object to


def _shrinkage(before: Record, now: Record, rules: GuardRules) -> Iterator[str]:
    items = _vanishing(_items, before, now)
    had = sum(len(library.items) for library in before.libraries.values())
    if _is_too_many(len(items), had, rules):
        yield _told(f"{show_count(len(items), 'item')} of {had:,} would vanish from the site:", items)
    else:
        yield from _emptied(before, now)
    files = _vanishing(_files, before, now)
    had = sum(len(library.files) for library in before.libraries.values())
    if _is_too_many(len(files), had, rules):
        yield _told(f"{len(files):,} attached files of {had:,} would vanish from the site:", files)


def _is_too_many(gone: int, had: int, rules: GuardRules) -> bool:
    return gone > max(FREE, rules.max_shrink * had)


def _emptied(before: Record, now: Record) -> Iterator[str]:
    """Libraries that had few items, and would have none."""
    site_is_empty = not any(library.items for library in now.libraries.values())
    for id, library in before.libraries.items():
        there = now.libraries.get(id)
        if library.items and (site_is_empty if there is None else not there.items):
            gone = [f"{id}/items/{key} {title}" for key, title in library.items.items()]
            yield _told(f"No item of {id} would be left on the site:", gone)


def _items(library: LibraryRecord) -> Mapping[str, str]:
    return library.items


def _files(library: LibraryRecord) -> Mapping[str, str]:
    return library.files


def _vanishing(
    published: Callable[[LibraryRecord], Mapping[str, str]], before: Record, now: Record
) -> list[str]:
    gone = []
    for id, library in before.libraries.items():
        there = now.libraries.get(id)
        stays = published(there) if there else {}
        gone += [f"{id}/items/{key} {t}" for key, t in published(library).items() if key not in stays]
    return gone


def _lost_collections(before: Record, now: Record, config: Config) -> Iterator[str]:
    """Collections that site.toml names, and that are gone; or empty, where nothing else is published.

    A name taken out of site.toml is not lost.
    """
    for library in config.libraries:
        was, there = before.libraries.get(library.id), now.libraries[library.id]
        if was is None:
            continue
        for name in library.select.collections:
            called = f"{name!r} ({was.names[name]!r})" if name in was.names else repr(name)
            if name in was.chosen and name not in there.chosen:
                yield f"[select] collections: {called} is gone from {library.id}."
            elif was.chosen.get(name) and not there.chosen[name]:
                yield (
                    f"[select] collections: {called} in {library.id} would be left without items "
                    f"(it had {was.chosen[name]:,})."
                )
        for name in library.select.exclude_collections:
            if name in was.barred and name not in there.barred:
                # Its name may be as private as what is in it.
                place = f"\n  {library.id}/collections/{name}" if name in was.names else ""
                yield (
                    f"[select] exclude_collections: {name!r} is gone from {library.id}, "
                    f"so what was in it is no longer excluded.{place}"
                )


def _mistyped_exclusions(before: Record, now: Record) -> Iterator[str]:
    """Collections to be excluded that no build has known; allowed once, they are no news."""
    for id, library in now.libraries.items():
        was = before.libraries.get(id)
        known = {*was.barred, *was.unmatched} if was else set[str]()
        for name in library.unmatched:
            if name not in known:
                yield (
                    f"[select] exclude_collections: {name!r} excludes nothing from {id}, "
                    "so what it was meant for would be published."
                )


def _exposure(before: Record, entries: Iterable[Entry], rules: GuardRules) -> Iterator[str]:
    exposed = [
        f"{entry.library.id}/items/{key}"
        for entry in entries
        if (was := before.libraries.get(entry.library.id))
        for key in _exposed(entry, was)
    ]
    if len(exposed) > rules.max_exposed:
        may = f"{show_count(rules.max_exposed, 'item')} may" if rules.max_exposed else "none may"
        yield _told(
            f"{show_count(len(exposed), 'item')} would appear that the last build excluded ({may}, notes and "
            "files counted):",
            # No titles: the log of a public repository would publish what this holds back.
            exposed,
        )


def _exposed(entry: Entry, was: LibraryRecord) -> Iterator[str]:
    """The item; or, where it was public already, what of it was not."""
    if entry.item.key in was.excluded:
        yield entry.item.key
        return
    parts = dict.fromkeys([*(file.key for file in entry.files), *(note.key for note in entry.item.notes)])
    yield from (key for key in parts if key in was.excluded)


def _told(heading: str, entries: Sequence[str]) -> str:
    rest = len(entries) - _LISTED
    lines = [heading, *entries[:_LISTED], *([f"… and {rest:,} more"] if rest > 0 else [])]
    return "\n  ".join(lines)

"""What may be published: the only place that decides.

Later stages cannot leak what they never receive, so what is dropped here goes with every reference to it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from zstatic.config import AttachmentRules, SelectRules
from zstatic.errors import Problem
from zstatic.exports import bibtex
from zstatic.exporttext import Unreadable, rewrite
from zstatic.library import Attachment, Collection, Item, Library, Note, Removed
from zstatic.urls import EXTENSIONS

Child = TypeVar("Child", Attachment, Note)
UNKNOWN_COLLECTION = "unknown-collection"


def select(library: Library, rules: SelectRules) -> Library:
    """The part of a library that the rules let out.

    Excluding wins over including, also through subcollections. What may be in an excluded collection that
    could not be read, or may have an excluded tag, is held back; items so are named in a Problem. Excluded
    tags are in nothing that comes out, exports included; of tags that differ only in case the first stays. A
    rule that names an unknown collection becomes a Problem; a `collections` rule of which nothing is known
    selects nothing.
    """
    problems = [*library.problems]
    excluded = _named(rules.exclude_collections, "exclude_collections", library, problems)
    included = _named(rules.collections, "collections", library, problems) - excluded
    visible = included if rules.collections else library.collections.keys() - excluded

    def is_let_out(item: Item | Removed) -> bool:
        return (
            excluded.isdisjoint(item.collections)
            and (not rules.collections or not included.isdisjoint(item.collections))
            and (not rules.item_include or _any_match(rules.item_include, item.tags))
            and not _any_match(rules.item_exclude, item.tags)
        )

    def is_published(item: Item) -> bool:
        return is_let_out(item) and not _is_excluded_standalone(item, rules)

    allowed = {key: item for key, item in library.items.items() if is_published(item)}
    doubtful = doubtful_keys(library, rules)
    held = allowed.keys() & doubtful
    problems += [_held_back(library, rules, key) for key in sorted(held)]
    kept = {key: item for key, item in allowed.items() if key not in held}
    removed = [item for item in library.removed if is_let_out(item) and item.key not in doubtful]

    def among_kept(keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(key for key in keys if key in kept)

    def public(item: Item) -> Item:
        return replace(
            _without_excluded_parts(item, rules, doubtful),
            collections=tuple(key for key in item.collections if key in visible),
            related=among_kept(item.related),
            cites=among_kept(item.cites),
            cited_by=among_kept(item.cited_by),
            exports=_public_exports(item, rules, library, problems),
        )

    return replace(
        library,
        items=bibtex.with_unique_keys({key: public(item) for key, item in kept.items()}),
        collections=_public_collections(library.collections, visible),
        problems=tuple(problems),
        tag_colors={
            tag: color for tag, color in library.tag_colors.items() if not _matches(rules.tag_exclude, tag)
        },
        removed=tuple(Removed(item.key) for item in removed),
    )


def published_files(
    item: Item, rules: AttachmentRules, find_file: Callable[[str], Path | None]
) -> tuple[Attachment, ...]:
    """The attachments of a selected item whose files are published, in the item's order.

    find_file: md5 -> the mirror's verified file; None = not there. `Mirror.file` and a dict's `get` are such.
    Only media types of the rules which have an extension in `urls.EXTENSIONS` come out: never active content.
    """
    return tuple(
        attachment
        for attachment in item.attachments
        if may_publish(attachment, rules)
        and attachment.md5
        and (file := find_file(attachment.md5))
        and file.stat().st_size <= rules.max_size
    )


def may_publish(attachment: Attachment, rules: AttachmentRules) -> bool:
    """Whether the rules publish this file once it is there; its size is not known before."""
    listed = {media_type.strip().lower() for media_type in rules.media_types}
    if not attachment.md5 or attachment.media_type not in listed & EXTENSIONS.keys():
        return False
    if rules.publish == "tagged":
        return rules.tag.strip().casefold() in {tag.casefold() for tag in attachment.tags}
    return rules.publish == "all"


def doubtful_keys(library: Library, rules: SelectRules) -> frozenset[str]:
    """The items, notes and files of which nobody can tell whether a rule excludes them."""
    doubtful = library.unplaced if rules.exclude_collections else frozenset[str]()
    standing = library.untagged & library.items.keys()
    if rules.item_exclude:
        doubtful |= standing
    if rules.child_exclude:
        doubtful |= library.untagged - {key for key in standing if not _is_standalone(library.items[key])}
    return doubtful


# Collections


def find_collections(names: Iterable[str], library: Library) -> dict[str, frozenset[str]]:
    """Find the collections that a rule names by key or by name, with all below them.

    Gives name -> keys, none if no collection bears it; if several do, all are meant.
    """
    by_name: dict[str, set[str]] = {}
    for key, collection in library.collections.items():
        by_name.setdefault(collection.name.strip().casefold(), set()).add(key)
    children: dict[str, list[str]] = {}
    for key, collection in library.collections.items():
        if collection.parent:
            children.setdefault(collection.parent, []).append(key)
    return {
        name: _with_subcollections(
            {name} if name in library.collections else by_name.get(name.strip().casefold(), set()), children
        )
        for name in names
    }


def _named(names: Iterable[str], setting: str, library: Library, problems: list[Problem]) -> set[str]:
    """All keys that a rule names; a name that no collection bears becomes a Problem."""
    found = find_collections(names, library)
    problems += [_unknown_collection(name, setting, library) for name, keys in found.items() if not keys]
    return set().union(*found.values())


def _unknown_collection(name: str, setting: str, library: Library) -> Problem:
    names = {collection.name for collection in library.collections.values()}
    close = difflib.get_close_matches(name, sorted(names | library.collections.keys()), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else " `zstatic collections` lists them."
    message = f"[select] {setting}: there is no collection {name!r}.{hint}"
    return Problem(UNKNOWN_COLLECTION, library.id, message)


def _with_subcollections(keys: Iterable[str], children: Mapping[str, Iterable[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += children.get(key, ())
    return frozenset(found)


def _public_collections(
    collections: Mapping[str, Collection], visible: AbstractSet[str]
) -> dict[str, Collection]:
    return {
        key: collection if collection.parent in visible else replace(collection, parent=None)
        for key, collection in collections.items()
        if key in visible
    }


# Items


def _held_back(library: Library, rules: SelectRules, key: str) -> Problem:
    by_place = rules.exclude_collections and key in library.unplaced
    unread = "collections" if by_place else "tags"
    rule = "exclude_collections may name one" if by_place else "item_exclude or child_exclude may mean one"
    message = f"Not published until its {unread} could be read: [select] {rule}."
    return Problem("held-back", f"{library.id}/items/{key}", message)


def _is_standalone(item: Item) -> bool:
    return item.item_type in ("note", "attachment")


def _is_excluded_standalone(item: Item, rules: SelectRules) -> bool:
    """Whether the item is itself a note or file of the kind that is dropped from under other items."""
    if not _is_standalone(item):
        return False
    return _any_match(rules.child_exclude, item.tags) or (item.item_type == "note" and not rules.notes)


def _without_excluded_parts(item: Item, rules: SelectRules, doubtful: AbstractSet[str]) -> Item:
    return replace(
        item,
        tags=_public_tags(item.tags, rules),
        attachments=_public_children(item.attachments, rules, doubtful),
        notes=_public_children(item.notes, rules, doubtful) if rules.notes else (),
    )


def _public_tags(tags: tuple[str, ...], rules: SelectRules) -> tuple[str, ...]:
    public: dict[str, str] = {}
    for tag in tags:
        if not _matches(rules.tag_exclude, tag):
            public.setdefault(tag.casefold(), tag)
    return tuple(public.values())


def _public_children(
    children: tuple[Child, ...], rules: SelectRules, doubtful: AbstractSet[str]
) -> tuple[Child, ...]:
    return tuple(
        replace(child, tags=_public_tags(child.tags, rules))
        for child in children
        if child.key not in doubtful and not _any_match(rules.child_exclude, child.tags)
    )


def _public_exports(
    item: Item, rules: SelectRules, library: Library, problems: list[Problem]
) -> dict[str, str]:
    tags = _public_tags(item.tags, rules)
    exports = {}
    for format, text in item.exports.items():
        try:
            exports[format] = rewrite(format, text, item.key, tags)
        except Unreadable as error:
            where = f"{library.id}/items/{item.key}"
            problems.append(Problem("export-unreadable", where, f"Left out of the {format} export: {error}."))
    return exports


def _matches(pattern: str, tag: str) -> bool:
    """An empty pattern is no rule and matches nothing."""
    return bool(pattern and re.search(pattern, tag))


def _any_match(pattern: str, tags: Iterable[str]) -> bool:
    return any(_matches(pattern, tag) for tag in tags)

"""Make a mirror equal to its library: decide, then act.

In: a library's versions and changed objects from the API. Out: the mirror, and a LibrarySyncReport.
What was fetched is stored at once, so that a run which is cut short goes on where it stood; what is gone is
dropped after that, and the library version is written last: it says that everything up to it is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar, get_args

from zstatic.api import (
    OBJECT_KEY,
    Api,
    Few,
    Kind,
    RequestFailed,
    Versions,
)
from zstatic.attachments import NEVER, FilesReport, sync_files
from zstatic.batches import FAILURES_IN_A_ROW
from zstatic.config import Config, LibraryConfig
from zstatic.errors import (
    AccessDenied,
    ApiError,
    ApiUnreachable,
    LibraryMoved,
    LibraryNotFound,
    Problem,
)
from zstatic.mirror import (
    Failure,
    Mirror,
    open_mirror,
)
from zstatic.partial import (
    changed_annotations,
    chosen_collections,
    has_children,
    list_items,
    may_have_children,
    read_children,
)
from zstatic.progress import Track
from zstatic.shapes import collection_keys, is_readable, odd_field, part
from zstatic.syncrun import JSON, WITNESSES, Run, any_comes, as_failures, in_batches, objects_of, version_of
from zstatic.synctexts import forget_old_texts, sync_texts

T = TypeVar("T")
Part = Literal["metadata", "attachments"]
PARTS: frozenset[Part] = frozenset(get_args(Part))
# A library that changes faster than it can be read is taken as it comes in the last pass.
PASSES = 6
# How often the mirror is compared with the complete listing, which shows what no listing of changes does.
RECONCILE_EVERY = 30
RECONCILE_AFTER = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Keys of items, sorted."""

    fetch: tuple[str, ...]
    drop: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LibrarySyncReport:
    """What a sync did to one library.

    library: its id. version_before, version: of the library; 0 = never completed.
    added, updated, removed: items. collections: of those added, changed or removed.
    texts: citations, exports and full texts that came in. files, bytes: that came in. requests: sent.
    changed: whether the mirror holds anything else than before.
    damaged: stored files that were not what they should be.
    """

    library: str
    slug: str
    name: str
    version_before: int
    version: int
    added: int
    updated: int
    removed: int
    collections: int
    texts: int
    files: int
    bytes: int
    requests: int
    changed: bool
    problems: tuple[Problem, ...]
    damaged: int = 0


def plan_sync(
    local: Mapping[str, int], listed: Mapping[str, int], deleted: Collection[str], since: int
) -> SyncPlan:
    """Decide which items to fetch and which to drop.

    local: key -> version here. listed: key -> version on the server, changed after `since`; all if that is 0.
    deleted: keys in the server's delete log; one that is also listed was created again.
    """
    fetch = (key for key, version in listed.items() if local.get(key) != version)
    gone = deleted if since else local
    return SyncPlan(tuple(sorted(fetch)), tuple(sorted({k for k in gone if k in local and k not in listed})))


def sync_libraries(
    config: Config,
    track: Track,
    *,
    full: bool = False,
    verify: bool = False,
    parts: Collection[Part] = PARTS,
    open_api: Callable[..., Api] = Api,
    now: Callable[[], float] = time.time,
) -> tuple[LibrarySyncReport, ...]:
    """Sync every library of a site, in the order of the configuration.

    Files that none of them wants any more stay: a build removes them once the guards have let it pass.

    The caller holds the lock. Raises ApiError and its kin, MirrorError; what was fetched until then is kept.
    """
    reports: list[LibrarySyncReport] = []
    with ExitStack() as stack:
        apis = {
            url: stack.enter_context(open_api(url, config.api_key, say=track.say))
            for url in dict.fromkeys(library.api_url for library in config.libraries)
        }
        for library in config.libraries:
            with open_mirror(config, library) as mirror:
                reports.append(
                    sync_library(
                        *(apis[library.api_url], mirror, library, config, track),
                        full=full,
                        verify=verify,
                        parts=parts,
                        now=now,
                    )
                )
    return tuple(reports)


def sync_library(
    api: Api,
    mirror: Mirror,
    library: LibraryConfig,
    config: Config,
    track: Track,
    *,
    full: bool = False,
    verify: bool = False,
    parts: Collection[Part] = PARTS,
    now: Callable[[], float] = time.time,
) -> LibrarySyncReport:
    """Bring one mirror up to date.

    full: fetch every object anew and try again whatever failed before. verify: compare with the complete
    listing and read every stored file again; both fetch what is wrong. now: seconds since 1970.
    """
    sent, before, name = api.request_count, mirror.library_version, mirror.library_name
    run = Run(api, mirror, library, config, track, now(), full)
    run.reconcile = verify or (mirror.completed and _is_due(mirror, run.now))
    if "metadata" in parts:
        _sync_metadata(run)
        _count_sync(run)
    files = FilesReport()
    if "attachments" in parts:
        files = sync_files(api, mirror, library.id, config.attachments, track, full=full, verify=verify)
    return LibrarySyncReport(
        library=library.id,
        slug=library.slug,
        name=mirror.library_name,
        version_before=before,
        version=mirror.library_version,
        added=len(run.added),
        updated=len(run.updated - run.added),
        removed=len(run.removed),
        collections=len(run.collections),
        texts=run.texts,
        files=files.fetched,
        bytes=files.bytes,
        requests=api.request_count - sent,
        changed=run.changed or files.changed or name != mirror.library_name,
        problems=tuple(sorted({*mirror.problems(), *run.problems})),
        damaged=files.damaged,
    )


def _sync_metadata(run: Run) -> None:
    """Pass over the library until one pass saw it standing still."""
    where = run.path
    if run.mirror.rebuilt:
        message = f"The local copy was set aside, since {run.mirror.rebuilt}; everything is fetched anew."
        run.problems.append(Problem("mirror-rebuilt", where, message))
        run.track.say(message)
    # Before anything else, so that a wrong key is named as such.
    _ = run.api.permissions
    _refresh_group(run)
    for number in range(1, PASSES + 1):
        run.last = number == PASSES
        try:
            _pass(run)
            break
        except LibraryMoved as moved:
            if run.last:
                # Taken as it comes, it moves for one reason only.
                raise ApiUnreachable(moved.message, "Is more than one Zotero answering there?") from None
            run.track.say(f"{moved.message} Planning again.")
        except (AccessDenied, LibraryNotFound) as error:
            raise _as_parting(run, error) from None
    if run.last:
        message = "The library kept changing while it was read; the newest changes follow with the next sync."
        run.problems.append(Problem("library-busy", where, message))
    forget_old_texts(run)


def _pass(run: Run) -> None:
    """Bring objects, then the texts made from them, to one library version."""
    mirror = run.mirror
    here = mirror.library_version
    if run.scope is not None:
        _pass_over_collections(run, here, run.scope)
        return
    since = 0 if run.items_only or run.whole else here
    listing = run.api.item_versions(run.path, since, 0 if run.whole else here)
    _meet_server(run)
    _refresh_schema(run, listing)
    if listing is None or not (run.whole or listing.version != here):
        _ask_again(run, here, lambda key, item: True)
        sync_texts(run, here, None)
        return
    if listing.version < here and not run.full:
        since, listing = 0, _list_restored(run)
    deleted = run.api.deleted_items(run.path, since) if since else None
    if deleted is not None:
        run.agree(deleted.version, listing.version)
    elif since:
        # Zotero's desktop keeps no list of deletions: compare with all that there is.
        since, listing = 0, run.api.item_versions(run.path, 0) or listing
    unread = _sync_objects(run, listing, deleted.by_key if deleted else {}, since)
    # Items that failed before were tried again, though the listing of changes does not name them.
    narrow = since and not mirror.failures("items")
    sync_texts(run, listing.version, listing if narrow else None)
    run.reconciled = not (since or run.last)
    _complete(run, listing.version, unread)


def _ask_again(run: Run, here: int, is_wanted: Callable[[str, JSON], bool]) -> bool:
    """Ask for what could not be had before, and for nothing else; say whether items or collections came.

    here: the library version, which is still the server's. is_wanted: says of an item whether it is stored.
    """
    mirror = run.mirror
    came = False
    for kind in get_args(Few):
        lost = _versions_of(mirror.failures(kind))
        if lost:
            _fetch_few_of(run, kind, lost, here)
            came = came or (kind == "collections" and lost.keys() != mirror.failures(kind).keys())
    failures = mirror.failures("items")
    lost = _versions_of(failures)
    if lost:
        absent, unread = _fetch_items(run, (), lost, here, is_wanted)
        # Nothing was deleted: what does not come is there all the same.
        mirror.write_failures("items", {**{key: failures[key] for key in absent}, **unread})
    return came or lost.keys() != mirror.failures("items").keys()


def _versions_of(failures: Mapping[str, Failure]) -> dict[str, int]:
    return {key: failure.version for key, failure in failures.items()}


def _complete(run: Run, version: int, unread: Mapping[str, Failure]) -> None:
    """Say that everything up to a library version is here: last of all."""
    if run.api.server_id != run.mirror.state("server", ""):
        raise _another_server(run)
    run.mirror.write_failures("items", unread)
    # In another part of the library are other files, also at the same version.
    anew: dict[str, JSON] = {} if run.mirror.state("scope", None) == run.scope else {"files-done": NEVER}
    if run.reconciled:
        anew["reconciled"] = [0, int(run.now)]
    run.mirror.write_state(version=version, scope=run.scope, **anew)


# --- some collections of a library


def _pass_over_collections(run: Run, here: int, scope: Collection[str]) -> None:
    """Bring the objects of some collections, then their texts, to one library version.

    The whole list of each collection is compared: what was moved out is in no list of changes.
    """
    mirror = run.mirror
    annotations = run.api.annotation_versions(run.path, 0 if run.whole else here)
    _meet_server(run)
    _refresh_schema(run, annotations)
    if annotations is None or not (run.whole or annotations.version != here):
        if not _ask_below_again(run, here):
            sync_texts(run, here, None)
            return
        # What came may hold others, or lead to other collections.
        annotations = run.api.annotation_versions(run.path) or annotations
    assert annotations is not None, "only a conditional request is answered so"
    if annotations.version < here and not run.full:
        _note_restored(run)
    target = annotations.version
    collections = _fetch_few(run, "collections", target)
    searches = _fetch_few(run, "searches", target)
    settings = _read_settings(run, target)
    assert collections is not None, "only My Publications has none"
    existing = {key: each for key, each in mirror.objects("collections") if key in collections.by_key}
    chosen = chosen_collections(existing, scope)
    listed = list_items(run.api, run.path, chosen, partial(run.agree, target=target), run.track)
    unread = _sync_listed(run, {k: v for k, v in listed.items() if OBJECT_KEY.fullmatch(k)}, annotations)
    if settings is not None:
        run.others += len(_store_whole(mirror, "settings", settings))
    _leave_collections(run, collections)
    run.collections |= _drop_few(run, "collections", collections)
    if searches is not None:
        run.others += len(_drop_few(run, "searches", searches))
    sync_texts(run, target, None)
    mirror.write_state(**{"annotations-upto": target})
    run.reconciled = not run.last
    _complete(run, target, unread)


def _ask_below_again(run: Run, here: int) -> bool:
    """Ask for what could not be had before of some collections; say whether items or collections came."""
    mirror = run.mirror

    def is_wanted(key: str, item: JSON) -> bool:
        # An annotation may be anybody's; all else was in the lists of the collections.
        return item["data"].get("itemType") != "annotation" or _parent(item) in mirror.keys("items")

    holders = dict(objects_of(mirror, mirror.failures("children")))
    if holders:
        _fetch_below(run, {key: version_of(item) for key, item in holders.items()}, here)
    return _ask_again(run, here, is_wanted)


def _sync_listed(run: Run, listed: Mapping[str, int], annotations: Versions) -> dict[str, Failure]:
    """Store what is listed and what hangs under it, drop all else; give the items that could not be had."""
    mirror, target = run.mirror, annotations.version
    local = _local_versions(run, (), 0)
    hanging = {key: local[key] for key in _hanging(mirror, listed)}
    since = mirror.state("annotations-upto", mirror.library_version if mirror.completed else target)
    # Not later than what is fetched from here on: an annotation made meanwhile must count as new.
    mirror.write_state(**{"annotations-upto": since})
    fetch = {key for key, version in listed.items() if local.get(key) != version}
    fetch |= {key for key in changed_annotations(annotations, hanging, since) if OBJECT_KEY.fullmatch(key)}
    if fetch:
        _distrust_marks(mirror)
    vanished, unread = _fetch_items(
        run, fetch, {**annotations.by_key, **listed}, target, lambda key, item: _is_within(key, item, listed)
    )
    _read_below(run, listed, target)
    deleted = {
        key
        for key, item in objects_of(mirror, _hanging(mirror, listed))
        if item["data"].get("itemType") == "annotation" and key not in annotations.by_key
    }
    gone = mirror.keys("items") - listed.keys() - _hanging(mirror, listed)
    _drop_items(run, gone | deleted | vanished)
    return unread


def _read_below(run: Run, listed: Mapping[str, int], target: int) -> None:
    """Fetch what hangs under the notes and files that came since this was last done for them."""
    mirror = run.mirror
    anew = run.full or (run.reconcile and mirror.completed)
    known: dict[str, int] = {} if anew and not run.read_below else mirror.state("children-read", {})
    run.read_below = True
    read = {key: version for key, version in known.items() if key in listed}
    mirror.write_state(**{"children-read": read})
    former = {_parent(item) for _, item in objects_of(mirror, _hanging(mirror, listed))}
    holders = {
        key: version_of(item)
        for key, item in mirror.objects("items")
        if key in listed and (has_children(item) or key in former) and read.get(key) != version_of(item)
    }
    _fetch_below(run, holders, target)


def _fetch_below(run: Run, holders: Mapping[str, int], target: int) -> None:
    """Make what hangs under some notes and files be as on the server, and note those that fail.

    holders: key -> version.
    """
    mirror = run.mirror
    read: dict[str, int] = dict(mirror.state("children-read", {}))
    former: dict[str, set[str]] = {}
    for key, item in mirror.objects("items"):
        former.setdefault(_parent(item), set()).add(key)
    agree = partial(run.agree, target=target)
    failed: dict[str, Failure] = {}
    in_a_row = 0
    for key, children in read_children(run.api, run.path, holders, agree, run.track):
        in_a_row = in_a_row + 1 if isinstance(children, RequestFailed) else 0
        if isinstance(children, RequestFailed):
            if in_a_row >= FAILURES_IN_A_ROW:
                raise children
            message = f"Zotero cannot say what hangs under it: {children.message}"
            failed[key] = Failure("children-unreadable", holders[key], message)
            continue
        good = {each: item for each, item in children.items() if is_readable("items", item)}
        _store_items(run, {each: item for each, item in good.items() if OBJECT_KEY.fullmatch(each)})
        _drop_items(run, former.get(key, set()) - children.keys())
        read[key] = holders[key]
        mirror.write_state(**{"children-read": read})
    mirror.write_failures("children", failed)


def _hanging(mirror: Mirror, listed: Collection[str]) -> set[str]:
    """Give the items here that hang under a listed note or file: no list of a collection names them."""
    holders = {key for key, item in mirror.objects("items") if key in listed and may_have_children(item)}
    return {key for key, item in mirror.objects("items") if _parent(item) in holders}


def _is_within(key: str, item: JSON, listed: Collection[str]) -> bool:
    return key in listed or _parent(item) in listed


def _parent(item: JSON) -> str:
    return str(item["data"].get("parentItem") or "")


# --- which library this is


def _meet_server(run: Run) -> None:
    """Empty the mirror if it is of another Zotero desktop, whose versions mean nothing here.

    Raises LibraryMoved then.
    """
    there, known = run.api.server_id, run.mirror.state("server", None)
    if known is None:
        run.mirror.write_state(server=there)
    if known in (None, there):
        return
    run.removed |= run.mirror.keys("items")
    run.mirror.start_afresh(server=there)
    run.fetched, run.renewed = {}, {}
    raise _another_server(run)


def _another_server(run: Run) -> LibraryMoved:
    return LibraryMoved(f"Another Zotero answers for {run.path} than before; everything is fetched anew.")


def _as_parting(run: Run, error: ApiError) -> ApiError:
    """Say what it means that a group which was mirrored before is closed to us now."""
    if not (run.mirror.completed and run.path.startswith("groups/")):
        return error
    name = f"{run.mirror.library_name} ({run.path})" if run.mirror.library_name else run.path
    key, url = run.config.api_key, run.library.api_url
    reader = "this key" if key else "strangers"
    told = f"The group {name} was mirrored before and is no longer open to {reader}: "
    stays = "or take it out of site.toml. Until then everything stays as it is."
    if key and url == LibraryConfig(run.path).api_url:
        return type(error)(
            told + "it was deleted or made private, or the key lost it.",
            f"Give the key access to it again, {stays}",
        )
    return type(error)(
        f"{told}it was deleted or made private, or {url} is not the server that it came from.",
        f"Check [[library]] api_url, {'' if key else 'set ZOTERO_API_KEY to the key of a member, '}{stays}",
    )


def _note_restored(run: Run) -> None:
    message = f"{run.path} went back to an older state on the server; everything is fetched anew."
    run.problems.append(Problem("library-restored", run.path, message))
    run.track.say(message)
    run.full = run.restored = True


def _list_restored(run: Run) -> Versions:
    """List a library whose server went back to an older state, so that no version here means anything."""
    _note_restored(run)
    listing = run.api.item_versions(run.path, 0)
    assert listing is not None, "only a conditional request is answered so"
    return listing


def _is_due(mirror: Mirror, now: float) -> bool:
    """Say whether it is time to compare with the complete listing."""
    syncs, at = mirror.state("reconciled", [RECONCILE_EVERY, 0])
    # A clock that was set back says nothing about the time that passed.
    return bool(syncs + 1 >= RECONCILE_EVERY or not 0 <= now - at < RECONCILE_AFTER)


def _count_sync(run: Run) -> None:
    """Count the syncs since the last comparison."""
    if not run.reconciled:
        syncs, at = run.mirror.state("reconciled", [RECONCILE_EVERY, 0])
        run.mirror.write_state(reconciled=[syncs + 1, at])


# --- objects


def _sync_objects(run: Run, listing: Versions, deleted: Mapping[str, int], since: int) -> dict[str, Failure]:
    """Store what changed, then drop what is gone; give the items that could not be had."""
    listed = {key: version for key, version in listing.by_key.items() if OBJECT_KEY.fullmatch(key)}
    # An item that could not be had is gone like any other.
    local = dict.fromkeys(run.mirror.failures("items"), -1) | _local_versions(run, [*listed, *deleted], since)
    plan = plan_sync(local, listed, deleted, since)
    if since:
        _insist_on_count(run, plan, listing.version)
    elif plan.fetch:
        _distrust_marks(run.mirror)
    collections = _fetch_few(run, "collections", listing.version)
    searches = _fetch_few(run, "searches", listing.version)
    settings = _read_settings(run, listing.version)
    vanished, unread = _fetch_items(run, plan.fetch, listed, listing.version, gone=plan.drop)
    if settings is not None:
        run.others += len(_store_whole(run.mirror, "settings", settings))
    _drop_items(run, {*plan.drop, *vanished})
    if collections is not None:
        _leave_collections(run, collections)
        run.collections |= _drop_few(run, "collections", collections)
    if searches is not None:
        run.others += len(_drop_few(run, "searches", searches))
    return unread


def _distrust_marks(mirror: Mirror) -> None:
    """Look again for missing texts and files: items come that were lost, at a version that counts as done."""
    mirror.write_state(done={}, **{"files-done": NEVER})


def _local_versions(run: Run, keys: Iterable[str], since: int) -> dict[str, int]:
    """Give key -> version of the items that are here; only of some keys, when only those matter."""
    if run.full:
        # Everything is fetched anew, but once. What else is here still counts for dropping.
        fetched = run.fetched.get("items", {})
        return {key: fetched.get(key, -1) for key in run.mirror.keys("items")}
    if not since:
        return {key: version_of(item) for key, item in run.mirror.objects("items")}
    return {key: version_of(item) for key in keys if (item := run.mirror.object("items", key)) is not None}


def _insist_on_count(run: Run, plan: SyncPlan, target: int) -> None:
    """Compare the number of items with the server's. Raises LibraryMoved, to compare all, if it differs."""
    here = {*run.mirror.keys("items"), *run.mirror.failures("items"), *plan.fetch}.difference(plan.drop)
    there = run.api.item_count(run.path)
    run.agree(there.version, target)
    if there.total in (-1, len(here)) or run.last:
        return
    run.reconcile = True
    raise LibraryMoved(f"Zotero counts {there.total} items in {run.path}, the local copy {len(here)}.")


def _fetch_items(
    run: Run,
    keys: Collection[str],
    listed: Mapping[str, int],
    target: int,
    is_wanted: Callable[[str, JSON], bool] = lambda key, item: True,
    gone: Collection[str] = (),
) -> tuple[set[str], dict[str, Failure]]:
    """Fetch items and store each batch at once; give those that are no more, and those that failed.

    Those that failed before are fetched again, unless they are gone. is_wanted: says of an item that came
    whether it is stored. Raises LibraryMoved after storing what came.
    """
    mirror, known = run.mirror, run.mirror.failures("items")
    # A failed item is in no later listing, unless somebody edits it.
    wanted = {*keys, *(key for key, failure in known.items() if not _is_here(mirror, key, failure.version))}
    wanted -= set(gone)
    # Key -> what was said of it, and -> the field by which it cannot be read.
    failed: dict[str, str] = {}
    odd: dict[str, str] = {}
    found: set[str] = set()
    moved: list[int] = []
    query = {"include": "data", "includeTrashed": "1"}
    ask = partial(run.api.items, run.path, **query)

    def delivers(failing: Collection[str]) -> bool:
        return bool(any_comes(run, query, mirror.keys("items") - known.keys(), failing))

    for batch in in_batches(run, ask, wanted, "Fetching items", delivers, known, moved):
        good = {key: item for key, item in batch.by_key.items() if is_readable("items", item)}
        odd |= {key: odd_field(item) for key, item in batch.by_key.items() if key not in good}
        if not known.keys().isdisjoint(good):
            _distrust_marks(mirror)
        _store_items(run, {key: item for key, item in good.items() if is_wanted(key, item)})
        found |= batch.by_key.keys()
        failed |= batch.failed
        moved += run.strangers(batch.versions, target)
    if moved:
        raise run.moved()
    versions = {**{key: failure.version for key, failure in known.items()}, **listed}
    unread = failed.keys() | odd.keys()
    if unread:
        _drop_stale(run, {key: versions.get(key, -1) for key in unread})
    here = mirror.keys("items")
    left = {key: "" if key in here else "; it is left out for now" for key in unread}
    messages = {
        **{key: f"Zotero cannot deliver this item{left[key]}: {said}" for key, said in failed.items()},
        **{
            key: f"Zotero sent this item in a form that zstatic cannot read (field {field!r}){left[key]}."
            for key, field in odd.items()
        },
    }
    return wanted - found - failed.keys(), as_failures("item-unreadable", messages, versions)


def _drop_stale(run: Run, unreadable: Mapping[str, int]) -> None:
    """Drop older copies of items that cannot be read: they may have been trashed, or made private, since.

    unreadable: key -> version on the server.
    """
    # Dropping forgets a failure, too: of what is not here it must stay known, whenever the run is cut short.
    here = run.mirror.keys("items")
    older = {k: v for k, v in unreadable.items() if k in here}
    stale = {k for k, v in older.items() if run.restored or not _is_here(run.mirror, k, v)}
    _drop_items(run, stale)


def _is_here(mirror: Mirror, key: str, version: int) -> bool:
    item = mirror.object("items", key)
    return item is not None and version_of(item) == version


def _store_items(run: Run, items: Mapping[str, JSON]) -> None:
    here = run.mirror.keys("items")
    run.added |= items.keys() - here
    same = {key for key in items.keys() & here if run.mirror.object("items", key) == items[key]}
    run.updated |= (items.keys() & here) - same
    run.note_fetched("items", items)
    run.removed -= items.keys()
    run.mirror.write_objects("items", {key: item for key, item in items.items() if key not in same})
    _note_owner(run, items)


def _drop_items(run: Run, keys: Collection[str]) -> None:
    gone = run.mirror.keys("items") & set(keys)
    run.mirror.drop_objects("items", keys)
    run.removed |= gone
    run.added -= gone
    run.updated -= gone


def _fetch_few(run: Run, kind: Few, target: int) -> Versions | None:
    """Store the collections or saved searches that changed; give all there are, None: it shows none."""
    listing = _if_shown(run, kind, partial(run.api.object_versions, run.path, kind))
    if listing is None:
        return None
    run.agree(listing.version, target)
    _fetch_few_of(run, kind, listing.by_key, target)
    return listing


def _fetch_few_of(run: Run, kind: Few, listed: Mapping[str, int], target: int) -> None:
    """Store those of the listed collections or saved searches that changed, and note those that fail.

    listed: key -> version.
    """
    mirror, failed, moved = run.mirror, dict[str, str](), list[int]()
    here = run.fetched.get(kind, {}) if run.full else {k: version_of(v) for k, v in mirror.objects(kind)}
    wanted = {k for k, v in listed.items() if OBJECT_KEY.fullmatch(k) and here.get(k) != v}
    inside = _items_by_collection(mirror) if wanted and kind == "collections" else {}
    ask = partial(run.api.objects, run.path, kind)
    known, delivers = mirror.failures(kind), partial(_delivers_few, run, kind)
    for batch in in_batches(run, ask, wanted, f"Fetching {kind}", delivers, known, moved):
        good = {key: each for key, each in batch.by_key.items() if is_readable(kind, each)}
        for key in sorted(good.keys() & inside.keys()):
            _leave_recreated(run, key, inside[key], target)
        changed = {key: each for key, each in good.items() if mirror.object(kind, key) != each}
        mirror.write_objects(kind, changed)
        run.note_fetched(kind, good)
        run.note_changed(kind, changed)
        failed |= batch.failed
        absent = batch.asked - good.keys() - batch.failed.keys()
        failed |= dict.fromkeys(absent, "it is listed, but does not come.")
        moved += run.strangers(batch.versions, target)
    if moved:
        raise run.moved()
    if failed:
        # An older copy may have another name, or another place, by which a rule knows it.
        run.note_changed(kind, failed.keys() & mirror.keys(kind))
        mirror.drop_objects(kind, failed)
    messages = {key: f"Zotero cannot deliver this {_NAMES[kind]}: {said}" for key, said in failed.items()}
    mirror.write_failures(kind, as_failures(f"{kind}-unreadable", messages, listed))


_NAMES: Mapping[Few, str] = {"collections": "collection", "searches": "saved search"}


def _delivers_few(run: Run, kind: Few, failing: Collection[str]) -> bool:
    others = sorted(run.mirror.keys(kind).difference(failing))[:WITNESSES]
    if not others:
        # Of saved searches nothing is shown, so that no harm comes of leaving them out.
        return kind == "searches"
    return run.api.delivers(partial(run.api.objects, run.path, kind, others))


def _if_shown(run: Run, kind: Kind, ask: Callable[[], T]) -> T | None:
    """Ask for objects of a kind; None: this library shows none of them."""
    if run.items_only:
        return None
    try:
        return ask()
    except (AccessDenied, LibraryNotFound) as error:
        # Visitors of a public library may be shown no settings; a key that is refused now was withdrawn.
        withdrawn = isinstance(error, AccessDenied) and run.config.api_key is not None
        # A site can do without settings and saved searches; without its collections it would be wrong.
        if kind == "collections" or withdrawn:
            raise
        return None


def _read_settings(run: Run, target: int) -> Mapping[str, JSON] | None:
    settings = _if_shown(run, "settings", partial(run.api.settings, run.path))
    if settings is None:
        return None
    run.agree(settings.version, target)
    return {key: value for key, value in settings.by_key.items() if isinstance(value, dict)}


def _drop_few(run: Run, kind: Few, existing: Versions) -> set[str]:
    gone = run.mirror.keys(kind) - existing.by_key.keys()
    run.mirror.drop_objects(kind, gone)
    return set(gone)


def _store_whole(mirror: Mirror, kind: Kind, objects: Mapping[str, JSON]) -> set[str]:
    """Make a kind hold exactly these objects; give the keys of those that changed."""
    changed = {key: value for key, value in objects.items() if mirror.object(kind, key) != value}
    gone = mirror.keys(kind) - objects.keys()
    mirror.write_objects(kind, changed)
    mirror.drop_objects(kind, gone)
    return {*changed, *gone}


def _leave_collections(run: Run, existing: Versions) -> None:
    """Take deleted collections out of the items.

    The server does so without a new item version, and names only the topmost of the deleted collections.
    """
    inside = _items_by_collection(run.mirror)
    gone = inside.keys() - existing.by_key.keys()
    _take_out(run, {key: {c for c in gone if key in inside[c]} for c in gone for key in inside[c]}, existing)


def _leave_recreated(run: Run, collection: str, items: Collection[str], target: int) -> None:
    """Take out the items that left a collection when it was deleted, before it was created again."""
    members = run.api.collection_item_versions(run.path, collection)
    if members is None:
        return
    run.agree(members.version, target)
    _take_out(run, {key: {collection} for key in items if key not in members.by_key}, members)


def _take_out(run: Run, leaving: Mapping[str, Collection[str]], seen: Versions) -> None:
    """Take items out of collections. leaving: item key -> collections. seen: the listing that says so."""
    changed: dict[str, JSON] = {}
    for key, item in objects_of(run.mirror, leaving):
        # An item that is newer than the listing may be in a collection that is newer, too.
        if version_of(item) <= seen.version:
            left = [each for each in collection_keys(item["data"]) if each not in leaving[key]]
            changed[key] = {**item, "data": {**item["data"], "collections": left}}
    run.mirror.write_objects("items", changed)
    run.updated |= changed.keys()


def _items_by_collection(mirror: Mirror) -> dict[str, set[str]]:
    """Give collection key -> keys of the items that say they are in it."""
    inside: dict[str, set[str]] = {}
    for key, item in mirror.objects("items"):
        for collection in collection_keys(item["data"]):
            inside.setdefault(collection, set()).add(key)
    return inside


# --- small things


def _refresh_group(run: Run) -> None:
    """Ask for a group's name and who can read it: both have a version of their own, beside the library's."""
    if not run.path.startswith("groups/"):
        return
    version = run.api.group_versions.get(run.path)
    is_public = run.mirror.state("public", None)
    same = version is not None and version == run.mirror.state("group-version", None)
    if same and is_public is not None and not run.full:
        return
    group = run.api.group(run.path)
    if group is None:
        return
    if (group.name, group.is_public) != (run.mirror.library_name, is_public):
        run.mirror.write_state(name=group.name, public=group.is_public)
    if version is not None:
        run.mirror.write_state(**{"group-version": version})


def _note_owner(run: Run, items: Mapping[str, JSON]) -> None:
    """Take a personal library's name from its objects."""
    names = (part(item, "library").get("name") for item in items.values())
    name = next((each for each in names if each and isinstance(each, str)), "")
    if name and run.path.startswith("users/") and name != run.mirror.library_name:
        run.mirror.write_state(name=name)


def _refresh_schema(run: Run, listing: Versions | None) -> None:
    """Fetch Zotero's schema when it is missing or another than the one here; a site can do without."""
    here = run.mirror.state("schema-version", None)
    there = listing.schema_version if listing else ""
    if here is not None and there in ("", here) and not (run.full and not run.schema_read):
        return
    run.schema_read = True
    try:
        schema = run.api.schema()
    except (RequestFailed, AccessDenied) as error:
        message = f"Zotero's schema could not be fetched, labels may be missing: {error.message}"
        run.problems.append(Problem("schema-missing", run.path, message))
        return
    run.mirror.write_state(schema=schema, **{"schema-version": there})

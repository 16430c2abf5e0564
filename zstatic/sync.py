"""Make a mirror equal to its library: decide, then act.

In: a library's versions and changed objects from the API. Out: the mirror, and a LibrarySyncReport.
What was fetched is stored at once, so that a run which is cut short goes on where it stood; what is gone is
dropped after that, and the library version is written last: it says that everything up to it is here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Any, Literal, get_args

from zstatic.api import OBJECT_KEY, Api, Kind, Objects, RequestFailed, Versions, batches, in_parallel
from zstatic.attachments import FilesReport, kept_files, rules_mark, sync_files, wanted_files
from zstatic.config import Config, LibraryConfig
from zstatic.errors import AccessDenied, ConfigError, LibraryMoved, LibraryNotFound, Problem
from zstatic.mirror import (
    FULLTEXT,
    Failure,
    Mirror,
    citation_set,
    collect_files,
    export_set,
    open_mirror,
)
from zstatic.progress import Track

JSON = Any
Part = Literal["metadata", "attachments"]
PARTS: frozenset[Part] = frozenset(get_args(Part))
# A library that changes faster than it can be read is taken as it comes in the last pass.
PASSES = 6
# So many requests of one batch failing in a row are no longer the fault of single objects.
FAILURES_IN_A_ROW = 12
# Known to every Zotero server: tells a style it does not know from an item it cannot format.
SURE_STYLE = "apa"


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
    parts: Collection[Part] = PARTS,
    open_api: Callable[..., Api] = Api,
) -> tuple[LibrarySyncReport, ...]:
    """Sync every library of a site, in the order of the configuration; drop files that none of them wants.

    The caller holds the lock. Raises ApiError and its kin, MirrorError; what was fetched until then is kept.
    """
    reports: list[LibrarySyncReport] = []
    keep: set[str] = set()
    with ExitStack() as stack:
        apis = {
            url: stack.enter_context(open_api(url, config.api_key, say=track.say))
            for url in dict.fromkeys(library.api_url for library in config.libraries)
        }
        for library in config.libraries:
            with open_mirror(config, library) as mirror:
                api = apis[library.api_url]
                reports.append(sync_library(api, mirror, library, config, track, full=full, parts=parts))
                keep |= kept_files(mirror)
    if "attachments" in parts:
        collect_files(config.state, keep)
    return tuple(reports)


def sync_library(
    api: Api,
    mirror: Mirror,
    library: LibraryConfig,
    config: Config,
    track: Track,
    *,
    full: bool = False,
    parts: Collection[Part] = PARTS,
) -> LibrarySyncReport:
    """Bring one mirror up to date. full: fetch every object anew and try again whatever failed before."""
    sent, before, name = api.request_count, mirror.library_version, mirror.library_name
    run = _Run(api, mirror, library, config, track, full)
    if "metadata" in parts:
        _sync_metadata(run)
    files = FilesReport()
    if "attachments" in parts:
        store = config.state / "files"
        files = sync_files(api, mirror, library.id, store, config.attachments, track, full=full)
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
    )


@dataclass(slots=True)
class _Run:
    """One library's sync while it goes on.

    fetched: item key -> version, of what came in this run. renewed: set of texts -> keys, likewise.
    """

    api: Api
    mirror: Mirror
    library: LibraryConfig
    config: Config
    track: Track
    full: bool
    last: bool = False
    fetched: dict[str, int] = field(default_factory=dict)
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
    def items_only(self) -> bool:
        """ "My Publications" has items and their files, and no deletions, collections or full text."""
        return self.library.id.endswith("/publications")

    @property
    def changed(self) -> bool:
        kinds = (self.added, self.updated, self.removed, self.collections)
        return any(kinds) or bool(self.others or self.texts)

    def agree(self, version: int, target: int) -> None:
        """Insist that an answer is of the library version that this pass is about."""
        if version != target and not self.last:
            raise LibraryMoved(f"The library {self.path} changed while it was being read.")


def _sync_metadata(run: _Run) -> None:
    """Pass over the library until one pass saw it standing still."""
    where = run.path
    if run.mirror.rebuilt:
        message = f"The local copy was set aside, since {run.mirror.rebuilt}; everything is fetched anew."
        run.problems.append(Problem("mirror-rebuilt", where, message))
        run.track.say(message)
    # Before anything else, so that a wrong key is named as such.
    _ = run.api.permissions
    _refresh_group_name(run)
    for number in range(1, PASSES + 1):
        run.last = number == PASSES
        try:
            _pass(run)
            break
        except LibraryMoved as moved:
            run.track.say(f"{moved.message} Planning again.")
    if run.last:
        message = "The library kept changing while it was read; the newest changes follow with the next sync."
        run.problems.append(Problem("library-busy", where, message))
    _forget_old_failures(run)


def _pass(run: _Run) -> None:
    """Bring objects, then the texts made from them, to one library version."""
    mirror = run.mirror
    here = mirror.library_version if mirror.completed and not run.full else 0
    since = 0 if run.items_only else here
    listing = run.api.item_versions(run.path, since, here)
    _refresh_schema(run, listing)
    if listing is None or (mirror.completed and not run.full and listing.version == here):
        _sync_texts(run, here, None)
        return
    deleted = run.api.deleted_items(run.path, since) if since else None
    if deleted is not None:
        run.agree(deleted.version, listing.version)
    elif since:
        # Zotero's desktop keeps no list of deletions: compare with all that there is.
        since, listing = 0, run.api.item_versions(run.path, 0) or listing
    unread = _sync_objects(run, listing, deleted.by_key if deleted else {}, since)
    # Items that failed before were tried again, though the listing of changes does not name them.
    narrow = since and not mirror.failures("items")
    _sync_texts(run, listing.version, listing if narrow else None)
    mirror.write_failures("items", unread)
    mirror.write_state(version=listing.version)


# --- objects


def _sync_objects(run: _Run, listing: Versions, deleted: Mapping[str, int], since: int) -> dict[str, Failure]:
    """Store what changed, then drop what is gone; give the items that could not be had."""
    collections = _read_whole(run, "collections", listing.version)
    searches = _read_whole(run, "searches", listing.version)
    settings = _read_whole(run, "settings", listing.version)
    listed = {key: version for key, version in listing.by_key.items() if OBJECT_KEY.fullmatch(key)}
    plan = plan_sync(_local_versions(run, [*listed, *deleted], since), listed, deleted, since)
    vanished, unread = _fetch_items(run, plan.fetch, listed, listing.version)
    if searches is not None:
        run.others += len(_store_whole(run.mirror, "searches", searches))
    if settings is not None:
        run.others += len(_store_whole(run.mirror, "settings", settings))
    _drop_items(run, {*plan.drop, *vanished})
    if collections is not None:
        _leave_collections(run, collections.keys())
        run.collections |= _store_whole(run.mirror, "collections", collections)
    return unread


def _local_versions(run: _Run, keys: Iterable[str], since: int) -> dict[str, int]:
    """Give key -> version of the items that are here; only of some keys, when only those matter."""
    if run.full:
        # Everything is fetched anew, but once. What else is here still counts for dropping.
        return {key: run.fetched.get(key, -1) for key in run.mirror.keys("items")}
    if not since:
        return {key: _version(item) for key, item in run.mirror.objects("items")}
    return {key: _version(item) for key in keys if (item := run.mirror.object("items", key)) is not None}


def _fetch_items(
    run: _Run, keys: Collection[str], listed: Mapping[str, int], target: int
) -> tuple[set[str], dict[str, Failure]]:
    """Fetch items and store each batch at once; give those that are no more, and those that failed.

    Raises LibraryMoved after storing what came.
    """
    known = run.mirror.failures("items")
    # A failed item is in no later listing, unless somebody edits it.
    wanted = {*keys, *known}
    failed: dict[str, str] = {}
    found: set[str] = set()
    moved: list[int] = []
    ask = partial(run.api.items, run.path, include="data", includeTrashed="1")
    work = takewhile(lambda _: not moved, batches(wanted))
    label, total = "Fetching items", -(-len(wanted) // 50)
    for batch in run.track(in_parallel(work, partial(fetch_halving, ask)), label, total):
        good = {key: item for key, item in batch.by_key.items() if isinstance(item.get("data"), dict)}
        odd = dict.fromkeys(batch.by_key.keys() - good, "Zotero sent it without its content.")
        _store_items(run, good)
        found |= batch.by_key.keys()
        failed |= {**batch.failed, **odd}
        if not run.last:
            moved += [version for version in batch.versions if version != target]
    if moved:
        raise LibraryMoved(f"The library {run.path} changed while it was being read.")
    messages = {key: f"Zotero cannot deliver this item: {said}" for key, said in failed.items()}
    return wanted - found - failed.keys(), _as_failures("item-unreadable", messages, listed)


def _store_items(run: _Run, items: Mapping[str, JSON]) -> None:
    here = run.mirror.keys("items")
    run.added |= items.keys() - here
    same = {key for key in items.keys() & here if run.mirror.object("items", key) == items[key]}
    run.updated |= (items.keys() & here) - same
    run.fetched |= {key: _version(item) for key, item in items.items()}
    run.removed -= items.keys()
    run.mirror.write_objects("items", {key: item for key, item in items.items() if key not in same})
    _note_owner(run, items)


def _drop_items(run: _Run, keys: Collection[str]) -> None:
    gone = run.mirror.keys("items") & set(keys)
    run.mirror.drop_objects("items", keys)
    run.removed |= gone
    run.added -= gone
    run.updated -= gone


def _read_whole(
    run: _Run, kind: Literal["collections", "searches", "settings"], target: int
) -> Mapping[str, JSON] | None:
    """Read every object of a kind that is few; None: this library shows none of it."""
    if run.items_only:
        return None
    try:
        objects = run.api.settings(run.path) if kind == "settings" else run.api.all_objects(run.path, kind)
    except (AccessDenied, LibraryNotFound) as error:
        # Visitors of a public library may be shown no settings; a key that is refused now was withdrawn.
        withdrawn = isinstance(error, AccessDenied) and run.config.api_key is not None
        # A site can do without settings and saved searches; without its collections it would be wrong.
        if kind == "collections" or withdrawn:
            raise
        return None
    run.agree(objects.version, target)
    return {key: value for key, value in objects.by_key.items() if isinstance(value, dict)}


def _store_whole(mirror: Mirror, kind: Kind, objects: Mapping[str, JSON]) -> set[str]:
    """Make a kind hold exactly these objects; give the keys of those that changed."""
    changed = {key: value for key, value in objects.items() if mirror.object(kind, key) != value}
    gone = mirror.keys(kind) - objects.keys()
    mirror.write_objects(kind, changed)
    mirror.drop_objects(kind, gone)
    return {*changed, *gone}


def _leave_collections(run: _Run, existing: Collection[str]) -> None:
    """Take deleted collections out of the items.

    The server does so without a new item version, and names only the topmost of the deleted collections.
    """
    changed: dict[str, JSON] = {}
    for key, item in run.mirror.objects("items"):
        inside = item["data"].get("collections") or []
        left = [each for each in inside if each in existing]
        if len(left) != len(inside):
            changed[key] = {**item, "data": {**item["data"], "collections": left}}
    run.mirror.write_objects("items", changed)
    run.updated |= changed.keys()


# --- texts made from items


def _sync_texts(run: _Run, version: int, listing: Versions | None) -> None:
    """Fetch citations, exports and full texts that are missing or made from an older item.

    version: of the library, up to which all texts are here after this. listing: the items that changed since
    the mirror's version; None: any may lack any text.
    """
    done: dict[str, JSON] = run.mirror.state("done", {})
    sets = {
        name: query for name, query in _text_sets(run.config).items() if run.full or done.get(name) != version
    }
    if sets:
        _sync_item_texts(run, sets, done, version, listing)
    if run.config.search.fulltext and not run.items_only:
        _sync_fulltext(run, version)


def _text_sets(config: Config) -> dict[str, dict[str, str]]:
    """Give the sets of texts that the site needs -> the query that asks for one."""
    locale = config.citations.locale
    cited = {
        citation_set(style, locale): {"include": "bib", "style": style, "locale": locale}
        for style in config.citations.styles
    }
    return {**cited, **{export_set(format): {"include": format} for format in config.exports.formats}}


def _sync_item_texts(
    run: _Run,
    sets: Mapping[str, Mapping[str, str]],
    done: Mapping[str, JSON],
    version: int,
    listing: Versions | None,
) -> None:
    """Fetch what is missing of the sets, one after the other."""
    mirror = run.mirror
    narrow = listing is not None and not run.full and mirror.completed
    up_to_date = {name for name in sets if narrow and done.get(name) == mirror.library_version}
    changed = listing.by_key.keys() if listing is not None else ()
    everything = _citable(mirror.objects("items")) if len(up_to_date) < len(sets) else {}
    some = _citable(_objects_of(mirror, {*changed, *_failed_keys(mirror, up_to_date)}))
    for name, query in sets.items():
        items = some if name in up_to_date else everything
        missing = {key: v for key, v in items.items() if _lacks_text(run, name, key, v)}
        _fetch_texts(run, name, query, missing)
        mirror.write_state(done={**mirror.state("done", {}), name: version})


def _fetch_texts(run: _Run, name: str, query: Mapping[str, str], missing: Mapping[str, int]) -> None:
    """Fetch one text of each item and store each batch at once.

    missing: item key -> version here. Raises ConfigError for an unknown style, LibraryMoved if an item moved.
    """
    mirror, part = run.mirror, query["include"]
    ask = partial(run.api.items, run.path, **query)
    if part == "bib" and not mirror.has_texts(name):
        ask = partial(_ask_new_style, run, query)
    failed: dict[str, str] = {}
    moved: list[str] = []
    label = f"Fetching {query['style']} citations" if part == "bib" else f"Fetching {part} exports"
    work = takewhile(lambda _: not moved, batches(missing))
    for batch in run.track(in_parallel(work, partial(fetch_halving, ask)), label, -(-len(missing) // 50)):
        texts = {
            key: text for key, item in batch.by_key.items() if (text := _text(item.get(part))) is not None
        }
        _store_texts(run, name, {key: (_version(batch.by_key[key]), text) for key, text in texts.items()})
        failed |= batch.failed
        failed |= dict.fromkeys(batch.asked - texts.keys() - batch.failed.keys(), "nothing came.")
        # The text belongs to an item that we do not have yet: what else changed?
        moved += [key for key in texts if _version(batch.by_key[key]) != missing[key]]
    if moved and not run.last:
        raise LibraryMoved(f"The library {run.path} changed while it was being read.")
    code = "citation-failed" if part == "bib" else "export-failed"
    what = f"its {query['style']} citation" if part == "bib" else f"its {part} export"
    messages = {key: f"Zotero cannot make {what}: {said}" for key, said in failed.items()}
    kept = {k: f for k, f in mirror.failures(name).items() if k not in missing and k in mirror.keys("items")}
    mirror.write_failures(name, {**kept, **_as_failures(code, messages, missing)})


def _lacks_text(run: _Run, name: str, key: str, version: int) -> bool:
    """Say whether the text that should be made from a version must be fetched."""
    renew = run.full and key not in run.renewed.get(name, ())
    return renew or run.mirror.text_version(name, key) != version


def _store_texts(run: _Run, name: str, texts: Mapping[str, tuple[int, str]]) -> None:
    run.mirror.write_texts(name, texts)
    run.renewed.setdefault(name, set()).update(texts)
    run.texts += len(texts)


def _ask_new_style(run: _Run, query: Mapping[str, str], keys: Sequence[str]) -> Objects:
    """Ask for citations in a style that never worked yet.

    Of a style it does not know the server says no more than 500, as of an item that it cannot format: the
    style is to blame if the same item goes with another. Raises ConfigError then.
    """
    try:
        return run.api.items(run.path, keys, **query)
    except RequestFailed as error:
        if query["style"] == SURE_STYLE or not _is_only_this_style(run, query, keys[0]):
            raise
        raise ConfigError(
            f"[citations] styles: Zotero has no style {query['style']!r}, or cannot use it: {error.message}",
            "Take the name from https://www.zotero.org/styles; it is the last part of a style's address.",
        ) from None


def _is_only_this_style(run: _Run, query: Mapping[str, str], key: str) -> bool:
    for style, works in ((query["style"], False), (SURE_STYLE, True)):
        try:
            run.api.items(run.path, [key], **{**query, "style": style})
            answered = True
        except RequestFailed:
            answered = False
        if answered != works:
            return False
    return True


def _citable(items: Iterable[tuple[str, JSON]]) -> dict[str, int]:
    """Give key -> version of the items that may have a page of their own, standalone notes aside."""
    found: dict[str, int] = {}
    for key, item in items:
        fields = item["data"]
        kind, inside = fields.get("itemType"), fields.get("parentItem")
        if not fields.get("deleted") and kind not in ("note", "annotation") and not inside:
            found[key] = _version(item)
    return found


def _objects_of(mirror: Mirror, keys: Iterable[str]) -> Iterator[tuple[str, JSON]]:
    for key in sorted(keys):
        item = mirror.object("items", key)
        if item is not None:
            yield key, item


def _failed_keys(mirror: Mirror, names: Iterable[str]) -> set[str]:
    return {key for name in names for key in mirror.failures(name)}


def _text(value: JSON) -> str | None:
    """Make text of an export: CSL-JSON comes as an object."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None


# --- full text


def _sync_fulltext(run: _Run, version: int) -> None:
    """Fetch the full texts of attachments that may be published, where they are missing or older."""
    mirror = run.mirror
    moment = [version, rules_mark(run.config.attachments)]
    done = mirror.state("done", {}).get(FULLTEXT)
    if done == moment and not run.full:
        return
    versions = _fulltext_versions(run, version)
    known = mirror.failures(FULLTEXT)
    wanted = {
        w.key for w in wanted_files(mirror.objects("items"), run.config.attachments) if w.key in versions
    }
    stuck = {key: f for key, f in known.items() if key in wanted and _is_stuck(run, f, versions[key])}
    missing = [k for k in sorted(wanted - stuck.keys()) if _lacks_text(run, FULLTEXT, k, versions[k])]
    failed: dict[str, Failure] = {}
    fetch = partial(_fetch_fulltext, run)
    for key, text in run.track(in_parallel(missing, fetch), "Fetching full texts", len(missing)):
        if isinstance(text, str):
            _store_texts(run, FULLTEXT, {key: (versions[key], text)})
        else:
            failed[key] = Failure(text.code, versions[key], text.message)
    mirror.write_failures(FULLTEXT, {**stuck, **failed})
    mirror.write_state(done={**mirror.state("done", {}), FULLTEXT: moment})


def _fulltext_versions(run: _Run, version: int) -> dict[str, int]:
    """Give attachment key -> version of its full text, as of a library version."""
    mirror = run.mirror
    upto = 0 if run.full else mirror.state("fulltext-upto", 0)
    known: dict[str, int] = mirror.state("fulltext-versions", {})
    if upto == version and upto:
        return known
    if upto > version:
        upto = 0
    listing = run.api.fulltext_versions(run.path, upto)
    if listing is None:
        return {}
    run.agree(listing.version, version)
    versions = {**(known if upto else {}), **listing.by_key}
    # Only up to the version of this pass, even if the answer is newer: nothing may be missed.
    mirror.write_state(**{"fulltext-versions": versions, "fulltext-upto": version})
    return versions


def _fetch_fulltext(run: _Run, key: str) -> tuple[str, str | Failure]:
    try:
        text = run.api.fulltext(run.path, key)
    except RequestFailed as error:
        return key, Failure("fulltext-failed", 0, f"Its full text could not be fetched: {error.message}")
    if text is None:
        return key, Failure("fulltext-missing", 0, "Zotero lists its full text but does not have it.")
    return key, text


def _is_stuck(run: _Run, failure: Failure, version: int) -> bool:
    return failure.code == "fulltext-missing" and failure.version == version and not run.full


# --- batches


@dataclass(frozen=True, slots=True)
class Batch:
    """asked: keys. by_key: what came. failed: key -> why. versions: of the library, one per answer."""

    asked: frozenset[str]
    by_key: Mapping[str, JSON]
    failed: Mapping[str, str]
    versions: tuple[int, ...]


def fetch_halving(ask: Callable[[Sequence[str]], Objects], keys: Sequence[str]) -> Batch:
    """Fetch a batch; where that fails, its halves, down to the objects to blame.

    Raises RequestFailed when nothing gets through any more.
    """
    found: dict[str, JSON] = {}
    failed: dict[str, str] = {}
    versions: list[int] = []
    waiting, in_a_row = [keys], 0
    while waiting:
        part = waiting.pop()
        try:
            answer = ask(part)
        except RequestFailed as error:
            in_a_row += 1
            if in_a_row >= FAILURES_IN_A_ROW:
                raise
            if len(part) == 1:
                failed[part[0]] = error.message
            else:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
            continue
        in_a_row = 0
        found |= answer.by_key
        versions.append(answer.version)
    return Batch(frozenset(keys), found, failed, tuple(versions))


# --- small things


def _refresh_group_name(run: _Run) -> None:
    """Ask for a group's name: it has a version of its own, which the library version does not cover."""
    if not run.path.startswith("groups/"):
        return
    name = run.api.group_name(run.path)
    if name and name != run.mirror.library_name:
        run.mirror.write_state(name=name)


def _note_owner(run: _Run, items: Mapping[str, JSON]) -> None:
    """Take a personal library's name from its objects."""
    names = (str((item.get("library") or {}).get("name") or "") for item in items.values())
    name = next((each for each in names if each), "")
    if name and run.path.startswith("users/") and name != run.mirror.library_name:
        run.mirror.write_state(name=name)


def _refresh_schema(run: _Run, listing: Versions | None) -> None:
    """Fetch Zotero's schema when it is missing or another than the one here; a site can do without."""
    here = run.mirror.state("schema-version", None)
    there = listing.schema_version if listing else ""
    if here is not None and there in ("", here):
        return
    try:
        schema = run.api.schema()
    except (RequestFailed, AccessDenied) as error:
        message = f"Zotero's schema could not be fetched, labels may be missing: {error.message}"
        run.problems.append(Problem("schema-missing", run.path, message))
        return
    run.mirror.write_state(schema=schema, **{"schema-version": there})


def _forget_old_failures(run: _Run) -> None:
    """Forget what failed in a style or format that is no longer asked for."""
    current = {"items", "files", *_text_sets(run.config), *([FULLTEXT] if run.config.search.fulltext else [])}
    for name in run.mirror.failed_sets():
        if name not in current:
            run.mirror.write_failures(name, {})


def _as_failures(code: str, messages: Mapping[str, str], versions: Mapping[str, int]) -> dict[str, Failure]:
    return {key: Failure(code, versions.get(key, 0), message) for key, message in messages.items()}


def _version(item: JSON) -> int:
    version = item.get("version")
    return version if type(version) is int else -1

"""The whole program on one screen: sync, read, select, plan, index, write.

Every function that acts takes the lock of the state folder, rolls an interrupted write forward and returns a
report; nothing prints. A failure anywhere before `write_site` leaves the site as it was.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from itertools import chain

from zstatic import __version__, translations
from zstatic.build import (
    MARKER,
    Made,
    Manifest,
    SiteReport,
    check_output,
    explain_output,
    is_our_site,
    read_kept,
    read_manifest,
    recover,
    recover_if_possible,
    write_marker,
    write_site,
)
from zstatic.check import check_files, check_items, check_limits, file_sizes
from zstatic.config import Config
from zstatic.digests import digest
from zstatic.errors import ConfigError, Problem, ProblemsFound
from zstatic.fulltext import FileText, file_texts
from zstatic.guard import (
    Record,
    find_objections,
    record_from_json,
    record_to_json,
    take_record,
)
from zstatic.indexers import Indexers, Start
from zstatic.lastsync import PublishedLibrary, describe_published, last_sync_text, read_published
from zstatic.library import Attachment, Library, read_library
from zstatic.mirror import Mirror, lock, open_mirror
from zstatic.outputs import Copy
from zstatic.pages import machines
from zstatic.pages.content import content_digest, read_content, unwritten
from zstatic.pages.context import Context, make_context
from zstatic.plan import SiteView, link_problems, plan_outputs, site_view
from zstatic.progress import Track, silent
from zstatic.render import Renderer
from zstatic.schema import Schema
from zstatic.search import FOLDER as SEARCH_FOLDER
from zstatic.search import Finish, facet_columns, records, start_files_index, start_index
from zstatic.selection import UNKNOWN_COLLECTION, select
from zstatic.statefolder import remove_ours, repair_state
from zstatic.sync import PARTS, LibrarySyncReport, Part, sync_libraries
from zstatic.theme import Theme, load_theme
from zstatic.translations import Words
from zstatic.upkeep import remove_dropped


@dataclass(frozen=True, slots=True)
class BuildReport:
    """seconds: phase -> wall time.

    guarded: False = no earlier build is on record, so nothing was compared with it.
    dropped: the mirrors of libraries that are no longer configured, removed.
    """

    site: SiteReport
    sync: tuple[LibrarySyncReport, ...]
    libraries: tuple[PublishedLibrary, ...]
    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]
    guarded: bool = True
    dropped: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.site.written or self.site.removed)


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What a caller wants of a build; see `build`.

    anew: even where nothing differs from the last build.
    """

    strict: bool = False
    with_search: bool = True
    allow_shrink: bool = False
    allow_exposed: bool = False
    preview: bool = False
    offline: bool = False
    anew: bool = False


class _Clock:
    """How long each phase took, without what went to others within it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start, others = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            others -= sum(self.seconds.values())
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start + others


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Pause Python's cyclic garbage collector.

    A site is some hundred thousand frozen values without cycles; looking through all of them again and again
    takes as long as making them, and grows faster than they do.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _holding(config: Config, track: Track) -> Iterator[None]:
    """Hold the state folder, without what is not as it should be in it."""
    with lock(config.state):
        for told in repair_state(config.state):
            track.say(told)
        yield


@contextmanager
def _working(config: Config, track: Track) -> Iterator[None]:
    """Hold the state folder and finish what an interrupted run began."""
    with _holding(config, track):
        recover(config.output, config.state)
        yield


def sync(
    config: Config,
    track: Track = silent,
    *,
    full: bool = False,
    verify: bool = False,
    parts: frozenset[Part] = PARTS,
) -> tuple[LibrarySyncReport, ...]:
    """Bring the mirror up to date; the site stays as it is. full, verify: see `sync.sync_library`."""
    with _holding(config, track):
        if why := recover_if_possible(config.output, config.state):
            track.say(why)
        return _sync(config, track, full, parts, verify=verify)


def build(
    config: Config,
    track: Track = silent,
    *,
    offline: bool = False,
    full: bool = False,
    strict: bool = False,
    with_search: bool = True,
    allow_shrink: bool = False,
    allow_exposed: bool = False,
    preview: bool = False,
) -> BuildReport:
    """Sync, then make the site from the mirror.

    offline: no request; from what was mirrored before. full: fetch every object anew.
    strict: raise ProblemsFound rather than touch the site, if anything is wrong.
    with_search: False = leave the search index out of the site.
    allow_shrink, allow_exposed: what the guards would stop, see `guard`.
    preview: nobody but the author sees the site. What the guards would stop becomes a Problem, and the next
        build that is no preview is compared with the last one that was none.
    """
    clock = _Clock()
    wishes = _Wishes(strict, with_search, allow_shrink, allow_exposed, preview, offline and not preview)
    with _working(config, track):
        # Before an hour of fetching, not after it.
        check_output(config.output)
        theme = load_theme(config)
        with clock.phase("sync"):
            synced = () if offline else _sync(config, track, full, PARTS)
        return _make_site(config, theme, synced, clock, track, wishes)


def index(config: Config, track: Track = silent) -> BuildReport:
    """Make the search index of the existing site anew from the mirror, no request.

    Pages for which the mirror has newer content follow: a result must lead to the page that it describes.
    """
    clock = _Clock()
    with _working(config, track):
        if not is_our_site(config.output):
            raise ConfigError(
                f"There is no site in {config.output} to make an index for.",
                "Run: zstatic build --offline",
            )
        remove_ours(config.state, _SEARCH)
        return _make_site(config, load_theme(config), (), clock, track, _Wishes(anew=True))


def check(config: Config, track: Track = silent) -> tuple[Problem, ...]:
    """Look for what a reader or the host would stumble over, in the site as it is; changes nothing."""
    with lock(config.state):
        if not is_our_site(config.output):
            raise ConfigError(f"There is no site in {config.output} to check.", "Run: zstatic build")
        theme, ctx = _look(config)
        base_path = site_view(ctx.libraries, config, theme).base_path
        found = {
            *check_files(config.output, base_path, config.site.base_url, track),
            *check_limits(file_sizes(config.output), config.deploy.host),
            *check_items(ctx),
        }
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Explanation:
    """path: in the site. made: what the last build knows of it, or None. verdict: what the next would do."""

    path: str
    made: Made | None
    verdict: str


def explain(config: Config, path: str) -> Explanation:
    """Say why the next build would make a file of the site anew, or not; changes nothing, asks nothing.

    path: in the site; a folder stands for the page in it.
    """
    with lock(config.state):
        theme, ctx = _look(config)
        site = site_view(ctx.libraries, config, theme)
        planned = {output.path: output for output in plan_outputs(ctx, theme)}
        manifest = read_manifest(config.state)
        known = planned.keys() | (manifest.files.keys() if manifest else set())
        page = f"{path.strip('/.')}/index.html".lstrip("/")
        path = path if path in known or page not in known else page
        if path == MARKER:
            return Explanation(path, None, "It is written by every build that syncs: it tells the time.")
        if path.startswith(SEARCH_FOLDER):
            return Explanation(path, None, "It belongs to the search index, which follows the items' texts.")
        made, verdict = explain_output(
            *(path, planned.get(path), Renderer(theme, site), _header(site, theme)),
            *(config.output, config.state),
        )
        return Explanation(path, made, verdict)


def _look(config: Config) -> tuple[Theme, Context]:
    """What the next build would make its pages with, and of."""
    with _whole_mirrors(config) as mirrors:
        theme = load_theme(config)
        return theme, _select(_read(config, mirrors), config, mirrors, theme.words)


_SEARCH = "search"
# Apart, so that making the index anew does not read every PDF again.
_TEXTS = "fulltext"


def _sync(
    config: Config, track: Track, full: bool, parts: frozenset[Part], *, verify: bool = False
) -> tuple[LibrarySyncReport, ...]:
    reports = sync_libraries(config, track, full=full, verify=verify, parts=parts)
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    for library, report in zip(config.libraries, reports, strict=True):
        with open_mirror(config, library) as mirror:
            news = report.changed or not mirror.state("changed", "")
            mirror.write_state(synced=now, **({"changed": now} if news else {}))
    return reports


def _make_site(
    config: Config,
    theme: Theme,
    synced: tuple[LibrarySyncReport, ...],
    clock: _Clock,
    track: Track,
    wishes: _Wishes,
) -> BuildReport:
    whole_mirrors = _whole_mirrors(config, wishes.offline)
    with _no_search_for_cycles(), whole_mirrors as mirrors, Indexers(track) as indexers:
        files = _wanted_files(mirrors)
        stamp = _stamp(config, theme, mirrors, files, wishes.with_search)
        kept = read_kept(stamp, config.output, config.state)
        if kept and not wishes.anew and (wishes.preview or _was_published(kept, stamp)):
            return _keep_site(kept, config, mirrors, synced, clock, wishes)
        before = read_manifest(config.state)
        former = record_from_json(before.record) if before else None
        lost = _lost_record(before, former, config)
        with clock.phase("read"):
            whole = _read(config, mirrors)
            ctx = _select(whole, config, mirrors, theme.words)
            # The view of the site stands on every page, so a change of it renders all of them.
            site = site_view(ctx.libraries, config, theme)
        now = take_record(stamp, config, whole, ctx, mirrors[0].file)
        held = _guard(former, now, ctx, wishes)
        lasting = tuple(sorted({*_problems(ctx), *link_problems(ctx, theme), *unwritten(config.root), *held}))
        problems = _all_problems(lasting, mirrors, synced)
        _refuse(problems, wishes.strict)
        with clock.phase("search"):
            finish = _start_index(ctx, config, mirrors, indexers.start, track) if wishes.with_search else ()
        published = tuple(
            describe_published(library, mirror, ctx)
            for library, mirror in zip(ctx.libraries, mirrors, strict=True)
        )
        with clock.phase("pages"):
            report = write_site(
                chain(plan_outputs(ctx, theme), _finished(finish, clock)),
                Renderer(theme, site),
                _header(site, theme),
                last_sync_text(published, mirrors),
                config.output,
                config.state,
                track,
                stamp=stamp,
                problems=lasting,
                record=(former and record_to_json(former)) if wishes.preview else record_to_json(now),
                own_folders=(SEARCH_FOLDER.rstrip("/"),),
            )
    # Not before the guards let pass what is no longer wanted, and the site is without it.
    dropped = () if wishes.preview else remove_dropped(config, files)
    found = tuple(sorted({*problems, *report.problems, *lost}))
    return BuildReport(report, synced, published, found, clock.seconds, former is not None, dropped)


def _was_published(kept: Manifest, stamp: str) -> bool:
    """Whether the last build was no preview, so that the guards let pass what there is."""
    record = record_from_json(kept.record)
    return record is not None and record.stamp == stamp


def _lost_record(before: Manifest | None, former: Record | None, config: Config) -> tuple[Problem, ...]:
    """A site without a record of what is in it; only previews leave none."""
    if former or (before and before.record is None) or not is_our_site(config.output):
        return ()
    message = (
        "The record of earlier builds is gone, so this build was compared with none: look whether anything "
        "is missing from the site, or on it that should not be."
    )
    return (Problem("guards-disarmed", "", message),)


def _guard(former: Record | None, now: Record, ctx: Context, wishes: _Wishes) -> tuple[Problem, ...]:
    """Raises GuardError; for a preview, gives what would stop a build."""
    objections = find_objections(former, now, ctx.config, ctx.items)
    if wishes.preview:
        return tuple(Problem("guard", "", f"A build would stop here. {line}") for line in objections.lines)
    problems = chain.from_iterable(library.problems for library in ctx.libraries)
    mistyped = [problem.message for problem in problems if problem.code == UNKNOWN_COLLECTION]
    objections.without(shrink=wishes.allow_shrink, exposed=wishes.allow_exposed).refuse(mistyped)
    return ()


@contextmanager
def _whole_mirrors(config: Config, offline: bool = False) -> Iterator[list[Mirror]]:
    """Open all mirrors. An empty one would make an empty site, so a sync must have come to its end once.

    offline: it was asked for.
    """
    with ExitStack() as stack:
        mirrors = [stack.enter_context(open_mirror(config, library)) for library in config.libraries]
        for mirror in mirrors:
            if not mirror.completed:
                why = f", and the former one was set aside, since {mirror.rebuilt}" if mirror.rebuilt else ""
                raise ConfigError(
                    f"There is no complete local copy of {mirror.library} to build from{why}.",
                    "Run: zstatic build, without --offline." if offline else "Run: zstatic build",
                )
        yield mirrors


def _keep_site(
    kept: Manifest,
    config: Config,
    mirrors: Sequence[Mirror],
    synced: tuple[LibrarySyncReport, ...],
    clock: _Clock,
    wishes: _Wishes,
) -> BuildReport:
    """Nothing differs from the last build, so nothing is planned: only the time of the sync is news."""
    problems = _all_problems(kept.problems, mirrors, synced)
    _refuse(problems, wishes.strict)
    published = read_published(config.output)
    with clock.phase("pages"):
        report = write_marker(kept, last_sync_text(published, mirrors), config.output, config.state)
    return BuildReport(report, synced, published, problems, clock.seconds)


def _refuse(problems: tuple[Problem, ...], strict: bool) -> None:
    if strict and problems:
        raise ProblemsFound(problems)


def _problems(ctx: Context) -> tuple[Problem, ...]:
    """What is wrong with the site as it is made; what its mirrors know to be wrong stays with them."""
    found = {*machines.problems(ctx.libraries, ctx.config)}
    found.update(translations.problems(ctx.config.site.language, ctx.words))
    found.update(*(library.problems for library in ctx.libraries))
    return tuple(sorted(found))


def _all_problems(
    lasting: tuple[Problem, ...], mirrors: Sequence[Mirror], synced: tuple[LibrarySyncReport, ...]
) -> tuple[Problem, ...]:
    """With those of the mirrors and those that concern only the sync of this run."""
    known = chain.from_iterable(mirror.problems() for mirror in mirrors)
    return tuple(sorted({*lasting, *known, *chain.from_iterable(one.problems for one in synced)}))


def _wanted_files(mirrors: Sequence[Mirror]) -> frozenset[str]:
    """Give the md5s of the stored files that a library holds on to."""
    return frozenset(chain.from_iterable(mirror.good_files().values() for mirror in mirrors))


def _stamp(
    config: Config, theme: Theme, mirrors: Sequence[Mirror], files: Collection[str], with_search: bool
) -> str:
    """Names all that the site is made of: equal stamps, equal sites, last_sync.json aside."""
    return digest(
        (
            _engine(),
            config,
            with_search,
            theme.digest(),
            content_digest(config.root),
            [
                (
                    *(mirror.revision, mirror.library_version, mirror.library_name),
                    *(mirror.state("schema-version", ""), mirror.problems()),
                )
                for mirror in mirrors
            ],
            sorted(path.name for path in (config.state / "files").glob("*/*") if path.name in files),
        )
    )


def _read(config: Config, mirrors: Sequence[Mirror]) -> tuple[Library, ...]:
    return tuple(
        _with_last_good_files(read_library(mirror, config, library), mirror)
        for library, mirror in zip(config.libraries, mirrors, strict=True)
    )


def _with_last_good_files(library: Library, mirror: Mirror) -> Library:
    """Where the newest version of a file could not be had, the one before it stays published."""
    files = mirror.good_files()

    def last_good(attachment: Attachment) -> Attachment:
        good = files.get(attachment.key, "")
        if not attachment.md5 or good in ("", attachment.md5) or mirror.file(attachment.md5):
            return attachment
        return replace(attachment, md5=good)

    items = {
        key: replace(item, attachments=tuple(map(last_good, item.attachments))) if item.attachments else item
        for key, item in library.items.items()
    }
    return replace(library, items=items)


def _select(whole: Sequence[Library], config: Config, mirrors: Sequence[Mirror], words: Words) -> Context:
    """Everything that may be published, with its place in the site."""
    libraries = tuple(
        select(library, rules.select) for library, rules in zip(whole, config.libraries, strict=True)
    )
    schema = next((mirror.schema() for mirror in mirrors if mirror.schema()), None)
    files = {
        attachment.md5: path
        for library, mirror in zip(libraries, mirrors, strict=True)
        for item in library.items.values()
        for attachment in item.attachments
        if attachment.md5 and (path := mirror.file(attachment.md5))
    }
    content = read_content(config.root)
    labels = Schema.from_json(schema, config.site.language)
    return make_context(libraries, config, labels, files, content, words)


def _start_index(
    ctx: Context, config: Config, mirrors: Sequence[Mirror], start: Start, track: Track
) -> tuple[Finish, ...]:
    """Let other processes begin with the search index."""
    work, language = config.state / _SEARCH, config.site.language
    items = start_index(records(ctx), language, work, start, facet_columns(ctx))
    texts = _file_texts(ctx, config, mirrors, track)
    return items, start_files_index(texts, language, work / "files", start)


def _finished(indexes: Iterable[Finish], clock: _Clock) -> Iterator[Copy]:
    """The files of the search index, once somebody asks for them."""
    for finish in indexes:
        with clock.phase("search"):
            copies = finish()
        yield from copies


def _file_texts(
    ctx: Context, config: Config, mirrors: Sequence[Mirror], track: Track
) -> tuple[FileText, ...]:
    if not config.search.fulltext:
        return ()
    by_library = {library.slug: mirror for library, mirror in zip(ctx.libraries, mirrors, strict=True)}
    words, folder = config.search.fulltext_words, config.state / _TEXTS
    return file_texts(ctx, lambda slug, key: by_library[slug].fulltext(key), words, folder, track)


def _header(site: SiteView, theme: Theme) -> dict[str, str]:
    """What touches every page, under names that `zstatic explain` shows."""
    return {
        "the program or a library that it uses": _engine(),
        "what stands on every page (title, menu, address, settings)": digest(site),
        "the language of the pages": theme.words.digest,
    }


@cache
def _engine() -> str:
    """What touches every page: another version of a renderer may write other bytes."""
    parts = ("babel", "Jinja2", "MarkupSafe", "markdown-it-py", "nh3", "python-stdnum")
    return " ".join([f"zstatic {__version__}", *(f"{part} {version(part)}" for part in parts)])

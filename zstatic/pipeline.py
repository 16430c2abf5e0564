"""The whole program on one screen: sync, read, select, plan, index, write.

Every function that acts takes the lock of the state folder, rolls an interrupted write forward and returns a
report; nothing prints. A failure anywhere before `write_site` leaves the site as it was.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import chain

from zstatic import __version__
from zstatic.build import (
    Manifest,
    SiteReport,
    check_output,
    digest,
    is_our_site,
    read_kept,
    recover,
    write_marker,
    write_site,
)
from zstatic.config import Config
from zstatic.errors import ConfigError, Problem, ProblemsFound
from zstatic.lastsync import PublishedLibrary, describe_published, last_sync_text, read_published
from zstatic.library import read_library
from zstatic.mirror import Mirror, lock, open_mirror
from zstatic.outputs import Copy
from zstatic.pages import machines
from zstatic.pages.content import content_digest, read_content
from zstatic.pages.context import Context, make_context
from zstatic.plan import plan_outputs, site_view
from zstatic.progress import Track, silent
from zstatic.render import Renderer
from zstatic.schema import Schema
from zstatic.search import facet_columns, index_site, records
from zstatic.selection import select
from zstatic.sync import PARTS, LibrarySyncReport, Part, sync_libraries
from zstatic.theme import Theme, load_theme


@dataclass(frozen=True, slots=True)
class BuildReport:
    """seconds: phase -> wall time."""

    site: SiteReport
    sync: tuple[LibrarySyncReport, ...]
    libraries: tuple[PublishedLibrary, ...]
    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]

    @property
    def changed(self) -> bool:
        return bool(self.site.written or self.site.removed)


class _Clock:
    """How long each phase took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


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
def _working(config: Config) -> Iterator[None]:
    """Hold the state folder and finish what an interrupted run began."""
    with lock(config.state):
        recover(config.output, config.state)
        yield


def sync(
    config: Config, track: Track = silent, *, full: bool = False, parts: frozenset[Part] = PARTS
) -> tuple[LibrarySyncReport, ...]:
    """Bring the mirror up to date; the site stays as it is."""
    with _working(config):
        return _sync(config, track, full, parts)


def build(
    config: Config,
    track: Track = silent,
    *,
    offline: bool = False,
    full: bool = False,
    strict: bool = False,
    with_search: bool = True,
) -> BuildReport:
    """Sync, then make the site from the mirror.

    offline: no request; from what was mirrored before. full: fetch every object anew.
    strict: raise ProblemsFound rather than touch the site, if anything is wrong.
    with_search: False = leave the search index out of the site.
    """
    clock = _Clock()
    with _working(config):
        # Before an hour of fetching, not after it.
        check_output(config.output)
        theme = load_theme(config)
        with clock.phase("sync"):
            synced = () if offline else _sync(config, track, full, PARTS)
        return _make_site(config, theme, synced, clock, track, with_search=with_search, strict=strict)


def index(config: Config, track: Track = silent) -> BuildReport:
    """Make the search index of the existing site anew from the mirror, no request.

    Pages for which the mirror has newer content follow: a result must lead to the page that it describes.
    """
    clock = _Clock()
    with _working(config):
        if not is_our_site(config.output):
            raise ConfigError(
                f"There is no site in {config.output} to make an index for.",
                "Run: zstatic build --offline",
            )
        shutil.rmtree(config.state / _SEARCH, ignore_errors=True)
        return _make_site(config, load_theme(config), (), clock, track)


_SEARCH = "search"


def _sync(config: Config, track: Track, full: bool, parts: frozenset[Part]) -> tuple[LibrarySyncReport, ...]:
    reports = sync_libraries(config, track, full=full, parts=parts)
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
    *,
    with_search: bool = True,
    strict: bool = False,
) -> BuildReport:
    with ExitStack() as stack:
        stack.enter_context(_no_search_for_cycles())
        mirrors = [stack.enter_context(open_mirror(config, library)) for library in config.libraries]
        _insist_on_whole(mirrors)
        stamp = _stamp(config, theme, mirrors, with_search)
        kept = read_kept(stamp, config.output, config.state)
        if kept:
            return _keep_site(kept, config, mirrors, synced, clock, strict)
        with clock.phase("read"):
            ctx = _read(config, mirrors)
            # The view of the site stands on every page, so a change of it renders all of them.
            site = site_view(ctx.libraries, config, theme)
        problems = _problems(ctx, mirrors, synced)
        _refuse(problems, strict)
        with clock.phase("search"):
            bundle = _index(ctx, config, track) if with_search else ()
        published = tuple(
            describe_published(library, mirror, ctx)
            for library, mirror in zip(ctx.libraries, mirrors, strict=True)
        )
        with clock.phase("pages"):
            report = write_site(
                chain(plan_outputs(ctx, theme), bundle),
                Renderer(theme, site),
                {"engine": _engine(), "site": digest(site)},
                last_sync_text(published, mirrors),
                config.output,
                config.state,
                track,
                stamp=stamp,
                problems=problems,
            )
    found = tuple(sorted({*problems, *report.problems}))
    return BuildReport(report, synced, published, found, clock.seconds)


def _insist_on_whole(mirrors: Sequence[Mirror]) -> None:
    """An empty mirror would make an empty site, so a sync must have come to its end once."""
    for mirror in mirrors:
        if not mirror.completed:
            why = f", and the former one was set aside, since {mirror.rebuilt}" if mirror.rebuilt else ""
            raise ConfigError(
                f"There is no complete local copy of {mirror.library} to build from{why}.",
                "Run: zstatic build, without --offline.",
            )


def _keep_site(
    kept: Manifest,
    config: Config,
    mirrors: Sequence[Mirror],
    synced: tuple[LibrarySyncReport, ...],
    clock: _Clock,
    strict: bool,
) -> BuildReport:
    """Nothing differs from the last build, so nothing is planned: only the time of the sync is news."""
    problems = tuple(sorted({*kept.problems, *chain.from_iterable(one.problems for one in synced)}))
    _refuse(problems, strict)
    published = read_published(config.output)
    with clock.phase("pages"):
        report = write_marker(kept, last_sync_text(published, mirrors), config.output, config.state)
    return BuildReport(report, synced, published, problems, clock.seconds)


def _refuse(problems: tuple[Problem, ...], strict: bool) -> None:
    if strict and problems:
        raise ProblemsFound(problems)


def _problems(
    ctx: Context, mirrors: Sequence[Mirror], synced: tuple[LibrarySyncReport, ...]
) -> tuple[Problem, ...]:
    found = set(machines.problems(ctx.libraries, ctx.config))
    for library, mirror in zip(ctx.libraries, mirrors, strict=True):
        found.update(library.problems, mirror.problems())
    for one in synced:
        found.update(one.problems)
    return tuple(sorted(found))


def _stamp(config: Config, theme: Theme, mirrors: Sequence[Mirror], with_search: bool) -> str:
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
            sorted(path.name for path in (config.state / "files").glob("*/*")),
        )
    )


def _read(config: Config, mirrors: Sequence[Mirror]) -> Context:
    """Everything that may be published, with its place in the site."""
    libraries = tuple(
        select(read_library(mirror, config, library), library.select)
        for library, mirror in zip(config.libraries, mirrors, strict=True)
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
    return make_context(libraries, config, Schema.from_json(schema, config.site.language), files, content)


def _index(ctx: Context, config: Config, track: Track) -> tuple[Copy, ...]:
    work = config.state / _SEARCH
    return index_site(records(ctx), config.site.language, work, track, facet_columns(ctx))


@cache
def _engine() -> str:
    """What touches every page: another version of a renderer may write other bytes."""
    parts = ("Jinja2", "MarkupSafe", "markdown-it-py", "nh3")
    return " ".join([f"zstatic {__version__}", *(f"{part} {version(part)}" for part in parts)])

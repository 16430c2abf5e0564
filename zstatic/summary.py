"""Reports -> the lines that end a run."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from zstatic.build import MARKER
from zstatic.errors import Problem
from zstatic.values import show_count, show_size

if TYPE_CHECKING:
    # Only their shapes are needed here, and importing them costs time.
    from zstatic.pipeline import BuildReport, Explanation
    from zstatic.sync import LibrarySyncReport
    from zstatic.upkeep import Status

_ALIKE_SHOWN = 10
_EQUAL_SHOWN = 3
_NO_TITLES: Mapping[str, str] = {}


def summarize_build(report: "BuildReport", site: str, advice: str) -> list[str]:
    """Six lines: what changed, pages, problems, what is public, time, what next; rarely more.

    site: the site's folder, as the reader would write it. advice: the next step.
    """
    first = "Guards: no earlier build is on record here, so there was nothing to compare this one with"
    return [
        "Changed: " + (_changes(report.sync) if report.sync else "nothing was asked of Zotero"),
        *([] if report.guarded else [first]),
        *(
            f"Removed: {name}, the local copy of a library that is no longer configured"
            for name in report.dropped
        ),
        "Pages: " + _pages(report),
        "Problems: " + count_problems(report.problems),
        "Public: " + _public(report),
        "Time: " + _time(report.seconds),
        f"Site: {site}. {advice}",
    ]


def summarize_sync(reports: Sequence["LibrarySyncReport"]) -> list[str]:
    problems = [problem for report in reports for problem in report.problems]
    return [
        f"Changed: {_changes(reports)}",
        f"Requests: {sum(report.requests for report in reports):,}",
        f"Problems: {count_problems(problems)}",
    ]


def describe_status(status: "Status") -> Iterator[str]:
    """What the mirror and the site hold; problems are listed apart."""
    for library in status.libraries:
        yield f"{library.name} ({library.id})" if library.name else library.id
        if library.flaw:
            yield (
                f"  the local copy cannot be used, since {library.flaw}; "
                "`zstatic build` sets it aside and fetches all again"
            )
            continue
        if library.synced:
            fetched, changed = _local_time(library.synced), _local_time(library.changed)
            yield f"  last fetched: {fetched}; last change: {changed}"
        elif library.items:
            yield "  never fetched completely; `zstatic build` goes on where the last run stopped"
        else:
            yield "  not fetched yet; `zstatic build` fetches it"
            continue
        counts = f"{_records(library.items)}, {show_count(library.collections, 'collection')}"
        yield f"  {counts}; library version {library.version}"
        yield f"  problems: {f'{len(library.problems)}, listed below' if library.problems else 'none'}"
    if not status.libraries:
        yield "Nothing has been fetched yet; `zstatic build` fetches the library and makes the site."
    yield f"Local copy: {show_size(status.mirror_bytes)}"
    if status.site is None:
        yield "Site: not built yet; `zstatic build` makes it."
    else:
        public = sum(library["items"] for library in status.site.get("libraries", ()))
        yield (
            f"Site: {show_count(public, 'item')}, {show_count(status.site_files, 'file')}, "
            f"{show_size(status.site_bytes)}"
        )
        if status.sitemap:
            yield f"  sitemap, to be submitted to search engines by hand: {status.sitemap}"
        if status.problems:
            yield f"  problems: {len(status.problems)}, listed below"
    if status.unfinished:
        yield "A build was interrupted while it changed the site; the next one goes on with that first."


def describe_explanation(found: "Explanation") -> Iterator[str]:
    yield found.path
    if made := found.made:
        when = datetime.fromtimestamp(made.mtime / 1e9).astimezone().strftime("%Y-%m-%d %H:%M %Z")
        how = {"text": "as text", "copy": "as a copy"}.get(made.kind, f"with the template {made.kind}")
        yield f"  made {how}, {show_size(made.size)}, last written {when}"
    yield f"  {found.verdict}"


def list_problems(
    problems: Iterable[Problem], titles: Mapping[str, str] = _NO_TITLES, *, every: bool = False
) -> Iterator[str]:
    """Each problem once; of many that say the same, or are of one kind, the first.

    titles: place -> title of the item there. every: leave none out.
    """
    of_code: dict[str, list[Problem]] = {}
    for problem in sorted(set(problems)):
        of_code.setdefault(problem.code, []).append(problem)
    for code, alike in of_code.items():
        shown = alike if every else list(_first_of_each(alike))[:_ALIKE_SHOWN]
        for problem in shown:
            yield problem_line(problem, titles.get(problem.where, ""))
        if len(alike) > len(shown):
            yield f"… and {len(alike) - len(shown):,} more of this kind ({code}); with -v all are listed"


def _first_of_each(alike: Iterable[Problem]) -> Iterator[Problem]:
    """Of problems with one message only the first few."""
    seen: Counter[str] = Counter()
    for problem in alike:
        seen[problem.message] += 1
        if seen[problem.message] <= _EQUAL_SHOWN:
            yield problem


def problem_line(problem: Problem, title: str = "") -> str:
    """title: of the item that it is about, "" = unknown or not to be told."""
    place = f"“{title}” ({problem.where})" if title else problem.where
    return f"{place}: {problem.message}" if place else problem.message


def count_problems(problems: Sequence[Problem]) -> str:
    found = len(set(problems))
    return f"{found}, listed above" if found else "none"


def show_seconds(seconds: float) -> str:
    """ "0.4 s", "41 s", "3 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _changes(reports: Sequence["LibrarySyncReport"]) -> str:
    return "; ".join(_library_changes(report, len(reports) > 1) for report in reports)


def _library_changes(report: "LibrarySyncReport", named: bool) -> str:
    counts = ((report.added, "added"), (report.updated, "changed"), (report.removed, "removed"))
    parts: list[str] = []
    for number, what in counts:
        if number:
            # Said once, with the first number.
            parts.append(f"{number:,} {what}" if parts else f"{_records(number)} {what}")
    if report.files:
        parts.append(f"{show_count(report.files, 'file')} fetched")
    said = ", ".join(parts) or ("other than items" if report.changed else "nothing")
    name = f"{report.name or report.library}: " if named else ""
    return f"{name}{said} (library version {report.version})"


def _records(number: int) -> str:
    """What Zotero counts as one thing each."""
    return f"{show_count(number, 'record')} (items, notes, files)"


def _pages(report: "BuildReport") -> str:
    site = report.site
    if not site.removed and set(site.written) <= {MARKER}:
        return f"nothing to do, all {site.files:,} files are as they should be"
    return f"{len(site.written):,} written, {site.unchanged:,} unchanged, {len(site.removed):,} removed"


def describe_rebuild(changed: Sequence[str], written: Iterable[str], removed: Collection[str]) -> str:
    """What a preview's new build made of a change.

    changed: the files that were edited. written, removed: paths of the site.
    """
    written = [path for path in written if path != MARKER]
    pages = sum(path.endswith(".html") for path in written)
    counts = (
        (pages, "page written", "pages written"),
        (len(written) - pages, "other file written", "other files written"),
        (len(removed), "file removed", "files removed"),
    )
    said = ", ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in counts if number)
    names = ", ".join(changed[:_EQUAL_SHOWN]) + (", …" if len(changed) > _EQUAL_SHOWN else "")
    return f"Changed: {names}; {said or 'nothing to write'}"


def _local_time(instant: str) -> str:
    """ "2026-11-20T17:00:00+00:00" -> "2026-11-20 18:00 CET", by the clock of this computer."""
    return datetime.fromisoformat(instant).astimezone().strftime("%Y-%m-%d %H:%M %Z") if instant else "none"


def _public(report: "BuildReport") -> str:
    items = sum(library.items for library in report.libraries)
    files = sum(library.files for library in report.libraries)
    size = sum(library.bytes for library in report.libraries)
    said = f"{show_count(items, 'item')} and {show_count(files, 'attached file')} ({show_size(size)})"
    return said + f"; {show_count(report.site.files, 'file')}, {show_size(report.site.bytes)} in all"


def _time(seconds: Mapping[str, float]) -> str:
    if not seconds:
        return "none to speak of"
    longest = max(seconds, key=lambda phase: seconds[phase])
    return f"{show_seconds(sum(seconds.values()))}, longest: {longest} ({show_seconds(seconds[longest])})"

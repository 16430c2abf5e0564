"""Reports -> the lines that end a run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from zstatic.errors import Problem
from zstatic.values import show_size

if TYPE_CHECKING:
    # Only their shapes are needed here, and importing them costs time.
    from zstatic.pipeline import BuildReport
    from zstatic.sync import LibrarySyncReport
    from zstatic.upkeep import Status

_ALIKE_SHOWN = 10


def summarize_build(report: "BuildReport", site: str, advice: str) -> list[str]:
    """Six lines: what changed, pages, problems, what is public, time, what next.

    site: the site's folder, as the reader would write it. advice: the next step.
    """
    return [
        "Changed: " + (_changes(report.sync) if report.sync else "nothing was asked of Zotero"),
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
        yield f"{library.name or library.id} ({library.id})"
        yield f"  last sync: {library.synced or 'never completed'}, last change: {library.changed or 'none'}"
        counts = f"{library.items:,} objects, {library.collections:,} collections"
        yield f"  library version {library.version}: {counts}"
        yield f"  problems: {len(library.problems)}"
    if not status.libraries:
        yield "Nothing is mirrored yet; `zstatic sync` fetches the library."
    yield f"Mirror: {show_size(status.mirror_bytes)}"
    if status.site is None:
        yield "Site: not built yet; `zstatic build` makes it."
    else:
        yield f"Site: {status.site_files:,} files, {show_size(status.site_bytes)}"


def list_problems(problems: Iterable[Problem]) -> Iterator[str]:
    """Each problem once; many of one kind are cut short."""
    of_code: dict[str, list[Problem]] = {}
    for problem in sorted(set(problems)):
        of_code.setdefault(problem.code, []).append(problem)
    for code, alike in of_code.items():
        for problem in alike[:_ALIKE_SHOWN]:
            yield f"{problem.where}: {problem.message}" if problem.where else problem.message
        if len(alike) > _ALIKE_SHOWN:
            yield f"… and {len(alike) - _ALIKE_SHOWN} more of this kind ({code}); `zstatic status` lists all"


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
    counts = (
        (report.added, "items added"),
        (report.updated, "changed"),
        (report.removed, "removed"),
        (report.files, "files fetched"),
    )
    said = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    said = said or ("other than items" if report.changed else "nothing")
    name = f"{report.name or report.library}: " if named else ""
    return f"{name}{said} (library version {report.version})"


def _pages(report: "BuildReport") -> str:
    site = report.site
    return f"{len(site.written):,} written, {site.unchanged:,} unchanged, {len(site.removed):,} removed"


def _public(report: "BuildReport") -> str:
    items = sum(library.items for library in report.libraries)
    files = sum(library.files for library in report.libraries)
    size = sum(library.bytes for library in report.libraries)
    said = f"{items:,} items and {files:,} attached files ({show_size(size)})"
    return said + f"; {report.site.files:,} files, {show_size(report.site.bytes)} in all"


def _time(seconds: Mapping[str, float]) -> str:
    if not seconds:
        return "none to speak of"
    longest = max(seconds, key=lambda phase: seconds[phase])
    return f"{show_seconds(sum(seconds.values()))}, longest: {longest} ({show_seconds(seconds[longest])})"

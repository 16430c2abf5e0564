"""Years and their counts -> the picture of items per year."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zstatic.facets import UNDATED, year_label
from zstatic.pages.context import Count, Group
from zstatic.translations import Words

_BARS = 40
_SPANS = (1, 2, 5, 10, 20, 50, 100, 500, 1000)


@dataclass(frozen=True, slots=True)
class Bar:
    """Some years with items. x, width, height: percent of the picture. path: where a click leads."""

    label: str
    path: str
    count: int
    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Items per year or span of years, oldest first.

    first, last: the years at the ends. outside: the items that no bar counts, "before 1450" and "undated".
    """

    bars: tuple[Bar, ...]
    first: str
    last: str
    outside: tuple[Count, ...]


def year_histogram(groups: Sequence[Group], words: Words) -> Histogram:
    """At most 40 bars over the years that hold all but the oldest 5 % of the dated items.

    groups: of the facet year. A few early works would otherwise leave most of the picture empty.
    """
    counts = {int(group.term.slug): len(group.entries) for group in groups if group.term.slug != UNDATED}
    if not counts:
        return Histogram((), "", "", ())
    first, last = _start(counts), max(counts)
    span = next((span for span in _SPANS if last // span - first // span < _BARS), _SPANS[-1])
    bins = range(first // span, last // span + 1)[-_BARS:]
    bars = _bars(counts, bins, span, words)
    start = bins[0] * span
    outside = tuple(_outside(groups, counts, start, words))
    return Histogram(bars, year_label(start, words), year_label(last, words), outside)


def decade(year: int) -> int:
    return year // 10 * 10


def decade_label(start: int, words: Words) -> str:
    """ "1990s", "50 to 41 BCE"."""
    if start > 0:
        return words.gettext("%(year)ss", year=start)
    if start == 0:
        return words.gettext("1 BCE to 9 CE")
    return words.gettext("%(first)s to %(last)s BCE", first=-start, last=max(1, -start - 9))


def decade_anchor(start: int) -> str:
    """The id of a decade's section on the page of years."""
    return f"decade-{start}"


def _outside(groups: Sequence[Group], counts: Mapping[int, int], start: int, words: Words) -> Iterator[Count]:
    """start: the first year in the picture."""
    earlier = [year for year in counts if year < start]
    if earlier:
        path = f"years/#{decade_anchor(decade(max(earlier)))}"
        label = words.gettext("before %(year)s", year=year_label(start, words))
        yield Count(label, path, sum(counts[year] for year in earlier))
    for group in groups:
        if group.term.slug == UNDATED:
            yield Count(words.gettext("undated"), group.term.path, len(group.entries))


def _start(counts: Mapping[int, int]) -> int:
    """The year from which on 95 % of the items are."""
    before = sum(counts.values()) // 20
    for year in sorted(counts):
        before -= counts[year]
        if before < 0:
            return year
    return max(counts)


def _bars(counts: Mapping[int, int], bins: range, span: int, words: Words) -> tuple[Bar, ...]:
    """span: years in a bin. Bins without items have no bar."""
    members: dict[int, list[int]] = {}
    for year in counts:
        if year // span in bins:
            members.setdefault(year // span, []).append(year)
    totals = {number: sum(counts[year] for year in years) for number, years in members.items()}
    highest = max(totals.values())
    width = 100 / len(bins)
    return tuple(
        Bar(
            label=_span_label(number * span, span, words),
            path=_path(max(members[number]), span),
            count=totals[number],
            x=round((number - bins[0]) * width, 3),
            width=round(width * 0.82, 3),
            height=round(100 * totals[number] / highest, 2),
        )
        for number in sorted(members)
    )


def _span_label(start: int, span: int, words: Words) -> str:
    first = year_label(start, words)
    return first if span == 1 else f"{first}–{year_label(start + span - 1, words)}"


def _path(newest: int, span: int) -> str:
    return f"years/{newest}/" if span == 1 else f"years/#{decade_anchor(decade(newest))}"

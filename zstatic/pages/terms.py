"""The indexes: tags and creators A–Z, years, types."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from zstatic.facets import FACETS, UNDATED
from zstatic.outputs import Output, Page
from zstatic.pages.context import Context, Count, Group
from zstatic.pages.head import Head, make_head
from zstatic.pages.histogram import Histogram, decade, decade_anchor, decade_label, year_histogram
from zstatic.pages.lists import (
    FACET_TITLES,
    Pagination,
    kind_and_name,
    letter_slug,
    numbered,
    page_path,
    paginate,
)
from zstatic.sorting import NO_INITIAL, initial

# An index up to this size is one page; a longer one has a page for each initial.
WHOLE_INDEX = 600
TERMS_PER_PAGE = 500
_COMMON_TERMS = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """One initial of a split index, or one section of a whole one.

    anchor: id of the section, or "" where the initial has its own page at path.
    """

    label: str
    anchor: str
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """anchor: its id. heading: "A", "1990s"; "" = none is shown."""

    anchor: str
    heading: str
    terms: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class TermsView:
    """An index of tags or creators, whole or of one initial. Template: terms.html.

    sum: how many there are in the whole index. empty: what to say where there are none.
    letters: the way to the other initials.
    note: what this part shows, e.g. "The 100 most frequent", "" = everything.
    colored: the tags with a colour in Zotero, in its order; they stand in their sections as well.
    """

    head: Head
    heading: str
    sum: str
    empty: str
    note: str
    letters: tuple[Letter, ...]
    sections: tuple[Section, ...]
    pagination: Pagination
    colored: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class YearsView:
    """Template: years.html. decades: newest first; undated last, in a section of its own."""

    head: Head
    histogram: Histogram
    decades: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class TypeCount:
    item_type: str
    label: str
    path: str
    count: int


@dataclass(frozen=True, slots=True)
class TypesView:
    """Template: types.html. types: most frequent first."""

    head: Head
    types: tuple[TypeCount, ...]


def pages(ctx: Context) -> Iterator[Output]:
    yield from _alphabet_pages(ctx, "tag")
    yield from _alphabet_pages(ctx, "creator")
    yield _years_page(ctx)
    yield _types_page(ctx)


def _alphabet_pages(ctx: Context, name: str) -> Iterator[Output]:
    groups = ctx.groups[name]
    by_initial = _by_initial(groups, ctx.config.site.language)
    folder = f"{FACETS[name].folder}/"
    if len(groups) <= WHOLE_INDEX:
        yield _whole_index(ctx, name, by_initial)
        return
    yield _common_terms(ctx, name, by_initial)
    for label, members in by_initial.items():
        path = _letter_path(folder, label)
        letters = tuple(
            Letter(other, "", _letter_path(folder, other), other == label) for other in by_initial
        )
        for part, pagination in paginate(members, path, TERMS_PER_PAGE):
            title = kind_and_name(ctx, ctx.words.gettext(FACET_TITLES[name]), label)
            head = make_head(
                ctx,
                numbered(ctx, title, pagination.number),
                page_path(path, pagination.number),
                section=FACETS[name].folder,
            )
            section = Section("", "", _counts(ctx, name, part))
            total = _sum(ctx, name, len(groups))
            view = TermsView(head, title, total, "", "", letters, (section,), pagination)
            yield Page(f"{head.path}index.html", "terms.html", view)


def _whole_index(ctx: Context, name: str, by_initial: dict[str, list[Group]]) -> Page:
    sections = tuple(
        Section(f"letter-{letter_slug(label)}", label, _counts(ctx, name, members))
        for label, members in by_initial.items()
    )
    letters = tuple(Letter(section.heading, section.anchor, "", False) for section in sections)
    return _index_page(ctx, name, letters, sections, "")


def _common_terms(ctx: Context, name: str, by_initial: dict[str, list[Group]]) -> Page:
    """What stands on the index when the terms themselves are on a page per initial."""
    folder = f"{FACETS[name].folder}/"
    groups = ctx.groups[name]
    # groups are in order already and the sort is stable.
    common = sorted(groups, key=lambda group: -len(group.entries))[:_COMMON_TERMS]
    common = [group for group in common if len(group.entries) > 1]
    letters = tuple(Letter(label, "", _letter_path(folder, label), False) for label in by_initial)
    sections = (Section("common", "", _counts(ctx, name, common)),) if common else ()
    note = ctx.words.gettext("The %(n)s most frequent", n=ctx.words.number(len(common))) if common else ""
    return _index_page(ctx, name, letters, sections, note)


def _index_page(
    ctx: Context,
    name: str,
    letters: tuple[Letter, ...],
    sections: tuple[Section, ...],
    note: str,
) -> Page:
    path = f"{FACETS[name].folder}/"
    heading = ctx.words.gettext(FACET_TITLES[name])
    head = make_head(
        ctx,
        heading,
        path,
        section=FACETS[name].folder,
        description=_about(ctx, name),
    )
    _, pagination = next(paginate((), path))
    total = _sum(ctx, name, len(ctx.groups[name]))
    colored = _colored(ctx, name)
    view = TermsView(head, heading, total, _empty(ctx, name), note, letters, sections, pagination, colored)
    return Page(f"{path}index.html", "terms.html", view)


def _sum(ctx: Context, name: str, count: int) -> str:
    if name == "tag":
        return ctx.words.ngettext("%(n)s tag", "%(n)s tags", count)
    return ctx.words.ngettext("%(n)s creator", "%(n)s creators", count)


def _empty(ctx: Context, name: str) -> str:
    if name == "tag":
        return ctx.words.gettext("There are no tags yet.")
    return ctx.words.gettext("There are no creators yet.")


def _about(ctx: Context, name: str) -> str:
    site = ctx.config.site.title
    if name == "tag":
        return ctx.words.gettext("All tags of %(site)s, A to Z", site=site)
    return ctx.words.gettext("All creators of %(site)s, A to Z", site=site)


def _colored(ctx: Context, name: str) -> tuple[Count, ...]:
    groups = {group.term.slug: group for group in ctx.groups[name]} if name == "tag" else {}
    return _counts(ctx, name, [groups[slug] for slug in ctx.tag_colors if slug in groups])


def _by_initial(groups: Sequence[Group], language: str) -> dict[str, list[Group]]:
    """Initials in the order of their first term, names without any letter or digit before all."""
    sections: dict[str, list[Group]] = {}
    for group in groups:
        sections.setdefault(initial(group.term.heading, language), []).append(group)
    return dict(sorted(sections.items(), key=lambda section: section[0] != NO_INITIAL))


def _letter_path(folder: str, label: str) -> str:
    return f"{folder}letter/{letter_slug(label)}/"


def _count(group: Group) -> Count:
    return Count(group.term.heading, group.term.path, len(group.entries))


def _counts(ctx: Context, name: str, groups: Iterable[Group]) -> tuple[Count, ...]:
    colors = ctx.tag_colors if name == "tag" else {}
    return tuple(replace(_count(group), color=colors.get(group.term.slug, "")) for group in groups)


def _years_page(ctx: Context) -> Page:
    head = make_head(
        ctx,
        ctx.words.gettext("Years"),
        "years/",
        section="years",
        description=ctx.words.gettext(
            "The years of publication of the items in %(site)s", site=ctx.config.site.title
        ),
    )
    decades = tuple(
        Section(
            _decade_anchor(start),
            ctx.words.gettext("Undated") if start is None else decade_label(start, ctx.words),
            tuple(map(_count, members)),
        )
        for start, members in groupby(ctx.groups["year"], key=_decade)
    )
    view = YearsView(head, year_histogram(ctx.groups["year"], ctx.words), decades)
    return Page("years/index.html", "years.html", view)


def _decade(group: Group) -> int | None:
    return None if group.term.slug == UNDATED else decade(int(group.term.slug))


def _decade_anchor(start: int | None) -> str:
    return UNDATED if start is None else decade_anchor(start)


def _types_page(ctx: Context) -> Page:
    head = make_head(
        ctx,
        ctx.words.gettext("Types"),
        "types/",
        section="types",
        description=ctx.words.gettext("The kinds of items in %(site)s", site=ctx.config.site.title),
    )
    return Page("types/index.html", "types.html", TypesView(head, type_counts(ctx)))


def type_counts(ctx: Context) -> tuple[TypeCount, ...]:
    """Most frequent first."""
    groups = sorted(ctx.groups["type"], key=lambda group: -len(group.entries))
    return tuple(
        TypeCount(group.entries[0].item.item_type, group.term.label, group.term.path, len(group.entries))
        for group in groups
    )

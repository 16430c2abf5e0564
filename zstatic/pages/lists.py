"""The long lists: all items, and the items of one tag, creator, year or type, 100 a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from zstatic.facets import FACETS, Facet
from zstatic.outputs import Output, Page
from zstatic.pages.context import PAGE_SIZE, Context, Entry, Group, ItemLine, Link
from zstatic.pages.head import Head, make_head

T = TypeVar("T")

ITEMS_PATH = "items/"
# What the pages of a facet stand under: its heading there and the label above a single value.
FACET_TITLES = {"tag": "Tags", "creator": "Creators", "year": "Years", "type": "Types"}


@dataclass(frozen=True, slots=True)
class PageLink:
    """number: of the page; 0 = a gap in the sequence, without path."""

    number: int
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pagination:
    """previous, next: paths, "" = there is none. start: number of the first entry shown, from 1."""

    number: int
    last: int
    start: int
    previous: str
    next: str
    links: tuple[PageLink, ...]


@dataclass(frozen=True, slots=True)
class ListSection:
    """Items that follow each other under one heading, a year; "" = no heading."""

    heading: str
    lines: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True)
class ListView:
    """One page of a list of items. Template: list.html.

    heading: what it is a list of. kind: "Tag", "Creator" …, "" for all items. count: items in the whole list.
    sections: by year, newest first.
    """

    head: Head
    heading: str
    kind: str
    count: int
    sections: tuple[ListSection, ...]
    pagination: Pagination


def pages(ctx: Context) -> Iterator[Output]:
    for part, pagination in paginate(ctx.items, ITEMS_PATH):
        yield _list_page(ctx, "All items", "", ITEMS_PATH, "items", (), part, len(ctx.items), pagination)
    for name in FACET_TITLES:
        facet = FACETS[name]
        for group in ctx.groups[name]:
            yield from _group_pages(ctx, facet, group)


def _group_pages(ctx: Context, facet: Facet, group: Group) -> Iterator[Output]:
    trail = (Link(FACET_TITLES[facet.name], f"{facet.folder}/"),)
    path = group.term.path
    for part, pagination in paginate(group.entries, path):
        yield _list_page(
            ctx,
            group.term.label,
            facet.label,
            path,
            facet.folder,
            trail,
            part,
            len(group.entries),
            pagination,
        )


def _list_page(
    ctx: Context,
    heading: str,
    kind: str,
    path: str,
    section: str,
    trail: tuple[Link, ...],
    part: Sequence[Entry],
    count: int,
    pagination: Pagination,
) -> Page:
    title = f"{kind}: {heading}" if kind else heading
    number = pagination.number
    head = make_head(
        ctx,
        title if number == 1 else f"{title} (page {number})",
        page_path(path, number),
        section=section,
        description=f"{title} – {count} {'item' if count == 1 else 'items'} in {ctx.config.site.title}",
        trail=trail,
    )
    sections = year_sections(part) if section != "years" else (ListSection("", tuple(map(_line, part))),)
    view = ListView(head, heading, kind, count, sections, pagination)
    return Page(f"{head.path}index.html", "list.html", view)


def year_sections(entries: Sequence[Entry]) -> tuple[ListSection, ...]:
    """Entries in the site's order, cut by year."""
    return tuple(
        ListSection(year or "Undated", tuple(map(_line, members)))
        for year, members in groupby(entries, key=lambda entry: entry.year)
    )


def _line(entry: Entry) -> ItemLine:
    return entry.line


def page_path(path: str, number: int) -> str:
    """ "tags/history/", 2 -> "tags/history/page/2/"."""
    return path if number == 1 else f"{path}page/{number}/"


def paginate(
    entries: Sequence[T], path: str, size: int = PAGE_SIZE
) -> Iterator[tuple[Sequence[T], Pagination]]:
    """Cut a list into pages; an empty list has one empty page."""
    last = max(1, -(-len(entries) // size))
    for number in range(1, last + 1):
        start = (number - 1) * size
        yield (
            entries[start : start + size],
            Pagination(
                number=number,
                last=last,
                start=start + 1,
                previous=page_path(path, number - 1) if number > 1 else "",
                next=page_path(path, number + 1) if number < last else "",
                links=tuple(_page_links(path, number, last)),
            ),
        )


def _page_links(path: str, number: int, last: int) -> Iterator[PageLink]:
    """First, last and the neighbours of the current page; 0 stands for what is left out."""
    shown = sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)})
    before = 0
    for page in shown:
        if page - before > 1:
            yield PageLink(0, "", False)
        yield PageLink(page, page_path(path, page), page == number)
        before = page

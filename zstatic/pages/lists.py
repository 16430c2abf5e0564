"""The long lists: all items, and the items of one tag, creator, year or type, 100 a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from markupsafe import Markup

from zstatic.facets import FACETS, UNDATED, Facet, year_label
from zstatic.outputs import Output, Page
from zstatic.pages.context import PAGE_SIZE, Context, Entry, Group, ItemLine, Link
from zstatic.pages.creators import CreatorSummary, summaries
from zstatic.pages.downloads import feed_links, tag_has_feed
from zstatic.pages.embeds import EmbedCode, tag_embed
from zstatic.pages.head import Head, HeadLink, make_head
from zstatic.pages.histogram import decade, decade_label
from zstatic.pages.rdf import NO_RECORD, Record, list_record
from zstatic.pages.within import search_within, shown_feeds
from zstatic.sorting import DIGITS, NO_INITIAL, initial
from zstatic.translations import N_

T = TypeVar("T")

ITEMS_PATH = "items/"
# What the pages of a facet stand under: its heading there and the label above a single value.
FACET_TITLES = {"tag": N_("Tags"), "creator": N_("Creators"), "year": N_("Years"), "type": N_("Types")}
# Zotero saves a list of these by its record. A record for each creator and type would double the size of a
# site: a creator's works are saved by the references in the list, those of a type not at all.
_WITH_RECORDS = ("tag", "year")
_MANY_YEARS = 20


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
    """Items that follow each other under one heading, a year or an initial; "" = no heading.

    anchor: its id, "" = none. coins: the references in them, by which Zotero saves them (see `pages.coins`).
    """

    heading: str
    lines: tuple[ItemLine, ...]
    coins: Markup
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Jump:
    """A place in a long list, a year or an initial. path: of its page, with the anchor of the place."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class ListView:
    """One page of a list of items. Template: list.html.

    heading: what it is a list of. kind: "Tag", "Creator" …, "" for all items. count: items in the whole list.
    sections: by year, newest first; a year of several pages by initial. jumps: the decades, years or initials
    of a list of several pages, else ().
    embed: on the first page of a tag that is not too rare.
    creator: what a creator's first page says of them, None = it is no such page.
    search: the search in the list of a tag or creator, None = they are few. feeds: () = none.
    """

    head: Head
    heading: str
    kind: str
    count: int
    sections: tuple[ListSection, ...]
    pagination: Pagination
    embed: EmbedCode | None = None
    jumps: tuple[Jump, ...] = ()
    creator: CreatorSummary | None = None
    search: Link | None = None
    feeds: tuple[Link, ...] = ()


def pages(ctx: Context) -> Iterator[Output]:
    everything = _List(ctx.words.gettext("All items"), "", ITEMS_PATH, "items", ())
    for part, pagination in paginate(ctx.items, ITEMS_PATH):
        yield _list_page(ctx, everything, part, ctx.items, pagination)
    summary = summaries(ctx)
    for name in FACET_TITLES:
        facet = FACETS[name]
        for group in ctx.groups[name]:
            yield from _group_pages(ctx, facet, group, summary(group) if name == "creator" else None)


@dataclass(frozen=True, slots=True)
class _List:
    """A list on one or more pages. feeds, embed, search: of its own. creator: whose it is."""

    heading: str
    kind: str
    path: str
    section: str
    trail: tuple[Link, ...]
    feeds: tuple[HeadLink, ...] = ()
    embed: EmbedCode | None = None
    creator: CreatorSummary | None = None
    search: Link | None = None


def _group_pages(
    ctx: Context, facet: Facet, group: Group, creator: CreatorSummary | None
) -> Iterator[Output]:
    trail = (Link(ctx.words.gettext(FACET_TITLES[facet.name]), f"{facet.folder}/"),)
    path, label = group.term.path, group.term.label
    feeds = feed_links(path, label) if facet.name == "tag" and tag_has_feed(ctx, group) else ()
    embed = tag_embed(ctx, group) if facet.name == "tag" else None
    kind = ctx.words.gettext(facet.label)
    search = search_within(ctx, facet.name, group.term.slug, len(group.entries))
    listed = _List(label, kind, path, facet.folder, trail, feeds, embed, creator, search)
    for part, pagination in paginate(group.entries, path):
        # The record of a single item is there anyway.
        has_record = facet.name in _WITH_RECORDS or (facet.name == "creator" and len(group.entries) == 1)
        record = list_record(ctx, part, path, pagination.number) if has_record else NO_RECORD
        yield _list_page(ctx, listed, part, group.entries, pagination, record)
        yield from record.files


def _list_page(
    ctx: Context,
    listed: _List,
    part: Sequence[Entry],
    whole: Sequence[Entry],
    pagination: Pagination,
    record: Record = NO_RECORD,
) -> Page:
    title = kind_and_name(ctx, listed.kind, listed.heading) if listed.kind else listed.heading
    count = len(whole)
    number = pagination.number
    head = make_head(
        ctx,
        numbered(ctx, title, number),
        page_path(listed.path, number),
        section=listed.section,
        description=ctx.words.ngettext(
            "%(list)s – %(n)s item in %(site)s",
            "%(list)s – %(n)s items in %(site)s",
            count,
            list=title,
            site=ctx.config.site.title,
        ),
        trail=listed.trail,
        links=(*record.links, *listed.feeds),
        unapi=record.id,
    )
    in_one_year = listed.section == "years"
    # A record tells more, and where there is one Zotero looks at no reference; other programs look at those
    # of collections, tags and years.
    has_coins = listed.section != "types" and not (listed.section == "creators" and record.id)
    view = ListView(
        head=head,
        heading=listed.heading,
        kind=listed.kind,
        count=count,
        sections=tuple(
            section if has_coins else replace(section, coins=Markup())
            for section in (_letter_sections(ctx, part, count) if in_one_year else year_sections(ctx, part))
        ),
        pagination=pagination,
        embed=listed.embed if number == 1 else None,
        jumps=(_letter_jumps if in_one_year else year_jumps)(ctx, whole, listed.path),
        creator=listed.creator if number == 1 else None,
        search=listed.search,
        feeds=shown_feeds(listed.path) if listed.feeds else (),
    )
    return Page(f"{head.path}index.html", "list.html", view)


def kind_and_name(ctx: Context, kind: str, name: str) -> str:
    """ "Tag: history"."""
    return ctx.words.gettext("%(kind)s: %(name)s", kind=kind, name=name)


def numbered(ctx: Context, title: str, number: int) -> str:
    """The title of a page of a list; only the first has it without a number."""
    if number == 1:
        return title
    return ctx.words.gettext("%(title)s (page %(number)s)", title=title, number=ctx.words.number(number))


def year_sections(ctx: Context, entries: Sequence[Entry]) -> tuple[ListSection, ...]:
    """Entries in the site's order, cut by year."""
    return tuple(
        list_section(members[0].year or ctx.words.gettext("Undated"), members, _year_anchor(year))
        for year, found in groupby(entries, key=lambda entry: entry.item.date.year)
        if (members := tuple(found))
    )


def list_section(heading: str, entries: Sequence[Entry], anchor: str = "") -> ListSection:
    lines = tuple(entry.line for entry in entries)
    coins = Markup("\n").join(entry.coins for entry in entries if entry.coins)
    return ListSection(heading, lines, coins, anchor)


def year_jumps(ctx: Context, entries: Sequence[Entry], path: str) -> tuple[Jump, ...]:
    """The way into a list by year: its years, or its decades where they are many; () for a single page."""
    if len(entries) <= PAGE_SIZE:
        return ()
    firsts: dict[int | None, int] = {}
    for rank, entry in enumerate(entries):
        firsts.setdefault(entry.item.date.year, rank)
    as_years = len(firsts) <= _MANY_YEARS
    jumps: dict[str, Jump] = {}
    for year, rank in firsts.items():
        if year is None:
            label = ctx.words.gettext("Undated")
        else:
            label = year_label(year, ctx.words) if as_years else decade_label(decade(year), ctx.words)
        page = page_path(path, rank // PAGE_SIZE + 1)
        jumps.setdefault(label, Jump(label, f"{page}#{_year_anchor(year)}"))
    return tuple(jumps.values())


def _letter_sections(ctx: Context, entries: Sequence[Entry], count: int) -> Iterator[ListSection]:
    """Entries of one year, which stand by title, cut by initial; uncut if the list has a single page."""
    if count <= PAGE_SIZE:
        yield list_section("", entries)
        return
    by_initial: dict[str, list[Entry]] = {}
    for entry in entries:
        by_initial.setdefault(initial(entry.title, ctx.config.site.language), []).append(entry)
    for label, members in by_initial.items():
        yield list_section(label, members, _letter_anchor(label))


def _letter_jumps(ctx: Context, entries: Sequence[Entry], path: str) -> tuple[Jump, ...]:
    if len(entries) <= PAGE_SIZE:
        return ()
    firsts: dict[str, int] = {}
    for rank, entry in enumerate(entries):
        firsts.setdefault(initial(entry.title, ctx.config.site.language), rank)
    return tuple(
        Jump(label, f"{page_path(path, rank // PAGE_SIZE + 1)}#{_letter_anchor(label)}")
        for label, rank in firsts.items()
    )


def _letter_anchor(label: str) -> str:
    return f"letter-{letter_slug(label)}"


def letter_slug(label: str) -> str:
    """What an initial is called in addresses."""
    return {NO_INITIAL: "other", DIGITS: "0-9"}.get(label, label.lower())


def _year_anchor(year: int | None) -> str:
    return UNDATED if year is None else f"year-{year}"


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

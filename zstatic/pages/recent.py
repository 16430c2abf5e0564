"""The items added last, by month."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from markupsafe import Markup

from zstatic.outputs import Output, Page
from zstatic.pages.context import PAGE_SIZE, Context, Entry, newest
from zstatic.pages.head import make_head
from zstatic.pages.lists import ITEMS_PATH, ListSection, ListView, list_section, paginate

RECENT_PATH = f"{ITEMS_PATH}recent/"


def pages(ctx: Context) -> Iterator[Output]:
    """One page: on more of them each new item would move all others."""
    entries = newest(ctx.items)[:PAGE_SIZE]
    heading = ctx.words.gettext("Recently added")
    head = make_head(
        ctx,
        heading,
        RECENT_PATH,
        section="items",
        description=ctx.words.gettext("The newest items of %(site)s", site=ctx.config.site.title),
        trail=(),
    )
    _, pagination = next(paginate((), RECENT_PATH))
    view = ListView(head, heading, "", len(entries), _months(ctx, entries), pagination)
    yield Page(f"{RECENT_PATH}index.html", "recent.html", view)


def _months(ctx: Context, entries: Sequence[Entry]) -> tuple[ListSection, ...]:
    """Of unknown date last."""
    months = groupby(entries, key=lambda entry: entry.item.date_added[:7])
    # Without references: what is new differs on every visit, and stands on other lists.
    return tuple(
        replace(list_section(ctx.words.month(month), tuple(members)), coins=Markup())
        for month, members in months
    )

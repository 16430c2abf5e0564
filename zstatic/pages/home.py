"""The front page."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from zstatic.outputs import Output, Page
from zstatic.pages.collections import TREE_PATH
from zstatic.pages.content import HOME, body_html
from zstatic.pages.context import Context, Count, ItemLine, newest
from zstatic.pages.downloads import LibraryDownloads, library_downloads
from zstatic.pages.head import Head, make_head
from zstatic.pages.histogram import Histogram, year_histogram
from zstatic.pages.jsonld import site_json_ld
from zstatic.pages.terms import TypeCount, type_counts

_NEWEST = 8
_COLLECTIONS = 12
_TAGS = 24
_TYPES = 8


@dataclass(frozen=True, slots=True)
class HomeView:
    """The front page. Template: home.html.

    intro: from content/index.md, else the site's description. counts: the library in numbers;
    path "" where no page lists them.
    newest: latest additions. collections: of the top level. tags: of most items, but at least two; by name.
    more_*: there are others.
    """

    head: Head
    title: str
    intro: Markup
    lead: str
    counts: tuple[Count, ...]
    newest: tuple[ItemLine, ...]
    histogram: Histogram
    collections: tuple[Count, ...]
    more_collections: bool
    tags: tuple[Count, ...]
    types: tuple[TypeCount, ...]
    more_types: bool
    downloads: tuple[LibraryDownloads, ...]


def pages(ctx: Context) -> Iterator[Output]:
    yield Page("index.html", "home.html", home_view(ctx))


def home_view(ctx: Context) -> HomeView:
    site = ctx.config.site
    page = next((page for page in ctx.content if page.path == HOME), None)
    intro = body_html(page) if page else Markup()
    top = [node for node in ctx.collections.values() if node.depth == 0]
    types = type_counts(ctx)
    return HomeView(
        head=make_head(
            ctx,
            "",
            HOME,
            section="home",
            description=site.description or intro.striptags(),
            json_ld=site_json_ld(ctx),
        ),
        title=site.title,
        intro=intro,
        lead=site.description,
        counts=tuple(count for count in _counts(ctx) if count.count),
        newest=tuple(entry.line for entry in newest(ctx.items)[:_NEWEST]),
        histogram=year_histogram(ctx.groups["year"], ctx.words),
        collections=tuple(Count(node.name, node.path, len(node.subtree)) for node in top[:_COLLECTIONS]),
        more_collections=len(ctx.collections) > min(len(top), _COLLECTIONS),
        tags=_common_tags(ctx),
        types=types[:_TYPES],
        more_types=len(types) > _TYPES,
        downloads=library_downloads(ctx),
    )


def _counts(ctx: Context) -> Iterator[Count]:
    """The labels stand behind the numbers."""
    items, collections = len(ctx.items), len(ctx.collections)
    creators, tags = len(ctx.groups["creator"]), len(ctx.groups["tag"])
    files = sum(len(entry.files) for entry in ctx.items)
    ngettext = ctx.words.ngettext
    yield Count(ngettext("item", "items", items), "items/", items)
    yield Count(ngettext("collection", "collections", collections), TREE_PATH, collections)
    yield Count(ngettext("creator", "creators", creators), "creators/", creators)
    yield Count(ngettext("tag", "tags", tags), "tags/", tags)
    yield Count(ngettext("file", "files", files), "", files)


def _common_tags(ctx: Context) -> tuple[Count, ...]:
    groups = ctx.groups["tag"]
    order = {group.term.slug: position for position, group in enumerate(groups)}
    shared = [group for group in groups if len(group.entries) > 1]
    common = sorted(shared, key=lambda group: -len(group.entries))[:_TAGS]
    common.sort(key=lambda group: order[group.term.slug])
    return tuple(Count(group.term.label, group.term.path, len(group.entries)) for group in common)

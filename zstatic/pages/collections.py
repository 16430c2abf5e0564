"""The collection tree, and a page for each collection."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from zstatic.facets import collection_slug
from zstatic.outputs import Output, Page
from zstatic.pages.content import body_html
from zstatic.pages.context import CollectionNode, ContentPage, Context, Count, Link
from zstatic.pages.downloads import Download, collection_downloads, collection_has_feed, feed_links
from zstatic.pages.embeds import EmbedCode, collection_embed
from zstatic.pages.head import Head, HeadLink, make_head
from zstatic.pages.lists import (
    Jump,
    ListSection,
    Pagination,
    kind_and_name,
    numbered,
    page_path,
    paginate,
    year_jumps,
    year_sections,
)
from zstatic.pages.rdf import list_record
from zstatic.pages.within import search_within, shown_feeds

TREE_PATH = "collections/"


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A collection in the tree, read top to bottom.

    count: items in it and its subcollections. opens: the rows that follow are its subcollections.
    closes: how many levels end after it.
    """

    name: str
    path: str
    count: int
    opens: bool
    closes: int


@dataclass(frozen=True, slots=True)
class LibraryTree:
    """name: of the library, "" where the site has only one. unfiled: items in no collection."""

    name: str
    rows: tuple[TreeRow, ...]
    unfiled: int


@dataclass(frozen=True, slots=True)
class TreeView:
    """All collections of all libraries. Template: collections.html."""

    head: Head
    libraries: tuple[LibraryTree, ...]


@dataclass(frozen=True, slots=True)
class CollectionView:
    """One page of a collection. Template: collection.html.

    intro: from content/collections/KEY.md, on the first page.
    count: items filed in the collection itself, those that are listed. total: with its subcollections.
    jumps: the decades or years of a list of several pages, else ().
    embed: on the first page, if there is something to embed.
    search: the search in it and its subcollections, None = they are few. feeds: () = none.
    """

    head: Head
    name: str
    library: str
    intro: Markup
    count: int
    total: int
    subcollections: tuple[Count, ...]
    sections: tuple[ListSection, ...]
    pagination: Pagination
    jumps: tuple[Jump, ...]
    downloads: tuple[Download, ...]
    embed: EmbedCode | None
    search: Link | None
    feeds: tuple[Link, ...]


def tree_link(ctx: Context) -> Link:
    return Link(ctx.words.gettext("Collections"), TREE_PATH)


def pages(ctx: Context) -> Iterator[Output]:
    yield _tree_page(ctx)
    texts = {page.path: page for page in ctx.content}
    titles = Counter(_title(ctx, node) for node in ctx.collections.values())
    for node in ctx.collections.values():
        title = _title(ctx, node)
        title = title if titles[title] == 1 else f"{title} ({node.key})"
        yield from _collection_pages(ctx, node, title, texts.get(node.path))


def _title(ctx: Context, node: CollectionNode) -> str:
    """The way to it; Zotero lets collections side by side have the same name."""
    names = [*(link.label for link in node.parents), node.name]
    return " / ".join([node.library.name, *names] if len(ctx.libraries) > 1 else names)


def _tree_page(ctx: Context) -> Page:
    head = make_head(
        ctx,
        ctx.words.gettext("Collections"),
        TREE_PATH,
        section="collections",
        description=ctx.words.gettext("The collections of %(site)s", site=ctx.config.site.title),
    )
    several = len(ctx.libraries) > 1
    trees = []
    for library in ctx.libraries:
        nodes = [node for node in ctx.collections.values() if node.library is library]
        unfiled = sum(1 for entry in ctx.items if entry.library is library and not entry.item.collections)
        trees.append(LibraryTree(library.name if several else "", tuple(_rows(nodes)), unfiled))
    return Page("collections/index.html", "collections.html", TreeView(head, tuple(trees)))


def _rows(nodes: list[CollectionNode]) -> Iterator[TreeRow]:
    depths = [node.depth for node in nodes[1:]] + [0]
    for node, following in zip(nodes, depths, strict=False):
        yield TreeRow(
            name=node.name,
            path=node.path,
            count=len(node.subtree),
            opens=following > node.depth,
            closes=max(0, node.depth - following),
        )


def _collection_pages(
    ctx: Context, node: CollectionNode, title: str, text: ContentPage | None
) -> Iterator[Output]:
    """title: unique in the site. text: the owner's, None = there is none."""
    above = (tree_link(ctx), *node.parents)
    several = len(ctx.libraries) > 1
    children = [ctx.collections[node.library.slug, key] for key in node.children]
    subcollections = tuple(Count(child.name, child.path, len(child.subtree)) for child in children)
    downloads, embed = collection_downloads(ctx, node), collection_embed(ctx, node)
    slug = collection_slug(node.library.slug, node.key)
    feeds = feed_links(node.path, node.name) if collection_has_feed(ctx, node) else ()
    search = search_within(ctx, "collection", slug, len(node.subtree))
    alternates = tuple(
        HeadLink("alternate", each.path, each.media_type, each.label, local=True) for each in downloads
    )
    intro = body_html(text) if text else Markup()
    about = ctx.words.gettext(
        "%(collection)s – a collection of %(site)s", collection=title, site=ctx.config.site.title
    )
    for part, pagination in paginate(node.entries, node.path):
        number = pagination.number
        record = list_record(ctx, part, node.path, number)
        head = make_head(
            ctx,
            numbered(ctx, kind_and_name(ctx, ctx.words.gettext("Collection"), title), number),
            page_path(node.path, number),
            section="collections",
            description=intro.striptags() or about,
            trail=above,
            links=(*record.links, *feeds, *alternates),
            unapi=record.id,
        )
        view = CollectionView(
            head=head,
            name=node.name,
            library=node.library.name if several else "",
            intro=intro if number == 1 else Markup(),
            count=len(node.entries),
            total=len(node.subtree),
            subcollections=subcollections,
            sections=year_sections(ctx, part),
            pagination=pagination,
            jumps=year_jumps(ctx, node.entries, node.path),
            downloads=downloads,
            embed=embed if number == 1 else None,
            search=search,
            feeds=shown_feeds(node.path) if feeds else (),
        )
        yield Page(f"{head.path}index.html", "collection.html", view)
        yield from record.files

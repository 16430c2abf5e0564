"""Links to the export files and feeds, which `pages.machines` and `pages.feeds` make."""

from dataclasses import dataclass

from zstatic.exports import FORMATS
from zstatic.pages.context import CollectionNode, Context, Group
from zstatic.pages.head import HeadLink

ATOM = "atom.xml"
JSON = "feed.json"
# A rarer tag is news too seldom for a feed.
TAG_FEED_FROM = 20


@dataclass(frozen=True, slots=True)
class Download:
    """label: "BibTeX". path: from the site's root. media_type: of the file."""

    label: str
    path: str
    media_type: str


@dataclass(frozen=True, slots=True)
class LibraryDownloads:
    """name: of the library, "" where the site has only one."""

    name: str
    downloads: tuple[Download, ...]


def library_downloads(ctx: Context) -> tuple[LibraryDownloads, ...]:
    """Each library whole, a file for each configured format; none of a library without items."""
    several = len(ctx.libraries) > 1
    return tuple(
        LibraryDownloads(
            library.name if several else "",
            _downloads(ctx, f"{library.slug}/exports/library" if library.slug else "exports/library"),
        )
        for library in ctx.libraries
        if library.items
    )


def collection_downloads(ctx: Context, node: CollectionNode) -> tuple[Download, ...]:
    """A collection with its subcollections; () where there is nothing to export."""
    return _downloads(ctx, f"{node.path}collection") if node.subtree else ()


def _downloads(ctx: Context, stem: str) -> tuple[Download, ...]:
    formats = [FORMATS[name] for name in ctx.config.exports.formats]
    return tuple(Download(each.LABEL, f"{stem}.{each.EXTENSION}", each.MEDIA_TYPE) for each in formats)


def tag_has_feed(ctx: Context, group: Group) -> bool:
    return bool(ctx.config.site.base_url) and len(group.entries) >= TAG_FEED_FROM


def collection_has_feed(ctx: Context, node: CollectionNode) -> bool:
    return bool(ctx.config.site.base_url and node.subtree)


def feed_links(path: str, title: str) -> tuple[HeadLink, ...]:
    """For the head of a page that has feeds of its own. path: of the page."""
    return (
        HeadLink("alternate", path + ATOM, "application/atom+xml", title, local=True),
        HeadLink("alternate", path + JSON, "application/feed+json", title, local=True),
    )

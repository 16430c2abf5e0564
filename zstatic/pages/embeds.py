"""Reading lists for other websites: the newest items of a collection or tag, to be framed or fetched there.

`collections/KEY/embed/` is a light page without script that may stand in a frame. `zstatic-list.js` defines
an element that fetches the same page and shows its list in the style of the website around it. Only with a
base URL: what is pasted elsewhere names the site's own address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from zstatic.outputs import Output, Page, Text
from zstatic.pages.context import CollectionNode, Context, Entry, Group, ItemLine, Link, newest
from zstatic.pages.downloads import collection_has_feed, tag_has_feed
from zstatic.pages.head import Head, make_head

SCRIPT = "zstatic-list.js"
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class EmbedCode:
    """What to paste into another website. frame, element: HTML, as text. path: of the page that is framed."""

    frame: str
    element: str
    path: str


@dataclass(frozen=True, slots=True)
class EmbedView:
    """The newest items of a list, for another website. Template: embed.html.

    list: the page of the whole list. count: its items. lines: the latest additions. canonical: URL of that
    page.
    """

    head: Head
    list: Link
    count: int
    lines: tuple[ItemLine, ...]
    canonical: str


def pages(ctx: Context) -> Iterator[Output]:
    """As for feeds: a rare tag is no reading list, and sites have tens of thousands of them."""
    if not ctx.config.site.base_url:
        return
    yield Text(SCRIPT, (Path(__file__).parent / SCRIPT).read_text("utf-8"))
    for node in ctx.collections.values():
        if collection_has_feed(ctx, node):
            yield _page(ctx, Link(node.name, node.path), f"{node.name} ({node.key})", node.subtree)
    for group in ctx.groups["tag"]:
        if tag_has_feed(ctx, group):
            yield _page(ctx, Link(group.term.label, group.term.path), group.term.label, group.entries)


def collection_embed(ctx: Context, node: CollectionNode) -> EmbedCode | None:
    """None: there is nothing to embed."""
    return _code(ctx, Link(node.name, node.path)) if collection_has_feed(ctx, node) else None


def tag_embed(ctx: Context, group: Group) -> EmbedCode | None:
    """None: the tag is too rare."""
    return _code(ctx, Link(group.term.label, group.term.path)) if tag_has_feed(ctx, group) else None


def _page(ctx: Context, listed: Link, name: str, entries: Sequence[Entry]) -> Page:
    """name: of no other list in the site."""
    path = _path(listed)
    head = make_head(ctx, ctx.words.gettext("Reading list: %(name)s", name=name), path, indexable=False)
    lines = tuple(entry.line for entry in newest(entries)[:_SHOWN])
    view = EmbedView(head, listed, len(entries), lines, ctx.absolute(listed.path))
    return Page(f"{path}index.html", "embed.html", view)


def _path(listed: Link) -> str:
    return f"{listed.path}embed/"


def _code(ctx: Context, listed: Link) -> EmbedCode:
    name, page = listed.label, ctx.absolute(listed.path)
    frame = Markup(
        '<iframe src="{}" title="{}" width="100%" height="480" style="border: 0" loading="lazy"></iframe>'
    )
    element = Markup(
        '<script src="{}" async></script>\n<zstatic-list src="{}"><a href="{}">{}</a></zstatic-list>'
    )
    return EmbedCode(
        frame=str(frame.format(ctx.absolute(_path(listed)), name)),
        element=str(element.format(ctx.absolute(SCRIPT), page, page, name)),
        path=_path(listed),
    )

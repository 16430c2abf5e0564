"""The addresses of items that were merged into others: what leads on from there."""

from collections.abc import Iterator
from dataclasses import dataclass

from zstatic.outputs import Output, Page
from zstatic.pages.context import Context, Link
from zstatic.pages.head import Head, make_head
from zstatic.urls import item_path


@dataclass(frozen=True, slots=True)
class MovedView:
    """Where an item of another key stood. Template: moved.html.

    to: the item that took its place. canonical: the address of that page, "" without a base URL.
    """

    head: Head
    to: Link
    canonical: str


def pages(ctx: Context) -> Iterator[Output]:
    """One page for each old key; of several items with the same one it leads to the first by key."""
    taken = {entry.path for entry in ctx.items}
    for entry in sorted(ctx.items, key=lambda entry: entry.path):
        for old in entry.item.replaces:
            path = item_path(entry.library.slug, old)
            if path in taken:
                continue
            taken.add(path)
            head = make_head(
                ctx,
                ctx.words.gettext("Moved: %(item)s", item=f"{entry.title} ({old})"),
                path,
                indexable=False,
            )
            view = MovedView(head, Link(entry.title, entry.path), ctx.absolute(entry.path))
            yield Page(f"{path}index.html", "moved.html", view)

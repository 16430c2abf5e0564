"""The addresses of items that are gone: merged into others, which they lead on to, or in the trash."""

from collections.abc import Iterator
from dataclasses import dataclass

from zstatic.outputs import Output, Page
from zstatic.pages.context import Context, Entry, Link
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


@dataclass(frozen=True, slots=True)
class RemovedView:
    """Where an item stood that is in the trash. Nothing of it is told. Template: removed.html."""

    head: Head


def pages(ctx: Context) -> Iterator[Output]:
    """One page for each old key; of several items with the same one it leads to the first by key."""
    taken = {entry.path for entry in ctx.items}
    for entry in sorted(ctx.items, key=lambda entry: entry.path):
        for old in entry.item.replaces:
            path = item_path(entry.library.slug, old)
            if path not in taken:
                taken.add(path)
                yield _moved_page(ctx, entry, old, path)
    for library in ctx.libraries:
        for removed in library.removed:
            path = item_path(library.slug, removed.key)
            if path not in taken:
                title = ctx.words.gettext("Removed: %(key)s", key=removed.key)
                yield Page(
                    f"{path}index.html",
                    "removed.html",
                    RemovedView(make_head(ctx, title, path, indexable=False)),
                )


def _moved_page(ctx: Context, entry: Entry, old: str, path: str) -> Page:
    title = ctx.words.gettext("Moved: %(item)s", item=f"{entry.title} ({old})")
    head = make_head(ctx, title, path, indexable=False)
    view = MovedView(head, Link(entry.title, entry.path), ctx.absolute(entry.path))
    return Page(f"{path}index.html", "moved.html", view)

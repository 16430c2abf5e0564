"""What a web server answers with for an address that does not exist."""

from collections.abc import Iterator
from dataclasses import dataclass

from zstatic.outputs import Output, Page
from zstatic.pages.context import Context
from zstatic.pages.head import Head, make_head


@dataclass(frozen=True, slots=True)
class NotFoundView:
    """Template: 404.html; its links are absolute, as it is shown under any address."""

    head: Head


def pages(ctx: Context) -> Iterator[Output]:
    head = make_head(ctx, ctx.words.gettext("Page not found"), "404.html", indexable=False)
    yield Page("404.html", "404.html", NotFoundView(head))

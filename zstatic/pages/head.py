"""What stands in the head of every page; each view carries one Head."""

from dataclasses import dataclass

from zstatic.pages.context import Context, Link

_DESCRIPTION_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Meta:
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class HeadLink:
    """href: absolute, or a path from the site's root, as `local` says."""

    rel: str
    href: str
    media_type: str
    title: str
    local: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What the frame shows of a page.

    title: of this page alone, unique in the site; "" on the home page.
    section: the menu entry to mark, e.g. "tags".
    description: plain text, "" = none. canonical: absolute URL, "" without a base URL.
    trail: the pages above this one, outermost first, without home.
    indexable: False asks search engines to stay away.
    """

    title: str
    path: str
    section: str = ""
    description: str = ""
    canonical: str = ""
    trail: tuple[Link, ...] = ()
    meta: tuple[Meta, ...] = ()
    links: tuple[HeadLink, ...] = ()
    indexable: bool = True


def make_head(
    ctx: Context,
    title: str,
    path: str,
    *,
    section: str = "",
    description: str = "",
    trail: tuple[Link, ...] = (),
    meta: tuple[Meta, ...] = (),
    links: tuple[HeadLink, ...] = (),
    indexable: bool = True,
) -> Head:
    """path: of the page, "" = home."""
    return Head(
        title=title,
        path=path,
        section=section,
        description=shorten(description),
        canonical=ctx.absolute(path) if indexable else "",
        trail=trail,
        meta=meta,
        links=links,
        indexable=indexable,
    )


def shorten(text: str, length: int = _DESCRIPTION_LENGTH) -> str:
    """One line of at most so many characters, cut between words."""
    line = " ".join(text[: length * 4].split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(",;:. ") + "…"

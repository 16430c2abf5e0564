"""What stands in the head of every page; each view carries one Head."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup

from zstatic.pages.context import Context, Link

_DESCRIPTION_LENGTH = 200
_NOTHING = Markup()


@dataclass(frozen=True, slots=True)
class Meta:
    """attribute: that says the name, "name" or, in OpenGraph, "property"."""

    name: str
    content: str
    attribute: str = "name"


@dataclass(frozen=True, slots=True)
class Social:
    """What OpenGraph says of a page beyond its title.

    kind: og:type. names_site, describes: whether the site's name and the description are said there too.
    image: path of a picture of what the page is about, "" = that of the site, if it has any.
    """

    kind: str = "website"
    names_site: bool = True
    describes: bool = True
    image: str = ""


_PLAIN = Social()


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
    json_ld: what the page is about, as schema.org; safe inside a script element, "" = nothing.
    unapi: id of the record by which Zotero saves what is on the page, "" = it has none.
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
    json_ld: Markup = _NOTHING
    unapi: str = ""


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
    social: Social = _PLAIN,
    json_ld: Markup = _NOTHING,
    unapi: str = "",
) -> Head:
    """path: of the page, "" = home."""
    description = shorten(description)
    canonical = ctx.absolute(path) if indexable else ""
    shared = tuple(_open_graph(ctx, title, description, canonical, social)) if indexable else ()
    return Head(
        title=title,
        path=path,
        section=section,
        description=description,
        canonical=canonical,
        trail=trail,
        meta=(*meta, *shared),
        links=links,
        indexable=indexable,
        json_ld=json_ld,
        unapi=unapi,
    )


def _open_graph(ctx: Context, title: str, description: str, canonical: str, social: Social) -> Iterator[Meta]:
    """https://ogp.me/"""
    site = ctx.config.site
    properties = {
        "og:type": social.kind,
        "og:title": title or site.title,
        "og:description": description if social.describes else "",
        "og:url": canonical,
        "og:image": _picture(ctx, social.image or site.image),
        "og:site_name": site.title if social.names_site else "",
        "og:locale": og_locale(site.language, ctx.config.citation_locale),
    }
    for name, content in properties.items():
        if content:
            yield Meta(name, content, "property")
    yield Meta("twitter:card", "summary_large_image" if properties["og:image"] else "summary")


def _picture(ctx: Context, image: str) -> str:
    """Its address; image: in the site or elsewhere, "" = none."""
    return image if not image or urlsplit(image).scheme else ctx.absolute(image.removeprefix("/"))


def og_locale(language: str, citations: str) -> str:
    """ "en_GB"; the country comes from the locale of the citations where the language has none, or is ""."""
    for tag in (language, citations):
        if re.fullmatch(r"[a-z]{2,3}-[A-Z]{2}", tag) and tag.partition("-")[0] == language.partition("-")[0]:
            return tag.replace("-", "_")
    return ""


def shorten(text: str, length: int = _DESCRIPTION_LENGTH) -> str:
    """One line of at most so many characters, cut between words if there are any."""
    line = " ".join(text[: length * 4].split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0][: length - 1].rstrip(",;:. ") + "…"

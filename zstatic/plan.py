"""Libraries -> the stream of outputs that make up the site."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from zstatic.build import MARKER
from zstatic.config import Config, MenuEntry
from zstatic.errors import Problem
from zstatic.library import Library
from zstatic.outputs import Output
from zstatic.pages import (
    collections,
    content,
    embeds,
    feeds,
    home,
    item,
    itemtexts,
    lists,
    machines,
    moved,
    notfound,
    recent,
    search,
    terms,
)
from zstatic.pages.content import copied_files, link_targets, read_content, site_path
from zstatic.pages.context import ContentPage, Context
from zstatic.theme import Theme, static_outputs
from zstatic.translations import N_, Direction
from zstatic.urls import safe_href

# One line for each kind of page.
PAGES = (
    *(
        home,
        item,
        moved,
        lists,
        recent,
        collections,
        terms,
        content,
        search,
        itemtexts,
        notfound,
        feeds,
        embeds,
        machines,
    ),
)


@dataclass(frozen=True, slots=True)
class BrowseLink:
    """section: equals `head.section` of the pages it leads to."""

    label: str
    path: str
    section: str


@dataclass(frozen=True, slots=True)
class MenuLink:
    """href: from the site's root if local, else absolute."""

    label: str
    href: str
    local: bool


@dataclass(frozen=True, slots=True)
class LibraryName:
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class SiteView:
    """What every page may show. Only what rarely changes: a change here renders the whole site again.

    base_path: the path of the base URL, "/" if unknown. language: of what the site's owner wrote.
    words_language, direction: of the words of the pages, which may not be translated into that language.
    menu: from site.toml, else the pages of content/. assets: name of a theme's file -> its path.
    """

    title: str
    language: str
    words_language: str
    direction: Direction
    base_url: str
    base_path: str
    description: str
    rights: str
    browse: tuple[BrowseLink, ...]
    menu: tuple[MenuLink, ...]
    libraries: tuple[LibraryName, ...]
    has_feeds: bool
    assets: Mapping[str, str]


BROWSE = (
    BrowseLink(N_("All items"), "items/", "items"),
    BrowseLink(N_("Collections"), "collections/", "collections"),
    BrowseLink(N_("Creators"), "creators/", "creators"),
    BrowseLink(N_("Tags"), "tags/", "tags"),
    BrowseLink(N_("Years"), "years/", "years"),
    BrowseLink(N_("Types"), "types/", "types"),
)


def plan_outputs(ctx: Context, theme: Theme) -> Iterator[Output]:
    """Everything the site consists of, the same in the same order for the same input."""
    for kind in PAGES:
        yield from kind.pages(ctx)
    yield from static_outputs(theme)


def link_problems(ctx: Context, theme: Theme) -> tuple[Problem, ...]:
    """Links in the menu, the settings and content/ that lead to nothing on the site."""
    links = tuple(_own_links(ctx))
    usual = {"", "search/", *(link.path for link in BROWSE), *(page.path for page in ctx.content)}
    usual |= {path for path, _ in copied_files(ctx.config.root)}
    usual |= {entry.path for entry in ctx.items} | {node.path for node in ctx.collections.values()}
    strays = tuple(_strays(ctx))
    if all(target in usual for _, target in links):
        return strays
    # Made once more, which takes some time on a large site; but few sites link to anything else.
    made = {output.path for output in plan_outputs(ctx, theme)} | {MARKER}
    dead = (
        Problem("dead-link", where, f"It links to {target}, which is not on the site.")
        for where, target in links
        if not {target, f"{target.removesuffix('/')}/index.html".removeprefix("/")} & made
    )
    return (*strays, *dead)


def _strays(ctx: Context) -> Iterator[Problem]:
    """Texts for collections that are not on the site."""
    known = {node.path for node in ctx.collections.values()}
    for page in ctx.content:
        if page.collection and page.path not in known:
            told = (
                f"No collection on the site has the key {page.collection}; `zstatic collections` lists them."
            )
            yield Problem("no-collection", f"content/{page.path.removesuffix('/')}.md", told)


def _own_links(ctx: Context) -> Iterator[tuple[str, str]]:
    """Where a link of the site's owner stands, and the path that it leads to."""
    for entry in ctx.config.site.menu:
        if not urlsplit(entry.url).scheme:
            yield f"site.toml, menu entry “{entry.label}”", unquote(urlsplit(site_path(entry.url)).path)
    if (image := ctx.config.site.image) and not urlsplit(image).scheme:
        yield "site.toml, [site] image", image.removeprefix("/")
    for page in ctx.content:
        file = f"{page.path}index.md" if page.is_index else f"{page.path.removesuffix('/')}.md"
        yield from ((f"content/{file}", target) for target in link_targets(page))


def site_view(libraries: tuple[Library, ...], config: Config, theme: Theme) -> SiteView:
    site = config.site
    return SiteView(
        title=site.title,
        language=site.language,
        words_language=theme.words.language,
        direction=theme.words.direction,
        base_url=site.base_url,
        base_path=urlsplit(site.base_url).path or "/",
        description=site.description,
        rights=site.rights,
        browse=tuple(replace(link, label=theme.words.gettext(link.label)) for link in BROWSE),
        menu=_menu(site.menu, read_content(config.root)),
        libraries=tuple(LibraryName(library.name, library.slug) for library in libraries),
        has_feeds=bool(site.base_url),
        assets=theme.assets,
    )


def _menu(menu: tuple[MenuEntry, ...], content_pages: tuple[ContentPage, ...]) -> tuple[MenuLink, ...]:
    """The configured menu; without one the top pages of content/, so that each can be reached."""
    if menu:
        return tuple(_menu_link(entry) for entry in menu)
    own = (page for page in content_pages if page.has_own_page)
    return tuple(MenuLink(page.title, page.path, True) for page in own if page.path.count("/") == 1)


def _menu_link(entry: MenuEntry) -> MenuLink:
    if urlsplit(entry.url).scheme:
        return MenuLink(entry.label, safe_href(entry.url), False)
    return MenuLink(entry.label, site_path(entry.url), True)

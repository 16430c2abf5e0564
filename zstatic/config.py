"""`site.toml` -> Config: every setting, its default and its meaning."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never shows itself by accident."""

    value: str

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class MenuEntry:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """base_url: absolute, ends in "/"; "" when unknown (canonical links, feeds and sitemap are then left out)."""

    title: str
    base_url: str = ""
    language: str = "en"
    description: str = ""
    rights: str = ""
    menu: tuple[MenuEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectRules:
    """What may be published. Patterns are Python regexes used with re.search on the stripped tag; "" = no rule."""

    collections: tuple[str, ...] = ()
    exclude_collections: tuple[str, ...] = ()
    item_include: str = ""
    item_exclude: str = ""
    child_exclude: str = "^_"
    tag_exclude: str = "^_"
    notes: bool = False


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """One Zotero library.

    id: "users/123", "groups/123" or "users/123/publications".
    slug: path prefix of its pages; "" = the site's root (one library at most).
    name: "" = the library's own.
    select: the rules for this library, [select] already merged in.
    """

    id: str
    slug: str = ""
    name: str = ""
    mirror: Literal["library", "collections"] = "library"
    api_url: str = "https://api.zotero.org"
    select: SelectRules = SelectRules()


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """max_size: bytes."""

    publish: Literal["all", "tagged", "none"] = "all"
    tag: str = ""
    media_types: tuple[str, ...] = (
        "application/pdf",
        "application/epub+zip",
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
    )
    max_size: int = 100_000_000
    link_urls: bool = True


@dataclass(frozen=True, slots=True)
class CitationRules:
    """styles: names in Zotero's style repository; the first is the site's own."""

    styles: tuple[str, ...] = ("apa", "modern-language-association", "chicago-author-date", "vancouver")
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class ExportRules:
    formats: tuple[str, ...] = ("bibtex", "ris", "csljson")


@dataclass(frozen=True, slots=True)
class FacetRules:
    """label: "" = the facet's own. limit: how many values are shown at first."""

    name: str
    label: str = ""
    sort: Literal["count", "label"] = "count"
    limit: int = 10


@dataclass(frozen=True, slots=True)
class SearchRules:
    """fulltext_words: at most so many words of full text per item."""

    fulltext: bool = True
    fulltext_words: int = 20_000


@dataclass(frozen=True, slots=True)
class FeedRules:
    """limit: entries per feed."""

    limit: int = 50


@dataclass(frozen=True, slots=True)
class ThemeRules:
    name: str = "default"


@dataclass(frozen=True, slots=True)
class GuardRules:
    max_shrink: float = 0.2
    max_exposed: int = 0


@dataclass(frozen=True, slots=True)
class DeployRules:
    host: str = "github-pages"


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one site.

    root: the folder of site.toml. output, state: absolute folders of the site and of mirror and manifest.
    api_key: None = only what is public.
    """

    root: Path
    site: SiteConfig
    libraries: tuple[LibraryConfig, ...]
    output: Path
    state: Path
    attachments: AttachmentRules = AttachmentRules()
    citations: CitationRules = CitationRules()
    exports: ExportRules = ExportRules()
    facets: tuple[FacetRules, ...] = ()
    search: SearchRules = SearchRules()
    feeds: FeedRules = FeedRules()
    theme: ThemeRules = ThemeRules()
    guard: GuardRules = GuardRules()
    deploy: DeployRules = DeployRules()
    api_key: Secret | None = field(default=None, compare=False)

"""`site.toml` -> Config: every setting, its default and its meaning.

A setting is one line of a dataclass below: its type, how it is read, what it means, its default. The
reference (`zstatic config --defaults`, `site.toml.example`) is printed from the same lines.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

from zstatic.values import (
    as_api_url,
    as_base_url,
    as_export_format,
    as_flag,
    as_folder,
    as_it_is,
    as_language,
    as_language_or_empty,
    as_library_id,
    as_line,
    as_line_or_empty,
    as_link,
    as_media_type,
    as_pattern,
    as_picture,
    as_share,
    as_size,
    as_slug,
    as_style,
    as_text,
    as_theme_name,
    at_least,
    list_of,
    one_of,
    toml,
    toml_menu,
    toml_size,
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never shows itself by accident."""

    value: str

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Setting:
    """How one value of site.toml is read, what it means and how it is written.

    read: takes what TOML holds; raises Wrong.
    show: the value as TOML.
    """

    read: Callable[[object], object]
    meaning: str
    show: Callable[[object], str] = toml


@dataclass(frozen=True, slots=True)
class MenuEntry:
    label: Annotated[str, Setting(as_line, "What the reader sees.")]
    url: Annotated[str, Setting(as_link, "An address, or a path inside the site.")]


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """base_url: absolute, ends in "/"; "" when unknown: canonical links, feeds and sitemap are left out."""

    title: Annotated[str, Setting(as_line, "The name of the site, on every page. Required.")]
    base_url: Annotated[
        str,
        Setting(
            as_base_url,
            "Where the site will stand; may have a path. ZSTATIC_BASE_URL and --base-url win over it. "
            "Without it canonical links, feeds and the sitemap are left out.",
        ),
    ] = ""
    language: Annotated[
        str,
        Setting(
            as_language,
            "The language of the pages, of the names of item types and fields, of citations and of the word "
            'stems in the search, e.g. "de" or "pt-BR". The words of the pages are there in ar, de, en, es, '
            "fr, it, nl and pt, and English for any other.",
        ),
    ] = "en"
    description: Annotated[str, Setting(as_text, "One or two sentences for search engines and feeds.")] = ""
    rights: Annotated[
        str, Setting(as_text, "Who owns the texts and under which licence; shown in the footer.")
    ] = ""
    image: Annotated[
        str,
        Setting(
            as_picture,
            'A picture in content/, such as "card.png", that stands beside links to the site where people '
            "share them: PNG or JPEG, best 1200 × 630 pixels. Items with a published picture show that.",
        ),
    ] = ""
    menu: Annotated[
        tuple[MenuEntry, ...],
        Setting(
            as_it_is,  # a list of tables, read by _read_menu
            "Links in the header after the site's own: to a page of yours or of the site, or an address. "
            "Without this setting, the pages of content/ stand there.",
            toml_menu,
        ),
    ] = ()
    zotero_links: Annotated[
        bool,
        Setting(
            as_flag,
            "Link each item's page to the item at zotero.org. Only of groups that everybody can read; "
            "never of a personal library, whose address names the account.",
        ),
    ] = True


@dataclass(frozen=True, slots=True)
class SelectRules:
    """What may be published.

    Patterns are Python regexes used with re.search on the stripped tag; "" = no rule.
    """

    collections: Annotated[
        tuple[str, ...],
        Setting(
            list_of(as_line),
            "Only what is in these collections and their subcollections, by key (safe against renaming; "
            "`zstatic collections` lists them) or by name. Empty: the whole library.",
        ),
    ] = ()
    exclude_collections: Annotated[
        tuple[str, ...],
        Setting(
            list_of(as_line),
            "Nothing that is in these collections or their subcollections, by key or by name.",
        ),
    ] = ()
    item_include: Annotated[
        str, Setting(as_pattern, 'Only items with a tag that matches. "": all items.')
    ] = ""
    item_exclude: Annotated[
        str, Setting(as_pattern, "No items with a tag that matches, whatever their other tags.")
    ] = ""
    child_exclude: Annotated[
        str, Setting(as_pattern, "No notes and attachments with a tag that matches.")
    ] = "^_"
    tag_exclude: Annotated[str, Setting(as_pattern, "Tags that match are not shown anywhere.")] = "^_"
    notes: Annotated[
        bool, Setting(as_flag, "Publish notes: those of items, and standalone ones as pages.")
    ] = False


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """One Zotero library.

    id: "users/123", "groups/123" or "users/123/publications".
    slug: path prefix of its pages; "" = the site's root (one library at most).
    name: "" = the library's own.
    select: the rules for this library, [select] already merged in.
    """

    id: Annotated[
        str,
        Setting(
            as_library_id,
            '"groups/2348869", "users/12345", "users/12345/publications" (My Publications), or the '
            "address of the library on zotero.org. Required.",
        ),
    ]
    slug: Annotated[
        str,
        Setting(
            as_slug,
            "Path prefix of this library's pages. Needed from the second library on; one may go without. "
            "Never changes by itself, so addresses stay.",
        ),
    ] = ""
    name: Annotated[
        str,
        Setting(
            as_line_or_empty,
            "What readers see. \"\": a group's name in Zotero; the site's title for a personal library.",
        ),
    ] = ""
    mirror: Annotated[
        Literal["library", "collections"],
        Setting(
            one_of("library", "collections"),
            '"collections": fetch only what is in select.collections, not the whole library.',
        ),
    ] = "library"
    api_url: Annotated[
        str,
        Setting(
            as_api_url,
            "The Zotero API; for Zotero on this computer: http://localhost:23119/api",
        ),
    ] = "https://api.zotero.org"
    select: SelectRules = SelectRules()


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """max_size: bytes."""

    publish: Annotated[
        Literal["all", "tagged", "none"],
        Setting(
            one_of("all", "tagged", "none"),
            'Which stored files readers can open: "all", "tagged" (those that bear the tag named by '
            'tag = "…") or "none".',
        ),
    ] = "all"
    tag: Annotated[str, Setting(as_line_or_empty, 'The tag for publish = "tagged", on the attachment.')] = ""
    media_types: Annotated[
        tuple[str, ...],
        Setting(
            list_of(as_media_type),
            "Only files of these types. Web pages and other active content are never published.",
        ),
    ] = (
        "application/pdf",
        "application/epub+zip",
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
    )
    max_size: Annotated[
        int,
        Setting(as_size, "Larger files are not published.", toml_size),
    ] = 100_000_000
    link_urls: Annotated[bool, Setting(as_flag, "Show attached links to other websites.")] = True


@dataclass(frozen=True, slots=True)
class CitationRules:
    """styles: names in Zotero's style repository; the first is the site's own."""

    styles: Annotated[
        tuple[str, ...],
        Setting(
            list_of(as_style, least=1),
            "Citation styles by their names on https://www.zotero.org/styles; the first is the site's own.",
        ),
    ] = ("apa", "modern-language-association", "chicago-author-date", "vancouver")
    locale: Annotated[
        str,
        Setting(as_language_or_empty, 'The language of citations, e.g. "en-GB". "": that of the site.'),
    ] = ""


@dataclass(frozen=True, slots=True)
class ExportRules:
    formats: Annotated[
        tuple[str, ...],
        Setting(list_of(as_export_format), "Downloads offered for the library and each collection."),
    ] = ("bibtex", "ris", "csljson")
    records: Annotated[
        Literal["all", "items", "none"],
        Setting(
            one_of("all", "items", "none"),
            'What Zotero saves from a page with tags, notes and files: "all": items, and lists of up to 50 '
            '(a collection, tag or year); "items": only items, which makes a site an eighth smaller; "none". '
            "It saves the rest by what stands on the page, without tags and notes.",
        ),
    ] = "all"


@dataclass(frozen=True, slots=True)
class MetaRules:
    google_scholar: Annotated[
        Literal["auto", "always", "never"],
        Setting(
            one_of("auto", "always", "never"),
            'Which works to offer to Google Scholar, which wants papers from those who publish them: "auto": '
            'those whose PDF is published here, and all of "My Publications"; "always": all, for a library '
            'of your own works; "never".',
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class FacetRules:
    """label: "" = the facet's own. limit: how many values are shown at first."""

    name: str
    label: Annotated[str, Setting(as_line_or_empty, '"": the usual name.')] = ""
    sort: Annotated[
        Literal["count", "label"],
        Setting(one_of("count", "label"), '"count": most frequent first; "label": by name.'),
    ] = "count"
    limit: Annotated[int, Setting(at_least(1), "How many values are shown before “more”.")] = 10


@dataclass(frozen=True, slots=True)
class SearchRules:
    """fulltext_words: at most so many words of full text per item."""

    fulltext: Annotated[bool, Setting(as_flag, "Search in the text of published attachments.")] = True
    fulltext_words: Annotated[int, Setting(at_least(0), "At most so many words of text for each item.")] = (
        20_000
    )


@dataclass(frozen=True, slots=True)
class FeedRules:
    """limit: entries per feed."""

    limit: Annotated[
        int, Setting(at_least(1), "Entries in a feed; at most 20 in that of a collection or tag.")
    ] = 50


@dataclass(frozen=True, slots=True)
class ThemeRules:
    name: Annotated[
        str,
        Setting(
            as_theme_name,
            "The theme: default, octavo, or the name of a folder in themes/ beside site.toml. Files in "
            "theme/ replace its files.",
        ),
    ] = "default"


@dataclass(frozen=True, slots=True)
class GuardRules:
    max_shrink: Annotated[
        float,
        Setting(
            as_share,
            "Stop when more than this share of the items or files, and more than 10, would vanish from the "
            "site. `build --allow-shrink` lets them go once.",
        ),
    ] = 0.2
    max_exposed: Annotated[
        int,
        Setting(
            at_least(0),
            "Stop when more items, notes and files than this were excluded by the last build and would now "
            "appear. `build --allow-exposed` lets them out once. Raise it if you publish by changing tags.",
        ),
    ] = 0


# Of each language the dialect that citation styles take for it, where that is not "xx-XX".
# https://github.com/citation-style-language/locales
_DIALECTS = {
    tag.partition("-")[0]: tag
    for tag in (
        *("af-ZA", "ar", "ca-AD", "cs-CZ", "cy-GB", "da-DK", "el-GR", "en-US", "et-EE"),
        *("eu", "fa-IR", "gl-ES", "he-IL", "hi-IN", "ja-JP", "km-KH", "ko-KR", "la", "nb-NO"),
        *("nn-NO", "pt-BR", "sl-SI", "sr-RS", "sv-SE", "uk-UA", "vi-VN", "zh-CN"),
    )
}


def citation_locale(language: str) -> str:
    """ "de" -> "de-DE"; a tag with a region is its own."""
    return language if "-" in language else _DIALECTS.get(language, f"{language}-{language.upper()}")


HOSTS = ("github-pages", "cloudflare-pages", "netlify", "gitlab-pages", "s3", "rsync")


@dataclass(frozen=True, slots=True)
class DeployRules:
    host: Annotated[
        str,
        Setting(
            one_of(*HOSTS),
            "Whose limits on size and number of files to watch: " + ", ".join(HOSTS) + ".",
        ),
    ] = "github-pages"


@dataclass(frozen=True, slots=True)
class OutputRules:
    path: Annotated[str, Setting(as_folder, "The folder of the finished site.")] = "_site"
    state: Annotated[
        str,
        Setting(
            as_folder,
            "The folder of the local copy of the library; all of it can be fetched again.",
        ),
    ] = ".zstatic"


Origins = Mapping[tuple[str | int, ...], str]


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one site.

    root: the folder of site.toml. output, state: absolute folders of the site and of mirror and manifest.
    api_key: None = only what is public.
    origins: (section, setting) -> where its value comes from; settings left at their defaults are absent.
    """

    root: Path
    site: SiteConfig
    libraries: tuple[LibraryConfig, ...]
    output: Path
    state: Path
    attachments: AttachmentRules = AttachmentRules()
    citations: CitationRules = CitationRules()
    exports: ExportRules = ExportRules()
    meta: MetaRules = MetaRules()
    facets: tuple[FacetRules, ...] = ()
    search: SearchRules = SearchRules()
    feeds: FeedRules = FeedRules()
    theme: ThemeRules = ThemeRules()
    guard: GuardRules = GuardRules()
    deploy: DeployRules = DeployRules()
    api_key: Secret | None = field(default=None, compare=False)
    origins: Origins = field(default_factory=dict, compare=False, repr=False)

    @property
    def citation_locale(self) -> str:
        """The language of citations, with the region under which citation styles know it."""
        return self.citations.locale or citation_locale(self.site.language)


SECTIONS: Mapping[str, type] = {
    "site": SiteConfig,
    "library": LibraryConfig,
    "select": SelectRules,
    "attachments": AttachmentRules,
    "citations": CitationRules,
    "exports": ExportRules,
    "meta": MetaRules,
    "facets": FacetRules,
    "search": SearchRules,
    "feeds": FeedRules,
    "theme": ThemeRules,
    "guard": GuardRules,
    "deploy": DeployRules,
    "output": OutputRules,
}

# Sections that are one plain table each and stand in Config under their own name.
PLAIN = ("attachments", "citations", "exports", "meta", "search", "feeds", "theme", "guard", "deploy")


def load_config(
    root: Path,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    base_url: str = "",
) -> Config:
    """Read a site's settings.

    config_file: default `site.toml` in root.
    environ: ZOTERO_API_KEY, ZOTERO_API_KEY_FILE and ZSTATIC_BASE_URL are read; None = no environment.
    base_url: wins over file and environment; "" = not given.
    Raises ConfigError naming every mistake at once.
    """
    # It fills the classes above, so they must be there before it is.
    from zstatic.sitefile import read_site

    return read_site(root, config_file, environ or {}, base_url)


def settings_of(cls: type) -> Mapping[str, Setting]:
    """The settings that a section's dataclass declares, in order."""
    hints = get_type_hints(cls, include_extras=True)
    return {
        name: note
        for name, hint in hints.items()
        for note in getattr(hint, "__metadata__", ())
        if isinstance(note, Setting)
    }

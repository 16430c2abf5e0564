"""Libraries, config and schema -> Context: every index that pages need, computed once."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup, escape

from zstatic.config import Config
from zstatic.facets import FACETS, Facet, Subject, Term, tag_term, type_term, year_label
from zstatic.library import Creator, Item, Library
from zstatic.pages.coins import coins
from zstatic.pages.languages import language_tag
from zstatic.richtext import plain, title_html
from zstatic.schema import Schema
from zstatic.selection import published_files
from zstatic.sorting import sort_key
from zstatic.translations import ENGLISH, N_, Words
from zstatic.urls import collection_path, file_name, item_path

PAGE_SIZE = 100
UNTITLED = N_("[Untitled]")
_NOTHING = Markup()

_CONTAINERS = (
    "publicationTitle",
    "bookTitle",
    "proceedingsTitle",
    "encyclopediaTitle",
    "dictionaryTitle",
    "websiteTitle",
    "blogTitle",
    "forumTitle",
    "programTitle",
    "conferenceName",
    "university",
    "institution",
    "publisher",
    "repository",
    "network",
    "studio",
    "distributor",
    "label",
    "series",
    "seriesTitle",
    "court",
    "code",
)
# Of these the archive says where they are; of what was published, only where one copy of it is.
_UNPUBLISHED = frozenset(("artwork", "document", "interview", "letter", "manuscript", "map"))
_NAMED_CREATORS = 3


@dataclass(frozen=True, slots=True)
class Link:
    """path: from the site's root, e.g. "tags/history/"; ends in "/" for pages."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Count:
    """A link and the number of items behind it. color: of a tag in Zotero, "#rrggbb"; "" = none."""

    label: str
    path: str
    count: int
    color: str = ""


@dataclass(frozen=True, slots=True)
class TagLink:
    """color: the tag's in Zotero, "#rrggbb"; "" = none."""

    label: str
    path: str
    color: str


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file beside its item's page.

    path: from the site's root. name: its last part. title: the attachment's. size: bytes.
    source: in the mirror.
    """

    key: str
    path: str
    name: str
    title: str
    media_type: str
    size: int
    md5: str
    source: Path


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as one entry of a list.

    item_type: Zotero's, for the icon. lang: of the title, "" unknown.
    creators, year, container: plain text, "" = none.
    file, file_kind: path and "PDF", "EPUB" … of its first file.
    """

    path: str
    title: Markup
    item_type: str
    type_label: str
    creators: str
    year: str
    container: str
    lang: str
    file: str
    file_kind: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An item together with its place in the site.

    path: of its page, "items/KEY/". title: plain text, never empty. creators: one line, e.g.
    "Ada Lovelace, Charles Babbage". year: "1843", "" = undated. terms: facet name -> its values.
    coins: the reference for lists (see `pages.coins`), "" = none.
    """

    library: Library
    item: Item
    path: str
    title: str
    title_html: Markup
    creators: str
    year: str
    container: str
    files: tuple[PublishedFile, ...]
    terms: Mapping[str, tuple[Term, ...]]
    line: ItemLine
    coins: Markup = _NOTHING


@dataclass(frozen=True, slots=True)
class Group:
    """A value of a facet with its items, in the site's order."""

    term: Term
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class CollectionNode:
    """A collection with its items.

    path: of its page. parents: outermost first. children: keys, by name. depth: 0 = top level.
    entries: filed here. subtree: with those of all subcollections, each once. Both in the site's order.
    """

    library: Library
    key: str
    name: str
    path: str
    parents: tuple[Link, ...]
    children: tuple[str, ...]
    depth: int
    entries: tuple[Entry, ...]
    subtree: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ContentPage:
    """A Markdown file of the site folder.

    path: of its page, "about/"; that of the home page, "", or of a collection if it is a text on there.
    is_index: the file is named index.md.
    """

    path: str
    title: str
    text: str
    is_index: bool = False

    @property
    def collection(self) -> str:
        """The key of the collection that the text stands with, "" = none."""
        found = re.fullmatch(r"(?:[^/]+/)?collections/([A-Z0-9]{8})/", self.path)
        return found[1] if found else ""

    @property
    def has_own_page(self) -> bool:
        return bool(self.path) and not self.collection


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is to be published.

    items: newest year first, undated last, then by title and key. by_key: (library slug, item key) -> Entry.
    groups: facet name -> its values in order. collections: (library slug, key) -> node, as the tree is read.
    repeated_titles: those that more than one item has.
    tag_colors: slug of a tag -> "#rrggbb", in Zotero's order; of libraries that disagree the first counts.
    words: what the pages say, in the site's language.
    """

    config: Config
    schema: Schema
    libraries: tuple[Library, ...]
    items: tuple[Entry, ...]
    by_key: Mapping[tuple[str, str], Entry]
    groups: Mapping[str, tuple[Group, ...]]
    collections: Mapping[tuple[str, str], CollectionNode]
    content: tuple[ContentPage, ...]
    repeated_titles: frozenset[str] = frozenset()
    tag_colors: Mapping[str, str] = field(default_factory=dict)
    words: Words = ENGLISH

    def page_title(self, entry: Entry) -> str:
        """The item's title, unique in the site: where several share it, with who, when and the item's key."""
        if entry.title not in self.repeated_titles:
            return entry.title
        marks = [part for part in (entry.creators, entry.year, entry.item.key) if part]
        return f"{entry.title} ({', '.join(marks)})"

    def absolute(self, path: str) -> str:
        """The URL of a path of the site; "" if the base URL is unknown."""
        base = self.config.site.base_url
        return base + quote(path) if base else ""


def make_context(
    libraries: Iterable[Library],
    config: Config,
    schema: Schema,
    files: Mapping[str, Path],
    content: tuple[ContentPage, ...] = (),
    words: Words = ENGLISH,
) -> Context:
    """files: md5 -> the file in the mirror, for all files that are there."""
    libraries = tuple(libraries)
    entries = [
        make_entry(library, item, config, schema, files, words)
        for library in libraries
        for item in library.items.values()
    ]
    entries = [entry for entry in entries if _has_page(entry, config)]
    language = config.site.language
    entries.sort(key=lambda entry: _site_order(entry, language))
    return Context(
        config=config,
        schema=schema,
        libraries=libraries,
        items=tuple(entries),
        by_key={(entry.library.slug, entry.item.key): entry for entry in entries},
        groups={facet.name: group_entries(facet, entries, language) for facet in FACETS.values()},
        collections={
            (library.slug, node.key): node
            for library in libraries
            for node in _tree(library, entries, language, words)
        },
        content=content,
        repeated_titles=_repeated(entry.title for entry in entries),
        tag_colors=_by_slug(libraries),
        words=words,
    )


def newest(entries: Sequence[Entry]) -> list[Entry]:
    """By the moment they were added to Zotero, latest first; what came at once keeps its order."""
    return sorted(entries, key=lambda entry: entry.item.date_added, reverse=True)


def _by_slug(libraries: Iterable[Library]) -> dict[str, str]:
    colors: dict[str, str] = {}
    for library in libraries:
        for tag, color in library.tag_colors.items():
            colors.setdefault(tag_term(tag).slug, color)
    return colors


def _repeated(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name, number in Counter(names).items() if number > 1)


def make_entry(
    library: Library, item: Item, config: Config, schema: Schema, files: Mapping[str, Path], words: Words
) -> Entry:
    path = item_path(library.slug, item.key)
    title = plain(item.title).strip()
    untitled = words.gettext(UNTITLED)
    markup = title_html(item.title) if title else escape(untitled)
    published = tuple(_files(item, path, config, files))
    creators = creator_line(item.creators, schema, words)
    year = "" if item.date.year is None else year_label(item.date.year, words)
    subject = Subject(library, item, schema, words, tuple(file_kind(file.media_type) for file in published))
    line = ItemLine(
        path=path,
        title=markup,
        item_type=item.item_type,
        type_label=type_term(item.item_type, schema).label,
        creators=creators,
        year=year,
        container=_container(item),
        lang=language_tag(item.fields.get("language", "")),
        file=published[0].path if published else "",
        file_kind=file_kind(published[0].media_type) if published else "",
    )
    return Entry(
        library=library,
        item=item,
        path=path,
        title=title or untitled,
        title_html=markup,
        creators=creators,
        year=year,
        container=line.container,
        files=published,
        terms={facet.name: facet.terms(subject) for facet in FACETS.values()},
        line=line,
        coins=coins(item),
    )


def _container(item: Item) -> str:
    """What it appeared in or with whom, plain; "" = unknown."""
    archive = ("archive",) if item.item_type in _UNPUBLISHED else ()
    names = (*_CONTAINERS, *archive)
    return next((plain(item.fields[name]) for name in names if item.fields.get(name)), "")


def creator_line(creators: Iterable[Creator], schema: Schema, words: Words) -> str:
    """The main creators by name, the role added where it is not plain authorship.

    "Ada Lovelace, Charles Babbage", "Grace Hopper (editor)", "A, B, C and 12 more".
    """
    named = [creator for creator in creators if creator.name]
    if not named:
        return ""
    roles = [creator.role for creator in named]
    role = "author" if "author" in roles else roles[0]
    names = [creator.name for creator in named if creator.role == role]
    line = short_list(names, words)
    if role in ("editor", "seriesEditor", "translator", "contributor"):
        line += f" ({words.within(schema.creator_label(role))})"
    return line


def short_list(names: Sequence[str], words: Words) -> str:
    """The first three names, and how many more there are; search.js makes the same of them."""
    first, more = words.list(names[:_NAMED_CREATORS]), len(names) - _NAMED_CREATORS
    return words.gettext("%(names)s and %(n)s more", names=first, n=words.number(more)) if more > 0 else first


_FILE_KINDS = {"application/pdf": "PDF", "application/epub+zip": "EPUB", "text/html": "HTML"}


def file_kind(media_type: str) -> str:
    """For reading: "PDF", "JPEG"."""
    return _FILE_KINDS.get(media_type) or media_type.rpartition("/")[2].upper() or "File"


def _has_page(entry: Entry, config: Config) -> bool:
    """A standalone attachment is nothing but its file or link; without that there is nothing to show."""
    links = config.attachments.link_urls and any(file.url for file in entry.item.attachments)
    return entry.item.item_type != "attachment" or bool(entry.files or links)


def _site_order(entry: Entry, language: str) -> tuple[bool, int, str, str, str]:
    year = entry.item.date.year
    return (year is None, -(year or 0), sort_key(entry.title, language), entry.item.key, entry.library.slug)


def _files(item: Item, path: str, config: Config, files: Mapping[str, Path]) -> Iterator[PublishedFile]:
    taken: set[str] = set()
    for attachment in published_files(item, config.attachments, files.get):
        assert attachment.md5 is not None
        name = file_name(attachment, taken)
        taken.add(name)
        source = files[attachment.md5]
        yield PublishedFile(
            key=attachment.key,
            path=path + name,
            name=name,
            title=attachment.title or name,
            media_type=attachment.media_type,
            size=source.stat().st_size,
            md5=attachment.md5,
            source=source,
        )


def group_entries(facet: Facet, entries: Iterable[Entry], language: str) -> tuple[Group, ...]:
    """Gather entries by the facet's terms, in the facet's order; entries keep theirs.

    Spellings that share a slug share a group, headed by the most frequent one.
    """
    spellings: dict[str, Counter[Term]] = {}
    members: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        for term in entry.terms[facet.name]:
            spellings.setdefault(term.slug, Counter())[term] += 1
            members.setdefault(term.slug, {})[entry.path] = entry
    groups = [
        Group(min(terms, key=_by_frequency(terms)), tuple(members[slug].values()))
        for slug, terms in spellings.items()
    ]
    return tuple(sorted(groups, key=lambda group: (*facet.order(group.term, language), group.term.slug)))


def _by_frequency(terms: Counter[Term]) -> Callable[[Term], tuple[int, str, str]]:
    return lambda term: (-terms[term], term.heading, term.label)


def _tree(
    library: Library, ordered: Iterable[Entry], language: str, words: Words
) -> Iterator[CollectionNode]:
    """The library's collections, parents first, siblings by name."""
    children: dict[str | None, list[str]] = {}
    untitled = words.gettext(UNTITLED)
    names = {key: collection.name.strip() or untitled for key, collection in library.collections.items()}
    for key in sorted(names, key=lambda key: (sort_key(names[key], language), key)):
        children.setdefault(library.collections[key].parent, []).append(key)

    # Depth first without recursion: nesting has no limit in Zotero.
    walk: list[str] = []
    parents: dict[str, tuple[Link, ...]] = {}
    stack = list(reversed(children.get(None, [])))
    while stack:
        key = stack.pop()
        parent = library.collections[key].parent
        above = parents[parent] if parent else ()
        if parent:
            above += (Link(names[parent], collection_path(library.slug, parent)),)
        parents[key] = above
        walk.append(key)
        stack.extend(reversed(children.get(key, [])))

    filed: dict[str, dict[int, Entry]] = {key: {} for key in walk}
    for rank, entry in enumerate(ordered):
        if entry.library is library:
            for key in entry.item.collections:
                filed[key][rank] = entry
    below = {key: dict(entries) for key, entries in filed.items()}
    for key in reversed(walk):
        parent = library.collections[key].parent
        if parent:
            below[parent].update(below[key])

    for key in walk:
        yield CollectionNode(
            library=library,
            key=key,
            name=names[key],
            path=collection_path(library.slug, key),
            parents=parents[key],
            children=tuple(children.get(key, [])),
            depth=len(parents[key]),
            entries=tuple(filed[key].values()),
            subtree=tuple(below[key][rank] for rank in sorted(below[key])),
        )

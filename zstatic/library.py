"""Mirror -> Library: Zotero's raw JSON becomes typed, frozen values. Raw JSON stops here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from zstatic.config import Config, LibraryConfig
from zstatic.dates import PartialDate, parse_date
from zstatic.errors import Problem
from zstatic.richtext import clean, note_text
from zstatic.schema import Schema
from zstatic.shapes import PARTS, collection_keys, lost_parts, tag_names
from zstatic.urls import public_url, safe_href, without_folders, without_private_places

if TYPE_CHECKING:
    from zstatic.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Creator:
    """A person or institution in a role.

    role: Zotero's creatorType, e.g. "author".
    family: the whole name of an institution or of a name in a single field; given is then "".
    """

    role: str
    family: str
    given: str = ""

    @property
    def name(self) -> str:
        """For reading: "Jan van der Berg"."""
        return f"{self.given} {self.family}".strip()

    @property
    def sort_name(self) -> str:
        """For lists: "van der Berg, Jan"."""
        return f"{self.family}, {self.given}" if self.given and self.family else self.name


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or link.

    link_mode: Zotero's linkMode. media_type: lower case, without parameters.
    filename: as stored in Zotero; never use it as a path. "" for links, and always for linked_file.
    md5: of the file itself; None = there is no stored file. url: http(s) only, else "".
    """

    key: str
    title: str
    link_mode: str
    media_type: str
    filename: str
    md5: str | None
    url: str
    tags: tuple[str, ...]
    date_added: str


@dataclass(frozen=True, slots=True)
class Note:
    """html: as stored, NOT sanitised; only `richtext.note_html` may turn it into markup."""

    key: str
    html: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """parent: key of a collection in the same Library; None = top level."""

    key: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """A top-level item: a regular one, a standalone attachment or a standalone note.

    item_type: Zotero's, e.g. "journalArticle"; "attachment" and "note" for standalone ones,
        whose own file or text is the only member of attachments or notes.
    title: raw, may carry Zotero's inline markup (see richtext); from the type's own title field; may be "".
        A standalone note's first line.
    fields: every other non-empty field, the date included, in the schema's order, then by name those it does
        not know; raw text.
    tags: stripped, without repeats, in Zotero's order; from `selection.select` on, also without repeats in
        another case. (Not before: a rule may name the other case.)
    collections: keys that exist in the Library, sorted.
    related: keys of items in the same Library, sorted; both directions, never itself.
    replaces: old keys of items merged into this one (dc:replaces), sorted; none is an item in the Library.
    cites, cited_by: keys of items in the same Library, sorted; what notes tagged "_cites" name.
    attachments: in Zotero's order of the best one: files before links, PDFs before others, those from the
        item's own URL first, then the oldest.
    notes: oldest first.
    date_added, date_modified: "2026-11-20T17:55:05Z"; "" if absent or unreadable.
    citations: style -> HTML of the formatted reference as the API gives it, NOT sanitised.
    exports: format -> the item as Zotero exports it (BibTeX, RIS text; CSL-JSON as JSON text); raw until
        `selection.select` has rewritten it: from then on without excluded tags, notes, files and library
        numbers.
    """

    key: str
    item_type: str
    title: str
    creators: tuple[Creator, ...]
    date: PartialDate
    fields: Mapping[str, str]
    tags: tuple[str, ...]
    collections: tuple[str, ...]
    related: tuple[str, ...]
    replaces: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    notes: tuple[Note, ...]
    date_added: str
    date_modified: str
    citations: Mapping[str, str]
    exports: Mapping[str, str]
    cites: tuple[str, ...] = ()
    cited_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """A regular item in the trash; what comes out of `selection.select` has its key alone."""

    key: str
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """One library; every key mentioned in it exists in it.

    id: "groups/123". slug: path prefix, "" = root. version: Zotero's library version.
    items, collections: by key, in key order.
    tag_colors: tag -> "#rrggbb", of the tags that have a colour in Zotero, in the order it gives them.
    removed: by key, in key order.
    unplaced: keys of items in a collection that is not here, or that lies in such a one: whether they are in
        a certain collection is not known.
    untagged: keys of items, notes and files with a tag that cannot be read: whether they have a certain one
        is not known.
    is_public: a group that everybody can read at zotero.org.
    """

    id: str
    slug: str
    name: str
    version: int
    items: Mapping[str, Item]
    collections: Mapping[str, Collection]
    problems: tuple[Problem, ...] = ()
    tag_colors: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[Removed, ...] = ()
    unplaced: frozenset[str] = frozenset()
    untagged: frozenset[str] = frozenset()
    is_public: bool = False


JSON = Any

_KEY = re.compile(r"[A-Z0-9]{8}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
# The address by which Zotero knows an item: library and key.
ITEM_URI = re.compile(r"https?://(?:www\.)?zotero\.org/((?:users|groups)/\d+)/items/([A-Z0-9]{8})")

_CHILD_TYPES = ("attachment", "note", "annotation")
# Not to be taken for fields that a newer schema brings: what describes the object, its file or its people.
_NOT_FIELDS = frozenset(
    (
        *("key", "version", "itemType", "parentItem", "dateAdded", "dateModified", "libraryID", "note"),
        *("creators", "tags", "collections", "relations", "deleted", "inPublications"),
        *("linkMode", "contentType", "charset", "filename", "path", "md5", "mtime"),
        *("createdByUser", "createdByUserID", "lastModifiedByUser", "lastModifiedByUserID", "username"),
    )
)


def read_library(mirror: Mirror, config: Config, library: LibraryConfig) -> Library:
    """Read one mirrored library, with everything in it that is not in the trash.

    What cannot be read is left out and named in `problems`. Nothing is selected yet: see `selection`.
    """
    problems: list[Problem] = []
    schema = Schema.from_json(mirror.schema())
    shelves = _read_objects(mirror, "collections", library, problems)
    collections = _collections(shelves, library, problems)
    texts = _Texts(
        {style: mirror.citations(style, config.citation_locale) for style in config.citations.styles},
        {format: mirror.exports(format) for format in config.exports.formats},
    )
    objects = _read_objects(mirror, "items", library, problems)
    live, children = _place_items(objects, library, problems)
    gone = {
        key: raw
        for key, raw in objects.items()
        if raw.is_trashed and raw.item_type and raw.item_type not in _CHILD_TYPES
    }
    relations = _resolve_relations(live, children, library)
    lost = _lost_parts(schema, (*live.values(), *gone.values(), *chain.from_iterable(children.values())))
    problems += [_lost_problem(library, key, names) for key, names in lost.items()]
    items: dict[str, Item] = {}
    for key, raw in live.items():
        items[key] = _item(raw, schema, collections, children.get(key, []), relations[key], texts)
    return Library(
        id=library.id,
        slug=library.slug,
        # Never the id in its place, nor a personal library's own name: they are an account's number and name.
        name=clean(library.name or _group_name(mirror, library) or config.site.title).strip(),
        version=mirror.library_version,
        items=items,
        collections=collections,
        problems=tuple(problems),
        tag_colors=_tag_colors(mirror),
        removed=tuple(Removed(key, _tags(raw), _known(raw, collections)) for key, raw in gone.items()),
        unplaced=_unplaced({**live, **gone}, shelves) | _losing(lost, "collections"),
        untagged=_losing(lost, "tags"),
        is_public=mirror.is_public,
    )


def _lost_parts(schema: Schema, objects: Iterable[_Raw]) -> dict[str, list[str]]:
    """Name for each object what is in it and cannot be read, sorted by key."""
    found: dict[str, list[str]] = {}
    for raw in sorted(objects, key=lambda raw: raw.key):
        odd = [name for name, value in raw.data.items() if isinstance(value, (dict, list)) and value]
        texts = sorted(name for name in odd if name not in PARTS and _is_text(name, raw.item_type, schema))
        if lost := [*lost_parts(raw.data), *texts]:
            found[raw.key] = lost
    return found


def _is_text(name: str, item_type: str, schema: Schema) -> bool:
    return name in (*_OWN_TEXTS, schema.title_field(item_type), *schema.fields(item_type))


_OWN_TEXTS = ("title", "note", "url", "filename", "contentType", "linkMode", "md5")


def _lost_problem(library: LibraryConfig, key: str, names: list[str]) -> Problem:
    message = f"Zotero sent something in it that zstatic cannot read; it is left out ({', '.join(names)})."
    return _problem("part-unreadable", library, key, message)


def _losing(lost: Mapping[str, list[str]], name: str) -> frozenset[str]:
    return frozenset(key for key, names in lost.items() if name in names)


def _group_name(mirror: Mirror, library: LibraryConfig) -> str:
    return mirror.library_name if library.id.startswith("groups/") else ""


def _tag_colors(mirror: Mirror) -> dict[str, str]:
    """Zotero keeps them as a setting of the library: [{"name": "to-read", "color": "#FF6666"}]."""
    setting = dict(mirror.objects("settings")).get("tagColors", {})
    rows = setting.get("value") if isinstance(setting, dict) else None
    colors: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else []:
        name, color = (row.get("name"), row.get("color")) if isinstance(row, dict) else (None, None)
        if isinstance(name, str) and isinstance(color, str) and _COLOR.fullmatch(color.lower()):
            colors.setdefault(clean(name).strip(), color.lower())
    return colors


@dataclass(frozen=True, slots=True)
class _Raw:
    """One raw object whose shape has been checked. meta, data: as received."""

    key: str
    library: str
    meta: Mapping[str, JSON]
    data: Mapping[str, JSON]

    def text(self, name: str) -> str:
        """A field without control characters and outer spaces; "" when absent or not text."""
        value = self.data.get(name)
        if isinstance(value, str):
            return clean(value).strip()
        return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""

    def rows(self, name: str) -> list[dict[str, JSON]]:
        value = self.data.get(name)
        return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

    @property
    def item_type(self) -> str:
        return self.text("itemType")

    @property
    def parent(self) -> str:
        return self.text("parentItem")

    @property
    def is_trashed(self) -> bool:
        return bool(self.data.get("deleted"))


@dataclass(frozen=True, slots=True)
class _Texts:
    """citations: style -> item key -> HTML. exports: format -> item key -> text."""

    citations: Mapping[str, Mapping[str, str]]
    exports: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _Relations:
    related: tuple[str, ...]
    replaces: tuple[str, ...]
    cites: tuple[str, ...]
    cited_by: tuple[str, ...]


def _read_objects(
    mirror: Mirror, kind: Literal["items", "collections"], library: LibraryConfig, problems: list[Problem]
) -> dict[str, _Raw]:
    """All objects of a kind that have the shape of one, in key order."""
    objects: dict[str, _Raw] = {}
    for key, raw in mirror.objects(kind):
        data = raw.get("data") if isinstance(raw, dict) else None
        if not _KEY.fullmatch(key) or not isinstance(data, dict):
            where = f"{library.id}/{kind}/{key}"
            problems.append(Problem("object-unreadable", where, "Not an object of Zotero's; left out."))
            continue
        meta, owner = raw.get("meta"), raw.get("library")
        objects[key] = _Raw(key, _owner(owner), meta if isinstance(meta, dict) else {}, data)
    return dict(sorted(objects.items()))


def _owner(library: JSON) -> str:
    """Whose object it is, as item URIs name it: "users/123". The desktop API answers to users/0 instead."""
    return f"{library.get('type')}s/{library.get('id')}" if isinstance(library, dict) else ""


# Collections


def _collections(
    objects: Mapping[str, _Raw], library: LibraryConfig, problems: list[Problem]
) -> dict[str, Collection]:
    """The collections that are not in the trash themselves; one without a living parent is top-level."""
    live = {key: raw for key, raw in objects.items() if not raw.is_trashed}
    parents = {key: raw.text("parentCollection") for key, raw in live.items()}
    tree = {key: parent if parent in live else None for key, parent in parents.items()}
    for key in _cycle_breakers(tree):
        where = f"{library.id}/collections/{key}"
        problems.append(Problem("collection-cycle", where, "It lies within itself; moved to the top level."))
        tree[key] = None
    return {key: Collection(key, raw.text("name"), tree[key]) for key, raw in live.items()}


def _cycle_breakers(tree: Mapping[str, str | None]) -> list[str]:
    """The first key of each cycle of parents."""
    done: set[str] = set()
    breakers = []
    for start in tree:
        path: dict[str, None] = {}
        key: str | None = start
        while key is not None and key not in done and key not in path:
            path[key] = None
            key = tree[key]
        if key is not None and key in path:
            keys = list(path)
            breakers.append(min(keys[keys.index(key) :]))
        done.update(path)
    return breakers


def _unplaced(items: Mapping[str, _Raw], collections: Mapping[str, _Raw]) -> frozenset[str]:
    """The items of which a collection, or one above it, is not here. In the trash is here."""
    known: dict[str, bool] = {}
    for start in collections:
        path: dict[str, None] = {}
        key = start
        while key in collections and key not in known and key not in path:
            path[key] = None
            key = collections[key].text("parentCollection")
        # A cycle ends in itself.
        whole = key == "" or known.get(key, key in path)
        known |= dict.fromkeys(path, whole)
    return frozenset(
        key
        for key, raw in items.items()
        if not all(known.get(each, False) for each in collection_keys(raw.data))
    )


# Which items stand where


def _place_items(
    objects: dict[str, _Raw], library: LibraryConfig, problems: list[Problem]
) -> tuple[dict[str, _Raw], dict[str, list[_Raw]]]:
    """The live top-level items by key, and the live notes and attachments of each.

    Zotero leaves the children of a trashed parent unflagged: they go with it.
    """
    live: dict[str, _Raw] = {}
    children: dict[str, list[_Raw]] = {}
    for key, raw in objects.items():
        if raw.is_trashed or not raw.item_type or not _is_published_kind(raw):
            if not raw.item_type:
                problems.append(_problem("object-unreadable", library, key, "It has no item type; left out."))
        elif not raw.parent:
            live[key] = raw
        elif raw.parent not in objects or objects[raw.parent].parent:
            problems.append(_problem("parent-missing", library, key, "It has no parent item; left out."))
        elif not objects[raw.parent].is_trashed:
            children.setdefault(raw.parent, []).append(raw)
    return live, children


def _is_published_kind(raw: _Raw) -> bool:
    """Annotations and the images inside notes are parts of other things, and people's own thinking."""
    return raw.item_type != "annotation" and raw.data.get("linkMode") != "embedded_image"


def _problem(code: str, library: LibraryConfig, key: str, message: str) -> Problem:
    return Problem(code, f"{library.id}/items/{key}", message)


# Relations


def _resolve_relations(
    items: Mapping[str, _Raw], children: Mapping[str, Iterable[_Raw]], library: LibraryConfig
) -> dict[str, _Relations]:
    """Relations among these items, in both directions.

    A merged item's old key leads to what it was merged into.
    """
    owner = library.id.removesuffix("/publications")
    replaced: dict[str, str] = {}
    replaces: dict[str, set[str]] = {key: set() for key in items}
    for key, raw in items.items():
        for old in _related_keys(raw, "dc:replaces", owner):
            if old not in items and replaced.setdefault(old, key) == key:
                replaces[key].add(old)

    def others(key: str, named: Iterable[str]) -> set[str]:
        found = {replaced.get(other, other) for other in named}
        return {other for other in found if other in items and other != key}

    related: dict[str, set[str]] = {key: set() for key in items}
    cites = {key: others(key, _cited_keys(children.get(key, ()), owner)) for key in items}
    cited_by: dict[str, set[str]] = {key: set() for key in items}
    for key, raw in items.items():
        for other in others(key, _related_keys(raw, "dc:relation", owner)):
            related[key].add(other)
            related[other].add(key)
        for other in cites[key]:
            cited_by[other].add(key)
    return {
        key: _Relations(*(tuple(sorted(keys[key])) for keys in (related, replaces, cites, cited_by)))
        for key in items
    }


def _related_keys(raw: _Raw, predicate: str, owner: str) -> Iterator[str]:
    """The keys that a relation names in the item's own library; the same key may exist in others."""
    relations = raw.data.get("relations")
    value = relations.get(predicate) if isinstance(relations, dict) else None
    for uri in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        match = ITEM_URI.fullmatch(uri) if isinstance(uri, str) else None
        if match and match[1] in (owner, raw.library):
            yield match[2]


CITES_TAG = "_cites"
# As Zotero copies links to items, as its web library's addresses are, and as its note editor cites.
_ITEM_LINK = re.compile(
    r"zotero(?:\.org|://select)/((?:groups|users)/\d+|[\w.-]+)/(?:[^\s\"'<>]*?/)?items/([A-Z0-9]{8})"
)


def _cited_keys(children: Iterable[_Raw], owner: str) -> Iterator[str]:
    """The keys of the owner's items that an item's notes with the tag name by links or citations."""
    for raw in children:
        if raw.item_type == "note" and CITES_TAG in (tag.lower() for tag in _tags(raw)):
            for named, key in _ITEM_LINK.findall(unquote(raw.text("note"))):
                # Links into a personal library may name it by the word "library" or its owner's name.
                is_personal = "/" not in named and owner.startswith("users/")
                if is_personal or named in (owner, raw.library):
                    yield key


# Items


def _item(
    raw: _Raw,
    schema: Schema,
    collections: Mapping[str, Collection],
    children: list[_Raw],
    relations: _Relations,
    texts: _Texts,
) -> Item:
    item_type = raw.item_type
    # A standalone attachment or note is an item and its own only child.
    own = [raw, *children] if item_type in _CHILD_TYPES else children
    title_field = schema.title_field(item_type)
    url = raw.text("url")
    return Item(
        key=raw.key,
        item_type=item_type,
        title=_title(raw, title_field),
        creators=_creators(raw),
        date=parse_date(raw.text(schema.date_field(item_type)), _meta_text(raw, "parsedDate")),
        fields=_fields(raw, schema, title_field),
        tags=_tags(raw),
        collections=_known(raw, collections),
        related=relations.related,
        replaces=relations.replaces,
        cites=relations.cites,
        cited_by=relations.cited_by,
        attachments=_attachments(own, url),
        notes=_notes(own),
        date_added=_timestamp(raw.text("dateAdded")),
        date_modified=_timestamp(raw.text("dateModified")),
        citations=_without_hidden(_texts_of(raw, texts.citations), url),
        exports=_texts_of(raw, texts.exports),
    )


def _meta_text(raw: _Raw, name: str) -> str:
    value = raw.meta.get(name)
    return value if isinstance(value, str) else ""


def _known(raw: _Raw, collections: Mapping[str, Collection]) -> tuple[str, ...]:
    # A deleted collection stays in its items' lists until they are next changed.
    return tuple(sorted({*collection_keys(raw.data)} & collections.keys()))


def _texts_of(raw: _Raw, texts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What Zotero made of an item; of a standalone file or note it makes a reference that is none."""
    if raw.item_type in _CHILD_TYPES:
        return {}
    return {name: text for name, by_key in texts.items() if (text := by_key.get(raw.key, "")).strip()}


def _without_hidden(citations: dict[str, str], url: str) -> dict[str, str]:
    """The references without an address that is not shown."""
    # What is shorter names nothing, and may be part of any word.
    if len(url) > 5 and not public_url(url):
        for written in (url, escape(url, quote=False)):
            citations = {style: html.replace(written, "") for style, html in citations.items()}
    return {style: without_private_places(html) for style, html in citations.items()}


def _fields(raw: _Raw, schema: Schema, title_field: str) -> dict[str, str]:
    known = schema.fields(raw.item_type)
    names = [name for name in known if name != title_field]
    if raw.item_type not in _CHILD_TYPES:
        taken = {*known, title_field, *_NOT_FIELDS}
        names += sorted(name for name in raw.data.keys() - taken if _FIELD_NAME.fullmatch(name))
    return {name: text for name in names if (text := _public_text(name, raw.text(name)))}


def _public_text(field: str, text: str) -> str:
    return public_url(text) if field == "url" else without_private_places(text)


def _tags(raw: _Raw) -> tuple[str, ...]:
    tags = (clean(name).strip() for name in tag_names(raw.data))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _creators(raw: _Raw) -> tuple[Creator, ...]:
    return tuple(creator for row in raw.rows("creators") if (creator := _creator(row)).family)


def _creator(row: Mapping[str, JSON]) -> Creator:
    role, name, family, given = (
        " ".join(clean(value).split()) if isinstance(value := row.get(part), str) else ""
        for part in ("creatorType", "name", "lastName", "firstName")
    )
    role = role or "author"
    if name or not family:
        return Creator(role, name or given)
    return Creator(role, family, given)


def _attachments(children: Iterable[_Raw], item_url: str) -> tuple[Attachment, ...]:
    found = [_attachment(raw) for raw in children if raw.item_type == "attachment"]

    def order(attachment: Attachment) -> tuple[bool, bool, bool, str, str]:
        return (
            attachment.link_mode == "linked_url",
            attachment.media_type != "application/pdf",
            not item_url or attachment.url != item_url,
            attachment.date_added,
            attachment.key,
        )

    return tuple(sorted(found, key=order))


def _attachment(raw: _Raw) -> Attachment:
    link_mode = raw.text("linkMode")
    is_stored = link_mode in ("imported_file", "imported_url")
    md5 = raw.text("md5").lower()
    return Attachment(
        key=raw.key,
        title=_file_title(raw),
        link_mode=link_mode,
        media_type=raw.text("contentType").partition(";")[0].strip().lower(),
        filename=without_folders(raw.text("filename")) if is_stored else "",
        md5=md5 if is_stored and _MD5.fullmatch(md5) else None,
        url="" if link_mode == "linked_file" else _web_url(raw.text("url")),
        tags=_tags(raw),
        date_added=_timestamp(raw.text("dateAdded")),
    )


def _file_title(raw: _Raw) -> str:
    title = without_folders(raw.text("title"))
    # That of a linked file may repeat a path that does not even look like one.
    return re.split(r"[/\\]", title)[-1] if raw.text("linkMode") == "linked_file" else title


def _web_url(url: str) -> str:
    href = safe_href(url)
    return "" if href.startswith("mailto:") else href


def _notes(children: Iterable[_Raw]) -> tuple[Note, ...]:
    notes = [raw for raw in children if raw.item_type == "note"]
    notes.sort(key=lambda raw: (raw.text("dateAdded"), raw.key))
    return tuple(Note(raw.key, without_private_places(raw.text("note")), _tags(raw)) for raw in notes)


def _title(raw: _Raw, field: str) -> str:
    if raw.item_type == "attachment":
        return _file_title(raw)
    return _note_title(raw) if raw.item_type == "note" else without_private_places(raw.text(field))


def _note_title(raw: _Raw) -> str:
    lines = note_text(raw.text("note")).split("\n")
    return lines[0] if len(lines[0]) <= 120 else f"{lines[0][:119].rstrip()}…"


def _timestamp(text: str) -> str:
    """A point in time the way Zotero writes it; "" for anything that is none."""
    try:
        when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return when.replace(microsecond=0, tzinfo=None).isoformat() + "Z"

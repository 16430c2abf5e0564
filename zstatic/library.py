"""Mirror -> Library: Zotero's raw JSON becomes typed, frozen values. Raw JSON stops here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zstatic.dates import PartialDate
from zstatic.errors import Problem


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
    title: raw, may carry Zotero's inline markup (see richtext); taken from the type's own title field; may be "".
    fields: every other non-empty field, in the schema's order; raw text.
    tags: stripped, without repeats (compared casefolded), in Zotero's order.
    collections: keys that exist in the Library, sorted.
    related: keys of items in the same Library, sorted; both directions, never itself.
    replaces: old keys of items merged into this one (dc:replaces).
    date_added, date_modified: ISO 8601 as Zotero gives it; "" if absent.
    citations: style -> HTML of the formatted reference as the API gives it, NOT sanitised.
    exports: format -> the item as Zotero exports it (BibTeX, RIS text; CSL-JSON as JSON text).
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


@dataclass(frozen=True, slots=True)
class Library:
    """One library; every key mentioned in it exists in it.

    id: "groups/123". slug: path prefix, "" = root. version: Zotero's library version.
    items, collections: by key, in key order.
    """

    id: str
    slug: str
    name: str
    version: int
    items: Mapping[str, Item]
    collections: Mapping[str, Collection]
    problems: tuple[Problem, ...] = ()

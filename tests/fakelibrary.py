"""A Zotero library that tests change; versions count as on Zotero's server.

`FakeZotero.load`, `add_library` and `add_content` (fakezotero.py) make and serve them.
"""

import hashlib
import html
import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from zstatic.sample.answers import JSON, FileBody, Shelf
from zstatic.sample.server import by_key, zotero_headers

KEY_LETTERS = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
KINDS = ("items", "collections", "searches", "settings", "tags")
CHILD_TYPES = ("note", "attachment", "annotation")
DATES = ("date", "dateDecided", "dateEnacted", "issueDate")
# Fields that no citation shows.
UNCITED = {
    "version",
    "tags",
    "collections",
    "relations",
    "deleted",
    "inPublications",
    "dateModified",
    "md5",
    "mtime",
}
NOW = "2026-11-21T00:00:00Z"
STYLES = {
    "apa",
    "chicago-author-date",
    "chicago-shortened-notes-bibliography",
    "harvard-cite-them-right",
    "ieee",
    "modern-language-association",
    "vancouver",
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What a key opens. groups: "all" that its user is a member of, or the numbers of those it reads."""

    user: int
    library: bool = True
    notes: bool = True
    files: bool = True
    write: bool = False
    groups: tuple[int, ...] | str = "all"
    username: str = "libuser"


class FakeLibrary:
    """A library that tests change. Every change raises `version` by one.

    items, collections, searches, settings: key -> API object, oldest first. Read them; change by the methods.
    members: users whose keys open this group; empty: every key does.
    public_notes: may strangers read the notes of a public user library.
    group: what differs from the defaults in the group's own description.
    """

    def __init__(self, id: str, name: str, version: int = 0) -> None:
        self.id = id.strip("/")
        self.prefix = "/" + self.id
        self.name = name
        self.version = version
        self.style = "apa"
        self.is_group = self.id.startswith("groups/")
        self.number = int(self.id.rpartition("/")[2])
        self.public = self.is_group
        self.public_notes = False
        self.members: set[int] = set()
        self.group: JSON = {}
        self.group_version = 1
        self.items: dict[str, JSON] = {}
        self.collections: dict[str, JSON] = {}
        self.searches: dict[str, JSON] = {}
        self.settings: dict[str, JSON] = {}
        self.deleted: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self.fulltext_versions: dict[str, int] = {}
        self.fulltext: dict[str, JSON] = {}
        self.file_headers: dict[str, dict[str, str]] = {}
        self.files: dict[str, FileBody] = {}
        self.lock = RLock()
        self._new_keys = key_maker(self.id)

    # --- reading

    def opens(self, key: ApiKey | None) -> bool:
        """Say whether a key, if any, reads this library as its owner's or a member's."""
        if key is None:
            return False
        if not self.is_group:
            return key.library and key.user == self.number
        named = key.groups == "all" or self.number in key.groups
        return named and (key.user in self.members or not self.members)

    def shelf(self, key: ApiKey | None, storage: str, schema_version: int) -> Shelf:
        """Give the library as the holder of a key sees it. storage: URL of the storage host."""
        own = key if self.opens(key) else None
        return Shelf(
            prefix=self.prefix,
            version=self.version,
            items=self.items,
            collections=self.collections,
            searches=self.searches,
            settings=self.settings,
            deleted=self.deleted,
            fulltext_versions=self.fulltext_versions,
            fulltext=self.fulltext,
            file_headers=self.file_headers,
            storage=storage,
            schema_version=schema_version,
            style=self.style,
            reads_notes=self.is_group or (own.notes if own else self.public_notes),
            reads_files=own.files if own else not self.is_group,
            cite=cite,
        )

    def as_group(self) -> JSON:
        """Give what GET /groups/N answers: metadata with a version of its own."""
        described = {
            "id": self.number,
            "version": self.group_version,
            "name": self.name,
            "owner": 1001,
            "type": "PublicClosed" if self.public else "Private",
            "description": "",
            "url": "",
            "libraryEditing": "members",
            "libraryReading": "all" if self.public else "members",
            "fileEditing": "members",
            **self.group,
        }
        links = {"self": link_to(self.prefix)}
        meta = {"created": NOW, "lastModified": NOW, "numItems": len(self.items)}
        return {
            "id": self.number,
            "version": self.group_version,
            "links": links,
            "meta": meta,
            "data": described,
        }

    # --- changing

    def move_version(self, by: int = 1) -> int:
        """Raise the library version without a change: versions have gaps."""
        with self.lock:
            self.version += by
            return self.version

    def add_item(self, key: str = "", **data: Any) -> str:
        """Add an item, a book unless told otherwise; gives its key.

        key: to re-create a deleted one, which leaves the delete log. tags: names or Zotero's objects.
        creators: "Family, Given", "Name" or Zotero's objects.
        """
        with self.lock:
            key = key or next(self._new_keys)
            kind = data.get("itemType", "book")
            given: JSON = {
                "itemType": kind,
                "tags": [],
                "relations": {},
                "dateAdded": NOW,
                "dateModified": NOW,
            }
            if "parentItem" not in data:
                given["collections"] = []
            if kind not in CHILD_TYPES:
                given |= {"title": "", "creators": [], "date": ""}
            self.deleted["items"].pop(key, None)
            self._put_item(key, {**given, **in_api_shape(data)})
            return key

    def add_note(self, parent: str | None, note: str, **data: Any) -> str:
        """Add a note to an item; parent None: a standalone one."""
        return self.add_item(itemType="note", note=note, **under(parent), **data)

    def add_attachment(
        self,
        parent: str | None,
        body: FileBody | None = None,
        filename: str = "file.pdf",
        content_type: str = "application/pdf",
        zipped: bool = False,
        **data: Any,
    ) -> str:
        """Add an attachment; without a body it was never uploaded. zipped: the body is a snapshot's ZIP."""
        given = {
            "itemType": "attachment",
            "linkMode": "imported_file",
            "title": filename,
            "filename": filename,
            "contentType": content_type,
            "charset": "",
            "accessDate": "",
            "url": "",
            "note": "",
            "md5": None,
            "mtime": None,
        }
        key = self.add_item(**{**given, **under(parent), **data})
        if body is not None:
            self.put_file(key, body, zipped)
        return key

    def put_file(self, key: str, body: FileBody, zipped: bool = False, md5: str = "") -> None:
        """Store the bytes of an attachment. md5: of the main file inside, when the body is a ZIP."""
        with self.lock:
            size = body.stat().st_size if isinstance(body, Path) else len(body)
            digest = md5_of(body)
            self.files[key] = body
            self.file_headers[key] = {
                "Zotero-File-Modification-Time": "1700000000000",
                "Zotero-File-MD5": digest,
                "Zotero-File-Size": str(size),
                "Zotero-File-Compressed": "Yes" if zipped else "No",
            }
            self.edit_item(key, md5=md5 or digest, mtime=1700000000000)

    def lose_file(self, key: str) -> None:
        """Forget the bytes of an attachment whose item still names them: /file answers 404."""
        with self.lock:
            self.files.pop(key, None)
            self.file_headers.pop(key, None)

    def edit_item(self, key: str, **data: Any) -> None:
        """Change fields of an item."""
        with self.lock:
            self._put_item(key, {**self.items[key]["data"], **in_api_shape(data)})

    def move_item(self, key: str, *collections: str) -> None:
        """Put an item into these collections and no others."""
        self.edit_item(key, collections=list(collections))

    def trash_item(self, key: str) -> None:
        """Put an item into the trash; its children are not flagged."""
        self.edit_item(key, deleted=1)

    def restore_item(self, key: str) -> None:
        with self.lock:
            self._put_item(key, without(self.items[key]["data"], "deleted"))

    def delete_item(self, key: str) -> None:
        """Delete an item with all below it, each in the delete log. /fulltext goes on listing their texts."""
        with self.lock:
            version = self.move_version()
            for gone in self._with_children(key):
                del self.items[gone]
                self.lose_file(gone)
                self.deleted["items"][gone] = version
            self._count()

    def add_collection(self, name: str, parent: str | None = None, key: str = "") -> str:
        with self.lock:
            key = key or next(self._new_keys)
            self.deleted["collections"].pop(key, None)
            self._put_collection(key, {"name": name, "parentCollection": parent or False, "relations": {}})
            return key

    def edit_collection(self, key: str, **data: Any) -> None:
        with self.lock:
            self._put_collection(key, {**self.collections[key]["data"], **data})

    def rename_collection(self, key: str, name: str) -> None:
        self.edit_collection(key, name=name)

    def trash_collection(self, key: str) -> None:
        """Put a collection into the trash: it stays in the lists, flagged."""
        self.edit_collection(key, deleted=True)

    def restore_collection(self, key: str) -> None:
        with self.lock:
            self._put_collection(key, without(self.collections[key]["data"], "deleted"))

    def delete_collection(self, key: str) -> None:
        """Delete a collection and those below it.

        Only its own key is in the delete log, and its items leave it without a new version.
        """
        with self.lock:
            gone = self._with_subcollections(key)
            self.deleted["collections"][key] = self.move_version()
            for collection in gone:
                del self.collections[collection]
            for item in self.items.values():
                if gone.intersection(item["data"].get("collections", ())):
                    item["data"]["collections"] = [c for c in item["data"]["collections"] if c not in gone]
            self._count()

    def add_search(self, name: str, conditions: list[JSON], key: str = "") -> str:
        with self.lock:
            key = key or next(self._new_keys)
            found = {"name": name, "conditions": conditions}
            self.searches[key] = self._object("searches", key, self.move_version(), found)
            return key

    def set_setting(self, name: str, value: Any) -> None:
        with self.lock:
            self.deleted["settings"].pop(name, None)
            self.settings[name] = {"value": value, "version": self.move_version()}

    def delete_setting(self, name: str) -> None:
        with self.lock:
            del self.settings[name]
            self.deleted["settings"][name] = self.move_version()

    def set_fulltext(self, key: str, content: str) -> None:
        """Write a full text: raises the library version and no item's."""
        with self.lock:
            self.fulltext[key] = {"content": content, "indexedPages": 1, "totalPages": 1}
            self.fulltext_versions[key] = self.move_version()

    def rename(self, name: str) -> None:
        """Rename the group, which raises the group's own version and not the library's."""
        with self.lock:
            self.name = name
            self.group_version += 1

    # --- making objects

    def _put_item(self, key: str, data: JSON) -> None:
        made = {**self._object("items", key, self.move_version(), data), "meta": meta_of(data)}
        old = self.items.get(key)
        self.items[key] = {**made, **exports_of(key, data), **(kept_of(old, made) if old else {})}
        self._count()

    def _put_collection(self, key: str, data: JSON) -> None:
        self.collections[key] = self._object("collections", key, self.move_version(), data)
        self._count()

    def _object(self, kind: str, key: str, version: int, data: JSON) -> JSON:
        library = {"type": "group" if self.is_group else "user", "id": self.number, "name": self.name}
        return {
            "key": key,
            "version": version,
            "library": {**library, "links": {"alternate": link_to(self.prefix)}},
            "links": {"self": link_to(f"{self.prefix}/{kind}/{key}")},
            "meta": {},
            "data": {**data, "key": key, "version": version},
        }

    def _count(self) -> None:
        """Bring the counts up to date, which change without new versions."""
        inside: dict[str, int] = {}
        below: dict[str, int] = {}
        for item in self.items.values():
            parent = item["data"].get("parentItem")
            if parent:
                below[parent] = below.get(parent, 0) + 1
            elif not item["data"].get("deleted"):
                for key in item["data"].get("collections", ()):
                    inside[key] = inside.get(key, 0) + 1
        for collection in self.collections.values():
            parent = collection["data"]["parentCollection"]
            below[parent] = below.get(parent, 0) + 1
        for key, item in self.items.items():
            if "numChildren" in item["meta"]:
                item["meta"]["numChildren"] = below.get(key, 0)
        for key, collection in self.collections.items():
            collection["meta"] = {"numCollections": below.get(key, 0), "numItems": inside.get(key, 0)}

    def _with_children(self, key: str) -> list[str]:
        direct = [child for child, item in self.items.items() if item["data"].get("parentItem") == key]
        return [key, *itertools.chain.from_iterable(map(self._with_children, direct))]

    def _with_subcollections(self, key: str) -> set[str]:
        direct = [child for child, c in self.collections.items() if c["data"]["parentCollection"] == key]
        return {key}.union(*map(self._with_subcollections, direct))


def library_of(
    content: JSON, files: Path | Mapping[str, FileBody] | None = None, id: str = ""
) -> FakeLibrary:
    """Make a library of what a library.json holds.

    files: a folder, or key -> body. id: to serve it as another library than its own.
    """
    content = json.loads(json.dumps(content))
    name = content["items"][0]["library"]["name"] if content["items"] else ""
    library = FakeLibrary(id or content["library"], name, content["version"])
    library.style = content.get("style", "apa")
    library.items = by_key(content["items"])
    library.collections = by_key(content["collections"])
    library.searches = by_key(content["searches"])
    library.settings = content["settings"]
    library.deleted = {kind: deletions(content["deleted"].get(kind, ()), library.version) for kind in KINDS}
    library.fulltext_versions = content["fulltext_versions"]
    library.fulltext = content["fulltext"]
    library.file_headers = {key: zotero_headers(f["headers"]) for key, f in content["files"].items()}
    if isinstance(files, Path):
        files = {key: files / key for key in library.file_headers if (files / key).is_file()}
    library.files = dict(files or {})
    return library


def deletions(keys: Iterable[str] | Mapping[str, int], version: int) -> dict[str, int]:
    """Read a delete log; a plain list does not say when, so: by the latest version."""
    return dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys, version)


def key_maker(seed: str) -> Iterator[str]:
    """Give new keys, the same ones in every run."""
    chance = random.Random(seed)
    while True:
        yield "".join(chance.choices(KEY_LETTERS, k=8))


def md5_of(body: FileBody) -> str:
    if isinstance(body, bytes):
        return hashlib.md5(body).hexdigest()
    with body.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def link_to(path: str) -> JSON:
    return {"href": f"https://api.zotero.org{path}", "type": "application/json"}


def under(parent: str | None) -> JSON:
    return {"parentItem": parent} if parent else {}


def without(data: JSON, name: str) -> JSON:
    return {field: value for field, value in data.items() if field != name}


def in_api_shape(data: JSON) -> JSON:
    shaped = dict(data)
    if "tags" in data:
        shaped["tags"] = [{"tag": tag} if isinstance(tag, str) else tag for tag in data["tags"]]
    if "creators" in data:
        shaped["creators"] = [creator_of(creator) for creator in data["creators"]]
    return shaped


def creator_of(creator: str | JSON) -> JSON:
    if not isinstance(creator, str):
        return creator
    family, comma, given = creator.partition(", ")
    if not comma:
        return {"creatorType": "author", "name": family}
    return {"creatorType": "author", "firstName": given, "lastName": family}


# --- what Zotero derives from an item, made simply


def exports_of(key: str, data: JSON) -> JSON:
    bare = data["itemType"] in CHILD_TYPES
    year = year_of(data) or "n.d."
    return {
        "bib": bib_of(data, "apa", "en-US"),
        "citation": f"<span>({html.escape(', '.join([*family_names(data)[:1], year]))})</span>",
        "bibtex": "\n\n" if bare else bibtex_of(data),
        "ris": "" if bare else ris_of(data),
        "csljson": csl_of(key, data),
        "coins": f"<span class='Z3988' title='rft.title={html.escape(data.get('title', ''))}'></span>\n",
    }


def meta_of(data: JSON) -> JSON:
    names = family_names(data)
    meta: JSON = {}
    if names:
        meta["creatorSummary"] = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    if year_of(data):
        iso = re.fullmatch(r"\d{4}(-\d\d){0,2}", date_of(data))
        meta["parsedDate"] = iso[0] if iso else year_of(data)
    if data["itemType"] != "annotation":
        meta["numChildren"] = 0
    return meta


def kept_of(old: JSON, new: JSON) -> JSON:
    """Give what an edit left alone: the meta and exports of a real record are not to be replaced by ours."""
    was, now = old["data"], new["data"]
    changed = {name for name in {**was, **now} if was.get(name) != now.get(name)}
    meta = dict(new["meta"])
    sources = {"parsedDate": DATES, "creatorSummary": ("creators",), "createdByUser": ()}
    for name, fields in sources.items():
        if changed.isdisjoint(fields):
            meta.pop(name, None)
            meta |= {name: old["meta"][name]} if name in old["meta"] else {}
    kept = [] if changed - UNCITED else ["bib", "citation", "csljson", "coins"]
    kept += [] if changed - UNCITED or "tags" in changed else ["bibtex", "ris"]
    return {"meta": meta, **{name: old[name] for name in kept if name in old}}


def cite(item: JSON, style: str, locale: str) -> str | None:
    """Cite in any style that Zotero knows; each style and locale differs."""
    return bib_of(item["data"], style, locale) if style in STYLES else None


def bib_of(data: JSON, style: str, locale: str) -> str:
    names = html.escape("; ".join(family_names(data)))
    title = html.escape(re.sub("<[^>]*>", "", data.get("title") or data.get("note", ""))[:200])
    mark = "" if (style, locale) == ("apa", "en-US") else f" [{style}, {locale}]"
    entry = f"{names} ({year_of(data) or 'n.d.'}). <i>{title}</i>.{mark}"
    return (
        f'<div class="csl-bib-body" style="line-height: 2; ">\n  <div class="csl-entry">{entry}</div>\n</div>'
    )


def bibtex_of(data: JSON) -> str:
    fields = {
        "title": data.get("title", ""),
        "author": " and ".join(full_names(data)),
        "year": year_of(data),
        "doi": data.get("DOI", ""),
        "url": data.get("url", ""),
        "keywords": ", ".join(tag["tag"] for tag in data.get("tags", ())),
    }
    lines = "".join(f"\t{name} = {{{value}}},\n" for name, value in fields.items() if value)
    words = [(family_names(data) or ["noauthor"])[0], (data.get("title", "").split() or ["notitle"])[0]]
    name = "_".join([*(re.sub(r"\W", "", word).lower() for word in words), year_of(data) or "nodate"])
    kind = {"book": "book", "journalArticle": "article"}.get(data["itemType"], "misc")
    return f"\n@{kind}{{{name},\n{lines}}}\n"


def ris_of(data: JSON) -> str:
    lines = [
        ("TY", {"book": "BOOK", "journalArticle": "JOUR"}.get(data["itemType"], "GEN")),
        ("TI", data.get("title", "")),
        *(("AU", name) for name in full_names(data)),
        ("PY", year_of(data)),
        ("UR", data.get("url", "")),
        *(("KW", tag["tag"]) for tag in data.get("tags", ())),
    ]
    return "".join(f"{name}  - {value}\r\n" for name, value in lines if value) + "ER  - \r\n\r\n"


def csl_of(key: str, data: JSON) -> JSON:
    kind = {"book": "book", "journalArticle": "article-journal"}.get(data["itemType"], "document")
    # The number before the slash is internal to Zotero's servers.
    csl: JSON = {"id": f"5/{key}", "type": kind, "title": data.get("title", "")}
    names = [
        {"literal": c["name"]} if c.get("name") else {"family": c["lastName"], "given": c["firstName"]}
        for c in data.get("creators", ())
    ]
    if names:
        csl["author"] = names
    if year_of(data):
        csl["issued"] = {"date-parts": [[int(year_of(data))]]}
    return csl


def family_names(data: JSON) -> list[str]:
    return [creator.get("name") or creator["lastName"] for creator in data.get("creators", ())]


def full_names(data: JSON) -> list[str]:
    return [c.get("name") or f"{c['lastName']}, {c['firstName']}" for c in data.get("creators", ())]


def year_of(data: JSON) -> str:
    found = re.search(r"\b\d{4}\b", date_of(data))
    return found[0] if found else ""


def date_of(data: JSON) -> str:
    return next((data[field] for field in DATES if data.get(field)), "")

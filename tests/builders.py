"""Zotero's raw JSON, with only what a test cares about."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zstatic.config import Config, LibraryConfig, SiteConfig
from zstatic.errors import Problem

JSON = Any
LIBRARY_URI = "http://zotero.org/groups/1/items/"


def make_item(key: str, item_type: str = "journalArticle", **data: JSON) -> JSON:
    """A regular item as the API gives it; `parsed_date` goes into its meta, all else into its data."""
    meta = {"numChildren": 0}
    if parsed := data.pop("parsed_date", ""):
        meta["parsedDate"] = parsed
    fields = {"title": f"Title of {key}", "creators": [], "collections": []} if item_type != "note" else {}
    return _raw(key, {"itemType": item_type, **fields, **_common(), **data}, meta)


def make_attachment(key: str, parent: str | None = None, **data: JSON) -> JSON:
    """A stored PDF; without a parent it stands alone."""
    stored = {
        "itemType": "attachment",
        "linkMode": "imported_file",
        "title": "Full Text PDF",
        "contentType": "application/pdf",
        "charset": "",
        "filename": f"{key}.pdf",
        "md5": f"{int.from_bytes(key.encode(), 'big') % 16**32:032x}",
        "mtime": 1700000000000,
        "url": "",
        "accessDate": "",
        "note": "",
    }
    return _raw(key, {**stored, **_place(parent), **_common(), **data})


def make_note(key: str, parent: str | None = None, note: str = "<p>A note.</p>", **data: JSON) -> JSON:
    """A note; without a parent it stands alone."""
    return _raw(key, {"itemType": "note", "note": note, **_place(parent), **_common(), **data})


def make_collection(key: str, name: str = "", parent: str | None = None, **data: JSON) -> JSON:
    return _raw(
        key,
        {"name": name or f"Collection {key}", "parentCollection": parent or False, "relations": {}, **data},
    )


def make_tags(*names: str) -> list[JSON]:
    return [{"tag": name} for name in names]


def make_config(root: Path = Path("/nonexistent"), **settings: Any) -> Config:
    """A configuration with one library, groups/1, at the site's root."""
    values: dict[str, Any] = {
        "site": SiteConfig(title="A site"),
        "libraries": (LibraryConfig("groups/1"),),
        "output": root / "_site",
        "state": root / ".zstatic",
    }
    return Config(root=root, **(values | settings))


class StubMirror:
    """The read side of a mirror over plain lists of raw objects.

    citations: style -> item key -> HTML. exports: format -> item key -> text. files: md5 -> path.
    """

    def __init__(
        self,
        *items: JSON,
        collections: Iterable[JSON] = (),
        version: int = 1,
        name: str = "A library",
        citations: Mapping[str, Mapping[str, str]] | None = None,
        exports: Mapping[str, Mapping[str, str]] | None = None,
        fulltext: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
        schema: JSON = None,
        settings: Mapping[str, JSON] | None = None,
        is_public: bool = False,
    ) -> None:
        self._objects: dict[str, list[JSON]] = {"items": list(items), "collections": list(collections)}
        self.library_version = version
        self.library_name = name
        self.is_public = is_public
        self._citations = citations or {}
        self._exports = exports or {}
        self._fulltext = fulltext or {}
        self._files = files or {}
        self._schema = schema
        self._settings = settings or {}

    def __enter__(self) -> StubMirror:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def objects(self, kind: str) -> Iterator[tuple[str, JSON]]:
        if kind == "settings":
            yield from sorted(self._settings.items())
        yield from sorted(
            ((raw["key"], raw) for raw in self._objects.get(kind, ())), key=lambda pair: pair[0]
        )

    def citations(self, style: str, locale: str) -> dict[str, str]:
        return dict(self._citations.get(style, {}))

    def exports(self, format: str) -> dict[str, str]:
        return dict(self._exports.get(format, {}))

    def fulltext(self, key: str) -> str | None:
        return self._fulltext.get(key)

    def file(self, md5: str) -> Path | None:
        return self._files.get(md5)

    def schema(self) -> JSON:
        return self._schema

    def problems(self) -> tuple[Problem, ...]:
        return ()


def _raw(key: str, data: JSON, meta: JSON | None = None) -> JSON:
    return {
        "key": key,
        "version": 1,
        "library": {"type": "group", "id": 1, "name": "A library"},
        "meta": meta or {},
        "data": {"key": key, "version": 1, **data},
    }


def _common() -> JSON:
    return {
        "tags": [],
        "relations": {},
        "dateAdded": "2020-01-01T00:00:00Z",
        "dateModified": "2020-01-02T00:00:00Z",
    }


def _place(parent: str | None) -> JSON:
    return {"parentItem": parent} if parent else {"collections": []}


def recorded_library(shared: Path, name: str) -> JSON:
    """A recorded library by its folder's name: "group-1" or "user-1001"."""
    return _unpacked(shared / "zotero-api/libraries" / name / "library.json.gz")


def recorded_mirror(shared: Path, name: str) -> StubMirror:
    """A recorded library as if it had just been synced, with its citations and exports."""
    library = recorded_library(shared, name)
    items = library["items"]
    return StubMirror(
        *items,
        collections=library["collections"],
        version=library["version"],
        citations={library["style"]: {raw["key"]: raw["bib"] for raw in items}},
        exports={
            "bibtex": {raw["key"]: raw["bibtex"] for raw in items},
            "ris": {raw["key"]: raw["ris"] for raw in items},
            "csljson": {raw["key"]: json.dumps(raw["csljson"]) for raw in items},
        },
        fulltext={key: text["content"] for key, text in library["fulltext"].items()},
        schema=_unpacked(shared / "zotero-api/schema.json.gz"),
    )


def _unpacked(path: Path) -> JSON:
    return json.loads(gzip.decompress(path.read_bytes()))

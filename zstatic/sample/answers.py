"""What a Zotero Web API v3 server answers about one library: a request value in, a response value out.

Only reading, and only what a sync asks for. Behaviour that looks odd was measured on Zotero's own server
and is meant: clients are tested against it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from re import fullmatch
from typing import Any
from urllib.parse import unquote, urlencode

JSON = dict[str, Any]
FileBody = bytes | Path

TWO_SIGNATURES = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code><Message>Only one auth '
    b"mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the "
    b"Authorization header should be specified</Message></Error>"
)
KEY = "[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}"
STORAGE = "/zotero-storage/"
PAGE_SIZE = 25
MAX_PAGE_SIZE = 100
NO_SUCH_PAGE = "<h1>Not Found</h1>\n<p>The page you requested could not be found.</p>\n"
HTML = "text/html; charset=UTF-8"
JSON_TYPE = "application/json"

# What "My Publications" shows to the world of an item lacks these.
PRIVATE = ("collections", "dateAdded", "dateModified", "inPublications", "relations", "tags")
PARTS = ("data", "bib", "citation", "bibtex", "ris", "csljson", "coins", "none")
# The parameters that a Link header repeats; others, the key among them, are dropped.
LINKED = (
    "collectionKey", "direction", "format", "include", "includeTrashed", "itemKey", "itemType", "limit",
    "linkwrap", "locale", "q", "qmode", "searchKey", "since", "sort", "style", "tag",
)  # fmt: skip
DESCENDING = ("dateAdded", "dateModified")
SORTS = (*DESCENDING, "title", "creator", "date", "itemType", "itemKeyList", "name", "numItems")


@dataclass(frozen=True, slots=True)
class Request:
    """base: the server as the client named it, "http://127.0.0.1:8080". headers: names in lower case."""

    method: str
    base: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def since(self) -> int:
        return int(self.query.get("since") or 0)


@dataclass(frozen=True, slots=True)
class Response:
    """bare: refused before a library was looked at, so without Zotero's own headers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: FileBody = b""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """One library, as one reader may see it.

    prefix: "/users/1" or "/groups/1". style: the one that the items' own `bib` is in.
    items, collections, searches: key -> API object, oldest first. settings: name -> {value, version}.
    deleted: kind -> key -> library version of the deletion.
    file_headers: attachment key -> the Zotero-File-… headers. storage: URL of the storage host.
    reads_notes, reads_files: what the reader's key allows.
    cite: (item, style, locale) -> HTML, None for an unknown style; without it the items' own `bibs` count.
    """

    prefix: str
    version: int
    items: Mapping[str, JSON]
    collections: Mapping[str, JSON]
    searches: Mapping[str, JSON]
    settings: Mapping[str, JSON]
    deleted: Mapping[str, Mapping[str, int]]
    fulltext_versions: Mapping[str, int]
    fulltext: Mapping[str, JSON]
    file_headers: Mapping[str, Mapping[str, str]]
    storage: str
    schema_version: int
    style: str = "apa"
    reads_notes: bool = True
    reads_files: bool = True
    cite: Callable[[JSON, str, str], str | None] | None = None


def answer(shelf: Shelf, request: Request) -> Response:
    """Answer a request below the library's prefix."""
    problem = bad_parameter(request)
    if problem:
        return refuse(400, problem)
    return as_zotero(route(shelf, request), shelf.schema_version)


def route(shelf: Shelf, request: Request) -> Response:
    match request.path.removeprefix(shelf.prefix).strip("/").split("/"):
        case ["items"]:
            return list_items(shelf, request, named_items(shelf, request))
        case ["items", "top"]:
            return list_items(shelf, request, top(shelf.items.values()))
        case ["items", "trash"]:
            return list_items(shelf, request, trashed(shelf.items.values()), with_trash=True)
        case ["items", key]:
            return one_item(shelf, request, key)
        case ["items", key, "children"] if has_no_children(shelf, key):
            return fail(400, "/children cannot be called on non-PDF attachments")
        case ["items", key, "children"]:
            return list_items(shelf, request, children(shelf, key))
        case ["items", key, "file"]:
            return one_file(shelf, key)
        case ["items", key, "fulltext"]:
            return one_fulltext(shelf, key)
        case ["publications", "items"]:
            return list_published(shelf, request, published(named_items(shelf, request)))
        case ["publications", "items", "top"]:
            return list_published(shelf, request, top(published(named_items(shelf, request))))
        case ["publications", "items", key, *_] if not is_published(shelf, key):
            return fail(404, "Not found")
        case ["publications", "items", key, "file"]:
            # Open to everybody, whatever the key may read.
            return one_file(replace(shelf, reads_files=True), key)
        case ["collections"]:
            return list_objects(shelf, request, shelf.collections.values())
        case ["collections", "top"]:
            return list_objects(shelf, request, subcollections(shelf, None))
        case ["collections", key]:
            return one_object(shelf.collections, key, "Collection not found")
        case ["collections", key, *_] if key not in shelf.collections:
            return fail(404, "Collection not found")
        case ["collections", key, "collections"]:
            return list_objects(shelf, request, subcollections(shelf, key))
        case ["collections", key, "items"]:
            return list_items(shelf, request, collected(shelf, key))
        case ["collections", key, "items", "top"]:
            return list_items(shelf, request, top(collected(shelf, key)))
        case ["searches"]:
            return list_objects(shelf, request, shelf.searches.values())
        case ["searches", key]:
            return one_object(shelf.searches, key, "Search not found")
        case ["settings"]:
            changed = {
                name: value for name, value in shelf.settings.items() if value["version"] > request.since
            }
            return not_modified(shelf, request) or whole(changed, shelf.version)
        case ["settings", name]:
            setting = shelf.settings.get(unquote(name))
            return whole(setting, setting["version"]) if setting else fail(404, "Setting not found")
        case ["deleted"]:
            return list_deleted(shelf, request)
        case ["fulltext"]:
            return whole(newer(shelf.fulltext_versions, request.since), shelf.version)
        case _:
            return refuse(404, NO_SUCH_PAGE)


# --- which objects


def named_items(shelf: Shelf, request: Request) -> Iterable[JSON]:
    """Give the items of itemKey=…, without looking at all others."""
    keys = dict.fromkeys(wanted_keys(request))
    return [shelf.items[key] for key in keys if key in shelf.items] if keys else shelf.items.values()


def top(items: Iterable[JSON]) -> Iterator[JSON]:
    return (item for item in items if not item["data"].get("parentItem"))


def trashed(items: Iterable[JSON]) -> Iterator[JSON]:
    return (item for item in items if item["data"].get("deleted"))


def children(shelf: Shelf, parent: str) -> Iterator[JSON]:
    return (item for item in shelf.items.values() if item["data"].get("parentItem") == parent)


def collected(shelf: Shelf, collection: str) -> Iterator[JSON]:
    """Give the items of a collection with what hangs under them."""
    for item in shelf.items.values():
        holder = shelf.items.get(item["data"].get("parentItem", ""), item)
        if collection in holder["data"].get("collections", ()):
            yield item


def subcollections(shelf: Shelf, parent: str | None) -> Iterator[JSON]:
    return (c for c in shelf.collections.values() if (c["data"].get("parentCollection") or None) == parent)


def published(items: Iterable[JSON]) -> Iterator[JSON]:
    return (item for item in items if item["data"].get("inPublications"))


def is_published(shelf: Shelf, key: str) -> bool:
    data = shelf.items[key]["data"] if key in shelf.items else {}
    return bool(data.get("inPublications")) and not data.get("deleted")


def has_no_children(shelf: Shelf, key: str) -> bool:
    data = shelf.items[key]["data"] if key in shelf.items else {}
    return data.get("itemType") == "attachment" and data.get("contentType") != "application/pdf"


def newer(versions: Mapping[str, int], since: int) -> dict[str, int]:
    return {key: version for key, version in versions.items() if version > since}


def wanted_keys(request: Request, name: str = "itemKey") -> list[str]:
    """Read itemKey=…: with no well-formed key in it there is no filter at all, as on Zotero's server."""
    return [key for key in request.query.get(name, "").split(",") if fullmatch(KEY, key)]


def visible_items(shelf: Shelf, request: Request, items: Iterable[JSON], with_trash: bool) -> list[JSON]:
    keys = set(wanted_keys(request))
    types = [name.strip() for name in request.query.get("itemType", "").split("||") if name.strip()]
    tags = [name.strip() for name in request.query.get("tag", "").split("||") if name.strip()]
    with_trash = with_trash or request.query.get("includeTrashed") == "1"
    return [
        item
        for item in items
        if (not keys or item["key"] in keys)
        and item["version"] > request.since
        and (with_trash or not item["data"].get("deleted"))
        and (shelf.reads_notes or item["data"]["itemType"] != "note")
        and (not types or item["data"]["itemType"] in types)
        and (not tags or any(tag["tag"] in tags for tag in item["data"].get("tags", ())))
    ]


def in_order(request: Request, objects: Iterable[JSON]) -> list[JSON]:
    """Sort as asked; of equals the later version comes first."""
    name = request.query.get("sort", "dateModified")
    down = request.query.get("direction", "desc" if name in DESCENDING else "asc") == "desc"
    if name == "itemKeyList":
        place = {key: number for number, key in enumerate(wanted_keys(request))}
        return sorted(objects, key=lambda found: place.get(found["key"], len(place)))
    latest = sorted(objects, key=lambda found: (found["version"], found["key"]), reverse=down)
    return sorted(latest, key=lambda found: str(found["data"].get(name, "")).casefold(), reverse=down)


# --- answers


def list_items(
    shelf: Shelf,
    request: Request,
    items: Iterable[JSON],
    with_trash: bool = False,
    as_shown: Callable[[JSON], JSON] = lambda item: item,
) -> Response:
    """Answer with a page of items in the format asked for."""
    unchanged = not_modified(shelf, request)
    if unchanged:
        return unchanged
    found = in_order(request, visible_items(shelf, request, items, with_trash))
    kind = request.query.get("format", "json")
    if kind != "json":
        return page_of(shelf, request, found, *WRITERS[kind])
    citing = Citing.of(shelf, request)
    if citing.unknown_style():
        return fail(500, "An error occurred")
    return page_of(
        shelf, request, found, JSON_TYPE, lambda page: dump([citing.show(as_shown(item)) for item in page])
    )


def list_published(shelf: Shelf, request: Request, items: Iterable[JSON]) -> Response:
    """Answer with items of "My Publications": at an address of their own, without what is private."""

    def as_published(item: JSON) -> JSON:
        links, meta = item.get("links", {}), dict(item.get("meta", {}))
        if "numChildren" in meta:
            meta["numChildren"] = sum(1 for _ in published(children(shelf, item["key"])))
        address = links.get("self", {}).get("href", "").replace("/items/", "/publications/items/")
        links = {**links, "self": {**links.get("self", {}), "href": address}}
        shown = {name: value for name, value in item["data"].items() if name not in PRIVATE}
        return {**item, "links": links, "meta": meta, "data": shown}

    return list_items(shelf, request, items, as_shown=as_published)


def list_objects(shelf: Shelf, request: Request, objects: Iterable[JSON]) -> Response:
    """Answer with a page of collections or searches; trashed ones are among them."""
    unchanged = not_modified(shelf, request)
    if unchanged:
        return unchanged
    keys = {key for name in ("collectionKey", "searchKey") for key in wanted_keys(request, name)}
    changed = (
        found for found in objects if found["version"] > request.since and (not keys or found["key"] in keys)
    )
    found = sorted(changed, key=lambda each: (each["version"], each["key"]), reverse=True)
    return page_of(shelf, request, found, *WRITERS[request.query.get("format", "json")])


def list_deleted(shelf: Shelf, request: Request) -> Response:
    if request.method == "HEAD":
        return fail(405, "Method not allowed")
    if "since" not in request.query:
        return fail(400, "'since' parameter must be provided")
    kinds = ("collections", "items", "searches", "tags", "settings")
    gone = {kind: sorted(newer(shelf.deleted.get(kind, {}), request.since)) for kind in kinds}
    return whole(gone, shelf.version)


def one_item(shelf: Shelf, request: Request, key: str) -> Response:
    item = shelf.items.get(key)
    if not fullmatch(KEY, key):
        return fail(404, "Not found")
    if item is None:
        return fail(404, "Item does not exist")
    if item["data"]["itemType"] == "note" and not shelf.reads_notes:
        return fail(404, "Not found")
    citing = Citing.of(shelf, request)
    if citing.unknown_style():
        return fail(500, "An error occurred")
    return whole(citing.show(item), item["version"])


def one_object(objects: Mapping[str, JSON], key: str, missing: str) -> Response:
    found = objects.get(key)
    return whole(found, found["version"]) if found else fail(404, missing)


def one_fulltext(shelf: Shelf, key: str) -> Response:
    text = shelf.fulltext.get(key)
    return whole(text, shelf.fulltext_versions[key]) if text else fail(404, "Not found")


def one_file(shelf: Shelf, key: str) -> Response:
    """Redirect to the storage host, which knows files by their md5 only."""
    item = shelf.items.get(key)
    if item and item["data"]["itemType"] != "attachment":
        return fail(400, "Item is not an attachment")
    headers = shelf.file_headers.get(key)
    if item is None or headers is None or not shelf.reads_files:
        return fail(404, "Not found")
    zipped = headers["Zotero-File-Compressed"] == "Yes"
    signed = {
        "X-Amz-Expires": "60",
        "response-content-type": "application/zip" if zipped else item["data"].get("contentType", ""),
        "X-Amz-Signature": headers["Zotero-File-MD5"][::-1],
    }
    location = f"{shelf.storage}{STORAGE}{headers['Zotero-File-MD5']}?{urlencode(signed)}"
    return Response(302, (("Content-Type", HTML), *headers.items(), ("Location", location)))


def answer_storage(files: Mapping[str, FileBody], request: Request) -> Response:
    """Answer as the storage host. files: md5 -> bytes or where they are."""
    if "authorization" in request.headers:
        return Response(400, (("Content-Type", "application/xml"),), TWO_SIGNATURES)
    name = request.path.removeprefix(STORAGE)
    body = files.get(name)
    if body is None:
        return Response(404, (("Content-Type", "application/xml"),), b"<Error><Code>NoSuchKey</Code></Error>")
    media_type = request.query.get("response-content-type") or "application/octet-stream"
    return Response(200, (("ETag", f'"{name}"'), ("Content-Type", media_type)), body)


@dataclass(frozen=True, slots=True)
class Citing:
    """What a JSON answer includes of each item, and in which style."""

    shelf: Shelf
    parts: tuple[str, ...]
    style: str
    locale: str

    @classmethod
    def of(cls, shelf: Shelf, request: Request) -> "Citing":
        parts = tuple(request.query.get("include", "data").split(","))
        style = request.query.get("style", shelf.style)
        return cls(shelf, parts, style, request.query.get("locale", "en-US"))

    def unknown_style(self) -> bool:
        """Say whether no item has this style: the server learns it only on trying."""
        cites = "bib" in self.parts or "citation" in self.parts
        return cites and all(self.bib(item) is None for item in self.shelf.items.values())

    def bib(self, item: JSON) -> str | None:
        if self.shelf.cite and (self.style, self.locale) != (self.shelf.style, "en-US"):
            return self.shelf.cite(item, self.style, self.locale)
        bibs: Mapping[str, str] = {self.shelf.style: item.get("bib", ""), **item.get("bibs", {})}
        return bibs.get(self.style)

    def show(self, item: JSON) -> JSON:
        shown: JSON = {
            name: item[name] for name in ("key", "version", "library", "links", "meta") if name in item
        }
        for part in self.parts:
            if part == "bib":
                shown[part] = self.bib(item) or ""
            elif part in item:
                shown[part] = item[part]
        return shown


# --- the shapes of answers


def page_of(
    shelf: Shelf,
    request: Request,
    found: list[JSON],
    media_type: str,
    write: Callable[[list[JSON]], str],
) -> Response:
    """Cut the page asked for and say where the others are."""
    limit, start = page_size(request), page_start(request)
    page = found[start : start + limit] if limit else found[start:]
    headers = (
        ("Content-Type", media_type),
        ("Total-Results", str(len(found))),
        ("Link", links(request, len(found), limit, start)),
        ("Last-Modified-Version", str(shelf.version)),
    )
    return Response(200, headers, write(page).encode())


def exported(page: list[JSON], kind: str) -> str:
    """Join the exports of items; notes and attachments have blank ones."""
    return "".join(text for item in page if (text := item.get(kind, "")).strip())


# format= -> media type, and how a page of objects is written
WRITERS: dict[str, tuple[str, Callable[[list[JSON]], str]]] = {
    "json": (JSON_TYPE, lambda page: dump(page)),
    "versions": (JSON_TYPE, lambda page: dump({each["key"]: each["version"] for each in page})),
    "keys": ("text/plain;charset=UTF-8", lambda page: "\n".join(each["key"] for each in page) + "\n"),
    "bibtex": ("application/x-bibtex", lambda page: exported(page, "bibtex")),
    "ris": ("application/x-research-info-systems", lambda page: exported(page, "ris")),
    "coins": ("text/html;charset=UTF-8", lambda page: exported(page, "coins")),
    "csljson": (
        "application/vnd.citationstyles.csl+json",
        lambda page: dump({"items": [item["csljson"] for item in page if "csljson" in item]}),
    ),
}


def page_start(request: Request) -> int:
    start = request.query.get("start", "0")
    return int(start) if start.isdecimal() else 0


def page_size(request: Request) -> int:
    """Read limit=…; 0: everything. More than 100 is silently 100, nonsense is the default."""
    if "itemKey" in request.query:
        return MAX_PAGE_SIZE
    endless = request.query.get("format") in ("versions", "keys")
    asked = request.query.get("limit", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked) if endless else min(int(asked), MAX_PAGE_SIZE)
    return 0 if endless else PAGE_SIZE


def links(request: Request, total: int, limit: int, start: int) -> str:
    """Write the Link header; parameters at their defaults are left out of it."""
    rest = request.path.removeprefix("/")
    alternate = f'<https://www.zotero.org/{rest}>; rel="alternate"'
    if not limit:
        return alternate
    last = (total - 1) // limit * limit if start < total else total - limit
    places = {
        "first": 0 if start else None,
        "prev": max(start - limit, 0) if start else None,
        "next": start + limit if start + limit < total else None,
        "last": last if start != last and last > 0 else None,
    }
    unsaid = {"format": "json", "limit": str(PAGE_SIZE), "itemKey": ""}
    asked = {**request.query, "limit": str(limit), "itemKey": ",".join(wanted_keys(request))}
    given = {name: asked[name] for name in LINKED if name in asked and asked[name] != unsaid.get(name)}

    def link(place: int) -> str:
        query = {**given, "start": str(place)} if place else given
        return f"{request.base}{request.path}?{urlencode(sorted(query.items()))}".removesuffix("?")

    shown = [f'<{link(place)}>; rel="{name}"' for name, place in places.items() if place is not None]
    return ", ".join([*shown, alternate])


def not_modified(shelf: Shelf, request: Request) -> Response | None:
    """Give a 304 if the library has not moved; it carries no version, and nonsense asked gets one too."""
    known = request.headers.get("if-modified-since-version")
    if known is None or (known.isdecimal() and int(known) < shelf.version):
        return None
    return Response(304)


def bad_parameter(request: Request) -> str:
    query = request.query
    if not (query.get("since") or "0").isdecimal():
        return "Invalid value for 'since' parameter"
    if query.get("format", "json") not in WRITERS:
        return f"Invalid 'format' value '{query['format']}'"
    for part in query.get("include", "data").split(","):
        if part not in PARTS:
            return f"Invalid 'include' value '{part}'"
    if query.get("sort", "title") not in SORTS:
        return f"Invalid 'sort' value '{query['sort']}'"
    return ""


def whole(value: object, version: int) -> Response:
    headers = (("Content-Type", JSON_TYPE), ("Last-Modified-Version", str(version)))
    return Response(200, headers, dump(value).encode())


def fail(status: int, text: str) -> Response:
    """Refuse something of a library: plain text labelled as HTML, as on Zotero's server."""
    return Response(status, (("Content-Type", HTML),), text.encode())


def refuse(status: int, text: str) -> Response:
    return Response(status, (("Content-Type", HTML),), text.encode(), bare=True)


def as_zotero(response: Response, schema_version: int) -> Response:
    if response.bare or response.status == 304:
        return response
    own = (("Zotero-API-Version", "3"), ("Zotero-Schema-Version", str(schema_version)))
    return Response(response.status, response.headers + own, response.body)


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

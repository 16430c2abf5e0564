"""A fake Zotero Web API for tests: libraries that change, keys, trouble, and a log of what was asked.

    with FakeZotero() as zotero:
        library = zotero.load(folder)                                    # or zotero.add_library("groups/7")
        key = library.add_item(title="New")
        library.delete_collection("ABCD2345")
        zotero.maintenance("/items", times=2)                            # for the requests that match
        zotero.before(3, lambda: library.edit_item(key, title="Moved"))  # in the middle of a sync
        ... zotero.url ... zotero.log, zotero.peak

It answers through `zstatic.sample.answers`; added here is who may read, and what goes wrong.
`test_fakezotero.py` replays recorded exchanges against it.
"""

import gzip
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from fakelibrary import ApiKey, FakeLibrary, library_of

from zstatic.sample.answers import (
    HTML,
    JSON,
    JSON_TYPE,
    FileBody,
    Request,
    Response,
    answer,
    answer_storage,
    as_zotero,
    dump,
    fail,
    refuse,
    whole,
)
from zstatic.sample.server import Handler, LoopbackServer, running

EMPTY_SCHEMA: JSON = {"version": 41, "itemTypes": [], "meta": {"fields": {}}, "csl": {}, "locales": {}}

# Which requests: a test of them, a part of path and query ("" = all), or the n-th from now on either host.
When = Callable[[Request], bool] | str | int


@dataclass(frozen=True, slots=True)
class Logged:
    """One request and the status it got; 0: none.

    storage: asked of the storage host. at: seconds on a clock that only runs forward.
    concurrent: requests that the host was answering at that moment, this one included.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    storage: bool
    at: float
    concurrent: int
    status: int = 0

    @property
    def target(self) -> str:
        return target_of(self.path, self.query)


@dataclass(slots=True)
class Trouble:
    """What happens to requests that match, `times` times (None: always)."""

    when: Callable[[Request], bool]
    times: int | None
    response: Response | None = None
    more_headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    drop: bool = False
    cut: int | None = None
    do: Callable[[], object] | None = None


class FakeZotero:
    """The API host and the storage host, on two ports of this machine.

    log: finished requests. peak, storage_peak: most requests a host was answering at once.
    desktop: the server id, to be Zotero's own local API instead: no keys, no /deleted, files where they lie.
    max_concurrent: more of them get 429, as in production. bad_keys: after more than 5 every key gets 429.
    """

    def __init__(self, schema: JSON = EMPTY_SCHEMA, desktop: str = "") -> None:
        self.schema = schema
        self.desktop = desktop
        self.libraries: dict[str, FakeLibrary] = {}
        self.keys: dict[str, ApiKey] = {}
        self.log: list[Logged] = []
        self.peak = self.storage_peak = 0
        self.max_concurrent = 5
        self.bad_keys = 0
        self._running = {False: 0, True: 0}
        self._troubles: list[Trouble] = []
        self._lock = threading.RLock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._storage = self._stack.enter_context(
            running(FakeServer(self, self._answer_storage, storage=True))
        )
        self._api = self._stack.enter_context(running(FakeServer(self, self._answer_api, storage=False)))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return self._api.url + ("/api" if self.desktop else "")

    @property
    def storage_url(self) -> str:
        return self._storage.url

    @property
    def targets(self) -> list[str]:
        """Path and query of every request to the API, in the order of the answers."""
        return [logged.target for logged in self.log if not logged.storage]

    # --- libraries and keys

    def load(self, folder: Path, id: str = "") -> FakeLibrary:
        """Serve a recorded library: library.json.gz and files/. Groups are public, user libraries are not."""
        with gzip.open(folder / "library.json.gz", "rt", encoding="utf-8") as file:
            return self.add_content(json.load(file), folder / "files", id)

    def add_content(
        self, content: JSON, files: Path | Mapping[str, FileBody] | None = None, id: str = ""
    ) -> FakeLibrary:
        """Serve a library in the shape of library.json. files: a folder, or key -> body."""
        return self._serve(library_of(content, files, id))

    def add_library(
        self, id: str, name: str = "A library", public: bool = True, version: int = 0
    ) -> FakeLibrary:
        """Serve an empty library. id: "users/1" or "groups/1"."""
        library = FakeLibrary(id, name, version)
        library.public = public
        return self._serve(library)

    def _serve(self, library: FakeLibrary) -> FakeLibrary:
        self.libraries[library.prefix] = library
        return library

    def add_key(self, key: str, user: int, **access: Any) -> str:
        """Make a key of a user. access: see ApiKey."""
        self.keys[key] = ApiKey(user, **access)
        return key

    # --- trouble

    def refuse(
        self,
        when: When,
        status: int,
        text: str = "",
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer with an error."""
        lines = (("Content-Type", HTML), *(headers or {}).items())
        self._trouble(when, times, response=Response(status, lines, text.encode(), bare=True))

    def maintenance(self, when: When = "", times: int | None = 1) -> None:
        """Answer 503, which says nothing of how long."""
        self.refuse(when, 503, "Server updates in progress. Please try again in a few minutes.", times=times)

    def limit_rate(self, when: When = "", wait: int | str = 10, times: int | None = 1) -> None:
        """Answer 429. wait: seconds, or an HTTP date."""
        self.refuse(when, 429, "Request rate limit exceeded", {"Retry-After": str(wait)}, times)

    def answer_with(
        self, when: When, body: bytes, headers: Mapping[str, str] | None = None, times: int | None = 1
    ) -> None:
        """Answer 200 with other bytes."""
        lines = tuple((headers or {"Content-Type": JSON_TYPE}).items())
        self._trouble(when, times, response=Response(200, lines, body, bare=True))

    def add_headers(self, when: When, headers: Mapping[str, str], times: int | None = 1) -> None:
        """Put headers on the right answer, e.g. Backoff."""
        self._trouble(when, times, more_headers=tuple(headers.items()))

    def slow(self, when: When, seconds: float, times: int | None = 1) -> None:
        """Wait before answering."""
        self._trouble(when, times, delay=seconds)

    def drop(self, when: When, times: int | None = 1) -> None:
        """Close the connection without an answer."""
        self._trouble(when, times, drop=True)

    def truncate(self, when: When, keep: int, times: int | None = 1) -> None:
        """Close the connection after so many bytes of a body whose full length was announced."""
        self._trouble(when, times, cut=keep)

    def before(self, when: When, do: Callable[[], object], times: int | None = 1) -> None:
        """Do something just before a request is answered, e.g. move the library in the middle of a sync."""
        self._trouble(when, times, do=do)

    def calm(self) -> None:
        """Forget the log and all trouble that has not happened."""
        with self._lock:
            self._troubles.clear()
            self.log.clear()
            self.peak = self.storage_peak = 0

    def _trouble(self, when: When, times: int | None, **what: Any) -> None:
        with self._lock:
            self._troubles.append(Trouble(matcher(when), times, **what))

    def take_troubles(self, request: Request) -> list[Trouble]:
        """Give the troubles of this request, and count them off."""
        with self._lock:
            # Every test sees every request, since some of them count.
            matching = [trouble for trouble in self._troubles if trouble.when(request)]
            happening = [trouble for trouble in matching if trouble.times != 0]
            for trouble in happening:
                if trouble.times is not None:
                    trouble.times -= 1
            return happening

    # --- the log

    def enter(self, request: Request, storage: bool) -> Logged:
        with self._lock:
            self._running[storage] += 1
            self.peak = max(self.peak, self._running[False])
            self.storage_peak = max(self.storage_peak, self._running[True])
            known = (request.method, request.path, request.query, request.headers)
            return Logged(*known, storage, time.monotonic(), self._running[storage])

    def leave(self, logged: Logged, status: int) -> None:
        with self._lock:
            self._running[logged.storage] -= 1
            self.log.append(replace(logged, status=status))

    # --- answers

    def _answer_storage(self, request: Request) -> Response:
        stored: dict[str, FileBody] = {}
        for library in self.libraries.values():
            with library.lock:
                md5s = {key: headers["Zotero-File-MD5"] for key, headers in library.file_headers.items()}
                stored |= {md5s[key]: body for key, body in library.files.items() if key in md5s}
        return answer_storage(stored, request)

    def _answer_api(self, request: Request) -> Response:
        if "expect" in request.headers:
            return refuse(417, "Expect header is not supported")
        if self.desktop:
            return self._answer_desktop(request)
        if self._running[False] > self.max_concurrent:
            busy = refuse(429, "Concurrent request limit exceeded")
            return replace(busy, headers=(*busy.headers, ("Retry-After", "22")))
        if self.bad_keys > 5:
            return refuse(429, "Too many authentication failures")
        sent = sent_keys(request)
        if len(set(sent)) > 1:
            return refuse(400, "Zotero-API-Key header and 'key' parameter differ")
        if sent and sent[0] not in self.keys:
            self.bad_keys += 1
            return refuse(403, "Invalid key")
        if request.method not in ("GET", "HEAD"):
            return refuse(405, "Method not allowed")
        return self._answer_reader(request, sent[0] if sent else "")

    def _answer_desktop(self, request: Request) -> Response:
        inner = replace(request, base=request.base + "/api", path=request.path.removeprefix("/api"))
        gone = inner == request or inner.path.endswith(("/deleted", "/settings", "/keys/current"))
        found = refuse(404, "Not found") if gone else self._answer_reader(inner, "")
        headers = {**dict(found.headers), "Zotero-Server-ID": self.desktop}
        if inner.path.endswith("/fulltext"):
            headers.pop("Last-Modified-Version", None)
        if inner.query.get("include") == "csljson" and found.status == 200:
            found = replace(found, body=as_text_of_a_list(found.body))
        if "Location" in headers:
            library = next(
                each for each in self.libraries.values() if inner.path.startswith(each.prefix + "/")
            )
            path = library.files[inner.path.split("/")[-2]]
            assert isinstance(path, Path), "Zotero's desktop has its files on disk"
            headers["Location"] = path.as_uri()
        return replace(found, headers=tuple(headers.items()))

    def _answer_reader(self, request: Request, key: str) -> Response:
        """Answer who was let in; key "" is a stranger."""
        reader = self.keys.get(key)
        version = self.schema["version"]
        match request.path.strip("/").split("/", 2):
            case ["keys", "current"]:
                return as_zotero(describe_key(key, reader) if reader else fail(403, "Forbidden"), version)
            case ["schema"]:
                return as_zotero(
                    Response(200, (("Content-Type", JSON_TYPE),), dump(self.schema).encode()), version
                )
            case ["users" | "groups" as kind, id, *_] if not id.isdecimal():
                return refuse(400, f"Invalid {kind[:-1]} ID")
            case ["users", id, "groups"]:
                return as_zotero(self._list_groups(request, int(id), reader), version)
            case ["groups", id]:
                return as_zotero(self._describe_group(f"/groups/{id}", reader), version)
            case ["users" | "groups" as kind, id, rest] if f"/{kind}/{id}" in self.libraries:
                return self._answer_library(self.libraries[f"/{kind}/{id}"], request, rest, reader)
            case ["users", id, _]:
                return refuse(404, f"User {id} not found")
        return refuse(404, "Not found")

    def _answer_library(
        self, library: FakeLibrary, request: Request, rest: str, reader: ApiKey | None
    ) -> Response:
        version = self.schema["version"]
        if not (library.public or library.opens(reader) or rest.startswith("publications/")):
            # A file that may not be read looks as if it did not exist.
            return as_zotero(
                fail(404, "Not found") if rest.endswith("/file") else fail(403, "Forbidden"), version
            )
        with library.lock:
            found = answer(library.shelf(reader, self.storage_url, version), request)
        return as_atom(found) if "application/atom+xml" in request.headers.get("accept", "") else found

    def _describe_group(self, prefix: str, reader: ApiKey | None) -> Response:
        group = self.libraries.get(prefix)
        if group is None or not (group.public or group.opens(reader)):
            return fail(404, "Not found")
        return whole(group.as_group(), group.group_version)

    def _list_groups(self, request: Request, user: int, reader: ApiKey | None) -> Response:
        """List the groups a user is a member of, as far as the reader may know; without a library version."""
        member_of = [g for g in self.libraries.values() if g.is_group and user in g.members]
        shown = sorted((g for g in member_of if g.public or g.opens(reader)), key=lambda group: group.number)
        if request.query.get("format") == "versions":
            body = dump({str(group.number): group.group_version for group in shown})
        else:
            body = dump([group.as_group() for group in shown])
        link = f'<https://www.zotero.org/users/{user}/groups>; rel="alternate"'
        headers = (("Content-Type", JSON_TYPE), ("Total-Results", str(len(shown))), ("Link", link))
        return Response(200, headers, body.encode())


class FakeServer(LoopbackServer):
    def __init__(self, zotero: FakeZotero, respond: Callable[[Request], Response], storage: bool) -> None:
        super().__init__(respond)
        self.RequestHandlerClass = FakeHandler
        self.zotero = zotero
        self.storage = storage


class FakeHandler(Handler):
    """Answers, or lets the trouble happen; keeps the log."""

    server: FakeServer

    def do_GET(self) -> None:
        request = self.read()
        zotero = self.server.zotero
        logged = zotero.enter(request, self.server.storage)
        troubles = zotero.take_troubles(request)
        response = None
        try:
            response = self.suffer(request, troubles)
        finally:
            # Before a byte is sent: who has an answer finds it in the log and no longer among the running.
            zotero.leave(logged, response.status if response else 0)
        cut = next((trouble.cut for trouble in troubles if trouble.cut is not None), None)
        if response is None:
            self.close_connection = True
        elif cut is None:
            self.send(response)
        else:
            self.send_cut(response, cut)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def suffer(self, request: Request, troubles: list[Trouble]) -> Response | None:
        """Let the troubles happen, then answer; None: no answer at all."""
        for trouble in troubles:
            if trouble.do:
                trouble.do()
        time.sleep(sum(trouble.delay for trouble in troubles))
        if any(trouble.drop for trouble in troubles):
            return None
        response = next((t.response for t in troubles if t.response), None) or self.server.respond(request)
        more = itertools.chain.from_iterable(trouble.more_headers for trouble in troubles)
        return replace(response, headers=(*response.headers, *more))

    def send_cut(self, response: Response, keep: int) -> None:
        body = response.body.read_bytes() if isinstance(response.body, Path) else response.body
        self.send_head(response, len(body))
        self.wfile.write(body[:keep])
        self.close_connection = True


def matcher(when: When) -> Callable[[Request], bool]:
    if isinstance(when, int):
        counted = itertools.count(1)
        return lambda request: next(counted) == when
    if isinstance(when, str):
        return lambda request: when in target_of(request.path, request.query)
    return when


def target_of(path: str, query: Mapping[str, str]) -> str:
    """Write path and query as a reader would, without percent signs."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{path}?{asked}" if asked else path


def sent_keys(request: Request) -> list[str]:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    sent = (bearer, request.headers.get("zotero-api-key"), request.query.get("key"))
    return [key for key in sent if key]


def describe_key(name: str, key: ApiKey) -> Response:
    rights = {"library": True, "files": key.files, "notes": key.notes, "write": key.write}
    named = ["all"] if key.groups == "all" else [str(group) for group in key.groups]
    access = {
        "user": {right: True for right, given in rights.items() if given and key.library},
        "groups": {group: {"library": True, "write": key.write} for group in named},
    }
    described = {
        "key": name,
        "userID": key.user,
        "username": key.username,
        "displayName": "Library User",
        "access": {part: given for part, given in access.items() if given},
    }
    return Response(200, (("Content-Type", JSON_TYPE),), dump(described).encode())


def as_text_of_a_list(body: FileBody) -> bytes:
    """Write the CSL-JSON of each item as Zotero's desktop does, which exports it: as text."""
    assert isinstance(body, bytes)
    items = json.loads(body)
    return dump([{**item, "csljson": dump([item["csljson"]])} for item in items]).encode()


def as_atom(response: Response) -> Response:
    """Give Atom to who names it in Accept: its label only, since nothing of ours reads it."""
    headers = dict(response.headers)
    if response.status != 200 or headers.get("Content-Type") != JSON_TYPE:
        return response
    headers["Content-Type"] = "application/atom+xml"
    return replace(
        response, headers=tuple(headers.items()), body=b'<feed xmlns="http://www.w3.org/2005/Atom"/>'
    )

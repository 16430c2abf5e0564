"""Zotero Web API v3: URLs, paging, waiting, status -> error. Knows HTTP, nothing of files or pages.

In: a library's id, keys, versions. Out: frozen values with the library version that the server put on them.
The facts behind the odd corners: Zotero's documentation ("Web API v3", "Syncing") and its server's source.
"""

from __future__ import annotations

import ipaddress
import json
import math
import random
import re
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import url2pathname

import requests
import requests.adapters
from urllib3.exceptions import (
    DecodeError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from zstatic import __version__
from zstatic.config import Secret
from zstatic.errors import (
    AccessDenied,
    ApiError,
    ApiUnreachable,
    ConfigError,
    LibraryNotFound,
    RateLimited,
)
from zstatic.patience import PATIENCE, WORKERS, Gate, Patience, duration, wait_seconds
from zstatic.shapes import is_too_deep

JSON = Any
Kind = Literal["items", "collections", "searches", "settings"]
# The kinds with keys of which a library has few.
Few = Literal["collections", "searches"]
W = TypeVar("W")
R = TypeVar("R")

USER_AGENT = f"zstatic/{__version__} (+https://pypi.org/project/zstatic/)"
# Documented limit of itemKey=; the server takes 100, but one request must not cost it too much.
BATCH = 50
MAX_BODY = 256_000_000
CHUNK = 1 << 20
# Seconds for which the address of a file is good: 60, less what a request may need to get there.
FRESH = 50
# Bytes per second below which a download is given up.
SLOWEST = 20_000
OBJECT_KEY = re.compile(r"[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}")
_KEY_PARAMETERS: Mapping[Few, str] = {"collections": "collectionKey", "searches": "searchKey"}
# What no library will reach has no meaning.
_COUNT = re.compile(r"[0-9]{1,15}")
_API_KEY = re.compile(r"[!-~]{1,200}")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class RequestFailed(ApiUnreachable):
    """The server is there, but this request failed: 5xx, stalled, cut short, not JSON. A smaller may pass."""


class RequestRefused(ApiError):
    """This server does not answer what it was asked: 4xx. The same question will not do better."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. content: the parsed JSON; None where the status carries none (304, 404)."""

    status: int
    headers: Mapping[str, str]
    content: JSON

    @property
    def version(self) -> int:
        """The library version, or the object's on an answer about one object; -1 if none is told."""
        return _number(self.headers.get("Last-Modified-Version"), -1)

    @property
    def schema_version(self) -> str:
        return self.headers.get("Zotero-Schema-Version", "")


_PUBLIC_GROUPS = ("PublicOpen", "PublicClosed")


@dataclass(frozen=True, slots=True)
class Group:
    """How a group describes itself. is_public: everybody can read its items at zotero.org."""

    name: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class Versions:
    """by_key: key -> object version, unsorted. version: of the library.

    schema_version: "" if not told. total: how many there are, also where `by_key` was cut; -1 if not told.
    """

    by_key: Mapping[str, int]
    version: int
    schema_version: str = ""
    total: int = -1


@dataclass(frozen=True, slots=True)
class Objects:
    """by_key: key -> raw object as received, in the order received. version: of the library."""

    by_key: Mapping[str, JSON]
    version: int


@dataclass(frozen=True, slots=True)
class FileLocation:
    """Where the bytes of an attachment are for the next 60 seconds.

    md5, size: of the body that comes; "" and None if not told. zipped: the body is a ZIP around the file.
    good_until: on the clock of the Api that gave it.
    """

    url: str
    md5: str
    size: int | None
    zipped: bool
    good_until: float = math.inf


class Api:
    """One API host, with or without a key. Threads may share it; close it to end what still waits.

    url: e.g. "https://api.zotero.org". say: told each time that waiting starts.
    adapter: makes what carries the requests in place of sockets. clock, sleep, chance: for tests as well;
    chance gives numbers from 0 to 1.
    """

    def __init__(
        self,
        url: str,
        key: Secret | None = None,
        *,
        say: Callable[[str], None] = lambda message: None,
        patience: Patience | None = None,
        adapter: Callable[[], requests.adapters.BaseAdapter] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(self.url).hostname or self.url
        self._key = _checked(key, self.url)
        self._say, self._clock, self._chance = say, clock, chance
        self._patience = patience or PATIENCE
        self._adapter = adapter
        self._closed = threading.Event()
        self._sleep = sleep or self._doze
        self._gate = Gate(self._patience, clock, self._sleep)
        # All, and those not in use by purpose.
        self._sessions: list[requests.Session] = []
        self._idle: dict[str, list[requests.Session]] = {}
        self._lock = threading.Lock()
        self._sent = 0
        self._server_id = ""
        # What was refused -> how: no worker asks for any of it again.
        self._refused: dict[str, AccessDenied] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wake sleeping workers, which then give up, and drop all connections."""
        self._closed.set()
        with self._lock:
            for session in self._sessions:
                session.close()

    @property
    def request_count(self) -> int:
        """Requests sent so far, those to the storage host and repeated ones included."""
        return self._sent

    @property
    def server_id(self) -> str:
        """Which Zotero desktop answered last; "" = Zotero's own servers, or no answer yet."""
        return self._server_id

    @property
    def has_key(self) -> bool:
        return self._key is not None

    @property
    def anonymous(self) -> bool:
        """Whether requests come from nobody in particular: without a key, and to a server that has keys."""
        return self._key is None and not self._server_id

    # --- what Zotero offers

    @cached_property
    def permissions(self) -> JSON:
        """What the key may read: `/keys/current`, asked once; None without a key. Raises AccessDenied."""
        # Without a key this answers 403, and Zotero's desktop has no such page: there is nothing to check.
        if self._key is None:
            return None
        return self._get("/keys/current", check=_mapping, missing=True).content

    def item_versions(self, library: str, since: int, known: int = 0) -> Versions | None:
        """List the items changed after a library version, trashed ones included.

        since: 0 lists the whole library. known: a library version; if the library is still there: None.
        """
        query = {"format": "versions", "since": str(since), "includeTrashed": "1"}
        # The server takes an If-Modified-Since-Version that makes no sense for "not modified".
        headers = {"If-Modified-Since-Version": str(known)} if known > 0 else {}
        answer = self._get(f"/{library}/items", query, headers, check=_versions)
        if answer.status == 304:
            return None
        return _listed(answer)

    def annotation_versions(self, library: str, known: int = 0) -> Versions | None:
        """List all annotations of a library, trashed ones included; `known` as for `item_versions`."""
        query = {"format": "versions", "itemType": "annotation", "includeTrashed": "1"}
        headers = {"If-Modified-Since-Version": str(known)} if known > 0 else {}
        answer = self._get(f"/{library}/items", query, headers, check=_versions)
        if answer.status == 304:
            return None
        return _listed(answer)

    def collection_item_versions(self, library: str, collection: str) -> Versions | None:
        """List all items of one collection and what hangs directly under them, trashed ones included.

        Not what is in its subcollections, and no annotations. None: there is no such collection.
        """
        query = {"format": "versions", "includeTrashed": "1"}
        place = f"/{library}/collections/{collection}/items"
        answer = self._get(place, query, check=_versions, missing=True)
        return None if answer.status == 404 else _listed(answer)

    def children(self, library: str, key: str) -> Objects:
        """Fetch what hangs directly under an item, trashed ones included.

        Raises LibraryNotFound if the item is gone, RequestRefused if it is of a kind that has nothing below.
        """
        return self._objects(f"/{library}/items/{key}/children", {"includeTrashed": "1", "limit": "100"})

    def items(self, library: str, keys: Sequence[str], **query: str) -> Objects:
        """Fetch up to BATCH items by key, with those parts that `include` names; missing ones are left out.

        Trashed items come only with includeTrashed="1". Raises RequestFailed when a smaller batch may pass.
        """
        # With no well-formed key left the server drops the filter and sends the whole library.
        good = [key for key in keys if OBJECT_KEY.fullmatch(key)]
        if not good:
            raise ValueError("no item key")
        # Only once more: asking for less helps rather than insisting, and for one alone asking later.
        found = self._objects(f"/{library}/items", {**query, "itemKey": ",".join(good)}, attempts=2)
        asked = set(good)
        return Objects({k: o for k, o in found.by_key.items() if k in asked}, found.version)

    def delivers(self, ask: Callable[[], Objects]) -> bool:
        """Say whether any object comes when asked so: what cannot be read is told from an outage by that."""
        try:
            return bool(ask().by_key)
        except (RequestFailed, RequestRefused, LibraryNotFound):
            return False

    def item_count(self, library: str) -> Versions:
        """Ask how many items a library has, trashed ones included: `total`."""
        query = {"format": "versions", "limit": "1", "includeTrashed": "1"}
        answer = self._get(f"/{library}/items", query, check=_versions)
        return _listed(answer)

    def object_versions(self, library: str, kind: Few) -> Versions:
        """List every collection or saved search, trashed ones included."""
        return _listed(self._get(f"/{library}/{kind}", {"format": "versions"}, check=_versions))

    def objects(self, library: str, kind: Few, keys: Sequence[str]) -> Objects:
        """Fetch up to BATCH collections or saved searches by key; missing ones are left out."""
        query = {_KEY_PARAMETERS[kind]: ",".join(keys), "limit": "100"}
        found = self._objects(f"/{library}/{kind}", query, 2 if len(keys) > 1 else 0)
        asked = set(keys)
        return Objects({k: o for k, o in found.by_key.items() if k in asked}, found.version)

    def settings(self, library: str) -> Objects:
        """Fetch the synced settings, by name."""
        answer = self._get(f"/{library}/settings", check=_listing)
        # No name of a setting has a slash; with one it could not be found again.
        named = {name: value for name, value in answer.content.items() if "/" not in name}
        return Objects(named, answer.version)

    def deleted_items(self, library: str, since: int) -> Versions | None:
        """List the items deleted after a library version; None: this server keeps no such list."""
        answer = self._get(f"/{library}/deleted", {"since": str(since)}, check=_deletions, missing=True)
        if answer.status == 404:
            return None
        return Versions(dict.fromkeys(answer.content["items"], answer.version), answer.version)

    def fulltext_versions(self, library: str, since: int) -> Versions | None:
        """List attachments by the version of their full text; None: this server has none.

        version: -1 from a server that does not tell.
        """
        # Zotero's desktop does not say as of which version.
        answer = self._get(f"/{library}/fulltext", {"since": str(since)}, check=_numbers, missing=True)
        return None if answer.status == 404 else Versions(answer.content, answer.version)

    def fulltext(self, library: str, key: str) -> str | None:
        """Fetch the full text of one attachment; None: there is none."""
        answer = self._get(f"/{library}/items/{key}/fulltext", check=_mapping, missing=True)
        if answer.status == 404:
            return None
        content = answer.content.get("content")
        return content if isinstance(content, str) else ""

    @cached_property
    def group_versions(self) -> Mapping[str, int]:
        """Give "groups/1" -> version of its description, for the groups of the key's owner; asked once.

        Without a key there are none.
        """
        owner = (self.permissions or {}).get("userID")
        if type(owner) is not int:
            return {}
        answer = self._get(f"/users/{owner}/groups", {"format": "versions"}, check=_numbers, missing=True)
        return {f"groups/{number}": version for number, version in (answer.content or {}).items()}

    def group(self, library: str) -> Group | None:
        """Fetch the description of a group; None if the group does not show itself."""
        answer = self._get(f"/{library}", check=_description, missing=True)
        if not answer.content:
            return None
        described = answer.content["data"]
        self._insist_on_library(library, {"type": "group", "id": described.get("id")})
        is_public = described.get("type") in _PUBLIC_GROUPS and described.get("libraryReading") == "all"
        return Group(str(described["name"]), is_public)

    def schema(self) -> JSON:
        """Fetch Zotero's schema: item types, fields and their labels; None if this server has none."""
        return self._get("/schema", check=_mapping, missing=True).content

    def file_location(self, library: str, key: str) -> FileLocation | None:
        """Ask where an attachment's file is; None: not stored, or not for us."""
        answer = self._get(f"/{library}/items/{key}/file", missing=True, redirect=True)
        if answer.status == 404:
            return None
        url = answer.headers.get("Location", "")
        if not (may_download(url, self.url) or (self._server_id and is_in_storage(url, key, self.url))):
            raise ApiError("Zotero sent us to a place that no file may come from.")
        size = _number(answer.headers.get("Zotero-File-Size"), -1)
        return FileLocation(
            url,
            answer.headers.get("Zotero-File-MD5", "").lower(),
            size if size >= 0 else None,
            answer.headers.get("Zotero-File-Compressed", "").lower() == "yes",
            self._clock() + FRESH,
        )

    @contextmanager
    def download(self, location: FileLocation) -> Iterator[Iterator[bytes]]:
        """Open a stream of chunks from the storage host, without any credentials, or from this machine.

        Raises RequestFailed when trying again may help, ApiError when not.
        """
        if location.url.startswith("file:"):
            with _open_stored(location.url) as chunks:
                yield chunks
            return
        with self._gate.turn() as now:
            if now > location.good_until:
                raise RequestFailed("The address of the file ran out while the server made us wait.")
            with self._stored(location) as response:
                yield self._in_time(_pieces(response), location.size)

    @contextmanager
    def _stored(self, location: FileLocation) -> Iterator[requests.Response]:
        """Ask the storage host; gives the head of its answer."""
        self._count()
        try:
            # The storage host refuses an Authorization header, and the key is none of its business.
            with (
                self._session("storage", _NoAuth()) as session,
                closing(
                    session.get(
                        location.url,
                        headers={"Accept-Encoding": "identity"},
                        stream=True,
                        allow_redirects=False,
                        timeout=self._timeouts,
                    )
                ) as response,
            ):
                self._heed(Answer(response.status_code, response.headers, None))
                if response.status_code != 200:
                    again = response.status_code == 429 or response.status_code >= 500
                    kind = RequestFailed if again else ApiError
                    raise kind(f"The storage host answered {response.status_code}.")
                yield response
        except (UnicodeError, LocationValueError):
            raise ApiError("Zotero sent us to an address that is none.") from None
        except requests.RequestException as error:
            # Its text may hold the signed address: not even a traceback may show it.
            raise RequestFailed(f"The storage host did not deliver: {_reason(error)}.") from None

    def _in_time(self, chunks: Iterable[bytes], size: int | None) -> Iterator[bytes]:
        """Give up on a stream that never falls silent and never ends."""
        deadline = self._clock() + self._patience.whole + (size or 0) / SLOWEST
        for chunk in chunks:
            if self._clock() > deadline:
                raise requests.exceptions.ReadTimeout
            yield chunk

    # --- asking

    def _objects(self, path: str, query: Mapping[str, str], attempts: int = 0) -> Objects:
        """Follow a listing to its last page; the library version is the one on all pages.

        version: that of the first page that differs, so that the caller sees the library move.
        """
        found: dict[str, JSON] = {}
        first = answer = self._get(path, query, check=_list, attempts=attempts)
        found |= _by_key(answer.content)
        while url := self._next(answer):
            answer = self._get(url, check=_list, attempts=attempts)
            if found.keys() >= {each["key"] for each in answer.content}:
                raise RequestFailed(f"{self.host} goes round in circles with the pages of {path}.")
            found |= _by_key(answer.content)
            if answer.version != first.version:
                break
        for each in found.values():
            self._insist_on_library(path, each.get("library"))
        return Objects(found, answer.version)

    def _insist_on_library(self, path: str, told: JSON) -> None:
        """Raises ApiError if an answer says that it is of another library than was asked for.

        told: what it says; Zotero's desktop knows "users/0" by the number of its account.
        """
        kind, number, *_ = path.strip("/").split("/")
        if not isinstance(told, dict) or type(told.get("id")) is not int:
            return
        if kind == "users" and (self._server_id or number == "0") and told.get("type") == "user":
            return
        if (f"{told.get('type')}s", str(told["id"])) != (kind, number):
            raise ApiError(
                f"{self.host} was asked for {kind}/{number} and answered with another library.",
                "Check [[library]] api_url in site.toml, and whether a proxy in between mixes up answers.",
            )

    def _next(self, answer: Answer) -> str:
        """Give the address of the next page; "" on the last."""
        links = requests.utils.parse_header_links(answer.headers.get("Link", ""))
        url = next((link["url"] for link in links if link.get("rel") == "next"), "")
        if url and not url.startswith(self.url + "/"):
            raise ApiError(f"{self.host} names a next page on another host.")
        return url

    def _get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        check: Callable[[Answer], None] = lambda answer: None,
        missing: bool = False,
        redirect: bool = False,
        attempts: int = 0,
    ) -> Answer:
        """Ask until there is a good answer or patience ends.

        check: raises ValueError for content that cannot be right, which is asked for again.
        missing: 404 is an answer. redirect: so is a redirect, and nothing else. attempts: for a request that
        breaks or is answered 5xx; 0 = as patience has it.
        """
        url = path if path.startswith("http") else self.url + path
        place = urlsplit(url).path.removeprefix(urlsplit(self.url).path)
        tries = 0
        while True:
            tries += 1
            with self._gate.turn():
                self._insist_on_welcome(place)
                answer, failure = self._once(url, query, headers or {}, check, redirect)
                if answer is not None:
                    failure = failure or self._judge(answer, place, missing, redirect, bool(headers))
                    # Still inside: no worker may start before it knows.
                    self._heed(answer, tries)
                if isinstance(failure, AccessDenied):
                    self._refused[self._reach(place)] = failure
            if answer is not None and failure is None:
                return Answer(404, answer.headers, None) if answer.status == 404 else answer
            assert failure is not None
            hopeless = answer is not None and self._hopeless(answer)
            if hopeless or not isinstance(failure, RequestFailed | RateLimited | _NoConnection):
                raise failure
            slowed = isinstance(failure, RateLimited)
            # Asking for less helps only where somebody answers.
            few = attempts if isinstance(failure, RequestFailed) else 0
            if tries >= (few or self._patience.attempts):
                raise failure
            if not slowed:
                self.pause(tries)

    def _judge(
        self, answer: Answer, place: str, missing: bool, redirect: bool, conditional: bool
    ) -> ApiError | None:
        """Say what is wrong with an answer; None = nothing."""
        if answer.status == 304 and not conditional:
            return RequestFailed(f"{self.host} says that nothing changed, though we did not ask ({place}).")
        good = answer.status in (200, 304) or (redirect and 300 <= answer.status < 400)
        return None if good or (answer.status == 404 and missing) else self._failure(answer, place)

    def _insist_on_welcome(self, place: str) -> None:
        """Ask for nothing of what was refused once. Raises AccessDenied."""
        refused = self._refused.get(self._reach(place))
        if refused is not None:
            raise refused

    def _reach(self, place: str) -> str:
        """Name what is refused when this place is: all of a library, or all of its files."""
        if self._key is None:
            # Strangers may be shown a part.
            return place
        library = "/".join(place.strip("/").split("/")[:2])
        return f"{library} files" if place.endswith("/file") else library

    def _once(
        self,
        url: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        check: Callable[[Answer], None],
        redirect: bool,
    ) -> tuple[Answer | None, ApiError | None]:
        """Ask once; give what came, without content if that is unusable, and what went wrong on the way.

        A failure is a value here: whether to try again is decided elsewhere.
        """
        self._count()
        answer: Answer | None = None
        try:
            with (
                self._session("api", _Bearer(self._key) if self._key else _NoAuth()) as session,
                closing(
                    session.get(
                        url,
                        params=query,
                        headers=dict(headers),
                        stream=True,
                        allow_redirects=False,
                        timeout=self._timeouts,
                    )
                ) as response,
            ):
                answer = Answer(response.status_code, response.headers, None)
                if answer.status < 400:
                    self._server_id = answer.headers.get("Zotero-Server-ID", "")
                body = self._read(response)
        except requests.exceptions.SSLError:
            return None, ApiUnreachable(
                f"{self.host} shows no valid certificate.", "Check the clock and the network of this machine."
            )
        except requests.RequestException as error:
            # The chained exceptions hold the request with the key.
            return answer, _broken(error, self.host) if answer is None or answer.status == 200 else None
        if answer.status != 200:
            shown = self._shown(body) if answer.status >= 400 else None
            return Answer(answer.status, answer.headers, shown), None
        if redirect:
            return answer, RequestFailed(f"{self.host} sent something else than the place of a file.")
        try:
            whole = Answer(200, answer.headers, parse_json(body))
            check(whole)
        except (ValueError, RecursionError):
            return answer, RequestFailed(
                f"{self.host} sent something that is no answer of Zotero's API.",
                "Is a proxy or a login page of your network in between?",
            )
        return whole, None

    def _read(self, response: requests.Response) -> bytes:
        """Read a body whole, within limits of size and time."""
        deadline = self._clock() + self._patience.whole
        body = bytearray()
        for piece in _pieces(response):
            body += piece
            if len(body) > MAX_BODY:
                raise requests.exceptions.ContentDecodingError("too large")
            if self._clock() > deadline:
                raise requests.exceptions.ReadTimeout
        return bytes(body)

    def _heed(self, answer: Answer, tries: int = 0) -> None:
        """Make all workers wait if the server asks for it, with whatever status.

        tries: how often this was asked, for a server that does not say how long; 0 = it need not say.
        """
        date = answer.headers.get("Date", "")
        asked = wait_seconds(answer.headers.get("Backoff"), date) or 0.0
        own = 0.0
        if answer.status in (429, 503):
            after = wait_seconds(answer.headers.get("Retry-After"), date)
            own = self._unsaid(answer, tries) if after is None else 0.0
            asked = max(asked, after or 0.0)
        if own > asked:
            self._say(f"{self.host} answered {answer.status}; waiting {duration(own)} before asking again")
            self._gate.hold(own, asked=False)
        elif asked > 0:
            self._say(f"{self.host} asks to wait {duration(asked)}")
            self._gate.hold(asked)

    def _unsaid(self, answer: Answer, tries: int) -> float:
        """Give the seconds to wait when the server wants it but does not say how long."""
        if tries < 1 or tries >= self._patience.attempts or self._hopeless(answer):
            return 0.0
        unsaid = self._patience.unsaid
        return unsaid[min(tries, len(unsaid)) - 1] * (0.75 + self._chance() / 2)

    def pause(self, tries: int) -> None:
        """Let this worker alone wait, twice as long each time and never in step with the others."""
        pause = min(self._patience.first * 2 ** (tries - 1), self._patience.cap) * (0.5 + self._chance())
        self._say(f"No usable answer from {self.host}, trying again in {duration(pause)}")
        self._gate.pause(pause)

    def _failure(self, answer: Answer, place: str) -> ApiError:
        """Say what a status means for a reader."""
        status, said = answer.status, answer.content or ""
        library = "/".join(place.strip("/").split("/")[:2])
        if status in (401, 403):
            return self._denied(place, library)
        if status == 404:
            return LibraryNotFound(
                f"There is no library {library} at {self.host}, or it does not show itself "
                f"{'without a key' if self._key is None else 'to this key'}.",
                'Check [[library]] id in site.toml: "groups/123", "users/123" or "users/123/publications".',
            )
        if self._hopeless(answer):
            return RateLimited(
                f"{self.host} refuses this machine for some minutes: too many requests with a wrong key.",
                "Correct the key, wait five minutes, try again.",
            )
        if status == 429:
            return RateLimited(f"{self.host} goes on asking for a slower pace.", "Try again in some minutes.")
        if status == 503:
            return RateLimited(f"{self.host} is not available now: {said}", "Try again in some minutes.")
        if status >= 500:
            return RequestFailed(f"{self.host} failed ({status}) on {place}.", "Try again in some minutes.")
        return RequestRefused(f"{self.host} answered {status} to {place}: {said}".rstrip(": "))

    def _denied(self, place: str, library: str) -> AccessDenied:
        keys = "https://www.zotero.org/settings/keys"
        if place == "/keys/current":
            return AccessDenied("Zotero refuses the API key.", f"Compare it with the keys listed at {keys}.")
        if self._key is None:
            return AccessDenied(
                f"The library {library} is not public.",
                f"Make it public on zotero.org, or create a read-only key at {keys} and write it into the "
                "file .env beside site.toml: ZOTERO_API_KEY=…",
            )
        part = "files" if place.endswith("/file") else "library"
        return AccessDenied(
            f"The API key has no access to {'files of ' if part == 'files' else ''}the library {library}.",
            f"Edit the key at {keys}: allow read access to "
            + ("this group." if library.startswith("groups/") else "your library, its notes and files."),
        )

    @staticmethod
    def _hopeless(answer: Answer) -> bool:
        # Good keys are refused too, for 300 s, and no Retry-After says so.
        return answer.status == 429 and "authentication failures" in str(answer.content)

    def _shown(self, body: bytes) -> str:
        """Make a server's words fit for a message."""
        text = re.sub(r"<[^>]*>|[\x00-\x1f\x7f]", " ", body[:400].decode("utf-8", "replace"))
        text = " ".join(text.split())[:200]
        return text.replace(self._key.value, "…") if self._key else text

    @property
    def _timeouts(self) -> tuple[float, float]:
        return self._patience.connect, self._patience.read

    @contextmanager
    def _session(self, purpose: str, auth: requests.auth.AuthBase) -> Iterator[requests.Session]:
        """Lend a session with its open connection: requests' sessions are not made for sharing."""
        with self._lock:
            idle = self._idle.setdefault(purpose, [])
            session = idle.pop() if idle else None
        if session is None:
            session = self._new_session(purpose, auth)
        try:
            yield session
        finally:
            with self._lock:
                idle.append(session)

    def _new_session(self, purpose: str, auth: requests.auth.AuthBase) -> requests.Session:
        session = _Session()
        # An auth object of our own: else requests would put a password from ~/.netrc in its place.
        session.auth = auth
        session.headers.update({"User-Agent": USER_AGENT})
        if purpose == "api":
            session.headers.update({"Accept": "application/json", "Zotero-API-Version": "3"})
        if self._adapter is not None:
            session.mount("http://", self._adapter())
            session.mount("https://", self._adapter())
        with self._lock:
            self._sessions.append(session)
        return session

    def _count(self) -> None:
        if self._closed.is_set():
            raise ApiUnreachable("The run was ended.")
        with self._lock:
            self._sent += 1

    def _doze(self, seconds: float) -> None:
        """Sleep until it is time or the client is closed."""
        if self._closed.wait(seconds):
            raise ApiUnreachable("The run was ended.")


def in_parallel(work: Iterable[W], fetch: Callable[[W], R]) -> Iterator[R]:
    """Fetch pieces of work with WORKERS threads; results as they come.

    No piece is begun before the caller is done with every result there is: so what was answered is stored
    before more is asked. work: a deque may be added to or cleared by the caller meanwhile.
    """
    queue = work if isinstance(work, deque) else deque(work)
    pool = ThreadPoolExecutor(WORKERS)
    running: set[Future[R]] = set()
    try:
        while queue or running:
            while queue and len(running) < WORKERS:
                running.add(pool.submit(fetch, queue.popleft()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            # What failed comes last: it ends the loop.
            for future in sorted(done, key=lambda each: each.exception() is not None):
                yield future.result()
    finally:
        # After an error nobody wants the rest; `Api.close` wakes those that sleep.
        pool.shutdown(wait=False, cancel_futures=True)


def batches(keys: Iterable[str], size: int = BATCH) -> Iterator[tuple[str, ...]]:
    """Cut keys into batches, in key order, so that a resumed run asks for the same ones."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), size):
        yield tuple(ordered[start : start + size])


def may_download(url: str, api_url: str) -> bool:
    """Say whether a file may come from an address that the API names.

    Plain HTTP and this machine's own addresses only where the API itself is on this machine.
    """
    place, api = _split(url), urlsplit(api_url)
    host = place.hostname or ""
    if api.scheme == "http" and _is_loopback(api.hostname or ""):
        return (place.scheme == "http" and _is_loopback(host)) or (place.scheme == "https" and bool(host))
    return place.scheme == "https" and bool(host) and not _is_loopback(host) and not _is_private(host)


def is_in_storage(url: str, key: str, api_url: str) -> bool:
    """Say whether an address is a file where Zotero on this computer keeps an attachment: …/storage/KEY/name.

    Whoever answers on a port of this machine must not make us publish any other file of it.
    """
    place, api = _split(url), urlsplit(api_url)
    if place.scheme != "file" or place.netloc not in ("", "localhost") or place.query or place.fragment:
        return False
    steps = unquote(place.path).split("/")
    return (
        api.scheme == "http"
        and _is_loopback(api.hostname or "")
        and len(steps) > 3
        and steps[-3:-1] == ["storage", key]
        and not {".", "..", ""}.intersection(steps[1:])
    )


def _split(url: str) -> SplitResult:
    """Take an address apart; of one that is none nothing is left."""
    try:
        place = urlsplit(url)
        # Looked at only now.
        _ = place.port
    except ValueError:
        return urlsplit("")
    return place


@contextmanager
def _open_stored(url: str) -> Iterator[Iterator[bytes]]:
    """Open a file of this machine. Its path says much about its owner: no message may hold it."""
    path = Path(url2pathname(urlsplit(url).path))
    try:
        # Neither a link nor a pipe, which would never end.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ApiError("Its file on this computer is not a plain file.")
        file = path.open("rb")
    except (OSError, ValueError):
        raise ApiError("Its file is not on this computer, or cannot be read.") from None
    with file:
        yield _read_chunks(file)


def _read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = file.read(CHUNK)
        except OSError:
            raise ApiError("Its file on this computer cannot be read to its end.") from None
        if not chunk:
            return
        yield chunk


def parse_json(body: bytes) -> JSON:
    """Parse strict JSON; half surrogate pairs, which no file could hold, become "�". Raises ValueError."""
    content = json.loads(body, parse_constant=_no_constant)
    if is_too_deep(content):
        raise ValueError("nested too deeply")
    if _LONE_SURROGATE.search(body):
        text = json.dumps(content, ensure_ascii=False)
        content = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return content


class _NoConnection(ApiUnreachable):
    """Nobody answers at all: a smaller request would not help."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Know of no redirect: where one leads, requests would look even if told not to follow it."""
        return


class _Bearer(requests.auth.AuthBase):
    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key.value}"
        return request


class _NoAuth(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _checked(key: Secret | None, url: str) -> Secret | None:
    """Refuse a key that would break a header, or that would travel unencrypted."""
    if key is None or not key.value:
        return None
    if not _API_KEY.fullmatch(key.value):
        raise ConfigError(
            "The API key holds blanks or characters that no key has.",
            "Copy it again from zotero.org/settings/keys.",
        )
    address = urlsplit(url)
    if address.scheme != "https" and not _is_loopback(address.hostname or ""):
        raise ConfigError(
            f"The API key would go to {address.hostname} unencrypted.", "Use an https:// api_url."
        )
    return key


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives: who waits for whole chunks waits for ever where a server dawdles.

    Raises what requests raises while it reads a body.
    """
    raised = requests.exceptions
    try:
        while piece := response.raw.read1(CHUNK, decode_content=True):
            yield piece
    except ReadTimeoutError as error:
        raise raised.ConnectionError(error) from error
    except DecodeError as error:
        raise raised.ContentDecodingError(error) from error
    except SSLError as error:
        raise raised.SSLError(error) from error
    except ProtocolError as error:
        raise raised.ChunkedEncodingError(error) from error


def _broken(error: requests.RequestException, host: str) -> ApiError:
    """Tell a server that is not there from one that did not finish."""
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    absent = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)
    if absent or isinstance(cause, NewConnectionError):
        return _NoConnection(
            f"No connection to {host}: {_reason(error)}.", "Check the network; what was fetched is kept."
        )
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return ApiError(f"{host} is no address of a Zotero API.", "Check [[library]] api_url in site.toml.")
    return RequestFailed(
        f"{host} did not finish its answer: {_reason(error)}.", "Try again; what was fetched is kept."
    )


def _reason(error: requests.RequestException) -> str:
    """Say what happened without the address, which may be signed."""
    for kind, words in (
        (requests.ConnectTimeout, "no reply in time"),
        (requests.ReadTimeout, "it fell silent"),
        (requests.exceptions.ProxyError, "the proxy refuses"),
        (requests.exceptions.ContentDecodingError, "the body is damaged or too large"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
    ):
        if isinstance(error, kind):
            return words
    return "the connection broke off or was refused"


def _versions(answer: Answer) -> None:
    _listing(answer)
    _numbers(answer)


def _numbers(answer: Answer) -> None:
    _mapping(answer)
    if not all(type(version) is int and version >= 0 for version in answer.content.values()):
        raise ValueError("not a mapping of versions")


def _listing(answer: Answer) -> None:
    _mapping(answer)
    if answer.version < 0:
        raise ValueError("no library version")


def _listed(answer: Answer) -> Versions:
    total = _number(answer.headers.get("Total-Results"), -1)
    return Versions(answer.content, answer.version, answer.schema_version, total)


def _mapping(answer: Answer) -> None:
    if not isinstance(answer.content, dict):
        raise ValueError("not a mapping")


def _description(answer: Answer) -> None:
    _mapping(answer)
    fields = answer.content.get("data")
    if not isinstance(fields, dict) or not isinstance(fields.get("name"), str):
        raise ValueError("not the description of a group")


def _deletions(answer: Answer) -> None:
    _listing(answer)
    keys = answer.content.get("items")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError("not a list of keys")


def _list(answer: Answer) -> None:
    if answer.version < 0:
        raise ValueError("no library version")
    if not isinstance(answer.content, list) or not all(map(_is_object, answer.content)):
        raise ValueError("not a list of objects")


def _is_object(value: JSON) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("key"), str):
        return False
    return type(value.get("version")) is int and value["version"] >= 0


def _by_key(objects: Iterable[JSON]) -> dict[str, JSON]:
    return {each["key"]: each for each in objects}


def _no_constant(name: str) -> JSON:
    raise ValueError(f"{name} is not JSON")


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and _COUNT.fullmatch(text) else default


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False

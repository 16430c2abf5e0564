"""Zotero Web API v3: URLs, paging, waiting, status -> error. Knows HTTP, nothing of files or pages.

In: a library's id, keys, versions. Out: frozen values with the library version that the server put on them.
The facts behind the odd corners: Zotero's documentation ("Web API v3", "Syncing") and its server's source.
"""

from __future__ import annotations

import ipaddress
import json
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

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

JSON = Any
Kind = Literal["items", "collections", "searches", "settings"]
W = TypeVar("W")
R = TypeVar("R")

USER_AGENT = f"zstatic/{__version__} (+https://pypi.org/project/zstatic/)"
# Zotero's own client runs four requests at once; the server refuses the sixth.
WORKERS = 4
# Documented limit of itemKey=; the server takes 100, but one request must not cost it too much.
BATCH = 50
MAX_BODY = 256_000_000
CHUNK = 1 << 20
# Bytes per second below which a download is given up.
SLOWEST = 20_000
OBJECT_KEY = re.compile(r"[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}")
_API_KEY = re.compile(r"[!-~]{1,200}")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class RequestFailed(ApiUnreachable):
    """The server is there, but this request failed: 5xx, stalled, cut short, not JSON. A smaller may pass."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to try; all in seconds but `attempts`.

    connect, read: limits of one connection and of one silence. whole: limit of one answer from start to end.
    attempts: for a request that breaks or is answered 5xx. first, cap: its exponential pauses.
    unsaid: pauses after 429 and 503 that do not say how long; Zotero's own client uses these.
    longest: of one wait that a server asks for. budget: of all that it asks for in one run.
    """

    connect: float = 10
    read: float = 60
    whole: float = 300
    attempts: int = 4
    first: float = 1
    cap: float = 60
    unsaid: tuple[float, ...] = (30, 60, 300)
    longest: float = 900
    budget: float = 3600


PATIENCE = Patience()


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


@dataclass(frozen=True, slots=True)
class Versions:
    """by_key: key -> object version, unsorted. version: of the library. schema_version: "" if not told."""

    by_key: Mapping[str, int]
    version: int
    schema_version: str = ""


@dataclass(frozen=True, slots=True)
class Objects:
    """by_key: key -> raw object as received, in the order received. version: of the library."""

    by_key: Mapping[str, JSON]
    version: int


@dataclass(frozen=True, slots=True)
class FileLocation:
    """Where the bytes of an attachment are for the next 60 seconds.

    md5, size: of the body that comes; "" and None if not told. zipped: the body is a ZIP around the file.
    """

    url: str
    md5: str
    size: int | None
    zipped: bool


class Gate:
    """Lets at most WORKERS requests through, and none while the server asked everyone to wait."""

    def __init__(
        self, patience: Patience, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._patience, self._clock, self._sleep = patience, clock, sleep
        self._slots = threading.BoundedSemaphore(WORKERS)
        self._lock = threading.Lock()
        self._open_at = clock()
        self._asked = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the places, once waiting is over."""
        with self._slots:
            while (left := self._left()) > 0:
                self._sleep(left)
            yield

    def hold(self, seconds: float) -> None:
        """Keep every worker waiting for so long from now. Raises RateLimited beyond the budget."""
        with self._lock:
            now = self._clock()
            opens = max(self._open_at, now + seconds)
            self._asked += opens - max(self._open_at, now)
            self._open_at = opens
            spent = self._asked > self._patience.budget
        if seconds > self._patience.longest or spent:
            raise RateLimited(
                f"Zotero's server asks to wait {_duration(seconds)}, which is longer than a run may take.",
                "Nothing that was fetched is lost: run the same command again later.",
            )

    def _left(self) -> float:
        with self._lock:
            return self._open_at - self._clock()


class Api:
    """One API host, with or without a key. Threads may share it; close it to end what still waits.

    url: e.g. "https://api.zotero.org". say: told each time that waiting starts.
    clock, sleep, chance: for tests; chance gives numbers from 0 to 1.
    """

    def __init__(
        self,
        url: str,
        key: Secret | None = None,
        *,
        say: Callable[[str], None] = lambda message: None,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(self.url).hostname or self.url
        self._key = _checked(key, self.url)
        self._say, self._clock, self._chance = say, clock, chance
        self._patience = patience or PATIENCE
        self._closed = threading.Event()
        self._sleep = sleep or self._doze
        self._gate = Gate(self._patience, clock, self._sleep)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()
        self._sent = 0

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

    # --- what Zotero offers

    @cached_property
    def permissions(self) -> JSON:
        """What the key may read: `/keys/current`, asked once; None without a key. Raises AccessDenied."""
        # Without a key this answers 403, and Zotero's desktop has no such page: there is nothing to check.
        if self._key is None:
            return None
        return self._get("/keys/current", missing=True).content

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
        return Versions(answer.content, answer.version, answer.schema_version)

    def items(self, library: str, keys: Sequence[str], **query: str) -> Objects:
        """Fetch up to BATCH items by key, with those parts that `include` names; missing ones are left out.

        Trashed items come only with includeTrashed="1". Raises RequestFailed when a smaller batch may pass.
        """
        # With no well-formed key left the server drops the filter and sends the whole library.
        good = [key for key in keys if OBJECT_KEY.fullmatch(key)]
        if not good:
            raise ValueError("no item key")
        # Only once more for a big request: asking for less of it helps rather than insisting.
        attempts = 2 if len(good) > 1 else 0
        found = self._objects(f"/{library}/items", {**query, "itemKey": ",".join(good)}, attempts)
        asked = set(good)
        return Objects({k: o for k, o in found.by_key.items() if k in asked}, found.version)

    def all_objects(self, library: str, kind: Literal["collections", "searches"]) -> Objects:
        """Fetch every collection or saved search, trashed ones included."""
        return self._objects(f"/{library}/{kind}", {"limit": "100"})

    def settings(self, library: str) -> Objects:
        """Fetch the synced settings, by name."""
        answer = self._get(f"/{library}/settings", check=_listing)
        return Objects(answer.content, answer.version)

    def deleted_items(self, library: str, since: int) -> Versions | None:
        """List the items deleted after a library version; None: this server keeps no such list."""
        answer = self._get(f"/{library}/deleted", {"since": str(since)}, check=_listing, missing=True)
        if answer.status == 404:
            return None
        keys = answer.content.get("items", ())
        return Versions(dict.fromkeys(keys, answer.version), answer.version)

    def fulltext_versions(self, library: str, since: int) -> Versions | None:
        """List attachments by the version of their full text; None: this server has none."""
        answer = self._get(f"/{library}/fulltext", {"since": str(since)}, check=_versions, missing=True)
        return None if answer.status == 404 else Versions(answer.content, answer.version)

    def fulltext(self, library: str, key: str) -> str | None:
        """Fetch the full text of one attachment; None: there is none."""
        answer = self._get(f"/{library}/items/{key}/fulltext", check=_mapping, missing=True)
        if answer.status == 404:
            return None
        return str(answer.content.get("content") or "")

    def group_name(self, library: str) -> str:
        """Fetch the name of a group; "" if the group does not show itself."""
        answer = self._get(f"/{library}", check=_mapping, missing=True)
        return str(answer.content.get("data", {}).get("name") or "") if answer.content else ""

    def schema(self) -> JSON:
        """Fetch Zotero's schema: item types, fields and their labels; None if this server has none."""
        return self._get("/schema", check=_mapping, missing=True).content

    def file_location(self, library: str, key: str) -> FileLocation | None:
        """Ask where an attachment's file is; None: not stored, or not for us."""
        answer = self._get(f"/{library}/items/{key}/file", missing=True, redirect=True)
        if answer.status == 404:
            return None
        url = answer.headers.get("Location", "")
        if not may_download(url, self.url):
            raise ApiError(f"Zotero sent us to a place that no file may come from ({urlsplit(url).scheme}:).")
        size = _number(answer.headers.get("Zotero-File-Size"), -1)
        return FileLocation(
            url,
            answer.headers.get("Zotero-File-MD5", "").lower(),
            size if size >= 0 else None,
            answer.headers.get("Zotero-File-Compressed", "").lower() == "yes",
        )

    @contextmanager
    def download(self, location: FileLocation) -> Iterator[Iterator[bytes]]:
        """Open a stream of chunks from the storage host, without any credentials.

        Raises RequestFailed when trying again may help, ApiError when not.
        """
        self._count()
        try:
            # The storage host refuses an Authorization header, and the key is none of its business.
            response = self._session("storage", _NoAuth()).get(
                location.url,
                headers={"Accept-Encoding": "identity"},
                stream=True,
                allow_redirects=False,
                timeout=self._timeouts,
            )
            with closing(response):
                if response.status_code != 200:
                    kind = RequestFailed if response.status_code >= 500 else ApiError
                    raise kind(f"The storage host answered {response.status_code}.")
                yield self._in_time(response.iter_content(CHUNK), location.size)
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
        seen = {""}
        while (url := self._next(answer)) not in seen:
            seen.add(url)
            answer = self._get(url, check=_list, attempts=attempts)
            found |= _by_key(answer.content)
            if answer.version != first.version:
                break
        return Objects(found, answer.version)

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
                outcome = self._once(url, query, headers or {}, check, redirect)
                # Still inside: no worker may start before it knows.
                if isinstance(outcome, Answer):
                    self._heed(outcome, tries)
            if isinstance(outcome, Answer):
                if outcome.status in (200, 304) or (redirect and 300 <= outcome.status < 400):
                    return outcome
                if outcome.status == 404 and missing:
                    return Answer(404, outcome.headers, None)
                failure = self._failure(outcome, place)
            else:
                failure = outcome
            hopeless = isinstance(outcome, Answer) and self._hopeless(outcome)
            if hopeless or not isinstance(failure, RequestFailed | RateLimited | _NoConnection):
                raise failure
            slowed = isinstance(failure, RateLimited)
            if tries >= (self._patience.attempts if slowed else attempts or self._patience.attempts):
                raise failure
            if not slowed:
                self.pause(tries)

    def _once(
        self,
        url: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        check: Callable[[Answer], None],
        redirect: bool,
    ) -> Answer | ApiError:
        """Ask once. A failure is a value here: whether to try again is decided elsewhere."""
        self._count()
        try:
            session = self._session("api", _Bearer(self._key) if self._key else _NoAuth())
            response = session.get(
                url,
                params=query,
                headers=dict(headers),
                stream=True,
                allow_redirects=False,
                timeout=self._timeouts,
            )
            with closing(response):
                body = self._read(response)
        except requests.exceptions.SSLError:
            return ApiUnreachable(
                f"{self.host} shows no valid certificate.", "Check the clock and the network of this machine."
            )
        except requests.RequestException as error:
            # The chained exceptions hold the request with the key.
            return _broken(error, self.host)
        answer = Answer(response.status_code, response.headers, None)
        if answer.status != 200:
            return Answer(answer.status, answer.headers, self._shown(body) if answer.status >= 400 else None)
        if redirect:
            return ApiError(f"{self.host} sent something else than the place of a file.")
        try:
            answer = Answer(200, response.headers, parse_json(body))
            check(answer)
        except (ValueError, RecursionError):
            return RequestFailed(
                f"{self.host} sent something that is no answer of Zotero's API.",
                "Is a proxy or a login page of your network in between?",
            )
        return answer

    def _read(self, response: requests.Response) -> bytes:
        """Read a body whole, within limits of size and time."""
        deadline = self._clock() + self._patience.whole
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_BODY:
                raise requests.exceptions.ContentDecodingError("too large")
            if self._clock() > deadline:
                raise requests.exceptions.ReadTimeout
        return bytes(body)

    def _heed(self, answer: Answer, tries: int) -> None:
        """Make all workers wait if the server asks for it, with whatever status."""
        date = answer.headers.get("Date", "")
        wait = wait_seconds(answer.headers.get("Backoff"), date) or 0.0
        if answer.status in (429, 503):
            asked = wait_seconds(answer.headers.get("Retry-After"), date)
            unsaid = self._patience.unsaid
            default = unsaid[min(tries, len(unsaid)) - 1] * (0.75 + self._chance() / 2)
            wait = max(wait, default if asked is None else asked)
            if tries >= self._patience.attempts or self._hopeless(answer):
                wait = 0.0
        if wait > 0:
            self._say(f"{self.host} asks to wait {_duration(wait)}")
            self._gate.hold(wait)

    def pause(self, tries: int) -> None:
        """Let this worker alone wait, twice as long each time and never in step with the others."""
        pause = min(self._patience.first * 2 ** (tries - 1), self._patience.cap) * (0.5 + self._chance())
        self._say(f"No usable answer from {self.host}, trying again in {_duration(pause)}")
        self._sleep(pause)

    def _failure(self, answer: Answer, place: str) -> ApiError:
        """Say what a status means for a reader."""
        status, said = answer.status, answer.content or ""
        library = "/".join(place.strip("/").split("/")[:2])
        if status in (401, 403):
            return self._denied(place, library)
        if status == 404:
            return LibraryNotFound(
                f"There is no library {library} at {self.host}, or it does not show itself to this key.",
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
        return ApiError(f"{self.host} answered {status} to {place}: {said}".rstrip(": "))

    def _denied(self, place: str, library: str) -> AccessDenied:
        keys = "https://www.zotero.org/settings/keys"
        if place == "/keys/current":
            return AccessDenied("Zotero refuses the API key.", f"Compare it with the keys listed at {keys}.")
        if self._key is None:
            return AccessDenied(
                f"The library {library} is not public.",
                f"Make it public on zotero.org, or create a read-only key at {keys} and set ZOTERO_API_KEY.",
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

    def _session(self, purpose: str, auth: requests.auth.AuthBase) -> requests.Session:
        """Give this thread's own session: requests' sessions are not made for sharing."""
        session: requests.Session | None = getattr(self._local, purpose, None)
        if session is None:
            session = requests.Session()
            # An auth object of our own: else requests would put a password from ~/.netrc in its place.
            session.auth = auth
            session.headers.update({"User-Agent": USER_AGENT})
            if purpose == "api":
                session.headers.update({"Accept": "application/json", "Zotero-API-Version": "3"})
            setattr(self._local, purpose, session)
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
    """Fetch pieces of work with WORKERS threads; results in the order of the work, a few read ahead."""
    pool = ThreadPoolExecutor(WORKERS)
    ahead: deque[Future[R]] = deque()
    try:
        for piece in work:
            ahead.append(pool.submit(fetch, piece))
            if len(ahead) >= 2 * WORKERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
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
    place, api = urlsplit(url), urlsplit(api_url)
    host = place.hostname or ""
    if api.scheme == "http" and _is_loopback(api.hostname or ""):
        return (place.scheme == "http" and _is_loopback(host)) or (place.scheme == "https" and bool(host))
    return place.scheme == "https" and bool(host) and not _is_loopback(host) and not _is_private(host)


def wait_seconds(text: str | None, date: str) -> float | None:
    """Read Backoff or Retry-After: seconds or an HTTP date; None if absent or nonsense.

    date: the answer's own Date header, so that a wrong clock here does no harm.
    """
    if not text:
        return None
    text = text.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        now = time.time()
    return max(until - now, 0.0)


def parse_json(body: bytes) -> JSON:
    """Parse strict JSON; half surrogate pairs, which no file could hold, become "�". Raises ValueError."""
    content = json.loads(body, parse_constant=_no_constant)
    if _LONE_SURROGATE.search(body):
        text = json.dumps(content, ensure_ascii=False)
        content = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return content


class _NoConnection(ApiUnreachable):
    """Nobody answers at all: a smaller request would not help."""


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
    if not all(type(version) is int for version in answer.content.values()):
        raise ValueError("not a mapping of versions")


def _listing(answer: Answer) -> None:
    _mapping(answer)
    if answer.version < 0:
        raise ValueError("no library version")


def _mapping(answer: Answer) -> None:
    if not isinstance(answer.content, dict):
        raise ValueError("not a mapping")


def _list(answer: Answer) -> None:
    if answer.version < 0:
        raise ValueError("no library version")
    if not isinstance(answer.content, list) or not all(map(_is_object, answer.content)):
        raise ValueError("not a list of objects")


def _is_object(value: JSON) -> bool:
    return isinstance(value, dict) and isinstance(value.get("key"), str) and type(value.get("version")) is int


def _by_key(objects: Iterable[JSON]) -> dict[str, JSON]:
    return {each["key"]: each for each in objects}


def _no_constant(name: str) -> JSON:
    raise ValueError(f"{name} is not JSON")


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else default


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


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"

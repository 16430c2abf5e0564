"""A fake Zotero without sockets and a clock that only sleeping moves, for tests of very many syncs.

    wire = Wire()
    library = wire.zotero.add_library("groups/7")
    wire.happen = {3: [lambda: library.add_item(title="New")], 5: [reset]}
    ... wire.open_api(url, key, say=...) ... wire.late

Requests are numbered from 1 as they come; `happen` says what befalls which of them.
"""

import io
import itertools
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from fakezotero import FakeZotero
from requests.adapters import BaseAdapter
from urllib3.exceptions import IncompleteRead, ProtocolError

from zstatic.api import Answer, Api, Objects
from zstatic.sample.answers import JSON_TYPE, Request, Response

# Befalls a request: an edit of a library gives None, a fault what to answer instead.
Fault = Callable[[Response], Response]
Event = Callable[[], Fault | None]


class SocketlessZotero(FakeZotero):
    url = "http://127.0.0.1:1"
    storage_url = "http://127.0.0.1:2"

    def respond(self, request: Request, storage: bool) -> Response:
        return self._answer_storage(request) if storage else self._answer_api(request)


class Time:
    """Moves when somebody sleeps. Sleepers wake at the time they meant, however many sleep at once."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.order = itertools.count()
        self.looked: dict[int, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def clock(self) -> float:
        with self._lock:
            self.looked[threading.get_ident()] = next(self.order), self.now
            return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            _, since = self.looked.get(threading.get_ident(), (0, self.now))
            self.now = max(self.now, since + seconds)


class Wire:
    """Carries requests to a SocketlessZotero.

    late: requests that began while the client knew that the server wants it to wait.
    on_answer: told of every answer before it is spoiled. spoil: changes answers.
    probing: threads that ask for what is here, to see whether the server delivers anything.
    """

    def __init__(self) -> None:
        self.zotero = SocketlessZotero()
        self.time = Time()
        self.happen: Mapping[int, list[Event]] = {}
        self.late: list[str] = []
        self.on_answer: Callable[[Request, Response], None] = lambda request, response: None
        self.spoil: Callable[[Request, Response], Response] = lambda request, response: response
        self.probing: set[int] = set()
        self.opens_at, self.told = 0.0, 0
        self._numbers = itertools.count(1)

    def begin(self, happen: Mapping[int, list[Event]]) -> None:
        """Begin another run: requests count from 1 again."""
        self.happen, self._numbers = happen, itertools.count(1)
        self.opens_at = 0.0
        self.zotero.log.clear()

    def open_api(self, url: str, key: Any = None, **more: Any) -> Api:
        carrier = partial(Carrier, self)
        return Listening(
            self, url, key, adapter=carrier, clock=self.time.clock, sleep=self.time.sleep, **more
        )

    def carry(self, request: Request, storage: bool) -> Response:
        looked, _ = self.time.looked.get(threading.get_ident(), (0, 0.0))
        if self.time.now < self.opens_at and looked > self.told:
            self.late.append(request.path)
        logged, status = self.zotero.enter(request, storage), 0
        try:
            faults = [event() for event in self.happen.get(next(self._numbers), ())]
            response = self.zotero.respond(request, storage)
            self.on_answer(request, response)
            status = response.status
        finally:
            self.zotero.leave(logged, status)
        for fault in faults:
            response = fault(response) if fault else response
        return self.spoil(request, response)


class Listening(Api):
    """Tells the wire when it has learnt that it is to wait."""

    def __init__(self, wire: Wire, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._wire = wire

    def _new_session(self, purpose: str, auth: requests.auth.AuthBase) -> requests.Session:
        session = super()._new_session(purpose, auth)
        # Else every request looks through the environment for proxies, which takes longer than the answer.
        session.trust_env = False
        return session

    def delivers(self, ask: Callable[[], Objects]) -> bool:
        self._wire.probing.add(threading.get_ident())
        try:
            return super().delivers(ask)
        finally:
            self._wire.probing.clear()

    def _heed(self, answer: Answer, tries: int = 0) -> None:
        try:
            super()._heed(answer, tries)
        finally:
            if self._gate._open_at > max(self._wire.opens_at, self._wire.time.now):
                self._wire.opens_at = self._gate._open_at
                self._wire.told = next(self._wire.time.order)


class Carrier(BaseAdapter):
    """Stands where requests keeps its connections."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        address = urlsplit(request.url or "")
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        base = f"{address.scheme}://{address.netloc}"
        asked = Request(request.method or "GET", base, address.path, query, headers)
        found = self._wire.carry(asked, base == SocketlessZotero.storage_url)
        assert isinstance(found.body, bytes)
        response = requests.Response()
        response.status_code = found.status
        response.headers.update(found.headers)
        response.raw = (Broken if ("X-Broken", "1") in found.headers else Body)(found.body)
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        pass


class Body(io.BytesIO):
    """A body as urllib3 gives it."""

    def read1(self, size: int | None = -1, /, decode_content: bool = True) -> bytes:
        return super().read1(size)


class Broken(Body):
    """A body whose connection ends before it does."""

    def read1(self, size: int | None = -1, /, decode_content: bool = True) -> bytes:
        if found := super().read1(size):
            return found
        raise ProtocolError("Connection broken", IncompleteRead(len(self.getvalue()), 99))


# --- faults


def reset() -> Fault:
    raise requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")))


def stall() -> Fault:
    raise requests.ReadTimeout("Read timed out.")


def cut() -> Fault:
    """The connection ends in the middle of the body, or its length was announced too high."""
    return lambda r: Response(r.status, (*r.headers, ("X-Broken", "1")), body_of(r)[: len(body_of(r)) // 2])


def half() -> Fault:
    """Half the body, as if it were all."""
    return lambda r: Response(r.status, r.headers, body_of(r)[: len(body_of(r)) // 2])


def login_page() -> Fault:
    return lambda r: Response(200, (("Content-Type", "text/html"),), b"<html>Please log in</html>")


def nonsense() -> Fault:
    return lambda r: Response(
        200, (("Content-Type", JSON_TYPE), ("Last-Modified-Version", "9")), b'{"a": [null'
    )


def refusal(status: int, *headers: tuple[str, str]) -> Event:
    return lambda: lambda r: Response(status, headers, b"Not now")


def with_headers(*headers: tuple[str, str]) -> Event:
    return lambda: lambda r: Response(r.status, (*r.headers, *headers), r.body)


def body_of(response: Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body


DATE = "Fri, 20 Nov 2026 18:14:08 GMT"
LATER = "Fri, 20 Nov 2026 18:14:38 GMT"
FAULTS: tuple[Event, ...] = (
    reset,
    stall,
    cut,
    half,
    login_page,
    nonsense,
    refusal(500),
    refusal(502),
    refusal(429, ("Retry-After", "10")),
    refusal(429, ("Retry-After", LATER), ("Date", DATE)),
    refusal(429, ("Retry-After", "whenever")),
    refusal(429),
    refusal(503, ("Retry-After", "5")),
    refusal(503, ("Retry-After", LATER), ("Date", DATE)),
    refusal(503, ("Retry-After", "-1")),
    refusal(503),
    refusal(503, ("Retry-After", "2"), ("Backoff", "8")),
    refusal(500, ("Backoff", "6")),
    with_headers(("Backoff", "12")),
    with_headers(("Backoff", "3"), ("X-Broken", "1")),
)

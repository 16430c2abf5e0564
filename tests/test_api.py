"""The API client against a fake Zotero, with a clock that only its own sleeping moves."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path

import pytest
from fakezotero import FakeZotero

from zstatic.api import (
    Api,
    FileLocation,
    RequestFailed,
    batches,
    in_parallel,
    may_download,
    parse_json,
)
from zstatic.config import Secret
from zstatic.errors import AccessDenied, ApiError, ApiUnreachable, ConfigError, LibraryNotFound, RateLimited
from zstatic.patience import Gate, Patience, wait_seconds

KEY = "abcDEF123456789abcDEF123"
GROUP = "groups/7"


class Time:
    """Stands still but for sleeping, which takes no time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def api(fake: FakeZotero, time: Time) -> Iterator[Api]:
    fake.add_library(GROUP).add_item("ABCD2345", title="One")
    fake.add_key(KEY, user=7)
    with open_api(fake, time) as api:
        yield api


def open_api(fake: FakeZotero, time: Time, key: str = KEY) -> Api:
    secret = Secret(key) if key else None
    return Api(fake.url, secret, clock=time.clock, sleep=time.sleep, chance=lambda: 0.5)


def test_request_says_who_asks_and_what_for(api: Api, fake: FakeZotero) -> None:
    api.item_versions(GROUP, 0)
    sent = fake.log[-1].headers
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["zotero-api-version"] == "3"
    assert sent["user-agent"].startswith("zstatic/") and "+https://" in sent["user-agent"]
    assert sent["accept"] == "application/json"
    assert not {"expect", "zotero-api-key", "zotero-schema-version"} & sent.keys()
    assert KEY not in fake.log[-1].target


def test_no_version_is_sent_that_the_server_would_misread(api: Api, fake: FakeZotero) -> None:
    api.item_versions(GROUP, 0, known=0)
    assert "if-modified-since-version" not in fake.log[-1].headers


def test_password_of_netrc_does_not_replace_the_key(
    api: Api, fake: FakeZotero, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    api.item_versions(GROUP, 0)
    assert fake.log[-1].headers["authorization"] == f"Bearer {KEY}"
    with open_api(fake, Time(), key="") as stranger:
        stranger.item_versions(GROUP, 0)
    assert "authorization" not in fake.log[-1].headers


def test_unchanged_library_is_told_by_none(api: Api) -> None:
    listing = api.item_versions(GROUP, 0)
    assert listing is not None
    assert dict(listing.by_key) == {"ABCD2345": listing.version}
    assert api.item_versions(GROUP, listing.version, listing.version) is None


@pytest.mark.parametrize("known", [0, 10_000], ids=["on a 200", "on a 304"])
def test_backoff_makes_the_next_request_wait(api: Api, fake: FakeZotero, time: Time, known: int) -> None:
    fake.add_headers("/items", {"Backoff": "7"})
    api.item_versions(GROUP, 0, known)
    assert time.slept == []
    api.item_versions(GROUP, 0)
    assert time.slept == [7.0]


def test_backoff_stops_every_worker() -> None:
    time = Time()
    gate = Gate(Patience(), time.clock, time.sleep)
    started: list[float] = []

    def ask() -> None:
        with gate.turn():
            started.append(time.now)

    gate.hold(30)
    workers = [threading.Thread(target=ask) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(started) == 8
    assert min(started) >= 1030


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Fri, 20 Nov 2026 18:15:08 GMT", 60.0),
        ("Fri, 20 Nov 2026 18:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("99999999999999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_waiting_time_is_read_in_every_form(text: str | None, seconds: float | None) -> None:
    assert wait_seconds(text, "Fri, 20 Nov 2026 18:14:08 GMT") == seconds


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"Retry-After": "22"}, 22.0),
        (503, {"Retry-After": "3"}, 3.0),
        (429, {"Retry-After": "whenever"}, 30.0),
        (503, {}, 30.0),
        (503, {"Retry-After": "3", "Backoff": "9"}, 9.0),
    ],
)
def test_refusal_is_waited_out(
    api: Api, fake: FakeZotero, time: Time, status: int, headers: dict[str, str], waited: float
) -> None:
    fake.refuse("/items", status, "Not now", headers)
    assert api.item_versions(GROUP, 0)
    assert time.slept == [waited]


def test_endless_maintenance_ends_in_an_error_that_says_so(api: Api, fake: FakeZotero, time: Time) -> None:
    fake.maintenance("/items", times=None)
    with pytest.raises(RateLimited, match="Server updates in progress"):
        api.item_versions(GROUP, 0)
    assert time.slept == [30.0, 60.0, 300.0]


def test_wait_longer_than_a_run_may_take_is_not_begun(api: Api, fake: FakeZotero, time: Time) -> None:
    fake.limit_rate("/items", wait=7200)
    with pytest.raises(RateLimited, match="120 minutes"):
        api.item_versions(GROUP, 0)
    assert time.slept == []


def test_waits_together_stay_within_the_budget() -> None:
    time = Time()
    gate = Gate(Patience(budget=100), time.clock, time.sleep)
    gate.hold(60)
    gate.hold(60)  # the same minute
    time.now += 60
    with pytest.raises(RateLimited):
        gate.hold(60)


def test_broken_answers_are_asked_for_again(api: Api, fake: FakeZotero, time: Time) -> None:
    fake.drop("/items")
    assert api.item_versions(GROUP, 0)
    fake.truncate("/items", 5)
    assert api.item_versions(GROUP, 0)
    fake.answer_with("/items", b'{"ABCD2345": 1')
    assert api.item_versions(GROUP, 0)
    fake.answer_with("/items", b"<html>Please log in</html>", {"Content-Type": "text/html"})
    assert api.item_versions(GROUP, 0)
    fake.answer_with("/items", b'["ABCD2345"]')
    assert api.item_versions(GROUP, 0)
    fake.refuse("/items", 502)
    assert api.item_versions(GROUP, 0)
    assert time.slept == [1.0] * 6


def test_pauses_grow_and_end(api: Api, fake: FakeZotero, time: Time) -> None:
    fake.drop("/items", times=None)
    with pytest.raises(RequestFailed, match=r"127\.0\.0\.1 did not finish its answer"):
        api.item_versions(GROUP, 0)
    assert time.slept == [1.0, 2.0, 4.0]


def test_silent_server_is_given_up(fake: FakeZotero) -> None:
    fake.add_library(GROUP)
    fake.slow("/items", 0.5, times=None)
    quick = Patience(read=0.05, attempts=2, first=0)
    with Api(fake.url, patience=quick) as api, pytest.raises(RequestFailed, match="did not finish"):
        api.item_versions(GROUP, 0)


@pytest.fixture
def dawdler() -> Iterator[str]:
    """A server that is never silent, but sends its answers byte by byte; its address."""

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nLast-Modified-Version: 5\r\nContent-Length: 500\r\n\r\n{")
            for byte in b" " * 498 + b"}":
                connection.sendall(bytes([byte]))
                threading.Event().wait(0.005)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_server_that_sends_byte_by_byte_is_given_up(dawdler: str) -> None:
    looks = count()
    # A second for each look at the clock.
    with Api(dawdler, patience=Patience(whole=20, attempts=1), clock=lambda: next(looks)) as api:
        with pytest.raises(RequestFailed, match="did not finish its answer: it fell silent"):
            api.item_versions(GROUP, 0)
        file = FileLocation(f"{dawdler}/file", "", None, False, next(looks) + 60)
        with pytest.raises(RequestFailed, match="did not deliver"), api.download(file) as chunks:
            list(chunks)


def test_absent_server_is_named(time: Time) -> None:
    with FakeZotero() as gone:
        url = gone.url
    api = Api(url, clock=time.clock, sleep=time.sleep)
    with pytest.raises(ApiUnreachable, match=r"No connection to 127\.0\.0\.1") as error:
        api.item_versions(GROUP, 0)
    assert not isinstance(error.value, RequestFailed)


def test_refused_key_is_tried_once(fake: FakeZotero, time: Time) -> None:
    api = open_api(fake, time, key="wrong")
    with pytest.raises(AccessDenied, match="refuses the API key"):
        _ = api.permissions
    assert len(fake.log) == 1


def test_address_refused_for_wrong_keys_is_not_asked_again(fake: FakeZotero, time: Time) -> None:
    fake.refuse("", 429, "Too many authentication failures", times=None)
    with pytest.raises(RateLimited, match="wrong key"):
        open_api(fake, time).item_versions(GROUP, 0)
    assert len(fake.log) == 1


def test_key_is_described_only_if_there_is_one(api: Api, fake: FakeZotero, time: Time) -> None:
    assert api.permissions["userID"] == 7
    assert api.permissions is api.permissions
    assert fake.targets == ["/keys/current"]
    assert open_api(fake, time, key="").permissions is None


def test_private_library_says_what_to_do(fake: FakeZotero, time: Time) -> None:
    fake.add_library("users/9", public=False)
    fake.add_key(KEY, user=7, groups=())
    with pytest.raises(AccessDenied, match="not public") as stranger:
        open_api(fake, time, key="").item_versions("users/9", 0)
    assert ".env beside site.toml: ZOTERO_API_KEY=…" in stranger.value.hint
    with pytest.raises(AccessDenied, match="no access to the library users/9"):
        open_api(fake, time).item_versions("users/9", 0)


def test_unknown_library_is_named(api: Api, fake: FakeZotero, time: Time) -> None:
    with pytest.raises(LibraryNotFound, match=r"groups/99 .* to this key"):
        api.item_versions("groups/99", 0)
    with pytest.raises(LibraryNotFound, match=r"groups/99 .* without a key"):
        open_api(fake, time, key="").item_versions("groups/99", 0)


def test_key_stands_in_no_message(api: Api, fake: FakeZotero) -> None:
    fake.refuse("/items", 400, f"Bad request with {KEY}")
    with pytest.raises(ApiError) as error:
        api.item_versions(GROUP, 0)
    assert KEY not in str(error.value) + error.value.hint + repr(api.__dict__)
    assert "Bad request" in error.value.message


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "x" * 300])
def test_impossible_key_is_refused_before_it_travels(key: str) -> None:
    with pytest.raises(ConfigError) as error:
        Api("https://api.zotero.org", Secret(key))
    assert key not in error.value.message


def test_key_travels_encrypted_only() -> None:
    with pytest.raises(ConfigError, match="unencrypted"):
        Api("http://example.org", Secret(KEY))


def test_pages_are_followed_to_the_last(api: Api, fake: FakeZotero) -> None:
    library = fake.libraries["/groups/7"]
    keys = {library.add_note("ABCD2345", f"<p>Note {n}</p>") for n in range(230)}
    found = api.children(GROUP, "ABCD2345")
    assert found.by_key.keys() == keys
    assert found.version == library.version
    assert len(fake.log) == 3


def test_library_that_moves_between_pages_shows(api: Api, fake: FakeZotero) -> None:
    library = fake.libraries["/groups/7"]
    for n in range(150):
        library.add_note("ABCD2345", f"<p>Note {n}</p>")
    before = library.version
    fake.before("start=100", lambda: library.move_version())
    assert api.children(GROUP, "ABCD2345").version == before + 1


def test_next_page_on_another_host_is_not_followed(api: Api, fake: FakeZotero) -> None:
    fake.add_headers("/children", {"Link": '<http://evil.example/children?start=100>; rel="next"'})
    with pytest.raises(ApiError, match="another host"):
        api.children(GROUP, "ABCD2345")
    assert len(fake.log) == 1


def test_malformed_keys_never_ask_for_the_whole_library(api: Api, fake: FakeZotero) -> None:
    with pytest.raises(ValueError, match="no item key"):
        api.items(GROUP, ["bad", "0OIl1111"], include="data")
    assert fake.log == []
    assert api.items(GROUP, ["bad", "ABCD2345"], include="data").by_key.keys() == {"ABCD2345"}


def test_redirect_of_an_api_request_is_not_followed(api: Api, fake: FakeZotero) -> None:
    fake.refuse("/items", 302, headers={"Location": f"{fake.storage_url}/steal"})
    with pytest.raises(ApiError, match="302"):
        api.item_versions(GROUP, 0)
    assert not any(logged.storage for logged in fake.log)


def test_file_is_fetched_without_credentials(api: Api, fake: FakeZotero) -> None:
    key = fake.libraries["/groups/7"].add_attachment(None, b"%PDF-1.7 file")
    location = api.file_location(GROUP, key)
    assert location is not None and location.size == 13 and not location.zipped
    with api.download(location) as chunks:
        assert b"".join(chunks) == b"%PDF-1.7 file"
    asked = fake.log[-1]
    assert asked.storage
    assert "authorization" not in asked.headers
    assert KEY not in str(asked)


def test_signed_address_stands_in_no_error(api: Api, fake: FakeZotero) -> None:
    signed = FileLocation(f"{fake.storage_url}/zotero-storage/x?X-Amz-Signature=geheim", "", None, False)
    fake.drop("/zotero-storage")
    with pytest.raises(RequestFailed) as error, api.download(signed) as chunks:
        list(chunks)
    assert "geheim" not in repr(error.value)
    assert error.value.__suppress_context__


def test_redirect_of_the_storage_host_is_not_followed(api: Api, fake: FakeZotero) -> None:
    there = FileLocation(f"{fake.storage_url}/zotero-storage/x", "", None, False)
    fake.refuse("/zotero-storage", 302, headers={"Location": f"{fake.url}/keys/current"})
    with pytest.raises(ApiError, match="302"), api.download(there):
        pass
    assert len(fake.log) == 1


@pytest.mark.parametrize(
    ("url", "api_url", "allowed"),
    [
        ("https://s3.amazonaws.com/x?sig", "https://api.zotero.org", True),
        ("http://s3.amazonaws.com/x", "https://api.zotero.org", False),
        ("file:///etc/passwd", "https://api.zotero.org", False),
        ("https://127.0.0.1/x", "https://api.zotero.org", False),
        ("https://localhost/x", "https://api.zotero.org", False),
        ("https://10.0.0.8/x", "https://api.zotero.org", False),
        ("https://169.254.169.254/latest", "https://api.zotero.org", False),
        ("https://[::1]/x", "https://api.zotero.org", False),
        ("https:///x", "https://api.zotero.org", False),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:8", True),
        ("http://192.168.1.1/x", "http://127.0.0.1:8", False),
        ("file:///etc/passwd", "http://127.0.0.1:8", False),
        ("", "https://api.zotero.org", False),
    ],
)
def test_files_come_from_public_encrypted_hosts(url: str, api_url: str, allowed: bool) -> None:
    assert may_download(url, api_url) is allowed


def test_at_most_four_requests_run_at_once(api: Api, fake: FakeZotero) -> None:
    fake.slow("/items", 0.01, times=None)
    assert len(list(in_parallel(range(20), lambda n: api.item_versions(GROUP, 0)))) == 20
    assert 1 < fake.peak <= 4


def test_closing_ends_what_waits(fake: FakeZotero) -> None:
    fake.add_library(GROUP)
    fake.limit_rate("/items", wait=600)
    waiting = threading.Event()
    api = Api(fake.url, say=lambda message: waiting.set())
    results = in_parallel([1], lambda n: api.item_versions(GROUP, 0))
    threading.Thread(target=lambda: (waiting.wait(5), api.close())).start()
    with pytest.raises(ApiUnreachable, match="ended"):
        next(results)


def test_waiting_is_told(fake: FakeZotero, time: Time) -> None:
    said: list[str] = []
    fake.add_library(GROUP)
    fake.limit_rate("/items", wait=12)
    Api(fake.url, say=said.append, clock=time.clock, sleep=time.sleep).item_versions(GROUP, 0)
    assert said == ["127.0.0.1 asks to wait 12 s"]


def test_json_is_read_strictly() -> None:
    assert parse_json('{"a": "é\\ud83d\\ude00"}'.encode()) == {"a": "é😀"}
    assert parse_json(b'["half \\ud83d of a pair"]') == ["half � of a pair"]
    for wrong in (b"", b"[NaN]", b"{", b"\xff\xfe", b"<html>"):
        with pytest.raises(ValueError):
            parse_json(wrong)


def test_batches_are_the_same_on_every_run() -> None:
    keys = [f"KEY{n:03}" for n in range(120)]
    cut = list(batches(reversed(keys)))
    assert [len(batch) for batch in cut] == [50, 50, 20]
    assert all(first[-1] < second[0] for first, second in pairwise(cut))

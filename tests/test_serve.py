"""The local preview: what it serves, what it refuses, how it reloads."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from zstatic.errors import ConfigError
from zstatic.serve import Preview, PreviewServer, Site, base_path, find_file, open_server, respond, watch

PAGE = b"<!doctype html><html><body><h1>Home</h1></body></html>"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "_site"
    (folder / "items" / "ABCD2345").mkdir(parents=True)
    (folder / "static").mkdir()
    (folder / "index.html").write_bytes(PAGE)
    (folder / "404.html").write_bytes(b"<body><h1>Not found</h1></body>")
    (folder / "items" / "ABCD2345" / "index.html").write_bytes(PAGE)
    (folder / "items" / "ABCD2345" / "übersicht 1.pdf").write_bytes(b"%PDF-" + b"x" * 200_000)
    (folder / "static" / "style.css").write_text("p{}")
    (tmp_path / "secret.txt").write_text("private")
    return folder


@contextmanager
def serving(preview: Preview, host: str = "127.0.0.1") -> Iterator[PreviewServer]:
    with open_server(preview, host, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def ask(
    server: PreviewServer, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    port = server.server_port
    connection.request(method, path, headers={"Host": f"localhost:{port}", **(headers or {})})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), body


def body_of(preview: Preview, target: str) -> bytes:
    with respond(preview, target).body as body:
        return body.read()


def test_site_stands_at_the_path_of_its_base_url(site: Path) -> None:
    preview = Preview(Site(site, base_path("https://example.org/repo/")))
    with serving(preview) as server:
        assert server.url == f"http://127.0.0.1:{server.server_port}/repo/"
        status, headers, body = ask(server, "/repo/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert b"<h1>Home</h1>" in body
        assert ask(server, "/")[:1] == (301,)
        assert ask(server, "/")[1]["Location"] == "/repo/"
        assert ask(server, "/repo")[1]["Location"] == "/repo/"
        assert ask(server, "/items/ABCD2345/")[0] == 404
        assert ask(server, "/repo/items/ABCD2345/?x=1")[0] == 200
        assert ask(server, "/repo/items/ABCD2345")[1]["Location"] == "/repo/items/ABCD2345/"
        assert ask(server, "/repo/static/style.css")[1]["Content-Type"] == "text/css; charset=utf-8"


def test_without_base_url_the_site_stands_at_the_root() -> None:
    assert base_path("") == "/"
    assert base_path("https://example.org/") == "/"
    assert base_path("https://example.org/%C3%A4/") == "/ä/"


def test_files_come_whole_and_head_without_body(site: Path) -> None:
    with serving(Preview(Site(site))) as server:
        path = "/items/ABCD2345/%C3%BCbersicht%201.pdf"
        status, headers, body = ask(server, path)
        assert (status, len(body), headers["Content-Type"]) == (200, 200_005, "application/pdf")
        status, headers, body = ask(server, path, "HEAD")
        assert (status, headers["Content-Length"], body) == (200, "200005", b"")
        assert headers["Cache-Control"] == "no-store"


def test_miss_gets_the_sites_own_404_page(site: Path) -> None:
    with serving(Preview(Site(site))) as server:
        for path in ("/nothing/", "/items/", "/static/", "/index.html/x"):
            status, _, body = ask(server, path)
            assert (status, b"<h1>Not found</h1>" in body) == (404, True), path


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/static/../../secret.txt",
        "/static/%2e%2e%5c..%5csecret.txt",
        "//etc/passwd",
        "/%00",
        "/link.txt",
        "/linked/secret.txt",
    ],
)
def test_nothing_outside_the_site_is_served(site: Path, path: str) -> None:
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    (site / "linked").symlink_to(site.parent)
    with serving(Preview(Site(site))) as server:
        status, _, body = ask(server, path)
    assert status == 404
    assert b"private" not in body


def test_only_names_of_this_computer_are_answered(site: Path) -> None:
    with serving(Preview(Site(site))) as server:
        for host in ("localhost", "127.0.0.1", "[::1]", "x.localhost", "LOCALHOST:1"):
            assert ask(server, "/", headers={"Host": host})[0] == 200, host
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "10.0.0.1"):
            assert ask(server, "/", headers={"Host": host})[0] == 403, host
        assert ask(server, "/", headers={"Origin": "http://evil.example"})[0] == 403
        assert ask(server, "/", headers={"Origin": "null"})[0] == 403
        assert ask(server, "/", headers={"Origin": f"http://localhost:{server.server_port}"})[0] == 200
        assert "Access-Control-Allow-Origin" not in ask(server, "/")[1]


def test_bound_to_the_network_addresses_are_answered_but_no_foreign_names(site: Path) -> None:
    with serving(Preview(Site(site)), "0.0.0.0") as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert ask(server, "/", headers={"Host": "192.168.1.5:8000"})[0] == 200
        assert ask(server, "/", headers={"Host": "evil.example"})[0] == 403


def test_only_get_and_head_are_answered(site: Path) -> None:
    with serving(Preview(Site(site))) as server:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert ask(server, "/", method)[0] == HTTPStatus.NOT_IMPLEMENTED


def test_taken_port_is_told_with_the_remedy(site: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError) as caught:
            open_server(Preview(Site(site)), port=taken.getsockname()[1])
    assert "cannot use port" in caught.value.message
    assert "--port" in caught.value.hint


def test_reload_script_is_in_responses_only_and_keeps_to_the_policy_of_the_pages(site: Path) -> None:
    preview = Preview(Site(site, "/repo/"))
    page = body_of(preview, "/repo/")
    script = f'<script src="/repo/{preview.reload_path}/reload.js" data-version="0" defer></script></body>'
    assert script.encode() in page
    assert (site / "index.html").read_bytes() == PAGE
    code = body_of(preview, f"/repo/{preview.reload_path}/reload.js").decode()
    assert "fetch(" in code
    assert "innerHTML" not in code
    assert preview.reload_path != Preview(Site(site)).reload_path
    assert body_of(preview, "/repo/static/style.css") == b"p{}"


def test_build_moves_the_version_on_and_an_error_is_told_until_the_next_good_one(site: Path) -> None:
    preview = Preview(Site(site))

    def state() -> object:
        return json.loads(body_of(preview, f"/{preview.reload_path}/state"))

    assert state() == {"version": 0, "error": ""}
    preview.show(Site(site, error="site.toml:1:1: …"))
    assert state() == {"version": 1, "error": "site.toml:1:1: …"}
    preview.show(Site(site))
    assert state() == {"version": 2, "error": ""}


def test_error_can_be_shown_before_there_is_any_site(tmp_path: Path) -> None:
    preview = Preview(Site(tmp_path / "_site", error="broken"))
    response = respond(preview, "/")
    with response.body as body:
        assert (response.status, b"reload.js" in body.read()) == (404, True)


def test_find_file_takes_the_index_of_a_folder(site: Path) -> None:
    assert find_file(site, "") == site / "index.html"
    assert find_file(site, "items/ABCD2345/") == site / "items" / "ABCD2345" / "index.html"
    assert find_file(site, "items/") is None


def test_watching_calls_at_once_and_once_for_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zstatic.serve._SECONDS_BETWEEN_LOOKS", 0.01)
    folder = tmp_path / "content"
    folder.mkdir()
    stop, noticed = threading.Event(), threading.Event()
    calls: list[tuple[Path, ...]] = []

    def changed(files: tuple[Path, ...]) -> None:
        calls.append(files)
        noticed.set()

    paths = [tmp_path / "site.toml", folder]
    watcher = threading.Thread(target=watch, args=(lambda: paths, changed, stop), daemon=True)
    watcher.start()
    assert noticed.wait(10)
    for number, act in enumerate(
        (
            lambda: (tmp_path / "site.toml").write_text("a"),
            lambda: (folder / "new.md").write_text("b"),
            lambda: (folder / "new.md").unlink(),
        ),
        2,
    ):
        noticed.clear()
        act()
        assert noticed.wait(10)
        assert len(calls) == number
    assert calls == [(), (tmp_path / "site.toml",), (folder / "new.md",), (folder / "new.md",)]
    stop.set()
    watcher.join(10)
    assert not watcher.is_alive()

"""A site folder -> a local preview at its real base path, rebuilt and reloaded when something changes.

Binds to this computer; answers only requests that name it (another website in the same browser could
otherwise read the preview by pointing its own name here), only GET and HEAD, only files inside the site
folder. The reload script is put into responses, never into files, and keeps to the pages' own content
security policy: a script from the same origin, under a path nobody can guess.
"""

import contextlib
import errno
import io
import ipaddress
import json
import mimetypes
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from stat import S_ISDIR
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit

from zstatic.errors import ConfigError

_SECONDS_BETWEEN_LOOKS = 0.5

# What browsers need to know and mimetypes takes from the machine's own, differing tables.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".bib": "text/plain; charset=utf-8",
    ".ris": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".xml": "application/xml; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Site:
    """folder: of the finished site. base_path: "/" or "/repo/". error: of the last build, "" = none."""

    folder: Path
    base_path: str = "/"
    error: str = ""


class Preview:
    """What is served now; replaced as a whole after each build."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._version = 0
        self.reload_path = f"__reload-{secrets.token_urlsafe(12)}"

    @property
    def site(self) -> Site:
        return self._site

    @property
    def version(self) -> int:
        return self._version

    def show(self, site: Site) -> None:
        self._site = site
        self._version += 1


def base_path(base_url: str) -> str:
    """ "https://example.org/repo/" -> "/repo/"; without a base URL "/"."""
    return unquote(urlsplit(base_url).path) or "/"


def open_server(
    preview: Preview, host: str = "127.0.0.1", port: int = 8000, any_port: bool = False
) -> "PreviewServer":
    """Take the port; 0 picks a free one.

    any_port: pick a free one when that one is taken. Raises ConfigError when it is taken otherwise.
    """
    try:
        return PreviewServer(preview, host, port)
    except OSError as error:
        if any_port and error.errno == errno.EADDRINUSE:
            return PreviewServer(preview, host, 0)
        raise ConfigError(
            f"The preview cannot use port {port} on {host}: {error.strerror or error}.",
            "Stop the other program, or choose another port with --port; --port 0 picks a free one.",
        ) from None


def watch(
    paths: Callable[[], list[Path]], changed: Callable[[tuple[Path, ...]], None], stop: threading.Event
) -> None:
    """Call `changed` at once, and again whenever one of these files and folders changes, until told to stop.

    It is given the files that changed, came or went, sorted; at first none.
    Looks before it calls, so that a change during a build leads to another. Waits until two looks agree, so
    that a save of many files is one change.
    """
    known = _stamps(paths())
    changed(())
    while not stop.wait(_SECONDS_BETWEEN_LOOKS):
        seen = _stamps(paths())
        if seen == known:
            continue
        while not stop.wait(_SECONDS_BETWEEN_LOOKS) and (again := _stamps(paths())) != seen:
            seen = again
        files = tuple(
            sorted(file for file in known.keys() | seen.keys() if known.get(file) != seen.get(file))
        )
        known = seen
        if not stop.is_set():
            changed(files)


class PreviewServer(ThreadingHTTPServer):
    daemon_threads = True
    # On Windows the option means that two programs may share the port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, preview: Preview, host: str, port: int) -> None:
        self.preview = preview
        self.host = host
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where to look at the site."""
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        shown = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
        return f"http://{shown}:{self.server_address[1]}{quote(self.preview.site.base_path)}"

    def server_bind(self) -> None:
        # Not HTTPServer's: that one asks the name service for the machine's name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address))
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def is_known_host(self, header: str) -> bool:
        """Whether a Host header names this server and not a foreign website's name pointed at it."""
        try:
            name = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        if name == "localhost" or name.endswith(".localhost") or name == self.host:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # Bound to the network on purpose: any address of the machine, still no foreign name.
        return address.is_loopback or self.host in ("0.0.0.0", "::")  # noqa: S104

    def handle_error(self, request: object, client_address: object) -> None:
        """Browsers drop connections all the time; nobody wants to read of it."""


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    server_version = "zstatic"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the terminal shows builds and their problems."""

    def _answer(self) -> None:
        response = self._response()
        with response.body as body:
            size = body.seek(0, os.SEEK_END)
            body.seek(0)
            self.send_response(response.status)
            headers = {**response.headers, "Content-Length": str(size), **_ALWAYS}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            while self.command == "GET" and size > 0 and (block := body.read(min(size, 1 << 16))):
                self.wfile.write(block)
                size -= len(block)
            if size and self.command == "GET":
                self.close_connection = True  # the file shrank meanwhile

    def _response(self) -> "Response":
        if not self.server.is_known_host(self.headers.get("Host", "")):
            return _plain(HTTPStatus.FORBIDDEN, "This preview answers only to names of this computer.")
        origin = self.headers.get("Origin")
        if origin is not None and not self.server.is_known_host(urlsplit(origin).netloc):
            return _plain(HTTPStatus.FORBIDDEN, "This preview answers only its own pages.")
        return respond(self.server.preview, self.path)


_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Response:
    """body: closed by who sends it."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: BinaryIO


def respond(preview: Preview, target: str) -> Response:
    """Answer a GET.

    target: as in the request line, "/repo/items/ABCD2345/?x=1".
    """
    site = preview.site
    # Not urlsplit: it would take "//evil/x" for a host.
    path = unquote(target.partition("#")[0].partition("?")[0], errors="surrogateescape")
    if not path.startswith(site.base_path):
        if path.rstrip("/") in ("", site.base_path.rstrip("/")):
            return _redirect(site.base_path)
        return _plain(HTTPStatus.NOT_FOUND, f"The site is at {site.base_path}")
    inside = path.removeprefix(site.base_path)
    if inside == f"{preview.reload_path}/reload.js":
        return _content(_RELOAD_SCRIPT.encode(), _MEDIA_TYPES[".js"])
    if inside == f"{preview.reload_path}/state":
        state = {"version": preview.version, "error": site.error}
        return _content(json.dumps(state).encode(), _MEDIA_TYPES[".json"])
    file = find_file(site.folder, inside)
    if file is None:
        return _missing(preview)
    if file.name == "index.html" and inside and not inside.endswith(("/", "index.html")):
        return _redirect(f"{path}/")
    return _file(preview, file, HTTPStatus.OK)


def find_file(folder: Path, inside: str) -> Path | None:
    """The file of a path, for a folder its index.html; None when there is none, or it would lie outside."""
    parts = inside.split("/")
    if "\0" in inside or "\\" in inside or any(part in (".", "..") for part in parts):
        return None
    try:
        file = folder.joinpath(*(part for part in parts if part))
        if file.is_dir():
            file /= "index.html"
        # Resolved, so that no link inside the folder leads out of it.
        is_inside = file.resolve(strict=True).is_relative_to(folder.resolve())
        return file if is_inside and file.is_file() else None
    except (OSError, ValueError):
        return None


def _file(preview: Preview, file: Path, status: HTTPStatus) -> Response:
    media_type = (
        _MEDIA_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    )
    if file.suffix != ".html":
        return Response(status, {"Content-Type": media_type}, file.open("rb"))
    return _content(_with_reload(preview, file.read_bytes()), media_type, status)


def _missing(preview: Preview) -> Response:
    page = find_file(preview.site.folder, "404.html")
    if page:
        return _file(preview, page, HTTPStatus.NOT_FOUND)
    # Before the first good build there is no site to show, but there may be an error.
    html = b"<!doctype html><meta charset=utf-8><title>Not here</title><body><p>There is no such page.</p>"
    return _content(_with_reload(preview, html), _MEDIA_TYPES[".html"], HTTPStatus.NOT_FOUND)


def _with_reload(preview: Preview, html: bytes) -> bytes:
    source = quote(f"{preview.site.base_path}{preview.reload_path}/reload.js")
    script = f'<script src="{source}" data-version="{preview.version}" defer></script>'.encode()
    before, found, after = html.rpartition(b"</body>")
    return before + script + found + after if found else html + script


def _redirect(path: str) -> Response:
    # One slash in front: "//name/" would lead to another host.
    location = quote("/" + path.lstrip("/"), errors="surrogateescape")
    return Response(HTTPStatus.MOVED_PERMANENTLY, {"Location": location}, io.BytesIO())


def _plain(status: HTTPStatus, text: str) -> Response:
    return _content(f"{text}\n".encode(errors="replace"), _MEDIA_TYPES[".txt"], status)


def _content(content: bytes, media_type: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(status, {"Content-Type": media_type}, io.BytesIO(content))


def _stamps(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Every file with its time and size; what cannot be read is absent. Folders show by their files."""
    stamps = {}
    for path in paths:
        for file in (path, *path.rglob("*")) if path.is_dir() else (path,):
            with contextlib.suppress(OSError):
                found = file.stat()
                if not S_ISDIR(found.st_mode):
                    stamps[file] = (found.st_mtime_ns, found.st_size)
    return stamps


# Styles are set one by one from the script, which the policy of the pages allows; a style attribute is not.
_RELOAD_SCRIPT = """\
"use strict";
(() => {
  const script = document.currentScript;
  const stateUrl = new URL("state", script.src);
  const shown = Number(script.dataset.version);
  let overlay = null;

  const showError = (error) => {
    if (!error) {
      overlay?.remove();
      overlay = null;
      return;
    }
    overlay ??= document.body.appendChild(document.createElement("pre"));
    overlay.setAttribute("role", "alert");
    overlay.textContent = "The site could not be built.\\n\\n" + error;
    Object.assign(overlay.style, {
      position: "fixed", inset: "auto 0 0 0", zIndex: "2147483647", margin: "0", padding: "1.5rem",
      maxHeight: "60vh", overflow: "auto", whiteSpace: "pre-wrap", font: "14px/1.5 ui-monospace, monospace",
      color: "#fff", background: "#7f1d1d",
    });
  };

  const look = async () => {
    try {
      const state = await (await fetch(stateUrl, { cache: "no-store" })).json();
      if (state.version !== shown && !state.error) location.reload();
      showError(state.error);
    } catch {
      // The preview was stopped; look again in case it comes back.
    }
    setTimeout(look, 1000);
  };
  look();
})();
"""

"""A small read-only Zotero API server on loopback, and the bundled sample library on it.

In: a library in the shape of `library.json` beside this file, a folder of files, a schema.
Out: a base URL, behind which `answers` answers, so that `zstatic demo` runs the code a real library uses.
"""

import gzip
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from zstatic.sample.answers import (
    JSON,
    Request,
    Response,
    Shelf,
    answer,
    answer_storage,
    as_zotero,
    dump,
    refuse,
    whole,
)


class LoopbackServer(ThreadingHTTPServer):
    """Serve `respond` on a free port of this machine, each connection in its own thread."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.respond = respond
        self.connections: set[socket] = set()

    def server_bind(self) -> None:
        # HTTPServer would ask the resolver for our name, which takes seconds without a network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop for good: kept-alive connections would otherwise go on being answered."""
        super().server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Turn HTTP into a Request and a Response into HTTP."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: LoopbackServer
    server_version = "zstatic"
    sys_version = ""

    def do_GET(self) -> None:
        self.send(self.server.respond(self.read()))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def read(self) -> Request:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", 0)))
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        base = f"http://{headers.get('host', '127.0.0.1')}"
        return Request(self.command, base, address.path, query, headers)

    def send(self, response: Response) -> None:
        if isinstance(response.body, Path):
            self.send_file(response, response.body)
            return
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and is_json(response)
        body = gzip.compress(response.body, 1, mtime=0) if packed else response.body
        self.send_head(response, len(body), (("Content-Encoding", "gzip"),) if packed else ())
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_file(self, response: Response, path: Path) -> None:
        with path.open("rb") as file:
            self.send_head(response, path.stat().st_size)
            if self.command != "HEAD":
                shutil.copyfileobj(file, self.wfile)

    def send_head(self, response: Response, length: int, more: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(response.status)
        for name, value in (*response.headers, *more):
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the client reports what matters."""


def is_json(response: Response) -> bool:
    return response.body != b"" and dict(response.headers).get("Content-Type") == "application/json"


@contextmanager
def running(server: LoopbackServer) -> Iterator[LoopbackServer]:
    """Answer requests until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- the bundled sample


def read_shelf(content: JSON, storage: str, schema_version: int) -> Shelf:
    """Make a shelf of what `library.json` holds."""
    version = int(content["version"])
    return Shelf(
        prefix=content["library"],
        version=version,
        items=by_key(content["items"]),
        collections=by_key(content["collections"]),
        searches=by_key(content["searches"]),
        settings=content["settings"],
        deleted={kind: dict.fromkeys(keys, version) for kind, keys in content["deleted"].items()},
        fulltext_versions=content["fulltext_versions"],
        fulltext=content["fulltext"],
        file_headers={key: zotero_headers(file["headers"]) for key, file in content["files"].items()},
        storage=storage,
        schema_version=schema_version,
        style=content.get("style", "apa"),
    )


def by_key(objects: Iterable[JSON]) -> dict[str, JSON]:
    return {each["key"]: each for each in objects}


def zotero_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in headers.items() if name.startswith("Zotero-File-")}


def answer_sample(shelf: Shelf, schema: JSON, request: Request) -> Response:
    """Answer any request to a server that holds this one library, open to all."""
    path = request.path.rstrip("/")
    if path == "/schema":
        return as_zotero(
            Response(200, (("Content-Type", "application/json"),), dump(schema).encode()),
            shelf.schema_version,
        )
    if request.method not in ("GET", "HEAD"):
        return refuse(405, "Method not allowed")
    if path == shelf.prefix and path.startswith("/groups/"):
        return as_zotero(whole(group_of(shelf, request.base), 1), shelf.schema_version)
    if path.startswith(shelf.prefix + "/"):
        return answer(shelf, request)
    return refuse(403, "Forbidden") if path == "/keys/current" else refuse(404, "Not found")


def group_of(shelf: Shelf, base: str) -> JSON:
    """Describe the group, with the name that stands in its objects."""
    first = next(iter(shelf.items.values()), {})
    name = first.get("library", {}).get("name", "")
    number = int(shelf.prefix.rpartition("/")[2])
    described = {"id": number, "version": 1, "name": name, "type": "PublicOpen", "libraryReading": "all"}
    own = {"href": f"{base}{shelf.prefix}", "type": "application/json"}
    return {"id": number, "version": 1, "links": {"self": own}, "meta": {}, "data": described}


@contextmanager
def serving(content: JSON, files: Path, schema: JSON) -> Iterator[str]:
    """Serve a library and its files; gives the base URL of the API.

    content: as in `library.json`. files: a folder with one file per attachment, named by its key.
    """
    stored = {
        file["headers"]["Zotero-File-MD5"]: files / key
        for key, file in content["files"].items()
        if (files / key).is_file()
    }
    with ExitStack() as stack:
        # A host of its own, as in production: a redirect to it must lose the Authorization header.
        storage = stack.enter_context(
            running(LoopbackServer(lambda request: answer_storage(stored, request)))
        )
        shelf = read_shelf(content, storage.url, int(schema["version"]))
        api = stack.enter_context(
            running(LoopbackServer(lambda request: answer_sample(shelf, schema, request)))
        )
        yield api.url


@contextmanager
def serve_sample() -> Iterator[str]:
    """Serve the bundled sample library; gives the base URL of the API."""
    folder = Path(__file__).parent
    content = json.loads((folder / "library.json").read_text(encoding="utf-8"))
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    with serving(content, folder / "files", schema) as url:
        yield url

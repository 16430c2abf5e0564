"""A real Chromium, and a server for folders."""

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from showcase import showcase
from sitepages import write_folder

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """CHROMIUM names the program, or it is looked for. Without one tests fail: they must not go unseen."""
    path = os.environ.get("CHROMIUM") or next(
        (found for name in _NAMES if (found := shutil.which(name))), None
    )
    if not path:
        pytest.fail(
            "The browser tests need a Chromium: install the package `chromium`, or set CHROMIUM to its path."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve a folder on loopback; gives its address, ending in "/"."""
    servers: list[ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        handler = functools.partial(_Quiet, directory=str(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def show(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> Callable[..., str]:
    """Language and theme -> the address of a site with every kind of page, searchable; see showcase.PAGES."""

    @functools.cache
    def build(language: str, theme: str = "default") -> str:
        # 404.html names the base path of the configured address.
        folder = tmp_path_factory.mktemp(f"show-{language}-{theme}")
        ctx = showcase(folder / "texts", language, theme)
        write_folder(ctx, folder / "library", folder / "work")
        return f"{serve(folder)}library/"

    return build


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own; any error or refusal on the console fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def start(url: str, **options: Any) -> Page:
        own = chromium.new_context(viewport={"width": 1100, "height": 900}, **options)
        contexts.append(own)
        page = own.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.goto(url)
        return page

    start.complaints = complaints  # type: ignore[attr-defined]
    yield start
    for own in contexts:
        own.close()
    assert complaints == []

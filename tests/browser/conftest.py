"""A real Chromium, and a server for folders."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from browsing import running_chromium, serving
from playwright.sync_api import Browser, BrowserContext, Page
from showcase import showcase
from sitepages import write_folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve a folder on loopback; gives its address, ending in "/"."""
    with ExitStack() as servers:
        yield lambda folder: servers.enter_context(serving(folder))


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

"""The live reload of `zstatic serve` in a real Chromium, under the pages' own content security policy."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from zstatic.serve import Preview, Site, open_server

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"


def write_page(folder: Path, title: str) -> None:
    (folder / "index.html").write_text(
        f'<!doctype html><html lang="en"><head><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"></head><body><p>Text</p></body>'
    )


def test_page_shows_a_build_error_until_the_next_good_build_reloads_it(
    tmp_path: Path, chromium: Browser
) -> None:
    write_page(tmp_path, "Before")
    site = Site(tmp_path, "/repo/")
    preview = Preview(site)
    with open_server(preview, port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = chromium.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server.url)
        expect(page).to_have_title("Before")

        preview.show(Site(tmp_path, "/repo/", "site.toml:1:1: <b>wrong</b>"))
        overlay = page.get_by_role("alert")
        expect(overlay).to_contain_text("site.toml:1:1: <b>wrong</b>")
        assert overlay.evaluate("element => getComputedStyle(element).position") == "fixed"

        write_page(tmp_path, "After")
        preview.show(site)
        expect(page).to_have_title("After")
        expect(overlay).to_have_count(0)
        assert [text for text in complaints if "favicon" not in text and "404" not in text] == []
        page.close()
        server.shutdown()

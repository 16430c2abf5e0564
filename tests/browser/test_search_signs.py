"""Titles with signs are found as they are written, whatever Pagefind makes of the signs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_item
from knownitem import SETUP, write_searchable
from playwright.sync_api import Browser
from sitepages import context

pytestmark = pytest.mark.browser

TITLES = [
    "Water & ice",
    "Fire – smoke and ash",
    "Trial p<0.05 thresholds",
    "Euler E=mc² story",
    "x=y",
    "Parallel title = Titre parallèle",
    "Wald=Forest and Bäume",
    "Effects >50 years",
    "Costing $100 houses",
    "Tilde foo~bar",
    "Pipe foo|baz",
    "Caret x^2y",
    "Backtick `code` use",
    "β=α relation",
    "№ 5",
    unicodedata.normalize("NFD", "café society"),
    unicodedata.normalize("NFD", "résumé writing"),
    "हिन्दी व्याकरण",
    "کتاب می\u200cخواهم",
    "C++ and C#",
]


def test_a_title_with_signs_is_found_as_words_and_as_a_phrase(
    tmp_path: Path, serve: Callable[[Path], str], chromium: Browser
) -> None:
    ctx = context(*(make_item(f"SIGNS{number:03}", title=title) for number, title in enumerate(TITLES)))
    script = write_searchable(ctx, tmp_path / "site", tmp_path / "work")
    root = serve(tmp_path / "site")
    page = chromium.new_page()
    page.goto(root)
    page.evaluate(SETUP, [root, script])
    forms = ["{}", '"{}"', 'title:"{}"']
    wanted = {form.format(title): title for title in TITLES for form in forms}
    wanted |= {'"water ice"': "Water & ice", '"titre parallele"': "Parallel title = Titre parallèle"}
    wanted |= {
        '"cafe society"': TITLES[15],
        "E=mc2": "Euler E=mc² story",
    }
    found = page.evaluate("(queries) => window.firstOfAll(queries, 20)", list(wanted))
    first = {
        query: [ctx.items[row].item.title for row in rows[:1]]
        for query, rows in zip(wanted, found, strict=True)
    }
    page.close()
    assert first == {query: [title] for query, title in wanted.items()}

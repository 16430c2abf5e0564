"""Who knows of a work finds it: both real libraries, and two made of them.

More items, and libraries of 10,000, are asked for in bench/search_known.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders import StubMirror, recorded_mirror
from knownitem import SETUP, answers, questions, write_searchable
from playwright.sync_api import Browser, Page
from realistic import mixed, realistic
from searching import in_parts
from sitepages import site_config

from zstatic.library import read_library
from zstatic.pages.context import Context, make_context
from zstatic.schema import Schema
from zstatic.selection import select

pytestmark = pytest.mark.browser

MADE = {"realistic": realistic, "mixed": mixed}
AT_MOST = 150  # questions of a kind
FIRST = {
    "two title words and the first creator": 0.99,
    "two title words": 0.95,
    "creator and year, without accents": 0.97,
    "decomposed title": 1.0,
    "DOI": 1.0,
    "ISBN": 1.0,
}


@dataclass(frozen=True, repr=False)
class Searchable:
    """Without a repr: pytest writes one of all that a failed test was given, and these take gigabytes."""

    ctx: Context
    page: Page


@pytest.fixture(scope="module", params=["group-1", "user-1001", "realistic", "mixed", "user-1001 in parts"])
def library(
    request: pytest.FixtureRequest,
    shared: Path,
    tmp_path_factory: pytest.TempPathFactory,
    serve: Callable[[Path], str],
    chromium: Browser,
) -> Iterator[Searchable]:
    name, _, divided = request.param.partition(" ")
    make = MADE.get(name)
    mirror = recorded_mirror(shared, "group-1" if make else name)
    if make:
        content, _ = make(shared, 1500)
        mirror = StubMirror(*content["items"], schema=mirror.schema())
    config = site_config()
    read = select(read_library(mirror, config, config.libraries[0]), config.libraries[0].select)
    ctx = make_context([read], config, Schema.from_json(mirror.schema(), "en"), {}, ())
    top = tmp_path_factory.mktemp(request.param)
    with in_parts(250) if divided else nullcontext():
        script = write_searchable(ctx, top / "site", top / "work")
    root = serve(top / "site")
    page = chromium.new_page()
    page.goto(root)
    page.evaluate(SETUP, [root, script])
    yield Searchable(ctx, page)
    page.close()


@pytest.mark.parametrize("kind", FIRST)
def test_what_a_reader_knows_of_a_work_brings_it_first(library: Searchable, kind: str) -> None:
    """Or after works that have all of it as well; where there is none, first."""
    ctx, page = library.ctx, library.page
    asked = list(questions(ctx, kind))
    asked = asked[:: -(-len(asked) // AT_MOST)]
    found = page.evaluate("(queries) => window.firstOfAll(queries, 20)", [one.text for one in asked])
    known = list(answers(ctx, asked, found))
    # Works that nobody can tell from it may fill the first page.
    missed = [one for one in known if not one.is_first and one.alike < 20]
    assert len(known) - len(missed) >= FIRST[kind] * len(known), missed
    alone = [one for one in known if one.alone]
    missed = [one for one in alone if one.place != 1]
    assert len(alone) - len(missed) >= FIRST[kind] * len(alone), missed

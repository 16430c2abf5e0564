"""Fixtures that every test may use."""

import gzip
import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero

SHARED = Path(os.environ.get("ZSTATIC_SHARED") or Path(__file__).parents[2] / "shared")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than there are cores: the tests of the search wait, as it does, for readers to stop typing."""
    return (yield) + 1


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the recorded exchanges and the two real libraries."""
    if not (SHARED / "zotero-api").is_dir():
        pytest.skip(f"no recorded Zotero data at {SHARED} (set ZSTATIC_SHARED to its folder)")
    return SHARED


@pytest.fixture(scope="session")
def schema(shared: Path) -> dict[str, Any]:
    """Zotero's own schema."""
    with gzip.open(shared / "zotero-api" / "schema.json.gz", "rt", encoding="utf-8") as file:
        schema: dict[str, Any] = json.load(file)
    return schema


@pytest.fixture
def fake() -> Iterator[FakeZotero]:
    """A fake Zotero without libraries and keys."""
    with FakeZotero() as zotero:
        yield zotero


@pytest.fixture
def group1(fake: FakeZotero, shared: Path, schema: dict[str, Any]) -> FakeLibrary:
    """A real public group of 375 items, on `fake`; a member's key is "member"."""
    fake.schema = schema
    library = fake.load(shared / "zotero-api" / "libraries" / "group-1")
    library.members.add(1001)
    fake.add_key("member", user=1001, library=False)
    return library


@pytest.fixture
def user1001(fake: FakeZotero, shared: Path, schema: dict[str, Any]) -> FakeLibrary:
    """A real private library of 1,443 items, on `fake`; its keys are "owner" and "without-notes"."""
    fake.schema = schema
    library = fake.load(shared / "zotero-api" / "libraries" / "user-1001")
    fake.add_key("owner", user=1001)
    fake.add_key("without-notes", user=1001, notes=False)
    return library

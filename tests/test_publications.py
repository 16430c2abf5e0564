"""My Publications: what a user shows to the world, with its files, and no more of the library."""

from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from mirrors import Mirrored, some_collections

from zstatic.config import SearchRules
from zstatic.library import read_library

PDF = b"%PDF-1.7 published"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    return fake.add_library("users/1", "Library User", public=False)


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Mirrored:
    return Mirrored(tmp_path, fake, "users/1/publications", search=SearchRules(fulltext=True))


def publish(library: FakeLibrary, body: bytes = PDF) -> tuple[str, str]:
    book = library.add_item(title="Published", inPublications=True, tags=["private"])
    return book, library.add_attachment(book, body, inPublications=True)


def test_published_files_come_without_a_key(site: Mirrored, library: FakeLibrary) -> None:
    book, file = publish(library)
    hidden = library.add_item(title="Private")
    library.add_attachment(hidden, PDF + b" private")
    report = site.sync()
    assert site.items() == {book, file}
    assert (report.files, report.problems) == (1, ())
    assert site.asked("/file") == [f"/users/1/publications/items/{file}/file"]
    assert not [
        target for target in site.asked() if target.startswith("/users/1/") and "publications" not in target
    ]


def test_items_without_dates_and_tags_are_read(site: Mirrored, library: FakeLibrary) -> None:
    book, file = publish(library)
    site.sync()
    with site.mirror() as mirror:
        assert "dateAdded" not in dict(mirror.objects("items"))[book]["data"]
        found = read_library(mirror, site.config, site.config.libraries[0])
    assert found.items[book].title == "Published"
    assert [attachment.key for attachment in found.items[book].attachments] == [file]
    assert not found.problems


def test_withdrawn_item_and_its_file_leave(site: Mirrored, library: FakeLibrary) -> None:
    book, file = publish(library)
    kept, kept_file = publish(library, PDF + b" kept")
    site.sync()
    library.edit_item(book, inPublications=False)
    library.edit_item(file, inPublications=False)
    report = site.sync()
    assert report.removed == 2
    assert kept in site.items() and book not in site.items()
    with site.mirror() as mirror:
        assert mirror.state("files", {}).keys() == {kept_file}


def test_collections_are_no_part_of_it(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> None:
    book, file = publish(library)
    site = Mirrored(tmp_path, fake, some_collections(fake, "users/1/publications", "Papers"))
    site.sync()
    assert site.items() == {book, file}
    assert not site.asked("/collections")

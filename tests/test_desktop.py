"""Zotero on this computer as the source: no key, no delete log, files where they lie."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from mirrors import Mirrored, some_collections

from zstatic.api import is_in_storage
from zstatic.config import CitationRules, ExportRules, SearchRules
from zstatic.errors import ConfigError
from zstatic.library import read_library

PDF = b"%PDF-1.7 on this computer"
LOCAL = "http://localhost:23119/api"


@pytest.fixture
def desktop() -> Iterator[FakeZotero]:
    with FakeZotero(desktop="first") as zotero:
        yield zotero


@pytest.fixture
def library(desktop: FakeZotero) -> FakeLibrary:
    library = desktop.add_library("users/0", "Me")
    library.public_notes = True
    return library


@pytest.fixture
def site(tmp_path: Path, desktop: FakeZotero, library: FakeLibrary) -> Mirrored:
    return Mirrored(tmp_path / "site", desktop, "users/0", exports=ExportRules(("bibtex", "csljson")))


def add_file(library: FakeLibrary, folder: Path, body: bytes = PDF, **data: Any) -> str:
    """Add an attachment whose file lies where Zotero keeps it: storage/KEY/name."""
    key = library.add_attachment(None, **data)
    path = folder / "storage" / key / "Ünï code.pdf"
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    library.put_file(key, path)
    return key


def codes(site: Mirrored) -> list[tuple[str, str]]:
    with site.mirror() as mirror:
        return [(problem.code, problem.where) for problem in mirror.problems()]


# --- metadata


def test_deletions_are_found_by_comparing_all(
    site: Mirrored, desktop: FakeZotero, library: FakeLibrary
) -> None:
    book, other = library.add_item(title="Book"), library.add_item(title="Other")
    library.add_search("Search", [])
    site.change(search=SearchRules(fulltext=True))
    site.sync()
    assert not site.asked("/keys/current")
    library.delete_item(book)
    assert site.sync().removed == 1
    assert site.items() == {other}
    site.sync()
    assert [logged.status for logged in desktop.log] == [304]


def test_exports_are_those_of_the_web(site: Mirrored, library: FakeLibrary) -> None:
    book = library.add_item(title="Book", creators=["Doe, Jane"])
    site.sync()
    with site.mirror() as mirror:
        assert '"title": "Book"' in mirror.exports("csljson")[book]
        item = read_library(mirror, site.config, site.config.libraries[0]).items[book]
        assert not mirror.problems()
    assert '"family": "Doe"' in item.exports["csljson"]


def test_style_that_is_refused_is_an_error_of_the_configuration(
    site: Mirrored, desktop: FakeZotero, library: FakeLibrary
) -> None:
    library.add_item(title="Book")
    site.change(citations=CitationRules(("no-such-style",)))
    desktop.refuse("style=no-such-style", 400, "Invalid style: no-such-style", times=None)
    with pytest.raises(ConfigError, match="no-such-style"):
        site.sync()


def test_another_zotero_starts_afresh_whatever_its_version(
    site: Mirrored, desktop: FakeZotero, library: FakeLibrary
) -> None:
    old = library.add_item(title="Old")
    site.sync()
    for name, version in (("second", 0), ("third", 900)):
        desktop.desktop = name
        library = desktop.add_library("users/0", "Somebody", version=version)
        # The same key, the same version, another item.
        library.add_item(old, title=name)
        new = library.add_item("NEW23456", title="New")
        report = site.sync()
        assert site.items() == {old, new}
        with site.mirror() as mirror:
            assert dict(mirror.objects("items"))[old]["data"]["title"] == name
            assert (mirror.library_name, mirror.library_version) == ("Somebody", library.version)
            assert name in mirror.exports("bibtex")[old]
        assert report.changed
        site.sync()
        assert [logged.status for logged in desktop.log] == [304]


def test_zotero_that_changes_in_the_middle_leaves_one_library(
    site: Mirrored, desktop: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(3):
        library.add_item(title=f"First {number}")

    def change() -> None:
        desktop.desktop = "second"
        for key in list(library.items):
            library.edit_item(key, title="Second")
        library.version = 3

    desktop.before("include=bibtex", change)
    site.sync()
    with site.mirror() as mirror:
        assert {item["data"]["title"] for _, item in mirror.objects("items")} == {"Second"}
        assert mirror.state("server", "") == "second"


def test_some_collections_of_the_desktop(tmp_path: Path, desktop: FakeZotero, library: FakeLibrary) -> None:
    papers = library.add_collection("Papers")
    inside = [library.add_item(title=name, collections=[papers]) for name in "AB"]
    library.add_item(title="Outside")
    site = Mirrored(tmp_path / "site", desktop, some_collections(desktop, "users/0", "Papers"))
    site.sync()
    assert site.items() == set(inside)
    library.delete_item(inside[0])
    site.sync()
    assert site.items() == {inside[1]}


# --- files


def test_files_are_copied_from_where_they_lie(site: Mirrored, library: FakeLibrary, tmp_path: Path) -> None:
    key = add_file(library, tmp_path)
    report = site.sync()
    assert (report.files, report.bytes, report.problems) == (1, len(PDF), ())
    with site.mirror() as mirror:
        stored = mirror.file(library.items[key]["data"]["md5"])
        assert stored and stored.read_bytes() == PDF
    assert site.sync().files == 0


def test_file_that_was_never_synced_is_published_all_the_same(
    site: Mirrored, library: FakeLibrary, tmp_path: Path
) -> None:
    key = add_file(library, tmp_path)
    md5 = library.items[key]["data"]["md5"]
    library.edit_item(key, md5=None, mtime=None)
    assert site.sync().files == 1
    with site.mirror() as mirror:
        assert dict(mirror.objects("items"))[key]["data"]["md5"] == md5
        assert mirror.file(md5)
    report = site.sync()
    assert (report.files, report.changed, site.asked("/file")) == (0, False, [])


@pytest.mark.parametrize("fault", ["gone", "link", "folder", "pipe", "elsewhere", "other", "too large"])
def test_unfit_file_is_a_problem_that_tells_no_path(
    site: Mirrored, library: FakeLibrary, tmp_path: Path, fault: str
) -> None:
    key = add_file(library, tmp_path)
    path = library.files[key]
    assert isinstance(path, Path)
    secret = tmp_path / "secret"
    secret.write_bytes(PDF)
    if fault in ("gone", "link", "folder", "pipe"):
        path.unlink()
    if fault == "link":
        path.symlink_to(secret)
    elif fault == "folder":
        path.mkdir()
    elif fault == "pipe":
        os.mkfifo(path)
    elif fault == "elsewhere":
        library.files[key] = secret
    elif fault == "other":
        path.write_bytes(b"%PDF-1.7 edited since")
    elif fault == "too large":
        site.change(attachments=type(site.config.attachments)(max_size=5))
    report = site.sync()
    [problem] = report.problems
    assert problem.where == f"users/0/items/{key}"
    assert str(tmp_path) not in problem.message and "Ünï" not in problem.message
    assert not list((tmp_path / "site" / ".zstatic" / "files").glob("??/*"))


def test_linked_file_is_never_asked_for(site: Mirrored, library: FakeLibrary, tmp_path: Path) -> None:
    add_file(library, tmp_path, linkMode="linked_file", path=str(tmp_path / "thesis.pdf"))
    report = site.sync()
    assert (report.files, report.problems, site.asked("/file")) == (0, (), [])


def test_file_of_this_computer_is_accepted_from_no_other_server(
    tmp_path: Path, fake: FakeZotero, desktop: FakeZotero
) -> None:
    """Zotero's own servers know no file: addresses; who gives one is somebody else."""
    library = fake.add_library("users/1", "Web")
    library.public = True
    key = add_file(library, tmp_path)
    path = library.files[key]
    assert isinstance(path, Path)
    fake.add_headers("/file", {"Location": path.as_uri()}, times=None)
    fake.refuse("/file", 302, headers={"Location": path.as_uri()}, times=None)
    site = Mirrored(tmp_path / "web", fake, "users/1")
    report = site.sync()
    assert report.files == 0
    assert [problem.code for problem in report.problems] == ["file-missing"]


def test_only_the_storage_folder_of_an_attachment_counts() -> None:
    good = "file:///home/me/Zotero/storage/ABCD2345/A%20paper.pdf"
    assert is_in_storage(good, "ABCD2345", LOCAL)
    assert is_in_storage("file://localhost/C:/Zotero/storage/ABCD2345/a.pdf", "ABCD2345", LOCAL)
    assert not is_in_storage(good, "ABCD2345", "https://api.zotero.org")
    assert not is_in_storage(good, "ABCD2345", "http://192.168.1.2:23119/api")
    for url in (
        "file:///home/me/Zotero/storage/WXYZ2345/A%20paper.pdf",
        "file:///home/me/.ssh/id_rsa",
        "file:///storage/ABCD2345/..",
        "file:///home/storage/ABCD2345/%2e%2e",
        "file:///home/storage/ABCD2345/",
        "file:///home/../storage/ABCD2345/a.pdf",
        "file://server/share/storage/ABCD2345/a.pdf",
        "http://localhost/storage/ABCD2345/a.pdf",
    ):
        assert not is_in_storage(url, "ABCD2345", LOCAL), url

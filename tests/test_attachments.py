"""Files: only those wanted, only if every byte is right, and a bad one never costs a good one."""

import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero

from zstatic.api import Api
from zstatic.attachments import WantedFile, rules_mark, wanted_files
from zstatic.config import AttachmentRules, Config, LibraryConfig, Secret, SiteConfig
from zstatic.errors import RateLimited
from zstatic.mirror import collect_files, open_mirror
from zstatic.patience import Patience
from zstatic.progress import silent
from zstatic.sync import LibrarySyncReport, sync_libraries

PDF = b"%PDF-1.7 one"
KEY = "abcDEF123456789abcDEF123"
hurried_api = partial(Api, patience=Patience(unsaid=(0.0,), first=0.0), sleep=lambda seconds: None)


def md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


class Site:
    """A folder with libraries, whose attachments are synced and tidied as `zstatic build` would."""

    def __init__(self, root: Path, zotero: FakeZotero, *ids: str) -> None:
        self.zotero = zotero
        self.config = Config(
            root,
            SiteConfig("Site"),
            tuple(LibraryConfig(id, api_url=zotero.url) for id in ids),
            root / "_site",
            root / ".zstatic",
            api_key=Secret(KEY),
        )

    def sync(self, full: bool = False) -> LibrarySyncReport:
        self.zotero.log.clear()
        report = sync_libraries(self.config, silent, full=full, open_api=hurried_api)[0]
        wanted: set[str] = set()
        for library in self.config.libraries:
            with open_mirror(self.config, library) as mirror:
                wanted |= set(mirror.good_files().values())
        collect_files(self.config.state, wanted)
        return report

    def rules(self, **rules: Any) -> None:
        self.config = replace(self.config, attachments=AttachmentRules(**rules))

    @property
    def stored(self) -> dict[str, bytes]:
        """md5 -> content of what is in the folder of files, which holds nothing else."""
        files = [path for path in (self.config.state / "files").rglob("*") if path.is_file()]
        assert all(path.parent.name == path.name[:2] for path in files)
        return {path.name: path.read_bytes() for path in files}


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    fake.add_key(KEY, user=1)
    return fake.add_library("groups/7", "A group")


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Site:
    return Site(tmp_path, fake, "groups/7")


def codes(report: LibrarySyncReport) -> list[tuple[str, str]]:
    return [(problem.code, problem.where.rpartition("/")[2]) for problem in report.problems]


def files_asked(fake: FakeZotero) -> list[str]:
    return [target for target in fake.targets if target.endswith("/file")]


# --- which


def raw(key: str, **data: Any) -> tuple[str, dict[str, Any]]:
    stored = {
        "itemType": "attachment",
        "linkMode": "imported_file",
        "contentType": "application/pdf",
        "md5": md5(PDF),
    }
    return key, {"key": key, "version": 3, "data": {**stored, **data}}


def wanted(items: Collection[tuple[str, Any]], **rules: Any) -> list[str]:
    return [each.key for each in wanted_files(items, AttachmentRules(**rules))]


def test_stored_files_of_listed_types_are_wanted() -> None:
    items = [
        raw("UPPER", contentType="Application/PDF; charset=binary"),
        raw("WEB", linkMode="imported_url"),
        raw("HTML", contentType="text/html"),
        raw("LINK", linkMode="linked_url"),
        raw("LOCAL", linkMode="linked_file", path="/home/me/x.pdf"),
        raw("IMAGE", linkMode="embedded_image", contentType="image/png"),
        raw("NOTE", itemType="note"),
        raw("ODD", contentType=None),
    ]
    assert wanted(items) == ["UPPER", "WEB"]
    assert wanted(items, publish="none") == []


def test_active_content_is_not_fetched_even_if_listed() -> None:
    items = [raw("HTML", contentType="text/html"), raw("SVG", contentType="image/svg+xml")]
    assert wanted(items, media_types=("text/html", "image/svg+xml")) == []


def test_tag_decides_when_asked_to() -> None:
    items = [raw("YES", tags=[{"tag": " Public "}]), raw("NO", tags=[{"tag": "public domain"}]), raw("NONE")]
    assert wanted(items, publish="tagged", tag="public") == ["YES"]


def test_file_whose_item_is_gone_or_trashed_is_not_wanted() -> None:
    items = [
        raw("ALONE"),
        raw("CHILD", parentItem="BOOK"),
        raw("ORPHAN", parentItem="GONE"),
        raw("SELF", parentItem="SELF"),
        raw("TRASHED", parentItem="BIN"),
        raw("ITSELF", deleted=1),
        raw("DEEP", parentItem="TRASHED"),
        raw("DEEPER", parentItem="CHILD"),
        raw("BOOK", itemType="book"),
        raw("BIN", itemType="book", deleted=1),
    ]
    assert wanted(items) == ["ALONE", "CHILD"]


def test_file_comes_with_the_item_that_it_belongs_to(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    parent = library.add_item(title="Book")
    key = library.add_attachment(parent, PDF)
    sound = library.items[parent]["data"]
    library.items[parent]["data"] = {**sound, "tags": "odd"}
    assert codes(site.sync()) == [("item-unreadable", parent)]
    assert files_asked(fake) == [] and site.stored == {}
    library.items[parent]["data"] = sound
    report = site.sync()
    assert (report.files, report.problems) == (1, ())
    assert any(key in target for target in files_asked(fake))


def test_file_never_uploaded_is_wanted_without_md5() -> None:
    items = [raw("NULL", md5=None), raw("NONSENSE", md5="../../etc/passwd"), raw("NOTIME", mtime=None)]
    assert wanted_files(items, AttachmentRules()) == (
        WantedFile("NONSENSE", "", 3),
        WantedFile("NOTIME", md5(PDF), 3),
        WantedFile("NULL", "", 3),
    )


def test_rules_are_told_apart() -> None:
    assert rules_mark(AttachmentRules()) == rules_mark(AttachmentRules())
    assert rules_mark(AttachmentRules()) != rules_mark(AttachmentRules(max_size=1))


# --- fetching


def test_every_allowed_file_of_real_libraries_is_stored(
    tmp_path: Path, fake: FakeZotero, group1: FakeLibrary, user1001: FakeLibrary
) -> None:
    site = Site(tmp_path, fake, "groups/1", "users/1001")
    fake.add_key(KEY, user=1001)
    report = site.sync()
    expected = set()
    for library in (group1, user1001):
        for each in wanted_files(library.items.items(), AttachmentRules()):
            expected |= {each.md5} if each.key in library.files else set()
    assert expected and site.stored.keys() == expected
    assert all(md5(body) == name for name, body in site.stored.items())
    assert report.files == 9
    assert fake.storage_peak <= 4


def test_key_reaches_neither_storage_nor_disk(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    library.add_attachment(None, PDF)
    site.sync()
    stored = [logged for logged in fake.log if logged.storage]
    assert stored and all(
        KEY not in str(logged) and "authorization" not in logged.headers for logged in stored
    )
    written = [path for path in site.config.root.rglob("*") if path.is_file()]
    assert written and not any(KEY.encode() in path.read_bytes() for path in written)


def test_stored_file_is_not_fetched_again(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    key = library.add_attachment(None, PDF)
    assert site.sync().bytes == len(PDF)
    library.edit_item(key, title="Other title")
    assert site.sync().files == 0
    assert files_asked(fake) == []


def test_replaced_file_is_fetched_and_the_old_one_goes(site: Site, library: FakeLibrary) -> None:
    key = library.add_attachment(None, PDF)
    site.sync()
    library.put_file(key, PDF + b" new")
    report = site.sync()
    assert site.stored == {md5(PDF + b" new"): PDF + b" new"}
    assert report.changed


def test_file_that_is_no_longer_wanted_goes(site: Site, library: FakeLibrary) -> None:
    book = library.add_item(title="Book")
    library.add_attachment(book, PDF)
    site.sync()
    library.trash_item(book)
    assert site.sync().changed
    assert site.stored == {}
    library.restore_item(book)
    assert site.sync().files == 1
    site.rules(publish="none")
    site.sync()
    assert site.stored == {}


def test_file_of_two_libraries_is_fetched_once_and_kept_for_the_other(
    tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    other = fake.add_library("groups/8")
    first = library.add_attachment(None, PDF)
    other.add_attachment(None, PDF)
    site = Site(tmp_path, fake, "groups/7", "groups/8")
    site.sync()
    assert len(files_asked(fake)) == 1
    library.delete_item(first)
    site.sync()
    assert site.stored.keys() == {md5(PDF)}


def test_second_attachment_with_the_same_file_serves_when_the_first_cannot(
    site: Site, library: FakeLibrary
) -> None:
    keys = sorted(library.add_attachment(None, PDF) for _ in range(2))
    library.lose_file(keys[0])
    assert site.sync().problems == ()
    assert site.stored == {md5(PDF): PDF}


def test_cleaned_files_come_back(site: Site, library: FakeLibrary) -> None:
    library.add_attachment(None, PDF)
    site.sync()
    (path,) = [path for path in (site.config.state / "files").rglob("*") if path.is_file()]
    path.unlink()
    assert site.sync().files == 1


# --- trouble


def test_never_uploaded_file_is_one_problem_and_no_request(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    key = library.add_attachment(None)
    assert codes(site.sync()) == [("file-not-uploaded", key)]
    assert files_asked(fake) == []
    assert codes(site.sync()) == [("file-not-uploaded", key)]


@pytest.mark.parametrize("odd", [{"x": 1}, ["0" * 32], 7, True, "no checksum", "0" * 31 + "g"])
def test_file_with_an_odd_checksum_is_one_problem_and_its_item_stays(
    odd: Any, site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    key = library.add_attachment(None, PDF)
    library.items[key]["data"]["md5"] = odd
    assert codes(site.sync()) == [("file-not-uploaded", key)]
    assert files_asked(fake) == [] and site.stored == {}


def test_missing_file_stops_no_other_and_is_asked_again_when_the_library_moves(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = [library.add_attachment(None, PDF + bytes([number])) for number in range(5)]
    library.lose_file(keys[2])
    report = site.sync()
    assert (report.files, codes(report)) == (4, [("file-missing", keys[2])])
    assert codes(site.sync()) == [("file-missing", keys[2])]
    assert files_asked(fake) == []
    library.put_file(keys[2], PDF + bytes([2]))
    report = site.sync()
    assert (report.files, report.problems) == (1, ())


def test_wrong_file_is_not_stored_nor_asked_for_until_its_item_changes(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    key = library.add_attachment(None, PDF)
    site.sync()
    library.put_file(key, PDF + b" garbled", md5=md5(b"something else"))
    assert codes(site.sync()) == [("file-mismatch", key)]
    assert site.stored == {md5(PDF): PDF}, "the last good file"
    library.add_item(title="Library moves")
    assert codes(site.sync()) == [("file-mismatch", key)]
    assert files_asked(fake) == []
    library.put_file(key, PDF + b" whole")
    assert site.sync().problems == ()
    assert site.stored == {md5(PDF + b" whole"): PDF + b" whole"}


def test_full_sync_tries_everything_again(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    key = library.add_attachment(None, PDF)
    headers = library.file_headers[key]
    library.lose_file(key)
    assert codes(site.sync()) == [("file-missing", key)]
    library.files[key], library.file_headers[key] = PDF, headers
    assert site.sync().files == 0
    assert site.sync(full=True).files == 1


def test_broken_download_is_repeated_and_leaves_nothing_behind(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    library.add_attachment(None, PDF)
    fake.truncate("/zotero-storage", 5)
    fake.drop("/zotero-storage")
    assert site.sync().files == 1
    assert site.stored == {md5(PDF): PDF}


def test_storage_that_fails_is_asked_again_in_the_next_run(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    key = library.add_attachment(None, PDF)
    fake.refuse("/zotero-storage", 503, times=None)
    assert codes(site.sync()) == [("file-unreachable", key)]
    assert site.stored == {}
    fake.calm()
    report = site.sync()
    assert (report.files, report.problems) == (1, ())


def test_storage_that_fails_for_all_is_soon_left_alone_and_the_sync_stands(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = {library.add_attachment(None, PDF + bytes([number])) for number in range(60)}
    fake.refuse("/zotero-storage", 503, times=None)
    report = site.sync()
    assert report.version == library.version
    assert {problem.where[-8:] for problem in report.problems} == keys
    assert sum(logged.storage for logged in fake.log) <= 40
    fake.calm()
    report = site.sync()
    assert (report.files, report.problems) == (60, ())


def test_key_without_access_to_files_is_one_refusal(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    for number in range(30):
        library.add_attachment(None, PDF + bytes([number]))
    fake.refuse("/file", 403, "Forbidden", times=None)
    report = site.sync()
    assert [(problem.code, problem.where) for problem in report.problems] == [("file-denied", "groups/7")]
    assert len(files_asked(fake)) <= 12


def test_refused_machine_ends_the_run_and_keeps_what_came(
    site: Site, fake: FakeZotero, library: FakeLibrary
) -> None:
    library.add_attachment(None, PDF)
    site.sync()
    library.add_attachment(None, PDF + b" two")
    fake.refuse("/file", 429, "Too many authentication failures", times=None)
    with pytest.raises(RateLimited, match="wrong key"):
        site.sync()
    assert len(files_asked(fake)) == 1
    assert site.stored == {md5(PDF): PDF}


def test_file_above_the_limit_is_not_downloaded(site: Site, fake: FakeZotero, library: FakeLibrary) -> None:
    key = library.add_attachment(None, b"x" * 1000)
    site.rules(max_size=999)
    assert codes(site.sync()) == [("file-too-large", key)]
    assert not any(logged.storage for logged in fake.log)
    site.rules(max_size=1000)
    report = site.sync()
    assert (report.files, report.problems) == (1, ())


def test_file_that_lies_about_its_size_is_cut_off(site: Site, library: FakeLibrary) -> None:
    key = library.add_attachment(None, b"x" * 5_000_000)
    library.file_headers[key]["Zotero-File-Size"] = "10"
    site.rules(max_size=1000)
    assert codes(site.sync()) == [("file-too-large", key)]
    assert site.stored == {}


# --- archives


def add_zip(library: FakeLibrary, body: bytes, main: bytes) -> str:
    key = library.add_attachment(None)
    library.put_file(key, body, zipped=True, md5=md5(main))
    return key


def test_file_that_comes_in_a_zip_is_taken_out_of_it(site: Site, library: FakeLibrary) -> None:
    add_zip(library, zipped({"../../evil.pdf": PDF}), PDF)
    assert site.sync().problems == ()
    assert site.stored == {md5(PDF): PDF}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (zipped({}), "file-archive"),
        (zipped({"a.pdf": PDF, "b.css": b"x"}), "file-archive"),
        (b"PK no archive at all", "file-archive"),
        (zipped({"a.pdf": PDF})[:-10], "file-archive"),
        (zipped({"a.pdf": PDF + b" other"}), "file-mismatch"),
        (zipped({"a.pdf": bytes(30_000_000)}), "file-archive"),
        (zipped({"a.pdf": bytes(2_000_000)}, zipfile.ZIP_BZIP2), "file-too-large"),
    ],
    ids=["empty", "several files", "no zip", "cut", "other file", "bomb", "too large"],
)
def test_bad_archive_is_a_problem(site: Site, library: FakeLibrary, body: bytes, code: str) -> None:
    site.rules(max_size=100_000_000 if len(body) > 20_000 else 1_000_000)
    key = add_zip(library, body, PDF)
    assert codes(site.sync()) == [(code, key)]
    assert site.stored == {}


def test_archive_that_is_not_the_announced_one_is_refused(site: Site, library: FakeLibrary) -> None:
    key = add_zip(library, zipped({"a.pdf": PDF}), PDF)
    library.files[key] = zipped({"b.pdf": PDF})
    assert codes(site.sync()) == [("file-mismatch", key)]


def test_large_file_passes_in_constant_memory(site: Site, library: FakeLibrary, tmp_path: Path) -> None:
    big = tmp_path / "big.pdf"
    with big.open("wb") as file:
        for number in range(60):
            file.write(bytes([number]) * 1_000_000)
    library.add_attachment(None, big)
    tracemalloc.start()
    try:
        assert site.sync().bytes == 60_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000

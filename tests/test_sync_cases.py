"""Cases that break bibliography sites, from a change in Zotero to the files of the site.

Each test is a promise of the whole program; `test_cases.py` says which case is kept where.
"""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from lxml import html as lxml_html
from sites import SiteFolder, contents, without_marker

import zstatic.pipeline
from zstatic.config import load_config
from zstatic.errors import AccessDenied, ConfigError, MirrorError, MirrorLocked
from zstatic.mirror import lock, open_mirror

BOOK, OTHER, FILE, NOTE = "BQQK2222", "QTHER222", "FILE2222", "NQTE2222"
SHELF, DRAWER, BOX = "SHELF222", "DRAWER22", "BQX22222"
PDF = b"%PDF-1.4 stand-in"
NEWER = b"%PDF-1.4 a newer one, longer"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    """A book with a file and a note on a shelf, and another book."""
    fake.add_key("reader", user=1)
    library = fake.add_library("groups/7", "Small")
    library.add_collection("Shelf", key=SHELF)
    library.add_item(BOOK, title="A Book", date="1843", creators=["Lovelace, Ada"], collections=[SHELF])
    library.add_item(OTHER, title="Another Book", date="1952")
    library.add_attachment(BOOK, PDF, key=FILE, title="Scan", filename="scan.pdf")
    library.add_note(BOOK, "<p>first thought</p>", key=NOTE)
    return library


@pytest.fixture
def site(fake: FakeZotero, library: FakeLibrary, tmp_path: Path) -> SiteFolder:
    settings = '[site]\ntitle = "T"\nbase_url = "https://example.org/"\n[select]\nnotes = true\n'
    return SiteFolder(tmp_path / "site", fake, [{"id": library.id}], settings, "reader", search=False)


def page(site: SiteFolder, path: str) -> Any:
    return lxml_html.document_fromstring((site.site / path / "index.html").read_text("utf-8"))


def text(site: SiteFolder, key: str = BOOK) -> str:
    return (site.site / "items" / key / "index.html").read_text("utf-8")


def is_there(site: SiteFolder, key: str) -> bool:
    return (site.site / "items" / key).exists()


def codes(site: SiteFolder, **options: Any) -> list[str]:
    """Build; the codes of what is wrong."""
    return [problem.code for problem in site.build(**options).problems]


def found(site: SiteFolder, word: str) -> set[str]:
    """The files of the site in which a word stands."""
    return {path for path, content in contents(site.site).items() if word.encode() in content}


def assert_links_lead_somewhere(site: SiteFolder) -> None:
    for file in site.site.rglob("*.html"):
        if file.name == "404.html":
            continue
        for href in lxml_html.document_fromstring(file.read_text("utf-8")).xpath("//a/@href"):
            target = str(href).partition("#")[0].partition("?")[0]
            if target and not re.match(r"[a-z]+:", target):
                path = file.parent / target
                assert (path / "index.html" if target.endswith("/") else path).is_file(), (file, href)


def exports_of(site: SiteFolder, key: str = SHELF) -> str:
    return (site.site / f"collections/{key}/collection.bib").read_text("utf-8")


# --- Files


def test_attachment_that_was_never_uploaded_is_one_problem_and_no_link(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_attachment(OTHER, title="Lost scan", filename="lost.pdf")
    assert codes(site).count("file-not-uploaded") == 1
    assert codes(site).count("file-not-uploaded") == 1
    assert ".pdf" not in text(site, OTHER)
    assert site.last_sync()["libraries"][0]["attachments"]["missing"] == 1
    assert_links_lead_somewhere(site)


def test_file_without_a_time_is_published(library: FakeLibrary, site: SiteFolder) -> None:
    library.edit_item(FILE, mtime=None)
    assert codes(site) == []
    assert (site.site / f"items/{BOOK}/scan.pdf").read_bytes() == PDF


@pytest.mark.parametrize("then", ["wrong bytes", "404", "cut short"])
def test_good_file_of_last_time_stays_until_a_better_one_came(
    then: str, library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    site.build()
    published = site.site / f"items/{BOOK}/scan.pdf"
    library.put_file(FILE, NEWER)
    if then == "wrong bytes":
        # As long as the old one, too.
        library.files[FILE] = PDF[:-1] + b"!"
    elif then == "404":
        library.lose_file(FILE)
    else:
        fake.truncate("response-content", keep=7, times=None)
        fake.truncate("/zotero-storage/", keep=7, times=None)
    assert any(code.startswith("file-") for code in codes(site))
    assert published.read_bytes() == PDF
    assert site.build().problems
    assert published.read_bytes() == PDF
    assert_links_lead_somewhere(site)
    fake.calm()
    library.put_file(FILE, PDF[:-1] + b"?")
    assert codes(site) == []
    assert published.read_bytes() == PDF[:-1] + b"?"


def test_file_with_another_md5_is_fetched_once_until_its_item_changes(
    library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    library.edit_item(FILE, md5="0" * 32)
    assert codes(site) == ["file-mismatch"]
    assert site.last_sync()["libraries"][0]["attachments"]["mismatched"] == 1
    fake.calm()
    library.edit_item(OTHER, title="Something else happened")
    assert codes(site) == ["file-mismatch"]
    assert not [logged for logged in fake.log if logged.storage]
    library.put_file(FILE, PDF)
    assert codes(site) == []


def test_one_missing_file_stops_nothing_in_this_run_or_later(library: FakeLibrary, site: SiteFolder) -> None:
    gone = library.add_attachment(OTHER, NEWER, filename="gone.pdf")
    library.lose_file(gone)
    assert codes(site) == ["file-missing"]
    assert (site.site / f"items/{BOOK}/scan.pdf").is_file()
    library.edit_item(BOOK, title="Renamed")
    assert codes(site) == ["file-missing"]
    assert "Renamed" in text(site)


def test_file_replaced_under_the_same_key_is_replaced_on_the_site(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    library.put_file(FILE, NEWER)
    site.build()
    assert (site.site / f"items/{BOOK}/scan.pdf").read_bytes() == NEWER
    assert [path.name for path in (site.root / ".zstatic/files").glob("*/*")] == [
        hashlib.md5(NEWER).hexdigest()
    ]


def test_path_of_a_linked_file_is_in_no_file_and_a_link_without_address_is_none(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_attachment(
        BOOK, linkMode="linked_file", path="/home/canary-ada/thesis.pdf", title="/home/canary-ada/thesis.pdf"
    )
    library.add_attachment(BOOK, linkMode="linked_url", url="", title="Nowhere")
    assert codes(site) == []
    assert found(site, "canary-ada") == set()
    assert "Nowhere" not in text(site)


def snapshot(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def test_snapshot_of_a_web_page_is_never_served(library: FakeLibrary, site: SiteFolder) -> None:
    page_of_evil = b"<script>canary()</script>"
    library.add_attachment(
        OTHER,
        snapshot(index_html=page_of_evil),
        filename="index.html",
        content_type="text/html",
        zipped=True,
        linkMode="imported_url",
    )
    # Called a PDF it is one: browsers go by the extension that we give.
    liar = library.add_attachment(OTHER, page_of_evil, filename="evil.html", content_type="application/pdf")
    assert codes(site) == []
    names = {path.name for path in (site.site / f"items/{OTHER}").iterdir()}
    assert names == {"index.html", "item.rdf", "linkset.json", "evil.pdf"}, liar
    assert "canary" not in text(site, OTHER)


def test_archive_of_no_or_several_files_is_a_problem_and_no_link(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_attachment(OTHER, snapshot(), filename="none.pdf", zipped=True)
    library.add_attachment(OTHER, snapshot(a_pdf=PDF, b_pdf=PDF), filename="two.pdf", zipped=True)
    assert codes(site) == ["file-archive", "file-archive"]
    assert {path.name for path in (site.site / f"items/{OTHER}").iterdir()} == {"index.html", "item.rdf"}


def test_files_of_any_name_and_type_are_published_under_a_plain_one(
    library: FakeLibrary, site: SiteFolder
) -> None:
    names = (
        "../../../etc/passwd",
        "quote\"'<b>.pdf",
        "Überseh ein Été.pdf",
        "CON.pdf",
        "harmless\u202efdp.exe",
        "x" * 4000 + ".pdf",
        "same.pdf",
        "same.pdf",
        "SAME.pdf",
    )
    for number, name in enumerate(names):
        library.add_attachment(
            OTHER, PDF + bytes([number]), filename=name, content_type="Application/PDF; charset=binary"
        )
    assert codes(site) == []
    published = [path.name for path in (site.site / f"items/{OTHER}").glob("*.pdf")]
    assert len({name.lower() for name in published}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*\.pdf", name) and len(name) < 120 for name in published)
    assert not [name for name in published if name in ("con.pdf", "passwd")]
    assert_links_lead_somewhere(site)


# --- Full text


@pytest.fixture
def fulltext(library: FakeLibrary, site: SiteFolder) -> Callable[[], str | None]:
    """Give the full text of the file as the mirror has it."""
    library.set_fulltext(FILE, "words of the scan")

    def read() -> str | None:
        config = load_config(site.root, None, site.variables)
        with open_mirror(config, config.libraries[0]) as mirror:
            return mirror.fulltext(FILE)

    return read


def test_full_text_that_is_404_leaves_the_sync_whole(
    library: FakeLibrary, site: SiteFolder, fulltext: Callable[[], str | None]
) -> None:
    del library.fulltext[FILE]
    assert codes(site) == ["fulltext-missing"]
    assert fulltext() is None
    library.edit_item(BOOK, title="Goes on")
    assert codes(site) == ["fulltext-missing"]
    assert "Goes on" in text(site)


def test_attachment_whose_metadata_alone_changed_keeps_its_full_text(
    library: FakeLibrary, site: SiteFolder, fulltext: Callable[[], str | None], fake: FakeZotero
) -> None:
    site.build()
    fake.calm()
    library.edit_item(FILE, title="Better title")
    site.build()
    assert fulltext() == "words of the scan"
    assert not [target for target in fake.targets if target.endswith("/fulltext") and FILE in target]


# --- Deletions, and objects that come back


def test_item_deleted_in_two_syncs_and_item_created_again(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    library.delete_item(OTHER)
    site.build()
    assert not is_there(site, OTHER)
    library.add_item(OTHER, title="Back again")
    library.delete_item(OTHER)
    assert codes(site) == []
    assert not is_there(site, OTHER)
    library.add_item(OTHER, title="Back for good")
    site.build()
    assert "Back for good" in text(site, OTHER)
    library.move_version()
    site.build()
    assert is_there(site, OTHER)


def test_item_that_is_changed_and_deleted_in_one_answer_stays(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    library.edit_item(OTHER, title="Changed")
    library.deleted["items"][OTHER] = library.version
    site.build()
    assert "Changed" in text(site, OTHER)


def test_deleted_collection_takes_those_below_along_and_leaves_the_items(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_collection("Drawer", parent=SHELF, key=DRAWER)
    library.add_collection("Box", parent=DRAWER, key=BOX)
    library.move_item(BOOK, BOX)
    site.build()
    versions = {key: item["version"] for key, item in library.items.items()}
    library.delete_collection(SHELF)
    assert {key: item["version"] for key, item in library.items.items()} == versions
    assert codes(site) == []
    assert not (site.site / f"collections/{BOX}").exists()
    assert not (site.site / f"collections/{SHELF}").exists()
    assert "collections/" not in "".join(page(site, f"items/{BOOK}").xpath("//main//a/@href"))
    assert_links_lead_somewhere(site)


def test_trashed_collection_is_hidden_and_its_items_stay(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    library.trash_collection(SHELF)
    assert codes(site) == []
    assert not (site.site / f"collections/{SHELF}").exists()
    assert "A Book" in text(site)
    assert "Shelf" not in text(site)
    library.restore_collection(SHELF)
    site.build()
    assert "A Book" in exports_of(site)


def test_trashed_item_goes_with_the_next_build_and_comes_back_when_restored(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    before = without_marker(site.tree())
    library.trash_item(OTHER)
    site.build()
    assert found(site, "Another Book") == set()
    library.restore_item(OTHER)
    site.build()
    assert "Another Book" in text(site, OTHER)
    assert without_marker(site.tree()).keys() == before.keys()


def test_children_of_a_trashed_item_go_with_it(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    library.trash_item(BOOK)
    assert not library.items[FILE]["data"].get("deleted")
    assert codes(site) == []
    assert found(site, "first thought") == set()
    assert not list(site.site.rglob("*.pdf"))
    library.restore_item(BOOK)
    site.build()
    assert "first thought" in text(site)
    assert (site.site / f"items/{BOOK}/scan.pdf").is_file()


def test_empty_library_makes_a_site_and_an_item_more_a_fuller_one(fake: FakeZotero, tmp_path: Path) -> None:
    empty = fake.add_library("groups/8", "Nothing yet")
    assert empty.version == 0
    site = SiteFolder(tmp_path / "empty", fake, [{"id": empty.id}], search=False)
    site.build()
    assert "Nothing yet" in (site.site / "index.html").read_text("utf-8") or is_there(site, "")
    assert_links_lead_somewhere(site)
    assert site.last_sync()["libraries"][0]["items"] == 0
    key = empty.add_item(title="The first")
    site.build()
    assert "The first" in text(site, key)


# --- Moves


def test_child_that_moves_to_another_parent_changes_both_pages(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    library.edit_item(NOTE, parentItem=OTHER)
    library.edit_item(FILE, parentItem=OTHER)
    report = site.build()
    assert "first thought" not in text(site)
    assert "first thought" in text(site, OTHER)
    assert not (site.site / f"items/{BOOK}/scan.pdf").exists()
    assert (site.site / f"items/{OTHER}/scan.pdf").is_file()
    assert {f"items/{key}/index.html" for key in (BOOK, OTHER)} <= set(report.site.written)


def test_note_and_file_that_lose_their_parent_get_pages_of_their_own(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    for key in (NOTE, FILE):
        data = {name: value for name, value in library.items[key]["data"].items() if name != "parentItem"}
        library.items[key]["data"] = data
        library.edit_item(key, collections=[])
    assert codes(site) == []
    assert "first thought" not in text(site)
    assert "first thought" in text(site, NOTE)
    assert (site.site / f"items/{FILE}/scan.pdf").is_file()


def test_annotations_and_images_of_notes_are_parts_of_nothing_on_the_site(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_item("ANNQTE22", itemType="annotation", parentItem=FILE, annotationText="canary-mark")
    library.add_attachment(
        NOTE, b"\x89PNG", linkMode="embedded_image", content_type="image/png", filename="canary-image.png"
    )
    assert codes(site) == []
    assert found(site, "canary") == set()


# --- Odd records


def test_item_in_a_collection_that_does_not_exist_is_published_without_it(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.edit_item(BOOK, collections=[SHELF, "GHQST222"])
    assert codes(site) == []
    assert found(site, "GHQST222") == set()
    assert "A Book" in exports_of(site)


def test_tag_that_is_there_twice_is_shown_once(library: FakeLibrary, site: SiteFolder) -> None:
    library.edit_item(BOOK, tags=[{"tag": "twice"}, {"tag": "twice", "type": 1}])
    assert codes(site) == []
    assert page(site, f"items/{BOOK}").xpath("//ul[@class='chips']//a/text()") == ["twice"]
    assert page(site, "tags/twice").xpath("count(//main//a[contains(@href, 'items/BQQK2222')])") >= 1


def test_collection_of_an_unknown_parent_and_a_cycle_of_parents_are_told_and_shown(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_collection("Orphan", parent="GHQST222", key=DRAWER)
    library.add_collection("Round", parent=SHELF, key=BOX)
    library.edit_collection(SHELF, parentCollection=BOX)
    assert codes(site) == ["collection-cycle"]
    links = page(site, "collections").xpath("//main//a")
    assert {"Orphan", "Round", "Shelf"} <= {link.text_content().strip() for link in links}
    assert_links_lead_somewhere(site)


def test_type_and_field_that_no_schema_knows_are_shown_by_their_names(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.add_item("NEWTYPE2", itemType="holoTape", title="From the future", holoWidth="3 m")
    assert codes(site) == []
    assert "holoTape" in text(site, "NEWTYPE2")
    assert "holoWidth" in text(site, "NEWTYPE2")


# --- Runs that meet trouble


def test_site_is_of_one_moment_though_the_library_moves_again_and_again(
    library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    moves = iter(range(3))

    def move() -> None:
        number = next(moves, None)
        if number is not None:
            library.edit_item(BOOK, title=f"Title {number}")
            library.edit_item(OTHER, title=f"Other {number}")

    fake.before(lambda request: "itemKey" in request.query, move, times=3)
    site.build()
    assert "Title 2" in text(site)
    assert "Other 2" in text(site, OTHER)
    assert site.last_sync()["libraries"][0]["version"] == library.version


def test_wrong_key_or_withdrawn_access_keeps_the_site_and_the_mirror(
    library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    site.build()
    before = site.tree()
    library.edit_item(BOOK, title="Never seen")
    fake.refuse("/items", 403, "Forbidden", times=None)
    with pytest.raises(AccessDenied) as caught:
        site.build()
    assert "groups/7" in caught.value.message + caught.value.hint
    assert site.tree() == before
    fake.calm()
    site.build(offline=True)
    assert without_marker(site.tree()) == without_marker(before)


@pytest.mark.parametrize(
    "body", [b"<html>Please log in</html>", b'[{"key": "BQQK', b"null"], ids=["html", "half", "null"]
)
def test_answer_that_is_not_what_was_asked_for_is_asked_for_again(
    body: bytes, library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    fake.answer_with(lambda request: "itemKey" in request.query, body)
    fake.drop("/collections")
    assert codes(site) == []
    assert "A Book" in text(site)


def test_second_run_is_told_who_is_at_work(site: SiteFolder) -> None:
    site.build()
    before = site.tree()
    with lock(site.root / ".zstatic"):
        with pytest.raises(MirrorLocked, match=f"process {os.getpid()} on "):
            site.build()
        run = site.run("build")
    assert run.returncode == 7
    assert str(os.getpid()) in run.stderr
    assert site.tree() == before
    site.build()


def test_another_library_in_the_settings_has_a_mirror_of_its_own(
    library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    site.build()
    other = fake.add_library("groups/9", "Antipodes")
    other.add_item(BOOK, title="The same key in the antipodes")
    site.libraries = [{"id": other.id}]
    site.build()
    assert "The same key in the antipodes" in text(site)
    assert found(site, "A Book") == set()
    site.libraries = [{"id": library.id}]
    site.build()
    assert "A Book" in text(site)
    assert found(site, "antipodes") == set()


@pytest.mark.parametrize("damage", ["truncated", "from the future", "rubbish"])
def test_mirror_that_is_damaged_is_told_set_aside_and_made_anew(
    damage: str, library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    before = without_marker(site.tree())
    (database,) = (site.root / ".zstatic/mirror").glob("*/cache.db")
    if damage == "from the future":
        config = load_config(site.root, None, site.variables)
        with open_mirror(config, config.libraries[0]) as mirror:
            mirror.write_state(format=999)
    else:
        database.write_bytes(database.read_bytes()[:5000] if damage == "truncated" else b"rubbish" * 999)
    assert "mirror-rebuilt" in codes(site)
    assert without_marker(site.tree()) == before
    assert codes(site) == []


@contextmanager
def full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every new file below a folder fail as on a full disk."""
    opened = io.open

    def refuse(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if set(mode) & set("wax") and isinstance(file, str | Path) and folder in Path(file).parents:
            raise OSError(28, "No space left on device", str(file))
        return opened(file, mode, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", refuse)
        patch.setattr("builtins.open", refuse)
        yield


@pytest.mark.parametrize("where", [".zstatic/files", ".zstatic/stage"])
def test_full_disk_is_told_and_leaves_the_site(
    where: str, library: FakeLibrary, site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.build()
    before = site.tree()
    library.put_file(FILE, NEWER)
    library.edit_item(BOOK, title="Later")
    with full_disk(site.root / where, monkeypatch), pytest.raises((ConfigError, MirrorError)) as caught:
        site.build()
    assert (
        "No space left on device" if where == ".zstatic/files" else "the disk is full"
    ) in caught.value.message
    assert caught.value.hint
    assert site.tree() == before
    site.build()
    assert "Later" in text(site)
    assert (site.site / f"items/{BOOK}/scan.pdf").read_bytes() == NEWER


# --- Settings that change


def test_new_style_and_format_fetch_only_what_is_missing(
    library: FakeLibrary, site: SiteFolder, fake: FakeZotero
) -> None:
    site.settings += '[citations]\nstyles = ["apa"]\n[exports]\nformats = ["bibtex"]\n'
    site.build()
    fake.calm()
    site.settings = site.settings.replace('["apa"]', '["apa", "vancouver"]')
    site.settings = site.settings.replace('["bibtex"]', '["bibtex", "ris"]')
    site.build()
    includes = [logged.query.get("include", "") for logged in fake.log if "itemKey" in logged.query]
    # A style is tried with one item first.
    assert sorted(includes) == ["bib", "bib", "ris"]
    assert "vancouver" in text(site)
    assert (site.site / "exports/library.ris").is_file()


def another_version(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zstatic.pipeline, "_engine", lambda: "another version")
    monkeypatch.setattr("zstatic.pages.context.UNTITLED", "[No title]")


def add_template(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = site.root / "theme/templates"
    templates.mkdir(parents=True)
    extended = '{% extends "default/item.html" %}{% block title %}Marked{% endblock %}'
    (templates / "item.html").write_text(extended, "utf-8")


def add_settings(lines: str) -> Callable[[SiteFolder, pytest.MonkeyPatch], None]:
    def change(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        section, _, rest = lines.partition("\n")
        if section in site.settings:
            site.settings = site.settings.replace(section, f"{section}\n{rest}")
        else:
            site.settings += f"{lines}\n"

    return change


SETTINGS = {
    "tag rule": (add_settings('[select]\ntag_exclude = "^inner"'), "Inner", False),
    "item rule": (add_settings('[select]\nitem_exclude = "^inner"'), "Another Book", False),
    "menu": (add_settings('[site]\nmenu = [{ label = "Antipodes", url = "tags/" }]'), "Antipodes", True),
    "template": (add_template, "Marked", True),
    "program version": (another_version, "[No title]", True),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_changed_setting_template_or_version_takes_effect_without_a_request(
    what: str,
    library: FakeLibrary,
    site: SiteFolder,
    fake: FakeZotero,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change, word, appears = SETTINGS[what]
    library.edit_item(OTHER, tags=["inner Inner"])
    library.add_item("UNTITLE2", title="")
    site.build()
    assert bool(found(site, word)) is not appears
    change(site, monkeypatch)
    fake.calm()
    site.build(offline=True)
    assert fake.log == []
    assert bool(found(site, word)) is appears


def test_last_sync_names_what_is_wrong(library: FakeLibrary, site: SiteFolder) -> None:
    library.lose_file(FILE)
    site.build()
    (told,) = site.last_sync()["libraries"]
    assert told["problems"] == 1
    assert told["attachments"]["missing"] == 1
    run = site.run("status", "--json")
    problems = json.loads(run.stdout)["libraries"][0]["problems"]
    assert [problem["where"] for problem in problems] == [f"groups/7/items/{FILE}"]


def test_build_status_and_last_sync_count_the_same_problems(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = '[site]\ntitle = "Without an address"\n'
    library.lose_file(FILE)
    library.add_attachment("MISSING2", PDF)

    def told() -> tuple[int, int, int]:
        """By the build, by `last_sync.json` and, of its libraries and of the site, by `status`."""
        problems = site.build().problems
        status = json.loads(site.run("status", "--json").stdout)
        (of_library,) = (each["problems"] for each in status["libraries"])
        assert {problem["code"] for problem in status["problems"]} == {"no-base-url"}
        assert len(of_library) == site.last_sync()["libraries"][0]["problems"]
        return len(problems), len(of_library) + len(status["problems"]), len(of_library)

    assert told() == (3, 3, 2)
    # Nothing changed: the site is kept as it is.
    assert told() == (3, 3, 2)
    library.trash_item(FILE)
    assert told() == (2, 2, 1)

"""What the rules exclude stands in no file of the site, and the key in no file at all."""

import sqlite3
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, contents

KEY = "CanaryKeyQ7431abcdefgh01"
RULES = """
[site]
title = "Test library"
base_url = "https://example.org/repo/"
[select]
exclude_collections = ["Secret shelf"]
item_exclude = "^draft$"
"""
# Each stands in one place that must not be published; the first letters say in which.
CANARIES = (
    "tagcanary-5093",
    "tagonnote-1187",
    "notecanary-6660",
    "openednote-7771",
    "standalonenote-3141",
    "trashcanary-2218",
    "trashchild-4040",
    "draftcanary-9090",
    "shelfcanary-1212",
    "subshelf-3434",
    "inshelf-5656",
    "insubshelf-7878",
    "childcanary-2323",
    "filecanary-4545",
    "linkedpath-6767",
    "usercanary-8989",
    "accountname-0101",
    "fulltextcanary-3232",
    "annotation-5454",
)


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    fake.add_key(KEY, user=31415)
    library = fake.add_library("users/31415926", "accountname-0101")
    fake.add_key(KEY, user=31415926)
    shelf = library.add_collection("Secret shelf", key="SHELF222")
    library.edit_collection(shelf, name="Secret shelf", note="shelfcanary-1212")
    subshelf = library.add_collection("subshelf-3434", parent=shelf, key="SUBSHE22")
    library.add_collection("Open shelf", key="EPENSH22")
    public = library.add_item(
        "PUBLIC22",
        title="A public item",
        date="1999",
        creators=["Ada Lovelace"],
        tags=[{"tag": "open"}, {"tag": "_tagcanary-5093"}],
        collections=["EPENSH22"],
        createdByUser="usercanary-8989",
        relations={"dc:relation": ["http://zotero.org/users/31415926/items/DRAFT222"]},
    )
    library.add_note(public, "<p>notecanary-6660</p>", tags=[{"tag": "tagonnote-1187"}])
    library.add_note(public, "<p>openednote-7771</p>", tags=[{"tag": "_private"}])
    library.add_note(None, "<p>standalonenote-3141</p>")
    trashed = library.add_item("TRASHED2", title="trashcanary-2218", creators=["Eve Trashcanary-2218"])
    library.add_note(trashed, "<p>trashchild-4040</p>")
    file_in_trash = library.add_attachment(trashed, title="trashchild-4040", filename="trashchild-4040.pdf")
    library.put_file(file_in_trash, b"%PDF-1.4 trashchild-4040")
    library.trash_item(trashed)
    library.add_item("GONEDRFT", title="trashcanary-2218", tags=[{"tag": "draft"}])
    library.trash_item("GONEDRFT")
    library.add_item("DRAFT222", title="draftcanary-9090", tags=[{"tag": "draft"}], collections=["EPENSH22"])
    library.add_item("INSHELF2", title="inshelf-5656", collections=[shelf, "EPENSH22"])
    library.add_item("INSUB222", title="insubshelf-7878", collections=[subshelf])
    private_file = library.add_attachment(
        public, title="childcanary-2323", filename="childcanary-2323.pdf", tags=[{"tag": "_mine"}]
    )
    library.put_file(private_file, b"%PDF-1.4 filecanary-4545")
    library.set_fulltext(private_file, "fulltextcanary-3232")
    open_file = library.add_attachment(public, title="Open file", filename="open.pdf")
    library.put_file(open_file, b"%PDF-1.4 open")
    library.add_item(
        "ANNETAT2",
        itemType="annotation",
        parentItem=open_file,
        annotationText="annotation-5454",
        annotationComment="annotation-5454",
    )
    library.add_attachment(
        public,
        title="On my disk",
        linkMode="linked_file",
        path="/home/linkedpath-6767/paper.pdf",
        filename="linkedpath-6767.pdf",
    )
    return library


def site_of(library: FakeLibrary, fake: FakeZotero, root: Path, settings: str = RULES) -> SiteFolder:
    row = {"id": library.id, "name": "Open library"}
    return SiteFolder(root / "site", fake, [row], settings, key=KEY)


def found_in(folder: Path, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """(word, path) for each word that stands in a file below the folder, or in a file's name, in any case."""
    return {
        (word, path)
        for path, content in contents(folder).items()
        for word in words
        if word.lower().encode() in content.lower() or word.lower() in path.lower()
    }


def test_what_the_rules_exclude_is_in_no_file_of_the_site(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site = site_of(library, fake, tmp_path)
    site.build()
    assert "A public item" in (site.site / "items/PUBLIC22/index.html").read_text("utf-8")
    assert found_in(site.site, CANARIES) == set()
    # Nor are the keys that would say that there is something.
    assert (
        found_in(site.site, ("GONEDRFT", "DRAFT222", "INSHELF2", "INSUB222", "SHELF222", "SUBSHE22")) == set()
    )
    # But for the address of what the rules let out, which says that it is gone.
    assert found_in(site.site, ("TRASHED2",)) == {("TRASHED2", "items/TRASHED2/index.html")}


def test_the_account_id_is_not_published(library: FakeLibrary, fake: FakeZotero, tmp_path: Path) -> None:
    site = site_of(library, fake, tmp_path)
    site.build()
    assert found_in(site.site, ("31415926",)) == set()


def test_every_canary_would_be_seen(library: FakeLibrary, fake: FakeZotero, tmp_path: Path) -> None:
    """The mirror holds all of them: the test above looks for words that are really there."""
    site = site_of(library, fake, tmp_path)
    site.build()
    never_fetched = {"fulltextcanary-3232", "filecanary-4545", "trashchild-4040"}
    found = {word for word, _ in found_in(site.root / ".zstatic", CANARIES)}
    assert found >= set(CANARIES) - never_fetched


def test_notes_come_out_when_asked_for_and_private_ones_do_not(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site = site_of(library, fake, tmp_path, RULES + "notes = true\n")
    site.build()
    found = {word for word, _ in found_in(site.site, CANARIES)}
    assert found == {"notecanary-6660", "tagonnote-1187", "standalonenote-3141"} & found
    assert "notecanary-6660" in found
    assert "openednote-7771" not in found


def test_an_exclusion_takes_out_what_was_published(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site = site_of(library, fake, tmp_path, '[site]\ntitle = "T"\n')
    site.build()
    assert {"inshelf-5656", "draftcanary-9090"} <= {word for word, _ in found_in(site.site, CANARIES)}
    site.settings = RULES
    site.build()
    assert found_in(site.site, CANARIES) == set()


def test_the_key_is_in_no_file(library: FakeLibrary, fake: FakeZotero, tmp_path: Path) -> None:
    site = site_of(library, fake, tmp_path)
    site.build()
    assert any(KEY in logged.headers.get("authorization", "") for logged in fake.log)
    assert found_in(site.root, (KEY,)) == set()


@pytest.mark.parametrize(
    "arguments", [("-vv", "build"), ("--log-format", "json", "build"), ("-vv", "config")]
)
def test_the_key_is_in_no_output_even_when_the_run_fails(
    arguments: tuple[str, ...], library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site = site_of(library, fake, tmp_path)
    site.write()
    fake.refuse("/items", 403)
    run = site.run(*arguments)
    assert KEY not in run.stdout + run.stderr
    assert found_in(site.root, (KEY,)) == set()


def test_the_key_never_reaches_the_storage_host(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site_of(library, fake, tmp_path).build()
    stored = [logged for logged in fake.log if logged.storage]
    assert stored
    for logged in stored:
        assert not {"authorization", "zotero-api-key"} & logged.headers.keys()
        assert KEY not in logged.target


def test_a_pickle_planted_in_the_mirror_runs_nothing(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site = site_of(library, fake, tmp_path)
    site.build()
    expected = site.tree()
    witness = tmp_path / "witness"
    # What pickle.loads would run: os.mkdir(witness).
    payload = b"cos\nmkdir\n(V" + str(witness).encode() + b"\ntR."
    (database,) = (site.root / ".zstatic/mirror").glob("*/cache.db")
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "UPDATE Cache SET value = ?, mode = 4 WHERE key = 'items/PUBLIC22'", (sqlite3.Binary(payload),)
        )
        connection.execute(
            "INSERT INTO Cache (key, raw, store_time, expire_time, access_time, access_count, tag, size,"
            " mode, filename, value) VALUES (?, 0, 0, NULL, 0, 0, NULL, 0, 4, NULL, ?)",
            (sqlite3.Binary(payload), sqlite3.Binary(payload)),
        )
    connection.close()
    report = site.build()
    assert not witness.exists()
    assert "mirror-rebuilt" in {problem.code for problem in report.problems}
    after = site.tree()
    assert {path for path in after if after[path] != expected.get(path)} <= {"last_sync.json"}

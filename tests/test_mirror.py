"""The local copy: what goes in comes out, and what somebody else put in does nothing."""

import json
import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zstatic.config import Config, LibraryConfig, SiteConfig
from zstatic.errors import MirrorError, MirrorLocked, Problem
from zstatic.mirror import (
    FULLTEXT,
    Failure,
    JsonDisk,
    Mirror,
    citation_set,
    collect_files,
    export_set,
    lock,
    mirror_name,
    open_mirror,
)

LIBRARY = LibraryConfig("groups/1")
ITEM = {"key": "ABCD2345", "version": 3, "data": {"title": "Ünïcode \u2028 \x0b", "deleted": 1}}
OTHER = {"key": "ZZZZ2345", "version": 4, "data": {}}
MD5 = "9dd4e461268c8034f5c8564e155c67a6"  # of "x"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path, SiteConfig("Site"), (LIBRARY,), tmp_path / "_site", tmp_path / ".zstatic")


@pytest.fixture
def database(config: Config) -> Path:
    """The database of a mirror that holds one item."""
    with open_mirror(config, LIBRARY) as mirror:
        mirror.write_objects("items", {"ABCD2345": ITEM})
        mirror.write_state(version=5)
    return config.state / "mirror" / mirror_name(LIBRARY) / "cache.db"


def meddle(database: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(sql, values)
    connection.close()


def plant(database: Path, **columns: object) -> None:
    """Add a row as an attacker would."""
    row: dict[str, object] = {"key": "items/EVIL2345", "raw": 1, "mode": 1, "value": "{}"} | columns
    marks = ", ".join("?" * len(row))
    meddle(database, f"INSERT INTO Cache ({', '.join(row)}) VALUES ({marks})", *row.values())


class Bomb:
    """Writes a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (os.mkdir, (str(self.path),))


def test_objects_come_out_as_they_went_in_and_in_key_order(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        mirror.write_objects("items", {"ZZZZ2345": OTHER, "ABCD2345": ITEM})
        mirror.write_objects("settings", {"tagColors": {"value": [], "version": 1}})
    with open_mirror(config, LIBRARY) as mirror:
        assert list(mirror.objects("items")) == [("ABCD2345", ITEM), ("ZZZZ2345", OTHER)]
        assert mirror.object("items", "ABCD2345") == ITEM
        assert mirror.object("items", "NONE2345") is None
        assert [name for name, _ in mirror.objects("settings")] == ["tagColors"]
        assert list(mirror.objects("collections")) == []


def test_new_mirror_is_empty_and_not_complete(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        assert (mirror.library_version, mirror.completed, mirror.library_name) == (0, False, "")
        assert (mirror.schema(), mirror.problems(), mirror.rebuilt) == (None, (), "")
        mirror.write_state(version=0)
        # An empty library may stand at 0.
        assert (mirror.library_version, mirror.completed) == (0, True)


def test_texts_know_the_version_they_were_made_from(config: Config) -> None:
    apa, german = citation_set("apa", "en-US"), citation_set("apa", "de-DE")
    with open_mirror(config, LIBRARY) as mirror:
        mirror.write_texts(apa, {"ABCD2345": (3, "<div>Ü</div>")})
        mirror.write_texts(german, {"ABCD2345": (4, "<div>deutsch</div>")})
        mirror.write_texts(export_set("bibtex"), {"ABCD2345": (3, "@book{x}")})
        mirror.write_texts(FULLTEXT, {"FILE2345": (9, "words")})
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.citations("apa", "en-US") == {"ABCD2345": "<div>Ü</div>"}
        assert mirror.citations("apa", "de-DE") == {"ABCD2345": "<div>deutsch</div>"}
        assert mirror.citations("vancouver", "en-US") == {}
        assert mirror.exports("bibtex") == {"ABCD2345": "@book{x}"}
        assert mirror.fulltext("FILE2345") == "words"
        assert mirror.fulltext("ABCD2345") is None
        assert mirror.text_version(apa, "ABCD2345") == 3
        assert mirror.text_version(apa, "NONE2345") is None


def test_dropped_item_takes_all_that_was_made_from_it(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        for key in ("ABCD2345", "KEEP2345"):
            mirror.write_objects("items", {key: ITEM})
            mirror.write_texts(citation_set("apa", "en-US"), {key: (3, "cited")})
            mirror.write_texts(export_set("ris"), {key: (3, "TY")})
            mirror.write_texts(FULLTEXT, {key: (3, "words")})
        failed = dict.fromkeys(("ABCD2345", "KEEP2345"), Failure("file-missing", 3, "Not there."))
        mirror.write_failures("files", failed)
        mirror.drop_objects("items", ["ABCD2345", "NONE2345"])
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.keys("items") == {"KEEP2345"}
        assert mirror.citations("apa", "en-US").keys() == {"KEEP2345"}
        assert mirror.exports("ris").keys() == {"KEEP2345"}
        assert mirror.fulltext("ABCD2345") is None
        assert mirror.problems() == (Problem("file-missing", "groups/1/items/KEEP2345", "Not there."),)


def test_the_last_good_file_of_each_attachment_is_known(config: Config) -> None:
    with open_mirror(config, config.libraries[0]) as mirror:
        assert mirror.good_files() == {}
        mirror.write_state(files={"BBBB2222": ["2", "1"], "AAAA2222": ["3", "3"], "CCCC2222": ["4", ""]})
        assert mirror.good_files() == {"AAAA2222": "3", "BBBB2222": "1"}
        for rows in ([], {"AAAA2222": 1}, {"AAAA2222": ["1"]}, {"AAAA2222": ["1", []]}):
            mirror.write_state(files=rows)
            with pytest.raises(MirrorError, match="damaged"):
                mirror.good_files()


def test_dropped_set_of_texts_leaves_the_others(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        for name in ("citations/apa/en-US", "exports/ris", "fulltext"):
            mirror.write_texts(name, {"ABCD2345": (3, "text")})
        assert mirror.text_sets() == {"citations/apa/en-US", "exports/ris"}
        mirror.drop_texts("exports/ris")
        mirror.drop_texts("exports/never-there")
        assert mirror.text_sets() == {"citations/apa/en-US"}
        assert mirror.fulltext("ABCD2345") == "text"


def test_mirror_that_starts_afresh_forgets_all_but_what_it_is_told(config: Config, database: Path) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        before = mirror.revision
        mirror.write_texts("exports/ris", {"ABCD2345": (3, "text")})
        mirror.start_afresh(server="another")
        assert not mirror.completed
        assert before != mirror.revision != ""
    with open_mirror(config, LIBRARY) as mirror:
        assert (mirror.rebuilt, mirror.keys("items"), mirror.text_sets()) == ("", set(), set())
        assert mirror.state("server", "") == "another"


def test_nothing_is_evicted(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror._cache.eviction_policy == "none"
        assert mirror._cache.cull_limit == 0


def test_write_that_fails_leaves_nothing_half_done(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        with pytest.raises(TypeError):
            mirror.write_objects("items", {"ABCD2345": ITEM, "WRNG2345": {"data": object()}})
        assert mirror.keys("items") == frozenset()
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.keys("items") == frozenset()


def test_revision_differs_with_the_content_and_only_then(config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        mirror.write_objects("items", {"ABCD2345": ITEM})
        seen = [mirror.revision]
        mirror.write_state(synced="2026-11-20T17:00:00+00:00", done={"exports/ris": 3}, files={})
        mirror.write_objects("items", {})
        mirror.drop_objects("items", ["NONE2345"])
        assert mirror.revision == seen[0]
        for change in (
            lambda: mirror.write_objects("items", {"ABCD2345": {"data": {}}}),
            lambda: mirror.write_texts(export_set("ris"), {"ABCD2345": (3, "TY")}),
            lambda: mirror.write_state(name="Name"),
            lambda: mirror.write_failures("items", {"ABCD2345": Failure("code", 1, "message")}),
            lambda: mirror.drop_objects("items", ["ABCD2345"]),
        ):
            change()
            seen.append(mirror.revision)
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.revision == seen[-1]
    assert len(set(seen)) == len(seen)


def test_new_mirror_has_no_revision_of_a_former_one(config: Config, database: Path) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        former = mirror.revision
    database.write_bytes(b"")
    with open_mirror(config, LIBRARY) as mirror:
        mirror.write_objects("items", {"ABCD2345": ITEM})
        mirror.write_state(version=5)
        assert mirror.revision != former


def test_each_library_and_host_has_its_own_mirror() -> None:
    names = {
        mirror_name(LibraryConfig(id, api_url=url))
        for id in ("groups/1", "users/1", "users/1/publications")
        for url in ("https://api.zotero.org", "https://zotero.example", "https://zotero.example:8443/api")
    }
    assert len(names) == 9
    assert all(name == name.replace("/", "").replace("..", "") for name in names)
    # A server on this machine gets another port every time.
    assert mirror_name(LibraryConfig("groups/1", api_url="http://127.0.0.1:4000")) == mirror_name(
        LibraryConfig("groups/1", api_url="http://127.0.0.1:5000")
    )


# --- what others may have put in


@pytest.mark.parametrize("mode", [4, 1, 0])
def test_pickled_value_runs_nothing_and_is_reported(
    config: Config, database: Path, tmp_path: Path, mode: int
) -> None:
    plant(database, mode=mode, value=pickle.dumps(Bomb(tmp_path / "ran")))
    with open_mirror(config, LIBRARY) as mirror:
        assert "rows that zstatic did not write" in mirror.rebuilt
        assert (mirror.library_version, list(mirror.objects("items"))) == (0, [])
    assert not (tmp_path / "ran").exists()
    assert database.parent.with_name(database.parent.name + ".broken").is_dir()


def test_pickled_key_runs_nothing(config: Config, database: Path, tmp_path: Path) -> None:
    plant(database, key=pickle.dumps(Bomb(tmp_path / "ran")), raw=0)
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.rebuilt
    assert not (tmp_path / "ran").exists()


def test_row_that_names_a_file_neither_reads_nor_deletes_it(
    config: Config, database: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    name = os.path.relpath(secret, database.parent)
    plant(database, key="items/ABCD2346", mode=3, filename=name, value=None)
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.rebuilt
        mirror.write_objects("items", {"ABCD2346": ITEM})
        mirror.drop_objects("items", ["ABCD2346"])
    assert secret.read_text() == "mine"


def test_disk_refuses_what_slips_in_while_it_is_open(config: Config, database: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    with open_mirror(config, LIBRARY) as mirror:
        meddle(database, "UPDATE Cache SET filename = ?, mode = 3 WHERE key = 'items/ABCD2345'", str(secret))
        with pytest.raises(MirrorError, match="did not write"):
            mirror.object("items", "ABCD2345")
        with pytest.raises(MirrorError, match="names a file"):
            mirror.write_objects("items", {"ABCD2345": {"data": {}}})
    assert secret.read_text() == "mine"


def test_disk_knows_no_pickle_in_either_direction() -> None:
    disk = JsonDisk("/nowhere")
    assert disk.fetch(1, None, disk.store({"a": [1, "ü", None]}, False)[3], False) == {"a": [1, "ü", None]}
    for value in (object(), {1, 2}, b"bytes"):
        with pytest.raises(TypeError):
            disk.store(value, False)
    for key in (("a", 1), b"key", 5):
        with pytest.raises(TypeError):
            disk.put(key)
    with pytest.raises(MirrorError):
        disk.fetch(4, None, pickle.dumps("harmless"), False)
    with pytest.raises(MirrorError):
        disk.get(pickle.dumps("harmless"), False)


MEDDLING: dict[str, tuple[str, str]] = {
    "a setting that names an attribute": ("INSERT INTO Settings VALUES ('close', 'x')", "settings"),
    "a setting that names a pragma": ("INSERT INTO Settings VALUES ('sqlite_query_only', 1)", "settings"),
    "a setting of another value": ("UPDATE Settings SET value = 'x' WHERE key = 'cull_limit'", "settings"),
    "a counter that does not count": ("UPDATE Settings SET value = 'x' WHERE key = 'count'", "settings"),
    "a trigger": (
        "CREATE TRIGGER t AFTER INSERT ON Cache FOR EACH ROW BEGIN DELETE FROM Settings; END",
        "parts",
    ),
    "a view": ("CREATE VIEW v AS SELECT 1", "parts"),
    "a future format": ("UPDATE Cache SET value = '999' WHERE key = 'state/format'", "another version"),
    "no format": ("DELETE FROM Cache WHERE key = 'state/format'", "format stamp"),
    "an expiry date": ("UPDATE Cache SET expire_time = 1", "rows"),
    "no table": ("DROP TABLE Settings", "damaged"),
}


@pytest.mark.parametrize("what", MEDDLING)
def test_meddled_mirror_is_set_aside(config: Config, database: Path, what: str) -> None:
    sql, reason = MEDDLING[what]
    meddle(database, sql)
    with open_mirror(config, LIBRARY) as mirror:
        assert reason in mirror.rebuilt
        assert not mirror.completed
        mirror.write_objects("items", {"ABCD2345": ITEM})
    with open_mirror(config, LIBRARY) as mirror:
        assert (mirror.rebuilt, mirror.keys("items")) == ("", {"ABCD2345"})


@pytest.mark.parametrize("value", [True, ["x"], {"x": [[1]]}], ids=str)
def test_mirror_that_says_odd_things_of_itself_is_set_aside(
    value: Any, config: Config, database: Path
) -> None:
    for name in ("version", "done", "failed", "files", "reconciled"):
        with open_mirror(config, LIBRARY) as mirror:
            mirror.write_state(**{name: value})
        with open_mirror(config, LIBRARY) as mirror:
            assert mirror.rebuilt == "it says of itself what zstatic did not write"


@pytest.mark.parametrize("value", [True, -1, "x", ["x"]], ids=str)
def test_mirror_whose_schema_is_no_schema_is_set_aside(value: Any, config: Config) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        mirror.write_state(schema=value)
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.rebuilt


@pytest.mark.parametrize(
    "key",
    ["items/short", "items/../../x", "items/ABCD0345", "state/", "fulltext/x", "nowhere", "items/a/ABCD2345"],
)
def test_row_under_a_key_that_is_none_is_not_kept(key: str, config: Config, database: Path) -> None:
    meddle(database, "UPDATE Cache SET key = ? WHERE key = 'items/ABCD2345'", key)
    with open_mirror(config, LIBRARY) as mirror:
        assert "rows that zstatic did not write" in mirror.rebuilt


@pytest.mark.parametrize("keep", [0, 1, 100, 5000])
def test_truncated_mirror_is_set_aside(config: Config, database: Path, keep: int) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[:keep])
    with open_mirror(config, LIBRARY) as mirror:
        # An empty file is an empty database to SQLite.
        assert mirror.rebuilt
        assert not mirror.completed


def test_folder_of_something_else_is_set_aside(config: Config, database: Path, tmp_path: Path) -> None:
    (database.parent / "surprise").symlink_to(tmp_path)
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.rebuilt
    folder = database.parent
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.rebuilt
    assert tmp_path.is_dir() and not (tmp_path / "cache.db").exists()


def test_mirror_that_is_in_use_is_not_set_aside(
    config: Config, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "connect", locked)
    with pytest.raises(MirrorError, match="database is locked"):
        open_mirror(config, LIBRARY)
    monkeypatch.undo()
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.library_version == 5


def locked(*args: object, **options: object) -> Any:
    raise sqlite3.OperationalError("database is locked")


def test_unreadable_row_is_an_error_that_names_the_remedy(config: Config, database: Path) -> None:
    with open_mirror(config, LIBRARY) as mirror:
        # Later than the checks when it was opened.
        meddle(database, "UPDATE Cache SET value = '00000000{' WHERE key = 'items/ABCD2345'")
        with pytest.raises(MirrorError) as error:
            list(mirror.objects("items"))
    assert "zstatic clean cache" in error.value.hint


# --- files


def put_file(config: Config, md5: str, text: str = "x") -> Path:
    path = config.state / "files" / md5[:2] / md5
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_only_plain_files_under_their_md5_are_given(config: Config, tmp_path: Path) -> None:
    path = put_file(config, MD5)
    other = MD5.replace("9", "1")
    link = put_file(config, other)
    link.unlink()
    link.symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("mine")
    with open_mirror(config, LIBRARY) as mirror:
        assert mirror.file(MD5) == path
        assert mirror.file(other) is None
        assert mirror.file("../../secret") is None
        assert mirror.file("f" * 32) is None


def test_unwanted_files_and_leftovers_are_collected(config: Config) -> None:
    kept, unwanted = put_file(config, MD5), put_file(config, "f" * 32)
    leftover = config.state / "files" / "incoming" / "ABCD2345.body"
    leftover.parent.mkdir()
    leftover.write_text("half")
    assert collect_files(config.state, {MD5}) == 2
    assert (kept.exists(), unwanted.exists(), leftover.exists()) == (True, False, False)
    assert collect_files(config.state / "nowhere", set()) == 0


# --- the lock


def test_second_run_learns_who_holds_the_lock(tmp_path: Path) -> None:
    holder = f"process {os.getpid()} on .+ since 20"
    with lock(tmp_path), pytest.raises(MirrorLocked, match=holder), lock(tmp_path):
        pass
    with lock(tmp_path):
        pass


def test_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\nfrom zstatic.mirror import lock\n"
        "with lock(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command, pipe = [sys.executable, "-c", script, str(tmp_path)], subprocess.PIPE
    holder = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(MirrorLocked, match=f"process {holder.pid} "), lock(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    assert json.loads((tmp_path / "lock").read_text())["pid"] == holder.pid
    with lock(tmp_path):
        pass


def test_folder_that_cannot_be_written_is_named(config: Config) -> None:
    config.root.joinpath(".zstatic").write_text("a file")
    with pytest.raises(MirrorError, match="cannot be read or written"), lock(config.state):
        pass
    with pytest.raises(MirrorError):
        Mirror(config.state / "mirror" / "x", config.state / "files", "groups/1")

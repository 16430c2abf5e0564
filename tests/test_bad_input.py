"""Bad input ends in one short paragraph and its exit code, and the site of before stands untouched."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder

from zstatic.errors import BadPath
from zstatic.mirror import lock

LONGEST_PARAGRAPH = 1200

Spoil = Callable[[SiteFolder, FakeZotero], object]


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "Small", public=True)
    library.add_item("AAAA2222", title="Standing", tags=[{"tag": "x"}])
    return library


@pytest.fixture
def site(library: FakeLibrary, fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    """A site that was built, and would be built differently now."""
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}])
    site.build()
    library.edit_item("AAAA2222", title="Changed")
    return site


def misspell_key(site: SiteFolder, fake: FakeZotero) -> None:
    site.settings += 'langage = "fr"\n'


def use_wrong_type(site: SiteFolder, fake: FakeZotero) -> None:
    site.settings += '[select]\nnotes = "yes"\n'


def break_toml(site: SiteFolder, fake: FakeZotero) -> None:
    site.settings += "menu = [\n"


def put_key_into_the_settings(site: SiteFolder, fake: FakeZotero) -> None:
    site.settings += 'api_key = "ABCDEFGHIJ1234567890KLMN"\n'


def refuse_key(site: SiteFolder, fake: FakeZotero) -> None:
    site.key = "WrongKeyWrongKeyWrong123"


def name_another_library(site: SiteFolder, fake: FakeZotero) -> None:
    site.libraries = [{"id": "groups/404"}]


def unplug(site: SiteFolder, fake: FakeZotero) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    text = (site.root / "site.toml").read_text("utf-8")
    (site.root / "site.toml").write_text(text.replace(fake.url, f"http://127.0.0.1:{port}"), "utf-8")


def take_output(site: SiteFolder, fake: FakeZotero) -> None:
    foreign = site.root / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.docx").write_text("years of work", "utf-8")
    site.settings += '[output]\npath = "thesis"\n'


def break_template(site: SiteFolder, fake: FakeZotero) -> None:
    templates = site.root / "theme" / "templates"
    templates.mkdir(parents=True)
    (templates / "item.html").write_text("{% block %}", "utf-8")


def use_unknown_theme(site: SiteFolder, fake: FakeZotero) -> None:
    site.settings += '[theme]\nname = "baroque"\n'


CASES: dict[str, tuple[Spoil, int, tuple[str, ...]]] = {
    "unknown key": (misspell_key, 2, ("site.toml:4:1", "langage", "language")),
    "wrong type": (use_wrong_type, 2, ("site.toml:5:", "[select] notes", "true or false")),
    "broken TOML": (break_toml, 2, ("site.toml:",)),
    "key in site.toml": (put_key_into_the_settings, 2, ("site.toml:4:", "ZOTERO_API_KEY")),
    "key refused": (refuse_key, 4, ("key",)),
    "library not found": (name_another_library, 4, ("groups/404",)),
    "foreign output folder": (take_output, 2, ("thesis", "not empty")),
    "broken template": (break_template, 2, ("item.html",)),
    "unknown theme": (use_unknown_theme, 2, ("baroque", "default")),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_in_one_paragraph_and_the_site_stands(
    name: str, site: SiteFolder, fake: FakeZotero
) -> None:
    spoil, code, words = CASES[name]
    before = site.tree()
    spoil(site, fake)
    site.write()
    run = site.run("build")
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    told = run.stderr.strip()
    assert all(word in told for word in words), told
    assert "Traceback" not in told
    assert "ABCDEFGHIJ1234567890KLMN" not in told
    assert "\n\n" not in told
    assert len(told) < LONGEST_PARAGRAPH
    assert site.tree() == before
    if name == "foreign output folder":
        assert (site.root / "thesis" / "chapter1.docx").read_text("utf-8") == "years of work"


def test_every_mistake_is_told_at_once(site: SiteFolder) -> None:
    site.settings += 'langage = "fr"\n[select]\nnotes = "yes"\n[atachments]\n'
    site.write()
    run = site.run("build")
    assert run.returncode == 2
    assert all(word in run.stderr for word in ("langage", "notes", "atachments"))


def test_without_site_toml_init_is_named(tmp_path: Path, fake: FakeZotero) -> None:
    run = SiteFolder(tmp_path, fake, []).run("build")
    assert run.returncode == 2
    assert "zstatic init" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_network_down_is_3_and_offline_still_builds(site: SiteFolder, fake: FakeZotero) -> None:
    before = site.tree()
    unplug(site, fake)
    # The patience of a real run is tested where time can be feigned.
    run = site.run("build", timeout=400)
    assert run.returncode == 3, run.stderr
    assert "Traceback" not in run.stderr
    assert site.tree() == before
    assert site.run("build", "--offline").returncode == 0


def test_taken_port_is_2(site: SiteFolder) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = site.run("serve", "--port", port)
    assert run.returncode == 2
    assert port in run.stderr
    assert "Traceback" not in run.stderr


def test_strict_publishes_nothing_when_there_are_problems_and_names_them(
    site: SiteFolder, library: FakeLibrary
) -> None:
    site.settings = site.settings.replace('base_url = "https://example.org/repo/"\n', "")
    before = site.tree()
    site.write()
    run = site.run("build", "--strict")
    assert run.returncode == 6
    assert "base_url" in run.stderr
    assert "Traceback" not in run.stderr
    assert site.tree() == before
    assert site.run("build").returncode == 0
    assert site.tree() != before


def test_offline_without_a_whole_mirror_says_so_and_keeps_the_site(site: SiteFolder) -> None:
    before = site.tree()
    (database,) = (site.root / ".zstatic/mirror").glob("*/cache.db")
    database.write_bytes(b"rubbish" * 1000)
    run = site.run("build", "--offline")
    assert run.returncode == 2
    assert "set aside" in run.stderr
    assert "without --offline" in run.stderr
    assert site.tree() == before
    run = site.run("index")
    assert run.returncode == 2
    assert run.stderr.endswith("Run: zstatic build\n")
    assert site.run("build").returncode == 0


def test_second_build_at_the_same_time_ends_with_7(site: SiteFolder) -> None:
    before = site.tree()
    site.write()
    with lock(site.root / ".zstatic"):
        run = site.run("build")
    assert run.returncode == 7
    assert "Another run is working" in run.stderr
    assert f"process {os.getpid()} " in run.stderr
    assert site.tree() == before


def test_index_before_there_is_a_site_says_what_to_do(tmp_path: Path, fake: FakeZotero) -> None:
    new = SiteFolder(tmp_path / "new", fake, [{"id": "groups/7"}]).write()
    run = new.run("index")
    assert run.returncode == 2
    assert "build --offline" in run.stderr
    assert not new.site.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="others name files in all letters whatever is set")
def test_a_system_that_names_files_in_few_letters_only_is_told_what_to_set(
    fake: FakeZotero, tmp_path: Path
) -> None:
    fake.add_library("groups/7", "A group", public=True).add_item(title="Maps", tags=["Карты"])
    few = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    site = SiteFolder(tmp_path / "site", fake, [{"id": "groups/7"}], environ=few)
    site.write()
    run = site.run("build", "--no-search")
    assert run.returncode == 2, run.stderr
    assert "Here files may only be named in ascii" in run.stderr
    assert "LC_ALL=C.UTF-8" in run.stderr
    assert not site.site.exists()
    site.environ = {}
    assert site.run("build", "--no-search").returncode == 0


def test_a_file_of_the_users_that_is_named_as_one_of_the_sites_is_told_with_its_place(
    fake: FakeZotero, tmp_path: Path
) -> None:
    fake.add_library("groups/7", "A group", public=True)
    site = SiteFolder(tmp_path / "site", fake, [{"id": "groups/7"}], search=False)
    mine = site.root / "content/Robots.TXT"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    with pytest.raises(BadPath) as raised:
        site.build()
    assert str(mine) in raised.value.message
    assert "another name" in raised.value.hint


def test_accents_that_macos_writes_as_two_characters_are_one_in_addresses(
    fake: FakeZotero, tmp_path: Path
) -> None:
    fake.add_library("groups/7", "A group", public=True)
    site = SiteFolder(tmp_path / "site", fake, [{"id": "groups/7"}], search=False)
    content = site.root / "content"
    content.mkdir(parents=True)
    (content / "cafe\u0301.txt").write_text("x", "utf-8")
    (content / "cafe\u0301.md").write_text("# Café\n\n[x](café.txt)\n", "utf-8")
    report = site.build()
    assert {"café.txt", "café/index.html"} <= site.tree().keys()
    assert report.problems == ()

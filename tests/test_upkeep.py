"""What is told of a site that was built: titles of what problems are about, its search, its links."""

import os
import shutil
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, contents, tree_of

from zstatic.config import load_config
from zstatic.errors import MirrorLocked, Problem
from zstatic.mirror import lock, mirror_folder
from zstatic.upkeep import clean, read_status, read_titles


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "Small", public=True)
    library.add_item("AAAA2222", title="On <i>maps</i>")
    library.add_item("BBBB2222", title="Word " * 60)
    library.add_attachment("AAAA2222", key="FFFF2222")
    return library


@pytest.fixture
def site(library: FakeLibrary, fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    return SiteFolder(tmp_path / "site", fake, [{"id": library.id}])


def test_a_problem_of_a_file_is_told_with_the_title_of_its_item_but_not_in_a_public_log(
    site: SiteFolder,
) -> None:
    shown = "“On maps” (groups/7/items/FFFF2222): Its file was never uploaded"
    hidden = "Problem: groups/7/items/FFFF2222: Its file was never uploaded"
    site.write()
    assert shown in site.run("build").stderr
    assert shown in site.run("status").stdout
    site.environ["GITHUB_ACTIONS"] = "true"
    run = site.run("build")
    assert hidden in run.stderr
    assert "On maps" not in run.stdout + run.stderr


def test_what_stops_a_strict_build_is_grouped_and_named_by_title(
    site: SiteFolder, library: FakeLibrary, tmp_path: Path
) -> None:
    for number in range(20):
        library.add_attachment("AAAA2222", filename=f"{number}.pdf")
    site.write()
    run = site.run("-q", "build", "--strict", "--no-search")
    assert run.returncode == 6
    assert run.stdout == ""
    *listed, paragraph, hint = run.stderr.strip().splitlines()
    assert listed[0].startswith("Problem: “On maps” (groups/7/items/")
    assert "Its file was never uploaded" in listed[0]
    # Of many that say the same only a few stand for all.
    assert len(listed) == 4
    assert "… and 18 more of this kind (file-not-uploaded)" in listed[-1]
    assert paragraph.startswith("Error: There are 21 problems, listed above, and with --strict nothing")
    assert "The site is as it was." in hint
    assert not site.site.exists()
    summary = tmp_path / "summary"
    site.environ |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    run = site.run("build", "--strict", "--no-search")
    assert "On maps" not in run.stderr + summary.read_text("utf-8")
    assert "Problem: groups/7/items/" in run.stderr
    assert "never uploaded" in summary.read_text("utf-8")


def test_titles_are_short_and_none_is_invented(site: SiteFolder) -> None:
    site.build()
    config = load_config(site.root)
    keys = ("AAAA2222", "BBBB2222", "ZZZZ2222")
    problems = [Problem("x", f"groups/7/items/{key}", "m") for key in keys]
    problems += [Problem("x", "site.toml", "m"), Problem("x", "groups/7", "m")]
    titles = read_titles(config, problems)
    assert titles["groups/7/items/AAAA2222"] == "On maps"
    assert len(titles["groups/7/items/BBBB2222"]) <= 60
    assert len(titles) == 2
    with lock(config.state):
        assert read_titles(config, problems) == {}
    shutil.rmtree(config.state)
    assert read_titles(config, problems) == {}
    assert not config.state.exists()


def test_index_makes_the_search_anew_even_when_nothing_differs(site: SiteFolder) -> None:
    site.build()
    before = site.tree()
    shutil.rmtree(site.root / ".zstatic" / "search")
    run = site.run("index")
    assert run.returncode == 0, run.stderr
    assert "Search: 2 items indexed\n" in run.stderr
    assert (site.root / ".zstatic" / "search").is_dir()
    assert site.tree() == before


def test_a_link_to_nothing_is_told_by_every_build_until_it_is_mended(site: SiteFolder) -> None:
    page = site.root / "content" / "about.md"
    page.parent.mkdir(parents=True)
    page.write_text("[help](hepl.md)")
    told = Problem("dead-link", "content/about.md", "It links to hepl/, which is not on the site.")
    assert told in site.build().problems
    assert told in site.build().problems
    page.write_text("[all](/items/)")
    assert told not in site.build().problems


@pytest.mark.parametrize("path", ["", "repo/"])
def test_the_sitemap_that_search_engines_do_not_find_is_named(site: SiteFolder, path: str) -> None:
    site.settings = f'[site]\ntitle = "Small"\nbase_url = "https://example.org/{path}"\n'
    site.build()
    said = site.run("status").stdout
    assert ("by hand: https://example.org/repo/sitemap.xml\n" in said) is bool(path)


def test_a_picture_for_shared_links_that_is_not_there_is_told(site: SiteFolder) -> None:
    site.settings = '[site]\ntitle = "Small"\nimage = "card.png"\n'
    site.write()
    told = Problem("dead-link", "site.toml, [site] image", "It links to card.png, which is not on the site.")
    assert told in site.build().problems
    (site.root / "content").mkdir()
    (site.root / "content" / "card.png").write_bytes(b"")
    assert told not in site.build().problems


def test_an_index_brings_pages_that_are_older_than_the_mirror_up_to_it(
    site: SiteFolder, library: FakeLibrary, fake: FakeZotero
) -> None:
    site.build(with_search=False)
    assert not (site.site / "pagefind").exists()
    library.edit_item("AAAA2222", title="On charts")
    assert site.run("sync").returncode == 0
    fake.log.clear()
    run = site.run("index")
    assert run.returncode == 0, run.stderr
    assert fake.log == []
    assert "On charts" in (site.site / "items/AAAA2222/index.html").read_text("utf-8")
    found = b"".join(contents(site.site / "pagefind").values())
    assert b"On charts" in found
    assert b"On maps" not in found


def test_a_build_without_search_takes_the_index_off_the_site(site: SiteFolder) -> None:
    site.build()
    assert (site.site / "pagefind").is_dir()
    assert site.run("build", "--no-search").returncode == 0
    assert not (site.site / "pagefind").exists()
    assert (site.site / "search/index.html").exists()


def test_status_tells_of_a_mirror_that_cannot_be_used_and_leaves_it_where_it_is(site: SiteFolder) -> None:
    site.build(with_search=False)
    config = load_config(site.root)
    stray = mirror_folder(config, config.libraries[0]) / "stray"
    stray.write_text("", "utf-8")
    before = tree_of(site.root / ".zstatic/mirror")
    for _ in range(2):
        (library,) = read_status(config).libraries
        assert library.flaw == "it holds files that zstatic did not write"
        assert library.items == 0
    assert tree_of(site.root / ".zstatic/mirror") == before


def test_status_makes_no_mirror_of_a_library_that_was_not_fetched_yet(site: SiteFolder) -> None:
    site.build(with_search=False)
    site.libraries.append({"id": "groups/8", "slug": "new"})
    config = load_config(site.write().root)
    known, new = read_status(config).libraries
    assert known.items == 3
    assert (new.id, new.version, new.synced, new.flaw) == ("groups/8", 0, "", "")
    assert not mirror_folder(config, config.libraries[1]).exists()


@pytest.mark.parametrize(
    "command", [("build", "--offline"), ("build", "--offline", "--no-search"), ("index",)]
)
def test_nothing_is_built_from_a_mirror_that_was_never_complete(
    command: tuple[str, ...], site: SiteFolder, fake: FakeZotero
) -> None:
    fake.refuse("/items", 403, "Forbidden", times=None)
    site.write()
    assert site.run("sync").returncode == 4
    fake.log.clear()
    run = site.run(*command)
    assert run.returncode == 2
    assert fake.log == []
    assert not site.site.exists()
    assert "zstatic build" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("what", ["cache", "index", "attachments", "output", "everything"])
def test_nothing_is_cleaned_while_another_run_is_at_work(what: str, site: SiteFolder) -> None:
    site.build(with_search=False)
    everything = sorted(path for path in site.root.rglob("*"))
    config = load_config(site.root)
    with lock(config.state), pytest.raises(MirrorLocked, match=rf"process {os.getpid()} on "):
        clean(config, what)
    assert sorted(path for path in site.root.rglob("*")) == everything

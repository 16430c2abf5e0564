"""`zstatic explain PATH` says what the next build would do with a file, and the build then does it."""

import json

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder

from zstatic import pipeline
from zstatic.cli import cli
from zstatic.config import load_config

PAGE = "items/AAAA2222/index.html"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "Small", public=True)
    library.add_item("AAAA2222", title="On maps")
    library.add_item("BBBB2222", title="On tables")
    return library


@pytest.fixture
def site(library: FakeLibrary, fake: FakeZotero, tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    site = SiteFolder(tmp_path_factory.mktemp("site"), fake, [{"id": library.id}], search=False)
    site.build()
    return site


def verdict(site: SiteFolder, path: str = PAGE) -> str:
    """What is said before a build; and the build must do it, and nothing of it before."""
    site.write()
    config = load_config(site.root)
    before = site.tree()
    said = pipeline.explain(config, path).verdict
    assert site.tree() == before
    report = site.build(offline=True).site
    done = "written" if path in report.written else "removed" if path in report.removed else "left"
    return f"{said} {done}"


def test_what_did_not_change_is_left(site: SiteFolder) -> None:
    assert verdict(site) == "It would be left as it is: nothing that it is made of changed. left"


def test_a_changed_item_makes_its_own_page_anew_and_not_another(
    site: SiteFolder, library: FakeLibrary
) -> None:
    library.edit_item("AAAA2222", abstractNote="About maps.")
    assert site.run("sync").returncode == 0
    other = pipeline.explain(load_config(site.root), "items/BBBB2222/").verdict
    assert other.startswith("It would be left as it is")
    assert verdict(site) == "It would be made anew: what it shows or its template changed. written"


def test_a_new_item_is_written_and_a_deleted_one_removed(site: SiteFolder, library: FakeLibrary) -> None:
    library.add_item("CCCC2222", title="New")
    library.delete_item("AAAA2222")
    assert site.run("sync").returncode == 0
    new = pipeline.explain(load_config(site.root), "items/CCCC2222/index.html")
    assert (new.made, new.verdict) == (None, "It would be written: the last build did not make it.")
    assert verdict(site).startswith("It would be removed: nothing in the library or in content/")


def test_a_setting_that_stands_on_every_page_is_named(site: SiteFolder) -> None:
    site.settings = site.settings.replace("Test library", "Another title")
    assert verdict(site) == (
        "It would be made anew, as every page, since what stands on every page "
        "(title, menu, address, settings) changed. written"
    )


def test_a_file_that_somebody_changed_is_compared(site: SiteFolder) -> None:
    (site.site / PAGE).write_text("mine")
    assert verdict(site).endswith("the file was changed or removed. written")


@pytest.mark.parametrize(
    "path",
    ["items/AAAA2222/", "items/AAAA2222", "/items/AAAA2222/index.html", "https://example.org/repo/" + PAGE],
)
def test_a_page_may_be_named_by_folder_file_or_address(
    path: str, site: SiteFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["-C", str(site.root), "explain", path, "--json"], standalone_mode=False) is None
    assert json.loads(capsys.readouterr().out)["path"] == PAGE
    cli(["-C", str(site.root), "explain", str(site.site / PAGE)], standalone_mode=False)
    first, how, said = capsys.readouterr().out.splitlines()
    assert first == PAGE
    assert how.startswith("  made with the template item.html, ")
    assert said == "  It would be left as it is: nothing that it is made of changed."


def test_what_there_is_not_is_said_and_an_empty_folder_too(site: SiteFolder) -> None:
    config = load_config(site.root)
    assert pipeline.explain(config, "items/ZZZZ2222/").verdict.startswith("The site has no such file")
    assert pipeline.explain(config, ".").path == "index.html"
    assert site.run("clean", "everything", "--yes").returncode == 0
    run = site.run("explain", PAGE)
    assert run.returncode == 2
    assert "There is no complete local copy of groups/7" in run.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_what_completes_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["completion", shell], standalone_mode=False) is None
    assert f"_ZSTATIC_COMPLETE={shell}_complete" in capsys.readouterr().out

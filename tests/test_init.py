"""`zstatic init` and the folder of the demo: what is written, what is kept, what is asked."""

import io
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from zstatic.cli import cli
from zstatic.config import load_config
from zstatic.errors import ConfigError
from zstatic.init import (
    Answers,
    demo_config,
    missing_ignores,
    plan_files,
    site_toml,
    workflow,
    write_demo,
    write_files,
)
from zstatic.values import LibraryAddress

WRITTEN = [".gitignore", "content/about.md", "content/index.md", "site.toml"]


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli(list(args), prog_name="zstatic")
    assert isinstance(caught.value.code, int)
    return caught.value.code


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_scripted_init_gives_a_site_that_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "site"
    address = "https://www.zotero.org/groups/12345/name/collections/ABCD2345/library"
    assert run("init", str(folder), "--library", address, "--yes") == 0
    assert sorted(tree(folder)) == WRITTEN
    config = load_config(folder)
    assert config.libraries[0].id == "groups/12345"
    assert config.libraries[0].select.collections == ("ABCD2345",)
    assert config.attachments.publish == "all"
    out, err = capsys.readouterr()
    assert f"wrote {folder / 'site.toml'}" in out
    assert f"zstatic -C {folder} build" in err
    assert "only what is in it or below it becomes public" in err
    assert "All of the library" not in err


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("collections/ABCD2345/items/WXYZ6789/collection", "also shows a single item; that was passed over"),
        ("tags/History/library", "also shows a tag; that was passed over"),
        ("search/owl/titleCreatorYear/items/WXYZ6789/item-list", "also shows a single item and a search"),
    ],
)
def test_init_says_what_it_passes_over_in_a_pasted_address(
    shown: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", str(tmp_path), "--library", f"https://www.zotero.org/groups/1/my-group/{shown}", "--yes")
    collections = load_config(tmp_path).libraries[0].select.collections
    assert collections == (("ABCD2345",) if "ABCD2345" in shown else ())
    assert told in capsys.readouterr().err


def test_new_site_toml_explains_each_of_its_settings(tmp_path: Path) -> None:
    lines = site_toml(Answers(library=LibraryAddress("groups/1"))).splitlines()
    for before, line in pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert before.startswith("# "), line


def test_github_adds_the_workflow(tmp_path: Path) -> None:
    assert run("init", str(tmp_path), "--library", "users/1", "--github", "--yes") == 0
    assert (tmp_path / ".github" / "workflows" / "zstatic.yml").read_text() == workflow()


def test_running_twice_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", str(tmp_path), "--library", "groups/1", "--github", "--yes")
    before = tree(tmp_path)
    capsys.readouterr()
    assert run("init", str(tmp_path), "--library", "groups/2", "--github", "--yes") == 0
    assert tree(tmp_path) == before
    assert "wrote" not in capsys.readouterr().out


def test_a_library_named_in_vain_and_a_placeholder_that_still_stands_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "site.toml"
    advice = f"write the id of your library into {file}"
    run("init", str(tmp_path), "--yes")
    assert advice in capsys.readouterr().err
    assert run("init", str(tmp_path), "--yes") == 0
    assert advice in capsys.readouterr().err
    file.write_text(file.read_text().replace("groups/NUMBER", "groups/1"))
    run("init", str(tmp_path), "--library", "groups/2", "--yes")
    err = capsys.readouterr().err
    assert f"{file} already names groups/1; --library was not used." in err
    assert advice not in err
    run("init", str(tmp_path), "--library", "groups/1", "--yes")
    assert "was not used" not in capsys.readouterr().err
    file.write_text("not TOML")
    run("init", str(tmp_path), "--library", "groups/2", "--yes")
    assert f"{file} is there already; --library was not used." in capsys.readouterr().err


def test_commented_settings_of_a_new_site_toml_can_be_used_as_they_stand(tmp_path: Path) -> None:
    text = site_toml(Answers(library=LibraryAddress("groups/1")))
    for name in ("menu", "exclude_collections", "tag"):
        assert f"\n# {name} = " in text
        text = text.replace(f"\n# {name} = ", f"\n{name} = ")
    (tmp_path / "site.toml").write_text(text)
    config = load_config(tmp_path)
    assert config.site.menu[0].label == "About"
    assert config.libraries[0].select.exclude_collections == ("ABCD2345", "To be sorted")


def test_own_files_are_kept_and_missing_ignores_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n_site\n.zstatic/\n")
    assert run("init", str(tmp_path), "--library", "groups/1", "--yes") == 0
    out, err = capsys.readouterr()
    assert (tmp_path / ".gitignore").read_text() == "*.log\n_site\n.zstatic/\n"
    assert f"kept  {tmp_path / '.gitignore'}" in out
    assert missing_ignores(tmp_path) == ("/.env",)
    assert "/.env" in err


def test_without_a_library_and_a_terminal_the_place_to_write_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("-C", str(tmp_path), "init") == 0
    assert f"write the id of your library into {tmp_path / 'site.toml'}" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r"\[\[library\]\] id: found \"groups/NUMBER\""):
        load_config(tmp_path)


def test_unusable_library_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("init", str(tmp_path), "--library", "https://www.zotero.org/jdoe/library", "--yes") == 2
    assert 'found the user name "jdoe", expected users/ and a number' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_it_asks_and_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard('jdoe\ngroups/7\nMaps "and" more\nn\n'))
    assert run("init", str(tmp_path)) == 0
    config = load_config(tmp_path)
    assert config.libraries[0].id == "groups/7"
    assert config.site.title == 'Maps "and" more'
    assert config.attachments.publish == "none"
    assert capsys.readouterr().out.startswith("wrote")


def test_on_a_terminal_an_existing_site_is_not_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.toml").write_text("mine")
    monkeypatch.setattr("sys.stdin", Keyboard(""))
    assert run("init", str(tmp_path)) == 0
    assert (tmp_path / "site.toml").read_text() == "mine"


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match=r"site\.toml cannot be written"):
        write_files(tmp_path / "site", plan_files(Answers(), github=False))


def test_demo_folder_can_be_read_and_is_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert "site.toml" in write_demo(folder).written
    (folder / "content" / "about.md").write_text("mine")
    again = write_demo(folder)
    assert again.written == ()
    assert (folder / "content" / "about.md").read_text() == "mine"
    config = demo_config(folder, "https://example.org/demo/", "http://127.0.0.1:4567")
    assert config.site.base_url == "https://example.org/demo/"
    assert {library.api_url for library in config.libraries} == {"http://127.0.0.1:4567"}
    sample = Path(str(files("zstatic"))) / "sample" / "site"
    assert set(tree(sample)) < set(tree(folder))


def test_demo_leaves_a_site_of_ones_own_alone(tmp_path: Path) -> None:
    write_files(tmp_path, plan_files(Answers(library=LibraryAddress("groups/1")), github=False))
    before = tree(tmp_path)
    with pytest.raises(ConfigError, match="holds a site of its own"):
        write_demo(tmp_path)
    assert tree(tmp_path) == before


def test_demo_is_built_end_to_end_without_the_users_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", "P9NiFoyLeZu2bZNvvuQPDWsd")
    monkeypatch.setenv("ZSTATIC_BASE_URL", "https://example.org/demo/")
    folder = tmp_path / "demo"
    assert run("demo", str(folder), "--no-serve") == 0
    assert (folder / "_site" / "index.html").is_file()
    assert f"zstatic -C {folder} serve" in capsys.readouterr().err
    first = tree(folder / "_site")
    assert run("demo", str(folder), "--no-serve") == 0
    second = tree(folder / "_site")
    assert [path for path in first if first[path] != second[path]] in ([], ["last_sync.json"])
    assert run("-C", str(folder), "build", "--offline", "--base-url", "https://example.org/demo/") == 0
    third = tree(folder / "_site")
    assert third == second
    capsys.readouterr()
    assert run("-C", str(folder), "build") == 2
    err = capsys.readouterr().err
    assert "sample library" in err
    assert f"zstatic demo {folder}" in err

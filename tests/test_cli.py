"""Commands, exit codes and streams; the pipeline itself is replaced by what a test needs of it."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from zstatic import __version__, github, pipeline, upkeep
from zstatic.build import SiteReport
from zstatic.cli import cli
from zstatic.config import Config
from zstatic.errors import (
    AccessDenied,
    ApiUnreachable,
    BadPath,
    ConfigError,
    GuardError,
    LibraryMoved,
    LibraryNotFound,
    MirrorError,
    MirrorLocked,
    Problem,
    ProblemsFound,
    RateLimited,
    SearchError,
    ThemeError,
)
from zstatic.pipeline import BuildReport, PublishedLibrary
from zstatic.progress import Track
from zstatic.summary import list_problems
from zstatic.sync import LibrarySyncReport
from zstatic.terminal import QUIET, Terminal
from zstatic.upkeep import CollectionRow, LibraryStatus, Status

KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"
LEAST = '[site]\ntitle = "T"\n[[library]]\nid = "groups/1"\n'
PROBLEM = Problem("file-missing", "groups/1/items/ABCD2345", "the file is not stored at Zotero")

SYNCED = LibrarySyncReport(
    library="groups/1",
    slug="",
    name="Maps",
    version_before=3,
    version=9,
    added=1200,
    updated=3,
    removed=0,
    collections=1,
    texts=9,
    files=2,
    bytes=5,
    requests=17,
    changed=True,
    problems=(PROBLEM,),
)
PUBLISHED = PublishedLibrary("", "Maps", 9, 375, 15, 12, 3_400_000, 1, 0, 1)
SITE = SiteReport(written=("index.html",), unchanged=1240, removed=(), files=1241, bytes=12_300_000)
REPORT = BuildReport(SITE, (SYNCED,), (PUBLISHED,), (PROBLEM,), {"sync": 20.0, "search": 21.2})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's folder, the current one, in an environment without settings."""
    (tmp_path / "site.toml").write_text(LEAST)
    for name in (
        "ZOTERO_API_KEY",
        "ZOTERO_API_KEY_FILE",
        "ZSTATIC_BASE_URL",
        *(n for n in os.environ if "GITHUB" in n),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli(list(args), prog_name="zstatic")
    assert isinstance(caught.value.code, int)
    return caught.value.code


def stub(
    monkeypatch: pytest.MonkeyPatch, name: str, result: object, module: ModuleType = pipeline
) -> list[dict[str, Any]]:
    """Let a function of a module give or raise `result`; its calls are kept."""
    calls: list[dict[str, Any]] = []

    def called(config: Config, *args: object, **options: Any) -> object:
        calls.append({"config": config, "args": args, **options})
        if isinstance(result, BaseException):
            raise result
        return result(*args) if callable(result) else result

    monkeypatch.setattr(module, name, called)
    return calls


# --- Exit codes


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("m", "h"), 2),
        (ThemeError("m", "h"), 2),
        (BadPath("m", "h"), 2),
        (ApiUnreachable("m", "h"), 3),
        (RateLimited("m", "h"), 3),
        (LibraryMoved("m", "h"), 3),
        (AccessDenied("m", "h"), 4),
        (LibraryNotFound("m", "h"), 4),
        (GuardError("m", "h"), 5),
        (MirrorLocked("m", "h"), 7),
        (MirrorError("m", "h"), 2),
        (SearchError("m", "h"), 1),
        (KeyboardInterrupt(), 130),
        (RuntimeError("m"), 1),
        (OSError(28, "No space left on device", "/x"), 2),
        (FileNotFoundError(2, "No such file or directory", "/x"), 1),
    ],
)
def test_every_failure_has_its_exit_code_and_one_paragraph(
    error: BaseException,
    code: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stub(monkeypatch, "build", error)
    assert run("build") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert 1 <= len(err.strip().splitlines()) <= 2
    assert "Traceback" not in err
    if isinstance(error, KeyboardInterrupt):
        assert err.startswith("Interrupted.")
    if getattr(error, "hint", ""):
        assert err == "Error: m\nh\n"


def test_details_come_with_v_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "build", RuntimeError("broken"))
    assert run("build") == 1
    assert "Run again with -v" in capsys.readouterr().err
    assert run("-v", "build") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [("nonsense",), ("build", "--nonsense"), ("sync", "half"), ("serve", "--port", "99999"), ("clean",), ()],
)
def test_wrong_usage_is_2(args: tuple[str, ...], folder: Path) -> None:
    assert run(*args) == 2


def test_an_option_of_the_program_behind_a_command_is_told_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["build", "-q"], prog_name="zstatic")
    assert ended.value.code == 2
    assert "-q goes before the command: zstatic -q … build" in capsys.readouterr().err


def test_missing_site_toml_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-C", str(tmp_path), "build") == 2
    err = capsys.readouterr().err
    assert "There is no site.toml" in err
    assert "zstatic init" in err


def test_mistakes_of_site_toml_are_all_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "site.toml").write_text(LEAST.replace("title", "titel"))
    assert run("build") == 2
    err = capsys.readouterr().err
    assert "site.toml:2:1: [site] titel: unknown setting; did you mean title?" in err
    assert "[site] title is missing" in err


def test_ctrl_c_is_130_in_a_real_process(folder: Path) -> None:
    code = (
        "import time\nfrom zstatic import cli, pipeline\n"
        "def build(*a, **k):\n print('started', flush=True)\n time.sleep(30)\n"
        "pipeline.build = build\ncli.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "build"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Interrupted" in err
    assert "Traceback" not in err


# --- Streams and secrets


def test_summary_goes_to_stderr_and_says_what_happened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "build", REPORT)
    assert run("build") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Problem: groups/1/items/ABCD2345: the file is not stored at Zotero",
        "Changed: 1,200 records (items, notes, files) added, 3 changed, 2 files fetched (library version 9)",
        "Pages: 1 written, 1,240 unchanged, 0 removed",
        "Problems: 1, listed above",
        "Public: 375 items and 12 attached files (3.4 MB); 1,241 files, 12.3 MB in all",
        "Time: 41 s, longest: search (21 s)",
        "Site: _site. `zstatic serve` shows it.",
    ]


def test_quiet_says_nothing_but_errors(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "build", REPORT)
    assert run("-q", "build") == 0
    assert capsys.readouterr() == ("", "")
    stub(monkeypatch, "build", GuardError("shrinks", ""))
    assert run("-q", "build") == 5
    assert capsys.readouterr().err == "Error: shrinks\n"


def test_json_report_is_one_object_on_stdout(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "build", REPORT)
    stub(monkeypatch, "sync", (SYNCED,))
    assert run("build", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["changed"] is True
    assert report["site"]["files"] == 1241
    assert report["libraries"][0]["items"] == 375
    assert report["problems"] == [{"code": PROBLEM.code, "where": PROBLEM.where, "message": PROBLEM.message}]
    assert run("sync", "--json") == 0
    assert json.loads(capsys.readouterr().out)["libraries"][0]["added"] == 1200


def test_json_log_is_one_object_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(track: Track) -> BuildReport:
        track.say("Zotero asked to wait 3 s")
        raise ApiUnreachable("no answer", "try again")

    stub(monkeypatch, "build", build)
    assert run("--log-format", "json", "build") == 3
    said, failed = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert said == {"level": "info", "message": "Zotero asked to wait 3 s"}
    assert failed == {"level": "error", "message": "no answer", "hint": "try again", "exit_code": 3}


@pytest.mark.parametrize(
    "args", [("build",), ("-v", "build"), ("-vv", "--log-format", "json", "build", "--json")]
)
def test_key_is_in_no_output_even_when_an_error_carries_it(
    args: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOTERO_API_KEY", KEY)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "output"))
    for error in (RuntimeError(f"Bearer {KEY}"), ApiUnreachable(f"url?key={KEY}", f"{KEY}?")):
        stub(monkeypatch, "build", error)
        run(*args)
    assert run("config") == 0
    out, err = capsys.readouterr()
    assert KEY not in out + err
    for file in folder.rglob("*"):
        assert file.is_dir() or KEY.encode() not in file.read_bytes(), file


def test_colour_only_when_asked_for_off_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "build", GuardError("m"))
    run("build")
    assert "\x1b" not in capsys.readouterr().err
    run("--color", "always", "build")
    assert "\x1b[31m" in capsys.readouterr().err


def test_version_needs_no_heavy_import() -> None:
    code = (
        "import sys\nfrom zstatic.cli import cli\n"
        "try:\n cli(['--version'])\nexcept SystemExit: pass\n"
        "print(sorted({'requests', 'jinja2', 'diskcache', 'nh3', 'markdown_it'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"zstatic, version {__version__}", "[]"]


def test_signature_of_a_storage_address_is_not_shown() -> None:
    stream = io.StringIO()
    Terminal(stream).say("GET https://s3.example/f.pdf?X-Amz-Signature=abc123&X-Amz-Date=1&x=2 failed")
    assert stream.getvalue() == "GET https://s3.example/f.pdf?X-Amz-Signature=…&X-Amz-Date=…&x=2 failed\n"


def test_vv_shows_what_libraries_log_without_the_key(folder: Path) -> None:
    code = (
        "import logging\nfrom zstatic import cli, pipeline\n"
        "def build(*a, **k):\n"
        f" logging.getLogger('urllib3').debug('GET /items?key=%s', '{KEY}')\n raise SystemExit(0)\n"
        "pipeline.build = build\ncli.main()\n"
    )
    environ = {**os.environ, "ZOTERO_API_KEY": KEY}
    for verbosity, shown in (("-v", ""), ("-vv", "urllib3: GET /items?key=…\n")):
        done = subprocess.run(
            [sys.executable, "-c", code, verbosity, "build"],
            capture_output=True,
            text=True,
            env=environ,
            check=True,
        )
        assert done.stderr == shown


# --- Options


def test_options_reach_the_pipeline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds, syncs = stub(monkeypatch, "build", REPORT), stub(monkeypatch, "sync", (SYNCED,))
    run("build")
    assert {k: v for k, v in builds[-1].items() if k not in ("config", "args")} == {
        "offline": False,
        "full": False,
        "strict": False,
        "with_search": True,
        "allow_shrink": False,
        "allow_exposed": False,
    }
    switches = ("--offline", "--full", "--strict", "--no-search", "--allow-shrink", "--allow-exposed")
    run("build", *switches, "--base-url", "https://o.org/x")
    assert {k: v for k, v in builds[-1].items() if k not in ("config", "args")} == {
        "offline": True,
        "full": True,
        "strict": True,
        "with_search": False,
        "allow_shrink": True,
        "allow_exposed": True,
    }
    assert builds[-1]["config"].site.base_url == "https://o.org/x/"
    for what, parts in (
        ("cache", {"metadata"}),
        ("attachments", {"attachments"}),
        ("everything", pipeline.PARTS),
    ):
        run("sync", what, "--full")
        assert (syncs[-1]["parts"], syncs[-1]["full"]) == (parts, True)


def test_root_and_config_name_the_site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds = stub(monkeypatch, "build", REPORT)
    (folder / "other").mkdir()
    (folder / "other" / "my.toml").write_text(LEAST.replace('"T"', '"Mine"'))
    assert run("-C", "other", "-c", "my.toml", "build") == 0
    assert run("-C", "other", "-c", "other/my.toml", "build") == 0
    assert {call["config"].site.title for call in builds} == {"Mine"}
    assert {call["config"].root for call in builds} == {folder / "other"}
    assert run("-C", "other", "build") == 2


def test_profile_shows_each_phase(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "build", REPORT)
    run("build", "--profile")
    assert "sync: 20 s\nsearch: 21 s\n" in capsys.readouterr().err


def test_clean_asks_and_without_anybody_to_ask_wants_yes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = stub(monkeypatch, "clean", (folder / "_site",), upkeep)
    assert run("clean", "output") == 2
    assert calls == []
    assert "--yes" in capsys.readouterr().err
    assert run("clean", "output", "--yes") == 0
    assert calls[0]["args"] == ("output",)
    assert capsys.readouterr().out == "deleted _site\n"


def test_config_shows_values_with_their_origin_and_the_reference(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("config") == 0
    assert "# site.toml:2" in capsys.readouterr().out
    assert run("config", "--defaults") == 0
    assert 'styles = ["apa"' in capsys.readouterr().out


def test_status_and_collections_before_the_first_sync(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("status") == 0
    out = capsys.readouterr().out
    assert "Nothing has been fetched yet" in out
    assert "Site: not built yet" in out
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["site"] is None
    assert run("collections") == 0
    assert "zstatic sync cache" in capsys.readouterr().err


def test_many_problems_of_a_kind_are_cut_short_and_none_is_told_twice() -> None:
    problems = [Problem("a", f"items/{i:02}", f"m{i}") for i in range(30)]
    problems += [Problem("b", "", "whole site")] * 2
    lines = list(list_problems(problems))
    assert len(lines) == 12
    assert lines[10] == "… and 20 more of this kind (a); with -v all are listed"
    assert lines[11] == "whole site"


def test_of_equal_problems_the_first_three_are_named_with_their_titles() -> None:
    problems = [Problem("a", f"items/{i}", "is gone") for i in range(9)] + [Problem("a", "items/x", "is ill")]
    assert list(list_problems(problems, {"items/1": "On maps"})) == [
        "items/0: is gone",
        "“On maps” (items/1): is gone",
        "items/2: is gone",
        "items/x: is ill",
        "… and 6 more of this kind (a); with -v all are listed",
    ]
    assert len(list(list_problems(problems, every=True))) == 10


def test_v_lists_every_problem_and_the_time_of_each_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = tuple(Problem("a", f"items/{i:02}", "m") for i in range(30))
    stub(monkeypatch, "build", replace(REPORT, problems=problems))
    assert run("-v", "build") == 0
    err = capsys.readouterr().err
    assert err.count("Problem: ") == 30
    assert "sync: 20 s\nsearch: 21 s\n" in err


def test_a_site_in_which_only_the_time_of_the_sync_is_news_has_nothing_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = replace(SYNCED, added=0, updated=0, files=0, changed=False)
    marked = replace(SITE, written=("last_sync.json",))
    stub(monkeypatch, "build", replace(REPORT, site=marked, sync=(calm,)))
    assert run("build") == 0
    err = capsys.readouterr().err
    assert "Changed: nothing (library version 9)\n" in err
    assert "Pages: nothing to do, all 1,241 files are as they should be\n" in err


def test_index_says_how_many_items_it_holds(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, "index", REPORT)
    assert run("index") == 0
    assert "Search: 375 items indexed\n" in capsys.readouterr().err


def test_status_tells_local_time_and_a_first_fetch_that_broke_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = LibraryStatus("groups/1", "", "Maps", 9, "2026-11-20T17:00:00+00:00", "", 1200, 3, (PROBLEM,))
    begun = LibraryStatus("groups/2", "b", "", 0, "", "", 50, 0, ())
    new = LibraryStatus("groups/3", "c", "", 0, "", "", 0, 0, ())
    older = LibraryStatus("groups/4", "d", "", 0, "", "", 0, 0, (), "another version of zstatic wrote it")
    stub(monkeypatch, "read_status", Status((done, begun, new, older), None, 0, 0, 5_000), upkeep)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert run("status") == 0
    finally:
        monkeypatch.undo()
        time.tzset()
    assert capsys.readouterr().out.splitlines() == [
        "Maps (groups/1)",
        "  last fetched: 2026-11-21 02:00 JST; last change: none",
        "  1,200 records (items, notes, files), 3 collections; library version 9",
        "  problems: 1, listed below",
        "groups/2",
        "  never fetched completely; `zstatic build` goes on where the last run stopped",
        "  50 records (items, notes, files), 0 collections; library version 0",
        "  problems: none",
        "groups/3",
        "  not fetched yet; `zstatic build` fetches it",
        "groups/4",
        "  the local copy cannot be used, since another version of zstatic wrote it; `zstatic build` sets it "
        "aside and fetches all again",
        "Local copy: 5 kB",
        "Site: not built yet; `zstatic build` makes it.",
        "Problem: groups/1/items/ABCD2345: the file is not stored at Zotero",
    ]


def test_collections_say_what_they_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (CollectionRow("AAAA2222", "Maps", 0, 1900), CollectionRow("BBBB2222", "Old", 1, 1))
    stub(monkeypatch, "read_collections", {"groups/1": rows}, upkeep)
    assert run("collections") == 0
    assert capsys.readouterr().out == "AAAA2222  Maps (1,900 items)\nBBBB2222    Old (1 item)\n"


def test_every_command_fits_into_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    commands = capsys.readouterr().out.partition("Commands:")[2]
    assert "..." not in commands
    assert all(name in commands for name in ("build", "serve", "status"))


def test_preview_ends_with_ctrl_c_in_one_word(folder: Path) -> None:
    code = (
        "from zstatic import cli, pipeline, serve\n"
        "def build(*a, **k):\n raise KeyboardInterrupt\n"
        "pipeline.build = build\ncli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == "Stopped."
    assert len(done.stderr.splitlines()) == 2


def test_preview_tells_what_changed_and_problems_only_when_they_did(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = ("help/index.html", "index.html", "static/style.1.css", "last_sync.json")
    reports = iter(
        [
            REPORT,
            replace(REPORT, site=replace(SITE, written=written)),
            replace(REPORT, site=replace(SITE, written=("last_sync.json",)), problems=()),
        ]
    )
    stub(monkeypatch, "build", lambda *args: next(reports))

    def watch(paths: object, changed: Callable[[tuple[Path, ...]], None], stop: object) -> NoReturn:
        changed(())
        changed((folder / "content" / "help.md",))
        changed((folder / "site.toml", folder / "theme" / "a.css"))
        raise KeyboardInterrupt

    monkeypatch.setattr("zstatic.serve.watch", watch)
    assert run("serve", "--port", "0") == 130
    assert capsys.readouterr().err.splitlines()[1:] == [
        "Problem: groups/1/items/ABCD2345: the file is not stored at Zotero",
        "Changed: content/help.md; 2 pages written, 1 other file written",
        "Changed: site.toml, theme/a.css; nothing to write",
        "Stopped.",
    ]


# --- GitHub Actions


@pytest.fixture
def actions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "output"))
    return folder


def test_mistakes_become_annotations_of_their_lines(
    actions: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (actions / "docs").mkdir()
    (actions / "docs" / "site.toml").write_text(LEAST.replace("title", "titel"))
    assert run("-C", "docs", "build") == 2
    err = capsys.readouterr().err
    assert "::error file=docs/site.toml,line=2,col=1::[site] titel: unknown setting" in err
    stub(monkeypatch, "build", AccessDenied("Refused.\nReally.", "100 % sure"))
    run("build")
    assert "::error::Refused. Really. 100 %25 sure\n" in capsys.readouterr().err


def test_summary_is_appended_to_the_job_and_escaped(actions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem("x", "", "a <b>title</b> with `markup`")
    stub(monkeypatch, "build", BuildReport(SITE, (SYNCED,), (PUBLISHED,), (problem,), {}))
    assert run("build") == 0
    summary = (actions / "summary").read_text()
    assert "- Pages: 1 written" in summary
    assert r"a \<b\>title\</b\> with \`markup\`" in summary


@pytest.mark.parametrize(
    ("result", "has_mirror", "sound"),
    [
        (REPORT, True, "true"),
        (REPORT, False, "false"),
        (ApiUnreachable("m"), True, "true"),
        (KeyboardInterrupt(), True, "true"),
        (ThemeError("m"), True, "true"),
        (ProblemsFound([]), True, "true"),
        (MirrorError("m"), True, "false"),
        (MirrorLocked("m"), True, "false"),
        (RuntimeError("m"), True, "false"),
    ],
)
def test_step_says_whether_the_mirror_is_worth_keeping(
    result: object, has_mirror: bool, sound: str, actions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_mirror:
        (actions / ".zstatic" / "mirror").mkdir(parents=True)
    stub(monkeypatch, "build", result)
    run("build")
    assert (actions / "output").read_text() == f"mirror-sound={sound}\nsite=_site\n"


def test_outside_actions_nothing_is_written(folder: Path) -> None:
    github.append_summary({}, ["x"])
    github.write_outputs({}, {"a": "b"})
    assert [path.name for path in folder.iterdir()] == ["site.toml"]


# --- Progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)


def test_loop_that_stands_still_says_what_it_waits_for() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, seconds_between_lines=0.01)
    for number in terminal(range(4), "Fetching items"):
        if number == 1:
            terminal.say("Zotero asked to wait 30 s")
            wait_for(lambda: "(Zotero asked" in stream.getvalue())
    assert "Zotero asked to wait 30 s\n" in stream.getvalue()
    assert "Fetching items: 1 of 4, 25 %, 0 s (Zotero asked to wait 30 s)\n" in stream.getvalue()


def test_bar_is_drawn_on_a_terminal_and_wiped_at_the_end() -> None:
    stream = Screen()
    terminal = Terminal(stream)
    loop = terminal(iter(range(2)), "Writing pages", 2)
    next(loop)
    next(loop)
    wait_for(lambda: "Writing pages  [############............] 1/2" in stream.getvalue())
    assert list(loop) == []
    assert "Writing pages  [############............] 1/2" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_short_loop_leaves_no_line_in_a_log() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    assert list(terminal([1, 2], "Reading")) == [1, 2]
    assert stream.getvalue() == ""


def test_loop_left_early_or_broken_stops_the_progress() -> None:
    stream = Screen()
    terminal = Terminal(stream)
    for _ in terminal(range(9), "Reading"):
        break
    with pytest.raises(ZeroDivisionError):
        list(terminal((1 // n for n in (1, 0)), "Dividing"))
    after = stream.getvalue()
    time.sleep(0.25)
    assert stream.getvalue() == after


def test_nested_loops_show_the_inner_one_and_quiet_shows_none() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, seconds_between_lines=0.01)
    for _ in terminal(range(1), "Outer"):
        for _ in terminal(range(1), "Inner"):
            wait_for(lambda: "Inner" in stream.getvalue())
    assert "Inner: 0 of 1" in stream.getvalue()
    quiet = io.StringIO()
    terminal = Terminal(quiet, verbosity=QUIET, seconds_between_lines=0.001)
    for _ in terminal(range(3), "Any"):
        time.sleep(0.005)
    assert quiet.getvalue() == ""

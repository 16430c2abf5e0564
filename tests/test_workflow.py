"""The GitHub workflow: what it may do, what it keeps, and its steps run as they stand."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from zstatic.init import Answers, plan_files, workflow, write_files
from zstatic.mirror import FORMAT
from zstatic.sample.server import serve_sample
from zstatic.values import LibraryAddress

PROJECT = Path(__file__).resolve().parents[1]
DEMO = {"package": ".", "site": "demo-site", "command": "demo demo-site --no-serve"}
KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"


@dataclass(frozen=True)
class Step:
    """fields: its own lines, `env.NAME` and `with.name` those below env and with. run: the shell text."""

    job: str
    fields: Mapping[str, str]
    run: str = ""


@dataclass
class Job:
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


def read_jobs(text: str) -> dict[str, Job]:
    """Read the shape this one file has: jobs at two spaces, their fields at four, steps at six."""
    jobs: dict[str, Job] = {}
    for name, body in re.findall(
        r"^  (\w+):\n((?:(?:    .*)?\n)+)", text.split("\njobs:\n")[1], re.MULTILINE
    ):
        head, _, steps = body.partition("    steps:\n")
        job = jobs[name] = Job(name, dict(pairs(head, 4)))
        block = re.search(r"^    permissions:\n((?:      .*\n)+)", head, re.MULTILINE)
        job.permissions = dict(pairs(block[1] if block else "", 6))
        job.steps = [read_step(name, step) for step in re.split(r"^      - ", steps, flags=re.MULTILINE)[1:]]
    return jobs


def read_step(job: str, text: str) -> Step:
    lines = "        " + text
    run = re.search(r"^        run: (\|\n((?:          .*\n|\n)+)|(.*)\n)", lines, re.MULTILINE)
    folded = re.sub(r">-\n((?: {10}.*\n)+)", lambda m: " ".join(m[1].split()) + "\n", lines)
    fields = dict(pairs(folded, 8))
    for block in ("env", "with"):
        below = re.search(rf"^        {block}:\n((?:          .*\n)+)", lines, re.MULTILINE)
        fields |= {f"{block}.{name}": value for name, value in pairs(below[1] if below else "", 10)}
    shell = "" if not run else re.sub(r"^ {10}", "", run[2], flags=re.MULTILINE) if run[2] else f"{run[3]}\n"
    return Step(job, fields, shell)


def pairs(text: str, indent: int) -> Iterator[tuple[str, str]]:
    for name, value in re.findall(rf"^ {{{indent}}}([\w-]+):[ ]?(.*)$", text, re.MULTILINE):
        yield name, re.sub(r'^"(.*)"$', r"\1", re.sub(r"\s+# .*$", "", value))


def step(name: str, jobs: dict[str, Job]) -> Step:
    (found,) = [one for job in jobs.values() for one in job.steps if one.fields.get("name") == name]
    return found


@pytest.fixture(params=["user", "demo"])
def text(request: pytest.FixtureRequest) -> str:
    return workflow() if request.param == "user" else workflow(**DEMO)


# --- What stands in it


def test_demo_site_of_this_project_has_the_same_workflow() -> None:
    assert (PROJECT / ".github" / "workflows" / "demo.yml").read_text(encoding="utf-8") == workflow(**DEMO)


def test_only_package_folder_and_command_differ_between_demo_and_users() -> None:
    ours, theirs = workflow(**DEMO).splitlines(), workflow().splitlines()
    assert [a.split(":")[0].strip() for a, b in zip(ours, theirs, strict=True) if a != b] == [
        "ZSTATIC",
        "SITE",
        "COMMAND",
    ]


def test_it_runs_on_push_daily_and_by_hand_and_never_on_pull_requests(text: str) -> None:
    triggers = text.split("\non:\n")[1].split("\n\n")[0]
    assert re.findall(r"^  (\w+):", triggers, re.MULTILINE) == ["push", "schedule", "workflow_dispatch"]
    minute, hour, *rest = re.findall(r'cron: "(.*)"', triggers)[0].split()
    assert int(minute) % 2 == 1
    assert int(hour) < 24
    assert rest == ["*", "*", "*"]
    assert "default_branch" in read_jobs(text)["build"].fields["if"]


def test_build_may_only_read_and_deploy_only_publish(text: str) -> None:
    jobs = read_jobs(text)
    assert list(jobs) == ["build", "deploy"]
    assert "\npermissions: {}\n" in text
    assert jobs["build"].permissions == {"contents": "read", "pages": "read"}
    assert jobs["deploy"].permissions == {"pages": "write", "id-token": "write"}
    assert jobs["deploy"].fields["needs"] == "build"
    assert "cancel-in-progress: false" in text


def test_key_is_given_to_one_step_of_the_build_alone(text: str) -> None:
    jobs = read_jobs(text)
    with_key = [one for job in jobs.values() for one in job.steps if "secrets." in str(one.fields)]
    assert [(one.job, one.fields["name"]) for one in with_key] == [("build", "Build the site")]
    assert text.count("secrets.") == 1
    assert with_key[0].fields["env.ZOTERO_API_KEY"] == "${{ secrets.ZOTERO_API_KEY }}"
    assert step("Check out", jobs).fields["with.persist-credentials"] == "false"


def test_every_job_has_a_timeout_and_the_build_step_a_shorter_one(text: str) -> None:
    jobs = read_jobs(text)
    assert all(int(job.fields["timeout-minutes"]) for job in jobs.values())
    build = int(step("Build the site", jobs).fields["timeout-minutes"])
    assert build < int(jobs["build"].fields["timeout-minutes"])


def test_actions_are_pinned_to_a_commit_with_its_version_beside(text: str) -> None:
    uses = re.findall(r"uses: (.*)", text)
    assert len(uses) == 7
    for use in uses:
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


def test_no_expression_stands_inside_a_shell_text(text: str) -> None:
    for job in read_jobs(text).values():
        for one in job.steps:
            assert "${{" not in one.run


def test_cache_is_named_by_the_format_of_the_mirror_and_the_run(text: str) -> None:
    jobs = read_jobs(text)
    restore, save = (
        step("Restore the mirror of the library", jobs),
        step("Save the mirror of the library", jobs),
    )
    assert restore.fields["with.restore-keys"] == f"zstatic-v{FORMAT}-"
    assert restore.fields["with.key"].startswith(f"zstatic-v{FORMAT}-${{{{ github.run_id }}}}")
    assert save.fields["with.key"] == restore.fields["with.key"]
    assert save.fields["with.path"] == restore.fields["with.path"] == "${{ env.SITE }}/.zstatic"


def test_file_says_why_a_keyed_mirror_is_not_cached_in_public(text: str) -> None:
    said = " ".join(text.replace("#", " ").split())
    assert "Pull requests, those from forks included, can restore the caches of a repository" in said


# --- Its steps, run as they stand


class Runner:
    """Runs the shell steps of the build job as GitHub would; its actions are simulated."""

    def __init__(self, text: str, folder: Path, *, event: str = "push", **programs: str) -> None:
        self.jobs = read_jobs(text)
        self.folder = folder
        self.contexts = {"github.event_name": event, "github.token": "token"}
        self.environment = dict(pairs(text.split("\nenv:\n")[1].split("\njobs:")[0], 2))
        self.bin = folder.parent / f"{folder.name}-bin"
        self.bin.mkdir(exist_ok=True)
        for name, shell in {"python": "true", "gh": "echo false", **programs}.items():
            (self.bin / name).write_text(f"#!/bin/sh\n{shell}\n")
            (self.bin / name).chmod(0o755)

    def run(self, name: str, **contexts: str) -> subprocess.CompletedProcess[str]:
        self.contexts |= {key.replace("__", "."): value for key, value in contexts.items()}
        one = step(name, self.jobs)
        output = self.folder.parent / f"{self.folder.name}-output"
        output.write_text("")
        environment = {
            **self.environment,
            **{k[4:]: self.expand(v) for k, v in one.fields.items() if k.startswith("env.")},
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "someone/bibliography",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder.parent / "summary"),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", one.run],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.contexts[f"steps.{one.fields['id']}.outputs.{key}"] = value
        return done

    def expand(self, value: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: self.contexts.get(match[1], ""), value)

    def would_run(self, name: str) -> bool:
        """Evaluate the step's `if`: comparisons joined by &&, after always()."""
        first, *conditions = step(name, self.jobs).fields["if"].split(" && ")
        assert first == "always()"
        return all(self._holds(*re.fullmatch(r"(\S+) (==|!=) '(.*)'", one).groups()) for one in conditions)  # type: ignore[union-attr]

    def _holds(self, context: str, operator: str, value: str) -> bool:
        return (self.contexts.get(context, "") == value) is (operator == "==")


SAVE = "Save the mirror of the library"
SOUND = 'echo "mirror-sound=true" >> "$GITHUB_OUTPUT"'


@pytest.mark.parametrize(
    ("key", "private", "build", "event", "kept"),
    [
        ("", "false", SOUND, "push", True),
        ("", "false", SOUND, "schedule", True),
        (KEY, "true", SOUND, "push", True),
        (KEY, "false", SOUND, "push", False),
        (KEY, "unknown", SOUND, "schedule", False),
        ("", "false", f"{SOUND}; exit 3", "push", True),
        ("", "false", "exit 1", "push", False),
        ("", "false", 'echo "mirror-sound=false" >> "$GITHUB_OUTPUT"', "push", False),
        ("", "false", SOUND, "pull_request", False),
    ],
)
def test_mirror_is_kept_only_if_sound_and_of_a_public_library_or_in_a_private_repository(
    key: str, private: str, build: str, event: str, kept: bool, tmp_path: Path
) -> None:
    answer = "exit 1" if private == "unknown" else f"echo {private}"
    runner = Runner(workflow(), tmp_path / "repository", event=event, gh=answer, zstatic=build)
    runner.folder.mkdir()
    assert runner.run("Ask whether this repository is private").returncode == 0
    assert runner.contexts["steps.repository.outputs.private"] == private
    done = runner.run("Build the site", secrets__ZOTERO_API_KEY=key)
    assert done.returncode == (int(build[-1]) if "exit" in build else 0)
    assert runner.would_run(SAVE) is kept


def test_inputs_become_options_and_nothing_else_is_run(tmp_path: Path) -> None:
    runner = Runner(
        workflow(), tmp_path / "repository", zstatic='printf "%s|" "$@"; echo "key=$ZOTERO_API_KEY"'
    )
    runner.folder.mkdir()
    assert runner.run("Build the site").stdout == "--root|.|build|key=\n"
    options = ("full", "strict", "allow-shrink", "allow-exposed")
    every = {f"inputs__{name}": "true" for name in (*options, "verbose")}
    done = runner.run("Build the site", secrets__ZOTERO_API_KEY=KEY, **every)
    given = "|".join(f"--{name}" for name in options)
    assert done.stdout == f"--root|.|-v|build|{given}|key={KEY}\n"
    installed = Runner(workflow(**DEMO), tmp_path / "repository", python='printf "%s|" "$@"')
    assert installed.run("Install zstatic").stdout.endswith("|--quiet|.|")


def test_switched_off_pages_are_explained(tmp_path: Path) -> None:
    runner = Runner(workflow(), tmp_path)
    assert "Settings, under Pages" in runner.run("Explain how to switch Pages on").stdout


def test_workflow_of_a_new_site_builds_it_and_with_its_cache_builds_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    write_files(folder, plan_files(Answers(library=LibraryAddress("groups/100")), github=True))
    text = (folder / ".github" / "workflows" / "zstatic.yml").read_text()
    with serve_sample() as url:
        settings = folder / "site.toml"
        settings.write_text(
            settings.read_text().replace("[[library]]\n", f'[[library]]\napi_url = "{url}"\n')
        )
        first = build_by_workflow(text, folder)
        # The next run finds the mirror, but starts without a site.
        (folder / "_site").rename(tmp_path / "first")
        second = build_by_workflow(text, folder)
    assert first.would_run(SAVE)
    assert second.contexts["steps.build.outputs.site"] == "_site"
    assert "canonical" in (folder / "_site" / "index.html").read_text()
    assert "https://someone.github.io/bibliography/" in (folder / "_site" / "sitemap.xml").read_text()
    assert tree(tmp_path / "first") == tree(folder / "_site")
    assert "Public: " in (tmp_path / "summary").read_text()


def test_workflow_of_the_demo_builds_the_demo(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    runner = build_by_workflow(workflow(**DEMO), folder)
    assert runner.contexts["steps.build.outputs.site"] == "demo-site/_site"
    assert runner.would_run(SAVE)
    assert (folder / "demo-site" / "_site" / "index.html").is_file()
    assert (folder / "demo-site" / ".zstatic" / "mirror").is_dir()


def build_by_workflow(text: str, folder: Path) -> Runner:
    runner = Runner(text, folder)
    for name in ("Install zstatic", "Ask whether this repository is private"):
        assert runner.run(name).returncode == 0
    done = runner.run(
        "Build the site", steps__pages__outputs__base_url="https://someone.github.io/bibliography"
    )
    assert done.returncode == 0, done.stderr
    return runner


def tree(folder: Path) -> dict[str, bytes]:
    """All files but the one that tells the time of the run."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "last_sync.json"
    }

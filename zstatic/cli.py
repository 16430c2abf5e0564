"""The command line: parse, call `pipeline`, print the report, exit with a code that says why.

The only place that prints, exits or catches. stdout is for results, everything else goes to stderr.
Modules that cost time to import are imported by the commands that need them.
"""

import json
import logging
import os
import shlex
import sys
import threading
import traceback
import webbrowser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from zstatic import __version__, github
from zstatic.config import Config, load_config
from zstatic.errors import (
    AccessDenied,
    ApiError,
    BadPath,
    ConfigError,
    GuardError,
    LibraryNotFound,
    MirrorError,
    MirrorLocked,
    Problem,
    ProblemsFound,
    SearchError,
    ThemeError,
    ZstaticError,
    disk_failure,
    is_disk_failure,
)
from zstatic.summary import (
    describe_explanation,
    describe_rebuild,
    describe_status,
    list_problems,
    problem_line,
    show_seconds,
    summarize_build,
    summarize_sync,
)
from zstatic.terminal import DEBUG, NORMAL, QUIET, VERBOSE, Terminal
from zstatic.values import LibraryAddress, parse_library, show_count

if TYPE_CHECKING:
    from zstatic.init import Answers
    from zstatic.pipeline import BuildReport
    from zstatic.sync import Part

UNEXPECTED, USAGE, NETWORK, ACCESS, GUARD, PROBLEMS, LOCKED, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 130

# What `zstatic sync` takes -> the parts of a sync.
SYNC_PARTS: Mapping[str, "frozenset[Part]"] = {
    "everything": frozenset({"metadata", "attachments"}),
    "cache": frozenset({"metadata"}),
    "attachments": frozenset({"attachments"}),
}

# The first that fits.
_EXIT_CODES: tuple[tuple[type[ZstaticError], int], ...] = (
    (MirrorLocked, LOCKED),
    (GuardError, GUARD),
    (AccessDenied, ACCESS),
    (LibraryNotFound, ACCESS),
    (ApiError, NETWORK),
    (ConfigError, USAGE),
    (ThemeError, USAGE),
    (BadPath, USAGE),
    (MirrorError, USAGE),
    (ProblemsFound, PROBLEMS),
    (ZstaticError, UNEXPECTED),
)


@dataclass(frozen=True, slots=True)
class Session:
    """What the global options say."""

    root: Path
    config_file: Path | None
    terminal: Terminal
    environ: Mapping[str, str]

    def config(self, base_url: str = "") -> Config:
        config = load_config(self.root, self.config_file, self.environ, base_url=base_url)
        if config.api_key:
            self.terminal.hide(config.api_key.value)
        return config


# Options of the program that are looked for behind a command.
_BEFORE_COMMAND = ("-q", "-v", "-vv", "-C", "--root", "-c", "--config", "--log-format", "--color")


class _Program(click.Group):
    """A group that turns every failure into one paragraph and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # A title in a script the console cannot show must not end the run.
                stream.reconfigure(errors="replace")
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.Abort:
            # click's own code for Ctrl-C is 1.
            code = INTERRUPTED
        except click.ClickException as error:
            if isinstance(error, click.NoSuchOption) and error.option_name in _BEFORE_COMMAND and error.ctx:
                usage = f"{error.option_name} goes before the command: zstatic {error.option_name} …"
                error = click.UsageError(f"{usage} {error.ctx.info_name}", error.ctx)
            error.show()
            code = error.exit_code
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            _fail(ctx, error)


def explain(error: BaseException) -> tuple[str, str, int]:
    """What happened, what to do, and the exit code."""
    if isinstance(error, ZstaticError):
        return error.message, error.hint, next(code for kind, code in _EXIT_CODES if isinstance(error, kind))
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted.", "What was fetched is kept; the next run goes on from there.", INTERRUPTED
    if isinstance(error, OSError) and is_disk_failure(error):
        failure = disk_failure(error, "a file")
        return failure.message, f"{failure.hint} The site is as it was.", USAGE
    if isinstance(error, OSError):
        message = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        return message, "Check the space and the permissions there. The site is as it was.", UNEXPECTED
    if isinstance(error, UnicodeEncodeError) and sys.getfilesystemencoding() != "utf-8":
        message = f"Here files may only be named in {sys.getfilesystemencoding()}, not in all scripts."
        return message, "Set LC_ALL=C.UTF-8 or PYTHONUTF8=1 and run again. The site is as it was.", USAGE
    hint = "This is a mistake in zstatic, not yours. Run again with -v and report what it shows."
    return f"Unexpected: {type(error).__name__}: {error}", hint, UNEXPECTED


def _fail(ctx: click.Context, error: BaseException) -> NoReturn:
    message, hint, code = explain(error)
    session = ctx.obj if isinstance(ctx.obj, Session) else None
    terminal = session.terminal if session else Terminal(sys.stderr)
    message, hint = terminal.redact(message), terminal.redact(hint)
    if code == INTERRUPTED:
        terminal.write(f"{message} {hint}", level="error", exit_code=code)
        ctx.exit(code)
    details = "".join(traceback.format_exception(error)) if terminal.verbosity >= VERBOSE else ""
    terminal.fail(message, hint, exit_code=code, details=details)
    if session and github.is_actions(session.environ):
        for command in github.annotations(message, hint, _folder_in_repository(session.root)):
            terminal.write(command, least=QUIET)
        github.append_summary(session.environ, [f"Failed: {message}", *([hint] if hint else [])])
    ctx.exit(code)


def _folder_in_repository(root: Path) -> str:
    path = os.path.relpath(root)
    return "" if path == "." else Path(path).as_posix()


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C",
    "--root",
    type=click.Path(path_type=Path),
    default=".",
    help="The folder of site.toml.",
    show_default=True,
)
@click.option(
    "-c",
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="Another file than site.toml in it.",
)
@click.option("-q", "quiet", is_flag=True, help="Only errors.")
@click.option("-v", "verbose", count=True, help="Say more: times, all problems; -vv: still more.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.version_option(__version__, prog_name="zstatic")
@click.pass_context
def cli(
    ctx: click.Context,
    root: Path,
    config_file: Path | None,
    quiet: bool,
    verbose: int,
    log_format: str,
    color: str,
) -> None:
    """Turn a Zotero library into a fast, searchable, static website."""
    terminal = Terminal(
        sys.stderr,
        verbosity=QUIET if quiet else NORMAL + verbose,
        as_json=log_format == "json",
        color=_uses_color(color),
    )
    if terminal.verbosity >= DEBUG:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s", handlers=[_Log(terminal)])
    if os.environ.get("ZOTERO_API_KEY", "").strip():
        # Before site.toml is read: its mistakes are told too.
        terminal.hide(os.environ["ZOTERO_API_KEY"].strip())
    ctx.obj = Session(root, _config_path(root, config_file), terminal, os.environ)


class _Log(logging.Handler):
    """What libraries log, through the terminal: it hides secrets and does not tear the progress bar."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        self.terminal.write(self.format(record), least=DEBUG, level=record.levelname.lower())


def _config_path(root: Path, file: Path | None) -> Path | None:
    """First from where the command was called, as any path on a command line; then from the site's folder."""
    if file is None or (not file.exists() and (root / file).exists()):
        return file
    return file.absolute()


def _uses_color(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


_pass_session = click.make_pass_decorator(Session)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
_full_option = click.option(
    "--full", is_flag=True, help="Compare every record with Zotero, not only what changed."
)
_strict_option = click.option(
    "--strict", is_flag=True, help="Publish nothing if there are problems (exit code 6)."
)
_shrink_option = click.option(
    "--allow-shrink", is_flag=True, help="Publish this once although much would vanish from the site."
)
_exposed_option = click.option(
    "--allow-exposed", is_flag=True, help="Publish this once although what was left out before would appear."
)


# --- A new site


@cli.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--library", metavar="ID-or-URL", help="Which library, e.g. groups/2348869 or its address.")
@click.option("--github", "with_github", is_flag=True, help="Also a workflow that publishes on GitHub Pages.")
@click.option("--yes", is_flag=True, help="Ask nothing, take the defaults.")
@_pass_session
def init(session: Session, folder: Path | None, library: str | None, with_github: bool, yes: bool) -> None:
    """Start the folder of a new site.

    Writes its files into DIR; those that are there already are kept.
    """
    from zstatic import init as new_site

    folder = folder or session.root
    asks = sys.stdin.isatty() and not yes and not (folder / "site.toml").exists()
    answers = new_site.Answers(library=parse_library(library) if library else None)
    if asks:
        answers = _ask(answers)
    done = new_site.write_files(folder, new_site.plan_files(answers, with_github))
    named = new_site.named_libraries(folder)
    for path in done.written:
        click.echo(f"wrote {folder / path}")
    for path in done.kept:
        click.echo(f"kept  {folder / path}")
    for line in new_site.missing_ignores(folder):
        session.terminal.write(f"Please add this line to {folder / '.gitignore'}: {line}")
    if answers.library and answers.library.id not in named:
        already = f"already names {', '.join(named)}" if named else "is there already"
        session.terminal.write(f"{folder / 'site.toml'} {already}; --library was not used.")
    if answers.library and "site.toml" in done.written:
        for line in _pasted(answers.library):
            session.terminal.write(line)
    part = bool(answers.library and answers.library.collection and "site.toml" in done.written)
    for line in _next_steps(folder, new_site.UNKNOWN_LIBRARY in named, with_github, part):
        session.terminal.write(line)


def _ask(answers: "Answers") -> "Answers":
    if answers.library is None:
        answers = replace(
            answers,
            library=click.prompt(
                "Which Zotero library? (its address on zotero.org, or groups/… or users/… and the number)",
                value_proc=_prompted_library,
                err=True,
            ),
        )
    return replace(
        answers,
        title=click.prompt("What shall the site be called?", default=answers.title, err=True),
        publish_files=click.confirm(
            "PDFs and other files may be attached to the items. Shall every visitor be able to open them?"
            " (Say no if you may not publish them.)",
            default=True,
            err=True,
        ),
    )


def _prompted_library(text: str) -> LibraryAddress:
    try:
        return parse_library(text)
    except ConfigError as error:
        # click shows this and asks again.
        raise click.UsageError(error.message) from None


def _pasted(library: LibraryAddress) -> Iterator[str]:
    """What became of the parts of a library that a pasted address shows."""
    if library.collection:
        yield (
            f"The address shows the collection {library.collection}, so only what is in it or below it "
            f'becomes public: collections = ["{library.collection}"] under [select]. '
            'With mirror = "collections" under [[library]], too, nothing else is fetched.'
        )
    if library.also:
        yield (
            f"The address also shows {' and '.join(library.also)}; that was passed over. "
            "The settings under [select] say what becomes public."
        )


def _next_steps(folder: Path, needs_library: bool, with_github: bool, part: bool) -> Iterator[str]:
    """part: the address says which part of the library is meant."""
    if not part:
        yield (
            "All of the library becomes public but what site.toml leaves out; a build says how much that is."
        )
    if needs_library:
        yield f"Next: write the id of your library into {folder / 'site.toml'}."
    yield f"Then: `{_command(folder)} build`, and `{_command(folder)} serve` to look at it."
    if with_github:
        yield (
            "On GitHub: create the repository, choose Settings > Pages > Source: GitHub Actions, then push "
            "this folder."
        )
        yield (
            "For a private library, before the push: Settings > Secrets and variables > Actions > "
            "New repository secret, with the name ZOTERO_API_KEY."
        )


@cli.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default="zstatic-demo")
@click.option("--no-serve", is_flag=True, help="Only build.")
@_full_option
@_strict_option
@_shrink_option
@_exposed_option
@_pass_session
def demo(
    session: Session,
    folder: Path,
    no_serve: bool,
    full: bool,
    strict: bool,
    allow_shrink: bool,
    allow_exposed: bool,
) -> None:
    """Build the sample library's site and show it.

    It goes into DIR, or into the folder zstatic-demo here.
    """
    from zstatic import init as new_site
    from zstatic import pipeline
    from zstatic.sample.server import serve_sample

    new_site.write_demo(folder)
    with serve_sample() as api_url:
        config = new_site.demo_config(folder, session.environ.get("ZSTATIC_BASE_URL", ""), api_url)
        with _outputs(session, config):
            report = pipeline.build(
                config,
                session.terminal,
                full=full,
                strict=strict,
                allow_shrink=allow_shrink,
                allow_exposed=allow_exposed,
            )
    here = Session(folder, None, session.terminal, session.environ)
    _finish_build(here, config, report)
    if report.problems:
        session.terminal.write(
            "The sample has problems on purpose, to show how they are told; the site is whole."
        )
    if not no_serve:
        _preview(here, Serving(any_port=True), report.problems)


# --- Sync and build


@cli.command()
@click.option("--offline", is_flag=True, help="Use only what was fetched before; ask Zotero nothing.")
@_full_option
@_strict_option
@_shrink_option
@_exposed_option
@click.option("--base-url", default="", metavar="URL", help="The address where the site will stand.")
@click.option("--no-search", is_flag=True, help="Leave the search out.")
@click.option("--profile", is_flag=True, help="Say how long each part took.")
@_json_option
@_pass_session
def build(
    session: Session,
    offline: bool,
    full: bool,
    strict: bool,
    allow_shrink: bool,
    allow_exposed: bool,
    base_url: str,
    no_search: bool,
    profile: bool,
    as_json: bool,
) -> None:
    """Fetch what changed in Zotero and make the site.

    With its pages, its search and the files that are published. A build that fails leaves the site of last
    time.
    """
    config = session.config(base_url)
    from zstatic import pipeline

    if not offline:
        _refuse_demo(session, config)
    with _outputs(session, config):
        report = pipeline.build(
            config,
            session.terminal,
            offline=offline,
            full=full,
            with_search=not no_search,
            strict=strict,
            allow_shrink=allow_shrink,
            allow_exposed=allow_exposed,
        )
    _finish_build(session, config, report, profile=profile, as_json=as_json)


@cli.command()
@click.argument("what", type=click.Choice(list(SYNC_PARTS)), default="everything")
@_full_option
@click.option(
    "--verify", is_flag=True, help="Compare with the complete library; read all stored files again."
)
@_json_option
@_pass_session
def sync(session: Session, what: str, full: bool, verify: bool, as_json: bool) -> None:
    """Only fetch what changed in Zotero.

    Everything, or only the records ("cache"), or only the files ("attachments"). The site stays as it is.
    """
    config = session.config()
    from zstatic import pipeline

    _refuse_demo(session, config)
    with _outputs(session, config):
        reports = pipeline.sync(config, session.terminal, full=full, verify=verify, parts=SYNC_PARTS[what])
    _print_problems(session, config, [problem for report in reports for problem in report.problems])
    _print_lines(session, summarize_sync(reports))
    if as_json:
        _print_json(session, {"libraries": [_plain(report) for report in reports]})


@cli.command()
@_json_option
@_pass_session
def index(session: Session, as_json: bool) -> None:
    """Only make the search of the site anew.

    From what was fetched before; pages of which there is a newer state follow.
    """
    config = session.config()
    from zstatic import pipeline

    report = pipeline.index(config, session.terminal)
    items = sum(library.items for library in report.libraries)
    session.terminal.write(f"Search: {items:,} items indexed")
    _finish_build(session, config, report, as_json=as_json)


@contextmanager
def _outputs(session: Session, config: Config) -> Iterator[None]:
    """Tell GitHub Actions where the site is and whether the mirror is worth keeping.

    It is, incomplete or not, unless it is itself what failed: the next run goes on from it.
    """
    sound = False
    try:
        yield
        sound = True
    except ProblemsFound as error:
        sound = True
        _print_problems(session, config, error.problems, least=QUIET)
        if github.is_actions(session.environ):
            told = list_problems(error.problems)
            github.append_summary(session.environ, map(session.terminal.redact, told))
        raise
    except GuardError as error:
        sound = True
        raise _for_reader(session, config, error) from None
    except (ApiError, ThemeError, BadPath, SearchError, KeyboardInterrupt):
        sound = True
        raise
    finally:
        sound = sound and (config.state / "mirror").is_dir()
        site = os.path.relpath(config.output)
        github.write_outputs(session.environ, {"mirror-sound": str(sound).lower(), "site": site})


def _for_reader(session: Session, config: Config, error: GuardError) -> GuardError:
    """With the titles of what was held back, where nobody but the one at the terminal reads them."""
    if not sys.stderr.isatty() or session.environ.get("CI") or github.is_actions(session.environ):
        return error
    from zstatic import upkeep

    return error.with_titles(upkeep.read_titles(config, [Problem("", place, "") for place in error.untitled]))


def _finish_build(
    session: Session,
    config: Config,
    report: "BuildReport",
    *,
    profile: bool = False,
    as_json: bool = False,
) -> None:
    _print_problems(session, config, report.problems)
    if profile or session.terminal.verbosity >= VERBOSE:
        for phase, seconds in report.seconds.items():
            session.terminal.write(
                f"{phase}: {show_seconds(seconds)}", least=QUIET, phase=phase, seconds=seconds
            )
    lines = summarize_build(
        report, os.path.relpath(config.output), f"`{_command(session.root)} serve` shows it."
    )
    _print_lines(session, lines)
    if github.is_actions(session.environ):
        told = [*lines, *list_problems(report.problems)]
        github.append_summary(session.environ, map(session.terminal.redact, told))
    if as_json:
        _print_json(session, {"changed": report.changed, "path": str(config.output), **_plain(report)})


def _refuse_demo(session: Session, config: Config) -> None:
    """Raise ConfigError for the demo's site: the server that it names runs only within `zstatic demo`."""
    from zstatic.init import is_demo

    if is_demo(config):
        folder = shlex.quote(str(session.root))
        raise ConfigError(
            f"{config.root} holds the sample library, which only `zstatic demo` can fetch.",
            f"Run: zstatic demo {folder}; or, to start a site of your own: zstatic init FOLDER",
        )


def _command(root: Path) -> str:
    """How to call the program for a site, from here."""
    return "zstatic" if root == Path() else f"zstatic -C {shlex.quote(str(root))}"


def _print_problems(
    session: Session, config: Config, problems: Sequence[Problem], least: int = NORMAL
) -> None:
    """least: the verbosity from which on they are shown."""
    for line in _problem_lines(session, config, problems):
        said = f"{session.terminal.paint('Problem:', 'yellow')} {line}"
        session.terminal.write(said, least=least, level="warning")


def _problem_lines(session: Session, config: Config, problems: Sequence[Problem]) -> Iterator[str]:
    from zstatic import upkeep

    # The log of a public repository is public, and a problem may be about an item that is not.
    titles = {} if github.is_actions(session.environ) else upkeep.read_titles(config, problems)
    return list_problems(problems, titles, every=session.terminal.verbosity >= VERBOSE)


def _print_lines(session: Session, lines: Iterable[str]) -> None:
    for line in lines:
        session.terminal.write(line)


def _print_json(session: Session, report: Mapping[str, object]) -> None:
    click.echo(session.terminal.redact(json.dumps(report, ensure_ascii=False, default=str)))


def _plain(value: object) -> Any:
    """Dataclasses, mappings and sequences as what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


# --- The preview


@dataclass(frozen=True, slots=True)
class Serving:
    """The options of `serve`. any_port: take another port when that one is taken."""

    host: str = "127.0.0.1"
    port: int = 8000
    any_port: bool = False
    opens: bool = False
    syncs: bool = False


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one.")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.option("--sync", "syncs", is_flag=True, help="Fetch what changed in Zotero first.")
@_pass_session
def serve(session: Session, host: str, port: int, opens: bool, syncs: bool) -> None:
    """Show the site on this computer.

    It follows changes of site.toml, content/ and theme/; Ctrl-C stops it. The guards stop no preview: what
    a build would stop for is told as a problem.
    """
    _preview(session, Serving(host, port, opens=opens, syncs=syncs))


def _preview(session: Session, serving: Serving, told: tuple[Problem, ...] = ()) -> None:
    """told: problems that stand on the screen already."""
    config = session.config()
    from zstatic import pipeline
    from zstatic.serve import Preview, Site, base_path, open_server, watch

    if serving.syncs:
        _refuse_demo(session, config)
    preview = Preview(Site(config.output, base_path(config.site.base_url)))

    def rebuild(changed: tuple[Path, ...]) -> None:
        nonlocal told
        try:
            now = session.config()
            report = pipeline.build(now, session.terminal, offline=True, preview=True)
        except Exception as error:
            # Shown in the page, until the next change makes a build that succeeds.
            message, hint, code = explain(error)
            session.terminal.fail(message, hint, exit_code=code)
            said = session.terminal.redact(f"{message}\n{hint}".strip())
            preview.show(replace(preview.site, error=said))
        else:
            if changed:
                names = [Path(os.path.relpath(path, now.root)).as_posix() for path in changed]
                session.terminal.write(describe_rebuild(names, report.site.written, report.site.removed))
            if report.problems != told:
                _print_problems(session, now, report.problems)
                told = report.problems
            preview.show(Site(now.output, base_path(now.site.base_url)))

    with open_server(preview, serving.host, serving.port, serving.any_port) as server:
        if serving.syncs:
            pipeline.sync(config, session.terminal)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        session.terminal.write(
            f"The site is at {server.url} (stop with Ctrl-C).", least=QUIET, url=server.url
        )
        if serving.opens:
            webbrowser.open(server.url)
        settings = config.root / (session.config_file or "site.toml")
        watched = [settings, *(config.root / name for name in ("content", "theme", "themes"))]
        try:
            watch(lambda: watched, rebuild, threading.Event())
        except KeyboardInterrupt:
            # The usual end of a preview, yet with the code that every program has for it.
            session.terminal.write("Stopped.", least=QUIET)
            raise click.exceptions.Exit(INTERRUPTED) from None


# --- Looking and cleaning


@cli.command()
@click.argument("what", type=click.Choice(["cache", "index", "attachments", "output", "everything"]))
@click.option("--yes", is_flag=True, help="Do not ask.")
@_pass_session
def clean(session: Session, what: str, yes: bool) -> None:
    """Delete what can be made or fetched again."""
    config = session.config()
    from zstatic import upkeep

    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError("clean asks before it deletes, and nobody is here to answer.", "Add --yes.")
        click.confirm(f"Delete {what} of {config.root}?", abort=True, err=True)
    for path in upkeep.clean(config, what):
        click.echo(f"deleted {os.path.relpath(path)}")


@cli.command()
@_json_option
@_pass_session
def status(session: Session, as_json: bool) -> None:
    """Say how fresh the site is and what is wrong."""
    config = session.config()
    from zstatic import upkeep

    found = upkeep.read_status(config)
    if as_json:
        _print_json(session, _plain(found))
        return
    for line in describe_status(found):
        click.echo(line)
    problems = [problem for library in found.libraries for problem in library.problems]
    for line in _problem_lines(session, config, [*problems, *found.problems]):
        click.echo(f"Problem: {line}")


@cli.command()
@_json_option
@_pass_session
def collections(session: Session, as_json: bool) -> None:
    """List the collections with their keys.

    For collections and exclude_collections in site.toml.
    """
    config = session.config()
    from zstatic import upkeep

    trees = upkeep.read_collections(config)
    if as_json:
        _print_json(session, _plain(trees))
        return
    for library, rows in trees.items():
        if len(trees) > 1:
            click.echo(library)
        for row in rows:
            click.echo(f"{row.key}  {'  ' * row.depth}{row.name} ({show_count(row.items, 'item')})")
        if not rows:
            session.terminal.write(
                f"No collections of {library} have been fetched. `zstatic sync cache` fetches them."
            )


@cli.command("config")
@click.option("--defaults", is_flag=True, help="Every setting with its meaning and default.")
@_pass_session
def show_config(session: Session, defaults: bool) -> None:
    """Show all settings and where each comes from."""
    from zstatic.reference import describe_config, describe_defaults

    click.echo(describe_defaults() if defaults else describe_config(session.config()), nl=False)


@cli.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True
)
@_pass_session
def check(session: Session, form: str) -> None:
    """Look for dead links, items without title or date, doubles.

    In the site as it was last built; also whether the host takes it ([deploy] host). Ends with 6 if anything
    is found.
    """
    config = session.config()
    from zstatic import pipeline

    found = pipeline.check(config, session.terminal)
    if form == "json":
        _print_json(session, {"findings": _plain(found)})
    elif form == "github":
        for line in github.warnings([problem_line(problem) for problem in found]):
            click.echo(session.terminal.redact(line))
    else:
        for line in _problem_lines(session, config, found):
            click.echo(session.terminal.redact(line))
    session.terminal.write(f"Found: {len(found):,}" if found else "Found: nothing to mend")
    if found:
        raise click.exceptions.Exit(PROBLEMS)


@cli.command("explain")
@click.argument("path")
@_json_option
@_pass_session
def explain_path(session: Session, path: str, as_json: bool) -> None:
    """Say why a file of the site would be made anew.

    PATH is that of the file, e.g. items/ABCD2345/index.html, or the address of its page. Nothing is changed.
    """
    config = session.config()
    from zstatic import pipeline

    found = pipeline.explain(config, _path_in_site(config, path))
    if as_json:
        _print_json(session, _plain(found))
        return
    for line in describe_explanation(found):
        click.echo(line)


def _path_in_site(config: Config, path: str) -> str:
    """The path in the site that an address, a file on this computer or a path in the site means."""
    if config.site.base_url and path.startswith(config.site.base_url):
        return path.removeprefix(config.site.base_url).partition("#")[0]
    here = Path(path).absolute()
    if here.is_relative_to(config.output.absolute()):
        return here.relative_to(config.output.absolute()).as_posix().removeprefix(".")
    return path.removeprefix("./").lstrip("/")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands.

    For bash, add to ~/.bashrc: eval "$(zstatic completion bash)"
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made
    click.echo(made(cli, {}, "zstatic", "_ZSTATIC_COMPLETE").source())


def main() -> None:
    cli(prog_name="zstatic")

"""A few answers -> the files of a new site's folder, or of the demo's. Never overwrites anything."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from zstatic import __version__
from zstatic.config import Config, load_config
from zstatic.errors import ConfigError
from zstatic.mirror import FORMAT
from zstatic.reference import describe_start
from zstatic.values import LibraryAddress

# What the workflow of a user's repository runs; the one of this project's demo differs in these alone.
PACKAGE = f"zstatic=={__version__}"
COMMAND = "build"

UNKNOWN_LIBRARY = "groups/NUMBER"
_DEMO_SERVER = "http://127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a new site needs to know. library: None = to be filled in by hand."""

    title: str = "My bibliography"
    library: LibraryAddress | None = None
    publish_files: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """Paths inside the folder. written: new. kept: were there already."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def plan_files(answers: Answers, github: bool) -> Mapping[str, str]:
    """The files of a new site: path -> text."""
    planned = {
        "site.toml": site_toml(answers),
        ".gitignore": _template("gitignore"),
        "content/index.md": _template("index.md"),
        "content/about.md": _template("about.md"),
    }
    if github:
        planned[".github/workflows/zstatic.yml"] = workflow()
    return planned


def write_files(folder: Path, planned: Mapping[str, str]) -> Written:
    """Write those that do not exist yet."""
    written: list[str] = []
    kept: list[str] = []
    for path, text in planned.items():
        file = folder / path
        try:
            (written if _write_new(file, text) else kept).append(path)
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {error.strerror}.") from None
    return Written(tuple(written), tuple(kept))


def named_libraries(folder: Path) -> tuple[str, ...]:
    """The ids in a folder's site.toml, whatever else may be wrong with it; () where they cannot be read."""
    try:
        tables = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8-sig")).get("library", [])
        return tuple(str(table["id"]) for table in tables)
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def missing_ignores(folder: Path) -> tuple[str, ...]:
    """The lines that an own .gitignore lacks: without them the API key may end up in a repository."""
    own = {line.strip() for line in (folder / ".gitignore").read_text(encoding="utf-8").splitlines()}
    wanted = [line for line in _template("gitignore").splitlines() if not line.startswith("#")]
    return tuple(line for line in wanted if not own & {line, line.strip("/"), line[1:], line.rstrip("/")})


def site_toml(answers: Answers) -> str:
    library = answers.library or LibraryAddress(UNKNOWN_LIBRARY)
    return describe_start(
        {
            ("site", "title"): answers.title,
            ("library", "id"): library.id,
            ("select", "collections"): (library.collection,) if library.collection else (),
            ("attachments", "publish"): "all" if answers.publish_files else "none",
        }
    )


def workflow(package: str = PACKAGE, site: str = ".", command: str = COMMAND) -> str:
    """The GitHub workflow that builds and publishes a site.

    package: what pip installs. site: folder of site.toml in the repository. command: of zstatic, that builds.
    """
    text = _template("workflow.yml")
    for name, value in (("PACKAGE", package), ("SITE", site), ("COMMAND", command), ("FORMAT", str(FORMAT))):
        text = text.replace(f"@{name}@", value)
    return text


def write_demo(folder: Path) -> Written:
    """Write the sample library's site; a folder with another site in it is refused."""
    file = folder / "site.toml"
    if file.exists() and _DEMO_SERVER not in file.read_text(encoding="utf-8", errors="replace"):
        raise ConfigError(
            f"{folder} holds a site of its own.", "Name a new folder for the demo: zstatic demo FOLDER"
        )
    return write_files(folder, dict(_demo_files()))


def is_demo(config: Config) -> bool:
    """Whether a site is the demo's, and the server that it names is not there."""
    return all(library.api_url == _DEMO_SERVER for library in config.libraries)


def demo_config(folder: Path, base_url: str, api_url: str) -> Config:
    """The demo's settings, with the address its server has got this time."""
    config = load_config(folder, None, {"ZSTATIC_BASE_URL": base_url})
    return replace(
        config,
        libraries=tuple(replace(library, api_url=api_url) for library in config.libraries),
        api_key=None,
    )


def _demo_files() -> Iterator[tuple[str, str]]:
    source = Path(str(files("zstatic"))) / "sample" / "site"
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8")
        if file.name == "site.toml":
            # Whole after the demo too: `zstatic serve` and `build --offline` read the same mirror.
            note = "# the server that `zstatic demo` starts; it runs no longer than that"
            text = text.replace("[[library]]\n", f'[[library]]\napi_url = "{_DEMO_SERVER}" {note}\n')
        yield file.relative_to(source).as_posix(), text
    yield ".gitignore", _template("gitignore")


def _write_new(file: Path, text: str) -> bool:
    """False: it is there already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        return False
    return True


def _template(name: str) -> str:
    return (files("zstatic") / "new" / name).read_text(encoding="utf-8")

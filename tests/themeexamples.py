"""The examples in the default theme's README, put to work."""

from __future__ import annotations

import re
from pathlib import Path

from builders import make_collection, make_item
from sitepages import Site, site, site_config
from viewreference import README

_EXAMPLE = re.compile(r"^`(theme/[\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples() -> dict[str, str]:
    """File -> what the README writes into it, in its order."""
    return dict(_EXAMPLE.findall(README.read_text("utf-8")))


def example(root: Path, name: str) -> Site:
    """A small site with the README's example of this file."""
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(examples()[name], "utf-8")
    items = [make_item("AAAA2222", title="First", collections=["CCCC2222"]), make_item("BBBB2222")]
    return site(*items, collections=[make_collection("CCCC2222")], config=site_config(root))

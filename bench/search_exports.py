"""Exporting everything that a search found: `python bench/search_exports.py [SIZE]`.

The search page of a library of SIZE items (10,000), generated from the real records in `../shared`, in a
real Chromium: all its works with a year are saved in each format. What is saved is read by a strict reader
and compared, work by work, with what the program exports.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Response

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/browser")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

from browsing import running_chromium, serving  # noqa: E402
from builders import StubMirror, recorded_mirror  # noqa: E402
from realistic import realistic  # noqa: E402
from search_known import context_of  # noqa: E402
from sitepages import write_folder  # noqa: E402
from strictparsers import read_bibtex, read_csljson, read_ris  # noqa: E402

from zstatic.exports import FORMATS, Format  # noqa: E402
from zstatic.pages.context import Context  # noqa: E402

READERS = {"bibtex": read_bibtex, "ris": read_ris, "csljson": read_csljson}


def exports_of(items: list[Any]) -> dict[str, dict[str, str]]:
    """Format -> key -> text, as Zotero gives it with an item."""
    texts = {name: {raw["key"]: raw[name] for raw in items if name in raw} for name in FORMATS}
    return texts | {"csljson": {key: json.dumps(one) for key, one in texts["csljson"].items()}}


def expected(ctx: Context, each: Format) -> str:
    """What the program exports of all works with a year."""
    parts = dict(each.parts([entry.item for entry in ctx.items]))
    texts = [text for place, text in parts.items() if ctx.items[place].item.date.year is not None]
    return each.HEAD + each.BETWEEN.join(texts) + each.TAIL


def main() -> None:
    size = int(sys.argv[1]) if sys.argv[1:] else 10_000
    content, _ = realistic(SHARED, size)
    items = content["items"]
    mirror = StubMirror(*items, exports=exports_of(items), schema=recorded_mirror(SHARED, "group-1").schema())
    ctx = context_of(mirror)
    with running_chromium() as browser, tempfile.TemporaryDirectory() as top:
        site = Path(top) / "site"
        write_folder(ctx, site, Path(top) / "work")
        with serving(site) as address:
            page = browser.new_page()
            answers: list[Response] = []
            page.on("response", lambda answer: answers.append(answer))
            page.set_default_timeout(120_000)
            page.goto(f"{address}search/?q=year:1..2100")
            page.get_by_text("Export all").click()
            for name, each in FORMATS.items():
                answers.clear()
                start = time.perf_counter()
                with page.expect_download() as download:
                    page.get_by_role("button", name=each.LABEL, exact=True).click()
                text = Path(download.value.path()).read_bytes().decode()
                seconds = time.perf_counter() - start
                read, wanted = (
                    [repr(one) for one in READERS[name](each_text)]
                    for each_text in (text, expected(ctx, each))
                )
                assert len(read) == len(wanted) > size / 2, name
                assert sorted(read) == sorted(wanted), name
                megabytes = f"{len(text) / 1e6:.1f}"
                print(f"| {each.LABEL} | {len(read):,} | {megabytes} | {len(answers)} | {seconds:.1f} |")


if __name__ == "__main__":
    main()

"""How often a reader who knows of a work finds it: `python bench/search_known.py [SIZE]`.

Both libraries in `../shared` whole, and SIZE items (10,000) generated from them, in a real Chromium.
For each kind of question: how many were asked, in how many the work came first, in how many after none
but works that the query fits as well (generated ones share titles), and in how many among the first 20.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/browser")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

from builders import StubMirror, recorded_mirror  # noqa: E402
from knownitem import KINDS, SETUP, answers, questions, write_searchable  # noqa: E402
from realistic import realistic  # noqa: E402
from sitepages import site_config  # noqa: E402

from zstatic.library import read_library  # noqa: E402
from zstatic.pages.context import Context, make_context  # noqa: E402
from zstatic.schema import Schema  # noqa: E402
from zstatic.selection import select  # noqa: E402

AT_MOST = 500


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


def contexts(sizes: list[int]) -> Iterator[tuple[str, Context]]:
    schema = None
    for name in ("group-1", "user-1001"):
        mirror = recorded_mirror(SHARED, name)
        schema = schema or mirror.schema()
        yield name, context_of(mirror)
    for size in sizes:
        content, _ = realistic(SHARED, size)
        yield f"{size:,} generated", context_of(StubMirror(*content["items"], schema=schema))


def context_of(mirror: StubMirror) -> Context:
    config = site_config()
    library = select(read_library(mirror, config, config.libraries[0]), config.libraries[0].select)
    return make_context([library], config, Schema.from_json(mirror.schema(), "en"), {}, ())


def main() -> None:
    sizes = [int(each) for each in sys.argv[1:] if int(each)] if sys.argv[1:] else [10_000]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as top:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        for number, (name, ctx) in enumerate(contexts(sizes)):
            folder = Path(top) / str(number)
            script = write_searchable(ctx, folder / "site", folder / "work")
            server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "site")))
            Thread(target=server.serve_forever, daemon=True).start()
            root = f"http://127.0.0.1:{server.server_address[1]}/"
            page = browser.new_page()
            page.goto(root)
            page.evaluate(SETUP, [root, script])
            print(f"\n{name}: {len(ctx.items):,} items", flush=True)
            for kind in KINDS:
                asked = list(questions(ctx, kind))
                asked = asked[:: max(1, len(asked) // AT_MOST)]
                found = page.evaluate(
                    "([queries]) => window.firstOfAll(queries, 20)", [[one.text for one in asked]]
                )
                known = list(answers(ctx, asked, found))
                first = sum(one.place == 1 for one in known)
                alike = sum(one.place - 1 == one.alike for one in known if one.place)
                shown = sum(one.place > 0 for one in known)
                shares = " | ".join(f"{number / len(known):.1%}" for number in (first, alike, shown))
                print(f"| {kind} | {len(known):,} | {shares} |", flush=True)
            page.close()
            server.shutdown()
        browser.close()


if __name__ == "__main__":
    main()

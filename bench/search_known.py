"""How often a reader who knows of a work finds it: `python bench/search_known.py [SIZE [SEED]]`.

Both libraries in `../shared` whole, and two of SIZE items (10,000) made from them: one repeats real works
with other people, in the other titles and people are shuffled. In a real Chromium; other seeds ask for
other words, of other works where there are too many. For each kind of question: how many were asked; in
how many the work came first; of how many no other work has all that was asked, and in how many of those
it came first; in how many it came first or after none but works that have all of it as well; in how many
among the first 20.
"""

import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/browser")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

from browsing import running_chromium, serving  # noqa: E402
from builders import StubMirror, recorded_mirror  # noqa: E402
from knownitem import KINDS, SETUP, Answer, answers, questions, write_searchable  # noqa: E402
from realistic import mixed, realistic  # noqa: E402
from sitepages import site_config  # noqa: E402

from zstatic.library import read_library  # noqa: E402
from zstatic.pages.context import Context, make_context  # noqa: E402
from zstatic.schema import Schema  # noqa: E402
from zstatic.selection import select  # noqa: E402

AT_MOST = 1000


def contexts(size: int) -> Iterator[tuple[str, Context]]:
    schema = None
    for name in ("group-1", "user-1001"):
        mirror = recorded_mirror(SHARED, name)
        schema = schema or mirror.schema()
        yield name, context_of(mirror)
    if size:
        for name, make in (("generated", realistic), ("mixed", mixed)):
            content, _ = make(SHARED, size)
            yield f"{size:,} {name}", context_of(StubMirror(*content["items"], schema=schema))


def context_of(mirror: StubMirror) -> Context:
    config = site_config()
    library = select(read_library(mirror, config, config.libraries[0]), config.libraries[0].select)
    return make_context([library], config, Schema.from_json(mirror.schema(), "en"), {}, ())


def counted(known: list[Answer]) -> list[str]:
    alone = [one for one in known if one.alone]

    def share(those: list[Answer], of: list[Answer]) -> str:
        return f"{len(those) / len(of):.1%}" if of else "–"

    return [
        f"{len(known):,}",
        share([one for one in known if one.place == 1], known),
        f"{len(alone):,}",
        share([one for one in alone if one.place == 1], alone),
        share([one for one in known if one.is_first], known),
        share([one for one in known if one.place], known),
    ]


def main() -> None:
    size = int(sys.argv[1]) if sys.argv[1:] else 10_000
    seed = sys.argv[2] if sys.argv[2:] else "known items"
    with running_chromium() as browser, tempfile.TemporaryDirectory() as top:
        for number, (name, ctx) in enumerate(contexts(size)):
            folder = Path(top) / str(number)
            script = write_searchable(ctx, folder / "site", folder / "work")
            with serving(folder / "site") as root:
                page = browser.new_page()
                page.goto(root)
                page.evaluate(SETUP, [root, script])
                print(f"\n{name}: {len(ctx.items):,} items", flush=True)
                for kind in KINDS:
                    asked = list(questions(ctx, kind, seed))
                    asked = random.Random(seed).sample(asked, min(len(asked), AT_MOST))
                    found = page.evaluate(
                        "([queries]) => window.firstOfAll(queries, 20)", [[one.text for one in asked]]
                    )
                    print(f"| {kind} | {' | '.join(counted(list(answers(ctx, asked, found))))} |", flush=True)
                page.close()


if __name__ == "__main__":
    main()

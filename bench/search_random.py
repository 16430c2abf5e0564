"""Random queries, held against a model of what the search help says: `python bench/search_random.py [N]`.

N queries (1,000) each to a site of two made libraries and to a real one of `../shared`, in a real
Chromium, half of them with filters, in each order in turn: items found, their order and the counts of
facets must be those of the model. And as many others to the same sites with an index in several parts, as
large libraries have. Prints how often each operator, field, facet and order was asked for with results.
"""

import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/browser")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

from browsing import running_chromium, serving  # noqa: E402
from builders import recorded_mirror  # noqa: E402
from search_known import context_of  # noqa: E402
from searching import in_parts  # noqa: E402
from test_search_language import Asker, compare, open_index, synthetic  # noqa: E402


def main() -> None:
    number = int(sys.argv[1]) if sys.argv[1:] else 1000
    seen: Counter[str] = Counter()
    contexts = {"made": synthetic(Path(__file__)), "group-1": context_of(recorded_mirror(SHARED, "group-1"))}
    with running_chromium() as browser, tempfile.TemporaryDirectory() as top, ExitStack() as servers:

        def serve(folder: Path) -> str:
            return servers.enter_context(serving(folder))

        for name, ctx in contexts.items():
            page = open_index(ctx, Path(top) / name, serve, browser)
            seen += compare(Asker(ctx, f"bench {name}"), page, number)
            with in_parts(60):
                page = open_index(ctx, Path(top) / f"{name} in parts", serve, browser)
            seen += compare(Asker(ctx, f"bench {name} in parts"), page, number)
    print(f"{4 * number} queries, none wrong; {seen.pop('with results') / 4 / number:.0%} with results")
    for kind, times in seen.most_common():
        print(f"| {kind} | {times} |")


if __name__ == "__main__":
    main()

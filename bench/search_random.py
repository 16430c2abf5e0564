"""Random queries, held against a model of what the search help says: `python bench/search_random.py [N]`.

N queries (500) each to a real library of `../shared`, its notes included, and to a site of two made ones, in
a real Chromium, half of them with filters, in each order in turn: items found, their order and the counts
of facets must be those of the model. And as many others to the same sites with an index in several parts, as
large libraries have. Prints how often each kind of word, place, operator, facet, filter and order was asked
for with results, and fails if one was so less than N / 5 times, or less than 80 % of all had results.
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
from searching import in_parts  # noqa: E402
from test_search_language import Asker, compare, open_index, real, synthetic  # noqa: E402


def main() -> None:
    number = int(sys.argv[1]) if sys.argv[1:] else 500
    seen: Counter[str] = Counter()
    # What the real one lacks is made up for by the others, which have all there is.
    contexts = {"group-1": real(SHARED), "made": synthetic(Path(__file__))}
    with running_chromium() as browser, tempfile.TemporaryDirectory() as top, ExitStack() as servers:

        def serve(folder: Path) -> str:
            return servers.enter_context(serving(folder))

        for name, ctx in contexts.items():
            asker = Asker(ctx, f"bench {name}", seen)
            compare(asker, open_index(ctx, Path(top) / name, serve, browser), number)
            with in_parts(60):
                page = open_index(ctx, Path(top) / f"{name} in parts", serve, browser)
            compare(asker, page, number)
    share = seen["with results"] / 4 / number
    print(f"{4 * number} queries, none wrong; {share:.0%} with results")
    for group, kinds in asker.kinds.items():
        print(f"| {group} | {', '.join(f'{kind} {seen[kind]}' for kind in kinds)} |")
    rare = [kind for kinds in asker.kinds.values() for kind in kinds if seen[kind] < number / 5]
    if rare:
        sys.exit(f"Fewer than {number / 5:.0f} with results: {', '.join(rare)}")
    if share < 0.8:
        sys.exit("Less than 80 % with results")


if __name__ == "__main__":
    main()

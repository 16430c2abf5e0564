"""Kill real builds at random moments: `python bench/kills.py [KILLS] [SEED]`; see `tests/kills.py`."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def main(kills: int = 200, seed: int = 1) -> None:
    from kills import kill_builds

    with tempfile.TemporaryDirectory() as folder:
        tally = kill_builds(kills, Path(folder), seed)
    print(tally)
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Play any number of histories of a library: `python bench/histories.py [N] [SEED]`.

Each is a series of edits, syncs, faults, losses and kills, and ends with a calm sync after which the mirror
must equal the server (`tests/histories.py`). Counted: what was fetched though it was here, and requests that
began while the server had asked to wait; both must be none.
"""

import sys
import time
from dataclasses import fields
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from histories import Histories, Tally, playing  # noqa: E402
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings  # noqa: E402


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    start, cpu = time.perf_counter(), time.process_time()
    tally = Tally()
    with playing(tally):
        seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)(Histories.TestCase)
        Histories.TestCase.settings = settings(
            max_examples=number,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            # What fails is shown as it is: shrinking it is for the tests.
            phases=[Phase.generate],
            verbosity=Verbosity.normal,
        )
        Histories.TestCase("runTest").debug()
    for field in fields(tally):
        value = getattr(tally, field.name)
        print(f"{field.name}: {len(value) if isinstance(value, list) else value}")
    print(f"seconds: {time.perf_counter() - start:.0f}, of CPU {time.process_time() - cpu:.0f}")


if __name__ == "__main__":
    main()

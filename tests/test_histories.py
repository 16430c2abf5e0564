"""Whatever happens to a library, to the network and to the process, a calm sync ends equal to the server."""

import sys
from pathlib import Path

from histories import Histories, Tally, playing
from hypothesis import HealthCheck, settings


def test_mirror_equals_the_server_after_any_history() -> None:
    tally = Tally()
    with playing(tally):
        Histories.TestCase.settings = settings(
            max_examples=60,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        )
        Histories.TestCase("runTest").debug()
    assert tally.histories >= 60 and tally.kills > 5 and tally.faults > 5


def test_every_mistake_that_histories_must_find_can_still_be_made() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
    from mutants import MISTAKES, ROOT

    for name, text, other in MISTAKES.values():
        source = (ROOT / "zstatic" / name).read_text("utf-8")
        assert source.count(text) == 1, text
        compile(source.replace(text, other), name, "exec")

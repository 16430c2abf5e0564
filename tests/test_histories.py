"""Whatever happens to a library, to the network and to the process, a calm sync ends equal to the server."""

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

"""Whatever kills a build, whenever: the site is the old or the new one, and the next build completes."""

from pathlib import Path

from kills import kill_builds


def test_a_killed_build_leaves_the_old_site_or_the_new_one(tmp_path: Path) -> None:
    tally = kill_builds(8, tmp_path, seed=3)
    assert tally.wrong == []
    assert tally.kills == 8

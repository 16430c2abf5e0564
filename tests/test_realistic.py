"""Generated libraries are the same in every run and grow like real ones."""

from pathlib import Path
from typing import Any

import requests
from fakezotero import FakeZotero
from realistic import realistic


def distinct_tags(content: dict[str, Any]) -> int:
    return len({tag["tag"] for item in content["items"] for tag in item["data"].get("tags", ())})


def test_it_is_the_same_in_every_run(shared: Path) -> None:
    assert realistic(shared, 50) == realistic(shared, 50)


def test_keys_are_distinct_and_versions_count_up(shared: Path) -> None:
    content, files = realistic(shared, 1500)
    keys = [found["key"] for found in [*content["items"], *content["collections"]]]
    versions = [item["version"] for item in content["items"]]
    assert len(set(keys)) == len(keys)
    assert versions == sorted(versions)
    assert files.keys() == content["files"].keys() == content["fulltext"].keys()


def test_tags_grow_more_slowly_than_items(shared: Path) -> None:
    small, large = (distinct_tags(realistic(shared, size)[0]) for size in (1200, 2400))
    assert 1.2 < large / small < 2


def test_it_can_be_served(shared: Path, fake: FakeZotero) -> None:
    library = fake.add_content(*realistic(shared, 40))
    listed = requests.get(f"{fake.url}/{library.id}/items/top?format=versions").json()
    assert len(listed) == 40

"""The package's own server answers what a sync asks for. (Its likeness to Zotero's: test_fakezotero.py.)"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from fakelibrary import FakeLibrary

from zstatic.sample.server import serving

SCHEMA = {"version": 41, "itemTypes": []}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    files = tmp_path_factory.mktemp("files")
    library = FakeLibrary("groups/5", "Sample")
    collection = library.add_collection("Shelf")
    work = library.add_item(
        "AAAAAAAA", title="First", creators=["Doe, Jane"], date="2001", collections=[collection]
    )
    file = library.add_attachment(work, b"%PDF", key="BBBBBBBB")
    library.set_fulltext(file, "words")
    library.items[work]["bibs"] = {"vancouver": "<div>Doe J.</div>"}
    (files / file).write_bytes(b"%PDF")
    with serving(content_of(library), files, SCHEMA) as url:
        yield url


def content_of(library: FakeLibrary) -> dict[str, Any]:
    return {
        "library": library.prefix,
        "version": library.version,
        "style": "apa",
        "items": list(library.items.values()),
        "collections": list(library.collections.values()),
        "searches": [],
        "settings": {},
        "deleted": {"items": ["CCCCCCCC"], "collections": [], "searches": [], "tags": [], "settings": []},
        "fulltext_versions": library.fulltext_versions,
        "fulltext": library.fulltext,
        "files": {key: {"status": 302, "headers": headers} for key, headers in library.file_headers.items()},
    }


def test_it_lists_versions_of_everything(base: str) -> None:
    items = requests.get(f"{base}/groups/5/items?format=versions&includeTrashed=1")
    assert items.json().keys() == {"AAAAAAAA", "BBBBBBBB"}
    assert items.headers["Zotero-Schema-Version"] == "41"
    assert len(requests.get(f"{base}/groups/5/collections?format=versions").json()) == 1
    assert requests.get(f"{base}/groups/5/fulltext?since=0").json().keys() == {"BBBBBBBB"}
    assert requests.get(f"{base}/groups/5/deleted?since=0").json()["items"] == ["CCCCCCCC"]
    assert requests.get(f"{base}/groups/5/settings").json() == {}
    assert requests.get(f"{base}/groups/5/searches").json() == []


def test_nothing_new_is_304_without_a_version(base: str) -> None:
    url = f"{base}/groups/5/items?format=versions"
    version = requests.get(url).headers["Last-Modified-Version"]
    unchanged = requests.get(url, headers={"If-Modified-Since-Version": version})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert "Last-Modified-Version" not in unchanged.headers


def test_it_gives_each_stored_style_and_refuses_others(base: str) -> None:
    url = f"{base}/groups/5/items?itemKey=AAAAAAAA&include=bib&style="
    assert requests.get(url + "vancouver").json()[0]["bib"] == "<div>Doe J.</div>"
    assert "Doe" in requests.get(url + "apa").json()[0]["bib"]
    assert requests.get(url + "nosuchstyle").status_code == 500


def test_it_gives_files_by_way_of_another_host(base: str) -> None:
    url = f"{base}/groups/5/items/BBBBBBBB/file"
    redirect = requests.get(url, allow_redirects=False)
    assert redirect.headers["Zotero-File-Size"] == "4"
    assert not redirect.headers["Location"].startswith(base)
    assert (
        requests.get(redirect.headers["Location"], headers={"Authorization": "Bearer x"}).status_code == 400
    )
    assert requests.get(url, headers={"Authorization": "Bearer x"}).content == b"%PDF"


def test_it_describes_its_group_and_the_schema(base: str) -> None:
    assert requests.get(f"{base}/groups/5").json()["data"]["name"] == "Sample"
    assert requests.get(f"{base}/schema").json() == SCHEMA


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/groups/6/items", 404),
        ("/groups/5/items/ZZZZZZZZ", 404),
        ("/groups/5/items/AAAAAAAA/file", 400),
        ("/groups/5/items?since=abc", 400),
        ("/keys/current", 403),
        ("/", 404),
    ],
)
def test_it_refuses_as_zotero_does(base: str, path: str, status: int) -> None:
    assert requests.get(base + path).status_code == status


def test_it_only_reads(base: str) -> None:
    written = requests.post(f"{base}/groups/5/items", data=json.dumps([{}]))
    assert written.status_code == 405


def test_it_answers_head_without_a_body(base: str) -> None:
    head = requests.head(f"{base}/groups/5/items")
    assert (head.headers["Total-Results"], head.content) == ("2", b"")


def test_it_is_gone_when_the_block_ends(tmp_path: Path) -> None:
    with requests.Session() as kept_alive:
        with serving(content_of(FakeLibrary("groups/5", "Empty")), tmp_path, SCHEMA) as url:
            assert kept_alive.get(f"{url}/groups/5/items").json() == []
        with pytest.raises(requests.ConnectionError):
            kept_alive.get(f"{url}/groups/5/items")

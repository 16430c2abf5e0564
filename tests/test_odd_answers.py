"""Whatever a server answers, in whatever shape, a run ends well or with an error that readers understand."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakezotero import FakeZotero
from histories import Stage, Tally, ram, watched_mirrors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirrors import Mirrored, hurried_api
from oddities import ODDITIES, Oddity, fill

from zstatic.api import Api, RequestFailed, may_download
from zstatic.config import LibraryConfig, SearchRules, Secret, SelectRules
from zstatic.errors import ApiError, Problem, ZstaticError
from zstatic.library import read_library
from zstatic.mirror import open_mirror
from zstatic.patience import wait_seconds
from zstatic.progress import silent
from zstatic.sample.answers import JSON_TYPE, Request, Response
from zstatic.schema import Schema
from zstatic.selection import select
from zstatic.sync import sync_libraries

SECRET = Secret("reader")

# --- any shape for any question

EXAMPLES = int(os.environ.get("ZSTATIC_ODDITIES", "100"))


def sync(stage: Stage, *oddities: Oddity, **how: Any) -> None:
    def spoil(request: Request, response: Response) -> Response:
        for oddity in oddities:
            response = oddity.spoil(request, response)
        return response

    stage.wire.begin({})
    stage.wire.spoil = spoil
    open_api, now = stage.wire.open_api, stage.wire.time.clock
    sync_libraries(stage.config, silent, open_api=open_api, now=now, **how)


def read(stage: Stage) -> None:
    """Read all of the mirror, as a build does."""
    for library in stage.config.libraries:
        with open_mirror(stage.config, library) as mirror:
            select(read_library(mirror, stage.config, library), library.select)
            Schema.from_json(mirror.schema(), "de")
            assert mirror.problems() is not None


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(oddities=ODDITIES, before=st.booleans(), partial=st.booleans())
def test_any_answer_ends_in_an_error_that_is_understood_and_leaves_nothing_behind(
    oddities: list[Oddity], before: bool, partial: bool
) -> None:
    with tempfile.TemporaryDirectory(dir=ram()) as folder, watched_mirrors():
        stage = Stage(Path(folder), Tally())
        if partial:
            rules = SelectRules(collections=("Papers",))
            library = replace(stage.config.libraries[0], mirror="collections", select=rules)
            stage.config = replace(stage.config, libraries=(library,))
        fill(stage)
        if before:
            sync(stage)
            stage.library.add_item(title="New", collections=sorted(stage.library.collections)[:1])
        try:
            sync(stage, *oddities)
        except ZstaticError as error:
            assert error.message
        read(stage)
        sync(stage, full=True)
        read(stage)
        with open_mirror(stage.config, stage.config.libraries[0]) as mirror:
            assert mirror.problems() == ()
            if partial:
                here = {key: each["data"] for key, each in mirror.objects("items")}
                there = {key: each["data"] for key, each in stage.library.items.items()}
                assert here == {key: fields for key, fields in there.items() if key in here}
                assert len(here) >= 4
            else:
                stage.compare(mirror)
            assert mirror.library_name == "A group"


# --- by name


@pytest.fixture
def api(fake: FakeZotero) -> Iterator[Api]:
    fake.add_library("groups/7").add_item("ABCD2345", title="One")
    with hurried_api(fake.url) as api:
        yield api


def odd(fake: FakeZotero, when: str, content: Any, **headers: str) -> None:
    lines = {"Content-Type": JSON_TYPE, "Last-Modified-Version": "5", **headers}
    fake.answer_with(when, json.dumps(content).encode(), lines, times=None)


@pytest.mark.parametrize(
    "version", ["abc", "-5", "", "9" * 30, "9" * 5000, "1.5", "٣", "0x10", "1 2"], ids=lambda text: text[:9]
)
def test_version_that_is_none_is_no_answer(version: str, api: Api, fake: FakeZotero) -> None:
    odd(fake, "/items", {}, **{"Last-Modified-Version": version.encode().decode("latin-1")})
    with pytest.raises(RequestFailed):
        api.item_versions("groups/7", 0)


@pytest.mark.parametrize("total", ["", "abc", "-1", "9" * 5000])
def test_total_that_is_none_is_not_told(total: str, api: Api, fake: FakeZotero) -> None:
    odd(fake, "/items", {}, **{"Total-Results": total})
    assert api.item_count("groups/7").total == -1


def test_304_that_nobody_asked_for_is_no_answer(api: Api, fake: FakeZotero) -> None:
    fake.refuse("/items", 304, times=None)
    with pytest.raises(RequestFailed, match="nothing changed"):
        api.item_versions("groups/7", 0)
    assert api.item_versions("groups/7", 5, 5) is None


@pytest.mark.parametrize("data", [[], None, "text", {"name": 5}, {"name": None}, {}])
def test_group_of_an_odd_shape_is_no_answer(data: Any, api: Api, fake: FakeZotero) -> None:
    odd(fake, "/groups/7", {"id": 7, "data": data})
    with pytest.raises(RequestFailed):
        api.group("groups/7")


@pytest.mark.parametrize("content", [[], None, "text", 5])
def test_key_of_an_odd_shape_is_no_answer(content: Any, fake: FakeZotero) -> None:
    fake.add_library("groups/7")
    odd(fake, "/keys/current", content)
    fake.add_key("reader", user=1)
    with (
        hurried_api(fake.url, SECRET) as api,
        pytest.raises(RequestFailed),
    ):
        _ = api.permissions


@pytest.mark.parametrize("deleted", [[], {}, {"items": 5}, {"items": [["A"]]}, {"items": {"A": 1}}])
def test_deletions_of_an_odd_shape_are_no_answer(deleted: Any, api: Api, fake: FakeZotero) -> None:
    odd(fake, "/deleted", deleted)
    with pytest.raises(RequestFailed):
        api.deleted_items("groups/7", 3)


def test_pages_that_go_round_in_circles_end(api: Api, fake: FakeZotero) -> None:
    for number in range(1, 40):
        link = f'<{fake.url}/groups/7/items/ABCD2345/children?start={number + 1}>; rel="next"'
        headers = {"Content-Type": JSON_TYPE, "Last-Modified-Version": "5", "Link": link}
        body = json.dumps([{"key": "NOTE2345", "version": 1, "data": {}}]).encode()
        fake.answer_with("/children", body, headers)
    with pytest.raises(RequestFailed, match="circles"):
        api.children("groups/7", "ABCD2345")
    assert len(fake.log) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_of_anything_but_a_file_is_not_followed(status: int, api: Api, fake: FakeZotero) -> None:
    elsewhere = f"{fake.storage_url}/groups/7/items"
    fake.refuse("/items", status, headers={"Location": elsewhere}, times=None)
    with pytest.raises(ApiError, match=str(status)):
        api.item_versions("groups/7", 0)
    assert not any(logged.storage for logged in fake.log)


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        "/relative",
        "//127.0.0.1/x",
        "http://[::1",
        "http://127.0.0.1:99999999/x",
        "http://a..b/\x7f",
        "https://" + "a" * 300 + "/x",
        "https://example..invalid/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.org/x",
    ],
)
def test_file_at_an_address_that_is_none_is_one_problem(
    location: str | None, fake: FakeZotero, tmp_path: Path
) -> None:
    library = fake.add_library("groups/7", "A group")
    book = library.add_item(title="Book")
    key = library.add_attachment(book, b"%PDF-1.7 one")
    fake.add_key("reader", user=1)
    site = Mirrored(tmp_path, fake, "groups/7", api_key=SECRET)
    headers = {} if location is None else {"Location": location}
    fake.refuse(f"{key}/file", 302, headers=headers, times=None)
    (problem,) = site.sync().problems
    assert problem.code in ("file-missing", "file-unreachable")
    assert problem.where == f"groups/7/items/{key}"
    fake.calm()
    library.add_item(title="Another")
    assert site.sync().problems == ()


@pytest.mark.parametrize("status", [301, 302, 307])
def test_storage_that_redirects_is_not_followed(status: int, fake: FakeZotero, tmp_path: Path) -> None:
    library = fake.add_library("groups/7", "A group")
    library.add_attachment(None, b"%PDF-1.7 one")
    fake.add_key("reader", user=1)
    site = Mirrored(tmp_path, fake, "groups/7", api_key=SECRET)
    fake.refuse("/zotero-storage", status, headers={"Location": f"{fake.storage_url}/zotero-storage/x"})
    assert [problem.code for problem in site.sync().problems] == ["file-missing"]
    assert sum(logged.storage for logged in fake.log) == 1


@given(url=st.text(max_size=30), scheme=st.sampled_from(("http://", "https://", "file://", "//", "")))
def test_any_address_is_judged(url: str, scheme: str) -> None:
    assert may_download(scheme + url, "https://api.zotero.org") in (True, False)


DATE_PARTS = st.sampled_from(
    ("Fri,", "31", "Feb", "20", "Nov", "99999999999", "0", "18:14:08", "GMT", "-0000")
)


@given(text=st.one_of(st.text(max_size=30), st.lists(DATE_PARTS, max_size=7).map(" ".join)))
def test_any_waiting_time_is_read(text: str) -> None:
    for date in ("", text):
        seconds = wait_seconds(text, date)
        assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        ({"data": {"collections": 5}}, "collections"),
        ({"data": {"tags": "x"}}, "tags"),
        ({"data": []}, "data"),
        ({"data": None}, "data"),
    ],
)
def test_item_of_an_odd_shape_is_one_problem_that_names_the_field(
    odd: Any, field: str, fake: FakeZotero, tmp_path: Path
) -> None:
    library = fake.add_library("groups/7", "A group")
    good, bad = library.add_item(title="Good"), library.add_item(title="Bad")
    site = Mirrored(tmp_path, fake, LibraryConfig("groups/7"), search=SearchRules())
    site.sync()
    library.edit_item(bad, extra="edited")
    data = {**library.items[bad]["data"], **odd["data"]} if odd["data"] else odd["data"]
    body = json.dumps([{**library.items[bad], "data": data}]).encode()
    lines = {"Content-Type": JSON_TYPE, "Last-Modified-Version": str(library.version)}
    fake.answer_with("include=data", body, lines, times=None)
    assert site.sync().problems == (
        Problem(
            "item-unreadable",
            f"groups/7/items/{bad}",
            f"Zotero sent this item in a form that zstatic cannot read (field '{field}'); "
            "it is left out for now.",
        ),
    )
    assert site.items() == {good}
    fake.calm()
    assert site.sync().problems == ()
    assert site.items() == {good, bad}


@pytest.mark.parametrize("asked", ["groups/7", "users/7", "users/7/publications"])
@pytest.mark.parametrize(
    "told", [{"type": "group", "id": 8}, {"type": "user", "id": 8}, {"type": "x", "id": 7}]
)
def test_answer_of_another_library_is_refused_and_not_stored(
    asked: str, told: dict[str, Any], fake: FakeZotero, tmp_path: Path
) -> None:
    library = fake.add_library(asked.removesuffix("/publications"), "Ours")
    library.public = True
    key = library.add_item(title="Theirs", inPublications=True)
    library.items[key]["library"] = told
    site = Mirrored(tmp_path, fake, asked)
    with pytest.raises(
        ApiError, match=r"127\.0\.0\.1 was asked for .*/7 and answered with another library"
    ) as failure:
        site.sync()
    assert "api_url" in failure.value.hint and "proxy" in failure.value.hint
    assert site.items() == set()


def test_description_of_another_group_is_refused(fake: FakeZotero, tmp_path: Path) -> None:
    fake.add_library("groups/7", "Ours")
    theirs = {"id": 8, "version": 1, "data": {"id": 8, "name": "Theirs"}}
    fake.answer_with(lambda r: r.path == "/groups/7", json.dumps(theirs).encode(), times=None)
    with pytest.raises(ApiError, match="asked for groups/7 and answered with another library"):
        Mirrored(tmp_path, fake, "groups/7").sync()


def test_zotero_desktop_may_know_its_own_library_by_another_number(tmp_path: Path) -> None:
    with FakeZotero(desktop="one") as fake:
        library = fake.add_library("users/0", "Mine")
        key = library.add_item(title="Book")
        library.items[key]["library"] = {"type": "user", "id": 4711, "name": "Mine"}
        site = Mirrored(tmp_path, fake, "users/0")
        site.sync()
        assert site.items() == {key}

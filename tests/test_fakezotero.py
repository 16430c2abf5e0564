"""The fake server answers as Zotero's own does: recorded exchanges replayed, then each trap by itself."""

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero

RECORDED_AT = "1599"
RECORDED_HOST = "http://127.0.0.1:8090"
HEADERS = (
    "Backoff",
    "Content-Encoding",
    "Content-Type",
    "Last-Modified-Version",
    "Link",
    "Retry-After",
    "Total-Results",
    "Zotero-API-Version",
    "Zotero-File-Compressed",
    "Zotero-File-MD5",
    "Zotero-File-Modification-Time",
    "Zotero-File-Size",
    "Zotero-Schema-Version",
)

# What the fake does not answer as recorded, and why. The lists are exact: a stale entry fails too.
NOT_MATCHED = {
    "items_accept_atom_gets_atom": "only the media type is Atom's: enough to notice a client that asks",
    "items_format_atom": "Atom is never asked for",
    "items_format_bib": "format=bib is never asked for: citations come with include=bib",
    "items_format_biblatex": "BibLaTeX is never asked for, and the libraries hold none",
    "items_format_csv": "CSV is never asked for",
    "items_format_mods": "MODS is never asked for",
    "items_format_rdf_zotero": "RDF is never asked for",
    "items_format_refer": "Refer is never asked for",
    "items_format_tei": "TEI is never asked for",
    "items_format_wikipedia": "Wikipedia templates are never asked for",
    "items_include_bib_linkwrap_locale": "needs a CSL processor: the libraries hold citations in APA only",
    "items_q_everything": "the site searches by itself; q= is never asked for",
    "items_sort_title_asc": "needs the collation of Zotero's database; sort=title is never asked for",
    "tags_page": "tags come with the items; /tags is never asked for, and its order is not known",
}
OTHERS_NOT_MATCHED = {
    "auth_failures_429": "a test of its own below: it takes six bad keys",
    "bad_param_itemType_400": "itemType= is never asked for",
    "concurrency_limit_429": "a test of its own below: it takes six requests at once",
    "file_view_redirect_302": "/file/view is never asked for",
    "file_view_url": "/file/view/url is never asked for",
    "group_single_anonymous": "the group's own description is not in the shared library",
    "groups_list": "three of the four groups are not in the shared libraries",
    "groups_list_anonymous": "two of the three groups are not in the shared libraries",
    "groups_versions": "three of the four groups are not in the shared libraries",
    "items_format_bib_limit_400": "format=bib is never asked for",
    "items_format_bib_over_150_413": "format=bib is never asked for",
    "items_format_bib_unknown_style": "format=bib is never asked for; include=bib is tested below",
    "single_item_format_bib": "format=bib is never asked for",
    "single_item_schema_version_29_header": "Zotero-Schema-Version is never sent",
    "tags_format_versions_500": "/tags is never asked for",
}
# How the moment of a recording comes about.
ARRANGED: dict[str, Callable[[FakeZotero], None]] = {
    "backoff_header_200": lambda zotero: zotero.add_headers("", {"Backoff": "5"}),
    "backoff_header_304": lambda zotero: zotero.add_headers("", {"Backoff": "5"}),
    "maintenance_503": lambda zotero: zotero.maintenance(),
    "rate_limit_429": lambda zotero: zotero.limit_rate(),
}


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[str, Any]:
    """Every recorded exchange by name."""
    files = sorted((shared / "zotero-api" / "recorded").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}


@pytest.fixture(scope="module")
def as_recorded(shared: Path) -> Iterator[FakeZotero]:
    """The shared libraries as they were when the exchanges were recorded; read only."""
    with FakeZotero() as zotero:
        user = zotero.load(shared / "zotero-api" / "libraries" / "user-1001")
        # The delete log names no versions; the recordings place the items before the rest.
        user.deleted["items"] = dict.fromkeys(user.deleted["items"], 1593)
        group = zotero.load(shared / "zotero-api" / "libraries" / "group-1")
        group.members = {1001, 1002}
        zotero.add_key("RW1001ZoteroLocalKey0001", 1001, write=True)
        zotero.add_key("RO1001ZoteroLocalKey0002", 1001)
        zotero.add_key("NN1001ZoteroLocalKey0003", 1001, notes=False)
        zotero.add_key("NL1001ZoteroLocalKey0005", 1001, library=False)
        zotero.add_key("RW1002ZoteroLocalKey0006", 1002)
        zotero.add_key("RW1003ZoteroLocalKey0007", 1003)
        yield zotero


def is_of_the_74(exchange: Any) -> bool:
    asked = exchange["request"]
    version = dict(exchange["response"]["headers"]).get("Last-Modified-Version")
    return asked["method"] == "GET" and "/users/1001/" in asked["url"] and version == RECORDED_AT


def is_other_reading(exchange: Any) -> bool:
    asked = exchange["request"]
    served = re.match(
        rf"{RECORDED_HOST}/(users/1001|groups/1|groups/99|users/abc|users/777777|keys)\b", asked["url"]
    )
    return asked["method"] in ("GET", "HEAD") and bool(served) and not is_of_the_74(exchange)


def differences(zotero: FakeZotero, name: str, exchange: Any) -> list[str]:
    """Replay an exchange and name what differs."""
    asked, expected = exchange["request"], exchange["response"]
    zotero.calm()
    zotero.bad_keys = 0
    if name in ARRANGED:
        ARRANGED[name](zotero)
    unasked = {"Accept-Encoding": None, "Accept": None, "User-Agent": None}
    url = asked["url"].replace(RECORDED_HOST, zotero.url)
    got = requests.request(
        asked["method"], url, headers={**unasked, **asked["headers"]}, allow_redirects=False
    )
    wanted = dict(expected["headers"])
    found = [] if got.status_code == expected["status"] else ["status"]
    found += [h for h in HEADERS if without_host(got.headers.get(h, "")) != without_host(wanted.get(h, ""))]
    media_type = wanted.get("Content-Type", "")
    same = read_body(got.text, media_type) == read_body(text_of(expected), media_type)
    return found if same else [*found, "body"]


def text_of(expected: Any) -> str:
    if "body_base64" in expected:
        return gzip.decompress(base64.b64decode(expected["body_base64"])).decode()
    return str(expected["body"])


def read_body(text: str, media_type: str) -> Any:
    try:
        return json.loads(without_host(text)) if media_type.endswith("json") else without_host(text)
    except ValueError:
        return text


def without_host(text: str) -> str:
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://zotero", text)


def test_the_74_recorded_answers_come_out_but_for_those_named(
    as_recorded: FakeZotero, recorded: dict[str, Any]
) -> None:
    chosen = {name: exchange for name, exchange in recorded.items() if is_of_the_74(exchange)}
    found = {name: differences(as_recorded, name, exchange) for name, exchange in chosen.items()}
    assert len(chosen) == 74
    assert {name: why for name, why in found.items() if why}.keys() == NOT_MATCHED.keys(), found


def test_other_recorded_answers_come_out_but_for_those_named(
    as_recorded: FakeZotero, recorded: dict[str, Any]
) -> None:
    chosen = {name: exchange for name, exchange in recorded.items() if is_other_reading(exchange)}
    found = {name: differences(as_recorded, name, exchange) for name, exchange in chosen.items()}
    assert {name: why for name, why in found.items() if why}.keys() == OTHERS_NOT_MATCHED.keys(), found


def test_files_come_from_another_host_that_refuses_a_key(
    as_recorded: FakeZotero, recorded: dict[str, Any]
) -> None:
    asked = {"Authorization": "Bearer RW1001ZoteroLocalKey0001"}
    redirect = requests.get(
        f"{as_recorded.url}/users/1001/items/DPJEVURP/file", headers=asked, allow_redirects=False
    )
    with_key = requests.get(redirect.headers["Location"], headers=asked)
    without_key = requests.get(redirect.headers["Location"])
    followed = requests.get(f"{as_recorded.url}/users/1001/items/DPJEVURP/file", headers=asked)
    assert redirect.headers["Location"].startswith(as_recorded.storage_url)
    assert (with_key.status_code, with_key.text) == (
        400,
        recorded["file_s3_with_authorization_header_400"]["response"]["body"],
    )
    assert without_key.content == base64.b64decode(
        recorded["file_s3_download_200"]["response"]["body_base64"]
    )
    assert without_key.headers["Content-Type"] == "application/pdf"
    assert followed.content == without_key.content


# --- the traps, on a small library


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    return fake.add_library("groups/7", "Small")


@pytest.fixture
def get(fake: FakeZotero, library: FakeLibrary) -> Callable[..., Any]:
    """Read a path of the library as JSON."""

    def read(path: str, **query: Any) -> Any:
        answer = requests.get(f"{fake.url}{library.prefix}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


def test_every_change_raises_the_version_by_one(library: FakeLibrary) -> None:
    key = library.add_item(title="One")
    library.edit_item(key, title="Two")
    library.add_collection("Three")
    library.set_setting("tagColors", [])
    assert (library.version, library.items[key]["version"]) == (4, 2)


def test_a_trashed_item_is_listed_only_with_the_trash(library: FakeLibrary, get: Callable[..., Any]) -> None:
    key = library.add_item(title="Gone")
    child = library.add_note(key, "stays listed")
    since = library.version
    library.trash_item(key)
    assert get("items", format="versions", since=since) == {}
    assert get("items", format="versions", since=since, includeTrashed=1) == {key: since + 1}
    assert get("items", format="versions") == {child: 2}
    assert get("deleted", since=0)["items"] == []
    assert get(f"items/{key}")["data"]["deleted"] == 1
    library.restore_item(key)
    assert get("items", format="versions", since=since) == {key: since + 2}
    assert "deleted" not in get(f"items/{key}")["data"]


def test_deleting_a_collection_leaves_its_items_at_their_version(
    library: FakeLibrary, get: Callable[..., Any]
) -> None:
    parent = library.add_collection("Parent")
    child = library.add_collection("Child", parent)
    key = library.add_item(title="In both", collections=[parent, child])
    since = library.version
    library.delete_collection(parent)
    assert get("items", format="versions", since=since) == {}
    assert get(f"items/{key}")["data"]["collections"] == []
    assert get("collections", format="versions") == {}
    assert get("deleted", since=since)["collections"] == [parent]


def test_a_trashed_collection_stays_in_the_list(library: FakeLibrary, get: Callable[..., Any]) -> None:
    key = library.add_collection("Old")
    library.trash_collection(key)
    assert [found["data"]["deleted"] for found in get("collections")] == [True]
    library.restore_collection(key)
    assert "deleted" not in get(f"collections/{key}")["data"]


def test_deleting_an_item_lists_its_children_until_one_comes_back(
    library: FakeLibrary, get: Callable[..., Any]
) -> None:
    key = library.add_item(title="Parent")
    attachment = library.add_attachment(key, b"%PDF")
    annotation = library.add_item(itemType="annotation", parentItem=attachment)
    library.delete_item(key)
    assert get("deleted", since=0)["items"] == sorted([key, attachment, annotation])
    library.add_item(key, title="Again")
    assert get("deleted", since=0)["items"] == sorted([attachment, annotation])


def test_full_text_raises_the_library_version_only(library: FakeLibrary, get: Callable[..., Any]) -> None:
    key = library.add_attachment(None, b"%PDF")
    since = library.version
    library.set_fulltext(key, "words")
    assert library.version == since + 1
    assert get("items", format="versions", since=since) == {}
    assert get("fulltext", since=since) == {key: since + 1}
    assert get(f"items/{key}/fulltext")["content"] == "words"
    library.delete_item(key)
    assert get("fulltext", since=0) == {key: since + 1}


def test_counts_follow_without_new_versions(library: FakeLibrary, get: Callable[..., Any]) -> None:
    collection = library.add_collection("Shelf")
    key = library.add_item(title="Book")
    library.move_item(key, collection)
    library.add_note(key, "note")
    assert get(f"collections/{collection}")["meta"] == {"numCollections": 0, "numItems": 1}
    assert get(f"collections/{collection}")["version"] == 1
    assert get(f"items/{key}")["meta"]["numChildren"] == 1


def test_counts_after_a_change_are_those_of_the_real_server(user1001: FakeLibrary) -> None:
    before = {
        key: dict(found["meta"]) for key, found in [*user1001.items.items(), *user1001.collections.items()]
    }
    user1001.add_item(title="Elsewhere")
    after = {**user1001.items, **user1001.collections}
    assert {key: after[key]["meta"] for key in before} == before


def test_a_new_file_has_its_own_md5_and_size(fake: FakeZotero, library: FakeLibrary) -> None:
    key = library.add_attachment(None, b"PK zipped", zipped=True, md5="0" * 32)
    fake.add_key("k", user=1)
    url = f"{fake.url}/groups/7/items/{key}/file"
    answer = requests.get(url, headers={"Authorization": "Bearer k"})
    headers = answer.history[0].headers
    assert (answer.content, headers["Zotero-File-Compressed"], headers["Zotero-File-Size"]) == (
        b"PK zipped",
        "Yes",
        "9",
    )
    library.put_file(key, b"other")
    assert requests.get(url, headers={"Authorization": "Bearer k"}).content == b"other"
    library.lose_file(key)
    assert requests.get(url, headers={"Authorization": "Bearer k"}).status_code == 404


def test_a_file_on_disk_is_sent_as_it_is(fake: FakeZotero, library: FakeLibrary, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 4096)
    key = library.add_attachment(None, large)
    fake.add_key("k", user=1)
    answer = requests.get(f"{fake.url}/groups/7/items/{key}/file", headers={"Authorization": "Bearer k"})
    assert answer.content == large.read_bytes()


def test_each_style_and_locale_cites_differently_and_an_unknown_one_is_500(
    fake: FakeZotero, library: FakeLibrary, get: Callable[..., Any]
) -> None:
    library.add_item(title="Cited", creators=["Doe, Jane"], date="2001")
    asked = [("apa", "en-US"), ("apa", "de-DE"), ("vancouver", "en-US"), ("ieee", "en-US")]
    given = {get("items", include="bib", style=style, locale=locale)[0]["bib"] for style, locale in asked}
    assert len(given) == len(asked)
    unknown = requests.get(f"{fake.url}/groups/7/items?include=bib&style=nosuchstyle")
    assert (unknown.status_code, unknown.text) == (500, "An error occurred")


def test_an_edit_leaves_alone_what_does_not_depend_on_it(group1: FakeLibrary) -> None:
    key = next(key for key, item in group1.items.items() if item["meta"].get("parsedDate"))
    before = group1.items[key]
    group1.edit_item(key, tags=["new"])
    after = group1.items[key]
    unmoved = ("meta", "bib", "citation", "csljson", "coins")
    assert [after[part] for part in unmoved] == [before[part] for part in unmoved]
    assert "new" in after["bibtex"]
    group1.edit_item(key, date="1777")
    assert group1.items[key]["meta"]["parsedDate"] == "1777"


def test_exports_follow_an_edit(library: FakeLibrary, get: Callable[..., Any]) -> None:
    key = library.add_item(title="Old", creators=["Doe, Jane"], date="2001", tags=["one"])
    library.edit_item(key, title="New", tags=["two"])
    item = get(f"items/{key}", include="data,bib,bibtex,ris,csljson")
    assert all("New" in str(item[part]) for part in ("data", "bib", "bibtex", "ris", "csljson"))
    assert "keywords = {two}" in item["bibtex"]
    assert "KW  - two" in item["ris"]


# --- who may read


def test_a_private_group_is_not_to_be_seen_without_its_key(fake: FakeZotero) -> None:
    group = fake.add_library("groups/3", "Team", public=False)
    group.members = {1001}
    fake.add_key("member", user=1001)
    fake.add_key("other", user=1002)
    fake.add_key("one-group", user=1001, groups=(4,))

    def status(path: str, key: str | None) -> int:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return requests.get(fake.url + path, headers=headers).status_code

    assert [status("/groups/3", key) for key in (None, "other", "one-group", "member")] == [
        404,
        404,
        404,
        200,
    ]
    assert [status("/groups/3/items", key) for key in (None, "other", "one-group", "member")] == [
        403,
        403,
        403,
        200,
    ]


def test_files_of_a_public_group_are_for_members(fake: FakeZotero, library: FakeLibrary) -> None:
    key = library.add_attachment(None, b"%PDF")
    library.members = {1}
    fake.add_key("member", user=1)
    fake.add_key("other", user=2)
    fake.add_key("no-files", user=1, files=False)
    url = f"{fake.url}/groups/7/items/{key}/file"
    keys = [{}, *({"Authorization": f"Bearer {name}"} for name in ("other", "no-files", "member"))]
    assert [requests.get(url, headers=headers).status_code for headers in keys] == [404, 404, 404, 200]


def test_after_six_bad_keys_good_ones_are_refused_too(fake: FakeZotero, library: FakeLibrary) -> None:
    fake.add_key("good", user=1)

    def read(key: str) -> requests.Response:
        return requests.get(f"{fake.url}/groups/7/items", headers={"Authorization": f"Bearer {key}"})

    assert [read("bad").status_code for _ in range(6)] == [403] * 6
    refused = read("good")
    assert (refused.status_code, refused.text) == (429, "Too many authentication failures")
    assert "Retry-After" not in refused.headers


def test_zotero_desktop_has_a_server_id_no_keys_and_no_delete_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"%PDF")
    with FakeZotero(desktop="one") as desktop:
        library = desktop.add_library("users/0")
        key = library.add_attachment(None, tmp_path / "file")
        items = requests.get(f"{desktop.url}/users/0/items?limit=1")
        redirect = requests.get(f"{desktop.url}/users/0/items/{key}/file", allow_redirects=False)
        assert desktop.url.endswith("/api")
        assert (items.headers["Zotero-Server-ID"], items.headers["Total-Results"]) == ("one", "1")
        assert redirect.headers["Location"] == (tmp_path / "file").as_uri()
        assert requests.get(f"{desktop.url}/users/0/deleted?since=0").status_code == 404


# --- trouble


def test_the_library_can_move_in_the_middle(fake: FakeZotero, library: FakeLibrary) -> None:
    fake.before(2, lambda: library.add_item(title="Late"))
    url = f"{fake.url}/groups/7/items?format=versions"
    versions = [requests.get(url).headers["Last-Modified-Version"] for _ in range(3)]
    assert versions == ["0", "1", "1"]


def test_trouble_hits_what_matches_and_only_so_often(fake: FakeZotero, library: FakeLibrary) -> None:
    fake.refuse("collections", 502, times=2)
    fake.add_headers("items", {"Backoff": "3"}, times=None)
    seen = [
        requests.get(f"{fake.url}/groups/7/{path}")
        for path in ("collections", "items", "collections", "collections")
    ]
    assert [answer.status_code for answer in seen] == [502, 200, 502, 200]
    assert [answer.headers.get("Backoff") for answer in seen] == [None, "3", None, None]
    assert [logged.status for logged in fake.log] == [502, 200, 502, 200]


def test_an_answer_can_break_off_or_never_come(fake: FakeZotero, library: FakeLibrary) -> None:
    url = f"{fake.url}/groups/7/collections"
    fake.drop("collections")
    with pytest.raises(requests.ConnectionError):
        requests.get(url)
    fake.truncate("collections", keep=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url)
    assert requests.get(url).json() == []


def test_more_than_five_requests_at_once_are_refused(fake: FakeZotero, library: FakeLibrary) -> None:
    fake.slow("", seconds=0.3, times=None)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(requests.get, [f"{fake.url}/groups/7/items"] * 6))
    assert fake.peak == 6
    assert {answer.status_code for answer in answers} == {200, 429}
    assert {answer.headers.get("Retry-After") for answer in answers} == {None, "22"}

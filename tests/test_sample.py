"""The bundled sample library: enough of everything, whole, true to its own files, and small."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

JSON = dict[str, Any]

FOLDER = Path(__file__).parent.parent / "zstatic" / "sample"
KEY = re.compile(r"[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}")
STYLES = ("apa", "modern-language-association", "chicago-author-date", "vancouver")
NOT_FIELDS = {"key", "version", "itemType", "creators", "tags", "collections", "relations", "deleted"}
NOT_FIELDS |= {"dateAdded", "dateModified"}
NOT_RECORDS = ("attachment", "note", "annotation")


@pytest.fixture(scope="module")
def content() -> JSON:
    loaded: JSON = json.loads((FOLDER / "library.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def schema() -> JSON:
    loaded: JSON = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def items(content: JSON) -> dict[str, JSON]:
    return {item["key"]: item for item in content["items"]}


@pytest.fixture(scope="module")
def records(items: dict[str, JSON]) -> list[JSON]:
    """The data of the regular items that are not in the trash."""
    data = [item["data"] for item in items.values()]
    return [one for one in data if one["itemType"] not in NOT_RECORDS and not one.get("deleted")]


def test_has_the_promised_variety(records: list[JSON]) -> None:
    languages = {record["language"] for record in records if record.get("language")}
    assert 60 <= len(records) <= 90
    assert len({record["itemType"] for record in records}) >= 20
    assert len(languages) >= 10
    assert {"ar", "fa", "he", "zh", "ja", "ko", "ru", "el"} <= languages


def test_shows_the_cases_that_are_hard_to_publish(items: dict[str, JSON], records: list[JSON]) -> None:
    everything = [item["data"] for item in items.values()]
    tags = [tag for one in everything for tag in one["tags"]]
    modes = Counter(one["linkMode"] for one in everything if one["itemType"] == "attachment")
    titles = " ".join(record.get("title", "") for record in records)
    assert any(one.get("deleted") for one in everything)
    assert {"imported_file", "linked_url", "linked_file"} <= set(modes)
    assert any(one.get("linkMode") == "imported_file" and one["md5"] is None for one in everything)
    assert any(tag.get("type") == 1 for tag in tags)
    assert any(tag["tag"].startswith("_") for record in records for tag in record["tags"])
    private = {one["itemType"] for one in everything if {"tag": "_private"} in one["tags"]}
    assert {"note", "attachment"} <= private
    assert any(one["itemType"] == "note" and "parentItem" not in one for one in everything)
    assert any(one["itemType"] == "attachment" and "parentItem" not in one for one in everything)
    assert any("dc:replaces" in one["relations"] for one in everything)
    assert any({"tag": "_cites"} in one["tags"] for one in everything if one["itemType"] == "note")
    assert all(markup in titles for markup in ("<i>", "<sub>", "<sup>", '<span class="nocase">'))
    assert any(not record["creators"] for record in records)
    assert any(len(record["creators"]) > 10 for record in records)
    assert any("name" in creator for record in records for creator in record["creators"])


def test_shows_dates_of_all_kinds(items: dict[str, JSON], records: list[JSON]) -> None:
    parsed = {record["key"]: items[record["key"]]["meta"].get("parsedDate", "") for record in records}
    dates = {record["key"]: record.get("date", "") for record in records}
    lengths = {len(date) for date in parsed.values()}
    assert {0, len("1999"), len("1999-12"), len("1999-12-31")} <= lengths
    assert any("BCE" in date for date in dates.values())
    assert any(re.fullmatch(r"\d{4}-\d{4}", date) for date in dates.values())
    assert any(date < "1000" for date in parsed.values() if date)
    assert any(not date for date in dates.values())
    assert all(re.fullmatch(r"(\d{4}(-\d\d(-\d\d)?)?)?", date) for date in parsed.values())


def test_keys_are_valid_and_unique(content: JSON) -> None:
    objects = content["items"] + content["collections"]
    keys = [one["key"] for one in objects]
    assert len(keys) == len(set(keys))
    assert all(KEY.fullmatch(key) for key in keys)
    assert all(one["key"] == one["data"]["key"] for one in objects)


def test_versions_are_below_the_library_version(content: JSON) -> None:
    objects = content["items"] + content["collections"]
    assert all(one["version"] == one["data"]["version"] for one in objects)
    parts = [one["version"] for one in objects]
    parts += list(content["fulltext_versions"].values())
    parts += [setting["version"] for setting in content["settings"].values()]
    assert max(parts) <= content["version"]


def test_every_reference_resolves(content: JSON, items: dict[str, JSON]) -> None:
    collections = {collection["key"]: collection["data"] for collection in content["collections"]}
    for item in items.values():
        assert item["data"].get("parentItem", item["key"]) in items
        assert set(item["data"].get("collections", ())) <= set(collections)
        assert set(related(item["data"])) <= set(items)
    parents = {data["parentCollection"] for data in collections.values()} - {False}
    assert parents <= set(collections)
    assert set(content["files"]) | set(content["fulltext"]) <= set(items)
    assert set(content["fulltext"]) == set(content["fulltext_versions"])


def related(data: JSON) -> list[str]:
    """The keys that an item names as related."""
    uris = data["relations"].get("dc:relation", [])
    return [uri.rsplit("/", 1)[1] for uri in ([uris] if isinstance(uris, str) else uris)]


def test_relations_stand_on_both_sides(items: dict[str, JSON]) -> None:
    pairs = {(key, other) for key, item in items.items() for other in related(item["data"])}
    assert pairs
    assert pairs == {(other, key) for key, other in pairs}


def test_no_relation_leads_to_the_trash(items: dict[str, JSON]) -> None:
    trashed = {key for key, item in items.items() if item["data"].get("deleted")}
    assert not trashed & {other for item in items.values() for other in related(item["data"])}


def test_collections_are_nested_three_deep_and_none_is_empty(content: JSON, records: list[JSON]) -> None:
    parents = {one["key"]: one["data"]["parentCollection"] for one in content["collections"]}

    def branch(key: str) -> list[str]:
        return [key, *(branch(parents[key]) if parents[key] else [])]

    assert max(len(branch(key)) for key in parents) == 3
    filled = {key for record in records for member in record["collections"] for key in branch(member)}
    assert filled == set(parents)


def test_counts_in_meta_are_right(content: JSON, items: dict[str, JSON]) -> None:
    children = Counter(item["data"]["parentItem"] for item in items.values() if "parentItem" in item["data"])
    live = [item["data"] for item in items.values() if not item["data"].get("deleted")]
    members = Counter(key for data in live for key in data.get("collections", ()))
    for key, item in items.items():
        if "numChildren" in item["meta"]:
            assert item["meta"]["numChildren"] == children[key]
    for collection in content["collections"]:
        assert collection["meta"]["numItems"] == members[collection["key"]]


def test_schema_knows_every_type_field_and_role(schema: JSON, items: dict[str, JSON]) -> None:
    types = {one["itemType"]: one for one in schema["itemTypes"]}
    for item in items.values():
        data = item["data"]
        known = types[data["itemType"]]
        roles = {role["creatorType"] for role in known["creatorTypes"]}
        assert {creator["creatorType"] for creator in data.get("creators", ())} <= roles
        if data["itemType"] not in NOT_RECORDS:
            assert set(data) - NOT_FIELDS == {field["field"] for field in known["fields"]}


def test_schema_has_a_label_for_everything_in_each_locale(schema: JSON) -> None:
    assert set(schema["locales"]) == {"en-US", "de", "fr", "es"}
    types = {one["itemType"] for one in schema["itemTypes"]}
    fields = {name for one in schema["itemTypes"] for field in one["fields"] for name in names(field)}
    roles = {role["creatorType"] for one in schema["itemTypes"] for role in one["creatorTypes"]}
    for labels in schema["locales"].values():
        assert types <= set(labels["itemTypes"])
        assert fields <= set(labels["fields"])
        assert roles <= set(labels["creatorTypes"])
        assert all(label for table in labels.values() for label in table.values())


def names(field: JSON) -> Iterator[str]:
    """A field's own name and its base field's."""
    return iter({field["field"], field.get("baseField", field["field"])})


def test_every_stored_file_is_described_and_matches(content: JSON, items: dict[str, JSON]) -> None:
    stored = {path.name: path.read_bytes() for path in (FOLDER / "files").iterdir()}
    assert set(stored) == set(content["files"])
    assert set(stored) == {key for key, item in items.items() if item["data"].get("md5")}
    for key, body in stored.items():
        headers, md5 = content["files"][key]["headers"], hashlib.md5(body).hexdigest()
        assert headers["Zotero-File-MD5"] == items[key]["data"]["md5"] == md5
        assert int(headers["Zotero-File-Size"]) == items[key]["links"]["enclosure"]["length"] == len(body)
        assert int(headers["Zotero-File-Modification-Time"]) == items[key]["data"]["mtime"]
        assert headers["Zotero-File-Compressed"] == "No"


def files_of(content: JSON, items: dict[str, JSON], media_type: str) -> dict[str, bytes]:
    keys = [key for key in content["files"] if items[key]["data"]["contentType"] == media_type]
    return {key: (FOLDER / "files" / key).read_bytes() for key in keys}


def test_pdfs_open_and_their_text_is_the_full_text(content: JSON, items: dict[str, JSON]) -> None:
    pdfs = files_of(content, items, "application/pdf")
    assert len(pdfs) >= 8
    for key, body in pdfs.items():
        document = pypdf.PdfReader(io.BytesIO(body))
        pages = [page.extract_text() for page in document.pages]
        assert len(pages) >= 2
        assert all(page.strip() for page in pages)
        assert document.metadata is not None
        assert document.metadata.title
        fulltext = content["fulltext"][key]
        assert fulltext["totalPages"] == fulltext["indexedPages"] == len(pages)
        assert words("".join(pages))[:40] == words(fulltext["content"])[:40]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_epub_and_images_are_what_they_say(content: JSON, items: dict[str, JSON]) -> None:
    epubs = files_of(content, items, "application/epub+zip")
    images = files_of(content, items, "image/png")
    assert epubs
    assert images
    for body in epubs.values():
        archive = zipfile.ZipFile(io.BytesIO(body))
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.read("mimetype") == b"application/epub+zip"
        assert archive.testzip() is None
    assert all(body.startswith(b"\x89PNG\r\n") for body in images.values())


def test_every_item_carries_citations_and_exports(items: dict[str, JSON]) -> None:
    for item in items.values():
        assert set(item["bibs"]) == set(STYLES)
        assert item["bib"] == item["bibs"]["apa"]
        assert all(bib.startswith('<div class="csl-bib-body"') for bib in item["bibs"].values())
        assert item["citation"].startswith("<span>")
        assert item["csljson"]["type"]
        if item["data"]["itemType"] not in NOT_RECORDS:
            assert item["bibtex"].lstrip().startswith("@")
            assert item["ris"].startswith("TY  - ")


def test_formatted_references_name_the_work(records: list[JSON], items: dict[str, JSON]) -> None:
    """APA leaves letters and e-mails out of the list: those have an empty one, as Zotero gives it."""
    empty = {one["itemType"] for one in records if "csl-entry" not in items[one["key"]]["bib"]}
    assert empty == {"letter", "email"}
    assert all("csl-entry" in items[one["key"]]["bibs"]["vancouver"] for one in records)


def test_isbns_have_a_right_check_digit(records: list[JSON]) -> None:
    isbns = [re.sub(r"[\s-]", "", record["ISBN"]) for record in records if record.get("ISBN")]
    assert isbns
    for isbn in isbns:
        digits = [10 if digit == "X" else int(digit) for digit in isbn]
        if len(digits) == 10:
            assert sum(digit * (10 - place) for place, digit in enumerate(digits)) % 11 == 0
        else:
            assert sum(digit * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10 == 0


def test_links_lead_to_zotero_only(content: JSON) -> None:
    allowed = ("https://www.zotero.org/", "https://api.zotero.org/groups/100/")
    for one in content["items"] + content["collections"]:
        for link in [*one["links"].values(), *one["library"]["links"].values()]:
            assert link["href"].startswith(allowed)
    for item in content["items"]:
        uris = item["data"]["relations"].values()
        for uri in (uri for value in uris for uri in ([value] if isinstance(value, str) else value)):
            assert uri.startswith("http://zotero.org/groups/100/items/")


def test_site_folder_is_ready_for_the_demo(content: JSON) -> None:
    config = tomllib.loads((FOLDER / "site" / "site.toml").read_text(encoding="utf-8"))
    assert [f"/{library['id']}" for library in config["library"]] == [content["library"]]
    assert tuple(config["citations"]["styles"]) == STYLES
    for page in ("index.md", "about.md"):
        assert (FOLDER / "site" / "content" / page).read_text(encoding="utf-8").strip()


def test_sample_stays_under_a_megabyte() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 1_000_000

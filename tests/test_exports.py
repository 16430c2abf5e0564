"""Export files, parsed back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from builders import StubMirror, make_config, make_item, make_tags, recorded_mirror

from zstatic.config import SelectRules
from zstatic.exports import FORMATS, bibtex, csljson, left_out, ris
from zstatic.library import Item, Library, read_library
from zstatic.selection import select

LIBRARIES = pytest.mark.parametrize("name", ["group-1", "user-1001"])


DEFAULT_RULES = SelectRules()


def library_of(mirror: StubMirror, rules: SelectRules = DEFAULT_RULES) -> Library:
    config = make_config()
    return select(read_library(mirror, config, config.libraries[0]), rules)


def items_of(*raw: object, **exports: Mapping[str, str]) -> list[Item]:
    return list(library_of(StubMirror(*raw, exports=exports)).items.values())


def bibtex_items(**entries: tuple[str, str]) -> list[Item]:
    """Item key -> (citation key, date added)."""
    raw = [make_item(key, dateAdded=added) for key, (_, added) in entries.items()]
    texts = {key: f"\n@book{{{name},\n\ttitle = {{{key}}},\n}}\n" for key, (name, _) in entries.items()}
    return items_of(*raw, bibtex=texts)


# Readers, as simple as the formats allow


def read_bibtex(text: str) -> list[tuple[str, dict[str, str]]]:
    """Citation key and fields of each entry; fails on anything between entries."""
    entries, position = [], 0
    while found := re.compile(r"\s*@\w+\{([^,\s]+),").match(text, position):
        fields, position = {}, found.end()
        while name := re.compile(r"\s*([\w-]+) = ").match(text, position):
            start = position = name.end()
            depth = 0
            while depth or text[position] not in ",\n":
                depth += {"{": 1, "}": -1}.get(text[position], 0)
                position += 1
            fields[name[1]] = text[start:position].removeprefix("{").removesuffix("}")
            position += text[position] == ","
        end = re.compile(r"\s*\}\s*").match(text, position)
        assert end, text[position : position + 80]
        position = end.end()
        entries.append((found[1], fields))
    assert position == len(text), text[position : position + 80]
    return entries


def read_ris(text: str) -> list[list[tuple[str, str]]]:
    """The tags and values of each record; further lines of a value are left out."""
    records = text.split("\r\nER  - \r\n\r\n")
    assert records.pop() == ""
    lines = [re.findall(r"(?m)^([A-Z][A-Z0-9])  - (.*?)\r?$", record) for record in records]
    assert all(record[0][0] == "TY" for record in lines)
    assert all(tag not in ("TY", "ER") for record in lines for tag, _ in record[1:])
    return lines


def with_export(library: Library, name: str) -> list[Item]:
    return [item for item in library.items.values() if item.item_type not in ("attachment", "note")]


# Whole real libraries


@LIBRARIES
def test_every_item_of_a_real_library_comes_back_from_bibtex(name: str, shared: Path) -> None:
    library = library_of(recorded_mirror(shared, name))
    items = with_export(library, "bibtex")
    entries = read_bibtex(bibtex.dump(library.items.values()))
    assert len(entries) == len(items) > 200
    assert not [key for key, count in Counter(key.lower() for key, _ in entries).items() if count > 1]
    for item, (_, fields) in zip(items, entries, strict=True):
        assert ("keywords" in fields) == bool(item.tags)


@LIBRARIES
def test_every_item_of_a_real_library_comes_back_from_ris_with_its_tags(name: str, shared: Path) -> None:
    library = library_of(recorded_mirror(shared, name))
    records = read_ris(ris.dump(library.items.values()))
    tags = [tuple(value for tag, value in record if tag == "KW") for record in records]
    assert tags == [tuple(" ".join(tag.split()) for tag in item.tags) for item in with_export(library, "ris")]


@LIBRARIES
def test_every_item_of_a_real_library_comes_back_from_csljson_under_its_key(name: str, shared: Path) -> None:
    library = library_of(recorded_mirror(shared, name))
    records = json.loads(csljson.dump(library.items.values()))
    assert [record["id"] for record in records] == [item.key for item in with_export(library, "csljson")]


@LIBRARIES
def test_excluded_tags_are_in_no_file(name: str, shared: Path) -> None:
    library = library_of(recorded_mirror(shared, name), SelectRules(tag_exclude="."))
    items = library.items.values()
    assert not any("keywords" in fields for _, fields in read_bibtex(bibtex.dump(items)))
    assert not any(tag == "KW" for record in read_ris(ris.dump(items)) for tag, _ in record)
    assert not any("keyword" in record for record in json.loads(csljson.dump(items)))


@LIBRARIES
def test_nothing_is_left_out_of_a_real_library(name: str, shared: Path) -> None:
    library = library_of(recorded_mirror(shared, name))
    assert {each: left_out(library.items.values(), each) for each in FORMATS} == dict.fromkeys(FORMATS, ())


# BibTeX keys


def keys(items: list[Item]) -> dict[str, str]:
    """Item key -> citation key."""
    return {fields["title"]: key for key, fields in read_bibtex(bibtex.dump(items))}


def test_a_citation_key_of_its_own_is_kept() -> None:
    items = bibtex_items(AAAAAAAA=("smith_2020", "2020-01-01T00:00:00Z"))
    assert keys(items) == {"AAAAAAAA": "smith_2020"}


def test_the_item_added_first_keeps_its_citation_key() -> None:
    items = bibtex_items(
        AAAAAAAA=("smith_2020", "2021-01-01T00:00:00Z"),
        BBBBBBBB=("smith_2020", "2020-01-01T00:00:00Z"),
        CCCCCCCC=("Smith_2020", ""),
    )
    assert keys(items) == {
        "AAAAAAAA": "smith_2020_aaaaaaaa",
        "BBBBBBBB": "smith_2020",
        "CCCCCCCC": "Smith_2020_cccccccc",
    }
    assert keys(items[::-1]) == keys(items)


def test_items_added_at_once_are_told_apart_by_their_keys() -> None:
    items = bibtex_items(BBBBBBBB=("_", "2020-01-01T00:00:00Z"), AAAAAAAA=("_", "2020-01-01T00:00:00Z"))
    assert keys(items) == {"AAAAAAAA": "_", "BBBBBBBB": "__bbbbbbbb"}


def test_a_citation_key_never_meets_one_that_was_made_unique() -> None:
    items = bibtex_items(
        AAAAAAAA=("k", "2020-01-01T00:00:00Z"),
        BBBBBBBB=("k_cccccccc", "2020-01-02T00:00:00Z"),
        CCCCCCCC=("k", "2020-01-03T00:00:00Z"),
    )
    assert keys(items)["CCCCCCCC"] == "k_cccccccc_cccccccc"


def test_an_entry_without_citation_key_gets_the_items() -> None:
    assert keys(bibtex_items(AAAAAAAA=("", "2020-01-01T00:00:00Z"))) == {"AAAAAAAA": "aaaaaaaa"}


# All formats


def test_items_without_a_text_are_left_out_and_named() -> None:
    items = items_of(
        make_item("AAAAAAAA"), make_item("BBBBBBBB"), bibtex={"AAAAAAAA": "\n@misc{a,\n\ttitle = {A},\n}\n"}
    )
    assert [key for key, _ in read_bibtex(bibtex.dump(items))] == ["a"]
    assert left_out(items, "bibtex") == ("BBBBBBBB",)
    assert left_out(items, "ris") == ("AAAAAAAA", "BBBBBBBB")


def test_files_of_nothing_are_whole_files() -> None:
    assert {name: each.dump([]) for name, each in FORMATS.items()} == {
        "bibtex": "",
        "ris": "",
        "csljson": "[\n\n]\n",
    }
    assert json.loads(csljson.dump([])) == []


def test_a_tag_with_a_comma_stays_one_keyword_in_ris() -> None:
    items = items_of(
        make_item("AAAAAAAA", tags=make_tags("Chemistry, Analytic", "_private")),
        ris={"AAAAAAAA": "TY  - BOOK\r\nKW  - Chemistry, Analytic\r\nKW  - _private\r\nER  - \r\n\r\n"},
    )
    assert read_ris(ris.dump(items)) == [[("TY", "BOOK"), ("KW", "Chemistry, Analytic")]]


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_listed_under_its_own_name(name: str) -> None:
    each = FORMATS[name]
    assert name == each.NAME
    assert each.LABEL and "/" in each.MEDIA_TYPE and not each.EXTENSION.startswith(".")


def test_a_citation_key_is_the_same_in_every_file() -> None:
    items = bibtex_items(
        AAAAAAAA=("smith_2020", "2021-01-01T00:00:00Z"), BBBBBBBB=("smith_2020", "2020-01-01T00:00:00Z")
    )
    assert {each.key: key for each in items for key in keys([each]).values()} == {
        "AAAAAAAA": "smith_2020_aaaaaaaa",
        "BBBBBBBB": "smith_2020",
    }


def test_a_citation_key_of_the_users_own_loses_what_tex_stops_at() -> None:
    items = bibtex_items(AAAAAAAA=("my key #1 (50%)~a", "2020-01-01T00:00:00Z"), BBBBBBBB=("mykey150a", ""))
    assert keys(items) == {"AAAAAAAA": "mykey150a", "BBBBBBBB": "mykey150a_bbbbbbbb"}

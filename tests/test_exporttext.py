import json

import pytest
from builders import make_config, recorded_library, recorded_mirror
from hypothesis import given
from hypothesis import strategies as st

from zstatic.config import LibraryConfig
from zstatic.exporttext import Unreadable, rewrite
from zstatic.library import read_library

BIBTEX = """
@article{key_2020,
\ttitle = {A {Title} with \\{\\vphantom{\\}} in it},
\tmonth = mar,
\tyear = {2020},
\tnote = {Line one
keywords = not one},
\tkeywords = {one, _secret, b, with comma},
\tannote = {_secret},
\tfile = {/home/_secret.pdf},
\tpages = {1--2},
}
"""
RIS = (
    "TY  - JOUR\r\nTI  - A title\r\nAB  - Line one\r\nline two\r\nKW  - one\r\nKW  - _secret\r\nsecret\r\n"
    "N1  - _secret\r\nL1  - /home/_secret.pdf\r\nER  - \r\n\r\n"
)
CSL = json.dumps(
    {"id": "5/AAAA2222", "type": "book", "title": "A", "keyword": "_secret", "annote": "_secret"}
)


@pytest.mark.parametrize(("format", "text"), [("bibtex", BIBTEX), ("ris", RIS), ("csljson", CSL)])
def test_excluded_tags_notes_and_files_are_in_no_export(format, text):
    assert "secret" not in rewrite(format, text, "AAAA2222", ("one",))


def test_bibtex_keywords_are_written_anew_in_their_place():
    lines = rewrite("bibtex", BIBTEX, "AAAA2222", ("b, with comma", "R&D")).splitlines()
    assert lines[-3:] == ["\tkeywords = {b, with comma, R\\&D},", "\tpages = {1--2},", "}"]
    assert lines[:4] == BIBTEX.splitlines()[1:5]
    assert "keywords = not one}," in lines


def test_without_public_tags_there_is_no_keywords_line():
    assert "keywords = {" not in rewrite("bibtex", BIBTEX, "AAAA2222", ())
    assert "KW" not in rewrite("ris", RIS, "AAAA2222", ())


def test_tags_added_to_an_export_without_any_stand_at_its_end():
    assert rewrite("bibtex", "@misc{a,\n\ttitle = {T},\n}", "A", ("x",)).endswith("\tkeywords = {x},\n}\n")


def test_ris_keywords_are_written_anew_before_the_end():
    lines = rewrite("ris", RIS, "AAAA2222", ("one", "two")).split("\r\n")
    assert lines == [*RIS.split("\r\n")[:4], "KW  - one", "KW  - two", "ER  - ", ""]


def test_csl_ids_are_item_keys_without_the_librarys_number():
    assert json.loads(rewrite("csljson", CSL, "AAAA2222", ())) == {
        "id": "AAAA2222",
        "type": "book",
        "title": "A",
    }


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("bibtex", "garbage"),
        ("bibtex", "@misc{a,\n\turl = {http://x/{},\n\tkeywords = {_secret},\n}"),
        ("bibtex", "@misc{a,\n\ttitle = {T},\n"),
        ("bibtex", "@misc{a,\n\ttitle = ,\n}"),
        ("ris", "KW  - _secret\r\n"),
        ("ris", "TY  - JOUR\r\nKW  - _secret\r\n"),
        ("csljson", "{"),
        ("csljson", "[]"),
        ("csljson", "[" * 100_000),
        ("mods", "<mods/>"),
    ],
)
def test_what_cannot_be_understood_is_refused(format, text):
    with pytest.raises(Unreadable):
        rewrite(format, text, "AAAA2222", ())


def test_exports_carry_no_control_character_nor_half_a_surrogate():
    assert "\x0b" not in rewrite("ris", "TY  - JOUR\r\nTI  - a\x0bb\r\nER  - \r\n", "A", ())
    rewrite("csljson", '{"title": "a\\ud800b"}', "A", ()).encode()


@given(st.lists(st.text(max_size=20), max_size=3).map(tuple))
def test_any_tag_leaves_the_bibtex_readable(tags):
    once = rewrite("bibtex", BIBTEX, "A", tags)
    assert rewrite("bibtex", once, "A", ()) == rewrite("bibtex", BIBTEX, "A", ())


@pytest.mark.parametrize(("name", "id"), [("group-1", "groups/1"), ("user-1001", "users/1001")])
def test_a_real_export_stays_as_zotero_wrote_it_when_its_tags_do(shared, name, id):
    recorded = {raw["key"]: raw for raw in recorded_library(shared, name)["items"]}
    items = read_library(recorded_mirror(shared, name), make_config(), LibraryConfig(id)).items
    for key, item in items.items():
        for format, text in item.exports.items():
            if format == "csljson":
                expected = recorded[key][format] | {"id": key}
                assert json.loads(rewrite(format, text, key, item.tags)) == expected
            else:
                assert rewrite(format, text, key, item.tags).split() == text.split()

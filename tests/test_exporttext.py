import json

import pytest
from builders import StubMirror, make_config, make_item, make_tags, recorded_library, recorded_mirror
from hypothesis import given
from hypothesis import strategies as st
from strictparsers import read_bibtex, read_csljson, read_ris

from zstatic.config import LibraryConfig
from zstatic.exports import FORMATS
from zstatic.exporttext import _BIBTEX_ESCAPES, Unreadable, rewrite
from zstatic.library import read_library
from zstatic.richtext import plain
from zstatic.selection import select

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
    assert lines == [
        *("TY  - JOUR", "TI  - A title", "AB  - Line one line two", "KW  - one", "KW  - two", "ER  - ", "")
    ]


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
        ("bibtex", "@misc{a,\n\ttitle = {x {},\n\tkeywords = {_secret},\n}"),
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


def once_each(text):
    """Zotero repeats a DOI that is in Extra, too."""
    lines, seen = [], set()
    for line in text.splitlines():
        if line.startswith("\tdoi ="):
            if "doi" in seen:
                continue
            seen.add("doi")
        lines.append(line)
    return "\n".join(lines)


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
                assert rewrite(format, text, key, item.tags).split() == once_each(text).split()


# As other programs read them

AWKWARD = (
    *("{", "}", "}{", "\\{", "@article{x,", "a = {b},", "% # $ & ~ ^ _ \\", '"', "ER  - ", "TY  - JOUR"),
    *(
        "x\nER  - \n\nTY  - BOOK\nTI  - y",
        "a\r\nb",
        "a\rb",
        "a\x00b",
        "a\u2028b",
        "a\x85b",
        "a\x0bb",
        "KW",
        "日本",
    ),
)


def zotero_escaped(text):
    """As Zotero writes a text into BibTeX."""
    return text.translate(_BIBTEX_ESCAPES)


@pytest.mark.parametrize("value", AWKWARD)
def test_a_strict_reader_finds_every_record_whatever_is_in_it(value):
    names = ("first", value, "last")
    raw = [
        make_item(f"AAAA222{number}", title=name, tags=make_tags(name)) for number, name in enumerate(names)
    ]
    bib = [
        f"@misc{{key,\n\ttitle = {{T}},\n\turl = {{http://x/{name.partition(chr(10))[0]}}},\n"
        f"\tabstract = {{{zotero_escaped(name)}}},\n\tyear = {{2020}},\n}}"
        for name in names
    ]
    ris = [
        f"TY  - JOUR\r\nTI  - T\r\nAB  - {name}\r\nPY  - 2020\r\nN1  - {name}\r\nER  - \r\n" for name in names
    ]
    csl = [
        json.dumps({"id": "1/x", "type": "book", "title": "T", "note": name, "issued": 2020})
        for name in names
    ]
    texts = {"bibtex": bib, "ris": ris, "csljson": csl}
    exports = {
        each: {item["key"]: text for item, text in zip(raw, texts[each], strict=True)} for each in texts
    }
    config = make_config()
    library = read_library(StubMirror(*raw, exports=exports), config, config.libraries[0])
    items = select(library, config.libraries[0].select).items.values()
    years = {"bibtex": "year", "ris": "PY", "csljson": "issued"}
    for name, read in {"bibtex": read_bibtex, "ris": read_ris, "csljson": read_csljson}.items():
        found = read(FORMATS[name].dump(items))
        assert [each.title for each in found] == ["T"] * 3, name
        assert [str(each.fields[years[name]][0]) for each in found] == ["2020"] * 3, name


def test_a_line_that_looks_like_a_field_brings_no_note_to_light():
    text = (
        "TY  - JOUR\r\nTI  - T\r\nN1  - secret\r\nAB  - secret\r\nER  - secret\r\nAU  - secret\r\nER  - \r\n"
    )
    assert rewrite("ris", text, "A", ("x",)) == "TY  - JOUR\r\nTI  - T\r\nKW  - x\r\nER  - \r\n"


def test_fields_of_other_programs_for_tags_and_people_are_left_out():
    fields = ("mendeley-tags", "Mendeley-Groups", "groups", "owner", "local-url", "Annote")
    text = "@misc{a,\n" + "".join(f"\t{name} = {{secret}},\n" for name in fields) + "\ttitle = {T},\n}"
    assert rewrite("bibtex", text, "A", ()) == "@misc{a,\n\ttitle = {T},\n}\n"
    assert "secret" not in rewrite("csljson", '{"title":"T","custom":{"a":"secret"}}', "A", ())


def test_an_address_with_half_a_pair_of_braces_leaves_the_record_whole():
    text = "@misc{a,\n\turl = {http://x/{a},\n\tkeywords = {_secret},\n\tyear = {2020},\n}"
    assert rewrite("bibtex", text, "A", ()) == "@misc{a,\n\turl = {http://x/%7Ba},\n\tyear = {2020},\n}\n"


def test_no_number_that_json_lacks_is_written():
    assert rewrite("csljson", '{"volume": NaN, "issue": -Infinity}', "A", ()) == (
        '{"id": "A", "volume": null, "issue": null}'
    )


@pytest.mark.parametrize("name", ["group-1", "user-1001"])
def test_strict_readers_find_every_item_of_a_real_library(shared, name):
    config = make_config()
    library = read_library(recorded_mirror(shared, name), config, config.libraries[0])
    items = [
        item
        for item in select(library, config.libraries[0].select).items.values()
        if item.item_type not in ("attachment", "note")
    ]
    titles = [plain(item.title) for item in items]
    assert len(read_bibtex(FORMATS["bibtex"].dump(items))) == len(items)
    ris = read_ris(FORMATS["ris"].dump(items))
    assert [plain(each.title) for each in ris if each.title] == [
        title for each, title in zip(ris, titles, strict=True) if each.title
    ]
    csl = read_csljson(FORMATS["csljson"].dump(items))
    assert [each.key for each in csl] == [item.key for item in items]

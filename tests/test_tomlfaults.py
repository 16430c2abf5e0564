"""What is not TOML is told with its place, in words that help, and what they say to write is right."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zstatic.config import load_config
from zstatic.errors import ConfigError
from zstatic.tomlfaults import Fault, find_fault

SITE = '[site]\ntitle = "T"\n'
LIBRARY = '[[library]]\nid = "groups/7"\n'


def fault_of(text: str) -> Fault:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    return find_fault(text, str(caught.value))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            SITE + 'title = "U"\n',
            "3:1: [site] title: found a second time, expected it once; it stands in line 2",
        ),
        (
            "[select]\nnotes = true\n[feeds]\n[select]\n",
            "4:1: [select]: found a second time, expected it once; it",
        ),
        (LIBRARY + "[library]\n", "3:1: [library]: found single brackets, expected [[library]]"),
        ("[library]\n[[library]]\n", "1:1: [library]: found single brackets, expected [[library]]"),
        (
            f"{LIBRARY}[library.select]\nnotes = true\n[library.select]\n",
            "5:1: [library.select]: found a second time, expected it once; it stands in line 3 already",
        ),
        (f"[library.select]\n{LIBRARY}", "1:1: [library.select]: found above [[library]], expected below it"),
        ('site.title = "A"\n[site]\n', "2:1: [site]: found a second time"),
        (
            '[site]\ntitle = "My\nrights = "me"\n',
            '2:9: [site] title: found " at the beginning of a text, expected',
        ),
        (
            "[site]\ntitle = 'My\n" + LIBRARY,
            "2:9: [site] title: found ' at the beginning of a text, expected",
        ),
        ('[site]\ntitle = """My\n' + LIBRARY, '2:9: [site] title: found """ at the beginning of a text'),
        ("[site]\ntitle = '''My\n" + LIBRARY, "2:9: [site] title: found ''' at the beginning of a text"),
        ('[site]\ntitle = "My', '2:9: [site] title: found " at the beginning of a text'),
        (
            '[select]\ncollections = ["A", "B]\n',
            '2:21: [select] collections: found " at the beginning of a text',
        ),
        (
            '[output]\npath = "C:\\Users\\me"\n',
            r"2:11: [output] path: found \ in a text in double quotation marks",
        ),
        ('[select]\nitem_exclude = "^\\d"\n', r"2:18: [select] item_exclude: found \ in a text in double"),
        ("[site]\ntitle = “My”\n", '2:9: [site] title: found “, expected a plain quotation mark "'),
        ('[site]\ntitle: "My"\n', "2:6: found a colon after title, expected ="),
        ("site:\n  title: My\n", "1:5: found a colon after site, expected ="),
        (
            '[site]\nbase url = "x"\n',
            "found a space in the name 'base url', expected one word; did you mean base_url?",
        ),
        ("[site]\nMy library\n", "2:4: found My library, expected a line such as title ="),
        ("[site]\ntitle =\n", '2:8: [site] title: found nothing after =, expected a value, e.g. "…"'),
        ("[site]\ntitle = # none\n", "2:9: [site] title: found nothing after =, expected a value"),
        ("[site]\ntitle = My bib # x\n", "2:9: [site] title: found My bib without quotation marks"),
        ("[select]\nnotes = True\n", "2:9: [select] notes: found True, expected true"),
        ("[select]\nnotes = no\n", "2:9: [select] notes: found no, expected false"),
        ("; none\n", "1:1: found ;, expected # before a remark"),
        ("[site]\n  // none\n", "2:3: found //, expected # before a remark"),
        ('{"site": {}}', "1:1: found JSON, expected TOML"),
        ("[site\n", "1:1: found [site, expected [site] on a line of its own"),
        ("[[library]\n", "1:1: found [[library], expected [[library]] on a line of its own"),
        ('[site] title = "T"\n', '1:1: found [site] title = "T", expected [site] on a line of its own'),
        (
            '[site]\ntitle = "The "best" of it"\n',
            '2:15: [site] title: found best" of it" after the end of the text, expected nothing more',
        ),
        ('[site]\ntitle = "A" rights = "B"\n', "2:13: [site] title: found a second setting in this line"),
        ("[guard]\nmax_shrink = 20%\n", "2:14: [guard] max_shrink: found 20%, expected a number: 0.2"),
        ("[guard]\nmax_shrink = 0,2\n", "2:14: [guard] max_shrink: found 0,2, expected a point: 0.2"),
        ("[[library]]\nid = 0123\n", "2:7: [[library]] id: found 123 after the value, expected nothing more"),
        (
            '[select]\ncollections = ["A" "B"]\n',
            '2:20: [select] collections: found "B"], expected a comma before',
        ),
        (
            '[select]\ncollections = [\n  "A"\n  "B"\n]\n',
            '4:3: [select] collections: found "B", expected a comma',
        ),
        (
            '[select]\ncollections = ["A",\nnotes = true\n',
            "2:15: [select] collections: found [ at the beginning",
        ),
        ('[select]\ncollections = ["A",\n', "2:15: [select] collections: found [ at the beginning of a list"),
        (
            "[facets]\ntag = { limit = 1,\n sort = 2 }\n",
            "found the end of the line, expected all from { to }",
        ),
        ("[facets]\ntag = { limit = 1, }\n", "[facets] tag: found a comma before }, expected none"),
        ('[site]\ntitle = "a\x07b"\n', "2:11: [site] title: found an invisible control character"),
        (SITE + "\0", "3:1: found an invisible control character"),
        ("[site]\n= 5\n", "2:1: found = 5, expected a section such as [site]"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(text: str, told: str) -> None:
    for each in (text, text.replace("\n", "\r\n")):
        fault = fault_of(each)
        assert told in f"{fault.line}:{fault.column}: {fault.message}"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("title = My bib # mine", 'Text needs quotation marks: title = "My bib"'),
        ("title = Über uns", 'Text needs quotation marks: title = "Über uns"'),
        ("notes = True", "Write: notes = true"),
        ('title = "My bib', 'Write: title = "My bib"'),
        ("title = 'My bib", 'Write: title = "My bib"'),
        ("title = “My bib”", 'Write: title = "My bib"'),
        ('title: "My bib"', 'Write: title = "My bib"'),
        ('title = "The "best" of it"', "Write: title = 'The \"best\" of it'"),
        ("title = 'Reader's list'", 'Write: title = "Reader\'s list"'),
        ('path = "C:\\Users\\me"', r"Write: path = 'C:\Users\me'"),
        ("title = 3 4", 'If it is text, write: title = "3 4"'),
        ("title =", ""),
    ],
)
def test_what_a_hint_says_to_write_mends_the_line(line: str, hint: str) -> None:
    assert fault_of(f"[site]\n{line}\n").hint == hint
    if hint:
        tomllib.loads(hint.partition(": ")[2])


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_whatever_is_broken_in_a_file_has_a_place_in_it(data: st.DataObject) -> None:
    text = (Path(__file__).parent.parent / "site.toml.example").read_text("utf-8")
    at = data.draw(st.integers(0, len(text)))
    piece = data.draw(
        st.sampled_from(['"', "'", "[", "]", "{", "}", "=", ",", "\\", "\n", "“", '"""', "x y", "\0"])
    )
    broken = text[:at] + piece + text[at + data.draw(st.integers(0, 5)) :]
    try:
        tomllib.loads(broken)
    except tomllib.TOMLDecodeError as error:
        fault = find_fault(broken, str(error))
        rows = broken.split("\n")
        assert 1 <= fault.line <= len(rows)
        assert 1 <= fault.column <= len(rows[fault.line - 1]) + 1
        assert fault.message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            '[site]\ntitle = "Bibliothèque"\n'.encode("latin-1"),
            "site.toml:2:18: found a character that is not UTF-8 (perhaps 'è')",
        ),
        (b'[site]\ntitle = "\xc3\xa9\x92"\n', "site.toml:2:11: found a character that is not UTF-8."),
        (SITE.encode("utf-16"), "site.toml:1:1: found a text in UTF-16, expected one in UTF-8"),
    ],
)
def test_another_encoding_is_told_with_line_and_column(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "site.toml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert told in caught.value.message
    assert "UTF-8" in caught.value.hint


def test_a_key_in_a_broken_file_is_not_repeated(tmp_path: Path) -> None:
    key = "aB3dE6gH9jK2mN5pQ8sT1vW4"
    (tmp_path / "site.toml").write_text(f"[site]\nkey = {key}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert key not in caught.value.message + caught.value.hint
    assert "ZOTERO_API_KEY" in caught.value.hint

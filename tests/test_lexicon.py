"""The lists of words by which the search page knows what a typed word means."""

import json
import random
from pathlib import Path

import pytest

from zstatic.lexicon import write_lexicon
from zstatic.pagefind import Document
from zstatic.shards import number_of


def lexicon(folder: Path, *texts: str, language: str = "en", pages: tuple[str, ...] = ()) -> dict[str, str]:
    """Word -> stem, as search-words.js reads the files."""
    folder.mkdir()
    documents = [Document(str(number), text, {"title": text.upper()}) for number, text in enumerate(texts)]
    documents += [Document("pages", "", {}, pages)] if pages else []
    names = write_lexicon(documents, language, folder)
    assert sorted(names) == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    words: dict[str, str] = {}
    for first in beginnings(folder)["firsts"].split(" "):
        word, content = "", json.loads((folder / f"words/{number_of(first):08x}.json").read_text("utf-8"))
        for part in content.split(" "):
            rest, _, ending = part.removesuffix("'").partition("/")
            word = cut(word, int(rest[0], 36)) + rest[1:]
            words[word] = cut(word, length(word) - int(ending[0], 36)) + ending[1:] if ending else word
    assert [*words] == sorted(words, key=utf_16)
    return words


def utf_16(word: str) -> bytes:
    """What browsers count, compare and cut."""
    return word.encode("utf-16-be")


def length(word: str) -> int:
    return len(utf_16(word)) // 2


def cut(word: str, end: int) -> str:
    return utf_16(word)[: 2 * end].decode("utf-16-be")


def beginnings(folder: Path) -> dict[str, str]:
    return dict(json.loads((folder / "words/first.json").read_text("utf-8")))


def test_forms_of_a_word_share_a_stem_and_no_other_word_has_it(tmp_path: Path) -> None:
    words = lexicon(tmp_path / "en", "weaving weaves weaver", "Navigation was navigated in 1998")
    assert words["weaving"] == words["weaves"] != words["weaver"]
    assert words["navigation"] == words["navigated"] == "navig"
    assert words["1998"] == "1998"


def test_words_are_those_that_the_index_compares(tmp_path: Path) -> None:
    words = lexicon(
        tmp_path / "en", "Müller’s “e-mail” to eLife: CO₂, C++ and 漢 字 (re)made a_b \u2060& 10.1016/j.cell"
    )
    assert words.keys() >= {
        "muller",
        "mullers",
        "email",
        "mail",
        "elife",
        "life",
        "co₂",
        "c++",
        "漢",
        "remade",
        "re",
    }
    assert words.keys() >= {"a_b", "101016jcell", "1016", "cell"}
    assert "müller" not in words
    assert "" not in words


def test_words_with_accents_or_other_spellings_are_marked_with_all_forms(tmp_path: Path) -> None:
    documents = [Document("1", "Élèves and levels", {"title": "CO₂ waves", "title_alias": "co2"})]
    write_lexicon(documents, "en", tmp_path)
    coded = " ".join(json.loads(path.read_text("utf-8")) for path in tmp_path.rglob("words/????????.json"))
    marked = {part[1:] for part in coded.split(" ") if part.endswith("'")}
    assert marked == {"co2'", "₂'", "eleves/2'"}


def test_the_stems_are_those_of_the_language_of_the_site(tmp_path: Path) -> None:
    words = lexicon(tmp_path / "de", "Häuser Haus hauses", language="de")
    assert words["hauser"] == words["haus"] == words["hauses"]
    words = lexicon(tmp_path / "tlh", "houses house", language="tlh")
    assert words == {"house": "house", "houses": "houses"}


def test_what_stands_on_the_pages_of_files_counts(tmp_path: Path) -> None:
    assert lexicon(tmp_path / "a", pages=("whales", "", "sing")).keys() == {"whales", "sing", "1", "2", "3"}


def test_numbers_alone_are_words(tmp_path: Path) -> None:
    assert lexicon(tmp_path / "a", "1998 12") == {"12": "12", "1998": "1998"}


def test_a_new_word_changes_one_file_of_words(tmp_path: Path) -> None:
    chance = random.Random("words")
    text = " ".join("".join(chance.choices("bcdfgaeiou", k=9)) for _ in range(5000))
    lexicon(tmp_path / "before", text)
    lexicon(tmp_path / "after", text, "bananarama")
    files = [
        {path.name: path.read_text("utf-8") for path in (tmp_path / name / "words").glob("*.json")}
        for name in ("before", "after")
    ]
    assert len(files[0]) > 5
    assert sum(files[1].get(name) != content for name, content in files[0].items()) == 1


@pytest.mark.parametrize("start", ["cons", "trans"])
def test_a_beginning_that_is_cut_like_a_word_is_continued_by_its_letters(tmp_path: Path, start: str) -> None:
    """The stemmer takes "cons" for more than one con; what it would find is much more than wanted."""
    lexicon(tmp_path / "a", " ".join(f"{start}{one}{other}p" for one in "abcdef" for other in "aeiou"))
    assert beginnings(tmp_path / "a")["longer"] == {start: "abcdef"}


def test_letters_that_browsers_count_twice_are_told_as_they_count_them(tmp_path: Path) -> None:
    gothic = {"𐌰𐌱𐌲", "𐌰𐌱𐌳", "𐌰𐌱𐌳𐌴", "𐌰𐍂"}
    long = {"𒀀" * 40, "𒀀" * 40 + "𒁀"}
    assert lexicon(tmp_path / "a", " ".join(gothic | long | {"ﬡ"})).keys() == gothic | long | {"ﬡ"}


def test_words_with_numbers_count_among_those_that_begin_alike(tmp_path: Path) -> None:
    words = [f"cons{ending}" for ending in [*"abcdefghijklm", *range(10, 25)]]
    lexicon(tmp_path / "a", pages=(" ".join(words),))
    assert beginnings(tmp_path / "a")["longer"] == {"cons": "12abcdefghijklm"}


def test_a_word_may_be_very_long(tmp_path: Path) -> None:
    """As in a text without spaces, of which not all beginnings fit into any memory."""
    sequence = "gattaca" * 50_000
    assert lexicon(tmp_path / "a", sequence) == {sequence: sequence}


def test_a_word_whose_stem_begins_otherwise_is_named_with_its_beginning(tmp_path: Path) -> None:
    lexicon(
        tmp_path / "a", "rating " + " ".join(f"rati{one}{other}" for one in "abcdefk" for other in "bcdgkmp")
    )
    assert "rating" in beginnings(tmp_path / "a")["apart"]["rati"]

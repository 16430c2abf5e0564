import random

from zstatic.spelling import vocabulary


def decoded(text: str) -> dict[str, int]:
    """Word -> level, as search-spelling.js reads it."""
    words: dict[str, int] = {}
    word = ""
    for part in text.split():
        word = word[: int(part[0], 36)] + part[1:-1]
        words[word] = int(part[-1])
    return words


def test_all_words_of_names_and_titles_are_listed_in_the_order_of_their_letters() -> None:
    words = decoded(vocabulary(["Climate of the Climates", "Dvořák; O'Brien"], []))
    assert words == {"brien": 0, "climate": 0, "climates": 0, "dvořák": 0}
    assert list(words) == sorted(words)


def test_a_word_of_texts_is_listed_when_it_comes_twice() -> None:
    texts = ["the model was modelled", "another model", "mistypd once, mistypd in one text"]
    assert decoded(vocabulary([], texts)) == {"model": 1}


def test_frequent_words_have_a_higher_level() -> None:
    words = decoded(vocabulary(["rare"] + ["often"] * 16, []))
    assert words == {"rare": 0, "often": 4}


def test_numbers_short_words_and_runs_without_spaces_are_left_out() -> None:
    assert vocabulary(["of to 2020 x123456 " + "x" * 30], []) == ""


def test_the_list_of_a_large_library_stays_small() -> None:
    chance = random.Random(1)
    names = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(50_000)]
    text = vocabulary(names, [])
    assert len(text.split()) == 30_000
    assert len(text) < 300_000

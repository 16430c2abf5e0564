"""No two files of a site are one, on any file system, whatever things are called."""

import unicodedata
from pathlib import Path

import pytest
from builders import make_attachment, make_collection, make_item, make_note, make_tags
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sitepages import context, site, site_config, words

from zstatic.claims import path_fault
from zstatic.config import SelectRules
from zstatic.library import LibraryConfig
from zstatic.plan import plan_outputs
from zstatic.theme import load_theme

CONFIG = site_config(libraries=(LibraryConfig("groups/1", select=SelectRules(notes=True)),))
THEME = load_theme(CONFIG)
PDF = Path(__file__)
MD5 = "0" * 32
NAMES = st.text(
    st.characters(codec="utf-8") | st.sampled_from("aAbBßẞſıİiIꭰᎠσςΣ ./\\-#?%:\u0301\u202e\u200d"),
    min_size=1,
    max_size=12,
)


def alike(path: str) -> str:
    """What any usual file system takes for the same."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def paths_of(*names: str) -> list[str]:
    """Of a site where everything that has a name has each of these."""
    items = []
    for number, name in enumerate(names):
        key = f"AAAA222{number + 2}"
        people = [{"creatorType": name, "lastName": name, "firstName": other} for other in ("", *names)]
        items.append(
            make_item(key, name, title=name, tags=make_tags(name), creators=people, language=name, date=name)
        )
        items.append(make_note(f"NNNN222{number + 2}", key, note=name))
        for place, other in enumerate(names):
            filed = {"filename": other, "title": name, "md5": MD5}
            items.append(make_attachment(f"B{number + 2}BB222{place + 2}", key, **filed))
    shelves = [make_collection(f"CCCC222{number + 2}", name) for number, name in enumerate(names)]
    ctx = context(*items, collections=shelves, config=CONFIG, files={MD5: PDF})
    return [output.path for output in plan_outputs(ctx, THEME)]


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=3, unique=True))
@example(["journalArticle", "JournalArticle", "journalarticle"])
@example(["note", "Note", "attachment"])
@example(["é", "e\u0301", "É"])
@example(["..", ".", "/"])
@example(["con", "CON.", "nul"])
@example(["x" * 4000, "X" * 4000, "漢" * 4000])
def test_no_two_files_are_one_on_any_file_system(names: list[str]) -> None:
    paths = paths_of(*names)
    assert len({alike(path) for path in paths}) == len(paths)
    assert [path for path in paths if path_fault(path)] == []
    assert max(len(part.encode()) for path in paths for part in path.split("/")) <= 255


@pytest.mark.parametrize(
    ("item_type", "folder"),
    [
        ("journalArticle", "journalArticle"),
        ("hologram", "hologram"),
        ("HoloGram", "hologram"),
        ("journalarticle", "journalarticle--type"),
    ],
)
def test_a_type_that_no_schema_knows_has_a_page_of_its_own_under_its_raw_name(
    item_type: str, folder: str
) -> None:
    made = site(make_item("AAAA2222", item_type), make_item("BBBB2222", "journalArticle"))
    assert words(made.page(f"types/{folder}/").xpath("//h1")[0]) == item_type
    assert made.page("items/AAAA2222/").xpath(f"//a[@href='../../types/{folder}/']")


def test_the_longest_and_oddest_type_still_has_a_page() -> None:
    for odd in ("x" * 5000, "../../etc/passwd", "<script>", "a\u202eb", " ", "CON"):
        made = site(make_item("AAAA2222", odd))
        assert sum(path.startswith("types/") for path in made.outputs) == 2 - (not odd.strip())

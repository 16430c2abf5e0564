"""The words of the pages in other languages."""

from pathlib import Path

import pytest
from fakezotero import FakeZotero
from lxml import html
from sites import SiteFolder, difference, without_marker

from zstatic.errors import ThemeError
from zstatic.translations import ENGLISH, languages, problems, read_words

LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "nl", "pt")
HEADER = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


def catalogue(folder: Path, language: str, text: str) -> Path:
    file = folder / language / "LC_MESSAGES/zstatic.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEADER + text)
    return folder


def test_these_languages_have_words() -> None:
    assert languages() == LANGUAGES


@pytest.mark.parametrize(
    ("asked", "locale", "direction"),
    [("pt-BR", "pt_BR", "ltr"), ("pt-AO", "pt_AO", "ltr"), ("DE-at", "de_AT", "ltr"), ("ar", "ar", "rtl")],
)
def test_a_region_without_words_of_its_own_has_those_of_its_language(
    asked: str, locale: str, direction: str
) -> None:
    words = read_words(asked)
    assert (words.language, str(words.locale), words.direction) == (asked, locale, direction)
    assert not problems(asked, words)


def test_an_unknown_language_has_english_words_and_one_problem_with_those_there_are() -> None:
    words = read_words("ja")
    assert words.language == "en"
    (problem,) = problems("ja", words)
    assert problem.code == "no-translation"
    assert all(language in problem.message for language in LANGUAGES)


def test_numbers_and_days_are_written_as_in_the_language() -> None:
    assert [read_words(each).number(12345) for each in LANGUAGES] == [
        *("12,345", "12.345", "12,345", "12.345", "12\u202f345", "12.345", "12.345", "12.345")
    ]
    assert read_words("de").day("2020-01-31") == "31. Januar 2020"
    assert read_words("en-GB").day("2020-01-31") == "31 January 2020"
    assert ENGLISH.day("winter 1843") == "winter 1843"


def test_scripts_get_a_form_for_each_kind_of_number() -> None:
    assert set(read_words("ar").plural_forms("{n} item", "{n} items")) == {
        *("zero", "one", "two", "few", "many", "other")
    }
    assert ENGLISH.plural_forms("{n} item", "{n} items") == {"one": "{n} item", "other": "{n} items"}


def test_a_catalogue_beside_a_theme_adds_words_and_replaces_ours(tmp_path: Path) -> None:
    entry = 'msgid "Tags"\nmsgstr "%s"\n\nmsgid "%%(n)s page"\nmsgid_plural "%%(n)s pages"\n%s'
    forms = 'msgstr[0] "%(n)s Seite"\nmsgstr[1] "%(n)s Seiten"\n'
    words = read_words("de", [catalogue(tmp_path, "de", entry % ("Stichwörter", forms))])
    assert words.gettext("Tags") == "Stichwörter"
    assert words.ngettext("%(n)s page", "%(n)s pages", 1200) == "1.200 Seiten"
    assert words.digest != read_words("de").digest
    assert read_words("eo", [catalogue(tmp_path, "eo", 'msgid "Tags"\nmsgstr "Etikedoj"\n')]).language == "eo"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('msgid "by %(name)s"\nmsgstr "von %(nom)s"\n', "nom"),
        ('msgid "Tags"\nmsgstr "100 %"\n', "100 %"),
        ('msgid "Tags"\nmsgstr[0] "a"\nTags', "misformatted"),
    ],
)
def test_a_catalogue_that_would_break_a_page_is_refused_by_name(
    tmp_path: Path, entry: str, told: str
) -> None:
    with pytest.raises(ThemeError) as caught:
        read_words("eo", [catalogue(tmp_path, "eo", entry)])
    assert told in str(caught.value)
    assert "eo/LC_MESSAGES/zstatic.po" in str(caught.value)


def test_words_that_a_translator_was_unsure_of_stay_english(tmp_path: Path) -> None:
    words = read_words("eo", [catalogue(tmp_path, "eo", '#, fuzzy\nmsgid "Tags"\nmsgstr "Etikedoj"\n')])
    assert words.gettext("Tags") == "Tags"


# --- Whole sites -------------------------------------------------------------------------------------


def german(*lines: str) -> str:
    return "\n".join(['[site]\ntitle = "Test"\nbase_url = "https://e.org/"\nlanguage = "de"', *lines, ""])


@pytest.fixture
def folder(fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    library = fake.add_library("groups/7", "Klein", public=True)
    library.add_item("AAAA2222", itemType="book", title="Buch", date="1843", creators=["Ada Lovelace"])
    return SiteFolder(tmp_path / "site", fake, [{"id": library.id}], search=False)


def front_page(folder: SiteFolder) -> str:
    return " ".join(
        html.document_fromstring((folder.site / "index.html").read_bytes()).text_content().split()
    )


def test_a_site_speaks_its_language_and_is_cited_in_it(folder: SiteFolder) -> None:
    folder.settings = german()
    report = folder.build()
    assert not [problem for problem in report.problems if problem.code == "no-translation"]
    assert "Neueste Einträge" in front_page(folder)
    asked = [target for target in folder.fake.targets if "style=" in target]

    assert asked and all("locale=de-DE" in target for target in asked)


def test_another_language_makes_the_site_as_if_it_had_always_been_so(
    folder: SiteFolder, fake: FakeZotero, tmp_path: Path
) -> None:
    folder.build()
    folder.settings = german()
    folder.build()
    fresh = SiteFolder(tmp_path / "fresh", fake, folder.libraries, german(), search=False)
    fresh.build()
    assert without_marker(folder.tree()) == without_marker(fresh.tree())


def test_a_changed_word_changes_the_pages_that_say_it_and_the_next_build_nothing(folder: SiteFolder) -> None:
    folder.settings = german()
    folder.build()
    before = folder.tree()
    catalogue(folder.root / "theme/locale", "de", 'msgid "Newest additions"\nmsgstr "Frisch erfasst"\n')
    folder.build()
    changed = folder.tree()
    # llms.txt names the list as well.
    assert difference(before, changed) == {"index.html", "llms.txt"}
    assert "Frisch erfasst" in front_page(folder)
    folder.build()
    assert not difference(changed, folder.tree())


def test_a_language_without_words_is_told_and_stops_nothing(folder: SiteFolder) -> None:
    folder.settings = german().replace('"de"', '"ja"')
    report = folder.build()
    assert [problem.where for problem in report.problems if problem.code == "no-translation"] == ["site.toml"]
    assert "Newest additions" in front_page(folder)

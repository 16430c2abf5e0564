"""Nothing that a reader sees is left in English: every word is marked, and is in every catalogue."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from builders import make_attachment, make_collection, make_item, make_note, make_tags
from lxml import html as lxml_html
from sitepages import Site, context, site_config

from zstatic.config import ThemeRules
from zstatic.outputs import Page
from zstatic.schema import Schema
from zstatic.theme import Theme, load_theme
from zstatic.translations import LOCALE_FOLDER, SOURCE_LANGUAGE, Words, languages

REPOSITORY = Path(__file__).parent.parent
TRANSLATED = [language for language in languages() if language != SOURCE_LANGUAGE]
THEMES = sorted(path.name for path in (REPOSITORY / "themes").iterdir() if path.is_dir())
REMEDY = "Run: make strings, then translate what is empty."


@pytest.fixture(scope="module")
def strings(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What pages and templates say, collected as `make strings` does."""
    file = tmp_path_factory.mktemp("strings") / "zstatic.pot"
    options = ["-F", str(REPOSITORY / "pyproject.toml"), "-k", "plural_forms:1,2", "-o", str(file)]
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", *options, str(REPOSITORY / "zstatic"), str(REPOSITORY / "themes")]
    )
    with file.open("rb") as stream:
        return read_po(stream)


def catalogue(language: str) -> Catalog:
    with (LOCALE_FOLDER / language / "LC_MESSAGES/zstatic.po").open("rb") as stream:
        return read_po(stream, locale=language)


def by_key(messages: Catalog) -> dict[tuple[str, Any], Message]:
    return {(message.context or "", message.id): message for message in messages if message.id}


def forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_word_is_translated(strings: Catalog, language: str) -> None:
    wanted, there = by_key(strings), by_key(catalogue(language))
    untranslated = [key for key in wanted if key not in there or not all(forms(there[key].string))]
    assert not untranslated, f"{REMEDY} {untranslated}"
    fuzzy = [key for key, message in there.items() if message.fuzzy]
    assert not fuzzy, f"Look at these and take out the word fuzzy: {fuzzy}"
    leftover = sorted([*(there.keys() - wanted.keys()), *catalogue(language).obsolete])
    assert not leftover, f"{REMEDY} No longer said: {leftover}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_fill_in_the_same_and_carry_the_same_markup(language: str) -> None:
    for key, message in by_key(catalogue(language)).items():
        for number, text in enumerate(forms(message.string)):
            names = set(re.findall(r"%\((\w+)\)s", forms(message.id)[-1]))
            found = set(re.findall(r"%\((\w+)\)s", text))
            # "one item" needs no number.
            optional = {"n"} if message.pluralizable else set()
            assert names - optional <= found <= names, (key, number, text)
            assert tags(text) == tags(forms(message.id)[-1]), (key, text)
            for mark in '"<>&':
                # In an attribute these would end it.
                assert mark not in text or mark in forms(message.id)[-1], (key, text)


def tags(text: str) -> list[str]:
    """Those of the language itself may be added in code, as translations of what is typed."""
    return sorted(tag for tag in re.findall(r"</?(\w+)", text) if tag != "code")


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_a_form_for_each_kind_of_number(language: str) -> None:
    read = catalogue(language)
    assert all(len(message.string) == read.num_plurals for message in read if message.pluralizable)


# --- What is not marked ------------------------------------------------------------------------------


class Marked(Words):
    """Every word stands in brackets."""

    __slots__ = ()

    def raw_in(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def raw_plural_in(self, context: str, one: str, many: str, number: int) -> str:
        return f"⟦{one if number == 1 else many}⟧"


class GreekNames(dict[str, str]):
    """Labels as Zotero would have them."""

    def get(self, key: str, default: Any = None) -> Any:
        return "Πεδίο"


# What is the same in all languages.
NAMES = re.compile(
    r"\b(?:Zotero|zotero\.org|BibTeX|Atom|JSON|RIS|CSL[ -]JSON|PDF|EPUB|DOI|APA|404|unAPI|[A-Z2-9]{8}"
    r"|https?://\S+|doi\.org\S*)\b"
    # What scripts fill in, and how they call the kinds of numbers.
    r'|\{\w+\}|"(?:zero|one|two|few|many|other)":'
)
# For programs, and for those who type.
SKIPPED = {"script", "style", "pre", "code", "kbd", "template"}
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt")
LATIN = re.compile(r"[A-Za-z]")


def unmarked(texts: Iterable[str]) -> set[str]:
    """What stands outside of all brackets, without names.

    texts: in order; a bracket may close in a later one.
    """
    outside, depth = [], 0
    for letter in "\n".join(texts):
        depth += (letter == "⟦") - (letter == "⟧")
        outside.append(letter if depth == 0 or letter == "\n" else " ")
    lines = NAMES.sub(" ", "".join(outside)).split("\n")
    return {line.strip() for line in lines if LATIN.search(line)}


def left_behind(document: Any) -> set[str]:
    """What a reader may see or hear of a page that is in no catalogue."""
    tops = {*document.iter(*SKIPPED)}
    within = {each for element in tops for each in element.iter()}
    texts: list[str] = []

    def walk(element: Any) -> None:
        is_text = isinstance(element.tag, str) and element not in within
        texts.append(element.text or "" if is_text else "")
        for child in element:
            walk(child)
            texts.append(child.tail or "" if child not in within or child in tops else "")

    walk(document)
    attributes = [
        value
        for element in document.iter()
        if isinstance(element.tag, str)
        and element not in within
        and element.tag != "abbr"
        and element.get("class") != "Z3988"
        for name, value in element.items()
        if name in ATTRIBUTES
        or (name == "content" and element.get("name") == "description")
        or (name.startswith("data-") and element.get("id") in ("search", "said"))
        if name not in ("data-language", "data-texts")
    ]
    found = unmarked(texts)
    return found.union(*(unmarked([value]) for value in attributes))


@pytest.fixture(scope="module", params=THEMES)
def marked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with every kind of page; all that is not ours is Greek."""
    root = tmp_path_factory.mktemp("marked")
    pdf = root / "a.pdf"
    pdf.write_bytes(b"%PDF" + b"x" * 3_000)
    (root / "content").mkdir()
    (root / "content/πληροφορίες.md").write_text("# Πληροφορίες\n\nΚείμενο")
    config = site_config(root, theme=ThemeRules(request.param))
    config = replace(
        config,
        site=replace(config.site, title="Βιβλιοθήκη", description="Περιγραφή", rights="Δικαιώματα"),
        libraries=(replace(config.libraries[0], name="Συλλογή"),),
    )
    config = replace(
        config,
        libraries=(replace(config.libraries[0], select=replace(config.libraries[0].select, notes=True)),),
    )
    greek = Schema(
        type_labels=GreekNames(),
        field_labels=GreekNames(),
        creator_labels=GreekNames(),
        type_fields={"journalArticle": ("title", "abstractNote", "publicationTitle", "DOI", "extra")},
    )
    people = [{"creatorType": "author", "firstName": "Α", "lastName": f"Όνομα{n}"} for n in range(30)]
    editors = [{"creatorType": "editor", "name": "Ομάδα"}]
    own = {
        "title": "Τίτλος",
        "abstractNote": "Περίληψη",
        "publicationTitle": "Περιοδικό",
        "DOI": "10.1000/182",
        "extra": "Ό,τι άλλο",
        "collections": ["CCCC2222"],
        "tags": make_tags("ετικέτα"),
        "creators": people,
        "date": "2020",
        "parsed_date": "2020",
    }
    early = {"date": "44 π.Χ.", "parsed_date": "-0043"}
    related = {"dc:relation": ["http://zotero.org/groups/1/items/AAAA3333"]}
    merged = {"dc:replaces": ["http://zotero.org/groups/1/items/ZZZZ2222"]}
    items = [
        make_item("AAAA2222", **{**own, "relations": {**related, **merged}}),
        make_item("AAAA3333", **{**own, "creators": editors, "title": "Άλλο", "date": "0100"}),
        make_item("AAAA6666", deleted=1),
        make_item("AAAA4444", title="", tags=make_tags("ετικέτα")),
        make_item("AAAA5555", **{**own, **early, "title": "Παλιό", "collections": ["CCCC3333"]}),
        make_attachment("FFFF2222", "AAAA2222", title="Κείμενο", filename="α.pdf"),
        make_note("NNNN2222", "AAAA2222", note="<p>Σημείωση</p>"),
        *(
            make_item(
                f"BBBB{n:04}", title=f"Τίτλος {n}", tags=make_tags(f"ετικέτα {n}", "συχνό"), date="1999"
            )
            for n in range(120)
        ),
    ]
    collections = [
        make_collection("CCCC2222", "Συλλογή"),
        make_collection("CCCC3333", "Υποσυλλογή", "CCCC2222"),
        make_collection("CCCC4444", "Κενή"),
    ]
    (attachment,) = [item for item in items if item["key"] == "FFFF2222"]
    words = Marked(locale=Locale("el"))
    theme = Theme(load_theme(config).folders, words)
    ctx = context(
        *items,
        collections=collections,
        config=config,
        schema=greek,
        files={attachment["data"]["md5"]: pdf},
        name="Βιβλιοθήκη",
        words=words,
        citations={"apa": {"AAAA2222": "<div>Όνομα (2020). Τίτλος.</div>"}},
        exports={"bibtex": {"AAAA2222": "@article{α}"}},
    )
    return Site(ctx, theme)


def html_pages(site: Site) -> list[str]:
    return [path for path, output in site.outputs.items() if isinstance(output, Page)]


def test_every_word_on_every_kind_of_page_is_marked_for_translation(marked: Site) -> None:
    templates = {output.template for output in marked.outputs.values() if isinstance(output, Page)}
    default = {
        name
        for name in marked.theme.environment.list_templates()
        if "/" not in name and not name.startswith("_") and name != "base.html"
    }
    assert templates == default
    found: dict[str, str] = {}
    for path in html_pages(marked):
        for left in left_behind(lxml_html.document_fromstring(marked.text(path))):
            found.setdefault(left, path)
    assert not found


def test_an_empty_site_says_so_in_words_that_are_marked() -> None:
    words = Marked(locale=Locale("el"))
    config = replace(site_config(), site=replace(site_config().site, title="Βιβλιοθήκη"))
    ctx = context(config=config, name="Βιβλιοθήκη", words=words)
    empty = Site(ctx, Theme(load_theme(config).folders, words))
    pages = [lxml_html.document_fromstring(empty.text(path)) for path in html_pages(empty)]
    assert not set().union(*map(left_behind, pages))


SCRIPTS = sorted((REPOSITORY / "themes").glob("*/static/*.js"))
SCRIPT_TEXT = re.compile(r"""(?:textContent|title|placeholder|ariaLabel)\s*=\s*["'`][A-Za-z]""")


@pytest.mark.parametrize(
    "script", sorted((REPOSITORY / "themes").glob("*/static/*.js")), ids=lambda p: p.name
)
def test_scripts_have_their_words_from_the_page(script: Path) -> None:
    assert not SCRIPT_TEXT.findall(script.read_text("utf-8"))

"""What Pagefind does not do by itself, row by row, and what a reader gets here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import make_item, make_tags
from playwright.sync_api import Browser, Page, expect
from sitepages import context
from test_search_browser import author, dated, search, write_folder

pytestmark = pytest.mark.browser

ITEMS = [
    make_item(
        "CLIMATE0",
        title="Climate models",
        abstractNote="A model of the climate that grew the origin of rain.",
    ),
    make_item("ORIGIN00", title="Origin of species", creators=[author("Charles Darwin")]),
    make_item("BOTH0000", title="The climate at the origin", tags=make_tags("deep time")),
    make_item("NUMPY000", title="Array programming", DOI="10.1038/s41586-020-2649-2"),
    make_item("ISBN0000", title="Two numbers", ISBN="0-306-40615-2, 978-3-16-148410-0"),
    make_item("ARXIV000", title="A preprint", extra="arXiv: 2101.00001v2"),
    make_item("CSHARP00", title="Learning C#"),
    make_item("CPLUS000", title="Learning C++"),
    make_item("FUSION00", title="The ⁴He+²⁰⁹Bi reaction in N2+O2"),
    make_item("FORMULA0", title="Magnetism of (Bi0.85Nd0.15)(Ti0.1Fe0.9)O3 films"),
    make_item(
        "PIECES00",
        title="The CD4/CD8 ratio of Na+/K+-ATPase and IL-2/IL-4 in Franco-German/Anglo-Saxon cells",
    ),
    make_item("VITAMINC", title="Vitamin C"),
    make_item("CARBON00", title="Sinks of CO₂"),
    make_item("CARBON01", title="Sources of CO2"),
    make_item("PROTEIN0", title="The p53 protein and β-catenin in H₂O"),
    make_item("IRISH000", title="The life of Flann O’Brien", creators=[author("Eoin O’Neil")]),
    make_item(
        "DASHES00",
        title="Label–makers and state-of-the-art e-mail",
        abstractNote="Growth—and decline—of Après‑ski, l’hôtel and d'autres.",
    ),
    make_item("UMLAUT00", title="Smørrebrød in der Straße", creators=[author("Jan Łukasiewicz-Größer")]),
    make_item("CZECH000", title="Symphonies", creators=[author("Antonín Dvořák"), author("Anna Müller")]),
    make_item("DECOMPOS", title="U\u0308ber Ba\u0308ume", creators=[author("Ju\u0308rgen Ho\u0308ll")]),
    make_item("CHINESE0", title="清代北京城市研究", abstractNote="本文討論清代北京的城市生活。"),
    make_item("JAPANESE", title="機械学習による東京の研究"),
    make_item("KOREAN00", title="한국어 문법 연구"),
    make_item("GERMAN00", title="Die Häuser der Städte", language="de"),
    make_item("ARABIC00", title="تاريخ العلوم"),
    make_item("STEM0000", title="Weaving computations"),
    make_item(
        "ANALYSIS", title="A polyphonic analysis", abstractNote="Of conferences “e-print/layout” – and fact."
    ),
    make_item("MISPLACE", title="The concept of a factory", abstractNote="For weavers, analogous."),
    make_item("NEWSPAPR", title="Newspapers", abstractNote="What is new in the world."),
    make_item("NEWS0000", title="New worlds", abstractNote="What is new in the world."),
    make_item("CAT00001", title="Schrödinger's cat", creators=[author("Søren Grass")]),
    make_item("CAT00002", title="Schrodinger’s cats", creators=[author("Soren Grass")]),
    make_item("LEVELS00", title="SO₂ levels"),
    make_item("LEVELS01", title="SO2 levels"),
    make_item("STOPWORD", title="To be or not to be: that is the question"),
    make_item("LITTLE00", title="It", creators=[author("Stephen King")]),
    make_item("LETTER00", title="V.", creators=[author("Thomas Pynchon")]),
    make_item("LITTLE01", title="By and for"),
    dated("YEAR1990", "Dated work one", 1990),
    dated("YEAR2000", "Dated work two", 2000),
    dated("YEAR2010", "Dated work three", 2010),
]

TITLES = "in so many items that only titles of such words were looked for."
QUOTES = "Add another word, or put a phrase in quotes."
SAID = {
    "to be or not to be": f"“to”, “be”, “or”, “not”: {TITLES} {QUOTES}",
    "it": f"“it”: {TITLES} {QUOTES}",
    "by": f"“by”: in so many items that it finds nothing in particular. {QUOTES}",
    "By AND for": f"“By”, “for”: in so many items that it finds nothing in particular. {QUOTES}",
    "by and for": f"“by”, “and”, “for”: {TITLES} {QUOTES}",
    "the origin of species": "Left out, since no work has all these words: “the”, “of”.",
    "文法": "No exact match for “文法”. These are the nearest results.",
    "β": "Type at least two letters.",
}
ROWS = {
    "boolean": [
        ("climate OR darwin", "CLIMATE0 ORIGIN00 BOTH0000"),
        ("climate NOT origin", ""),
        ("origin -climate", "ORIGIN00"),
        ("(climate OR origin) time", "BOTH0000"),
    ],
    "phrase": [
        ('"origin of species"', "ORIGIN00"),
        ('charles "origin of species"', "ORIGIN00"),
        ('climate "the origin"', "CLIMATE0 BOTH0000"),
        ('"species of origin"', ""),
        ('title:"climate models"', "CLIMATE0"),
        ('tag:"deep time"', "BOTH0000"),
    ],
    "phrases with accents": [
        ('"schrödinger\'s cat"', "CAT00001 CAT00002"),
        ('"Schrodinger’s cat"', "CAT00001 CAT00002"),
        ('title:"schrödingers cats"', "CAT00001 CAT00002"),
        ('"Søren Grass"', "CAT00001 CAT00002"),
        ('author:"Soren Grass"', "CAT00001 CAT00002"),
        ('"SO2 levels"', "LEVELS00 LEVELS01"),
        ('"SO₂ levels"', "LEVELS00 LEVELS01"),
        ('"levels SO₂"', ""),
        ('cats -"Søren Grass"', ""),
    ],
    "prefix": [
        ("clim", "CLIMATE0 BOTH0000"),
        ("limate", ""),
        # The stemmer would make "anali", "confer" and "fact*" of them.
        ("analys", "ANALYSIS"),
        ("conferenc", "ANALYSIS"),
        ("facts", "ANALYSIS"),
        ("fact", "ANALYSIS MISPLACE"),
        ("title:polyphonics", "ANALYSIS"),
        ("title:newing", "NEWS0000"),
        ("title:worlded", "NEWS0000"),
        ("layouts -darwin", "ANALYSIS"),
    ],
    "stemming": [
        ("weaves", "STEM0000"),
        ("weavin", "STEM0000"),
        ("weaver", "MISPLACE"),
        ("weave", "MISPLACE STEM0000"),
        ("computati", "STEM0000"),
        ("computing", "STEM0000"),
    ],
    "stop words": [
        ("to be or not to be", "STOPWORD"),
        ('"to be or not to be"', "STOPWORD"),
        ("it", "LITTLE00"),
        ("it king", "LITTLE00"),
        ("V", "LETTER00"),
        ("by", ""),
        ('"by and"', "LITTLE01"),
        ("title:by", "LITTLE01"),
        ('title:"by"', "LITTLE01"),
        ("By AND for", ""),
        ("by and for", "LITTLE01"),
        ("by OR darwin", "ORIGIN00"),
        ("by author:darwin", "ORIGIN00"),
        ("(of) (species darwin)", "ORIGIN00"),
        ("darwin NOT of", "ORIGIN00"),
        ("the origin of species", "ORIGIN00"),
    ],
    "diacritics": [
        ("muller", "CZECH000"),
        ("Mueller", "CZECH000"),
        ("dvorak", "CZECH000"),
        ("Dvořák", "CZECH000"),
        ("lukasiewicz", "UMLAUT00"),
        ("Łukasiewicz", "UMLAUT00"),
        ("grosser", "UMLAUT00"),
        ("Groesser", "UMLAUT00"),
        ("smorrebrod", "UMLAUT00"),
        ("strasse", "UMLAUT00"),
        ("STRASSE", "UMLAUT00"),
        ("Straße", "UMLAUT00"),
        ("uber baume", "DECOMPOS"),
        ("Über Bäume", "DECOMPOS"),
        ("U\u0308ber Ba\u0308ume", "DECOMPOS"),
        ("Höll", "DECOMPOS"),
        ("hoell", "DECOMPOS"),
    ],
    "punctuation": [
        ("O'Neil", "IRISH000"),
        ("O’Neil", "IRISH000"),
        ("oneil", "IRISH000"),
        ("neil", "IRISH000"),
        ("brien", "IRISH000"),
        ("e-mail", "DASHES00"),
        ("email", "DASHES00"),
        ("mail", "DASHES00"),
        ("state-of-the-art", "DASHES00"),
        ("art", "DASHES00"),
        ("makers", "DASHES00"),
        ("label makers", "DASHES00"),
        ("decline", "DASHES00"),
        ("growth decline", "DASHES00"),
        ("ski", "DASHES00"),
        ("hotel", "DASHES00"),
        ("l'hôtel", "DASHES00"),
        ("l’hotel", "DASHES00"),
        ("autres", "DASHES00"),
    ],
    "identifiers": [
        ("10.1038/s41586-020-2649-2", "NUMPY000"),
        ("10.1038/S41586-020-2649-2", "NUMPY000"),
        ("https://doi.org/10.1038/s41586-020-2649-2", "NUMPY000"),
        ("doi:10.1038/s41586-020-2649-2", "NUMPY000"),
        ("s41586-020-2649-2", "NUMPY000"),
        ("s41586", "NUMPY000"),
        ("2649", "NUMPY000"),
        ("10.1038", "NUMPY000"),
        ("0306406152", "ISBN0000"),
        ("0-306-40615-2", "ISBN0000"),
        ("9780306406157", "ISBN0000"),
        ("9783161484100", "ISBN0000"),
        ("978-3-16-148410-0", "ISBN0000"),
        ("3-16-148410-X", "ISBN0000"),
        ("arXiv:2101.00001", "ARXIV000"),
        ("2101.00001v1", "ARXIV000"),
    ],
    "C++ / C#": [
        ("c#", "CSHARP00"),
        ("²⁰⁹Bi reaction", "FUSION00"),
        ("magnetism of (Bi0.85Nd0.15)(Ti0.1Fe0.9)O3 films", "FORMULA0"),
        ("⁴He+²⁰⁹Bi", "FUSION00"),
        ("209bi", "FUSION00"),
        ("o2", "FUSION00"),
        ("N2+O2", "FUSION00"),
        ("cd8", "PIECES00"),
        ("CD4/CD8", "PIECES00"),
        ("il-4", "PIECES00"),
        ("IL-2/IL-4", "PIECES00"),
        ("anglo-saxon", "PIECES00"),
        ("saxon", "PIECES00"),
        ("atpase", "PIECES00"),
        ("k+", "PIECES00"),
        ("title:cd8", "PIECES00"),
        ('"The CD4/CD8 ratio"', "PIECES00"),
        ("C++", "CPLUS000"),
        ("learning c++", "CPLUS000"),
        ('"Vitamin C"', "VITAMINC"),
    ],
    "CO2, p53, H2O, β": [
        ("co2", "CARBON00 CARBON01"),
        ("CO₂", "CARBON00 CARBON01"),
        ("p53", "PROTEIN0"),
        ("H2O", "PROTEIN0"),
        ("β", ""),
        ("β-catenin", "PROTEIN0"),
        ("catenin", "PROTEIN0"),
    ],
    "CJK": [
        ("北京", "CHINESE0"),
        ("城市研究", "CHINESE0"),
        ("城市生活", "CHINESE0"),
        ("清代 研究", "CHINESE0"),
        ("機械学習", "JAPANESE"),
        ("研究", "CHINESE0 JAPANESE"),
        ("文法", "CHINESE0"),
        ("문법", "KOREAN00"),
        ("한국", "KOREAN00"),
    ],
    "several languages": [
        ("hauser stadte", "GERMAN00"),
        ("Häuser", "GERMAN00"),
        ("العلوم", "ARABIC00"),
        ("language:de", "GERMAN00"),
    ],
    "range filters": [
        ("year:1990..2000", "YEAR1990 YEAR2000"),
        ("dated year:2000..", "YEAR2000 YEAR2010"),
        ("dated -year:2000", "YEAR1990 YEAR2010"),
    ],
}


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str], chromium: Browser
) -> Iterator[Page]:
    """Below a path of its own, as on many hosts."""
    top = tmp_path_factory.mktemp("table")
    write_folder(context(*ITEMS), top / "some/path", top / "work")
    page = chromium.new_page()
    page.goto(serve(top) + "some/path/search/")
    yield page
    page.close()


@pytest.mark.parametrize(
    ("query", "keys"),
    [pytest.param(query, keys, id=f"{row}: {query}") for row, cases in ROWS.items() for query, keys in cases],
)
def test_a_reader_finds_what_is_there_and_nothing_else(opened: Page, query: str, keys: str) -> None:
    search(opened, query)
    links = opened.locator("#search-results .entry-title").evaluate_all(
        "(all) => all.map((each) => each.getAttribute('href').split('/').at(-2))"
    )
    assert sorted(links) == sorted(keys.split())
    note = opened.locator("#search-note")
    if query in SAID:
        expect(note).to_have_text(SAID[query])
    elif keys:
        expect(note).to_be_hidden()

"""Names stand where a reader of the site's language looks for them."""

import random

import pytest

from zstatic.sorting import initial, sort_key

# Language -> words in their order; neighbours that differ by accents alone are in the order of Unicode.
ORDERS = {
    "en": "Adam Ångström Azur Coté côte Éclair ﬁne Łódź Müller Muller’s Ørsted Ost über Zoë",
    "de": "Ärger Arzt Öl Oma Straße Strasse-2 strassen Über Ufer",
    "fr-FR": "cote coté côte côté cotes œuf offre ouf",
    "sv": "Adam Zorn Ångström Ärla Ærø Öberg Ørsted",
    "fi": "Yrjö Zorn Åbo Äiti Öljy",
    "da": "Adam Zorn Ægir Ärla Öberg Ørsted Ålborg Aarhus",
    "nb-NO": "Abel Zorn Ægir Ødegård Åsen",
    "is": "Anna Ásta Davíð Ðan Zófonías Þór Ægir Ögmundur",
    "de-AT": "Ost Österreich",
    "es": "nube nunca ñandú ojo",
    "pt-BR": "acao ação ácido agora",
    "pl": "Cybis Ćwik Lodz Lwów Łódź Madej Oz Ósemka Zuch Źródło Żak",
    "cs": "cyklus čaj had hrad chrám jaro Řím satan šum zebra žena",
    "sk": "zem žena",
    "hr": "cvijet čaj ćup dan džep đak luk ljeto nos njuška zec žena",
    "sl": "cvet čas šola",
    "hu": "cukor csaba dal gól gyár olaj öreg szó tej tyúk udvar üveg zseb",
    "ro": "arc ăsta stat șarpe tren țară",
    "tr": "ceviz çam gaz ğ ırmak İzmir ok ölü sel şal ut üzüm",
    "lt": "cukrus čia yla inkaras jonas zebras žeme",
    "lv": "cukurs čaks gads ģimene zeme žurka",
    "et": "sool šokk zebra žanr tee õde äike öö ühtne",
    "cy": "cwm chwech dydd ddoe",
    "vi": "da đa",
    "ru": "ёлка ель ещё игла йод кот",
    "uk": "гора ґанок ель єнот ива ігла їжак йод кот",
    "sr": "дом ђак ева јаје кућа љубав ћуп ум џеп шума",
    "mk": "дом ѓон ѕвезда јас тон ќуп ум",
    "el": "Άννα Βασίλης Ευά Ωρίων",
    "fa": "باد پدر جان چای کتاب گل ورد هوا یاد",
    "ko": "가람 나무 하늘",
}


@pytest.mark.parametrize("language", ORDERS)
def test_names_follow_each_other_as_in_the_language(language: str) -> None:
    due = ORDERS[language].split()
    assert put_in_order(due, language) == due


def test_scripts_follow_each_other_as_in_unicode() -> None:
    due = ["…", "3D", "Zorn", "Ωρίων", "яма", "אב", "اب", "가", "かな", "漢字"]
    assert put_in_order(due) == due


def test_a_name_comes_before_what_goes_on_after_it() -> None:
    due = ["Smith", "Smith-Jones", "Smith, Zoe", "Smithers"]
    assert put_in_order(due) == due


def put_in_order(words: list[str], language: str = "") -> list[str]:
    mixed = random.Random(language).sample(words, len(words))
    return sorted(mixed, key=lambda word: sort_key(word, language))


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("“Quoted” —  end", "quoted end"),
        ("O’Brien, Jo-Ann", "obrien jo ann"),
        ("ﬁne", "FINE"),
        ("٢٠٢٠", "2020"),
        ("H₂O", "h2o"),
        ("…", "..."),
        ("", ""),
    ],
)
def test_punctuation_case_and_forms_of_a_letter_do_not_count(text: str, alike: str) -> None:
    assert sort_key(text).partition("\0")[0] == sort_key(alike).partition("\0")[0]


@pytest.mark.parametrize(
    ("text", "language", "letter"),
    [
        ("Éclair", "en", "E"),
        ("3D", "en", "0–9"),
        ("٣", "en", "0–9"),
        ("!", "en", "#"),
        ("", "en", "#"),
        ("Ørsted", "en", "O"),
        ("Ørsted", "da", "Ø"),
        ("Aarhus", "da", "Å"),
        ("Aarhus", "en", "A"),
        ("Chrám", "cs", "CH"),
        ("İzmir", "tr", "İ"),
        ("Irmak", "tr", "I"),
        ("ящик", "en", "Я"),
        ("йод", "ru", "Й"),
        ("カナ", "en", "かな"),
        ("山", "en", "漢"),
        ("서울", "en", "한"),
    ],
)
def test_names_stand_under_their_initial(text: str, language: str, letter: str) -> None:
    assert initial(text, language) == letter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zstatic.dates import PartialDate, parse_date


@pytest.mark.parametrize(
    ("text", "parsed", "iso"),
    [
        ("13 March 2018", "2018-03-13", "2018-03-13"),
        ("03/2018", "2018-03", "2018-03"),
        ("2018", "2018", "2018"),
        ("1999-00-00", "1999-00-00", "1999"),
        ("2020-13-45", "2020-13-45", "2020"),
        ("2020-02-30", "2020-02-30", "2020-02"),
        ("2019-02-29", "2019-02-29", "2019-02"),
        ("2020-02-29", "2020-02-29", "2020-02-29"),
        ("September/October 2010", "2010-10", "2010-10"),
        ("999", "0999", "0999"),
        ("", "2018", "2018"),
    ],
)
def test_zoteros_parsed_date_is_read_as_far_as_it_is_possible(text, parsed, iso):
    assert parse_date(text, parsed).iso == iso


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2018-03-13T10:00:00Z", "2018-03-13"),
        ("1998-02-11 02-11-98", "1998-02-11"),
        ("mars 2020", "2020"),
        ("999", "0999"),
        ("1907-1908", "1907"),
        ("[ca. 1923?]", "1923"),
        ("05/2011", "2011"),
    ],
)
def test_without_a_parsed_date_the_year_is_found_in_the_text(text, iso):
    assert parse_date(text, "").iso == iso


@pytest.mark.parametrize(
    "text", ["", "n.d.", "0", "0000", "0000 Year Date", "20", "0192-00-00 [192-?]", "forthcoming", "12345"]
)
def test_what_names_no_year_is_undated(text):
    assert parse_date(text, "") == PartialDate(text)


def test_zoteros_year_zero_is_undated():
    assert parse_date("0000", "0000-00-00").year is None


@pytest.mark.parametrize(
    ("text", "parsed", "year"), [("44 BC", "0044", -43), ("1 B.C.E.", "", 0), ("", "-0043-03-15", -43)]
)
def test_years_before_our_era_are_astronomical(text, parsed, year):
    assert parse_date(text, parsed).year == year


def test_the_text_stays_as_it_was_written():
    assert parse_date(" Spring 2018 ", "2018").text == "Spring 2018"


@given(st.text(), st.text())
def test_any_text_gives_a_possible_date(text, parsed):
    date = parse_date(text, parsed)
    assert date.month is None or 1 <= date.month <= 12
    assert date.day is None or (date.month and 1 <= date.day <= 31)
    assert date.year is not None or date.iso == ""

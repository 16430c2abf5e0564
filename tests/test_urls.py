import re
import unicodedata

import pytest
from builders import StubMirror, make_attachment, make_config, make_item
from hypothesis import assume, example, given
from hypothesis import strategies as st

from zstatic.library import read_library
from zstatic.urls import (
    EXTENSIONS,
    collection_path,
    doi,
    doi_url,
    file_name,
    hyphenated,
    isbns,
    item_path,
    safe_href,
    slug,
)

RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))}
names = st.text(st.characters(codec="utf-8") | st.sampled_from("aAbB -./é日ßİ\u0301\u200d"), max_size=120)


def attachment(**data):
    mirror = StubMirror(make_item("AAAA2222"), make_attachment("BBBB3333", "AAAA2222", **data))
    config = make_config()
    return read_library(mirror, config, config.libraries[0]).items["AAAA2222"].attachments[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("History", "history"),
        (" history ", "history"),
        ("Social history", "social-history"),
        ("Éléments", "éléments"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("العربية ٢٠٢٠", "العربية-٢٠٢٠"),
        ("Covid 19", "covid-19"),
        ("ΐ", "ΐ"),
    ],
)
def test_a_slug_keeps_letters_and_digits_of_every_script(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    "name", ["C++", "C#", "a/b", "a-b", "a  b", "★", "...", "../x", "con", "Nul", "x" * 81]
)
def test_a_name_that_loses_something_carries_a_hash(name):
    assert re.fullmatch(r"[\w-]+--[0-9a-f]{8}", slug(name))


def test_names_that_look_alike_in_a_slug_have_slugs_of_their_own():
    alike = ["C", "C+", "C++", "C#", "c ", "a b", "a-b", "a  b", "a_b", "a/b"]
    assert len({slug(name) for name in alike}) == len(alike) - 1


@given(names, names)
@example("é", "e\u0301")
@example("a b", "a-b")
def test_only_names_equal_but_for_case_and_outer_spaces_share_a_slug(one, other):
    assert (slug(one) == slug(other)) == (one.strip().casefold() == other.strip().casefold())


@given(names)
@example("\U00020000" * 80)
@example("CON")
@example("-")
def test_a_slug_is_a_safe_folder_name_everywhere(name):
    made = slug(name)
    assert 0 < len(made) <= 80
    assert len(made.encode()) <= 255
    assert made[0] not in ".-"
    assert made not in RESERVED
    assert made == unicodedata.normalize("NFC", made)
    assert not set(made) & set('/\\?#%:*"<>|. \u202e')
    assert all(unicodedata.category(char)[0] in "LMN" or char == "-" for char in made)


def test_pages_of_a_library_lie_under_its_slug():
    assert item_path("", "ABCD2345") == "items/ABCD2345/"
    assert item_path("maps", "ABCD2345") == "maps/items/ABCD2345/"
    assert collection_path("maps", "ABCD2345") == "maps/collections/ABCD2345/"


# File names


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("Smith - 2020 - Café & Co.pdf", "smith-2020-cafe-co.pdf"),
        ("../../etc/passwd", "etc-passwd.pdf"),
        ("Straße.PDF", "strasse.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("-rf.pdf", "rf.pdf"),
        ("con.pdf", "con-bbbb3333.pdf"),
        ("evil\u202efdp.html", "evilfdp.pdf"),
        ("日本語.pdf", "bbbb3333.pdf"),
        ("", "full-text-pdf.pdf"),
    ],
)
def test_a_published_name_is_plain_ascii_with_the_extension_of_its_type(filename, expected):
    assert file_name(attachment(filename=filename), ()) == expected


def test_two_files_alike_but_for_case_have_names_of_their_own():
    assert file_name(attachment(filename="Paper.PDF"), {"paper.pdf"}) == "paper-bbbb3333.pdf"


def test_a_file_called_by_the_key_of_another_has_a_name_of_its_own():
    taken = {"paper.pdf", "paper-bbbb3333.pdf"}
    assert file_name(attachment(filename="Paper.pdf"), taken) == "paper-bbbb3333-bbbb3333.pdf"


def test_the_extension_follows_the_media_type_and_nothing_else():
    assert file_name(attachment(filename="x.html", contentType="image/png; a=b"), ()) == "x.png"


@given(st.text(max_size=300), st.sampled_from(sorted(EXTENSIONS)))
@example("x" * 4000, "application/pdf")
@example("COM1.txt", "text/plain")
@example("a\0b", "application/pdf")
def test_a_published_name_is_safe_on_every_system(filename, media_type):
    made = file_name(attachment(filename=filename, contentType=media_type), ())
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*\.[a-z0-9]+", made)
    assert len(made) <= 80
    assert made.partition(".")[0] not in RESERVED


def test_no_active_content_has_an_extension():
    active = {"html", "htm", "xhtml", "svg", "xml", "js", "mjs", "mht", "mhtml", "swf", "hta"}
    assert not active & set(EXTENSIONS.values())


# Links


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a?b=c&d=%20#e",
        "http://example.org:8080/",
        "https://пример.рф/страница",
        "mailto:jan@example.org",
    ],
)
def test_ordinary_links_stay_as_they_are(url):
    assert safe_href(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///home/me/x.pdf",
        "zotero://select/x",
        "//example.org/",
        "example.org",
        "/etc/passwd",
        "https://user:secret@example.org/",
        "https://example.org\\@evil.org/",
        "https:///x",
        "https://[::1",
        "https://example.org:99999/",
        "mailto:a@b?body=<script>",
        "C:\\Users\\me\\x.pdf",
    ],
)
def test_anything_else_is_no_link(url):
    assert safe_href(url) == ""


@pytest.mark.parametrize(
    ("url", "href"),
    [
        (' https://example.org/a b"<c>\n', "https://example.org/a%20b%22%3Cc%3E"),
        ("https://example.org/A[B,C]?d[]=1", "https://example.org/A%5BB,C%5D?d%5B%5D=1"),
        ("https://example.org/100%/a%20b#c#d", "https://example.org/100%25/a%20b#c%23d"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_what_a_url_cannot_hold_is_encoded(url, href):
    assert safe_href(url) == href


@given(st.text() | st.text().map(lambda text: f"https://example.org/{text}"))
def test_a_link_never_breaks_out_of_its_attribute(url):
    href = safe_href(url)
    assert not set(href) & set('"<> \n\t\x00\\`')
    assert not href or href.lower().startswith(("http://", "https://", "mailto:"))


# Identifiers

OLD_DOI = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("10.1000/182", "10.1000/182"),
        ("https://doi.org/10.1000/182", "10.1000/182"),
        ("http://dx.doi.org/10.1000/182", "10.1000/182"),
        ("DOI:10.1000/ABC", "10.1000/ABC"),
        ("doi: https://doi.org/10.1000/182.", "10.1000/182"),
        ("<10.1000/182>", "10.1000/182"),
        ("https://doi.org/10.1002/%28SICI%291097", "10.1002/(SICI)1097"),
        (OLD_DOI, OLD_DOI),
        (OLD_DOI.replace("<", "%3C").replace(">", "%3e"), OLD_DOI),
        ("10.1000/a; 10.1000/b", "10.1000/a"),
        ("not one", ""),
        ("10.1", ""),
    ],
)
def test_a_doi_is_found_however_it_is_written(text, bare):
    assert doi(text) == bare


def test_a_doi_link_is_percent_encoded():
    assert doi_url(OLD_DOI).startswith("https://doi.org/10.1002/(SICI)")
    assert "%3C1661::AID-SIM968%3E3.0.CO;2-2" in doi_url(OLD_DOI)
    assert doi_url("10.1000/a#b?c%d") == "https://doi.org/10.1000/a%23b%3Fc%25d"
    assert doi_url("none") == ""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("978-0-306-40615-7", ("9780306406157",)),
        ("0-306-40615-2 978-0-306-40615-7", ("0306406152", "9780306406157")),
        ("9780306406157; 978 0 306 40615 7", ("9780306406157",)),
        ("ISBN 0-8044-2957-x", ("080442957X",)),
        ("978‑0‑306‑40615‑7", ("9780306406157",)),
        ("978-0-306-40615-8", ()),
        ("", ()),
    ],
)
def test_the_valid_isbns_of_a_field_are_found(text, numbers):
    assert isbns(text) == numbers


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("9780306406157", "978-0-306-40615-7"),
        ("080442957X", "0-8044-2957-X"),
        ("9783866882409", "978-3-86688-240-9"),
        ("9791020903259", "979-10-209-0325-9"),
        # Nobody publishes under 978-99999 or 979-7.
        ("9789999999991", "9789999999991"),
        ("9797000000004", "9797000000004"),
    ],
)
def test_an_isbn_is_cut_where_country_and_publisher_end(number, shown):
    assert hyphenated(number) == shown


@given(st.text())
def test_identifiers_in_any_text_do_no_harm(text):
    assume(len(text) < 1000)
    assert not set(doi_url(text)) & set('"<> ')
    assert all(len(number) in (10, 13) for number in isbns(text))

"""site.toml -> Config: what is accepted, what is refused and how it is told."""

import re
import tomllib
from pathlib import Path

import pytest

from zstatic.config import (
    PLAIN,
    SECTIONS,
    AttachmentRules,
    Config,
    FacetRules,
    GuardRules,
    MenuEntry,
    Secret,
    SelectRules,
    load_config,
    settings_of,
)
from zstatic.errors import ConfigError
from zstatic.positions import find_places
from zstatic.reference import describe_config, describe_defaults
from zstatic.values import parse_library

PROJECT = Path(__file__).resolve().parents[1]
LEAST = '[site]\ntitle = "T"\n[[library]]\nid = "groups/1"\n'
KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None, **options: str) -> Config:
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    return load_config(tmp_path, None, environ or {}, **options)


def mistakes(tmp_path: Path, text: str, environ: dict[str, str] | None = None, **options: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, environ, **options)
    return caught.value.message.splitlines()


def mistake(tmp_path: Path, text: str) -> str:
    """The only one."""
    (line,) = mistakes(tmp_path, text)
    return line


# --- What is accepted


def test_two_settings_are_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, LEAST)
    assert config.site.title == "T"
    assert [library.id for library in config.libraries] == ["groups/1"]
    assert config.attachments == AttachmentRules()
    assert config.libraries[0].select == SelectRules()
    assert config.output == tmp_path.resolve() / "_site"
    assert config.state == tmp_path.resolve() / ".zstatic"
    assert config.api_key is None


def test_example_names_every_setting_and_gives_the_defaults(tmp_path: Path) -> None:
    text = (PROJECT / "site.toml.example").read_text(encoding="utf-8")
    config = load(tmp_path, text)
    least = load(tmp_path, LEAST)
    for name in (*PLAIN, "facets", "output", "state"):
        assert getattr(config, name) == getattr(least, name), name
    assert config.libraries[0].select == SelectRules()
    for name, section in SECTIONS.items():
        for key in settings_of(section):
            assert re.search(rf"^(# )?\w* ?.*\b{key}\b", text, re.MULTILINE), f"[{name}] {key}"
    tables = tomllib.loads(text)
    for name in ("site", "select", *PLAIN, "output"):
        assert list(tables[name]) == list(settings_of(SECTIONS[name])), name
    assert list(tables["library"][0]) == list(settings_of(SECTIONS["library"]))


def test_example_is_what_config_defaults_prints() -> None:
    assert (PROJECT / "site.toml.example").read_text(encoding="utf-8") == describe_defaults()


def test_every_setting_of_every_section_can_be_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [site]
        title = "  Maps   and\\tmore "
        base_url = "https://Example.org/bibliography"
        language = "pt-BR"
        description = "Two\\nlines"
        rights = "CC BY"
        image = "Card.PNG"
        menu = [{ label = "About", url = "about/" }, { label = "Us", url = "https://example.org/" }]
        [[library]]
        id = "users/12345/publications"
        slug = ""
        name = "Mine"
        [library.select]
        notes = true
        [[library]]
        id = "groups/7"
        slug = "maps-2"
        mirror = "collections"
        api_url = "http://localhost:23119/api/"
        [select]
        collections = ["ABCD2345", "Old maps"]
        tag_exclude = "^x"
        [attachments]
        publish = "tagged"
        tag = "public"
        media_types = ["Application/PDF"]
        max_size = "1.5 MB"
        link_urls = false
        [citations]
        styles = ["apa"]
        locale = "fr-FR"
        [exports]
        formats = []
        records = "items"
        [meta]
        google_scholar = "never"
        [facets]
        tag = { limit = 3, sort = "label" }
        [facets.year]
        label = "When"
        [search]
        fulltext = false
        fulltext_words = 0
        [feeds]
        limit = 5
        [theme]
        name = "plain"
        [guard]
        max_shrink = 1
        max_exposed = 3
        [deploy]
        host = "netlify"
        [output]
        path = "public"
        state = "../state"
        """,
    )
    assert config.site.title == "Maps and more"
    assert config.site.base_url == "https://example.org/bibliography/"
    assert config.site.menu == (MenuEntry("About", "about/"), MenuEntry("Us", "https://example.org/"))
    first, second = config.libraries
    assert first.select == SelectRules(collections=("ABCD2345", "Old maps"), tag_exclude="^x", notes=True)
    assert second.select == SelectRules(collections=("ABCD2345", "Old maps"), tag_exclude="^x")
    assert (second.slug, second.mirror, second.api_url) == (
        "maps-2",
        "collections",
        "http://localhost:23119/api",
    )
    assert config.attachments == AttachmentRules("tagged", "public", ("application/pdf",), 1_500_000, False)
    assert config.facets == (FacetRules("tag", "", "label", 3), FacetRules("year", "When"))
    assert config.guard == GuardRules(1.0, 3)
    assert config.output == tmp_path.resolve() / "public"
    assert config.state == tmp_path.resolve().parent / "state"


@pytest.mark.parametrize(
    ("written", "library", "collection"),
    [
        ("groups/2348869", "groups/2348869", ""),
        ("/groups/2348869/", "groups/2348869", ""),
        ("users/12345", "users/12345", ""),
        ("users/0", "users/0", ""),
        ("users/12345/publications", "users/12345/publications", ""),
        ("https://www.zotero.org/groups/2348869/kerko_demo", "groups/2348869", ""),
        ("https://www.zotero.org/groups/2348869/kerko_demo/library?x=1#y", "groups/2348869", ""),
        ("zotero.org/groups/2348869", "groups/2348869", ""),
        ("https://api.zotero.org/users/12345/items?limit=1", "users/12345", ""),
        (
            "https://www.zotero.org/groups/1/name/collections/ABCD2345/items/WXYZ6789/item-details",
            "groups/1",
            "ABCD2345",
        ),
    ],
)
def test_library_may_be_written_or_pasted(written: str, library: str, collection: str) -> None:
    address = parse_library(written)
    assert (address.id, address.collection) == (library, collection)


def test_base_url_of_option_wins_over_environment_and_file(tmp_path: Path) -> None:
    text = LEAST.replace("[[", 'base_url = "https://file.org"\n[[', 1)
    environ = {"ZSTATIC_BASE_URL": "http://env.org:8080/repo"}
    assert load(tmp_path, text).site.base_url == "https://file.org/"
    assert load(tmp_path, text, environ).site.base_url == "http://env.org:8080/repo/"
    assert load(tmp_path, text, {"ZSTATIC_BASE_URL": ""}).site.base_url == "https://file.org/"
    assert load(tmp_path, text, environ, base_url="https://o.org/a/b//").site.base_url == "https://o.org/a/b/"
    assert load(tmp_path, text, base_url="https://bücher.de/ä/b").site.base_url == (
        "https://xn--bcher-kva.de/%C3%A4/b/"
    )


def test_file_with_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_config(tmp_path).site.title == "T"


# --- The API key


def test_key_comes_from_the_environment_then_a_file_then_dotenv(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("fromfile\n")
    (tmp_path / ".env").write_text("# secrets\nexport ZOTERO_API_KEY='fromdotenv'\n")
    both = {"ZOTERO_API_KEY": " fromenv ", "ZOTERO_API_KEY_FILE": "key.txt"}
    assert load(tmp_path, LEAST, both).api_key == Secret("fromenv")
    assert load(tmp_path, LEAST, {"ZOTERO_API_KEY": "", "ZOTERO_API_KEY_FILE": "key.txt"}).api_key == Secret(
        "fromfile"
    )
    assert load(tmp_path, LEAST, {"ZOTERO_API_KEY": ""}).api_key == Secret("fromdotenv")
    (tmp_path / ".env").unlink()
    assert load(tmp_path, LEAST, {"ZOTERO_API_KEY": ""}).api_key is None


def test_key_is_shown_nowhere(tmp_path: Path) -> None:
    config = load(tmp_path, LEAST, {"ZOTERO_API_KEY": KEY})
    assert KEY not in repr(config) + str(config.api_key) + describe_config(config)
    assert "API key: set, from the environment (ZOTERO_API_KEY)" in describe_config(config)


def test_missing_key_file_and_malformed_key_are_explained(tmp_path: Path) -> None:
    assert "no.txt cannot be read" in mistakes(tmp_path, LEAST, {"ZOTERO_API_KEY_FILE": "no.txt"})[0]
    (line,) = mistakes(tmp_path, LEAST, {"ZOTERO_API_KEY": "a b\nHost: x"})
    assert "ZOTERO_API_KEY does not hold an API key" in line
    assert "Host" not in line


@pytest.mark.parametrize(
    "line",
    [
        f'api_key = "{KEY}"',
        f"# my key is {KEY}",
        f'description = "{KEY}"',
        f'{KEY} = "x"',
        f'base_url = "https://example.org/?key={KEY}"',
    ],
)
def test_key_in_the_file_is_an_error_that_names_the_line_and_not_the_key(tmp_path: Path, line: str) -> None:
    found = mistakes(tmp_path, LEAST.replace("[[", f"{line}\n[[", 1))
    assert any(re.match(r"site\.toml:3:\d+: found an API key, expected none", one) for one in found)
    assert KEY not in "\n".join(found)


def test_key_in_a_file_with_broken_syntax_is_found_and_not_shown(tmp_path: Path) -> None:
    found = mistakes(tmp_path, f"[site\nkey = {KEY}\n")
    assert [one.split(" ")[0] for one in found] == ["site.toml:1:1:", "site.toml:2:7:"]
    assert KEY not in "\n".join(found)


def test_key_in_use_is_found_even_if_it_does_not_look_like_one(tmp_path: Path) -> None:
    found = mistakes(tmp_path, LEAST + "# plainkey\n", {"ZOTERO_API_KEY": "plainkey"})
    assert found == ["site.toml:5:3: found an API key, expected none in this file"]


def test_long_words_and_hashes_are_not_taken_for_keys(tmp_path: Path) -> None:
    words = "Bundesverfassungsgericht 507f1f77bcf86cd799439011 RECHTSSCHUTZVERSICHERUNG"
    assert load(tmp_path, LEAST.replace('"T"', f'"{words}"')).site.title == words


# --- Mistakes


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """\
titel = "x"
[site]
title = 3
lang = "en"
notes = true
[[library]]
id = "groups/1"
slug = "A B"
[sercah]
fulltext = true
[select]
notes = "yes"
item_include = "("
[attachments]
publish = "al"
""",
        {"ZSTATIC_BASE_URL": "example"},
    )
    assert found == [
        'ZSTATIC_BASE_URL: found "example", expected an address such as "https://example.org/bibliography/"',
        "site.toml:1:1: titel: found outside any section",
        "site.toml:3:9: [site] title: found 3, expected text in quotes",
        "site.toml:4:1: [site] lang: unknown setting; did you mean language?",
        "site.toml:5:1: [site] notes: unknown setting here; it belongs into [select]",
        'site.toml:8:8: [[library]] slug: found "A B", expected small letters, digits and hyphens, '
        'e.g. "my-library"',
        "site.toml:9:1: [sercah]: unknown section; did you mean search?",
        'site.toml:12:9: [select] notes: found "yes", expected true or false',
        'site.toml:13:16: [select] item_include: found "(", expected a regular expression '
        "(missing ), unterminated subpattern at position 0)",
        'site.toml:15:11: [attachments] publish: found "al", expected "all" or "tagged" or "none"; '
        'did you mean "all"?',
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("title", "titel"), "2:1: [site] titel: unknown setting; did you mean title?"),
        (('"T"', '""'), '2:9: [site] title: found "", expected some text'),
        (('"T"', '"a\\u0007"'), "2:9: [site] title: found"),
        (('"T"', '"T'), '2:9: [site] title: found " at the beginning of a text'),
        (('"groups/1"', "1"), "4:6: [[library]] id: found 1, expected text in quotes"),
        (
            ('"groups/1"', '"12345"'),
            '4:6: [[library]] id: found "12345", expected "groups/12345" for a group',
        ),
        (('"groups/1"', '"group/1"'), "4:6: [[library]] id: found"),
        (('"groups/1"', '"groups/kerko_demo"'), "expected groups/ and the group's number"),
        (
            ('"groups/1"', '"https://www.zotero.org/jdoe/library"'),
            'found the user name "jdoe", expected users/',
        ),
        (('"groups/1"', '"https://www.zotero.org/jdoe"'), "expected users/ and a number"),
        (('"groups/1"', '"https://evil.org/groups/1"'), '[[library]] id: found "https://evil.org/groups/1"'),
        (
            ('"groups/1"', '"https://www.zotero.org/groups/1/n/collections/ABCD2345/x"'),
            'expected id = "groups/1" here and collections = ["ABCD2345"] in [select]',
        ),
        (("[[library]]", "[library]"), "3:1: [library]: found single brackets, expected [[library]]"),
        (("[[library]]", "[[libary]]"), "[libary]: unknown section; did you mean library?"),
        (('"groups/1"', '"groups/1"\nslug = "items"'), "5:8: [[library]] slug"),
        (('"groups/1"', '"groups/1"\napi_url = "http://example.org"'), "expected https; http is only for"),
        (('"groups/1"', '"groups/1"\nmirror = "collections"'), "but [select] collections is empty"),
        (('"groups/1"', '"groups/1"\nselect = 1'), "5:10: [[library]] select: found 1"),
        (('"T"', '"T"\nmenu = "x"'), '3:8: [site] menu: found "x", expected a list such as'),
        (
            ('"T"', '"T"\nmenu = [{ label = "x", url = "x/" }, "y"]'),
            '3:38: [site] menu: found "y" in the list, expected { label = "About", url = "about/" }',
        ),
        (
            ('"T"', '"T"\nmenu = [{ title = "x", url = "x/" }]'),
            "3:11: [site] menu: title: unknown setting; expected one of label, url",
        ),
        (('"T"', '"T"\nmenu = [{ label = "x" }]'), '3:9: [site] menu: url is missing, expected url = "…"'),
        (('"T"', '"T"\nmenu = [{label="x",url="javascript:x"}]'), "3:24: [site] menu: url: found"),
        (('"T"', '"T"\nbase_url = "example.org"'), 'did you mean "https://example.org"?'),
        (('"T"', '"T"\nbase_url = "https://u:p@example.org"'), "without user name and password"),
        (('"T"', '"T"\nbase_url = "https://example.org/?a"'), "expected an address without ? and #"),
        (('"T"', '"T"\nbase_url = "https://example.org/../x/"'), "without . and .. steps"),
        (('"T"', '"T"\nbase_url = "https://example.org:99999/"'), "expected an address that can be read"),
        (('"T"', '"T"\nlanguage = "english language"'), "3:12: [site] language"),
        (('"T"', '"T"\nlanguage = "french"'), 'expected a language code such as "en", "fr"'),
        (('"T"', '"T"\nlanguage = "xx1!"'), "expected a language code such as"),
    ],
)
def test_mistake_is_told_with_place_and_remedy(
    tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    found = mistakes(tmp_path, LEAST.replace(*change))
    assert any(expected in line for line in found), found
    assert all(re.match(r"site\.toml:\d+:\d+: ", line) for line in found)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            "[attachments]\nmax_size = true",
            "6:12: [attachments] max_size: found true, expected a size with its unit",
        ),
        ('[attachments]\nmax_size = "5 PB"', 'expected a size with its unit, such as "100 MB"'),
        ("[attachments]\nmax_size = 100", 'found 100, expected a size with its unit, such as "100 MB"'),
        ('[attachments]\nmax_size = "100"', "expected a size with its unit"),
        ('[attachments]\nmedia_types = "application/pdf"', 'expected a list: ["application/pdf"]'),
        ('[attachments]\nmedia_types = ["pdf"]', 'found "pdf" in the list, expected a media type'),
        ('[attachments]\npublish = "tagged"', 'found "tagged" without a tag'),
        ("[citations]\nstyles = []", "found an empty list, expected a list with at least one entry"),
        ('[citations]\nstyles = ["../x"]', 'found "../x" in the list, expected the name of a style'),
        ('[exports]\nformats = ["bibtx"]', 'did you mean "bibtex"?'),
        ("[facets]\nyaer = {}", "6:1: [facets] yaer: unknown facet; did you mean year?"),
        ("[facets]\nyear = 3", "6:8: [facets] year: found 3, expected a table"),
        ("[facets.year]\nlimit = 0", "6:9: [facets.year] limit: found 0, expected a whole number, 1 or more"),
        ("[search]\nfulltext_words = -1", "expected a whole number, 0 or more"),
        ("[guard]\nmax_shrink = 20", "found 20, expected a number from 0 to 1"),
        ('[deploy]\nhost = "github"', 'did you mean "github-pages"?'),
        ('[theme]\nname = "../x"', "expected the name of a theme's folder"),
        ('[output]\npath = "."', '6:8: [output] path: found ".", expected a folder of its own'),
        ('[output]\npath = "content"', "expected a folder of its own"),
        ('[output]\npath = "~/site"', 'found "~/site", expected a folder written out, without ~'),
        ('[output]\npath = ".zstatic/site"', "expected a folder of its own"),
        ('[output]\nstate = "_site/x"', "expected a folder of its own"),
        ('[output]\npath = "/"', "expected a folder of its own"),
        ("feeds = 1", "5:1: [[library]] feeds: unknown setting"),
        ("[[feeds]]", "5:1: [[feeds]]: found double brackets, expected a section [feeds]"),
        ("[site]", "5:1: [site]: found a second time, expected it once; it stands in line 1 already"),
        ("[select]\nnotes = 1979-05-27", "6:9: [select] notes: found 1979-05-27"),
    ],
)
def test_mistake_in_a_section_is_told(tmp_path: Path, section: str, expected: str) -> None:
    assert expected in "\n".join(mistakes(tmp_path, LEAST + section + "\n"))


def test_second_library_needs_a_slug_of_its_own(tmp_path: Path) -> None:
    assert mistakes(
        tmp_path, LEAST + '[[library]]\nid = "groups/2"\n[[library]]\nid = "groups/3"\nslug = "c"\n'
    ) == [
        "site.toml:5:1: [[library]] slug: found none, as in the one before; expected one of its own, "
        'e.g. slug = "archive" (one library may go without)'
    ]
    twice = LEAST + '[[library]]\nid="groups/2"\nslug="b"\n[[library]]\nid="groups/3"\nslug="b"\n'
    assert 'site.toml:10:6: [[library]] slug: found "b" again' in mistake(tmp_path, twice)
    assert 'found "groups/1" a second time' in mistake(
        tmp_path, LEAST + '[[library]]\nid="https://www.zotero.org/groups/1/x"\nslug="b"\n'
    )


def test_missing_parts_are_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "") == [
        'site.toml:1:1: [[library]]: found none, expected at least one, with id = "groups/…" or "users/…"',
        'site.toml:1:1: [site] title is missing, expected a section [site] with title = "…"',
    ]
    assert mistake(tmp_path, '[site]\ntitle = "T"\n[[library]]\n') == (
        'site.toml:3:1: [[library]] id is missing, expected id = "groups/…" or "users/…"'
    )


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert "There is no site.toml in" in caught.value.message
    assert "zstatic init" in caught.value.hint


# --- Telling what is in force


def test_described_configuration_can_be_read_again_and_gives_the_same(tmp_path: Path) -> None:
    text = LEAST + '[select]\nnotes = true\n[facets]\nyear = {}\n[attachments]\nmax_size = "123456789 B"\n'
    config = load(tmp_path, text, {"ZSTATIC_BASE_URL": "https://example.org/x/"})
    described = describe_config(config)
    assert load(tmp_path, described) == config


def test_each_value_is_told_with_its_origin(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        LEAST + "[select]\nnotes = true\n",
        {"ZSTATIC_BASE_URL": "https://example.org/x/"},
    )
    lines = [re.split(r"\s+# ", line) for line in describe_config(config).splitlines()]
    origins = {line[0]: line[1] for line in lines if len(line) == 2}
    assert origins['title = "T"'] == "site.toml:2"
    assert origins['base_url = "https://example.org/x/"'] == "environment (ZSTATIC_BASE_URL)"
    assert origins["notes = true"] == "site.toml:6"
    assert origins['publish = "all"'] == "default"
    option = load(tmp_path, LEAST, base_url="https://o.org")
    assert re.search(r'base_url = "https://o.org/" +# option \(--base-url\)', describe_config(option))


# --- Places in the text


def test_places_are_found_in_all_shapes_of_toml() -> None:
    text = (
        "a = 1 # [x]\n"
        "\n"
        'b."c d" = """\n[no]\n"quoted" \\""" still"""\n'
        "[t.u]\n"
        'k = [1, [2, \'x]\'], {y = 3, z = "\\"}"},\n 5]\n'
        "  [[l]]\n"
        "i = 1979-05-27 07:32:00\n"
        "[[l]]\n"
        "[l.s]\n"
        "j='''\n'''\n"
    )
    tomllib.loads(text)
    places = find_places(text)
    where = {
        path: (place.line, place.column, place.value_line, place.value_column)
        for path, place in places.items()
    }
    assert where[("a",)] == (1, 1, 1, 5)
    assert where[("b", "c d")] == (3, 1, 3, 11)
    assert where[("t", "u")] == (6, 1, 6, 1)
    assert where[("t", "u", "k", 1, 1)][:2] == (7, 13)
    assert where[("t", "u", "k", 2, "y")] == (7, 21, 7, 25)
    assert where[("t", "u", "k", 2, "z")] == (7, 28, 7, 32)
    assert where[("t", "u", "k", 3)][:2] == (8, 2)
    assert where[("l", 0)] == (9, 3, 9, 3)
    assert where[("l", 0, "i")] == (10, 1, 10, 5)
    assert where[("l", 1, "s", "j")] == (13, 1, 13, 3)


@pytest.mark.parametrize(
    ("language", "locale", "citations"),
    [
        ("de", "", "de-DE"),
        ("pt", "", "pt-BR"),
        ("ar", "", "ar"),
        ("en-GB", "", "en-GB"),
        ("de", "fr-FR", "fr-FR"),
    ],
)
def test_citations_are_in_the_language_of_the_site_unless_told_otherwise(
    tmp_path: Path, language: str, locale: str, citations: str
) -> None:
    text = f'{LEAST}\n[citations]\nlocale = "{locale}"\n'.replace(
        "[site]", f'[site]\nlanguage = "{language}"'
    )
    assert load(tmp_path, text).citation_locale == citations

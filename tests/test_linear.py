"""Whatever stands in a library costs time in proportion to its length: no text holds up a build."""

import time
from collections.abc import Callable
from typing import Any

from builders import make_attachment, make_item, make_note, make_tags
from sitepages import context, site_config

from zstatic import search
from zstatic.config import LibraryConfig, SelectRules
from zstatic.plan import plan_outputs
from zstatic.theme import load_theme

SHORT, LONG = 3_000, 12_000
# Runs of each are what patterns and loops stumble over: what may begin, go on or nearly end a match.
AWKWARD = (
    *("1", "10.1000", "10.1000.1", "1-", "1 ", "1/", "-1", "978", "9780", "97 8", "1234-567", "1 B", "B.C."),
    *(
        "a",
        "a ",
        "a-",
        "a.",
        "-",
        " ",
        "\n",
        "\n ",
        "\r",
        "\t",
        "\u2028",
        "\x0b",
        "\x00",
        ".",
        "..",
        "_",
        ";",
    ),
    *("<", "<a>", "<<a>", "</p>", "<p ", "<br ", "<i>", "</i>", "<b><i>", "<span ", "<jats:a ", "<jats:p>"),
    *(
        "<b><p>",
        "<div>",
        "<h1",
        '<div class="csl-left-margin">',
        '<a href="https://a/">',
        "<!--",
        "&",
        "&lt;",
    ),
    *("(", ")", ".)", "{", "}", "\\", '"', "'", "[", "]", "%", "@", "#", "a#", "a=", "=", "a/", "/", "C:\\"),
    *(
        "https://",
        "https://a/",
        "https://a)",
        "//zotero.org/",
        "//zotero.org/a",
        "mailto:a",
        "file://",
        "://",
    ),
    *("doi:", "doi: ", "DOI:\n", "arxiv:", "arXiv:\n", "KW  - \n", "ER  - \n", "@a{", "a = {", "a = {b},\n"),
    *("א", "א ", "漢", "漢 ", "漢a", "é", "e\u0301", "\u0301\u0316", "ß", "İ", "\u202e", "😀", "\u0e33"),
)
# What goes before, where a run alone would not be looked at.
BEGUN = (
    *(
        ("https://a/", ")"),
        ("https://a/", "//zotero.org/"),
        ("https://a/", "%"),
        ("DOI: a", " "),
        ("10.1000", ".1"),
    ),
    *(
        ("<span ", " "),
        ("<span ", 'style="'),
        ('<div class="csl-left-margin">', "<"),
        ("<p ", "a="),
        ("doi:", " "),
        ("ORCID", " "),
        ("ORCID:", "0000-"),
        ("urn:nbn:de", ":"),
    ),
    *(("TY  - JOUR\r\nTI  - ", "KW  - \n"), ("TY  - JOUR\r\nTI  - ", "\n"), ('{"a":"', "\\"), ('{"a":', "[")),
    *(("@a{b,\n\ttitle = {", "{"), ("@a{b,\n\ttitle = ", "a#"), ("@a{b,\n\ttitle = ", " "), ("@a{b,\n", "a")),
)


def plan_a_site_with(text: str) -> None:
    """An item that has the text wherever a text can be, as pages and as a record of the search."""
    rules = SelectRules(notes=True)
    config = site_config(libraries=(LibraryConfig("groups/1", select=rules),))
    fields = (
        "abstractNote",
        "extra",
        "DOI",
        "ISBN",
        "ISSN",
        "url",
        "pages",
        "language",
        "rights",
        "archiveID",
    )
    ctx = context(
        make_item(
            "AAAA2222",
            **dict.fromkeys(
                (*fields, "title", "date", "publicationTitle", "PMID", "shortTitle", "accessDate"), text
            ),
            creators=[{"creatorType": "author", "lastName": text, "firstName": text}],
            tags=make_tags(text),
            parsed_date=text,
            relations={"dc:relation": text},
        ),
        make_attachment("BBBB2222", "AAAA2222", title=text, filename=text, url=text, linkMode="linked_url"),
        make_attachment("CCCC2222", "AAAA2222", title=text, filename=text, url=text),
        make_note("DDDD2222", "AAAA2222", note=text),
        config=config,
        citations={style: {"AAAA2222": text} for style in config.citations.styles},
        exports={name: {"AAAA2222": text} for name in config.exports.formats},
        name=text,
    )
    assert len(list(plan_outputs(ctx, load_theme(config)))) > 10
    assert len(search.records(ctx)) == 1


def seconds(work: Callable[[str], Any], text: str) -> float:
    """Of processor time, the best of three."""
    found = []
    for _ in range(3):
        start = time.thread_time()
        work(text)
        found.append(time.thread_time() - start)
    return min(found)


def test_no_text_costs_more_than_in_proportion_to_its_length() -> None:
    plan_a_site_with("a")
    for head, piece in (*(("", piece) for piece in AWKWARD), *BEGUN):
        short, long = (head + piece * (length // len(piece)) + "!" for length in (SHORT, LONG))
        start = time.thread_time()
        plan_a_site_with(long)
        once = time.thread_time() - start
        # Four times the text; sixteen times the time is what it would be by the square.
        if once > 0.5:
            assert seconds(plan_a_site_with, long) <= 9 * seconds(plan_a_site_with, short), (head, piece)

"""A site with every kind of page, from what strains them: long words, many names, other scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from builders import LIBRARY_URI, make_attachment, make_collection, make_item, make_note, make_tags
from sitepages import BASE_URL, context, site_config

from zstatic import sample
from zstatic.config import LibraryConfig, SelectRules, SiteConfig, ThemeRules
from zstatic.pages.context import Context
from zstatic.schema import Schema

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
RICH, POOR = "AAAA2222", "BBBB2222"

# Kind of page -> its address
PAGES = {
    "home": "",
    "items": "items/",
    "recently added": "items/recent/",
    "second page of items": "items/page/2/",
    "item with all there can be": f"items/{RICH}/",
    "item with hardly anything": f"items/{POOR}/",
    "item in another script": "items/CCCC2222/",
    "moved item": "items/MVED2222/",
    "removed item": "items/RMVD2222/",
    "collections": "collections/",
    "collection": "collections/KKKK2222/",
    "empty collection": "collections/KKKK4444/",
    "tags": "tags/",
    "tag": "tags/maps/",
    "creators": "creators/",
    "creator": "creators/gerardus-mercator/",
    "years": "years/",
    "year": "years/1950/",
    "types": "types/",
    "type": "types/book/",
    "search": "search/",
    "text of the owner": "about/",
    "list for another website": "collections/KKKK2222/embed/",
    "missing page": "404.html",
}

ABOUT = f"""# About

Some *words* with a [link](https://example.org/) and `code`.

## A table

| {LONG} | b |
|---|---|
| {LONG} | {LONG} |

- a list
- of two

> A quotation.

```
{LONG} {LONG}
```
"""


def showcase(root: Path, language: str = "en", theme: str = "default") -> Context:
    """root: where its texts and files are put."""
    (root / "content").mkdir(parents=True)
    (root / "content/about.md").write_text(ABOUT, "utf-8")
    (root / "content/index.md").write_text("# A library\n\nWhat is *here*, and [more](about.md).\n", "utf-8")
    stored = root / "stored"
    stored.write_bytes(b"%PDF-1.4")
    pdf = make_attachment("PPPP2222", RICH, filename=f"{LONG}.pdf", title=LONG)
    schema = json.loads((Path(sample.__file__).parent / "schema.json").read_text("utf-8"))
    colors = [{"name": "maps", "color": "#FF6666"}, {"name": "history", "color": "#2EA8E5"}]
    return context(
        _rich(),
        pdf,
        make_note("NNNN2222", RICH, NOTE),
        make_item(POOR, "document", title=""),
        make_item(
            "CCCC2222",
            "book",
            title="كتاب الفهرست",
            creators=[person("النديم", "ابن")],
            publisher="دار المعرفة",
            language="ar",
            date="1978",
            parsed_date="1978",
            tags=make_tags("تاريخ", "maps"),
        ),
        make_item("RMVD2222", deleted=1),
        *(_other(number) for number in range(110)),
        collections=[
            make_collection("KKKK2222", "Maps and geography"),
            make_collection("KKKK3333", LONG, "KKKK2222"),
            make_collection("KKKK4444", "Empty"),
        ],
        config=site_config(
            root,
            site=SiteConfig("A library of maps", BASE_URL, language, "Maps, old and new", "© The owners"),
            libraries=(LibraryConfig("groups/1", select=SelectRules(notes=True)),),
            theme=ThemeRules(theme),
        ),
        schema_json=schema,
        schema=Schema.from_json(schema, language),
        files={pdf["data"]["md5"]: stored},
        settings={"tagColors": {"value": colors, "version": 1}},
        citations={
            "apa": {RICH: f"<div>Mercator, G. (1569). <i>{LONG}</i>. https://example.org/{LONG}</div>"},
            "vancouver": {RICH: "<div>Mercator G. A title. 1569.</div>"},
        },
        exports={
            "bibtex": {RICH: f"@article{{key,\n\ttitle = {{{LONG} {LONG} {LONG}}}\n}}"},
            "ris": {RICH: "TY  - JOUR\nTI  - A title\nER  - "},
        },
    )


NOTE = """<h1>Reading</h1><p>A <span style="background-color: #ffd40080">marked</span>,
<span style="color: #ff6666">red</span> and <span style="color: #ffd400">yellow</span> word, <a
href="https://example.org/">a link</a>.</p><blockquote>Quoted</blockquote><pre>code</pre>
<table><tr><th>A</th><td>B</td></tr></table>"""


def person(family: str, given: str, role: str = "author") -> dict[str, str]:
    return {"creatorType": role, "firstName": given, "lastName": family}


def _rich() -> Any:
    return make_item(
        RICH,
        title=f"{LONG} <i>and</i> C<sub>60</sub>",
        creators=[
            person("Mercator", "Gerardus"),
            *(person(f"Author{number}", "A.") for number in range(60)),
            person("Hondius", "Jodocus", "editor"),
        ],
        tags=make_tags(LONG, "maps", "history", "x" * 255),
        collections=["KKKK2222", "KKKK3333"],
        publicationTitle="Imago Mundi",
        volume="1",
        pages="1-20",
        DOI="10.1000/182",
        url=f"https://example.com/{LONG}/{LONG}",
        abstractNote=f"{LONG}\n\n" + "Words and words. " * 50,
        extra="PMID: 31452104\nA line\nAnother",
        language="de",
        date="1569",
        parsed_date="1569",
        relations={
            "dc:relation": [f"{LIBRARY_URI}{POOR}", f"{LIBRARY_URI}CCCC2222"],
            "dc:replaces": [f"{LIBRARY_URI}MVED2222"],
        },
    )


def _other(number: int) -> Any:
    year = str(1900 + number)
    return make_item(
        f"DDDD2{number:03}",
        ("book", "journalArticle", "map", "thesis", "report", "letter")[number % 6],
        title=f"A map of the world, sheet {number}",
        creators=[person("Mercator", "Gerardus") if number < 9 else person("Ortelius", f"A. {number % 9}")],
        tags=make_tags(f"sheet {number % 7}", *(["maps"] if number < 9 else [])),
        collections=["KKKK2222"] if number < 9 else [],
        date=year,
        parsed_date=year,
    )

"""Sitemap, robots.txt and export files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from builders import StubMirror, make_collection, make_config, make_item, make_note, make_tags
from lxml import etree

from zstatic.config import Config, ExportRules, LibraryConfig, SelectRules, SiteConfig
from zstatic.library import Library, read_library
from zstatic.outputs import Text
from zstatic.pages import machines
from zstatic.pages.context import ContentPage, Context, make_context
from zstatic.pages.downloads import collection_downloads, library_downloads
from zstatic.schema import Schema
from zstatic.selection import select

BASE = "https://example.org/bibliography/"
SITE = SiteConfig("A site", BASE)


def read(mirror: StubMirror, config: Config, number: int = 0) -> Library:
    return select(read_library(mirror, config, config.libraries[number]), SelectRules())


def context_of(*mirrors: StubMirror, content: tuple[ContentPage, ...] = (), **settings: Any) -> Context:
    config = make_config(**({"site": SITE} | settings))
    libraries = [read(mirror, config, number) for number, mirror in enumerate(mirrors)]
    return make_context(libraries, config, Schema(), {}, content)


def texts_of(ctx: Context) -> dict[str, str]:
    outputs = list(machines.pages(ctx))
    texts = {output.path: output.text for output in outputs if isinstance(output, Text)}
    assert len(texts) == len(outputs)
    return texts


def bibtex(*keys: str) -> dict[str, dict[str, str]]:
    return {"bibtex": {key: f"\n@misc{{{key.lower()},\n\ttitle = {{{key}}},\n}}\n" for key in keys}}


def titles(text: str) -> list[str]:
    return re.findall(r"title = \{(\w+)\}", text)


def locations(xml: str) -> list[str]:
    root = etree.fromstring(xml.encode())
    found: list[str] = root.xpath("//*[local-name() = 'loc']/text()")
    return found


# Sitemap and robots


def test_without_base_url_there_is_no_sitemap_and_robots_names_none() -> None:
    texts = texts_of(context_of(StubMirror(make_item("AAAAAAAA")), site=SiteConfig("A")))
    assert "sitemap.xml" not in texts
    assert texts["robots.txt"] == "User-agent: *\nAllow: /\n"


def test_robots_names_the_sitemap() -> None:
    assert f"\nSitemap: {BASE}sitemap.xml\n" in texts_of(context_of(StubMirror()))["robots.txt"]


def test_jekyll_is_kept_off() -> None:
    assert texts_of(context_of(StubMirror()))[".nojekyll"] == ""


def test_every_kind_of_page_is_in_the_sitemap_once() -> None:
    item = make_item(
        "AAAAAAAA",
        date="2020",
        parsed_date="2020-00-00",
        tags=make_tags("Ökologie"),
        creators=[{"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"}],
        collections=["CCCCCCCC"],
    )
    mirror = StubMirror(item, collections=[make_collection("CCCCCCCC")])
    content = (ContentPage("about/", "About", "…"), ContentPage("", "Home", "…"))
    found = locations(texts_of(context_of(mirror, content=content))["sitemap.xml"])
    assert len(found) == len(set(found))
    assert set(found) == {
        BASE + path
        for path in (
            "",
            "about/",
            "items/",
            "items/AAAAAAAA/",
            "collections/",
            "collections/CCCCCCCC/",
            "tags/",
            "tags/%C3%B6kologie/",
            "creators/",
            "creators/ada-lovelace/",
            "years/",
            "years/2020/",
            "types/",
            "types/journalArticle/",
        )
    }


@pytest.mark.parametrize(
    ("modified", "lastmod"),
    [("2021-05-06T07:08:09Z", ["2021-05-06"]), ("", []), ("soon", []), ("2021-99-06T07:08:09Z", [])],
)
def test_an_item_was_last_changed_when_zotero_says(modified: str, lastmod: list[str]) -> None:
    sitemap = texts_of(context_of(StubMirror(make_item("AAAAAAAA", dateModified=modified))))["sitemap.xml"]
    assert [*changes(sitemap)[f"{BASE}items/AAAAAAAA/"]] == lastmod


def test_a_list_was_last_changed_with_the_latest_of_its_items() -> None:
    days = {"AAAAAAAA": "2021-05-06", "BBBBBBBB": "2023-01-02", "CCCCCCCC": "2022-01-01"}
    tags = {"AAAAAAAA": "old", "BBBBBBBB": "new", "CCCCCCCC": "old"}
    items = [
        make_item(key, dateModified=f"{day}T07:08:09Z", tags=make_tags(tags[key]))
        for key, day in days.items()
    ]
    found = changes(texts_of(context_of(StubMirror(*items)))["sitemap.xml"])
    expected = {"": ["2023-01-02"], "items/": ["2023-01-02"], "tags/old/": ["2022-01-01"]}
    expected |= {"tags/new/": ["2023-01-02"], "tags/": [], "collections/": []}
    assert {path: found[BASE + path] for path in expected} == expected


def changes(sitemap: str) -> dict[str, list[str]]:
    """Address -> its lastmod, if it has any."""
    return {
        each.findtext("{*}loc"): [date.text for date in each.findall("{*}lastmod")]
        for each in etree.fromstring(sitemap.encode())
    }


def test_a_long_sitemap_is_cut_and_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = context_of(StubMirror(*(make_item(f"AAAAAAA{letter}") for letter in "ABCDEFGH")))
    (whole,) = machines.sitemap(ctx)
    monkeypatch.setattr(machines, "SITEMAP_LIMIT", 5)
    index, *parts = machines.sitemap(ctx)
    assert locations(index.text) == [BASE + part.path for part in parts]
    assert [part.path for part in parts] == [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    assert max(len(locations(part.text)) for part in parts) == 5
    assert [url for part in parts for url in locations(part.text)] == locations(whole.text)
    newest = [max(date for (date,) in filter(None, changes(part.text).values())) for part in parts]
    assert list(changes(index.text).values()) == [[date] for date in newest]


# OpenSearch and llms.txt


def test_a_browser_can_add_the_site_to_its_search_engines() -> None:
    title = "A & B, the bibliography of everything"
    ctx = context_of(StubMirror(), site=SiteConfig(title, BASE, description="All"))
    root = etree.fromstring(texts_of(ctx)["opensearch.xml"].encode())
    namespace = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    (template,) = root.xpath("o:Url/@template", namespaces=namespace)
    assert template == f"{BASE}search/?q={{searchTerms}}"
    (name,) = root.xpath("o:ShortName/text()", namespaces=namespace)
    assert len(name) <= 16
    assert "opensearch.xml" not in texts_of(context_of(StubMirror(), site=SiteConfig("A")))


def test_llms_txt_names_the_ways_into_the_site_and_no_counts() -> None:
    content = (ContentPage("about/", "About [us]", "…"),)
    one = texts_of(context_of(StubMirror(make_item("AAAAAAAA")), content=content))["llms.txt"]
    assert one.startswith("# A site\n")
    assert f"- [About (us)]({BASE}about/)" in one
    assert f"- [BibTeX]({BASE}exports/library.bib)" in one
    two = context_of(StubMirror(make_item("AAAAAAAA"), make_item("BBBBBBBB")), content=content)
    assert texts_of(two)["llms.txt"] == one
    without = texts_of(context_of(StubMirror(), content=content, site=SiteConfig("A")))["llms.txt"]
    assert "- [About (us)](about/)" in without


# Exports


def test_a_library_is_exported_in_every_configured_format() -> None:
    mirror = StubMirror(make_item("AAAAAAAA"), exports=bibtex("AAAAAAAA"))
    texts = texts_of(context_of(mirror))
    assert titles(texts["exports/library.bib"]) == ["AAAAAAAA"]
    assert {"exports/library.ris", "exports/library.csl.json"} <= texts.keys()
    only_ris = texts_of(context_of(mirror, exports=ExportRules(("ris",))))
    assert [path for path in only_ris if "export" in path] == ["exports/library.ris"]


def test_each_library_of_a_site_has_files_of_its_own() -> None:
    ctx = context_of(
        StubMirror(make_item("AAAAAAAA"), exports=bibtex("AAAAAAAA")),
        StubMirror(make_item("BBBBBBBB"), exports=bibtex("BBBBBBBB")),
        libraries=(LibraryConfig("groups/1"), LibraryConfig("groups/2", slug="maps")),
    )
    texts = texts_of(ctx)
    assert titles(texts["exports/library.bib"]) == ["AAAAAAAA"]
    assert titles(texts["maps/exports/library.bib"]) == ["BBBBBBBB"]


def test_a_collections_file_has_what_lies_in_its_subcollections_once_by_key() -> None:
    mirror = StubMirror(
        make_item("BBBBBBBB", collections=["CCCCCCCC", "DDDDDDDD"]),
        make_item("AAAAAAAA", collections=["DDDDDDDD"]),
        make_item("EEEEEEEE"),
        collections=[
            make_collection("CCCCCCCC"),
            make_collection("DDDDDDDD", parent="CCCCCCCC"),
            make_collection("FFFFFFFF"),
        ],
        exports=bibtex("AAAAAAAA", "BBBBBBBB", "EEEEEEEE"),
    )
    texts = texts_of(context_of(mirror))
    assert titles(texts["collections/CCCCCCCC/collection.bib"]) == ["AAAAAAAA", "BBBBBBBB"]
    assert titles(texts["collections/DDDDDDDD/collection.bib"]) == ["AAAAAAAA", "BBBBBBBB"]
    assert "collections/FFFFFFFF/collection.bib" not in texts


def test_every_download_that_pages_offer_is_made() -> None:
    mirror = StubMirror(
        make_item("AAAAAAAA", collections=["CCCCCCCC"]),
        collections=[make_collection("CCCCCCCC"), make_collection("FFFFFFFF")],
    )
    ctx = context_of(
        mirror, mirror, libraries=(LibraryConfig("groups/1"), LibraryConfig("groups/2", slug="maps"))
    )
    offered = [download.path for library in library_downloads(ctx) for download in library.downloads] + [
        download.path for node in ctx.collections.values() for download in collection_downloads(ctx, node)
    ]
    assert len(offered) == 12
    assert set(offered) <= texts_of(ctx).keys()


# Problems


def test_what_exports_lack_is_said_once_for_library_and_format() -> None:
    config = make_config(site=SITE, exports=ExportRules(("bibtex", "ris")))
    mirror = StubMirror(
        make_item("AAAAAAAA"), make_item("BBBBBBBB"), make_note("NNNNNNNN"), exports=bibtex("AAAAAAAA")
    )
    one, two = machines.problems([read(mirror, config)], config)
    assert (one.where, two.where) == ("groups/1", "groups/1")
    assert one.message.startswith("1 item is not in the BibTeX files")
    assert two.message.startswith("2 items are not in the RIS files")
    assert "(AAAAAAAA, BBBBBBBB)" in two.message


def test_a_missing_base_url_is_one_problem(tmp_path: Path) -> None:
    (problem,) = machines.problems([], make_config())
    assert problem.code == "no-base-url"
    assert "feeds" in problem.message

"""The whole plan of a site: links lead somewhere, items are reachable, an edit changes only what shows it."""

import posixpath
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from builders import (
    StubMirror,
    make_attachment,
    make_collection,
    make_config,
    make_item,
    make_note,
    make_tags,
)
from sitepages import BASE_URL, Site, context, site, site_config, site_of_libraries, words

from zstatic.config import MenuEntry, SelectRules, SiteConfig
from zstatic.errors import ConfigError
from zstatic.init import Answers, plan_files, write_files
from zstatic.outputs import Page
from zstatic.pages.content import read_content, unwritten
from zstatic.plan import link_problems
from zstatic.theme import load_theme
from zstatic.urls import slug

COLLECTIONS = [
    make_collection("CCCC2222", "Physics"),
    make_collection("CCCC3333", "Optics", "CCCC2222"),
    make_collection("CCCC4444", "Empty / odd ?"),
]


def creator(family: str, given: str = "", role: str = "author") -> dict[str, str]:
    return {"creatorType": role, "lastName": family, "firstName": given}


def sample_items(**changed: Any) -> list[Any]:
    """Six items of several kinds; `changed` goes into the first one."""
    first = {
        "title": "On light",
        "date": "1921",
        "parsed_date": "1921",
        "creators": [creator("Einstein", "Albert"), creator("Łukasiewicz", "Jan", "editor")],
        "tags": make_tags("Light", "quanta/energy", "日本"),
        "collections": ["CCCC3333"],
        "relations": {"dc:relation": "http://zotero.org/groups/1/items/BBBB2222"},
        "dateAdded": "2021-01-01T00:00:00Z",
    }
    return [
        make_item("AAAA2222", **(first | changed)),
        make_item("BBBB2222", "book", title="On heat", tags=make_tags("light"), collections=["CCCC2222"]),
        make_item(
            "BBBB3333", "book", title="", date="1850", parsed_date="1850", creators=[creator("Clausius")]
        ),
        make_item(
            "BBBB4444", "film", title="<i>Waves</i> & <script>", tags=make_tags("x" * 255, "#", "日本")
        ),
        make_item("BBBB5555", "podcast", title="Old", date="-43", parsed_date="-0043"),
        make_attachment("DDDD2222", "BBBB2222"),
        make_note("EEEE2222", "BBBB2222"),
    ]


def pdf(tmp_path: Path) -> dict[str, Path]:
    file = tmp_path / "stored"
    file.write_bytes(b"%PDF-1.4 test")
    return {make_attachment("DDDD2222")["data"]["md5"]: file}


@pytest.fixture
def whole(tmp_path: Path) -> Site:
    config = site_config(tmp_path)
    return site(*sample_items(), collections=COLLECTIONS, config=config, files=pdf(tmp_path))


def html_pages(made: Site) -> list[str]:
    return [path for path, output in made.outputs.items() if isinstance(output, Page)]


@pytest.mark.parametrize("base_url", ["https://example.org/", "https://example.org/deep/repo/", ""])
def test_every_link_leads_to_an_output_wherever_the_site_is_served(tmp_path: Path, base_url: str) -> None:
    config = make_config(tmp_path, site=SiteConfig("A site", base_url=base_url))
    made = site(*sample_items(), collections=COLLECTIONS, config=config, files=pdf(tmp_path))
    base = base_url or "https://unknown.example/"
    # Written by later stages: the search index, and the time of the last sync.
    later = re.compile(r"pagefind/|last_sync\.json")
    for path in html_pages(made):
        document = made.page(path)
        at = urljoin(base, path.removesuffix("index.html"))
        for element in document.iter("a", "link", "script", "img", "form"):
            href = element.get("href") or element.get("src") or element.get("action")
            target = urljoin(at, href or "")
            if not href or not target.startswith(base):
                assert not href or urlsplit(href).netloc, (path, href)
                continue
            local = unquote(urlsplit(target).path[len(urlsplit(base).path) :])
            file = posixpath.join(local, "index.html") if local.endswith("/") or not local else local
            assert file in made.outputs or later.match(local), (path, href)
            anchor = urlsplit(target).fragment
            if anchor:
                assert made.page(file).xpath("//*[@id=$id]", id=anchor), (path, href)


def test_every_item_is_reached_by_plain_links_from_the_front_page(whole: Site) -> None:
    seen, pending = {"index.html"}, ["index.html"]
    while pending:
        path = pending.pop()
        for anchor in whole.page(path).iter("a"):
            target = unquote(urlsplit(urljoin(f"https://x/{path}", anchor.get("href"))).path[1:])
            file = target if "." in posixpath.basename(target) else posixpath.join(target, "index.html")
            if file in whole.outputs and file not in seen:
                seen.add(file)
                if isinstance(whole.outputs[file], Page):
                    pending.append(file)
    assert set(html_pages(whole)) - seen <= {"404.html", "search/index.html"}


def test_every_page_is_well_made(whole: Site) -> None:
    """One h1, a language, a skip link, landmarks, no inline style or script, ids that are unique."""
    for path in html_pages(whole):
        document = whole.page(path)
        assert whole.text(path).startswith("<!DOCTYPE html>\n"), path
        assert document.get("lang") == "en", path
        assert len(document.xpath("//h1")) == 1, path
        assert len(document.xpath("//main")) == 1, path
        if not path.endswith("/embed/index.html"):  # it has nothing but its list
            assert document.xpath("//a[@class='skip'][@href='#main']"), path
        assert not document.xpath("//@style | //style | //script[not(@src) and not(@type)]"), path
        assert not document.xpath("//@*[starts-with(name(), 'on')]"), path
        ids = document.xpath("//@id")
        assert len(ids) == len(set(ids)), path
        levels = [int(heading.tag[1]) for heading in document.xpath("//h1|//h2|//h3|//h4")]
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        labels = [nav.get("aria-label") or nav.get("aria-labelledby") for nav in document.xpath("//nav")]
        assert all(labels) and len(labels) == len(set(labels)), path


def test_every_page_forbids_foreign_and_inline_code(whole: Site) -> None:
    for path in html_pages(whole):
        policy = whole.page(path).xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
        assert "default-src 'none'" in policy, path
        assert "unsafe-inline" not in policy, path


def test_titles_and_addresses_are_unique(whole: Site) -> None:
    titles: dict[str, str] = {}
    for path in html_pages(whole):
        title = whole.page(path).xpath("string(//title)")
        assert title not in titles, (path, titles.get(title))
        titles[title] = path
    folded = [path.casefold() for path in whole.outputs]
    assert len(folded) == len(set(folded))


def test_the_plan_is_the_same_every_time(tmp_path: Path) -> None:
    config = site_config(tmp_path)
    first = site(*sample_items(), collections=COLLECTIONS, config=config)
    second = site(*reversed(sample_items()), collections=reversed(COLLECTIONS), config=config)
    assert list(first.outputs) == list(second.outputs)
    assert first.fingerprints() == second.fingerprints()


def changed(before: Site, after: Site) -> set[str]:
    """The pages that differ, are new or are gone; the search page's own files and exports aside."""
    old, new = before.fingerprints(), after.fingerprints()
    paths = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    return {path for path in paths if path.endswith(".html")}


LISTS_OF_FIRST = {
    "items/index.html",
    "items/recent/index.html",
    "collections/CCCC3333/index.html",
    "creators/albert-einstein/index.html",
    "creators/jan-łukasiewicz/index.html",
    "tags/light/index.html",
    f"tags/{slug('quanta/energy')}/index.html",
    "tags/日本/index.html",
    "types/journalArticle/index.html",
    "years/1921/index.html",
}
EMBEDS_OF_FIRST = {"collections/CCCC2222/embed/index.html", "collections/CCCC3333/embed/index.html"}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"abstractNote": "New."}, set()),
        ({"extra": "A line"}, set()),
        ({"dateModified": "2024-01-01T00:00:00Z"}, set()),
        (
            {"title": "On light itself"},
            # The lists that show it, the front page among the newest, the item related to it, a similar one.
            LISTS_OF_FIRST
            | EMBEDS_OF_FIRST
            | {"index.html", "items/BBBB2222/index.html", "items/BBBB4444/index.html"},
        ),
    ],
)
def test_an_edit_changes_the_items_page_and_only_what_shows_it(
    tmp_path: Path, edit: dict[str, Any], expected: set[str]
) -> None:
    config = site_config(tmp_path)
    before = site(*sample_items(), collections=COLLECTIONS, config=config)
    after = site(*sample_items(**edit), collections=COLLECTIONS, config=config)
    assert changed(before, after) == {"items/AAAA2222/index.html"} | expected


def test_a_new_tag_changes_the_tag_index_but_no_other_items_page(tmp_path: Path) -> None:
    config = site_config(tmp_path)
    before = site(*sample_items(), collections=COLLECTIONS, config=config)
    tags = make_tags("Light", "quanta/energy", "日本", "photons")
    after = site(*sample_items(tags=tags), collections=COLLECTIONS, config=config)
    assert changed(before, after) == {
        "index.html",
        "items/AAAA2222/index.html",
        "tags/index.html",
        "tags/photons/index.html",
    }


def test_a_renamed_collection_changes_its_page_those_below_and_its_items(tmp_path: Path) -> None:
    config = site_config(tmp_path)
    before = site(*sample_items(), collections=COLLECTIONS, config=config)
    renamed = [make_collection("CCCC2222", "Pysics"), *COLLECTIONS[1:]]
    after = site(*sample_items(), collections=renamed, config=config)
    assert changed(before, after) == {
        "index.html",
        "collections/index.html",
        "collections/CCCC2222/index.html",
        "collections/CCCC2222/embed/index.html",
        "collections/CCCC3333/index.html",
        "items/AAAA2222/index.html",
        "items/BBBB2222/index.html",
    }


def test_an_empty_library_makes_a_valid_friendly_site(tmp_path: Path) -> None:
    made = site(config=site_config(tmp_path))
    for path in ("", "items/", "collections/", "tags/", "creators/", "years/", "types/", "search/"):
        assert made.page(path).xpath("//h1"), path
    assert "Nothing has been published" in made.text("index.html")


def test_a_site_without_libraries_is_valid_too() -> None:
    made = site_of_libraries(make_config())
    assert made.page("collections/").xpath("//h1")


def test_several_libraries_share_the_browse_pages_and_keep_their_own_addresses() -> None:
    item = make_item("AAAA2222", title="Here", tags=make_tags("Light"), collections=["CCCC2222"])
    other = make_item("AAAA2222", title="There", tags=make_tags("light"), collections=["CCCC2222"])
    made = site_of_libraries(
        site_config(),
        main=StubMirror(item, collections=[COLLECTIONS[0]], name="One"),
        second=StubMirror(other, collections=[COLLECTIONS[0]], name="Two"),
    )
    assert made.page("items/AAAA2222/").xpath("string(//h1)") == "Here"
    assert made.page("second/items/AAAA2222/").xpath("string(//h1)") == "There"
    assert "second/collections/CCCC2222/index.html" in made.outputs
    tagged = made.page("tags/light/")
    assert {a.get("href") for a in tagged.xpath("//a[@class='entry-title']")} == {
        "../../items/AAAA2222/",
        "../../second/items/AAAA2222/",
    }
    assert made.page("collections/").xpath("//h2/text()") == ["One", "Two"]


def test_what_stands_in_the_frame_does_not_depend_on_items(tmp_path: Path) -> None:
    """A count in the header or footer would rewrite the whole site with every new item."""
    one = site(make_item("AAAA2222"), config=site_config(tmp_path)).renderer.site
    many = site(*sample_items(), collections=COLLECTIONS, config=site_config(tmp_path)).renderer.site
    assert one == many


def test_the_menu_is_the_configured_one_or_else_the_pages_of_content(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/about.md").write_text("# About us\n\nHello.")
    config = site_config(tmp_path)
    menu = "//nav[@aria-label='Main']//a"
    assert site(config=config).page("").xpath(menu)[-1].get("href") == "./about/"
    entries = (MenuEntry("Us", "/about/"), MenuEntry("Them", "https://example.com/?a=1&b=2"))
    chosen = replace(config, site=replace(config.site, menu=entries))
    page = site(config=chosen).page("tags/")
    assert [a.get("href") for a in page.xpath(menu)[-2:]] == ["../about/", "https://example.com/?a=1&b=2"]


def test_what_init_wrote_for_somebody_to_replace_is_not_on_the_site(tmp_path: Path) -> None:
    write_files(tmp_path, plan_files(Answers(), github=False))
    (tmp_path / "content/help.md").write_text("# About\n\nOurs.")
    made = site(config=site_config(tmp_path))
    assert words(made.page("help/").xpath("//h1")[0]) == "About"
    menu = made.page("").xpath("//nav[@aria-label='Main']//a/@href")
    assert "./help/" in menu and "./about/" not in menu
    assert "Write" not in made.text("index.html")
    told = [(problem.where, problem.message.split(":")[0]) for problem in unwritten(tmp_path)]
    assert told == [("content/about.md", "Not on the site"), ("content/index.md", "Not on the site")]
    about = tmp_path / "content/about.md"
    about.write_text(f"{about.read_text()}\nKept by Ada.\n")
    page = site(config=site_config(tmp_path)).text("about/index.html")
    assert "Kept by Ada." in page and "is kept in" in page and "Write here" not in page
    assert [problem.where for problem in unwritten(tmp_path)] == ["content/about.md", "content/index.md"]
    about.write_text("# About\n\nKept by Ada.")
    assert [problem.where for problem in unwritten(tmp_path)] == ["content/index.md"]


def test_a_menu_entry_may_name_the_markdown_file(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/help.md").write_text("x")
    entries = (MenuEntry("Help", "help.md#top"), MenuEntry("Start", "index.md"))
    config = site_config(tmp_path)
    chosen = replace(config, site=replace(config.site, menu=entries))
    links = site(config=chosen).page("tags/").xpath("//nav[@aria-label='Main']//a/@href")
    assert links[-2:] == ["../help/#top", "../"]


def test_links_of_ones_own_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "content/guide").mkdir(parents=True)
    (tmp_path / "content/index.md").write_text("[a](help.md) [b](tags/) [c](/items/AAAA2222/) ![d](no.png)")
    (tmp_path / "content/help.md").write_text("[a](hepl.md) [b](/items/ZZZZ2222/) [c](exports/library.bib)")
    (tmp_path / "content/guide/index.md").write_text(
        "[a](../help.md#x) [b](https://example.org/no) [c](#here) ![d](logo.png) [e](/last_sync.json)"
    )
    (tmp_path / "content/guide/logo.png").write_bytes(b"png")
    menu = (MenuEntry("Help", "hepl.md"), MenuEntry("Tag", "tags/a%20b"), MenuEntry("X", "https://e.org/"))
    config = site_config(tmp_path)
    config = replace(config, site=replace(config.site, menu=menu))
    ctx = context(make_item("AAAA2222", tags=make_tags("a b")), config=config)
    found = link_problems(ctx, load_theme(config))
    assert [(problem.where, problem.message.split()[3]) for problem in found] == [
        ("site.toml, menu entry “Help”", "hepl/,"),
        ("site.toml, menu entry “Tag”", "tags/a"),
        ("content/help.md", "hepl/,"),
        ("content/help.md", "items/ZZZZ2222/,"),
        ("content/index.md", "no.png,"),
    ]


def test_a_text_of_ones_own_stands_on_the_first_page_of_its_collection(tmp_path: Path) -> None:
    (tmp_path / "content/collections").mkdir(parents=True)
    (tmp_path / "content/collections/CCCC2222.md").write_text(
        "Of <b> [all](/items/) and [us](../about.md):\n\n- one\n\n![](shelf.png)"
    )
    (tmp_path / "content/collections/shelf.png").write_bytes(b"png")
    (tmp_path / "content/about.md").write_text("# About")
    items = [make_item(f"AAAA{n}", collections=["CCCC2222"]) for n in range(2222, 2342)]
    made = site(*items, collections=[make_collection("CCCC2222", "Maps")], config=site_config(tmp_path))
    page = made.page("collections/CCCC2222/")
    (intro,) = page.xpath("//div[contains(@class, 'intro')]")
    assert words(intro) == "Of <b> all and us: one"
    assert intro.xpath(".//a/@href") == ["../../items/", "../../about/"]
    assert intro.xpath(".//img/@src") == ["../shelf.png"]
    assert page.xpath("//meta[@name='description']/@content") == ["Of <b> all and us: one"]
    assert words(page.xpath("//h1")[0]) == "Maps"
    assert not made.page("collections/CCCC2222/page/2/").xpath("//div[contains(@class, 'intro')]")
    # It is no page of its own.
    menu = made.page("").xpath("//nav[@aria-label='Main']//a/text()")
    assert menu[-1] == "About"
    assert made.text("sitemap.xml").count(f"<loc>{BASE_URL}collections/CCCC2222/</loc>") == 1
    assert "CCCC2222" not in made.text("llms.txt")


def test_a_text_for_a_collection_that_is_not_on_the_site_is_told(tmp_path: Path) -> None:
    (tmp_path / "content/mine/collections").mkdir(parents=True)
    (tmp_path / "content/mine/collections/CCCC2222.md").write_text("Words")
    config = site_config(tmp_path)
    ctx = context(make_item("AAAA2222"), config=config, collections=[make_collection("CCCC2222")])
    (problem,) = link_problems(ctx, load_theme(config))
    assert problem.where == "content/mine/collections/CCCC2222.md"
    assert problem.message.startswith("No collection on the site has the key CCCC2222")


def test_a_text_among_the_collections_that_names_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "content/collections").mkdir(parents=True)
    (tmp_path / "content/collections/maps.md").write_text("Words")
    with pytest.raises(ConfigError) as error:
        read_content(tmp_path)
    assert "collections/ABCD2345.md" in error.value.hint


def test_without_a_translation_only_what_the_owner_wrote_is_in_the_language_of_the_site(
    tmp_path: Path,
) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/about.md").write_text("# درباره\n\nسلام")
    config = site_config(tmp_path)
    config = replace(config, site=replace(config.site, language="fa", description="Über"))
    made = site(make_item("AAAA2222"), config=config)
    for path in html_pages(made):
        page = made.page(path)
        assert (page.get("lang"), page.get("dir")) == ("en", "ltr"), path
        assert page.xpath("//a[@class='brand']/@lang") == ["fa"], path
    about = made.page("about/")
    assert [e.get("lang") for e in about.xpath("//h1 | //div[@class='prose']")] == ["fa", "fa"]
    assert made.page("").xpath("//p[@class='lead']/@lang") == ["fa"]
    assert made.page("search/").xpath("//div[@id='search']/@data-language") == ["en-u-nu-latn"]


def test_markdown_pages_have_a_title_and_links_that_work(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    (folder / "guide").mkdir(parents=True)
    (folder / "about.md").write_text(
        "---\ntitle: About\n---\nSee [all](/items/), [help](guide/start.md#top), ![x](logo.png), "
        "[mail](mailto:a@example.org) <script>alert(1)</script> [bad](javascript:alert(1))\n\n# Heading\n"
    )
    (folder / "guide/start.md").write_text("# Start *here*\n\n[about](../about.md)\n")
    (folder / "logo.png").write_bytes(b"png")
    made = site(config=site_config(tmp_path))
    page = made.page("about/")
    prose = page.xpath("//div[@class='prose']")[0]
    assert page.xpath("//h1/text()") == ["About"]
    assert prose.xpath(".//h2/text()") == ["Heading"]
    assert prose.xpath(".//a/@href") == ["../items/", "../guide/start/#top", "mailto:a@example.org"]
    assert prose.xpath(".//img/@src") == ["../logo.png"]
    assert not page.xpath("//body//script")
    start = made.page("guide/start/")
    assert start.xpath("string(//h1)") == "Start here"
    assert start.xpath("//div[@class='prose']//a/@href") == ["../../about/"]
    assert made.outputs["logo.png"]


def test_the_text_of_the_front_page_comes_from_its_markdown_file(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/index.md").write_text("Welcome to [our tags](/tags/).")
    page = site(make_item("AAAA2222"), config=site_config(tmp_path)).page("")
    intro = page.xpath("//div[contains(@class, 'intro')]")[0]
    assert intro.xpath(".//a/@href") == ["tags/"]


@pytest.mark.parametrize("name", ["tags.md", "Items.md", "search/index.md"])
def test_a_markdown_page_cannot_hide_a_part_of_the_site(tmp_path: Path, name: str) -> None:
    path = tmp_path / "content" / name
    path.parent.mkdir(parents=True)
    path.write_text("x")
    with pytest.raises(ConfigError, match="a part of its own"):
        site(config=site_config(tmp_path))


def test_excluded_tags_and_items_are_on_no_page(tmp_path: Path) -> None:
    rules = SelectRules(tag_exclude="^canary", item_exclude="^hidden$")
    config = site_config(tmp_path)
    config = replace(config, libraries=(replace(config.libraries[0], select=rules),))
    made = site(
        make_item("AAAA2222", title="Shown", tags=make_tags("canary-tag")),
        make_item("BBBB2222", title="canary-title", tags=make_tags("hidden")),
        make_note("EEEE2222", "AAAA2222", note="<p>canary-note</p>"),
        config=config,
    )
    for path in html_pages(made):
        assert "canary" not in made.text(path), path


def test_canonical_addresses_are_absolute_and_only_given_when_known(tmp_path: Path) -> None:
    known = site(*sample_items(), collections=COLLECTIONS, config=site_config(tmp_path))
    canonical = "string(//link[@rel='canonical']/@href)"
    assert known.page("items/AAAA2222/").xpath(canonical) == f"{BASE_URL}items/AAAA2222/"
    assert known.page("404.html").xpath(canonical) == ""
    unknown = site(*sample_items(), collections=COLLECTIONS, config=make_config(tmp_path))
    assert unknown.page("items/AAAA2222/").xpath(canonical) == ""


def test_the_files_of_an_item_lie_beside_its_page(whole: Site) -> None:
    file = "items/BBBB2222/dddd2222.pdf"
    assert file in whole.copies()
    assert whole.page("items/BBBB2222/").xpath("//a[@href='../../items/BBBB2222/dddd2222.pdf']")


def test_pages_are_planned_without_looking_at_every_item_for_each_item() -> None:
    ctx = context(*(make_item(f"AAAA{number:04}", tags=make_tags("same")) for number in range(250)))
    tagged = [group for group in ctx.groups["tag"] if group.term.slug == "same"]
    assert len(tagged[0].entries) == 250
    made = Site(ctx)
    assert [path for path in made.outputs if path.startswith("tags/same/") and path.endswith(".html")] == [
        "tags/same/index.html",
        "tags/same/page/2/index.html",
        "tags/same/page/3/index.html",
        "tags/same/embed/index.html",
    ]

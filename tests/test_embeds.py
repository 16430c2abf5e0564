"""Reading lists for other websites: what they show, for which lists, and what to paste."""

from pathlib import Path
from typing import Any

import pytest
from builders import make_collection, make_config, make_item, make_tags
from lxml import html
from sitepages import BASE_URL, Site, links, site, words

from zstatic.config import SiteConfig

LIST = "collections/CCCC2222/"


def items(count: int, **data: Any) -> list[Any]:
    return [
        make_item(f"AAAA{number:04}", dateAdded=f"2020-01-01T00:00:{number:02}Z", **data)
        for number in range(count)
    ]


@pytest.fixture
def made() -> Site:
    """Twelve items in a subcollection of one with a difficult name, and a tag on all and one on a few."""
    listed = items(12, collections=["CCCC3333"], tags=make_tags("Rare"))
    others = [make_item(f"BBBB{number:04}", tags=make_tags("Frequent")) for number in range(20)]
    collections = [
        make_collection("CCCC2222", 'Maps & "Charts" <b>'),
        make_collection("CCCC3333", "Old", "CCCC2222"),
        make_collection("CCCC4444", "Empty"),
    ]
    return site(*listed, *others, collections=collections)


def test_a_collection_is_embedded_with_the_ten_newest_of_it_and_its_subcollections(made: Site) -> None:
    page = made.page(f"{LIST}embed/")
    titles = [words(title) for title in page.xpath("//*[@data-list]/ol/li/a")]
    assert titles == [f"Title of AAAA{number:04}" for number in range(11, 1, -1)]
    assert links(page)[0] == links(page)[-1] == f"../../../{LIST}"
    assert words(page.xpath("//*[@data-list]/p")[0]) == "All 12 items · A site"


def test_collections_with_items_and_frequent_tags_are_embedded_and_nothing_else(made: Site) -> None:
    assert sorted(path for path in made.outputs if "/embed/" in path) == [
        "collections/CCCC2222/embed/index.html",
        "collections/CCCC3333/embed/index.html",
        "tags/frequent/embed/index.html",
    ]
    for path, has in ((LIST, True), ("collections/CCCC4444/", False), ("tags/rare/", False)):
        assert bool(made.page(path).xpath("//details[@class='share']")) is has, path
    assert made.page("tags/frequent/").xpath("//details[@class='share']")


def test_an_embedded_list_is_light_without_script_and_kept_out_of_search_engines(made: Site) -> None:
    page = made.page(f"{LIST}embed/")
    policy = page.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not page.xpath("//script | //form | //nav")
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{BASE_URL}{LIST}"]
    assert {link.get("target") for link in page.iter("a")} == {"_top"}
    assert f"{LIST}embed/" not in made.text("sitemap.xml")
    assert len(made.text(f"{LIST}embed/index.html")) < 6000


def test_what_to_paste_names_the_list_by_its_whole_address_and_is_html_whatever_its_name(made: Site) -> None:
    page = made.page(LIST)
    frame = html.fragment_fromstring(page.get_element_by_id("embed-frame").text_content())
    assert frame.tag == "iframe"
    assert frame.get("src") == f"{BASE_URL}{LIST}embed/"
    assert frame.get("title") == 'Maps & "Charts" <b>'
    script, element = html.fragments_fromstring(page.get_element_by_id("embed-element").text_content())
    assert script.get("src") == f"{BASE_URL}zstatic-list.js"
    assert element.get("src") == element.find("a").get("href") == f"{BASE_URL}{LIST}"
    assert element.text_content() == 'Maps & "Charts" <b>'


def test_the_script_keeps_its_address_and_is_small(made: Site) -> None:
    # In pages of others its name cannot change with its content.
    script = made.text("zstatic-list.js")
    assert len(script.encode()) <= 3 * 1024
    assert "innerHTML =" not in script
    assert "eval" not in script


def test_without_a_base_url_there_is_nothing_to_paste(tmp_path: Path) -> None:
    config = make_config(tmp_path, site=SiteConfig("A site"))
    made = site(*items(3, collections=["CCCC2222"]), collections=[make_collection("CCCC2222")], config=config)
    assert not [path for path in made.outputs if "embed" in path or path.endswith("list.js")]
    assert not made.page(LIST).xpath("//details[@class='share']")

"""What an item's page says of others: relations, citations, similar items and its neighbours."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from builders import LIBRARY_URI, make_collection, make_item, make_note, make_tags
from sitepages import Site, site, site_config, words

from zstatic.config import LibraryConfig, SelectRules

ITEM = "items/AAAA2222/"
COLLECTIONS = [make_collection("CCCC3333", "Machines"), make_collection("CCCC4444", "Abaci")]


def listed(made: Site, section: str, path: str = ITEM) -> list[str]:
    """The titles under one heading."""
    return [words(each) for each in made.page(path).xpath(f"//section[@aria-labelledby='{section}']//li/a")]


def beside(made: Site, path: str) -> dict[str, str]:
    """ "prev" and "next" -> where they lead."""
    return {
        str(each.get("rel")): str(each.get("href"))
        for each in made.page(path).xpath("//nav[@class='neighbours']//li/a")
    }


def citing(key: str, *others: str, **data: Any) -> Any:
    links = "".join(f'<a href="zotero://select/groups/1/items/{other}">x</a>' for other in others)
    return make_note(f"N{key[1:]}", key, note=links, tags=make_tags("_cites"), **data)


def tagged(key: str, *tags: str, **data: Any) -> Any:
    return make_item(key, tags=make_tags(*tags), **data)


def test_citations_stand_on_both_pages_and_in_the_metadata() -> None:
    made = site(
        make_item("AAAA2222", title="Citing"),
        citing("AAAA2222", "BBBB2222", "GONE2222"),
        make_item("BBBB2222", title="Cited"),
    )
    assert listed(made, "cites") == ["Cited"]
    assert listed(made, "cited-by", "items/BBBB2222/") == ["Citing"]
    (json_ld,) = made.page(ITEM).xpath("//script[@type='application/ld+json']/text()")
    assert [each["name"] for each in json.loads(json_ld)["citation"]] == ["Cited"]
    assert "GONE2222" not in made.text(f"{ITEM}index.html")


def test_a_long_list_of_citations_is_folded_but_whole() -> None:
    keys = [f"BBBB{n}" for n in range(2222, 2252)]
    made = site(
        make_item("AAAA2222"), citing("AAAA2222", *keys), *(make_item(key, title=key) for key in keys)
    )
    assert sorted(listed(made, "cites")) == keys
    (folded,) = made.page(ITEM).xpath("//section[@aria-labelledby='cites']//details")
    assert words(folded.xpath("summary")[0]) == "18 more"


def test_the_keys_of_merged_items_are_named() -> None:
    made = site(make_item("AAAA2222", relations={"dc:replaces": [LIBRARY_URI + "ZZZZ9999"]}))
    assert "formerly ZZZZ9999" in words(made.page(ITEM).xpath("//section[@aria-labelledby='record']")[0])


def test_items_that_share_rare_tags_are_similar_the_most_alike_first() -> None:
    made = site(
        tagged("AAAA2222", "engines", "Ada", "cards"),
        tagged("BBBB2222", "engines", title="One"),
        tagged("CCCC2222", "Engines", "cards", title="Two"),
        tagged("DDDD2222", "looms", title="None"),
    )
    assert listed(made, "similar") == ["Two", "One"]
    assert listed(made, "similar", "items/DDDD2222/") == []


def test_what_many_items_share_makes_none_similar() -> None:
    many = [tagged(f"BBBB{n}", "common") for n in range(2222, 2242)]
    made = site(tagged("AAAA2222", "common", "rare"), tagged("CCCC2222", "rare", title="Rare"), *many)
    assert listed(made, "similar") == ["Rare"]
    assert listed(made, "similar", "items/BBBB2222/") == []


def test_two_small_collections_or_a_common_relation_make_items_similar() -> None:
    both = ["CCCC3333", "CCCC4444"]
    made = site(
        make_item("AAAA2222", collections=both),
        make_item("BBBB2222", collections=both, title="Twice together"),
        make_item("DDDD2222", collections=both[:1], title="Once together"),
        citing("AAAA2222", "EEEE2222"),
        make_item("EEEE2222", title="Cited by both"),
        make_item("FFFF2222", title="Cites the same"),
        citing("FFFF2222", "EEEE2222"),
        collections=COLLECTIONS,
    )
    assert listed(made, "similar") == ["Cites the same", "Twice together"]


def test_what_is_related_is_not_said_to_be_similar_as_well() -> None:
    relations = {"dc:relation": LIBRARY_URI + "BBBB2222"}
    made = site(tagged("AAAA2222", "rare", relations=relations), tagged("BBBB2222", "rare", title="Related"))
    assert (listed(made, "related"), listed(made, "similar")) == (["Related"], [])


def test_at_most_five_items_are_similar() -> None:
    made = site(*(tagged(key, "rare") for key in ("AAAA2222", *(f"BBBB222{n}" for n in range(9)))))
    assert len(listed(made, "similar")) == 5


def test_items_of_a_collection_lead_to_each_other_in_the_order_of_its_page() -> None:
    made = site(
        *(make_item(f"AAAA222{n}", date=f"190{n}", collections=["CCCC3333"]) for n in range(2, 5)),
        make_item("BBBB2222", collections=["CCCC4444"]),
        make_item("DDDD2222"),
        collections=COLLECTIONS,
    )
    assert beside(made, "items/AAAA2224/") == {"next": "../../items/AAAA2223/"}
    assert beside(made, "items/AAAA2223/") == {
        "prev": "../../items/AAAA2224/",
        "next": "../../items/AAAA2222/",
    }
    assert beside(made, "items/AAAA2222/") == {"prev": "../../items/AAAA2223/"}
    for alone in ("BBBB2222", "DDDD2222"):
        assert not beside(made, f"items/{alone}/")


def test_a_citation_in_a_note_leads_to_the_page_of_what_it_cites_if_there_is_one() -> None:
    def cited(library: str, key: str) -> str:
        told = json.dumps({"citationItems": [{"uris": [f"http://zotero.org/{library}/items/{key}"]}]})
        return f'<span class="citation" data-citation="{quote(told)}">({key})</span>'

    note = " ".join(
        (cited("groups/1", "BBBB2222"), cited("groups/1", "GONE2222"), cited("groups/2", "BBBB2222"))
    )
    config = site_config(libraries=(LibraryConfig("groups/1", select=SelectRules(notes=True)),))
    made = site(
        make_item("AAAA2222"),
        make_note("NNNN2222", "AAAA2222", note=note),
        make_item("BBBB2222"),
        config=config,
    )
    (shown,) = made.page(ITEM).xpath("//div[@id='note-NNNN2222']")
    assert words(shown) == "(BBBB2222) (GONE2222) (BBBB2222)"
    assert shown.xpath(".//a/@href") == ["../../items/BBBB2222/"]
    # What leaves the site in records names no address within it.
    assert "<a href" not in made.text(f"{ITEM}item.rdf")


def test_a_neighbours_title_keeps_its_markup_and_tells_its_language() -> None:
    made = site(
        make_item("AAAA2222", title="1", collections=["CCCC3333"]),
        make_item("BBBB2222", title="2 <i>Les</i> mots", language="fr", collections=["CCCC3333"]),
        collections=COLLECTIONS,
    )
    (title,) = made.page(ITEM).xpath("//nav[@class='neighbours']//a/span")
    assert (title.get("lang"), title.xpath("string(i)")) == ("fr", "Les")


def test_an_item_in_several_collections_has_its_neighbours_in_that_of_its_breadcrumbs() -> None:
    made = site(
        make_item("AAAA2222", collections=["CCCC3333", "CCCC4444"]),
        make_item("BBBB2222", collections=["CCCC3333"]),
        make_item("DDDD2222", collections=["CCCC4444"]),
        collections=COLLECTIONS,
    )
    page = made.page(ITEM)
    assert words(page.xpath("//nav[@class='trail']")[0]) == "Collections Abaci"
    assert words(page.xpath("//nav[@class='neighbours']/h2")[0]) == "In the collection Abaci"
    assert beside(made, ITEM) == {"next": "../../items/DDDD2222/"}


@pytest.mark.parametrize("change", ["title", "new item", "new tag"])
def test_an_edit_in_a_large_collection_changes_few_items_pages(change: str) -> None:
    def item(n: int, **data: Any) -> Any:
        rare = f"rare {n // 4}"
        return tagged(f"AAAA{n}", "common", rare, *data.pop("more", ()), collections=["CCCC3333"], **data)

    items = {n: item(n) for n in range(2222, 2322)}
    edited = {
        "title": items | {2250: item(2250, title="Zzz")},
        "new item": items | {2322: item(2322, title="Title of AAAA2250 and more")},
        "new tag": items | {2250: item(2250, more=["rare 560"])},
    }[change]
    before, after = (site(*each.values(), collections=COLLECTIONS).fingerprints() for each in (items, edited))
    changed = [path for path in after if path.startswith("items/AAAA") and before.get(path) != after[path]]
    assert 1 < len([path for path in changed if path.endswith(".html")]) <= 10

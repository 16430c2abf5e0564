"""Where an item's page leads: to people, identifiers, its files and Zotero, for readers and programs."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import make_attachment, make_item
from sitepages import BASE_URL, Site, site, words

from zstatic.pages.item import field_parts
from zstatic.urls import handle_url, orcid_url

ITEM = "items/AAAA2222/"
ADA, LUIGI = "https://orcid.org/0000-0002-1825-0097", "https://orcid.org/0000-0001-5109-3700"
AUTHORS = [
    {"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"},
    {"creatorType": "author", "firstName": "Luigi", "lastName": "Menabrea"},
]


def with_file(tmp_path: Path, media_type: str = "application/pdf", **data: Any) -> Site:
    stored = tmp_path / "stored"
    stored.write_bytes(b"%PDF-1.4")
    file = make_attachment("FFFF2222", "AAAA2222", contentType=media_type, filename="paper.pdf")
    return site(make_item("AAAA2222", **data), file, files={file["data"]["md5"]: stored})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("0000-0002-1825-0097", ADA),
        ("https://orcid.org/0000-0002-9079-593x", "https://orcid.org/0000-0002-9079-593X"),
        ("0000-0002-1825-0098", ""),
        ("0000-0002-1825", ""),
    ],
)
def test_an_orcid_id_is_taken_for_one_only_if_its_check_digit_is_right(text: str, url: str) -> None:
    assert orcid_url(text) == url


@pytest.mark.parametrize(
    ("extra", "known"),
    [
        ("ORCID: Ada Lovelace 0000-0002-1825-0097", {"Ada Lovelace": ADA}),
        (
            f"ORCID: Lovelace, Ada: {ADA}\nORCID: {LUIGI} (Luigi Menabrea)",
            {"Ada Lovelace": ADA, "Luigi Menabrea": LUIGI},
        ),
        ("ORCID: 0000-0002-1825-0097", {}),
        ("ORCID: Charles Babbage 0000-0002-1825-0097", {}),
        ("ORCID: Ada Lovelace 0000-0002-1825-0098", {}),
    ],
)
def test_orcid_ids_in_extra_stand_by_the_names_and_in_the_metadata(extra: str, known: dict[str, str]) -> None:
    page = site(make_item("AAAA2222", creators=AUTHORS, extra=extra)).page(ITEM)
    shown = page.xpath("//dl[@class='roles']//li[a[@class='orcid']]")
    assert {words(each.xpath("a")[0]): str(each.xpath("a")[1].get("href")) for each in shown} == known
    assert sorted(page.xpath("//link[@rel='author']/@href")) == sorted(known.values())
    (node,) = page.xpath("//script[@type='application/ld+json']/text()")
    people = {each["name"]: each["@id"] for each in json.loads(node)["author"] if "@id" in each}
    assert people == known


def test_a_single_creator_needs_no_name_beside_the_orcid_id() -> None:
    page = site(make_item("AAAA2222", creators=AUTHORS[:1], extra=f"ORCID: {ADA}")).page(ITEM)
    # In full: nobody but its bearer has the right to the icon.
    assert page.xpath("//a[@class='orcid'][@href=text()]/text()") == [ADA]


@pytest.mark.parametrize(
    ("line", "href"),
    [
        ("Handle: 2027/mdp.39015", "https://hdl.handle.net/2027/mdp.39015"),
        ("hdl: https://hdl.handle.net/10013/epic.1", "https://hdl.handle.net/10013/epic.1"),
        ("URN: urn:nbn:de:0111-opus-1234", "https://nbn-resolving.org/urn:nbn:de:0111-opus-1234"),
        ("PMCID: PMC123", "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/"),
        (f"ORCID: A {ADA}", ADA),
        ("Handle: none", ""),
        ("URN: urn:isbn:123", ""),
    ],
)
def test_identifiers_in_extra_are_links(line: str, href: str) -> None:
    assert [part.href for part in field_parts("extra", line)] == [href]
    assert handle_url("see 10013/epic.1") == ""


def test_an_item_with_files_has_a_linkset_that_says_the_same_as_the_page(tmp_path: Path) -> None:
    made = with_file(tmp_path, DOI="10.1234/x")
    assert made.page(ITEM).xpath("//link[@rel='linkset']/@href") == [f"../../{ITEM}linkset.json"]
    of_page, *back = json.loads(made.text(f"{ITEM}linkset.json"))["linkset"]
    page, pdf = BASE_URL + ITEM, f"{BASE_URL}{ITEM}paper.pdf"
    assert of_page["anchor"] == page
    assert of_page["item"] == [{"href": pdf, "type": "application/pdf"}]
    assert of_page["describedby"] == [{"href": f"{page}item.rdf", "type": "application/rdf+xml"}]
    assert of_page["related"] == [{"href": "https://doi.org/10.1234/x"}]
    assert {each["anchor"]: each.get("collection", each.get("describes")) for each in back} == {
        each: [{"href": page, "type": "text/html"}] for each in (pdf, f"{page}item.rdf")
    }


def test_an_item_without_files_has_no_linkset() -> None:
    made = site(make_item("AAAA2222"))
    assert f"{ITEM}linkset.json" not in made.outputs
    assert not made.page(ITEM).xpath("//link[@rel='linkset']")


def test_a_published_picture_goes_with_a_shared_page(tmp_path: Path) -> None:
    image = "//meta[@property='og:image']/@content"
    assert with_file(tmp_path, "image/png").page(ITEM).xpath(image) == [f"{BASE_URL}{ITEM}paper.png"]
    assert not with_file(tmp_path).page(ITEM).xpath(image)

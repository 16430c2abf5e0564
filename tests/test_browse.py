"""The lists: creators with what they did, the items added last, and the ways into what is long."""

from typing import Any

from builders import make_collection, make_item
from sitepages import Site, site, words


def by(name: str, role: str = "author") -> dict[str, str]:
    first, _, last = name.rpartition(" ")
    return {"creatorType": role, "firstName": first, "lastName": last}


def summary(made: Site, creator: str) -> dict[str, str]:
    """What stands at the head of a creator's page; commas between names are the style sheet's."""
    rows = made.page(f"creators/{creator}/").xpath("//dl[@class='summary']/div")
    return {words(row.xpath("dt")[0]): words(row.xpath("dd")[0]) for row in rows}


def test_a_creators_page_tells_roles_years_and_partners() -> None:
    made = site(
        make_item("AAAA2222", date="1843", creators=[by("Ada Lovelace"), by("Luigi Menabrea")]),
        make_item("BBBB2222", date="1840", creators=[by("Ada Lovelace", "editor"), by("Luigi Menabrea")]),
        make_item("CCCC2222", date="", creators=[by("Ada Lovelace"), by("Charles Babbage")]),
    )
    assert summary(made, "ada-lovelace") == {
        "Roles": "author 2 · editor 1",
        "Years": "1840–1843",
        "Together with": "Luigi Menabrea 2Charles Babbage",
    }
    assert summary(made, "charles-babbage") == {"Roles": "author 1", "Together with": "Ada Lovelace"}
    (partner, *_) = made.page("creators/ada-lovelace/").xpath("//ul[@class='partners']//a/@href")
    assert partner == "../../creators/luigi-menabrea/"


def test_works_of_very_many_make_nobody_partners() -> None:
    crowd = [by(f"Given Name{n}") for n in range(30)]
    assert "Together with" not in summary(site(make_item("AAAA2222", creators=crowd)), "given-name3")


def test_partners_beyond_the_first_twenty_are_counted() -> None:
    items = [make_item(f"AAAA22{n}", creators=[by("A B"), by(f"Given Name{n}")]) for n in range(22, 47)]
    assert summary(site(*items), "a-b")["Together with"].endswith(" and 5 more")


def test_only_the_first_page_of_a_creator_sums_up() -> None:
    made = site(*(make_item(f"AAAA{n}", creators=[by("A B")]) for n in range(2222, 2323)))
    assert made.page("creators/a-b/").xpath("//dl[@class='summary']")
    assert not made.page("creators/a-b/page/2/").xpath("//dl[@class='summary']")


def test_the_items_added_last_stand_under_their_month_and_are_linked() -> None:
    made = site(
        *(
            make_item(f"AAAA222{n}", title=f"T{n}", date="1900", dateAdded=f"2020-0{n}-01T00:00:00Z")
            for n in (2, 3)
        ),
        make_item("BBBB2222", title="T9", dateAdded="2020-03-09T00:00:00Z"),
        make_item("CCCC2222", title="Never", dateAdded=""),
    )
    page = made.page("items/recent/")
    assert [words(each) for each in page.xpath("//section[@class='year']/h2")] == [
        "March 2020",
        "February 2020",
    ]
    assert [words(each) for each in page.xpath("//a[@class='entry-title']")] == ["T9", "T3", "T2", "Never"]
    assert "1900" in words(page.xpath("//section[@class='year']")[1])
    for path in ("", "items/"):
        hrefs = [str(each) for each in made.page(path).xpath("//a/@href")]
        assert any(href.endswith("items/recent/") for href in hrefs)


def test_the_page_of_items_added_last_stays_one_page() -> None:
    made = site(*(make_item(f"AAAA{n}") for n in range(2222, 2342)))
    assert len(made.page("items/recent/").xpath("//a[@class='entry-title']")) == 100
    assert "items/recent/page/2/index.html" not in made.outputs


def jumps(made: Site, path: str) -> dict[str, str]:
    return {
        words(each): str(each.get("href"))
        for each in made.page(path).xpath("//nav[@class='letters jumps']//a")
    }


def test_a_list_of_several_pages_has_a_way_to_each_of_its_years() -> None:
    def dated(n: int, **data: Any) -> Any:
        return make_item(
            f"AAAA{n}", date=str(1990 + n % 3) if n % 4 else "", collections=["CCCC3333"], **data
        )

    made = site(*(dated(n) for n in range(2222, 2422)), collections=[make_collection("CCCC3333", "All")])
    for path in ("items/", "collections/CCCC3333/"):
        found = jumps(made, path)
        assert list(found) == ["1992", "1991", "1990", "Undated"]
        assert found["1992"].endswith(f"/{path}#year-1992")
        for href in found.values():
            page, _, anchor = href.partition("#")
            assert made.page(page.removeprefix("../" * path.count("/"))).xpath(f"//section[@id='{anchor}']")


def test_many_years_are_offered_by_decade_and_a_single_page_needs_no_way() -> None:
    items = [make_item(f"AAAA{n}", date=str(n - 500)) for n in range(2222, 2342)]
    assert list(jumps(site(*items), "items/"))[:3] == ["1840s", "1830s", "1820s"]
    assert not jumps(site(*items[:100]), "items/")


def test_a_year_of_several_pages_has_a_way_to_each_initial() -> None:
    titles = [f"{letter} {n:03}" for letter in ("Ärger", "Beta", "«Čapek", "7 days") for n in range(40)]
    items = [make_item(f"AAAA{n}", title=title, date="1999") for n, title in enumerate(titles, 2222)]
    made = site(*items)
    found = jumps(made, "years/1999/")
    assert list(found) == ["0–9", "A", "B", "C"]
    assert found["B"].endswith("years/1999/#letter-b")
    assert found["C"].endswith("years/1999/page/2/#letter-c")
    for label, href in found.items():
        page, _, anchor = href.partition("#")
        (section,) = made.page(page.removeprefix("../../")).xpath(f"//section[@id='{anchor}']")
        assert words(section.xpath("h2")[0]) == label
    assert made.page("years/1999/").xpath("//nav[@class='letters jumps']/@aria-label") == ["Initials"]
    small = site(*items[:100])
    assert not jumps(small, "years/1999/")
    assert not small.page("years/1999/").xpath("//section[@class='year']")


def test_an_index_of_names_that_occur_once_shows_no_most_frequent_ones() -> None:
    made = site(*(make_item(f"AAAA{n}", creators=[by(f"Given Name{n}")]) for n in range(2222, 2922)))
    page = made.page("creators/")
    assert not page.xpath("//ul[@class='terms']") and not page.xpath("//*[@class='empty']")
    assert len(made.page("creators/letter/n/").xpath("//ul[@class='terms']//a")) == 500

"""`zstatic check` finds what a reader or the host would stumble over, and nothing where there is nothing."""

import json
import os
from pathlib import Path

import pytest
from builders import make_attachment, make_item
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sitepages import context, site_config
from sites import SiteFolder

from zstatic.check import check_files, check_items, check_limits
from zstatic.config import MetaRules
from zstatic.errors import Problem


def site_of(folder: Path, **pages: str) -> Path:
    """A folder with pages, named a__b for a/b/index.html; "index" is the home page."""
    for name, text in pages.items():
        path = folder / ("index.html" if name == "index" else f"{name.replace('__', '/')}/index.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def dead(folder: Path, base_path: str = "/", base_url: str = "") -> list[tuple[str, str, str]]:
    found = check_files(folder, base_path, base_url)
    return [(problem.code, problem.where, problem.message) for problem in found]


@pytest.mark.parametrize(
    "link",
    [
        "a/",
        "./a/index.html",
        "a",
        "a/?q=1#here",
        "#there",
        "",
        "/a/",
        "a/%C3%A9.pdf#page=3",
        "https://elsewhere.org/nothing",
        "//elsewhere.org/nothing",
        "mailto:a@b.c",
        "data:text/plain,x",
        "#top",
        "https://site.org/repo/a/",
    ],
)
def test_links_that_lead_somewhere_or_elsewhere_are_good(link: str, tmp_path: Path) -> None:
    site_of(tmp_path, index=f'<p id="there"><a href="{link}">x</a>', a='<p id=here><p id="here">')
    (tmp_path / "a/é.pdf").write_bytes(b"%PDF")
    assert dead(tmp_path, base_url="https://site.org/repo/") == []


@pytest.mark.parametrize(
    ("markup", "target"),
    [
        ('<a href="b/">', "b/"),
        ("<A class='x' HREF='b/c.pdf'>", "b/c.pdf"),
        ('<img src="no.png" alt="a > b">', "no.png"),
        ('<script src="no.js"></script>', "no.js"),
        ('<link rel="canonical" href="https://site.org/repo/b/">', "b/"),
        ('<form action="find/">', "find/"),
        ('<a href="/repo/b/">', "b/"),
        ('<a href="b&amp;c/">', "b&c/"),
        ('<a href="../x/">', "../x/"),
    ],
)
def test_a_link_to_nothing_is_told_with_its_page(markup: str, target: str, tmp_path: Path) -> None:
    site_of(tmp_path, index=markup)
    told = f"It links to {target}, which is not on the site."
    assert dead(tmp_path, "/repo/", "https://site.org/repo/") == [("dead-link", "index.html", told)]


def test_what_only_looks_like_a_link_is_none(tmp_path: Path) -> None:
    texts = (
        '<p>href="no/"</p>',
        '<!-- <a href="no/"> -->',
        "<script>const a = '<a href=\"no/\">';</script>",
        '<style>/* <a href="no/"> */</style>',
        "<p title='<a href=\"no/\">'>",
        '<p data-href="no/">',
    )
    site_of(tmp_path, index="".join(texts))
    assert dead(tmp_path) == []


def test_an_anchor_that_is_not_on_its_page_is_told(tmp_path: Path) -> None:
    site_of(tmp_path, index='<a href="a/#b"><a href="a/#c">', a='<p id="b">')
    told = "It links to a/index.html#c, but there is no such place on that page."
    assert dead(tmp_path) == [("dead-anchor", "index.html", told)]


def test_an_empty_file_is_told_unless_it_is_a_sign(tmp_path: Path) -> None:
    for name in ("a.pdf", ".nojekyll"):
        (tmp_path / name).write_bytes(b"")
    assert dead(tmp_path) == [("empty-file", "a.pdf", "This file is empty.")]


def test_what_a_host_does_not_take_is_told_before_it_is_too_late() -> None:
    gigabyte = {"a.pdf": 500_000_000, "b.pdf": 400_000_000}
    assert [problem.code for problem in check_limits(gigabyte, "github-pages")] == ["host-size"]
    assert [problem.where for problem in check_limits(gigabyte, "cloudflare-pages")] == ["a.pdf", "b.pdf"]
    many = dict.fromkeys(map(str, range(16_001)), 1)
    assert [problem.code for problem in check_limits(many, "cloudflare-pages")] == ["host-files"]
    assert check_limits(many, "github-pages") == check_limits(gigabyte, "rsync") == ()


@pytest.mark.parametrize(
    ("size", "meta", "told"),
    [
        (5_000_001, MetaRules(), ["large-paper"]),
        (5_000_000, MetaRules(), []),
        (5_000_001, MetaRules("never"), []),
    ],
)
def test_a_paper_too_large_for_google_scholar_is_told(
    size: int, meta: MetaRules, told: list[str], tmp_path: Path
) -> None:
    stored = tmp_path / "paper"
    stored.write_bytes(b"")
    os.truncate(stored, size)
    item = make_item("AAAA2222", date="1999", parsed_date="1999")
    config = site_config(meta=meta)
    paper = make_attachment("FFFF2222", "AAAA2222")
    ctx = context(item, paper, files={paper["data"]["md5"]: stored}, config=config)
    assert [problem.code for problem in check_items(ctx)] == told


@pytest.mark.parametrize(
    ("date", "parsed", "told"),
    [
        (
            "2021-02-30",
            "2021-02-30",
            ["There is no such day as its date, “2021-02-30”; it counts as 2021-02."],
        ),
        ("2021/13/01", "2021", ["There is no such day as its date, “2021/13/01”; it counts as 2021."]),
        ("1999-00-00", "1999-00-00", []),
        ("1998-99", "1998", []),
        ("44 BCE", "", []),
        ("in the old days", "", ["Its date “in the old days” cannot be read."]),
    ],
)
def test_a_date_that_cannot_be_is_told_as_it_was_typed(date: str, parsed: str, told: list[str]) -> None:
    ctx = context(make_item("AAAA2222", date=date, parsed_date=parsed))
    assert [problem.message for problem in check_items(ctx)] == told


# Whole sites


@pytest.fixture
def site(fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    library: FakeLibrary = fake.add_library("groups/7", "Small", public=True)
    library.add_item("AAAA2222", title="On maps", date="1843", DOI="10.1000/182")
    library.add_item("BBBB2222", title="On tables", DOI="https://doi.org/10.1000/182")
    library.add_item("CCCC2222", date="1900")
    library.add_attachment("CCCC2222", b"%PDF-1.4", filename="scan.pdf")
    library.add_item("DDDD2222", date="1900", title="Kept back", DOI="10.1000/182", tags=["secret"])
    settings = '[site]\ntitle = "Small"\n[select]\nitem_exclude = "^secret$"\n'
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}], settings, search=False)
    site.build()
    return site


def test_findings_end_with_6_and_come_in_three_forms(site: SiteFolder) -> None:
    page = site.site / "about" / "index.html"
    page.parent.mkdir()
    page.write_text('<a href="../gone/">')
    expected = [
        Problem("dead-link", "about/index.html", "It links to gone/, which is not on the site."),
        Problem("no-date", "groups/7/items/BBBB2222", "It has no date."),
        Problem("no-title", "groups/7/items/CCCC2222", "It has no title (book, 1900, scan.pdf)."),
        Problem(
            "same-doi",
            "groups/7/items/AAAA2222",
            "It has the DOI 10.1000/182, and so have groups/7/items/BBBB2222.",
        ),
    ]
    before = site.tree()
    run = site.run("check", "--format", "json")
    assert run.returncode == 6
    assert json.loads(run.stdout)["findings"] == [
        {"code": each.code, "where": each.where, "message": each.message} for each in expected
    ]
    run = site.run("check")
    assert (run.returncode, len(run.stdout.splitlines())) == (6, 4)
    assert "“On tables” (groups/7/items/BBBB2222): It has no date." in run.stdout
    assert "Kept back" not in run.stdout
    run = site.run("check", "--format", "github")
    assert run.stdout.splitlines()[0] == (
        "::warning::about/index.html: It links to gone/, which is not on the site."
    )
    assert site.tree() == before


def test_without_a_site_there_is_nothing_to_check(site: SiteFolder) -> None:
    assert site.run("clean", "output", "--yes").returncode == 0
    run = site.run("check")
    assert run.returncode == 2
    assert "There is no site" in run.stderr


def test_the_pages_of_a_real_library_lead_nowhere_wrong(
    group1: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    site = SiteFolder(tmp_path / "site", fake, [{"id": group1.id}], key="member", search=False)
    site.build()
    assert check_files(site.site, "/repo/", "https://example.org/repo/") == ()

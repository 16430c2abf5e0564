"""What leads to a place on somebody's computer is published nowhere, whichever field holds it."""

import html
import json
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, contents

from zstatic.exporttext import rewrite
from zstatic.urls import public_url, without_folders, without_private_places

PATHS = (
    r"C:\Users\canary-me\My Papers\paper.pdf",
    "C:/Users/canary-me/My Papers/paper.pdf",
    r"\\canary-server\share\paper.pdf",
    "/home/canary-me/My Papers/paper.pdf",
    "~/canary-me/paper.pdf",
    "file:///home/canary-me/paper.pdf",
    "file:///C:/Users/canary-me/paper.pdf",
    "attachments:canary-me/paper.pdf",
    "storage:canary-me/paper.pdf",
)


@pytest.mark.parametrize("path", PATHS)
def test_the_name_of_a_file_goes_without_its_folders(path: str) -> None:
    assert without_folders(path) == "paper.pdf"
    assert without_folders(f"Scan of {path}") in ("Scan of paper.pdf", f"Scan of {path}")


@pytest.mark.parametrize(
    "name",
    ["AC/DC and/or Input/Output", "Full Text PDF", "File: a study", "1/2", "a\\b", "Attachments: 3", "/"],
)
def test_names_that_are_no_paths_stay(name: str) -> None:
    assert without_folders(name) == name


@pytest.mark.parametrize(
    "address",
    [
        *PATHS,
        "zotero://select/library/items/ABCD2345",
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "chrome-extension://abc/pdf.html",
        "obsidian://open?vault=me",
        "https://me:secret@example.org/",
        "see https://me:secret@example.org/",
        "Documents/private/x.pdf",
        "../x.pdf",
    ],
)
def test_an_address_on_a_computer_or_with_a_password_is_not_shown(address: str) -> None:
    assert public_url(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a?b=me@example.org",
        "http://example.org:8080/@me/x",
        "ftp://ftp.example.org/x",
        "www.example.org/a",
        "example.org:8080/a",
        "urn:nbn:de:101:1-2018",
        "10.1000/182",
        "doi:10.1000/182",
        "see https://example.org/a",
        "Interview",
        "n/a",
    ],
)
def test_other_addresses_are_shown(address: str) -> None:
    assert public_url(address) == address


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("From file:///home/canary/a%20b/x.pdf today", "From x.pdf today"),
        (r"In C:\Users\canary me\x.pdf.", "In x.pdf."),
        (r"In C:{\textbackslash}{Users}{\textbackslash}canary{\textbackslash}x.pdf.", "In x.pdf."),
        ("{file:///{C}:/{Users}/canary/x.pdf}", "{x.pdf}"),
        (r"Let $f:\mathbb{R}\to\mathbb{R}$ and/or g:\\ h", r"Let $f:\mathbb{R}\to\mathbb{R}$ and/or g:\\ h"),
        ("In http://zotero.org/users/4711/items/ABCD2345, too", "In  too"),
        (
            "In zotero://select/library/items/ABCD2345 and <a href='https://zotero.org/users/me'>",
            "In  and <a href=''>",
        ),
        ("https://www.zotero.org/groups/1/items/ABCD2345", "https://www.zotero.org/groups/1/items/ABCD2345"),
        ("Profile: a/b, https://example.org/home/x/y", "Profile: a/b, https://example.org/home/x/y"),
    ],
)
def test_a_text_loses_only_what_can_be_nothing_but_a_path(text: str, public: str) -> None:
    assert without_private_places(text) == public


@pytest.mark.parametrize(
    "url", ["file:///home/canary/x.pdf", "zotero://canary", "/home/canary/x", "x:canary"]
)
def test_exports_drop_an_address_that_is_not_shown(url: str) -> None:
    bibtex = f"@misc{{a,\n\ttitle = {{T}},\n\turl = {{{url}}},\n\tyear = {{2020}},\n}}"
    ris = f"TY  - JOUR\r\nTI  - T\r\nUR  - {url}\r\nPY  - 2020\r\nER  - \r\n"
    csl = json.dumps({"title": "T", "URL": url, "note": "file:///home/canary/y", "issued": 2020})
    for name, text in {"bibtex": bibtex, "ris": ris, "csljson": csl}.items():
        made = rewrite(name, text, "AAAA2222", ())
        assert "canary" not in made
        assert "2020" in made


def test_exports_keep_any_other_address() -> None:
    url = r"https://example.org/a\_b\%20c?d=e"
    assert url in rewrite("bibtex", f"@misc{{a,\n\turl = {{{url}}},\n}}", "AAAA2222", ())
    ris = "TY  - JOUR\r\nUR  - www.example.org/a\r\nER  - \r\n"
    assert "UR  - www.example.org/a" in rewrite("ris", ris, "AAAA2222", ())


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    fake.add_key("canary-key", user=31415926)
    return fake.add_library("users/31415926", "canary-account")


def found_in(folder: Path, word: str) -> set[str]:
    return {
        path
        for path, content in contents(folder).items()
        if word.encode() in content.lower() or word in path.lower()
    }


def test_no_path_on_a_computer_is_in_any_file_of_the_site(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    for number, path in enumerate(PATHS):
        url = f"{path}?{number}"
        bib = f"<div class='csl-entry'>A page. Retrieved from {html.escape(url)}</div>"
        paper = library.add_item(title=f"Paper {number}", itemType="webpage", url=url)
        library.items[paper] |= {
            "bib": bib,
            "bibtex": f"\n@misc{{k{number},\n\turl = {{{url}}},\n\tfile = {{{path}}},\n}}\n",
            "ris": f"TY  - ELEC\r\nTI  - Paper\r\nUR  - {url}\r\nL1  - {path}\r\nER  - \r\n\r\n",
            "csljson": {"id": paper, "type": "webpage", "title": "Paper", "URL": url},
        }
        library.add_attachment(paper, b"%PDF-1.4", title=path, filename=path)
        library.add_attachment(paper, title=path, path=path, linkMode="linked_file")
        library.add_attachment(paper, title="Link", url=path, linkMode="linked_url")
        library.add_attachment(None, b"%PDF-1.4", title=path, filename=path, url=path)
        library.add_attachment(None, title=path, path=path, linkMode="linked_file")
    base = '[site]\ntitle = "The site"\nbase_url = "https://example.org/repo/"\n'
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}], base, "canary-key")
    site.build()
    assert len(list((site.site / "items").glob("????????/"))) == 2 * len(PATHS)
    assert found_in(site.site, "canary") == set()
    assert found_in(site.site, "31415926") == set()
    assert len(found_in(site.root / ".zstatic", "canary-me")) >= 1


def test_a_personal_library_bears_the_name_of_the_site_unless_it_is_given_one(
    library: FakeLibrary, fake: FakeZotero, tmp_path: Path
) -> None:
    library.add_item(
        title="A public item", relations={"dc:relation": ["http://zotero.org/users/31415926/items/ABCD2345"]}
    )
    folder = tmp_path / "site"
    site = SiteFolder(folder, fake, [{"id": library.id}], key="canary-key")
    site.build()
    assert site.last_sync()["libraries"][0]["name"] == "Test library"
    assert found_in(site.site, "canary") | found_in(site.site, "31415926") == set()
    site.libraries = [{"id": library.id, "name": "Ada's papers"}]
    site.build()
    assert site.last_sync()["libraries"][0]["name"] == "Ada's papers"

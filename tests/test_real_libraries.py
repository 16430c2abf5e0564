"""The two real libraries, as one site each and together as one: all that is due is there, nothing else."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from nuchecker import findings
from sitecheck import Folder, broken_pages, broken_records
from sites import MARKER, SiteFolder

KEY = "CanaryKeyOfTheOwner00001"
CHILDREN = ("annotation", "attachment", "note")


@dataclass
class Published:
    """A site that was built once. libraries: each with its slug."""

    site: SiteFolder
    libraries: list[tuple[FakeLibrary, str]]
    folder: Folder

    @property
    def fake(self) -> FakeZotero:
        return self.site.fake


# Name -> the path at which the site is published, and its libraries with their slugs.
SITES = {
    "group-1": ("/", {"group-1": ""}),
    "user-1001": ("/", {"user-1001": ""}),
    "both": ("/repo/", {"group-1": "", "user-1001": "mine"}),
}


@pytest.fixture(scope="module", params=SITES)
def published(
    request: pytest.FixtureRequest, shared: Path, schema: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    with FakeZotero(schema=schema) as fake:
        fake.add_key(KEY, user=1001)
        base_path, slugs = SITES[request.param]
        libraries = [
            (fake.load(shared / "zotero-api" / "libraries" / name), slug) for name, slug in slugs.items()
        ]
        rows = [{"id": library.id, "slug": slug} for library, slug in libraries]
        base_url = f"https://example.org{base_path}"
        settings = f'[site]\ntitle = "Test library"\nbase_url = "{base_url}"\n'
        site = SiteFolder(tmp_path_factory.mktemp("real"), fake, rows, settings, KEY)
        site.build()
        yield Published(site, libraries, Folder(site.site, base_url))


def test_a_site_holds_all_that_is_due_and_nothing_else(
    published: Published,
) -> None:
    site, libraries = published.site, published.libraries
    pages: set[str] = set()
    collections: set[str] = set()
    md5s: dict[str, str] = {}
    for library, slug in libraries:
        prefix = f"{slug}/" if slug else ""
        pages |= {f"{prefix}items/{key}/index.html" for key in due_items(library) | trashed_items(library)}
        collections |= {f"{prefix}collections/{key}/index.html" for key in due_collections(library)}
        for key, md5 in due_files(library):
            md5s[f"{prefix}items/{key}/"] = md5
    found = set(site.tree())
    assert {
        path for path in found if "/items/" in f"/{path}" and path.endswith("/index.html")
    } - LISTS == pages
    assert {
        path
        for path in found
        if "/collections/" in f"/{path}"
        and path.endswith("/index.html")
        and not path.endswith("/embed/index.html")
        and "/page/" not in path
    } - {"collections/index.html"} == collections
    assert sorted(file_digests(site)) == sorted(md5s.items())


LISTS = {
    "items/index.html",
    "items/recent/index.html",
    *(f"items/page/{number}/index.html" for number in range(2, 100)),
}


def test_a_second_build_asks_once_and_writes_only_the_marker(
    published: Published,
) -> None:
    site, libraries = published.site, published.libraries
    before = {path: path.stat().st_mtime_ns for path in site.site.rglob("*") if path.is_file()}
    published.fake.log.clear()
    report = site.build()
    # Whose key it is, and the descriptions of groups: those of its owner, then each that is not among them.
    checks = ["/keys/current", "/users/1001/groups?format=versions"]
    checks += [f"/{library.id}" for library, _ in libraries if library.is_group]
    questions = [target for target in published.fake.targets if target not in checks]
    assert len(questions) == len(libraries)
    for logged in published.fake.log:
        if logged.target in questions:
            assert logged.headers.get("if-modified-since-version")
            assert logged.status == 304
    assert report.site is None or report.site.written == (MARKER,)
    after = {path: path.stat().st_mtime_ns for path in site.site.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} <= {site.site / MARKER}
    assert before.keys() == after.keys()


def test_every_link_and_anchor_leads_somewhere_and_no_id_is_twice(published: Published) -> None:
    assert broken_pages(published.folder)[:10] == []


def test_records_for_machines_keep_the_rules_of_their_formats(published: Published) -> None:
    assert broken_records(published.folder)[:10] == []


def test_all_html_and_css_is_valid(published: Published) -> None:
    # At another path an item's page has other addresses in its head, and that is all.
    seen = "items" if len(published.libraries) > 1 else ""
    files = [path for path in published.site.site.rglob("*") if path.parent.parent.name != seen]
    assert findings(published.site.site, files) == []


def test_last_sync_tells_counts_and_no_account(
    published: Published,
) -> None:
    site, libraries = published.site, published.libraries
    told = site.last_sync()
    assert [each["slug"] for each in told["libraries"]] == [slug for _, slug in libraries]
    for each, (library, _) in zip(told["libraries"], libraries, strict=True):
        assert each["version"] == library.version
        assert each["items"] == len(due_items(library))
        assert each["collections"] == len(due_collections(library))
        assert each["attachments"]["published"] == len(list(due_files(library)))
    assert told["changed"] <= told["when"]
    assert "users/" not in (site.site / MARKER).read_text("utf-8")


# What is due, straight from Zotero's JSON and the rules of the defaults


def fields(library: FakeLibrary) -> dict[str, Any]:
    return {key: item["data"] for key, item in library.items.items()}


def is_live(data: dict[str, Any], of: dict[str, Any]) -> bool:
    above = data.get("parentItem")
    return not data.get("deleted") and (not above or (above in of and is_live(of[above], of)))


def is_allowed(data: dict[str, Any]) -> bool:
    media_type = (data.get("contentType") or "").split(";")[0].strip().lower()
    published = (
        "application/pdf",
        "application/epub+zip",
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
    )
    private = any(tag["tag"].strip().startswith("_") for tag in data.get("tags", []))
    return (
        media_type in published and data.get("linkMode") in ("imported_file", "imported_url") and not private
    )


def has_bytes(library: FakeLibrary, key: str) -> bool:
    return key in library.files and bool(library.items[key]["data"].get("md5"))


def due_items(library: FakeLibrary) -> set[str]:
    of = fields(library)
    return {
        key
        for key, data in of.items()
        if not data.get("parentItem")
        and is_live(data, of)
        and (
            data["itemType"] not in CHILDREN
            or (data["itemType"] == "attachment" and is_allowed(data) and has_bytes(library, key))
        )
    }


def trashed_items(library: FakeLibrary) -> set[str]:
    """Those that leave a page saying that they are gone."""
    trashed = (key for key, data in fields(library).items() if data.get("deleted"))
    return {key for key in trashed if fields(library)[key]["itemType"] not in CHILDREN}


def due_collections(library: FakeLibrary) -> set[str]:
    return {key for key, each in library.collections.items() if not each["data"].get("deleted")}


def due_files(library: FakeLibrary) -> Iterator[tuple[str, str]]:
    """(key of the item under which the file is published, md5)."""
    of = fields(library)
    for key, data in of.items():
        above = data.get("parentItem") or key
        if (
            data["itemType"] == "attachment"
            and is_allowed(data)
            and is_live(data, of)
            and has_bytes(library, key)
        ):
            yield above, data["md5"]


def file_digests(site: SiteFolder) -> Iterator[tuple[str, str]]:
    """(folder, md5) of each file beside an item's page."""
    for path in site.site.glob("**/items/*/*"):
        if path.is_file() and path.name not in ("index.html", "item.rdf", "linkset.json"):
            folder = path.parent.relative_to(site.site).as_posix()
            yield f"{folder}/", hashlib.md5(path.read_bytes()).hexdigest()

"""Settings that change between two runs: each fetches what it needs and nothing that is here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from mirrors import Mirrored

from zstatic.config import (
    AttachmentRules,
    CitationRules,
    ExportRules,
    GuardRules,
    LibraryConfig,
    SearchRules,
    SelectRules,
)

PDF, EPUB = b"%PDF-1.7 config", b"PK epub"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("users/1", "Library User")
    library.public = library.public_notes = True
    for number in range(60):
        book = library.add_item(title=f"Book {number}")
        if number < 3:
            pdf = library.add_attachment(book, PDF + bytes([number]))
            epub = library.add_attachment(book, EPUB + bytes([number]), content_type="application/epub+zip")
            library.set_fulltext(pdf, f"pdf {number}")
            library.set_fulltext(epub, f"epub {number}")
    return library


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Mirrored:
    """With one style, one format, PDFs and their full text."""
    rules = AttachmentRules(media_types=("application/pdf",))
    site = Mirrored(tmp_path, fake, "users/1", attachments=rules, search=SearchRules(fulltext=True))
    site.sync()
    return site


def requests_after(mirrored: Mirrored, /, **rules: Any) -> list[str]:
    """Change settings and sync; gives what was asked beside the conditional request, in short."""
    mirrored.change(**rules)
    mirrored.sync()
    first, *more = mirrored.asked()
    assert first.startswith("/users/1/items?format=versions")
    return [target.removeprefix("/users/1") for target in more]


def is_settled(site: Mirrored) -> bool:
    site.sync()
    return [logged.status for logged in site.zotero.log] == [304]


def test_new_style_fetches_its_citations_only(site: Mirrored) -> None:
    asked = requests_after(site, citations=CitationRules(("apa", "ieee")))
    # 60 items: one to see whether Zotero knows the style, then 50 in a request.
    assert len(asked) == 3 and all("style=ieee" in target and "include=bib" in target for target in asked)
    assert is_settled(site)


def test_another_order_of_styles_fetches_nothing(site: Mirrored) -> None:
    requests_after(site, citations=CitationRules(("apa", "ieee")))
    assert not requests_after(site, citations=CitationRules(("ieee", "apa")))


def test_new_format_fetches_its_exports_only(site: Mirrored) -> None:
    asked = requests_after(site, exports=ExportRules(("bibtex", "ris")))
    assert len(asked) == 2 and all("include=ris" in target for target in asked)
    assert is_settled(site)


def test_another_locale_fetches_all_citations_and_drops_the_former(site: Mirrored) -> None:
    asked = requests_after(site, citations=CitationRules(("apa",), "fr-FR"))
    assert len(asked) == 3 and all("locale=fr-FR" in target for target in asked)
    with site.mirror() as mirror:
        assert len(mirror.citations("apa", "fr-FR")) == 60
        assert not mirror.citations("apa", "en-US")
    assert is_settled(site)


def test_removed_style_and_format_drop_what_is_theirs(site: Mirrored) -> None:
    requests_after(site, citations=CitationRules(("apa", "ieee")), exports=ExportRules(("bibtex", "ris")))
    assert not requests_after(site, citations=CitationRules(("ieee",)), exports=ExportRules(("ris",)))
    with site.mirror() as mirror:
        assert not mirror.citations("apa", "en-US") and not mirror.exports("bibtex")
        assert len(mirror.citations("ieee", "en-US")) == len(mirror.exports("ris")) == 60
        assert mirror.text_sets() == {"citations/ieee/en-US", "exports/ris"}
    assert len(requests_after(site, citations=CitationRules(("apa",)))) == 3


def test_another_language_of_the_site_fetches_nothing_but_its_citations(site: Mirrored) -> None:
    german = replace(site.config.site, language="de")
    assert not requests_after(site, site=german, citations=CitationRules(("apa",), "en-US"))
    asked = requests_after(site, site=german, citations=CitationRules(("apa",)))
    assert asked and all("include=bib" in target and "locale=de-DE" in target for target in asked)


def test_new_media_type_fetches_its_files_and_their_text_only(site: Mirrored, library: FakeLibrary) -> None:
    asked = requests_after(
        site, attachments=AttachmentRules(media_types=("application/pdf", "application/epub+zip"))
    )
    epubs = {k for k, i in library.items.items() if i["data"].get("contentType") == "application/epub+zip"}
    wanted = {f"/items/{key}/{part}" for key in epubs for part in ("file", "fulltext")}
    assert sorted(asked) == sorted(wanted)
    assert is_settled(site)


def test_removed_media_type_drops_its_files(site: Mirrored) -> None:
    assert not requests_after(site, attachments=AttachmentRules(media_types=("application/epub+zip",)))[6:]
    with site.mirror() as mirror:
        files = [mirror.file(md5) for md5 in mirror.good_files().values()]
    assert len(files) == 3 and all(file and file.read_bytes().startswith(EPUB) for file in files)


def test_larger_max_size_fetches_what_was_too_large_only(site: Mirrored, library: FakeLibrary) -> None:
    book = next(iter(library.items))
    rules = replace(site.config.attachments, max_size=100)
    large = library.add_attachment(book, PDF * 20)
    requests_after(site, attachments=rules)
    assert requests_after(site, attachments=replace(rules, max_size=50)) == []
    assert requests_after(site, attachments=replace(rules, max_size=1000)) == [f"/items/{large}/file"]
    assert is_settled(site)


def test_new_library_fetches_itself_only(site: Mirrored, fake: FakeZotero) -> None:
    other = fake.add_library("users/2", "Another")
    other.public = True
    other.add_item(title="Another's")
    site.change(libraries=(*site.config.libraries, LibraryConfig("users/2", slug="two", api_url=fake.url)))
    site.sync_all()
    assert len([target for target in site.asked() if target.startswith("/users/1/")]) == 1
    with site.mirror(1) as mirror:
        assert len(mirror.keys("items")) == 1


@pytest.mark.parametrize(
    "rules",
    [
        {"search": SearchRules(fulltext=True, fulltext_words=5)},
        {"search": SearchRules(fulltext=False)},
        {"guard": GuardRules(max_shrink=0.5)},
    ],
)
def test_what_concerns_the_site_alone_fetches_nothing(site: Mirrored, rules: dict[str, Any]) -> None:
    assert not requests_after(site, **rules)


def test_rules_of_selection_fetch_nothing(site: Mirrored) -> None:
    site.change_library(select=SelectRules(collections=("Any",), item_exclude="^private$", notes=True))
    assert not requests_after(site)


def test_search_in_full_texts_fetches_them_once(site: Mirrored) -> None:
    requests_after(site, search=SearchRules(fulltext=False))
    assert not requests_after(site, search=SearchRules(fulltext=True))

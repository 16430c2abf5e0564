"""Every kind of page, in both directions of writing, is valid and leads where it says."""

from pathlib import Path

import pytest
from nuchecker import findings
from showcase import PAGES, showcase
from sitecheck import Folder, broken_pages, broken_records
from sitepages import BASE_URL, write_folder


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_kind_of_page_is_valid_and_whole(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_folder(showcase(tmp_path / "texts", language), folder, tmp_path / "work", with_search=False)
    site = Folder(folder, BASE_URL)
    assert {
        f"{path}index.html".replace("404.htmlindex.html", "404.html") for path in PAGES.values()
    } <= site.files
    assert broken_pages(site) == []
    assert broken_records(site) == []
    assert findings(folder) == []

"""Groups: their description by its own versions, what becomes of one that closes, files for members only."""

from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from mirrors import Mirrored

from zstatic.config import Secret
from zstatic.errors import AccessDenied, ApiError, LibraryNotFound

PDF = b"%PDF-1.7 group"


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "A group")
    library.members = {1}
    library.add_item(title="Book")
    return library


@pytest.fixture
def site(tmp_path: Path, fake: FakeZotero, library: FakeLibrary) -> Mirrored:
    fake.add_key("member", user=1)
    return Mirrored(tmp_path, fake, "groups/7", api_key=Secret("member"))


def names(site: Mirrored) -> list[str]:
    found = []
    for number in range(len(site.config.libraries)):
        with site.mirror(number) as mirror:
            found.append(mirror.library_name)
    return found


# --- the description


def test_descriptions_of_all_groups_cost_one_request(
    tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    other = fake.add_library("groups/8", "Another group")
    other.members = {1}
    fake.add_key("member", user=1)
    site = Mirrored(tmp_path, fake, "groups/7", "groups/8", api_key=Secret("member"))
    site.sync_all()
    site.sync_all()
    assert (
        not site.asked("/groups/7?") and "/groups/7" not in site.asked() and "/groups/8" not in site.asked()
    )
    assert len(site.asked("/users/1/groups?format=versions")) == 1
    other.rename("Renamed group")
    reports = site.sync_all()
    assert names(site) == ["A group", "Renamed group"]
    assert [target for target in site.asked() if target.startswith("/groups/") and "?" not in target] == [
        "/groups/8"
    ]
    assert [report.changed for report in reports] == [False, True]


def test_public_group_of_others_is_asked_itself(
    tmp_path: Path, fake: FakeZotero, library: FakeLibrary
) -> None:
    fake.add_key("stranger", user=2)
    site = Mirrored(tmp_path, fake, "groups/7", api_key=Secret("stranger"))
    site.sync()
    library.rename("New name")
    site.sync()
    assert names(site) == ["New name"]


# --- groups that close


@pytest.mark.parametrize("how", ["private", "left", "deleted", "key"])
def test_group_that_vanishes_is_told_and_its_mirror_stays(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary, how: str
) -> None:
    library.public = False
    site.sync()
    if how == "left":
        library.members = {2}
    elif how == "deleted":
        del fake.libraries["/groups/7"]
    elif how == "key":
        fake.add_key("member", user=1, groups=())
    elif how == "private":
        site.change(api_key=None)
    with pytest.raises((AccessDenied, LibraryNotFound)) as caught:
        site.sync()
    assert "A group (groups/7)" in caught.value.message and "no longer open" in caught.value.message
    # Not Zotero's own server: another may answer there now.
    assert "key lost" not in caught.value.message
    assert "api_url" in caught.value.hint and "site.toml" in caught.value.hint
    assert ("ZOTERO_API_KEY" in caught.value.hint) == (how == "private")
    assert len(site.items()) == 1
    with site.mirror() as mirror:
        assert mirror.library_version == library.version


def test_group_that_was_never_open_is_another_matter(site: Mirrored, library: FakeLibrary) -> None:
    library.public, library.members = False, {2}
    with pytest.raises(ApiError) as caught:
        site.sync()
    assert "no longer" not in caught.value.message


def test_wrong_key_is_not_taken_for_a_closed_group(site: Mirrored, fake: FakeZotero) -> None:
    site.sync()
    del fake.keys["member"]
    with pytest.raises(AccessDenied, match="refuses the API key"):
        site.sync()
    assert len(fake.log) == 1


# --- saved searches and settings


def test_saved_searches_and_settings_follow(site: Mirrored, library: FakeLibrary) -> None:
    search = library.add_search("To read", [{"condition": "tag", "operator": "is", "value": "to-read"}])
    doomed = library.add_search("Doomed", [])
    colours = [{"name": "to-read", "color": "#FF6666"}]
    library.set_setting("tagColors", colours)
    library.set_setting("feeds", {"a": 1})
    site.sync()
    with site.mirror() as mirror:
        assert dict(mirror.objects("settings"))["tagColors"]["value"] == colours
        assert mirror.keys("searches") == {search, doomed}
    trashed = {**library.searches[search]["data"], "deleted": True}
    library.searches[search] = {
        **library.searches[search],
        "version": library.move_version(),
        "data": trashed,
    }
    library.deleted["searches"][doomed] = library.move_version()
    del library.searches[doomed]
    library.delete_setting("feeds")
    library.set_setting("tagColors", [])
    site.sync()
    with site.mirror() as mirror:
        assert mirror.keys("searches") == {search}
        assert dict(mirror.objects("searches"))[search]["data"]["deleted"] is True
        assert {key: each["value"] for key, each in mirror.objects("settings")} == {"tagColors": []}


# --- files


def test_files_of_a_public_group_are_one_problem_for_strangers(
    site: Mirrored, fake: FakeZotero, library: FakeLibrary
) -> None:
    keys = [library.add_attachment(None, PDF + bytes([number])) for number in range(30)]
    site.change(api_key=None)
    report = site.sync()
    [problem] = report.problems
    assert (problem.code, problem.where) == ("file-closed", "groups/7")
    assert "ZOTERO_API_KEY" in problem.message
    # Those that were on their way, and no more.
    assert len(site.asked("/file")) <= 4
    # Neither again while nothing moves …
    assert site.sync().problems == (problem,)
    assert not site.asked("/file")
    # … and at once when there is a key.
    site.change(api_key=Secret("member"))
    report = site.sync()
    assert (report.files, report.problems) == (len(keys), ())
    # Without the key again, what is here stays.
    site.change(api_key=None)
    report = site.sync()
    assert (report.files, report.problems) == (0, ())


def test_file_that_one_item_lacks_is_not_taken_for_a_closed_group(
    site: Mirrored, library: FakeLibrary
) -> None:
    keys = [library.add_attachment(None, PDF + bytes([number])) for number in range(3)]
    library.lose_file(keys[0])
    report = site.sync()
    assert [(each.code, each.where) for each in report.problems] == [
        ("file-missing", f"groups/7/items/{keys[0]}")
    ]
    assert report.files == 2

"""A site neither shrinks nor leaks unasked: what the guards hold, let pass, and when they are off."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder, without_marker

from zstatic.config import GuardRules
from zstatic.errors import GuardError, ProblemsFound
from zstatic.guard import FREE, Objections, Record, record_from_json, record_to_json
from zstatic.patience import Patience
from zstatic.sample.answers import Request

HEAD = '[site]\ntitle = "Test library"\nbase_url = "https://example.org/repo/"\n'
SHELF, DRAWER = "SHELF222", "DRAWER22"
PDF = b"%PDF-1.4 stand-in "


@pytest.fixture
def library(fake: FakeZotero) -> FakeLibrary:
    """Twenty items on a shelf, four in a drawer, one with a private note and file."""
    library = fake.add_library("groups/7", "Small")
    fake.add_key("reader", user=1)
    library.add_collection("Shelf", key=SHELF)
    library.add_collection("Drawer", key=DRAWER)
    for number in range(20):
        library.add_item(key_of(number), title=f"Book {number}", collections=[SHELF], tags=["book"])
    for number in range(20, 24):
        library.add_item(key_of(number), title=f"Letter {number}", collections=[DRAWER], tags=["letter"])
    library.add_note(key_of(0), "<p>My own thought</p>", key="NQTE2222", tags=["_mine"])
    library.add_attachment(key_of(0), PDF, key="FILE2222", filename="mine.pdf", tags=["_mine"])
    return library


@pytest.fixture
def site(fake: FakeZotero, library: FakeLibrary, tmp_path: Path) -> SiteFolder:
    return SiteFolder(tmp_path / "site", fake, [{"id": library.id}], HEAD, key="reader", search=False)


def key_of(number: int) -> str:
    return f"AAAA{number // 9 + 2}{number % 9 + 1}22".replace("1", "X")


def stopped(site: SiteFolder, **options: bool) -> GuardError:
    """Build, insist that a guard stops it and that the site stands, and give what it says."""
    before = site.tree()
    with pytest.raises(GuardError) as caught:
        site.build(**options)
    assert site.tree() == before
    return caught.value


Change = Callable[[FakeLibrary, SiteFolder], object]


def exclude(rule: str) -> Change:
    def change(library: FakeLibrary, site: SiteFolder) -> None:
        site.settings = HEAD + f"[select]\n{rule}\n"

    return change


def delete_many(library: FakeLibrary, site: SiteFolder) -> None:
    for number in range(FREE + 1):
        library.delete_item(key_of(number))


def trash_many(library: FakeLibrary, site: SiteFolder) -> None:
    for number in range(FREE + 1):
        library.trash_item(key_of(number))


@pytest.mark.parametrize(
    "change",
    [delete_many, trash_many, exclude('item_exclude = "^book$"'), exclude('exclude_collections = ["Shelf"]')],
    ids=["deleted", "trashed", "excluded by tag", "excluded by collection"],
)
def test_a_site_that_would_shrink_too_much_stays_as_it_is(
    change: Change, library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    change(library, site)
    told = stopped(site)
    assert " of 24 would vanish" in told.message
    assert f"groups/7/items/{key_of(0)} Book 0" in told.message
    assert "--allow-shrink" in told.hint
    assert "--allow-exposed" not in told.hint


def test_as_many_may_vanish_as_the_limit_says(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    for number in range(FREE):
        library.delete_item(key_of(number))
    site.build()
    assert site.last_sync()["libraries"][0]["items"] == 14


def test_the_share_counts_where_it_is_more_than_the_least_number(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.settings = HEAD + "[guard]\nmax_shrink = 0.5\n"
    site.build()
    for number in range(12):
        library.delete_item(key_of(number))
    site.build()
    library.add_item(title="To have 13")
    site.build()
    for number in range(12, 23):
        library.delete_item(key_of(number))
    stopped(site)


def test_at_most_twenty_are_listed(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    for number in range(24):
        library.delete_item(key_of(number))
    told = stopped(site)
    assert told.message.count("groups/7/items/") == 20
    assert "… and 4 more" in told.message


def test_allowed_once_is_not_allowed_again(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    delete_many(library, site)
    stopped(site)
    site.build(allow_shrink=True)
    assert site.last_sync()["libraries"][0]["items"] == 13
    site.build()
    for number in range(FREE + 1, 24):
        library.delete_item(key_of(number))
    stopped(site)


def test_a_library_that_becomes_empty_is_held_however_small_it_was(fake: FakeZotero, tmp_path: Path) -> None:
    library = fake.add_library("groups/8", "Tiny")
    key = library.add_item(title="The only one")
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}], HEAD, search=False)
    site.build()
    library.delete_item(key)
    assert "The only one" in stopped(site).message
    site.build(allow_shrink=True)
    assert site.last_sync()["libraries"][0]["items"] == 0
    # Empty it stays, and that is no news.
    library.move_version()
    site.build()


def test_files_that_would_vanish_are_held_like_items(library: FakeLibrary, site: SiteFolder) -> None:
    keys = [
        library.add_attachment(key_of(n), PDF + bytes([n]), filename=f"{n}.pdf", title=f"Scan {n}")
        for n in range(FREE + 1)
    ]
    site.build()
    for key in keys:
        library.delete_item(key)
    told = stopped(site)
    assert f"{FREE + 1} attached files of {FREE + 1} would vanish" in told.message
    assert f"groups/7/items/{keys[0]} Scan 0" in told.message
    site.build(allow_shrink=True)


@pytest.mark.parametrize("by", ["Drawer", DRAWER], ids=["name", "key"])
@pytest.mark.parametrize("rule", ["collections", "exclude_collections"])
def test_a_collection_named_in_the_settings_must_not_vanish(
    rule: str, by: str, library: FakeLibrary, site: SiteFolder
) -> None:
    site.settings = HEAD + f'[select]\n{rule} = ["Shelf", "{by}"]\n'
    if rule == "exclude_collections":
        library.add_item(title="In no collection")
        for number in range(20, 24):
            library.trash_item(key_of(number))
    site.build()
    library.delete_collection(DRAWER)
    told = stopped(site)
    assert f"[select] {rule}: '{by}'" in told.message
    assert " is gone from groups/7" in told.message
    assert "--allow-shrink" in told.hint
    report = site.build(allow_shrink=True)
    assert [p.code for p in report.problems if p.code == "unknown-collection"]
    # Said once; from then on it is a Problem like any other.
    library.move_version()
    site.build()


def test_a_renamed_collection_is_gone_for_a_rule_that_names_it(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.settings = HEAD + '[select]\ncollections = ["Shelf", "Drawer"]\n'
    site.build()
    library.rename_collection(DRAWER, "Letters")
    assert "'Drawer' is gone" in stopped(site).message
    site.settings = HEAD + '[select]\ncollections = ["Shelf", "Letters"]\n'
    site.build()


def test_a_mistyped_collection_is_named_where_it_stops_a_build(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    site.settings = HEAD + f'[select]\ncollections = ["{DRAWER.lower()}"]\n'
    told = stopped(site).message
    assert "No item of groups/7 would be left" in told or "would vanish" in told
    assert "there is no collection 'drawer22'. Did you mean" in told


def test_a_collection_that_a_rule_names_by_key_is_told_by_its_last_name_too(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.settings = HEAD + f'[select]\ncollections = ["{SHELF}", "{DRAWER}"]\n'
    site.build()
    library.rename_collection(DRAWER, "Letters")
    site.build()
    library.delete_collection(DRAWER)
    assert f"collections: '{DRAWER}' ('Letters') is gone from groups/7." in stopped(site).message


def test_an_excluded_collection_is_told_by_its_last_name_to_the_reader_only(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.settings = HEAD + f'[select]\nexclude_collections = ["{DRAWER}"]\n'
    site.build()
    library.delete_collection(DRAWER)
    told = stopped(site)
    assert f"exclude_collections: '{DRAWER}' is gone from groups/7" in told.message
    assert "Drawer" not in told.message + told.hint
    assert f"\n  groups/7/collections/{DRAWER} Drawer" in told.with_titles({}).message


def test_a_chosen_collection_must_not_become_empty(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\ncollections = ["Shelf", "Drawer"]\n'
    site.build()
    for number in range(20, 24):
        library.move_item(key_of(number), SHELF)
    assert "'Drawer' in groups/7 would be left without items (it had 4)" in stopped(site).message


def test_a_name_taken_out_of_the_settings_is_not_lost(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\ncollections = ["Shelf", "Drawer"]\n'
    site.build()
    site.settings = HEAD + '[select]\ncollections = ["Shelf"]\n'
    site.build()
    assert site.last_sync()["libraries"][0]["items"] == 20


def untag(library: FakeLibrary, site: SiteFolder) -> None:
    library.edit_item(key_of(20), tags=[])


@pytest.mark.parametrize(
    ("rule", "change", "exposed"),
    [
        ('item_exclude = "^letter$"', exclude('item_exclude = "^leter$"'), 4),
        ('item_exclude = "^letter$"', untag, 1),
        ('item_include = "^book$"', exclude('item_include = ""'), 4),
        ('collections = ["Shelf"]', exclude("collections = []"), 4),
        ('exclude_collections = ["Drawer"]', exclude('exclude_collections = ["Drawr"]'), 4),
        ('child_exclude = "^_"\nnotes = true', exclude('child_exclude = "^-"\nnotes = true'), 2),
        ("notes = false\nchild_exclude = ''", exclude("notes = true\nchild_exclude = ''"), 1),
    ],
    ids=["typo", "tag removed", "include rule", "collections rule", "collection typo", "children", "notes"],
)
def test_what_was_excluded_does_not_appear_unasked(
    rule: str, change: Change, exposed: int, library: FakeLibrary, site: SiteFolder
) -> None:
    exclude(rule)(library, site)
    site.build()
    change(library, site)
    told = stopped(site)
    assert f"{exposed} item{'s' * (exposed > 1)} would appear that the last build excluded" in told.message
    assert "--allow-exposed" in told.hint
    stopped(site, allow_shrink=True)
    site.build(allow_exposed=True)
    library.move_version()
    site.build()


@pytest.mark.parametrize("built", [False, True], ids=["first build", "new rule"])
def test_an_exclusion_that_no_collection_bears_stops_the_build_before_anything_of_it_is_public(
    built: bool, library: FakeLibrary, site: SiteFolder
) -> None:
    if built:
        site.build()
    site.settings = HEAD + '[select]\nexclude_collections = ["Drawr"]\n'
    told = stopped(site)
    assert "[select] exclude_collections: 'Drawr' excludes nothing from groups/7" in told.message
    assert "there is no collection 'Drawr'. Did you mean 'Drawer'?" in told.message
    assert "--allow-exposed" in told.hint
    site.build(allow_exposed=True)
    # Allowed once, it is a Problem like any other.
    library.move_version()
    assert [p.code for p in site.build().problems] == ["unknown-collection"]


def test_a_pattern_that_matches_no_tag_yet_stops_nothing(site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\nitem_exclude = "^draft$"\ntag_exclude = "^private$"\n'
    assert site.build().problems == ()


def test_a_preview_shows_the_site_although_an_exclusion_is_mistyped(site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\nexclude_collections = ["Drawr"]\n'
    assert "guard" in {problem.code for problem in site.build(preview=True).problems}
    stopped(site)


def test_what_was_held_back_for_an_unread_collection_appears_without_asking(
    library: FakeLibrary, site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zstatic.api.PATIENCE", Patience(first=0.0))
    site.settings = HEAD + '[select]\nexclude_collections = ["Drawer"]\n'
    site.build()
    bad = library.add_collection("New", DRAWER)
    other = library.add_collection("New, too")
    hidden, shown = (library.add_item(title="New", collections=[each]) for each in (bad, other))
    site.fake.refuse(lambda r: "collectionKey" in r.query and {bad, other} & {*keys_in(r)}, 500, times=None)
    held = {problem.where[-8:] for problem in site.build().problems if problem.code == "held-back"}
    assert held == {hidden, shown}
    assert not (site.site / "items" / hidden).exists() and not (site.site / "items" / shown).exists()
    site.fake.calm()
    assert site.build().problems == ()
    assert not (site.site / "items" / hidden).exists() and (site.site / "items" / shown).exists()


def keys_in(request: Request) -> list[str]:
    return request.query["collectionKey"].split(",")


@pytest.mark.parametrize("by", ["delete_collection", "trash_collection"])
def test_deleting_an_excluded_collection_does_not_publish_what_was_in_it(
    by: str, library: FakeLibrary, site: SiteFolder
) -> None:
    site.settings = HEAD + '[select]\nexclude_collections = ["Drawer"]\n'
    site.build()
    getattr(library, by)(DRAWER)
    told = stopped(site)
    assert "4 items would appear" in told.message
    assert "'Drawer' is gone" in told.message
    assert "--allow-shrink --allow-exposed" in told.hint
    # Who gave one option needs both, not the other.
    assert "--allow-shrink --allow-exposed" in stopped(site, allow_shrink=True).hint
    assert "--allow-shrink --allow-exposed" in stopped(site, allow_exposed=True).hint
    place = next(place for place in told.untitled if place.startswith("groups/7/items/"))
    assert f"\n  {place}\n" in told.message
    assert f"\n  {place} A letter\n" in told.with_titles({place: "A letter"}).message
    site.build(allow_shrink=True, allow_exposed=True)


def test_titles_of_what_is_held_back_are_not_told(library: FakeLibrary, site: SiteFolder) -> None:
    """The log of a public repository would publish them."""
    site.settings = HEAD + '[select]\nitem_exclude = "^letter$"\n'
    site.build()
    site.settings = HEAD
    told = stopped(site)
    assert f"groups/7/items/{key_of(20)}" in told.message
    assert "Letter" not in told.message


def test_new_items_are_not_exposed(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\nitem_exclude = "^letter$"\n'
    site.build()
    for number in range(30):
        library.add_item(title=f"New {number}")
    library.add_note(key_of(1), "<p>A new note</p>")
    site.build()
    assert site.last_sync()["libraries"][0]["items"] == 50


def test_what_comes_out_of_the_trash_or_could_not_be_had_was_not_excluded(
    library: FakeLibrary, site: SiteFolder
) -> None:
    library.trash_item(key_of(3))
    key = library.add_attachment(key_of(4), PDF, filename="late.pdf")
    library.lose_file(key)
    site.build()
    library.restore_item(key_of(3))
    library.put_file(key, PDF + b"new")
    site.build()
    assert (site.site / f"items/{key_of(3)}/index.html").is_file()
    assert (site.site / f"items/{key_of(4)}/late.pdf").is_file()


def test_as_many_may_appear_as_the_settings_say(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\nitem_exclude = "^letter$"\n[guard]\nmax_exposed = 1\n'
    site.build()
    untag(library, site)
    site.build()
    assert (site.site / f"items/{key_of(20)}/index.html").is_file()
    library.edit_item(key_of(21), tags=[])
    library.edit_item(key_of(22), tags=[])
    assert "(1 item may" in stopped(site).message


# --- Libraries


def test_a_library_taken_out_of_the_settings_is_guarded_and_then_its_mirror_goes(
    fake: FakeZotero, library: FakeLibrary, site: SiteFolder
) -> None:
    other = fake.add_library("groups/9", "Other")
    for number in range(FREE + 1):
        other.add_item(title=f"Elsewhere {number}")
    site.libraries.append({"id": other.id, "slug": "other"})
    site.build()
    mirror = site.root / ".zstatic/mirror/127.0.0.1-groups-9"
    assert mirror.is_dir()
    site.libraries.pop()
    assert "Elsewhere 3" in stopped(site).message
    assert mirror.is_dir()
    report = site.build(allow_shrink=True)
    assert report.dropped == ("127.0.0.1-groups-9",)
    assert not mirror.exists()
    assert not (site.site / "other").exists()
    assert (site.root / ".zstatic/mirror/127.0.0.1-groups-7").is_dir()


def test_no_stored_file_is_removed_before_the_guards_let_pass_what_it_belongs_to(
    fake: FakeZotero, library: FakeLibrary, site: SiteFolder
) -> None:
    fake.add_key("reader", user=1)
    site.key = "reader"
    other = fake.add_library("groups/9", "Other")
    for number in range(FREE + 1):
        other.add_attachment(other.add_item(title=f"Elsewhere {number}"), b"%PDF-1.4 " + bytes([number]))
    site.libraries.append({"id": other.id, "slug": "other"})
    site.build()
    stored = sorted((site.root / ".zstatic/files").glob("*/*"))
    assert len(stored) == FREE + 2
    # Taken out of the settings by mistake, or all of its files by a rule.
    (row,) = site.libraries[1:]
    site.libraries.pop()
    stopped(site)
    assert sorted((site.root / ".zstatic/files").glob("*/*")) == stored
    site.libraries.append(row)
    settings = site.settings
    site.settings += '[attachments]\npublish = "none"\n'
    stopped(site)
    assert sorted((site.root / ".zstatic/files").glob("*/*")) == stored
    site.settings = settings
    fake.log.clear()
    site.build()
    assert not [request for request in fake.log if request.storage]
    site.settings += '[attachments]\npublish = "none"\n'
    site.build(allow_shrink=True)
    assert list((site.root / ".zstatic/files").glob("*/*")) == []
    assert not site.build().site.removed


def test_another_library_in_the_place_of_the_old_one_is_held(
    fake: FakeZotero, library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    stranger = fake.add_library("groups/77", "Stranger")
    for number in range(40):
        stranger.add_item(title=f"Strange {number}")
    site.libraries = [{"id": stranger.id}]
    assert "24 items of 24 would vanish" in stopped(site).message


# --- When the guards are off


def test_a_first_build_says_that_there_was_nothing_to_compare_with(site: SiteFolder) -> None:
    site.write()
    first = site.run("build")
    assert first.returncode == 0, first.stderr
    assert "Guards: no earlier build is on record" in first.stderr
    assert "Guards" not in site.run("build").stderr


def test_losing_the_state_folder_disarms_the_guards_and_is_said_once(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.build()
    delete_many(library, site)
    shutil.rmtree(site.root / ".zstatic")
    report = site.build(strict=True)
    assert "guards-disarmed" in {problem.code for problem in report.problems}
    report = site.build()
    assert "guards-disarmed" not in {problem.code for problem in report.problems}
    for number in range(FREE + 1, 24):
        library.delete_item(key_of(number))
    stopped(site)


def test_a_damaged_record_disarms_the_guards_and_nothing_else(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    manifest = site.root / ".zstatic/manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**content, "record": {"libraries": [3]}}), "utf-8")
    delete_many(library, site)
    report = site.build()
    assert report.guarded is False
    assert "guards-disarmed" in {problem.code for problem in report.problems}


def test_the_record_outlives_the_mirror_and_the_site_folder(library: FakeLibrary, site: SiteFolder) -> None:
    """A run on GitHub restores the state folder and has no site; `clean cache` removes the mirror only."""
    site.build()
    shutil.rmtree(site.root / "_site")
    shutil.rmtree(site.root / ".zstatic/mirror")
    delete_many(library, site)
    with pytest.raises(GuardError):
        site.build()
    assert not site.site.exists()


def test_who_removes_the_site_starts_anew(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    shutil.rmtree(site.site)
    assert site.run("clean", "output", "--yes").returncode == 0
    delete_many(library, site)
    assert site.build().guarded is False


def test_index_is_guarded_too(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    site.settings = HEAD + '[select]\nitem_exclude = "^book$"\n'
    site.write()
    before = site.tree()
    run = site.run("index")
    assert run.returncode == 5
    assert "build once with --allow-shrink" in run.stderr
    assert site.tree() == before


# --- Previews


def test_a_preview_is_not_stopped_and_not_taken_for_a_build(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\nitem_exclude = "^letter$"\n'
    site.build()
    published = without_marker(site.tree())
    site.settings = HEAD
    for _ in range(2):
        report = site.build(offline=True, preview=True)
        assert "guard" in {problem.code for problem in report.problems}
        assert (site.site / f"items/{key_of(20)}/index.html").is_file()
    stopped(site)
    site.settings = HEAD + '[select]\nitem_exclude = "^letter$"\n'
    site.build()
    assert without_marker(site.tree()) == published


def test_trying_rules_in_a_preview_before_the_first_build_holds_nothing(
    library: FakeLibrary, site: SiteFolder
) -> None:
    site.write()
    assert site.run("sync").returncode == 0
    site.build(offline=True, preview=True)
    site.settings = HEAD + '[select]\nitem_exclude = "^book$"\n'
    site.build(offline=True, preview=True)
    report = site.build()
    assert "guards-disarmed" not in {problem.code for problem in report.problems}
    site.settings = HEAD
    stopped(site)


# --- The command line, and the record


def test_a_held_build_is_5_and_the_option_lets_it_pass(library: FakeLibrary, site: SiteFolder) -> None:
    site.build()
    delete_many(library, site)
    site.write()
    held = site.run("build")
    assert held.returncode == 5, held.stderr
    assert "Book 1" in held.stderr
    assert "--allow-shrink" in held.stderr
    assert "Traceback" not in held.stderr
    assert site.run("build", "--allow-shrink").returncode == 0
    site.settings = HEAD + '[select]\nitem_exclude = "^letter$"\n'
    site.build()
    site.settings = HEAD
    site.write()
    assert site.run("build").returncode == 5
    assert site.run("build", "--allow-exposed").returncode == 0


def test_a_guard_is_named_before_lesser_problems(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\ncollections = ["Shelf", "Drawer"]\n'
    site.build()
    library.delete_collection(DRAWER)
    stopped(site, strict=True)
    with pytest.raises(ProblemsFound):
        site.build(strict=True, allow_shrink=True)


def test_a_record_comes_back_from_json(library: FakeLibrary, site: SiteFolder) -> None:
    site.settings = HEAD + '[select]\nexclude_collections = ["Drawer"]\ncollections = ["Shelf"]\n'
    site.build()
    raw = json.loads((site.root / ".zstatic/manifest.json").read_text("utf-8"))["record"]
    record = record_from_json(raw)
    assert record is not None
    assert json.loads(json.dumps(record_to_json(record))) == raw
    found = record.libraries["groups/7"]
    assert len(found.items) == 20
    assert found.chosen == {"Shelf": 20}
    assert found.barred == ("Drawer",)
    assert {key_of(20), "NQTE2222", "FILE2222"} <= found.excluded


@pytest.mark.parametrize("value", [None, [], {}, {"stamp": "s"}, {"stamp": "s", "libraries": {"a": {}}}])
def test_what_is_no_record_is_none(value: object) -> None:
    assert record_from_json(value) is None


def test_nothing_to_object_to_refuses_nothing() -> None:
    Objections().refuse()
    Objections(("a",), ("b",)).without(shrink=True, exposed=True).refuse()
    assert replace(Record("s", {}), stamp="t").libraries == {}
    assert GuardRules().max_exposed == 0

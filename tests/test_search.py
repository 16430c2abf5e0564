import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from builders import make_attachment, make_collection, make_item, make_note, make_tags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from searching import in_parts, index_files, index_site, stored
from sitepages import context, site, site_config

from zstatic import bundles, pagefind, search
from zstatic.config import LibraryConfig, SelectRules
from zstatic.errors import SearchError
from zstatic.fulltext import FileText
from zstatic.outputs import Copy
from zstatic.pagefind import Document
from zstatic.progress import silent
from zstatic.search import FacetColumn, Record, facet_columns, indexed, joined, records, spaced
from zstatic.sorting import sort_key
from zstatic.statefolder import remove_ours


def record(number: int, content: str = "", **changes: Any) -> Record:
    document = Document(
        f"items/{number:08}/", content or f"All about topic{number}", {"title": f"Title {number}"}
    )
    plain = Record(document, "book", "", "", "", 2000 + number, f"title {number}", f"name {number}", "")
    return replace(plain, **changes)


def many(count: int) -> tuple[Record, ...]:
    return tuple(record(number) for number in range(count))


def files(copies: Iterable[Copy]) -> dict[str, bytes]:
    return {copy.path: copy.source.read_bytes() for copy in copies}


def column_files(copies: Iterable[Copy]) -> dict[str, Any]:
    """ "pointer", "shown", "orders" and each facet -> what is in the file."""
    by_path = files(copies)
    pointer = json.loads(by_path["pagefind/zstatic.json"])
    names = {"shown": pointer["shown"], "orders": pointer["orders"], "titles": pointer["titles"]}
    names |= pointer["facets"]
    return {"pointer": pointer} | {
        name: json.loads(by_path[f"pagefind/{file}"]) for name, file in names.items()
    }


def author(name: str, role: str = "author") -> dict[str, str]:
    given, _, family = name.rpartition(" ")
    return {"creatorType": role, "firstName": given, "lastName": family}


def only_record(**data: Any) -> Record:
    (found,) = records(context(make_item("AAAAAAAA", **data)))
    return found


def forbid_pagefind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagefind, "write_bundle", lambda *_: pytest.fail("Pagefind was started"))


# Records


def test_there_is_one_record_for_each_item_with_a_page_in_the_sites_order() -> None:
    ctx = context(
        make_item("AAAAAAAA", date="1990", parsed_date="1990"),
        make_item("BBBBBBBB"),
        make_item("CCCCCCCC", date="2020", parsed_date="2020"),
        make_item("DDDDDDDD", deleted=1),
    )
    assert [each.document.url for each in records(ctx)] == [
        "items/CCCCCCCC/",
        "items/AAAAAAAA/",
        "items/BBBBBBBB/",
    ]


def test_everything_a_reader_may_look_for_is_searched() -> None:
    document = only_record(
        title="On <i>Drosophila</i>",
        creators=[author("Ada Lovelace"), author("Grace Hopper", "editor")],
        publicationTitle="Nature",
        series="Letters",
        callNumber="QL 737",
        date="1999",
        parsed_date="1999",
        abstractNote="<jats:p>What was done.</jats:p>",
        tags=make_tags("flies", "two words"),
        DOI="https://doi.org/10.1000/ABC",
    ).document
    assert document.content == "What was done."
    assert document.meta == {
        "title": "On Drosophila",
        "creators": "Ada Lovelace; Grace Hopper",
        "year": "1999",
        "venue": "Nature",
        "shelf": "Letters; QL 737",
        "tags": "flies; two words",
        "ids": "10.1000/ABC",
    }


@pytest.mark.parametrize(("abstract", "content"), [("Short.", "Short. ¶ A quokka."), ("", "¶ A quokka.")])
def test_published_notes_are_searched_with_their_item_and_others_are_not(abstract: str, content: str) -> None:
    item = make_item("AAAAAAAA", title="Marsupials", abstractNote=abstract)
    notes = [
        make_note("NOTE0001", "AAAAAAAA", "<p>A <b>quokka</b>.</p>"),
        make_note("NOTE0002", "AAAAAAAA", "<p>Secret</p>", tags=make_tags("private")),
    ]
    rules = SelectRules(notes=True, child_exclude="private")
    library = LibraryConfig("users/1", select=rules)
    (published,) = records(context(item, *notes, config=site_config(libraries=(library,))))
    assert published.document.content == content
    (without,) = records(context(item, *notes))
    assert without.document.content == (abstract or "Marsupials")


def test_an_item_without_abstract_has_its_title_for_content() -> None:
    assert only_record(title="Alone").document.content == "Alone"


@pytest.mark.parametrize("title", ["", "???", "— … —", "🦄"])
def test_every_record_has_a_word_in_its_content(title: str) -> None:
    assert any(char.isalnum() for char in only_record(title=title).document.content)


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        (
            {"DOI": "doi:10.1016/S0140-6736(20)30183-5"},
            "10.1016/S0140-6736(20)30183-5 S0140-6736(20)30183-5",
        ),
        ({"ISBN": "978-3-16-148410-1"}, "9783161484101"),
        ({"ISBN": "978-3-16-148410-0"}, "9783161484100 316148410X"),
        ({"ISBN": "0-306-40615-2 and 979-10-90636-07-1"}, "0306406152 9780306406157 9791090636071"),
        ({"ISSN": "0028-0836, 1476–4687"}, "0028-0836 1476-4687"),
        ({"extra": "ISSN: 1234-5678"}, "1234-5678"),
        ({"archiveID": "arXiv:2101.00001v2"}, "2101.00001 2101.00001v2"),
        (
            {"extra": "arXiv: hep-th/9901001 [hep-th]\nPMID: 12345\nPMCID: PMC99"},
            "hep-th/9901001 12345 PMC99",
        ),
        ({"extra": "Citation Key: knuth1984\nrubbish"}, "knuth1984"),
        ({"citationKey": "knuth1984", "extra": "DOI: 10.1/x\nDOI: 10.1000/182"}, "knuth1984 10.1000/182"),
        ({"DOI": "none"}, None),
    ],
)
def test_identifiers_are_searched_in_their_plain_form(fields: dict[str, str], ids: str | None) -> None:
    assert only_record(**fields).document.meta.get("ids") == ids


@pytest.mark.parametrize(
    ("title", "alias"),
    [
        ("Jan Łukasiewicz", "lukasiewicz"),
        ("Smørrebrød", "smorrebrod smoerrebroed"),
        ("Die Straße", "strasse"),
        ("Müller, Ægir", "mueller aegir"),
        ("Measuring CO₂ by Æ", "co2 ae"),
        ("CD4/CD8", "cd4 cd8"),
        ("H2O/CO₂, x1,x2", "h2o/co2 h2o co2 x1 x2"),
        ("PM2.5/PM10 and IL-2/IL-4", "pm2.5 pm10 il-2 il-4"),
        ("Na+/K+-ATPase, Fe2+/Fe3+", "na+ k+ atpase fe2+ fe3+"),
        ("C++/C#", "c++ c#"),
        ("Franco-German/Anglo-Saxon", "franco-german anglo-saxon"),
        ("Müller-Thurgau/x", "mueller-thurgau/x müller-thurgau mueller-thurgau"),
        ("(re)CO2 [CD4–CD8]", "cd4-cd8 co2 cd4 cd8"),
        ("and/or, 1,000 (CD8), p53-dependent, 1:1", None),
        ("https://a.example/x1/x2 (www.a.example/x1) doi:10.1/x1 10.1/x1(2)a3", None),
        ("Dvořák", None),
        ("Café", None),
        ("Plain", None),
        ("漢字", None),
    ],
)
def test_words_that_pagefind_keeps_apart_have_an_alias(title: str, alias: str | None) -> None:
    assert only_record(title=title, abstractNote="x").document.meta.get("title_alias") == alias


def test_decomposed_names_have_the_same_alias() -> None:
    composed, decomposed = (
        only_record(title=title).document.meta["title_alias"] for title in ("Müller", "Mu\u0308ller")
    )
    assert composed == decomposed == "mueller"


def test_words_of_an_abstract_have_no_german_alias() -> None:
    assert only_record(title="T", abstractNote="Für H₂O").document.meta["alias"] == "h2o"


@pytest.mark.parametrize(
    ("fields", "alias"),
    [
        ({"abstractNote": "Of\tCD4/CD8\nand x"}, "alias"),
        ({"publisher": "CD4/CD8"}, "alias"),
        ({"tags": make_tags("the CD4/CD8 ratio")}, "tags_alias"),
        ({"creators": [author("Group CD4/CD8")]}, "creators_alias"),
    ],
)
def test_pieces_of_words_have_an_alias_in_each_field(fields: dict[str, Any], alias: str) -> None:
    assert only_record(title="T", **fields).document.meta[alias] == "cd4 cd8"


def test_characters_of_chinese_and_japanese_are_words() -> None:
    document = only_record(title="DNA複製と修復", abstractNote="機械学習、2020年").document
    assert document.meta["title"] == "DNA 複 製 と 修 復"
    assert document.content == "機 械 学 習,\u2060、 2020 年"
    assert joined(document.content) == "機械学習、 2020 年"


@given(st.text(alphabet="漢字かなAb1 、。-", max_size=30))
def test_spacing_out_can_be_undone_and_adds_nothing_twice(text: str) -> None:
    assert spaced(spaced(text)) == spaced(text)
    assert joined(spaced(text)).replace(" ", "") == text.replace(" ", "")


def test_a_sign_alone_is_no_word_of_the_index_and_shown_again_as_it_was() -> None:
    title = only_record(title="Water & ice – snow").document.meta["title"]
    assert title.split() == ["Water,\u2060&", "ice,\u2060–", "snow"]
    assert joined(title) == "Water & ice – snow"
    parted = indexed("“e-mail” and “words”")
    assert parted == "“;\u2060e-mail;\u2060” and “words”"
    assert joined(parted) == "“e-mail” and “words”"
    assert indexed("C ++ and - - # e\u0301") == "C ++ and,\u2060-,\u2060- # é"


def test_results_are_told_only_what_they_cannot_read_from_the_document() -> None:
    plain = only_record(title="A & B", creators=[author(f"Given Name{n}") for n in range(5)])
    assert (plain.title_html, plain.creators) == ("", "")
    marked = only_record(title="A <i>b</i>", creators=[author("Grace Hopper", "editor")])
    assert marked.title_html == "A <i>b</i>"
    assert marked.creators == "Grace Hopper (editor)"


def test_a_record_knows_its_place(tmp_path: Path) -> None:
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(b"%PDF")
    ctx = context(
        make_item("AAAAAAAA", title="The Title", creators=[author("Ada Lovelace")], collections=["CCCCCCCC"]),
        make_attachment("BBBBBBBB", "AAAAAAAA", md5="0" * 32),
        collections=[make_collection("CCCCCCCC")],
        files={"0" * 32: pdf},
    )
    (found,) = records(ctx)
    assert found.title_key == sort_key("The Title")
    assert found.creator_key == sort_key("Lovelace, Ada")
    assert found.file_kind == "PDF"
    assert found.added == "2020-01-01T00:00:00Z"


def test_an_excluded_tag_is_not_in_the_index(tmp_path: Path) -> None:
    ctx = context(make_item("AAAAAAAA", title="Open", tags=make_tags("_canary", "public")))
    packed = files(index_site(records(ctx), "en", tmp_path))
    text = [gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data for data in packed.values()]
    assert any(b"public" in each for each in text)
    assert not any(b"canary" in each for each in text)


# The index


def test_no_records_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_pagefind(monkeypatch)
    assert index_site((), "en", tmp_path) == ()


def test_copies_name_what_their_content_is(tmp_path: Path) -> None:
    copies = index_site(many(3), "en", tmp_path)
    assert [copy.path for copy in copies] == sorted(copy.path for copy in copies)
    for copy in copies:
        assert copy.path.startswith("pagefind/")
        assert copy.digest == bundles.digest(copy.source.read_bytes())


def test_unchanged_records_do_not_start_pagefind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = index_site(many(5), "en", tmp_path)
    forbid_pagefind(monkeypatch)
    assert index_site(many(5), "en", tmp_path) == first


def test_what_only_sorts_does_not_start_pagefind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index_site(many(2), "en", tmp_path)
    forbid_pagefind(monkeypatch)
    changed = [record(0, item_type="map"), record(1, year=None)]
    tags = FacetColumn("tag", ("a",), ("A",), ((0,), ()))
    found = column_files(index_site(changed, "en", tmp_path, facets=[tags]))
    assert found["orders"]["oldest"] == [0, 1]
    assert found["tag"] == {"tag": {"labels": ["A"], "slugs": {}, "rows": [0, []]}}


@pytest.mark.parametrize("change", ["language", "version"])
def test_another_language_or_pagefind_makes_a_new_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    before = files(index_site(many(2), "en", tmp_path))
    if change == "version":
        monkeypatch.setattr(pagefind, "version", lambda: "1.5.99")
    after = files(index_site(many(2), "fr" if change == "language" else "en", tmp_path))
    assert before.keys() != after.keys() or before != after


EDITS = {
    "changed": lambda rows: [*rows[:3], record(3, "A new text"), *rows[4:]],
    "added at the end": lambda rows: [*rows, record(99)],
    "added in front": lambda rows: [record(99), *rows],
    "removed": lambda rows: [*rows[:2], *rows[3:]],
    "moved": lambda rows: [*rows[5:], *rows[:5]],
    "twins": lambda rows: [*rows, record(98, "All about topic1"), record(97, "All about topic1")],
    "nearly nothing left": lambda rows: rows[:1],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_index_after_an_edit_equals_a_fresh_one(tmp_path: Path, edit: str) -> None:
    rows = list(many(12))
    index_site(rows, "en", tmp_path / "kept")
    edited = EDITS[edit](rows)
    kept = index_site(edited, "en", tmp_path / "kept")
    fresh = index_site(edited, "en", tmp_path / "fresh")
    assert files(kept) == files(fresh)
    assert [(copy.path, copy.digest) for copy in kept] == [(copy.path, copy.digest) for copy in fresh]
    # Nothing stale lies about, either.
    assert len(list((tmp_path / "kept" / "bundle").rglob("*.pf_*"))) == sum(
        ".pf_" in copy.path for copy in kept
    )


def test_there_and_back_again_gives_the_first_index(tmp_path: Path) -> None:
    first = files(index_site(many(6), "en", tmp_path))
    index_site(many(4), "en", tmp_path)
    assert files(index_site(many(6), "en", tmp_path)) == first


def test_fragments_of_unchanged_documents_are_not_written_again(tmp_path: Path) -> None:
    rows = many(6)
    times = {copy.path: copy.source.stat().st_mtime_ns for copy in index_site(rows, "en", tmp_path)}
    edited = index_site([*rows[:5], record(5, "Something else")], "en", tmp_path)
    again = {copy.path for copy in edited if times.get(copy.path) == copy.source.stat().st_mtime_ns}
    assert sum("fragment/" in path for path in again) == 5


def empty_some(folder: Path) -> None:
    """What files of a killed process look like."""
    for path in [*folder.rglob("*.pf_fragment"), *folder.rglob("pagefind*.js")]:
        path.write_bytes(b"")


def cut_words(folder: Path) -> None:
    for path in sorted(folder.glob("words/*.json"))[1:]:
        path.write_bytes(path.read_bytes()[:-3])


# Where a kill comes: the function, whether it had done its work, and what it left.
KILLS: dict[str, tuple[Any, str, bool, Callable[[Path], None] | None]] = {
    "before Pagefind": (pagefind, "write_bundle", False, None),
    "with some of Pagefind's files empty": (pagefind, "write_bundle", True, empty_some),
    "after Pagefind": (pagefind, "write_bundle", True, None),
    "before the stems of words are read": (pagefind, "read_words", False, None),
    "with some words cut": (bundles, "write_lexicon", True, cut_words),
    "before old files are removed": (pagefind, "read_bundle", True, None),
    "before the record of it": (bundles, "_save", False, None),
    "after the record of it": (bundles, "_save", True, None),
    "before the pointer": (search, "write_atomically", False, None),
    "after a column or pointer": (search, "write_atomically", True, None),
}


def text_of(number: int, text: str = "") -> FileText:
    pages = (text or f"whale number{number}",)
    return FileText(f"items/{number}/a.pdf", number, f"{number} {text}", 900_000, partial(tuple, pages), True)


def make_items(version: int, work: Path) -> dict[str, bytes]:
    return files(index_site(many(6 + 2 * version), "en", work))


def make_parts(version: int, work: Path) -> dict[str, bytes]:
    with in_parts(3):
        return files(index_site(many(9 + 2 * version), "en", work))


def make_files(version: int, work: Path) -> dict[str, bytes]:
    """In several parts, all of which change."""
    texts = [text_of(number, f"edition{version} whale" * version) for number in range(6 + version)]
    return files(index_files(texts, "en", work))


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("make", [make_items, make_parts, make_files])
def test_an_index_killed_at_any_step_recovers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[int, Path], dict[str, bytes]],
    kill: str,
    after: int,
) -> None:
    """after: so many times the step goes well, so that a part is new already and another is not."""
    make(0, tmp_path / "kept")
    owner, name, done, leave = KILLS[kill]
    step, calls = getattr(owner, name), iter(range(1000))

    def die(*arguments: Any) -> Any:
        if next(calls) < after:
            return step(*arguments)
        if done:
            step(*arguments)
        if leave:
            leave(arguments[2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(owner, name, die)
        make(1, tmp_path / "kept")
    recovered = make(1, tmp_path / "kept")
    assert recovered == make(1, tmp_path / "fresh")
    assert all(recovered.values())
    # Nothing of before lies about, either, to be published one day.
    assert below(tmp_path / "kept") == below(tmp_path / "fresh")


def below(work: Path) -> set[str]:
    return {path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "ending",
    [".pf_fragment", ".pf_index", ".pf_meta", "worker.js", "words/first.json", "words/????????.json"],
)
def test_an_empty_or_cut_file_of_the_files_index_is_not_published(tmp_path: Path, ending: str) -> None:
    before = make_files(0, tmp_path)
    damaged = next(path for path in sorted(tmp_path.rglob(f"bundle/**/*{ending}")))
    for content in (b"", damaged.read_bytes()[:-3]):
        rewrite(damaged, content)
        assert make_files(0, tmp_path) == before


@pytest.mark.parametrize(
    "ending", ["pagefind.js", "worker.js", ".pagefind", ".pf_meta", ".pf_index", ".pf_fragment"]
)
@pytest.mark.parametrize("times", [1, 2])
def test_an_index_of_which_bytes_came_too_late_is_made_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, times: int
) -> None:
    expected, write, cut = make_items(0, tmp_path / "fresh"), pagefind.write_bundle, []

    def write_cut(documents: Any, language: str, folder: Path, track: Any = silent) -> None:
        write(documents, language, folder, track)
        if folder.name == "bundle" and len(cut) < times:
            cut.append(path := next(folder.rglob(f"*{ending}")))
            path.write_bytes(path.read_bytes()[:-20])

    monkeypatch.setattr(pagefind, "write_bundle", write_cut)
    if times == 1:
        assert make_items(0, tmp_path / "kept") == expected
    else:
        with pytest.raises(SearchError, match=r"damaged|cut short"):
            make_items(0, tmp_path / "kept")


def rewrite(path: Path, content: bytes) -> None:
    """With the same time of change, as a backup or a disk error would leave it."""
    found = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def link_elsewhere(path: Path) -> None:
    elsewhere = path.parents[3] / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "removed": lambda work, fragment: fragment.unlink(),
    "emptied": lambda work, fragment: rewrite(fragment, b""),
    "cut": lambda work, fragment: rewrite(fragment, fragment.read_bytes()[:-1]),
    "other bytes of the same size": lambda work, fragment: rewrite(fragment, fragment.read_bytes()[::-1]),
    "a file that is copied as it is": lambda work, fragment: rewrite(
        work / "bundle" / "pagefind.js", bytes((work / "bundle" / "pagefind.js").stat().st_size)
    ),
    "a list of words removed": lambda work, fragment: (work / "bundle/words/first.json").unlink(),
    "a list of words cut": lambda work, fragment: rewrite(
        words := next((work / "bundle/words").glob("????????.json")), words.read_bytes()[:-2]
    ),
    "a link to a file": lambda work, fragment: link_elsewhere(fragment),
    "a link to a folder": lambda work, fragment: link_elsewhere(fragment.parent),
    "marker": lambda work, fragment: (work / "complete.json").write_text('{"fingerprint": 1, "files": []}'),
    "endless marker": lambda work, fragment: (work / "complete.json").write_text("[" * 100_000),
    "folder in place of the marker": lambda work, fragment: [
        (work / "complete.json").unlink(),
        (work / "complete.json" / "x").mkdir(parents=True),
    ],
    "folder among the columns": lambda work, fragment: (work / "columns" / "x").mkdir(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_work_folder_is_made_anew(tmp_path: Path, damage: str) -> None:
    work = tmp_path / "search"
    copies = index_site(many(3), "en", work)
    before = files(copies)
    DAMAGES[damage](work, next(copy.source for copy in copies if "fragment/" in copy.path))
    assert files(index_site(many(3), "en", work)) == before


def test_a_planted_record_of_the_index_publishes_no_file_of_this_machine(tmp_path: Path) -> None:
    work = tmp_path / "search"
    copies = index_site(many(3), "en", work)
    (tmp_path / "secret").write_text("mine")
    marker = work / "complete.json"
    state = json.loads(marker.read_text())
    state["files"]["../../secret"] = ["0", [0, 0, 0, 0]]
    marker.write_text(json.dumps(state))
    assert index_site(many(3), "en", work) == copies


def test_files_that_only_got_other_times_are_read_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = index_site(many(3), "en", tmp_path)
    for path in (tmp_path / "bundle").rglob("*.*"):
        os.utime(path, ns=(0, 0))
    forbid_pagefind(monkeypatch)
    assert index_site(many(3), "en", tmp_path) == copies
    monkeypatch.setattr(bundles, "_digest_of", lambda path: pytest.fail("read again"))
    assert index_site(many(3), "en", tmp_path) == copies


def test_an_id_that_passes_to_another_document_does_not_keep_the_old_text(tmp_path: Path) -> None:
    index_site(many(3), "en", tmp_path / "kept")
    # As if the file that Pagefind now names for the second document had been another one's before.
    marker = tmp_path / "kept" / "complete.json"
    state = json.loads(marker.read_text())
    name = pagefind.fragment_path(state["ids"][1])
    (tmp_path / "kept" / "bundle" / name).write_bytes(b"another text")
    state["files"][name][0] = hashlib.sha256(b"another text").hexdigest()[:32]
    state["documents"][1] = "0" * 32
    state["fingerprint"] = ""
    marker.write_text(json.dumps(state))
    kept = index_site(many(3), "en", tmp_path / "kept")
    assert files(kept) == files(index_site(many(3), "en", tmp_path / "fresh"))


def test_a_document_that_pagefind_drops_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="1 of 2 items"):
        index_site([record(1), record(2, "!!! ???")], "en", tmp_path)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_every_item_is_indexed_whatever_its_title_is(tmp_path: Path, titles: list[str]) -> None:
    items = [
        make_item(f"{number:08}", title=title, abstractNote=title[::-1])
        for number, title in enumerate(titles)
    ]
    index_site(records(context(*items)), "en", tmp_path)
    assert len(pagefind.read_bundle(tmp_path / "bundle").ids) == len(titles)


# Parts of a large index


def parts_of(copies: Iterable[Copy]) -> dict[str, set[str]]:
    """Folder of each part -> the files in it that Pagefind made of documents."""
    parts: dict[str, set[str]] = {}
    for copy in copies:
        folder, packed, name = copy.path.removeprefix("pagefind/").rpartition("fragment/")
        if packed:
            parts.setdefault(folder, set()).add(name)
    return parts


def test_a_large_index_has_parts_of_which_only_the_first_brings_the_engine(tmp_path: Path) -> None:
    with in_parts(10):
        copies = index_site(many(40), "en", tmp_path)
    parts = parts_of(copies)
    assert sorted(parts) == ["", "1/", "2/", "3/"]
    assert sum(map(len, parts.values())) == len(set().union(*parts.values())) == 40
    names = [copy.path for copy in copies]
    assert [name for name in names if name.endswith((".js", ".pagefind"))] == [
        "pagefind/pagefind-worker.js",
        "pagefind/pagefind.js",
        "pagefind/wasm.en.pagefind",
    ]
    assert len({name for name in names if name.endswith("entry.json")}) == 4


def test_rows_of_parts_follow_the_ids_of_their_results(tmp_path: Path) -> None:
    rows = many(40)
    with in_parts(10):
        copies = index_site(rows, "en", tmp_path)
    found, sources = column_files(copies), {copy.path: copy.source for copy in copies}
    ids = [
        iter(pagefind.read_bundle(sources[f"pagefind/{part['folder']}{part['meta']}"].parent).ids)
        for part in found["pointer"]["parts"]
    ]
    for row, number in zip(rows, found["shown"]["part"], strict=True):
        folder = found["pointer"]["parts"][int(number)]["folder"]
        path = f"pagefind/{folder}{pagefind.fragment_path(next(ids[int(number)]))}"
        assert stored(sources[path]) == row.document


def test_a_small_library_has_one_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_ITEMS_EACH", 2)
    copies = index_site(many(8), "en", tmp_path)
    assert list(parts_of(copies)) == [""]
    assert "part" not in column_files(copies)["shown"]


@pytest.mark.parametrize("edit", EDITS)
def test_parts_after_an_edit_equal_fresh_ones(tmp_path: Path, edit: str) -> None:
    rows = list(many(12))
    with in_parts(4):
        index_site(rows, "en", tmp_path / "kept")
        kept = index_site(EDITS[edit](rows), "en", tmp_path / "kept")
        fresh = index_site(EDITS[edit](rows), "en", tmp_path / "fresh")
    assert files(kept) == files(fresh)
    assert below(tmp_path / "kept") == below(tmp_path / "fresh")


def test_an_edit_touches_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, written, write = list(many(40)), [], pagefind.write_bundle
    monkeypatch.setattr(pagefind, "write_bundle", lambda *args: (written.append(args[2]), write(*args)))
    with in_parts(10):
        before = files(index_site(rows, "en", tmp_path))
        after = files(index_site([*rows[:5], record(5, "Another text"), *rows[6:]], "en", tmp_path))
    assert len([folder for folder in written if folder.name == "bundle"]) == 4 + 1
    folders = {path.rpartition("/")[0] for path in before.keys() ^ after.keys() if ".pf_" in path}
    assert len({folder.removesuffix("/fragment").removesuffix("/index") for folder in folders}) == 1


def test_a_library_that_shrinks_has_one_index_again(tmp_path: Path) -> None:
    with in_parts(3):
        index_site(many(12), "en", tmp_path / "kept")
    one = index_site(many(6), "en", tmp_path / "kept")
    assert files(one) == files(index_site(many(6), "en", tmp_path / "fresh"))
    assert below(tmp_path / "kept") == below(tmp_path / "fresh")


def test_all_of_a_divided_index_is_known_to_be_ours_and_cleaned_away(tmp_path: Path) -> None:
    with in_parts(3):
        index_site(many(12), "en", tmp_path / "search")
    remove_ours(tmp_path, "search")
    assert not (tmp_path / "search").exists()


# Columns


def test_facets_name_their_values_once_and_each_rows_by_place(tmp_path: Path) -> None:
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(b"%PDF")
    ctx = context(
        make_item("AAAAAAAA", date="2001", parsed_date="2001", tags=make_tags("Big data", "C++")),
        make_item("BBBBBBBB", tags=make_tags("big data"), language="eng", collections=["DDDDDDDD"]),
        make_attachment("EEEEEEEE", "BBBBBBBB", md5="0" * 32),
        collections=[make_collection("CCCCCCCC"), make_collection("DDDDDDDD", parent="CCCCCCCC")],
        files={"0" * 32: pdf},
    )
    found = column_files(index_site(records(ctx), "en", tmp_path / "work", facets=facet_columns(ctx)))
    (tag,) = found["tag"].values()
    assert tag["labels"] == ["Big data", "C++"]
    assert list(tag["slugs"]) == ["1"]
    assert tag["rows"] == [[0, 1], 0]
    facets = found["year"]
    assert facets["year"] == {"labels": ["2001", "Undated"], "slugs": {}, "rows": [0, 1]}
    assert facets["collection"]["parents"] == [-1, 0]
    assert facets["collection"]["rows"] == [[], 1]
    assert facets["language"]["labels"] == ["en"]
    assert facets["file"]["rows"] == [[], 0]
    assert "creator" not in found["pointer"]["facets"]


def test_rows_follow_the_ids_of_the_results(tmp_path: Path) -> None:
    rows = [record(2, file_kind="PDF"), record(0, item_type="map", title_html="<i>x</i>"), record(1)]
    copies = index_site(rows, "en", tmp_path)
    shown = column_files(copies)["shown"]
    by_path = {copy.path: copy.source for copy in copies}
    for result_id, row in zip(pagefind.read_bundle(tmp_path / "bundle").ids, rows, strict=True):
        fragment = stored(by_path["pagefind/" + pagefind.fragment_path(result_id)])
        assert fragment == row.document
    assert [shown["types"][position] for position in shown["type"]] == ["book", "map", "book"]
    assert [shown["files"][position] for position in shown["file"]] == ["PDF", "", ""]
    assert shown["titles"] == {"1": "<i>x</i>"}
    assert shown["creators"] == {}


def ranked(copies: Iterable[Copy], order: str) -> list[int]:
    """The rows in the order that a column gives."""
    ranks = column_files(copies)["orders"][order]
    return sorted(range(len(ranks)), key=lambda row: ranks[row])


def test_orders_put_what_lacks_the_value_last(tmp_path: Path) -> None:
    rows = [
        record(0, year=2001, title_key="b", creator_key="", added="2020-01-01T00:00:00Z"),
        record(1, year=1999, title_key="", creator_key="x", added="2021-01-01T00:00:00Z"),
        record(2, year=-43, title_key="a", creator_key="x", added="2021-01-01T00:00:00Z"),
        record(3, year=None, title_key="c", creator_key="c", added=""),
    ]
    copies = index_site(rows, "en", tmp_path)
    assert ranked(copies, "oldest") == [2, 1, 0, 3]
    assert ranked(copies, "title") == [2, 0, 3, 1]
    assert ranked(copies, "creator") == [3, 1, 2, 0]
    assert ranked(copies, "added") == [1, 2, 0, 3]


def test_column_files_are_replaced_when_they_change(tmp_path: Path) -> None:
    before = column_files(index_site(many(2), "en", tmp_path))["pointer"]
    after = column_files(index_site([record(0), record(1, item_type="map")], "en", tmp_path))["pointer"]
    assert before["shown"] != after["shown"]
    assert before["build"] == after["build"]
    assert sorted(path.name for path in (tmp_path / "columns").iterdir()) == sorted(
        [
            *(after[name] for name in ("shown", "orders", "words", "links", "keys", "files", "titles")),
            "zstatic.json",
        ]
    )


def test_words_in_nearly_everything_are_listed_for_large_libraries_only() -> None:
    def common(count: int) -> list[str]:
        rows = [
            record(number, f"the {chr(97 + number % 20) * (number // 20 + 1)} of") for number in range(count)
        ]
        return search._common_words(rows)

    assert common(100) == []
    assert common(2000) == ["of", "the", "title"]


def test_titles_of_little_words_are_listed_apart_in_the_language_of_the_site(tmp_path: Path) -> None:
    def titles(language: str) -> Any:
        named = [
            "It",
            "To be, or not to be: that is the question",
            "Über sie",
            "V.",
            "Life of the, a",
            "Égo",
        ]
        rows = [
            record(n, document=Document(f"items/{n}/", "A text", {"title": title}))
            for n, title in enumerate(named)
        ]
        return column_files(index_site(rows, language, tmp_path))["titles"]

    assert titles("en") == {
        "whole": {"0": "it", "3": "v"},
        "inside": {"1": ["to be or not to be that is the"], "4": ["of the a"]},
    }
    assert titles("de") == {"whole": {"2": "uber sie", "3": "v"}, "inside": {}}


# The page


def test_the_search_page_does_not_change_with_an_item() -> None:
    before = site(make_item("AAAAAAAA"), make_item("BBBBBBBB"))
    after = site(make_item("AAAAAAAA", title="Other"), make_item("BBBBBBBB"), make_item("CCCCCCCC"))
    assert before.text("search/index.html") == after.text("search/index.html")


def test_the_search_page_works_without_script_through_links() -> None:
    page = site(make_item("AAAAAAAA")).page("search/")
    assert page.xpath("//main//nav[@id='search-browse']//a/@href")
    assert "JavaScript" in page.xpath("string(//main//noscript)")


def test_an_empty_library_says_so_and_loads_no_search() -> None:
    page = site().page("search/")
    assert "nothing" in page.xpath("string(//main/p[@class='empty'])")
    assert not [src for src in page.xpath("//script/@src") if "search" in src]


def test_the_live_region_and_a_label_stand_on_the_page_from_the_start() -> None:
    page = site(make_item("AAAAAAAA")).page("search/")
    assert page.xpath("//*[@role='status'][not(@hidden)]")
    assert page.xpath("string(//label[@for='search-field'])")
    assert page.xpath("//form[@role='search'][.//input[@name='q']]/@action") == ["../search/"]
    assert not page.xpath("//main//*[@style]")

import gzip
import sys
from pathlib import Path
from typing import Any

import cbor2
import pytest
from searching import stored

from zstatic import pagefind
from zstatic.errors import SearchError
from zstatic.pagefind import Document, decode_cbor, fragment_path, read_bundle, write_bundle


def document(number: int, content: str = "", **meta: str) -> Document:
    return Document(
        f"items/{number:08}/",
        content or f"Some words about number{number}",
        {"title": f"Title {number}", **meta},
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def fake_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Run a Python program in place of Pagefind; it finds read() and answer() ready."""
    prelude = """
import base64, json, os, sys, time
def read():
    message = b""
    while (byte := sys.stdin.buffer.read(1)) not in (b",", b""):
        message += byte
    return json.loads(base64.b64decode(message)) if message else None
def answer(payload):
    message = json.dumps({"message_id": 1, "payload": payload}).encode()
    sys.stdout.buffer.write(base64.b64encode(message) + b",")
    sys.stdout.buffer.flush()
"""
    script = tmp_path / "pagefind"
    script.write_text(f"#!{sys.executable}\n{prelude}\n{program}\n")
    script.chmod(0o755)
    import pagefind_bin

    monkeypatch.setattr(pagefind_bin, "get_executable", lambda: str(script))


def test_documents_come_back_in_order_with_their_ids(tmp_path: Path) -> None:
    documents = [document(number, year=str(number)) for number in (3, 1, 2)]
    write_bundle(documents, "en", tmp_path / "bundle")
    bundle = read_bundle(tmp_path / "bundle")
    assert [stored(tmp_path / "bundle" / fragment_path(result_id)) for result_id in bundle.ids] == documents


def test_more_documents_than_replies_may_be_outstanding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagefind, "_IN_FLIGHT", 3)
    write_bundle([document(number) for number in range(120)], "en", tmp_path / "bundle")
    assert len(read_bundle(tmp_path / "bundle").ids) == 120


def test_two_bundles_of_the_same_documents_are_the_same_bytes(tmp_path: Path) -> None:
    documents = [document(number, **{f"field{number % 7}": f"value {number}"}) for number in range(300)]
    for name in ("one", "two"):
        write_bundle(documents, "en", tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_bundle_names_only_files_that_a_browser_needs(tmp_path: Path) -> None:
    write_bundle([document(1)], "de", tmp_path / "bundle")
    names = read_bundle(tmp_path / "bundle").files
    assert "wasm.de.pagefind" in names
    assert not [name for name in names if "ui" in name or "highlight" in name or "unknown" in name]


def test_a_language_without_stemmer_has_the_general_search_program(tmp_path: Path) -> None:
    write_bundle([document(1)], "la", tmp_path / "bundle")
    assert "wasm.unknown.pagefind" in read_bundle(tmp_path / "bundle").files


def test_settings_for_another_pagefind_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGEFIND_OUTPUT_SUBDIR", "elsewhere")
    monkeypatch.setenv("PAGEFIND_FORCE_LANGUAGE", "fr")
    (tmp_path / "pagefind.toml").write_text('force_language = "fr"\n')
    monkeypatch.chdir(tmp_path)
    write_bundle([document(1)], "en", tmp_path / "work" / "bundle")
    assert "wasm.en.pagefind" in read_bundle(tmp_path / "work" / "bundle").files


def test_an_empty_or_missing_file_is_refused(tmp_path: Path) -> None:
    write_bundle([document(1)], "en", tmp_path / "bundle")
    for name in read_bundle(tmp_path / "bundle").files:
        if name.endswith((".pf_meta", "entry.json")):
            continue
        kept = (tmp_path / "bundle" / name).read_bytes()
        (tmp_path / "bundle" / name).write_bytes(b"")
        with pytest.raises(SearchError, match="empty"):
            read_bundle(tmp_path / "bundle")
        (tmp_path / "bundle" / name).write_bytes(kept)


@pytest.mark.parametrize(
    "damage", [lambda packed: packed[:-9], lambda packed: b"", lambda packed: gzip.compress(b"x")]
)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Any) -> None:
    write_bundle([document(1)], "en", tmp_path / "bundle")
    path = tmp_path / "bundle" / fragment_path(read_bundle(tmp_path / "bundle").ids[0])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SearchError):
        stored(path)


# A binary that fails


def test_an_error_reply_stops_with_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_binary(
        tmp_path, monkeypatch, 'read(); answer({"type": "Error", "message": "no room"}); time.sleep(60)'
    )
    with pytest.raises(SearchError, match="no room"):
        write_bundle([document(number) for number in range(2000)], "en", tmp_path / "bundle")


def test_bytes_that_come_after_the_reply_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = """
while message := read():
    if message["payload"]["type"] == "WriteFiles":
        path = message["payload"]["output_path"] + "/late"
        open(path, "w").close()
        answer({"type": "WriteFiles"})
        time.sleep(0.2)
        open(path, "w").write("bytes")
    else:
        answer({"type": "Fine"})
"""
    fake_binary(tmp_path, monkeypatch, late)
    write_bundle([document(1)], "en", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "late").read_text() == "bytes"


def test_bytes_that_never_come_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagefind, "_SECONDS_FOR_BYTES", 0.1)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "empty").touch()
    fake_binary(tmp_path, monkeypatch, 'while read(): answer({"type": "Fine"})')
    with pytest.raises(SearchError, match="did not finish writing"):
        write_bundle([document(1)], "en", tmp_path / "bundle")


def test_a_binary_that_dies_stops_with_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_binary(
        tmp_path, monkeypatch, 'read(); print("out of memory", file=sys.stderr, flush=True); os._exit(9)'
    )
    with pytest.raises(SearchError, match="out of memory"):
        write_bundle([document(number) for number in range(2000)], "en", tmp_path / "bundle")


def test_a_binary_that_fails_after_its_last_reply_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_binary(tmp_path, monkeypatch, 'while read(): answer({"type": "Fine"})\nsys.exit(3)')
    with pytest.raises(SearchError, match="status 3"):
        write_bundle([document(1)], "en", tmp_path / "bundle")


@pytest.mark.parametrize("program", ["time.sleep(60)", "while read(): pass\ntime.sleep(60)"])
def test_a_binary_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(pagefind, "_SECONDS_AT_LEAST", 0.3)
    monkeypatch.setattr(pagefind, "_SECONDS_PER_DOCUMENT", 0.0)
    fake_binary(tmp_path, monkeypatch, program)
    long = "word " * 5000
    with pytest.raises(SearchError, match="did not finish"):
        write_bundle([document(number, long) for number in range(600)], "en", tmp_path / "bundle")


def test_an_answer_that_is_no_answer_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_binary(tmp_path, monkeypatch, 'print("hello,", flush=True); time.sleep(60)')
    with pytest.raises(SearchError, match="cannot be read"):
        write_bundle([document(1)], "en", tmp_path / "bundle")


def test_a_missing_binary_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pagefind_bin

    monkeypatch.setattr(pagefind_bin, "get_executable", lambda: str(tmp_path / "nothing"))
    with pytest.raises(SearchError) as error:
        write_bundle([document(1)], "en", tmp_path / "bundle")
    assert "pip install" in error.value.hint


# CBOR


@pytest.mark.parametrize(
    "value",
    [
        0,
        23,
        24,
        255,
        256,
        65536,
        2**40,
        -1,
        -500,
        "",
        "en_1234567",
        "é" * 300,
        [],
        [[1, "a"], []],
        list(range(70000)),
    ],
)
def test_cbor_is_decoded(value: Any) -> None:
    assert decode_cbor(cbor2.dumps(value)) == value


@pytest.mark.parametrize(
    "encoded", [b"", b"\x82\x01", b"\x65abc", b"\x01\x01", b"\xa0", b"\xf6", b"\x9f\xff", b"\x1b\x01"]
)
def test_cbor_that_is_not_ours_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError):
        decode_cbor(encoded)


def test_requests_carry_every_character(tmp_path: Path) -> None:
    text = 'naïve "quotes", commas, \\ and 漢字 and 🦄\nnext line'
    write_bundle([document(1, text)], "en", tmp_path / "bundle")
    found = stored(tmp_path / "bundle" / fragment_path(read_bundle(tmp_path / "bundle").ids[0]))
    assert found.content.split() == text.split()

"""Citations, exports and full texts: fetch those that are missing or made from an older item.

In: a mirror whose items are of one library version. Out: the mirror with their texts, each stored as it
comes, and what could not be had.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain

from zstatic.api import RequestFailed, RequestRefused, Versions, in_parallel
from zstatic.attachments import rules_mark, wanted_files
from zstatic.batches import FAILURES_IN_A_ROW, Batch, Failed
from zstatic.config import Config
from zstatic.errors import ConfigError, LibraryMoved, LibraryNotFound
from zstatic.mirror import FULLTEXT, Failure, Mirror, citation_set, export_set
from zstatic.syncrun import JSON, WITNESSES, Run, any_comes, as_failures, in_batches, objects_of, version_of

# Known to every Zotero server: tells a style it does not know from an item it cannot format.
SURE_STYLE = "apa"
# So many items are tried before a new style is held to be wrong.
PROBES = 3


def sync_texts(run: Run, version: int, listing: Versions | None) -> None:
    """Fetch citations, exports and full texts that are missing or made from an older item.

    version: of the library, up to which all texts are here after this. listing: the items that changed since
    the mirror's version; None: any may lack any text.
    """
    done: dict[str, JSON] = run.mirror.state("done", {})
    sets = {
        name: query
        for name, query in _text_sets(run.config).items()
        if run.thorough or done.get(name) != version or _may_come_now(run.mirror, name)
    }
    if sets:
        _sync_item_texts(run, sets, done, version, listing)
    if run.config.search.fulltext and not run.items_only:
        _sync_fulltext(run, version)


def forget_old_texts(run: Run) -> None:
    """Forget styles and formats that are no longer asked for, and what failed in them.

    Full texts stay: the next one who searches in them would wait long for thousands of requests.
    """
    mirror, sets = run.mirror, _text_sets(run.config).keys()
    for name in mirror.text_sets() - sets:
        mirror.drop_texts(name)
    done = mirror.state("done", {})
    if done.keys() - sets - {FULLTEXT}:
        mirror.write_state(done={name: mark for name, mark in done.items() if name in {*sets, FULLTEXT}})
    current = {
        "items",
        "files",
        "collections",
        "searches",
        *(["children"] if run.scope is not None else []),
        *sets,
        *([FULLTEXT] if run.config.search.fulltext else []),
    }
    for name in mirror.failed_sets():
        if name not in current:
            mirror.write_failures(name, {})


def _may_come_now(mirror: Mirror, name: str) -> bool:
    """Say whether a request for texts failed before: it is sent again though nothing changed."""
    return any(failure.code.endswith("-failed") for failure in mirror.failures(name).values())


def _text_sets(config: Config) -> dict[str, dict[str, str]]:
    """Give the sets of texts that the site needs -> the query that asks for one."""
    locale = config.citation_locale
    cited = {
        citation_set(style, locale): {"include": "bib", "style": style, "locale": locale}
        for style in config.citations.styles
    }
    return {**cited, **{export_set(format): {"include": format} for format in config.exports.formats}}


def _sync_item_texts(
    run: Run,
    sets: Mapping[str, Mapping[str, str]],
    done: Mapping[str, JSON],
    version: int,
    listing: Versions | None,
) -> None:
    """Fetch what is missing of the sets, one after the other."""
    mirror = run.mirror
    narrow = listing is not None and not run.whole
    up_to_date = {name for name in sets if narrow and done.get(name) == mirror.library_version}
    changed = listing.by_key.keys() if listing is not None else ()
    everything = _citable(mirror.objects("items")) if len(up_to_date) < len(sets) else {}
    some = _citable(objects_of(mirror, {*changed, *_failed_keys(mirror, up_to_date)}))
    for name, query in sets.items():
        items = some if name in up_to_date else everything
        missing = {key: v for key, v in items.items() if _lacks_text(run, name, key, v)}
        _fetch_texts(run, name, query, missing)
        mirror.write_state(done={**mirror.state("done", {}), name: version})


def _fetch_texts(run: Run, name: str, query: Mapping[str, str], missing: Mapping[str, int]) -> None:
    """Fetch one text of each item and store each batch at once.

    missing: item key -> version here. Raises ConfigError for an unknown style, LibraryMoved if an item moved.
    """
    mirror, part = run.mirror, query["include"]
    ask = partial(run.api.items, run.path, **query)
    probed = _probe_style(run, query, missing) if part == "bib" and not mirror.has_texts(name) else ()
    failed: dict[str, str] = {}
    empty: set[str] = set()
    moved: list[str] = []
    label = f"Fetching {query['style']} citations" if part == "bib" else f"Fetching {part} exports"
    rest = missing.keys() - {key for batch in probed for key in batch.asked}
    delivers = partial(_delivers_texts, run, name, query)
    for batch in chain(probed, in_batches(run, ask, rest, label, delivers, mirror.failures(name), moved)):
        texts = {key: text for key, item in batch.by_key.items() if (text := _text(part, item)) is not None}
        _store_texts(run, name, {key: (version_of(batch.by_key[key]), text) for key, text in texts.items()})
        failed |= batch.failed
        empty |= batch.asked - texts.keys() - batch.failed.keys()
        # The text belongs to an item that we do not have yet: what else changed?
        if not run.last:
            moved += [key for key in texts if version_of(batch.by_key[key]) != missing[key]]
    if moved:
        raise LibraryMoved(f"The library {run.path} changed while it was being read.")
    kind = "citation" if part == "bib" else "export"
    what = f"its {query['style']} citation" if part == "bib" else f"its {part} export"
    said = {key: f"Zotero cannot make {what}: {said}" for key, said in failed.items()}
    nothing = dict.fromkeys(empty, f"Zotero cannot make {what}: nothing came.")
    # What failed before was tried again with the rest, unless it needs no such text any more.
    mirror.write_failures(
        name,
        {
            **as_failures(f"{kind}-failed", said, missing),
            **as_failures(f"{kind}-missing", nothing, missing),
        },
    )


def _lacks_text(run: Run, name: str, key: str, version: int) -> bool:
    """Say whether the text that should be made from a version must be fetched."""
    renew = run.full and key not in run.renewed.get(name, ())
    return renew or run.mirror.text_version(name, key) != version


def _store_texts(run: Run, name: str, texts: Mapping[str, tuple[int, str]]) -> None:
    run.mirror.write_texts(name, texts)
    run.renewed.setdefault(name, set()).update(texts)
    run.texts += len(texts)


def _probe_style(run: Run, query: Mapping[str, str], missing: Collection[str]) -> tuple[Batch, ...]:
    """Ask for one citation in a style that never worked yet; give the answer.

    Of a style it does not know the server says no more than 500, as of an item that it cannot format: the
    style is to blame if other items fail as well, which go with another style. Raises ConfigError then.
    """
    some = sorted(missing)[:: max(1, len(missing) // PROBES)][:PROBES]
    for key in some:
        try:
            found = run.api.items(run.path, [key], **query)
            return (Batch(frozenset([key]), found.by_key, {}, (found.version,)),)
        except (RequestFailed, RequestRefused, LibraryNotFound):
            continue
    _insist_on_style(run, query, some)
    return ()


def _insist_on_style(run: Run, query: Mapping[str, str], keys: Sequence[str]) -> None:
    """Raises ConfigError if items that failed go with another style."""
    sure = partial(run.api.items, run.path, keys, **{**query, "style": SURE_STYLE})
    if keys and query["style"] != SURE_STYLE and run.api.delivers(sure):
        raise ConfigError(
            f"[citations] styles: Zotero has no style {query['style']!r}, or cannot use it.",
            "Take the name from https://www.zotero.org/styles; it is the last part of a style's address.",
        )


def _delivers_texts(run: Run, name: str, query: Mapping[str, str], failing: Collection[str]) -> bool:
    """Say whether the server makes such a text of any item but those that fail.

    Where none was ever made, one alone that fails is not taken for an outage.
    """
    comes = any_comes(run, query, run.mirror.text_keys(name) - run.mirror.failures(name).keys(), failing)
    if comes is False and "style" in query:
        # Zotero may have withdrawn it.
        _insist_on_style(run, query, sorted(failing)[:WITNESSES])
    return comes if comes is not None else len(failing) == 1


def _citable(items: Iterable[tuple[str, JSON]]) -> dict[str, int]:
    """Give key -> version of the items that may have a page of their own, standalone notes aside."""
    found: dict[str, int] = {}
    for key, item in items:
        fields = item["data"]
        kind, inside = fields.get("itemType"), fields.get("parentItem")
        if not fields.get("deleted") and kind not in ("note", "annotation") and not inside:
            found[key] = version_of(item)
    return found


def _failed_keys(mirror: Mirror, names: Iterable[str]) -> set[str]:
    return {key for name in names for key in mirror.failures(name)}


def _text(part: str, item: JSON) -> str | None:
    """Take a text out of an answer: CSL-JSON is an object, on Zotero's desktop the text of a list of one."""
    value = item.get(part)
    if part != "csljson":
        return value if isinstance(value, str) else None
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        value = value["items"]
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None


# --- full text


def _sync_fulltext(run: Run, version: int) -> None:
    """Fetch the full texts of attachments that may be published, where they are missing or older."""
    mirror = run.mirror
    moment = [version, rules_mark(run.config.attachments)]
    done = mirror.state("done", {}).get(FULLTEXT)
    if done == moment and not run.thorough and not _may_come_now(mirror, FULLTEXT):
        return
    versions = _fulltext_versions(run, version)
    known = mirror.failures(FULLTEXT)
    wanted = {
        w.key for w in wanted_files(mirror.objects("items"), run.config.attachments) if w.key in versions
    }
    stuck = {key: f for key, f in known.items() if key in wanted and _is_stuck(run, f, versions[key])}
    missing = [k for k in sorted(wanted - stuck.keys()) if _lacks_text(run, FULLTEXT, k, versions[k])]
    failed: dict[str, Failure] = {}
    fetch = partial(_fetch_fulltext, run)
    in_a_row = 0
    for key, text in run.track(in_parallel(missing, fetch), "Fetching full texts", len(missing)):
        if isinstance(text, str):
            _store_texts(run, FULLTEXT, {key: (versions[key], text)})
        elif isinstance(text, Failed):
            failed[key] = Failure(
                "fulltext-failed", versions[key], f"Its full text could not be fetched: {text.message}"
            )
        else:
            failed[key] = Failure(
                "fulltext-missing", versions[key], "Zotero lists its full text but does not have it."
            )
        in_a_row = in_a_row + 1 if isinstance(text, Failed) and key not in known else 0
        if in_a_row >= FAILURES_IN_A_ROW and isinstance(text, Failed):
            raise text
    mirror.write_failures(FULLTEXT, {**stuck, **failed})
    mirror.write_state(done={**mirror.state("done", {}), FULLTEXT: moment})


def _fulltext_versions(run: Run, version: int) -> dict[str, int]:
    """Give attachment key -> version of its full text, as of a library version."""
    mirror = run.mirror
    upto = 0 if run.thorough else mirror.state("fulltext-upto", 0)
    known: dict[str, int] = mirror.state("fulltext-versions", {})
    if upto == version and upto:
        return known
    if upto > version:
        upto = 0
    listing = run.api.fulltext_versions(run.path, upto)
    if listing is None:
        return {}
    if listing.version >= 0:
        run.agree(listing.version, version)
    versions = {**(known if upto else {}), **listing.by_key}
    # Only up to the version of this pass, even if the answer is newer: nothing may be missed.
    mirror.write_state(**{"fulltext-versions": versions, "fulltext-upto": version})
    return versions


def _fetch_fulltext(run: Run, key: str) -> tuple[str, str | Failed | None]:
    try:
        return key, run.api.fulltext(run.path, key)
    except (RequestFailed, RequestRefused) as error:
        return key, error


def _is_stuck(run: Run, failure: Failure, version: int) -> bool:
    return failure.code == "fulltext-missing" and failure.version == version and not run.full

"""Make mistakes in the sync on purpose and see the histories find them: `python bench/mutants.py [N] [SEED]`.

A check that finds nothing proves nothing. Each mistake below is made in a copy of the program, which then
plays up to N histories (`bench/histories.py`); it is found if one of them fails. All must be found.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What is wrong then -> (file, text, what stands there instead).
MISTAKES: dict[str, tuple[str, str, str]] = {
    "an answer of another version is taken": (
        "syncrun.py",
        "return [] if self.last else [version for version in versions if version != target]",
        "return []",
    ),
    "an item that changed is not fetched": (
        "sync.py",
        "fetch = (key for key, version in listed.items() if local.get(key) != version)",
        "fetch = (key for key, version in listed.items() if key not in local)",
    ),
    "what is here is fetched again": (
        "sync.py",
        "fetch = (key for key, version in listed.items() if local.get(key) != version)",
        "fetch = iter(listed)",
    ),
    "what was deleted stays": ("sync.py", "    gone = deleted if since else local\n", "    gone = deleted\n"),
    "deleted items stay": (
        "sync.py",
        "_drop_items(run, {*plan.drop, *vanished})",
        "_drop_items(run, vanished)",
    ),
    "the trash is not seen": (
        "api.py",
        '"since": str(since), "includeTrashed": "1"}',
        '"since": str(since)}',
    ),
    "deleted collections stay in their items": (
        "sync.py",
        "    inside = _items_by_collection(run.mirror)\n    gone",
        "    inside: dict[str, set[str]] = {}\n    gone",
    ),
    "collections that were created again keep their items": (
        "sync.py",
        "            _leave_recreated(run, key, inside[key], target)\n",
        "            pass\n",
    ),
    "a renamed collection is not fetched": ("sync.py", "here.get(k) != v}", "k not in here}"),
    "deleted collections and searches stay": (
        "sync.py",
        "    gone = run.mirror.keys(kind) - existing.by_key.keys()\n",
        "    gone: frozenset[str] = frozenset()\n",
    ),
    "deleted settings stay": (
        "sync.py",
        "    gone = mirror.keys(kind) - objects.keys()\n",
        "    gone: frozenset[str] = frozenset()\n",
    ),
    "the library version is written first": (
        "sync.py",
        "    unread = _sync_objects(run, listing, deleted",
        "    mirror.write_state(version=listing.version, scope=run.scope)\n"
        "    unread = _sync_objects(run, listing, deleted",
    ),
    "a text counts as made before it is": (
        "synctexts.py",
        "        _fetch_texts(run, name, query, missing)\n",
        '        mirror.write_state(done={**mirror.state("done", {}), name: version})\n'
        "        _fetch_texts(run, name, query, missing)\n",
    ),
    "a text of an older item stays": (
        "synctexts.py",
        "return renew or run.mirror.text_version(name, key) != version",
        "return renew or run.mirror.text_version(name, key) is None",
    ),
    "full texts are listed once": ("synctexts.py", "    if upto == version and upto:\n", "    if upto:\n"),
    "texts of what was lost are not looked for": (
        "sync.py",
        '    mirror.write_state(done={}, **{"files-done": NEVER})\n',
        "    pass\n",
    ),
    "what failed is forgotten": (
        "sync.py",
        '    run.mirror.write_failures("items", unread)\n',
        "",
    ),
    "what failed is not asked for again": (
        "sync.py",
        "    lost = _versions_of(failures)\n",
        "    lost = dict[str, int]()\n",
    ),
    "the older copy of what failed stays": (
        "sync.py",
        "    _drop_items(run, stale)\n",
        "    assert stale is not None\n",
    ),
    "texts outlive their item": (
        "mirror.py",
        "if name.startswith(_TEXTS_OF_ITEMS) or name == FULLTEXT:",
        "if False:",
    ),
    "a damaged file is not missed": (
        "attachments.py",
        "return all(key in failures or mirror.file(md5) for key, (md5, _) in rows.items())",
        "return True",
    ),
    "nobody waits when told to": (
        "patience.py",
        "            while left > 0:\n",
        "            while False:\n",
    ),
}


def main(number: int = 400, seed: int = 1) -> None:
    missed = [what for what in MISTAKES if not is_found(what, number, seed)]
    print(f"{len(MISTAKES) - len(missed)} of {len(MISTAKES)} mistakes found")
    sys.exit(bool(missed))


def is_found(what: str, number: int, seed: int) -> bool:
    name, text, other = MISTAKES[what]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("zstatic", "tests", "bench"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / "zstatic" / name
        source = path.read_text("utf-8")
        assert source.count(text) == 1, f"{name} has no longer, or not once: {text}"
        path.write_text(source.replace(text, other), "utf-8")
        command = [sys.executable, "bench/histories.py", str(number), str(seed)]
        found = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    said = [line for line in found.stderr.splitlines() if "Error" in line]
    how = said[-1].strip()[:60] if found.returncode and said else ""
    print(
        f"{'found' if found.returncode else 'MISSED'} {time.perf_counter() - start:4.0f} s  {what}: {how}",
        flush=True,
    )
    return bool(found.returncode)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

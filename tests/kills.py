"""A real `zstatic build`, killed at random moments: what the site is then, and after the next commands.

`test_kills.py` kills a few; `bench/kills.py` kills many and its result is recorded.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import MARKER, SiteFolder, difference, without_marker

# One kill in so many hits a first build, which has no site and no mirror yet.
FIRST_BUILDS = 10


@dataclass
class Tally:
    """What was found. at: how far a killed run had come -> number. found: the site after recovery -> number.

    wrong: a sentence for each promise that was broken.
    """

    at: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return self.found.total()

    def __str__(self) -> str:
        lines = [f"{self.kills} kills"]
        lines += [f"  {what}: {number}" for what, number in sorted(self.at.items())]
        lines += [f"  site afterwards {what}: {number}" for what, number in sorted(self.found.items())]
        return "\n".join([*lines, f"{len(self.wrong)} broken promises", *self.wrong])


def kill_builds(number: int, folder: Path, seed: int) -> Tally:
    """Kill builds of a small library, with edits between; look each time at what is there.

    The moments are uniform over the time that a build takes. A second site, never disturbed, follows the same
    edits: it says what the new site is.
    """
    chance = random.Random(seed)
    tally = Tally()
    with FakeZotero() as fake:
        fake.add_key("reader", user=1)
        library = small_library(fake)
        site, calm = (
            SiteFolder(folder / name, fake, [{"id": library.id}], key="reader") for name in ("killed", "calm")
        )
        calm.build()
        site.write()
        seconds = timed_build(site)
        for kill in range(number):
            if kill % FIRST_BUILDS == FIRST_BUILDS - 1:
                shutil.rmtree(site.root)
                site.write()
            for _ in range(chance.randint(1, 3)):
                edit(library, chance)
            calm.build()
            one_kill(site, calm, chance.uniform(0, seconds), tally, f"kill {kill + 1} (seed {seed})")
    return tally


def one_kill(site: SiteFolder, calm: SiteFolder, after: float, tally: Tally, name: str) -> None:
    old, new = site.tree(), without_marker(calm.tree())
    finished = kill_after(site, after)
    tally.at[how_far(site, finished)] += 1
    # Fetches, and touches no site but for finishing what was begun.
    recovery = site.run("sync", "cache")
    if recovery.returncode:
        tally.wrong.append(f"{name}: the next command failed: {recovery.stderr}")
    found = site.tree()
    if found == old:
        tally.found["old"] += 1
    elif without_marker(found) == new and found.get(MARKER) not in (None, old.get(MARKER)):
        tally.found["new"] += 1
    else:
        tally.found["neither"] += 1
        wrong = sorted(difference(found, old) & difference(found, new))
        tally.wrong.append(f"{name}: neither the old site nor the new one: {wrong[:5]}")
    finish = site.run("build")
    if finish.returncode:
        tally.wrong.append(f"{name}: the next build failed: {finish.stderr}")
    if without_marker(site.tree()) != new:
        tally.wrong.append(f"{name}: the next build made another site: {difference(site.tree(), new)}")


def timed_build(site: SiteFolder) -> float:
    start = time.perf_counter()
    done = site.run("build")
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - start


def kill_after(site: SiteFolder, seconds: float) -> bool:
    """Kill a build and all its children; say whether it had come to its end before."""
    build = subprocess.Popen(
        [sys.executable, "-m", "zstatic", "-C", str(site.root), "build"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=site.environment(),
        start_new_session=True,
    )
    try:
        build.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(build.pid, signal.SIGKILL)
    return build.wait() == 0


def how_far(site: SiteFolder, finished: bool) -> str:
    state = site.root / ".zstatic"
    if finished:
        return "finished before"
    if (state / "journal.json").exists():
        return "killed while writing the site"
    if (state / "stage").exists():
        return "killed while rendering"
    return "killed while fetching or reading" if state.exists() else "killed before anything was written"


# --- A library to build, and its edits


def small_library(fake: FakeZotero) -> FakeLibrary:
    library = fake.add_library("groups/7", "Small")
    shelf = library.add_collection("Shelf")
    library.add_collection("Drawer", parent=shelf)
    for number in range(25):
        add(library, f"Book {number}", shelf, number % 5 == 0)
    return library


def add(library: FakeLibrary, title: str, collection: str, with_file: bool) -> None:
    key = library.add_item(
        title=title, date=str(1950 + len(library.items)), creators=["Lovelace, Ada"], collections=[collection]
    )
    if with_file:
        library.add_attachment(key, b"%PDF-1.4 " + title.encode(), filename="book.pdf")


def edit(library: FakeLibrary, chance: random.Random) -> None:
    number = library.version
    books = [key for key, item in library.items.items() if item["data"]["itemType"] == "book"]
    files = sorted(library.files)
    collections = list(library.collections)
    key = chance.choice(books)
    match chance.randrange(8):
        case 0 | 1:
            add(library, f"New {number}", chance.choice(collections), chance.random() < 0.5)
        case 2 | 3:
            library.edit_item(key, title=f"Title {number}")
        case 4:
            library.edit_item(key, tags=[f"tag {number % 7}", "common"])
        case 5:
            library.move_item(key, chance.choice(collections))
        case 6 if len(books) > 15:
            library.delete_item(key)
        case 7 if files:
            library.put_file(chance.choice(files), f"%PDF-1.4 replaced {number}".encode())
        case _:
            library.rename_collection(chance.choice(collections), f"Collection {number}")

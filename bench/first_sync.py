"""Who is busy during a first sync, we or the server: `python bench/first_sync.py [SIZE]`.

A library generated from the real records in `../shared` is served by the tests' fake Zotero in a process of
its own, and synced into an empty folder with the default citation styles and export formats.
"""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")


def serve(size: int, latency: float, pipe: Connection) -> None:
    """Play Zotero until told to stop; then tell what was asked and what it cost."""
    from fakezotero import FakeZotero
    from realistic import realistic

    with FakeZotero() as fake:
        content, files = realistic(SHARED, size)
        fake.add_content(content, files)
        fake.add_key("bench", user=1)
        if latency:
            fake.slow("", latency, times=None)
        pipe.send(fake.url)
        before = time.process_time()
        pipe.recv()
        kinds = Counter(kind_of(each.target, each.storage) for each in fake.log)
        pipe.send((kinds, fake.peak, time.process_time() - before))


def kind_of(target: str, storage: bool) -> str:
    if storage:
        return "files"
    for part, name in (
        ("/fulltext", "full texts"),
        ("/file", "addresses of files"),
        ("include=data", "items"),
        ("include=bib&", "citations"),
        ("include=", "exports"),
        ("collectionKey", "collections"),
    ):
        if part in target:
            return name
    return "listings and the rest"


def main() -> None:
    multiprocessing.set_start_method("spawn")
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for latency in (0.0, 0.15):
        here, there = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(size, latency, there), daemon=True)
        server.start()
        url = here.recv()
        with tempfile.TemporaryDirectory() as folder:
            wall, cpu, items = sync(Path(folder), url)
        here.send("stop")
        kinds, peak, server_cpu = here.recv()
        server.join(10)
        print(f"{size} items, {latency * 1000:.0f} ms before each answer:")
        print(f"  wall {wall:.1f} s; CPU of the client {cpu:.1f} s, of the server {server_cpu:.1f} s")
        print(f"  {items} items stored; at most {peak} requests at once; {sum(kinds.values())} requests:")
        print(f"  {json.dumps(dict(sorted(kinds.items())))}")
    print(f"peak of memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def sync(root: Path, url: str) -> tuple[float, float, int]:
    """Give seconds, seconds of CPU, and how many items came."""
    from zstatic.config import load_config
    from zstatic.pipeline import sync as sync_site

    (root / "site.toml").write_text(
        f'[site]\ntitle = "Bench"\n[[library]]\nid = "groups/9"\napi_url = "{url}"\n', "utf-8"
    )
    config = load_config(root, None, {"ZOTERO_API_KEY": "bench"})
    start, cpu = time.perf_counter(), time.process_time()
    (report,) = sync_site(config)
    return time.perf_counter() - start, time.process_time() - cpu, report.added


if __name__ == "__main__":
    main()

"""How the seconds of each phase of a build grow with the library: `python bench/scale.py [SIZE ...]`.

Libraries of each size are generated from the real records in `../shared`, served by the tests' fake Zotero in
a process of its own, and built twice: into empty folders, and again with nothing changed. For each size that
is twice the one before, the last column gives the ratio; linear work gives about 2.
"""

import itertools
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")


def serve(size: int, pipe: Connection) -> None:
    """Play Zotero until told to stop."""
    import gzip
    import json

    from fakezotero import FakeZotero
    from realistic import realistic

    with gzip.open(SHARED / "zotero-api" / "schema.json.gz", "rt", encoding="utf-8") as file:
        schema = json.load(file)
    with FakeZotero(schema=schema) as fake:
        content, files = realistic(SHARED, size)
        fake.add_content(content, files)
        fake.add_key("bench", user=1)
        pipe.send(fake.url)
        pipe.recv()


def build(root: Path, url: str) -> Mapping[str, float]:
    """Seconds by phase, and what came of it."""
    from zstatic import pipeline
    from zstatic.config import load_config

    root.mkdir(exist_ok=True)
    (root / "site.toml").write_text(
        f'[site]\ntitle = "Bench"\nbase_url = "https://example.org/"\n'
        f'[[library]]\nid = "groups/9"\napi_url = "{url}"\n',
        "utf-8",
    )
    start, cpu = time.perf_counter(), time.process_time()
    report = pipeline.build(load_config(root, None, {"ZOTERO_API_KEY": "bench"}))
    seconds = dict(report.seconds)
    seconds["total"] = time.perf_counter() - start
    seconds["total, CPU"] = time.process_time() - cpu
    seconds["files"] = float(report.site.files) if report.site else 0.0
    seconds["requests"] = float(sum(each.requests for each in report.sync))
    return seconds


def run(size: int) -> dict[str, Mapping[str, float]]:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(size, there), daemon=True)
    server.start()
    url = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        # Each build in a fresh process: no cache of one helps the other, and its peak of memory is its own.
        results = {name: _apart(Path(folder), url) for name in ("first", "unchanged")}
    here.send("stop")
    server.join(10)
    return results


def _apart(root: Path, url: str) -> Mapping[str, float]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_report, args=(root, url, there))
    process.start()
    result: Mapping[str, float] = here.recv()
    process.join()
    return result


def _report(root: Path, url: str, pipe: Connection) -> None:
    seconds = dict(build(root, url))
    seconds["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipe.send(seconds)


def main() -> None:
    multiprocessing.set_start_method("spawn")
    sizes = [int(each) for each in sys.argv[1:]] or [2000, 4000, 8000]
    results = {size: run(size) for size in sizes}
    for name in ("first", "unchanged"):
        print(f"\n{name} build")
        print("phase".ljust(12) + "".join(f"{size:>10}" for size in sizes) + "     ratios")
        for phase in results[sizes[0]][name]:
            row = [results[size][name][phase] for size in sizes]
            ratios = [f"{b / a:.2f}" if a else "-" for a, b in itertools.pairwise(row)]
            print(phase.ljust(12) + "".join(f"{value:>10.2f}" for value in row) + "     " + " ".join(ratios))


if __name__ == "__main__":
    main()

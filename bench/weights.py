"""What pages weigh: `python bench/weights.py`.

Builds the two real libraries of `../shared` and packs every page with gzip, as web servers send it.
"""

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

KINDS = {
    "item": "items/????????/index.html",
    "collection": "collections/????????/**/index.html",
    "list of a tag": "tags/**/index.html",
    "list of a creator": "creators/**/index.html",
    "list of a year": "years/**/index.html",
    "list of a type": "types/**/index.html",
    "all items": "items/page/*/index.html",
    "home": "index.html",
    "search": "search/index.html",
}


def build(root: Path, name: str) -> Path:
    """Build a site of a real library, without search index."""
    from fakezotero import FakeZotero
    from sites import SiteFolder

    schema = json.loads(gzip.decompress((SHARED / "zotero-api/schema.json.gz").read_bytes()))
    with FakeZotero(schema=schema) as fake:
        fake.add_key("CanaryKeyOfTheOwner00001", user=1001)
        library = fake.load(SHARED / "zotero-api/libraries" / name)
        site = SiteFolder(
            root / name, fake, [{"id": library.id}], key="CanaryKeyOfTheOwner00001", search=False
        )
        site.build()
        return site.site


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), mtime=0))


def rows(sites: list[Path]) -> Iterator[str]:
    """Lines of a table: kind, how many, median and most in KB."""
    for kind, pattern in KINDS.items():
        sizes = sorted(packed(path) for site in sites for path in site.glob(pattern))
        median, most = (size / 1024 for size in (sizes[len(sizes) // 2], sizes[-1]))
        yield f"| {kind} | {len(sizes):,} | {median:.1f} | {most:.1f} |"
    for name in ("style.*.css", "search.*.css", "theme.*.js", "search*.js"):
        (size,) = {sum(map(packed, site.glob(f"static/{name}"))) / 1024 for site in sites}
        yield f"| `{name}` | | | {size:.1f} |"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sites = [build(Path(folder), name) for name in ("group-1", "user-1001")]
        print("| | pages | median, KB | most, KB |\n|---|---:|---:|---:|")
        print("\n".join(rows(sites)))

"""What the bytes of a site are spent on: `python bench/sizes.py [SIZE]`.

Of a library generated from the real records in `../shared`; without a size, of the recorded group.
"""

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

from builders import StubMirror, recorded_mirror  # noqa: E402
from realistic import realistic  # noqa: E402
from sitepages import site_config  # noqa: E402

from zstatic.library import read_library  # noqa: E402
from zstatic.outputs import Copy  # noqa: E402
from zstatic.pages.context import make_context  # noqa: E402
from zstatic.plan import plan_outputs, site_view  # noqa: E402
from zstatic.render import Renderer  # noqa: E402
from zstatic.schema import Schema  # noqa: E402
from zstatic.selection import select  # noqa: E402
from zstatic.theme import load_theme  # noqa: E402

COINS = re.compile(rb'<span class="Z3988".*?</span>')


def main() -> None:
    mirror = generated(int(sys.argv[1])) if len(sys.argv) > 1 else recorded_mirror(SHARED, "group-1")
    config = site_config()
    library = select(read_library(mirror, config, config.libraries[0]), config.libraries[0].select)  # type: ignore[arg-type]
    ctx = make_context([library], config, Schema.from_json(mirror.schema()), {})
    theme = load_theme(config)
    renderer = Renderer(theme, site_view(ctx.libraries, config, theme))
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for output in plan_outputs(ctx, theme):
        if not isinstance(output, Copy):
            content, kind = renderer.render(output), kind_of(output.path)
            files[kind] += 1
            sizes[kind] += len(content)
            sizes[f"  references in {kind}"] += sum(map(len, COINS.findall(content)))
    items = len(ctx.items)
    print(f"{'kind':42}{'files':>8}{'MB':>9}{'kB per item':>13}")
    for kind, size in sizes.most_common():
        if size:
            print(f"{kind:42}{files[kind]:8}{size / 1e6:9.2f}{size / 1e3 / items:13.2f}")
    whole = sum(size for kind, size in sizes.items() if not kind.startswith(" "))
    print(f"{'all':42}{files.total():8}{whole / 1e6:9.2f}{whole / 1e3 / items:13.2f}")


def kind_of(path: str) -> str:
    top = path.partition("/")[0]
    if path.endswith(".rdf"):
        return "records of items" if path.endswith("/item.rdf") else f"records of lists: {top}"
    if path.endswith((".bib", ".ris", ".csl.json")):
        return f"downloads: {top}"
    if path.endswith(("atom.xml", "feed.json")):
        return "feeds"
    if path.endswith("index.html"):
        is_item = re.match(r"items/[A-Z0-9]{8}/", path)
        return "pages of items" if is_item else f"pages: {top}"
    return "the rest"


def generated(size: int) -> StubMirror:
    content, _ = realistic(SHARED, size)
    items: list[Any] = content["items"]

    def texts(name: str) -> dict[str, str]:
        return {item["key"]: item.get(name, "") for item in items}

    styles = ("apa", "modern-language-association", "chicago-author-date", "vancouver")
    csljson = {item["key"]: json.dumps(item.get("csljson") or {}) for item in items}
    return StubMirror(
        *items,
        collections=content["collections"],
        citations=dict.fromkeys(styles, texts("bib")),
        exports={"bibtex": texts("bibtex"), "ris": texts("ris"), "csljson": csljson},
        schema=recorded_mirror(SHARED, "group-1").schema(),
    )


if __name__ == "__main__":
    main()

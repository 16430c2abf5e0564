"""What searching costs, in building and in the browser: `python bench/search_speed.py [SIZE ...]`.

For libraries of each size (1,000, 10,000, 50,000), generated from the real records in `../shared`: time,
memory and files of the index, what one edit changes in it, bytes and requests to the first results
(compressed as web hosts do), and the time of kinds of queries, with Pagefind's part of it, and of
choosing a filter, in a real Chromium. No word of those records but little ones is in 30 % of them, so one
is planted there.
"""

import gc
import gzip
import io
import os
import random
import re
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

from playwright.sync_api import Browser, Page, Request

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/browser")]
SHARED = Path(os.environ.get("ZSTATIC_SHARED") or ROOT.parent / "shared")

from browsing import Quiet, running_chromium, serving  # noqa: E402
from builders import StubMirror, recorded_mirror  # noqa: E402
from realistic import is_work, realistic  # noqa: E402
from search_known import context_of  # noqa: E402
from sitepages import Site  # noqa: E402

from zstatic.indexers import Indexers  # noqa: E402
from zstatic.littlewords import little_words  # noqa: E402
from zstatic.outputs import Copy  # noqa: E402
from zstatic.pages.context import Context  # noqa: E402
from zstatic.search import facet_columns, records, start_index  # noqa: E402

TURNS = 5
# Words that nothing else begins like, in the abstracts of as many works of ten.
PLANTED = {"30 % word": ("zorvist", (0, 3, 6)), "10 % word": ("quambel", (5,))}
FILTER = {"type": {"any": ["journalArticle"], "not": []}, "year": {"any": ["2000.."], "not": []}}


class Compressing(Quiet):
    """As web hosts send things; what is asked for when results are shown waits until they are seen."""

    shown = Event()
    shown.set()

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if re.match(r"(facets|tag|creator|files)\.\w+\.json$", path.name):
            self.shown.wait()
        if path.suffix not in (".js", ".json", ".css", ".html") or not path.is_file():
            return super().send_head()
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


def build(ctx: Context, work: Path) -> tuple[tuple[Copy, ...], str]:
    """The files of the index, and the seconds and the CPU seconds that it took."""
    start, cpu = time.perf_counter(), sum(os.times()[:4])
    with Indexers() as running:
        copies = start_index(records(ctx), "en", work, running.start, facet_columns(ctx))()
    return copies, f"{time.perf_counter() - start:.1f} ({sum(os.times()[:4]) - cpu:.1f})"


def planted(content: Any) -> Any:
    """Each word once in a work, a third of them as plurals, amid what the abstract says."""
    works = [item["data"] for item in content["items"] if is_work(item["data"])]
    for number, work in enumerate(works):
        for word, places in PLANTED.values():
            if number % 10 in places:
                text = work.get("abstractNote", "").split(" ")
                text.insert(len(text) // 2, word if number // 10 % 3 else f"{word}s")
                work["abstractNote"] = " ".join(text)
    return content


def edited(content: Any) -> Any:
    """One word more in an abstract."""
    item = next(each for each in content["items"] if each["data"].get("abstractNote"))
    item["data"]["abstractNote"] += " afterthought"
    return content


def write(few: Context, copies: tuple[Copy, ...], folder: Path) -> None:
    """few: items, of which the page that searches is the same as of all."""
    site = Site(few)
    for path, output in site.outputs.items():
        if path.startswith(("search/", "static/")):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(output, Copy):
                shutil.copyfile(output.source, target)
            else:
                target.write_text(site.text(path), "utf-8")
    for copy in copies:
        target = folder / copy.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy.source, target)
    (folder / "last_sync.json").write_text("{}")


def first_results(browser: Browser, url: str) -> tuple[str, str]:
    """kB and requests from an empty cache until results are shown, and until the filters are, too."""
    page = browser.new_context().new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(size(request)))
    Compressing.shown.clear()
    page.goto(url)
    page.locator("#search-results article").first.wait_for()
    page.wait_for_timeout(500)
    first = kilobytes(sizes)
    Compressing.shown.set()
    page.wait_for_load_state("networkidle")
    whole = kilobytes(sizes)
    page.context.close()
    return first, whole


def size(request: Request) -> int:
    """Bytes of the answer; none from the cache, and those of a worker's script, which are not told."""
    told = request.sizes()["responseBodySize"]
    answer = request.response() if told == 0 else None
    return int(answer.headers.get("content-length", 0)) if answer else max(0, told)


def kilobytes(sizes: list[int]) -> str:
    return f"{sum(sizes) / 1000:.0f}, {len(sizes)}"


def timed(page: Page, query: str, choices: Any = None) -> tuple[float, float, int]:
    """Milliseconds of a search, warm, and of Pagefind in it; how many are found. choices: filters."""
    turns = [page.evaluate("(asked) => window.timed(...asked)", [query, choices]) for _ in range(TURNS)]
    taken, inside, found = sorted(turns)[TURNS // 2]
    return taken, inside, found


SETUP = """
async ([root, index, facetsName]) => {
  const { find, openIndex, ordered } = await import(root + index);
  const { tally } = await import(root + facetsName);
  const opened = await openIndex(`${root}pagefind/`);
  const pagefind = opened.pagefind;
  let inside;
  opened.pagefind = {
    search: async (query) => {
      const start = performance.now();
      try { return await pagefind.search(query); } finally { inside += performance.now() - start; }
    },
  };
  window.timed = async (query, choices) => {
    const facets = choices && await opened.columns.load(Object.keys(opened.columns.pointer.facets));
    inside = 0;
    const start = performance.now();
    const { scores } = await find(query, opened);
    let rows = scores ? [...scores.keys()].filter((row) => scores[row]) : [];
    if (choices) ({ rows } = tally(scores, choices, facets));
    await ordered(rows, scores, "", opened);
    return [performance.now() - start, inside, rows.length];
  };
  window.toggle = async () => {
    const facets = await opened.columns.load(Object.keys(opened.columns.pointer.facets));
    const scores = new Float64Array(opened.ids.length).fill(1);
    const slug = facets.type.slugs[0];
    const start = performance.now();
    tally(scores, { type: { any: [slug], not: [] } }, facets);
    return performance.now() - start;
  };
}
"""


def queries(ctx: Context) -> dict[str, str]:
    """By kind, as frequent as their names say. "real": not planted."""
    sample = random.Random(1).sample(ctx.items, min(len(ctx.items), 2000))
    little = little_words("en")
    planted_words = {kind: word for kind, (word, _) in PLANTED.items()}
    counts: Counter[str] = Counter()
    starts: Counter[str] = Counter()
    in_titles: Counter[str] = Counter()
    for record in (r.document for r in records(ctx)[:: max(1, len(ctx.items) // 2000)]):
        title = {*record.meta["title"].lower().split()}
        words = {*record.content.lower().split(), *title}
        plain = {word for word in words if word.isascii() and word.isalpha() and len(word) > 3}
        plain = {word for word in plain - little if not word.startswith(tuple(planted_words.values()))}
        counts.update(plain)
        in_titles.update(plain & title)
        starts.update({word[:3] for word in plain})

    def near(share: float, those: Counter[str] = counts) -> str:
        return min(those, key=lambda word: (abs(those[word] - share * len(sample)), word))

    titles = [each.title.split() for each in sample]
    words = next(title[:3] for title in titles if len(title) > 4 and all(map(str.isalpha, title[:3])))
    title_word = next(word for word in words if len(word) > 4)
    return {
        "rare word": near(0.005),
        **planted_words,
        "real 10 % word": near(0.1),
        "most frequent real word": near(1),
        "beginning of words in 30 %": near(0.3, starts),
        "two words": " ".join(words[:2]),
        "three title words": " ".join(words[:3]),
        "title of ten words and more": " ".join(next(title for title in titles if len(title) > 9)),
        "phrase": f'"{" ".join(words[:3])}"',
        "OR": f"{near(0.005)} OR {near(0.03)}",
        "NOT": f"{near(0.1)} NOT {near(0.03)}",
        "OR of 10 % and 30 %": " OR ".join(planted_words.values()),
        "stop word alone": "with",
        "field": f"title:{title_word}",
        "field, most frequent word": f"title:{near(1, in_titles)}",
        "30 % word, of a type and years": f"{planted_words['30 % word']} type:journalArticle year:2000..",
    }


def library(content: Any, schema: Any) -> Context:
    return context_of(StubMirror(*content["items"], collections=content["collections"], schema=schema))


def measure(size: int, content: Any, schema: Any, top: Path, browser: Browser) -> None:
    ctx = library(content, schema)
    copies, seconds = build(ctx, top / "work")
    tell(f"{size:,} items", "")
    tell("index, s (of CPU)", seconds)
    tell("peak of a process, MB", f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f}")
    tell("files, MB", f"{len(copies):,}, {sum(copy.source.stat().st_size for copy in copies) / 1e6:.1f}")
    before = {copy.path: copy.digest for copy in copies}
    few = {**content, "items": content["items"][:100]}
    write(library(few, schema), copies, top / "site")
    again, more = build(library(edited(content), schema), top / "work")
    new = [copy.source.stat().st_size for copy in again if before.get(copy.path) != copy.digest]
    tell("index after one edit, s (of CPU)", more)
    tell("files and MB to upload then", f"{len(new)}, {sum(new) / 1e6:.2f}")
    asked = queries(ctx)
    with serving(top / "site", Compressing) as root:
        first, whole = first_results(browser, f"{root}search/?q={asked['rare word']}")
        tell("kB and requests to the first results", first)
        tell("kB and requests with the filters", whole)
        page = browser.new_page()
        page.goto(f"{root}search/")
        scripts = [
            next((top / "site/static").glob(f"search-{name}.*.js")).name for name in ("index", "facets")
        ]
        page.evaluate(SETUP, [root, *(f"static/{name}" for name in scripts)])
        for kind, query in asked.items():
            tell_time(kind, *timed(page, query))
        tell_time("30 % word, filtered", *timed(page, asked["30 % word"], FILTER))
        toggles = [page.evaluate("window.toggle()") for _ in range(TURNS)]
        tell("choosing a filter among all items, ms", f"{sorted(toggles)[TURNS // 2]:.1f}")
        page.close()


def tell_time(kind: str, taken: float, inside: float, found: int) -> None:
    tell(f"{kind}, ms, in Pagefind (found)", f"{taken:.1f}, {inside:.1f} ({found:,})")


def tell(what: str, value: str) -> None:
    print(f"| {what} | {value} |", flush=True)


def main() -> None:
    sizes = [int(each) for each in sys.argv[1:]] or [1000, 10_000, 50_000]
    schema = recorded_mirror(SHARED, "group-1").schema()
    gc.disable()  # as builds do
    with running_chromium() as browser:
        for size in sizes:
            content, _ = realistic(SHARED, size)
            with tempfile.TemporaryDirectory() as top:
                measure(size, planted(content), schema, Path(top), browser)


if __name__ == "__main__":
    main()

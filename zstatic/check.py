"""A built site and what is published -> what a reader, a search engine or a host would stumble over.

In: the folder of the site as it lies there, and the items on it. Out: Problems, sorted. Nothing is fetched.
"""

from __future__ import annotations

import html
import os
import posixpath
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from zstatic.dates import is_impossible
from zstatic.errors import Problem
from zstatic.pages.citation_meta import is_scholarly, paper
from zstatic.pages.context import Context, Entry
from zstatic.progress import Track, silent
from zstatic.urls import doi
from zstatic.values import show_size


@dataclass(frozen=True, slots=True)
class Limits:
    """What a host takes; 0 = no limit. size, largest: bytes of the site, of one file. files: their number."""

    name: str
    size: int = 0
    files: int = 0
    largest: int = 0


# From the hosts' own pages, for their free plans.
LIMITS: Mapping[str, Limits] = {
    "github-pages": Limits("GitHub Pages", size=10**9),
    "gitlab-pages": Limits("GitLab Pages", size=10**9),
    "cloudflare-pages": Limits("Cloudflare Pages", files=20_000, largest=25 << 20),
}
_NEAR = 0.8
# https://scholar.google.com/intl/en/scholar/inclusion.html#indexing
_LARGE_PAPER = 5_000_000


def check_files(site: Path, base_path: str, base_url: str, track: Track = silent) -> tuple[Problem, ...]:
    """Find links of the pages that lead to nothing on the site, and files that are empty.

    base_path: "/" or "/repo/". base_url: of the site, "" = unknown; links that begin with it are its own.
    """
    sizes = file_sizes(site)
    problems = [
        Problem("empty-file", path, "This file is empty.")
        for path, size in sizes.items()
        if not size and not path.rpartition("/")[2].startswith(".")
    ]
    pages = [path for path in sizes if path.endswith(".html")]
    anchors: dict[tuple[str, str], list[str]] = {}
    for page in track(pages, "Checking links", len(pages)):
        for link in _links((site / page).read_text("utf-8", "replace")):
            target = _target(link, page, base_path, base_url)
            if target is None:
                continue
            path, anchor = target
            file = _file_at(path, sizes)
            if file is None:
                problems.append(
                    Problem("dead-link", page, f"It links to {path or './'}, which is not on the site.")
                )
            elif anchor and file.endswith(".html"):
                anchors.setdefault((file, anchor), []).append(page)
    return tuple(sorted({*problems, *_dead_anchors(site, anchors)}))


def file_sizes(site: Path) -> dict[str, int]:
    """Give path -> bytes of every file of a site, sorted."""
    found = {}
    for place, _, names in os.walk(site):
        for name in names:
            path = Path(place, name)
            found[path.relative_to(site).as_posix()] = path.lstat().st_size
    return dict(sorted(found.items()))


def check_limits(sizes: Mapping[str, int], host: str) -> tuple[Problem, ...]:
    """Compare a site with what its host takes; near a limit is told too.

    sizes: path -> bytes. host: a name of [deploy] host.
    """
    limits = LIMITS.get(host, Limits(host))
    size, files = sum(sizes.values()), len(sizes)
    problems = []
    if limits.size and size > _NEAR * limits.size:
        took = f"The site has {show_size(size)}; {limits.name} takes {show_size(limits.size)}."
        remedy = 'Smaller: records = "items" under [exports], or a lower max_size under [attachments].'
        problems.append(Problem("host-size", "", f"{took} {remedy}"))
    if limits.files and files > _NEAR * limits.files:
        problems.append(
            Problem("host-files", "", f"The site has {files:,} files; {limits.name} takes {limits.files:,}.")
        )
    problems += [
        Problem(
            "host-file", path, f"It has {show_size(bytes)}; {limits.name} takes {show_size(limits.largest)}."
        )
        for path, bytes in sizes.items()
        if limits.largest and bytes > limits.largest
    ]
    return tuple(problems)


def check_items(ctx: Context) -> tuple[Problem, ...]:
    """Find items without title or date, impossible dates, items with one DOI, papers too large for Google."""
    problems = []
    bearers: dict[str, list[str]] = {}
    for entry in ctx.items:
        place = f"{entry.library.id}/items/{entry.item.key}"
        if not entry.item.title:
            problems.append(Problem("no-title", place, f"It has no title ({_described(entry)})."))
        date = entry.item.date
        if not entry.year:
            told = f"Its date “{date.text}” cannot be read." if date.text else "It has no date."
            problems.append(Problem("no-date", place, told))
        elif is_impossible(date):
            told = f"There is no such day as its date, “{date.text}”; it counts as {date.iso}."
            problems.append(Problem("odd-date", place, told))
        pdf = paper(entry)
        if pdf and pdf.size > _LARGE_PAPER and is_scholarly(ctx, entry):
            limit = show_size(_LARGE_PAPER)
            told = f"Its PDF has {show_size(pdf.size)}; Google Scholar indexes none above {limit}."
            problems.append(Problem("large-paper", place, told))
        if found := doi(entry.item.fields.get("DOI", "")):
            bearers.setdefault(found.lower(), []).append(place)
    problems += [
        Problem("same-doi", first, f"It has the DOI {found}, and so have {', '.join(others)}.")
        for found, (first, *others) in bearers.items()
        if others
    ]
    return tuple(sorted(problems))


def _described(entry: Entry) -> str:
    """By what it can be found where it has no title: type, date as typed, name of a file."""
    names = (attachment.filename or attachment.title for attachment in entry.item.attachments)
    parts = (entry.line.type_label, entry.item.date.text, next(filter(None, names), ""))
    return ", ".join(filter(None, parts))


# Links

# What stands in these is no markup; in a comment neither.
_SCRIPT = re.compile(r"(<(script|style)\b[^>]*>).*?(</\2\s*>)|<!--.*?-->", re.S | re.I)
_TAG = re.compile(r"<[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE = re.compile(r"\s([^\s=>\"'/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_LINKING = frozenset(("href", "src", "action", "poster"))
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")


def _links(page: str) -> tuple[str, ...]:
    """The addresses that a page leads to or is made of, each once."""
    return tuple(dict.fromkeys(_values(page, _LINKING)))


def _values(page: str, names: Container[str]) -> Iterator[str]:
    """What the attributes with these names say, in their order."""
    for tag in _TAG.finditer(_SCRIPT.sub(r"\1\3", page)):
        for name, *values in _ATTRIBUTE.findall(tag[0]):
            if name.lower() in names:
                yield html.unescape("".join(values)).strip()


def _target(link: str, page: str, base_path: str, base_url: str) -> tuple[str, str] | None:
    """The path in the site, and the anchor, that a link on a page means; None = it leads elsewhere.

    A path that leaves the site begins with "..".
    """
    if base_url and link.startswith(base_url):
        link = base_path + link.removeprefix(base_url)
    if _SCHEME.match(link):
        return None
    parts = urlsplit(link)
    path = unquote(parts.path)
    if path.startswith("/"):
        if not path.startswith(base_path):
            return None
        path = path.removeprefix(base_path)
    elif path:
        path = posixpath.join(posixpath.dirname(page), path)
    else:
        path = page
    folder = path.endswith("/")
    path = posixpath.normpath(path) if path else ""
    path = "" if path == "." else path
    return (f"{path}/" if folder and path else path), unquote(parts.fragment)


def _file_at(path: str, files: Mapping[str, int]) -> str | None:
    """The file that a server gives for a path; None = there is none."""
    if path in files:
        return path
    page = posixpath.join(path, "index.html")
    return page if page in files else None


def _dead_anchors(site: Path, anchors: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[Problem]:
    """anchors: (file, anchor) -> the pages that link there."""
    ids: dict[str, frozenset[str]] = {}
    for (file, anchor), pages in anchors.items():
        if file not in ids:
            ids[file] = frozenset(_values((site / file).read_text("utf-8", "replace"), ("id",)))
        if anchor not in ids[file] and anchor != "top":
            message = f"It links to {file}#{anchor}, but there is no such place on that page."
            yield from (Problem("dead-anchor", page, message) for page in pages)

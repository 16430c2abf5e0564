"""`content/*.md` -> pages; other files in the folder are copied."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from zstatic.errors import ConfigError, Problem
from zstatic.outputs import Copy, Output, Page
from zstatic.pages.context import ContentPage, Context, Link
from zstatic.pages.head import Head, make_head
from zstatic.richtext import scrollable

HOME = ""
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_RESERVED = frozenset(
    (
        *("404", "collections", "creators", "exports", "items", "pagefind"),
        *("search", "static", "tags", "types", "years"),
    )
)
_LINKS = ("href", "src")
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class ContentView:
    """A page of the user's own. Template: content.html."""

    head: Head
    title: str
    body: Markup


def read_content(root: Path) -> tuple[ContentPage, ...]:
    """The Markdown pages of a site folder, by path; without what `zstatic init` asks to be replaced.

    Raises ConfigError for a file that is no text, or whose name is that of a part of the site.
    """
    folder = root / "content"
    read = (_read_page(file, folder) for file in _markdown_files(folder))
    return tuple(replace(page, text=own) for page in read if (own := _own_text(page.text)) is not None)


def unwritten(root: Path) -> Iterator[Problem]:
    """Tell the files that still hold what `zstatic init` wrote into them, or a part of it."""
    folder = root / "content"
    for file in _markdown_files(folder):
        text = _read_page(file, folder).text
        own = _own_text(text)
        where = file.relative_to(root).as_posix()
        if own is None:
            told = (
                "Not on the site: it still says what `zstatic init` wrote. Write your own text, or delete it."
            )
            yield Problem("unwritten", where, told)
        elif own != text:
            yield Problem(
                "unwritten", where, "Its paragraph that begins “Write” is not on the site: replace it."
            )


def content_digest(root: Path) -> str:
    """Changes when any file of `content/` does, comes or goes."""
    folder = root / "content"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_hidden(path, folder)]
    named = [f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in named)).hexdigest()


def pages(ctx: Context) -> Iterator[Output]:
    for page in ctx.content:
        if page.has_own_page:
            yield _content_page(ctx, page)
    yield from _copies(ctx.config.root)


def body_html(page: ContentPage) -> Markup:
    """The text as HTML, without the heading that became the title; links point from the page's own folder."""
    tokens = _markdown.parse(page.text)
    tokens = tokens[3:] if _has_title(tokens) else tokens
    for token in _flatten(tokens):
        if token.tag == "h1":
            # The page's title is its only h1.
            token.tag = "h2"
        for name in _LINKS:
            if name in token.attrs:
                token.attrs[name] = _local_href(str(token.attrs[name]), page)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return scrollable(Markup(html))  # noqa: S704 - html is off


def link_targets(page: ContentPage) -> Iterator[str]:
    """The paths that a page's links and pictures inside the site lead to, from the site's root."""
    for token in _flatten(_markdown.parse(page.text)):
        for href in (str(token.attrs[name]) for name in _LINKS if name in token.attrs):
            if not _is_foreign(href):
                address = urljoin(f"https://site/{page.path}", _local_href(href, page))
                yield unquote(urlsplit(address).path[1:])


def _content_page(ctx: Context, page: ContentPage) -> Page:
    parents = [
        other
        for other in ctx.content
        if other.has_own_page and page.path.startswith(other.path) and other != page
    ]
    trail = tuple(Link(other.title, other.path) for other in parents)
    body = body_html(page)
    head = make_head(ctx, page.title, page.path, section="content", description=body.striptags(), trail=trail)
    return Page(f"{page.path}index.html", "content.html", ContentView(head, page.title, body))


def copied_files(root: Path) -> Iterator[tuple[str, Path]]:
    """The files of `content/` that are no pages, each with its path on the site."""
    folder = root / "content"
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix != ".md" and not _is_hidden(file, folder):
            yield _composed(file, folder), file


def _composed(file: Path, folder: Path) -> str:
    """Its path in the folder. The Finder of macOS writes an accented letter as two characters."""
    return unicodedata.normalize("NFC", file.relative_to(folder).as_posix())


def _markdown_files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*.md")) if not _is_hidden(file, folder)]


def _own_text(text: str) -> str | None:
    """A text without the paragraphs that ask for one; None: nothing in it is anybody's own."""
    blocks = _blocks(text)
    given = [block for block in blocks if " ".join(block.split()) in _start_blocks()]
    asked = [block for block in given if block.startswith("Write ")]
    if asked and given == blocks:
        return None
    for block in asked:
        text = text.replace(block, "")
    return text


@cache
def _start_blocks() -> frozenset[str]:
    """The paragraphs that `zstatic init` writes, each on one line."""
    texts = ((files("zstatic") / "new" / name).read_text("utf-8") for name in ("about.md", "index.md"))
    return frozenset(" ".join(block.split()) for text in texts for block in _blocks(text))


def _blocks(text: str) -> list[str]:
    return re.split(r"\n\s*\n", text.strip()) if text.strip() else []


def _copies(root: Path) -> Iterator[Copy]:
    for path, file in copied_files(root):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        yield Copy(path, file, digest)


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_page(file: Path, folder: Path) -> ContentPage:
    try:
        text = file.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: this is no UTF-8 text ({error.reason})", hint="Save the file as UTF-8."
        ) from error
    name = re.sub(r"[^\w./-]+", "-", _composed(file.with_suffix(""), folder))
    top = name.partition("/")[0]
    is_index = name.rpartition("/")[2] == "index"
    path = HOME if name == "index" else f"{name.removesuffix('/index')}/"
    settings, text = _front_matter(text)
    title = (
        settings.get("title")
        or _first_heading(text)
        or PurePosixPath(name).name.replace("-", " ").capitalize()
    )
    page = ContentPage(path, title, text, is_index)
    if top.lower() in _RESERVED and not page.collection:
        hint = "Give the file another name."
        if top.lower() == "collections":
            hint = "The text for a collection is named by its key: content/collections/ABCD2345.md."
        raise ConfigError(f"{file}: the site has a part of its own named {top!r}", hint=hint)
    return page


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The lines "key: value" between two "---" at the very top, and what follows."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    pairs = (line.partition(":") for line in match[1].splitlines() if ":" in line)
    settings = {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
    return settings, text[match.end() :]


def _first_heading(text: str) -> str:
    tokens = _markdown.parse(text)
    if not _has_title(tokens):
        return ""
    children = tokens[1].children or []
    return "".join(token.content for token in children if token.type in ("text", "code_inline"))


def _has_title(tokens: list[Token]) -> bool:
    return bool(tokens) and tokens[0].type == "heading_open" and tokens[0].tag == "h1"


def _flatten(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _local_href(href: str, page: ContentPage) -> str:
    """Make "/items/X/" and "about.md" work from the page's own folder, at any base path."""
    if _is_foreign(href):
        return href
    target, mark, rest = _split_link(href)
    if target.startswith("/"):
        target = "../" * page.path.count("/") + target[1:] or "./"
    elif target and not page.is_index:
        # about.md is served as about/, one folder below its own.
        target = "../" + target.removeprefix("./")
    return f"{target}{mark}{rest}"


def site_path(href: str) -> str:
    """A link from the site's root as a page links there: "/help.md#a" -> "help/#a"."""
    return "".join(_split_link(href)).removeprefix("/").removeprefix("./")


def _is_foreign(href: str) -> bool:
    return bool(re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#", href))


def _split_link(href: str) -> tuple[str, str, str]:
    """Path, mark and rest, as in "a/", "#", "top"; a Markdown file's path is that of its page."""
    target, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", href, re.DOTALL).groups()  # type: ignore[union-attr]
    if target.endswith(".md"):
        target = "./" if target == "index.md" else target.removesuffix(".md").removesuffix("/index") + "/"
    return target, mark, rest

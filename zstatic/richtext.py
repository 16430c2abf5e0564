"""Text and markup from Zotero -> text and markup that pages may show.

Everything that comes in is untrusted. What comes out as `Markup` is safe to print unescaped: either escaped
here with a few tags of our own put back (titles, abstracts), or sanitised by nh3 (notes, citations).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote

import nh3
from markupsafe import Markup, escape

from zstatic.urls import safe_href

_LINK_REL = "noopener noreferrer nofollow ugc"

# XML 1.0 forbids them, and lone surrogates cannot even be written as UTF-8.
_BREAKS = re.compile("\r\n?|\u0085|\u2028|\u2029")
_SPACES = re.compile("[\x0b\x0c]")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


# Enough marks on one letter for any script: https://unicode.org/reports/tr15/#Stream_Safe_Text_Format
_MOST_MARKS = 30
_MANY_MARKS = re.compile(rf"[^\w\s\0-\x7f]{{{_MOST_MARKS + 1},}}")


def clean(text: str) -> str:
    """The text without control characters, which XML forbids; line breaks become "\\n", U+000B a space.

    Of marks piled on one letter the first thirty stay: to put them in order takes time by their square.
    """
    if not text.isascii():
        text = _MANY_MARKS.sub(_few_marks, text)
    if text.isprintable():
        return text
    return _FORBIDDEN.sub("", _SPACES.sub(" ", _BREAKS.sub("\n", text)))


def _few_marks(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in run[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


# Titles and abstracts: https://www.zotero.org/support/kb/rich_text_bibliography


@dataclass(frozen=True, slots=True)
class _Tag:
    """One of Zotero's inline tags in a text. html: what stands for it on a page."""

    start: int
    end: int
    html: Markup


_INLINE = re.compile(
    r"<(?P<close>/?)(?P<name>i|b|sub|sup|span)"
    r"(?P<style>\s+class=[\"']nocase[\"']|\s+style=[\"']\s*font-variant:\s*small-caps;?\s*[\"'])?\s*>"
)


def title_html(raw: str) -> Markup:
    """A title with Zotero's inline markup; everything else, unbalanced tags included, is shown literally."""
    if "<" not in raw:
        return escape(raw)
    parts, position = [], 0
    for tag in _inline_tags(raw):
        parts += [escape(raw[position : tag.start]), tag.html]
        position = tag.end
    return Markup("").join([*parts, escape(raw[position:])])


def plain(raw: str) -> str:
    """A title or abstract without its inline markup, on one line. Not escaped."""
    if "<" in raw:
        parts, position = [], 0
        for tag in _inline_tags(raw):
            parts.append(raw[position : tag.start])
            position = tag.end
        raw = "".join([*parts, raw[position:]])
    return " ".join(raw.split())


def _inline_tags(raw: str) -> list[_Tag]:
    """The tags that are part of a balanced pair, in their order."""
    paired: list[_Tag] = []
    waiting: list[re.Match[str]] = []
    names: Counter[str] = Counter()
    for match in _INLINE.finditer(raw):
        name = match["name"]
        if not match["close"]:
            # A bare <span> is not Zotero's, an <i class=…> neither.
            if (name == "span") == bool(match["style"]):
                waiting.append(match)
                names[name] += 1
        elif names[name] and not match["style"]:
            while (opening := waiting.pop())["name"] != name:
                names[opening["name"]] -= 1
            names[name] -= 1
            paired.append(_Tag(opening.start(), opening.end(), _opening_html(opening)))
            paired.append(_Tag(match.start(), match.end(), Markup("</{}>").format(name)))
    return sorted(paired, key=lambda tag: tag.start)


def _opening_html(match: re.Match[str]) -> Markup:
    if match["name"] != "span":
        return Markup("<{}>").format(match["name"])
    return Markup('<span class="{}">').format("nocase" if "nocase" in match["style"] else "small-caps")


# Publishers deliver abstracts as JATS or HTML; Zotero keeps their tags as text.
_PARAGRAPH_TAG = re.compile(r"</?(?:jats:)?(?:p|sec)(?:\s[^<>]*)?>|<br\s*/?>")
_JATS_INLINE = re.compile(r"<(/?)jats:(italic|bold|sub|sup)>")
_JATS_NAMES = {"italic": "i", "bold": "b", "sub": "sub", "sup": "sup"}
_JATS_OTHER = re.compile(r"</?jats:[a-z-]+(?:\s[^<>]*)?>")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")


def abstract_html(raw: str) -> Markup:
    """An abstract as paragraphs, with the inline markup of titles; "" for a blank one."""
    paragraphs = filter(None, (paragraph.strip() for paragraph in _BLANK_LINES.split(_without_jats(raw))))
    return Markup("\n").join(Markup("<p>{}</p>").format(_lines_html(paragraph)) for paragraph in paragraphs)


def abstract_text(raw: str) -> str:
    """An abstract on one line, without markup, for descriptions and search. Not escaped."""
    return plain(_without_jats(raw))


def _without_jats(raw: str) -> str:
    if "<" not in raw:
        return raw
    raw = _JATS_INLINE.sub(lambda match: f"<{match[1]}{_JATS_NAMES[match[2]]}>", raw)
    return _JATS_OTHER.sub("", _PARAGRAPH_TAG.sub("\n\n", raw))


def _lines_html(paragraph: str) -> Markup:
    return title_html(paragraph).replace("\n", Markup("<br>\n"))


# Notes and citations: real HTML, sanitised. A style that matters becomes a class, since the pages' content
# security policy forbids inline styles. nh3 can only change an attribute's value, so a class travels through
# it as a style value behind this mark, which neither the cleaned input nor a real style holds.
_MARK = "\x1a"
_MARKED = re.compile(f' style="{_MARK}([a-z -]*)"')
_DOUBLE_CLASS = re.compile(r' class="([^"]*)" class="([^"]*)"')

_NO_CONTENT = {
    "script",
    "style",
    "svg",
    "math",
    "title",
    "noscript",
    "iframe",
    "object",
    "template",
    "textarea",
}
_CELL = {"colspan", "rowspan"}
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")
_CITATION = "data-citation"
_CITING = re.compile(rf'<span\b[^>]*\s{_CITATION}="([^"]*)"[^>]*>')
_SPAN_TAG = re.compile(r"</?span\b")
_NOT_IN_LINKS = re.compile(r"<(?!/?(?:b|code|del|em|i|s|span|strong|sub|sup|u)\b)")
_PLAIN_SPAN = re.compile(r'<span(?: class="")?>([^<]*)</span>')
_DEAD_LINK = re.compile(f'<a rel="{_LINK_REL}">(.*?)</a>', re.DOTALL)


def _sanitizer(
    tags: str,
    classes: dict[str, set[str]],
    style_class: Callable[[str, str], str],
    of_spans: Iterable[str] = (),
) -> Callable[[str], str]:
    """A function that makes HTML safe.

    classes: tag -> classes kept. style_class: (property, value) -> the class in its place; "" = dropped.
    of_spans: attributes of spans that are kept as well.
    """

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            found = sorted({style_class(*declaration) for declaration in _declarations(value)} - {""})
            return _MARK + " ".join(found) if found else None
        if name == "href":
            return None if _names_account_or_item(value) else safe_href(value) or None
        if name == _CITATION:
            return " ".join(quote(uri, safe="") for uri in _cited_uris(value)) or None
        # The one place where markup could still hide from what looks for tags.
        return value if name != "lang" or _LANGUAGE.fullmatch(value) else None

    cleaner = nh3.Cleaner(
        tags=set(tags.split()),
        clean_content_tags=_NO_CONTENT,
        # Without "*" titles would be kept, too; in Zotero's answers that is a COinS, and names the account.
        attributes={"*": {"lang"}, "a": {"href"}, "span": {"style", *of_spans}, "td": _CELL, "th": _CELL},
        allowed_classes=classes,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=_LINK_REL,
    )

    def sanitize(html: str) -> str:
        html = _DEAD_LINK.sub(r"\1", cleaner.clean(clean(html)))
        html = _DOUBLE_CLASS.sub(r' class="\1 \2"', _MARKED.sub(r' class="\1"', html))
        # Once more: a character reference can stand for a control character.
        return clean(html)

    return sanitize


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for declaration in style.lower().split(";"):
        name, _, value = declaration.partition(":")
        yield name.strip(), value.strip()


_LIBRARY_LINK = re.compile(r"//(?:www\.)?zotero\.org/(users/)?", re.IGNORECASE)


def _names_account_or_item(href: str) -> bool:
    """Whether a link leads into a Zotero library: it names an account, or an item that may not be public."""
    found = [*_LIBRARY_LINK.finditer(href)]
    return any(link[1] for link in found) or (bool(found) and "/items/" in href[found[0].end() :].lower())


# The colours of Zotero's highlighters and of its note editor, with or without an alpha.
_COLOURS = {
    "ffd400": "yellow",
    "ff6666": "red",
    "ff2020": "red",
    "5fb236": "green",
    "2ea8e5": "blue",
    "a28ae5": "purple",
    "e56eee": "magenta",
    "f19837": "orange",
    "aaaaaa": "gray",
    "99cc00": "green",
}


def _note_class(name: str, value: str) -> str:
    prefixes = {"background-color": "highlight", "color": "color"}
    hexadecimal = re.fullmatch(r"#([0-9a-f]{6})(?:[0-9a-f]{2})?", value)
    if name in prefixes and hexadecimal and hexadecimal[1] in _COLOURS:
        return f"{prefixes[name]}-{_COLOURS[hexadecimal[1]]}"
    if name.startswith("text-decoration"):
        return {"underline": "underline", "line-through": "line-through"}.get(value, "")
    return ""


def _citation_class(name: str, value: str) -> str:
    """What citeproc writes as styles: small capitals, underlines, and italics or bold taken back."""
    classes = {
        ("font-variant", "small-caps"): "small-caps",
        ("font-style", "normal"): "upright",
        ("font-weight", "normal"): "regular",
        ("text-decoration", "underline"): "underline",
    }
    return classes.get((name, value), "")


_sanitize_note = _sanitizer(
    "p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong i b u s del sub sup span div a"
    " table caption thead tbody tfoot tr th td",
    {"span": {"math", "citation", "highlight", "underline"}, "pre": {"math"}},
    _note_class,
    [_CITATION],
)
_sanitize_citation = _sanitizer("i b em strong sub sup span a", {}, _citation_class)

_HEADING = re.compile(r"(</?h)([1-6])(?=>)")


def note_html(raw: str, cited: Callable[[str], str] = lambda uri: "") -> Markup:
    """A note's HTML, sanitised: no scripts, images, ids, styles, relative links nor links into libraries.

    Headings start at h3, below the page's and the section's own. Zotero's colours become classes
    "highlight-yellow", "color-red" …
    cited: address of an item in Zotero -> where its citations lead, "" = nowhere.
    """
    html = _HEADING.sub(lambda match: f"{match[1]}{min(int(match[2]) + 2, 6)}", _sanitize_note(raw))
    return Markup(_linked_citations(html, cited))  # noqa: S704 - sanitised above


def _linked_citations(html: str, cited: Callable[[str], str]) -> str:
    """Make links of citations in sanitised HTML; what they cite is told by nothing else that stays.

    Zotero: <span class="citation" data-citation="…">(<span>Hopper, 1952</span>; <span>…</span>)</span>
    """
    first, *others = _CITING.split(html)
    parts = [first]
    for uris, rest in zip(others[::2], others[1::2], strict=True):
        end = _end_of_span(rest)
        text = rest[:end]
        hrefs = [cited(unquote(uri)) for uri in uris.split()]
        works = _PLAIN_SPAN.split(text)
        if _NOT_IN_LINKS.search(text):
            pass
        elif len(works) == 2 * len(hrefs) + 1:
            works[1::2] = map(_cited_work, works[1::2], hrefs)
            text = "".join(works)
        elif len(hrefs) == 1:
            text = _cited_work(text, hrefs[0])
        parts += ['<span class="citation">', text, rest[end:]]
    return "".join(parts)


def _cited_work(text: str, href: str) -> str:
    return f'<a href="{escape(href)}">{text}</a>' if href else text


def _end_of_span(html: str) -> int:
    """Where the span ends whose content the HTML begins with."""
    depth = 1
    for tag in _SPAN_TAG.finditer(html):
        depth += -1 if tag[0].startswith("</") else 1
        if depth == 0:
            return tag.start()
    return len(html)


def _cited_uris(citation: str) -> Iterator[str]:
    """Of what Zotero's editor writes of a citation, the first address of each work."""
    try:
        works = json.loads(unquote(citation))["citationItems"]
        for work in works:
            yield str(next(iter(work["uris"])))
    except (ValueError, LookupError, TypeError, StopIteration):
        return


_SCROLLED = {
    "<table>": Markup('<div class="wide" tabindex="0"><table>'),
    "</table>": Markup("</table></div>"),
    "<pre>": Markup('<pre tabindex="0">'),
}


def scrollable(html: Markup) -> Markup:
    """The same with tables and lines of code that scroll by themselves if too wide, with the keyboard too."""
    for tag, instead in _SCROLLED.items():
        html = instead.join(html.split(tag))
    return html


_BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|blockquote|pre|div|tr|td|th)>|<(?:br|hr)\b[^>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^>]*>")


def note_text(raw: str) -> str:
    """A note's words, a line for each block, for search and a standalone note's title. Not escaped."""
    text = _ANY_TAG.sub("", _BLOCK_END.sub("\n", _sanitize_note(raw)))
    lines = (" ".join(line.split()) for line in clean(unescape(text)).split("\n"))
    return "\n".join(line for line in lines if line)


# The number that numeric styles put first makes no sense for a reference on its own. It may be in bold.
_NUMBER = re.compile(
    r"""<div\b(?=[^<>]*\bclass=["']csl-left-margin["'])[^<>]*>(?:[^<]|<(?!/?div\b))*+</div>"""
)
_URL = re.compile(r"https?://(?:(?!&(?:lt|gt|quot|#34|#39);)[^\s<>\"'])+")
_TAGS = re.compile(r"(<[^>]*>)")


def citation_html(raw: str) -> Markup:
    """A formatted reference as inline markup, its URLs linked, without citeproc's wrappers and numbers."""
    html = _sanitize_citation(_NUMBER.sub("", raw)).replace("<span></span>", "")
    return Markup(_link_urls(" ".join(html.split())))  # noqa: S704 - sanitised above


def _link_urls(html: str) -> str:
    """Link the URLs in the text of sanitised inline markup."""
    parts: list[str] = []
    inside_link = False
    for part in _TAGS.split(html):
        if part.startswith("<a ") or part == "</a>":
            inside_link = part != "</a>"
        is_text = not inside_link and not part.startswith("<")
        parts.append(_URL.sub(_link, part) if is_text else part)
    return "".join(parts)


def _link(match: re.Match[str]) -> str:
    url = match[0][: _url_end(match[0])]
    href = safe_href(unescape(url))
    if not href or _names_account_or_item(url):
        return match[0]
    return f'<a href="{escape(href)}" rel="{_LINK_REL}">{url}</a>{match[0][len(url) :]}'


def _url_end(text: str) -> int:
    """Where a URL ends: "(https://example.org/a)." before the bracket, "…/A_(b)" after it."""
    surplus = text.count(")") - text.count("(")
    end = len(text)
    while text[end - 1] in ".,;:!?" or (text[end - 1] == ")" and surplus > 0):
        surplus -= text[end - 1] == ")"
        end -= 1
    return end

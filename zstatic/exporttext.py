"""Zotero's exports of an item -> the same with the tags that may be published, and nothing private.

Zotero exports every tag, and depending on the format notes, file paths and the library's internal number too.
Tags may hold commas, so their line cannot be filtered; it is written anew, the way Zotero writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from zstatic.richtext import clean
from zstatic.urls import public_url, without_private_places


class Unreadable(ValueError):
    """The text is not what Zotero exports in this format: nothing can be taken out of it with certainty."""


def rewrite(format: str, text: str, key: str, tags: tuple[str, ...]) -> str:
    """An item's export with these tags only. Raises Unreadable; also for a format that is not known here."""
    if format not in _REWRITERS:
        raise Unreadable(f"no way to take tags out of {format}")
    return _REWRITERS[format](clean(text), key, tags)


# BibTeX

_BIBTEX_ENTRY = re.compile(r"\s*@\w+\{[^,{}]*,\s*")
_BIBTEX_NAME = re.compile(r"([\w:.+/-]+)\s*=\s*")
_BIBTEX_BARE = re.compile(r"[\w:.+-]+(?:\s*#\s*[\w:.+-]+)*")
_BIBTEX_QUOTED = re.compile(r'"[^"]*"')
_BIBTEX_NEXT = re.compile(r",?\s*")
_BRACE = re.compile(r"[{}]")
# Other programs' fields of tags, files and people are here for whoever wrote them into Extra.
_BIBTEX_PRIVATE = frozenset(
    (
        *("annote", "annotation", "file", "keywords", "keyword", "mendeley-tags", "mendeley-groups"),
        *("groups", "owner", "localfile", "local-url"),
    )
)
# Zotero writes addresses as they are, so that one may hold half of a pair of braces.
_BIBTEX_URL = re.compile(r"(?m)^(\turl = \{)(.*)(\},?)$")

# As Zotero's BibTeX translator escapes text.
_BIBTEX_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "#$%&_"}
    | {
        "|": r"{\textbar}",
        "<": r"{\textless}",
        ">": r"{\textgreater}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        "\\": r"{\textbackslash}",
        "{": r"\{\vphantom{\}}",
        "}": r"\vphantom{\{}\}",
    }
)


def _bibtex(text: str, key: str, tags: tuple[str, ...]) -> str:
    text = _BIBTEX_URL.sub(_without_braces, text)
    start = _BIBTEX_ENTRY.match(text)
    if not start:
        raise Unreadable("not a BibTeX entry")
    keywords = (
        f"\tkeywords = {{{', '.join(tag.translate(_BIBTEX_ESCAPES) for tag in tags)}}}," if tags else ""
    )
    fields: list[str] = []
    seen: set[str] = set()
    position = start.end()
    while name := _BIBTEX_NAME.match(text, position):
        end = _end_of_value(text, name.end())
        field = name[1].lower()
        if field == "keywords":
            fields.append(keywords)
            keywords = ""
        # Zotero writes a DOI twice that is in Extra, too; a strict reader refuses that.
        elif field not in _BIBTEX_PRIVATE | seen and (field != "url" or _is_public(text[name.end() : end])):
            fields.append(f"\t{text[position:end]},")
        seen.add(field)
        separator = _BIBTEX_NEXT.match(text, end)
        position = separator.end() if separator else end
    if text[position:].strip() != "}":
        raise Unreadable("a BibTeX entry with unbalanced braces")
    lines = [start[0].strip(), *filter(None, [*fields, keywords]), "}"]
    return without_private_places("\n".join(lines) + "\n")


def _without_braces(url: re.Match[str]) -> str:
    address = re.sub(r"\\?\{", "%7B", re.sub(r"\\?\}", "%7D", url[2]))
    return f"{url[1]}{address}{url[3]}"


def _is_public(value: str) -> bool:
    return bool(public_url(re.sub(r"^[{\"\s]+|[}\"\s]+$|\\(?=[#$%&_~])", "", value)))


def _end_of_value(text: str, start: int) -> int:
    if not text.startswith("{", start):
        simple = _BIBTEX_QUOTED.match(text, start) or _BIBTEX_BARE.match(text, start)
        if not simple:
            raise Unreadable("a BibTeX field without a value")
        return simple.end()
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    raise Unreadable("a BibTeX field that never ends")


# RIS

_RIS_LINE = re.compile(r"([A-Z][A-Z0-9])  -(?: |$)")
# Keywords, notes and files end a record: what stands behind them is theirs, even if it looks like a field.
_RIS_PRIVATE = frozenset(("KW", "N1", "RN", "L1", "L2", "L3", "L4"))


def _ris(text: str, key: str, tags: tuple[str, ...]) -> str:
    """A line for each field: not all readers go on where a value has several."""
    lines = text.strip().split("\n")
    if len(lines) < 2 or not lines[0].startswith("TY  - ") or lines[-1].rstrip() != "ER  -":
        raise Unreadable("not a whole RIS record")
    fields = [[lines[0].rstrip()]]
    is_shown = True
    for line in lines[1:-1]:
        tag = _RIS_LINE.match(line)
        if not tag or tag[1] in ("TY", "ER"):
            # Only the first line begins a record and only the last one ends it: this goes on with a value.
            if is_shown and line.strip():
                fields[-1].append(line.strip())
        elif tag[1] in _RIS_PRIVATE:
            break
        else:
            is_shown = tag[1] != "UR" or bool(public_url(line[6:]))
            fields += [[line.rstrip()]] if is_shown else []
    keywords = (f"KW  - {' '.join(name.split())}" for name in tags)
    return without_private_places("\r\n".join([*map(" ".join, fields), *keywords, "ER  -"])) + " \r\n"


# CSL-JSON

_CSL_PRIVATE = frozenset(("id", "keyword", "annote", "system_id", "custom"))


def _csljson(text: str, key: str, tags: tuple[str, ...]) -> str:
    try:
        # NaN and Infinity are no JSON, though Python reads and writes them.
        record = json.loads(text, strict=False, parse_constant=lambda name: None)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(record, dict):
        raise Unreadable("not one CSL-JSON record")
    public = {
        name: without_private_places(value) if isinstance(value, str) else value
        for name, value in record.items()
        if name not in _CSL_PRIVATE
    }
    if not public_url(str(public.get("URL", ""))):
        public.pop("URL", None)
    written = json.dumps({"id": key, **public}, ensure_ascii=False)
    # Once more: JSON escapes can stand for control characters and half of a surrogate pair.
    return clean(re.sub("[\u0085\u2028\u2029]", r"\\n", written))


_REWRITERS: dict[str, Callable[[str, str, tuple[str, ...]], str]] = {
    "bibtex": _bibtex,
    "ris": _ris,
    "csljson": _csljson,
}

"""The part of the default theme's README that lists what templates receive; written by

python tests/viewreference.py
"""

from __future__ import annotations

import inspect
import re
import tempfile
import typing
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from markupsafe import Markup
from sampleviews import full_samples

from zstatic.pages.head import Head
from zstatic.plan import SiteView
from zstatic.theme import packaged_themes

README = packaged_themes() / "default/README.md"
BEGIN, END = "<!-- from here on: python tests/viewreference.py -->\n", "<!-- to here -->\n"
_WORDS = {
    str: "text",
    int: "number",
    float: "number",
    bool: "yes or no",
    Markup: "HTML",
    type(None): "nothing",
}


def reference() -> str:
    """Markdown: the views by template, then what is in them, from the dataclasses themselves."""
    with tempfile.TemporaryDirectory() as folder:
        pages = [sample.page for sample in full_samples(Path(folder))]
    views = dict(sorted({page.template: type(page.view) for page in pages}.items()))
    inside = _inside((*views.values(), SiteView))
    parts = [
        "## The views\n",
        *(f"### `{template}`: {_section(view)}" for template, view in views.items()),
        "### On every page\n",
        f"`site`: {_section(SiteView)}",
        f"`page.head`: {_section(Head)}",
        "### In them\n",
        *(_section(part) for part in sorted(inside - {Head}, key=lambda part: part.__name__)),
    ]
    return "\n".join(parts)


def readme_with(reference: str, readme: str) -> str:
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{reference}\n{END}{rest.partition(END)[2]}"


def _section(view: type) -> str:
    lines = [f"- `{name}`: {_words(kind)}" for name, kind in _fields(view)]
    return "\n".join([f"`{view.__name__}`\n", *_meaning(view), *lines, ""])


def _meaning(view: type) -> Iterator[str]:
    """What its docstring says, a paragraph each; none where the dataclass has none of its own."""
    text = inspect.getdoc(view) or ""
    if text and not text.startswith(f"{view.__name__}("):
        text = re.sub(r"\s*Template: [\w.]+[.;]", "", text)
        for paragraph in text.split("\n\n"):
            joined = re.sub(r"\s*\n\s*", " ", paragraph).strip()
            if joined:
                yield re.sub(r"(^|[.;] )((?:\w+, )*\w+)(?=: )", r"\1*\2*", joined) + "\n"


def _fields(view: type) -> Iterator[tuple[str, object]]:
    kinds = typing.get_type_hints(view)
    assert is_dataclass(view)
    return ((field.name, kinds[field.name]) for field in fields(view))


def _words(kind: object) -> str:
    """tuple[Link, ...] -> "list of `Link`"."""
    if kind in _WORDS:
        return _WORDS[typing.cast(type, kind)]
    if is_dataclass(kind):
        return f"`{typing.cast(type, kind).__name__}`"
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return f"list of {_words(arguments[0])}"
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f'"{each}"' for each in arguments)
    if typing.get_origin(kind) is not None and len(arguments) == 2 and type(None) not in arguments:
        return f"{_words(arguments[1])} by name"
    return " or ".join(_words(each) for each in arguments)


def _inside(views: Iterable[type]) -> set[type]:
    """All dataclasses that are parts of these, at any depth."""
    found: set[type] = set()
    pending: list[object] = [kind for view in views for _, kind in _fields(view)]
    while pending:
        kind = pending.pop()
        pending.extend(typing.get_args(kind))
        if isinstance(kind, type) and is_dataclass(kind) and kind not in found:
            found.add(kind)
            pending.extend(part for _, part in _fields(kind))
    return found


if __name__ == "__main__":
    README.write_text(readme_with(reference(), README.read_text("utf-8")), "utf-8")

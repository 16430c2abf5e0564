"""The exports and references of single items, of which the search page makes those of its results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from zstatic.exports import FORMATS, Format
from zstatic.outputs import Output, Text
from zstatic.pages.context import Context
from zstatic.pages.item import reference
from zstatic.shards import shard_count, sharded
from zstatic.urls import item_name

FOLDER = "exports/parts"
REFERENCES = "references"
_EXPORTS_EACH = 256
# A page of results shows 20 references, and each is in another file.
_REFERENCES_EACH = 40


@dataclass(frozen=True, slots=True)
class TextSet:
    """What search-parts.js must know to make a file of some items.

    head, between, tail: what stands before, between and after their texts. shards: number of files.
    """

    name: str
    label: str
    extension: str
    media_type: str
    head: str
    between: str
    tail: str
    shards: int


def pages(ctx: Context) -> Iterator[Output]:
    names = [item_name(entry.library.slug, entry.item.key) for entry in ctx.items]
    items = [entry.item for entry in ctx.items]
    for kind in text_sets(ctx):
        if kind.name in FORMATS:
            texts = {names[place]: text for place, text in FORMATS[kind.name].parts(items)}
        else:
            texts = {name: str(reference(ctx, entry)) for name, entry in zip(names, ctx.items, strict=True)}
        yield from _files(kind, texts)


def _files(kind: TextSet, texts: Mapping[str, str]) -> Iterator[Text]:
    for number, shard in enumerate(sharded(texts, kind.shards)):
        content = json.dumps(shard, ensure_ascii=False, indent=0, separators=(",", ":"))
        yield Text(f"{FOLDER}/{kind.name}/{number}.json", content + "\n")


def text_sets(ctx: Context) -> tuple[TextSet, ...]:
    """One for each configured format, and the references; none without items."""
    if not ctx.items:
        return ()
    count = len(ctx.items)
    exports = shard_count(count, _EXPORTS_EACH)
    formats = (FORMATS[name] for name in ctx.config.exports.formats)
    label = ctx.words.gettext("List of references")
    references = shard_count(count, _REFERENCES_EACH)
    return (
        *(_text_set(each, exports) for each in formats),
        TextSet(REFERENCES, label, "html", "text/html", "", "\n", "", references),
    )


def _text_set(format: Format, shards: int) -> TextSet:
    head, between, tail = format.HEAD, format.BETWEEN, format.TAIL
    return TextSet(
        format.NAME, format.LABEL, format.EXTENSION, format.MEDIA_TYPE, head, between, tail, shards
    )


def as_json(sets: tuple[TextSet, ...]) -> str:
    """For search.js."""
    return json.dumps([asdict(each) for each in sets], ensure_ascii=False)

"""What an item's page and its files have to do with each other, in a file for programs (RFC 9264).

Only for items with files: of the others the links in the page's head say all there is.
"""

import json
from collections.abc import Iterable

from zstatic.outputs import Text
from zstatic.pages.context import Context, Entry
from zstatic.pages.head import HeadLink

MEDIA_TYPE = "application/linkset+json"
# https://signposting.org/FAIR/
_RELATIONS = ("author", "describedby", "item", "license", "type", "related")


def linkset_link(ctx: Context, entry: Entry) -> tuple[HeadLink, ...]:
    if not ctx.config.site.base_url or not entry.files:
        return ()
    return (HeadLink("linkset", _path(entry), MEDIA_TYPE, "", local=True),)


def linkset(ctx: Context, entry: Entry, links: Iterable[HeadLink]) -> Text:
    """links: of the page's head."""
    page = {"href": ctx.absolute(entry.path), "type": "text/html"}
    of_page: dict[str, object] = {"anchor": page["href"]}
    back: list[dict[str, object]] = []
    for rel in _RELATIONS:
        targets = [_target(ctx, link) for link in links if link.rel == rel]
        if targets:
            of_page[rel] = targets
        if reverse := {"item": "collection", "describedby": "describes"}.get(rel):
            back += [{"anchor": target["href"], reverse: [page]} for target in targets]
    text = json.dumps({"linkset": [of_page, *back]}, ensure_ascii=False, indent=1)
    return Text(_path(entry), f"{text}\n")


def _target(ctx: Context, link: HeadLink) -> dict[str, str]:
    href = ctx.absolute(link.href) if link.local else link.href
    return {"href": href, **({"type": link.media_type} if link.media_type else {})}


def _path(entry: Entry) -> str:
    return f"{entry.path}linkset.json"

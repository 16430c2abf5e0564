"""Answers of any shape: what may become of an answer, and a library that makes a sync ask all questions."""

import json
from dataclasses import dataclass, replace
from typing import Any

from histories import Stage
from hypothesis import strategies as st
from wire import body_of

from zstatic.sample.answers import Request, Response

# What tells the questions apart.
PLACES = (
    "/keys/current",
    "/users/1/groups",
    "/groups/7",
    "/schema",
    "/items?format=versions",
    "/items?include=data",
    "/items?include=bib",
    "/items?include=bibtex",
    "/deleted",
    "/collections?format",
    "/collections?collectionKey",
    "/searches",
    "/settings",
    "/fulltext?",
    "/fulltext",
    "/file",
    "/zotero-storage",
    "/children",
    "/collections/",
    "",
)
TEXTS = ("", "abc", "-1", "1/2", "ABCD2345", "\x00", "9" * 40, "items", "é", "2026-11-21T00:00:00Z", "[")
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((0, -1, 1, 7, 1 << 70, -(1 << 70), 1.5, 1e300)),
    st.sampled_from(TEXTS),
)
NAMES = st.sampled_from(("key", "version", "data", "items", "name", "tags", "collections", "meta", "library"))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
HEADERS = (
    "Last-Modified-Version",
    "Total-Results",
    "Link",
    "Location",
    "Date",
    "Retry-After",
    "Backoff",
    "Zotero-Schema-Version",
    "Zotero-Server-ID",
    "Zotero-File-MD5",
    "Zotero-File-Size",
    "Zotero-File-Compressed",
    "Content-Type",
    "Content-Encoding",
    "Set-Cookie",
)
HEADER_VALUES = (
    *TEXTS[:2],
    "-5",
    "0",
    "3",
    "9" * 5000,
    "٣",
    "1e9",
    "Yes",
    "gzip",
    "Fri, 20 Nov 2026 18:14:08 -0000",
    "Fri, 31 Feb 99999 18:14:08 GMT",
    '<http://127.0.0.1:1/groups/7/items?start=1>; rel="next"',
    '<http://[/x>; rel="next"',
    "http://[::1",
    "http://127.0.0.1:99999999/x",
    "https://example..org/\x7f",
    "https://" + "a" * 300 + "/",
    "file:///etc/passwd",
    "/relative",
    "//127.0.0.1:2/x",
)
STATUSES = (
    200,
    201,
    204,
    206,
    300,
    301,
    302,
    304,
    307,
    400,
    401,
    404,
    405,
    409,
    410,
    412,
    413,
    418,
    500,
    503,
)


@dataclass(frozen=True)
class Oddity:
    """What becomes of the answers to one question."""

    place: str
    way: str
    pick: int
    value: Any

    def spoil(self, request: Request, response: Response) -> Response:
        target = request.path + "?" + "&".join(f"{name}={value}" for name, value in request.query.items())
        if self.place not in target:
            return response
        if self.way == "status":
            return replace(response, status=STATUSES[self.pick % len(STATUSES)])
        if self.way == "header":
            name = HEADERS[self.pick % len(HEADERS)]
            left = tuple(line for line in response.headers if line[0] != name)
            value = HEADER_VALUES[self.pick // len(HEADERS) % (len(HEADER_VALUES) + 1) - 1]
            return replace(response, headers=(*left, (name, value)))
        return replace(response, body=self.odd_body(body_of(response)))

    def odd_body(self, body: bytes) -> bytes:
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        in_part = self.way == "part" and content
        return json.dumps(changed(content, self.pick, self.value) if in_part else self.value).encode()


def changed(content: Any, pick: int, value: Any) -> Any:
    """Put a value in the place of a part of some JSON, however deep."""
    if not isinstance(content, dict | list) or not content or pick % 7 == 0:
        return value
    names = list(content) if isinstance(content, dict) else list(range(len(content)))
    name = names[pick // 7 % len(names)]
    copy: Any = dict(content) if isinstance(content, dict) else list(content)
    if pick % 7 == 1:
        del copy[name]
    else:
        copy[name] = changed(content[name], pick // 7 // len(names), value)
    return copy


ODDITIES = st.lists(
    st.builds(
        Oddity,
        st.sampled_from(PLACES),
        st.sampled_from(("part", "part", "whole", "header", "status")),
        st.integers(0, 1 << 40),
        VALUES,
    ),
    min_size=1,
    max_size=3,
)


def fill(stage: Stage) -> None:
    library = stage.library
    papers = library.add_collection("Papers")
    library.add_collection("Below", papers)
    book = library.add_item(title="Book", collections=[papers], tags=["tag"])
    file = library.add_attachment(book, b"%PDF-1.7 one")
    library.set_fulltext(file, "words")
    library.add_note(book, "note")
    library.add_item(itemType="annotation", parentItem=file)
    library.delete_item(library.add_item(title="Gone"))
    library.add_search("Books", [])
    library.set_setting("tagColors", [{"name": "tag", "color": "#ff0000"}])

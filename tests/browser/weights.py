"""What a page weighs before anybody touches it: bytes as a web server sends them, packed with gzip."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass

from playwright.sync_api import Page, Response

_KINDS = {"document": "html", "stylesheet": "css", "script": "js"}


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes by kind; "other" is what scripts fetch. foreign: addresses of anybody else."""

    requests: int
    html: int
    css: int
    js: int
    other: int
    foreign: tuple[str, ...]


def weigh(page: Page, address: str, site: str) -> Weight:
    """Open an address in a new page and let it come to rest. site: where the site stands."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address, wait_until="networkidle")
    sizes: Counter[str] = Counter()
    for answer in answers:
        kind = _KINDS.get(answer.request.resource_type, "other")
        sizes[kind] += len(gzip.compress(answer.body(), mtime=0))
    foreign = tuple(answer.url for answer in answers if not answer.url.startswith(site))
    return Weight(len(answers), sizes["html"], sizes["css"], sizes["js"], sizes["other"], foreign)

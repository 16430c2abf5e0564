"""axe-core, put into an open page: what keeps people from using it, by the rules of WCAG 2.2 at level AA."""

from __future__ import annotations

from functools import cache
from typing import Any

from nuchecker import checker
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return checker("axe-core/axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Each broken rule with elements that break it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    found = page.evaluate(
        """(tags) => axe.run({
          runOnly: {type: "tag", values: tags},
          rules: {"target-size": {enabled: true}},
          resultTypes: ["violations"],
        }).then(({violations}) => violations)""",
        _TAGS,
    )
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]} {_reason(node)}"
        for each in found
        for node in each["nodes"][:3]
    ]


def _reason(node: Any) -> str:
    return "; ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])

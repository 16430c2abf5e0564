"""What a creator's page says of them beside their items: roles, years and the people they worked with."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from zstatic.facets import Term
from zstatic.pages.context import Context, Count, Entry, Group

_SHOWN = 20
# A work of more people says little of who works with whom, and much on each of their pages.
_TOGETHER = 25


@dataclass(frozen=True, slots=True)
class RoleCount:
    """role: Zotero's, "editor". label: in the site's language."""

    role: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class CreatorSummary:
    """A creator in short, at the head of their list.

    roles: most frequent first. years: "1952" or "1952–1987", "" = no item is dated.
    partners: creators of the same items, most frequent first; more_partners: how many are left out.
    """

    roles: tuple[RoleCount, ...]
    years: str
    partners: tuple[Count, ...]
    more_partners: int


def summaries(ctx: Context) -> Callable[[Group], CreatorSummary]:
    """What sums up a creator's group; the roles are counted once for all."""
    roles = _count_roles(ctx)
    heads = {group.term.slug: group.term for group in ctx.groups["creator"]}
    places = {slug: place for place, slug in enumerate(heads)}

    def summary(group: Group) -> CreatorSummary:
        partners = _count_partners(group)
        shown = sorted(partners, key=lambda slug: (-partners[slug], places[slug]))
        return CreatorSummary(
            roles=tuple(
                RoleCount(role, ctx.schema.creator_label(role), count)
                for role, count in sorted(
                    roles[group.term.slug].items(), key=lambda pair: (-pair[1], pair[0])
                )
            ),
            years=_years(group),
            partners=tuple(_count(heads[slug], partners[slug]) for slug in shown[:_SHOWN]),
            more_partners=max(0, len(shown) - _SHOWN),
        )

    return summary


def _count(term: Term, number: int) -> Count:
    return Count(term.label, term.path, number)


def _count_roles(ctx: Context) -> dict[str, dict[str, int]]:
    """Slug of a creator -> role -> number of items."""
    counts: dict[str, dict[str, int]] = {}
    for entry in ctx.items:
        for slug, role in dict.fromkeys(_roles(entry)):
            mine = counts.setdefault(slug, {})
            mine[role] = mine.get(role, 0) + 1
    return counts


def _roles(entry: Entry) -> list[tuple[str, str]]:
    named = [creator for creator in entry.item.creators if creator.name]
    terms = entry.terms["creator"]
    return [(term.slug, creator.role) for creator, term in zip(named, terms, strict=True)]


def _count_partners(group: Group) -> Counter[str]:
    together: Counter[str] = Counter()
    for entry in group.entries:
        terms = entry.terms["creator"]
        if len(terms) <= _TOGETHER:
            together.update({term.slug for term in terms})
    del together[group.term.slug]
    return together


def _years(group: Group) -> str:
    years = [entry.year for entry in group.entries if entry.year]
    if not years:
        return ""
    # Newest first, as all lists.
    return years[0] if years[0] == years[-1] else f"{years[-1]}–{years[0]}"

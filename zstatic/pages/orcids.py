"""Who an item's creators are, by the ORCID iDs that its Extra field names."""

import re
from collections.abc import Mapping

from zstatic.library import Item
from zstatic.sorting import sort_key
from zstatic.urls import orcid_url

_LINE = re.compile(
    r"^[^\S\n]*ORCID(?:[^\S\n]+iD)?[^\S\n]*:(.*?)((?:\d{4}-){3}\d{3}[\dXx])(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"https?://orcid\.org/?", re.IGNORECASE)


def orcids(item: Item) -> Mapping[str, str]:
    """Name of a creator -> the address of their iD.

    From lines such as "ORCID: Ada Lovelace 0000-0002-1825-0097"; the name may be left out where there is
    only one creator.
    """
    lines = _LINE.findall(item.fields.get("extra", ""))
    if not lines:
        return {}
    by_key = {
        _name_key(spelling): creator.name
        for creator in item.creators
        if creator.name
        for spelling in (creator.name, creator.sort_name)
    }
    alone = next(iter(by_key.values())) if len(set(by_key.values())) == 1 else ""
    found: dict[str, str] = {}
    for before, iD, after in lines:
        key = _name_key(_ADDRESS.sub(" ", f"{before} {after}"))
        name = by_key.get(key, "") if key else alone
        if name and (url := orcid_url(iD)):
            found.setdefault(name, url)
    return found


def _name_key(name: str) -> str:
    letters = sort_key(name).partition("\0")[0]
    return letters if any(char.isalnum() for char in letters) else ""

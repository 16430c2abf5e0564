"""Which fields of single item types mean the same. Source: Zotero's schema, version 41."""

from zstatic.library import Item

_SAME = {
    "publicationTitle": (
        *("blogTitle", "bookTitle", "proceedingsTitle", "dictionaryTitle", "encyclopediaTitle"),
        *("forumTitle", "programTitle", "sessionTitle", "websiteTitle"),
    ),
    "publisher": (
        *("label", "company", "repository", "distributor", "institution", "network", "university", "studio"),
    ),
    "date": ("dateDecided", "issueDate", "dateEnacted"),
    "type": (
        *("websiteType", "genre", "postType", "letterType", "manuscriptType", "mapType"),
        *("presentationType", "reportType", "thesisType"),
    ),
}
_BASE = {field: base for base, fields in _SAME.items() for field in fields}


def base_field(field: str) -> str:
    """The name under which any type knows a field: "publisher" for a thesis's "university"."""
    return _BASE.get(field, field)


def base_value(item: Item, base: str) -> str:
    """The field of the item that means this, raw; "" = none."""
    for field in (base, *_SAME.get(base, ())):
        if value := item.fields.get(field, ""):
            return value
    return ""

"""Zotero's schema: item types, the order of their fields, base fields and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

JSON = Any

# For a mirror that never fetched the schema: the titles and dates that are not called so.
TITLE_FIELDS = {"case": "caseName", "email": "subject", "statute": "nameOfAct"}
_DATE_FIELDS = {"case": "dateDecided", "patent": "issueDate", "statute": "dateEnacted"}
_DEFAULT_LOCALE = "en-US"
# Those of version 41, so that their pages stay where they are.
_TYPES = frozenset(
    (
        *("artwork", "attachment", "audioRecording", "bill", "blogPost", "book", "bookSection", "case"),
        *("computerProgram", "conferencePaper", "dataset", "dictionaryEntry", "document", "email"),
        *("encyclopediaArticle", "film", "forumPost", "hearing", "instantMessage", "interview"),
        *("journalArticle", "letter", "magazineArticle", "manuscript", "map", "newspaperArticle", "note"),
        *("patent", "podcast", "preprint", "presentation", "radioBroadcast", "report", "standard"),
        *("statute", "thesis", "tvBroadcast", "videoRecording", "webpage"),
    )
)


@dataclass(frozen=True, slots=True)
class Schema:
    """What Zotero knows about item types; an empty one works, with raw names as labels.

    type_fields: item type -> its fields in Zotero's order.
    base_fields: (item type, field) -> base field, only where they differ.
    """

    type_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base_fields: Mapping[tuple[str, str], str] = field(default_factory=dict)
    type_labels: Mapping[str, str] = field(default_factory=dict)
    field_labels: Mapping[str, str] = field(default_factory=dict)
    creator_labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, schema: JSON | None, locale: str = _DEFAULT_LOCALE) -> Schema:
        """Read the answer of Zotero's `/schema`.

        schema: None = never fetched. Parts of an unexpected shape are skipped.
        locale: "fr-FR" or "fr"; American English where Zotero has no translation.
        """
        if not isinstance(schema, dict):
            return cls()
        type_fields: dict[str, tuple[str, ...]] = {}
        base_fields: dict[tuple[str, str], str] = {}
        for item_type, rows in _types(schema):
            type_fields[item_type] = tuple(row["field"] for row in rows)
            for row in rows:
                if base := row.get("baseField"):
                    base_fields[item_type, row["field"]] = base
        locales = schema.get("locales")
        labels = _labels(locales, locale) if isinstance(locales, dict) else {}
        return cls(
            type_fields,
            base_fields,
            type_labels=labels.get("itemTypes", {}),
            field_labels=labels.get("fields", {}),
            creator_labels=labels.get("creatorTypes", {}),
        )

    def type_names(self) -> AbstractSet[str]:
        """Of all types that are known, also without a schema."""
        return self.type_fields.keys() | _TYPES

    def type_label(self, item_type: str) -> str:
        return self.type_labels.get(item_type, item_type)

    def field_label(self, field: str) -> str:
        return self.field_labels.get(field, field)

    def creator_label(self, role: str) -> str:
        return self.creator_labels.get(role, role)

    def fields(self, item_type: str) -> tuple[str, ...]:
        """The type's fields in Zotero's order, title included; () for an unknown type."""
        return self.type_fields.get(item_type, ())

    def base_field(self, item_type: str, field: str) -> str:
        """What a field means across types: "publicationTitle" for a blog post's "blogTitle"; else itself."""
        return self.base_fields.get((item_type, field), field)

    def title_field(self, item_type: str) -> str:
        return self._field_of_base(item_type, "title", TITLE_FIELDS)

    def date_field(self, item_type: str) -> str:
        return self._field_of_base(item_type, "date", _DATE_FIELDS)

    def _field_of_base(self, item_type: str, base: str, fallback: Mapping[str, str]) -> str:
        for name in self.fields(item_type):
            if self.base_field(item_type, name) == base:
                return name
        return fallback.get(item_type, base)


def _types(schema: dict[str, JSON]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    for row in _dicts(schema.get("itemTypes")):
        name = row.get("itemType")
        if isinstance(name, str):
            yield name, [field for field in _dicts(row.get("fields")) if isinstance(field.get("field"), str)]


def _dicts(rows: JSON) -> list[dict[str, JSON]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _labels(locales: dict[str, JSON], locale: str) -> dict[str, dict[str, str]]:
    """The labels in one language, over the English ones."""
    language = locale.split("-")[0].lower()
    names = [_DEFAULT_LOCALE, *sorted(name for name in locales if name.split("-")[0].lower() == language)]
    if language == "en":
        names = [_DEFAULT_LOCALE]
    if locale in locales:
        names.append(locale)
    elif len(names) > 1:
        # Of several regions the language's own one, else the first; of Portuguese the one that most speak.
        main = {"pt": "pt-BR"}.get(language, f"{language}-{language.upper()}")
        names = [_DEFAULT_LOCALE, main if main in locales else names[1]]
    labels: dict[str, dict[str, str]] = {}
    for name in names:
        own = locales.get(name)
        for kind, words in own.items() if isinstance(own, dict) else ():
            if isinstance(words, dict):
                known = {word: label for word, label in words.items() if isinstance(label, str)}
                labels.setdefault(kind, {}).update(known)
    return labels

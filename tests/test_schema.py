import pytest

from zstatic.schema import Schema

SCHEMA = {
    "itemTypes": [
        {"itemType": "case", "fields": [{"field": "caseName", "baseField": "title"}, {"field": "court"}]},
        {"itemType": "book", "fields": [{"field": "title"}, {"field": "date"}]},
    ],
    "locales": {
        "en-US": {
            "itemTypes": {"book": "Book"},
            "fields": {"court": "Court"},
            "creatorTypes": {"author": "Author"},
        },
        "fr-FR": {"itemTypes": {"book": "Livre"}},
        "pt-BR": {"itemTypes": {"book": "Livro (BR)"}},
        "pt-PT": {"itemTypes": {"book": "Livro"}},
    },
}


def test_fields_stand_in_zoteros_order():
    assert Schema.from_json(SCHEMA).fields("case") == ("caseName", "court")


def test_base_fields_tell_what_a_field_means():
    schema = Schema.from_json(SCHEMA)
    assert (schema.base_field("case", "caseName"), schema.base_field("case", "court")) == ("title", "court")
    assert (schema.title_field("case"), schema.title_field("book")) == ("caseName", "title")


@pytest.mark.parametrize(
    ("locale", "label"),
    [
        ("fr-FR", "Livre"),
        ("fr", "Livre"),
        ("fr-CA", "Livre"),
        ("pt", "Livro (BR)"),
        ("xx", "Book"),
        ("en-GB", "Book"),
    ],
)
def test_labels_come_in_the_sites_language_or_in_english(locale, label):
    assert Schema.from_json(SCHEMA, locale).type_label("book") == label


def test_a_label_missing_in_a_language_is_english():
    assert Schema.from_json(SCHEMA, "fr").field_label("court") == "Court"


def test_unknown_names_are_their_own_labels():
    schema = Schema.from_json(SCHEMA)
    labels = schema.type_label("scroll"), schema.field_label("ink"), schema.creator_label("scribe")
    assert labels == ("scroll", "ink", "scribe")


@pytest.mark.parametrize("broken", [None, [], {}, {"itemTypes": [3, {"fields": 1}], "locales": []}])
def test_without_a_usable_schema_titles_and_dates_are_still_found(broken):
    schema = Schema.from_json(broken)
    assert schema.fields("case") == ()
    assert (schema.title_field("case"), schema.title_field("book")) == ("caseName", "title")
    assert (schema.date_field("statute"), schema.date_field("book")) == ("dateEnacted", "date")


def test_zoteros_own_schema_is_read_whole(schema):
    read = Schema.from_json(schema, "nl-NL")
    assert len(read.type_fields) == len(schema["itemTypes"])
    assert read.title_field("email") == "subject"
    assert read.date_field("patent") == "issueDate"
    assert read.type_label("book") == "Boek"

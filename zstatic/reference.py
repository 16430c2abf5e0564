"""Config -> text: the settings in force and where each comes from; the reference of all settings."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields

from zstatic.config import PLAIN, SECTIONS, Config, FacetRules, OutputRules, settings_of
from zstatic.values import facet_names, toml


def describe_config(config: Config) -> str:
    """The settings in force as TOML, each with where it comes from. Holds no secret."""
    return "\n".join(_describe(config)) + "\n"


def describe_start(answers: Mapping[tuple[str, str], object]) -> str:
    """A site.toml to begin with: the settings that most sites touch, with their meaning.

    answers: (section, setting) -> value, where it is not the default.
    """
    return "\n".join(_start(answers)) + "\n"


def describe_defaults() -> str:
    """The reference: a site.toml with every setting, its meaning and its default."""
    return "\n".join(_reference()) + "\n"


def _describe(config: Config) -> Iterator[str]:
    yield f"# {config.root}"
    key = f"set, from the {config.origins[('api_key',)]}" if config.api_key else "none: only public libraries"
    yield f"# API key: {key}"
    yield from _table(config, "[site]", config.site, ("site",))
    for index, library in enumerate(config.libraries):
        yield from _table(config, "[[library]]", library, ("library", index))
        yield from _table(config, "[library.select]", library.select, ("library", index, "select"))
    for name in PLAIN:
        yield from _table(config, f"[{name}]", getattr(config, name), (name,))
    for facet in config.facets:
        yield from _table(config, f"[facets.{facet.name}]", facet, ("facets", facet.name))
    folders = OutputRules(*(os.path.relpath(path, config.root) for path in (config.output, config.state)))
    yield from _table(config, "[output]", folders, ("output",))


def _table(config: Config, header: str, values: object, path: tuple[str | int, ...]) -> Iterator[str]:
    yield ""
    yield header
    lines = [
        (f"{name} = {setting.show(getattr(values, name))}", config.origins.get((*path, name), "default"))
        for name, setting in settings_of(type(values)).items()
    ]
    width = min(48, max(len(line) for line, _ in lines))
    yield from (f"{line:<{width}}  # {origin}" for line, origin in lines)


_EXAMPLES = {"title": "My bibliography", "id": "groups/2348869"}

# Settings that are best shown by an example; commented out, so that it does nothing.
_COMMENTED = {
    ("site", "menu"): '[{ label = "About", url = "about.md" }, { label = "Us", url = "https://e.org/" }]',
    ("select", "exclude_collections"): '["ABCD2345", "To be sorted"]',
    ("attachments", "tag"): '"public"',
}

_SECTION_NOTES = {
    "library": "A Zotero library. Write [[library]] again for each further one.",
    "select": (
        "What may be published. The same settings in a section [library.select] below a [[library]] hold "
        "for that library alone. Patterns are Python regular expressions, found anywhere in a tag unless "
        "anchored with ^ and $; capital letters count; exclusion wins."
    ),
    "facets": (
        "The filters of the search page, in this order. Without this section: all, in their usual order. "
        "Each line names a facet and may change the settings shown here."
    ),
    "guard": "A site that would suddenly shrink or show more than before is not published.",
}


_KEY_NOTE = (
    "#",
    "# The API key of a private library never stands here: set ZOTERO_API_KEY (or ZOTERO_API_KEY_FILE)",
    "# in the environment, or write ZOTERO_API_KEY=… into a file .env beside this one.",
)


def _reference() -> Iterator[str]:
    yield "# Every setting of zstatic with its default; only title and id are required."
    yield "# `zstatic config --defaults` prints this file."
    yield from _KEY_NOTE
    for name, cls in SECTIONS.items():
        yield ""
        yield from _comment(_SECTION_NOTES.get(name, ""))
        if name == "facets":
            yield from _facet_reference()
            continue
        yield "[[library]]" if name == "library" else f"[{name}]"
        defaults = {f.name: f.default for f in fields(cls)}
        for key, setting in settings_of(cls).items():
            yield from _comment(setting.meaning)
            if (name, key) in _COMMENTED:
                yield f"# {key} = {_COMMENTED[name, key]}"
            value = defaults[key] if defaults[key] is not MISSING else _EXAMPLES[key]
            yield f"{key} = {setting.show(value)}"


# The settings of a new site.toml.
_START = {
    "site": ("title", "base_url", "language", "description", "rights", "menu"),
    "library": ("id",),
    "select": ("collections", "exclude_collections", "item_exclude", "child_exclude", "tag_exclude", "notes"),
    "attachments": ("publish", "tag", "max_size"),
    "citations": ("styles", "locale"),
}


def _start(answers: Mapping[tuple[str, str], object]) -> Iterator[str]:
    yield "# The settings of this site. `zstatic config --defaults` lists all there are."
    yield from _KEY_NOTE
    for name, keys in _START.items():
        yield ""
        yield from _comment(_SECTION_NOTES.get(name, ""))
        yield "[[library]]" if name == "library" else f"[{name}]"
        settings = settings_of(SECTIONS[name])
        defaults = {f.name: f.default for f in fields(SECTIONS[name])}
        for key in keys:
            yield from _comment(settings[key].meaning)
            example = _COMMENTED.get((name, key))
            value = settings[key].show(answers.get((name, key), defaults[key]))
            yield f"# {key} = {example}" if example else f"{key} = {value}"


def _facet_reference() -> Iterator[str]:
    """All commented out: naming one facet leaves out the others."""
    for setting, note in settings_of(FacetRules).items():
        yield f"# {setting}: {note.meaning}"
    yield "# [facets]"
    defaults = {f.name: f.default for f in fields(FacetRules)}
    rules = ", ".join(f"{key} = {toml(defaults[key])}" for key in settings_of(FacetRules))
    yield from (f"# {name} = {{ {rules} }}" for name in facet_names())


def _comment(text: str) -> Iterator[str]:
    """Wrapped to 100 columns; a line break in the text stays."""
    for paragraph in text.splitlines():
        line = "#"
        for word in paragraph.split():
            if len(line) + 1 + len(word) > 100:
                yield line
                line = "#"
            line += f" {word}"
        yield line

"""site.toml and the environment -> Config, or everything that is wrong with them at once."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from zstatic.config import (
    PLAIN,
    SECTIONS,
    Config,
    FacetRules,
    LibraryConfig,
    MenuEntry,
    OutputRules,
    Secret,
    SelectRules,
    Setting,
    SiteConfig,
    settings_of,
)
from zstatic.errors import ConfigError
from zstatic.positions import KeyPath, Place, find_places
from zstatic.values import WORD, Wrong, as_base_url, facet_names, looks_like_key, mask_keys, show


def read_site(root: Path, config_file: Path | None, environ: Mapping[str, str], base_url: str) -> Config:
    """As `config.load_config`, which documents it."""
    root = root.resolve()
    file = root / (config_file or "site.toml")
    text = _read_file(file, root)
    api_key, key_origin = read_api_key(root, environ)
    mistakes = _Mistakes(_shown_path(file, root), text)
    mistakes.find_keys(api_key)
    tables = _parse(text, mistakes)
    reader = _Reader(tables, mistakes)
    config = reader.config(root, api_key, key_origin, environ.get("ZSTATIC_BASE_URL", ""), base_url)
    mistakes.raise_any()
    assert config is not None
    return config


def read_api_key(root: Path, environ: Mapping[str, str]) -> tuple[Secret | None, str]:
    """Find the API key: ZOTERO_API_KEY, the file that ZOTERO_API_KEY_FILE names, `.env` beside site.toml.

    The second value says where it was found; "" without a key.
    """
    for source, name in ((environ, "environment"), (_read_dotenv(root / ".env"), ".env")):
        if source.get("ZOTERO_API_KEY", "").strip():
            return _secret(source["ZOTERO_API_KEY"], "ZOTERO_API_KEY"), f"{name} (ZOTERO_API_KEY)"
        if source.get("ZOTERO_API_KEY_FILE", "").strip():
            key = _read_key_file(root / source["ZOTERO_API_KEY_FILE"].strip())
            return key, f"{name} (ZOTERO_API_KEY_FILE)"
    return None, ""


# --- The whole file ---------------------------------------------------------------------------------


class _Mistakes:
    """Collects what is wrong in one file, to be told all at once."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.places: Mapping[KeyPath, Place] = {}
        self.found: list[tuple[int, int, str]] = []
        self.hint = ""

    def at_key(self, path: KeyPath, message: str) -> None:
        place = self._place(path)
        self.found.append((place.line, place.column, message))

    def at_value(self, path: KeyPath, message: str) -> None:
        place = self._place(path)
        self.found.append((place.value_line, place.value_column, message))

    def elsewhere(self, message: str) -> None:
        """Something wrong outside the file."""
        self.found.append((0, 0, message))

    def find_keys(self, api_key: Secret | None) -> None:
        """A key in the file would be committed and published with it."""
        for number, line in enumerate(self.text.split("\n"), 1):
            for match in WORD.finditer(line):
                if looks_like_key(match[0]) or (api_key and match[0] == api_key.value):
                    self.found.append(
                        (number, match.start() + 1, "found an API key, expected none in this file")
                    )
                    self.hint = (
                        "Put the key into the environment variable ZOTERO_API_KEY or a file .env beside "
                        "site.toml. If the file was ever shared, revoke the key at "
                        "https://www.zotero.org/settings/keys and make a new one."
                    )

    def raise_any(self) -> None:
        if not self.found:
            return
        lines = [
            f"{self.file}:{line}:{column}: {message}" if line else message
            for line, column, message in sorted(self.found)
        ]
        raise ConfigError("\n".join(mask_keys(line) for line in lines), self.hint)

    def _place(self, path: KeyPath) -> Place:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1, 1, 1))


def _read_file(file: Path, root: Path) -> str:
    try:
        # Editors on Windows like to put a byte order mark in front.
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no {_shown_path(file, root)} in {root}.",
            "Run `zstatic init` to write one, or name the folder of your site with -C.",
        ) from None
    except UnicodeDecodeError as error:
        raise _not_utf8(error, _shown_path(file, root)) from None
    except OSError as error:
        raise ConfigError(f"{_shown_path(file, root)} cannot be read: {error.strerror}.") from None


def _not_utf8(error: UnicodeDecodeError, file: str) -> ConfigError:
    text, at = error.object, error.start
    hint = (
        "In your editor: Save as …, encoding UTF-8. (Word processors do not write plain text unless asked.)"
    )
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ConfigError(f"{file}:1:1: found a text in UTF-16, expected one in UTF-8.", hint)
    line = text.count(b"\n", 0, at) + 1
    column = len(text[text.rfind(b"\n", 0, at) + 1 : at].decode("utf-8")) + 1
    # What editors on older systems write.
    meant = text[at : at + 1].decode("cp1252", "replace")
    shown = f" (perhaps {meant!r})" if meant.isalpha() else ""
    return ConfigError(f"{file}:{line}:{column}: found a character that is not UTF-8{shown}.", hint)


def _shown_path(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _parse(text: str, mistakes: _Mistakes) -> dict[str, Any]:
    """The tables; when the syntax is wrong nothing more can be said than where."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Not before it is needed: it reads all settings' names.
        from zstatic.tomlfaults import find_fault

        fault = find_fault(text, str(error))
        mistakes.found.append((fault.line, fault.column, fault.message))
        mistakes.hint = mistakes.hint or fault.hint
        mistakes.raise_any()
        raise AssertionError from error
    mistakes.places = find_places(text)
    return tables


def _read_dotenv(file: Path) -> Mapping[str, str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise ConfigError(".env cannot be read.", "It holds lines like ZOTERO_API_KEY=… in UTF-8.") from None
    pairs = (_DOTENV.match(line) for line in lines)
    return {pair[1]: pair[2].strip().strip("\"'") for pair in pairs if pair}


_DOTENV = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$")


def _read_key_file(file: Path) -> Secret:
    try:
        return _secret(file.read_text(encoding="utf-8-sig"), "The file ZOTERO_API_KEY_FILE names")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise ConfigError(f"ZOTERO_API_KEY_FILE: {file} cannot be read: {reason}.") from None


def _secret(text: str, source: str) -> Secret:
    key = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError(
            f"{source} does not hold an API key: found spaces or other characters that no key has.",
            "Copy the key again from https://www.zotero.org/settings/keys.",
        )
    return Secret(key)


# --- Tables -> Config -------------------------------------------------------------------------------


class _Reader:
    """Reads all tables, collecting mistakes instead of stopping at the first."""

    def __init__(self, tables: dict[str, Any], mistakes: _Mistakes) -> None:
        self.tables = tables
        self.mistakes = mistakes
        self.origins: dict[KeyPath, str] = {}

    def config(
        self, root: Path, api_key: Secret | None, key_origin: str, env_base_url: str, option_base_url: str
    ) -> Config | None:
        """None when something was wrong."""
        for name in self.tables:
            if name not in SECTIONS:
                self.mistakes.at_key((name,), _unknown_section(name, self.tables[name]))
        site = self._site(env_base_url, option_base_url)
        libraries = self._libraries()
        output = self._section("output")
        plain = {name: self._section(name) for name in PLAIN}
        facets = self._facets()
        self._check_attachments(plain["attachments"])
        folders = self._folders(root, output)
        if self.mistakes.found:
            return None
        if key_origin:
            self.origins[("api_key",)] = key_origin
        built = {name: SECTIONS[name](**values) for name, values in plain.items()}
        return Config(
            root=root,
            site=SiteConfig(**site),
            libraries=tuple(
                LibraryConfig(**{**values, "select": SelectRules(**values["select"])}) for values in libraries
            ),
            output=folders[0],
            state=folders[1],
            facets=facets,
            api_key=api_key,
            origins=self.origins,
            **built,
        )

    def _section(self, name: str) -> dict[str, Any]:
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            doubled = f"[[{name}]]: found double brackets" if _is_list_of_tables(table) else ""
            found = doubled or f"[{name}]: found {show(table)}"
            self.mistakes.at_value((name,), f"{found}, expected a section [{name}]")
            return {}
        return self._read(SECTIONS[name], table, (name,), f"[{name}]")

    def _read(self, cls: type, table: Mapping[str, object], path: KeyPath, label: str) -> dict[str, Any]:
        """Read one table by the settings of a dataclass; what is wrong is noted and left out."""
        settings = settings_of(cls)
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in settings:
                self.mistakes.at_key((*path, key), f"{label} {_unknown_setting(key, cls, settings)}")
                continue
            try:
                values[key] = settings[key].read(value)
            except Wrong as wrong:
                self.mistakes.at_value((*path, key), f"{label} {key}: {wrong.sentence(value)}")
            self._note((*path, key), (*path, key))
        for required in _required(cls):
            if required not in table:
                self.mistakes.at_key(
                    path, f"{label} {required} is missing, expected {required} = {_EXAMPLES[required]}"
                )
        return values

    def _note(self, setting: KeyPath, path: KeyPath) -> None:
        place = self.mistakes.places.get(path)
        self.origins[setting] = f"{self.mistakes.file}:{place.line}" if place else self.mistakes.file

    def _site(self, env_base_url: str, option_base_url: str) -> dict[str, Any]:
        if "site" not in self.tables:
            expected = f"a section [site] with title = {_EXAMPLES['title']}"
            self.mistakes.at_key((), f"[site] title is missing, expected {expected}")
            return {}
        values = self._section("site")
        if "menu" in values:
            values["menu"] = self._menu(values["menu"])
        overrides = (
            ("ZSTATIC_BASE_URL", env_base_url, "environment (ZSTATIC_BASE_URL)"),
            ("--base-url", option_base_url, "option (--base-url)"),
        )
        for name, url, origin in overrides:
            if not url.strip():
                continue
            try:
                values["base_url"] = as_base_url(url)
                self.origins[("site", "base_url")] = origin
            except Wrong as wrong:
                self.mistakes.elsewhere(f"{name}: {wrong.sentence(url)}")
        return values

    def _menu(self, entries: object) -> tuple[MenuEntry, ...]:
        path: KeyPath = ("site", "menu")
        entry_like = '{ label = "About", url = "about/" }'
        if not isinstance(entries, list):
            self.mistakes.at_value(
                path, f"[site] menu: found {show(entries)}, expected a list such as [{entry_like}]"
            )
            return ()
        found = len(self.mistakes.found)
        read = []
        for i, entry in enumerate(entries):
            if isinstance(entry, dict):
                read.append(self._read(MenuEntry, entry, (*path, i), "[site] menu:"))
            else:
                self.mistakes.at_value(
                    (*path, i), f"[site] menu: found {show(entry)} in the list, expected {entry_like}"
                )
        return () if len(self.mistakes.found) > found else tuple(MenuEntry(**values) for values in read)

    def _libraries(self) -> list[dict[str, Any]]:
        shared = self._section("select")
        tables = self.tables.get("library", [])
        if isinstance(tables, dict):
            self.mistakes.at_key(
                ("library",), "[library]: found single brackets, expected [[library]]: there may be several"
            )
            return []
        if not tables or not _is_list_of_tables(tables):
            self.mistakes.at_key(
                ("library",),
                '[[library]]: found none, expected at least one, with id = "groups/…" or "users/…"',
            )
            return []
        libraries = [self._library(i, table, shared) for i, table in enumerate(tables)]
        self._check_slugs(libraries)
        self._check_ids(libraries)
        return libraries

    def _library(self, index: int, table: dict[str, object], shared: dict[str, Any]) -> dict[str, Any]:
        path: KeyPath = ("library", index)
        own = table.get("select", {})
        rest = {key: value for key, value in table.items() if key != "select"}
        values = self._read(LibraryConfig, rest, path, "[[library]]")
        if not isinstance(own, dict):
            self.mistakes.at_value(
                (*path, "select"),
                f"[[library]] select: found {show(own)}, expected a section [library.select]",
            )
            own = {}
        for key in shared:
            self.origins[(*path, "select", key)] = self.origins[("select", key)]
        select = self._read(SelectRules, own, (*path, "select"), "[library.select]")
        values["select"] = {**shared, **select}
        if values.get("mirror") == "collections" and not values["select"].get("collections"):
            self.mistakes.at_value(
                (*path, "mirror"),
                '[[library]] mirror: found "collections", but [select] collections is empty; '
                'expected "library", or the collections to fetch',
            )
        return values

    def _check_slugs(self, libraries: list[dict[str, Any]]) -> None:
        first_of: dict[str, int] = {}
        for index, values in enumerate(libraries):
            slug = values.get("slug", "")
            first = first_of.setdefault(slug, index)
            if first == index:
                continue
            found = f'"{slug}" again' if slug else "none"
            which = "the one before" if first == index - 1 else f"number {first + 1}"
            self.mistakes.at_value(
                ("library", index, "slug"),
                f"[[library]] slug: found {found}, as in {which}; expected one of its own, "
                'e.g. slug = "archive" (one library may go without)',
            )

    def _check_ids(self, libraries: list[dict[str, Any]]) -> None:
        seen: set[tuple[str, str]] = set()
        for index, values in enumerate(libraries):
            library = (values.get("id", ""), values.get("api_url", ""))
            if library[0] and library in seen:
                self.mistakes.at_value(
                    ("library", index, "id"),
                    f'[[library]] id: found "{library[0]}" a second time, expected each library once',
                )
            seen.add(library)

    def _facets(self) -> tuple[FacetRules, ...]:
        table = self.tables.get("facets", {})
        if not isinstance(table, dict):
            self.mistakes.at_value(("facets",), f"[facets]: found {show(table)}, expected a section [facets]")
            return ()
        return tuple(facet for name, rules in table.items() for facet in self._facet(name, rules))

    def _facet(self, name: str, rules: object) -> Iterator[FacetRules]:
        names = facet_names()
        if name not in names:
            self.mistakes.at_key(("facets", name), f"[facets] {name}: unknown facet{_guess(name, names)}")
        elif not isinstance(rules, dict):
            self.mistakes.at_value(
                ("facets", name),
                f"[facets] {name}: found {show(rules)}, expected a table, e.g. {name} = {{ limit = 10 }}",
            )
        else:
            yield FacetRules(name, **self._read(FacetRules, rules, ("facets", name), f"[facets.{name}]"))

    def _check_attachments(self, values: dict[str, Any]) -> None:
        if values.get("publish") == "tagged" and not values.get("tag"):
            self.mistakes.at_value(
                ("attachments", "publish"),
                '[attachments] publish: found "tagged" without a tag, expected also tag = "…"',
            )

    def _folders(self, root: Path, values: dict[str, Any]) -> tuple[Path, Path]:
        """Where site and state go; neither may swallow the other or what the user wrote."""
        site, state = ((root / text).resolve() for text in values_of(OutputRules, values))
        own = [root / name for name in ("content", "theme", "themes", "site.toml")]
        for key, folder, other in (("path", site, state), ("state", state, site)):
            inside = any(path.is_relative_to(folder) or folder.is_relative_to(path) for path in own)
            if inside or folder == other or folder.is_relative_to(other):
                self.mistakes.at_value(
                    ("output", key),
                    f"[output] {key}: found {show(values.get(key, folder.name))}, "
                    "expected a folder of its own",
                )
        return site, state


# What a required setting looks like.
_EXAMPLES = {"title": '"…"', "id": '"groups/…" or "users/…"', "label": '"…"', "url": '"…"'}


def values_of(cls: type, values: Mapping[str, Any]) -> list[Any]:
    """Each setting's value, the default where none is given."""
    return [values.get(f.name, f.default) for f in fields(cls) if f.name in settings_of(cls)]


def _required(cls: type) -> list[str]:
    settings = settings_of(cls)
    return [
        f.name
        for f in fields(cls)
        if f.name in settings and f.default is MISSING and f.default_factory is MISSING
    ]


def _unknown_section(name: str, value: object) -> str:
    homes = [section for section, cls in SECTIONS.items() if name in settings_of(cls)]
    if not isinstance(value, dict | list):
        where = f"; it belongs into [{homes[0]}]" if homes else ""
        return f"{name}: found outside any section{where}"
    if homes:
        return f"[{name}]: unknown section; {name} is a setting of [{homes[0]}]"
    return f"[{name}]: unknown section{_guess(name, tuple(SECTIONS))}"


def _unknown_setting(key: str, cls: type, settings: Mapping[str, Setting]) -> str:
    if re.fullmatch(r"(zotero_?)?(api_?)?key", key, re.IGNORECASE):
        return f"{key}: unknown setting; an API key comes from ZOTERO_API_KEY or .env, never from this file"
    homes = [section for section, other in SECTIONS.items() if other is not cls and key in settings_of(other)]
    if homes and cls in SECTIONS.values():
        return f"{key}: unknown setting here; it belongs into [{homes[0]}]"
    return f"{key}: unknown setting{_guess(key, tuple(settings))}"


def _guess(word: str, words: Sequence[str]) -> str:
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; expected one of {', '.join(words)}"


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)

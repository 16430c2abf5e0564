"""Theme folders -> Theme: template lookup, template fingerprints, static files.

A theme folder holds `templates/`, `static/`, `locale/` (its words in other languages) and, if it wants a
parent other than default, `theme.toml`. What the user's own `theme/` lacks comes from the named theme, then
its `extends` parents, then default.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket

from zstatic.config import Config
from zstatic.digests import digest
from zstatic.errors import ThemeError, did_you_mean
from zstatic.outputs import Copy, Output, Text
from zstatic.themefaults import Unknown, check_templates, read_text, references, syntax_error
from zstatic.translations import ENGLISH, Words, read_words

DEFAULT = "default"
_HASH_LENGTH = 10
_JS_IMPORT = re.compile(r"""(\b(?:from|import)\s*\(?\s*)(["'])\./([\w./-]+\.js)\2""")
_CSS_URL = re.compile(r"""url\(\s*(["']?)([^"')]+)\1\s*\)""")


@dataclass(frozen=True, slots=True)
class ThemeFolder:
    """name: its templates are also reached as "default/item.html"; "" = the user's theme/."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class StaticFile:
    """name: in the theme, "style.css". output: its path in the site carries a hash of the content."""

    name: str
    output: Copy | Text


class _Known(BytecodeCache):
    """What is known of templates as long as their text is the same, for all builds of a process.

    named: digest of a template's source -> the templates it names.
    """

    def __init__(self) -> None:
        self.named: dict[str, frozenset[str]] = {}
        self._codes: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._codes.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code
        self._codes[bucket.key] = bucket.checksum, bucket.code


@cache
def _known(words: str) -> _Known:
    """words: the digest of the words that the templates are compiled with."""
    return _Known()


class Theme:
    """A chain of folders, opened: compiles templates on demand and keeps them."""

    def __init__(self, folders: tuple[ThemeFolder, ...], words: Words = ENGLISH) -> None:
        self.folders = folders
        self.words = words
        self._known = _known(words.digest)
        self.environment = Environment(
            loader=_loader(folders),
            autoescape=True,
            undefined=Unknown,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=self._known,
            extensions=["jinja2.ext.i18n"],
        )
        self.environment.policies["ext.i18n.trimmed"] = True
        # The extension adds this method.
        self.environment.install_gettext_callables(  # type: ignore[attr-defined]
            words.raw, words.raw_plural, newstyle=True, pgettext=words.raw_in, npgettext=words.raw_plural_in
        )
        self.environment.filters["number"] = words.number
        self.environment.filters["day"] = words.day
        self.static = tuple(_static_files(folders))
        self._references: dict[str, tuple[str, frozenset[str]]] = {}
        self._fingerprints: dict[str, str] = {}

    @property
    def assets(self) -> Mapping[str, str]:
        """Name in the theme -> path in the site, by name."""
        return {file.name: file.output.path for file in self.static}

    def template(self, name: str) -> Template:
        try:
            return self.environment.get_template(name)
        except TemplateNotFound as error:
            raise ThemeError(
                f"template {error.name} is in no theme folder", hint=self._looked_in()
            ) from error
        except TemplateSyntaxError as error:
            raise syntax_error(error, self.environment) from error

    def digest(self) -> str:
        """Changes when any template, static file or word of the theme does."""
        names = sorted(filter(_is_template, self.environment.list_templates()))
        return digest([self.assets, self.words.digest, [(name, self.fingerprint(name)) for name in names]])

    def fingerprint(self, name: str) -> str:
        """Changes when the template or anything it extends, includes or imports does."""
        known = self._fingerprints.get(name)
        if known is None:
            known = self._fingerprints[name] = self._read_fingerprint(name)
        return known

    def _read_fingerprint(self, name: str) -> str:
        digest = hashlib.sha256()
        pending, seen = [name], {name}
        sources = {}
        while pending:
            current = pending.pop()
            sources[current], named = self._read(current)
            pending.extend(named - seen)
            seen |= named
        for current in sorted(sources):
            digest.update(f"{current}\0{sources[current]}\0".encode())
        return digest.hexdigest()[:32]

    def _read(self, name: str) -> tuple[str, frozenset[str]]:
        """The digest of a template's source, and the templates it names. An absent one has no digest."""
        if name not in self._references:
            self._references[name] = self._parse(name)
        return self._references[name]

    def _parse(self, name: str) -> tuple[str, frozenset[str]]:
        try:
            text, file = read_text(self.environment, name)
            digest = hashlib.sha256(text.encode()).hexdigest()
            if digest not in self._known.named:
                tree = self.environment.parse(text, name, file)
                self._known.named[digest] = frozenset(
                    each for _, each in references(tree) if each is not None
                )
        except TemplateNotFound:
            return "", frozenset()
        except TemplateSyntaxError as error:
            raise syntax_error(error, self.environment) from error
        return digest, self._known.named[digest]

    def own_templates(self) -> Iterator[str]:
        """The names of the templates that are not the default theme's."""
        for folder in self.folders:
            if folder.name != DEFAULT:
                names = filter(_is_template, FileSystemLoader(folder.path / "templates").list_templates())
                yield from (f"{folder.name}/{name}" if folder.name else name for name in names)

    def _looked_in(self) -> str:
        return "Looked in: " + ", ".join(str(folder.path / "templates") for folder in self.folders)


def load_theme(config: Config) -> Theme:
    """Open the theme a site asks for.

    Raises ThemeError for a missing or unreadable folder, and for what shows to be wrong in a template.
    """
    own = config.root / "theme"
    folders = [ThemeFolder("", own)] if own.is_dir() else []
    extends = _parent(own)
    name = extends or config.theme.name
    asked = f"{own / 'theme.toml'}: extends" if extends else "site.toml: [theme] name"
    while True:
        path = _find(name, config.root, asked)
        folders.append(ThemeFolder(name, path))
        if name == DEFAULT:
            break
        asked = f"{path / 'theme.toml'}: extends"
        name = _parent(path) or DEFAULT
        if name in [folder.name for folder in folders]:
            raise ThemeError(
                f"{asked}: theme {name!r} extends itself", "Name another theme there, or leave the line out."
            )
    for folder in folders:
        _check_places(folder.path)
    locales = [folder.path / "locale" for folder in reversed(folders)]
    theme = Theme(tuple(folders), read_words(config.site.language, locales))
    check_templates(theme.environment, theme.own_templates())
    return theme


def packaged_themes() -> Path:
    """The themes that come with the program: inside a wheel, or beside the package in a checkout."""
    installed = Path(__file__).parent / "themes"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "themes"


def _find(name: str, root: Path, asked: str) -> Path:
    """asked: where the name stands."""
    places = [root / "themes", packaged_themes()]
    for place in places:
        if re.fullmatch(r"[\w-]+", name) and (place / name).is_dir():
            return place / name
    found = sorted(
        {path.name for place in places if place.is_dir() for path in place.iterdir() if path.is_dir()}
    )
    raise ThemeError(
        f"{asked}: there is no theme named {name!r}{did_you_mean(name, found)}",
        f"There is: {', '.join(found)}. A theme of your own is a folder in {root / 'themes'}.",
    )


def _parent(folder: Path) -> str:
    """The theme that a folder's theme.toml extends; "" = it does not say."""
    path = folder / "theme.toml"
    if not path.is_file():
        return ""
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ThemeError(f"{path}: {error}", 'A theme.toml has one line: extends = "default"') from error
    unknown = sorted(settings.keys() - {"extends"})
    if unknown:
        raise ThemeError(
            f"{path}: unknown key {unknown[0]}{did_you_mean(unknown[0], ['extends'])}",
            "A theme knows one key: extends.",
        )
    parent = settings.get("extends", "")
    if not isinstance(parent, str):
        raise ThemeError(f"{path}: extends: expected the name of a theme in quotes, found {parent!r}")
    return parent


def _check_places(folder: Path) -> None:
    """What lies beside the folders of a theme would be of no effect, and nobody would know why."""
    for path in sorted(folder.iterdir()):
        place = {".html": "templates", ".css": "static", ".js": "static"}.get(path.suffix)
        if place and path.is_file():
            raise ThemeError(
                f"{path}: this has no effect where it is", f"Move it to {folder / place / path.name}."
            )


def _is_template(name: str) -> bool:
    """Not what editors and file managers leave behind."""
    file = name.rpartition("/")[2]
    return not file.startswith((".", "#")) and not file.endswith("~")


def _loader(folders: tuple[ThemeFolder, ...]) -> BaseLoader:
    paths = [folder.path / "templates" for folder in folders]
    named: dict[str, BaseLoader] = {
        folder.name: FileSystemLoader(folder.path / "templates") for folder in folders if folder.name
    }
    return ChoiceLoader([PrefixLoader(named), FileSystemLoader(paths)])


def _static_files(folders: tuple[ThemeFolder, ...]) -> Iterator[StaticFile]:
    """One file a name, the first folder's; by name, but what names others after those."""
    sources: dict[str, Path] = {}
    for folder in reversed(folders):
        static = folder.path / "static"
        for path in static.rglob("*"):
            name = path.relative_to(static).as_posix()
            if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                sources[name] = path
    paths: dict[str, str] = {}
    for name in sorted(_imported_first(sources), key=lambda name: name.endswith(".css")):
        output = _static_output(name, sources[name], paths)
        paths[name] = output.path
        yield StaticFile(name, output)


def _imported_first(sources: Mapping[str, Path]) -> list[str]:
    """The names in order, but a script after those that it imports."""
    ordered: dict[str, None] = {}
    open_names: set[str] = set()

    def visit(name: str) -> None:
        if name in ordered or name not in sources:
            return
        if name in open_names:
            raise ThemeError(f"{sources[name]}: imports itself by way of others")
        open_names.add(name)
        if name.endswith(".js"):
            for match in _JS_IMPORT.finditer(_text_of(sources[name])):
                visit(_beside(name, match[3]))
        ordered[name] = None

    for name in sorted(sources):
        visit(name)
    return list(ordered)


def _beside(file: str, reference: str) -> str:
    folder = file.rpartition("/")[0]
    return f"{folder}/{reference}" if folder else reference


def _static_output(name: str, source: Path, paths: Mapping[str, str]) -> Copy | Text:
    content = source.read_bytes()
    if name.endswith(".css"):
        text = _CSS_URL.sub(lambda match: _css_url(match, name, paths), _text_of(source))
    elif name.endswith(".js") and _JS_IMPORT.search(_text_of(source)):
        text = _JS_IMPORT.sub(lambda match: _js_import(match, name, paths), _text_of(source))
    else:
        digest = hashlib.sha256(content).hexdigest()
        return Copy(_hashed(name, digest), source, digest)
    return Text(_hashed(name, hashlib.sha256(text.encode()).hexdigest()), text)


def _text_of(source: Path) -> str:
    try:
        return source.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ThemeError(f"{source}: this is no UTF-8 text ({error.reason})", "Save it as UTF-8.") from error


def _js_import(match: re.Match[str], script: str, paths: Mapping[str, str]) -> str:
    """Point an import of "./other.js" at that file's hashed name."""
    path = paths.get(_beside(script, match[3]))
    if path is None:
        return match[0]
    up = "../" * script.count("/")
    return f"{match[1]}{match[2]}./{up}{path.removeprefix('static/')}{match[2]}"


def _css_url(match: re.Match[str], sheet: str, paths: Mapping[str, str]) -> str:
    """Point a url() at the hashed name of a file of the theme; leave anything else alone."""
    name = _beside(sheet, match[2])
    if name not in paths:
        return match[0]
    up = "../" * (sheet.count("/"))
    return f"url({up}{paths[name].removeprefix('static/')})"


def _hashed(name: str, digest: str) -> str:
    folder, _, file = name.rpartition("/")
    stem, dot, extension = file.partition(".")
    hashed = f"{stem}.{digest[:_HASH_LENGTH]}{dot}{extension}"
    return "/".join(part for part in ("static", folder, hashed) if part)


def static_outputs(theme: Theme) -> Iterator[Output]:
    """The theme's files as they stand in the site."""
    for file in theme.static:
        yield file.output

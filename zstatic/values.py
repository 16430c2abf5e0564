"""What TOML holds -> typed values, or what was expected instead.

Every `as_…` takes one value of site.toml (or an option, or an environment variable) and raises Wrong.
"""

import difflib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from zstatic.errors import ConfigError


@dataclass(frozen=True, slots=True)
class LibraryAddress:
    """A library as written or pasted.

    collection: the key of the collection that the address shows, or "". also: what else it shows, in words.
    """

    id: str
    collection: str = ""
    also: tuple[str, ...] = ()


class Wrong(Exception):
    """found: "" = the value itself, shown as written."""

    def __init__(self, expected: str, found: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found

    def sentence(self, value: object) -> str:
        return f"found {self.found or show(value)}, expected {self.expected}"


def show(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    try:
        shown = json.dumps(value, ensure_ascii=False)
    except TypeError:  # dates and times, which only TOML has
        shown = str(value)
    return shown if len(shown) <= 70 else shown[:69] + "…"


WORD = re.compile(r"[A-Za-z0-9]+")


def looks_like_key(word: str) -> bool:
    """Zotero's keys are 24 letters and digits, mixed; German has a few words of 24 letters."""
    if len(word) != 24 or word.islower() or word.isupper() or word.isdigit():
        return False
    return not (word.isalpha() and word[1:].islower())


def mask_keys(text: str) -> str:
    return WORD.sub(lambda match: "…" if looks_like_key(match[0]) else match[0], text)


def as_text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("text in quotes")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
        raise Wrong("text without control characters")
    return value.strip()


def as_line_or_empty(value: object) -> str:
    return " ".join(as_text(value).split())


def as_line(value: object) -> str:
    text = as_line_or_empty(value)
    if not text:
        raise Wrong("some text")
    return text


def list_of(read: Callable[[object], str], least: int = 0) -> Callable[[object], tuple[str, ...]]:
    """A reader of lists; the same entry twice counts once."""

    def read_list(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            raise Wrong(f"a list: [{show(value)}]")
        if not isinstance(value, list) or len(value) < least:
            raise Wrong("a list with at least one entry" if least else "a list")
        return tuple(dict.fromkeys(_read_entry(read, entry) for entry in value))

    return read_list


def _read_entry(read: Callable[[object], str], entry: object) -> str:
    try:
        return read(entry)
    except Wrong as wrong:
        raise Wrong(wrong.expected, f"{wrong.found or show(entry)} in the list") from None


def as_it_is(value: object) -> object:
    return value


def as_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def at_least(least: int) -> Callable[[object], int]:
    def read_whole(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise Wrong(f"a whole number, {least} or more")
        return value

    return read_whole


def as_share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Wrong("a number from 0 to 1")
    return float(value)


def one_of(*words: str) -> Callable[[object], str]:
    def read_word(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        close = difflib.get_close_matches(str(value).lower(), words, n=1)
        guess = f"; did you mean {show(close[0])}?" if close else ""
        raise Wrong(" or ".join(show(word) for word in words) + guess)

    return read_word


def as_pattern(value: object) -> str:
    text = as_text(value)
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise Wrong(f"a regular expression ({error})") from None
    return text


_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def as_size(value: object) -> int:
    """Never without a unit: "100" may be meant as megabytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip()) if isinstance(value, str) else None
    if not match or match[2].lower() not in _UNITS:
        raise Wrong('a size with its unit, such as "100 MB"')
    return int(float(match[1]) * _UNITS[match[2].lower()])


def as_media_type(value: object) -> str:
    text = as_line(value).lower()
    if not re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", text):
        raise Wrong('a media type such as "application/pdf"')
    return text


def as_style(value: object) -> str:
    text = as_line(value).removesuffix(".csl")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise Wrong('the name of a style such as "apa", from the address of its page on zotero.org/styles')
    return text


def as_export_format(value: object) -> str:
    # Imported here: the formats read the library's types, which read this module.
    from zstatic.exports import FORMATS

    return one_of(*FORMATS)(value)


def facet_names() -> tuple[str, ...]:
    from zstatic.facets import FACETS

    return tuple(FACETS)


def as_language(value: object) -> str:
    text = as_line(value)
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise Wrong('a language code such as "en", "fr" or "pt-BR"')
    return text


def as_language_or_empty(value: object) -> str:
    return as_language(value) if as_text(value).strip() else ""


def as_theme_name(value: object) -> str:
    text = as_line(value)
    if not re.fullmatch(r"[A-Za-z0-9][\w-]*", text):
        raise Wrong("the name of a theme's folder")
    return text


def as_folder(value: object) -> str:
    text = as_line(value)
    if text in (".", "/") or set(text) <= {".", "/"}:
        raise Wrong("a folder of its own")
    if text.startswith("~"):
        raise Wrong("a folder written out, without ~")
    return text


# The names that pages of the site's root take; a library's prefix must not be one of them.
_TAKEN = {
    *("items", "collections", "tags", "creators", "years", "types", "search"),
    *("pagefind", "exports", "static", "page", "index", "404"),
}


def as_slug(value: object) -> str:
    text = as_text(value).strip("/")
    if text and not re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", text):
        raise Wrong('small letters, digits and hyphens, e.g. "my-library"')
    if text in _TAKEN:
        raise Wrong("another name: the site has pages of its own there")
    return text


def as_link(value: object) -> str:
    text = as_line(value)
    parts = _split(text)
    if parts.scheme not in ("", "http", "https", "mailto") or (not parts.scheme and parts.netloc):
        raise Wrong("a path inside the site, or an address with http, https or mailto")
    return text


def as_picture(value: object) -> str:
    """ "" = none. The services that show previews of links draw no SVG."""
    text = as_line_or_empty(value)
    parts = _split(text)
    is_place = parts.scheme in ("http", "https") or not (parts.scheme or parts.netloc)
    if text and not (is_place and re.search(r"\.(?:png|jpe?g|webp|gif)$", parts.path, re.IGNORECASE)):
        raise Wrong("a picture (.png, .jpg, .webp or .gif) in content/, or its address with http or https")
    return text


def as_base_url(value: object) -> str:
    text = as_text(value)
    if not text:
        return ""
    parts = _web_address(text, 'an address such as "https://example.org/bibliography/"')
    if parts.query or parts.fragment:
        raise Wrong("an address without ? and #")
    if any(step in (".", "..") for step in parts.path.split("/")):
        raise Wrong("an address without . and .. steps")
    path = quote(parts.path.strip("/"), safe="/%-._~!$&'()*+,;=:@")
    return f"{parts.scheme}://{_host(parts.netloc)}/{path}{'/' if path else ''}"


def as_api_url(value: object) -> str:
    parts = _web_address(as_line(value), 'an address such as "https://api.zotero.org"')
    # The key travels in a header: never in clear text over a network.
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise Wrong("https; http is only for this computer")
    if parts.query or parts.fragment:
        raise Wrong("an address without ? and #")
    return f"{parts.scheme}://{_host(parts.netloc)}{parts.path.rstrip('/')}"


def _web_address(text: str, expected: str) -> SplitResult:
    parts = _split(text)
    if not parts.scheme and re.match(r"[\w.-]+\.[a-z]{2,}(/|:|$)", text):
        raise Wrong(f"{expected}; did you mean {show('https://' + text)}?")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        raise Wrong(expected)
    if parts.username is not None or parts.password is not None:
        raise Wrong("an address without user name and password", "an address with them")
    return parts


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises when it is no number
    except ValueError:
        raise Wrong("an address that can be read") from None
    return parts


def _host(netloc: str) -> str:
    try:
        return netloc.lower() if netloc.isascii() else netloc.lower().encode("idna").decode()
    except UnicodeError:
        raise Wrong("an address with a valid host name") from None


_EXPECTED_LIBRARY = (
    '"groups/123", "users/123" or "users/123/publications", or the address of a group on zotero.org'
)
_USER_NAME = (
    "users/ and a number; your user ID stands at https://www.zotero.org/settings/keys, "
    "a group's number in the address of the group's page"
)


def as_library_id(value: object) -> str:
    address = as_library(value)
    if address.collection:
        # Taking the library and dropping the collection would publish more than was pasted.
        raise Wrong(
            f'id = "{address.id}" here and collections = ["{address.collection}"] in [select]',
            "the address of a collection",
        )
    return address.id


# What an address on zotero.org may show besides a collection, and no setting stands for.
_NARROWER = {"items": "a single item", "tags": "a tag", "search": "a search", "trash": "the trash"}


def as_library(value: object) -> LibraryAddress:
    text = as_line(value)
    on_zotero = re.match(r"(?:https?://)?(?:www\.|api\.)?zotero\.org(?:/|$)", text, re.IGNORECASE)
    if "://" in text and not on_zotero:
        raise Wrong(_EXPECTED_LIBRARY)
    path = re.split(r"[?#]", text[on_zotero.end() :] if on_zotero else text)[0].strip("/")
    steps = path.split("/")
    if on_zotero and len(steps) > 1 and steps[0] not in ("groups", "users"):
        return _named_address(steps)
    match = re.fullmatch(r"(groups|users)/(\d+)((?:/.*)?)", path)
    if not match:
        raise Wrong(_library_hint(steps, bool(on_zotero)))
    kind, number, rest = match.groups()
    if kind == "users" and rest.rstrip("/") in ("/publications", "/publications/items"):
        return LibraryAddress(f"users/{int(number)}/publications")
    if rest and not on_zotero:
        raise Wrong(_EXPECTED_LIBRARY)
    collection = re.search(r"/collections/([A-Z0-9]{8})(?:/|$)", rest)
    steps = rest.split("/")
    also = tuple(what for step, what in _NARROWER.items() if step in steps)
    return LibraryAddress(f"{kind}/{int(number)}", collection[1] if collection else "", also)


def _named_address(steps: list[str]) -> LibraryAddress:
    """https://www.zotero.org/<user name>/…: the API knows users by number only."""
    raise Wrong(_USER_NAME, f'the user name "{steps[0]}"')


def _library_hint(steps: list[str], on_zotero: bool) -> str:
    if steps[0].isdigit():
        return f'"groups/{steps[0]}" for a group or "users/{steps[0]}" for a user'
    if steps[0] in ("group", "user"):
        return f"{_EXPECTED_LIBRARY}; did you mean {steps[0]}s?"
    if steps[0] == "groups" and len(steps) > 1:
        return "groups/ and the group's number; open the group on zotero.org: its address holds the number"
    if steps[0] == "users" or on_zotero:
        return _USER_NAME
    return _EXPECTED_LIBRARY


def parse_library(text: str) -> LibraryAddress:
    """Read "groups/123", "users/123", "users/123/publications" or an address on zotero.org.

    Raises ConfigError saying what was expected.
    """
    try:
        return as_library(text)
    except Wrong as wrong:
        raise ConfigError(f"Library: {wrong.sentence(text)}.") from None


# --- Values as TOML ---------------------------------------------------------------------------------


def toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(entry) for entry in value) + "]"
    if isinstance(value, str):
        # JSON escapes what TOML wants escaped, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def toml_menu(entries: object) -> str:
    assert isinstance(entries, tuple)
    return "[" + ", ".join(f"{{ label = {toml(e.label)}, url = {toml(e.url)} }}" for e in entries) + "]"


def toml_size(value: object) -> str:
    assert isinstance(value, int)
    shown = show_size(value)
    return toml(shown if as_size(shown) == value else f"{value} B")


def show_size(size: int) -> str:
    """Bytes as people write them: "1.5 MB"."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


def show_count(number: int, what: str) -> str:
    """ "1 item", "1,200 items"."""
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"

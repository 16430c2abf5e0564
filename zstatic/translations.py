"""The words of the pages, with numbers and dates as readers of the site's language write them.

English stands in the code and the templates; a translation is a gettext catalogue,
`locale/<language>/LC_MESSAGES/zstatic.po`, here or in a theme.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from zstatic.errors import Problem, ThemeError

if TYPE_CHECKING:
    from babel.messages.catalog import Message

Direction = Literal["ltr", "rtl"]
Forms = tuple[str, ...]

SOURCE_LANGUAGE = "en"
LOCALE_FOLDER = Path(__file__).parent / "locale"
_CATALOGUE = Path("LC_MESSAGES", "zstatic.po")


def N_(message: str) -> str:
    """Mark a text that is translated where it is used."""
    return message


def _english_form(number: int) -> int:
    return int(number != 1)


@dataclass(frozen=True, slots=True)
class Words:
    """What the pages say, in one language.

    language: of the words, "pt-BR". locale: of numbers and dates.
    messages: (context, English) -> the forms of the translation, one where nothing is counted.
    form: number -> which of the forms. digest: changes when any word does.
    """

    language: str = SOURCE_LANGUAGE
    locale: Locale = field(default_factory=lambda: Locale(SOURCE_LANGUAGE))
    messages: Mapping[tuple[str, str], Forms] = field(default_factory=dict)
    form: Callable[[int], int] = _english_form
    digest: str = ""

    @property
    def direction(self) -> Direction:
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    def gettext(self, message: str, /, **values: object) -> str:
        """The message, with values for its %(names)s."""
        return self.raw(message) % values

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The form for a number, which stands in it as %(n)s."""
        return self.raw_plural(one, many, number) % {"n": self.number(number), **values}

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """The message where the same English has several translations, told apart by the context."""
        return self.raw_in(context, message) % values

    def raw(self, message: str) -> str:
        """The message as it stands in the catalogue, for templates, which fill it in themselves."""
        return self.raw_in("", message)

    def raw_in(self, context: str, message: str) -> str:
        return self.messages.get((context, message), (message,))[0]

    def raw_plural(self, one: str, many: str, number: int) -> str:
        return self.raw_plural_in("", one, many, number)

    def raw_plural_in(self, context: str, one: str, many: str, number: int) -> str:
        forms = self.messages.get((context, one))
        return forms[self.form(number)] if forms else (one, many)[_english_form(number)]

    def plural_forms(self, one: str, many: str) -> dict[str, str]:
        """Each form under the name that scripts have for it: "one", "few" … (`Intl.PluralRules`).

        Where the number stands, "{n}".
        """
        return {
            name: self.raw_plural(one, many, number) % {"n": "{n}"}
            for name, number in sorted(_examples(str(self.locale)).items())
        }

    def number(self, number: float) -> str:
        """12345 -> "12,345", "12.345" …; always in Latin digits, as the years in titles are."""
        return _format_number(number, str(self.locale))

    def day(self, iso: str) -> str:
        """ "2020-01-31" -> "31 January 2020" …; what is no date stays as it is."""
        return _format_day(iso, str(self.locale))

    def month(self, iso: str) -> str:
        """ "2020-01" -> "January 2020" …; what is no month stays as it is."""
        return _format_month(iso, str(self.locale))

    def language_name(self, tag: str) -> str:
        """ "la" -> "Latin"; "" for a language that has no name here."""
        return _language_name(tag, str(self.locale))

    def list(self, names: Iterable[str]) -> str:
        """One after the other, as many as there are."""
        return self.raw_in("between names", ", ").join(names)

    def within(self, label: str) -> str:
        """A label amid a sentence; German nouns keep their capitals."""
        return label if self.locale.language == "de" else label.lower()


ENGLISH = Words()


def read_words(language: str, folders: Sequence[Path] = ()) -> Words:
    """The words of a site in this language: of its region, else of the language, else English.

    language: a tag such as "pt-BR". folders: more `locale` folders with catalogues; a later one's words win.
    Raises ThemeError for a catalogue that cannot be read, or would fill in what is not there.
    """
    for name in _names(language):
        files = [
            file for folder in (LOCALE_FOLDER, *folders) if (file := folder / name / _CATALOGUE).is_file()
        ]
        if files or name == SOURCE_LANGUAGE:
            return _read_catalogues(language, files)
    return ENGLISH


def languages() -> tuple[str, ...]:
    """The languages that there are words for, "ar", "de" …"""
    found = (file.parts[-3] for file in LOCALE_FOLDER.glob(f"*/{_CATALOGUE}"))
    return tuple(sorted([SOURCE_LANGUAGE, *found]))


def problems(language: str, words: Words) -> tuple[Problem, ...]:
    """That the words of the pages are in English, where that is not what was asked for."""
    if words.language == language:
        return ()
    message = (
        f"The words of the pages are not translated into “{language}”, so they are in English. Translations: "
        f"{', '.join(languages())}. The README says how to add one."
    )
    return (Problem("no-translation", "site.toml", message),)


def _names(language: str) -> Iterator[str]:
    """ "pt-br" -> "pt_BR", "pt": the folders of its catalogue."""
    parts = language.split("-")
    sizes: dict[int, Callable[[str], str]] = {2: str.upper, 4: str.title}
    named = [parts[0].lower(), *(sizes.get(len(part), str)(part) for part in parts[1:])]
    while named:
        yield "_".join(named)
        named.pop()


def _locale(language: str) -> Locale:
    for name in _names(language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(SOURCE_LANGUAGE)


def _read_catalogues(language: str, files: Sequence[Path]) -> Words:
    messages: dict[tuple[str, str], Forms] = {}
    form: Callable[[int], int] = _english_form
    digest = hashlib.sha256(language.encode())
    for file in files:
        content = file.read_bytes()
        digest.update(hashlib.sha256(content).digest())
        form = _read_catalogue(file, content, messages)
    return Words(language, _locale(language), messages, form, digest.hexdigest()[:32])


def _read_catalogue(
    file: Path, content: bytes, messages: dict[tuple[str, str], Forms]
) -> Callable[[int], int]:
    """Add what is translated; what is marked "fuzzy" is not. Gives the rule for plurals."""
    # An English site has no catalogue.
    from gettext import c2py

    from babel.messages.pofile import PoFileError, read_po

    try:
        catalogue = read_po(content.splitlines(keepends=True), abort_invalid=True)
        form: Callable[[int], int] = c2py(catalogue.plural_expr)
    except (PoFileError, ValueError) as error:
        raise ThemeError(f"{file}: {error}") from error
    for message in catalogue:
        if message.id and not message.fuzzy and all(_strings(message.string)):
            _check(file, message)
            messages[message.context or "", _strings(message.id)[0]] = _strings(message.string)
    return form


def _strings(text: str | Sequence[str] | None) -> Forms:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def _check(file: Path, message: "Message") -> None:
    """A wrong placeholder would fail only on the one page that fills it in."""
    names = _Names()
    for text in _strings(message.id):
        text % names
    for text in _strings(message.string):
        try:
            text % dict.fromkeys(names.asked, "")
        except (KeyError, ValueError, TypeError) as error:
            raise ThemeError(
                f"{file}: “{text}” cannot be filled in: {error}",
                hint=f"It may name {', '.join(f'%({name})s' for name in names.asked) or 'nothing'}; "
                "a percent sign is written twice.",
            ) from error


class _Names(dict[str, str]):
    """Which names a text asks for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __missing__(self, name: str) -> str:
        self.asked.append(name)
        return ""


@lru_cache(maxsize=100_000)
def _format_number(number: float, locale: str) -> str:
    return format_decimal(number, locale=locale)


@lru_cache(maxsize=100_000)
def _format_day(iso: str, locale: str) -> str:
    try:
        return format_date(date.fromisoformat(iso), "long", locale=locale)
    except ValueError:
        return iso


@lru_cache(maxsize=10_000)
def _format_month(iso: str, locale: str) -> str:
    try:
        return format_skeleton("yMMMM", date.fromisoformat(f"{iso}-01"), locale=locale)
    except ValueError:
        return iso


@lru_cache(maxsize=1_000)
def _language_name(tag: str, locale: str) -> str:
    try:
        return Locale.parse(tag, sep="-").get_display_name(locale) or ""
    except (UnknownLocaleError, ValueError):
        return ""


@lru_cache
def _examples(locale: str) -> dict[str, int]:
    """A number for each of a language's plural forms."""
    rule = Locale.parse(locale).plural_form
    examples: dict[str, int] = {}
    for number in (*range(200), 1_000_000):
        examples.setdefault(rule(number), number)
    return examples

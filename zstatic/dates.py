"""Zotero's free-text dates -> comparable values."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartialDate:
    """text: as the user wrote it. year: None = undated, may be negative (BCE, astronomical).

    month, day: 1-based or None.
    """

    text: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str:
        """The known part for machines: "2018-03-13", "2018-03", "2018"; "" if undated; "-0043" for 44 BCE."""
        if self.year is None:
            return ""
        year = f"{'-' if self.year < 0 else ''}{abs(self.year):04}"
        return "-".join([year, *(f"{part:02}" for part in (self.month, self.day) if part)])


_ISO = re.compile(r"(-?\d{1,4})(?!\d)(?:[-/](\d{1,2})(?!\d))?(?:[-/](\d{1,2})(?!\d))?")
_WHOLE = re.compile(r"\d{4}[-/](\d\d?)[-/](\d\d?)")
_BCE = re.compile(
    r"(?<!\d)(\d{1,4})\s*(?:B\.?\s?C\.?(?:\s?E\.?)?|av\.\s?J\.?-C\.?|v\.\s?Chr\.?)(?!\w)", re.IGNORECASE
)
_PLAIN_YEAR = re.compile(r"\d{3,4}")
_YEAR_WITHIN = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_date(text: str, parsed: str) -> PartialDate:
    """Read a date field.

    parsed: meta.parsedDate, "" if absent; trusted before our own reading of the text, which finds years only
        and dates written the ISO way. Year 0000 is Zotero's "unknown".
    """
    text = text.strip()
    bce = _BCE.search(text)
    if bce and int(bce[1]):
        # The year 1 BCE is 0 in astronomical numbering.
        return PartialDate(text, 1 - int(bce[1]))
    return _from_iso(text, parsed.strip()) or _from_text(text) or PartialDate(text)


def is_impossible(date: PartialDate) -> bool:
    """Whether a whole date was written of which no such day exists, as 2021-02-30 or 2021-13-01."""
    written = _WHOLE.fullmatch(date.text)
    return bool(written and int(written[1]) and int(written[2])) and date.day is None


def _from_text(text: str) -> PartialDate | None:
    if _PLAIN_YEAR.fullmatch(text):
        return _from_iso(text, text)
    # An early year before other words ("0192-00-00 [192-?]") is a misreading, not a date.
    start = _ISO.match(text)
    if start and _YEAR_WITHIN.fullmatch(start[1]):
        return _from_iso(text, start[0])
    within = _YEAR_WITHIN.search(text)
    return PartialDate(text, int(within[0])) if within else None


def _from_iso(text: str, iso: str) -> PartialDate | None:
    """Read year, month and day as far as they are possible: 1999-00-00 and 1999-13-45 are the year 1999."""
    match = _ISO.match(iso)
    if not match or not int(match[1]):
        return None
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if not 1 <= month <= 12:
        return PartialDate(text, year)
    if not 1 <= day <= _days_in(year, month):
        return PartialDate(text, year, month)
    return PartialDate(text, year, month, day)


def _days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 28 if month == 2 and not leap else _DAYS[month - 1]

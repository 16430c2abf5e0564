"""Zotero's free-text dates -> comparable values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartialDate:
    """text: as the user wrote it. year: None = undated, may be negative (BCE, astronomical). month, day: 1-based or None."""

    text: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None

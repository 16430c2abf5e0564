"""Waiting: for how long at most, all workers together, and as long as a server asks."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from zstatic.errors import ApiUnreachable, RateLimited

# Zotero's own client runs four requests at once; the server refuses the sixth.
WORKERS = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to try; all in seconds but `attempts`.

    connect, read: limits of one connection and of one silence. whole: limit of one answer from start to end.
    attempts: for a request that breaks or is answered 5xx. first, cap: its exponential pauses.
    unsaid: pauses after 429 and 503 that do not say how long; Zotero's own client uses these.
    longest: of one wait that a server asks for. budget: of all that it asks for in a run, and of all pauses.
    """

    connect: float = 10
    read: float = 60
    whole: float = 300
    attempts: int = 4
    first: float = 1
    cap: float = 60
    unsaid: tuple[float, ...] = (30, 60, 300)
    longest: float = 900
    budget: float = 3600


PATIENCE = Patience()


class Gate:
    """Lets at most WORKERS requests through, and none while the server asked everyone to wait."""

    def __init__(
        self, patience: Patience, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._patience, self._clock, self._sleep = patience, clock, sleep
        self._slots = threading.BoundedSemaphore(WORKERS)
        self._lock = threading.Lock()
        self._open_at = clock()
        self._asked = self._paused = 0.0

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Hold one of the places, once waiting is over; gives the time on the clock then."""
        with self._slots:
            now, left = self._look()
            while left > 0:
                self._sleep(left)
                now, left = self._look()
            yield now

    def hold(self, seconds: float, *, asked: bool = True) -> None:
        """Keep every worker waiting for so long from now. Raises RateLimited beyond the budget.

        asked: the server said how long.
        """
        with self._lock:
            now = self._clock()
            opens = max(self._open_at, now + seconds)
            self._asked += opens - max(self._open_at, now)
            self._open_at = opens
            spent = self._asked > self._patience.budget
        if seconds > self._patience.longest or spent:
            told = f"asks to wait {duration(seconds)}" if asked else "goes on asking for a slower pace"
            raise RateLimited(
                f"Zotero's server {told}, which is longer than a run may take.",
                "Nothing that was fetched is lost: run the same command again later.",
            )

    def pause(self, seconds: float) -> None:
        """Let one worker wait. Raises ApiUnreachable when all pauses together are beyond the budget."""
        with self._lock:
            self._paused += seconds / WORKERS
            spent = self._paused > self._patience.budget
        if spent:
            raise ApiUnreachable(
                "Zotero's server failed too often for one run.",
                "Nothing that was fetched is lost: run the same command again later.",
            )
        self._sleep(seconds)

    def _look(self) -> tuple[float, float]:
        """Give the time, and how long to wait from then on."""
        with self._lock:
            now = self._clock()
            return now, self._open_at - now


def wait_seconds(text: str | None, date: str) -> float | None:
    """Read Backoff or Retry-After: seconds or an HTTP date; None if absent or nonsense.

    date: the answer's own Date header, so that a wrong clock here does no harm.
    """
    if not text:
        return None
    text = text.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except _NO_DATE:
        return None
    try:
        now = parsedate_to_datetime(date).timestamp()
    except _NO_DATE:
        now = time.time()
    return max(until - now, 0.0)


# The last is for dates that the operating system cannot count.
_NO_DATE = (ValueError, TypeError, IndexError, OverflowError, OSError)


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"

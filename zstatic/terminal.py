"""What a run shows while it works, on stderr: progress, messages, errors, the summary at its end.

A bar that is drawn over itself on a terminal; elsewhere a line every ten seconds, so that a log tells that
the run is alive and what it waits for. `--log-format json` writes one object a line instead.
"""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeVar

import click

T = TypeVar("T")

QUIET, NORMAL, VERBOSE, DEBUG = -1, 0, 1, 2

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_FRAMES = 0.1
_BAR_WIDTH = 24
_SIGNED = re.compile(r"([?&](?:X-Amz-[\w-]+|Signature|Policy|Key-Pair-Id|key)=)[^&\s\"'<>]+", re.IGNORECASE)
_CLEAR_LINE = "\r\x1b[2K"


@dataclass(slots=True)
class _Step:
    """A loop under way. note: what it waits for, true while `done` is still note_at."""

    label: str
    total: int | None
    done: int = 0
    note: str = ""
    note_at: int = -1
    started: float = field(default_factory=time.monotonic)


class Terminal:
    """A `progress.Track` that draws. Used by one thread for loops, by any for `say`."""

    def __init__(
        self,
        stream: TextIO,
        *,
        verbosity: int = NORMAL,
        as_json: bool = False,
        color: bool = False,
        seconds_between_lines: float = _SECONDS_BETWEEN_LINES,
    ) -> None:
        self.verbosity = verbosity
        self._stream = stream
        self._as_json = as_json
        self._color = color
        self._draws = stream.isatty() and not as_json
        self._interval = _SECONDS_BETWEEN_FRAMES if self._draws else seconds_between_lines
        self._secrets: set[str] = set()
        self._steps: list[_Step] = []
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._beat: threading.Thread | None = None

    def hide(self, secret: str) -> None:
        """Never write this text, whatever it comes in."""
        self._secrets.add(secret)

    def redact(self, text: str) -> str:
        """The text without secrets: those told to `hide`, and what signs the address of a stored file."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return _SIGNED.sub(r"\1…", text)

    # --- progress.Track

    def __call__(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        if total is None and isinstance(items, Sized):
            total = len(items)
        step = _Step(label, total)
        self._begin(step)
        try:
            for item in items:
                yield item
                step.done += 1
        finally:
            self._end(step)

    def say(self, message: str) -> None:
        """One event, e.g. that a server asked to wait; stands beside the progress until that moves on."""
        with self._lock:
            if self._steps:
                step = self._steps[-1]
                step.note, step.note_at = message, step.done
            self.write(message)

    # --- Messages

    def write(self, message: str, *, least: int = NORMAL, level: str = "info", **fields: object) -> None:
        """Write a line, or in JSON an object with these fields.

        least: the verbosity from which on it is shown.
        """
        if self.verbosity < least:
            return
        with self._lock:
            self._clear()
            if self._as_json:
                self._put(json.dumps({"level": level, "message": message, **fields}, ensure_ascii=False))
            else:
                self._put(message)

    def fail(self, message: str, hint: str = "", *, exit_code: int, details: str = "") -> None:
        """Write what stopped the run: what, why and what to do. Shown also with -q."""
        if self._as_json:
            shown: dict[str, Any] = {"hint": hint, "exit_code": exit_code}
            self.write(
                message, least=QUIET, level="error", **(shown | ({"details": details} if details else {}))
            )
            return
        paragraph = f"{self.paint('Error:', 'red')} {message}" + (f"\n{hint}" if hint else "")
        self.write(f"{details.rstrip()}\n{paragraph}" if details else paragraph, least=QUIET)

    def paint(self, text: str, color: str) -> str:
        return click.style(text, fg=color, bold=True) if self._color else text

    # --- Drawing

    def _begin(self, step: _Step) -> None:
        with self._lock:
            self._steps.append(step)
            if self._beat is None and self.verbosity > QUIET:
                self._stop.clear()
                self._beat = threading.Thread(target=self._beat_on, name="progress", daemon=True)
                self._beat.start()

    def _end(self, step: _Step) -> None:
        with self._lock:
            self._steps.remove(step)
            self._clear()
            if self._steps or self._beat is None:
                return
            beat, self._beat = self._beat, None
            self._stop.set()
        beat.join()

    def _beat_on(self) -> None:
        while not self._stop.wait(self._interval):
            with self._lock:
                if self._steps and not self._stop.is_set():
                    self._show(self._steps[-1])

    def _show(self, step: _Step) -> None:
        note = step.note if step.note_at == step.done else ""
        if self._as_json:
            progress = {"label": step.label, "done": step.done, "total": step.total, "waiting_for": note}
            self._put(json.dumps({"level": "info", "message": _line(step), **progress}, ensure_ascii=False))
        elif self._draws:
            columns = shutil.get_terminal_size().columns
            self._put(_CLEAR_LINE + _bar_line(step, note)[: columns - 1], end="")
        else:
            self._put(_line(step) + (f" ({note})" if note else ""))

    def _clear(self) -> None:
        if self._draws:
            self._put(_CLEAR_LINE, end="")

    def _put(self, text: str, end: str = "\n") -> None:
        try:
            self._stream.write(self.redact(text) + end)
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            # Nobody reads any more; the site is still worth finishing.
            self.verbosity = QUIET - 1


def _line(step: _Step) -> str:
    """ "Fetching items: 1,200 of 4,000, 30 %, 41 s"."""
    done = f"{step.done:,}"
    if step.total:
        done += f" of {step.total:,}, {min(100, 100 * step.done // step.total)} %"
    return f"{step.label}: {done}, {time.monotonic() - step.started:.0f} s"


def _bar_line(step: _Step, note: str) -> str:
    if step.total:
        filled = min(_BAR_WIDTH, _BAR_WIDTH * step.done // step.total)
        bar = f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {step.done:,}/{step.total:,}"
    else:
        bar = f"{step.done:,}"
    seconds = time.monotonic() - step.started
    return f"{step.label}  {bar}  {seconds:.0f} s" + (f"  {note}" if note else "")

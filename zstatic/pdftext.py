"""A PDF -> the text of each of its pages, read by a process of its own.

PDFs come from anybody. A process that only reads them can be stopped when one does not end, may crash and has
only so much memory; neither the build nor the other PDFs notice.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

SECONDS = 60.0
_BYTES = 2_000_000_000
_MOST_PAGES = 5000
_MOST_CHARACTERS = 200_000  # of a page


def version() -> str:
    """Of what reads them: another one may read other words."""
    return metadata.version("pypdfium2")


class Reader:
    """Reads PDFs, one after the other. Its process starts when it is needed, and again after it failed."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """seconds: that one PDF may take."""
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, path: Path, words: int) -> tuple[str, ...]:
        """The pages' texts until there are so many words; () for what cannot be read within the bounds."""
        process = self._process = self._process or _start()
        assert process.stdin and process.stdout
        alarm = threading.Timer(self._seconds, process.kill)
        alarm.start()
        try:
            process.stdin.write(json.dumps([str(path), words]).encode() + b"\n")
            process.stdin.flush()
            pages: Any = json.loads(process.stdout.readline())
            return tuple(pages)
        except (OSError, ValueError):
            self.close()
            return ()
        finally:
            alarm.cancel()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                if stream:
                    stream.close()


@contextmanager
def reader(seconds: float = SECONDS) -> Iterator[Reader]:
    made = Reader(seconds)
    try:
        yield made
    finally:
        made.close()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # Nothing in the folder where we are is ours to run.
        [sys.executable, "-P", "-m", "zstatic.pdftext"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


# What runs in the other process


def _serve() -> None:
    with suppress(ImportError, ValueError, OSError):
        # Windows has no such limit.
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    for line in sys.stdin.buffer:
        path, words = json.loads(line)
        sys.stdout.buffer.write(json.dumps(_read(path, words)).encode() + b"\n")
        sys.stdout.buffer.flush()


def _read(path: str, words: int) -> list[str]:
    import pypdfium2

    pages: list[str] = []
    try:
        document = pypdfium2.PdfDocument(path)
        try:
            for number in range(min(len(document), _MOST_PAGES)):
                page = document[number]
                text = page.get_textpage()
                found = _joined(text.get_text_range(0, min(text.count_chars(), _MOST_CHARACTERS))).split()
                text.close()
                page.close()
                pages.append(" ".join(found[:words]))
                words -= len(found)
                if words <= 0:
                    break
        finally:
            document.close()
    except (pypdfium2.PdfiumError, MemoryError, ValueError, OSError):
        # Pages that were read before are worth having.
        return pages
    return pages


def _joined(text: str) -> str:
    """With the halves of words that were divided at the end of a line put together."""
    return re.sub(r"[\ufffe\u0002\u00ad]\s*", "", text)


if __name__ == "__main__":
    _serve()

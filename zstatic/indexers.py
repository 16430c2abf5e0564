"""Bundles made by processes of their own, side by side, while this one renders pages.

A process rather than a thread: a thread that looks at ten thousand small files waits for its turn each time,
as long as this process computes.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import IO, Any, TypeVar

from zstatic.bundles import Index, Task, make_bundle, read_index
from zstatic.errors import SearchError
from zstatic.progress import Silent, Track, silent

T = TypeVar("T")

# A task -> what waits until its bundle is made, and gives it.
Start = Callable[[Task], Callable[[], Index]]

_SECONDS_TO_STOP = 10.0
# Where nobody says how much there is.
_MEMORY = 4 << 30


class Indexers:
    """Processes that make bundles; ended on leaving, whatever they are at."""

    def __init__(self, track: Track = silent, memory: int = 0) -> None:
        """memory: bytes that all of them together may take, about; 0 = half of the computer's."""
        self._track = track
        self._free = self._memory = memory or _half_of_the_memory()
        self._state = threading.Condition()
        self._live: set[subprocess.Popen[bytes]] = set()
        self._ended = False
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1)

    def __enter__(self) -> Indexers:
        return self

    def __exit__(self, *error: object) -> None:
        with self._state:
            self._ended = True
            self._state.notify_all()
            for process in self._live:
                process.terminate()
        self._threads.shutdown(cancel_futures=True)

    def start(self, task: Task) -> Callable[[], Index]:
        """Begin to make a bundle, unless it is there; gives what waits for it, raising what went wrong."""
        previous, fingerprint = read_index(task.folder, self._track), task.fingerprint
        if previous is not None and previous.fingerprint == fingerprint:
            return lambda: previous
        done: SimpleQueue[int] = SimpleQueue()
        future = self._threads.submit(self._make, (task, fingerprint, previous), done)
        return partial(self._wait, future, done, len(task.digests))

    def _wait(self, future: Future[Index], done: SimpleQueue[int], documents: int) -> Index:
        for _ in self._track(_counted(done), "Indexing for search", documents):
            pass
        return future.result()

    def _make(self, order: tuple[Task, str, Index | None], done: SimpleQueue[int]) -> Index:
        # One that needs more than there is works alone.
        memory = min(order[0].memory, self._memory)
        try:
            with self._state:
                self._state.wait_for(lambda: self._ended or self._free >= memory)
                self._free -= memory
            return self._ask(order, done)
        finally:
            done.put(0)
            with self._state:
                self._free += memory
                self._state.notify_all()

    def _ask(self, order: tuple[Task, str, Index | None], done: SimpleQueue[int]) -> Index:
        process = self._begin()
        assert process.stdin and process.stdout
        try:
            with suppress(OSError):
                pickle.dump(order, process.stdin)
                process.stdin.flush()
            while isinstance(answer := _read(process.stdout), int):
                done.put(answer)
            if isinstance(answer, Exception):
                raise answer
            made: Index = answer
            return made
        except (EOFError, pickle.UnpicklingError) as error:
            raise SearchError(
                f"The process that makes the search index ended early, with status {process.wait()}.",
                "If memory was short, close other programs; `zstatic build --no-search` makes the site "
                "without a search index.",
            ) from error
        finally:
            self._end(process)

    def _begin(self) -> subprocess.Popen[bytes]:
        with self._state:
            if self._ended:
                raise SearchError("The search index was given up.")
            process = subprocess.Popen(
                # Nothing in the folder where we are is ours to run.
                [sys.executable, "-P", "-m", "zstatic.indexers"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._live.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                if stream:
                    stream.close()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._state:
            self._live.discard(process)


def _counted(done: SimpleQueue[int]) -> Iterator[None]:
    """Something for each document, until the bundle is made."""
    while number := done.get():
        yield from (None for _ in range(number))


def _half_of_the_memory() -> int:
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return _MEMORY


def _read(stream: IO[bytes]) -> Any:
    """What the other process sent, which is this same program."""
    return pickle.load(stream)  # noqa: S301


# What runs in the other process

_AT_ONCE = 100


class _Counting(Silent):
    """Tells how many documents were sent."""

    def __init__(self, tell: Callable[[int], object]) -> None:
        self._tell = tell

    def __call__(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        number = 0
        for number, item in enumerate(items, 1):
            yield item
            if not number % _AT_ONCE:
                self._tell(_AT_ONCE)
        if number % _AT_ONCE:
            self._tell(number % _AT_ONCE)


def _serve() -> None:
    # Who stops the build stops this one, too, in good order: Pagefind must not write on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    order, answers = sys.stdin.buffer, sys.stdout.buffer

    def tell(answer: Any) -> None:
        pickle.dump(answer, answers)
        answers.flush()

    task, fingerprint, previous = _read(order)
    threading.Thread(target=_watch, args=(order,), daemon=True).start()
    try:
        tell(make_bundle(task, fingerprint, previous, _Counting(tell)))
    except Exception as error:
        error.add_note(traceback.format_exc())
        tell(error)


def _watch(order: IO[bytes]) -> None:
    """End with the process that gave the order, however that one ends."""
    order.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _serve()

"""The index of a site or of files, made at once and in this process, where tests can look on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from zstatic import pagefind, search
from zstatic.bundles import Index, Task, make_bundle, read_index
from zstatic.fulltext import FileText
from zstatic.outputs import Copy
from zstatic.pagefind import Document
from zstatic.search import FacetColumn, Record, start_files_index, start_index


def start(task: Task) -> Callable[[], Index]:
    previous = read_index(task.folder)
    if previous is None or previous.fingerprint != task.fingerprint:
        previous = make_bundle(task, task.fingerprint, previous)
    index = previous
    return lambda: index


@contextmanager
def in_parts(each: int) -> Iterator[None]:
    """Divide every index as those of large libraries are, with about so many items in each part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_ONE_INDEX", 0)
        patch.setattr(search, "_ITEMS_EACH", each)
        yield


def stored(path: Path) -> Document:
    """What a fragment holds."""
    return pagefind.read_fragment(pagefind.unpacked(path.read_bytes(), path), path)


def index_site(
    records: Sequence[Record], language: str, work: Path, facets: Sequence[FacetColumn] = ()
) -> tuple[Copy, ...]:
    return start_index(records, language, work, start, facets)()


def index_files(files: Sequence[FileText], language: str, work: Path) -> tuple[Copy, ...]:
    return start_files_index(files, language, work, start)()

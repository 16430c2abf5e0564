"""Documents -> complete Pagefind bundles, in folders of ours that are kept from build to build.

What was not finished, is damaged or was tampered with is made anew; what is there is whole, and the same
bytes as in an empty folder.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from zstatic import pagefind
from zstatic.disk import is_plain_folder, remove_tree, write_atomically
from zstatic.errors import SearchError
from zstatic.lexicon import write_lexicon
from zstatic.pagefind import Document
from zstatic.progress import Track, silent
from zstatic.statefolder import clear_away

# Of what a bundle consists of; another one, and bundles are made anew.
_FORM = 2


@dataclass(frozen=True, slots=True)
class Task:
    """A bundle that is wanted.

    folder: for this bundle alone. language: see `pagefind.write_bundle`. digests: of the documents, in order.
    documents: gives them; can be pickled. memory: bytes that making it takes, about.
    """

    folder: Path
    language: str
    digests: tuple[str, ...]
    documents: Callable[[], Iterable[Document]]
    memory: int

    @property
    def fingerprint(self) -> str:
        return digest(json.dumps([_FORM, pagefind.version(), self.language, self.digests]).encode())


@dataclass(frozen=True, slots=True)
class File:
    """digest: of its bytes. mark: size, times and inode when they were read; another mark, another look."""

    digest: str
    mark: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """A complete bundle.

    ids: result ids in the order of the documents. documents: their digests, in that order.
    files: by path in the folder of `bundle_folder`.
    """

    fingerprint: str
    ids: tuple[str, ...]
    documents: tuple[str, ...]
    files: Mapping[str, File]


def bundle_folder(folder: Path) -> Path:
    """Where the bundle of a task's folder lies."""
    return folder / "bundle"


def digest(content: bytes) -> str:
    """Of a document or a file."""
    return hashlib.sha256(content).hexdigest()[:32]


def make_bundle(task: Task, fingerprint: str, previous: Index | None = None, track: Track = silent) -> Index:
    """Index anew. Fragments of documents that stay are kept: writing them is half of Pagefind's work.

    previous: what `read_index` gave. Raises SearchError, ConfigError on a full disk; a folder without a
    complete bundle is then left, as by a kill at any moment.
    """
    try:
        return _make_bundle(task, fingerprint, previous, track)
    except pagefind.UnfinishedError:
        # On a busy machine its last bytes may come too late.
        return _make_bundle(task, fingerprint, None, track)


def _make_bundle(task: Task, fingerprint: str, previous: Index | None, track: Track) -> Index:
    work, folder = task.folder, bundle_folder(task.folder)
    if previous is None:
        clear_away(folder if is_plain_folder(work) else work)
    # From here on until the end the folder is in no state to be used.
    clear_away(_marker(work))
    kept = dict(zip(previous.ids, previous.documents, strict=True)) if previous else {}
    _clear(folder, {pagefind.fragment_path(result_id) for result_id in kept})
    documents = list(task.documents())
    pagefind.write_bundle(documents, task.language, folder, track)
    bundle = pagefind.read_bundle(folder)
    if len(bundle.ids) != len(documents):
        raise SearchError(f"Pagefind indexed {len(bundle.ids)} of {len(documents)} items")
    if any(
        kept.get(result_id, document) != document
        for result_id, document in zip(bundle.ids, task.digests, strict=True)
    ):
        # A new document got the id of an old one; Pagefind never overwrites, so the old text is still there.
        return _make_bundle(task, fingerprint, None, track)
    _clear(folder, set(bundle.files))
    words = write_lexicon(documents, task.language, folder)
    known = {pagefind.fragment_path(result_id) for result_id in kept}
    urls = {
        pagefind.fragment_path(result_id): document.url
        for result_id, document in zip(bundle.ids, documents, strict=True)
    }
    files = {
        name: previous.files[name] if previous and name in known else _checked(folder / name, urls.get(name))
        for name in (*bundle.files, *words)
    }
    index = Index(fingerprint, bundle.ids, task.digests, files)
    _save(index, work)
    return index


def _checked(path: Path, url: str | None) -> File:
    """What a new file holds, seen to be whole. url: of the document that it must be."""
    mark, content = _mark(str(path)), path.read_bytes()
    if path.suffix in (".pf_index", ".pf_meta", ".pf_fragment", ".pagefind"):
        payload = pagefind.unpacked(content, path)
        if url is not None and pagefind.read_fragment(payload, path).url != url:
            raise SearchError(f"Pagefind stored another document than {url} as {path.name}")
    elif path.suffix == ".js":
        pagefind.check_script(content, path)
    return File(digest(content), mark)


def _mark(path: str) -> tuple[int, ...]:
    """Raises ValueError for what is no file of its own: a planted link would publish any file around."""
    found = os.lstat(path)
    if not S_ISREG(found.st_mode):
        raise ValueError(f"{path} is not a plain file")
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _clear(folder: Path, keep: set[str]) -> None:
    """Remove all files but those."""
    for name, path in pagefind.files_below(folder):
        if name not in keep:
            Path(path).unlink()


def _marker(folder: Path) -> Path:
    return folder / "complete.json"


def _save(index: Index, folder: Path) -> None:
    state = {
        "fingerprint": index.fingerprint,
        "ids": index.ids,
        "documents": index.documents,
        "files": {name: [file.digest, file.mark] for name, file in index.files.items()},
    }
    write_atomically(_marker(folder), json.dumps(state).encode())


def read_index(folder: Path, track: Track = silent) -> Index | None:
    """The bundle of the last run; None if there is none, it was not finished or is not as it was left."""
    index = _read_index(folder)
    if index is None and _marker(folder).exists():
        track.say("What was kept of the search index is damaged, so it is made anew.")
    return index


def _read_index(folder: Path) -> Index | None:
    try:
        state = json.loads(_marker(folder).read_bytes())
        told = {name: File(digest, tuple(mark)) for name, (digest, mark) in state["files"].items()}
        found = _plain_files(folder)
        files = {name: _look_again(found[name], file) for name, file in told.items()}
        index = Index(state["fingerprint"], tuple(state["ids"]), tuple(state["documents"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if any(files[name].digest != told[name].digest for name in files):
        return None
    if len(index.ids) != len(index.documents) or not all(isinstance(id, str) for id in index.ids):
        return None
    if files != told:
        _save(index, folder)
    return index


def _look_again(path: str, told: File) -> File:
    """What a file holds, read only if something says that it was touched."""
    mark = _mark(path)
    return told if mark == told.mark else File(_digest_of(path), mark)


def _digest_of(path: str) -> str:
    return digest(Path(path).read_bytes())


def _plain_files(folder: Path) -> dict[str, str]:
    """The paths of the files in a bundle, by name; what lies behind links is none of them."""
    bundle = bundle_folder(folder)
    if not is_plain_folder(folder) or not is_plain_folder(bundle):
        return {}
    return {name: entry.path for name, entry in pagefind.files_below(bundle)}


def remove_others(folder: Path, keep: Sequence[str]) -> None:
    """Of the folders of bundles beside each other, named by numbers, leave those."""
    if is_plain_folder(folder):
        for path in list(folder.iterdir()):
            if path.name not in keep and path.name.isdecimal() and path.is_dir():
                remove_tree(path)

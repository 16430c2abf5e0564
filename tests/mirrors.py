"""Libraries that are mirrored from a fake Zotero, for tests of what a sync asks for and what it keeps."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from fakezotero import FakeZotero

from zstatic.api import Api
from zstatic.config import (
    CitationRules,
    Config,
    ExportRules,
    LibraryConfig,
    SearchRules,
    SelectRules,
    SiteConfig,
)
from zstatic.mirror import Mirror, open_mirror
from zstatic.patience import Patience
from zstatic.progress import silent
from zstatic.sync import LibrarySyncReport, Part, sync_libraries

hurried_api = partial(Api, patience=Patience(unsaid=(0.0,), first=0.0), sleep=lambda seconds: None)


def some_collections(zotero: FakeZotero, id: str, *names: str) -> LibraryConfig:
    """A library of which only these collections are mirrored."""
    return LibraryConfig(id, api_url=zotero.url, mirror="collections", select=SelectRules(collections=names))


class Mirrored:
    """Libraries below one folder, synced as `zstatic sync` would; one style and format unless told otherwise.

    After `sync` the log of the fake holds the requests of that run only.
    """

    def __init__(self, root: Path, zotero: FakeZotero, *libraries: LibraryConfig | str, **rules: Any) -> None:
        self.zotero = zotero
        given = (LibraryConfig(each) if isinstance(each, str) else each for each in libraries)
        self.config = Config(
            root,
            SiteConfig("Site"),
            tuple(replace(library, api_url=zotero.url) for library in given),
            root / "_site",
            root / ".zstatic",
            citations=rules.pop("citations", CitationRules(("apa",))),
            exports=rules.pop("exports", ExportRules(("bibtex",))),
            search=rules.pop("search", SearchRules(fulltext=False)),
            **rules,
        )

    def sync(
        self, full: bool = False, parts: Iterable[Part] = ("metadata", "attachments")
    ) -> LibrarySyncReport:
        """Sync all libraries; gives the report of the first."""
        return self.sync_all(full, parts)[0]

    def sync_all(
        self, full: bool = False, parts: Iterable[Part] = ("metadata", "attachments")
    ) -> tuple[LibrarySyncReport, ...]:
        self.zotero.log.clear()
        return sync_libraries(self.config, silent, full=full, parts=tuple(parts), open_api=hurried_api)

    def change(self, **rules: Any) -> None:
        self.config = replace(self.config, **rules)

    def change_library(self, **settings: Any) -> None:
        first, *others = self.config.libraries
        self.config = replace(self.config, libraries=(replace(first, **settings), *others))

    def mirror(self, number: int = 0) -> Mirror:
        return open_mirror(self.config, self.config.libraries[number])

    def items(self) -> set[str]:
        with self.mirror() as mirror:
            return set(mirror.keys("items"))

    def asked(self, part: str = "") -> list[str]:
        """Path and query of the requests of the last run that hold these letters."""
        return [target for target in self.zotero.targets if part in target]

    def item_keys(self) -> set[str]:
        """The items that the last run asked for by key."""
        lists = (logged.query.get("itemKey", "") for logged in self.zotero.log)
        return {key for keys in lists for key in keys.split(",") if key}

"""Libraries, as they are published -> `last_sync.json`, and back.

The file tells readers and monitors how fresh the site is, and marks the output folder as ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zstatic import __version__
from zstatic.build import MARKER
from zstatic.library import Library
from zstatic.mirror import Mirror
from zstatic.pages.context import Context
from zstatic.selection import may_publish


@dataclass(frozen=True, slots=True)
class PublishedLibrary:
    """What one library gives to the site.

    files, bytes: published attachments. missing, mismatched: files that should be published but could not be
    had, or came damaged. problems: how many concern this library.
    """

    slug: str
    name: str
    version: int
    items: int
    collections: int
    files: int
    bytes: int
    missing: int
    mismatched: int
    problems: int


# Zotero knows these without having their bytes.
_NOT_UPLOADED = ("file-not-uploaded",)


def describe_published(library: Library, mirror: Mirror, ctx: Context) -> PublishedLibrary:
    entries = [entry for entry in ctx.items if entry.library is library]
    files = [file for entry in entries for file in entry.files]
    problems = mirror.problems()
    failed = {problem.where.rpartition("/")[2]: problem.code for problem in problems}
    there = {file.key for file in files}
    absent = [
        failed.get(attachment.key, "")
        for item in library.items.values()
        for attachment in item.attachments
        # Of a file that came damaged the one before may still be there.
        if (attachment.key not in there or failed.get(attachment.key) == "file-mismatch")
        and (may_publish(attachment, ctx.config.attachments) or failed.get(attachment.key) in _NOT_UPLOADED)
    ]
    mismatched = absent.count("file-mismatch")
    return PublishedLibrary(
        slug=library.slug,
        name=library.name,
        version=library.version,
        items=len(entries),
        collections=len(library.collections),
        files=len(files),
        bytes=sum(file.size for file in files),
        missing=len(absent) - mismatched,
        mismatched=mismatched,
        problems=len({*problems, *library.problems}),
    )


def last_sync_text(published: Sequence[PublishedLibrary], mirrors: Sequence[Mirror]) -> str:
    """The text of `last_sync.json`; "{}" before the first sync. An account id is not in it."""
    when = max((mirror.state("synced", "") for mirror in mirrors), default="")
    if not when:
        return "{}\n"
    libraries = [
        {
            "slug": one.slug,
            "name": one.name,
            "version": one.version,
            "items": one.items,
            "collections": one.collections,
            "attachments": {
                "published": one.files,
                "bytes": one.bytes,
                "missing": one.missing,
                "mismatched": one.mismatched,
            },
            "problems": one.problems,
        }
        for one in published
    ]
    changed = max(mirror.state("changed", "") for mirror in mirrors)
    facts = {"when": when, "changed": changed, "zstatic": __version__, "libraries": libraries}
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def read_published(site: Path) -> tuple[PublishedLibrary, ...]:
    """What the `last_sync.json` of our own site says about its libraries."""
    told = json.loads((site / MARKER).read_text("utf-8"))
    return tuple(
        PublishedLibrary(
            slug=one["slug"],
            name=one["name"],
            version=one["version"],
            items=one["items"],
            collections=one["collections"],
            files=one["attachments"]["published"],
            bytes=one["attachments"]["bytes"],
            missing=one["attachments"]["missing"],
            mismatched=one["attachments"]["mismatched"],
            problems=one["problems"],
        )
        for one in told.get("libraries", [])
    )

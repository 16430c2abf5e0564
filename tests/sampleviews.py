"""Samples of every view that a theme receives: from sites that have everything, and next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from builders import (
    StubMirror,
    make_attachment,
    make_collection,
    make_config,
    make_item,
    make_note,
    make_tags,
)
from sitepages import Site, context, site_of_libraries

from zstatic.config import Config, LibraryConfig, MenuEntry, SelectRules, SiteConfig, ThemeRules
from zstatic.outputs import Page

URI = "http://zotero.org/groups/1/items/"
PERSON = {"creatorType": "author", "lastName": "Lovelace", "firstName": "Ada"}
CITED = ("CITED222", "CITED333")


@dataclass(frozen=True, slots=True)
class Sample:
    """A page of a sample site. site: what templates receive beside it."""

    page: Page
    site: Site


def full_samples(root: Path, theme: str = "default") -> Iterator[Sample]:
    """root: an empty folder for the files of the site."""
    yield from _pages(_whole_site(root, theme))
    config = make_config(
        root, site=SiteConfig("Two", base_url="https://example.org/"), theme=ThemeRules(theme)
    )
    collections = [make_collection("CCCC2222")]
    mirrors = {
        name: StubMirror(make_item("AAAA2222", collections=["CCCC2222"]), collections=collections, name=name)
        for name in ("main", "second")
    }
    yield from _pages(site_of_libraries(config, **mirrors))


def sparse_samples(root: Path, theme: str = "default") -> Iterator[Sample]:
    """root: as for the full ones."""
    config = make_config(root, theme=ThemeRules(theme))
    yield from _pages(Site(context(config=config)))
    bare = make_item("AAAA2222", title="", dateAdded="", dateModified="", collections=["CCCC2222"])
    yield from _pages(Site(context(bare, collections=[make_collection("CCCC2222")], config=config)))


def _pages(made: Site) -> Iterator[Sample]:
    return (Sample(output, made) for output in made.outputs.values() if isinstance(output, Page))


def _whole_site(root: Path, theme: str) -> Site:
    (root / "content/about").mkdir(parents=True, exist_ok=True)
    for name in ("index", "about/index", "about/team"):
        (root / f"content/{name}.md").write_text(f"# {name}\n\nSome *words*.\n", "utf-8")
    (root / "content/collections").mkdir(exist_ok=True)
    (root / "content/collections/CCCC3333.md").write_text("What is *below*.\n", "utf-8")
    stored = root / "stored"
    stored.write_bytes(b"%PDF-1.4")
    attachment = make_attachment("DDDD2222", "AAAA2222", title="The text")
    return Site(
        context(
            _rich_item(),
            attachment,
            make_attachment(
                "DDDD3333", "AAAA2222", linkMode="linked_url", url="https://example.com/", title="Link"
            ),
            make_note("NNNN2222", "AAAA2222"),
            make_note("NNNN3333", "AAAA2222", note=f"<p>{URI}{CITED[0]}</p>", tags=make_tags("_cites")),
            make_note("NNNN4444", CITED[1], note=f"<p>{URI}AAAA2222</p>", tags=make_tags("_cites")),
            *(make_item(key, tags=make_tags("Rare")) for key in CITED),
            *_many_items(),
            make_item("TRSH2222", deleted=1),
            collections=[
                make_collection("CCCC2222", "Top"),
                make_collection("CCCC3333", "Below", "CCCC2222"),
                *(make_collection(f"EEEE22{number}", f"Shelf {number}") for number in range(22, 40)),
            ],
            config=_config(root, theme),
            files={attachment["data"]["md5"]: stored},
            citations={style: {"AAAA2222": "<div>A reference.</div>"} for style in ("apa", "vancouver")},
            exports={"bibtex": {"AAAA2222": "@article{key,\n\ttitle = {T}\n}"}},
            settings={"tagColors": {"value": [{"name": "Frequent", "color": "#ff0000"}]}},
        )
    )


def _config(root: Path, theme: str) -> Config:
    site = SiteConfig(
        "A whole site",
        base_url="https://example.org/library/",
        description="All that there can be.",
        rights="CC BY 4.0",
        menu=(MenuEntry("About", "about/index.md"), MenuEntry("Elsewhere", "https://example.com/")),
    )
    libraries = (LibraryConfig("groups/1", select=SelectRules(notes=True)),)
    return make_config(root, site=site, theme=ThemeRules(theme), libraries=libraries)


def _rich_item() -> Any:
    return make_item(
        "AAAA2222",
        title="On <i>everything</i>",
        language="en",
        date="2001-02-03",
        parsed_date="2001-02-03",
        DOI="10.1000/182",
        url="https://example.com/paper",
        ISSN="1234-5678",
        publicationTitle="A journal",
        abstractNote="What it is about. " * 400,
        extra="One\nORCID: Ada Lovelace 0000-0002-1825-0097",
        creators=[PERSON, *({**PERSON, "lastName": f"Author {number}"} for number in range(40))],
        tags=make_tags("Frequent", "Rare"),
        collections=["CCCC3333"],
        relations={"dc:relation": f"{URI}BBBB2222", "dc:replaces": f"{URI}OLDD2222"},
    )


def _many_items() -> Iterator[Any]:
    """Enough for a second page, a split index and the longest pictures."""
    for number in range(230):
        yield make_item(
            "BBBB2222" if not number else f"BBBB{number + 3000}",
            "book" if number % 3 else _TYPES[number % len(_TYPES)],
            title=f"Other {number}",
            date=str(1700 if number < 3 else 1800 + number),
            parsed_date=str(1700 if number < 3 else 1800 + number),
            creators=[
                PERSON,
                *(
                    {**PERSON, "lastName": f"{chr(65 + number % 26)}uthor {number}{part}"}
                    for part in range(3)
                ),
            ],
            tags=make_tags("Frequent"),
            collections=["CCCC3333"],
        )
    yield make_item("ZZZZ2222", title="Undated")


_TYPES = ("film", "report", "map", "thesis", "letter", "podcast", "hearing", "patent", "statute", "webpage")


def values_of(view: object) -> Iterator[tuple[type, str, object]]:
    """Every field of a view and of all that is in it: class, name, value."""
    if is_dataclass(view):
        for field in fields(view):
            value = getattr(view, field.name)
            yield type(view), field.name, value
            yield from values_of(value)
    elif isinstance(view, tuple):
        for each in view:
            yield from values_of(each)
    elif isinstance(view, Mapping):
        yield from values_of(tuple(view.values()))

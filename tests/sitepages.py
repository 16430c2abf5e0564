"""Plans and renders small sites for the tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import StubMirror, make_config
from lxml import html as lxml_html
from searching import index_site

from zstatic.config import Config, LibraryConfig, SelectRules, SiteConfig
from zstatic.library import read_library
from zstatic.outputs import Copy, Output, Page, Text
from zstatic.pages.content import read_content
from zstatic.pages.context import Context, make_context
from zstatic.plan import plan_outputs, site_view
from zstatic.render import Renderer
from zstatic.schema import Schema
from zstatic.search import facet_columns, records
from zstatic.selection import select
from zstatic.theme import Theme, load_theme
from zstatic.translations import Words, read_words

BASE_URL = "https://example.org/library/"


def site_config(root: Path = Path("/nonexistent"), **settings: Any) -> Config:
    return make_config(root, **({"site": SiteConfig("A site", base_url=BASE_URL)} | settings))


def context(
    *items: Any,
    collections: Iterable[Any] = (),
    config: Config | None = None,
    schema: Schema | None = None,
    files: Mapping[str, Path] | None = None,
    schema_json: Any = None,
    words: Words | None = None,
    **mirror: Any,
) -> Context:
    """The context of a site with one library. words: None = those of the site's language."""
    config = config or site_config()
    stub = StubMirror(*items, collections=collections, schema=schema_json, **mirror)
    library = select(read_library(stub, config, config.libraries[0]), config.libraries[0].select)
    return make_context(
        [library],
        config,
        schema or Schema(),
        files or {},
        read_content(config.root),
        words or read_words(config.site.language),
    )


class Site:
    """All outputs of a site by path; pages are rendered when asked for."""

    def __init__(self, ctx: Context, theme: Theme | None = None) -> None:
        self.theme = theme or load_theme(ctx.config)
        self.renderer = Renderer(self.theme, site_view(ctx.libraries, ctx.config, self.theme))
        outputs = list(plan_outputs(ctx, self.theme))
        self.outputs: dict[str, Output] = {output.path: output for output in outputs}
        assert len(self.outputs) == len(outputs), "two outputs claim one path"

    def text(self, path: str) -> str:
        output = self.outputs[path]
        assert isinstance(output, (Page, Text)), path
        return self.renderer.render(output).decode()

    def page(self, path: str) -> Any:
        """The parsed page at a path such as "tags/history/"."""
        file = path if path.endswith(".html") else f"{path}index.html"
        return lxml_html.document_fromstring(self.text(file))

    def fingerprints(self) -> dict[str, str]:
        return {path: self.renderer.fingerprint(output) for path, output in self.outputs.items()}

    def copies(self) -> dict[str, Copy]:
        return {path: output for path, output in self.outputs.items() if isinstance(output, Copy)}


def site(*items: Any, **settings: Any) -> Site:
    return Site(context(*items, **settings))


def site_of_libraries(config: Config, **mirrors: StubMirror) -> Site:
    """mirrors: by the slug of their library; "main" = the root."""
    return Site(context_of_libraries(config, {}, **mirrors))


def context_of_libraries(
    config: Config, files: Mapping[str, Path], rules: SelectRules | None = None, **mirrors: StubMirror
) -> Context:
    libraries = tuple(
        LibraryConfig(f"groups/{number}", slug="" if name == "main" else name, select=rules or SelectRules())
        for number, name in enumerate(mirrors, 1)
    )
    config = replace(config, libraries=libraries)
    read = [
        select(read_library(mirror, config, each), each.select)
        for mirror, each in zip(mirrors.values(), libraries, strict=True)
    ]
    return make_context(read, config, Schema(), files, ())


def write_folder(
    ctx: Context, folder: Path, work: Path, with_search: bool = True, within: tuple[str, ...] = ("",)
) -> None:
    """Write a site. work: where Pagefind works. within: folders of it that are enough."""
    site = Site(ctx)
    language = ctx.config.site.language
    copies = index_site(records(ctx), language, work, facets=facet_columns(ctx)) if with_search else ()
    wanted = [output for path, output in site.outputs.items() if path.startswith(within)]
    for output in [*wanted, *copies]:
        path = folder / output.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(output, Copy):
            shutil.copyfile(output.source, path)
        else:
            path.write_text(site.text(output.path), "utf-8")
    (folder / "last_sync.json").write_text("{}", "utf-8")


def words(element: Any) -> str:
    """An element's text with single spaces."""
    return " ".join(element.text_content().split())


def links(element: Any) -> list[str]:
    return [str(anchor.get("href")) for anchor in element.iter("a")]

"""What is wrong with a theme's templates -> ThemeError: file, line, what, and the pages concerned.

Most mistakes show in the templates themselves, before anything is fetched; the rest when a page is made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
)
from jinja2.utils import missing

from zstatic.errors import ThemeError, did_you_mean

FRAME = "base.html"
_RECEIVED = ("page", "site", "root")


class Unknown(StrictUndefined):
    """What a template asks for and does not get, told with what there is."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, owner = self._undefined_name, self._undefined_obj
        if self._undefined_hint:
            return self._undefined_hint
        if owner is missing:
            guess = did_you_mean(str(name), _RECEIVED) or f"; a template receives {', '.join(_RECEIVED)}"
            return f"there is nothing named {name!r} here{guess}"
        if owner is None:
            return f"{name!r} is asked of something that this page does not have; ask for that first, with if"
        return f"{_kind(owner)} has no {name!r}{did_you_mean(str(name), _known(owner))}"


def _kind(owner: object) -> str:
    return "the mapping" if isinstance(owner, dict) else type(owner).__name__


def _known(owner: object) -> tuple[str, ...]:
    if is_dataclass(owner):
        return tuple(field.name for field in fields(owner))
    return tuple(str(key) for key in owner) if isinstance(owner, dict) else ()


@dataclass(frozen=True, slots=True)
class Source:
    """One template, read."""

    name: str
    file: str
    text: str
    tree: nodes.Template

    @property
    def parent(self) -> str:
        """The name of what it extends, "" = nothing."""
        extends = next(self.tree.find_all(nodes.Extends), None)
        name = extends.template if extends else None
        return str(name.value) if isinstance(name, nodes.Const) else ""

    @property
    def blocks(self) -> frozenset[str]:
        return frozenset(block.name for block in self.tree.find_all(nodes.Block))

    def fault(self, line: int, message: str, hint: str = "") -> ThemeError:
        return ThemeError(f"{self.file}:{line}: {message}", hint)


def check_templates(environment: Environment, names: Iterable[str]) -> None:
    """Raise ThemeError for the first mistake that shows without making a page.

    names: of the templates that the default theme does not bring itself.
    """
    for name in names:
        try:
            source = read_source(environment, name)
            _check_words(environment, source)
            _check_references(environment, source)
            _check_parents(environment, source)
            _check_blocks(environment, source)
            environment.get_template(name)
        except TemplateSyntaxError as error:
            raise syntax_error(error, environment) from error


def read_source(environment: Environment, name: str) -> Source:
    """Raises TemplateNotFound, TemplateSyntaxError, and ThemeError for what is no text."""
    text, file = read_text(environment, name)
    return Source(name, file, text, environment.parse(text, name, file))


def read_text(environment: Environment, name: str) -> tuple[str, str]:
    """The source of a template, and its file. Raises TemplateNotFound, and ThemeError for what is no text."""
    loader = environment.loader
    assert loader is not None
    try:
        text, file, _ = loader.get_source(environment, name)
    except UnicodeDecodeError as error:
        raise ThemeError(f"template {name} is no UTF-8 text ({error.reason})", "Save it as UTF-8.") from error
    return text, file or name


def references(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str | None]]:
    """Where a template names others, and the name; None = it is computed."""
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        named: nodes.Expr = node.template  # type: ignore[attr-defined]
        for each in named.items if isinstance(named, nodes.List | nodes.Tuple) else [named]:
            name = each.value if isinstance(each, nodes.Const) else None
            yield node, name if isinstance(name, str) else None


def syntax_error(error: TemplateSyntaxError, environment: Environment) -> ThemeError:
    place = f"{error.filename or error.name}:{error.lineno}"
    return ThemeError(f"{place}: {error.message}", _concerned(environment, error.filename or ""))


def render_error(error: Exception, path: str, template: str, folders: Iterable[str]) -> ThemeError:
    """Why a page could not be made.

    path: of the page. template: that it is made by. folders: of the theme, the nearest to the user first.
    """
    places = list(_places(error, tuple(folders))) or [(0, template)]
    distance, place = places[-1]
    # A mistake in the user's own template may show only in one of ours that it calls.
    called = [caller for nearness, caller in reversed(places) if nearness < distance]
    message = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    if isinstance(error, RecursionError):
        message = "it includes or calls itself without end"
    by = f" It was called at {called[0]}." if called else ""
    return ThemeError(f"{place}: {message}", f"Found while making {path}.{by}")


def _places(error: Exception, folders: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Where in the templates it was, innermost last, each after the number of its folder.

    Jinja gives its frames the template's file and line.
    """
    trace = error.__traceback__
    while trace:
        file = trace.tb_frame.f_code.co_filename
        for number, folder in enumerate(folders):
            if Path(file).is_relative_to(folder):
                yield number, f"{file}:{trace.tb_lineno}"
                break
        trace = trace.tb_next


def _check_words(environment: Environment, source: Source) -> None:
    """Jinja itself would find a filter or test within an if only when a page comes to it."""
    for kind, node_type, known in (
        ("filter", nodes.Filter, environment.filters),
        ("test", nodes.Test, environment.tests),
    ):
        for node in source.tree.find_all(node_type):
            if node.name not in known:
                raise source.fault(
                    node.lineno,
                    f"there is no {kind} named {node.name!r}{did_you_mean(node.name, known)}",
                    _concerned(environment, source.file),
                )


def _check_references(environment: Environment, source: Source) -> None:
    known = environment.list_templates()
    for node, name in references(source.tree):
        if name is None:
            raise source.fault(
                node.lineno,
                "the name of an extended, included or imported template is computed",
                "Write it as a plain string, so that a change of that template makes the page anew.",
            )
        if name not in known and not getattr(node, "ignore_missing", False):
            raise source.fault(
                node.lineno,
                f"there is no template {name!r} in any theme folder{did_you_mean(name, known)}",
                _concerned(environment, source.file),
            )


def _check_parents(environment: Environment, source: Source) -> None:
    for parent in _parents(environment, source):
        if parent.file == source.file:
            line = next(source.tree.find_all(nodes.Extends)).lineno
            raise source.fault(
                line,
                "the template extends itself",
                f'To change some blocks of the original, write: {{% extends "default/{source.name}" %}}',
            )


def _check_blocks(environment: Environment, source: Source) -> None:
    """A block that fills none of an extended template is one that nobody would ever see."""
    if not source.parent:
        return
    known = frozenset[str]().union(*(parent.blocks for parent in _parents(environment, source)))
    blocks = list(source.tree.find_all(nodes.Block))
    inner = {each.name for block in blocks for each in block.find_all(nodes.Block)}
    for block in blocks:
        if block.name not in known | inner:
            raise source.fault(
                block.lineno,
                f"{source.parent} has no block named {block.name!r}{did_you_mean(block.name, known)}",
                f"It has: {', '.join(sorted(known))}.",
            )


def _parents(environment: Environment, source: Source) -> Iterator[Source]:
    """What it extends, what that extends, and so on; one that comes again is the last."""
    seen = {source.file}
    while source.parent:
        source = read_source(environment, source.parent)
        yield source
        if source.file in seen:
            return
        seen.add(source.file)


def _concerned(environment: Environment, file: str) -> str:
    """Which pages a template has a part in."""
    if file in _reaches(environment, FRAME):
        return "It is part of every page."
    pages = [name for name in environment.list_templates() if not name.startswith("_") and "/" not in name]
    named = [name for name in sorted(pages) if file in _reaches(environment, name)]
    return (
        f"It is part of the pages made by {', '.join(named)}." if named else "No page is made by it so far."
    )


def _reaches(environment: Environment, name: str) -> set[str]:
    """The files of a template and of all that it names, as far as they can be read."""
    files: set[str] = set()
    pending, seen = [name], {name}
    while pending:
        try:
            source = read_source(environment, pending.pop())
        except TemplateSyntaxError as error:
            files.add(error.filename or "")
        except (TemplateNotFound, ThemeError):
            continue
        else:
            files.add(source.file)
            found = {named for _, named in references(source.tree) if named} - seen
            pending.extend(sorted(found))
            seen |= found
    return files

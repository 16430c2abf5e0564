"""What a site is made of: the values that the plan yields and the build writes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """A file made by a template from a view.

    path: inside the site, "/"-separated, e.g. "items/ABCD2345/index.html".
    template: name in the theme, e.g. "item.html".
    view: a frozen dataclass holding everything the template may read of this page.
    """

    path: str
    template: str
    view: object


@dataclass(frozen=True, slots=True)
class Text:
    """A file whose whole content is known to the plan. Written as UTF-8."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A file copied as it is.

    digest: identifies the content, e.g. its md5; never read from the file again.
    """

    path: str
    source: Path
    digest: str


Output = Page | Text | Copy

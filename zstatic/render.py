"""Output -> fingerprint, Output -> bytes: where views meet templates."""

from zstatic.digests import digest
from zstatic.outputs import Copy, Output, Page, Text
from zstatic.plan import SiteView
from zstatic.theme import Theme
from zstatic.themefaults import render_error


class Renderer:
    """Fingerprints and renders the outputs of one site."""

    def __init__(self, theme: Theme, site: SiteView) -> None:
        self.theme = theme
        self.site = site

    def fingerprint(self, output: Output) -> str:
        """Equal for equal bytes, as long as the site view and the program are the same."""
        match output:
            case Page():
                return digest(("page", self.theme.fingerprint(output.template), output.view))
            case Text():
                return digest(("text", output.text))
            case Copy():
                return digest(("copy", output.digest))

    def render(self, output: Page | Text) -> bytes:
        """The bytes of a file; raises ThemeError naming template, line and page."""
        if isinstance(output, Text):
            return output.text.encode("utf-8", "replace")
        template = self.theme.template(output.template)
        try:
            html = template.render(page=output.view, site=self.site, root=root_of(output.path, self.site))
        except Exception as error:
            folders = tuple(str(folder.path) for folder in self.theme.folders)
            raise render_error(error, output.path, output.template, folders) from error
        # Zotero lets half a surrogate pair through, which no encoding has.
        return html.encode("utf-8", "replace")


def root_of(path: str, site: SiteView) -> str:
    """What leads from a page to the site's root: "../../", or the site's own path for 404.html.

    A server answers with 404.html under any address, so only there a link cannot be relative.
    """
    if path == "404.html":
        return site.base_path
    return "../" * path.count("/") or "./"

"""Names and links that are safe to publish: page slugs, file names, hrefs and identifiers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from zstatic.library import Attachment

# The only kinds of file that may be published, with the extension that makes a web server say so. Nothing
# stands here that a browser would run on our origin: no HTML, SVG, XML, MHTML or JavaScript.
EXTENSIONS = {
    "application/epub+zip": "epub",
    "application/gzip": "gz",
    "application/json": "json",
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/postscript": "ps",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/zip": "zip",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "image/vnd.djvu": "djvu",
    "image/webp": "webp",
    "text/csv": "csv",
    "text/markdown": "md",
    "text/plain": "txt",
    "video/mp4": "mp4",
    "video/ogg": "ogv",
    "video/webm": "webm",
}

_RESERVED = re.compile(r"(?:con|prn|aux|nul|clock\$|com\d|lpt\d)")
_MAX_NAME = 80
_MAX_NAME_BYTES = 240  # file systems stop at 255
_HASH = 8


def slug(name: str) -> str:
    """The path segment of a tag's or creator's page.

    Depends on the name alone, equal for names equal but for case and outer spaces, different for all others:
    what cannot be kept is stood for by a short hash after "--", which no fully kept name contains.
    At most 80 characters, never a reserved or hidden file name.
    """
    name = name.strip().casefold()
    composed = unicodedata.normalize("NFC", name)
    base = re.sub(r"-+", "-", "".join(char if _is_kept(char) else "-" for char in composed)).strip("-")
    # A decomposed name is another name, but some file systems would give both one folder.
    is_whole = base.replace("-", " ") == composed and composed.casefold() == name
    if base and is_whole and _fits(base) and not _RESERVED.fullmatch(base):
        return base
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{_shorten(base, _HASH + 2) or 'x'}--{digest}"


def _is_kept(char: str) -> bool:
    """Whether a slug keeps a character: letters with their marks (Indic vowels are marks) and digits."""
    category = unicodedata.category(char)
    return category[0] in "LM" or category == "Nd"


def _fits(text: str) -> bool:
    return len(text) <= _MAX_NAME and len(text.encode()) <= _MAX_NAME_BYTES


def _shorten(text: str, spare: int) -> str:
    text = text[: _MAX_NAME - spare]
    return text.encode()[: _MAX_NAME_BYTES - spare].decode("utf-8", "ignore").strip("-")


def item_path(library_slug: str, key: str) -> str:
    """The folder of an item's page, relative to the site's root."""
    return _library_path(library_slug, f"items/{key}/")


def note_anchor(key: str) -> str:
    """The place of a note on its item's page."""
    return f"note-{key}"


def item_name(library_slug: str, key: str) -> str:
    """What an item is called in a list of items: its key, in a library with a slug after that."""
    return f"{library_slug}/{key}" if library_slug else key


def collection_path(library_slug: str, key: str) -> str:
    """The folder of a collection's pages, relative to the site's root."""
    return _library_path(library_slug, f"collections/{key}/")


def _library_path(library_slug: str, path: str) -> str:
    return f"{library_slug}/{path}" if library_slug else path


# Letters that Unicode does not decompose into a base letter and marks.
_ASCII = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
    | {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i"}
)


def file_name(attachment: Attachment, taken: Collection[str]) -> str:
    """The published name of a file: lower-case ASCII, at most 80 characters, extension from the media type.

    taken: names already used in the same folder, all from here; on a clash the attachment's key is added.
    Raises KeyError for a media type that is never published.
    """
    extension = EXTENSIONS[attachment.media_type]
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", attachment.filename) or attachment.title
    base = _ascii_slug(stem, spare=len(extension) + 1)
    key = attachment.key.lower()
    if not base or _RESERVED.fullmatch(base):
        base = f"{base}-{key}".lstrip("-")
    name = f"{base}.{extension}"
    base = _ascii_slug(stem, spare=len(extension) + 1 + len(key) + 1)
    while name in taken:
        # Once more where another file is called by this one's key.
        base = f"{base}-{key}".lstrip("-")
        name = f"{base}.{extension}"
    return name


def _ascii_slug(text: str, spare: int) -> str:
    folded = unicodedata.normalize("NFKD", text.translate(_ASCII)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[: _MAX_NAME - spare].strip("-")


_TRACKING = re.compile(r"(?i)(?<=[?&])(?:utm_\w+|fbclid|gclid)=[^&]*&?")
_WEB = re.compile(r"(?i)https?://(?:www\.)?([^/?#\s]+)([^#\s]*)")


def compared_url(url: str) -> str:
    """What stays of a web address when two are compared, as in search-index.js; "" for anything else."""
    parts = _WEB.match(url.strip())
    if not parts:
        return ""
    rest = _TRACKING.sub("", parts[2]).rstrip("?&/").replace("/?", "?")
    return parts[1].lower() + rest


_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")
_MAILTO = re.compile(r"mailto:[^\s@:/<>\"]+@[^\s@:/<>\"]+", re.IGNORECASE)
_HREF_SAFE = "!$%&'()*+,/:;=?@~-._"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def safe_href(url: str) -> str:
    """The URL if a page may link to it, else "": only http, https and plain mailto, without credentials.

    Control characters and surrounding spaces go, as browsers drop them too; what no URL holds is encoded.
    """
    url = _CONTROL.sub(_keep_space, url).strip()
    if _MAILTO.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        bad_port = parts.port == 0
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or bad_port:
        return ""
    if re.search(r"[@\\\s<>\"]", parts.netloc):
        return ""
    start = url.index("//") + 2 + len(parts.netloc)
    before, sharp, fragment = url[start:].partition("#")
    return url[:start] + _encoded(before) + sharp + _encoded(fragment)


def _encoded(text: str) -> str:
    """Letters of other scripts stay readable; only what HTML or a URL cannot hold is encoded."""
    return "".join(
        char if not char.isascii() or char.isalnum() or char in _HREF_SAFE else quote(char)
        for char in _LONE_PERCENT.sub("%25", text)
    )


def _keep_space(control: re.Match[str]) -> str:
    return " " if control[0] == " " else ""


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)")
# All others lead to somebody's own computer or program.
_PUBLIC_SCHEMES = frozenset(("http", "https", "ftp", "mailto", "doi", "hdl", "info", "urn"))


_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_PASSWORD = re.compile(r"\b(?:https?|ftp):[/\\]{0,9}[^/\\?#\s]{0,255}@", re.IGNORECASE)


def public_url(text: str) -> str:
    """An address field if it may be shown; "" for what leads to a place on a computer or names a password."""
    address = _CONTROL.sub(_keep_space, text).strip()
    if scheme := _SCHEME.match(address):
        is_public = scheme[1].lower() in _PUBLIC_SCHEMES
    else:
        start, _, rest = address.partition("/")
        # "www.example.org/a", "see http://…" and "n/a", but not "/home/me", "~/a" or "Documents/a.pdf".
        is_address = "." in start.strip(".") or "://" in address
        is_path = not start.strip(".~") or "/" in rest or _EXTENSION.search(rest)
        is_public = "\\" not in start and (is_address or not is_path)
    return without_private_places(text).strip() if is_public and not _PASSWORD.search(address) else ""


# BibTeX writes backslashes as commands and capitals in braces.
_BACKSLASH = r"(?:\\|\{\\textbackslash\})"
_PRIVATE_PLACE = re.compile(
    rf"""\bfile:(?=/)(?:[^\s"'<>|{{}}]|\{{[^\s{{}}]{{0,99}}\}})*/
    |\b\{{?[a-z]\}}?:{_BACKSLASH}\{{?(?:Users|Documents\ and\ Settings)\}}?{_BACKSLASH}
     (?:(?:[^\\/\n"<>|{{}}]|\{{[^\\\n{{}}]{{0,99}}\}}){{0,255}}{_BACKSLASH})*
    |\bhttps?://(?:www\.)?zotero\.org/users/[^\s"'<>{{}}]*
    |\bzotero://[^\s"'<>{{}}]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FOLDER_OF_FILE = re.compile(
    r"""(?:\b(?:(?:file|attachments|storage):(?=\S)|[a-z]:(?=[\\/]))
    |(?:^|(?<=\s))(?:\\\\|~[\\/]|/(?=(?:home|users|volumes|mnt|media|private|var|tmp)/))
    |^/(?=[^\s/\\]+[/\\])
    )(?:[^\\/\n"<>|]{0,255}[\\/])*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_private_places(text: str) -> str:
    """A text without addresses in personal libraries; of paths to files on a computer their last part stays.

    Only what can be nothing else is taken for one: formulas hold backslashes, too.
    """
    return _PRIVATE_PLACE.sub("", text)


def without_folders(name: str) -> str:
    """The title or name of a file without the folders that it lies in on somebody's computer."""
    return _FOLDER_OF_FILE.sub("", name).strip()


_DOI_PREFIX = re.compile(r"<?(?:doi\s*:?\s*)?(https?://(?:dx\.|www\.)?doi\.org/)?", re.IGNORECASE)
# No DOI has one of its own.
_ENCODED_ANGLE = re.compile(r"%3[ce]", re.IGNORECASE)
# Bounded, so that no text makes the search start anew at each of its characters and run to its end.
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d{1,9}){0,9}/\S+")


def doi(text: str) -> str:
    """The bare DOI in a field, for reading: "10.1000/182"; "" if there is none.

    Accepts URLs, a "doi:" prefix and angle brackets around it; old DOIs contain "<", ">" and ";" themselves,
    percent-encoded or not.
    """
    text = text.strip()
    prefix = _DOI_PREFIX.match(text)
    if prefix and (prefix[1] or _ENCODED_ANGLE.search(text)):
        text = text[: prefix.end()] + unquote(text[prefix.end() :])
    match = _DOI.search(text)
    if not match:
        return ""
    found = match[0].rstrip(".,;:")
    return found.removesuffix(">") if text.startswith("<") else found


def doi_url(text: str) -> str:
    """The link of a DOI field: "https://doi.org/10.…", percent-encoded; "" if it holds no DOI."""
    found = doi(text)
    return f"https://doi.org/{quote(found, safe='/:;().-_~')}" if found else ""


_ISBN = re.compile(r"(?<![\dXx-])(?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx](?![\dXx])")
_ISSN = re.compile(r"(?<![\dXx-])\d{4}-?\d{3}[\dXx](?![\dXx-])")
_NUMBER_LABEL = re.compile(r"(?i)(?:e-?|p-?)?is[bs]n(?:-1[03])?")


def isbns(text: str) -> tuple[str, ...]:
    """The valid ISBNs of a field, without hyphens or repeats, in their order."""
    return tuple(dict.fromkeys(number for _, number in isbn_pieces(text) if number))


def isbn_pieces(text: str) -> Iterator[tuple[str, str]]:
    """A field cut into its numbers and what stands between: (text, its ISBN without hyphens or "")."""
    return _pieces(text, _ISBN, _isbn_is_valid)


def issn_pieces(text: str) -> Iterator[tuple[str, str]]:
    """A field cut into its numbers and what stands between: (text, its ISSN without hyphen or "")."""
    return _pieces(text, _ISSN, _issn_is_valid)


def _pieces(
    text: str, pattern: re.Pattern[str], is_valid: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    end = 0
    for match in pattern.finditer(text):
        number = re.sub(r"[- ]", "", match[0]).upper()
        if is_valid(number):
            yield from _between(text[end : match.start()])
            yield match[0], number
            end = match.end()
    yield from _between(text[end:])


def _between(text: str) -> Iterator[tuple[str, str]]:
    """What stands beside numbers and is more than a separator or "ISBN:"."""
    text = text.strip(" \t\n,;:/")
    if text and not _NUMBER_LABEL.fullmatch(text):
        yield text, ""


def hyphenated(isbn: str) -> str:
    """A valid ISBN cut where country and publisher end, "978-0-306-40615-7"; whole if of no known range."""
    # It takes a while to load, and only the pages of books need it.
    from stdnum import isbn as ranges

    prefix, *parts = ranges.split(isbn)
    return "-".join(filter(None, (prefix, *parts))) if all(parts) else isbn


def _isbn_is_valid(number: str) -> bool:
    digits = [10 if char == "X" else int(char) for char in number]
    if len(digits) == 10:
        return sum(digit * weight for digit, weight in zip(digits, range(10, 0, -1), strict=True)) % 11 == 0
    return sum(digit * weight for digit, weight in zip(digits, (1, 3) * 6 + (1,), strict=True)) % 10 == 0


_ARXIV = re.compile(r"(?i)(arxiv:\s*)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?\b")


def arxiv_id(text: str, *, prefixed: bool = True) -> str:
    """The number of a preprint with its version, "2101.00001v2"; "" if there is none at the beginning.

    prefixed: only what says "arXiv:" is taken for one.
    """
    number = _ARXIV.match(text.strip())
    if not number or (prefixed and not number[1]):
        return ""
    return number[2] + (number[3] or "")


def _issn_is_valid(number: str) -> bool:
    digits = [10 if char == "X" else int(char) for char in number]
    return sum(digit * weight for digit, weight in zip(digits, range(8, 0, -1), strict=True)) % 11 == 0


def orcid_url(text: str) -> str:
    """The address of an ORCID iD, "https://orcid.org/0000-0002-1825-0097"; "" if its check digit is wrong."""
    digits = re.sub(r"[^0-9X]", "", text.strip().upper().removeprefix("HTTPS://ORCID.ORG/"))
    if not re.fullmatch(r"\d{15}[\dX]", digits):
        return ""
    # https://support.orcid.org/hc/en-us/articles/360006897674
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != digits[-1]:
        return ""
    return f"https://orcid.org/{'-'.join(digits[start : start + 4] for start in range(0, 16, 4))}"


_HANDLE = re.compile(r"(?:https?://hdl\.handle\.net/|hdl:|info:hdl/)?(\d[\d.]*/\S+)", re.IGNORECASE)


def handle_url(text: str) -> str:
    """The link of a Handle: "https://hdl.handle.net/2027/…"; "" if it is none."""
    match = _HANDLE.fullmatch(text.strip())
    return f"https://hdl.handle.net/{quote(match[1], safe='/:;().-_~')}" if match else ""

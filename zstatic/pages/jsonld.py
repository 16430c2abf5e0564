"""What pages are about, as schema.org in JSON-LD."""

import json
import re
from collections.abc import Mapping

from markupsafe import Markup

from zstatic.library import Creator, Item
from zstatic.pages.basefields import base_value
from zstatic.pages.citation_meta import iso_date
from zstatic.pages.context import Context, Entry
from zstatic.pages.downloads import library_downloads
from zstatic.pages.nearby import linked
from zstatic.pages.orcids import orcids
from zstatic.richtext import abstract_text, plain
from zstatic.urls import arxiv_id, doi, doi_url, isbns, safe_href

Node = dict[str, object]

TYPES = {
    "artwork": "VisualArtwork",
    "audioRecording": "MusicRecording",
    "bill": "Legislation",
    "blogPost": "BlogPosting",
    "book": "Book",
    "bookSection": "Chapter",
    "computerProgram": "SoftwareSourceCode",
    "conferencePaper": "ScholarlyArticle",
    "dataset": "Dataset",
    "film": "Movie",
    "forumPost": "DiscussionForumPosting",
    "journalArticle": "ScholarlyArticle",
    "map": "Map",
    "newspaperArticle": "NewsArticle",
    "podcast": "PodcastEpisode",
    "preprint": "ScholarlyArticle",
    "presentation": "PresentationDigitalDocument",
    "radioBroadcast": "RadioEpisode",
    "report": "Report",
    "statute": "Legislation",
    "thesis": "Thesis",
    "tvBroadcast": "TVEpisode",
    "videoRecording": "VideoObject",
    "webpage": "WebPage",
}
_ROLES = {
    "author": "author",
    "editor": "editor",
    "translator": "translator",
    "director": "director",
    "producer": "producer",
    "composer": "composer",
    "recipient": "recipient",
    "sponsor": "sponsor",
}
_CONTAINERS = {
    "bookSection": "Book",
    "conferencePaper": "Book",
    "dictionaryEntry": "Book",
    "encyclopediaArticle": "Book",
    "blogPost": "Blog",
    "forumPost": "WebSite",
    "webpage": "WebSite",
    "newspaperArticle": "Newspaper",
    "journalArticle": "Periodical",
    "magazineArticle": "Periodical",
    "tvBroadcast": "TVSeries",
    "radioBroadcast": "RadioSeries",
    "podcast": "PodcastSeries",
}
_LICENSE = re.compile(r"https?://\S+")


def item_json_ld(ctx: Context, entry: Entry) -> Markup:
    """The work that an item's page describes."""
    item, fields = entry.item, entry.item.fields
    pages = plain(fields.get("pages", ""))
    node: Node = {
        "@context": "https://schema.org",
        "@type": TYPES.get(item.item_type, "CreativeWork"),
        "@id": ctx.absolute(entry.path),
        "url": ctx.absolute(entry.path),
        "name": entry.title,
        **_creators(item),
        "datePublished": iso_date(item.date),
        "dateModified": item.date_modified,
        "inLanguage": entry.line.lang,
        "abstract": abstract_text(fields.get("abstractNote", "")),
        "keywords": list(item.tags),
        "publisher": _named("Organization", plain(base_value(item, "publisher"))),
        "isPartOf": _whole(item),
        "pagination": pages,
        "isbn": list(isbns(fields.get("ISBN", ""))) if item.item_type == "book" else [],
        "identifier": _identifiers(item),
        "citation": _cited(ctx, entry),
        "sameAs": _same_as(item),
        "license": license_url(item),
        "encoding": [
            {
                "@type": "MediaObject",
                "contentUrl": ctx.absolute(file.path),
                "encodingFormat": file.media_type,
                "name": file.title,
            }
            for file in entry.files
            if ctx.config.site.base_url
        ],
    }
    return script(node)


def _cited(ctx: Context, entry: Entry) -> list[Node]:
    """The works on the site that the item cites."""
    return [
        {
            "@type": TYPES.get(other.item.item_type, "CreativeWork"),
            "@id": ctx.absolute(other.path),
            "name": other.title,
        }
        for other in linked(ctx, entry, entry.item.cites)
    ]


def site_json_ld(ctx: Context) -> Markup:
    """The site with its search, and what can be downloaded of it."""
    site = ctx.config.site
    home = ctx.absolute("")
    if not home:
        return Markup()
    described: Node = {
        "description": site.description,
        "inLanguage": site.language,
        "license": next(iter(_LICENSE.findall(site.rights)), ""),
    }
    graph: list[Node] = [
        {
            "@type": "WebSite",
            "@id": f"{home}#site",
            "url": home,
            "name": site.title,
            **described,
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": f"{home}search/?q={{search_term_string}}"},
                "query-input": "required name=search_term_string",
            },
        },
        {
            "@type": "DataCatalog",
            "@id": f"{home}#catalog",
            "url": home,
            "name": site.title,
            **described,
            "dataset": [
                {
                    "@type": "Dataset",
                    "name": library.name or site.title,
                    "description": site.description
                    or ctx.words.gettext("Bibliography: %(library)s", library=library.name or site.title),
                    "distribution": [
                        {
                            "@type": "DataDownload",
                            "name": each.label,
                            "contentUrl": ctx.absolute(each.path),
                            "encodingFormat": each.media_type,
                        }
                        for each in library.downloads
                    ],
                }
                for library in library_downloads(ctx)
            ],
        },
    ]
    return script({"@context": "https://schema.org", "@graph": [_filled(node) for node in graph]})


def script(node: Mapping[str, object]) -> Markup:
    """JSON that no HTML parser takes for the end of its script element."""
    text = json.dumps(_filled(node), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - no "<", ">" or "&" is left


_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def _filled(node: Mapping[str, object]) -> Node:
    return {name: value for name, value in node.items() if value not in ("", [], {}, None)}


def _named(kind: str, name: str) -> Node:
    return {"@type": kind, "name": name} if name else {}


def _creators(item: Item) -> dict[str, list[Node]]:
    by_property: dict[str, list[Node]] = {}
    known = orcids(item)
    for creator in item.creators:
        if creator.name:
            agent = {**_agent(creator), **({"@id": url} if (url := known.get(creator.name)) else {})}
            by_property.setdefault(_property(creator), []).append(agent)
    return by_property


def _property(creator: Creator) -> str:
    """schema.org's word for the role; contributors are all those for whom it has none."""
    if creator.role in ("artist", "cartographer", "programmer", "podcaster", "presenter", "creator"):
        return "creator"
    return _ROLES.get(creator.role, "contributor")


def _agent(creator: Creator) -> Node:
    if not creator.given:
        # A name in a single field: an institution, mostly; schema.org has no word for "either".
        return {"@type": "Organization", "name": creator.name}
    return {
        "@type": "Person",
        "name": creator.name,
        "givenName": creator.given,
        "familyName": creator.family,
    }


def _whole(item: Item) -> Node:
    """What the work is a part of: issue, in a volume, in a periodical."""
    name = plain(base_value(item, "publicationTitle"))
    kind = _CONTAINERS.get(item.item_type, "")
    if not name or not kind:
        return {}
    volume, issue = (plain(item.fields.get(field, "")) for field in ("volume", "issue"))
    node = _named(kind, name)
    if issn := plain(item.fields.get("ISSN", "")):
        node["issn"] = issn
    if kind == "Book":
        if numbers := isbns(item.fields.get("ISBN", "")):
            node["isbn"] = list(numbers)
        return node | ({"volumeNumber": volume} if volume else {})
    if volume:
        node = {"@type": "PublicationVolume", "volumeNumber": volume, "isPartOf": node}
    if issue:
        node = {"@type": "PublicationIssue", "issueNumber": issue, "isPartOf": node}
    return node


def _identifiers(item: Item) -> list[Node]:
    fields = item.fields
    values = {
        "DOI": doi(fields.get("DOI", "")),
        "arXiv": arxiv_id(fields.get("archiveID", "")),
        "PMID": _pmid(item),
        "PMCID": fields.get("PMCID", "").strip(),
        "ISBN": ", ".join(isbns(fields.get("ISBN", ""))) if item.item_type != "book" else "",
    }
    return [
        {"@type": "PropertyValue", "propertyID": name, "value": value}
        for name, value in values.items()
        if value
    ]


def _same_as(item: Item) -> str | list[str]:
    """Where the work is described elsewhere."""
    main = doi_url(item.fields.get("DOI", "")) or safe_href(item.fields.get("url", ""))
    pubmed = f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if (number := _pmid(item)) else ""
    known = list(dict.fromkeys(filter(None, (main, pubmed))))
    return known if len(known) > 1 else "".join(known)


# Zotero keeps it in Extra for the types that have no field for it.
_PMID = re.compile(r"(?:^|\n)\s*PMID\s*:\s*(\d{1,9})\s*(?:\n|$)", re.IGNORECASE)


def _pmid(item: Item) -> str:
    given = item.fields.get("PMID", "").strip() or "".join(_PMID.findall(item.fields.get("extra", ""))[:1])
    return given if given.isdecimal() else ""


def license_url(item: Item) -> str:
    """The address of the licence under which the work says it stands; "" = none is named by address."""
    found = _LICENSE.search(item.fields.get("rights", ""))
    return safe_href(found[0].rstrip(".,;)")) if found else ""

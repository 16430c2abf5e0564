"""Make libraries of any size out of the real records of the shared ones, the same in every run.

    content, files = realistic(shared, 4000)
    library = fake.add_content(content, files)

Records are real and come again when a library needs more than there are, each time as a work of its own:
a fresh key, version, title, creators and tags, and exports that agree with them.
Distinct tags and creators grow as in real libraries: slower than the items, and unevenly.

In a `mixed` library no two works have a title or people in common: what they have is shuffled, word by word.
"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from fakelibrary import NOW, exports_of, key_maker, link_to, md5_of, meta_of

from zstatic.sample.answers import JSON

COMMON = {"relations": {}, "dateAdded": NOW, "dateModified": NOW}
ITEMS_PER_COLLECTION = 40
FILE_EVERY = 20
NOTE_EVERY = 10
TITLES = ("title", "caseName", "nameOfAct", "subject")


def realistic(shared: Path, size: int, id: str = "groups/9") -> tuple[JSON, dict[str, bytes]]:
    """Give a library of `size` works in the shape of library.json, and its files by attachment key."""
    maker = Maker(id, size)
    for number, record in enumerate(islice(cycle(read_records(shared)), size)):
        maker.add_work(number, record)
    return maker.content(), maker.files


def mixed(shared: Path, size: int, id: str = "groups/9") -> tuple[JSON, dict[str, bytes]]:
    """The same, shuffled: titles of words from all real titles, people of given and family names from all
    real ones, years and abstracts of other works.
    """
    records = read_records(shared)
    maker = Mixer(id, size, records)
    for number, record in enumerate(islice(cycle(records), size)):
        maker.add_work(number, record)
    return maker.content(), maker.files


def read_records(shared: Path) -> list[JSON]:
    """Read the live regular items of both shared libraries."""
    records: list[JSON] = []
    for folder in sorted((shared / "zotero-api" / "libraries").iterdir()):
        with gzip.open(folder / "library.json.gz", "rt", encoding="utf-8") as file:
            records += [item["data"] for item in json.load(file)["items"]]
    return [record for record in records if is_work(record)]


def is_work(record: JSON) -> bool:
    return record["itemType"] not in ("note", "attachment", "annotation") and not record.get("deleted")


class Maker:
    """Adds up a library; versions count on with every object, as they would by a long series of edits."""

    def __init__(self, id: str, size: int) -> None:
        self.id = id
        self.chance = random.Random(f"{id} {size}")
        self.keys = distinct(key_maker(f"{id} {size}"))
        self.version = 0
        self.items: list[JSON] = []
        self.collections: list[JSON] = []
        self.files: dict[str, bytes] = {}
        self.file_headers: dict[str, JSON] = {}
        self.fulltext: dict[str, JSON] = {}
        self.fulltext_versions: dict[str, int] = {}
        self.tags: list[JSON] = []
        self.creators: list[JSON] = []
        self.add_collections(max(3, size // ITEMS_PER_COLLECTION))

    def add_collections(self, count: int) -> None:
        """Make a tree: about every third collection is at the top, none is deeper than it must be."""
        for number in range(count):
            parent = False if number % 3 == 0 else self.chance.choice(self.collections)["key"]
            topic = self.chance.choice(["Méthodes", "Sources", "研究", "Übersicht", "Drafts"])
            made: JSON = {
                "name": f"Collection {number:03} {topic}",
                "parentCollection": parent,
                "relations": {},
            }
            self.collections.append(self.object("collections", next(self.keys), made))

    def add_work(self, number: int, record: JSON) -> None:
        """Add an item made of a real record, and now and then a file or a note under it."""
        key = next(self.keys)
        data = {
            **record,
            **self.described(number, record),
            "tags": list({tag["tag"]: tag for tag in map(self.tag, record.get("tags", ()))}.values()),
            "collections": self.some_collections(),
            "citationKey": "",
            **COMMON,
        }
        if data.get("DOI"):
            data["DOI"] = f"{data['DOI']}.{number}"
        self.add_item(key, data)
        if number % FILE_EVERY == 0:
            self.add_file(key, number)
        if number % NOTE_EVERY == 0:
            note = {"itemType": "note", "parentItem": key, "note": f"<p>Read in part: {number}.</p>"}
            self.add_item(next(self.keys), {**note, **COMMON, "tags": []})

    def described(self, number: int, record: JSON) -> JSON:
        """Give what a reader may know of a work made of a record."""
        return {
            "title": record.get("title", "") and f"{record['title']} {number}",
            "creators": [self.creator(creator) for creator in record.get("creators", ())],
        }

    def add_item(self, key: str, data: JSON) -> None:
        item = self.object("items", key, data)
        self.items.append({**item, "meta": meta_of(data), **exports_of(key, data)})

    def add_file(self, parent: str, number: int) -> None:
        key = next(self.keys)
        body = small_pdf(f"Text of work {number}")
        digest = md5_of(body)
        data = {
            "itemType": "attachment",
            "linkMode": "imported_file",
            "parentItem": parent,
            "title": "Full text PDF",
            "filename": f"work {number}.pdf",
            "contentType": "application/pdf",
            "charset": "",
            "url": "",
            "accessDate": "",
            "note": "",
            "tags": [],
            "md5": digest,
            "mtime": 1700000000000,
            **COMMON,
        }
        self.add_item(key, data)
        self.files[key] = body
        self.file_headers[key] = {
            "Zotero-File-Compressed": "No",
            "Zotero-File-MD5": digest,
            "Zotero-File-Modification-Time": "1700000000000",
            "Zotero-File-Size": str(len(body)),
        }
        self.version += 1
        self.fulltext[key] = {"content": f"Text of work {number}", "indexedPages": 1, "totalPages": 1}
        self.fulltext_versions[key] = self.version

    def creator(self, creator: JSON) -> JSON:
        """Give a creator: often one who has been here before, else a new name."""
        if self.creators and self.chance.random() < 0.3:
            known = self.chance.choice(self.creators)
            return {**known, "creatorType": creator["creatorType"]}
        # A quarter of the names stay as they are, so that a real name comes back with its record.
        mark = "" if self.chance.random() < 0.25 else self.syllables()
        name = "name" if "name" in creator else "lastName"
        new = {**creator, name: (creator[name] + mark).strip()}
        self.creators.append(new)
        return new

    def tag(self, tag: JSON) -> JSON:
        """Give a tag: mostly one in use, the common ones more often, else a new one."""
        if self.tags and self.chance.random() < 0.6:
            # Squaring prefers the early ones: few tags on many items, many on few.
            return self.tags[int(len(self.tags) * self.chance.random() ** 2)]
        new = {**tag, "tag": tag["tag"] + ("" if self.chance.random() < 0.5 else " " + self.syllables())}
        self.tags.append(new)
        return new

    def syllables(self) -> str:
        return "".join(self.chance.choices(["ba", "ke", "li", "mo", "nu", "ra", "se", "ti"], k=3))

    def some_collections(self) -> list[str]:
        count = self.chance.choice((0, 1, 1, 1, 2))
        return [collection["key"] for collection in self.chance.sample(self.collections, count)]

    def object(self, kind: str, key: str, data: JSON) -> JSON:
        self.version += 1
        place, _, number = self.id.partition("/")
        library = {"type": place.removesuffix("s"), "id": int(number), "name": "A realistic library"}
        return {
            "key": key,
            "version": self.version,
            "library": {
                **library,
                "links": {"alternate": link_to(f"/{self.id}")},
            },
            "links": {"self": link_to(f"/{self.id}/{kind}/{key}")},
            "meta": {},
            "data": {**data, "key": key, "version": self.version},
        }

    def content(self) -> JSON:
        inside = Counter(key for item in self.items for key in item["data"].get("collections", ()))
        below = Counter(collection["data"]["parentCollection"] for collection in self.collections)
        under = Counter(item["data"].get("parentItem") for item in self.items)
        for item in self.items:
            item["meta"]["numChildren"] = under[item["key"]]
        for collection in self.collections:
            key = collection["key"]
            collection["meta"] = {"numCollections": below[key], "numItems": inside[key]}
        return {
            "library": f"/{self.id}",
            "version": self.version,
            "style": "apa",
            "items": self.items,
            "collections": self.collections,
            "searches": [],
            "settings": {},
            "deleted": {},
            "fulltext_versions": self.fulltext_versions,
            "fulltext": self.fulltext,
            "files": {key: {"status": 302, "headers": headers} for key, headers in self.file_headers.items()},
        }


class Mixer(Maker):
    """Makes no two works alike."""

    def __init__(self, id: str, size: int, records: list[JSON]) -> None:
        super().__init__(id, size)
        self.words = [word for record in records for name in TITLES for word in record.get(name, "").split()]
        people = [creator for record in records for creator in record.get("creators", ())]
        self.given = [creator["firstName"] for creator in people if creator.get("firstName")]
        self.family = [creator["lastName"] for creator in people if creator.get("lastName")]
        self.names = [creator["name"] for creator in people if "name" in creator]
        self.dates = [record.get("date", "") for record in records]
        self.abstracts = [record.get("abstractNote", "") for record in records]

    def described(self, number: int, record: JSON) -> JSON:
        titles = {name: len(record[name].split()) for name in TITLES if record.get(name)}
        return {
            **{name: " ".join(self.chance.choices(self.words, k=length)) for name, length in titles.items()},
            "creators": [self.creator(creator) for creator in record.get("creators", ())],
            "date": self.chance.choice(self.dates),
            "abstractNote": self.chance.choice(self.abstracts),
        }

    def creator(self, creator: JSON) -> JSON:
        draw = self.chance.choice
        if "name" in creator:
            return {**creator, "name": draw(self.names)}
        return {**creator, "firstName": draw(self.given), "lastName": draw(self.family)}


def distinct(keys: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for key in keys:
        if key not in seen:
            seen.add(key)
            yield key


def small_pdf(text: str) -> bytes:
    """Write a PDF of one page with one line of text."""
    stream = f"BT /F1 12 Tf 40 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    body, places = b"%PDF-1.4\n", []
    for number, entry in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, entry)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + tail

"""Large files pass through a sync, and a build, without being held in memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakezotero import FakeZotero
from pypdf import PdfReader
from sites import SiteFolder

CAP = 300_000_000
LARGE = 300_000_000
PAGES = 200

# Runs the commands as children of its own, since a process is charged with the memory of whoever started it.
MEASURE = """
import json, resource, subprocess, sys
codes = [subprocess.run([sys.executable, "-m", "zstatic", "-C", sys.argv[1], *command.split()]).returncode
         for command in sys.argv[2:]]
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([codes, peak * (1 if sys.platform == "darwin" else 1024)]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Removed at once: pytest keeps its own folders for a while."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_files_of_300_mb_and_pdfs_of_200_pages_pass_under_300_mb_of_memory(
    fake: FakeZotero, folder: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows does not tell the peak memory of a process this way")
    fake.add_key("reader", user=1)
    library = fake.add_library("groups/7", "Large")
    book = library.add_item(title="A book with large files")
    for number in range(3):
        pdf = pdf_of(PAGES, f"Volume {number}")
        key = library.add_attachment(book, pdf, filename=f"{number}.pdf", title=f"Volume {number}")
        library.set_fulltext(key, f"Volume {number} says much. " * 30 * PAGES)
    large = folder / "large.pdf"
    with large.open("wb") as file:
        file.write(b"%PDF-1.4\n")
        # Its zeros take no space on most disks, and are sent as they are read.
        file.truncate(LARGE)
    library.add_attachment(book, large, filename="large.pdf", title="All volumes")
    settings = '[site]\ntitle = "T"\n[attachments]\nmax_size = "400 MB"\n'
    site = SiteFolder(folder / "site", fake, [{"id": library.id}], settings, key="reader").write()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(site.root), "sync", "build --offline"],
        capture_output=True,
        text=True,
        env=site.environment(),
        timeout=120,
        check=True,
    )
    codes, peak = json.loads(done.stdout)
    assert codes == [0, 0], done.stderr
    assert peak < CAP
    sizes = sorted(path.stat().st_size for path in (site.site / f"items/{book}").glob("*.pdf"))
    assert len(sizes) == 4
    assert sizes[-1] == LARGE


def test_the_generated_pdf_has_its_pages(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(pdf_of(PAGES, "Here"))
    reader = PdfReader(folder / "a.pdf")
    assert len(reader.pages) == PAGES
    assert "Here, page 200" in reader.pages[-1].extract_text()


def pdf_of(pages: int, title: str) -> bytes:
    """Write a PDF with a line of text on each page."""
    first = 4
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(pages):
        text = f"BT /F1 12 Tf 72 720 Td ({title}, page {number + 1}) Tj ET"
        fonts = "<< /Font << /F1 3 0 R >> >>"
        content = f"{first + 2 * number + 1} 0 R"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {fonts} /Contents {content} >>",
            f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        ]
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    rows = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    table = f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return f"{body}{table}startxref\n{len(body)}\n%%EOF\n".encode("ascii")

"""A site on a disk of its own that is too small: a real one, in memory."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakelibrary import FakeLibrary
from fakezotero import FakeZotero
from sites import SiteFolder

# Runs where mounting is allowed and nobody else sees it. What it finds it writes beside the site's folder.
SCRIPT = """
set -u
cd "$1"
mount -t tmpfs -o size=1500k none disk || exit 99
zstatic() { name=$1; shift; "$PYTHON" -m zstatic "$@" 2> "$name.err" > "$name.out"; echo $? > "$name.code"; }
look() { (cd disk && find . -type f -not -name last_sync.json -exec md5sum {} + | sort) > "$1.tree"; }
zstatic first build --no-search; look first
sed -i 's/Test library/Another title/' site.toml
head -c 2000000 /dev/urandom > content/large.pdf
zstatic full build --no-search; look full
ls -A .zstatic > full.state; ls -A disk disk/.. > full.left
zstatic status status; zstatic sync sync; zstatic index index; look index
rm content/large.pdf
zstatic second build --no-search; look second
zstatic output clean output --yes; find disk -type f > output.tree
"""


@pytest.fixture
def site(fake: FakeZotero, tmp_path: Path) -> SiteFolder:
    library: FakeLibrary = fake.add_library("groups/7", "Small", public=True)
    for number in range(12):
        library.add_item(title=f"Book {number}")
    site = SiteFolder(tmp_path / "site", fake, [{"id": library.id}])
    (site.root / "content").mkdir(parents=True)
    (site.root / "disk").mkdir()
    return site


@pytest.mark.parametrize("path", ["disk/site", "disk"])
def test_a_full_disk_leaves_the_site_and_every_command_usable(path: str, site: SiteFolder) -> None:
    site.settings += f'[output]\npath = "{path}"\n'
    site.write()
    run_with_own_mounts(SCRIPT, site)

    def found(name: str) -> str:
        return (site.root / name).read_text("utf-8")

    codes = {name: found(f"{name}.code").strip() for name in ("first", "full", "status", "sync", "index")}
    assert codes == {"first": "0", "full": "2", "status": "0", "sync": "0", "index": "2"}, found("full.err")
    paragraph = found("full.err").strip().splitlines()
    assert paragraph[0].startswith(f"Error: {site.root / 'disk'}/")
    assert paragraph[0].endswith("cannot be written: the disk is full.")
    assert "Free some space" in paragraph[1]
    assert "The site is as it was." in paragraph[1]
    assert len(paragraph) == 2
    assert found("full.tree") == found("first.tree") == found("index.tree") != ""
    assert "journal" not in found("full.state")
    assert "stage" not in found("full.state") + found("full.left")
    assert found("second.code").strip() == "0", found("second.err")
    assert found("second.tree") != found("first.tree")
    assert found("output.code").strip() == "0", found("output.err")
    assert found("output.tree") == ""


def run_with_own_mounts(script: str, site: SiteFolder) -> None:
    """Run a shell script that may mount; skips the test where the system does not let it."""
    if shutil.which("unshare") is None:
        pytest.skip("mounting for a test needs unshare (Linux)")
    run = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(site.root)],
        env={**site.environment(), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if run.returncode == 99 or "unshare failed" in run.stderr:
        pytest.skip(f"this system does not let a test mount a disk: {run.stderr.strip()}")


SMALL_STATE = """
set -u
cd "$1"
mount -t tmpfs -o size=3000k none state || exit 99
"$PYTHON" -m zstatic sync || exit 1
cat /dev/zero > state/rest; truncate -s -150k state/rest
"$PYTHON" -m zstatic build --offline 2> err; echo $? > code
"""


def test_an_index_that_finds_no_room_says_so_and_is_not_published(site: SiteFolder) -> None:
    (site.root / "state").mkdir()
    site.settings += '[output]\nstate = "state"\n'
    site.write()
    run_with_own_mounts(SMALL_STATE, site)
    told = (site.root / "err").read_text("utf-8")
    assert (site.root / "code").read_text("utf-8").strip() == "2", told
    assert "cannot be written: the disk is full." in told
    assert not site.site.exists()

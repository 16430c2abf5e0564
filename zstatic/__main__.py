"""`python -m zstatic` is `zstatic`."""

from zstatic.cli import main

main()

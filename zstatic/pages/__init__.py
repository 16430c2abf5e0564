"""One module per kind of page: its view dataclasses and `pages(ctx)`."""

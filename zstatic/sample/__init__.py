"""The bundled sample library and the small read-only Zotero API server that serves it."""

"""Turn a Zotero library into a fast, searchable, static website.

The stages, in the order in which values pass through them:

    config       site.toml                        -> Config
    api, sync    Zotero Web API                   -> Mirror (raw JSON, files by md5)
    library      Mirror                           -> Library (typed values)
    selection    Library                          -> Library (only what may be published)
    plan, pages  Libraries, Config                -> Page, Text and Copy outputs
    search       Libraries                        -> Pagefind bundle, as Copy outputs
    render       Page                             -> bytes
    build        outputs                          -> site folder, manifest
    pipeline     all of the above, on one screen
    cli          the only place that prints or exits
"""

__version__ = "0.1.0"

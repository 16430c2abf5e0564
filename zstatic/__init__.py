"""Turn a Zotero library into a fast, searchable, static website.

The stages, in the order in which values pass through them:

    config       site.toml                        -> Config (read by sitefile, values, positions, tomlfaults)
    api, sync    Zotero Web API                   -> Mirror (raw JSON, files by md5)
    attachments  wanted files                     -> Mirror (verified)
    library      Mirror                           -> Library (typed values)
    selection    Library                          -> Library (only what may be published)
    guard        what would be published          -> stop, if too much vanishes or appears
    plan, pages  Libraries, Config                -> Page, Text and Copy outputs
    search       Libraries                        -> Pagefind bundle, as Copy outputs (bundles, pagefind; made
                 by processes of indexers, while pages are rendered)
    render       Page                             -> bytes
    build        outputs                          -> site folder, manifest
    lastsync     what was published               -> last_sync.json
    pipeline     all of the above, on one screen
    upkeep       what there is, and removing parts of it
    serve        the site folder, as a local preview
    cli          the only place that prints or exits (through terminal, summary and github)
"""

__version__ = "0.1.0"

"""Words that say nothing by themselves and stand in nearly every text: the, of, with.

Looking for one alone takes long and finds nothing in particular. Of other languages the search knows only
those that it counts, see `search._common_words`.
"""

import re
import unicodedata

# The most frequent articles, prepositions, conjunctions, pronouns, forms of to be; none that names a thing.
_WORDS = {
    "en": """a an and are as at be but by for from has he his i in is it its not of on or she that the
        their this to was we were with you""",
    "de": """aber als am an auch auf aus bei das dass dem den der des die durch ein eine einem einen einer
        eines er es für hat ich im in ist mit nach nicht noch oder sich sie sind so über um und vom
        von war was werden wie wird zu zum zur""",
    "fr": """à au aux avec ce ces cette d dans de des du elle en est et il ils l la le les leur mais n ne
        nous on ou où par pas plus pour qu que qui s sa se ses son sont sur un une y""",
    "es": """a al como con de del el en es esta este la las lo los más no o para pero por que se son su sus
        un una y""",
    "it": """a ad ai al alla alle anche che come con da dal dalla dei del della delle di e è gli i il in l
        la le lo ma nel nella non o per più se si sono su sul sulla un una""",
    "pt": """a à ao aos as às com como da das de do dos e é em mais na nas no nos não o os ou para pela
        pelo por que se seu sua um uma""",
    "nl": """aan als bij dat de den der die dit door een en er het hij ik in is maar met na naar niet of om
        ook op over te tot uit van voor was zich zijn""",
    "ar": "في من على إلى عن مع هذا هذه ذلك التي الذي أن إن كان هو هي و أو لا ما",
}


def little_words(language: str) -> frozenset[str]:
    """Those of a language, "pt-BR", as they are compared, without case and accents; none for others."""
    text = _WORDS.get(language.split("-")[0].lower(), "")
    return frozenset(compared_words(text))


def compared_words(text: str) -> list[str]:
    """The words of a text as search-query.js compares them, bareWords()."""
    apart = unicodedata.normalize("NFD", text.lower())
    plain = "".join(char for char in apart if not unicodedata.category(char).startswith("M"))
    return re.findall(r"(?:[^\W_]|[+#])+", plain)

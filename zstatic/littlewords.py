"""Words that say nothing by themselves and stand in nearly every text: the, of, with.

Looking for one alone takes long and finds nothing in particular. Of other languages the search knows only
those that it counts, see `search._common_words`.
"""

import re
import unicodedata

# Articles, prepositions, conjunctions, pronouns and forms of to be and to have; no word that names a thing.
_WORDS = {
    "en": """a about above after against all also am among an and any are as at be because been before being
        below between both but by did do does during each few for from had has have he her here him his how
        i if in into is it its more most my no nor not of off on only or other our out over own she so some
        such than that the their them then there these they this those through to too under until up upon
        very was we were what when where which while who whom whose why with within without would you your""",
    "de": """aber alle als also am an auch auf aus bei bin bis da damit das dass dem den denn der des die
        dies diese diesem diesen dieser dieses doch durch ein eine einem einen einer eines er es für gegen
        hat haben hatte ich ihr ihre im in ins ist ja kann kein keine man mit nach nicht noch nur ob oder
        ohne sehr sein seine sich sie sind so über um und uns unser unter vom von vor war waren was wenn
        wer werden wie wir wird wo wurde zu zum zur zwischen""",
    "fr": """à au aux avec ce ceci cela ces cet cette chez comme d dans de depuis des dont du elle elles en
        entre est et était être eu fut il ils j je l la le les leur leurs lui ma mais me même mes moi mon n
        ne ni nos notre nous on ont ou où par pas plus pour qu quand que quel quelle qui s sa sans se ses
        si son sont sous sur ta te tu un une vers votre vous y""",
    "es": """a al ante aquel aquella así aun aunque cada como con contra cual cuando de del desde donde
        durante e el él ella ellas ellos en entre era eran es esa ese eso esta está este esto fue ha hacia
        han hasta hay la las le les lo los más me mi mientras muy ni no nos o para pero por porque que qué
        quien se ser si sí sin sobre son su sus también te tu u un una uno unos unas y ya yo""",
    "it": """a ad agli ai al alla alle allo anche che chi ci come con contro cui da dagli dai dal dalla
        dalle dallo degli dei del della delle dello di dove e è ed era fra gli ha hanno i il in io la le
        lei lo loro lui ma mi nei nel nella nelle nello noi non nostro o ogni per perché più quale quando
        quella quello questa questo se si sono su sua sue sugli sui sul sulla sulle sullo suo suoi tra un
        una uno vi""",
    "pt": """a à ao aos as às até com como da das de dela dele depois do dos e é ela elas ele eles em entre
        era essa esse esta está este foi há isso isto já lhe mais mas me mesmo meu minha muito na não nas
        nem no nos nós num numa o os ou para pela pelas pelo pelos por qual quando que quem são se sem ser
        seu seus só sob sobre sua suas também te tem um uma uns umas""",
    "nl": """aan al als bij dan dat de den der deze die dit doch door een en er ge geen had heb hebben heeft
        hem het hij hoe hun ik in is ja je kan maar me meer men met mij na naar niet nog nu of om omdat
        onder ons ook op over te tegen ten ter tot tussen u uit uw van vanaf veel voor want waren was wat
        we werd wie wij worden wordt zal ze zich zij zijn zo zonder zou""",
    "ar": """في من على إلى عن مع هذا هذه ذلك تلك التي الذي الذين أن إن أنه كان كانت هو هي هم و أو ثم لا ما
        لم لن قد كل بعد قبل بين عند حتى إذا كما لكن نحو غير أي حول خلال ضد منذ""",
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

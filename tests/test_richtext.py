import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from markupsafe import Markup, escape

from zstatic.richtext import (
    abstract_html,
    abstract_text,
    citation_html,
    clean,
    note_html,
    note_text,
    plain,
    scrollable,
    title_html,
)

# Titles


@pytest.mark.parametrize(
    "title",
    [
        "The <i>Hukou</i> system",
        "N<sub>2</sub>O and x<sup>2</sup> in <b>bold</b>",
        '<i>On <span class="nocase">iPhone</span>s</i>',
    ],
)
def test_zoteros_inline_markup_stays(title):
    assert title_html(title) == title


@pytest.mark.parametrize(
    "style", ["font-variant:small-caps;", "font-variant: small-caps", " font-variant:small-caps "]
)
def test_small_capitals_become_a_class(style):
    assert title_html(f'<span style="{style}">bc</span>') == '<span class="small-caps">bc</span>'


@pytest.mark.parametrize(
    "title",
    [
        "<em>x</em>",
        "<script>alert(1)</script>",
        "a < b & c > d",
        "<i>never closed",
        "never opened</i>",
        "</i>wrong way<i>",
        "<span>x</span>",
        '<span style="color:red">x</span>',
        '<i class="nocase">x</i>',
        '<i onclick="x">y</i>',
        "<i\u00a0>x",
        "&lt;i&gt; &amp;",
        "\"quoted\" & 'single'",
    ],
)
def test_any_other_markup_is_shown_literally(title):
    assert title_html(title) == escape(title)
    assert plain(title) == " ".join(title.split())


def test_crossing_tags_never_break_the_page():
    assert title_html("<i>a<b>b</i>c</b>") == "<i>a&lt;b&gt;b</i>c&lt;/b&gt;"


def test_a_plain_title_has_no_markup_and_stands_on_one_line():
    assert (
        plain('The <i>Hukou</i>\n System <span class="nocase">x</span> & 1 < 2')
        == "The Hukou System x & 1 < 2"
    )


PIECES = st.sampled_from(
    ["<i>", "</i>", "<b>", "</b>", "<sub>", "</sub>", '<span class="nocase">', "</span>", "<", "&", "x"]
)


@given(st.lists(PIECES | st.text(max_size=4)).map("".join))
def test_a_title_is_always_balanced_markup_with_the_plain_words(title):
    markup = title_html(title)
    stack: list[str] = []
    for close, name in re.findall(r"<(/?)([a-z]+)[^>]*>", markup):
        if close:
            assert stack.pop() == name
        else:
            stack.append(name)
    assert not stack
    assert " ".join(Markup(re.sub(r"<[^>]*>", "", markup)).unescape().split()) == plain(title)


def test_many_unclosed_tags_are_read_in_linear_time():
    assert title_html("<i>" * 30_000 + "</b>" * 30_000).count("&lt;") == 60_000


# Abstracts


def test_blank_lines_make_paragraphs_and_single_ones_line_breaks():
    assert abstract_html("One\n\n \nTwo\nmore <i>x</i>\n") == "<p>One</p>\n<p>Two<br>\nmore <i>x</i></p>"


def test_a_publishers_tags_become_paragraphs_and_inline_markup():
    raw = "<jats:title>Abstract</jats:title><jats:p>Of <jats:italic>x</jats:italic></jats:p><p>and y</p>"
    assert abstract_html(raw) == "<p>Abstract</p>\n<p>Of <i>x</i></p>\n<p>and y</p>"
    assert abstract_text(raw) == "Abstract Of x and y"


def test_a_blank_abstract_is_nothing():
    assert abstract_html(" \n ") == ""


def test_an_abstract_runs_no_script():
    assert "<script" not in abstract_html("<p><script>alert(1)</script>")


# Notes


def test_wide_tables_and_lines_of_code_are_reached_by_the_keyboard():
    table = note_html("<table><tbody><tr><td>f &lt;pre&gt;</td></tr></tbody></table><pre>g</pre>")
    assert scrollable(table) == (
        '<div class="wide" tabindex="0"><table><tbody><tr><td>f &lt;pre&gt;</td></tr></tbody></table></div>'
        '<pre tabindex="0">g</pre>'
    )


def test_a_notes_own_markup_stays():
    table = "<table><tbody><tr><td>f</td></tr></tbody></table>"
    html = f"<p>A <strong>b</strong> <sub>d</sub></p><ul><li>e</li></ul>{table}"
    assert note_html(html) == html


ATTACKS = [
    "<script>alert('CANARY')</script>",
    "<img src=x onerror=alert('CANARY')>",
    "<p onclick=\"alert('CANARY')\">x</p>",
    "<a href=\"javascript:alert('CANARY')\">x</a>",
    "<a href=\"jav&#x09;ascript:alert('CANARY')\">x</a>",
    '<a href="data:text/html,CANARY">x</a>',
    '<a href="/CANARY">x</a>',
    '<a href="zotero://select/CANARY">x</a>',
    '<img src="data:image/png;base64,CANARY">',
    "<svg><script>CANARY</script><a xlink:href='javascript:CANARY'>x</a></svg>",
    "<svg><style><img src=x onerror=CANARY></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=CANARY></style></mglyph></table></mtext></math>",
    "<math><annotation-xml encoding='text/html'><style><img onerror=CANARY></style></annotation-xml></math>",
    '<noscript><p title="</noscript><img src=x onerror=CANARY>"></noscript>',
    "<style>body { background: url(CANARY) }</style>",
    '<p style="background: url(https://CANARY)">x</p>',
    "<iframe src='https://CANARY'></iframe>",
    "<form action='https://CANARY'><input name=CANARY></form>",
    "<!-- CANARY -->",
    "<title>CANARY</title>",
    "<p id='CANARY' class='CANARY' data-x='CANARY'>x</p>",
    "<base href='https://CANARY'><meta http-equiv=refresh content='0;CANARY'><link href=CANARY>",
    "<template><img src=x onerror=CANARY></template>",
    "<textarea><img src=x onerror=CANARY></textarea>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_in_a_note_or_citation_survives(attack):
    for sanitize in (note_html, citation_html):
        assert "CANARY" not in sanitize(f"<p>before</p>{attack}<p>after</p>")
    assert "CANARY" not in note_text(attack)


def citation(text: str, *keys: str) -> str:
    """As Zotero's note editor writes it."""
    works = [{"uris": [f"http://zotero.org/groups/1/items/{key}"], "locator": "3"} for key in keys]
    told = quote(json.dumps({"citationItems": works, "properties": {}}))
    return f'<span class="citation" data-citation="{told}">{text}</span>'


REL = "noopener noreferrer nofollow ugc"
CITATIONS = [citation("(<span>x</span>)", "A"), citation("x", "A").removesuffix("</span>")]
ONE, TWO = '<span class="citation-item">Hopper, 1952</span>', '<span class="citation-item">Lovelace</span>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (citation(f"({ONE})", "A"), '(<a href="A/">Hopper, 1952</a>)'),
        (citation(f"({ONE}; {TWO})", "A", "B"), '(<a href="A/">Hopper, 1952</a>; <a href="B/">Lovelace</a>)'),
        (citation(f"({ONE}; {TWO})", "GONE", "B"), '(Hopper, 1952; <a href="B/">Lovelace</a>)'),
        (citation("(Hopper)", "A"), '<a href="A/">(Hopper)</a>'),
        (citation('<a href="https://e.org">x</a>', "A"), f'<a href="https://e.org" rel="{REL}">x</a>'),
        (citation("(Hopper; Lovelace)", "A", "B"), "(Hopper; Lovelace)"),
        (citation(f"({ONE})", "GONE"), "(Hopper, 1952)"),
        (citation("<span><b>Hopper</b></span>", "A"), '<a href="A/"><span><b>Hopper</b></span></a>'),
    ],
)
def test_a_citation_in_a_note_leads_to_what_it_cites_and_tells_no_other_key(html: str, expected: str) -> None:
    def cited(uri: str) -> str:
        key = uri.rpartition("/")[2]
        return "" if key == "GONE" else f"{key}/"

    found = note_html(f"<p>See {html}, <span>p. 3</span>.</p>", cited)
    assert found == f'<p>See <span class="citation">{expected}</span>, <span>p. 3</span>.</p>'
    assert "GONE" not in note_html(html)


@pytest.mark.parametrize("told", ["", "%", "{}", "[]", '{"citationItems":[{}]}', '{"citationItems":[7]}'])
def test_a_citation_that_cannot_be_read_stays_as_text(told: str) -> None:
    html = f'<span class="citation" data-citation="{quote(told)}">(Hopper)</span>'
    assert note_html(html, lambda uri: "x") == '<span class="citation">(Hopper)</span>'


def test_markup_hides_in_no_attribute_of_a_note() -> None:
    hidden = """<b lang='<span>x</span></span onclick="y">'>a</b>"""
    assert note_html(citation(hidden, "A"), lambda uri: "x") == (
        '<span class="citation"><a href="x"><b>a</b></a></span>'
    )


@given(
    st.lists(
        st.sampled_from([*ATTACKS, *CITATIONS, "<p>", "</p>", "<span class=math>", "&lt;", "&#26;"])
        | st.text(max_size=5)
    )
)
def test_a_note_holds_only_the_allowed_elements_and_attributes(pieces):
    html = note_html("".join(pieces), lambda uri: "x")
    for element in lxml_html.fragment_fromstring(html, create_parent="article").iterdescendants():
        allowed = {"a": {"href", "rel"}, "span": {"class"}, "pre": {"class"}, "td": {"colspan", "rowspan"}}
        assert element.tag in {"p", "a", "span"}
        assert set(element.attrib) <= allowed.get(element.tag, set())


def test_links_in_notes_are_untrusted():
    link = '<a href="https://example.org/?a=1&amp;b=2">x</a>'
    assert note_html(link) == link.replace(">x", ' rel="noopener noreferrer nofollow ugc">x')


@pytest.mark.parametrize(
    "href",
    ["http://zotero.org/users/1001/items/ABCD2345", "https://www.zotero.org/someone/items/ABCD2345/library"],
)
def test_links_into_zotero_libraries_are_not_published(href):
    assert note_html(f'<p><a href="{href}">see</a></p>') == "<p>see</p>"


def test_headings_of_a_note_stand_below_those_of_its_page():
    assert note_html("<h1>a</h1><h2>b</h2><h6>c</h6>") == "<h3>a</h3><h4>b</h4><h6>c</h6>"


def test_zoteros_colours_become_classes():
    assert (
        note_html('<span style="background-color: #ffd40080">x</span>')
        == '<span class="highlight-yellow">x</span>'
    )
    assert (
        note_html('<span style="color: #FF2020; font-size: 9px">x</span>')
        == '<span class="color-red">x</span>'
    )
    assert note_html('<span style="position:fixed">x</span>') == "<span>x</span>"


def test_zoteros_note_classes_stay_and_join_those_of_colours():
    assert note_html('<span class="highlight evil">x</span>') == '<span class="highlight">x</span>'
    assert note_html('<pre class="math">x</pre>') == '<pre class="math">x</pre>'
    both = note_html('<span class="highlight" style="background-color:#ff6666">x</span>')
    assert both == '<span class="highlight highlight-red">x</span>'


def test_the_words_of_a_note_stand_on_a_line_for_each_block():
    html = '<div data-schema-version="9"><h1>T &amp; x</h1>\n<p>a<br>b  <i>c</i></p><script>no</script></div>'
    assert note_text(html) == "T & x\na\nb c"


# Citations


@pytest.mark.parametrize("number", ["1. ", "[<b>1</b>]", "1"])
@pytest.mark.parametrize("style", ["", ' style="float: left; padding-right: 0.5em; width: 1em;"'])
def test_a_citation_loses_its_wrappers_and_its_number(number: str, style: str):
    left = f'<div class="csl-left-margin"{style}>{number}</div>'
    entry = f'{left}<div class="csl-right-inline"{style}>Amin. <i>A Reader</i> &#x2013; 2.</div>'
    raw = (
        f'<div class="csl-bib-body" style="line-height: 2;">\n  <div class="csl-entry">{entry}</div>\n</div>'
    )
    assert citation_html(raw) == "Amin. <i>A Reader</i> – 2."


def test_styles_of_a_citation_become_classes():
    raw = (
        '<i>On <span style="font-style:normal;">x</span></i> <span style="font-variant:small-caps;">y</span>'
    )
    assert citation_html(raw) == '<i>On <span class="upright">x</span></i> <span class="small-caps">y</span>'


@pytest.mark.parametrize(
    ("text", "url", "after"),
    [
        ("https://doi.org/10.1000/x.", "https://doi.org/10.1000/x", "."),
        ("(http://example.org/a?b=1&amp;c=2).", "http://example.org/a?b=1&amp;c=2", ")."),
        ("https://example.org/A_(b)", "https://example.org/A_(b)", ""),
        ("&lt;https://example.org/&gt;", "https://example.org/", "&gt;"),
    ],
)
def test_urls_in_a_citation_are_links(text, url, after):
    assert citation_html(text).endswith(
        f'<a href="{url}" rel="noopener noreferrer nofollow ugc">{url}</a>{after}'
    )


def test_a_link_of_the_style_itself_is_not_linked_twice():
    assert citation_html('<a href="https://e.org/">https://e.org/</a>').count("<a ") == 1


def test_what_no_url_holds_is_encoded_in_a_link_and_shown_as_it_is():
    assert '<a href="https://example.org/A%5BB%5D?a=1&amp;b=2" ' in citation_html(
        "https://example.org/A[B]?a=1&amp;b=2"
    )
    assert ">https://example.org/A[B]</a>" in citation_html("https://example.org/A[B]")
    assert '<a href="https://example.org/A%5BB%5D" ' in note_html('<a href="https://example.org/A[B]">x</a>')


def test_credentials_in_a_url_are_no_link():
    assert "<a" not in citation_html("https://user:secret@example.org/")


# Control characters


def test_control_characters_are_removed():
    assert clean("a\x0bb\x00c\x85d\ud800e\ufffe\r\nf\tg") == "a bc\nde\nf\tg"


@given(st.text(st.characters()))
def test_clean_text_can_stand_in_xml(text):
    lxml_html.etree.fromstring(f"<a>{escape(clean(text))}</a>")


@pytest.mark.parametrize("show", [note_html, citation_html, note_text])
def test_no_character_reference_brings_a_control_character_back(show):
    assert show("a&#11;b&#x1a;c&#1;").replace("&#11;", " ") == "a bc"


def test_marks_piled_on_one_letter_are_cut_short_and_all_others_stay():
    assert clean("a" + "\u0301\u0316" * 50_000 + "b") == "a" + "\u0301\u0316" * 15 + "b"
    for whole in ("e\u0301" * 100, "😀" * 100, "“”…" * 50, "हिन्दी", "שָׁלוֹם"):
        assert clean(whole) == whole


def test_nothing_that_hides_in_an_attribute_is_kept() -> None:
    hidden = """<span class='Z3988' title='rft_id=CANARY' aria-label="CANARY" id="CANARY"></span>"""
    assert citation_html(f"<div class='csl-entry'>Amin. <i title='CANARY'>A Reader</i>.{hidden}</div>") == (
        "Amin. <i>A Reader</i>."
    )
    assert "CANARY" not in note_html(f"<p title='CANARY'>x{hidden}</p>")
    assert note_html("<p lang='fr'>mot</p>") == '<p lang="fr">mot</p>'

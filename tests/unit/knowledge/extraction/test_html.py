"""Web pages: what is their text, where it stands, and what they say about themselves."""

import pytest

from services.knowledge.extraction.extracted import ExtractedText, UnreadableContentError
from services.knowledge.extraction.extractor import Extractor

URL = "https://shop.example/help/page?x=1"


async def page(extractor: Extractor, body: str, head: str = "") -> ExtractedText:
    html = f"<!doctype html><html lang=de-AT><head>{head}</head><body>{body}</body></html>"
    return await extractor.extract(html.encode(), declared_type="text/html; charset=utf-8", url=URL)


async def test_the_content_without_what_surrounds_it(extractor: Extractor) -> None:
    found = await page(
        extractor,
        "<header>Shop</header><nav><a href=/a>A</a></nav><main><h1>Tea</h1><p>Green <b>tea</b> and"
        "\n black<br>tea.</p><aside>Mind the heat.</aside></main><footer>Imprint</footer>",
        "<title>Tea &amp; more</title>",
    )
    assert found.title == "Tea & more"
    assert found.text == "Tea\n\nGreen tea and black\ntea.\n\nMind the heat."
    assert found.language == "de-at"
    assert found.links == ("https://shop.example/a",)


@pytest.mark.parametrize(
    "html",
    [
        "<h2 id=ship>Shipping</h2>",
        "<h2><a name=ship></a>Shipping</h2>",
        "<h2><span id=ship>Shipping</span> <a class=headerlink href=#ship>¶</a></h2>",
        "<section id=ship><h2>Shipping</h2></section>",
        "<h2 id=ship><a class=doc-anchor href=#ship>§</a>Shipping</h2>",
        "<a id=ship></a><h2>Shipping</h2>",
        "<div id=wrong><h2 id=ship>Shipping <a href=#ship>#</a></h2></div>",
    ],
)
async def test_a_headings_anchor_wherever_it_stands(extractor: Extractor, html: str) -> None:
    found = await page(extractor, f"<main><p id=p>Before.</p>{html}<p>Five euros.</p></main>")
    (heading,) = found.headings
    assert (heading.level, heading.text, heading.anchor) == (2, "Shipping", "ship")
    assert found.text[heading.start : heading.end] == "Shipping"


async def test_lists_tables_and_code_keep_their_form(extractor: Extractor) -> None:
    found = await page(
        extractor,
        "<main><ol><li>Boil<li>Wait<ul><li>three minutes</ul></ol>"
        "<table><tr><th>Tea</th><th>Heat</th></tr><tr><td>Green</td><td><p>70</p></td></tr>"
        "<tr><td>Black</td><td>100</td></tr></table>"
        "<pre># brew\n  pour()\n\n\n\n  wait()</pre></main>",
    )
    assert found.text == (
        "1. Boil\n2. Wait\n  - three minutes\n\nTea: Green; Heat: 70\nTea: Black; Heat: 100\n\n"
        "# brew\n  pour()\n\n  wait()"
    )
    assert found.headings == ()


async def test_a_table_that_arranges_a_page_is_no_table_of_values(extractor: Extractor) -> None:
    found = await page(
        extractor,
        "<main><table><tr><td><h2>Left</h2><p>One.</p></td><td><p>Two.</p></td></tr></table></main>",
    )
    assert found.text == "Left\n\nOne.\n\nTwo."


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>X</p>",
        "<p style='color:red; DISPLAY : none'>X</p>",
        "<p style=visibility:hidden>X</p>",
        "<p style=font-size:0px>X</p>",
        "<p style='opacity: 0'>X</p>",
        "<p style='position:absolute; left:-9999px'>X</p>",
        "<template>X</template>",
        "<script>X</script>",
        "<style>X</style>",
        "<noscript>X</noscript>",
        "<!-- X -->",
        "<p class=sr-only>X</p>",
        "<dialog>X</dialog>",
        "<img alt=X src=x>",
        "<input value=X>",
        "<textarea>X</textarea>",
        "<p>&#x200b;&#x202e;&#xE0058;</p>",
    ],
)
async def test_what_nobody_sees_is_not_read(extractor: Extractor, hidden: str) -> None:
    found = await page(extractor, f"<main><p>Before.</p>{hidden}<p>After.</p></main>")
    assert found.text == "Before.\n\nAfter."


@pytest.mark.parametrize(
    "style", ["font-size:0.9em", "opacity:0.5", "left:-9px", "opacity: 1", "font-size:10px"]
)
async def test_what_is_only_small_or_pale_is_read(extractor: Extractor, style: str) -> None:
    found = await page(extractor, f"<main><p style='{style}'>Seen.</p></main>")
    assert found.text == "Seen."


async def test_a_page_that_names_no_content_is_read_without_its_furniture(
    extractor: Extractor,
) -> None:
    paragraphs = "".join(
        f"<p>Paragraph {number} tells at length how tea is grown, dried and shipped.</p>"
        for number in range(20)
    )
    found = await page(
        extractor,
        "<div class=menu><ul><li><a href=/a>A</a></li><li><a href=/b>B</a></li></ul></div>"
        f"<nav>Nav</nav><div><h2 id=grow>Growing</h2>{paragraphs}</div><footer>Foot</footer>",
        "<title>Tea</title>",
    )
    assert "Paragraph 19" in found.text
    assert "Nav" not in found.text
    assert "Foot" not in found.text
    assert [(one.text, one.anchor) for one in found.headings] == [("Growing", "grow")]


async def test_a_fragment_is_read_whole(extractor: Extractor) -> None:
    found = await extractor.extract(b"<h2 id=a>Tea</h2><p>Five euros.</p>", url=URL)
    assert found.text == "Tea\n\nFive euros."
    assert found.headings[0].anchor == "a"


async def test_what_a_page_says_of_itself(extractor: Extractor) -> None:
    found = await page(
        extractor,
        "<main>Text <a href='b#c'>b</a> <a href='b'>b</a> <a rel=nofollow href=/n>n</a>"
        " <a href='mailto:a@b.c'>m</a> <a href='javascript:alert(1)'>j</a>"
        " <a href='//[x'>x</a></main>",
        "<base href=/base/><link rel=canonical href='/tea?a=1#x'>",
    )
    assert found.canonical_url == "https://shop.example/tea?a=1"
    assert found.links == ("https://shop.example/base/b",)
    assert found.indexable


@pytest.mark.parametrize(
    ("wish", "indexable", "followed"),
    [("noindex", False, True), ("NOFOLLOW", True, False), ("none", False, False)],
)
async def test_a_pages_wishes_to_robots(
    extractor: Extractor, wish: str, indexable: bool, followed: bool
) -> None:
    found = await page(
        extractor, "<main>Text <a href=/a>a</a></main>", f"<meta name=Robots content='x, {wish}'>"
    )
    assert (found.indexable, bool(found.links)) == (indexable, followed)


@pytest.mark.parametrize(
    ("declared", "meta", "encoding"),
    [
        ("text/html; charset=iso-8859-1", "", "cp1252"),
        ("text/html", "<meta charset=windows-1252>", "cp1252"),
        ("text/html", "<meta http-equiv=content-type content='text/html; charset=utf-8'>", "utf-8"),
        ("text/html; charset=utf-8", "", "utf-16"),
        ("text/html; charset=nonsense", "", "utf-8"),
    ],
)
async def test_encodings(extractor: Extractor, declared: str, meta: str, encoding: str) -> None:
    html = f"<html><head>{meta}</head><body><main>Grüße „5 €“</main></body></html>"
    found = await extractor.extract(html.encode(encoding), declared_type=declared, url=URL)
    assert found.text == "Grüße „5 €“"


async def test_a_page_that_scripts_fill_is_named(extractor: Extractor) -> None:
    with pytest.raises(UnreadableContentError, match="scripts") as refused:
        await page(extractor, "<div id=root></div><script>render()</script>")
    assert refused.value.code == "empty"


@pytest.mark.parametrize("tag", ["div", "b", "ul", "table", "blockquote", "section"])
async def test_deep_nesting_is_read(extractor: Extractor, tag: str) -> None:
    deep = f"<{tag}>" * 100_000
    found = await page(extractor, f"<main><p>First.</p>{deep}Last.</main>")
    assert found.text.startswith("First.")


async def test_half_a_million_cells_come_to_an_end(extractor: Extractor) -> None:
    rows = "<tr>" + "<td>1" * 100
    try:
        outcome = (await page(extractor, f"<main>Before.<table>{rows * 5_000}</table>")).text[:7]
    except UnreadableContentError as error:
        outcome = error.code
    assert outcome in {"Before.", "too_much_text"}

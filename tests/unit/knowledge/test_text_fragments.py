"""Links that lead a browser to the quoted words."""

from urllib.parse import unquote

from services.knowledge.text_fragments import passage_url

URL = "https://shop.example/help"


def link(text: str, quoted: str, *, url: str = URL, anchor: str | None = None) -> str:
    start = text.index(quoted)
    found = passage_url(url, anchor, None, text, (start, start + len(quoted)))
    assert found is not None
    return found


def test_a_short_quote_is_looked_for_whole_after_the_words_before_it() -> None:
    text = "We open at nine. Parcels take two days, at most."
    assert link(text, "Parcels take two days, at most.", anchor="delivery") == (
        f"{URL}#delivery:~:text=open%20at%20nine.-,Parcels%20take%20two%20days%2C%20at%20most."
    )


def test_of_a_long_quote_the_ends_are_looked_for() -> None:
    quote = "One two three four five six seven eight nine ten."
    assert link(quote, quote).endswith(
        "#:~:text=One%20two%20three%20four,seven%20eight%20nine%20ten."
    )


def test_dashes_commas_and_ampersands_are_encoded() -> None:
    directive = link("Tea & well-made cakes, daily", "Tea & well-made cakes, daily").split("text=")[
        1
    ]
    assert not set("-,&").intersection(directive)
    assert unquote(directive) == "Tea & well-made cakes, daily"


def test_marks_of_markdown_are_left_out_and_an_own_anchor_stays() -> None:
    text = "- **Opening:** at `nine`"
    assert link(text, text, url=f"{URL}#hours") == f"{URL}#hours:~:text=Opening%3A%20at%20nine"


def test_scripts_without_spaces_are_cut_by_characters() -> None:
    quote = "您可以在收到商品后三十天内退货并且我们会在五个工作日内把全部款项退还给您。"
    directive = unquote(link(quote, quote).split("text=")[1])
    first, last = directive.split(",")
    assert quote.startswith(first)
    assert quote.endswith(last)


def test_a_page_of_a_pdf_is_opened_and_nothing_but_pages_is_linked_to() -> None:
    assert passage_url("https://shop.example/a.pdf", None, 3, "Text", (0, 4)) == (
        "https://shop.example/a.pdf#page=3"
    )
    assert passage_url(None, None, None, "Text", (0, 4)) is None
    assert passage_url("javascript:alert(1)", None, None, "Text", (0, 4)) is None

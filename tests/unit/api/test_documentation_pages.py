"""The documentation as web pages."""

import re
from pathlib import Path

import pytest

from api.documentation import Documentation, DocumentationPage


def shown(tmp_path: Path, text: str, name: str = "docs/guide/one.md") -> DocumentationPage:
    for folder in ("docs/guide", "docs/pictures"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    page = Documentation(tmp_path).page(name.removeprefix("docs/").removesuffix(".md"))
    assert page is not None
    return page


def test_every_page_can_be_read_and_is_reached_from_the_first() -> None:
    documentation = Documentation()
    reached, waiting = set[str](), [""]
    while waiting:
        address = waiting.pop()
        page = documentation.page(address)
        assert page is not None, address
        assert page.title
        reached.add(address)
        linked = re.findall(r'href="/docs/?([^"#]*)', page.html)
        waiting += {one for one in linked if one not in reached and one not in waiting}
    alone = {one for one in documentation.pages if not one.startswith("decisions/")} - reached
    assert not alone


def test_links_to_a_heading_find_it() -> None:
    documentation = Documentation()
    html = {one: page.html for one in documentation.pages if (page := documentation.page(one))}
    ids = {one: set(re.findall(r'id="([^"]+)"', text)) for one, text in html.items()}
    lost = [
        f"{one} -> {target}#{anchor}"
        for one, text in html.items()
        for target, anchor in re.findall(r'href="(?:/docs/?([^"#]*))?#([^"]+)"', text)
        if anchor not in ids[target or one]
    ]
    assert not lost


@pytest.mark.parametrize(
    "address", ["nothing", "../README", "guide/../../README", "guide", "/", "x.md"]
)
def test_nothing_else_is_there(address: str) -> None:
    assert Documentation().page(address) is None


def test_where_there_is_no_documentation_nothing_is_served(tmp_path: Path) -> None:
    documentation = Documentation(tmp_path)
    assert not documentation.pages
    assert not documentation.pictures
    assert documentation.page("") is None


def test_markup_in_the_text_stays_text(tmp_path: Path) -> None:
    page = shown(tmp_path, "# One <b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n")
    assert "<script>" not in page.html
    assert "&lt;script&gt;" in page.html
    assert "href" not in page.html
    assert page.title == "One <b>"


def test_links_lead_to_pages_and_what_is_not_served_is_only_named(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n")
    text = "# One\n\n[a](one.md#one) [b](../../CHANGELOG.md) [**c**](../../Makefile) [d](https://x.example/)"
    html = shown(tmp_path, text).html
    assert re.findall('href="([^"]+)"', html) == [
        "/docs/guide/one#one",
        "/docs/changelog",
        "https://x.example/",
    ]
    assert html.count("<a") == html.count("</a>") == 3
    assert "<strong>c</strong>" in html


def test_headings_have_the_ids_that_github_gives_them(tmp_path: Path) -> None:
    html = shown(tmp_path, "# One\n\n## `code` & words\n\n## Twice\n\n## Twice\n").html
    assert re.findall('id="([^"]+)"', html) == ["one", "code--words", "twice", "twice-1"]


def test_notes_to_writers_and_wide_tables(tmp_path: Path) -> None:
    html = shown(
        tmp_path, "# One\n\n<!-- Written by hand. -->\n\n| a | b |\n| - | - |\n| `x\\|y` | 2 |\n"
    ).html
    assert "Written" not in html
    assert '<div class="wide" tabindex="0"><table>' in html
    assert "x|y" in html

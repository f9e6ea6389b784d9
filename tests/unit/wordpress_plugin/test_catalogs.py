"""The plugin's texts in the widget's sixteen languages."""

import re
from pathlib import Path

import pytest

import widget
from wordpress_plugin.catalogs import FOLDER, LANGUAGES, TEMPLATE, read, template, written

PLACEHOLDER = re.compile(r"%[sd]")


def test_the_template_is_that_of_the_code() -> None:
    texts = template()
    assert len(texts) > 50
    assert TEMPLATE.read_bytes() == written(texts)


def test_there_is_a_catalog_for_every_language_of_the_widget_but_english() -> None:
    spoken = {path.stem for path in (Path(widget.__path__[0]) / "src/languages").glob("??.js")}
    assert len(spoken) == 16
    assert {*LANGUAGES, "en"} == spoken


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_what_is_filled_in(language: str) -> None:
    catalog = read(FOLDER / f"parlance-embed-{language}.po")
    wanted = {(one.id, one.context) for one in template() if one.id}
    assert {(one.id, one.context) for one in catalog if one.id} == wanted
    for one in catalog:
        if one.id:
            assert one.string, one.id
            assert PLACEHOLDER.findall(str(one.string)) == PLACEHOLDER.findall(str(one.id))
            for kept in ("plc_", "WP_ACCESSIBLE_HOSTS", "/shop/*", "https://chat.example.com"):
                assert (kept in str(one.string)) == (kept in str(one.id))

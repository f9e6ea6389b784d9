"""Keeps the plugin's translations in step with its texts: `python -m wordpress_plugin.catalogs`.

Writes `parlance-embed.pot` from the PHP and takes texts that are gone out of the languages'
catalogs; those that are new stand in them untranslated. WordPress is given the compiled form, which
`package.py` makes.
"""

import io
import json
import re
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from wordpress_plugin.package import SOURCE, plugin_version

FOLDER: Final = SOURCE / "languages"
TEMPLATE: Final = FOLDER / "parlance-embed.pot"
LANGUAGES: Final = (
    "ar", "de", "es", "fr", "hi", "id", "it", "ja", "nl", "pl", "pt", "th", "tr", "vi", "zh",
)  # fmt: skip
"""Beside English, in which the texts stand in the source."""

_TEXT: Final = re.compile(
    r"(?:/\* translators: (?P<note>.*?) \*/\s*[^;]*?)?"
    r"\b(?:__|esc_html__|esc_attr__)\( '(?P<text>(?:[^'\\]|\\.)*)', 'parlance-embed' \)"
)
ABOUT: Final = "# The texts of the WordPress plugin, under the license of the plugin."
_NOT_WRITTEN: Final = re.compile(r'^"[^"]*(-Date:|EMAIL@ADDRESS|LL@li\.org|Generated-By)')
"""Moments and names that nobody filled in."""

_BLOCK: Final = (("title", "block title"), ("description", "block description"))


def template() -> Catalog:
    """Every text of the plugin, with where it stands."""
    catalog = Catalog(project="Parlance Embed", version=plugin_version(), charset="utf-8")
    catalog.header_comment = ABOUT
    for path in sorted(SOURCE.rglob("*.php")):
        name = path.relative_to(SOURCE).as_posix()
        for found in _TEXT.finditer(path.read_text(encoding="utf-8")):
            notes = [f"translators: {found['note']}"] if found["note"] else []
            text = found["text"].replace("\\'", "'")
            catalog.add(text, locations=[(name, 1)], auto_comments=notes)
    block = json.loads((SOURCE / "blocks/chat/block.json").read_text(encoding="utf-8"))
    for field, context in _BLOCK:
        catalog.add(block[field], context=context, locations=[("blocks/chat/block.json", 1)])
    return catalog


def written(catalog: Catalog) -> bytes:
    """A catalog as it is committed: without moments, so that the same texts give the same file."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, sort_by_file=True, width=0, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    return "".join(one for one in lines if not _NOT_WRITTEN.search(one)).encode()


def read(path: Path) -> Catalog:
    """A catalog from its file."""
    with path.open("rb") as file:
        return read_po(file)


def main() -> None:
    """Write them all."""
    texts = template()
    TEMPLATE.write_bytes(written(texts))
    for language in LANGUAGES:
        path = FOLDER / f"parlance-embed-{language}.po"
        catalog = read(path) if path.exists() else Catalog(locale=language)
        catalog.header_comment = ABOUT
        catalog.update(texts, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path.write_bytes(written(catalog))


if __name__ == "__main__":
    main()

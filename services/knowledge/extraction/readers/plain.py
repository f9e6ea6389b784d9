"""Plain text and Markdown, which are their own best form."""

import regex  # type: ignore[import-untyped]

from services.knowledge.extraction.building import too_much_text
from services.knowledge.extraction.extracted import ExtractedHeading, ExtractedText
from services.knowledge.extraction.limits import MOST_TEXT_CHARACTERS
from services.knowledge.extraction.readable import as_typed, one_line
from services.knowledge.markdown_headings import markdown_headings

_FRONT_MATTER = regex.compile(r"\A---[ \t]*\n(?P<fields>(?:(?!---)[^\n]*\n){0,100}?)---[ \t]*\n")
_TITLE_FIELD = regex.compile(r"(?m)^title:[ \t]*(?P<title>[^\n]+)")
_HIDDEN = regex.compile(r"<!--.*?(?:-->|\Z)", regex.DOTALL)
_LONGEST_TITLE_CHARACTERS = 300


def read_plain(text: str) -> ExtractedText:
    """Text as it is, without a structure."""
    return ExtractedText(title=None, text=_bounded(as_typed(text)))


def read_markdown(text: str) -> ExtractedText:
    """Markdown as it is, without comments, which nobody sees; its marks tell where headings are."""
    front = _FRONT_MATTER.match(text)
    shown = as_typed(_HIDDEN.sub("", text[front.end() :] if front else text))
    headings = tuple(
        ExtractedHeading(one.level, one.text, one.start, one.end)
        for one in markdown_headings(_bounded(shown))
    )
    title = _title_field(front.group("fields")) if front else None
    first = next((one.text for one in headings if one.level == 1), None)
    return ExtractedText(title=title or first, text=shown, headings=headings)


def _title_field(fields: str) -> str | None:
    found = _TITLE_FIELD.search(fields)
    title = one_line(found.group("title")).strip("\"' ") if found else ""
    return title[:_LONGEST_TITLE_CHARACTERS] or None


def _bounded(text: str) -> str:
    if len(text) > MOST_TEXT_CHARACTERS:
        raise too_much_text()
    return text

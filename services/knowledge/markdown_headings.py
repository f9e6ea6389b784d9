"""Where the headings of a Markdown text are."""

from dataclasses import dataclass

import regex  # type: ignore[import-untyped]

from services.languages.graphemes import grapheme_end

_LONGEST_HEADING_CHARACTERS = 200
_ATX_HEADING = regex.compile(r"[ ]{0,3}(?P<marks>\#{1,6})[ \t]++(?P<text>\S.*+)")
_UNDERLINE = regex.compile(r"[ ]{0,3}(?P<marks>={2,}+|-{3,}+)[ \t]*+\Z")
_FENCE = regex.compile(r"[ ]{0,3}(?P<fence>`{3,}+|~{3,}+)")
_CLOSING_MARKS = regex.compile(r"(?<=[ \t])\#++[ \t]*+\Z")
_EMPHASIS = regex.compile(r"[*_`]{1,3}+(?=\S)|(?<=\S)[*_`]{1,3}+")
_LINE = regex.compile(r"[^\n]*+(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class MarkdownHeading:
    """A heading without its marks; `start` and `end` span its lines."""

    level: int
    text: str
    start: int
    end: int


def markdown_headings(text: str) -> list[MarkdownHeading]:
    """The headings outside of code blocks, in order."""
    found: list[MarkdownHeading] = []
    fence = ""
    above: regex.Match[str] | None = None
    for line in _LINE.finditer(text):
        content = line.group().rstrip("\n")
        if fence_marks := _FENCE.match(content):
            fence = _next_fence(fence, fence_marks.group("fence"))
            above = None
        elif not fence and (heading := _heading(content, line, above)):
            found.append(heading)
            above = None
        else:
            above = _possible_title(line, above)
    return found


def _next_fence(open_fence: str, marks: str) -> str:
    """What is open after a fence line: a code block ends with the marks that began it."""
    if not open_fence:
        return marks
    return "" if marks.startswith(open_fence) else open_fence


def _heading(
    content: str, line: regex.Match[str], above: regex.Match[str] | None
) -> MarkdownHeading | None:
    if marked := _ATX_HEADING.match(content):
        text = _plain_heading(marked.group("text"))
        return MarkdownHeading(len(marked.group("marks")), text, line.start(), line.end())
    if above is not None and (underline := _UNDERLINE.match(content)):
        level = 1 if underline.group("marks")[0] == "=" else 2
        return MarkdownHeading(level, _plain_heading(above.group()), above.start(), line.end())
    return None


def _possible_title(
    line: regex.Match[str], above: regex.Match[str] | None
) -> regex.Match[str] | None:
    """The line, if an underline could make it a heading: alone and not too long."""
    content = line.group().strip()
    if above is not None or not content or len(content) > _LONGEST_HEADING_CHARACTERS:
        return None
    return line


def _plain_heading(text: str) -> str:
    plain = _EMPHASIS.sub("", _CLOSING_MARKS.sub("", text.strip())).strip()
    shown = plain or text.strip()
    return shown[: grapheme_end(shown, 0, _LONGEST_HEADING_CHARACTERS)]

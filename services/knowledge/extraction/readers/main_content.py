"""Where on a page its text is.

A page that names its content (`main`, `article`) is taken at its word. For the others trafilatura
tells content from furniture, and the element that holds what it found is read: trafilatura's own
text has lost headings, anchors and code.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import trafilatura
from lxml.html import HtmlElement

from services.knowledge.extraction.building import TextUnderConstruction
from services.knowledge.extraction.readable import one_line
from services.knowledge.extraction.readers.html_blocks import add_blocks
from services.knowledge.extraction.readers.html_visibility import is_left_out

_LEAST_SHARE_OF_ARTICLES = 0.5
"""Articles with less of the page's text are teasers beside the content."""

_LEAST_SHARE_OF_GUESS = 0.5
_DEEPEST_FOR_GUESSING = 200
"""Elements inside each other; copying a deeper tree, as trafilatura does, could end the process."""

_BEGINNING_CHARACTERS = 30
_LOOKED_AT_CHARACTERS = 500
_NEARLY_ALL = 0.9
_PARAGRAPHS = ("p", "li", "td", "th", "dd", "dt", "blockquote", "pre", "div")
_FURNITURE = ("nav", "header", "footer", "aside")


def page_text(root: HtmlElement) -> TextUnderConstruction:
    """The page's content as blocks. Takes parts of the tree away: call it last."""
    if mains := _outermost(root, "main"):
        text = _blocks(mains, is_main_content=True)
        if text.text:
            return text
    whole = _blocks([root], is_main_content=False)
    if articles := _outermost(root, "article"):
        text = _blocks(articles, is_main_content=True)
        if len(text.text) >= len(whole.text) * _LEAST_SHARE_OF_ARTICLES and text.text:
            return text
    if _may_have_furniture(root) and (element := _holding(root, _guessed_lines(root))) is not None:
        text = _blocks([element], is_main_content=True)
        if len(text.text) >= len(whole.text) * _LEAST_SHARE_OF_GUESS:
            return text
    return whole


def _blocks(parts: Sequence[HtmlElement], *, is_main_content: bool) -> TextUnderConstruction:
    text = TextUnderConstruction()
    for part in parts:
        add_blocks(part, text, is_main_content=is_main_content)
    return text


def _outermost(root: HtmlElement, tag: str) -> list[HtmlElement]:
    """Visible elements with the tag, or with the role of that name, outside of each other."""
    found: list[HtmlElement] = []
    for element in root.iter():
        if element.tag != tag and not (isinstance(element.tag, str) and element.get("role") == tag):
            continue
        above = list(element.iterancestors())
        if any(outer in above for outer in found):
            continue
        if not any(is_left_out(one, is_main_content=True) for one in (element, *above)):
            found.append(element)
    return found


def _may_have_furniture(root: HtmlElement) -> bool:
    """A fragment without anything around its content needs no guessing."""
    return root.find(".//head/title") is not None or any(
        root.find(f".//{tag}") is not None for tag in _FURNITURE
    )


def _guessed_lines(root: HtmlElement) -> frozenset[str]:
    """How the paragraphs begin that trafilatura takes for content."""
    if _depth(root) > _DEEPEST_FOR_GUESSING:
        return frozenset()
    for element in _left_out(root):
        element.drop_tree()
    found = trafilatura.extract(root, include_comments=False, favor_recall=True) or ""
    return frozenset(filter(None, map(_beginning, found.splitlines())))


def _beginning(text: str) -> str:
    words = one_line(text.lstrip("-| "))
    return words[:_BEGINNING_CHARACTERS] if len(words) >= _BEGINNING_CHARACTERS else ""


def _holding(root: HtmlElement, beginnings: frozenset[str]) -> HtmlElement | None:
    """The innermost element with nearly all paragraphs that begin so."""
    held: Counter[HtmlElement] = Counter()
    count = 0
    for element in root.iter(*_PARAGRAPHS):
        if _beginning(element.text_content()[:_LOOKED_AT_CHARACTERS]) in beginnings:
            count += 1
            held.update(element.iterancestors())
    least = count * _NEARLY_ALL
    inside = [element for element, times in held.items() if times >= least]
    return max(inside, key=_ancestors, default=None)


def _ancestors(element: HtmlElement) -> int:
    return sum(1 for _ in element.iterancestors())


def _left_out(root: HtmlElement) -> list[HtmlElement]:
    return [
        element
        for element in root.iterdescendants()
        if isinstance(element.tag, str)
        and element.tag != "head"
        and element.getparent() is not None
        and is_left_out(element, is_main_content=False)
    ]


def _depth(root: HtmlElement) -> int:
    deepest, stack = 0, [iter(root)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        else:
            stack.append(_children(child))
            deepest = max(deepest, len(stack))
    return deepest


def _children(element: HtmlElement) -> Iterator[HtmlElement]:
    return iter(element)

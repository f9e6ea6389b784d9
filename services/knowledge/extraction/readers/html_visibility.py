"""Which parts of a page are not its text: what nobody sees, and what stands on every page.

Hidden text goes for safety: a page's owner cannot see what somebody planted there, a language
model would. Navigation and the like go for quality: they would be in every passage's neighbourhood.
"""

import regex  # type: ignore[import-untyped]
from lxml.html import HtmlElement

_NEVER_TEXT = frozenset({
    "script", "style", "noscript", "template", "svg", "iframe", "frame", "frameset", "object",
    "embed", "applet", "canvas", "audio", "video", "map", "head", "select", "datalist", "option",
    "button", "input", "textarea", "progress", "meter", "nav", "noframes", "xml", "menu",
})  # fmt: skip
_AROUND_THE_CONTENT = frozenset({"header", "footer", "aside"})
_ROLES = frozenset({
    "navigation", "search", "menu", "menubar", "toolbar", "tablist", "banner", "contentinfo",
    "alertdialog", "dialog", "tooltip",
})  # fmt: skip
_CLASSES = frozenset({
    "breadcrumb", "breadcrumbs", "toc", "table-of-contents", "sidebar", "navbar", "pagination",
    "pager", "cookie-banner", "cookie-notice", "cookie-consent", "skip-link", "sr-only",
    "visually-hidden", "screen-reader-text", "screen-reader-only", "headerlink", "anchorjs-link",
    "edit-link", "mw-editsection", "navbox", "navheader", "navfooter", "share-buttons",
})  # fmt: skip
_UNSEEN_STYLE = regex.compile(
    r"(?i)(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    r"|opacity\s*:\s*0*\.?0+(?=\s*(?:;|!|\Z))|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|content-visibility\s*:\s*hidden|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|(?:text-indent|left|top|margin-left)\s*:\s*-\d{3,})"
)
_LONGEST_STYLE_CHARACTERS = 2_000


def is_left_out(element: HtmlElement, *, is_main_content: bool) -> bool:
    """Whether an element with all that is in it is no text of the page.

    Args:
        element: Any element.
        is_main_content: It stands inside of what the page itself calls its content, where a header
            or an aside belongs to the text.
    """
    tag = element.tag
    if tag in _NEVER_TEXT or (tag in _AROUND_THE_CONTENT and not is_main_content):
        return True
    if tag == "dialog" and element.get("open") is None:
        return True
    return bool(element.attrib) and (_is_hidden(element) or _is_furniture(element))


def _is_hidden(element: HtmlElement) -> bool:
    hidden = element.get("hidden")
    if hidden is not None and hidden.lower() != "until-found":
        return True
    style = element.get("style")
    return bool(style and _UNSEEN_STYLE.search(style[:_LONGEST_STYLE_CHARACTERS]))


def _is_furniture(element: HtmlElement) -> bool:
    if (element.get("role") or "").lower() in _ROLES:
        return True
    classes = element.get("class")
    return bool(classes) and not _CLASSES.isdisjoint(classes.lower().split())

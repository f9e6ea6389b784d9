"""The code that puts a chatbot into a page, in each of the ways there are.

The script is pinned: `integrity` lets the browser refuse a file that somebody changed, and `build`
asks for exactly that file, which stays served after updates. Without both a page always loads the
newest widget.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from documents.chatbots import Chatbot
from services.publishing.framework_snippets import ANGULAR, REACT, VUE
from services.publishing.policy_sources import connect_sources, image_sources
from services.publishing.widget_build import BuiltFile

EmbedKindName = Literal["script", "init", "element", "iframe", "react", "vue", "angular"]


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code to paste.

    Attributes:
        code: HTML, JavaScript or TypeScript.
        integrity: Of the widget's script (W3C Subresource Integrity).
        content_security_policy: What a page with a policy of its own has to add to it.
    """

    code: str
    integrity: str
    content_security_policy: str


@dataclass(frozen=True, slots=True)
class _Place:
    """What every kind of snippet names."""

    api_url: str
    source: str
    integrity: str
    embed_key: str
    title: str


def snippet_for(
    kind: EmbedKindName, chatbot: Chatbot, loader: BuiltFile, public_url: str
) -> Snippet:
    """The code that embeds a chatbot's widget."""
    build = loader.name.removeprefix("loader-").removesuffix(".js")
    place = _Place(
        api_url=public_url,
        source=f"{public_url}/widget.js?build={build}",
        integrity=loader.integrity,
        embed_key=chatbot.embed_key,
        title=chatbot.published.name,
    )
    return Snippet(_CODES[kind](place), loader.integrity, _policy(kind, chatbot, public_url))


def _script(place: _Place, attributes: str, when: str = "async") -> str:
    return (
        f'<script {when} src="{escape(place.source)}" integrity="{escape(place.integrity)}"'
        f' crossorigin="anonymous"{attributes}></script>'
    )


def _one_line(place: _Place) -> str:
    return _script(place, f' data-chatbot="{escape(place.embed_key)}"')


def _init(place: _Place) -> str:
    # A module runs after deferred scripts, in their order (HTML, section 4.12.1).
    return f"""{_script(place, "", "defer")}
<script type="module">
  Parlance.init({{
    apiUrl: "{place.api_url}",
    chatbot: "{place.embed_key}",
  }});
</script>"""


def _element(place: _Place) -> str:
    chatbot = escape(place.embed_key)
    return f'<parlance-chat chatbot="{chatbot}"></parlance-chat>\n{_script(place, "")}'


def _iframe(place: _Place) -> str:
    return (
        f'<iframe src="{escape(place.api_url)}/embed/{escape(place.embed_key)}"'
        f' title="{escape(place.title)}" width="400" height="600" frameborder="0" loading="lazy"'
        ' allow="clipboard-write"></iframe>'
    )


def _filled(template: str) -> Callable[[_Place], str]:
    """How to fill a template in; nothing in the values needs escaping within quotation marks."""

    def fill(place: _Place) -> str:
        code = template
        for name in ("api_url", "source", "integrity", "embed_key"):
            code = code.replace(f"%{name}%", getattr(place, name))
        return code

    return fill


_CODES: Final[Mapping[EmbedKindName, Callable[[_Place], str]]] = {
    "script": _one_line,
    "init": _init,
    "element": _element,
    "iframe": _iframe,
    "react": _filled(REACT),
    "vue": _filled(VUE),
    "angular": _filled(ANGULAR),
}


def _policy(kind: EmbedKindName, chatbot: Chatbot, public_url: str) -> str:
    if kind == "iframe":
        return f"frame-src {public_url}"
    connect = " ".join(connect_sources(public_url))
    images = " ".join(image_sources(chatbot.published, public_url))
    return f"script-src {public_url}; connect-src {connect}; img-src {images}"

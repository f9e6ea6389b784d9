"""Putting a chatbot into pages."""

from enum import Enum

import strawberry

from graphql_schema.enum_values import described
from services.publishing.snippets import Snippet


@strawberry.enum(description="The ways to put a chatbot into a page.")
class EmbedKind(Enum):
    """Values are the names that services use."""

    SCRIPT = described("script", "One line of HTML: a launcher in a corner of the page.")
    INIT = described("init", "The same, begun by the page's own script with settings of its own.")
    ELEMENT = described("element", "The element <parlance-chat>, a chat within the page.")
    IFRAME = described("iframe", "A frame with our page /embed/{embedKey}.")
    REACT = described("react", "A component for React.")
    VUE = described("vue", "A component for Vue 3.")
    ANGULAR = described("angular", "A component for Angular.")


@strawberry.type(description="Code that puts a chatbot into a page.")
class EmbedSnippet:
    """What an owner of a page pastes."""

    kind: EmbedKind = strawberry.field(description="In which way.")
    html: str = strawberry.field(
        description="The code to paste: HTML, or a component's source. It pins the widget of today"
        " by its hash, which stays served; without `build` and `integrity` a page loads the newest."
    )
    integrity: str = strawberry.field(
        description="Of the widget's script, as HTML's `integrity` has it."
    )
    content_security_policy: str = strawberry.field(
        description="What a page that has a Content-Security-Policy must add to it."
    )


def snippet_from(kind: EmbedKind, snippet: Snippet) -> EmbedSnippet:
    """A snippet as the schema shows it."""
    return EmbedSnippet(
        kind=kind,
        html=snippet.code,
        integrity=snippet.integrity,
        content_security_policy=snippet.content_security_policy,
    )

"""Putting a chatbot into pages."""

from enum import Enum

import strawberry

from graphql_schema.downloads import Download, download_from
from graphql_schema.enum_values import described
from services.publishing.plugin_packages import PackedPlugin
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


@strawberry.enum(description="The ways in which a WordPress plugin gets its updates.")
class PluginFlavour(Enum):
    """Values are the names that services use."""

    DIRECTORY = described("directory", "From the plugin directory, or by hand: it asks nobody.")
    SELF_UPDATING = described(
        "self_updating", "From this server: WordPress shows and installs what is newer."
    )


@strawberry.type(description="A WordPress plugin for one chatbot, ready to be uploaded.")
class WordpressPlugin:
    """A package."""

    download: Download = strawberry.field(
        description="A ZIP file. Nothing in it is secret: the site's administrator connects the"
        " plugin with a code of `createPluginConnection`."
    )
    file_name: str = strawberry.field(description="Of the ZIP.")
    slug: str = strawberry.field(description="The plugin's folder and text domain.")
    version: str = strawberry.field(description="Of the plugin.")
    flavour: PluginFlavour = strawberry.field(description="How it gets its updates.")


def wordpress_plugin_from(
    flavour: PluginFlavour, packed: PackedPlugin, public_url: str
) -> WordpressPlugin:
    """A package as the schema shows it."""
    package = packed.package
    return WordpressPlugin(
        download=download_from(packed.link, public_url),
        file_name=package.file_name,
        slug=package.slug,
        version=package.version,
        flavour=flavour,
    )

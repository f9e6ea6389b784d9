"""What people need to put a chatbot into their pages."""

from typing import Annotated, cast

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from graphql_schema.arguments import OfChatbot
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import PublicError
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.publishing.types import (
    EmbedKind,
    EmbedSnippet,
    PluginFlavour,
    WordpressPlugin,
    snippet_from,
    wordpress_plugin_from,
)
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from services.publishing.snippets import EmbedKindName, snippet_for
from services.publishing.widget_build import WidgetNotBuiltError
from wordpress_plugin.package import Flavour


@strawberry.type
class PublishingQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Code that puts a chatbot into a page; null if there is no such chatbot for"
        " the caller. WIDGET_NOT_BUILT in `errors[]` when it was not.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def embed_snippet(
        self,
        info: ParlanceInfo,
        chatbot_id: OfChatbot,
        kind: Annotated[
            EmbedKind, strawberry.argument(description="In which way.")
        ] = EmbedKind.SCRIPT,
    ) -> EmbedSnippet | None:
        services = info.context.services
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            return None
        try:
            loader = (await services.widget_builds.current()).loader
        except WidgetNotBuiltError as error:
            message = "The widget is not built on this server. `npm ci && npm run build` does it."
            raise PublicError(message, "WIDGET_NOT_BUILT") from error
        name = cast("EmbedKindName", kind.value)
        return snippet_from(kind, snippet_for(name, chatbot, loader, services.public_url))

    @strawberry.field(
        description="The WordPress plugin of a chatbot, made for it just now; null if there is no"
        " such chatbot for the caller. The same chatbot, name and version give the same bytes.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def wordpress_plugin(
        self,
        info: ParlanceInfo,
        chatbot_id: OfChatbot,
        flavour: Annotated[
            PluginFlavour, strawberry.argument(description="How it shall get its updates.")
        ] = PluginFlavour.DIRECTORY,
    ) -> WordpressPlugin | None:
        services = info.context.services
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            return None
        name = cast("Flavour", flavour.value)
        packed = await services.plugin_packages.handed_out(chatbot, name)
        return wordpress_plugin_from(flavour, packed, services.public_url)

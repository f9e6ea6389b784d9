"""Making and ending widget tokens."""

from datetime import datetime, timedelta
from html import escape
from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken as WidgetTokenDocument
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    not_found,
)
from graphql_schema.permissions import Person
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable
from graphql_schema.widget_tokens.types import WidgetToken, widget_token_from
from services.visits.handing_out import NewToken


@strawberry.input(description="For whom a widget token is wanted.")
class CreateWidgetTokenInput:
    """A token to come."""

    chatbot_id: strawberry.ID = strawberry.field(description="Of which chatbot.")
    origin: str | None = strawberry.field(
        description="The origin of the only page that may refresh it, one of the chatbot's allowed"
        " ones. Left out for programs.",
        default=None,
    )
    user_id: str | None = strawberry.field(
        description="The client's own id of the visitor, 1 to 200 characters; left out for a new"
        " stranger. You vouch for it.",
        default=None,
    )
    user_email: str | None = strawberry.field(
        description="The visitor's e-mail address; goes with userId.", default=None
    )
    expires_in_seconds: int | None = strawberry.field(
        description="60 to 604800; left out for seven days.", default=None
    )


@strawberry.type(description="The token was made.")
class CreateWidgetTokenSuccess:
    """A token, given out this once."""

    widget_token: str = strawberry.field(description="Given out this once.")
    expires_at: datetime = strawberry.field(description="When it ends.")
    token: WidgetToken = strawberry.field(description="What is kept of it.")
    embed_code: str = strawberry.field(
        description="HTML for one visitor's page. It holds the token: never cache it for others."
    )


CreateWidgetTokenResult = Annotated[
    CreateWidgetTokenSuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union("CreateWidgetTokenResult", description="A token, or why there is none."),
]


@strawberry.input(description="Which token to end.")
class RevokeWidgetTokenInput:
    """A token."""

    id: strawberry.ID = strawberry.field(description="The token's id.")


@strawberry.type(description="The token is refused from now on; its streams end within seconds.")
class RevokeWidgetTokenSuccess:
    """An ended token."""

    token: WidgetToken = strawberry.field(description="After its end.")


RevokeWidgetTokenResult = Annotated[
    RevokeWidgetTokenSuccess | NotFoundError,
    strawberry.union("RevokeWidgetTokenResult", description="The ended token."),
]


@strawberry.input(description="Whose tokens to end.")
class RevokeChatbotTokensInput:
    """A chatbot."""

    chatbot_id: strawberry.ID = strawberry.field(description="Of which chatbot.")


@strawberry.type(description="All of them are refused from now on; streams end within seconds.")
class RevokeChatbotTokensSuccess:
    """How many."""

    revoked_tokens: int = strawberry.field(description="How many ended.")


RevokeChatbotTokensResult = Annotated[
    RevokeChatbotTokensSuccess | NotFoundError,
    strawberry.union("RevokeChatbotTokensResult", description="How many tokens ended."),
]


@strawberry.type
class WidgetTokenMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a widget token for a visitor whom the caller vouches for. Editors,"
        " owners and API keys.",
        extensions=audited_for(Person, scope=Scope.VISITORS_WRITE),
    )
    async def create_widget_token(
        self, info: ParlanceInfo, input: CreateWidgetTokenInput
    ) -> CreateWidgetTokenResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        services = info.context.services
        issued = await services.handing_out.create(chatbot, _wanted(input))
        return CreateWidgetTokenSuccess(
            widget_token=issued.text,
            expires_at=issued.record.expires_at,
            token=widget_token_from(issued.record),
            embed_code=_embed_code(services.public_url, chatbot.embed_key, issued.text),
        )

    @strawberry.mutation(
        description="Ends a widget token. Editors, owners and API keys.",
        extensions=audited_for(Person, scope=Scope.VISITORS_WRITE),
    )
    async def revoke_widget_token(
        self, info: ParlanceInfo, input: RevokeWidgetTokenInput
    ) -> RevokeWidgetTokenResult:
        token = await changeable(info.context, WidgetTokenDocument, input.id, "editor")
        if token is None:
            return not_found("input", "id")
        ended = await info.context.services.handing_out.revoke(
            TenantScope.one(token.client_id), token.id
        )
        return RevokeWidgetTokenSuccess(token=widget_token_from(ended))

    @strawberry.mutation(
        description="Ends all widget tokens of a chatbot. Editors, owners and API keys.",
        extensions=audited_for(Person, scope=Scope.VISITORS_WRITE),
    )
    async def revoke_chatbot_tokens(
        self, info: ParlanceInfo, input: RevokeChatbotTokensInput
    ) -> RevokeChatbotTokensResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        ended = await info.context.services.handing_out.revoke_all(chatbot)
        return RevokeChatbotTokensSuccess(revoked_tokens=ended)


def _wanted(input: CreateWidgetTokenInput) -> NewToken:
    seconds = input.expires_in_seconds
    return NewToken(
        origin=input.origin,
        user_id=input.user_id,
        user_email=input.user_email,
        lifetime=None if seconds is None else timedelta(seconds=seconds),
    )


def _embed_code(public_url: str, embed_key: str, token: str) -> str:
    return (
        f'<script async src="{escape(public_url)}/widget.js" data-chatbot="{escape(embed_key)}"'
        f' data-token="{escape(token)}"></script>'
    )

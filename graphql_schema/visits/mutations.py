"""Starting a visit."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_schema.answers.asking import PageInput
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Conversation, conversation_from
from graphql_schema.errors import (
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UserErrorCode,
    limit_reached,
    rate_limited,
    refused,
)
from graphql_schema.node import global_id
from graphql_schema.permissions import Anybody, allowed_for
from graphql_schema.visits.origins import not_allowed_text
from graphql_schema.visits.types import WidgetChatbot, widget_chatbot_from
from services.answering.phrases import phrase
from services.rate_limits.rate_limits import RateLimitedError as TooOftenError
from services.visits.identities import IdentityRejectedError
from services.visits.page_origins import (
    EmbedPageOutdatedError,
    OriginNotAllowedError,
    VisitRefusedError,
)
from services.visits.previews import PreviewEndedError
from services.visits.starting import StartedVisit, UnknownEmbedKeyError, VisitRequest
from services.visits.stays import TooManyVisitsError

MAX_ADDRESS = 2048
MAX_TAG = 35
"""RFC 5646, section 4.4.1: implementations should allow for 35 characters."""


@strawberry.input(description="A widget that opens on a page.")
class StartVisitInput:
    """A visit to come."""

    embed_key: str = strawberry.field(description="The chatbot's public key.")
    identity_token: str | None = strawberry.field(
        description="Who the visitor is: a JWT that the client's own backend signed with one of the"
        " client's signing keys (HS256; claims client_id = the client's slug, user_id, exp, and"
        " user_email if it likes). Without it the visitor is a stranger.",
        default=None,
    )
    page: PageInput | None = strawberry.field(description="Where it opens.", default=None)
    language: str | None = strawberry.field(description="The visitor's, BCP 47.", default=None)
    consent_version: str | None = strawberry.field(
        description="Which consent text the visitor agreed to.", default=None
    )
    embed_nonce: str | None = strawberry.field(
        description="What the page at /embed/{embedKey} was given (`data-embed-nonce`). A visit"
        " from there needs it when our own origin is not on the chatbot's list. Good for ten"
        " minutes.",
        default=None,
    )
    preview_token: str | None = strawberry.field(
        description="From createPreviewToken, for a widget that shows a preview: `chatbot` is the"
        " draft then and `widgetToken` the preview token itself. No visit begins.",
        default=None,
    )


@strawberry.type(description="A visit has begun.")
class StartVisitSuccess:
    """A visit with its token."""

    widget_token: str = strawberry.field(description="Good for seven days, given out this once.")
    expires_at: datetime = strawberry.field(description="When the token ends.")
    visitor_id: strawberry.ID = strawberry.field(description="Who visits.")
    chatbot: WidgetChatbot = strawberry.field(description="The chatbot as visitors see it.")
    conversation: Conversation | None = strawberry.field(
        description="The visitor's latest open conversation."
    )


StartVisitResult = Annotated[
    StartVisitSuccess
    | InvalidInputError
    | NotFoundError
    | RefusedError
    | LimitReachedError
    | RateLimitedError,
    strawberry.union(
        "StartVisitResult",
        description="IDENTITY_REJECTED, ORIGIN_NOT_ALLOWED, CHATBOT_INACTIVE and, of a preview or"
        " the embed page's nonce, INVALID_TOKEN are RefusedErrors.",
    ),
]


@strawberry.type
class VisitMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Begins a visit. The page's Origin must be on the chatbot's list. The"
        " Authorization header is ignored.",
        extensions=allowed_for(Anybody),
    )
    async def start_visit(self, info: ParlanceInfo, input: StartVisitInput) -> StartVisitResult:
        services = info.context.services
        wanted = input.language or (input.page.language if input.page else None)
        try:
            await services.rate_limits.visit(info.context.caller.ip_address)
            started = await _started(info, input, wanted)
        except TooOftenError as error:
            return rate_limited(phrase("rate_limited", wanted), error.retry_at)
        except TooManyVisitsError as error:
            return limit_reached(error.limit, phrase("chatbot_inactive", wanted))
        except (VisitRefusedError, IdentityRejectedError) as error:
            return _refusal_of(error, wanted)
        conversation = started.conversation
        return StartVisitSuccess(
            widget_token=started.widget_token,
            expires_at=started.expires_at,
            visitor_id=global_id("Visitor", started.visitor_id),
            chatbot=widget_chatbot_from(
                started.chatbot, started.client, wanted, preview=input.preview_token is not None
            ),
            conversation=conversation_from(conversation) if conversation else None,
        )


async def _started(
    info: ParlanceInfo, input: StartVisitInput, language: str | None
) -> StartedVisit:
    services, request = info.context.services, _request(info, input, language)
    if input.preview_token is None:
        return await services.visits.start(request)
    return await services.previews.open(input.preview_token, request)


def _refusal_of(
    error: VisitRefusedError | IdentityRejectedError, wanted: str | None
) -> NotFoundError | RefusedError:
    match error:
        case UnknownEmbedKeyError():
            return NotFoundError(
                code=UserErrorCode.NOT_FOUND,
                message=phrase("unknown_embed_key", wanted),
                path=["input", "embedKey"],
            )
        case OriginNotAllowedError():
            return refused(UserErrorCode.ORIGIN_NOT_ALLOWED, not_allowed_text(error.origin))
        case EmbedPageOutdatedError():
            message = (
                "The page's embedNonce is too old, or of another chatbot. Load the page again."
            )
            return refused(UserErrorCode.INVALID_TOKEN, message, "input", "embedNonce")
        case PreviewEndedError():
            message = "The preview has ended, or is of another chatbot. Make a new preview token."
            return refused(UserErrorCode.INVALID_TOKEN, message, "input", "previewToken")
        case IdentityRejectedError():
            path = ("input", "identityToken")
            return refused(UserErrorCode.IDENTITY_REJECTED, str(error), *path)
        case _:
            message = phrase("chatbot_inactive", wanted)
            return refused(UserErrorCode.CHATBOT_INACTIVE, message)


def _request(info: ParlanceInfo, input: StartVisitInput, language: str | None) -> VisitRequest:
    page_url = input.page.url if input.page else None
    return VisitRequest(
        embed_key=input.embed_key,
        identity_token=input.identity_token,
        origin=info.context.caller.origin,
        language=language[:MAX_TAG] if language else None,
        page_url=page_url[:MAX_ADDRESS] if page_url else None,
        consent_version=input.consent_version[:MAX_TAG] if input.consent_version else None,
        embed_nonce=input.embed_nonce,
    )

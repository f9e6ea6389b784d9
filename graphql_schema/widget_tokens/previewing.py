"""Making tokens with which people see a chatbot's draft in a widget."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundError, not_found
from graphql_schema.permissions import Person
from graphql_schema.targets import changeable


@strawberry.input(description="Which chatbot's draft to see in a widget.")
class CreatePreviewTokenInput:
    """A preview to come."""

    chatbot_id: strawberry.ID = strawberry.field(description="Of which chatbot.")


@strawberry.type(description="The token was made.")
class CreatePreviewTokenSuccess:
    """A token, given out this once."""

    widget_token: str = strawberry.field(
        description="Use it as a widget token; give it to startVisit as previewToken for the"
        " draft's looks and texts. It cannot be refreshed."
    )
    expires_at: datetime = strawberry.field(description="In 15 minutes.")


CreatePreviewTokenResult = Annotated[
    CreatePreviewTokenSuccess | NotFoundError,
    strawberry.union("CreatePreviewTokenResult", description="A token, or why there is none."),
]


@strawberry.type
class PreviewMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a widget token that sees a chatbot's draft, also while the chatbot is"
        " switched off. What is asked with it counts nowhere and stands in no list, and is deleted"
        " after a day. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def create_preview_token(
        self, info: ParlanceInfo, input: CreatePreviewTokenInput
    ) -> CreatePreviewTokenResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        issued = await info.context.services.previews.create(chatbot)
        return CreatePreviewTokenSuccess(
            widget_token=issued.text, expires_at=issued.record.expires_at
        )

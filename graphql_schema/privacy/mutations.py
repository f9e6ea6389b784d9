"""What visitors may demand of those who keep their data, and people on a visitor's behalf."""

from typing import Annotated

import strawberry

from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.erasing import ErasedCount, erased_counts
from graphql_schema.errors import NotFoundError, not_found
from graphql_schema.permissions import SignedIn
from graphql_schema.privacy.targets import visitor_in_question
from graphql_schema.scopes import Scope

SERVERS = (Scope.VISITORS_WRITE, Scope.CONVERSATIONS_WRITE)


@strawberry.input(description="Whom to forget.")
class EraseVisitorInput:
    """A visitor."""

    visitor_id: strawberry.ID | None = strawberry.field(
        description="Left out: the visitor who asks. Visitors can name nobody but themselves.",
        default=None,
    )


@strawberry.type(
    description="Nothing of the visitor is left: no conversation, visit or token, with whichever of"
    " the client's chatbots. Usage figures stay, and lead to nobody."
)
class EraseVisitorSuccess:
    """A receipt."""

    erased: list[ErasedCount] = strawberry.field(description="How much there was of each kind.")


EraseVisitorResult = Annotated[
    EraseVisitorSuccess | NotFoundError,
    strawberry.union(
        "EraseVisitorResult", description="A receipt; NotFoundError for one erased before."
    ),
]


@strawberry.type
class PrivacyMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Erases a visitor and everything of the visitor's, at once and for good;"
        " running answers and widget tokens end. The visitor; editors, owners and API keys with"
        " VISITORS_WRITE or CONVERSATIONS_WRITE.",
        extensions=audited_for(SignedIn, scope=SERVERS),
    )
    async def erase_visitor(
        self, info: ParlanceInfo, input: EraseVisitorInput
    ) -> EraseVisitorResult:
        wanted = await visitor_in_question(info.context, input.visitor_id, "editor")
        if wanted is None:
            return not_found("input", "visitorId")
        erased = await info.context.services.erasing.erase(wanted.scope, wanted.visitor_id)
        return EraseVisitorSuccess(erased=erased_counts(erased))

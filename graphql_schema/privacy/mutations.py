"""What visitors may demand of those who keep their data, and people on a visitor's behalf."""

from typing import Annotated

import strawberry

from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.downloads import Download, download_from
from graphql_schema.erasing import ErasedCount, erased_counts
from graphql_schema.errors import NotFoundError, RateLimitedError, not_found
from graphql_schema.permissions import SignedIn
from graphql_schema.privacy.targets import visitor_in_question
from graphql_schema.scopes import Scope

SERVERS = (Scope.VISITORS_WRITE, Scope.CONVERSATIONS_WRITE)
READING_SERVERS = (Scope.VISITORS_WRITE, Scope.CONVERSATIONS_READ)
WHICH = "Left out: the visitor who asks. Visitors can name nobody but themselves."
WHOSE = (
    "Instead of `visitorId`, for people and servers of one client: the `user_id` with which the"
    " client's backend identifies the visitor. Who gives both must mean the same visitor."
)


@strawberry.input(description="Whose data is wanted.")
class ExportVisitorInput:
    """A visitor."""

    visitor_id: strawberry.ID | None = strawberry.field(description=WHICH, default=None)
    user_id: str | None = strawberry.field(description=WHOSE, default=None)


@strawberry.type(description="The archive is there and waits to be fetched.")
class ExportVisitorSuccess:
    """A link."""

    download: Download = strawberry.field(
        description="A ZIP file: README.txt says what is in the others, which are JSON."
    )


ExportVisitorResult = Annotated[
    ExportVisitorSuccess | NotFoundError | RateLimitedError,
    strawberry.union(
        "ExportVisitorResult",
        description="A link; RateLimitedError for more than 5 of one visitor within an hour.",
    ),
]


@strawberry.input(description="Whom to forget.")
class EraseVisitorInput:
    """A visitor."""

    visitor_id: strawberry.ID | None = strawberry.field(description=WHICH, default=None)
    user_id: str | None = strawberry.field(description=WHOSE, default=None)


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
        description="Makes an archive of everything that is kept about a visitor, with whichever of"
        " the client's chatbots. The visitor; editors, owners and API keys with CONVERSATIONS_READ"
        " or VISITORS_WRITE.",
        extensions=audited_for(SignedIn, scope=READING_SERVERS),
    )
    async def export_visitor(
        self, info: ParlanceInfo, input: ExportVisitorInput
    ) -> ExportVisitorResult:
        wanted = await visitor_in_question(info.context, input.visitor_id, "editor", input.user_id)
        if wanted is None:
            return not_found("input", "userId" if input.user_id is not None else "visitorId")
        services = info.context.services
        await services.rate_limits.export(str(wanted.visitor_id))
        link = await services.exporting.export(wanted.scope, wanted.visitor_id)
        return ExportVisitorSuccess(download=download_from(link, services.public_url))

    @strawberry.mutation(
        description="Erases a visitor and everything of the visitor's, at once and for good;"
        " running answers and widget tokens end. The visitor; editors, owners and API keys with"
        " VISITORS_WRITE or CONVERSATIONS_WRITE.",
        extensions=audited_for(SignedIn, scope=SERVERS),
    )
    async def erase_visitor(
        self, info: ParlanceInfo, input: EraseVisitorInput
    ) -> EraseVisitorResult:
        wanted = await visitor_in_question(info.context, input.visitor_id, "editor", input.user_id)
        if wanted is None:
            return not_found("input", "userId" if input.user_id is not None else "visitorId")
        erased = await info.context.services.erasing.erase(wanted.scope, wanted.visitor_id)
        return EraseVisitorSuccess(erased=erased_counts(erased))

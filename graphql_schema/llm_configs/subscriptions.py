"""Which models are out of order, for dashboards.

A state and no series of events: whoever comes late, or misses something, has missed nothing.
"""

import asyncio
from collections.abc import AsyncGenerator

import strawberry

from documents.base import utc_now
from documents.errors import is_unavailable
from graphql_schema.arguments import OnlyOfClient
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.llm_configs.types import LlmConfig, llm_config_from
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import listed_scope
from services.cancelling import raise_if_cancelled

LOOK_SECONDS = 1.0
"""Between two looks for models that are left alone, or work again."""


@strawberry.type(description="The models that are out of order.")
class LlmHealthReport:
    """A moment's state."""

    left_alone: list[LlmConfig] = strawberry.field(
        description="Those to which no questions go, with why in `health`; at most 100."
    )


@strawberry.type
class LlmConfigSubscriptions:
    """Subscriptions of this domain."""

    @strawberry.subscription(
        description="Which of a client's models, or of all that the caller sees, are out of order:"
        " at once, and again whenever that has changed. The platform's are among them.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def llm_health(
        self, info: ParlanceInfo, client_id: OnlyOfClient = None
    ) -> AsyncGenerator[LlmHealthReport, None]:
        shown: object = None
        while True:
            report = await _report(info.context, client_id, first=shown is None)
            if report is not None:
                seen = [(one.id, one.document.circuit) for one in report.left_alone]
                if seen != shown:
                    shown = seen
                    yield report
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)


async def _report(
    context: RequestContext, client_id: strawberry.ID | None, *, first: bool
) -> LlmHealthReport | None:
    """What the caller may see now; None while the database is away from a stream that runs.

    Raises:
        AuthorizationError: the caller may see nothing any more.
    """
    try:
        await context.look_again(utc_now())
        scope = await listed_scope(context, client_id)
        found = await context.services.llm_configs.left_alone(scope)
    except Exception as error:
        if first or not is_unavailable(error):
            raise
        return None
    return LlmHealthReport(left_alone=[llm_config_from(one) for one in found])

"""Reading what nothing answered."""

from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.tenancy import TenantScope
from graphql_schema.arguments import First, OfChatbot
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.pagination import forward_page
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from graphql_schema.unanswered.types import Listed, UnansweredGroup, group_from
from graphql_schema.usage.types import PeriodInput, given_period
from services.unanswered.listing import unanswered_groups
from services.usage.days import Whose
from services.usage.periods import zone_of


@strawberry.type
class UnansweredQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The questions of a chatbot's visitors for which its knowledge held nothing,"
        " those that ask for the same together, the most asked first; without those that are"
        " answered or dismissed since. The 600 most asked wordings of the period are compared.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def unanswered_groups(
        self,
        info: ParlanceInfo,
        chatbot_id: OfChatbot,
        period: Annotated[PeriodInput, strawberry.argument(description="Asked in which days.")],
        first: First = 20,
        *,
        with_dismissed: Annotated[
            bool, strawberry.argument(description="Also those that were dismissed.")
        ] = False,
    ) -> list[UnansweredGroup]:
        asked_for = given_period(period)
        most = forward_page(first, None).size
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            raise NotFoundInListError
        client = await TenantScope.one(chatbot.client_id).of(ClientDocument).find_one({})
        if client is None:
            raise NotFoundInListError
        await info.context.services.counting.settle(client.client_id)
        found = await unanswered_groups(
            Whose(client.client_id, zone_of(client), chatbot.id),
            asked_for,
            chatbot.draft.default_language,
            with_dismissed=with_dismissed,
        )
        return [group_from(Listed(chatbot, one)) for one in found[:most]]

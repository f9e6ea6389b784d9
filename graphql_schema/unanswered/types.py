"""Questions that nothing answered, in groups, with what might answer them."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from graphql_schema.context import ParlanceInfo
from graphql_schema.node import global_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.reports.types import QuestionCount
from graphql_schema.scopes import Scope
from services.unanswered.listing import UnansweredGroup as FoundGroup

MOST_WORDINGS = 50


@strawberry.type(description="What somebody may begin with who answers a question.")
class SuggestedPair:
    """A pair to be looked over."""

    question: str = strawberry.field(description="As visitors asked most.")
    answer: str | None = strawberry.field(
        description="The passage of the knowledge that comes closest; it was not evidence enough"
        " for an answer, so read it well. Null: none has to do with the question."
    )
    source_title: str | None = strawberry.field(description="Where the passage stands.")
    url: str | None = strawberry.field(description="Its address, if it has one.")
    evidence: float | None = strawberry.field(
        description="The share of the question that the passage holds, 0 to 1."
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A group and whose it is."""

    chatbot: ChatbotDocument
    group: FoundGroup


@strawberry.type(description="Unanswered questions that ask for the same in one language.")
class UnansweredGroup:
    """A group."""

    question: str = strawberry.field(description="The one that was asked most.")
    count: int = strawberry.field(description="How often all of them were asked.")
    last_asked_at: datetime = strawberry.field(description="When one of them was asked last.")
    wordings: list[QuestionCount] = strawberry.field(
        description="The questions, the most asked first, at most 50. Their messages name the group"
        " to `approveAnswer` and `dismissQuestions`."
    )
    listed: strawberry.Private[Listed]

    @strawberry.field(
        description="A pair to approve, once it is looked over.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def suggestion(self, info: ParlanceInfo) -> SuggestedPair:
        chatbot = self.listed.chatbot
        found = await info.context.services.suggesting.closest_passage(chatbot, self.question)
        return SuggestedPair(
            question=self.question,
            answer=found.text if found else None,
            source_title=found.source_title if found else None,
            url=found.anchor_url or found.url if found else None,
            evidence=found.evidence if found else None,
        )


def group_from(listed: Listed) -> UnansweredGroup:
    """The public form of a group."""
    group = listed.group
    return UnansweredGroup(
        question=group.questions[0].text,
        count=group.count,
        last_asked_at=group.last_at,
        wordings=[
            QuestionCount(
                question=one.text,
                count=one.count,
                last_asked_at=one.last_at,
                example_message_id=global_id("Message", one.question_id),
            )
            for one in group.questions[:MOST_WORDINGS]
        ],
        listed=listed,
    )

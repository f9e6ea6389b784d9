"""From the input of `ask` to a stored question, for the subscription and the mutation alike."""

from collections.abc import Awaitable, Callable

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.ids import PydanticObjectId
from documents.messages import Message as MessageDocument
from documents.tenancy import TenantScope
from documents.visitors import Visitor as VisitorDocument
from graphql_schema.answers.arriving import Arrival
from graphql_schema.context import RequestContext
from graphql_schema.errors import AuthorizationError, BadArgumentError
from graphql_schema.node import local_id
from graphql_schema.viewers import ApiKeyViewer, VisitorViewer
from services.answering.accepting import Admit, Asker, NewAnswer
from services.answering.asking import Question
from services.answering.question_refusals import QuestionRefusedError
from services.languages.detection import detect_language

MESSAGES_OF_A_TURN = 2
"""The question and its answer."""

MAX_SEQ = 2**31 - 1_000
"""GraphQL's Int has 32 bits; what is given out after this number still fits."""


@strawberry.input(description="The page on which a widget stands.")
class PageInput:
    """A page."""

    url: str | None = strawberry.field(description="Its address.", default=None)
    title: str | None = strawberry.field(description="Its title.", default=None)
    referrer: str | None = strawberry.field(description="The page before.", default=None)
    language: str | None = strawberry.field(description="BCP 47.", default=None)


@strawberry.input(description="A question.")
class AskInput:
    """A question."""

    conversation_id: strawberry.ID | None = strawberry.field(
        description="Null opens a new conversation, once per idempotencyKey.", default=None
    )
    text: str = strawberry.field(description="1 to 8000 characters.")
    idempotency_key: strawberry.ID = strawberry.field(
        description="Chosen by the caller, new for each question, at most 200 characters."
    )
    after_seq: int | None = strawberry.field(description="The last event already seen.", default=0)
    page: PageInput | None = strawberry.field(
        description="Where the question is asked.", default=None
    )
    chatbot_id: strawberry.ID | None = strawberry.field(
        description="Which chatbot is asked. API keys with the scope ASK only.", default=None
    )
    visitor_id: strawberry.ID | None = strawberry.field(
        description="For which visitor. API keys with the scope ASK only.", default=None
    )


class NoAskerError(Exception):
    """An API key must say for which visitor of which chatbot it asks.

    Attributes:
        field: the input field that is missing.
    """

    def __init__(self, field: str) -> None:
        super().__init__("is needed: an API key asks for a visitor of a chatbot")
        self.field = field


async def asker_of(context: RequestContext, input: AskInput) -> Asker:
    """Who asks: the visitor, or the one in whose name an API key does.

    Raises:
        AuthorizationError: FORBIDDEN: neither asks, or a visitor speaks for another.
        NoAskerError: an API key did not say for whom.
        QuestionRefusedError: the chatbot or the visitor is unknown.
    """
    viewer = await context.viewer()
    if isinstance(viewer, ApiKeyViewer):
        return await _named_asker(viewer, input)
    claims = (await context.visitor()).claims
    if input.chatbot_id is not None or input.visitor_id is not None:
        raise AuthorizationError("FORBIDDEN")
    return Asker(claims.client_id, claims.chatbot_id, claims.visitor_id, claims.preview_until)


async def _named_asker(viewer: ApiKeyViewer, input: AskInput) -> Asker:
    for field, given in (("chatbotId", input.chatbot_id), ("visitorId", input.visitor_id)):
        if given is None:
            raise NoAskerError(field)
    scope = viewer.scope()
    chatbot_id = local_id(input.chatbot_id, "Chatbot")
    visitor_id = local_id(input.visitor_id, "Visitor")
    if (
        chatbot_id is None
        or visitor_id is None
        or await scope.of(ChatbotDocument).get(chatbot_id) is None
        or await scope.of(VisitorDocument).get(visitor_id) is None
    ):
        raise QuestionRefusedError("not_found")
    return Asker(viewer.key.client_id, chatbot_id, visitor_id)


def checked_seq(after_seq: int | None) -> int:
    """The number of the last event already seen.

    Raises:
        BadArgumentError: it is negative, or no number that an event can have.
    """
    if after_seq is None:
        return 0
    if not 0 <= after_seq <= MAX_SEQ:
        raise BadArgumentError(f"`afterSeq` must be between 0 and {MAX_SEQ}.")
    return after_seq


def refusal_language(input: AskInput) -> str | None:
    """In which language a refusal is told: the page's, else the question's."""
    return (input.page.language if input.page else None) or detect_language(input.text[:500])


async def asked(context: RequestContext, asker: Asker, input: AskInput) -> MessageDocument:
    """The answer to the question, being worked on if it is new.

    Raises:
        QuestionRefusedError: the question is not accepted.
    """
    conversation_id = None
    if input.conversation_id is not None:
        conversation_id = local_id(input.conversation_id, "Conversation")
        if conversation_id is None:
            raise QuestionRefusedError("not_found")
    question = Question(asker, conversation_id, input.text, input.idempotency_key)
    asking = context.services.asking
    return await begun(
        context, asker, lambda admit: asking.ask(question, admit), messages=MESSAGES_OF_A_TURN
    )


async def begun(
    context: RequestContext,
    asker: Asker,
    accept: Callable[[Admit], Awaitable[NewAnswer]],
    *,
    messages: int,
) -> MessageDocument:
    """The answer that `accept` stores or finds, being worked on if it is new.

    Args:
        context: Of the operation.
        asker: In whose name it is asked.
        accept: Stores what is new, once it is let in.
        messages: How many messages that makes.

    Raises:
        QuestionRefusedError: it is not accepted.
    """
    generations = context.services.generations
    with generations.place() as place:
        arrival = Arrival(context, asker, place)
        result = await accept(arrival.admit)
        if result.is_new:
            await generations.start(result.answer, place=place)
    if result.is_new:
        await arrival.count_messages(messages)
    return result.answer


async def visible_answer(
    context: RequestContext, message_id: str
) -> tuple[TenantScope, PydanticObjectId | None]:
    """Whose answer it is, and its id; None when the caller may not see it."""
    scope, found = await seen_answer(context, message_id)
    return scope, found.id if found else None


async def seen_answer(
    context: RequestContext, message_id: str
) -> tuple[TenantScope, MessageDocument | None]:
    """Whose answer it is, and the answer; None when the caller may not see it."""
    viewer = await context.viewer()
    own: dict[str, object] = {}
    if isinstance(viewer, VisitorViewer):
        scope = viewer.scope()
        own = {"visitor_id": viewer.claims.visitor_id, "chatbot_id": viewer.claims.chatbot_id}
    else:
        scope = (await context.member()).scope()
    answer_id = local_id(message_id, "Message")
    if answer_id is None:
        return scope, None
    wanted = {**own, "_id": answer_id, "sender": "bot"}
    return scope, await scope.of(MessageDocument).find_one(wanted)

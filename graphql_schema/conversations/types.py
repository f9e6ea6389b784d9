"""Visitors, conversations and messages."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from documents.conversations import Conversation as ConversationDocument
from documents.ids import PydanticObjectId
from documents.messages import Citation as CitationDocument
from documents.messages import Feedback as FeedbackDocument
from documents.messages import Message as MessageDocument
from documents.tenancy import TenantScope
from documents.visitors import Visitor as VisitorDocument
from graphql_schema.arguments import After, Before, FirstOfEither, Last
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.conversations.loaders import AskedIn
from graphql_schema.enum_values import described
from graphql_schema.errors import NotFoundInListError
from graphql_schema.languages import Language, language_or_none
from graphql_schema.loading import OwnedId
from graphql_schema.money import PLATFORM_CURRENCY, Money
from graphql_schema.node import Node, global_id
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    PageRequest,
    connection_of,
    either_page,
    number_position,
)
from graphql_schema.permissions import Person, SignedIn, allowed_for
from graphql_schema.scalars import BigInt
from graphql_schema.scopes import Scope

if TYPE_CHECKING:
    from graphql_schema.chatbots.types import Chatbot
    from graphql_schema.clients.types import Client
    from graphql_schema.llm_configs.types import LlmConfig

MAX_ALTERNATIVES = 20


@strawberry.enum(description="Where a conversation stands.")
class ConversationStatus(Enum):
    """Values are the stored names."""

    OPEN = described("open", "It takes questions.")
    NEEDS_HUMAN = described("needs_human", "A person is asked for.")
    CLOSED = described("closed", "It takes no more questions.")
    ARCHIVED = described(
        "archived", "Another was begun since; nothing is lost, and a question takes it up again."
    )


@strawberry.enum(description="Who wrote a message.")
class MessageSender(Enum):
    """Values are the stored names."""

    VISITOR = described("visitor", "The visitor.")
    BOT = described("bot", "The chatbot.")
    HUMAN = described("human", "A person of the client's team.")
    SYSTEM = described("system", "Parlance itself, such as a notice.")


@strawberry.enum(description="Whether a message is whole.")
class MessageStatus(Enum):
    """Values are the stored names."""

    STREAMING = described("streaming", "It is being written.")
    COMPLETE = described("complete", "It is whole.")
    STOPPED = described("stopped", "The visitor stopped it; the text so far stays.")
    FAILED = described("failed", "It broke off, or there is no text.")


@strawberry.enum(description="What a visitor thinks of an answer.")
class Rating(Enum):
    """Values are the stored names."""

    UP = described("up", "It helped.")
    DOWN = described("down", "It did not help.")


@strawberry.enum(description="A step of the turn.")
class AnswerStepKind(Enum):
    """Values are the stored names."""

    RETRIEVING = described("retrieving", "Knowledge is searched.")
    HOOK = described("hook", "The client's own code runs.")
    THINKING = described("thinking", "The language model is asked.")
    FALLBACK = described("fallback", "The fallback model is asked.")


@strawberry.type(description="A person who chats in a widget.")
class Visitor(Node):
    """A visitor."""

    user_id: str | None = strawberry.field(
        description="The client's own id, when its backend signed the visitor in."
    )
    user_email: str | None = strawberry.field(description="Likewise the e-mail address.")
    language: Language | None = strawberry.field(description="The visitor's language.")
    first_seen_at: datetime = strawberry.field(description="The first visit.")
    last_seen_at: datetime = strawberry.field(description="The last visit or question.")


@strawberry.type(description="Where a statement comes from, as it was when the answer was given.")
class Citation:
    """A citation."""

    number: int = strawberry.field(description="The [number] in the answer's text.")
    source_id: strawberry.ID | None = strawberry.field(description="The knowledge source.")
    source_title: str = strawberry.field(description="Its title.")
    url: str | None = strawberry.field(description="Its address, if it has one.")
    anchor_url: str | None = strawberry.field(
        description="The address with a text fragment that shows the passage."
    )
    heading_path: list[str] = strawberry.field(description="The headings above the passage.")
    quote: str = strawberry.field(description="The passage, verbatim, at most 300 characters.")
    start_offset: int = strawberry.field(
        description="Where the quote begins in the source's text, in code points."
    )
    end_offset: int = strawberry.field(description="Where it ends, in code points.")
    page: int | None = strawberry.field(description="The page of a paged source, from 1.")
    score: float = strawberry.field(description="How well the passage fits; higher is better.")


@strawberry.type(description="A key and a value.")
class MetadataEntry:
    """An entry of a message's metadata."""

    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value.")


@strawberry.type(description="One step of the turn that made an answer.")
class TraceStep:
    """For people who look into an answer."""

    step: AnswerStepKind = strawberry.field(description="Which step.")
    started_at: datetime = strawberry.field(description="When it began.")
    duration_ms: int = strawberry.field(description="How long it took.")
    outcome: str = strawberry.field(description="What came of it.")
    detail: str | None = strawberry.field(description="More about it.")


@strawberry.type(description="What the visitor thinks of an answer.")
class Feedback:
    """Feedback."""

    rating: Rating = strawberry.field(description="Whether it helped.")
    comment: str | None = strawberry.field(description="In the visitor's words.")
    rated_at: datetime = strawberry.field(description="When it was last changed.")


@strawberry.type(description="One message of a conversation.")
class Message(Node):
    """A message."""

    seq: int = strawberry.field(description="Its place in the conversation, from 1.")
    sender: MessageSender = strawberry.field(description="Who wrote it.")
    status: MessageStatus = strawberry.field(description="Whether it is whole.")
    content: str = strawberry.field(description="The text (so far).")
    created_at: datetime = strawberry.field(description="When it was begun.")
    question_id: strawberry.ID | None = strawberry.field(
        description="The question that this message answers."
    )
    citations: list[Citation] = strawberry.field(description="What the answer rests on.")
    suggestions: list[str] = strawberry.field(description="What the visitor may ask next.")
    confidence: float | None = strawberry.field(
        description="The probability, 0 to 1, that the passages found hold the answer, calibrated"
        " on questions with known answers; null where no knowledge was looked into."
    )
    feedback: Feedback | None = strawberry.field(
        description="What the visitor thinks of it; null where nothing was said."
    )
    first_token_ms: int | None = strawberry.field(
        description="From asking to the first text. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    response_time_ms: int | None = strawberry.field(
        description="From asking to the end. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    input_tokens: int | None = strawberry.field(
        description="As the provider counted. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    output_tokens: int | None = strawberry.field(
        description="As the provider counted. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    cost: Money | None = strawberry.field(
        description="What the answer cost. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    estimated: bool | None = strawberry.field(
        description="Whether tokens are estimated. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    document: strawberry.Private[MessageDocument]

    @strawberry.field(
        description="The conversation it belongs to.",
        extensions=allowed_for(SignedIn, scope=Scope.CONVERSATIONS_READ),
    )
    async def conversation(self, info: ParlanceInfo) -> "Conversation":
        conversation = OwnedId(self.document.client_id, self.document.conversation_id)
        found = await info.context.loaders.conversation_by_id.load(conversation)
        if found is None:
            raise NotFoundInListError
        return conversation_from(found)

    @strawberry.field(description="Other answers to the same question, newest first.")
    async def alternatives(self, info: ParlanceInfo) -> list["Message"]:
        answer = self.document
        if answer.question_id is None:
            return []
        asked = AskedIn(answer.client_id, answer.conversation_id, answer.question_id)
        found = await info.context.loaders.answers_by_question_id.load(asked)
        return [message_from(one) for one in found if one.id != answer.id][:MAX_ALTERNATIVES]

    @strawberry.field(
        description="The model that answered. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def llm(
        self, info: ParlanceInfo
    ) -> Annotated["LlmConfig", strawberry.lazy("graphql_schema.llm_configs.types")] | None:
        from graphql_schema.llm_configs.types import llm_config_from  # noqa: PLC0415

        if self.document.llm_config_id is None:
            return None
        config = OwnedId(self.document.client_id, self.document.llm_config_id)
        found = await info.context.loaders.llm_config_by_id.load(config)
        return llm_config_from(found) if found else None

    @strawberry.field(
        description="Labels. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def tags(self) -> list[str]:
        return self.document.tags

    @strawberry.field(
        description="Keys and values. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def metadata(self) -> list[MetadataEntry]:
        return [
            MetadataEntry(key=key, value=value) for key, value in self.document.metadata.items()
        ]

    @strawberry.field(
        description="The steps of the turn. People and API keys only.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def trace(self) -> list[TraceStep] | None:
        return [
            TraceStep(
                step=AnswerStepKind(one.step),
                started_at=one.started_at,
                duration_ms=one.duration_ms,
                outcome=one.outcome,
                detail=one.detail,
            )
            for one in self.document.trace
        ]


@strawberry.type(description="What a visitor and a chatbot said to each other.")
class Conversation(Node):
    """A conversation."""

    title: str = strawberry.field(description="From the first question, until it is renamed.")
    language: Language | None = strawberry.field(description="Of the last question.")
    status: ConversationStatus = strawberry.field(description="Where it stands.")
    message_count: int = strawberry.field(description="How many messages it has.")
    created_at: datetime = strawberry.field(description="When it began.")
    last_message_at: datetime = strawberry.field(description="When the last question came.")
    tags: list[str] = strawberry.field(
        description="Labels. An answer has by itself: `fallback` (by the fallback model),"
        " `unanswered` (nothing in the knowledge fits), `closest` (something near it"
        " was shown), `cut_short` (out of tokens), `refused`."
    )
    document: strawberry.Private[ConversationDocument]

    @strawberry.field(
        description="Whose chatbot. FORBIDDEN for visitors.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def client(
        self, info: ParlanceInfo
    ) -> Annotated["Client", strawberry.lazy("graphql_schema.clients.types")]:
        from graphql_schema.clients.types import client_by_slug  # noqa: PLC0415

        return await client_by_slug(info.context, self.document.client_id)

    @strawberry.field(
        description="With which chatbot. FORBIDDEN for visitors.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbot(
        self, info: ParlanceInfo
    ) -> Annotated["Chatbot", strawberry.lazy("graphql_schema.chatbots.types")]:
        from graphql_schema.chatbots.types import chatbot_by_id  # noqa: PLC0415

        conversation = self.document
        return await chatbot_by_id(info.context, conversation.client_id, conversation.chatbot_id)

    @strawberry.field(description="With which visitor.")
    async def visitor(self, info: ParlanceInfo) -> Visitor:
        conversation = self.document
        return await visitor_by_id(info.context, conversation.client_id, conversation.visitor_id)

    @strawberry.field(description="Its messages, oldest first; `last` and `before` page backwards.")
    async def messages(
        self,
        first: FirstOfEither = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Message]:
        page = either_page(first, after, last, before)
        return await message_page(self._scope(), self.document.id, page)

    def _scope(self) -> TenantScope:
        return TenantScope.one(self.document.client_id)


async def message_page(
    scope: TenantScope, conversation_id: PydanticObjectId, page: PageRequest
) -> Connection[Message]:
    """A page of a conversation's messages, oldest first.

    Raises:
        BadArgumentError: the cursor is none of this list.
    """
    filter_: dict[str, object] = {"conversation_id": conversation_id}
    condition = dict(filter_)
    if page.position is not None:
        seq = number_position(page.position)
        condition["seq"] = {"$lt": seq} if page.backwards else {"$gt": seq}
    found = await scope.of(MessageDocument).find(
        condition, sort=[("seq", -1 if page.backwards else 1)], limit=page.size + 1
    )
    return connection_of(
        found,
        page,
        lambda one: str(one.seq),
        message_from,
        lambda: scope.of(MessageDocument).count(filter_, limit=MAX_COUNT),
    )


async def visitor_by_id(
    context: RequestContext, client_id: str, visitor_id: PydanticObjectId
) -> Visitor:
    """The visitor of a client with an id that is known to be one.

    Raises:
        NotFoundInListError: the visitor was erased meanwhile.
    """
    found = await context.loaders.visitor_by_id.load(OwnedId(client_id, visitor_id))
    if found is None:
        raise NotFoundInListError
    return visitor_from(found)


def visitor_from(document: VisitorDocument) -> Visitor:
    """The public form of a visitor."""
    return Visitor(
        id=global_id("Visitor", document.id),
        user_id=document.user_id,
        user_email=document.user_email,
        language=language_or_none(document.language),
        first_seen_at=document.first_seen_at,
        last_seen_at=document.last_seen_at,
    )


def conversation_from(document: ConversationDocument) -> Conversation:
    """The public form of a conversation."""
    return Conversation(
        id=global_id("Conversation", document.id),
        title=document.title,
        language=language_or_none(document.language),
        status=ConversationStatus(document.status),
        message_count=document.message_count,
        created_at=document.created_at,
        last_message_at=document.last_message_at,
        tags=document.tags,
        document=document,
    )


def message_from(document: MessageDocument) -> Message:
    """The public form of a message."""
    cost = None
    if document.cost_micros is not None:
        cost = Money(micros=BigInt(document.cost_micros), currency=PLATFORM_CURRENCY)
    return Message(
        id=global_id("Message", document.id),
        seq=document.seq,
        sender=MessageSender(document.sender),
        status=MessageStatus(document.status),
        content=document.content,
        created_at=document.created_at,
        question_id=(global_id("Message", document.question_id) if document.question_id else None),
        citations=[citation_from(one) for one in document.citations],
        suggestions=document.suggestions,
        confidence=document.confidence,
        feedback=_feedback_from(document.feedback) if document.feedback else None,
        first_token_ms=document.first_token_ms,
        response_time_ms=document.response_time_ms,
        input_tokens=document.input_tokens,
        output_tokens=document.output_tokens,
        cost=cost,
        estimated=document.estimated,
        document=document,
    )


def _feedback_from(stored: FeedbackDocument) -> Feedback:
    return Feedback(rating=Rating(stored.rating), comment=stored.comment, rated_at=stored.rated_at)


def citation_from(stored: CitationDocument) -> Citation:
    """The public form of a citation."""
    return Citation(
        number=stored.number,
        source_id=global_id("KnowledgeSource", stored.source_id) if stored.source_id else None,
        source_title=stored.source_title,
        url=stored.url,
        anchor_url=stored.anchor_url,
        heading_path=stored.heading_path,
        quote=stored.quote,
        start_offset=stored.start_offset,
        end_offset=stored.end_offset,
        page=stored.page,
        score=stored.score,
    )

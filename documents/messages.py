"""Messages, one document each: an answer grows by updates of its own document only.

A bot message carries `stream` while it is generated: who holds the lease, and up to which number
events may have been given out. A process that dies leaves that behind, and another goes on from it
without using a number twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.conversations import RatingName
from documents.previews import preview_index
from documents.tenancy import TenantScope

SenderName = Literal["visitor", "bot", "human", "system"]
MessageStatusName = Literal["streaming", "complete", "stopped", "failed"]


class Citation(BaseModel):
    """Where a statement comes from, as it was when the answer was given. Offsets: code points."""

    number: int
    source_id: PydanticObjectId | None = None
    chunk_id: PydanticObjectId | None = None
    source_title: str
    url: str | None = None
    anchor_url: str | None = None
    heading_path: list[str] = []
    quote: str
    start_offset: int
    end_offset: int
    page: int | None = None
    score: float


class TraceStep(BaseModel):
    """One step of the turn, for people who look into an answer."""

    step: Literal["retrieving", "hook", "thinking", "fallback"]
    started_at: datetime
    duration_ms: int
    outcome: str
    detail: str | None = None


class Failure(BaseModel):
    """Why there is no (whole) answer, in the visitor's language."""

    code: str
    text: str
    retryable: bool
    retry_at: datetime | None = None


class Feedback(BaseModel):
    """What the visitor thinks of an answer."""

    rating: RatingName
    comment: str | None = None
    rated_at: datetime


class AnswerStream(BaseModel):
    """How far the event stream of an answer may have got.

    `seq_ceiling` is at least the highest number that any process has given out. `last_seq` is
    exact and only set when the answer has ended.
    """

    owner: str | None = None
    lease_until: datetime | None = None
    seq_ceiling: int
    last_seq: int | None = None
    generation: int = 1
    failure: Failure | None = None


class Message(TenantDocument):
    """One message. `seq` counts from 1 within the conversation.

    `words` are those by which it is found, as `services.conversations.words` makes them, once it
    is whole; `words_due` marks messages that are to get theirs anew.

    `said_to_model` is what a hook made of a question: models never read what the visitor wrote.

    `preview_until` marks one of a preview, see `documents.previews`. `end_untold_since` stands
    while those who watch have not been told that the answer has ended.
    """

    conversation_id: PydanticObjectId
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    seq: int
    sender: SenderName
    status: MessageStatusName
    content: str
    question_id: PydanticObjectId | None = None
    answer_id: PydanticObjectId | None = None
    idempotency_key: str | None = None
    stop_requested_at: datetime | None = None
    stream: AnswerStream | None = None
    citations: list[Citation] = []
    confidence: float | None = None
    llm_config_id: PydanticObjectId | None = None
    llm_name: str | None = None
    first_token_ms: int | None = None
    response_time_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micros: int | None = None
    estimated: bool | None = None
    tags: list[str] = []
    suggestions: list[str] = []
    said_to_model: str | None = None
    metadata: dict[str, str] = {}
    feedback: Feedback | None = None
    words: list[str] = []
    words_due: bool = False
    trace: list[TraceStep] = []
    preview_until: datetime | None = None
    end_untold_since: datetime | None = None

    @property
    def for_models(self) -> str:
        """What models and searches may read of it: what a hook took out is in no part of it."""
        return self.said_to_model or self.content

    class Settings:
        name = "messages"
        indexes: ClassVar = [
            IndexModel(
                [("conversation_id", ASCENDING), ("seq", ASCENDING)],
                unique=True,
                name="conversation",
            ),
            IndexModel(
                [
                    ("chatbot_id", ASCENDING),
                    ("visitor_id", ASCENDING),
                    ("idempotency_key", ASCENDING),
                ],
                unique=True,
                partialFilterExpression={"idempotency_key": {"$type": "string"}},
                name="idempotency",
            ),
            IndexModel(
                [("stream.lease_until", ASCENDING)],
                partialFilterExpression={"status": "streaming"},
                name="lapsed_leases",
            ),
            IndexModel(
                [("client_id", ASCENDING)],
                partialFilterExpression={"status": "streaming"},
                name="being_answered",
            ),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            IndexModel(
                [("visitor_id", ASCENDING), ("client_id", ASCENDING)],
                partialFilterExpression={"status": "streaming"},
                name="running",
            ),
            IndexModel(
                [("end_untold_since", ASCENDING)],
                partialFilterExpression={"end_untold_since": {"$type": "date"}},
                name="untold_ends",
            ),
            IndexModel(
                [("client_id", ASCENDING), ("words", ASCENDING), ("_id", DESCENDING)], name="words"
            ),
            IndexModel(
                [("words_due", ASCENDING)],
                partialFilterExpression={"words_due": True},
                name="words_due",
            ),
            preview_index(),
        ]


class FoundMessage(NamedTuple):
    """A message that holds a word, and which of all that are looked for."""

    message_id: PydanticObjectId
    conversation_id: PydanticObjectId
    words: Sequence[str]


async def newest_with_word(
    scope: TenantScope,
    forms: Sequence[str],
    *,
    among: Sequence[str],
    condition: Mapping[str, Any],
    limit: int,
    deadline_ms: int,
) -> list[FoundMessage]:
    """The newest messages that hold a word in one of its forms.

    They are read from the index in the order of their ids, and no more than are given back: a word
    that stands everywhere costs no more than another.

    Args:
        scope: Whose messages.
        forms: Of the word.
        among: The words that are told of each message; others of its words are not.
        condition: What must hold besides.
        limit: How many messages at most.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    messages = scope.of(Message)
    held = {"$setIntersection": ["$words", {"$literal": list(among)}]}
    pipeline: list[dict[str, Any]] = [
        {"$match": messages.condition({"words": {"$in": list(forms)}, **condition})},
        {"$sort": {"_id": DESCENDING}},
        {"$limit": limit},
        {"$project": {"conversation_id": 1, "words": held}},
    ]
    cursor = await messages.raw.aggregate(pipeline, maxTimeMS=deadline_ms)
    return [
        FoundMessage(one["_id"], one["conversation_id"], one["words"])
        for one in await cursor.to_list()
    ]

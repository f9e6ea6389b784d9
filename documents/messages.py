"""Messages, one document each: an answer grows by updates of its own document only.

A bot message carries `stream` while it is generated: who holds the lease, and up to which number
events may have been given out. A process that dies leaves that behind, and another goes on from it
without using a number twice.
"""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.previews import preview_index

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
    metadata: dict[str, str] = {}
    trace: list[TraceStep] = []
    preview_until: datetime | None = None
    end_untold_since: datetime | None = None

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
            preview_index(),
        ]

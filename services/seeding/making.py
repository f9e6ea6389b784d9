"""The documents of one step. The same step always gives the same documents, ids included.

Their texts and times are drawn from a generator that begins with the step's own name. Ids hold the
time of their document, as MongoDB makes them, because lists are in the order of ids.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.base import TenantDocument
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot, ChatbotSettings, ChatbotTexts
from documents.clients import Client
from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.visitors import Visitor
from documents.visits import Visit
from services.languages.tokens import search_tokens
from services.seeding.phrases import EXCHANGES, NAMES, TRADES
from services.seeding.sizes import Step

SLUG_PREFIX = "seed-"
HISTORY = timedelta(days=90)
"""How long before the beginning the first conversations were."""

BETWEEN_MESSAGES = timedelta(seconds=20)
KNOWN_OF_TEN = 3
"""So many of ten visitors are known to the client by an id of its own."""

TITLE_CHARACTERS = 60
LANGUAGES = tuple(EXCHANGES)


def slug_of(client: int) -> str:
    """The slug of a client that was made as a seed."""
    return f"{SLUG_PREFIX}{client:06}"


@dataclass(frozen=True, slots=True)
class Making:
    """What does not change from step to step: when it began, and the chatbots' model."""

    began_at: datetime
    llm_config_id: PydanticObjectId

    def documents(self, step: Step) -> Iterator[TenantDocument]:
        """Everything of a step."""
        if not step.lengths and step.new_chatbots.start == 0:
            yield self._client(step.client)
        for number in step.new_chatbots:
            yield from self._chatbot(step.client, number)
        for number, length in enumerate(step.lengths, step.first):
            yield from _Talk(self, step, number).documents(length)

    def _client(self, client: int) -> Client:
        slug, dice = slug_of(client), _dice("client", client)
        made_at = self.began_at - HISTORY
        return Client(
            id=_id(dice, made_at),
            client_id=slug,
            name=f"{dice.choice(NAMES)} {dice.choice(TRADES)} {client}",
            domain=f"{slug}.example",
            created_at=made_at,
            updated_at=made_at,
        )

    def _chatbot(self, client: int, number: int) -> Iterator[TenantDocument]:
        made_at = self.began_at - HISTORY
        slug, dice = slug_of(client), _dice("chatbot", client, number)
        texts = [
            ChatbotTexts(language=one, starter_questions=[asked.split("{")[0]])
            for one in LANGUAGES
            for asked, _ in EXCHANGES[one][:1]
        ]
        settings = ChatbotSettings(
            name=f"Assistant {number}",
            languages=list(LANGUAGES),
            texts=texts,
            allowed_origins=[f"https://{slug}.example"],
            default_llm_id=self.llm_config_id,
        )
        version = ChatbotVersion(
            id=_id(dice, made_at),
            client_id=slug,
            chatbot_id=chatbot_id(client, number, made_at),
            number=1,
            settings=settings,
            published_at=made_at,
        )
        yield version
        yield Chatbot(
            id=version.chatbot_id,
            client_id=slug,
            embed_key=f"{slug}-{number}",
            draft=settings,
            published=settings,
            published_version_id=version.id,
        )


def chatbot_id(client: int, number: int, made_at: datetime) -> PydanticObjectId:
    """The id of a chatbot, for those who come later."""
    return _id(_dice("chatbot's id", client, number), made_at)


class _Talk:
    """One conversation with its visitor and visit."""

    def __init__(self, making: Making, step: Step, number: int) -> None:
        self._slug = slug_of(step.client)
        self._dice = dice = _dice("conversation", step.client, number)
        since = making.began_at - HISTORY
        # Never into the future: the longest conversation ends before the making began.
        self._at = since + (HISTORY - timedelta(hours=1)) * dice.random()
        self._at = self._at.replace(microsecond=0)
        self._number = number
        self._language = dice.choice(LANGUAGES)
        self._chatbot_id = chatbot_id(step.client, number % step.chatbots, since)
        self._visitor_id = _id(dice, self._at)
        self._conversation_id = _id(dice, self._at)

    def documents(self, length: int) -> Iterator[TenantDocument]:
        messages = list(self._messages(length))
        ended_at = messages[-1].created_at
        yield self._visitor(ended_at)
        yield self._visit(ended_at, length)
        yield Conversation(
            id=self._conversation_id,
            client_id=self._slug,
            chatbot_id=self._chatbot_id,
            visitor_id=self._visitor_id,
            title=messages[0].content[:TITLE_CHARACTERS],
            language=self._language,
            status=self._dice.choice(("open", "open", "closed", "archived")),
            message_count=length,
            last_message_at=ended_at,
            created_at=self._at,
            updated_at=ended_at,
        )
        yield from messages

    def _visitor(self, ended_at: datetime) -> Visitor:
        known = self._dice.randrange(10) < KNOWN_OF_TEN
        return Visitor(
            id=self._visitor_id,
            client_id=self._slug,
            user_id=f"customer-{self._number}" if known else None,
            user_email=f"customer-{self._number}@{self._slug}.example" if known else None,
            language=self._language,
            first_seen_at=self._at,
            last_seen_at=ended_at,
            created_at=self._at,
            updated_at=ended_at,
        )

    def _visit(self, ended_at: datetime, length: int) -> Visit:
        origin = f"https://{self._slug}.example"
        return Visit(
            id=_id(self._dice, self._at),
            client_id=self._slug,
            chatbot_id=self._chatbot_id,
            visitor_id=self._visitor_id,
            origin=origin,
            page_url=f"{origin}/help",
            started_at=self._at,
            last_activity_at=ended_at,
            ended_at=ended_at,
            message_count=length,
            created_at=self._at,
            updated_at=ended_at,
        )

    def _messages(self, length: int) -> Iterator[Message]:
        question_id: PydanticObjectId | None = None
        said: tuple[str, str] = ("", "")
        for seq in range(1, length + 1):
            at = self._at + BETWEEN_MESSAGES * seq
            is_question = seq % 2 == 1
            if is_question:
                said, question_id = self._exchange(), None
            first_token_ms = self._dice.randrange(150, 900)
            written_ms = self._dice.randrange(2_500)
            content = said[0] if is_question else said[1]
            message = Message(
                id=_id(self._dice, at),
                client_id=self._slug,
                conversation_id=self._conversation_id,
                chatbot_id=self._chatbot_id,
                visitor_id=self._visitor_id,
                seq=seq,
                sender="visitor" if is_question else "bot",
                status="complete",
                content=content,
                # As `services.conversations.words` makes them; the language need not be guessed.
                words=list(dict.fromkeys(search_tokens(content, self._language))),
                question_id=question_id,
                created_at=at,
                updated_at=at,
                first_token_ms=None if is_question else first_token_ms,
                response_time_ms=None if is_question else first_token_ms + written_ms,
            )
            yield message
            question_id = message.id

    def _exchange(self) -> tuple[str, str]:
        dice = self._dice
        filled = {
            "order": dice.randrange(100_000, 1_000_000),
            "day": dice.randrange(1, 29),
            "name": dice.choice(NAMES),
        }
        asked, told = dice.choice(EXCHANGES[self._language])
        return asked.format(**filled), told.format(**filled)


def _dice(*name: object) -> random.Random:
    return random.Random(repr(name))  # noqa: S311 - sample data, and always the same


def _id(dice: random.Random, at: datetime) -> PydanticObjectId:
    seconds = int(at.timestamp()).to_bytes(4, "big")
    return PydanticObjectId(seconds + dice.randbytes(8))

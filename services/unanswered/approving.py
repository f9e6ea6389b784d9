"""Answering what was unanswered: a pair that somebody approves becomes knowledge at once.

All pairs of a chatbot go into one source of questions and answers, which people can edit like any
other, and into another when that is full. First the pair is stored, then the questions are settled:
whoever is interrupted in between finds them open still, and approving again changes nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from documents.chatbots import Chatbot
from documents.faq_sources import faq_source_of, replace_faq_source
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource, QaPair
from documents.messages import Message
from documents.settled_questions import settle_questions
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record_about
from services.field_checks import FieldChecks
from services.knowledge.errors import SourceNotFoundError, SourceRevisionError
from services.knowledge.pairs import question_key
from services.knowledge.source_definition import (
    LONGEST_ANSWER_CHARACTERS,
    LONGEST_QUESTION_CHARACTERS,
    LONGEST_TEXT_CHARACTERS,
    MOST_PAIRS,
    SourceDefinition,
)
from services.knowledge.sources import KnowledgeSources
from services.refusals import UnknownTargetError
from services.usage.fingerprints import fingerprint_of

TITLE = "FAQ"
"""Of the source, which visitors see in citations: understood in every language of the widget."""

MOST_OTHER_WORDINGS = 20
MOST_SETTLED = 100
"""Messages whose questions are settled at once."""

ATTEMPTS = 10
"""Of adding a pair while others change the same source."""

_CONTENT = frozenset({"content"})


@dataclass(frozen=True, slots=True)
class ApprovedAnswer:
    """An answer that somebody approved.

    Attributes:
        also_asked: other wordings that lead to the same answer.
        settled: messages of visitors whose questions it answers.
    """

    question: str
    answer: str
    also_asked: Sequence[str] = ()
    settled: Sequence[PydanticObjectId] = ()


class _AnotherSourceError(Exception):
    """Another source gets the answers by now."""


class Unanswered:
    """Deals with unanswered questions. The caller has checked what the viewer may do."""

    def __init__(self, transactions: Transactions, sources: KnowledgeSources) -> None:
        self._transactions = transactions
        self._sources = sources

    async def approve(self, chatbot: Chatbot, given: ApprovedAnswer) -> KnowledgeSource:
        """Make an answer part of what a chatbot knows; the source that has it.

        Raises:
            InvalidFieldsError: a text is empty or too long.
            UnknownTargetError: a message is none of the chatbot's.
            KnowledgeError: the chatbot may not know more, or too many add to it at once.
        """
        pairs, keys = _checked(given), await self._keys(chatbot, given.settled)
        source = await self._stored(chatbot, pairs)
        keys |= {key for pair in pairs if (key := fingerprint_of(pair.question))}

        async def write(session: WriteSession) -> None:
            await settle_questions(chatbot.client_id, chatbot.id, keys, source.id, session)

        await self._transactions.run_transaction(write)
        return source

    async def dismiss(self, chatbot: Chatbot, settled: Sequence[PydanticObjectId]) -> int:
        """Leave questions out of the list from now on; how many different ones.

        Raises:
            InvalidFieldsError: there are none, or too many.
            UnknownTargetError: a message is none of the chatbot's.
        """
        if not settled:
            checks = FieldChecks("input")
            checks.wrong("questionIds", f"needs between 1 and {MOST_SETTLED} messages")
            checks.done()
        keys = await self._keys(chatbot, settled)

        async def write(session: WriteSession) -> None:
            await settle_questions(chatbot.client_id, chatbot.id, keys, None, session)
            noted = {"dismissedQuestions": len(keys)}
            await record_about(
                session, Chatbot, chatbot.id, client_id=chatbot.client_id, noted=noted
            )

        await self._transactions.run_transaction(write)
        return len(keys)

    async def _keys(self, chatbot: Chatbot, message_ids: Sequence[PydanticObjectId]) -> set[str]:
        """The fingerprints of what visitors asked in these messages."""
        wanted = set(message_ids)
        checks = FieldChecks("input")
        checks.at_most("questionIds", sorted(wanted), MOST_SETTLED)
        checks.done()
        if not wanted:
            return set()
        condition = {
            "_id": {"$in": sorted(wanted)},
            "chatbot_id": chatbot.id,
            "sender": "visitor",
        }
        messages = TenantScope.one(chatbot.client_id).of(Message)
        found = await messages.find_parts(condition, _CONTENT, limit=MOST_SETTLED)
        if len(found) < len(wanted):
            raise UnknownTargetError("input", "questionIds")
        return {key for one in found if (key := fingerprint_of(one.content))}

    async def _stored(self, chatbot: Chatbot, pairs: Sequence[QaPair]) -> KnowledgeSource:
        """Add pairs, however many others add theirs at the same time.

        Raises:
            SourceRevisionError: somebody else was faster each time.
        """
        for _ in range(ATTEMPTS - 1):
            with suppress(SourceRevisionError, SourceNotFoundError, _AnotherSourceError):
                return await self._stored_unless_changed(chatbot, pairs)
        return await self._stored_unless_changed(chatbot, pairs)

    async def _stored_unless_changed(
        self, chatbot: Chatbot, pairs: Sequence[QaPair]
    ) -> KnowledgeSource:
        scope = TenantScope.one(chatbot.client_id)
        source_id = await faq_source_of(chatbot.client_id, chatbot.id)
        source = await self._sources.get(scope, source_id) if source_id else None
        is_ours = source is not None and source.chatbot_ids == [chatbot.id]
        together = _together(source, pairs) if source and is_ours else None
        if source is None or together is None:
            return await self._added(chatbot, pairs, source_id)
        changes = {"qa": together}
        return await self._sources.update(scope, source.id, changes, revision=source.revision)

    async def _added(
        self, chatbot: Chatbot, pairs: Sequence[QaPair], before: PydanticObjectId | None
    ) -> KnowledgeSource:
        """A source of its own, in the place of one that is gone, full, or others' too."""

        async def claim(added: KnowledgeSource, session: WriteSession) -> None:
            chatbots = chatbot.client_id, chatbot.id
            if not await replace_faq_source(*chatbots, before, added.id, session):
                raise _AnotherSourceError

        wanted = SourceDefinition("qa", TITLE, (chatbot.id,), qa=tuple(pairs))
        return await self._sources.add(chatbot.client_id, wanted, claim)


def _checked(given: ApprovedAnswer) -> list[QaPair]:
    """A pair for each wording, each once.

    Raises:
        InvalidFieldsError: a text is empty or too long.
    """
    checks = FieldChecks("input")
    longest = LONGEST_QUESTION_CHARACTERS
    question = checks.text("question", given.question, longest=longest)
    answer = checks.text("answer", given.answer, longest=LONGEST_ANSWER_CHARACTERS)
    checks.at_most("alsoAsked", given.also_asked, MOST_OTHER_WORDINGS)
    others = [checks.text("alsoAsked", one, longest=longest) for one in given.also_asked]
    checks.done()
    wordings = {question_key(one): one for one in reversed([question, *others])}
    return [QaPair(question=one, answer=answer) for one in reversed(wordings.values())]


def _together(source: KnowledgeSource, pairs: Sequence[QaPair]) -> tuple[QaPair, ...] | None:
    """The pairs of a source with these, which take the place of equal questions; None: too many."""
    by_key: Mapping[str, QaPair] = {
        question_key(one.question): one for one in (*(source.qa or ()), *pairs)
    }
    length = sum(len(one.question) + len(one.answer) for one in by_key.values())
    fits = len(by_key) <= MOST_PAIRS and length <= LONGEST_TEXT_CHARACTERS
    return tuple(by_key.values()) if fits else None

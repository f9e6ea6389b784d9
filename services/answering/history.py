"""The talk before a question, as far back as a model is shown it."""

from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope

HISTORY_QUESTIONS = 20
HISTORY_ANSWERS = 100
"""How far back a model looks. Of answers more, since a question may have several."""


async def talk_before(question: Message, scope: TenantScope) -> list[Message]:
    """What was said before the question, oldest first: of several answers to one the newest."""
    return await _talk(question.conversation_id, {"$lt": question.seq}, scope)


async def talk_so_far(conversation_id: PydanticObjectId, scope: TenantScope) -> list[Message]:
    """What was said in a conversation until now, as `talk_before` gives it."""
    return await _talk(conversation_id, {"$gt": 0}, scope)


async def _talk(
    conversation_id: PydanticObjectId, seq: dict[str, int], scope: TenantScope
) -> list[Message]:
    talk = {"conversation_id": conversation_id}
    messages, newest_first = scope.of(Message), [("seq", -1)]
    asked = await messages.find(
        {**talk, "sender": "visitor", "seq": seq},
        sort=newest_first,
        limit=HISTORY_QUESTIONS,
    )
    if not asked:
        return []
    answers = await messages.find(
        {
            **talk,
            "seq": {"$gt": asked[-1].seq},
            "question_id": {"$in": [one.id for one in asked]},
            "status": {"$in": ["complete", "stopped"]},
        },
        sort=newest_first,
        limit=HISTORY_ANSWERS,
    )
    newest = {one.question_id: one for one in reversed(answers)}
    said = ((one, newest.get(one.id)) for one in reversed(asked))
    return [one for turn in said for one in turn if one is not None]

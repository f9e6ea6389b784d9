"""What a chatbot finds for a question, for whoever tends its knowledge."""

from enum import Enum
from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.conversations import Conversation as ConversationDocument
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.conversations.types import Citation, citation_from
from graphql_schema.enum_values import described
from graphql_schema.errors import AuthorizationError, BadArgumentError
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable, seen
from graphql_schema.viewers import ApiKeyViewer
from services.answering.citations import citation_of
from services.answering.retrieval_tests import RetrievalTest as TestOutcome
from services.knowledge.passages import RetrievedPassage as FoundPassage
from services.refusals import InvalidFieldsError


@strawberry.enum(description="What the evidence is enough for.")
class GateDecision(Enum):
    """Values are the names of `services.knowledge.gate`."""

    ANSWER = described("answer", "The question is answered.")
    SHOW_CLOSEST = described("show_closest", "The closest passages are shown as such.")
    REFUSE = described("refuse", "Nothing known answers the question.")


@strawberry.type(description="A passage that was found for a question.")
class RetrievedPassage:
    """A passage with its scores."""

    citation: Citation = strawberry.field(description="As an answer would cite it.")
    text: str = strawberry.field(description="The whole passage.")
    lexical_score: float | None = strawberry.field(
        description="How well its words fit (BM25); null where they were not looked for."
    )
    vector_score: float | None = strawberry.field(
        description="How close its meaning is (cosine); null without an embedding model."
    )
    fused_score: float = strawberry.field(description="What passages are ordered by.")
    used: bool = strawberry.field(description="Whether an answer would be made from it.")


@strawberry.type(description="What retrieval does with a question.")
class RetrievalTest:
    """A look into retrieval."""

    tokens: list[str] = strawberry.field(description="What is looked for, as the index has it.")
    spelling_repairs: list[str] = strawberry.field(
        description="Words that nothing knows, each with the known one that was looked for as well."
    )
    rewritten_question: str | None = strawberry.field(
        description="The question with what the talk before it says; null where it stands alone."
    )
    passages: list[RetrievedPassage] = strawberry.field(description="At most 10, the best first.")
    gate: GateDecision = strawberry.field(description="Whether that is evidence enough.")
    gate_score: float = strawberry.field(description="What the decision was taken by, 0 to 1.")
    threshold: float = strawberry.field(description="The least score for an answer.")
    prompt: str = strawberry.field(description="What a language model would read.")
    took_ms: float = strawberry.field(description="How long searching took, in milliseconds.")


@strawberry.type
class RetrievalTestQueries:
    """Looking into retrieval."""

    @strawberry.field(
        description="What a chatbot's draft finds for a question and what its model would read;"
        " null if there is no such chatbot or conversation for the caller. Editors and owners; API"
        " keys that name a conversation need CONVERSATIONS_READ too. Nothing is stored or counted.",
        extensions=allowed_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def test_retrieval(
        self,
        info: ParlanceInfo,
        chatbot_id: Annotated[strawberry.ID, strawberry.argument(description="Which chatbot.")],
        question: Annotated[
            str, strawberry.argument(description="1 to 8000 characters, as a visitor would ask.")
        ],
        conversation_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="A conversation with this chatbot that the question goes on with."
            ),
        ] = None,
    ) -> RetrievalTest | None:
        chatbot = await changeable(info.context, ChatbotDocument, chatbot_id, "editor")
        if chatbot is None:
            return None
        conversation = None
        if conversation_id is not None:
            conversation = await _conversation(info.context, chatbot, conversation_id)
            if conversation is None:
                return None
        try:
            tried = await info.context.services.retrieval_tests.test(
                chatbot, question, conversation
            )
        except InvalidFieldsError as error:
            raise BadArgumentError(f"`question` {error.issues[0].message}.") from error
        return _test_from(tried)


async def _conversation(
    context: RequestContext, chatbot: ChatbotDocument, public_id: str
) -> ConversationDocument | None:
    """A conversation with the chatbot, for whoever may read conversations.

    Raises:
        AuthorizationError: FORBIDDEN: an API key that may not.
    """
    viewer = await context.viewer()
    if isinstance(viewer, ApiKeyViewer) and Scope.CONVERSATIONS_READ.value not in viewer.key.scopes:
        raise AuthorizationError("FORBIDDEN")
    found = await seen(context, ConversationDocument, public_id)
    return found if found is not None and found.chatbot_id == chatbot.id else None


def _test_from(tried: TestOutcome) -> RetrievalTest:
    outcome = tried.retrieval.outcome
    return RetrievalTest(
        tokens=list(outcome.tokens),
        spelling_repairs=[f"{typed} → {known}" for typed, known in outcome.repairs],
        rewritten_question=tried.retrieval.rewritten,
        passages=[_passage_from(number, one) for number, one in enumerate(outcome.found, 1)],
        gate=GateDecision(outcome.decision),
        gate_score=outcome.evidence,
        threshold=outcome.threshold,
        prompt=tried.prompt,
        took_ms=tried.took_ms,
    )


def _passage_from(number: int, found: FoundPassage) -> RetrievedPassage:
    return RetrievedPassage(
        citation=citation_from(citation_of(number, found)),
        text=found.text,
        lexical_score=found.scores.lexical,
        vector_score=found.scores.vector,
        fused_score=found.scores.fused,
        used=found.used,
    )

"""`parlance evaluate`: an owner's question set, asked of one chatbot."""

from pathlib import Path

from api.database import prepare
from api.knowledge_wiring import wire_search
from api.settings import Settings
from documents.chatbots import Chatbot
from documents.database.database import Database
from documents.tenancy import TenantScope
from services.knowledge.evaluation import (
    MOST_BYTES,
    QuestionSet,
    QuestionSetError,
    evaluate,
    read_question_set,
    report,
)


def question_set_in(file: Path) -> QuestionSet:
    """The questions of a file.

    Raises:
        QuestionSetError: it cannot be read, or is no question set.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise QuestionSetError(f"{file} cannot be read: {error.strerror}") from None
    try:
        return read_question_set(content)
    except QuestionSetError as error:
        raise QuestionSetError(f"{file}: {error}") from None


async def evaluated(
    database: Database, settings: Settings, embed_key: str, questions: QuestionSet
) -> list[str]:
    """The lines to print.

    Raises:
        QuestionSetError: there is no such chatbot.
    """
    await prepare(database)
    chatbot = await TenantScope.every_client().of(Chatbot).find_one({"embed_key": embed_key})
    if chatbot is None:
        raise QuestionSetError(f"there is no chatbot with the embed key {embed_key!r}")
    search = wire_search(settings)
    return list(report(await evaluate(search, chatbot, questions.questions)))

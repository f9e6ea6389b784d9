"""Asking is for visitors, and for servers in a visitor's name; following and stopping for more."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import (
    ALLOWED,
    ENDED_NOT_FOUND,
    FORBIDDEN,
    NOT_FOUND,
    NOT_FOUND_ERROR,
    UNAUTHENTICATED,
)
from tests.api.matrix.row import (
    Expected,
    Row,
    any_new_text,
    only_visitors,
    the,
    visitors_and_members,
)

QUESTION = {"text": "When do you open?", "idempotencyKey": any_new_text()}
CHOSEN_BY_THE_CALLER = {"input.idempotencyKey": "the caller chooses it for this question"}
FOR_A_VISITOR = {"chatbotId": the("chatbot"), "visitorId": the("visitor")}


def asking(*, elsewhere: str, unnamed: str) -> Expected:
    """For visitors in their own conversations; a server must name the visitor."""
    visitors = only_visitors().but(
        {
            Caller.OTHER_VISITOR: elsewhere,
            Caller.VISITOR_OF_B: elsewhere,
            Caller.KEY: unnamed,
            Caller.KEY_OF_B: unnamed,
        }
    )
    return Expected(visitors.outcomes, frozenset({"ASK"}))


def asking_for_a_visitor(*, others: str) -> Expected:
    """For servers; a visitor speaks for nobody else."""
    outcomes = dict.fromkeys(Caller, FORBIDDEN)
    outcomes |= {Caller.NOBODY: UNAUTHENTICATED, Caller.KEY: ALLOWED, Caller.KEY_OF_B: others}
    return Expected(outcomes, frozenset({"ASK"}))


ROWS = (
    Row(
        "ask",
        {**QUESTION, "conversationId": the("conversation")},
        asking(elsewhere=ENDED_NOT_FOUND, unnamed="AnswerFailed INVALID_INPUT"),
        names_nothing=CHOSEN_BY_THE_CALLER,
    ),
    Row(
        "ask",
        {**QUESTION, **FOR_A_VISITOR},
        asking_for_a_visitor(others=ENDED_NOT_FOUND),
        case="for a visitor",
    ),
    Row(
        "askOnce",
        {**QUESTION, "conversationId": the("conversation")},
        asking(elsewhere=NOT_FOUND_ERROR, unnamed="InvalidInputError INVALID_INPUT"),
        names_nothing=CHOSEN_BY_THE_CALLER,
    ),
    Row(
        "askOnce",
        {**QUESTION, **FOR_A_VISITOR},
        asking_for_a_visitor(others=NOT_FOUND_ERROR),
        case="for a visitor",
    ),
    Row(
        "answer",
        {"messageId": the("answer")},
        visitors_and_members(
            Caller.VIEWER, others=ENDED_NOT_FOUND, scopes=("ASK", "CONVERSATIONS_READ")
        ),
    ),
    Row(
        "answerEvents",
        {"messageId": the("answer"), "waitMs": 5000},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=("ASK", "CONVERSATIONS_READ")),
    ),
    Row(
        "rateAnswer",
        {"messageId": the("answer"), "rating": "UP", "comment": "It helped."},
        only_visitors().but(
            {Caller.OTHER_VISITOR: NOT_FOUND_ERROR, Caller.VISITOR_OF_B: NOT_FOUND_ERROR}
        ),
    ),
    Row(
        "regenerateAnswer",
        {"messageId": the("answer"), "idempotencyKey": any_new_text()},
        asking(elsewhere=NOT_FOUND_ERROR, unnamed=ALLOWED).but({Caller.KEY_OF_B: NOT_FOUND_ERROR}),
        names_nothing={"input.idempotencyKey": "the caller chooses it for this wish"},
    ),
    Row(
        "stopAnswer",
        {"messageId": the("answer")},
        visitors_and_members(
            Caller.AGENT, others=NOT_FOUND_ERROR, scopes=("ASK", "CONVERSATIONS_WRITE")
        ),
    ),
)

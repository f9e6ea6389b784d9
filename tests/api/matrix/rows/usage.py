"""What a client's chatbots were used for: for its people, and servers that read reports."""

from datetime import UTC, datetime, timedelta

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, any_new_text, members, the

TODAY = datetime.now(UTC).date()
PERIOD = {"from": str(TODAY - timedelta(days=2)), "until": str(TODAY + timedelta(days=3))}

ROWS = (
    Row(
        "usage",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
    Row(
        "clientReport",
        {"clientId": the("client"), "period": PERIOD},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
    Row(
        "chatbotReport",
        {"chatbotId": the("chatbot"), "period": PERIOD},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
    Row(
        "llmUsage",
        {"clientId": the("client"), "period": PERIOD},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=("REPORTS_READ",)),
    ),
    Row(
        "reports",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NOT_FOUND),
    ),
    Row(
        "reportSchedules",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NOT_FOUND),
    ),
    Row(
        "generateReport",
        {
            "clientId": the("client"),
            "chatbotId": the("chatbot"),
            "period": PERIOD,
            "format": "CSV",
        },
        members(Caller.VIEWER, others=NOT_FOUND_ERROR),
    ),
    Row(
        "createReportSchedule",
        {
            "clientId": a_new("client"),
            "interval": "WEEKLY",
            "format": "HTML",
            "recipients": ["reports@example.com"],
        },
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row(
        "deleteReportSchedule",
        {"id": a_new("report_schedule")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row(
        "unansweredGroups",
        {"chatbotId": the("chatbot"), "period": PERIOD},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=("CONVERSATIONS_READ",)),
    ),
    Row(
        "approveAnswer",
        {
            "chatbotId": a_new("chatbot"),
            "question": "Where may I park?",
            "answer": "Behind the house.",
        },
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=("KNOWLEDGE_WRITE",)),
    ),
    Row(
        "approveAnswer",
        {
            "chatbotId": the("chatbot"),
            "question": any_new_text(" may I park?"),
            "answer": "Behind the house.",
            "questionIds": [the("question")],
        },
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=("KNOWLEDGE_WRITE",)),
        case="of a visitor",
    ),
    Row(
        "dismissQuestions",
        {"chatbotId": the("chatbot"), "questionIds": [the("question")]},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=("KNOWLEDGE_WRITE",)),
    ),
)

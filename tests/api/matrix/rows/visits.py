"""Visits and widget tokens: a page starts and refreshes them, editors and servers manage them."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR
from tests.api.matrix.row import Row, a_new, everybody, members, the

VISITORS_WRITE = ("VISITORS_WRITE",)

ROWS = (
    Row(
        "visits",
        {"chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=("CONVERSATIONS_READ",)),
    ),
    Row(
        "widgetTokens",
        {"chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=VISITORS_WRITE),
    ),
    Row(
        "widgetChatbot",
        {"embedKey": the("chatbot", "embed_key")},
        everybody(),
        from_page=True,
    ),
    Row(
        "startVisit",
        {"embedKey": the("chatbot", "embed_key")},
        everybody(),
        from_page=True,
    ),
    Row(
        "refreshWidgetToken",
        {"widgetToken": a_new("visit_by_page", "widget_token")},
        everybody(),
        from_page=True,
    ),
    Row(
        "createWidgetToken",
        {"chatbotId": the("chatbot"), "userId": "customer-7"},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=VISITORS_WRITE),
    ),
    Row(
        "createPreviewToken",
        {"chatbotId": the("chatbot")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row(
        "revokeWidgetToken",
        {"id": a_new("widget_token")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=VISITORS_WRITE),
    ),
    Row(
        "revokeChatbotTokens",
        {"chatbotId": a_new("chatbot")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=VISITORS_WRITE),
    ),
)

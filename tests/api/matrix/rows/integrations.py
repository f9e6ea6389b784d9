"""Telling others of what happens: all members see it, editors and owners arrange it, keys never."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR
from tests.api.matrix.row import Row, a_new, members, the

MEMBERS = members(Caller.VIEWER, others=NOT_FOUND)
EDITORS = members(Caller.EDITOR, others=NOT_FOUND_ERROR)
DOCUMENT = """
{
  "format": "parlance.integrations", "version": 1,
  "integrations": [{"kind": "SLACK", "name": "Our office", "events": ["HANDOFF_REQUESTED"]}]
}
"""

ROWS = (
    Row("integrations", {"clientId": the("client")}, MEMBERS),
    Row("deliveries", {"clientId": the("client")}, MEMBERS),
    Row(
        "deliveries",
        {"clientId": the("client"), "integrationId": the("integration"), "status": "DELIVERED"},
        MEMBERS,
        case="of one integration",
    ),
    Row(
        "deliveryEvents",
        {"clientId": the("client"), "after": the("beginning", "cursor")},
        MEMBERS,
    ),
    Row(
        "deliveryEvents",
        {
            "clientId": the("client"),
            "integrationId": the("integration"),
            "after": the("beginning", "cursor"),
        },
        MEMBERS,
        case="of one integration",
    ),
    Row(
        "createIntegration",
        {
            "clientId": a_new("client"),
            "name": "Our office",
            "target": {"emails": ["office@example.com"]},
            "events": ["HANDOFF_REQUESTED"],
            "chatbotIds": [],
        },
        EDITORS,
    ),
    Row(
        "createIntegration",
        {
            "clientId": the("client"),
            "name": "Our office",
            "target": {"emails": ["office@example.com"]},
            "events": ["HANDOFF_REQUESTED"],
            "chatbotIds": [the("chatbot")],
        },
        EDITORS,
        case="for one chatbot",
    ),
    Row("exportIntegrations", {"clientId": the("client")}, MEMBERS),
    Row("importIntegrations", {"clientId": a_new("client"), "document": DOCUMENT}, EDITORS),
    Row(
        "updateIntegration",
        {"id": a_new("integration"), "name": "Another name", "chatbotIds": [the("chatbot")]},
        EDITORS,
    ),
    Row("deleteIntegration", {"id": a_new("integration")}, EDITORS),
    Row("rotateIntegrationSecret", {"id": a_new("webhook")}, EDITORS),
    Row("testIntegration", {"id": the("integration")}, EDITORS),
    Row("redeliver", {"deliveryId": a_new("delivery")}, EDITORS),
)

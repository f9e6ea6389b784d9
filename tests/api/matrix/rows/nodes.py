"""Anything by its id: who finds a thing of each type with `node` and `nodes`."""

from tests.api.matrix.callers import MEMBERS, SCOPES, Caller
from tests.api.matrix.outcomes import ALLOWED, NULL, UNAUTHENTICATED
from tests.api.matrix.row import Expected, Row, the


def found_by(least: Caller, *scopes: str) -> Expected:
    """For members from a role on, admins, and API keys with one of the scopes; null for others."""
    outcomes = dict.fromkeys(Caller, NULL) | {Caller.NOBODY: UNAUTHENTICATED}
    may = {*MEMBERS[MEMBERS.index(least) :], Caller.ADMIN, *([Caller.KEY] if scopes else [])}
    return Expected(outcomes | dict.fromkeys(may, ALLOWED), frozenset(scopes))


def found_by_visitor_and(least: Caller, *scopes: str) -> Expected:
    """The same, and for the visitor whose it is."""
    return found_by(least, *scopes).but({Caller.VISITOR: ALLOWED})


THINGS = {
    "user": ("User", found_by(Caller.VIEWER)),
    "session": ("Session", found_by(Caller.OWNER)),  # it is this owner's
    "api_key": ("ApiKey", found_by(Caller.OWNER)),
    "audit_entry": ("AuditEntry", found_by(Caller.OWNER)),
    "signing_key": ("SigningKey", found_by(Caller.OWNER)),
    "client": ("Client", found_by(Caller.VIEWER, *SCOPES)),
    "chatbot": ("Chatbot", found_by(Caller.VIEWER, "CHATBOTS_READ")),
    "chatbot_version": ("ChatbotVersion", found_by(Caller.VIEWER, "CHATBOTS_READ")),
    "llm_config": ("LlmConfig", found_by(Caller.VIEWER, "CHATBOTS_READ")),
    "knowledge_source": (
        "KnowledgeSource",
        found_by(Caller.VIEWER, "CHATBOTS_READ", "KNOWLEDGE_WRITE"),
    ),
    "hook": ("Hook", found_by(Caller.EDITOR)),
    "hook_version": ("HookVersion", found_by(Caller.EDITOR)),
    "integration": ("Integration", found_by(Caller.VIEWER)),
    "delivery": ("Delivery", found_by(Caller.VIEWER)),
    "report": ("Report", found_by(Caller.VIEWER)),
    "report_schedule": ("ReportSchedule", found_by(Caller.VIEWER)),
    "visit": ("Visit", found_by(Caller.VIEWER, "CONVERSATIONS_READ")),
    "widget_token": ("WidgetToken", found_by(Caller.VIEWER, "VISITORS_WRITE")),
    "visitor": (
        "Visitor",
        found_by_visitor_and(Caller.VIEWER, "CONVERSATIONS_READ", "VISITORS_WRITE"),
    ),
    "conversation": ("Conversation", found_by_visitor_and(Caller.VIEWER, "CONVERSATIONS_READ")),
    "answer": ("Message", found_by_visitor_and(Caller.VIEWER, "CONVERSATIONS_READ")),
}
"""The type of each thing that has an id, and who finds it."""

ROWS = tuple(
    row
    for thing, (type_name, expected) in THINGS.items()
    for row in (
        Row("node", {"id": the(thing)}, expected, case=type_name),
        Row("nodes", {"ids": [the(thing)]}, expected, case=type_name),
    )
)

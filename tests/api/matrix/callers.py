"""Who calls in the matrix. A and B are two clients; everybody is of A unless the name says B."""

from enum import StrEnum


class Caller(StrEnum):
    """Everybody whom an operation may meet."""

    NOBODY = "nobody"
    VISITOR = "a visitor"
    OTHER_VISITOR = "another visitor of the same chatbot"
    VISITOR_OF_B = "a visitor of B"
    VIEWER = "a viewer"
    AGENT = "an agent"
    EDITOR = "an editor"
    OWNER = "an owner"
    OWNER_OF_B = "the owner of B"
    ADMIN = "a platform admin"
    KEY = "an API key with the scope"
    KEY_WITHOUT = "an API key with every other scope"
    KEY_OF_B = "an API key of B with every scope"


VISITORS = (Caller.VISITOR, Caller.OTHER_VISITOR, Caller.VISITOR_OF_B)
MEMBERS = (Caller.VIEWER, Caller.AGENT, Caller.EDITOR, Caller.OWNER)
"""Of A; each may do what those before may."""

PEOPLE = (*MEMBERS, Caller.OWNER_OF_B, Caller.ADMIN)
OF_B = (Caller.VISITOR_OF_B, Caller.OWNER_OF_B, Caller.KEY_OF_B)

SCOPES = frozenset(
    {
        "CHATBOTS_READ",
        "CHATBOTS_WRITE",
        "CONVERSATIONS_READ",
        "CONVERSATIONS_WRITE",
        "KNOWLEDGE_WRITE",
        "REPORTS_READ",
        "VISITORS_WRITE",
        "ASK",
    }
)
"""All scopes of API keys, as the public contract has them."""

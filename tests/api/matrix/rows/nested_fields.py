"""Fields that not everybody may use who sees the thing they belong to, from the contract."""

from tests.api.matrix.callers import MEMBERS, Caller

FOR_PEOPLE_AND_SERVERS = {
    "Conversation.client",
    "Conversation.chatbot",
    "Message.llm",
    "Message.firstTokenMs",
    "Message.responseTimeMs",
    "Message.inputTokens",
    "Message.outputTokens",
    "Message.cost",
    "Message.estimated",
    "Message.tags",
    "Message.metadata",
    "Message.trace",
}
"""Not for visitors, in their own conversations either."""

FOR_PEOPLE = {"Client.members", "Client.apiKeys", "Client.signingKeys"}
FOR_OWNERS = {"Client.apiKeys", "Client.signingKeys"}
FOR_THE_USER = {"User.sessions"}
"""For whom they are of; others of the same client see the user without them."""

NEEDING_A_SCOPE = {
    "CHATBOTS_READ": {
        "ChatbotReport.chatbot",
        "ChatbotUsage.chatbot",
        "Client.chatbots",
        "Conversation.chatbot",
        "KnowledgeSource.chatbots",
        "LlmUsage.llmConfig",
        "Message.llm",
        "Visit.chatbot",
        "WidgetToken.chatbot",
    },
    "CONVERSATIONS_READ": {
        "Chatbot.conversations",
        *(
            f"{report}.{field}"
            for report in ("ChatbotReport", "ClientReport")
            for field in ("topQuestions", "unansweredQuestions", "longestConversations")
        ),
        "UnansweredGroup.suggestion",
        "Conversation.client",
        "Message.conversation",
        *(FOR_PEOPLE_AND_SERVERS - {"Conversation.chatbot", "Message.llm"}),
    },
}
"""What an API key needs a scope for wherever it comes from: a scope opens things, not ways."""


def closed_to(caller: Caller, scopes: frozenset[str] = frozenset()) -> set[str]:
    """The fields that are FORBIDDEN for a caller of A on some thing that the caller sees."""
    if caller is Caller.VISITOR:
        return FOR_PEOPLE_AND_SERVERS
    if caller is Caller.KEY:
        needing = [fields for scope, fields in NEEDING_A_SCOPE.items() if scope not in scopes]
        return FOR_PEOPLE.union(*needing)
    assert caller in MEMBERS
    return FOR_THE_USER if caller is Caller.OWNER else FOR_THE_USER | FOR_OWNERS

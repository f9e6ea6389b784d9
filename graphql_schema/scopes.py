"""What an API key may do, as an enum of the schema."""

from enum import Enum

import strawberry

from graphql_schema.enum_values import described


@strawberry.enum(description="What an API key may do, within its client.")
class Scope(Enum):
    """Values are the stored names."""

    CHATBOTS_READ = described(
        "chatbots_read", "Read chatbots, their versions, language models and knowledge sources."
    )
    CHATBOTS_WRITE = described("chatbots_write", "Make, change and publish chatbots.")
    CONVERSATIONS_READ = described("conversations_read", "Read conversations, messages and visits.")
    CONVERSATIONS_WRITE = described(
        "conversations_write", "Change conversations, such as stopping an answer."
    )
    KNOWLEDGE_WRITE = described("knowledge_write", "Read, add and delete knowledge sources.")
    REPORTS_READ = described("reports_read", "Read usage and reports.")
    VISITORS_WRITE = described("visitors_write", "Make, read and revoke widget tokens.")
    ASK = described("ask", "Ask in a visitor's name.")

"""What an API key may do, as an enum of the schema."""

from enum import Enum

import strawberry


@strawberry.enum(description="What an API key may do, within its client.")
class Scope(Enum):
    """Values are the stored names."""

    CHATBOTS_READ = "chatbots_read"
    CHATBOTS_WRITE = "chatbots_write"
    CONVERSATIONS_READ = "conversations_read"
    CONVERSATIONS_WRITE = "conversations_write"
    KNOWLEDGE_WRITE = "knowledge_write"
    REPORTS_READ = "reports_read"
    VISITORS_WRITE = "visitors_write"
    ASK = "ask"

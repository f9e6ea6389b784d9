"""How much knowledge is allowed, as an argument so that a test can make it small."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnowledgeLimits:
    """How much is allowed.

    Attributes:
        sources_per_chatbot: sources.
        chunks_per_change: passages times chatbots that are written while the caller waits.
        deleted_at_once: passages, over all chatbots, and pages of a source that go in one
            transaction; of a larger one the rest goes right after it.
        chunks_per_source: passages of one source.
        pages_per_source: pages of one source.
        file_bytes_per_client: of all files of a client together.
    """

    sources_per_chatbot: int = 500
    chunks_per_change: int = 3_000
    deleted_at_once: int = 1_000
    chunks_per_source: int = 50_000
    pages_per_source: int = 5_000
    file_bytes_per_client: int = 500_000_000

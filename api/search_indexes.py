"""`parlance knowledge search-indexes`: the indexes of MongoDB's own search."""

from collections.abc import AsyncGenerator

from api.database import prepare
from api.knowledge_command_error import KnowledgeCommandError
from api.settings import Settings
from documents.database.database import Database
from documents.knowledge_search_setup import make_search_indexes
from services.knowledge.embedding.embedder import Embedder, EmbeddingError


async def made_search_indexes(database: Database, settings: Settings) -> AsyncGenerator[str, None]:
    """Make what is missing; a line for each index.

    Raises:
        SearchMissingError: the server has no search.
        KnowledgeCommandError: the embedding model does not answer.
    """
    await prepare(database)
    states = await make_search_indexes(await _vector_width(settings))
    for name, state in states.items():
        yield f"{name}: {state}"


async def _vector_width(settings: Settings) -> int | None:
    if settings.embedding is None:
        return None
    try:
        [vector] = await Embedder(settings.embedding).passages(["How wide is this?"])
    except EmbeddingError as error:
        raise KnowledgeCommandError(
            f"the embedding model gave no vector to tell its width from ({error});"
            " check the settings PARLANCE_EMBEDDING_*"
        ) from None
    return len(vector)

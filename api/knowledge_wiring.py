"""What takes and reads knowledge, for the server and for `parlance knowledge`."""

from dataclasses import dataclass

from httpx import AsyncClient

from api.settings import Settings
from documents.database.database import Database
from services.knowledge.clearing import Clearing
from services.knowledge.embedding.embedder import Embedder
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from services.knowledge.files import KnowledgeFiles
from services.knowledge.pushing import Pushing
from services.knowledge.reading import SourceReader
from services.knowledge.search import KnowledgeSearch
from services.knowledge.search_index import SearchIndex
from services.knowledge.site_addresses import SiteAddresses
from services.knowledge.site_sources import SiteSources
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.syncing import Syncing
from services.knowledge.text_index import TextIndex
from services.knowledge.word_index.word_indexes import WordIndexes
from services.knowledge.worker import KnowledgeWorker


@dataclass(frozen=True, slots=True)
class KnowledgeWiring:
    """The services of this domain, as one process has them."""

    sources: KnowledgeSources
    site_sources: SiteSources
    files: KnowledgeFiles
    pushing: Pushing
    worker: KnowledgeWorker
    clearing: Clearing
    extractor: Extractor
    site_client: AsyncClient

    async def close(self) -> None:
        """Give back what is under way, and end what was opened."""
        await self.worker.close()
        await self.site_client.aclose()
        await self.extractor.close()


def wire_search(settings: Settings) -> KnowledgeSearch:
    """The search, with the index and the embedding model that the settings name."""
    model = settings.embedding
    is_atlas = settings.knowledge_search == "atlas"
    index = SearchIndex if is_atlas else TextIndex
    return KnowledgeSearch(
        embedder=Embedder(model) if model else None,
        candidates=index(model.name if model else None),
        indexes=None if is_atlas else WordIndexes(),
    )


def wire_knowledge(settings: Settings, database: Database) -> KnowledgeWiring:
    """All of them, for this database and these settings."""
    limits, extractor, allowed = KnowledgeLimits(), Extractor(), settings.allowed_addresses
    client = site_http_client(allowed, contact_url=settings.base_url)
    files = KnowledgeFiles(database, most_bytes_per_client=limits.file_bytes_per_client)
    reader = SourceReader(extractor, files, SiteReader(client, extractor))
    worker = KnowledgeWorker(database, Syncing(reader, most_chunks=limits.chunks_per_source))
    return KnowledgeWiring(
        sources=KnowledgeSources(database, limits, worker.wake, SiteAddresses(allowed).check),
        site_sources=SiteSources(database, limits),
        files=files,
        pushing=Pushing(database, extractor, limits),
        worker=worker,
        clearing=Clearing(),
        extractor=extractor,
        site_client=client,
    )

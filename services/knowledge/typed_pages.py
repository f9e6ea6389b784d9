"""The one page of a source that somebody typed: a text, or question/answer pairs."""

from documents.knowledge_sources import KnowledgeSource
from services.knowledge.page_content import PageContent
from services.knowledge.pairs import pairs_content
from services.knowledge.source_definition import SourceDefinition

TEXT_KEY = "text"


def typed_content(source: SourceDefinition | KnowledgeSource) -> PageContent | None:
    """What was typed, as a page; None for a source of another kind."""
    if source.kind == "text":
        return PageContent(TEXT_KEY, source.title, source.text or "")
    if source.kind == "qa":
        return pairs_content(source.title, source.qa or ())
    return None

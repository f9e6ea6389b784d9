"""From a page's text to the chunks that are stored and searched: pure, and heavy on the CPU."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_sources import KnowledgeKindName, KnowledgeSource
from services.knowledge.chunking import extracted_passages, passages
from services.knowledge.page_content import PageContent
from services.knowledge.pairs import pairs_in, question_key
from services.knowledge.read_content import extracted_again
from services.languages.codes import UNDETERMINED
from services.languages.detection import detect_language
from services.languages.tokens import ANALYZER_VERSION, search_tokens

NAMED_BY_PAGE: frozenset[KnowledgeKindName] = frozenset({"url", "sitemap", "crawl", "push"})
"""Kinds whose pages have names of their own, which citations show."""


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage with everything that search needs; the same for every chatbot."""

    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int
    language: str
    heading_tokens: str
    text_tokens: str
    token_count: int
    hash: str
    page: int | None = None
    anchor: str | None = None
    question: str | None = None
    question_tokens: str | None = None


@dataclass(frozen=True, slots=True)
class IndexedPage:
    """A whole page, ready to be stored."""

    content: PageContent
    title: str
    passages: tuple[IndexedPassage, ...]
    languages: tuple[str, ...]
    token_count: int

    @property
    def indexed_as(self) -> str:
        """What the chunks are made from, apart from the page."""
        return indexed_as(self.title)


def indexed_as(title: str) -> str:
    """What chunks are made from, apart from their page: when it differs, they are made anew."""
    return f"{ANALYZER_VERSION} {title}"


def shown_title(source: KnowledgeSource, content: PageContent) -> str:
    """What citations call a page."""
    return (content.title if source.kind in NAMED_BY_PAGE else "") or source.title


def indexed_page(content: PageContent, title: str, kind: KnowledgeKindName) -> IndexedPage:
    """Cut a page into passages and make their tokens.

    Args:
        content: The page.
        title: Searched like the outermost heading.
        kind: Of its source.
    """
    made = tuple(_pairs(content, title) if kind == "qa" else _passages(content, title))
    return IndexedPage(
        content=content,
        title=title,
        passages=made,
        languages=tuple(sorted({one.language for one in made})),
        token_count=sum(one.token_count for one in made),
    )


def chunk_of(
    source: KnowledgeSource,
    page_id: PydanticObjectId,
    chatbot_id: PydanticObjectId,
    page: IndexedPage,
    passage: IndexedPassage,
) -> KnowledgeChunk:
    """The document to store for one chatbot."""
    return KnowledgeChunk(
        client_id=source.client_id,
        chatbot_id=chatbot_id,
        source_id=source.id,
        page_id=page_id,
        source_version=source.version,
        source_title=page.title,
        url=page.content.url,
        heading_path=list(passage.heading_path),
        text=passage.text,
        start_offset=passage.start,
        end_offset=passage.end,
        page=passage.page,
        anchor=passage.anchor,
        question=passage.question,
        question_key=question_key(passage.question) if passage.question else None,
        question_tokens=passage.question_tokens,
        text_language=passage.language,
        token_count=passage.token_count,
        heading_tokens=passage.heading_tokens,
        text_tokens=passage.text_tokens,
        hash=passage.hash,
        analyzer_version=ANALYZER_VERSION,
    )


def _passages(content: PageContent, title: str) -> Iterator[IndexedPassage]:
    text = content.text
    language = detect_language(text) or detect_language(f"{title}\n{text}")
    found = (
        passages(text, language)
        if content.headings is None
        else extracted_passages(extracted_again(content), language)
    )
    for one in found:
        made = _indexed(title, one.heading_path, text[one.start : one.end], one.start, language)
        yield replace(made, page=one.page, anchor=one.anchor)


def _pairs(content: PageContent, title: str) -> Iterator[IndexedPassage]:
    language = detect_language(content.text)
    for question, start, end in pairs_in(content):
        answer = content.text[start:end]
        spoken = detect_language(f"{question}\n{answer}") or language
        yield _indexed(title, (question,), answer, start, spoken, question=question)


def _indexed(
    title: str,
    heading_path: tuple[str, ...],
    text: str,
    start: int,
    source_language: str | None,
    *,
    question: str | None = None,
) -> IndexedPassage:
    language = detect_language(text) or source_language or UNDETERMINED
    heading_tokens = search_tokens("\n".join((title, *heading_path)), language)
    text_tokens = search_tokens(text, language)
    return IndexedPassage(
        heading_path=heading_path,
        text=text,
        start=start,
        end=start + len(text),
        language=language,
        heading_tokens=" ".join(heading_tokens),
        text_tokens=" ".join(text_tokens),
        token_count=len(heading_tokens) + len(text_tokens),
        hash=_hash(title, heading_path, text),
        question=question,
        question_tokens=" ".join(search_tokens(question, language)) if question else None,
    )


def _hash(title: str, heading_path: tuple[str, ...], text: str) -> str:
    content = json.dumps([ANALYZER_VERSION, title, heading_path, text])
    return hashlib.sha256(content.encode()).hexdigest()

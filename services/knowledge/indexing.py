"""From a source's text to the chunks that are stored and searched: pure, and heavy on the CPU."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_sources import KnowledgeSource
from services.knowledge.chunking import passages
from services.knowledge.errors import TooManyPassagesError
from services.languages.codes import UNDETERMINED
from services.languages.detection import detect_language
from services.languages.tokens import ANALYZER_VERSION, search_tokens


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


@dataclass(frozen=True, slots=True)
class IndexedText:
    """A whole source, ready to be stored."""

    passages: tuple[IndexedPassage, ...]
    languages: tuple[str, ...]
    token_count: int


def indexed_text(title: str, text: str, *, copies: int, most_chunks: int) -> IndexedText:
    """Cut a text into passages and make their tokens.

    Args:
        title: The source's title, searched like the outermost heading.
        text: The text as it is stored, since offsets point into it.
        copies: How many chatbots will have the passages.
        most_chunks: How many passages times copies are allowed.

    Raises:
        TooManyPassagesError: there are more; found out before the heavy work.
    """
    language = detect_language(text) or detect_language(f"{title}\n{text}")
    cut = passages(text, language)
    if len(cut) * copies > most_chunks:
        raise TooManyPassagesError(len(cut) * copies, most_chunks)
    made = tuple(
        _indexed(title, one.heading_path, text[one.start : one.end], one.start, language)
        for one in cut
    )
    return IndexedText(
        passages=made,
        languages=tuple(sorted({one.language for one in made})),
        token_count=sum(one.token_count for one in made),
    )


def chunks_of(source: KnowledgeSource, indexed: IndexedText) -> Iterator[KnowledgeChunk]:
    """The documents to store: every passage once per chatbot that uses the source."""
    for chatbot_id in source.chatbot_ids:
        for passage in indexed.passages:
            yield _chunk(source, chatbot_id, passage)


def _chunk(
    source: KnowledgeSource, chatbot_id: PydanticObjectId, passage: IndexedPassage
) -> KnowledgeChunk:
    return KnowledgeChunk(
        client_id=source.client_id,
        chatbot_id=chatbot_id,
        source_id=source.id,
        source_version=source.version,
        source_title=source.title,
        url=source.url,
        heading_path=list(passage.heading_path),
        text=passage.text,
        start_offset=passage.start,
        end_offset=passage.end,
        text_language=passage.language,
        token_count=passage.token_count,
        heading_tokens=passage.heading_tokens,
        text_tokens=passage.text_tokens,
        hash=passage.hash,
        analyzer_version=ANALYZER_VERSION,
    )


def _indexed(
    title: str, heading_path: tuple[str, ...], text: str, start: int, source_language: str | None
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
    )


def _hash(title: str, heading_path: tuple[str, ...], text: str) -> str:
    content = json.dumps([ANALYZER_VERSION, title, heading_path, text])
    return hashlib.sha256(content.encode()).hexdigest()

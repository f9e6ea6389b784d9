"""A passage that was found: what is quoted of it, where it stands and how well it fits."""

from collections.abc import Mapping
from dataclasses import dataclass

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from services.knowledge.question import QuestionWord
from services.knowledge.quoting import best_quote
from services.knowledge.text_fragments import passage_url


@dataclass(frozen=True, slots=True)
class PassageScores:
    """How well a passage fits a question.

    Attributes:
        lexical: BM25 of the question's words; None where they were not looked for.
        vector: Cosine of the meanings; None without an embedding model.
        fused: What passages are ordered by.
        evidence: The share of the question that the passage holds, 0 to 1.
    """

    lexical: float | None
    vector: float | None
    fused: float
    evidence: float


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage that was found. Offsets are those of the quote in the source's text.

    `used` tells whether it is shown to the model; the others were found and left out. `before` and
    `after` are its neighbours in the text, where they were looked up.
    """

    chunk_id: PydanticObjectId
    source_id: PydanticObjectId
    source_version: int
    source_title: str
    url: str | None
    anchor_url: str | None
    heading_path: tuple[str, ...]
    page: int | None
    text: str
    quote: str
    start_offset: int
    end_offset: int
    scores: PassageScores
    used: bool = True
    before: str = ""
    after: str = ""

    @property
    def in_context(self) -> str:
        """The passage with what stands before and after it, for whoever reads it."""
        return "\n\n".join(part for part in (self.before, self.text, self.after) if part)

    @property
    def evidence(self) -> float:
        """The share of the question that the passage holds, 0 to 1."""
        return self.scores.evidence


def passage_of(
    chunk: KnowledgeChunk,
    scores: PassageScores,
    weights: Mapping[QuestionWord, float],
    *,
    used: bool,
) -> RetrievedPassage:
    """A chunk with the sentences of it that hold most of the question."""
    quoted = best_quote(chunk.text, chunk.text_language, weights)
    return RetrievedPassage(
        chunk_id=chunk.id,
        source_id=chunk.source_id,
        source_version=chunk.source_version,
        source_title=chunk.source_title,
        url=chunk.url,
        anchor_url=passage_url(
            chunk.url, chunk.anchor, chunk.page, chunk.text, (quoted.start, quoted.end)
        ),
        heading_path=tuple(chunk.heading_path),
        page=chunk.page,
        text=chunk.text,
        quote=chunk.text[quoted.start : quoted.end],
        start_offset=chunk.start_offset + quoted.start,
        end_offset=chunk.start_offset + quoted.end,
        scores=scores,
        used=used,
    )

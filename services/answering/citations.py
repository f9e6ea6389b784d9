"""Which passages an answer rests on: those whose number it names in square brackets.

A number that no passage has is dropped, so an answer cannot cite what was never in its context; and
so is a quote that the passage does not hold to the letter.
"""

import re
from collections.abc import Sequence

from documents.messages import Citation
from services.knowledge.passages import RetrievedPassage
from services.llm.model import ContextPassage

_MARKER = re.compile(r"\[(\d{1,3}(?:\s?,\s?\d{1,3}){0,9})\]")


def context_passages(passages: Sequence[RetrievedPassage]) -> tuple[ContextPassage, ...]:
    """Passages as a model sees them, numbered from 1."""
    return tuple(
        ContextPassage(
            number, passage.source_title, passage.in_context, passage.quote, passage.evidence
        )
        for number, passage in enumerate(passages, 1)
    )


def cited(text: str, passages: Sequence[RetrievedPassage]) -> list[Citation]:
    """The citations of an answer, in the order of their numbers."""
    named = (one for found in _MARKER.findall(text) for one in found.split(","))
    numbers = sorted({int(one) for one in named})
    in_context = [number for number in numbers if 0 < number <= len(passages)]
    return [
        citation_of(number, passages[number - 1])
        for number in in_context
        if _is_verbatim(passages[number - 1])
    ]


def _is_verbatim(passage: RetrievedPassage) -> bool:
    return bool(passage.quote.strip()) and passage.quote in passage.text


def citation_of(number: int, passage: RetrievedPassage) -> Citation:
    """A passage as an answer cites it: a snapshot that stays when the source changes."""
    return Citation(
        number=number,
        source_id=passage.source_id,
        chunk_id=passage.chunk_id,
        source_title=passage.source_title,
        url=passage.url,
        anchor_url=passage.anchor_url,
        heading_path=list(passage.heading_path),
        quote=passage.quote,
        start_offset=passage.start_offset,
        end_offset=passage.end_offset,
        page=passage.page,
        score=passage.scores.fused,
    )

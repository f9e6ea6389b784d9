"""What a search knows of meanings: cosines of chunks, and from which one on they are evidence."""

from collections.abc import Mapping
from dataclasses import dataclass

from documents.ids import PydanticObjectId
from services.knowledge.gate import Gate

UNSURE_SPAN = 0.1
"""From the least cosine of a model so much further on it is sure."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """Cosines of a question with chunks, and the least one that its model takes for evidence."""

    cosines: Mapping[PydanticObjectId, float]
    least_cosine: float | None

    def evidence(self, chunk_id: PydanticObjectId, by_words: float, gate: Gate) -> float:
        """How much of an answer a chunk is, on the scale of the gate.

        The thresholds of the model stand where those of the words are; without any, words decide.
        """
        cosine = self.cosines.get(chunk_id)
        if cosine is None or self.least_cosine is None:
            return by_words
        sure = self.least_cosine + UNSURE_SPAN
        if cosine < self.least_cosine:
            return max(cosine, 0.0) / self.least_cosine * gate.refuse_below
        if cosine < sure:
            share = (cosine - self.least_cosine) / UNSURE_SPAN
            return gate.refuse_below + share * (gate.answer_from - gate.refuse_below)
        share = (cosine - sure) / max(1 - sure, 1e-9)
        return min(gate.answer_from + share * (1 - gate.answer_from), 1.0)


NO_MEANINGS = Meanings({}, None)

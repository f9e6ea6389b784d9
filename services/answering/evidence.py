"""What a chatbot does with what was found, by its knowledge mode and the gate's decision.

    strict   answers from its sources alone; below the gate no model is asked at all
    guided   answers from its sources; below the gate from general knowledge, and says so
    open     answers as its model likes, with what was found beside it

A greeting asks about nothing, so no mode refuses it. A model that only quotes (`local`) refuses by
itself where there is nothing to quote.
"""

from dataclasses import dataclass

from documents.chatbots import ChatbotSettings
from services.answering.evidence_phrases import evidence_phrases, refusal
from services.knowledge.search import SearchOutcome
from services.usage.noting import UNANSWERED


@dataclass(frozen=True, slots=True)
class Stance:
    """How to answer.

    Attributes:
        refusal: What is said where nothing known answers; the whole answer if `refuses`.
        refuses: No model is asked.
        opening: What the product says before the words of a model.
        quoted_opening: The same before mere quotations.
        is_unsure: The passages may not hold the answer, and a model is told so.
        confidence: That the passages hold the answer, 0 to 1; None where there was no evidence to
            look for.
        tags: Labels for the answer.
    """

    refusal: str
    refuses: bool = False
    opening: str = ""
    quoted_opening: str = ""
    is_unsure: bool = False
    confidence: float | None = None
    tags: tuple[str, ...] = ()


def stance(
    settings: ChatbotSettings, outcome: SearchOutcome, language: str, *, hook_knows: bool = False
) -> Stance:
    """How to answer a question for which this was found.

    `hook_knows`: the client's own code told the model something, so there is no gap to speak of.
    """
    mode, says_no = settings.knowledge_mode, refusal(settings, language)
    if hook_knows or outcome.is_small_talk or not (outcome.knows_anything or mode == "strict"):
        return Stance(says_no)
    phrases, confidence = evidence_phrases(language), outcome.confidence
    if outcome.decision == "refuse":
        general = phrases.general if mode == "guided" else ""
        return Stance(
            says_no,
            refuses=mode == "strict",
            opening=general,
            confidence=confidence,
            tags=(UNANSWERED,) if mode != "open" else (),
        )
    if outcome.decision == "show_closest":
        return Stance(
            says_no,
            quoted_opening=phrases.closest,
            is_unsure=mode == "strict",
            confidence=confidence,
            tags=("closest",),
        )
    return Stance(says_no, confidence=confidence)

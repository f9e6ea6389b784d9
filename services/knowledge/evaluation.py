"""How well a chatbot finds what its owner expects of it: a question set, and what came of it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from documents.chatbots import Chatbot
from services.knowledge.passages import RetrievedPassage
from services.knowledge.ranking_scores import hit_share, mean_reciprocal_rank
from services.knowledge.search import KnowledgeSearch
from services.languages.detection import detect_language

MOST_QUESTIONS = 5_000
MOST_BYTES = 5_000_000
RANKS = 10
_PROBLEMS_SHOWN = 5

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]


class QuestionSetError(ValueError):
    """The file is no question set; the text says where and why."""


class Expected(BaseModel):
    """A passage that answers: everything that is given must hold of it."""

    model_config = ConfigDict(extra="forbid")

    source: Text | None = Field(None, description="The title of its source or page.")
    heading: Text | None = Field(None, description="A part of a heading above it.")
    contains: Text | None = Field(None, description="A part of its text.")
    url: Text | None = Field(None, description="The beginning of its address.")

    def holds_of(self, passage: RetrievedPassage) -> bool:
        """Whether this passage is meant; case does not count."""
        checks = (
            (self.source, lambda wanted: wanted == passage.source_title.casefold()),
            (self.heading, lambda wanted: wanted in "\n".join(passage.heading_path).casefold()),
            (self.contains, lambda wanted: wanted in passage.text.casefold()),
            (self.url, lambda wanted: (passage.url or "").casefold().startswith(wanted)),
        )
        return all(holds(wanted.casefold()) for wanted, holds in checks if wanted is not None)


class SetQuestion(BaseModel):
    """A question with what answers it; with nothing, it is one that must be refused."""

    model_config = ConfigDict(extra="forbid")

    question: Text
    language: str | None = None
    expect: list[Expected] = Field(default_factory=list, max_length=50)


class QuestionSet(BaseModel):
    """A file of questions."""

    model_config = ConfigDict(extra="forbid")

    questions: list[SetQuestion] = Field(min_length=1, max_length=MOST_QUESTIONS)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A question and what came of it; `rank` is that of the first right passage, from 1."""

    question: SetQuestion
    language: str
    rank: int | None
    is_refused: bool


def read_question_set(content: bytes) -> QuestionSet:
    """The questions of a file.

    Raises:
        QuestionSetError: it is too large, no JSON, or of another form.
    """
    if len(content) > MOST_BYTES:
        raise QuestionSetError(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        found = QuestionSet.model_validate(json.loads(content))
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        ]
        raise QuestionSetError("; ".join(told[:_PROBLEMS_SHOWN])) from None
    except ValueError as error:
        raise QuestionSetError(f"the file is no JSON: {error}") from None
    empty = [number for number, one in enumerate(found.questions) if Expected() in one.expect]
    if empty:
        raise QuestionSetError(f"questions.{empty[0]}.expect: name a source, heading, text or url")
    return found


async def evaluate(
    search: KnowledgeSearch, chatbot: Chatbot, questions: Sequence[SetQuestion]
) -> list[Evaluated]:
    """Ask everything, one question after the other.

    Raises:
        DatabaseUnavailableError: the database did not answer in time.
    """
    results = []
    default = chatbot.published.default_language
    for one in questions:
        language = one.language or detect_language(one.question) or default
        outcome = await search.search(chatbot.client_id, chatbot.id, one.question, language, RANKS)
        rank = next(
            (
                number
                for number, passage in enumerate(outcome.found, 1)
                if any(expected.holds_of(passage) for expected in one.expect)
            ),
            None,
        )
        results.append(Evaluated(one, language, rank, outcome.decision == "refuse"))
    return results


def report(results: Sequence[Evaluated]) -> Iterator[str]:
    """The figures, for all questions and for each language, and the questions that went wrong."""
    by_language: defaultdict[str, list[Evaluated]] = defaultdict(list)
    for one in results:
        by_language[one.language].append(one)
    groups = [("all", list(results)), *sorted(by_language.items())]
    yield "language  answerable  hit@1  hit@3  hit@5  MRR@10  refused  unanswerable  refused"
    for name, group in groups:
        yield _row(name, group)
    for one in results:
        if bool(one.question.expect) == (one.is_refused or one.rank is None):
            yield f"{_what_went_wrong(one)}: {one.question.question}"


def _row(name: str, group: Sequence[Evaluated]) -> str:
    answerable = [one for one in group if one.question.expect]
    rest = [one for one in group if not one.question.expect]
    ranks = [one.rank for one in answerable]
    hits = "  ".join(f"{hit_share(ranks, within):5.2f}" for within in (1, 3, 5))
    return (
        f"{name:8}  {len(answerable):10}  {hits}  {mean_reciprocal_rank(ranks):6.2f}"
        f"  {_refused(answerable):>7}  {len(rest):12}  {_refused(rest):>7}"
    )


def _refused(group: Sequence[Evaluated]) -> str:
    return f"{sum(one.is_refused for one in group) / len(group):.0%}" if group else "-"


def _what_went_wrong(one: Evaluated) -> str:
    if not one.question.expect:
        return "not refused"
    return "refused" if one.is_refused else "not found"

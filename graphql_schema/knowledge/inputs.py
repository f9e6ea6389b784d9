"""What callers give to add and to delete knowledge."""

from collections.abc import Mapping, Sequence

import strawberry

from documents.knowledge_sources import QaPair
from graphql_schema.errors import InputIssue
from graphql_schema.knowledge.types import KnowledgeKind


@strawberry.input(
    description="A question with its answer, which comes before everything that is searched."
)
class QaPairInput:
    """A pair."""

    question: str = strawberry.field(description="The question.")
    answer: str = strawberry.field(description="The answer.")


@strawberry.input(description="A new knowledge source. Give exactly what its kind needs.")
class AddKnowledgeSourceInput:
    """A source to be."""

    chatbot_ids: list[strawberry.ID] = strawberry.field(
        description="1 to 50 chatbots of one client that may answer from it."
    )
    kind: KnowledgeKind = strawberry.field(
        description="Where the content comes from. At present TEXT or QA."
    )
    title: str = strawberry.field(description="1 to 200 characters, named in citations.")
    text: str | None = strawberry.field(
        description="For TEXT: 1 to 500000 characters, plain or Markdown.", default=None
    )
    qa: list[QaPairInput] | None = strawberry.field(
        description="For QA: 1 to 500 pairs. The question may have 1000 characters, the answer"
        " 10000, all together 500000.",
        default=None,
    )
    upload_id: strawberry.ID | None = strawberry.field(
        description="For FILE, from POST /uploads.", default=None
    )
    url: str | None = strawberry.field(description="For URL, SITEMAP and CRAWL.", default=None)
    max_pages: int | None = strawberry.field(description="For SITEMAP and CRAWL.", default=None)
    max_depth: int | None = strawberry.field(description="For CRAWL.", default=None)
    sync_every_hours: int | None = strawberry.field(
        description="For URL, SITEMAP and CRAWL: how often it is read anew.", default=None
    )


@strawberry.input(description="Which knowledge source to delete.")
class DeleteKnowledgeSourceInput:
    """A source to delete."""

    id: strawberry.ID = strawberry.field(description="Which source.")


_POSSIBLE = (KnowledgeKind.TEXT, KnowledgeKind.QA)
_NEEDED: Mapping[KnowledgeKind, frozenset[str]] = {
    KnowledgeKind.TEXT: frozenset({"text"}),
    KnowledgeKind.QA: frozenset({"qa"}),
}
_NAMES = {
    "text": "text",
    "qa": "qa",
    "upload_id": "uploadId",
    "url": "url",
    "max_pages": "maxPages",
    "max_depth": "maxDepth",
    "sync_every_hours": "syncEveryHours",
}


def kind_issues(given: AddKnowledgeSourceInput) -> list[InputIssue]:
    """What does not go with the kind of a source, or the kind itself."""
    if given.kind not in _POSSIBLE:
        names = ", ".join(kind.name for kind in _POSSIBLE)
        return [_issue("kind", f"{given.kind.name} is not possible yet; possible: {names}")]
    needed = _NEEDED[given.kind]
    surplus = [
        _issue(name, f"does not belong to the kind {given.kind.name}")
        for field, name in _NAMES.items()
        if field not in needed and getattr(given, field) is not None
    ]
    missing = [
        _issue(_NAMES[field], f"is needed for the kind {given.kind.name}")
        for field in sorted(needed)
        if getattr(given, field) is None
    ]
    return [*surplus, *missing]


def pairs_of(given: Sequence[QaPairInput] | None) -> tuple[QaPair, ...] | None:
    """Question/answer pairs as they are stored."""
    if given is None:
        return None
    return tuple(QaPair(question=one.question, answer=one.answer) for one in given)


def _issue(field: str, message: str) -> InputIssue:
    return InputIssue(path=["input", field], message=message)

"""What callers give to add and to delete knowledge."""

from collections.abc import Mapping, Sequence
from datetime import datetime

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
    kind: KnowledgeKind = strawberry.field(description="Where the content comes from.")
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
    max_pages: int | None = strawberry.field(
        description="For SITEMAP and CRAWL: 1 to 5000, else 200.", default=None
    )
    max_depth: int | None = strawberry.field(
        description="For CRAWL: links to follow from the start, 0 to 10, else 3.", default=None
    )
    sync_every_hours: int | None = strawberry.field(
        description="For URL, SITEMAP and CRAWL: how often it is read anew.", default=None
    )


@strawberry.input(
    description="A change of a knowledge source. A field left out stays; only what its kind has"
    " can be given."
)
class UpdateKnowledgeSourceInput:
    """A change."""

    id: strawberry.ID = strawberry.field(description="Which source.")
    revision: int | None = strawberry.field(
        description="The revision that the caller has read; left out: the last write wins.",
        default=None,
    )
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(
        description="All chatbots that may answer from it from now on. One that is left out does"
        " not see it any more; one that is new has it a moment later.",
        default=strawberry.UNSET,
    )
    title: str | None = strawberry.field(
        description="1 to 200 characters.", default=strawberry.UNSET
    )
    text: str | None = strawberry.field(description="For TEXT.", default=strawberry.UNSET)
    qa: list[QaPairInput] | None = strawberry.field(
        description="For QA: all pairs from now on.", default=strawberry.UNSET
    )
    upload_id: strawberry.ID | None = strawberry.field(
        description="For FILE: another file in its place.", default=strawberry.UNSET
    )
    url: str | None = strawberry.field(
        description="For URL, SITEMAP and CRAWL.", default=strawberry.UNSET
    )
    max_pages: int | None = strawberry.field(
        description="For SITEMAP and CRAWL: 1 to 5000, else 200.", default=strawberry.UNSET
    )
    max_depth: int | None = strawberry.field(
        description="For CRAWL: links to follow from the start, 0 to 10, else 3.",
        default=strawberry.UNSET,
    )
    sync_every_hours: int | None = strawberry.field(
        description="For URL, SITEMAP and CRAWL: null ends the schedule.",
        default=strawberry.UNSET,
    )


@strawberry.input(description="Which knowledge source to read anew.")
class SyncKnowledgeSourceInput:
    """A source to read."""

    id: strawberry.ID = strawberry.field(description="Which source.")


@strawberry.input(description="A document that another program sends.")
class PushedDocumentInput:
    """A document."""

    external_id: str = strawberry.field(
        description="What the sender calls it, 1 to 500 characters; it replaces what came under"
        " the same id."
    )
    url: str = strawberry.field(description="Its http(s) address, for citations.")
    title: str = strawberry.field(description="1 to 200 characters, named in citations.")
    html: str | None = strawberry.field(
        description="Its content; needed unless `deleted` is true.", default=None
    )
    modified_at: datetime = strawberry.field(
        description="When it was changed: what is older than what is there changes nothing."
    )
    deleted: bool = strawberry.field(description="It is gone.", default=False)


@strawberry.input(description="Documents for a source of the kind PUSH.")
class PushKnowledgeInput:
    """A push."""

    source_id: strawberry.ID = strawberry.field(description="Which source.")
    documents: list[PushedDocumentInput] = strawberry.field(
        description="1 to 50, together at most 1000000 bytes."
    )


@strawberry.input(description="Which knowledge source to delete.")
class DeleteKnowledgeSourceInput:
    """A source to delete."""

    id: strawberry.ID = strawberry.field(description="Which source.")


_NAMES = {
    "text": "text",
    "qa": "qa",
    "upload_id": "uploadId",
    "url": "url",
    "max_pages": "maxPages",
    "max_depth": "maxDepth",
    "sync_every_hours": "syncEveryHours",
}
_NEEDED: Mapping[KnowledgeKind, frozenset[str]] = {
    KnowledgeKind.TEXT: frozenset({"text"}),
    KnowledgeKind.QA: frozenset({"qa"}),
    KnowledgeKind.FILE: frozenset({"upload_id"}),
    KnowledgeKind.URL: frozenset({"url"}),
    KnowledgeKind.SITEMAP: frozenset({"url"}),
    KnowledgeKind.CRAWL: frozenset({"url"}),
    KnowledgeKind.PUSH: frozenset(),
}
_ALLOWED: Mapping[KnowledgeKind, frozenset[str]] = {
    KnowledgeKind.URL: frozenset({"sync_every_hours"}),
    KnowledgeKind.SITEMAP: frozenset({"max_pages", "sync_every_hours"}),
    KnowledgeKind.CRAWL: frozenset({"max_pages", "max_depth", "sync_every_hours"}),
}


def kind_issues(given: AddKnowledgeSourceInput) -> list[InputIssue]:
    """What does not go with the kind of a source."""
    missing = [
        _issue(_NAMES[field], f"is needed for the kind {given.kind.name}")
        for field in sorted(_NEEDED[given.kind])
        if getattr(given, field) is None
    ]
    return [*surplus_issues(given, given.kind), *missing]


def surplus_issues(
    given: AddKnowledgeSourceInput | UpdateKnowledgeSourceInput, kind: KnowledgeKind
) -> list[InputIssue]:
    """What belongs to another kind of source."""
    own = _NEEDED[kind] | _ALLOWED.get(kind, frozenset())
    values = {field: getattr(given, field) for field in _NAMES if field not in own}
    return [
        _issue(_NAMES[field], f"does not belong to the kind {kind.name}")
        for field, value in values.items()
        if value is not None and value is not strawberry.UNSET
    ]


def pairs_of(given: Sequence[QaPairInput] | None) -> tuple[QaPair, ...] | None:
    """Question/answer pairs as they are stored."""
    if given is None:
        return None
    return tuple(QaPair(question=one.question, answer=one.answer) for one in given)


def _issue(field: str, message: str) -> InputIssue:
    return InputIssue(path=["input", field], message=message)

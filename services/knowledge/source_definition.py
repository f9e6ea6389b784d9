"""What a source is, as somebody wants it: checked, and compared with what it was."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeKindName, KnowledgeSource, QaPair
from services.field_checks import is_web_address
from services.knowledge.errors import FieldName, KnowledgeInputError, LengthProblem
from services.knowledge.stored_text import storable_text
from services.refusals import FieldIssue, InvalidFieldsError

LONGEST_TITLE_CHARACTERS = 200
LONGEST_TEXT_CHARACTERS = 500_000
MOST_CHATBOTS_PER_SOURCE = 50
MOST_PAIRS = 500
LONGEST_QUESTION_CHARACTERS = 1_000
LONGEST_ANSWER_CHARACTERS = 10_000
LONGEST_SCHEDULE_HOURS = 24 * 365

FETCHED_KINDS: frozenset[KnowledgeKindName] = frozenset({"url", "sitemap", "crawl"})
"""Kinds that are read from a site."""

LONGEST_ADDRESS_CHARACTERS = 2_000
MOST_PAGES = 5_000
MOST_DEPTH = 10


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """A source as it is wanted; what its kind does not need is None.

    Attributes:
        title: 1 to 200 code points.
        chatbot_ids: 1 to 50.
        text: 1 to 500,000 code points, plain or Markdown; for the kind text.
        qa: 1 to 500 pairs; for the kind qa.
    """

    kind: KnowledgeKindName
    title: str
    chatbot_ids: tuple[PydanticObjectId, ...]
    text: str | None = None
    qa: tuple[QaPair, ...] | None = None
    url: str | None = None
    file_id: PydanticObjectId | None = None
    max_pages: int | None = None
    max_depth: int | None = None
    sync_every_hours: int | None = None

    @property
    def content_hash(self) -> str:
        """Of what is read from it: when it differs, the source is read anew."""
        if self.kind == "text":
            content = f"{self.title}\n{self.text}"
        else:
            pairs = [one.model_dump() for one in self.qa or ()]
            places = [self.url, str(self.file_id), self.max_pages, self.max_depth]
            content = json.dumps([pairs, places])
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def fields(self) -> dict[str, Any]:
        """As they are stored."""
        values = {name: value for name, value in asdict(self).items() if name != "kind"}
        values["chatbot_ids"] = list(self.chatbot_ids)
        values["qa"] = None if self.qa is None else [one.model_dump() for one in self.qa]
        return {**values, "content_hash": self.content_hash}


def definition_of(source: KnowledgeSource) -> SourceDefinition:
    """A stored source, as it was wanted."""
    return SourceDefinition(
        kind=source.kind,
        title=source.title,
        chatbot_ids=tuple(source.chatbot_ids),
        text=source.text,
        qa=None if source.qa is None else tuple(source.qa),
        url=source.url,
        file_id=source.file_id,
        max_pages=source.max_pages,
        max_depth=source.max_depth,
        sync_every_hours=source.sync_every_hours,
    )


def checked(wanted: SourceDefinition, changes: Mapping[str, Any] | None = None) -> SourceDefinition:
    """The definition with its changes, as it is stored.

    Raises:
        KnowledgeInputError: title, text or chatbots are missing or too much.
        InvalidFieldsError: something else is.
    """
    values = {**_values(wanted), **(changes or {})}
    text = values["text"]
    if problems := length_problems(
        values["title"], text, values["chatbot_ids"], needs_text=wanted.kind == "text"
    ):
        raise KnowledgeInputError(problems)
    has_site = wanted.kind in FETCHED_KINDS or wanted.kind == "push"
    site_issues = _site_issues(values) if has_site else ()
    if issues := [*pair_issues(values["qa"]), *site_issues]:
        raise InvalidFieldsError(issues)
    pairs = values["qa"]
    return SourceDefinition(
        **{
            **values,
            "title": storable_text(values["title"]).strip(),
            "text": None if text is None else storable_text(text),
            "qa": None if pairs is None else tuple(_stored_pair(one) for one in pairs),
            "chatbot_ids": tuple(dict.fromkeys(values["chatbot_ids"])),
        }
    )


def length_problems(
    title: str,
    text: str | None,
    chatbot_ids: Sequence[PydanticObjectId],
    *,
    needs_text: bool = True,
) -> list[LengthProblem]:
    """Which of the three are empty or too long; a text counts where it is needed."""
    content = storable_text(text or "")
    lengths: list[tuple[FieldName, int, int]] = [
        ("title", len(storable_text(title).strip()), LONGEST_TITLE_CHARACTERS)
    ]
    if needs_text:
        length = len(content) if content.strip() else 0
        lengths.append(("text", length, LONGEST_TEXT_CHARACTERS))
    lengths.append(("chatbot_ids", len(set(chatbot_ids)), MOST_CHATBOTS_PER_SOURCE))
    return [
        LengthProblem(field, length, least=1, most=most)
        for field, length, most in lengths
        if not 1 <= length <= most
    ]


def pair_issues(pairs: Sequence[QaPair] | None) -> Iterator[FieldIssue]:
    """What is wrong with question/answer pairs; None are right."""
    if pairs is None:
        return
    if not 1 <= len(pairs) <= MOST_PAIRS:
        yield _issue("qa", f"needs between 1 and {MOST_PAIRS} pairs")
        return
    for number, pair in enumerate(pairs):
        for name, most in (
            ("question", LONGEST_QUESTION_CHARACTERS),
            ("answer", LONGEST_ANSWER_CHARACTERS),
        ):
            if not 1 <= len(storable_text(getattr(pair, name)).strip()) <= most:
                yield _issue("qa", f"needs between 1 and {most} characters", str(number), name)
    length = sum(len(one.question) + len(one.answer) for one in pairs)
    if length > LONGEST_TEXT_CHARACTERS:
        yield _issue("qa", f"has {length} characters, allowed are {LONGEST_TEXT_CHARACTERS}")


def _site_issues(values: Mapping[str, Any]) -> Iterator[FieldIssue]:
    url = values["url"]
    if url is not None and not (
        len(url) <= LONGEST_ADDRESS_CHARACTERS and is_web_address(url) and url.isprintable()
    ):
        yield _issue("url", "must be an http(s) address of at most 2000 characters")
    for field, name, least, most in (
        ("max_pages", "maxPages", 1, MOST_PAGES),
        ("max_depth", "maxDepth", 0, MOST_DEPTH),
        ("sync_every_hours", "syncEveryHours", 1, LONGEST_SCHEDULE_HOURS),
    ):
        value = values[field]
        if value is not None and not least <= value <= most:
            yield _issue(name, f"must be between {least} and {most}")


def _values(wanted: SourceDefinition) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in wanted.__slots__}


def _stored_pair(pair: QaPair) -> QaPair:
    return QaPair(
        question=storable_text(pair.question).strip(), answer=storable_text(pair.answer).strip()
    )


def _issue(field: str, message: str, *inside: str) -> FieldIssue:
    return FieldIssue(("input", field, *inside), message)

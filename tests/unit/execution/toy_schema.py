"""A small schema with everything that the selection plan must get right or leave alone."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import datetime
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Generic, NewType, TypeVar

import pytest
import strawberry
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from graphql_schema.execution.computed import computed_by
from graphql_schema.execution.made import Made, MadeOfDocument, kept, made_by

CANCELLED_BEFORE_IT_BEGAN = [
    # Of two fields that are loaded beside each other graphql-core cancels the second, perhaps
    # before it began, when the first has failed: Python then warns of what was never awaited.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    # Or of an error in warning, when its collector happens to run where nothing can be imported.
    pytest.mark.filterwarnings(
        "ignore:.*<coroutine object Executor:pytest.PytestUnraisableExceptionWarning"
    ),
]


class Later:
    """An awaitable that can be awaited more than once."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, object]:
        return self.value
        yield


class OnlyInformed(BasePermission):
    message = "Not for you."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002
        return bool(info.context["informed"])


EvenNumber = NewType("EvenNumber", int)


@strawberry.enum
class Mood(Enum):
    CALM = "calm"
    GRUMPY = "grumpy"


@strawberry.type
class Author:
    name: str
    nickname: str | None = None
    mood: Mood | None = None

    @strawberry.field
    def greeting(self) -> str:
        return f"Hello {self.name}"


@strawberry.type
class Card(MadeOfDocument):
    """Made of a document, of which perhaps only a part was read."""

    title: str
    stars: int
    known: bool | None
    mood: Mood | None
    author: Author | None
    document: strawberry.Private[Any]

    @strawberry.field(metadata=computed_by(lambda card, _: card.document.title))  # type: ignore[untyped-decorator]
    def computed(self) -> str:
        return self.document.title  # type: ignore[no-any-return]

    @classmethod
    def of(cls, **stored: object) -> "Card":
        card = cls.__new__(cls)
        card.document = SimpleNamespace(**stored)
        return card


MOODS = {mood.value: mood for mood in Mood}
Card.made = {
    **kept("title", "stars", "known"),
    "mood": made_by(lambda one: MOODS[one.mood] if one.mood else None, "mood"),
    "author": Made(lambda card: card.document.author, ("author",)),
}


def _signed(note: "Note", context: Any) -> str:
    if note.number == 4:
        raise ValueError("number four")
    return f"{note.body} for {'friends' if context['informed'] else 'strangers'}"


@strawberry.type
class Note:
    number: int
    body: str | None
    score: float | None = None
    written_at: datetime | None = None
    author: Author | None = None
    replies: list["Note"] = strawberry.field(default_factory=list)
    labels: list[str | None] | None = None

    @strawberry.field
    def risky(self) -> str | None:
        if self.number % 2:
            raise ValueError("odd number")
        return "even"

    @strawberry.field(permission_classes=[OnlyInformed])  # type: ignore[untyped-decorator]
    def secret(self) -> str | None:
        return "the secret"

    @strawberry.field(metadata=computed_by(_signed))  # type: ignore[untyped-decorator]
    def signed(self, info: strawberry.Info) -> str:
        return _signed(self, info.context)

    @strawberry.field(permission_classes=[OnlyInformed], metadata=computed_by(_signed))  # type: ignore[untyped-decorator]
    def guarded(self, info: strawberry.Info) -> str | None:
        return _signed(self, info.context)

    @strawberry.field
    async def read_later(self) -> "Note | None":
        await asyncio.sleep(0)
        if self.number == 3:
            raise ValueError("number three")
        return self

    @strawberry.field
    def times(self, info: strawberry.Info, count: int = 1) -> list[int]:
        assert info.field_name == "times"
        return [self.number * count]

    @strawberry.field
    def pages(self, count: int = 1) -> "Page[Note]":
        return page_of([self] * count)


Item = TypeVar("Item")


@strawberry.type
class Place(Generic[Item]):
    cursor: str
    item: Item


@strawberry.type
class Page(Generic[Item]):
    places: list[Place[Item]]
    size: int = strawberry.field(permission_classes=[OnlyInformed])

    @strawberry.field
    async def total(self) -> int:
        return len(self.places)


def page_of(items: list[Any]) -> Page[Any]:
    places = [Place(cursor=str(number), item=item) for number, item in enumerate(items)]
    return Page(places=places, size=len(items))


@strawberry.type
class Leaves:
    """One field of every kind of leaf, holding whatever a test puts there."""

    text: str | None = None
    identity: strawberry.ID | None = None
    number: int | None = None
    fraction: float | None = None
    truth: bool | None = None
    mood: Mood | None = None
    moment: datetime | None = None
    anything: JSON | None = None
    even: EvenNumber | None = None
    texts: list[str | None] | None = None
    moods: list[Mood] | None = None
    nested: list[list[int]] | None = None
    author: Author | None = None
    authors: list[Author] | None = None


@strawberry.interface
class Event:
    seq: int


@strawberry.type
class TextEvent(Event):
    text: str


@strawberry.type
class NoteEvent(Event):
    note: Note
    extra: Note | None = None


@strawberry.type
class FieldPermissionEvent(Event):
    classified: str | None = strawberry.field(permission_classes=[OnlyInformed])


@strawberry.type
class PickyEvent(Event):
    """Decides by the value whether it is of this type."""

    claim: str

    @classmethod
    def is_type_of(cls, value: Any, info: Any) -> bool:  # noqa: ARG003
        return isinstance(value, cls) and value.claim != "false"


Anything = Annotated[TextEvent | NoteEvent | Author, strawberry.union("Anything")]


def given(info: strawberry.Info) -> Any:
    """What the test has put there for this field."""
    return info.context["given"]


@strawberry.type
class Query:
    """Every field but the first gives what the context has, as it is."""

    ready: bool = True

    @strawberry.field
    def note(self, info: strawberry.Info) -> Note | None:
        return given(info)  # type: ignore[no-any-return]

    @strawberry.field
    async def notes(self, info: strawberry.Info) -> list[Note | None]:
        return [given(info), given(info)]

    @strawberry.field(permission_classes=[OnlyInformed])  # type: ignore[untyped-decorator]
    async def event(self, info: strawberry.Info) -> Event:
        return given(info)  # type: ignore[no-any-return]

    @strawberry.field
    async def anything(self, info: strawberry.Info) -> Anything:
        return given(info)  # type: ignore[no-any-return]

    @strawberry.field
    async def events(self, info: strawberry.Info) -> Page[Event]:
        return page_of([given(info), given(info)])

    @strawberry.field
    def leaves(self, info: strawberry.Info) -> Leaves:
        return given(info)  # type: ignore[no-any-return]

    @strawberry.field
    def cards(self, info: strawberry.Info) -> Page[Card | None]:
        return page_of([given(info), given(info)])


@strawberry.type
class Mutation:
    """Changes nothing, one after another."""

    @strawberry.mutation
    async def note(self, info: strawberry.Info) -> Note | None:
        return given(info)  # type: ignore[no-any-return]

    @strawberry.mutation
    def anything(self, info: strawberry.Info) -> Anything:
        return given(info)  # type: ignore[no-any-return]


@strawberry.type
class Subscription:
    """Every field yields what the context's source yields, as it is."""

    @strawberry.subscription
    async def events(self, info: strawberry.Info) -> AsyncGenerator[Event, None]:
        async for event in info.context["source"]():
            yield event

    @strawberry.subscription
    async def maybe_note(self, info: strawberry.Info) -> AsyncGenerator[Note | None, None]:
        async for event in info.context["source"]():
            yield event

    @strawberry.subscription
    async def leaves(self, info: strawberry.Info) -> AsyncGenerator[Leaves, None]:
        async for event in info.context["source"]():
            yield event

    @strawberry.subscription
    async def anything(self, info: strawberry.Info) -> AsyncGenerator[Anything, None]:
        async for event in info.context["source"]():
            yield event

    @strawberry.subscription
    async def numbers(self, info: strawberry.Info) -> AsyncGenerator[list[int | None], None]:
        async for event in info.context["source"]():
            yield event

    @strawberry.subscription(permission_classes=[OnlyInformed])  # type: ignore[untyped-decorator]
    async def guarded(self, info: strawberry.Info) -> AsyncGenerator[Event, None]:
        async for event in info.context["source"]():
            yield event


EVENT_TYPES = (TextEvent, NoteEvent, FieldPermissionEvent, PickyEvent)

CONFIG = StrawberryConfig(
    scalar_map={
        EvenNumber: strawberry.scalar(
            name="EvenNumber", serialize=lambda value: value if value % 2 == 0 else None
        )
    }
)

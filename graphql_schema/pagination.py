"""Relay connections with keyset cursors: a page costs the same however deep it is.

A cursor is the position of its edge in the order of the list, so a page never skips or repeats an
item because another one was added or deleted meanwhile.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry

from documents.ids import PydanticObjectId
from documents.parts import Fields
from documents.tenancy import ScopedCollection, TenantDocumentType
from graphql_schema.errors import BadArgumentError
from graphql_schema.execution.computed import computed_by

MAX_PAGE = 100
MAX_COUNT = 10_000
"""`totalCount` stops here: counting further would cost more than it tells."""

MAX_DIGITS = 9
"""Of a number in a cursor."""

NodeType = TypeVar("NodeType")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """The Relay PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether more follow.")
    has_previous_page: bool = strawberry.field(description="Whether some come before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge.")


def _cursor(edge: "Edge[Any]", _context: object = None) -> str:
    return cursor_of(edge.position)


@strawberry.type(description="An item of a list with its position.")
class Edge(Generic[NodeType]):
    """The Relay edge."""

    position: strawberry.Private[str]

    @strawberry.field(
        description="The position; give it as `after` or `before`.", metadata=computed_by(_cursor)
    )
    def cursor(self) -> str:
        return _cursor(self)

    node: NodeType = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """The Relay connection."""

    edges: list[Edge[NodeType]] = strawberry.field(description="The items of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page lies.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many items the whole list has; stops at 10000.")
    async def total_count(self) -> int:
        return await self.count()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted. `backwards`: the last ones before `position`."""

    size: int
    position: str | None
    backwards: bool = False


def forward_page(first: int, after: str | None) -> PageRequest:
    """The page of `first` items after a cursor.

    Raises:
        BadArgumentError: `first` is not within 1..100, or the cursor is none of ours.
    """
    _check_size("first", first)
    return PageRequest(first, position_in(after, "after"))


def either_page(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> PageRequest:
    """The page that Relay's four arguments ask for; 20 items when none is given.

    Raises:
        BadArgumentError: both directions at once, a size not within 1..100, or a bad cursor.
    """
    if last is None and before is None:
        return forward_page(20 if first is None else first, after)
    if first is not None or after is not None:
        raise BadArgumentError("Page in one direction: `first`/`after` or `last`/`before`.")
    size = 20 if last is None else last
    _check_size("last", size)
    return PageRequest(size, position_in(before, "before"), backwards=True)


async def page_by_id(
    collection: ScopedCollection[TenantDocumentType],
    filter_: dict[str, Any],
    page: PageRequest,
    make_node: Callable[[TenantDocumentType], NodeType],
    fields: Fields | None = None,
) -> Connection[NodeType]:
    """A page in the order of making, newest first.

    Args:
        collection: Where the list stands.
        filter_: Which documents are in the list.
        page: Which page is wanted.
        make_node: From a document to what is shown of it.
        fields: What of the documents is needed; None for all.

    Raises:
        BadArgumentError: the cursor is none of ours.
    """
    before = id_position(page)
    condition = filter_ if before is None else both(filter_, {"_id": {"$lt": before}})
    newest_first, limit = [("_id", -1)], page.size + 1
    if fields is None:
        found = await collection.find(condition, sort=newest_first, limit=limit)
    else:
        found = await collection.find_parts(condition, fields, sort=newest_first, limit=limit)
    return connection_of(
        found,
        page,
        lambda one: str(one.id),
        make_node,
        lambda: collection.count(filter_, limit=MAX_COUNT),
    )


def both(filter_: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A filter that lets through what both do, also where they name the same field."""
    if not filter_ or not other:
        return {**filter_, **other}
    return {"$and": [dict(filter_), dict(other)]}


def id_position(page: PageRequest) -> PydanticObjectId | None:
    """The id after which a page of a list in the order of ids begins; None for the first page.

    Raises:
        BadArgumentError: the cursor is none of such a list.
    """
    if page.position is None:
        return None
    if not PydanticObjectId.is_valid(page.position):
        raise BadArgumentError("`after` is not a cursor of this list.")
    return PydanticObjectId(page.position)


def number_position(position: str) -> int:
    """The number after which a page of a numbered list begins.

    Raises:
        BadArgumentError: the cursor is none of such a list.
    """
    if not position.isdecimal() or len(position) > MAX_DIGITS:
        raise BadArgumentError("`after` is not a cursor of this list.")
    return int(position)


def connection_of(
    found: Sequence[Any],
    page: PageRequest,
    position_of: Callable[[Any], str],
    make_node: Callable[[Any], NodeType],
    count: Callable[[], Awaitable[int]],
) -> Connection[NodeType]:
    """A connection from up to one item more than the page has, in the order they were read."""
    more = len(found) > page.size
    shown = list(found[: page.size])
    if page.backwards:
        shown.reverse()
    edges = [Edge(node=make_node(one), position=position_of(one)) for one in shown]
    info = PageInfo(
        has_next_page=page.position is not None if page.backwards else more,
        has_previous_page=more if page.backwards else page.position is not None,
        start_cursor=_cursor(edges[0]) if edges else None,
        end_cursor=_cursor(edges[-1]) if edges else None,
    )
    return Connection(edges=edges, page_info=info, count=count)


def cursor_of(position: str) -> str:
    """The opaque form of a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_in(cursor: str | None, argument: str) -> str | None:
    """The position in a cursor that was given as an argument.

    Raises:
        BadArgumentError: the cursor is none of ours.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.urlsafe_b64decode(padded).decode("ascii")
    except (UnicodeError, binascii.Error, ValueError) as error:
        raise BadArgumentError(f"`{argument}` is not a cursor of this list.") from error


def _check_size(argument: str, size: int) -> None:
    if not 1 <= size <= MAX_PAGE:
        raise BadArgumentError(f"`{argument}` must be between 1 and {MAX_PAGE}.")

"""Searching what was said in a client's conversations."""

from typing import Annotated

import strawberry

from documents.ids import PydanticObjectId
from graphql_schema.arguments import After, First
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.filters import OnlyConversations, wanted_of
from graphql_schema.conversations.types import Conversation, conversation_from
from graphql_schema.errors import BadArgumentError
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    PageRequest,
    connection_of,
    forward_page,
)
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import listed_scope
from services.conversations.search import Position, Results, search_conversations
from services.conversations.words import MOST_SEARCHED_CHARACTERS

_PARTS = 3
"""Of a position in a cursor."""


@strawberry.type
class SearchQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Conversations in whose questions and answers at least half of the words of"
        " `text` stand, those with the most of them first, then the newest. Words are found in"
        " their other forms too; signs, quotes and operators mean nothing. Of a word that stands"
        " in very many messages, the newest 1000 are looked at.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def search_conversations(
        self,
        info: ParlanceInfo,
        client_id: Annotated[strawberry.ID, strawberry.argument(description="Of which client.")],
        text: Annotated[
            str, strawberry.argument(description="What to look for, 1 to 500 characters.")
        ],
        filter: OnlyConversations = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Conversation]:
        page = forward_page(first, after)
        position = _position(page)
        if not text.strip() or len(text) > MOST_SEARCHED_CHARACTERS:
            raise BadArgumentError(
                f"`text` must have between 1 and {MOST_SEARCHED_CHARACTERS} characters."
            )
        scope = await listed_scope(info.context, client_id)
        wanted = wanted_of(filter)
        if wanted is None:
            return await _shown(Results(scope, {}, ()), page, position)
        newest = position.newest if position else None
        return await _shown(await search_conversations(scope, text, wanted, newest), page, position)


async def _shown(
    results: Results, page: PageRequest, position: Position | None
) -> Connection[Conversation]:
    return connection_of(
        await results.page(position, page.size + 1),
        page,
        lambda hit: _text_of(hit.position),
        lambda hit: conversation_from(hit.conversation),
        lambda: results.count(MAX_COUNT),
    )


def _text_of(position: Position) -> str:
    return f"{position.rank}.{position.conversation_id}.{position.newest}"


def _position(page: PageRequest) -> Position | None:
    """The position after which a page begins.

    Raises:
        BadArgumentError: the cursor is none of a search.
    """
    if page.position is None:
        return None
    parts = page.position.split(".")
    if len(parts) == _PARTS and parts[0].isdecimal() and len(parts[0]) < _PARTS:
        rank, conversation_id, newest = parts
        if PydanticObjectId.is_valid(conversation_id) and PydanticObjectId.is_valid(newest):
            return Position(int(rank), PydanticObjectId(conversation_id), PydanticObjectId(newest))
    raise BadArgumentError("`after` is not a cursor of this list.")

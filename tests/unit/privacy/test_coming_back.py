"""A visitor who comes in the moment of being erased is somebody new and inherits nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import jwt
import pytest

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.visits import Visit
from documents.widget_tokens import WidgetToken
from services.accounts.access_tokens import TokenInvalidError, TokenRevokedError
from services.clients.signing_keys import LiveKey
from services.privacy.erasing import Erasing
from services.sealing.keys import DerivedKeys
from services.visits.embed_nonces import EmbedNonces
from services.visits.handing_out import HandingOut, NewToken
from services.visits.identities import Identities
from services.visits.page_origins import PageOrigins
from services.visits.refreshing import Refreshing
from services.visits.starting import VisitRequest, Visits
from services.visits.stays import Stays
from services.visits.visitors import known_visitor
from services.visits.widget_tokens import IssuedToken, WidgetTokens
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor
from tests.unit.answering.scripted_models import Script
from tests.unit.privacy.test_erasing import erasing_in, left

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = LiveKey("key_1", "a secret of the client, long enough for HS256")
PAGE = "http://127.0.0.1:8000"
PAGES = PageOrigins(EmbedNonces(DerivedKeys("s" * 40)), PAGE, development=True)
Erase = Callable[[PydanticObjectId], Awaitable[Any]]


class ErasedBeforeItsToken(WidgetTokens):
    """The first visitor who gets a token is erased a moment before it is stored."""

    def __init__(self, erase: Erase | None) -> None:
        super().__init__(DerivedKeys("s" * 40))
        self._erase = erase

    async def issue(self, **given: Any) -> IssuedToken:
        erase, self._erase = self._erase, None
        if erase is not None:
            await erase(given["visitor_id"])
        return await super().issue(**given)


@pytest.fixture
def erase(visitor: Visitor, process_of: MakeProcess, database: Database) -> Erase:
    erasing: Erasing = erasing_in(database, process_of(Script("x")))
    return lambda visitor_id: erasing.erase(visitor.scope, visitor_id)


async def live_keys(_client_id: str) -> Sequence[LiveKey]:
    return [KEY]


async def no_note(_client_id: str, _key_id: str) -> None:
    return


async def chatbot_of(visitor: Visitor) -> Chatbot:
    chatbot = await visitor.scope.of(Chatbot).get(visitor.chatbot_id)
    assert chatbot is not None
    return chatbot


async def test_a_visit_of_a_visitor_who_is_erased_meanwhile_is_a_new_visitors(
    visitor: Visitor, erase: Erase
) -> None:
    before = await known_visitor(visitor.client_id, "anna", None)
    visits = Visits(
        ErasedBeforeItsToken(erase),
        Stays(most_at_once=10, idle=timedelta(minutes=30)),
        Identities(live_keys, audience=PAGE, longest=timedelta(hours=1)),
        no_note,
        PAGES,
    )
    claims = {
        "client_id": visitor.client_id,
        "user_id": "anna",
        "exp": utc_now() + timedelta(minutes=5),
    }
    started = await visits.start(
        VisitRequest(
            embed_key=(await chatbot_of(visitor)).embed_key,
            origin=PAGE,
            identity_token=jwt.encode(claims, KEY.secret, algorithm="HS256"),
        )
    )

    assert started.visitor_id != before.id
    assert await left(Visitor(visitor.client_id, visitor.chatbot_id, before.id)) == {}
    for kind in (Visit, WidgetToken):
        of_the_new = await visitor.scope.of(kind).find({}, limit=5)
        assert [one.visitor_id for one in of_the_new] == [started.visitor_id]


async def test_a_token_for_a_visitor_who_is_erased_meanwhile_goes_with_the_visitor(
    visitor: Visitor, erase: Erase, database: Database
) -> None:
    before = await known_visitor(visitor.client_id, "anna", None)
    erasures: list[asyncio.Future[Any]] = []

    async def begin_to_erase(visitor_id: PydanticObjectId) -> None:
        """It waits for the transaction that makes the token."""
        erasures.append(asyncio.ensure_future(erase(visitor_id)))

    tokens = ErasedBeforeItsToken(begin_to_erase)
    handing_out = HandingOut(database, tokens, development=True)
    issued = await handing_out.create(await chatbot_of(visitor), NewToken(user_id="anna"))
    await asyncio.gather(*erasures)

    assert await left(Visitor(visitor.client_id, visitor.chatbot_id, before.id)) == {}
    if issued.record.visitor_id == before.id:
        with pytest.raises(TokenRevokedError):
            await tokens.identify(issued.text)


async def test_a_token_is_not_refreshed_for_a_visitor_who_is_erased_meanwhile(
    visitor: Visitor, erase: Erase, database: Database
) -> None:
    before = await known_visitor(visitor.client_id, "anna", None)
    chatbot = await chatbot_of(visitor)
    held = await HandingOut(database, ErasedBeforeItsToken(None), development=True).create(
        chatbot, NewToken(user_id="anna")
    )
    erasures: list[asyncio.Future[Any]] = []

    async def begin_to_erase(visitor_id: PydanticObjectId) -> None:
        """It waits for the transaction that makes the token."""
        erasures.append(asyncio.ensure_future(erase(visitor_id)))

    tokens = ErasedBeforeItsToken(begin_to_erase)
    refreshing = Refreshing(database, tokens, PAGES)

    with suppress(TokenInvalidError):
        issued = await refreshing.refresh(held.text, None)
        await asyncio.gather(*erasures)
        with pytest.raises(TokenRevokedError):
            await tokens.identify(issued.text)
    await asyncio.gather(*erasures)

    assert await left(Visitor(visitor.client_id, visitor.chatbot_id, before.id)) == {}

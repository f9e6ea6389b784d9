"""Operations on stored conversations, in this process, as different callers."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from beanie import PydanticObjectId

from api.settings import Settings
from api.wiring import Wiring, wire
from documents.base import utc_now
from documents.database.database import Database
from documents.users import Membership, User
from graphql_schema.context import Caller, RequestContext
from graphql_schema.viewers import PersonViewer, Viewer, VisitorViewer
from services.visits.widget_tokens import WidgetClaims
from tests.unit.answering.conftest import make_log, process_of, redis_url, visitor

__all__ = ["make_log", "process_of", "redis_url", "visitor"]

ContextOf = Callable[[Viewer], RequestContext]


@pytest.fixture
def wiring(database: Database, tmp_path: Path) -> Wiring:
    return wire(Settings(data_dir=tmp_path), database, "a secret of these tests " * 3)


@pytest.fixture
def context_of(wiring: Wiring) -> ContextOf:
    """Makes the context of a caller."""

    def make(viewer: Viewer) -> RequestContext:
        async def identify(_token: str) -> Viewer:
            return viewer

        return RequestContext(
            services=wiring.services, identify=identify, caller=Caller(), token="a token"
        )

    return make


def member(*slugs: str) -> PersonViewer:
    """Somebody who works for these clients."""
    memberships = [Membership(client_id=slug, role="agent") for slug in slugs]
    user = User(email=f"{uuid4().hex}@example.com", full_name="A member", memberships=memberships)
    return PersonViewer(user, PydanticObjectId(), utc_now() + timedelta(hours=1))


def widget(slug: str, chatbot_id: PydanticObjectId, visitor_id: PydanticObjectId) -> VisitorViewer:
    """A visitor's widget."""
    expires_at = utc_now() + timedelta(hours=1)
    claims = WidgetClaims(slug, chatbot_id, visitor_id, None, PydanticObjectId(), expires_at)
    return VisitorViewer(claims)

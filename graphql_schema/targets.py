"""What a caller names by its id: first it must be theirs to see, then theirs to change.

The order keeps ids secret. A foreign id behaves as an unknown one, and only somebody who can see a
thing is told that their role does not reach to change it.
"""

from typing import TypeVar

from documents.base import TenantDocument
from documents.tenancy import TenantScope
from documents.users import RoleName
from graphql_schema.context import RequestContext
from graphql_schema.errors import AuthorizationError, NotFoundInListError
from graphql_schema.node import local_id
from services.clients.clients import client_slug_by_id

Target = TypeVar("Target", bound=TenantDocument)


async def seen(
    context: RequestContext, document_class: type[Target], public_id: str
) -> Target | None:
    """The document with this id, or None when it is unknown or outside of the caller's clients.

    Raises:
        AuthorizationError: the caller is neither a person nor an API key.
    """
    member = await context.member()
    document_id = local_id(public_id, document_class.__name__)
    if document_id is None:
        return None
    return await member.scope().of(document_class).get(document_id)


async def changeable(
    context: RequestContext, document_class: type[Target], public_id: str, role: RoleName
) -> Target | None:
    """The document with this id, or None when the caller does not see it.

    Raises:
        AuthorizationError: FORBIDDEN: the caller sees it, but has less than this role.
    """
    found = await seen(context, document_class, public_id)
    if found is not None:
        await demand_role(context, found.client_id, role)
    return found


async def demand_role(context: RequestContext, client_id: str, role: RoleName) -> None:
    """Stop a caller who has less than this role for a client that they see.

    Raises:
        AuthorizationError: FORBIDDEN.
    """
    member = await context.member()
    if not member.scope(role).admits(client_id):
        raise AuthorizationError("FORBIDDEN")


async def listed_scope(context: RequestContext, client_id: str | None) -> TenantScope:
    """What a list covers: one client's documents, or those of all that the caller sees.

    Raises:
        NotFoundInListError: the client is unknown or none of the caller's.
    """
    scope = (await context.member()).scope()
    if client_id is None:
        return scope
    document_id = local_id(client_id, "Client")
    slug = await client_slug_by_id(scope, document_id) if document_id else None
    if slug is None:
        raise NotFoundInListError
    return scope.narrowed(slug)

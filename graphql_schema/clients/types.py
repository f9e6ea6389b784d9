"""Clients: the companies whose data is kept apart."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.clients import SigningKey as StoredSigningKey
from documents.tenancy import TenantScope
from graphql_schema.api_keys.types import ApiKey, api_key_from
from graphql_schema.arguments import After, First
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import NotFoundInListError
from graphql_schema.languages import Language, language_or_none
from graphql_schema.money import Money
from graphql_schema.node import Node, global_id
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scalars import BigInt
from graphql_schema.scopes import Scope
from graphql_schema.targets import demand_role

if TYPE_CHECKING:
    from graphql_schema.accounts.types import Membership
    from graphql_schema.chatbots.types import Chatbot


@strawberry.type(description="What a client's backend signs its visitors' identity with.")
class SigningKey(Node):
    """A signing key, without its secret."""

    key_id: str = strawberry.field(description="The `kid` in the header of visitors' tokens.")
    created_at: datetime = strawberry.field(description="When it was made.")
    retired_at: datetime | None = strawberry.field(description="Since when it is refused.")
    last_used_at: datetime | None = strawberry.field(description="To the minute; null: never.")


def signing_key_from(stored: StoredSigningKey) -> SigningKey:
    """The public form of a signing key."""
    return SigningKey(
        id=global_id("SigningKey", stored.id),
        key_id=stored.key_id,
        created_at=stored.created_at,
        retired_at=stored.retired_at,
        last_used_at=stored.last_used_at,
    )


@strawberry.type(description="A company whose data is kept apart from all others'.")
class Client(Node):
    """A client (tenant)."""

    slug: str = strawberry.field(description="The client_id in visitor tokens; never changes.")
    name: str = strawberry.field(description="What people call it.")
    domain: str | None = strawberry.field(description="Its website.")
    contact_name: str | None = strawberry.field(description="Whom to talk to.")
    contact_email: str | None = strawberry.field(description="Their address.")
    contact_phone: str | None = strawberry.field(description="Their number.")
    time_zone: str = strawberry.field(description="IANA name; days and months begin in it.")
    language: Language = strawberry.field(description="Of new chatbots and of mails.")
    monthly_quota: int | None = strawberry.field(description="Questions a month; null: no limit.")
    hard_quota: int | None = strawberry.field(description="From here on questions are refused.")
    budget: Money | None = strawberry.field(description="Money a month; null: no limit.")
    retention_days: int | None = strawberry.field(
        description="After how many days visitors' data is deleted; null: never."
    )
    conversations_kept_per_visitor: int = strawberry.field(
        description="How many conversations stay in a visitor's list."
    )
    hook_hosts: list[str] = strawberry.field(description="Hosts that hooks may call.")
    maintenance_text: str | None = strawberry.field(
        description="What visitors are told while chatbots are paused; null: they are not."
    )
    active: bool = strawberry.field(description="Whether its chatbots answer.")
    created_at: datetime = strawberry.field(description="When it was made.")
    revision: int = strawberry.field(description="Counts the changes; see ConflictError.")
    document: strawberry.Private[ClientDocument]

    @strawberry.field(
        description="Its signing keys: those that live, and the last ten retired ones. Owners.",
        extensions=allowed_for(Person),
    )
    async def signing_keys(self, info: ParlanceInfo) -> list[SigningKey]:
        await demand_role(info.context, self.document.client_id, "owner")
        return [signing_key_from(one) for one in reversed(self.document.signing_keys)]

    @strawberry.field(
        description="The people who work for it, at most 1000.", extensions=allowed_for(Person)
    )
    async def members(
        self, info: ParlanceInfo
    ) -> list[Annotated["Membership", strawberry.lazy("graphql_schema.accounts.types")]]:
        from graphql_schema.accounts.types import user_from  # noqa: PLC0415

        person, slug = await info.context.person(), self.document.client_id
        return [
            membership
            for one in await info.context.loaders.members_by_client.load(slug)
            for membership in user_from(person.shown(one)).memberships()
            if membership.client_slug == slug
        ]

    @strawberry.field(
        description="Its API keys: those that live first, at most 100. Owners.",
        extensions=allowed_for(Person),
    )
    async def api_keys(self, info: ParlanceInfo) -> list[ApiKey]:
        await demand_role(info.context, self.document.client_id, "owner")
        found = await info.context.loaders.api_keys_by_client.load(self.document.client_id)
        return [api_key_from(one) for one in found]

    @strawberry.field(
        description="Its chatbots, newest first.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbots(
        self, first: First = 20, after: After = None
    ) -> Connection[Annotated["Chatbot", strawberry.lazy("graphql_schema.chatbots.types")]]:
        from graphql_schema.chatbots.types import chatbot_from  # noqa: PLC0415

        collection = TenantScope.one(self.document.client_id).of(ChatbotDocument)
        return await page_by_id(collection, {}, forward_page(first, after), chatbot_from)


def client_from(document: ClientDocument) -> Client:
    """The public form of a client."""
    budget = document.budget
    return Client(
        id=global_id("Client", document.id),
        slug=document.client_id,
        name=document.name,
        domain=document.domain,
        contact_name=document.contact_name,
        contact_email=document.contact_email,
        contact_phone=document.contact_phone,
        time_zone=document.time_zone,
        language=language_or_none(document.language) or Language.EN,
        monthly_quota=document.monthly_quota,
        hard_quota=document.hard_quota,
        budget=Money(micros=BigInt(budget.micros), currency=budget.currency) if budget else None,
        retention_days=document.retention_days,
        conversations_kept_per_visitor=document.conversations_kept_per_visitor,
        hook_hosts=document.hook_hosts,
        maintenance_text=document.maintenance_text,
        active=document.active,
        created_at=document.created_at,
        revision=document.revision,
        document=document,
    )


async def client_by_slug(context: RequestContext, slug: str) -> Client:
    """The client with a slug that is known to be one.

    Raises:
        NotFoundInListError: it was deleted meanwhile.
    """
    found = await context.loaders.client_by_slug.load(slug)
    if found is None:
        raise NotFoundInListError
    return client_from(found)

"""Integrations and what is delivered to them."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from documents.deliveries import Attempt
from documents.deliveries import Delivery as DeliveryDocument
from documents.integrations import Integration as IntegrationDocument
from documents.tenancy import TenantScope
from graphql_schema.arguments import After, First
from graphql_schema.clients.types import Client, client_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.enum_values import described
from graphql_schema.loading import OwnedId
from graphql_schema.node import Node, global_id
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for


@strawberry.enum(description="What an integration is.")
class IntegrationKind(Enum):
    """Values as they are stored."""

    WEBHOOK = described("webhook", "Signed JSON for a program (Standard Webhooks).")
    TELEGRAM = described("telegram", "A Telegram bot that writes into a chat.")
    EMAIL = described("email", "Mails to up to 10 addresses.")
    SLACK = described("slack", "An incoming webhook of Slack, or of what takes the same.")
    DISCORD = described("discord", "A webhook of Discord.")
    APPRISE = described("apprise", "One of the services that Apprise knows, over HTTPS.")


@strawberry.enum(description="What integrations are told of; on the wire as conversation.started.")
class EventKind(Enum):
    """Values as they are stored."""

    CONVERSATION_STARTED = described("conversation.started", "A visitor's first question.")
    MESSAGE_CREATED = described("message.created", "A question was answered.")
    ANSWER_FAILED = described("answer.failed", "A question got no answer.")
    ANSWER_UNANSWERED = described("answer.unanswered", "The knowledge held nothing about it.")
    FEEDBACK_NEGATIVE = described("feedback.negative", "A visitor rated an answer down.")
    QUOTA_THRESHOLD = described("quota.threshold", "80 or 100 % of the month's questions are used.")
    BUDGET_THRESHOLD = described("budget.threshold", "80 or 100 % of the month's money is used.")
    HOOK_DISABLED = described("hook.disabled", "A hook was taken out of use or rests.")
    LLM_CIRCUIT_OPENED = described("llm.circuit_opened", "A model fails and is left alone.")
    KNOWLEDGE_SYNC_FAILED = described("knowledge.sync_failed", "A source could not be read.")
    REPORT_READY = described("report.ready", "A report was made.")
    USAGE_DAILY = described(
        "usage.daily", "The numbers of a day, at six in the morning by the client's clock."
    )
    USAGE_WEEKLY = described(
        "usage.weekly", "The numbers of a week, on Monday at six by the client's clock."
    )
    HANDOFF_REQUESTED = described("handoff.requested", "A visitor waits for a person.")
    SYSTEM_STATUS = described(
        "system.status", "Maintenance has begun or is over, or the service was offline."
    )
    SERVER_ERRORS = described(
        "server.errors", "The whole platform: many errors within 5 minutes. Platform admins."
    )
    AUTH_SUSPICIOUS = described(
        "auth.suspicious",
        "The whole platform: many sign-ins failed or were throttled, or a spent refresh token was"
        " used again. Platform admins.",
    )
    SERVICE_RECOVERED = described(
        "service.recovered", "The whole platform: it was offline, how long. Platform admins."
    )


@strawberry.enum(description="How far a delivery is.")
class DeliveryStatus(Enum):
    """Values as they are stored."""

    PENDING = described("pending", "It waits for its first attempt.")
    DELIVERED = described("delivered", "The receiver has it.")
    RETRYING = described("retrying", "An attempt failed; there will be another.")
    DEAD = described("dead", "It is not attempted any more, unless somebody asks for it.")


@strawberry.type(description="When nobody wants to be told; it is told at the end of it.")
class QuietHours:
    """A time of each day."""

    since: str = strawberry.field(name="from", description="HH:MM by the client's clock.")
    until: str = strawberry.field(description="HH:MM by the client's clock.")


@strawberry.type(description="One attempt to hand an event over.")
class DeliveryAttempt:
    """An attempt."""

    number: int = strawberry.field(description="1 for the first.")
    at: datetime = strawberry.field(description="When it began.")
    took_ms: int = strawberry.field(description="How long it took.")
    http_status: int | None = strawberry.field(
        description="What the receiver answered; null: no answer, or no HTTP."
    )
    request_excerpt: str | None = strawberry.field(
        description="The beginning of what was sent, at most 2000 characters, without secrets."
    )
    response_excerpt: str | None = strawberry.field(
        description="The beginning of the answer, at most 1000 characters, without secrets."
    )
    problem: str | None = strawberry.field(
        description="Why the receiver does not have it; null: it has."
    )


@strawberry.type(description="An event on its way to an integration.")
class Delivery(Node):
    """A delivery."""

    event: EventKind = strawberry.field(description="What happened.")
    event_id: strawberry.ID = strawberry.field(
        description="The same for each attempt and receiver; `webhook-id` on the wire."
    )
    status: DeliveryStatus = strawberry.field(description="How far it is.")
    created_at: datetime = strawberry.field(description="When it was to be delivered first.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is attempted next; null: not any more."
    )
    attempts: list[DeliveryAttempt] = strawberry.field(description="The last 30, the oldest first.")
    owner: strawberry.Private[OwnedId]

    @strawberry.field(description="To whom.")
    async def integration(self, info: ParlanceInfo) -> "Integration":
        found = await info.context.loaders.integration_by_id.load(self.owner)
        if found is None:
            raise LookupError("the integration was deleted meanwhile")
        return integration_from(found)


@strawberry.type(description="Where a client is told of what happens. Its secrets are write-only.")
class Integration(Node):
    """An integration."""

    kind: IntegrationKind = strawberry.field(description="What it is; it stays.")
    name: str = strawberry.field(description="For people.")
    target_label: str = strawberry.field(description="Where to, without what is secret about it.")
    events: list[EventKind] = strawberry.field(description="What it is told of.")
    chatbot_ids: list[strawberry.ID] = strawberry.field(
        description="Only what concerns one of these, or none at all; empty: everything."
    )
    quiet_hours: QuietHours | None = strawberry.field(
        description="When nothing is delivered; null: always."
    )
    digest_minutes: int | None = strawberry.field(
        description="Events of so many minutes are delivered together (webhooks: one after the"
        " other); null: each at once."
    )
    active: bool = strawberry.field(description="Whether anything is delivered.")
    paused_reason: str | None = strawberry.field(
        description="Why it was switched off without a person's word; null: it was not."
    )
    revision: int = strawberry.field(description="Grows with each change.")
    stored: strawberry.Private[IntegrationDocument]

    @strawberry.field(description="Whose.")
    async def client(self, info: ParlanceInfo) -> Client:
        found = await info.context.loaders.client_by_slug.load(self.stored.client_id)
        if found is None:
            raise LookupError("the client was deleted meanwhile")
        return client_from(found)

    @strawberry.field(
        description="What was delivered to it in the last 30 days or is to be, newest first.",
        extensions=allowed_for(Person),
    )
    async def deliveries(self, first: First = 20, after: After = None) -> Connection[Delivery]:
        page = forward_page(first, after)
        deliveries = TenantScope.one(self.stored.client_id).of(DeliveryDocument)
        own = {"integration_id": self.stored.id}
        return await page_by_id(deliveries, own, page, delivery_from)


def integration_from(stored: IntegrationDocument) -> Integration:
    """The public form of an integration."""
    quiet = stored.quiet_time
    return Integration(
        id=global_id("Integration", stored.id),
        kind=IntegrationKind(stored.kind),
        name=stored.name,
        target_label=stored.target_label,
        events=[EventKind(one) for one in stored.events],
        chatbot_ids=[global_id("Chatbot", one) for one in stored.chatbot_ids],
        quiet_hours=QuietHours(since=quiet.since, until=quiet.until) if quiet else None,
        digest_minutes=stored.digest_minutes,
        active=stored.active,
        paused_reason=stored.paused_reason,
        revision=stored.revision,
        stored=stored,
    )


def delivery_from(stored: DeliveryDocument) -> Delivery:
    """The public form of a delivery."""
    return Delivery(
        id=global_id("Delivery", stored.id),
        event=EventKind(stored.kind),
        event_id=global_id("Event", stored.entry_id),
        status=DeliveryStatus(stored.status),
        created_at=stored.created_at,
        next_attempt_at=stored.due_at if stored.open else None,
        attempts=[attempt_from(one) for one in stored.attempts],
        owner=OwnedId(stored.client_id, stored.integration_id),
    )


def attempt_from(stored: Attempt) -> DeliveryAttempt:
    """The public form of an attempt."""
    return DeliveryAttempt(**stored.model_dump())


OfWhom = Annotated[strawberry.ID, strawberry.argument(description="Of which client.")]
OfIntegration = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only those to this integration."),
]

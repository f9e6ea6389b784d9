"""What callers give to make and to change integrations."""

from collections.abc import Sequence
from typing import Any, cast

import strawberry

from documents.ids import PydanticObjectId
from documents.integrations import QuietTime
from documents.outbox_entries import OutboxKind
from graphql_schema.integrations.types import EventKind
from graphql_schema.node import local_id
from services.integrations.targets import Target
from services.refusals import UnknownTargetError


@strawberry.input(description="A bot and the chat that it writes to.")
class TelegramTargetInput:
    """Both are asked of Telegram before they are stored."""

    bot_token: str = strawberry.field(description="From @BotFather; never given back.")
    chat_id: str = strawberry.field(description="A number, or @name of a public channel.")


@strawberry.input(one_of=True, description="Where to. What is secret about it is never given back.")
class IntegrationTargetInput:
    """Exactly one of these; it says of which kind the integration is."""

    webhook_url: str | None = strawberry.field(
        description="An https address of a program of yours.", default=strawberry.UNSET
    )
    telegram: TelegramTargetInput | None = strawberry.field(
        description="A Telegram bot.", default=strawberry.UNSET
    )
    emails: list[str] | None = strawberry.field(
        description="1 to 10 addresses; each gets a mail of its own.", default=strawberry.UNSET
    )
    slack_webhook_url: str | None = strawberry.field(
        description="An incoming webhook of Slack, Mattermost or Rocket.Chat.",
        default=strawberry.UNSET,
    )
    discord_webhook_url: str | None = strawberry.field(
        description="A webhook of a Discord channel.", default=strawberry.UNSET
    )
    apprise_url: str | None = strawberry.field(
        description="An address as Apprise writes it, such as ntfys://my-topic, of a service that"
        " is reached over HTTPS.",
        default=strawberry.UNSET,
    )


@strawberry.input(description="When nobody wants to be told, every day.")
class QuietHoursInput:
    """May go over midnight."""

    since: str = strawberry.field(name="from", description="HH:MM by the client's clock.")
    until: str = strawberry.field(description="HH:MM by the client's clock.")


@strawberry.input(description="A new integration.")
class CreateIntegrationInput:
    """An integration to be."""

    client_id: strawberry.ID = strawberry.field(description="Whose.")
    name: str = strawberry.field(description="1 to 100 characters, for people.")
    target: IntegrationTargetInput = strawberry.field(description="Where to.")
    events: list[EventKind] = strawberry.field(description="What it is told of, at least one.")
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(
        description="Only what concerns one of these, and what concerns no chatbot; at most 100."
        " Everything when empty.",
        default=None,
    )
    quiet_hours: QuietHoursInput | None = strawberry.field(
        description="What happens then is delivered at the end of it.", default=None
    )
    digest_minutes: int | None = strawberry.field(
        description="1 to 1440: deliver the events of so many minutes together.", default=None
    )


@strawberry.input(description="A change of an integration. A field left out stays.")
class UpdateIntegrationInput:
    """A change."""

    id: strawberry.ID = strawberry.field(description="Which one.")
    revision: int | None = strawberry.field(
        description="The revision that the caller has read; left out: the last write wins.",
        default=None,
    )
    name: str | None = strawberry.field(
        description="1 to 100 characters, for people.", default=strawberry.UNSET
    )
    target: IntegrationTargetInput | None = strawberry.field(
        description="Another address of the same kind.", default=strawberry.UNSET
    )
    events: list[EventKind] | None = strawberry.field(
        description="What it is told of, at least one.", default=strawberry.UNSET
    )
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(
        description="Only what concerns one of these; null or empty: everything.",
        default=strawberry.UNSET,
    )
    quiet_hours: QuietHoursInput | None = strawberry.field(
        description="Null: always.", default=strawberry.UNSET
    )
    digest_minutes: int | None = strawberry.field(
        description="1 to 1440; null: each event at once.", default=strawberry.UNSET
    )
    active: bool | None = strawberry.field(
        description="False: nothing is delivered, and what waits is given up. True also ends a"
        " pause.",
        default=strawberry.UNSET,
    )


def target_from(given: IntegrationTargetInput) -> Target:
    """The target in the services' words."""
    if given.telegram:
        telegram = given.telegram
        return Target("telegram", {"bot_token": telegram.bot_token, "chat_id": telegram.chat_id})
    if isinstance(given.slack_webhook_url, str):
        return Target("slack", {"url": given.slack_webhook_url})
    if isinstance(given.discord_webhook_url, str):
        return Target("discord", {"url": given.discord_webhook_url})
    if isinstance(given.apprise_url, str):
        return Target("apprise", {"apprise_url": given.apprise_url})
    if isinstance(given.emails, list):
        return Target("email", {"addresses": given.emails})
    return Target("webhook", {"url": given.webhook_url or ""})


def change_from(given: UpdateIntegrationInput) -> dict[str, Any]:
    """The change by the stored names. Null clears what can be empty and leaves the rest.

    Raises:
        UnknownTargetError: a chatbot's id is none.
    """
    change: dict[str, Any] = {}
    for name in ("name", "active"):
        value = getattr(given, name)
        if value is not strawberry.UNSET and value is not None:
            change[name] = value
    if given.events:
        change["events"] = stored_events(given.events)
    elif given.events == []:
        change["events"] = []
    if given.chatbot_ids is not strawberry.UNSET:
        change["chatbot_ids"] = chatbot_ids(given.chatbot_ids or [])
    if given.quiet_hours is not strawberry.UNSET:
        change["quiet_time"] = quiet_time(given.quiet_hours)
    if given.digest_minutes is not strawberry.UNSET:
        change["digest_minutes"] = given.digest_minutes
    return change


def stored_events(given: Sequence[EventKind]) -> list[OutboxKind]:
    """Kinds of events as they are stored."""
    return [cast("OutboxKind", one.value) for one in given]


def quiet_time(given: QuietHoursInput | None) -> QuietTime | None:
    """Quiet hours as they are stored."""
    return QuietTime(since=given.since, until=given.until) if given else None


def chatbot_ids(given: Sequence[str]) -> list[PydanticObjectId]:
    """The documents' ids.

    Raises:
        UnknownTargetError: one is no chatbot's.
    """
    found = [local_id(one, "Chatbot") for one in given]
    ids = [one for one in found if one is not None]
    if len(ids) != len(found):
        raise UnknownTargetError("input", "chatbotIds")
    return list(dict.fromkeys(ids))

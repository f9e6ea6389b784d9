"""A client with integrations, and processes that deliver to them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from documents.base import utc_now
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.deliveries import Delivery
from documents.ids import PydanticObjectId
from documents.integrations import Integration, IntegrationKindName, NoticeKey
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from documents.tenancy import TenantScope
from services.integrations.attempting import Attempting
from services.integrations.channels.channels import channels_with
from services.integrations.delivering import Delivering, Pace
from services.integrations.http_posts import HttpPosts
from services.integrations.pausing import PAUSED_AFTER, Pausing
from services.integrations.signing import new_webhook_secret
from services.integrations.spreading import spread_some
from services.integrations.targets import Target, TargetSeals
from services.mail.carriers import Carrier
from services.mail.folder_carrier import FolderCarrier
from services.mail.queue import MailQueue
from services.mail.rendering import Sender
from services.outbox.recording import Happening, record
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer
from tests.unit.answering.processes import until

SEALER = Sealer(DerivedKeys("a secret of forty characters, long enough"))
SEALS = TargetSeals(SEALER)
SENDER = Sender("Parlance", "no-reply@chat.example.com")
QUICK = Pace(look_s=0.01)
PATIENCE_S = 60.0
"""Far more than deliveries take, on a machine that many tests share."""


def public_id(type_name: str, document_id: PydanticObjectId) -> str:
    return f"{type_name}-{document_id}"


class Office:
    """A client of its own for a test."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.client_id = f"office-{PydanticObjectId()}"
        self.scope = TenantScope.one(self.client_id)
        self.secret = new_webhook_secret()

    async def open(self, **more: Any) -> "Office":
        client = Client(client_id=self.client_id, name="An <office> & Co", **more)
        await self.scope.of(Client).insert(client)
        return self

    async def integration(
        self, kind: IntegrationKindName, address: dict[str, Any], **more: Any
    ) -> Integration:
        values = {"events": ["handoff.requested", "message.created", "quota.threshold"], **more}
        made = Integration(
            client_id=self.client_id,
            kind=kind,
            name="Support",
            target_label="(a target)",
            sealed_target="",
            **{"created_at": utc_now() - timedelta(days=30), **values},
        )
        made.sealed_target = SEALS.sealed(made.id, Target(kind, address))
        made.signing_keys = [NoticeKey(sealed_secret=SEALS.sealed_key(made.id, self.secret))]
        return await self.scope.of(Integration).insert(made)

    async def webhook(self, url: str, **more: Any) -> Integration:
        return await self.integration("webhook", {"url": url}, **more)

    async def happens(self, count: int = 1) -> None:
        """Events of the whole client."""
        for _ in range(count):
            key = f"quota.threshold/{PydanticObjectId()}"
            facts: dict[str, int | str] = {"share": 80, "used": 8, "limit": 10, "month": "2026-11"}
            await record(Happening(self.client_id, "quota.threshold", key, facts=facts))

    async def answered(self, question: str, answer: str) -> Message:
        """An answer, and the event of it."""
        ids = {"chatbot_id": PydanticObjectId(), "visitor_id": PydanticObjectId()}
        conversation = Conversation(
            client_id=self.client_id, title="t", last_message_at=utc_now(), **ids
        )
        await self.scope.of(Conversation).insert(conversation)
        asked, said = (
            Message(
                client_id=self.client_id,
                conversation_id=conversation.id,
                seq=seq,
                sender=sender,
                status="complete",
                content=text,
                **ids,
            )
            for seq, sender, text in ((1, "visitor", question), (2, "bot", answer))
        )
        said.question_id = asked.id
        await self.scope.of(Message).insert_many([asked, said])
        event = Happening(
            self.client_id,
            "message.created",
            f"message.created/{said.id}",
            visitor_id=said.visitor_id,
            conversation_id=conversation.id,
            message_id=said.id,
        )
        await record(event)
        return said

    async def deliveries(self, **only: Any) -> list[Delivery]:
        return await self.scope.of(Delivery).find(only, limit=1_000, sort=[("_id", 1)])

    async def spread(self) -> None:
        """Make deliveries of all that has happened."""
        while await spread_some():
            pass

    async def ended(self, count: int, **only: Any) -> list[Delivery]:
        """The deliveries once so many of them were attempted."""

        async def so_many() -> bool:
            found = await self.deliveries(**only)
            return len([one for one in found if one.attempts]) >= count

        await until(so_many, PATIENCE_S)
        return await self.deliveries(**only)

    async def let_be_due(self) -> None:
        """Let all that waits be due, as if the time had passed."""
        now = {"$set": {"due_at": utc_now() - timedelta(seconds=1)}}
        await self.scope.of(Delivery).update_many({"open": True, "taken_by": None}, now)

    async def let_be_spread_again(self) -> None:
        """Let what could not be spread be due, as if the time had passed."""
        now = {"$set": {"spread_due_at": utc_now() - timedelta(seconds=1)}}
        await self.scope.of(OutboxEntry).update_many({"to_spread": True}, now)

    async def to_spread(self) -> list[OutboxEntry]:
        return await self.scope.of(OutboxEntry).find({}, limit=1_000)


def process(
    office: Office,
    *,
    carrier: Carrier | None = None,
    deadline_s: float = 5.0,
    pace: Pace = QUICK,
    telegram_url: str = "http://127.0.0.1:9",
    paused_after: timedelta = PAUSED_AFTER,
    allowed: tuple[str, ...] = ("127.0.0.1",),
) -> Delivering:
    """What one process delivers with."""
    posts = HttpPosts(allowed, deadline_s=deadline_s)
    mails = carrier or FolderCarrier(Path("/nonexistent"))
    channels = channels_with(posts, public_id, telegram_url, mails, SENDER)
    pausing = Pausing(office.database, MailQueue(SEALER), paused_after)
    return Delivering(office.database, Attempting(channels, SEALS), pausing, pace)


@asynccontextmanager
async def running(*processes: Delivering) -> AsyncGenerator[None, None]:
    """Processes that deliver meanwhile."""
    tasks = [asyncio.create_task(one.run()) for one in processes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in processes:
            await one.close()
            await one._attempting._channels.close()

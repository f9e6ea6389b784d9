"""One attempt: what is told, to whom, with which secrets, and what came of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import NamedTuple

import structlog

from documents.clients import Client
from documents.database_clock import database_now
from documents.deliveries import Attempt, Delivery
from documents.integrations import Integration
from documents.outbox_entries import OutboxKind
from documents.tenancy import TenantScope
from services.integrations.channels.channel import Parcel
from services.integrations.channels.channels import Channels
from services.integrations.figures import DeliveryFigures
from services.integrations.integrations import live_keys
from services.integrations.notices import bulletin_of
from services.integrations.outcomes import Outcome
from services.integrations.targets import TargetSeals, secrets_of
from services.integrations.told import Told, trial
from services.refusals import UnknownTargetError
from services.sealing.sealing import UnsealError

MARGIN_S = 5.0
"""Beyond what a channel says that it takes, in seconds."""

TRIAL_S = 35.0
"""For a trial, in seconds: less than an operation may take that waits for somebody else."""

log = structlog.get_logger()


class Attempted(NamedTuple):
    """An attempt and what came of it."""

    outcome: Outcome
    at: datetime
    took_ms: int

    def noted(self, number: int) -> Attempt:
        """What is kept of it."""
        return Attempt(
            number=number,
            at=self.at,
            took_ms=self.took_ms,
            http_status=self.outcome.http_status,
            request_excerpt=self.outcome.request_excerpt,
            response_excerpt=self.outcome.response_excerpt,
            problem=self.outcome.problem,
        )


class Attempting:
    """Makes attempts."""

    def __init__(self, channels: Channels, seals: TargetSeals, trial_s: float = TRIAL_S) -> None:
        """`trial_s` is the longest that somebody waits for a trial, in seconds."""
        self._trial_s = trial_s
        self._channels = channels
        self._seals = seals
        self.figures = DeliveryFigures()

    @property
    def longest_s(self) -> float:
        """How long an attempt may take, in seconds."""
        return self._channels.longest_s + MARGIN_S

    async def attempt(
        self,
        integration: Integration,
        events: Sequence[Told],
        delivery: Delivery | None,
        most_s: float | None = None,
    ) -> Attempted:
        """Hand events over. Never raises for what the receiver did.

        `most_s` ends it earlier than its channel would, in seconds.
        """
        # The delivery was taken just now, by the clock of the database.
        at = delivery.updated_at if delivery else await database_now()
        began = perf_counter()
        try:
            async with asyncio.timeout(most_s):
                outcome = await self._sent(integration, events, delivery, at)
        except UnsealError as error:
            outcome = Outcome(str(error))
        except TimeoutError:
            outcome = Outcome("It did not come to an end in time.")
        seconds = perf_counter() - began
        self.figures.note(integration.kind, seconds, delivered=outcome.problem is None)
        return Attempted(_to_be_kept(outcome, events), at, round(seconds * 1000))

    async def try_out(self, integration: Integration, kind: OutboxKind) -> Attempt:
        """Tell an integration of something that did not happen.

        Raises:
            UnknownTargetError: its client is gone.
        """
        client = await TenantScope.one(integration.client_id).of(Client).find_one({})
        if client is None:
            raise UnknownTargetError("input", "id")
        events = [trial(kind, client)]
        attempted = await self.attempt(integration, events, None, self._trial_s)
        return attempted.noted(1)

    async def _sent(
        self,
        integration: Integration,
        events: Sequence[Told],
        delivery: Delivery | None,
        at: datetime,
    ) -> Outcome:
        address = self._seals.opened(integration)
        keys = [
            self._seals.opened_key(integration.id, one.sealed_secret)
            for one in live_keys(integration)
        ]
        if not address:
            return Outcome("It has no address yet: give it with updateIntegration.")
        channel = self._channels.by_kind[integration.kind]
        parcel = Parcel(integration, address, events, at, keys, delivery)
        async with asyncio.timeout(channel.longest_s + MARGIN_S):
            outcome = await channel.send(parcel)
        return outcome.without(secrets_of(address, keys))


def _to_be_kept(outcome: Outcome, events: Sequence[Told]) -> Outcome:
    """The outcome, of a digest without what was said: it is kept with each of the deliveries.

    What one visitor said would outlive its erasure in the deliveries of others. Receivers such as
    Telegram repeat in their answers what they were sent.
    """
    if len(events) == 1 or outcome.request_excerpt is None:
        return outcome
    return replace(outcome, request_excerpt=bulletin_of(events).subject, response_excerpt=None)

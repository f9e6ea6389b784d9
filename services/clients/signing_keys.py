"""Signing keys: what a client's own backend signs its visitors' identity with.

Two keys may be live at once, so that a backend can change over without a moment in which its
visitors are refused. A secret is shown once, kept sealed, and forgotten when its key is retired.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from documents.base import utc_now
from documents.clients import Client, SigningKey
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.refusals import LimitReachedError, UnknownTargetError
from services.sealing.sealing import Resealing, Sealer
from services.sealing.tokens import new_token

MAX_LIVE_KEYS = 2
RETIRED_KEYS_SHOWN = 10
"""Retired keys that stay in the list, without their secrets."""

KEY_ID_BYTES = 6
RESEALED_AT_ONCE = 100
"""Clients read at once while the installation's secret is rotated."""

USE_NOTED_EVERY = timedelta(minutes=1)


class TooManyLiveKeysError(LimitReachedError):
    """A third key would be live."""

    def __init__(self) -> None:
        message = f"{MAX_LIVE_KEYS} keys are live already. Name the one to retire."
        super().__init__(MAX_LIVE_KEYS, message, "input", "retireKeyId")


@dataclass(frozen=True, slots=True)
class LiveKey:
    """A key that visitors' tokens may be signed with; `key_id` is the `kid` of their headers."""

    key_id: str
    secret: str


class SigningKeys:
    """Makes, retires and opens the signing keys of clients."""

    def __init__(self, transactions: Transactions, sealer: Sealer) -> None:
        self._transactions = transactions
        self._sealer = sealer

    async def live_signing_keys(self, client_id: str) -> list[LiveKey]:
        """The keys of a client that are not retired, newest first; none for an unknown client.

        Raises:
            UnsealError: the installation's secret is not the one that sealed them.
        """
        client = await TenantScope.one(client_id).of(Client).find_one({})
        stored = client.signing_keys if client else []
        return [
            LiveKey(one.key_id, self._sealer.open(one.sealed_secret, owner=_owner(client_id, one)))
            for one in reversed(stored)
            if one.retired_at is None and one.sealed_secret is not None
        ]

    async def note_use(self, client_id: str, key_id: str) -> None:
        """Remember that a key was used just now; written at most once a minute."""
        now = utc_now()
        unnoted = {
            "key_id": key_id,
            "$or": [
                {"last_used_at": None},
                {"last_used_at": {"$lte": now - USE_NOTED_EVERY}},
            ],
        }
        await (
            TenantScope.one(client_id)
            .of(Client)
            .update_one(
                {"signing_keys": {"$elemMatch": unnoted}},
                {"$set": {"signing_keys.$.last_used_at": now}},
            )
        )

    async def rotate(
        self, scope: TenantScope, client_id: str, *, retire_key_id: str | None
    ) -> tuple[Client, SigningKey, str]:
        """Make a new live key and retire another; the client, the key and its secret.

        Raises:
            UnknownTargetError: there is no such client, or no such live key to retire.
            TooManyLiveKeysError: two are live and none of them is to be retired.
        """

        async def write(session: WriteSession) -> tuple[Client, SigningKey, str]:
            clients = scope.of(Client)
            client = await clients.find_one({"client_id": client_id}, session=session)
            if client is None:
                raise UnknownTargetError("input", "clientId")
            kept = _without(client.signing_keys, retire_key_id)
            if sum(_is_live_own(one) for one in kept) >= MAX_LIVE_KEYS:
                raise TooManyLiveKeysError
            key, secret = self._new_key(client_id)
            changed = await clients.update_one(
                {"client_id": client_id},
                {"$set": {"signing_keys": [one.model_dump() for one in (*kept, key)]}},
                session=session,
            )
            if changed is None:
                raise UnknownTargetError("input", "clientId")
            await record(session, client_id=client_id, before=client, after=changed)
            return changed, key, secret

        return await self._transactions.run_transaction(write)

    async def add_for_plugin(
        self, client_id: str, api_key_id: PydanticObjectId, session: WriteSession
    ) -> tuple[SigningKey, str]:
        """A live key beside the client's own, for the plugin with this API key, and its secret.

        Raises:
            UnknownTargetError: there is no such client.
        """
        clients = TenantScope.one(client_id).of(Client)
        before = await clients.find_one({}, session=session)
        if before is None:
            raise UnknownTargetError("input", "clientId")
        key, secret = self._new_key(client_id, api_key_id)
        kept = [*_without(before.signing_keys, None), key]
        await self._store(before, kept, session)
        return key, secret

    async def retire_of_plugin(
        self, client_id: str, api_key_id: PydanticObjectId, session: WriteSession
    ) -> None:
        """End the key that a plugin signs with, if it has one that lives."""
        before = await TenantScope.one(client_id).of(Client).find_one({}, session=session)
        stored = before.signing_keys if before else []
        for one in stored:
            if before and one.api_key_id == api_key_id and one.retired_at is None:
                await self._store(before, _without(stored, one.key_id), session)

    async def _store(self, before: Client, kept: list[SigningKey], session: WriteSession) -> None:
        clients = TenantScope.one(before.client_id).of(Client)
        changed = await clients.update_one(
            {}, {"$set": {"signing_keys": [one.model_dump() for one in kept]}}, session=session
        )
        await record(session, client_id=before.client_id, before=before, after=changed)

    def _new_key(
        self, client_id: str, api_key_id: PydanticObjectId | None = None
    ) -> tuple[SigningKey, str]:
        secret = new_token()
        key = SigningKey(
            key_id=f"key_{secrets.token_hex(KEY_ID_BYTES)}",
            api_key_id=api_key_id,
            sealed_secret=None,
        )
        key.sealed_secret = self._sealer.seal(secret, owner=_owner(client_id, key))
        return key, secret


def _is_live_own(key: SigningKey) -> bool:
    """Whether a key counts among those of the client's own backend; plugins bring their own."""
    return key.retired_at is None and key.api_key_id is None


def _owner(client_id: str, key: SigningKey) -> str:
    """What a key's secret is bound to."""
    return f"signing_key/{client_id}/{key.id}"


def _without(stored: list[SigningKey], retire_key_id: str | None) -> list[SigningKey]:
    """The keys with one of them retired, and the oldest retired ones left out."""
    kept = list(stored)
    if retire_key_id is not None:
        kept = [
            one.model_copy(update={"retired_at": utc_now(), "sealed_secret": None})
            if one.key_id == retire_key_id and one.retired_at is None
            else one
            for one in stored
        ]
        if kept == stored:
            raise UnknownTargetError("input", "retireKeyId")
    retired = [one for one in kept if one.retired_at is not None]
    forgotten = {one.id for one in retired[:-RETIRED_KEYS_SHOWN]}
    return [one for one in kept if one.id not in forgotten]


async def reseal_signing_keys(resealing: Resealing) -> int:
    """Seal every signing key with the installation's new secret; how many there were to seal.

    Raises:
        UnsealError: a key opens with neither secret.
    """
    clients, count = TenantScope.every_client().of(Client), 0
    last: PydanticObjectId | None = None
    while True:
        after = {} if last is None else {"_id": {"$gt": last}}
        batch = await clients.find(after, sort=[("_id", 1)], limit=RESEALED_AT_ONCE)
        if not batch:
            return count
        for client in batch:
            count += await _reseal_keys_of(client, resealing)
        last = batch[-1].id


async def _reseal_keys_of(client: Client, resealing: Resealing) -> int:
    count = 0
    for key in client.signing_keys:
        owner = _owner(client.client_id, key)
        anew = key.sealed_secret and resealing.resealed(key.sealed_secret, owner=owner)
        if not anew:
            continue
        changed = await (
            TenantScope.one(client.client_id)
            .of(Client)
            .update_one(
                {
                    "signing_keys": {
                        "$elemMatch": {"id": key.id, "sealed_secret": key.sealed_secret}
                    }
                },
                {"$set": {"signing_keys.$.sealed_secret": anew}},
            )
        )
        count += changed is not None
    return count

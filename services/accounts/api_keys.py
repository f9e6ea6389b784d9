"""API keys: how a client's own servers speak to Parlance, each for what its scopes say."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from documents.api_keys import ApiKey, ScopeName
from documents.base import utc_now
from documents.clients import Client
from documents.database.driver import operation_deadline
from documents.grouping import first_of_each
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.accounts.access_tokens import (
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from services.accounts.sign_in import DATABASE_SECONDS
from services.audit.audit_log import record
from services.field_checks import FieldChecks
from services.refusals import LimitReachedError, UnknownTargetError
from services.sealing.tokens import fingerprint, new_token

SECRET_BEGINS = "plk_"  # noqa: S105 - how keys are told from other tokens, no secret
PREFIX_CHARACTERS = 12
MAX_API_KEYS = 50
MAX_SCOPES = 20
"""Of one client, those that are revoked not counted."""

MAX_LISTED = 100
USE_NOTED_EVERY = timedelta(minutes=1)


class TooManyApiKeysError(LimitReachedError):
    """A client would have more keys than it may."""

    def __init__(self, limit: int) -> None:
        message = f"A client may have {limit} API keys. Revoke one first."
        super().__init__(limit, message, "input", "clientId")


async def keys_of(client_ids: Sequence[str]) -> Mapping[str, list[ApiKey]]:
    """The keys of each client: those that live first, then the newest, at most 100."""
    keys = TenantScope.many(client_ids).of(ApiKey)
    return await first_of_each(
        ApiKey,
        keys.condition(),
        by="client_id",
        sort=[("revoked_at", 1), ("_id", -1)],
        limit=MAX_LISTED,
    )


RetireSigningKey = Callable[[str, PydanticObjectId, WriteSession], Awaitable[None]]
"""Takes the client, the API key and the transaction in which that key ends."""


async def _has_none(client_id: str, key_id: PydanticObjectId, session: WriteSession) -> None:
    """Nobody signs with a key that belongs to this one."""


class ApiKeys:
    """Makes and ends API keys, and tells whose a shown one is."""

    def __init__(
        self,
        transactions: Transactions,
        retire_signing_key: RetireSigningKey = _has_none,
        *,
        most_per_client: int = MAX_API_KEYS,
    ) -> None:
        """`retire_signing_key` ends what a plugin signs with, when its API key ends."""
        self._transactions = transactions
        self._retire_signing_key = retire_signing_key
        self._most_per_client = most_per_client

    async def create(
        self,
        scope: TenantScope,
        client_id: str,
        name: str,
        scopes: Sequence[ScopeName],
        *,
        expires_at: datetime | None,
        by: PydanticObjectId | None,
    ) -> tuple[ApiKey, str]:
        """A new key and its secret, given out this once.

        Raises:
            UnknownTargetError: there is no such client in the scope.
            InvalidFieldsError: with everything that is wrong.
            TooManyApiKeysError: the client has as many as it may.
        """
        cleaned = _checked(name, scopes, expires_at)
        key, secret = _new_key(client_id, cleaned, scopes, expires_at=expires_at, by=by)
        await self._transactions.run_transaction(lambda session: self._store(scope, key, session))
        return key, secret

    async def add(
        self,
        client_id: str,
        name: str,
        scopes: Sequence[ScopeName],
        *,
        by: PydanticObjectId | None,
        session: WriteSession,
    ) -> tuple[ApiKey, str]:
        """A new key and its secret, as part of a transaction.

        Raises:
            UnknownTargetError: there is no such client.
            InvalidFieldsError: with everything that is wrong.
            TooManyApiKeysError: the client has as many as it may.
        """
        cleaned = _checked(name, scopes, None)
        key, secret = _new_key(client_id, cleaned, scopes, expires_at=None, by=by)
        await self._store(TenantScope.one(client_id), key, session)
        return key, secret

    async def _store(self, scope: TenantScope, key: ApiKey, session: WriteSession) -> None:
        await self._claim_place(scope, key.client_id, session)
        await scope.of(ApiKey).insert(key, session=session)
        await record(session, client_id=key.client_id, after=key)

    async def revoke(self, scope: TenantScope, key_id: PydanticObjectId) -> ApiKey:
        """End a key at once. One that is revoked already stays as it is.

        Raises:
            UnknownTargetError: there is no such key in the scope.
        """

        async def write(session: WriteSession) -> ApiKey:
            keys = scope.of(ApiKey)
            before = await keys.get(key_id, session=session)
            if before is None:
                raise UnknownTargetError("input", "id")
            revoked = await keys.update_one(
                {"_id": key_id, "revoked_at": None},
                {"$set": {"revoked_at": utc_now()}},
                session=session,
            )
            after = revoked or before
            await record(session, client_id=after.client_id, before=before, after=after)
            await self._retire_signing_key(after.client_id, after.id, session)
            return after

        return await self._transactions.run_transaction(write)

    async def identify(self, secret: str) -> ApiKey:
        """The key with this secret, looked for among every client's: the key tells whose.

        Raises:
            TokenExpiredError: its time is over.
            TokenRevokedError: somebody revoked it.
            TokenInvalidError: it is not one of ours.
        """
        keys, now = TenantScope.every_client().of(ApiKey), utc_now()
        with operation_deadline(DATABASE_SECONDS):
            found = await keys.find_one({"secret_hash": fingerprint(secret)})
            if found is None:
                raise TokenInvalidError
            if found.revoked_at is not None:
                raise TokenRevokedError
            if found.expires_at is not None and found.expires_at <= now:
                raise TokenExpiredError
            await self._note_use(found, now)
        return found

    async def _note_use(self, key: ApiKey, now: datetime) -> None:
        unnoted = key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY
        if unnoted:
            await (
                TenantScope.one(key.client_id)
                .of(ApiKey)
                .update_one(
                    {"_id": key.id, "last_used_at": key.last_used_at},
                    {"$set": {"last_used_at": now}},
                )
            )

    async def _claim_place(self, scope: TenantScope, client_id: str, session: WriteSession) -> None:
        """Make sure that there is room for one more; the write makes two such calls conflict."""
        client = await scope.of(Client).update_one(
            {"client_id": client_id}, {"$set": {"api_keys_changed_at": utc_now()}}, session=session
        )
        if client is None:
            raise UnknownTargetError("input", "clientId")
        keys = TenantScope.one(client_id).of(ApiKey)
        count = await keys.raw.count_documents(
            keys.condition({"revoked_at": None}), session=session, limit=self._most_per_client
        )
        if count >= self._most_per_client:
            raise TooManyApiKeysError(self._most_per_client)


def _new_key(
    client_id: str,
    name: str,
    scopes: Sequence[ScopeName],
    *,
    expires_at: datetime | None,
    by: PydanticObjectId | None,
) -> tuple[ApiKey, str]:
    secret = SECRET_BEGINS + new_token()
    key = ApiKey(
        client_id=client_id,
        name=name,
        scopes=sorted(set(scopes)),
        prefix=secret[:PREFIX_CHARACTERS],
        secret_hash=fingerprint(secret),
        expires_at=expires_at,
        created_by=by,
    )
    return key, secret


def _checked(name: str, scopes: Sequence[ScopeName], expires_at: datetime | None) -> str:
    checks = FieldChecks("input")
    cleaned = checks.line("name", name, longest=100)
    checks.at_most("scopes", scopes, MAX_SCOPES)
    if not scopes:
        checks.wrong("scopes", "needs at least one scope")
    if expires_at is not None and expires_at <= utc_now():
        checks.wrong("expiresAt", "must be in the future")
    checks.done()
    return cleaned

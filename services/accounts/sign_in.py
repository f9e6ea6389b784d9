"""Signing in and going on with a rotated refresh token."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.base import utc_now
from documents.database.driver import operation_deadline
from documents.ids import PydanticObjectId
from documents.sessions import Session, user_of_session
from documents.users import User
from services.accounts.access_tokens import (
    AccessTokens,
    TokenInvalidError,
    TokenReusedError,
    TokenRevokedError,
)
from services.accounts.password_work import PasswordWork
from services.accounts.passwords import password_matches
from services.sealing.tokens import fingerprint, new_token

REFRESH_TOKEN_LIFETIME = timedelta(days=30)
DATABASE_SECONDS = 4.0
"""For what the database has to say to one call. Every request waits for `identify`, so a database
that hangs must be noticed while the caller is still there."""

HASHES_KEPT = 50
"""Earlier refresh tokens of a session that are still recognised as reused."""


PasswordMatches = Callable[[str, str | None, PasswordWork], Awaitable[bool]]


class InvalidCredentialsError(Exception):
    """No active account has this address and password."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from, for the list of sessions."""

    user_agent: str | None = None
    ip_address: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The tokens of a session, given out this once."""

    user: User
    access_token: str
    refresh_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an access token speaks for."""

    user: User
    session_id: PydanticObjectId
    expires_at: datetime


class SignIn:
    """Sessions of people."""

    def __init__(
        self,
        access_tokens: AccessTokens,
        work: PasswordWork | None = None,
        matches: PasswordMatches = password_matches,
    ) -> None:
        """`matches` compares a password with a hash, or does the same work without one."""
        self._access_tokens = access_tokens
        self._work = work or PasswordWork()
        self._matches = matches

    def check_room(self) -> None:
        """Refuse before anything is counted or looked up, when too many sign in at once.

        Raises:
            TooBusyError: the waiting line is full.
        """
        self._work.check_room()

    async def with_password(self, email: str, password: str, device: Device) -> SignedIn:
        """Open a session.

        Raises:
            InvalidCredentialsError: unknown address, wrong password or inactive account alike.
            TooBusyError: too many sign in at once.
        """
        with operation_deadline(DATABASE_SECONDS):
            user = await User.find_one({"email": email.strip().lower()})
        matches = await self._matches(password, user.hashed_password if user else None, self._work)
        if user is None or not matches or not user.active:
            raise InvalidCredentialsError
        with operation_deadline(DATABASE_SECONDS):
            return await self.open_session(user, device)

    async def open_session(self, user: User, device: Device) -> SignedIn:
        """A session of a user whose password was right, or is new.

        The session is stored first: a change of the password that ends all sessions either finds
        this one, or is seen here.

        Raises:
            InvalidCredentialsError: the user has another password by now, or may not sign in.
        """
        now, refresh_token = utc_now(), new_token()
        session = Session(
            user_id=user.id,
            token_hash=fingerprint(refresh_token),
            last_used_at=now,
            expires_at=now + REFRESH_TOKEN_LIFETIME,
            user_agent=device.user_agent,
            ip_address=device.ip_address,
        )
        await session.insert()
        unchanged = {"_id": user.id, "active": True, "hashed_password": user.hashed_password}
        noted = await User.get_pymongo_collection().update_one(
            unchanged, {"$set": {"last_sign_in_at": now}}
        )
        if not noted.matched_count:
            await session.delete()
            raise InvalidCredentialsError
        return self._signed_in(user, session.id, refresh_token)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Exchange a refresh token for new tokens; the old one is spent.

        Raises:
            TokenInvalidError: unknown, expired or spent.
            TokenReusedError: spent, and by this its whole session is ended.
        """
        with operation_deadline(DATABASE_SECONDS):
            return await self._refreshed(fingerprint(refresh_token))

    async def _refreshed(self, spent: str) -> SignedIn:
        successor, now = new_token(), utc_now()
        found = await Session.get_pymongo_collection().find_one_and_update(
            {"token_hash": spent, "revoked_at": None, "expires_at": {"$gt": now}},
            {
                "$set": {
                    "token_hash": fingerprint(successor),
                    "last_used_at": now,
                    "expires_at": now + REFRESH_TOKEN_LIFETIME,
                    "updated_at": now,
                },
                "$push": {"previous_hashes": {"$each": [spent], "$slice": -HASHES_KEPT}},
            },
        )
        if found is None:
            raise TokenReusedError if await self._ended_as_reused(spent) else TokenInvalidError
        user = await User.find_one({"_id": found["user_id"], "active": True})
        if user is None:
            raise TokenInvalidError
        return self._signed_in(user, found["_id"], successor)

    async def identify(self, access_token: str) -> Identity:
        """Who shows this access token.

        Raises:
            TokenExpiredError: the token's hour is over.
            TokenRevokedError: its session was ended or its user deactivated.
            TokenInvalidError: it is not one of ours.
        """
        claims = self._access_tokens.read(access_token)
        with operation_deadline(DATABASE_SECONDS):
            user = await user_of_session(claims.session_id, claims.user_id)
        if user is None:
            raise TokenRevokedError
        return Identity(user, claims.session_id, claims.expires_at)

    async def _ended_as_reused(self, spent: str) -> bool:
        now = utc_now()
        ended = await Session.get_pymongo_collection().update_many(
            {"previous_hashes": spent, "revoked_at": None},
            {"$set": {"revoked_at": now, "updated_at": now}},
        )
        return ended.modified_count > 0

    def _signed_in(self, user: User, session_id: PydanticObjectId, refresh_token: str) -> SignedIn:
        access_token, expires_at = self._access_tokens.issue(user.id, session_id)
        return SignedIn(user, access_token, refresh_token, expires_at)

"""Codes that travel in mails: making them, using each once, and ending what nobody used."""

from datetime import timedelta

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.one_time_codes import CodePurpose, OneTimeCode
from documents.transactions import WriteSession
from documents.users import User
from services.refusals import RefusedError
from services.sealing.tokens import fingerprint, new_token

LIFETIMES: dict[CodePurpose, timedelta] = {
    "password_reset": timedelta(minutes=15),
    "invitation": timedelta(days=7),
}


class InvalidCodeError(RefusedError):
    """The code is unknown, used or expired, or its account is switched off."""

    def __init__(self) -> None:
        message = "This link was used or has expired. Ask for a new one."
        super().__init__("INVALID_TOKEN", message, "input", "resetCode")


def new_code(
    purpose: CodePurpose, user_id: PydanticObjectId | None, client_id: str | None = None
) -> tuple[OneTimeCode, str]:
    """A code to store, and what travels."""
    code = new_token()
    stored = OneTimeCode(
        purpose=purpose,
        code_hash=fingerprint(code),
        user_id=user_id,
        client_id=client_id,
        expires_at=utc_now() + LIFETIMES[purpose],
    )
    return stored, code


async def holder_of(code: str) -> User:
    """Whose password the code's holder may choose.

    Raises:
        InvalidCodeError: it is of no use.
    """
    living = {"code_hash": fingerprint(code), "expires_at": {"$gt": utc_now()}}
    found = await OneTimeCode.find_one(living)
    if found is None or found.user_id is None:
        raise InvalidCodeError
    user = await User.find_one({"_id": found.user_id, "active": True})
    if user is None:
        raise InvalidCodeError
    return user


async def use_code(code: str, user_id: PydanticObjectId, session: WriteSession) -> CodePurpose:
    """Use a code up, as part of what it is used for; all others of its person end too.

    Raises:
        InvalidCodeError: somebody was faster, or its time is over.
    """
    codes = OneTimeCode.get_pymongo_collection()
    living = {"code_hash": fingerprint(code), "expires_at": {"$gt": utc_now()}}
    found = await codes.find_one_and_delete({**living, "user_id": user_id}, session=session)
    if found is None:
        raise InvalidCodeError
    await end_codes(user_id, session)
    purpose: CodePurpose = found["purpose"]
    return purpose


async def end_codes(
    user_id: PydanticObjectId, session: WriteSession, *, client_id: str | None = None
) -> None:
    """End a person's codes, or their invitations to one client."""
    which = {} if client_id is None else {"client_id": client_id}
    await OneTimeCode.get_pymongo_collection().delete_many(
        {"user_id": user_id, **which}, session=session
    )

"""Passwords: bcrypt, off the event loop, with equal work for accounts that do not exist."""

import unicodedata

import bcrypt

from services.accounts.password_work import PasswordWork

MIN_BYTES = 12
MAX_BYTES = 72
"""bcrypt reads no further than 72 bytes."""

LONGEST_CHARACTERS = 4 * MAX_BYTES
"""More characters than this do not become 72 bytes by being composed."""

ROUNDS = 12

NEW_PASSWORDS = PasswordWork(threads=1, waiting=1000)
"""Where new passwords are hashed, and what runs beside a server: apart from the sign-ins, so that
a flood of them keeps nobody from changing a password."""


class UnsuitablePasswordError(ValueError):
    """A new password is too short or too long."""


def check_new_password(password: str) -> None:
    """Refuse a password that could not protect an account.

    Raises:
        UnsuitablePasswordError: fewer than 12 or more than 72 bytes in UTF-8.
    """
    size = len(_encoded(password))
    if size < MIN_BYTES:
        raise UnsuitablePasswordError(f"A password needs at least {MIN_BYTES} characters.")
    if size > MAX_BYTES:
        raise UnsuitablePasswordError(
            f"A password may have at most {MAX_BYTES} bytes (letters with accents count double)."
        )


async def hash_password(password: str) -> str:
    """The bcrypt hash of a checked password; about 0.2 s in a thread.

    Raises:
        TooBusyError: too many others are being hashed.
    """
    check_new_password(password)
    hashed = await NEW_PASSWORDS.run(bcrypt.hashpw, _encoded(password), bcrypt.gensalt(ROUNDS))
    return hashed.decode()


async def password_matches(
    password: str, hashed: str | None, work: PasswordWork = NEW_PASSWORDS
) -> bool:
    """Whether the password is the hashed one.

    With `hashed` None (no such account) the same work is done and the answer is False, so that
    the time taken does not tell which accounts exist.

    Raises:
        TooBusyError: too many passwords are being checked.
    """
    wanted = _encoded(password)
    if len(wanted) > MAX_BYTES:
        wanted = b""
    reference = (hashed or _STAND_IN).encode()
    matches = await work.run(bcrypt.checkpw, wanted, reference)
    return matches and hashed is not None


def _encoded(password: str) -> bytes:
    """The bytes that bcrypt reads; too many of them for what is too long to be a password.

    The length is looked at first: the time that normalising takes grows with the square of a run of
    accents, and anybody may send a megabyte of them.
    """
    if len(password) > LONGEST_CHARACTERS:
        return b"x" * (MAX_BYTES + 1)
    return unicodedata.normalize("NFKC", password).encode()


_STAND_IN = "$2b$12$DFrVpYtPc6pJiEoFGbcXveA7ARAiqE7.aVP2rtXCZBPjFUrNiYx7m"
"""The hash of a random password that nobody knows, of the same cost as real ones."""

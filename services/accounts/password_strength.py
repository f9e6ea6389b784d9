"""Whether a new password could be guessed, and what would make it better.

zxcvbn estimates how many guesses an attacker needs who knows common words, names and patterns. It
takes exponential time over letters replaced by many different signs. So more than two kinds of such
signs are not taken for letters, and it reads no further than 40 characters.
"""

import asyncio
from collections.abc import Sequence

from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from services.accounts.passwords import UnsuitablePasswordError, check_new_password
from services.field_checks import FieldChecks

LEAST_SCORE = 3
"""Of 4: more than 10^8 guesses, safe as long as the hashes are slow and sign-ins are throttled."""

MOST_CHARACTERS = 40
SIGNS_FOR_LETTERS = "@({[<!|$+%"
MOST_SIGNS_FOR_LETTERS = 2


class GuessablePasswordError(UnsuitablePasswordError):
    """A new password is long enough, and would be guessed soon."""


async def check_strength(password: str, known: Sequence[str] = ()) -> None:
    """Refuse a password that does not protect an account.

    Args:
        password: The new one.
        known: What an attacker knows of the person, such as address and name.

    Raises:
        UnsuitablePasswordError: too short, too long or easy to guess; its text says how to mend it.
    """
    check_new_password(password)
    advice = await asyncio.to_thread(_advice, password, known)
    if advice is not None:
        raise GuessablePasswordError(advice)


async def check_password_field(
    checks: FieldChecks, field: str, password: str, known: Sequence[str] = ()
) -> None:
    """Note what is wrong with a new password."""
    try:
        await check_strength(password, known)
    except UnsuitablePasswordError as error:
        checks.wrong(field, str(error))


def _advice(password: str, known: Sequence[str]) -> str | None:
    """What to do better; None for a good password."""
    read = password[:MOST_CHARACTERS]
    if len(set(read) & set(SIGNS_FOR_LETTERS)) > MOST_SIGNS_FOR_LETTERS:
        read = read.translate({ord(sign): "~" for sign in SIGNS_FOR_LETTERS})
    found = zxcvbn(read, user_inputs=[*known, "parlance"])
    if found["score"] >= LEAST_SCORE:
        return None
    feedback = found["feedback"]
    told = [feedback["warning"], *feedback["suggestions"]]
    return " ".join(["This password is easy to guess.", *filter(None, told)])

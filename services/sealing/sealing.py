"""Secrets at rest: providers' keys and signing keys are sealed before they reach the database.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); what a value belongs to is bound in as
associated data, so that a sealed key copied to another client's document does not open.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.sealing.keys import DerivedKeys

NONCE_BYTES = 12
FORMAT = "v1."


class UnsealError(ValueError):
    """A sealed value does not open: another secret key, another owner, or damaged data."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret does not open with this PARLANCE_SECRET_KEY."
            " Start with the key that sealed it, or enter the secret anew."
        )


class Sealer:
    """Seals and opens secrets of this installation."""

    def __init__(self, keys: DerivedKeys) -> None:
        self._cipher = AESGCM(keys.key("sealing"))

    def seal(self, secret: str, *, owner: str) -> str:
        """The sealed form of a secret that belongs to `owner`, as printable text."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.encode(), owner.encode())
        return FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, *, owner: str) -> str:
        """The secret inside.

        Raises:
            UnsealError: the value was not sealed here for this owner.
        """
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(FORMAT))
            nonce, data = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, data, owner.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise UnsealError from error


class Resealing:
    """From an installation's old secret to its new one."""

    def __init__(self, old: Sealer, new: Sealer) -> None:
        self._old = old
        self._new = new

    def resealed(self, sealed: str, *, owner: str) -> str | None:
        """The value sealed with the new secret; None when it is so already.

        Raises:
            UnsealError: it opens with neither secret.
        """
        try:
            self._new.open(sealed, owner=owner)
        except UnsealError:
            return self._new.seal(self._old.open(sealed, owner=owner), owner=owner)
        return None

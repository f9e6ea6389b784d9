"""Keys derived from the one secret of an installation.

Each purpose gets its own key by HKDF (RFC 5869), so that a token can never be mistaken for
something else that the same secret signs or seals.
"""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
MIN_SECRET_CHARACTERS = 32


class WeakSecretError(ValueError):
    """PARLANCE_SECRET_KEY is too short to protect anything."""


class DerivedKeys:
    """Keys per purpose from one secret."""

    def __init__(self, secret: str) -> None:
        """Take the installation's secret.

        Raises:
            WeakSecretError: it has fewer than 32 characters.
        """
        if len(secret) < MIN_SECRET_CHARACTERS:
            raise WeakSecretError(
                f"PARLANCE_SECRET_KEY needs at least {MIN_SECRET_CHARACTERS} characters;"
                " `openssl rand -base64 48` makes a good one"
            )
        self._secret = secret.encode()

    def key(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose."""
        derivation = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"parlance/{purpose}".encode())
        return derivation.derive(self._secret)

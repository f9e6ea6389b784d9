"""Random tokens and their fingerprints. Only fingerprints are stored."""

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """An unguessable URL-safe token with 256 bits of randomness."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def fingerprint(token: str) -> str:
    """SHA-256 of a token in hex. Tokens are random, so no salt or slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()

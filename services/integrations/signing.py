"""Signatures by which a receiver knows that a webhook is ours (Standard Webhooks 1.0.0).

What is signed is "id.timestamp.body" with HMAC-SHA256. While a key is changed for another, both
sign: the header holds a signature of each, and a receiver accepts either.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_webhook_secret() -> str:
    """A secret as the libraries of Standard Webhooks take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(
    keys: Sequence[str], event_id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """The headers that say who sends it.

    Args:
        keys: The secrets that sign, the newest first.
        event_id: The same for each attempt, so that a receiver knows a second one.
        timestamp: Of this attempt, in seconds since 1970; receivers refuse old ones.
        body: As it is sent, to the byte.
    """
    signed = b".".join([event_id.encode(), str(timestamp).encode(), body])
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(key, signed) for key in keys),
    }


def _signature(key: str, signed: bytes) -> str:
    raw = base64.b64decode(key.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()

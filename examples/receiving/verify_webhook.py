import base64
import hashlib
import hmac
import re
import time

MOST_SECONDS = 300


def is_from_parlance(body: bytes, headers: dict[str, str], secret: str) -> bool:
    """Whether a webhook is Parlance's. `headers` have names in lower case."""
    identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if (
        not re.fullmatch("[0-9]{1,12}", timestamp)
        or abs(time.time() - int(timestamp)) > MOST_SECONDS
    ):
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{identity}.{timestamp}.".encode(errors="replace") + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").encode(errors="replace").split(b" ")
    return any(hmac.compare_digest(one, expected) for one in given)

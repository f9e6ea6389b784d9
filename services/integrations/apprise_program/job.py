"""One job: an address that a tenant wrote, and what is to be said there."""

import json
import logging
import signal
import socket
from typing import Any, BinaryIO, cast

from apprise import Apprise
from apprise.common import NotifyFormat, NotifyType

from services.confined.confinement import allow_cpu, confine
from services.confined.frames import read_frame, write_frame
from services.integrations.apprise_program.door import Door, lead_all_through
from services.integrations.apprise_program.offered import NOT_BY_HTTP, asset, is_known

MEMORY_BYTES = 512 * 1024 * 1024
"""Address space; the program itself takes about a third of it."""

CPU_S = 5
LONGEST_LIFE_S = 60
"""In case the server forgets it, in seconds; its own deadline is shorter."""


def do(connection: socket.socket) -> None:
    """Read the job, do it, and say how it went."""
    signal.alarm(LONGEST_LIFE_S)
    stream = cast("BinaryIO", connection.makefile("rwb"))
    confine(MEMORY_BYTES)
    allow_cpu(CPU_S)
    logging.disable(logging.CRITICAL)
    order = read_frame(stream)
    if order is None:
        return
    lead_all_through(Door(stream))
    write_frame(stream, json.dumps({"end": _done(json.loads(order))}).encode())


def _done(order: dict[str, str]) -> dict[str, Any]:
    """What came of it; `unusable` says why there is no such service."""
    url = order["url"]
    scheme = url.partition("://")[0].lower()
    if scheme in NOT_BY_HTTP:
        return {"unusable": "not_by_http"}
    service = Apprise.instantiate(url, asset=asset())
    if service is None:
        unknown = scheme not in {"http", "https"} and not is_known(scheme)
        return {"unusable": "unknown" if unknown else "incomplete"}
    try:
        delivered = service.notify(
            body=order["body"],
            title=order["title"],
            body_format=NotifyFormat.TEXT,
            notify_type=NotifyType(order["weight"]),
        )
    except Exception:  # noqa: BLE001 - plugins raise anything for an address that is wrong
        delivered = False
    return {"service": str(service.service_name), "delivered": bool(delivered)}

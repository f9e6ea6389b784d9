"""Events as JSON and back, for a log that several processes read.

A process of another version may read what this one wrote: fields that are missing have their
defaults, and those that it does not know are left out.
"""

from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson

from documents.ids import PydanticObjectId
from services.answering.events import (
    AnswerCompleted,
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerRestarted,
    AnswerStarted,
    AnswerStep,
)

_CLASSES: dict[str, type[AnswerEvent]] = {
    "started": AnswerStarted,
    "step": AnswerStep,
    "delta": AnswerDelta,
    "restarted": AnswerRestarted,
    "completed": AnswerCompleted,
    "failed": AnswerFailed,
}
_NAMES = {event_class: name for name, event_class in _CLASSES.items()}
_FIELDS = {event_class: tuple(one.name for one in fields(event_class)) for event_class in _NAMES}


def event_to_json(event: AnswerEvent) -> bytes:
    """One event."""
    event_class = type(event)
    values = {name: getattr(event, name) for name in _FIELDS[event_class]}
    return orjson.dumps([_NAMES[event_class], values], default=str)


def event_from_json(text: bytes) -> AnswerEvent:
    """The event that was written.

    Raises:
        ValueError: it is none.
    """
    name, values = orjson.loads(text)
    event_class: Any = _CLASSES[name]
    known = {key: values[key] for key in _FIELDS[event_class] if key in values}
    for key, value in known.items():
        if value is None:
            continue
        if key.endswith("_id"):
            known[key] = PydanticObjectId(value)
        elif key == "retry_at":
            known[key] = datetime.fromisoformat(value)
    event: AnswerEvent = event_class(**known)
    return event

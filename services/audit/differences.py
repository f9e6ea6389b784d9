"""What a change changed, field by field, as text that people can read and without secrets."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from documents.audit_entries import AuditChange

MAX_TEXT = 500
"""Characters of a value that are kept."""

MAX_CHANGES = 100
_SECRET = re.compile("secret|sealed|password|hash|token", re.IGNORECASE)
_UNINTERESTING = frozenset(
    {"id", "created_at", "updated_at", "revision", "client_id", "chosen_at", "circuit"}
)
_HIDDEN = "(secret)"


def differences(before: BaseModel | None, after: BaseModel | None) -> list[AuditChange]:
    """The fields that differ; a document that was made or deleted differs in all that it has."""
    old, new = _flat(before), _flat(after)
    names = sorted(field for field in old.keys() | new.keys() if old.get(field) != new.get(field))
    return [
        AuditChange(field=_camel(field))
        if _SECRET.search(field)
        else AuditChange(
            field=_camel(field), before=_text(old.get(field)), after=_text(new.get(field))
        )
        for field in names[:MAX_CHANGES]
    ]


def _flat(model: BaseModel | None) -> dict[str, Any]:
    """The fields, those of an inner model as "outer.inner"."""
    flat: dict[str, Any] = {}
    for field, value in (model.model_dump(mode="json") if model else {}).items():
        if field in _UNINTERESTING or value is None:
            continue
        if isinstance(value, dict):
            flat |= {f"{field}.{inner}": one for inner, one in value.items()}
        else:
            flat[field] = value
    return flat


def _text(value: Any) -> str | None:
    if value is None:
        return None
    shown = value if isinstance(value, str) else json.dumps(_open(value), ensure_ascii=False)
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"


def _open(value: Any) -> Any:
    """The value without the secrets inside of it."""
    if isinstance(value, Mapping):
        return {
            key: _HIDDEN if one is not None and _SECRET.search(key) else _open(one)
            for key, one in value.items()
        }
    return [_open(one) for one in value] if isinstance(value, list) else value


def _camel(field: str) -> str:
    """The name as GraphQL has it."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), field)

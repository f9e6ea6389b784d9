"""Gives every text that is stored of a client a value of its own, so that it is known anywhere.

Which fields hold texts is read from the document classes. Only what must keep its meaning is left
alone: codes, hashes, and what tokens and pages are compared with.
"""

import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel

from documents.base import StoredDocument
from documents.registry import DOCUMENT_CLASSES
from tests.api.matrix.stored import Stored, stored_of_client
from tests.api.matrix.things import Documents, Thing

KEPT = frozenset(
    {
        "client_id",
        "email",
        "embed_key",
        "allowed_origins",
        "origin",
        "idempotency_key",
        "opening_key",
        "key_id",
        "prefix",
        "hash",
        "code_hash",
        "sealed",
        "key",
        "taken_by",
        "problem",
        "content_hash",
        "token_hash",
        "secret_hash",
        "previous_hashes",
        "hashed_password",
        "sealed_secret",
        "sealed_api_key",
        "heading_tokens",
        "text_tokens",
        "words",
        "action",
        "target_type",
        "changed_fields",
        "field",
        "currency",
        "time_zone",
        "language",
        "languages",
        "default_language",
        "text_language",
        "primary_color",
        "secondary_color",
        "maintenance_text",
        "platform_maintenance_text",
        "source",
        "functions",
        "function",
        "verdict",
        "policy_version",
        "state",
        "before",
        "sealed_value",
        "sealed_target",
        "hook_hosts",
        "host",
        "since",
        "until",
        "day",
        "span",
        "first",
        "form",
        "format",
        "sha256",
        "sealed_code",
        "recipients",
        "question_key",
        "asked",
        "unanswered",
        "longest",
    }
)
"""Fields that stay as they are: codes, secrets, and what already is the client's own."""

NOT_THERE = frozenset(
    {
        "held",
        "stream.owner",
        "stream.failure.code",
        "stream.failure.text",
        "problems.url",
        "problems.reason",
        "issues.problem",
        "issues.hint",
        "excerpt",
        "disabled_reason",
        "shares.llm_name",
        "headings.text",
        "headings.anchor",
        "fetched.etag",
        "fetched.last_modified",
        "fetched.raw_hash",
        "fetched.text_hash",
        "fetched.links",
        "qa.question",
        "qa.answer",
    }
)
"""Fields of parts that nothing in the world has: nobody failed, nobody works on an answer, and no
site is visited."""

WEB_ADDRESSES = frozenset({"logo_url", "bubble_icon_url", "contact_url"})
"""Fields of settings that are checked again when they are copied, and must be what they are."""


async def plant(database: Documents, slug: str, *known: dict[str, Thing]) -> None:
    """Give the texts of a client values of their own, also in what is known of its things."""
    for collection, found in (await stored_of_client(database, slug)).items():
        for document in found:
            planted = _planted(_CLASSES[collection], document, f"{slug} {document['_id']}")
            await database[collection].update_one({"_id": document["_id"]}, {"$set": planted})
    for things in known:
        for name, thing in things.items():
            if thing.collection:
                now = await database[thing.collection].find_one({"_id": thing.document["_id"]})
                things[name] = Thing(thing.type_name, thing.collection, now or thing.document)


def collections_without(stored: Stored) -> list[str]:
    """The collections in which nothing of a client is stored."""
    return [
        name
        for name, one in _CLASSES.items()
        if "client_id" in one.model_fields and not stored.get(name)
    ]


def fields_without_text(stored: Stored) -> list[str]:
    """The fields for texts that none of a client's documents fills."""
    return [
        f"{name}.{path}"
        for name, found in stored.items()
        if found
        for path in _text_fields(_CLASSES[name])
        if path.rpartition(".")[2] not in KEPT and path not in NOT_THERE
        if not any(_has_text(one, path.split(".")) for one in found)
    ]


_CLASSES: Mapping[str, type[StoredDocument]] = {
    str(one.Settings.name): one for one in DOCUMENT_CLASSES
}


def _planted(model: type[BaseModel], values: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """The stored form of a model with texts of its owner's."""
    planted = dict(values)
    for name, field in model.model_fields.items():
        if name in KEPT:
            continue
        text = _in_form(name, f"{name} of {owner}")
        value = _value(field.annotation, values.get(name), text)
        if value is not None:
            planted[name] = value
    return planted


def _in_form(name: str, text: str) -> str:
    """The text as a field of this name may have it."""
    if name in WEB_ADDRESSES:
        return f"https://example.com/{quote(text)}"
    word = re.sub("[^a-z0-9]+", "-", text.lower())[-60:].strip("-")
    return {"contact_email": f"{word}@example.com", "allowed_image_hosts": f"{word}.example"}.get(
        name, text
    )


def _value(annotation: Any, value: Any, text: str) -> Any:
    parts = list(_parts(annotation))
    models = [one for one in parts if isinstance(one, type) and issubclass(one, BaseModel)]
    if models and isinstance(value, list):
        return [_planted(models[0], one, text) for one in value]
    if models and value is not None:
        return _planted(models[0], value, text)
    if str not in parts:
        return value
    if list in parts:
        return [text]
    return {"note": text} if dict in parts else text


def _text_fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        parts = list(_parts(field.annotation))
        if str in parts:
            yield f"{prefix}{name}"
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _text_fields(part, f"{prefix}{name}.")


def _parts(annotation: Any) -> Iterator[Any]:
    """The types that a value of this type is made of, lists and mappings among them."""
    origin = get_origin(annotation)
    if origin in {list, dict}:
        yield origin
    if origin in {Union, types.UnionType, list, dict}:
        for one in get_args(annotation):
            yield from _parts(one)
    else:
        yield annotation


def _has_text(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_has_text(one, path) for one in value)
    if not path:
        return bool(value)
    return isinstance(value, dict) and _has_text(value.get(path[0]), path[1:])

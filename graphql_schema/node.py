"""Opaque global ids, and the interface of everything that has one."""

import base64
import binascii

import strawberry

from documents.ids import PydanticObjectId

OBJECT_ID_HEX = 24


@strawberry.interface(description="Something with an id that no other thing has.")
class Node:
    """The Relay node interface."""

    id: strawberry.ID = strawberry.field(description="Opaque; keep it as it is.")


def global_id(type_name: str, document_id: PydanticObjectId) -> strawberry.ID:
    """The public id of a document."""
    # URL-safe without a translation: base64 of letters, digits and a colon has no + and no /.
    encoded = binascii.b2a_base64(f"{type_name}:{document_id}".encode(), newline=False)
    return strawberry.ID(encoded.decode())


def decoded_id(public_id: str) -> tuple[str, PydanticObjectId] | None:
    """Type name and document id, or None when the id was not made here."""
    try:
        text = base64.urlsafe_b64decode(public_id.encode("ascii")).decode("ascii")
    except (UnicodeError, binascii.Error, ValueError):
        return None
    type_name, _, document_id = text.partition(":")
    if (
        not type_name
        or len(document_id) != OBJECT_ID_HEX
        or not PydanticObjectId.is_valid(document_id)
    ):
        return None
    found = PydanticObjectId(document_id)
    # Base64 is read leniently: without this, many texts would be ids of the same thing.
    return (type_name, found) if global_id(type_name, found) == public_id else None


def local_id(public_id: str | None, type_name: str) -> PydanticObjectId | None:
    """The document id in a public id of this type.

    None for a malformed id or one of another type: it behaves as an unknown one.
    """
    decoded = decoded_id(public_id) if public_id else None
    return decoded[1] if decoded and decoded[0] == type_name else None

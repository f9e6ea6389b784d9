"""What callers give to find, make, change and delete clients."""

from enum import Enum
from typing import Any

import strawberry

from documents.clients import Budget, Client
from graphql_schema.languages import Language
from graphql_schema.money import MoneyInput


@strawberry.input(description="Which clients to list; all conditions must hold.")
class ClientFilter:
    """Conditions on clients."""

    text: str | None = strawberry.field(
        description="Part of the name, the slug or the domain; at most 100 characters.",
        default=None,
    )
    active: bool | None = strawberry.field(
        description="Only those whose chatbots answer, or do not.", default=None
    )


@strawberry.input(description="Which client gets a new signing key.")
class RotateClientSigningKeyInput:
    """A client, and the key that ends."""

    client_id: strawberry.ID = strawberry.field(description="Whose key.")
    retire_key_id: str | None = strawberry.field(
        description="The `keyId` that is refused from now on; needed when two are live.",
        default=None,
    )


@strawberry.input(description="A new client.")
class CreateClientInput:
    """A client to be."""

    slug: str = strawberry.field(
        description="1 to 63 characters of a-z, 0-9 and inner hyphens. It is the client_id in"
        " visitor tokens and never changes."
    )
    name: str = strawberry.field(description="1 to 200 characters.")
    domain: str | None = strawberry.field(
        description="Its website, such as shop.example.com; new chatbots allow it.", default=None
    )
    contact_name: str | None = strawberry.field(description="Whom to talk to.", default=None)
    contact_email: str | None = strawberry.field(description="Their address.", default=None)
    contact_phone: str | None = strawberry.field(description="Their number.", default=None)
    time_zone: str = strawberry.field(
        description="IANA name, such as Europe/Berlin; days and months begin in it.", default="UTC"
    )
    language: Language = strawberry.field(
        description="Of new chatbots and of mails.", default=Language.EN
    )
    monthly_quota: int | None = strawberry.field(
        description="Questions a month; null: no limit.", default=None
    )
    hard_quota: int | None = strawberry.field(
        description="From here on questions are refused; null: at the monthly quota.", default=None
    )
    budget: MoneyInput | None = strawberry.field(
        description="Money a month; null: no limit.", default=None
    )
    retention_days: int | None = strawberry.field(
        description="1 to 3650, after which visitors' data is deleted; null: never.", default=None
    )


@strawberry.input(
    description="A change of a client. A field left out stays as it is, null clears it."
)
class UpdateClientInput:
    """A change of a client."""

    id: strawberry.ID = strawberry.field(description="Which client.")
    revision: int | None = strawberry.field(
        description="The revision that the caller has read; left out: the last write wins.",
        default=None,
    )
    name: str | None = strawberry.field(
        description="1 to 200 characters.", default=strawberry.UNSET
    )
    domain: str | None = strawberry.field(
        description="Its website, such as shop.example.com.", default=strawberry.UNSET
    )
    contact_name: str | None = strawberry.field(
        description="Whom to talk to.", default=strawberry.UNSET
    )
    contact_email: str | None = strawberry.field(
        description="Their address.", default=strawberry.UNSET
    )
    contact_phone: str | None = strawberry.field(
        description="Their number.", default=strawberry.UNSET
    )
    time_zone: str | None = strawberry.field(
        description="IANA name, such as Europe/Berlin.", default=strawberry.UNSET
    )
    language: Language | None = strawberry.field(
        description="Of new chatbots and of mails.", default=strawberry.UNSET
    )
    monthly_quota: int | None = strawberry.field(
        description="Questions a month; null: no limit. Platform admins only.",
        default=strawberry.UNSET,
    )
    hard_quota: int | None = strawberry.field(
        description="From here on questions are refused; null: at the monthly quota. Platform"
        " admins only.",
        default=strawberry.UNSET,
    )
    budget: MoneyInput | None = strawberry.field(
        description="Money a month; null: no limit. Platform admins only.",
        default=strawberry.UNSET,
    )
    retention_days: int | None = strawberry.field(
        description="1 to 3650, after which visitors' data is deleted; null: never.",
        default=strawberry.UNSET,
    )
    conversations_kept_per_visitor: int | None = strawberry.field(
        description="1 to 1000; null: 10.", default=strawberry.UNSET
    )
    hook_hosts: list[str] | None = strawberry.field(
        description="Hosts that hooks may call, at most 50.", default=strawberry.UNSET
    )
    active: bool | None = strawberry.field(
        description="Whether its chatbots answer. Platform admins only.", default=strawberry.UNSET
    )


_CLEARABLE = frozenset(
    {
        "domain",
        "contact_name",
        "contact_email",
        "contact_phone",
        "monthly_quota",
        "hard_quota",
        "budget",
        "retention_days",
    }
)
_EMPTIED = frozenset({"conversations_kept_per_visitor", "hook_hosts"})


def change_from(given: UpdateClientInput) -> dict[str, Any]:
    """The change by the stored names. Null clears what can be empty and leaves the rest."""
    change: dict[str, Any] = {}
    for field, value in vars(given).items():
        if field in {"id", "revision"} or value is strawberry.UNSET:
            continue
        if value is not None:
            change[field] = _stored(value)
        elif field in _CLEARABLE:
            change[field] = None
        elif field in _EMPTIED:
            change[field] = Client.model_fields[field].get_default()
    return change


def _stored(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, MoneyInput):
        return Budget(micros=value.micros, currency=value.currency)
    return value


@strawberry.input(description="Which client to delete with everything that is its own.")
class DeleteClientInput:
    """A client to delete."""

    id: strawberry.ID = strawberry.field(description="Which client.")
    confirm_slug: str = strawberry.field(description="Its slug, typed by the person who deletes.")

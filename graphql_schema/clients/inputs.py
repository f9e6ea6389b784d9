"""What callers give to find and to make clients."""

import strawberry

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
        description="1 to 3650, after which conversations are deleted; null: never.", default=None
    )

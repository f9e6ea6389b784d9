"""A client's integrations as a document (`portable_documents`), without anything secret.

Where to and with which key is left out, since that is what is secret about an integration; only the
addresses of mails stand there. Chatbots stand there with their names.
"""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from documents.integrations import IntegrationKindName
from documents.outbox_entries import OUTBOX_KINDS, OutboxKind
from services import portable_documents
from services.portable_documents import DocumentForm, PortablePart, one_of, storable

FORM = DocumentForm(
    name="parlance.integrations",
    version=1,
    exported_by="exportIntegrations",
    most_characters=1_000_000,  # 50 integrations of 100 chatbots with long names
)

_EVENTS: dict[str, OutboxKind] = {kind.upper().replace(".", "_"): kind for kind in OUTBOX_KINDS}


def event_name(kind: OutboxKind) -> str:
    """The schema's word for an event."""
    return kind.upper().replace(".", "_")


def event_named(name: str) -> OutboxKind:
    """The event that the schema calls so."""
    return _EVENTS[name]


class PortableQuietHours(PortablePart):
    """When nobody wants to be told."""

    since: str = Field(alias="from")
    until: str


class PortableIntegration(PortablePart):
    """An integration.

    Attributes:
        target: For people who read the document; nothing is made of it.
        emails: The addresses of an EMAIL.
    """

    kind: Annotated[str, one_of(*get_args(IntegrationKindName))]
    name: str
    target: str = ""
    emails: list[str] = Field(default_factory=list)
    events: list[Annotated[str, one_of(*_EVENTS)]]
    chatbots: list[Annotated[str, AfterValidator(storable)]] = Field(default_factory=list)
    quiet_hours: PortableQuietHours | None = None
    digest_minutes: int | None = None
    active: bool = True


class PortableIntegrations(PortablePart):
    """The whole document."""

    format: Literal["parlance.integrations"] = "parlance.integrations"
    version: int = FORM.version
    integrations: list[PortableIntegration]


def written(integrations: list[PortableIntegration]) -> str:
    """The document that holds these."""
    return portable_documents.written(PortableIntegrations(integrations=integrations))


def read(text: str) -> list[PortableIntegration]:
    """The integrations in a document.

    Raises:
        InvalidFieldsError: it cannot be read; each problem with its path in the document.
    """
    return portable_documents.read(text, FORM, PortableIntegrations).integrations

"""Entries of the audit log."""

from datetime import datetime

import strawberry

from documents.audit_entries import AuditEntry as EntryDocument
from graphql_schema.node import Node, global_id


@strawberry.type(description="A field that was changed.")
class AuditChange:
    """A field. For a secret neither value is kept."""

    field: str = strawberry.field(description="Its name.")
    before: str | None = strawberry.field(description="As it was, at most 500 characters.")
    after: str | None = strawberry.field(description="As it is since, at most 500 characters.")


@strawberry.type(description="Who changed what.")
class AuditEntry(Node):
    """An entry of the audit log."""

    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who: an e-mail address or an API key's name.")
    action: str = strawberry.field(description="The name of the mutation.")
    target_id: strawberry.ID | None = strawberry.field(description="What was changed.")
    target_type: str = strawberry.field(description="Its type.")
    changes: list[AuditChange] = strawberry.field(description="At most 100 fields.")
    ip_address: str | None = strawberry.field(description="From where.")


def entry_from(document: EntryDocument) -> AuditEntry:
    """The public form of an entry."""
    kind, target = document.target_type, document.target_id
    return AuditEntry(
        id=global_id("AuditEntry", document.id),
        at=document.created_at,
        actor=document.actor,
        action=document.action,
        target_id=global_id(kind, target) if target else None,
        target_type=kind,
        changes=[
            AuditChange(field=one.field, before=one.before, after=one.after)
            for one in document.changes
        ],
        ip_address=document.ip_address,
    )

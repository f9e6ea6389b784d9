"""Secrets that a client's hooks send, each to one host. Sealed, and never given back."""

from typing import ClassVar

from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class HookSecret(TenantDocument):
    """A secret by its name, for one host."""

    name: str
    host: str
    sealed_value: str

    class Settings:
        name = "hook_secrets"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("name", ASCENDING), ("host", ASCENDING)],
                unique=True,
                name="name",
            ),
        ]

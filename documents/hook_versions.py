"""Versions of hooks. The source of a version is never changed.

What it compiled to is kept beside it, for the policy that it was compiled under: another policy
compiles it anew. Only the sandbox opens it.
"""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument

AfterMode = Literal["append", "rewrite"]


class HookIssue(BaseModel):
    """One thing that keeps a version from running; lines and columns count from 1."""

    line: int
    column: int | None = None
    problem: str
    hint: str | None = None


class HookVersion(TenantDocument):
    """One version of a chatbot's hook.

    Attributes:
        after_mode: Whether its `after_llm` rewrites answers or only adds to their end.
        policy_version: Of the sandbox that compiled it, see `Sandbox.policy_version`.
        tested_at: When a test of it passed last.
        activated_at: When it was last put to use.
    """

    hook_id: PydanticObjectId
    chatbot_id: PydanticObjectId
    number: int
    source: str
    note: str | None = None
    diff: str = ""
    functions: list[str] = []
    after_mode: AfterMode = "rewrite"
    valid: bool
    issues: list[HookIssue] = []
    compiled: bytes | None = None
    policy_version: str
    created_by: PydanticObjectId | None = None
    tested_at: datetime | None = None
    activated_at: datetime | None = None

    class Settings:
        name = "hook_versions"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING), ("number", DESCENDING)],
                unique=True,
                name="number",
            ),
        ]

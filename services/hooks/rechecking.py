"""Checking a version again under other rules than it was checked by, and what follows from that.

A check that cannot be made says nothing about a version: nothing is stored then, and no hook is
taken out of use for it.
"""

import structlog

from documents.hook_versions import HookVersion
from documents.hooks import Hook
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from services.hooks.disabling import suspend
from services.hooks.sandbox.calls import NotCheckedError
from services.hooks.sandboxed import SandboxedCode
from services.hooks.versions import code_fields

WHY = (
    "Version {number} is no longer accepted since the server was updated (line {line}: {problem})."
    " Save a version without that, test and activate it."
)

log = structlog.get_logger()


async def rechecked(version: HookVersion, sandbox: SandboxedCode) -> HookVersion:
    """The version as the sandbox's rules find it now, and stored so.

    Raises:
        NotCheckedError: it could not be checked now.
    """
    if version.policy_version == sandbox.policy_version:
        return version
    if sandbox.problem is not None:
        raise NotCheckedError(sandbox.problem)
    checked = await sandbox.check(version.source, version.client_id)
    fields = code_fields(checked, sandbox.policy_version)
    stored = {**fields, "issues": [one.model_dump() for one in fields["issues"]]}
    versions = TenantScope.one(version.client_id).of(HookVersion)
    after = await versions.update_one({"_id": version.id}, {"$set": stored})
    return after or version.model_copy(update=fields)


async def take_out(transactions: Transactions, hook: Hook, version: HookVersion) -> None:
    """Take a hook out of use whose active version the rules refuse, and say which line it is."""
    log.error("hook_refused_by_new_policy", client_id=hook.client_id, version=version.number)
    first = version.issues[0] if version.issues else None
    why = WHY.format(
        number=version.number,
        line=first.line if first else 1,
        problem=first.problem if first else "it does not compile",
    )
    await suspend(transactions, hook, "invalid_code", why)

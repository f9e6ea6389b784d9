"""Checking every active version again when the sandbox's rules are others than it was checked by.

A stricter policy, or another RestrictedPython, may refuse what was right before. That is found at
the start of the server and told then, not by a visitor's question.
"""

import structlog

from documents.errors import is_unavailable
from documents.hook_versions import HookVersion
from documents.hooks import Hook
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from services.cancelling import raise_if_cancelled
from services.hooks.disabling import suspend
from services.hooks.running import recompiled
from services.hooks.sandboxed import SandboxedCode

BATCH = 100
WHY = (
    "Version {number} is no longer accepted since the server was updated (line {line}: {problem})."
    " Save a version without that, test and activate it."
)

log = structlog.get_logger()


async def revalidate(transactions: Transactions, sandbox: SandboxedCode) -> None:
    """Do so once, beside whatever else a server does at its start."""
    try:
        refused = await validate_active_versions(transactions, sandbox)
    except Exception as error:
        if not is_unavailable(error):
            raise
        log.warning("hooks_not_revalidated")  # each is checked when it runs
    else:
        log.info("hooks_revalidated", refused=refused)


async def validate_active_versions(transactions: Transactions, sandbox: SandboxedCode) -> int:
    """Check what was checked under another policy; how many are not right any more.

    May run in several processes at once: whoever is second finds nothing left.
    """
    if sandbox.problem is not None:
        return 0  # nothing can be said about any version here, and nothing runs either
    hooks, refused = TenantScope.every_client().of(Hook), 0
    after: dict[str, object] = {}
    while found := await hooks.find({"enabled": True, **after}, sort=[("_id", 1)], limit=BATCH):
        for hook in found:
            raise_if_cancelled()
            refused += not await _is_right(hook, transactions, sandbox)
        after = {"_id": {"$gt": found[-1].id}}
    return refused


async def _is_right(hook: Hook, transactions: Transactions, sandbox: SandboxedCode) -> bool:
    versions = TenantScope.one(hook.client_id).of(HookVersion)
    old = {"_id": hook.active_version_id, "policy_version": {"$ne": sandbox.policy_version}}
    version = await versions.find_one(old)
    if version is None:
        return True
    checked = await recompiled(version, sandbox)
    if checked.compiled is not None:
        return True
    log.error("hook_refused_by_new_policy", client_id=hook.client_id, version=checked.number)
    first = checked.issues[0] if checked.issues else None
    why = WHY.format(
        number=checked.number,
        line=first.line if first else 1,
        problem=first.problem if first else "it does not compile",
    )
    await suspend(transactions, hook, "invalid_code", why)
    return False

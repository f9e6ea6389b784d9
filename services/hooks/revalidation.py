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
from services.hooks.rechecking import rechecked, take_out
from services.hooks.sandbox.calls import NotCheckedError
from services.hooks.sandboxed import SandboxedCode

BATCH = 100

log = structlog.get_logger()


async def revalidate(transactions: Transactions, sandbox: SandboxedCode) -> None:
    """Do so once, beside whatever else a server does at its start."""
    try:
        refused = await validate_active_versions(transactions, sandbox)
    except NotCheckedError as problem:
        log.warning("hooks_not_revalidated", problem=str(problem))  # each is checked when it runs
    except Exception as error:
        if not is_unavailable(error):
            raise
        log.warning("hooks_not_revalidated")  # each is checked when it runs
    else:
        log.info("hooks_revalidated", refused=refused)


async def validate_active_versions(transactions: Transactions, sandbox: SandboxedCode) -> int:
    """Check what was checked under another policy; how many are not right any more.

    May run in several processes at once: whoever is second finds nothing left. A version that
    could not be checked stays as it is, and the others are checked all the same.

    Raises:
        NotCheckedError: some could not be checked now.
    """
    if sandbox.problem is not None:
        return 0  # nothing can be said about any version here, and nothing runs either
    hooks, refused = TenantScope.every_client().of(Hook), 0
    after: dict[str, object] = {}
    left: NotCheckedError | None = None
    while found := await hooks.find({"enabled": True, **after}, sort=[("_id", 1)], limit=BATCH):
        for hook in found:
            raise_if_cancelled()
            try:
                refused += not await _is_right(hook, transactions, sandbox)
            except NotCheckedError as problem:
                left = problem
        after = {"_id": {"$gt": found[-1].id}}
    if left is not None:
        raise left
    return refused


async def _is_right(hook: Hook, transactions: Transactions, sandbox: SandboxedCode) -> bool:
    versions = TenantScope.one(hook.client_id).of(HookVersion)
    old = {"policy_version": {"$ne": sandbox.policy_version}}
    # Another process may have checked it and ended before it took the hook out of use.
    wanting = {"_id": hook.active_version_id, "$or": [old, {"compiled": None}]}
    version = await versions.find_one(wanting)
    if version is None:
        return True
    checked = await rechecked(version, sandbox)
    if checked.compiled is not None:
        return True
    await take_out(transactions, hook, checked)
    return False

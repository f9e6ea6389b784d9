"""Taking a hook out of use without a person's word: after an attack, or when it compiles no more.

It stays so until a person enables it again. Those who are told of such things are told once.
"""

from documents.base import utc_now
from documents.hooks import Hook
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record as record_change
from services.outbox.recording import Happening, record


async def suspend(transactions: Transactions, hook: Hook, reason: str, why: str) -> None:
    """Take a hook out of use; of several that want to, one does.

    Args:
        transactions: Runs the change.
        hook: Which one.
        reason: For programs, part of what is told: `security_violation` or `invalid_code`.
        why: A sentence for the client's people.
    """

    async def change(session: WriteSession) -> None:
        off = {"enabled": False, "suspended": True, "disabled_reason": why}
        running = {"_id": hook.id, "enabled": True}
        hooks = TenantScope.one(hook.client_id).of(Hook)
        after = await hooks.update_one(running, {"$set": off}, session=session)
        if after is None:
            return
        await record_change(session, client_id=hook.client_id, before=hook, after=after)
        key = f"hook.disabled/{hook.id}/{utc_now().isoformat()}"
        facts = {"reason": reason}
        told = Happening(
            hook.client_id, "hook.disabled", key, chatbot_id=hook.chatbot_id, facts=facts
        )
        await record(told, session)

    await transactions.run_transaction(change)

"""Versions of a chatbot's hook: saving, putting to use, going back, switching on and off.

A source is never changed: a change is another version. None is put to use that has not passed a
test, so that visitors are not the first to run it.
"""

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.hook_versions import HookIssue, HookVersion
from documents.hooks import MOST_EARLIER, Hook
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.hooks.interface import FUNCTIONS, MAX_SOURCE_BYTES
from services.hooks.sandbox.calls import CheckedCode, CodeIssue, NotCheckedError
from services.hooks.sandbox.inside.source_lines import lines_of
from services.hooks.sandboxed import SandboxedCode
from services.refusals import RefusedError, UnknownTargetError

MAX_NOTE_CHARACTERS = 500
MAX_ISSUES = 50
MAX_DIFF_CHARACTERS = 100_000
MAX_LINES_COMPARED = 2_000
"""Comparing takes time that grows with the square of the lines."""

_FRESH: dict[str, Any] = {
    "enabled": True,
    "suspended": False,
    "disabled_reason": None,
    "paused_until": None,
    "pauses": 0,
    "recent": [],
}
"""A hook that somebody has just put to use: nothing is held against it."""


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """A hook with the version that was just made."""

    hook: Hook
    version: HookVersion


class HookVersions:
    """Changes hooks for callers who were found to be allowed to."""

    def __init__(self, transactions: Transactions, sandbox: SandboxedCode) -> None:
        self._transactions = transactions
        self._sandbox = sandbox

    async def check(self, source: str, client_id: str) -> CheckedCode:
        """What is wrong with a client's source; nothing is stored.

        Raises:
            RefusedError: SANDBOX_UNAVAILABLE.
        """
        if len(source.encode(errors="replace")) > MAX_SOURCE_BYTES:
            problem = f"The source has more than {MAX_SOURCE_BYTES} bytes."
            issue = CodeIssue(1, None, problem, "Take out what visitors do not need.")
            return CheckedCode((issue,), frozenset(), None)
        try:
            return _with_a_function(await self._sandbox.check(source, client_id))
        except NotCheckedError as error:
            raise unavailable(error) from None

    async def save(
        self, chatbot: Chatbot, source: str, *, note: str | None, by: PydanticObjectId | None
    ) -> SavedVersion:
        """Store a version; also one that is not right yet, which then cannot be put to use.

        Raises:
            InvalidFieldsError: the source is empty or too long, or the note is.
            RefusedError: SANDBOX_UNAVAILABLE; nothing is stored.
        """
        checks = FieldChecks("input")
        if not source.strip() or len(source.encode(errors="replace")) > MAX_SOURCE_BYTES:
            checks.wrong("source", f"needs between 1 and {MAX_SOURCE_BYTES} bytes")
        else:
            checks.text("source", source.replace("\t", "    "), longest=MAX_SOURCE_BYTES)
        note = checks.text("note", note, longest=MAX_NOTE_CHARACTERS) if note else None
        checks.done()
        checked = await self.check(source, chatbot.client_id)
        version = self._version(chatbot, source, checked)
        version.note, version.created_by = note, by

        async def store(session: WriteSession) -> SavedVersion:
            hook = await self._next(chatbot, session)
            version.hook_id, version.number = hook.id, hook.newest_number
            version.diff = await _diff(chatbot, version, session)
            scope = TenantScope.one(chatbot.client_id)
            await scope.of(HookVersion).insert(version, session=session)
            noted = {"number": version.number, "note": note or "", "valid": version.valid}
            await record_about(
                session, HookVersion, version.id, client_id=chatbot.client_id, noted=noted
            )
            return SavedVersion(hook, version)

        return await self._transactions.run_transaction(store)

    async def activate(self, version: HookVersion, *, required: bool | None) -> Hook:
        """Put a tested version to use.

        Raises:
            RefusedError: NOT_TESTED.
            UnknownTargetError: the version is gone.
        """

        async def change(session: WriteSession) -> Hook:
            scope = TenantScope.one(version.client_id)
            current = await scope.of(HookVersion).get(version.id, session=session)
            if current is None:
                raise UnknownTargetError("input", "versionId")
            _check_tested(current)
            hook = await self._hook(scope, version.chatbot_id, session, "versionId")
            earlier = list(hook.earlier_version_ids)
            if hook.active_version_id not in {None, version.id}:
                earlier.append(hook.active_version_id)
            changes = {
                **_FRESH,
                "active_version_id": version.id,
                "earlier_version_ids": earlier[-MOST_EARLIER:],
                "required": hook.required if required is None else required,
            }
            return await self._put_to_use(scope, hook, changes, session)

        return await self._transactions.run_transaction(change)

    async def roll_back(self, scope: TenantScope, chatbot_id: PydanticObjectId) -> Hook:
        """Put the version to use again that was active before this one.

        Raises:
            UnknownTargetError: the chatbot has no hook.
            RefusedError: NOT_FOUND, there was none before; NOT_TESTED, it does not compile now.
        """

        async def change(session: WriteSession) -> Hook:
            hook = await self._hook(scope, chatbot_id, session, "chatbotId")
            if not hook.earlier_version_ids:
                message = "No version was active before this one. Disable the hook instead."
                raise RefusedError("NOT_FOUND", message, "input", "chatbotId")
            *earlier, version_id = hook.earlier_version_ids
            version = await scope.of(HookVersion).get(version_id, session=session)
            if version is None:
                raise UnknownTargetError("input", "chatbotId")
            _check_tested(version)
            changes = {**_FRESH, "active_version_id": version_id, "earlier_version_ids": earlier}
            return await self._put_to_use(scope, hook, changes, session)

        return await self._transactions.run_transaction(change)

    async def set_enabled(
        self, scope: TenantScope, chatbot_id: PydanticObjectId, *, enabled: bool
    ) -> Hook:
        """Switch a hook on or off; on also after Parlance took it out of use.

        Raises:
            UnknownTargetError: the chatbot has no hook.
            RefusedError: NOT_TESTED, no version of it is active, or it is no longer accepted.
        """

        async def change(session: WriteSession) -> Hook:
            hook = await self._hook(scope, chatbot_id, session, "chatbotId")
            if enabled and hook.active_version_id is None:
                message = "No version is active yet. Test one, then activate it."
                raise RefusedError("NOT_TESTED", message, "input", "chatbotId")
            if enabled and hook.active_version_id is not None:
                _check_accepted(await scope.of(HookVersion).get(hook.active_version_id))
            off = {"enabled": False, "suspended": False, "disabled_reason": "Switched off."}
            changes = _FRESH if enabled else off
            # Noted also where nothing differs: the breaker forgets what it counted.
            return await self._changed(scope, hook, changes, session, {"switched": enabled})

        return await self._transactions.run_transaction(change)

    def _version(self, chatbot: Chatbot, source: str, checked: CheckedCode) -> HookVersion:
        return HookVersion(
            client_id=chatbot.client_id,
            hook_id=PydanticObjectId(),
            chatbot_id=chatbot.id,
            number=0,
            source=source,
            **code_fields(checked, self._sandbox.policy_version),
        )

    async def _next(self, chatbot: Chatbot, session: WriteSession) -> Hook:
        """The chatbot's hook with the next version's number taken; the first one makes it."""
        hooks = TenantScope.one(chatbot.client_id).of(Hook)
        taken = {"$inc": {"newest_number": 1}}
        hook = await hooks.update_one({"chatbot_id": chatbot.id}, taken, session=session)
        if hook is None:
            new = Hook(client_id=chatbot.client_id, chatbot_id=chatbot.id, newest_number=1)
            hook = await hooks.insert(new, session=session)
        return hook

    async def _hook(
        self, scope: TenantScope, chatbot_id: PydanticObjectId, session: WriteSession, field: str
    ) -> Hook:
        hook = await scope.of(Hook).find_one({"chatbot_id": chatbot_id}, session=session)
        if hook is None:
            raise UnknownTargetError("input", field)
        return hook

    async def _put_to_use(
        self, scope: TenantScope, hook: Hook, changes: dict[str, Any], session: WriteSession
    ) -> Hook:
        now = {"$set": {"activated_at": utc_now()}}
        chosen = {"_id": changes["active_version_id"]}
        await scope.of(HookVersion).update_one(chosen, now, session=session)
        return await self._changed(scope, hook, changes, session)

    async def _changed(
        self,
        scope: TenantScope,
        hook: Hook,
        changes: dict[str, Any],
        session: WriteSession,
        noted: dict[str, Any] | None = None,
    ) -> Hook:
        after = await scope.of(Hook).update_one(
            {"_id": hook.id}, {"$set": changes}, session=session
        )
        if after is None:
            raise UnknownTargetError("input")
        await record(session, client_id=hook.client_id, before=hook, after=after, noted=noted)
        return after


def unavailable(error: NotCheckedError) -> RefusedError:
    """What somebody is told whose code could not be looked at now."""
    return RefusedError("SANDBOX_UNAVAILABLE", str(error), "input")


def code_fields(checked: CheckedCode, policy_version: str) -> dict[str, Any]:
    """What a version keeps of a check, by the names of its fields."""
    issues = [
        HookIssue(line=one.line, column=one.column, problem=one.problem, hint=one.hint)
        for one in checked.issues[:MAX_ISSUES]
    ]
    return {
        "functions": sorted(checked.functions),
        "after_mode": "append" if checked.appends else "rewrite",
        "valid": checked.compiled is not None,
        "issues": issues,
        "compiled": checked.compiled,
        "policy_version": policy_version,
    }


def _with_a_function(checked: CheckedCode) -> CheckedCode:
    """A source that defines none of the functions would never be called: that is a mistake too."""
    if checked.compiled is None or checked.functions & set(FUNCTIONS):
        return checked
    names = ", ".join(FUNCTIONS)
    hint = "Define at least one, such as: def before_llm(ctx, message):"
    issue = CodeIssue(1, None, f"There is none of the functions {names}.", hint)
    return CheckedCode((issue,), checked.functions, None)


def _check_tested(version: HookVersion) -> None:
    if version.tested_at is None or not version.valid:
        message = (
            f"Version {version.number} has not passed a test yet. Run testHook on it first."
            if version.valid
            else f"Version {version.number} has mistakes, see its issues. Save another version."
        )
        raise RefusedError("NOT_TESTED", message, "input", "versionId")


def _check_accepted(version: HookVersion | None) -> None:
    if version is not None and not version.valid:
        message = (
            f"Version {version.number} has mistakes, see its issues. Save another version, test and"
            " activate it."
        )
        raise RefusedError("NOT_TESTED", message, "input", "chatbotId")


async def _diff(chatbot: Chatbot, version: HookVersion, session: WriteSession) -> str:
    """A unified diff to the version before."""
    versions = TenantScope.one(chatbot.client_id).of(HookVersion)
    before = await versions.find_one(
        {"chatbot_id": chatbot.id, "number": version.number - 1}, session=session
    )
    old = lines_of(before.source) if before else []
    new = lines_of(version.source)
    if max(len(old), len(new)) > MAX_LINES_COMPARED:
        return f"(more than {MAX_LINES_COMPARED} lines, not compared)"
    names = (f"version {version.number - 1}" if before else "nothing", f"version {version.number}")
    return await asyncio.to_thread(unified, old, new, *names)


def unified(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> str:
    """A unified diff of a bounded length."""
    lines = difflib.unified_diff(old, new, old_name, new_name, lineterm="", n=3)
    return "\n".join(lines)[:MAX_DIFF_CHARACTERS]

"""Changing and deleting LLM configs. What is left out stays as it is."""

from collections.abc import Mapping
from typing import Any

from documents.chatbots import Chatbot
from documents.duplicates import DuplicateError, duplicates_reported
from documents.llm_configs import LlmConfig
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.chatbots.llm_config_rules import ConfigDraft, ConfigRules
from services.chatbots.llm_configs import sealing_owner
from services.field_checks import FieldChecks
from services.refusals import NameTakenError, RefusedError, StaleRevisionError, UnknownTargetError
from services.sealing.sealing import Resealing, Sealer

MAX_NAMED = 5
"""Chatbots named in a refusal."""


class LlmConfigInUseError(RefusedError):
    """Chatbots answer with this model; the message names some of them."""

    def __init__(self, chatbots: list[str]) -> None:
        message = (
            f"Chatbots use this model: {', '.join(chatbots)}. Give them another one and publish"
            " them first."
        )
        super().__init__("CONFLICT", message, "input", "id")


class LlmConfigChanges:
    """Changes and deletes configs that the caller was found to be allowed to change."""

    def __init__(self, transactions: Transactions, sealer: Sealer, rules: ConfigRules) -> None:
        self._transactions = transactions
        self._sealer = sealer
        self._rules = rules

    async def update(
        self,
        config: LlmConfig,
        change: Mapping[str, Any],
        *,
        by_platform_admin: bool,
        revision: int | None = None,
    ) -> LlmConfig:
        """The config after a change by field names; "api_key" is sealed, None clears.

        Raises:
            UnknownTargetError: it is gone.
            InvalidFieldsError: with everything that is wrong.
            NameTakenError: the owner has a config of this name already.
            StaleRevisionError: it was changed since `revision`.
        """

        async def write(session: WriteSession) -> LlmConfig:
            before = await LlmConfig.find_one({"_id": config.id}, session=session)
            if before is None:
                raise UnknownTargetError("input", "id")
            if revision is not None and revision != before.revision:
                raise StaleRevisionError(before, before.revision)
            fields = self._checked(before, change, by_platform_admin=by_platform_admin)
            after = before
            if fields:
                # Whatever was wrong may be mended by the change.
                fields |= {"revision": before.revision + 1, "circuit": None}
                after = before.model_copy(update=fields)
                with duplicates_reported():
                    await after.replace(session=session)
            await record(session, client_id=before.client_id, before=before, after=after)
            return after

        try:
            return await self._transactions.run_transaction(write)
        except DuplicateError as error:
            raise NameTakenError(
                ("input", "name"), f"There is already a language model {change['name']!r}."
            ) from error

    async def delete(self, config: LlmConfig) -> None:
        """Delete a config that no chatbot uses.

        Raises:
            UnknownTargetError: it is gone.
            LlmConfigInUseError: with the names of the chatbots that do.
        """
        owner = config.client_id
        scope = TenantScope.one(owner) if owner else TenantScope.every_client()

        async def write(session: WriteSession) -> None:
            used_by = await scope.of(Chatbot).find(
                {"$or": [{place: config.id} for place in _PLACES]},
                limit=MAX_NAMED,
                session=session,
            )
            if used_by:
                raise LlmConfigInUseError([one.draft.name for one in used_by])
            before = await LlmConfig.find_one({"_id": config.id}, session=session)
            if before is None:
                raise UnknownTargetError("input", "id")
            await before.delete(session=session)
            await record(session, client_id=owner, before=before)

        await self._transactions.run_transaction(write)

    def _checked(
        self, before: LlmConfig, change: Mapping[str, Any], *, by_platform_admin: bool
    ) -> dict[str, Any]:
        checks = FieldChecks("input")
        draft = _draft_of(before, change, by_platform_admin=by_platform_admin)
        result = self._rules.check(draft, change.get("api_key"), checks)
        checks.done()
        if "api_key" in change:
            key = change["api_key"]
            owner = sealing_owner(before)
            result["sealed_api_key"] = self._sealer.seal(key, owner=owner) if key else None
        return result


def _draft_of(
    before: LlmConfig, change: Mapping[str, Any], *, by_platform_admin: bool
) -> ConfigDraft:
    """The config as it would be; what is set to the value that it has is not touched."""
    stored = before.model_dump()
    touched = {field for field in change if field == "api_key" or change[field] != stored[field]}
    values = stored | {field: value for field, value in change.items() if field != "api_key"}
    has_key = bool(change.get("api_key", before.sealed_api_key))
    return ConfigDraft(before.client_id, values, has_key, frozenset(touched), by_platform_admin)


_PLACES = (
    "draft.default_llm_id",
    "draft.fallback_llm_id",
    "published.default_llm_id",
    "published.fallback_llm_id",
)


async def reseal_llm_configs(resealing: Resealing) -> int:
    """Seal every config's key with the installation's new secret; how many there were to seal.

    Raises:
        UnsealError: a key opens with neither secret.
    """
    count = 0
    async for config in LlmConfig.find({"sealed_api_key": {"$type": "string"}}):
        sealed = config.sealed_api_key or ""
        anew = resealing.resealed(sealed, owner=sealing_owner(config))
        if anew is not None:
            await LlmConfig.get_pymongo_collection().update_one(
                {"_id": config.id, "sealed_api_key": sealed}, {"$set": {"sealed_api_key": anew}}
            )
            count += 1
    return count

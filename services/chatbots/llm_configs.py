"""LLM configs: the platform's, which all may use, and the clients' own."""

from collections.abc import Mapping, Sequence
from typing import Any

from documents.clients import Client
from documents.duplicates import DuplicateError, duplicates_reported
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig, left_alone, visible_to
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.chatbots.llm_config_rules import ConfigDraft, ConfigRules
from services.field_checks import FieldChecks
from services.refusals import NameTakenError, UnknownTargetError
from services.sealing.sealing import Sealer

MOST_LEFT_ALONE = 100


class LlmConfigs:
    """Makes and finds LLM configs."""

    def __init__(self, transactions: Transactions, sealer: Sealer, rules: ConfigRules) -> None:
        self._transactions = transactions
        self._sealer = sealer
        self._rules = rules

    async def create(
        self,
        scope: TenantScope,
        client_id: str | None,
        wanted: Mapping[str, Any],
        api_key: str | None,
        *,
        by_platform_admin: bool,
    ) -> LlmConfig:
        """Store a new config; `wanted` holds values by the field names of `LlmConfig`.

        Raises:
            UnknownTargetError: there is no such client in the scope.
            InvalidFieldsError: with everything that is wrong.
            NameTakenError: the owner has a config of this name already.
        """
        if client_id is not None:
            await _check_client(scope, client_id)
        checks = FieldChecks("input")
        draft = _new_draft(client_id, wanted, api_key, by_platform_admin=by_platform_admin)
        cleaned = await self._rules.check_new(draft, api_key, checks)
        checks.done()
        config = LlmConfig(client_id=client_id, **cleaned)
        if api_key:
            config.sealed_api_key = self._sealer.seal(api_key, owner=sealing_owner(config))

        async def store(session: WriteSession) -> None:
            await config.insert(session=session)
            await record(session, client_id=client_id, after=config)

        try:
            with duplicates_reported():
                await self._transactions.run_transaction(store)
        except DuplicateError as error:
            raise NameTakenError(
                ("input", "name"), f"There is already a language model {config.name!r}."
            ) from error
        return config

    async def get(self, scope: TenantScope, config_id: PydanticObjectId) -> LlmConfig | None:
        """The config, when the scope may use it: its own or the platform's."""
        return await LlmConfig.find_one({"_id": config_id, **visible_to(scope)})

    async def among(
        self, scope: TenantScope, config_ids: Sequence[PydanticObjectId]
    ) -> list[LlmConfig]:
        """Those of these configs that the scope may use, in no order."""
        condition = {"_id": {"$in": list(config_ids)}, **visible_to(scope)}
        return await LlmConfig.find(condition).to_list(len(config_ids))

    async def newest(
        self, scope: TenantScope, *, before: PydanticObjectId | None = None, limit: int
    ) -> list[LlmConfig]:
        """The configs that the scope may use, newest first.

        Args:
            scope: Whose configs, beside the platform's.
            before: Only those older than this one, for the next page.
            limit: How many at most.
        """
        older = {} if before is None else {"_id": {"$lt": before}}
        found = LlmConfig.find({**older, **visible_to(scope)})
        return await found.sort("-_id").to_list(limit)

    async def left_alone(self, scope: TenantScope) -> list[LlmConfig]:
        """Those that the scope may use and to which no questions go now, at most 100."""
        return await left_alone(scope, limit=MOST_LEFT_ALONE)

    async def count(self, scope: TenantScope, *, limit: int) -> int:
        """How many configs the scope may use, counted no further than `limit`."""
        configs = LlmConfig.get_pymongo_collection()
        return await configs.count_documents(visible_to(scope), limit=limit)


def sealing_owner(config: LlmConfig) -> str:
    """What a config's key is bound to."""
    return f"llm_config/{config.client_id or ''}/{config.id}"


def _new_draft(
    client_id: str | None,
    wanted: Mapping[str, Any],
    api_key: str | None,
    *,
    by_platform_admin: bool,
) -> ConfigDraft:
    given = {field: value for field, value in wanted.items() if value is not None}
    defaults = {
        field: info.get_default() for field, info in LlmConfig.model_fields.items() if field != "id"
    }
    touched = frozenset({*given, "api_key"} if api_key is not None else given)
    return ConfigDraft(client_id, defaults | given, bool(api_key), touched, by_platform_admin)


async def _check_client(scope: TenantScope, client_id: str) -> None:
    if await scope.of(Client).find_one({"client_id": client_id}) is None:
        raise UnknownTargetError("input", "clientId")

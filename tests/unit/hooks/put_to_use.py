"""Hooks of chatbots in tests: saved, tested and activated as editors do."""

from collections.abc import Sequence
from typing import Any

from documents.chatbots import Chatbot
from documents.database.database import Database
from documents.hooks import Hook
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from services.answering.hook_steps import HookSteps
from services.hooks.http_calls import HookHttp
from services.hooks.interface import FunctionName, function_named
from services.hooks.running import HookRunner
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.secrets import HookSecrets
from services.hooks.testing import HookTests, Trial, Tried
from services.hooks.versions import HookVersions, SavedVersion
from services.outgoing.resolving import Resolver
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer

SEALER = Sealer(DerivedKeys("h" * 40))


class Hooks:
    """Everything around hooks that a server has."""

    def __init__(
        self,
        database: Database,
        sandbox: Sandbox,
        allowed_addresses: Sequence[str] = (),
        resolver: Resolver | None = None,
    ) -> None:
        self.secrets = HookSecrets(database, SEALER)
        self.http = HookHttp(self.secrets, allowed_addresses, resolver)
        self.runner = HookRunner(database, sandbox, self.http)
        self.versions = HookVersions(database, sandbox)
        self.tests = HookTests(database, self.runner)
        self.steps = HookSteps(database, self.runner)

    async def saved(
        self, client_id: str, chatbot_id: PydanticObjectId, source: str, note: str | None = None
    ) -> SavedVersion:
        chatbot = await TenantScope.one(client_id).of(Chatbot).get(chatbot_id)
        assert chatbot is not None
        return await self.versions.save(chatbot, source, note=note, by=None)

    async def tried(self, saved: SavedVersion, function: FunctionName, **more: Any) -> Tried:
        trial = {"question": "Where is order 1234?", "answer": None, "conversation_id": None}
        return await self.tests.test(saved.version, Trial(function, **(trial | more)))

    async def put_to_use(
        self,
        client_id: str,
        chatbot_id: PydanticObjectId,
        source: str,
        *,
        required: bool | None = None,
        **trial: Any,
    ) -> Hook:
        """Save a version, let it pass a test, and activate it."""
        saved = await self.saved(client_id, chatbot_id, source)
        assert saved.version.valid, saved.version.issues
        function = function_named(saved.version.functions[0])
        tried = await self.tried(saved, function, **trial)
        assert not tried.ran.failed, tried.ran.outcome
        return await self.versions.activate(tried.version, required=required)

    async def close(self) -> None:
        await self.runner.close()
        await self.http.close()

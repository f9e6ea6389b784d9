"""Writing, trying and running hooks. For editors and owners; no API key and no visitor."""

from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.hook_versions import HookVersion as VersionDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UserErrorCode,
    not_found,
    rate_limited,
    refused,
)
from graphql_schema.hooks.inputs import (
    ActivateHookVersionInput,
    RollbackHookInput,
    SaveHookVersionInput,
    SetHookEnabledInput,
    SetHookSecretInput,
    TestHookInput,
    ValidateHookInput,
)
from graphql_schema.hooks.types import (
    Hook,
    HookIssue,
    HookRun,
    HookVersion,
    hook_from,
    run_from,
    version_from,
)
from graphql_schema.node import local_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import changeable
from services.hooks.interface import function_named
from services.hooks.testing import Trial
from services.rate_limits.rate_limits import RateLimitedError as TooOftenError
from services.refusals import RefusedError as RefusedHere

_HOOK_NOW = "As it is now."


@strawberry.type(description="What a check of a source found.")
class ValidateHookSuccess:
    """A check."""

    valid: bool = strawberry.field(description="Whether it could run.")
    issues: list[HookIssue] = strawberry.field(description="All that is in the way.")


ValidateHookResult = Annotated[
    ValidateHookSuccess | NotFoundError | RateLimitedError | RefusedError,
    strawberry.union(
        "ValidateHookResult", description="What the check found, or why there was none."
    ),
]


@strawberry.type(description="The version is stored. It does not run yet.")
class SaveHookVersionSuccess:
    """A new version."""

    hook: Hook = strawberry.field(description=_HOOK_NOW)
    version: HookVersion = strawberry.field(description="The new version, with its issues.")


SaveHookVersionResult = Annotated[
    SaveHookVersionSuccess | InvalidInputError | NotFoundError | RateLimitedError | RefusedError,
    strawberry.union("SaveHookVersionResult", description="The version, or why there is none."),
]


@strawberry.type(description="How a dry run went; one that failed is a success of the test.")
class TestHookSuccess:
    """A dry run."""

    __test__ = False  # no test of pytest's, whatever its name

    run: HookRun = strawberry.field(description="How it went.")
    version: HookVersion = strawberry.field(
        description="The version, which has passed with the verdict OK."
    )


TestHookResult = Annotated[
    TestHookSuccess | InvalidInputError | NotFoundError | RateLimitedError | RefusedError,
    strawberry.union("TestHookResult", description="The dry run, or why there was none."),
]


@strawberry.type(description="The version runs for visitors from the next question on.")
class ActivateHookVersionSuccess:
    """A hook in use."""

    hook: Hook = strawberry.field(description=_HOOK_NOW)


ActivateHookVersionResult = Annotated[
    ActivateHookVersionSuccess | NotFoundError | RefusedError,
    strawberry.union("ActivateHookVersionResult", description="NOT_TESTED is a RefusedError."),
]


@strawberry.type(description="The version that was active before runs again.")
class RollbackHookSuccess:
    """A hook in use."""

    hook: Hook = strawberry.field(description=_HOOK_NOW)


RollbackHookResult = Annotated[
    RollbackHookSuccess | NotFoundError | RefusedError,
    strawberry.union(
        "RollbackHookResult", description="RefusedError when no version was active before."
    ),
]


@strawberry.type(description="The hook is switched on or off.")
class SetHookEnabledSuccess:
    """A hook."""

    hook: Hook = strawberry.field(description=_HOOK_NOW)


SetHookEnabledResult = Annotated[
    SetHookEnabledSuccess | NotFoundError | RefusedError,
    strawberry.union(
        "SetHookEnabledResult", description="NOT_TESTED, without an active version, is refused."
    ),
]


@strawberry.type(description="The secret is set or deleted.")
class SetHookSecretSuccess:
    """The secrets that there are."""

    secret_names: list[str] = strawberry.field(description="The names of all; no values.")


SetHookSecretResult = Annotated[
    SetHookSecretSuccess | InvalidInputError | NotFoundError,
    strawberry.union("SetHookSecretResult", description="The names, or what is wrong."),
]


@strawberry.type
class HookMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Checks a hook's source without storing it. Editors and owners.",
        extensions=allowed_for(Person),
    )
    async def validate_hook(
        self, info: ParlanceInfo, input: ValidateHookInput
    ) -> ValidateHookResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        try:
            await _count(info)
        except TooOftenError as error:
            return rate_limited("Too often. Try again later.", error.retry_at)
        versions = info.context.services.hook_versions
        try:
            found = await versions.check(input.source, chatbot.client_id)
        except RefusedHere as error:
            return refused(UserErrorCode(error.code), str(error), *error.path)
        issues = [
            HookIssue(line=one.line, column=one.column, problem=one.problem, hint=one.hint)
            for one in found.issues
        ]
        return ValidateHookSuccess(valid=found.compiled is not None, issues=issues)

    @strawberry.mutation(
        description="Stores a version of a chatbot's hook, right or not. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def save_hook_version(
        self, info: ParlanceInfo, input: SaveHookVersionInput
    ) -> SaveHookVersionResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        await _count(info)
        person = await info.context.person()
        saved = await info.context.services.hook_versions.save(
            chatbot, input.source, note=input.note, by=person.user.id
        )
        return SaveHookVersionSuccess(
            hook=hook_from(saved.hook), version=version_from(saved.version)
        )

    @strawberry.mutation(
        description="Runs a function of a version as it would for a visitor, and does nothing of"
        " what it wants. Its requests are really made. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def test_hook(self, info: ParlanceInfo, input: TestHookInput) -> TestHookResult:
        version = await changeable(info.context, VersionDocument, input.version_id, "editor")
        if version is None:
            return not_found("input", "versionId")
        conversation_id = None
        if input.conversation_id is not None:
            conversation_id = local_id(input.conversation_id, "Conversation")
            if conversation_id is None:
                return not_found("input", "conversationId")
        await _count(info)
        function = function_named(input.function.value)
        trial = Trial(function, input.question, input.answer, conversation_id)
        tried = await info.context.services.hook_tests.test(version, trial)
        return TestHookSuccess(run=run_from(tried), version=version_from(tried.version))

    @strawberry.mutation(
        description="Lets a version that has passed a test run for visitors. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def activate_hook_version(
        self, info: ParlanceInfo, input: ActivateHookVersionInput
    ) -> ActivateHookVersionResult:
        version = await changeable(info.context, VersionDocument, input.version_id, "editor")
        if version is None:
            return not_found("input", "versionId")
        versions = info.context.services.hook_versions
        hook = await versions.activate(version, required=input.required)
        return ActivateHookVersionSuccess(hook=hook_from(hook))

    @strawberry.mutation(
        description="Lets the version run again that was active before this one. Editors and"
        " owners.",
        extensions=audited_for(Person),
    )
    async def rollback_hook(
        self, info: ParlanceInfo, input: RollbackHookInput
    ) -> RollbackHookResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        scope = TenantScope.one(chatbot.client_id)
        hook = await info.context.services.hook_versions.roll_back(scope, chatbot.id)
        return RollbackHookSuccess(hook=hook_from(hook))

    @strawberry.mutation(
        description="Switches a chatbot's hook on or off; on also after the server took it out of"
        " use. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def set_hook_enabled(
        self, info: ParlanceInfo, input: SetHookEnabledInput
    ) -> SetHookEnabledResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        scope = TenantScope.one(chatbot.client_id)
        versions = info.context.services.hook_versions
        hook = await versions.set_enabled(scope, chatbot.id, enabled=input.enabled)
        return SetHookEnabledSuccess(hook=hook_from(hook))

    @strawberry.mutation(
        description="Sets or deletes a secret that a client's hooks may send to one host. Editors"
        " and owners.",
        extensions=audited_for(Person),
    )
    async def set_hook_secret(
        self, info: ParlanceInfo, input: SetHookSecretInput
    ) -> SetHookSecretResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        names = await info.context.services.hook_secrets.set(
            TenantScope.one(client.client_id), client, input.name, input.host, input.value
        )
        return SetHookSecretSuccess(secret_names=names)


async def _count(info: ParlanceInfo) -> None:
    """Count a check or a run of code.

    Raises:
        TooOftenError: this person makes too many.
    """
    person = await info.context.person()
    await info.context.services.rate_limits.hook_check(str(person.user.id))

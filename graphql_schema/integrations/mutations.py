"""Making, changing, trying and deleting integrations, and delivering again."""

from typing import Annotated, cast

import strawberry

from documents.clients import Client as ClientDocument
from documents.deliveries import Delivery as DeliveryDocument
from documents.integrations import Integration as IntegrationDocument
from documents.outbox_entries import OutboxKind
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    not_found,
)
from graphql_schema.integrations.inputs import (
    CreateIntegrationInput,
    UpdateIntegrationInput,
    change_from,
    chatbot_ids,
    quiet_time,
    stored_events,
    target_from,
)
from graphql_schema.integrations.operators import is_operator, operators_told_apart
from graphql_schema.integrations.types import (
    Delivery,
    DeliveryAttempt,
    EventKind,
    Integration,
    attempt_from,
    delivery_from,
    integration_from,
)
from graphql_schema.permissions import Person
from graphql_schema.targets import changeable
from services.integrations.integrations import Wish


@strawberry.type(description="The integration was made.")
class CreateIntegrationSuccess:
    """A new integration."""

    integration: Integration = strawberry.field(description="The new integration.")
    signing_secret: str | None = strawberry.field(
        description="The key that signs a WEBHOOK, shown only now; null for other kinds."
    )


CreateIntegrationResult = Annotated[
    CreateIntegrationSuccess | InvalidInputError | NotFoundError | LimitReachedError | RefusedError,
    strawberry.union(
        "CreateIntegrationResult",
        description="UNSAFE_ADDRESS and UPSTREAM_FAILED are RefusedErrors.",
    ),
]


@strawberry.type(description="The integration was changed.")
class UpdateIntegrationSuccess:
    """A changed integration."""

    integration: Integration = strawberry.field(description="After the change.")


UpdateIntegrationResult = Annotated[
    UpdateIntegrationSuccess | InvalidInputError | NotFoundError | ConflictError | RefusedError,
    strawberry.union("UpdateIntegrationResult", description="The integration, or why it stayed."),
]


@strawberry.input(description="Which integration to delete.")
class DeleteIntegrationInput:
    """A deletion."""

    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="The integration is gone, and all that was delivered to it.")
class DeleteIntegrationSuccess:
    """A deleted integration."""

    deleted_id: strawberry.ID = strawberry.field(description="What was deleted.")


DeleteIntegrationResult = Annotated[
    DeleteIntegrationSuccess | NotFoundError,
    strawberry.union("DeleteIntegrationResult", description="Its id, or why it is still there."),
]


@strawberry.input(description="Which integration gets a new key.")
class RotateIntegrationSecretInput:
    """A rotation."""

    id: strawberry.ID = strawberry.field(description="Which one; a WEBHOOK.")


@strawberry.type(description="There is a new key. The one before signs beside it for 24 hours.")
class RotateIntegrationSecretSuccess:
    """A new key."""

    integration: Integration = strawberry.field(description="Whose key it is.")
    signing_secret: str = strawberry.field(description="The new key, shown only now.")


RotateIntegrationSecretResult = Annotated[
    RotateIntegrationSecretSuccess | NotFoundError | RefusedError,
    strawberry.union("RotateIntegrationSecretResult", description="The key, or why there is none."),
]


@strawberry.input(description="Which integration to try.")
class TestIntegrationInput:
    """A trial."""

    __test__ = False  # no test of pytest's, whatever its name

    id: strawberry.ID = strawberry.field(description="Which one.")
    event: EventKind | None = strawberry.field(
        description="Which event to simulate; the first that it is told of when left out.",
        default=None,
    )


@strawberry.type(description="How the trial went; it may have failed.")
class TestIntegrationSuccess:
    """A trial that was made."""

    __test__ = False  # no test of pytest's, whatever its name

    attempt: DeliveryAttempt = strawberry.field(
        description="What was sent and what came of it; `problem` says why it failed."
    )


TestIntegrationResult = Annotated[
    TestIntegrationSuccess | NotFoundError | RateLimitedError | RefusedError,
    strawberry.union("TestIntegrationResult", description="The trial, or why it was not made."),
]


@strawberry.input(description="What to deliver again.")
class RedeliverInput:
    """A wish."""

    delivery_id: strawberry.ID = strawberry.field(description="Which delivery.")


@strawberry.type(description="It is attempted again, from the first attempt on.")
class RedeliverSuccess:
    """A delivery that is due."""

    delivery: Delivery = strawberry.field(description="The delivery.")


RedeliverResult = Annotated[
    RedeliverSuccess | NotFoundError | RateLimitedError,
    strawberry.union("RedeliverResult", description="The delivery, or why it is not due."),
]


@strawberry.type
class IntegrationMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Tells somebody outside of what happens to a client. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def create_integration(
        self, info: ParlanceInfo, input: CreateIntegrationInput
    ) -> CreateIntegrationResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        wish = Wish(
            name=input.name,
            target=target_from(input.target),
            events=stored_events(input.events),
            chatbot_ids=chatbot_ids(input.chatbot_ids or []),
            quiet_time=quiet_time(input.quiet_hours),
            digest_minutes=input.digest_minutes,
        )
        with operators_told_apart():
            made, secret = await info.context.services.integrations.create(
                client, wish, by_operator=await is_operator(info)
            )
        return CreateIntegrationSuccess(integration=integration_from(made), signing_secret=secret)

    @strawberry.mutation(
        description="Changes an integration. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def update_integration(
        self, info: ParlanceInfo, input: UpdateIntegrationInput
    ) -> UpdateIntegrationResult:
        found = await changeable(info.context, IntegrationDocument, input.id, "editor")
        if found is None:
            return not_found("input", "id")
        target = target_from(input.target) if input.target else None
        change, by_operator = change_from(input), await is_operator(info)
        with operators_told_apart():
            after = await info.context.services.integrations.update(
                found, change, target, input.revision, by_operator=by_operator
            )
        return UpdateIntegrationSuccess(integration=integration_from(after))

    @strawberry.mutation(
        description="Deletes an integration and its deliveries. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def delete_integration(
        self, info: ParlanceInfo, input: DeleteIntegrationInput
    ) -> DeleteIntegrationResult:
        found = await changeable(info.context, IntegrationDocument, input.id, "editor")
        if found is None:
            return not_found("input", "id")
        with operators_told_apart():
            await info.context.services.integrations.delete(
                found, by_operator=await is_operator(info)
            )
        return DeleteIntegrationSuccess(deleted_id=input.id)

    @strawberry.mutation(
        description="Makes a new key for a webhook's signatures. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def rotate_integration_secret(
        self, info: ParlanceInfo, input: RotateIntegrationSecretInput
    ) -> RotateIntegrationSecretResult:
        found = await changeable(info.context, IntegrationDocument, input.id, "editor")
        if found is None:
            return not_found("input", "id")
        with operators_told_apart():
            after, secret = await info.context.services.integrations.rotate_secret(
                found, by_operator=await is_operator(info)
            )
        return RotateIntegrationSecretSuccess(
            integration=integration_from(after), signing_secret=secret
        )

    @strawberry.mutation(
        description="Tells an integration of something that did not happen, at once, and says how"
        " it went. It stands in no log of deliveries. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def test_integration(
        self, info: ParlanceInfo, input: TestIntegrationInput
    ) -> TestIntegrationResult:
        found = await changeable(info.context, IntegrationDocument, input.id, "editor")
        if found is None:
            return not_found("input", "id")
        person = await info.context.person()
        await info.context.services.rate_limits.integration_test(str(person.user.id))
        kind = cast("OutboxKind", input.event.value) if input.event else found.events[0]
        attempt = await info.context.services.integration_tests.test(found, kind)
        return TestIntegrationSuccess(attempt=attempt_from(attempt))

    @strawberry.mutation(
        description="Delivers an event again, whatever became of it. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def redeliver(self, info: ParlanceInfo, input: RedeliverInput) -> RedeliverResult:
        found = await changeable(info.context, DeliveryDocument, input.delivery_id, "editor")
        if found is None:
            return not_found("input", "deliveryId")
        await info.context.services.rate_limits.redelivery(found.client_id)
        after = await info.context.services.redelivering.redeliver(found)
        return RedeliverSuccess(delivery=delivery_from(after))

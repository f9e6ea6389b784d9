"""The public schema: all domains put together."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graphql_schema.accounts.forgotten_passwords import ForgottenPasswordMutations
from graphql_schema.accounts.invitations import InvitationMutations
from graphql_schema.accounts.memberships import MembershipMutations
from graphql_schema.accounts.mutations import AccountMutations
from graphql_schema.accounts.queries import AccountQueries
from graphql_schema.accounts.sessions import SessionMutations, SessionQueries
from graphql_schema.accounts.user_changes import UserChangeMutations
from graphql_schema.accounts.users import UserMutations
from graphql_schema.answers.mutations import AnswerMutations
from graphql_schema.answers.queries import AnswerQueries
from graphql_schema.answers.rating import RatingMutations
from graphql_schema.answers.regenerating import RegenerateMutations
from graphql_schema.answers.subscriptions import AnswerSubscriptions
from graphql_schema.answers.types import (
    AnswerCompleted,
    AnswerDelta,
    AnswerFailed,
    AnswerRestarted,
    AnswerStarted,
    AnswerStep,
)
from graphql_schema.api_keys.mutations import ApiKeyMutations
from graphql_schema.api_keys.queries import ApiKeyQueries
from graphql_schema.arguments import describe_inputs
from graphql_schema.audit.queries import AuditQueries
from graphql_schema.chatbots.copying import CopyingMutations, CopyingQueries
from graphql_schema.chatbots.mutations import ChatbotMutations
from graphql_schema.chatbots.publishing import PublishingMutations
from graphql_schema.chatbots.queries import ChatbotQueries
from graphql_schema.clients.maintenance import MaintenanceMutations
from graphql_schema.clients.mutations import ClientMutations
from graphql_schema.clients.queries import ClientQueries
from graphql_schema.conversations.mutations import ConversationMutations
from graphql_schema.conversations.queries import ConversationQueries
from graphql_schema.conversations.searching import SearchQueries
from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.hooks.mutations import HookMutations
from graphql_schema.hooks.queries import HookQueries
from graphql_schema.integrations.copying import (
    IntegrationCopyMutations,
    IntegrationCopyQueries,
)
from graphql_schema.integrations.mutations import IntegrationMutations
from graphql_schema.integrations.queries import IntegrationQueries
from graphql_schema.integrations.subscriptions import IntegrationSubscriptions
from graphql_schema.knowledge.mutations import KnowledgeMutations
from graphql_schema.knowledge.queries import KnowledgeQueries
from graphql_schema.knowledge.subscriptions import (
    KnowledgeSourceChanged,
    KnowledgeSourceDeleted,
    KnowledgeSubscriptions,
)
from graphql_schema.knowledge.testing import RetrievalTestQueries
from graphql_schema.limits.policy import operation_limits
from graphql_schema.live.queries import LiveQueries
from graphql_schema.live.subscriptions import LiveSubscriptions
from graphql_schema.live.types import (
    ConversationDeleted,
    ConversationStarted,
    ConversationUpdated,
    MessageCreated,
    MessageUpdated,
)
from graphql_schema.llm_configs.mutations import LlmConfigMutations
from graphql_schema.llm_configs.queries import LlmConfigQueries
from graphql_schema.llm_configs.subscriptions import LlmConfigSubscriptions
from graphql_schema.masking import ErrorMasking
from graphql_schema.nodes import NodeQueries
from graphql_schema.privacy.mutations import PrivacyMutations
from graphql_schema.publishing.mutations import PluginMutations
from graphql_schema.publishing.queries import PublishingQueries
from graphql_schema.reports.mutations import ReportMutations
from graphql_schema.reports.queries import ReportQueries
from graphql_schema.scalars import SCALARS
from graphql_schema.unanswered.mutations import UnansweredMutations
from graphql_schema.unanswered.queries import UnansweredQueries
from graphql_schema.usage.queries import UsageQueries
from graphql_schema.usage.subscriptions import UsageSubscriptions
from graphql_schema.visits.mutations import VisitMutations
from graphql_schema.visits.queries import VisitQueries
from graphql_schema.widget_tokens.mutations import WidgetTokenMutations
from graphql_schema.widget_tokens.previewing import PreviewMutations
from graphql_schema.widget_tokens.queries import WidgetTokenQueries
from graphql_schema.widget_tokens.refreshing import RefreshMutations


@strawberry.type(description="Reading.")
class Query(
    NodeQueries,
    AccountQueries,
    SessionQueries,
    ApiKeyQueries,
    AuditQueries,
    AnswerQueries,
    ClientQueries,
    ChatbotQueries,
    CopyingQueries,
    LlmConfigQueries,
    ConversationQueries,
    SearchQueries,
    KnowledgeQueries,
    HookQueries,
    RetrievalTestQueries,
    WidgetTokenQueries,
    VisitQueries,
    LiveQueries,
    UsageQueries,
    ReportQueries,
    UnansweredQueries,
    PublishingQueries,
    IntegrationCopyQueries,
    IntegrationQueries,
):
    """All queries."""


@strawberry.type(description="Changing.")
class Mutation(
    AccountMutations,
    SessionMutations,
    UserMutations,
    UserChangeMutations,
    MembershipMutations,
    InvitationMutations,
    ForgottenPasswordMutations,
    ApiKeyMutations,
    ClientMutations,
    ChatbotMutations,
    PublishingMutations,
    CopyingMutations,
    LlmConfigMutations,
    VisitMutations,
    RefreshMutations,
    WidgetTokenMutations,
    PreviewMutations,
    AnswerMutations,
    RegenerateMutations,
    RatingMutations,
    ConversationMutations,
    KnowledgeMutations,
    HookMutations,
    PrivacyMutations,
    PluginMutations,
    ReportMutations,
    UnansweredMutations,
    IntegrationCopyMutations,
    IntegrationMutations,
    MaintenanceMutations,
):
    """All mutations."""


@strawberry.type(description="Streams.")
class Subscription(
    AnswerSubscriptions,
    LiveSubscriptions,
    KnowledgeSubscriptions,
    UsageSubscriptions,
    LlmConfigSubscriptions,
    IntegrationSubscriptions,
):
    """All subscriptions."""


class PublicSchema(ParlanceSchema):
    """The schema; faults are logged by `ErrorMasking`, not twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        describe_inputs(self._schema)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: see `ErrorMasking`."""


schema = PublicSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[
        ConversationDeleted,
        ConversationStarted,
        ConversationUpdated,
        MessageCreated,
        MessageUpdated,
        KnowledgeSourceChanged,
        KnowledgeSourceDeleted,
        AnswerCompleted,
        AnswerDelta,
        AnswerFailed,
        AnswerRestarted,
        AnswerStarted,
        AnswerStep,
    ],
    extensions=[ErrorMasking, operation_limits],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)

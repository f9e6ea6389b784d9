"""What resolvers get to see of a request: who asks, from where, and the services.

Strawberry builds the context once per HTTP request and once per WebSocket connection. What is
loaded belongs to one operation, to one mutation of several, or to one event of a stream: `fresh`
gives each of them a context of its own.
"""

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from strawberry.fastapi import BaseContext
from strawberry.types import Info

from documents.transactions import Transactions
from graphql_schema.errors import AuthorizationError
from graphql_schema.loaders import Loaders
from graphql_schema.standing import Identify, Standing, Watch, watch_nobody
from graphql_schema.viewers import (
    ApiKeyViewer,
    MemberViewer,
    PersonViewer,
    Viewer,
    VisitorViewer,
)
from services.accounts.api_keys import ApiKeys
from services.accounts.forgotten_passwords import ForgottenPasswords
from services.accounts.invitations import Invitations
from services.accounts.memberships import Memberships
from services.accounts.own_password import OwnPassword
from services.accounts.sessions import Sessions
from services.accounts.sign_in import SignIn
from services.accounts.user_changes import UserChanges
from services.accounts.users import Users
from services.alerts.signals import Signals
from services.answering.asking import Asking
from services.answering.following import Following
from services.answering.generations import Generations
from services.answering.model_tests import ModelTests
from services.answering.regenerating import Regenerating
from services.answering.retrieval_tests import RetrievalTests
from services.answering.stopping import Stopping
from services.chatbots.chatbots import Chatbots
from services.chatbots.copying import Copying
from services.chatbots.llm_config_changes import LlmConfigChanges
from services.chatbots.llm_configs import LlmConfigs
from services.chatbots.maintenance import Maintenance
from services.chatbots.versions import Versions
from services.clients.clients import Clients
from services.clients.signing_keys import SigningKeys
from services.clients.updating import ClientChanges
from services.conversations.changing import ConversationChanges
from services.conversations.rating import Ratings
from services.hooks.secrets import HookSecrets
from services.hooks.testing import HookTests
from services.hooks.versions import HookVersions
from services.integrations.copying import IntegrationCopies
from services.integrations.integrations import Integrations
from services.integrations.redelivering import Redelivering
from services.integrations.trials import IntegrationTests
from services.knowledge.files import KnowledgeFiles
from services.knowledge.pushing import Pushing
from services.knowledge.site_sources import SiteSources
from services.knowledge.sources import KnowledgeSources
from services.live.following import Live
from services.privacy.deleting import Deleting
from services.privacy.erasing import Erasing
from services.privacy.exporting import Exporting
from services.publishing.plugin_connections import PluginConnections
from services.publishing.plugin_packages import PluginPackages
from services.publishing.widget_build import WidgetBuilds
from services.rate_limits.rate_limits import RateLimits
from services.reports.reports import Reports
from services.reports.schedules import Schedules
from services.unanswered.approving import Unanswered
from services.unanswered.suggesting import Suggesting
from services.uploads.uploads import Uploads
from services.usage.counting import Counting
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.handing_out import HandingOut
from services.visits.previews import Previews
from services.visits.refreshing import Refreshing
from services.visits.starting import Visits
from services.visits.stays import Stays


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that resolvers may call."""

    sign_in: SignIn
    sessions: Sessions
    users: Users
    user_changes: UserChanges
    memberships: Memberships
    invitations: Invitations
    own_password: OwnPassword
    forgotten_passwords: ForgottenPasswords
    rate_limits: RateLimits
    api_keys: ApiKeys
    clients: Clients
    client_changes: ClientChanges
    signing_keys: SigningKeys
    chatbots: Chatbots
    chatbot_versions: Versions
    copying: Copying
    llm_configs: LlmConfigs
    model_tests: ModelTests
    llm_config_changes: LlmConfigChanges
    hook_versions: HookVersions
    hook_tests: HookTests
    hook_secrets: HookSecrets
    knowledge_sources: KnowledgeSources
    knowledge_files: KnowledgeFiles
    pushing: Pushing
    site_sources: SiteSources
    retrieval_tests: RetrievalTests
    visits: Visits
    stays: Stays
    previews: Previews
    refreshing: Refreshing
    handing_out: HandingOut
    asking: Asking
    regenerating: Regenerating
    following: Following
    generations: Generations
    stopping: Stopping
    erasing: Erasing
    exporting: Exporting
    deleting: Deleting
    conversation_changes: ConversationChanges
    ratings: Ratings
    transactions: Transactions
    uploads: Uploads
    live: Live
    counting: Counting
    reports: Reports
    report_schedules: Schedules
    unanswered: Unanswered
    suggesting: Suggesting
    integrations: Integrations
    integration_copies: IntegrationCopies
    maintenance: Maintenance
    signals: Signals
    integration_tests: IntegrationTests
    redelivering: Redelivering
    plugin_packages: PluginPackages
    plugin_connections: PluginConnections
    widget_builds: WidgetBuilds
    embedding_origins: EmbeddingOrigins
    public_url: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from."""

    origin: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None


@dataclass
class RequestContext(BaseContext):
    """The context of an operation."""

    services: Services
    identify: Identify
    caller: Caller
    token: str | None = None
    watch: Watch = watch_nobody
    loaders: Loaders = field(default_factory=Loaders, repr=False)
    standing: Standing | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__init__()
        self.show(self.token)

    def show(self, token: str | None) -> None:
        """Go on as whoever shows this token; None: nobody."""
        self.token = token
        self.standing = None if token is None else Standing(self.identify, token, self.watch)

    def fresh(self) -> "RequestContext":
        """The context of the same caller, with nothing loaded."""
        fresh = copy(self)
        fresh.loaders = Loaders()
        return fresh

    async def viewer(self) -> Viewer | None:
        """Who asks; None for a request without a token.

        Raises:
            AuthorizationError: the token is not or no longer good.
        """
        return None if self.standing is None else await self.standing.viewer()

    async def look_again(self, happened_at: datetime) -> None:
        """From here on the caller is who they were after that, and may do what they may since.

        Raises:
            AuthorizationError: the token is not good any more.
        """
        if self.standing is not None:
            await self.standing.viewer(happened_at)

    async def person(self) -> PersonViewer:
        """The signed-in user who asks.

        Raises:
            AuthorizationError: nobody, or somebody else than a user, asks.
        """
        viewer = await self._somebody()
        if not isinstance(viewer, PersonViewer):
            raise AuthorizationError("FORBIDDEN")
        return viewer

    async def member(self) -> MemberViewer:
        """The signed-in user or the API key that asks. Whether a key may, its field declares.

        Raises:
            AuthorizationError: nobody or a visitor asks.
        """
        viewer = await self._somebody()
        if not isinstance(viewer, (PersonViewer, ApiKeyViewer)):
            raise AuthorizationError("FORBIDDEN")
        return viewer

    async def visitor(self) -> VisitorViewer:
        """The visitor who asks.

        Raises:
            AuthorizationError: nobody, or somebody else than a visitor, asks.
        """
        viewer = await self._somebody()
        if not isinstance(viewer, VisitorViewer):
            raise AuthorizationError("FORBIDDEN")
        return viewer

    async def _somebody(self) -> Viewer:
        viewer = await self.viewer()
        if viewer is None:
            raise AuthorizationError("UNAUTHENTICATED")
        return viewer


ParlanceInfo = Info[RequestContext, None]

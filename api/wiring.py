"""Builds every service with the values it needs. Nothing else in the product creates services."""

import os
import secrets
import socket
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from httpx import AsyncClient
from redis.asyncio import Redis

from api.authentication.identifying import Identifying
from api.knowledge_wiring import wire_knowledge, wire_search
from api.routes.account import ACCOUNT_PAGE
from api.settings import Settings, provider_keys
from documents.database.database import Database
from graphql_schema.context import Services
from graphql_schema.node import global_id
from services.accounts.access_tokens import AccessTokens
from services.accounts.api_keys import ApiKeys
from services.accounts.forgotten_passwords import ForgottenPasswords
from services.accounts.invitations import Invitations
from services.accounts.letters import Letters
from services.accounts.memberships import Memberships
from services.accounts.own_password import OwnPassword
from services.accounts.password_work import PasswordWork
from services.accounts.sessions import Sessions
from services.accounts.sign_in import SignIn
from services.accounts.user_changes import UserChanges
from services.accounts.users import Users
from services.alerts.alarms import Alarms, Thresholds
from services.alerts.heartbeat import Beating
from services.alerts.signals import Signals
from services.answering.asking import Asking
from services.answering.following import Following
from services.answering.generations import Generations
from services.answering.hook_steps import HookSteps
from services.answering.limits import DEFAULT_LIMITS
from services.answering.memory_event_log import MemoryEventLog
from services.answering.model_gates import ModelGates
from services.answering.model_route import ModelRoutes
from services.answering.model_tests import ModelTests
from services.answering.pipeline import Pipeline
from services.answering.recovery import Recovery
from services.answering.regenerating import Regenerating
from services.answering.retrieval_tests import RetrievalTests
from services.answering.rewriting import Rewriting
from services.answering.route_policy import STRICT
from services.answering.shared_event_log import SharedEventLog, connect_redis
from services.answering.stopping import Stopping
from services.answering.thinking import Thinking
from services.chatbots.chatbots import Chatbots
from services.chatbots.copying import Copying
from services.chatbots.llm_config_changes import LlmConfigChanges
from services.chatbots.llm_config_rules import ConfigRules
from services.chatbots.llm_configs import LlmConfigs
from services.chatbots.logos import Logos
from services.chatbots.maintenance import Maintenance
from services.chatbots.settings_checks import SettingsChecks
from services.chatbots.versions import Versions
from services.clients.clients import Clients
from services.clients.signing_keys import SigningKeys
from services.clients.updating import ClientChanges
from services.conversations.changing import ConversationChanges
from services.conversations.rating import Ratings
from services.downloads.downloads import Downloads
from services.hooks.endings import HookEndings
from services.hooks.http_calls import HookHttp
from services.hooks.running import HookRunner
from services.hooks.sandbox.options import SandboxOptions
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.secrets import HookSecrets
from services.hooks.testing import HookTests
from services.hooks.versions import HookVersions
from services.integrations.attempting import Attempting
from services.integrations.channels.channels import Channels, channels_with
from services.integrations.copying import IntegrationCopies
from services.integrations.delivering import Delivering
from services.integrations.http_posts import HttpPosts
from services.integrations.integrations import Integrations
from services.integrations.pausing import Pausing
from services.integrations.redelivering import Redelivering
from services.integrations.targets import Targets, TargetSeals
from services.integrations.trials import IntegrationTests
from services.knowledge.clearing import Clearing
from services.knowledge.embedding.embedding_work import EmbeddingWork
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.search import KnowledgeSearch
from services.knowledge.worker import KnowledgeWorker
from services.live.following import Live
from services.llm.factory import ModelFactory
from services.mail.carriers import Carrier
from services.mail.folder_carrier import FolderCarrier
from services.mail.posting import Patience, Posting
from services.mail.queue import MailQueue
from services.mail.smtp_carrier import SmtpCarrier
from services.origins import normalized_origin
from services.privacy.deleting import Deleting
from services.privacy.erasing import Erasing
from services.privacy.exporting import Exporting
from services.privacy.housekeeping import Housekeeping
from services.privacy.retention import Retention
from services.publishing.kept_files import KeptFiles
from services.publishing.plugin_connections import PluginConnections
from services.publishing.plugin_packages import PluginPackages
from services.publishing.widget_build import WidgetBuilds
from services.rate_limits.rate_limits import RateLimits, Rates
from services.rate_limits.redis_windows import RedisWindows
from services.rate_limits.remembered_refusals import RememberedRefusals
from services.rate_limits.stored_windows import StoredWindows
from services.rate_limits.windows import MemoryWindows, Windows
from services.reports.making import ReportMaking
from services.reports.reports import Reports
from services.reports.schedules import Schedules
from services.reports.statistics import Statistics
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer
from services.unanswered.approving import Unanswered
from services.unanswered.suggesting import Suggesting
from services.uploads.pictures import Pictures
from services.uploads.uploads import Uploads
from services.usage.counting import Counting
from services.usage.leftovers import Leftovers
from services.usage.refusals import Refusals
from services.visits.embed_nonces import EmbedNonces
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.handing_out import HandingOut
from services.visits.identities import Identities
from services.visits.page_origins import PageOrigins
from services.visits.previews import Previews
from services.visits.refreshing import Refreshing
from services.visits.starting import Visits
from services.visits.stays import Stays
from services.visits.token_rounds import TokenRounds
from services.visits.widget_tokens import WidgetTokens


@dataclass(frozen=True, slots=True)
class Wiring:
    """The running product, apart from its database and its web server."""

    services: Services
    identify: Identifying
    origins: EmbeddingOrigins
    page_origins: PageOrigins
    kept_files: KeptFiles
    token_rounds: TokenRounds
    generations: Generations
    gates: ModelGates
    recovery: Recovery
    housekeeping: Housekeeping
    downloads: Downloads
    posting: Posting
    counting: Counting
    report_making: ReportMaking
    statistics: Statistics
    notices: "Notices"
    alarms: Alarms
    beating: Beating
    leftovers: Leftovers
    knowledge_worker: KnowledgeWorker
    knowledge_clearing: Clearing
    extractor: Extractor
    site_client: AsyncClient
    models: ModelFactory
    sandbox: Sandbox
    hook_http: HookHttp
    hook_runner: HookRunner
    hook_steps: HookSteps
    hook_endings: HookEndings
    embedding_work: EmbeddingWork | None
    event_log: MemoryEventLog | SharedEventLog


def wire(settings: Settings, database: Database, secret: str) -> Wiring:
    """Everything, for this database and these settings."""
    keys = DerivedKeys(secret)
    sealer = Sealer(keys)
    queue, letters = MailQueue(sealer), _letters(settings)
    owner, redis, signals = process_name(), _redis(settings), Signals()
    event_log = SharedEventLog(redis) if redis else MemoryEventLog()
    models = ModelFactory(
        allowed_addresses=settings.allowed_addresses, langchain_only=settings.langchain_only
    )
    given_keys = provider_keys()
    config_rules = ConfigRules(models, given_keys.keys())
    routes = ModelRoutes(models, sealer, given_keys)
    gates = ModelGates(STRICT, database)
    knowledge_search = wire_search(settings)
    sandbox = _sandbox(settings)
    hook_secrets = HookSecrets(database, sealer)
    hook_http = HookHttp(hook_secrets, settings.allowed_addresses)
    hook_runner = HookRunner(database, sandbox, hook_http)
    hook_steps = HookSteps(database, hook_runner)
    pipeline = Pipeline(
        knowledge_search, Thinking(routes, gates), hook_steps, Rewriting(routes, gates)
    )
    generations = Generations(
        pipeline,
        event_log,
        owner,
        replace(DEFAULT_LIMITS, unfollowed_s=settings.unfollowed_seconds),
        most=settings.answers_per_process,
    )
    widget_tokens = WidgetTokens(keys)
    password_work = PasswordWork(settings.sign_in_threads, settings.sign_ins_waiting)
    sign_in = SignIn(AccessTokens(keys), password_work)
    memberships = Memberships(database)
    signing_keys = SigningKeys(database, sealer)
    api_keys = ApiKeys(database, signing_keys.retire_of_plugin)
    stays = Stays(
        most_at_once=settings.visits_per_chatbot,
        idle=timedelta(seconds=settings.visit_idle_seconds),
    )
    stopping = Stopping(generations)
    knowledge = wire_knowledge(settings, database)
    notices = _notices(settings, database, sealer, queue)
    refusals = Refusals()
    counting = Counting(database, refusals)
    erasing = Erasing(database, stopping, event_log)
    downloads = Downloads()
    origins = EmbeddingOrigins(_own_origins(settings), development=settings.in_development)
    page_origins = PageOrigins(
        EmbedNonces(keys),
        normalized_origin(settings.base_url),
        development=settings.in_development,
    )
    uploads = Uploads(database, Pictures(), settings.base_url)
    chatbot_settings = SettingsChecks(Logos(uploads))
    chatbots = Chatbots(database, chatbot_settings, most_per_client=settings.chatbots_per_client)
    rate_limits = _rate_limits(settings, _question_windows(database, redis), signals)
    services = Services(
        sign_in=sign_in,
        sessions=Sessions(database),
        users=Users(database),
        user_changes=UserChanges(database, queue, letters),
        memberships=memberships,
        invitations=Invitations(database, memberships, queue, letters),
        own_password=OwnPassword(database, queue, letters),
        forgotten_passwords=ForgottenPasswords(database, sign_in, queue, letters),
        rate_limits=rate_limits,
        api_keys=api_keys,
        clients=Clients(database),
        client_changes=ClientChanges(database),
        signing_keys=signing_keys,
        chatbots=chatbots,
        chatbot_versions=Versions(database),
        copying=Copying(chatbots, chatbot_settings, uploads),
        llm_configs=LlmConfigs(database, sealer, config_rules),
        model_tests=ModelTests(models, routes, database),
        llm_config_changes=LlmConfigChanges(database, sealer, config_rules),
        hook_versions=HookVersions(database, sandbox),
        hook_tests=HookTests(database, hook_runner),
        hook_secrets=hook_secrets,
        knowledge_sources=knowledge.sources,
        site_sources=knowledge.site_sources,
        knowledge_files=knowledge.files,
        pushing=knowledge.pushing,
        retrieval_tests=RetrievalTests(knowledge_search),
        unanswered=Unanswered(database, knowledge.sources),
        suggesting=Suggesting(knowledge_search),
        visits=_visits(settings, widget_tokens, stays, signing_keys, page_origins),
        stays=stays,
        previews=Previews(database, widget_tokens, origins),
        refreshing=Refreshing(database, widget_tokens, page_origins),
        handing_out=HandingOut(database, widget_tokens, development=settings.in_development),
        asking=Asking(
            database,
            owner,
            most_per_visitor=settings.answers_per_visitor,
            note_refusal=refusals.note,
        ),
        regenerating=Regenerating(
            database,
            stopping,
            owner,
            most_per_visitor=settings.answers_per_visitor,
            note_refusal=refusals.note,
        ),
        following=Following(event_log),
        generations=generations,
        stopping=stopping,
        erasing=erasing,
        exporting=Exporting(database, downloads),
        deleting=Deleting(database, erasing),
        conversation_changes=ConversationChanges(database),
        ratings=Ratings(database),
        transactions=database,
        uploads=uploads,
        live=Live(),
        counting=counting,
        reports=Reports(database, downloads, sealer, rate_limits),
        report_schedules=Schedules(database),
        integrations=notices.integrations,
        integration_copies=IntegrationCopies(database, TargetSeals(sealer)),
        maintenance=Maintenance(database),
        signals=signals,
        integration_tests=IntegrationTests(database, notices.attempting),
        redelivering=Redelivering(database),
        plugin_packages=PluginPackages(database, downloads, settings.base_url),
        plugin_connections=PluginConnections(database, api_keys, signing_keys),
        widget_builds=WidgetBuilds(settings.widget_dir),
        embedding_origins=origins,
        public_url=settings.base_url,
    )
    return Wiring(
        services=services,
        identify=Identifying(sign_in, widget_tokens, api_keys),
        origins=origins,
        page_origins=page_origins,
        kept_files=KeptFiles(),
        token_rounds=TokenRounds(origins),
        generations=generations,
        gates=gates,
        recovery=Recovery(generations, event_log, owner),
        housekeeping=Housekeeping(
            erasing,
            Retention(database, erasing),
            retention_seconds=settings.retention_look_seconds,
        ),
        downloads=downloads,
        posting=_posting(settings, queue),
        counting=counting,
        statistics=Statistics(counting),
        report_making=ReportMaking(database, counting, downloads, sealer, queue),
        notices=notices,
        alarms=_alarms(settings, database, signals),
        beating=Beating(database, settings.offline_after_seconds),
        leftovers=Leftovers(),
        knowledge_worker=knowledge.worker,
        knowledge_clearing=knowledge.clearing,
        extractor=knowledge.extractor,
        site_client=knowledge.site_client,
        models=models,
        sandbox=sandbox,
        hook_http=hook_http,
        hook_runner=hook_runner,
        hook_steps=hook_steps,
        hook_endings=HookEndings(hook_runner),
        embedding_work=_embedding_work(knowledge_search),
        event_log=event_log,
    )


def _sandbox(settings: Settings) -> Sandbox:
    options = SandboxOptions(
        most_at_once=settings.hooks_at_once,
        most_per_client=settings.hooks_per_client,
        needs_seccomp=not settings.in_development,
    )
    return Sandbox(options)


def _embedding_work(search: KnowledgeSearch) -> EmbeddingWork | None:
    return EmbeddingWork(search.embedder) if search.embedder else None


def _redis(settings: Settings) -> Redis | None:
    if settings.redis_url is None:
        return None
    return connect_redis(settings.redis_url.get_secret_value())


def _question_windows(database: Database, redis: Redis | None) -> Windows:
    """Where questions are counted: quick, and for all servers together if there may be several."""
    if redis is not None:
        return RedisWindows(redis, in_need=MemoryWindows())
    if database.is_embedded:  # no other server can be on it
        return MemoryWindows()
    return RememberedRefusals(StoredWindows())


def _letters(settings: Settings) -> Letters:
    place = urlsplit(settings.base_url).netloc
    page = settings.dashboard_url or f"{settings.base_url}{ACCOUNT_PAGE}"
    return Letters(place, page, settings.dashboard_url or None)


def _carrier(settings: Settings) -> Carrier:
    server = settings.mail_server
    return SmtpCarrier(server) if server else FolderCarrier(settings.mail_folder)


def _posting(settings: Settings, queue: MailQueue) -> Posting:
    patience = Patience(attempts=settings.smtp_attempts)
    return Posting(queue, _carrier(settings), settings.mail_sender, patience)


@dataclass(frozen=True, slots=True)
class Notices:
    """What tells others of what happens."""

    channels: Channels
    integrations: Integrations
    attempting: Attempting
    delivering: Delivering


def _notices(settings: Settings, database: Database, sealer: Sealer, queue: MailQueue) -> Notices:
    allowed, seals = settings.allowed_addresses, TargetSeals(sealer)
    channels = channels_with(
        HttpPosts(allowed),
        global_id,
        settings.telegram_url,
        _carrier(settings),
        settings.mail_sender,
    )
    attempting = Attempting(channels, seals)
    targets = Targets(channels.telegram, channels.apprise, allowed)
    return Notices(
        channels=channels,
        integrations=Integrations(database, targets, seals),
        attempting=attempting,
        delivering=Delivering(database, attempting, Pausing(database, queue)),
    )


def _alarms(settings: Settings, database: Database, signals: Signals) -> Alarms:
    thresholds = Thresholds(
        server_errors=settings.alert_server_errors,
        failed_sign_ins=settings.alert_failed_sign_ins,
        throttled=settings.alert_throttled,
    )
    return Alarms(database, signals, thresholds)


def _rate_limits(settings: Settings, questions: Windows, signals: Signals) -> RateLimits:
    rates = Rates(
        questions_per_visitor=settings.questions_per_visitor,
        questions_per_address=settings.questions_per_address,
        questions_per_chatbot=settings.questions_per_chatbot,
        visits_per_address=settings.visits_per_address,
        refreshes_per_address=settings.refreshes_per_address,
        sign_ins_per_account=settings.sign_ins_per_account,
        exports_per_visitor=settings.exports_per_visitor,
        resets_per_account=settings.resets_per_account,
        resets_per_address=settings.resets_per_address,
        invitations_per_client=settings.invitations_per_client,
        model_tests_per_person=settings.model_tests_per_person,
        hook_checks_per_person=settings.hook_checks_per_person,
    )
    return RateLimits(
        rates,
        questions,
        shared=StoredWindows(),
        note_throttled=lambda: signals.note("throttled"),
    )


def _visits(
    settings: Settings,
    tokens: WidgetTokens,
    stays: Stays,
    keys: SigningKeys,
    page_origins: PageOrigins,
) -> Visits:
    identities = Identities(
        keys.live_signing_keys,
        audience=settings.base_url,
        longest=timedelta(seconds=settings.identity_max_seconds),
    )
    return Visits(tokens, stays, identities, keys.note_use, page_origins)


def process_name() -> str:
    """A name that no other process has or will have, for leases."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


def _own_origins(settings: Settings) -> frozenset[str]:
    own = normalized_origin(settings.base_url)
    return frozenset(filter(None, [own, *settings.dashboard_origins]))

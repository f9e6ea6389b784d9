"""Every document class, in one list: indexes, erasure and backup walk it."""

from documents.alarms import Alarm
from documents.api_keys import ApiKey
from documents.audit_entries import AuditEntry
from documents.base import StoredDocument
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.deliveries import Delivery
from documents.downloads import Download, DownloadPart
from documents.event_counters import EventCounter
from documents.heartbeats import Heartbeat
from documents.hook_runs import HookRun
from documents.hook_secrets import HookSecret
from documents.hook_states import HookState
from documents.hook_versions import HookVersion
from documents.hooks import Hook
from documents.installation import Installation
from documents.integrations import Integration
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_files import KnowledgeFile, KnowledgeFilePart
from documents.knowledge_leftovers import KnowledgeLeftover
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource
from documents.live_events import LiveCounter, LiveEvent
from documents.llm_configs import LlmConfig
from documents.messages import Message
from documents.one_time_codes import OneTimeCode
from documents.outbox_entries import OutboxEntry
from documents.outgoing_mails import OutgoingMail
from documents.pending_erasures import PendingErasure
from documents.plugin_connections import PluginConnection
from documents.rate_windows import RateWindow
from documents.reports import Report, ReportSchedule
from documents.sessions import Session
from documents.settled_questions import SettledQuestion
from documents.uploads import Upload
from documents.usage_daily import UsageDaily
from documents.usage_days import UsageDay
from documents.usage_events import UsageEvent
from documents.usage_highlights import UsageHighlights
from documents.usage_merged import UsageMerged
from documents.usage_months import UsageMonth
from documents.users import User
from documents.visitors import Visitor
from documents.visits import Visit
from documents.widget_files import WidgetFile
from documents.widget_tokens import WidgetToken
from documents.work_leases import WorkLease

DOCUMENT_CLASSES: tuple[type[StoredDocument], ...] = (
    Installation,
    WorkLease,
    Alarm,
    Heartbeat,
    User,
    Session,
    RateWindow,
    OneTimeCode,
    OutgoingMail,
    ApiKey,
    PluginConnection,
    AuditEntry,
    Client,
    Chatbot,
    ChatbotVersion,
    LlmConfig,
    Upload,
    KnowledgeSource,
    KnowledgePage,
    KnowledgeFile,
    KnowledgeFilePart,
    KnowledgeChunk,
    KnowledgeLeftover,
    Visitor,
    Visit,
    WidgetToken,
    WidgetFile,
    Conversation,
    Message,
    Hook,
    HookVersion,
    HookSecret,
    HookState,
    HookRun,
    PendingErasure,
    Download,
    DownloadPart,
    LiveEvent,
    LiveCounter,
    OutboxEntry,
    SettledQuestion,
    Integration,
    EventCounter,
    Delivery,
    UsageEvent,
    UsageDaily,
    UsageDay,
    UsageHighlights,
    UsageMerged,
    Report,
    ReportSchedule,
    UsageMonth,
)

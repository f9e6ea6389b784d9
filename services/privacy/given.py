"""What a visitor is given of what is kept about the visitor, field by field.

Each class that carries a visitor's id stands here or in `NOT_GIVEN`, and each of its fields is
either given or withheld; a test fails for the next class or field until somebody decides. What is
withheld says nothing about the visitor: secrets, how the server works, what the client pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from documents.base import TenantDocument
from documents.conversations import Conversation
from documents.deliveries import Delivery
from documents.downloads import Download, DownloadPart
from documents.event_counters import EventCounter
from documents.hook_runs import HookRun
from documents.hook_states import HookState
from documents.live_events import LiveEvent
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from documents.usage_events import UsageEvent
from documents.visitors import Visitor
from documents.visits import Visit
from documents.widget_tokens import WidgetToken

WITHHELD_EVERYWHERE = frozenset({"client_id", "visitor_id", "revision_id"})
"""The same in every document, or the database's own."""


@dataclass(frozen=True, slots=True)
class Given:
    """What of one class is given.

    Attributes:
        about: A line that tells the visitor what it is.
        fields: What is given.
        withheld: What is not.
        inside: Of what stands inside of a field, that which is given; other fields are whole.
    """

    about: str
    fields: frozenset[str]
    withheld: frozenset[str] = frozenset()
    inside: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


ITSELF = Given(
    "You: when you were first and last seen, and what the site's operator told us of you.",
    _names("id user_id user_email language first_seen_at last_seen_at created_at updated_at"),
    _names("conversation_turns preview_until"),
)

GIVEN: Mapping[type[TenantDocument], Given] = {
    Visitor: ITSELF,
    Visit: Given(
        "Your visits: when, on which page, and which consent text you were shown.",
        _names(
            "id chatbot_id origin page_url consent_version started_at last_activity_at ended_at"
            " message_count created_at updated_at"
        ),
        _names("unsummed"),
    ),
    WidgetToken: Given(
        "The keys by which your browser was recognised, without the keys themselves.",
        _names(
            "id chatbot_id visit_id origin expires_at last_used_at revoked_at created_at updated_at"
        ),
        _names("token_hash refreshable_until preview"),
    ),
    Conversation: Given(
        "Your conversations: title, language, status, and the tags that were given to them.",
        _names(
            "id chatbot_id title language status message_count last_message_at tags created_at"
            " updated_at"
        ),
        _names(
            "opening_key pruned_at preview_until llm_config_ids has_citations rated_up rated_down"
            " ratings end_hook_due"
        ),
    ),
    Message: Given(
        "Everything that was said, in the order of `seq` within each conversation, and what you"
        " think of it.",
        _names(
            "id conversation_id chatbot_id seq sender status content question_id answer_id"
            " citations feedback tags suggestions said_to_model metadata created_at updated_at"
        ),
        _names(
            "idempotency_key stop_requested_at stream confidence llm_config_id llm_name"
            " first_token_ms response_time_ms input_tokens output_tokens cost_micros estimated"
            " trace preview_until end_untold_since words words_due"
        ),
        {
            "citations": _names(
                "number source_title url anchor_url heading_path quote start_offset end_offset page"
            )
        },
    ),
    HookState: Given(
        "What the operator's own code remembers of each conversation.",
        _names("id chatbot_id conversation_id state created_at updated_at"),
        _names("before question_seq preview_until"),
    ),
}

NOT_GIVEN: Mapping[type[TenantDocument], str] = {
    HookRun: "for a week, how calls of the operator's own code ended, for whoever writes that code",
    LiveEvent: "for a week, which of the visitor's messages changed, by their ids",
    OutboxEntry: "for a month, of which conversations and messages others are told, by their ids",
    Delivery: (
        "for a month, how telling others of it went, with the beginnings of messages that are given"
    ),
    EventCounter: "how many events of a conversation others were told of",
    Download: "an archive such as this one, until it is fetched",
    DownloadPart: "a piece of it",
    UsageEvent: "that a question was asked and when, for the operator's figures; not a word of it",
}
"""Classes that carry a visitor's id and say nothing more about the visitor, with what they are."""

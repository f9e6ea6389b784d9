"""Which class hands over to which kind of integration."""

from collections.abc import Mapping
from dataclasses import dataclass

from documents.integrations import IntegrationKindName
from services.integrations.apprise_program.program import AppriseProgram
from services.integrations.channels.apprise_services import AppriseNotices
from services.integrations.channels.channel import Channel
from services.integrations.channels.discord import DiscordNotices
from services.integrations.channels.mails import MailNotices
from services.integrations.channels.slack import SlackNotices
from services.integrations.channels.telegram import TelegramNotices
from services.integrations.channels.webhooks import Webhooks
from services.integrations.http_posts import HttpPosts
from services.integrations.webhook_body import PublicId
from services.mail.carriers import Carrier
from services.mail.rendering import Sender

DIGESTIBLE: frozenset[IntegrationKindName] = frozenset(
    {"telegram", "email", "slack", "discord", "apprise"}
)
"""Kinds that show several events at once. Programs get each by itself."""


@dataclass(frozen=True, slots=True)
class Channels:
    """All of them; `telegram` also checks tokens and chats, `apprise` its addresses."""

    by_kind: Mapping[IntegrationKindName, Channel]
    telegram: TelegramNotices
    apprise: AppriseNotices
    posts: HttpPosts

    async def close(self) -> None:
        """Close the connections, and end Apprise's program."""
        await self.apprise.close()
        await self.posts.close()

    @property
    def longest_s(self) -> float:
        """How long the slowest may take for one attempt, in seconds."""
        return max(one.longest_s for one in self.by_kind.values())


def channels_with(
    posts: HttpPosts, public_id: PublicId, telegram_url: str, carrier: Carrier, sender: Sender
) -> Channels:
    """The channels of a process."""
    telegram = TelegramNotices(posts, telegram_url)
    apprise = AppriseNotices(posts, AppriseProgram())
    return Channels(
        {
            "webhook": Webhooks(posts, public_id),
            "telegram": telegram,
            "email": MailNotices(carrier, sender),
            "slack": SlackNotices(posts),
            "discord": DiscordNotices(posts),
            "apprise": apprise,
        },
        telegram,
        apprise,
        posts,
    )

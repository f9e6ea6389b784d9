"""Notices by a Telegram bot (Bot API: getMe, getChat, sendMessage).

The bot's token stands in the path of every request, as Telegram wants it. So no address of it ever
goes into a log, a problem or an excerpt.
"""

import html
from dataclasses import replace
from typing import Any

import orjson

from services.integrations.channels.channel import Parcel
from services.integrations.hiding import without_secrets
from services.integrations.http_posts import HttpPosts, told_seconds
from services.integrations.notices import Bulletin, Notice, bulletin_of, shortened
from services.integrations.outcomes import Outcome

MAX_MESSAGE = 4096
"""UTF-16 units of a message after its markup was read (sendMessage)."""

ROOM_FOR_TITLES = 600
JSON = {"accept": "application/json"}


class TelegramRefusalError(Exception):
    """Telegram does not accept a token or a chat; the text says what to do."""


class TelegramUnreachableError(Exception):
    """Telegram did not answer; the text says why."""


class TelegramNotices:
    """Sends notices into chats."""

    def __init__(self, posts: HttpPosts, api_url: str) -> None:
        self._posts = posts
        self._api_url = api_url.rstrip("/")

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        return self._posts.deadline_s

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one message."""
        said = {
            "chat_id": parcel.text("chat_id"),
            "text": telegram_text(bulletin_of(parcel.events)),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        outcome = await self._call(parcel.text("bot_token"), "sendMessage", said)
        told = _read(outcome)
        parameters = told.get("parameters")
        wait = told_seconds(parameters.get("retry_after")) if isinstance(parameters, dict) else None
        if wait is not None:
            outcome = replace(outcome, retry_after_s=wait)
        if outcome.problem and told.get("description"):
            said_why = without_secrets(str(told["description"]), [parcel.text("bot_token")])
            return replace(outcome, problem=f"Telegram says: {said_why}"[:300])
        return outcome

    async def check(self, bot_token: str, chat_id: str) -> str:
        """Who the bot is and which chat it writes to, in words.

        Raises:
            TelegramRefusalError: the token or the chat is not right.
            TelegramUnreachableError: nothing can be said about them now.
        """
        bot = await self._asked(bot_token, "getMe", {}, "Telegram does not know this bot token.")
        chat = await self._asked(
            bot_token,
            "getChat",
            {"chat_id": chat_id},
            "The bot does not see this chat. Add the bot to it, or write to the bot first.",
        )
        names = [chat.get("title"), chat.get("username"), chat.get("first_name"), chat_id]
        place = next(str(one) for one in names if one)
        return shortened(f"@{bot.get('username', 'bot')} → {place}", 100)

    async def _asked(
        self, token: str, method: str, arguments: dict[str, str], refusal: str
    ) -> dict[str, Any]:
        outcome = await self._call(token, method, arguments)
        told = _read(outcome)
        if outcome.problem is None and isinstance(told.get("result"), dict):
            result: dict[str, Any] = told["result"]
            return result
        if outcome.http_status in {400, 401, 403, 404}:
            raise TelegramRefusalError(refusal)
        raise TelegramUnreachableError(outcome.problem or "It did not answer as Telegram does.")

    async def _call(self, token: str, method: str, arguments: dict[str, Any]) -> Outcome:
        url = f"{self._api_url}/bot{token}/{method}"
        return await self._posts.post(url, orjson.dumps(arguments), JSON, [token])


def telegram_text(bulletin: Bulletin) -> str:
    """The text with Telegram's HTML; cut so that it fits and no tag is left open."""
    share = (MAX_MESSAGE - ROOM_FOR_TITLES) // len(bulletin.notices)
    blocks = [f"<b>{_escaped(bulletin.subject, 200)}</b>"]
    blocks += [_block(one, share, titled=len(bulletin.notices) > 1) for one in bulletin.notices]
    if bulletin.unshown:
        blocks.append(f"… and {bulletin.unshown} more")
    return "\n\n".join(filter(None, blocks))


def _block(notice: Notice, room: int, *, titled: bool) -> str:
    lines = [f"<b>{_escaped(notice.title, 100)}</b>"] if titled else []
    each = max(20, (room - 100) // max(1, len(notice.parts)) - 20)
    lines += [
        f"<i>{_escaped(one.name, 20)}:</i> {_escaped(one.text, each)}" for one in notice.parts
    ]
    return "\n".join(lines)


def _escaped(text: str, most: int) -> str:
    """A text for Telegram's HTML, of at most so many UTF-16 units."""
    cut = text.encode("utf-16-le", "replace")[: 2 * most].decode("utf-16-le", "ignore")
    return html.escape(cut if cut == text else f"{cut[:-1]}…", quote=False)


def _read(outcome: Outcome) -> dict[str, Any]:
    try:
        told = orjson.loads(outcome.body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}

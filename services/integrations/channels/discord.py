"""Notices by a webhook of Discord. Nobody is called by what a visitor wrote."""

import re
from dataclasses import replace

import orjson

from services.integrations.channels.channel import Parcel
from services.integrations.http_posts import HttpPosts, told_seconds
from services.integrations.notices import Bulletin, Notice, bulletin_of, shortened
from services.integrations.outcomes import Outcome

MAX_MESSAGE = 2_000
"""Characters of a message's content."""

SUPPRESS_EMBEDS = 4
"""The flag by which links are not opened for a preview."""

_MARKUP = re.compile(r"([\\*_~`|>#\[\]()<:@-])")


class DiscordNotices:
    """Posts notices."""

    def __init__(self, posts: HttpPosts) -> None:
        self._posts = posts

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        return self._posts.deadline_s

    async def send(self, parcel: Parcel) -> Outcome:
        """Post one message."""
        url = parcel.text("url")
        said = {
            "content": discord_text(bulletin_of(parcel.events)),
            "allowed_mentions": {"parse": []},
            "flags": SUPPRESS_EMBEDS,
        }
        outcome = await self._posts.post(url, orjson.dumps(said), {})
        return replace(outcome, retry_after_s=_wait(outcome) or outcome.retry_after_s)


def discord_text(bulletin: Bulletin) -> str:
    """The text in Discord's Markdown, cut between characters and not within an escape."""
    room = MAX_MESSAGE // (2 * (len(bulletin.notices) + 1))
    blocks = [f"**{_escaped(bulletin.subject, 150)}**"]
    blocks += [_block(one, room, titled=len(bulletin.notices) > 1) for one in bulletin.notices]
    if bulletin.unshown:
        blocks.append(f"… and {bulletin.unshown} more")
    whole = "\n\n".join(filter(None, blocks))
    return whole if len(whole) <= MAX_MESSAGE else whole[: MAX_MESSAGE - 1].rstrip("\\") + "…"


def _block(notice: Notice, room: int, *, titled: bool) -> str:
    lines = [f"**{_escaped(notice.title, 100)}**"] if titled else []
    each = max(20, room // max(1, len(notice.parts)))
    lines += [f"*{_escaped(one.name, 20)}:* {_escaped(one.text, each)}" for one in notice.parts]
    return "\n".join(lines)


def _escaped(text: str, most: int) -> str:
    return _MARKUP.sub(r"\\\1", shortened(text, most))


def _wait(outcome: Outcome) -> float | None:
    """What Discord says in the body of a 429, in seconds."""
    if outcome.http_status != 429:  # noqa: PLR2004 - RFC 6585, section 4
        return None
    try:
        told = orjson.loads(outcome.body)
    except orjson.JSONDecodeError:
        return None
    wait = told.get("retry_after") if isinstance(told, dict) else None
    return told_seconds(wait)

"""Notices by an incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat)."""

import orjson

from services.integrations.channels.channel import Parcel
from services.integrations.http_posts import HttpPosts
from services.integrations.notices import Bulletin, Notice, bulletin_of, shortened
from services.integrations.outcomes import Outcome

MAX_MESSAGE = 12_000
"""Characters; Slack cuts messages of more than 40000, and people read less."""


class SlackNotices:
    """Posts notices."""

    def __init__(self, posts: HttpPosts) -> None:
        self._posts = posts

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        return self._posts.deadline_s

    async def send(self, parcel: Parcel) -> Outcome:
        """Post one message; links in it are not opened for a preview."""
        url = parcel.text("url")
        said = {
            "text": slack_text(bulletin_of(parcel.events)),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        return await self._posts.post(url, orjson.dumps(said), {})


def slack_text(bulletin: Bulletin) -> str:
    """The text in Slack's markup; what visitors wrote marks up and calls nobody."""
    blocks = [f"*{_escaped(bulletin.subject)}*"]
    blocks += [_block(one, titled=len(bulletin.notices) > 1) for one in bulletin.notices]
    if bulletin.unshown:
        blocks.append(f"… and {bulletin.unshown} more")
    return shortened("\n\n".join(filter(None, blocks)), MAX_MESSAGE)


def _block(notice: Notice, *, titled: bool) -> str:
    lines = [f"*{_escaped(notice.title)}*"] if titled else []
    lines += [f"_{_escaped(one.name)}:_ {_escaped(one.text)}" for one in notice.parts]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """The three characters that Slack's markup knows: "<!channel>" is then only a text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""Events as signed JSON, one request each (Standard Webhooks 1.0.0)."""

from services.integrations.channels.channel import Parcel
from services.integrations.http_posts import HttpPosts
from services.integrations.outcomes import Outcome
from services.integrations.signing import signed_headers
from services.integrations.webhook_body import PublicId, event_id, webhook_body


class Webhooks:
    """Posts events to programs."""

    def __init__(self, posts: HttpPosts, public_id: PublicId) -> None:
        self._posts = posts
        self._public_id = public_id

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        return self._posts.deadline_s

    async def send(self, parcel: Parcel) -> Outcome:
        """Post the event; webhooks get no digests."""
        [told] = parcel.events
        body = webhook_body(told, self._public_id)
        identity = event_id(told, self._public_id)
        headers = signed_headers(parcel.keys, identity, int(parcel.at.timestamp()), body)
        return await self._posts.post(parcel.text("url"), body, headers, parcel.keys)

"""From which pages a chatbot may be used: those of its list, and its own embed page.

The embed page stands on our origin, which is on no list unless somebody wrote it there. A page of
our origin therefore shows the embed page's nonce, or an iframe would get around every list.
"""

from documents.chatbots import Chatbot
from services.origins import ANY_ORIGIN, normalized_origin, origin_allowed
from services.visits.embed_nonces import EmbedNonce, EmbedNonceError, EmbedNonces

LOOPBACK_ANCESTORS = ("http://localhost:*", "http://127.0.0.1:*")
"""Content Security Policy has no way to write an IPv6 address (level 3, section 2.3.1)."""


class VisitRefusedError(Exception):
    """A visit cannot start."""


class OriginNotAllowedError(VisitRefusedError):
    """The page's origin is not on the chatbot's list.

    Attributes:
        origin: as the browser sent it; None when the request had none.
    """

    def __init__(self, origin: str | None) -> None:
        super().__init__(f"origin {origin!r} is not allowed")
        self.origin = origin


class EmbedPageOutdatedError(VisitRefusedError):
    """The nonce of the embed page is too old, or of another chatbot."""


class PageOrigins:
    """Decides about pages."""

    def __init__(self, nonces: EmbedNonces, own_origin: str | None, *, development: bool) -> None:
        """`own_origin`: where this installation is reached, normalized."""
        self._nonces = nonces
        self._own_origin = own_origin
        self._development = development

    def checked(self, origin: str | None, chatbot: Chatbot, embed_nonce: str | None) -> str:
        """The normalized origin of a page that may start a visit.

        Raises:
            EmbedPageOutdatedError: it is our own and its nonce is not good.
            OriginNotAllowedError: it may not.
        """
        if origin is not None and self.on_list(origin, chatbot):
            return normalized_origin(origin) or origin
        if origin is None or embed_nonce is None or not self.is_own(origin):
            raise OriginNotAllowedError(origin)
        try:
            self._nonces.check(embed_nonce, chatbot.id)
        except EmbedNonceError as error:
            raise EmbedPageOutdatedError from error
        return normalized_origin(origin) or origin

    def on_list(self, origin: str, chatbot: Chatbot) -> bool:
        """Whether the chatbot's owner allows the origin."""
        allowed = chatbot.published.allowed_origins
        return origin_allowed(origin, allowed, development=self._development)

    def is_own(self, origin: str) -> bool:
        """Whether the origin is this installation's."""
        return normalized_origin(origin) == self._own_origin is not None

    def nonce_for(self, chatbot: Chatbot) -> EmbedNonce:
        """A nonce for the chatbot's embed page."""
        return self._nonces.issue(chatbot.id)

    def frame_ancestors(self, chatbot: Chatbot) -> str:
        """Who may frame the chatbot's embed page, in the words of Content Security Policy."""
        allowed = chatbot.published.allowed_origins
        if ANY_ORIGIN in allowed:
            return ANY_ORIGIN
        loopback = LOOPBACK_ANCESTORS if self._development else ()
        sources = [*(one for one in allowed if "[" not in one), *loopback]
        return " ".join(sources) or "'none'"

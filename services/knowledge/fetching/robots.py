"""What a site's robots.txt allows (RFC 9309)."""

from collections.abc import Sequence

from protego import Protego

from services.knowledge.fetching.site_client import ROBOT_NAME


class RobotsRules:
    """The rules for us. Without a text everything is allowed."""

    def __init__(self, text: str = "") -> None:
        self._rules = Protego.parse(text)

    def allows(self, url: str) -> bool:
        """Whether we may ask for the address."""
        return bool(self._rules.can_fetch(url, ROBOT_NAME))

    @property
    def delay_s(self) -> float:
        """The pause between requests that is asked for, in seconds."""
        return float(self._rules.crawl_delay(ROBOT_NAME) or 0.0)

    @property
    def sitemaps(self) -> Sequence[str]:
        """The sitemaps that are named."""
        return tuple(self._rules.sitemaps)

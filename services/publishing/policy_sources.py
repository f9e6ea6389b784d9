"""What the widget loads and from where, in the words of Content Security Policy."""

from urllib.parse import urlsplit

from documents.chatbots import ChatbotSettings
from services.origins import normalized_origin


def connect_sources(public_url: str) -> list[str]:
    """Where it asks: the API, over HTTP and WebSocket."""
    place = urlsplit(public_url)
    return [public_url, f"{'wss' if place.scheme == 'https' else 'ws'}://{place.netloc}"]


def image_sources(settings: ChatbotSettings, public_url: str) -> list[str]:
    """Where its pictures may come from: the logo, the launcher's icon, and those in answers."""
    linked = [_origin(one) for one in (settings.logo_url, settings.bubble_icon_url)]
    hosts = [f"https://{host}" for host in settings.allowed_image_hosts]
    return list(dict.fromkeys([public_url, *filter(None, linked), *hosts]))


def _origin(address: str | None) -> str | None:
    """The origin of a picture elsewhere; None for one that was uploaded here, and for none."""
    parts = urlsplit(address or "")
    return normalized_origin(f"{parts.scheme}://{parts.netloc}")

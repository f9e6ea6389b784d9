"""What the widget loads and from where, in the words of Content Security Policy."""

from urllib.parse import urlsplit

from documents.chatbots import ChatbotSettings


def connect_sources(public_url: str) -> list[str]:
    """Where it asks: the API, over HTTP and WebSocket."""
    place = urlsplit(public_url)
    return [public_url, f"{'wss' if place.scheme == 'https' else 'ws'}://{place.netloc}"]


def image_sources(settings: ChatbotSettings, public_url: str) -> list[str]:
    """Where its pictures may come from: ours are here, and answers may show those of some hosts."""
    hosts = [f"https://{host}" for host in settings.allowed_image_hosts]
    return list(dict.fromkeys([public_url, *hosts]))

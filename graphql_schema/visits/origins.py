"""What a page hears that may not show a chatbot; a widget writes it into the browser's console."""


def not_allowed_text(origin: str | None) -> str:
    """Names the page's origin, and where to allow it."""
    return (
        f"Pages of {(origin or 'an unknown origin')[:200]} may not use this chatbot. Add the"
        " origin to the chatbot's allowed origins (allowedOrigins) and publish it."
    )

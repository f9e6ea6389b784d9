"""Lets another model answer in the languages that it speaks better.

The names are those of the client's language models; what is not there is left to the chatbot's own.
"""

MODELS = {"ja": "Tokyo", "zh": "Tokyo", "fr": "Paris"}


def before_llm(ctx, message):
    wanted = MODELS.get(ctx["language"])
    return {"llm": wanted} if wanted in ctx["llms"] else None

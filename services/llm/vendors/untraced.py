"""LangSmith stays out of it.

LangChain sends prompts and answers to LangSmith as soon as an environment variable says so;
here only our own settings may send a visitor's words anywhere.
"""

from contextlib import AbstractContextManager

from langsmith import tracing_context


def untraced() -> AbstractContextManager[None]:
    """A context in which LangChain attaches no tracer."""
    return tracing_context(enabled=False)

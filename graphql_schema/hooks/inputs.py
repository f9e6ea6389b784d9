"""What callers give to write, try and run hooks."""

import strawberry

from graphql_schema.hooks.types import HookFunction

_CHATBOT = "Whose hook."
_VERSION = "Which version."


@strawberry.input(description="A source to look at; nothing is stored.")
class ValidateHookInput:
    """A source."""

    chatbot_id: strawberry.ID = strawberry.field(description=_CHATBOT)
    source: str = strawberry.field(description="Python, at most 64 KB.")


@strawberry.input(description="A new version of a chatbot's hook.")
class SaveHookVersionInput:
    """A version to be."""

    chatbot_id: strawberry.ID = strawberry.field(description=_CHATBOT)
    source: str = strawberry.field(description="Python, at most 64 KB.")
    note: str | None = strawberry.field(description="Why, at most 500 characters.", default=None)


@strawberry.input(description="What to try a version with.")
class TestHookInput:
    """A dry run to be."""

    __test__ = False  # no test of pytest's, whatever its name

    version_id: strawberry.ID = strawberry.field(description=_VERSION)
    function: HookFunction = strawberry.field(description="Which of its functions.")
    question: str = strawberry.field(description="The visitor's question: 1 to 8000 characters.")
    answer: str | None = strawberry.field(
        description="For AFTER_LLM what the model said; left out: a sample.", default=None
    )
    conversation_id: strawberry.ID | None = strawberry.field(
        description="A stored conversation of the chatbot's that `ctx` tells of; left out: one that"
        " is made up.",
        default=None,
    )


@strawberry.input(description="Which version is to run for visitors.")
class ActivateHookVersionInput:
    """A version to put to use."""

    version_id: strawberry.ID = strawberry.field(description=_VERSION)
    required: bool | None = strawberry.field(
        description="Whether there is no answer when it fails; left out: as it was.", default=None
    )


@strawberry.input(description="Whose hook is to go back.")
class RollbackHookInput:
    """A hook."""

    chatbot_id: strawberry.ID = strawberry.field(description=_CHATBOT)


@strawberry.input(description="Whether a hook is to run.")
class SetHookEnabledInput:
    """A switch."""

    chatbot_id: strawberry.ID = strawberry.field(description=_CHATBOT)
    enabled: bool = strawberry.field(
        description="True also puts a hook back to use that the server took out of it."
    )


@strawberry.input(description="A secret that hooks may send to one host.")
class SetHookSecretInput:
    """A secret."""

    client_id: strawberry.ID = strawberry.field(description="Whose hooks.")
    name: str = strawberry.field(
        description="1 to 50 characters of A-Z, 0-9 and _. Hooks write {secret:NAME} in a header."
    )
    host: str = strawberry.field(description="One of the client's `hookHosts`.")
    value: str | None = strawberry.field(
        description="8 to 4096 printable characters without spaces, stored sealed and never shown;"
        " null deletes it.",
        default=None,
    )

"""What callers give to make, change and publish chatbots."""

import strawberry

from graphql_schema.chatbots.settings import ChatbotSettingsInput


@strawberry.input(description="A new chatbot.")
class CreateChatbotInput:
    """A chatbot to be."""

    client_id: strawberry.ID = strawberry.field(description="Whose it will be.")
    name: str = strawberry.field(description="1 to 100 characters on one line.")
    settings: ChatbotSettingsInput | None = strawberry.field(
        description="What shall differ from the defaults.", default=None
    )


@strawberry.input(description="A change of a chatbot. A field left out stays as it is.")
class UpdateChatbotInput:
    """A change of a chatbot."""

    id: strawberry.ID = strawberry.field(description="Which chatbot.")
    revision: int | None = strawberry.field(
        description="The revision that the caller has read; left out: the last write wins.",
        default=None,
    )
    active: bool | None = strawberry.field(
        description="Whether it answers; works at once.", default=None
    )
    settings: ChatbotSettingsInput | None = strawberry.field(
        description="Changes the draft; visitors see it after publishChatbot.", default=None
    )


@strawberry.input(description="A chatbot to be, as a document.")
class ImportChatbotInput:
    """A document of another chatbot."""

    client_id: strawberry.ID = strawberry.field(description="Whose it will be.")
    document: str = strawberry.field(
        description="JSON text as exportChatbot gives it; at most 1,400,000 characters."
    )


@strawberry.input(description="Which chatbot to make another one of.")
class CloneChatbotInput:
    """A chatbot, and whose the new one will be."""

    id: strawberry.ID = strawberry.field(description="Whose draft is taken.")
    client_id: strawberry.ID = strawberry.field(
        description="Whose the new chatbot will be: the same client, or another one."
    )
    name: str = strawberry.field(description="Of the new one: 1 to 100 characters on one line.")


@strawberry.input(description="Which chatbot to delete with its conversations.")
class DeleteChatbotInput:
    """A chatbot to delete."""

    id: strawberry.ID = strawberry.field(description="Which chatbot.")
    confirm_name: str = strawberry.field(
        description="The name in its draft, typed by the person who deletes."
    )


@strawberry.input(description="Which chatbot's draft to publish.")
class PublishChatbotInput:
    """A chatbot to publish."""

    id: strawberry.ID = strawberry.field(description="Which chatbot.")
    revision: int | None = strawberry.field(
        description="The revision that the caller has read; left out: what is there now.",
        default=None,
    )
    note: str | None = strawberry.field(
        description="Why, for the list of versions; at most 500 characters.", default=None
    )


@strawberry.input(description="Which version's settings to publish again.")
class RollbackChatbotInput:
    """A chatbot and one of its versions."""

    id: strawberry.ID = strawberry.field(description="Which chatbot.")
    version_id: strawberry.ID = strawberry.field(description="One of its versions.")

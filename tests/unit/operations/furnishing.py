"""A client with so many of everything, as rows of lists that point at each other."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from documents.api_keys import ApiKey
from documents.base import StoredDocument, utc_now
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource
from documents.llm_configs import LlmConfig
from documents.messages import Message
from documents.sessions import Session
from documents.tenancy import TenantScope
from documents.users import Membership, User
from documents.visitors import Visitor
from documents.visits import Visit
from documents.widget_tokens import WidgetToken

NOW = utc_now()


@dataclass
class Furnished:
    """What was made for one client."""

    slug: str = field(default_factory=lambda: f"client-{uuid4().hex[:8]}")
    client: Client = field(init=False)
    chatbots: list[Chatbot] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    configs: list[LlmConfig] = field(default_factory=list)

    @property
    def scope(self) -> TenantScope:
        return TenantScope.one(self.slug)


async def furnish(size: int) -> Furnished:
    """A new client with `size` of everything."""
    made = Furnished()
    made.client = Client(client_id=made.slug, name=f"Client {made.slug}")
    await made.scope.of(Client).insert(made.client)
    for number in range(size):
        await _people(made, number)
        await _chatbot(made, number)
    for number in range(size):
        await _talk(made, number)
    return made


async def _people(made: Furnished, number: int) -> None:
    user = User(
        email=f"{uuid4().hex}@example.com",
        full_name=f"Person {number}",
        memberships=[Membership(client_id=made.slug, role="owner")],
    )
    session = Session(
        user_id=user.id,
        token_hash=uuid4().hex,
        last_used_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )
    key = ApiKey(
        client_id=made.slug,
        name=f"Key {number}",
        secret_hash=uuid4().hex,
        prefix="plk_12345678",
        scopes=["chatbots_read"],
    )
    config = LlmConfig(
        client_id=made.slug, name=f"Model {number}", provider="local", model="extractive"
    )
    await _insert(user, session, config)
    await made.scope.of(ApiKey).insert(key)
    made.users.append(user)
    made.configs.append(config)


async def _chatbot(made: Furnished, number: int) -> None:
    config_id = made.configs[number].id
    settings = ChatbotSettings(
        name=f"Chatbot {number}", default_llm_id=config_id, fallback_llm_id=config_id
    )
    version = ChatbotVersion(
        client_id=made.slug,
        chatbot_id=PydanticObjectId(),
        number=1,
        settings=settings,
        published_at=NOW,
        published_by=made.users[number].id,
    )
    chatbot = Chatbot(
        id=version.chatbot_id,
        client_id=made.slug,
        embed_key=uuid4().hex,
        draft=settings,
        published=settings,
        published_version_id=version.id,
    )
    source = KnowledgeSource(
        client_id=made.slug,
        title=f"Source {number}",
        kind="text",
        status="ready",
        chatbot_ids=[chatbot.id, *(one.id for one in made.chatbots)],
    )
    await made.scope.of(ChatbotVersion).insert(version)
    await made.scope.of(Chatbot).insert(chatbot)
    await made.scope.of(KnowledgeSource).insert(source)
    made.chatbots.append(chatbot)


async def _talk(made: Furnished, number: int) -> None:
    """A visitor of the first chatbot with a visit, a token and a conversation of their own."""
    chatbot_id = made.chatbots[0].id
    visitor = Visitor(client_id=made.slug, first_seen_at=NOW, last_seen_at=NOW)
    theirs = {"client_id": made.slug, "chatbot_id": chatbot_id, "visitor_id": visitor.id}
    visit = Visit(**theirs, origin="", started_at=NOW, last_activity_at=NOW)
    token = WidgetToken(**theirs, token_hash=uuid4().hex, expires_at=NOW + timedelta(days=1))
    theirs["chatbot_id"] = made.chatbots[number].id
    conversation = Conversation(**theirs, title=f"Talk {number}", last_message_at=NOW)
    await made.scope.of(Visitor).insert(visitor)
    await made.scope.of(Visit).insert(visit)
    await made.scope.of(WidgetToken).insert(token)
    await made.scope.of(Conversation).insert(conversation)
    made.visitors.append(visitor)
    made.conversations.append(conversation)
    await _turn(made, made.conversations[0], number)


async def _turn(made: Furnished, conversation: Conversation, number: int) -> None:
    """A question in the conversation, with two answers."""
    theirs = {
        "client_id": made.slug,
        "conversation_id": conversation.id,
        "chatbot_id": conversation.chatbot_id,
        "visitor_id": conversation.visitor_id,
        "status": "complete",
    }
    question = Message(**theirs, seq=3 * number + 1, sender="visitor", content="Where?")
    answers = [
        Message(
            **theirs,
            seq=3 * number + 1 + which,
            sender="bot",
            content=f"Answer {which}",
            question_id=question.id,
            llm_config_id=made.configs[number].id,
        )
        for which in (1, 2)
    ]
    await made.scope.of(Message).insert_many([question, *answers])


async def _insert(*documents: StoredDocument) -> None:
    for one in documents:
        await one.insert()

"""The loaders of one operation, each made when it is first used."""

from functools import cached_property

from graphql_schema.accounts.loaders import SessionsByUserIdLoader, UserByIdLoader
from graphql_schema.chatbots.loaders import ChatbotByIdLoader, ChatbotVersionByIdLoader
from graphql_schema.clients.loaders import (
    ApiKeysByClientLoader,
    ClientBySlugLoader,
    MembersByClientLoader,
)
from graphql_schema.conversations.loaders import (
    AnswersByQuestionIdLoader,
    ConversationByIdLoader,
    VisitorByIdLoader,
)
from graphql_schema.hooks.loaders import HookVersionByIdLoader
from graphql_schema.integrations.loaders import IntegrationByIdLoader
from graphql_schema.llm_configs.loaders import LlmConfigByIdLoader


class Loaders:
    """What one operation loads, and has loaded."""

    @cached_property
    def client_by_slug(self) -> ClientBySlugLoader:
        return ClientBySlugLoader()

    @cached_property
    def members_by_client(self) -> MembersByClientLoader:
        return MembersByClientLoader()

    @cached_property
    def api_keys_by_client(self) -> ApiKeysByClientLoader:
        return ApiKeysByClientLoader()

    @cached_property
    def user_by_id(self) -> UserByIdLoader:
        return UserByIdLoader()

    @cached_property
    def sessions_by_user_id(self) -> SessionsByUserIdLoader:
        return SessionsByUserIdLoader()

    @cached_property
    def chatbot_by_id(self) -> ChatbotByIdLoader:
        return ChatbotByIdLoader()

    @cached_property
    def chatbot_version_by_id(self) -> ChatbotVersionByIdLoader:
        return ChatbotVersionByIdLoader()

    @cached_property
    def hook_version_by_id(self) -> HookVersionByIdLoader:
        return HookVersionByIdLoader()

    @cached_property
    def integration_by_id(self) -> IntegrationByIdLoader:
        return IntegrationByIdLoader()

    @cached_property
    def llm_config_by_id(self) -> LlmConfigByIdLoader:
        return LlmConfigByIdLoader()

    @cached_property
    def visitor_by_id(self) -> VisitorByIdLoader:
        return VisitorByIdLoader()

    @cached_property
    def conversation_by_id(self) -> ConversationByIdLoader:
        return ConversationByIdLoader()

    @cached_property
    def answers_by_question_id(self) -> AnswersByQuestionIdLoader:
        return AnswersByQuestionIdLoader()

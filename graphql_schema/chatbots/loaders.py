"""Loaders of chatbots and their versions."""

from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot
from graphql_schema.loading import ByIdLoader


class ChatbotByIdLoader(ByIdLoader[Chatbot]):
    """Chatbots by their ids."""

    document_class = Chatbot


class ChatbotVersionByIdLoader(ByIdLoader[ChatbotVersion]):
    """Published versions by their ids."""

    document_class = ChatbotVersion

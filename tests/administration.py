"""What an administrator does before a visitor comes: a chatbot with the model that a test needs."""

import uuid

from tests.graphql_clients import GraphQLClient, Json

DEMO_CLIENT = 'query { client(slug: "demo") { id } }'
CREATE_LLM_CONFIG = """
mutation ($input: CreateLlmConfigInput!) {
  createLlmConfig(input: $input) {
    ... on CreateLlmConfigSuccess { llmConfig { id } }
    ... on UserError { code message path }
  }
}
"""
CREATE_CHATBOT = """
mutation ($input: CreateChatbotInput!) {
  createChatbot(input: $input) {
    ... on CreateChatbotSuccess { chatbot { embedKey } }
    ... on UserError { code message path }
  }
}
"""
DEMO_CHATBOTS = """
query ($after: String) {
  client(slug: "demo") {
    chatbots(first: 100, after: $after) {
      edges { node { id embedKey draft { name } } } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
UPDATE_CHATBOT = """
mutation ($input: UpdateChatbotInput!) {
  updateChatbot(input: $input) {
    ... on UpdateChatbotSuccess { chatbot { id } }
    ... on UserError { code message path }
  }
}
"""
ROTATE_KEY = """
mutation ($input: RotateClientSigningKeyInput!) {
  rotateClientSigningKey(input: $input) {
    ... on RotateClientSigningKeySuccess { secret }
    ... on UserError { code message path }
  }
}
"""
PUBLISH_CHATBOT = """
mutation ($input: PublishChatbotInput!) {
  publishChatbot(input: $input) {
    ... on PublishChatbotSuccess { chatbot { id } }
    ... on UserError { code message path }
  }
}
"""


CREATE_PREVIEW = """
mutation ($input: CreatePreviewTokenInput!) {
  createPreviewToken(input: $input) {
    __typename ... on CreatePreviewTokenSuccess { widgetToken }
  }
}
"""
CREATE_WIDGET_TOKEN = """
mutation ($input: CreateWidgetTokenInput!) {
  createWidgetToken(input: $input) {
    ... on CreateWidgetTokenSuccess { embedCode }
    ... on UserError { code message }
  }
}
"""


async def chatbot_of_demo(caller: GraphQLClient, embed_key: str = "demo") -> Json:
    """A chatbot of the demo client: `id`, `embedKey` and the draft's name; tests leave many."""
    after = None
    while True:
        page = (await caller.execute(DEMO_CHATBOTS, {"after": after}))["client"]["chatbots"]
        for edge in page["edges"]:
            found: Json = edge["node"]
            if found["embedKey"] == embed_key:
                return found
        assert page["pageInfo"]["hasNextPage"], f"the demo client has no chatbot {embed_key}"
        after = page["pageInfo"]["endCursor"]


class Administrator:
    """The platform's admin, as the dashboard would be."""

    def __init__(self, caller: GraphQLClient) -> None:
        self._caller = caller

    async def chatbot_with_model(self, provider_url: str) -> str:
        """A new chatbot of the demo client that asks this OpenAI-compatible one; its embed key."""
        return await self.chatbot_asking("OPENAI_COMPATIBLE", f"{provider_url}/v1")

    async def chatbot_asking(
        self, provider: str, api_url: str, *, or_else: str | None = None, **config: object
    ) -> str:
        """A new chatbot of the demo client with a model of its own; its embed key.

        `or_else` is the address of an OpenAI-compatible fallback model.
        """
        name = f"Chatbot {uuid.uuid4().hex[:8]}"
        settings: Json = {
            "defaultLlmId": await self.llm_config(name, provider, api_url, **config),
            "knowledgeMode": "OPEN",
        }
        if or_else is not None:
            settings["fallbackLlmId"] = await self.llm_config(
                f"{name}, fallback", "OPENAI_COMPATIBLE", f"{or_else}/v1"
            )
        return await self.chatbot(name, **settings)

    async def chatbot_of_config(self, llm_id: str) -> str:
        """A new chatbot of the demo client with this model; its embed key."""
        return await self.chatbot("Chatbot", defaultLlmId=llm_id, knowledgeMode="OPEN")

    async def chatbot_like(self, provider_url: str, **settings: object) -> str:
        """A new chatbot with a model at this address and with these settings; its embed key."""
        name = f"Chatbot {uuid.uuid4().hex[:8]}"
        llm_id = await self.llm_config(name, "OPENAI_COMPATIBLE", f"{provider_url}/v1")
        return await self.chatbot(
            name, **{"defaultLlmId": llm_id, "knowledgeMode": "OPEN"} | settings
        )

    async def chatbot(self, name: str, **settings: object) -> str:
        """A new chatbot of the demo client with these settings; its embed key."""
        client_id = (await self._caller.execute(DEMO_CLIENT))["client"]["id"]
        chatbot = {"clientId": client_id, "name": name, "settings": settings}
        made = await self._made(CREATE_CHATBOT, "createChatbot", chatbot)
        return str(made["chatbot"]["embedKey"])

    async def publish(self, embed_key: str, **settings: object) -> None:
        """Change these settings of a chatbot of the demo client and publish them."""
        chatbot = await chatbot_of_demo(self._caller, embed_key)
        given = {"id": chatbot["id"], "settings": settings}
        await self._made(UPDATE_CHATBOT, "updateChatbot", given)
        await self._made(PUBLISH_CHATBOT, "publishChatbot", {"id": chatbot["id"]})

    async def switch_off(self, embed_key: str) -> None:
        """Let a chatbot of the demo client answer nobody."""
        chatbot = await chatbot_of_demo(self._caller, embed_key)
        await self._made(UPDATE_CHATBOT, "updateChatbot", {"id": chatbot["id"], "active": False})

    async def embed_code(self, embed_key: str) -> str:
        """The line for a page whose visitor, Ada, has a token of the page's server."""
        chatbot = await chatbot_of_demo(self._caller, embed_key)
        given = {"chatbotId": chatbot["id"], "userId": "ada"}
        made = await self._made(CREATE_WIDGET_TOKEN, "createWidgetToken", given)
        return str(made["embedCode"])

    async def preview(self, embed_key: str, **settings: object) -> str:
        """Change these settings of the draft; a token that shows it."""
        chatbot = await chatbot_of_demo(self._caller, embed_key)
        given = {"id": chatbot["id"], "settings": settings}
        await self._made(UPDATE_CHATBOT, "updateChatbot", given)
        made = await self._made(CREATE_PREVIEW, "createPreviewToken", {"chatbotId": chatbot["id"]})
        return str(made["widgetToken"])

    async def signing_secret(self) -> str:
        """A new key that signs visitors of the demo client in."""
        client_id = (await self._caller.execute(DEMO_CLIENT))["client"]["id"]
        made = await self._made(ROTATE_KEY, "rotateClientSigningKey", {"clientId": client_id})
        return str(made["secret"])

    async def llm_config(self, name: str, provider: str, api_url: str, **more: object) -> str:
        """A new config of the platform's; its id."""
        config = {"name": name, "provider": provider, "model": "dictated", "apiUrl": api_url}
        made = await self._made(CREATE_LLM_CONFIG, "createLlmConfig", config | more)
        return str(made["llmConfig"]["id"])

    async def _made(self, mutation: str, field: str, values: Json) -> Json:
        result: Json = (await self._caller.execute(mutation, {"input": values}))[field]
        assert "code" not in result, result
        return result

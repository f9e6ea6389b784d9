"""Telling the clients whose chatbots a model answers for that it is left alone."""

from documents.chatbots import Chatbot
from documents.llm_configs import Circuit, LlmConfig
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.outbox.recording import Happening, record_for_many

MOST_TOLD = 1_000
"""Clients that are told of one of the platform's models."""


async def tell_circuit_opened(config: LlmConfig, circuit: Circuit, session: WriteSession) -> None:
    """Record it for each of them, in the transaction that opens the circuit."""
    facts = {
        "llm_config_id": str(config.id),
        "llm": config.name,
        "retry_at": circuit.open_until.isoformat(),
    }
    key = f"llm.circuit_opened/{config.id}/{circuit.opened_at.isoformat()}"
    happenings = [
        Happening(client_id, "llm.circuit_opened", key, facts=facts)
        for client_id in await _concerned(config)
    ]
    await record_for_many(happenings, session)


async def _concerned(config: LlmConfig) -> list[str]:
    if config.client_id is not None:
        return [config.client_id]
    chatbots = TenantScope.every_client().of(Chatbot)
    asked = [{f"published.{which}_llm_id": config.id} for which in ("default", "fallback")]
    found: list[str] = await chatbots.raw.distinct(
        "client_id", chatbots.condition({"active": True, "$or": asked})
    )
    return found[:MOST_TOLD]

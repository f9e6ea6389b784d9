"""What tokens cost, and how many they are when the provider does not say."""

from documents.llm_configs import LlmConfig

MICROS_PER_UNIT = 1_000_000
BYTES_PER_TOKEN = 4
"""Of UTF-8: about right for European languages, and on the safe side for most others."""


def cost_micros(config: LlmConfig, input_tokens: int, output_tokens: int) -> int:
    """The price in millionths of the currency's unit."""
    cost = (
        input_tokens * config.input_cost_per_1k_tokens
        + output_tokens * config.output_cost_per_1k_tokens
    )
    return round(cost * MICROS_PER_UNIT / 1000)


def estimated_tokens(text: str) -> int:
    """About how many tokens a text is, rounded up."""
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)

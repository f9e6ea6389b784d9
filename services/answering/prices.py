"""What tokens cost, and how many they are when the provider does not say."""

from collections.abc import Iterable
from decimal import ROUND_CEILING

from documents.llm_configs import LlmConfig

MICROS_PER_UNIT = 1_000_000
BYTES_PER_TOKEN = 4
"""Of UTF-8: about right for European languages, and on the safe side for most others."""


TOKENS_OF_A_TURN = 16
"""What a provider adds around each message of a prompt, and more: 3 or 4 are usual."""


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


def estimated_prompt_tokens(texts: Iterable[str]) -> int:
    """About how many tokens a prompt of these messages is."""
    return sum(estimated_tokens(text) + TOKENS_OF_A_TURN // BYTES_PER_TOKEN for text in texts)


def most_micros(config: LlmConfig, texts: Iterable[str]) -> int:
    """The most that an answer to a prompt of these messages can cost, with all its tokens.

    Every token is a byte at least, in all tokenizers that providers use: so a text has no more
    tokens than bytes.
    """
    input_tokens = sum(len(text.encode(errors="replace")) + TOKENS_OF_A_TURN for text in texts)
    cost = (
        input_tokens * config.input_cost_per_1k_tokens
        + config.max_tokens * config.output_cost_per_1k_tokens
    )
    return int((cost * MICROS_PER_UNIT / 1000).to_integral_value(ROUND_CEILING))

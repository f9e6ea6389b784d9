"""Turning questions away of a client whose month is used up, before anything is stored.

A look and no more: what holds is the reservation, which the turn makes when it knows its prompt.
Of many questions at once some may pass here and be refused there.
"""

from documents.base import utc_now
from documents.chatbots import ChatbotSettings
from documents.clients import Client
from documents.llm_configs import usable_llm_configs
from documents.usage_months import UsageMonth
from services.answering.question_refusals import LimitRefusalError
from services.usage.reservations import MonthLimits, limits_of, standing


async def check_month(client: Client, settings: ChatbotSettings) -> None:
    """See that quota and budget may hold one more question.

    Raises:
        LimitRefusalError: they do not.
    """
    limits = limits_of(client, utc_now())
    if limits.hard_quota is None and limits.budget_micros is None:
        return
    month = await standing(client)
    if _quota_is_full(limits, month, settings):
        raise LimitRefusalError(limits.reached("quota"))
    if _budget_is_full(limits, month) and not await _has_a_free_model(client, settings):
        raise LimitRefusalError(limits.reached("budget"))


def _quota_is_full(limits: MonthLimits, month: UsageMonth, settings: ChatbotSettings) -> bool:
    """From the soft quota on the fallback model answers; without one that is the end."""
    quota = limits.soft_quota if settings.fallback_llm_id is None else limits.hard_quota
    return quota is not None and month.used + month.reserved >= quota


def _budget_is_full(limits: MonthLimits, month: UsageMonth) -> bool:
    budget = limits.budget_micros
    return budget is not None and month.spent_micros + month.reserved_micros >= budget


async def _has_a_free_model(client: Client, settings: ChatbotSettings) -> bool:
    wanted = [one for one in (settings.default_llm_id, settings.fallback_llm_id) if one]
    configs = (await usable_llm_configs(wanted, client.client_id)).values()
    return any(
        not (config.input_cost_per_1k_tokens or config.output_cost_per_1k_tokens)
        for config in configs
    )

"""Rows of usage by the thousand, drawn from dice that begin with the client's name."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.usage_events import UsageEvent

AT_ONCE = 10_000
CODES = ("rate_limited", "quota_exceeded", "chatbot_inactive")


def usage_rows(
    client: Client,
    count: int,
    span: tuple[datetime, datetime],
    *,
    chatbots: int = 3,
    models: int = 2,
) -> list[dict[str, Any]]:
    """Questions in a span, as they are stored and counted; some with ratings of their answers."""
    dice = random.Random(client.client_id)
    bots = [_id(dice) for _ in range(chatbots)]
    llms = [_id(dice) for _ in range(models)]
    visitors = [_id(dice) for _ in range(max(1, count // 3))]
    seconds = (span[1] - span[0]).total_seconds()
    rows: list[dict[str, Any]] = []
    for _ in range(count):
        at = span[0] + timedelta(milliseconds=dice.randrange(int(seconds * 1000)))
        common = {"client_id": client.client_id, "at": at, "chatbot_id": dice.choice(bots)}
        if dice.random() < 0.05:
            rows.append(_refused(dice, common))
            continue
        if dice.random() < 0.2:
            rows.append(_stayed(dice, common))
        asked = _asked(dice, common, dice.choice(visitors), llms)
        rows.append(asked)
        if dice.random() < 0.1:
            rows.append(_rated(dice, asked))
    return rows


async def store_rows(client: Client, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows in the order of their making."""
    collection = TenantScope.one(client.client_id).of(UsageEvent).raw
    for start in range(0, len(rows), AT_ONCE):
        await collection.insert_many(rows[start : start + AT_ONCE], ordered=False)


def _refused(dice: random.Random, common: dict[str, Any]) -> dict[str, Any]:
    requests = dice.randrange(1, 9)
    return {
        **common,
        "kind": "question",
        "success": False,
        "code": dice.choice(CODES),
        "requests": requests,
    }


def _asked(
    dice: random.Random,
    common: dict[str, Any],
    visitor: PydanticObjectId,
    llms: Sequence[PydanticObjectId],
) -> dict[str, Any]:
    success, model = dice.random() < 0.97, dice.randrange(len(llms))
    began = round(dice.lognormvariate(6, 0.8))
    return {
        **common,
        "kind": "question",
        "success": success,
        "requests": 1,
        "visitor_id": visitor,
        "conversation_id": _id(dice),
        "answer_id": _id(dice),
        "seq": 2 * dice.randrange(1, 40),
        "question_key": f"{dice.randrange(100_000):016x}",
        "to_quota": int(success),
        "opens_conversation": dice.random() < 0.4,
        "fell_back": dice.random() < 0.02,
        "unanswered": success and dice.random() < 0.08,
        "llm_config_id": llms[model],
        "llm_name": f"Model {model}",
        "first_token_ms": began if success else None,
        "response_time_ms": began + dice.randrange(4_000) if success else None,
        "input_tokens": dice.randrange(2_000),
        "output_tokens": dice.randrange(600),
        "cost_micros": dice.randrange(9_000),
    }


def _stayed(dice: random.Random, common: dict[str, Any]) -> dict[str, Any]:
    return {
        **common,
        "kind": "visit",
        "success": True,
        "requests": 0,
        "visits": 1,
        "visit_ms": dice.randrange(3_000_000),
        "visit_messages": dice.randrange(40),
    }


def _rated(dice: random.Random, asked: dict[str, Any]) -> dict[str, Any]:
    is_up = dice.random() < 0.8
    names = ("client_id", "at", "chatbot_id", "visitor_id", "conversation_id", "answer_id")
    model = ("llm_config_id", "llm_name")
    return {
        **{name: asked[name] for name in (*names, *model)},
        "kind": "rating",
        "success": True,
        "requests": 0,
        "rated_up": int(is_up),
        "rated_down": int(not is_up),
    }


def _id(dice: random.Random) -> PydanticObjectId:
    return PydanticObjectId(dice.randbytes(12))


def in_order(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows in the order of their moments."""
    yield from sorted(rows, key=lambda row: row["at"])

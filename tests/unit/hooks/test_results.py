"""What a hook gives back is taken as documented, or not at all and with a sentence."""

from typing import Any

import pytest

from services.hooks.interface import FUNCTIONS, KEYS, FunctionName
from services.hooks.results import NOTHING, BadResultError, Effects, effects_of


def test_nothing_changes_nothing() -> None:
    for function in FUNCTIONS:
        assert effects_of(function, None) == NOTHING
        assert effects_of(function, {}) == NOTHING
        assert effects_of(function, dict.fromkeys(KEYS[function])) == NOTHING


def test_everything_that_before_llm_may_give_is_taken() -> None:
    given = {
        "message": "Where is order 7?",
        "context": "Order 7: sent.",
        "tags": ["order", "order", " order "],
        "block": "We are closed.",
        "llm": "Small",
        "suggestions": ["And order 8?"],
        "state": {"orders": [7]},
        "escalate": "wants a person",
    }
    assert effects_of("before_llm", given) == Effects(
        message="Where is order 7?",
        context=("Order 7: sent.",),
        tags=("order",),
        block="We are closed.",
        llm="Small",
        suggestions=("And order 8?",),
        state='{"orders":[7]}',
        escalate="wants a person",
    )


def test_a_person_is_asked_for_with_or_without_a_reason() -> None:
    assert effects_of("after_llm", {"escalate": True}).escalate == ""
    assert effects_of("after_llm", {"escalate": False}).escalate is None


@pytest.mark.parametrize(
    ("function", "given", "said"),
    [
        ("before_llm", {"mesage": "x"}, "may not return 'mesage'"),
        ("before_llm", {"answer": "x"}, "may not return 'answer'"),
        ("after_llm", {"block": "x"}, "may not return 'block'"),
        ("on_end", {"escalate": True}, "may not return 'escalate'"),
        ("before_llm", {7: "x"}, "may not return '7'"),
        ("before_llm", {"message": 7}, "'message' must be text, not int"),
        ("before_llm", {"message": " "}, "'message' needs between 1 and"),
        ("before_llm", {"message": "x" * 20_001}, "'message' needs between 1 and"),
        ("after_llm", {"answer": "half \ud83e"}, "half a character"),
        ("before_llm", {"context": {"a": 1}}, "'context' must be text or a list"),
        ("before_llm", {"context": ["x" * 9_000, "y" * 9_000]}, "16000 characters in all"),
        ("before_llm", {"tags": "order"}, "'tags' must be a list"),
        ("before_llm", {"tags": ["x"] * 11}, "at most 10"),
        ("before_llm", {"tags": ["x" * 51]}, "'tags' needs between 1 and 50"),
        ("before_llm", {"suggestions": [None]}, "'suggestions' must be text"),
        ("before_llm", {"state": ["a"]}, "'state' must be a dict"),
        ("before_llm", {"state": {"a": "x" * 8_192}}, "8192 bytes"),
        ("before_llm", {"escalate": 1}, "'escalate' must be text"),
    ],
)
def test_a_wrong_result_is_refused_whole(
    function: FunctionName, given: dict[Any, Any], said: str
) -> None:
    with pytest.raises(BadResultError, match=said):
        effects_of(function, given)

import pytest

from services.llm.problems import MAX_PROBLEM_CHARACTERS, message_in, retry_after_s, scrubbed

KEY = "qwertz-not-a-usual-form"


@pytest.mark.parametrize(
    "words",
    [
        f"wrong key {KEY}.",
        "Incorrect API key provided: sk-proj-Ab12Cd34Ef56.",
        "Incorrect API key provided: sk-test-**********7890.",
        "header Authorization: Bearer abc.def-ghi",
        "key AIzaSyA-1234567890abcdefghijklmnopqrstu",
        "token 0123456789abcdef0123456789abcdef",
    ],
)
def test_nothing_that_looks_like_a_key_is_repeated(words: str) -> None:
    cleaned = scrubbed(words, KEY)
    assert "[removed]" in cleaned
    for secret in (KEY, "Ab12", "7890", "abc.def", "AIzaSy", "0123456789"):
        assert secret not in cleaned


def test_problem_is_one_short_line() -> None:
    cleaned = scrubbed("line\r\nline\x00\n" * 500, None)
    assert "\n" not in cleaned
    assert len(cleaned) <= MAX_PROBLEM_CHARACTERS


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"error": {"message": "no"}}, "no"),
        ({"error": "no"}, "no"),
        ({"detail": "no"}, "no"),
        ({"type": "error", "error": {"type": "x", "message": "no"}}, "no"),
        ([1], ""),
        (None, ""),
    ],
)
def test_every_providers_wrapping_is_understood(data: object, message: str) -> None:
    assert message_in(data) == message


@pytest.mark.parametrize("text", ["nan", "", "soon", "-5", "1e400", "Mon, 99 Foo"])
def test_nonsense_in_retry_after_is_harmless(text: str) -> None:
    seconds = retry_after_s({"retry-after": text})
    assert seconds is None or 0 <= seconds <= 86_400

"""Takes payment card numbers out of what the model reads and of what visitors read.

Activate it with `required: true`: an answer without it could show a number.
"""

import re

PLACE = "[card number removed]"


def is_card(digits):
    """Luhn's check (ISO/IEC 7812-1, annex B), which nearly all order numbers fail."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit)
        if index % 2 == 1:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def without_cards(text):
    for found in re.findall("[0-9](?:[ -]?[0-9]){12,18}", text):
        if is_card(re.sub("[ -]", "", found)):
            text = text.replace(found, PLACE)
    return text


def before_llm(ctx, message):
    cleaned = without_cards(message)
    return {"message": cleaned, "tags": ["card"]} if cleaned != message else None


def after_llm(ctx, message, answer):
    cleaned = without_cards(answer)
    return {"answer": cleaned} if cleaned != answer else None

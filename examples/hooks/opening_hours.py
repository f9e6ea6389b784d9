"""Says when there are people, without a model, and offers to call one while there are.

`ctx["time"]` and `ctx["weekday"]` are by the client's time zone.
"""

OPENS = "09:00"
CLOSES = "17:00"
HOURS = "We are there from Monday to Friday, 9:00 to 17:00."


def is_open(ctx):
    return ctx["weekday"] <= 5 and OPENS <= ctx["time"] < CLOSES


def before_llm(ctx, message):
    asked = message.lower()
    if "opening hours" in asked or "when are you open" in asked:
        return {"block": HOURS, "suggestions": ["Where are you?"], "tags": ["hours"]}
    if "talk to a person" not in asked:
        return None
    if is_open(ctx):
        return {"block": "One moment, please.", "escalate": "asked for a person"}
    return {"block": "Nobody is there now. " + HOURS, "tags": ["outside hours"]}

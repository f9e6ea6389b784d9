"""Resolvers that answer what a test wants, some of them as attackers would."""

from ipaddress import ip_address

from services.outgoing.addresses import Address


class ScriptedResolver:
    """Gives its answers in turn, the last one for ever; an empty answer is an unknown name."""

    def __init__(self, *answers: str | list[str]) -> None:
        self._answers = [[answer] if isinstance(answer, str) else answer for answer in answers]
        self.asked: list[str] = []

    async def resolve(self, host: str, _port: int) -> list[Address]:
        self.asked.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not answer:
            raise OSError("unknown name")
        return [ip_address(text) for text in answer]

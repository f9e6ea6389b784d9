"""How many of what, cut into steps. The same size always gives the same steps.

The first client gets a tenth of all messages, as there is a large one in every agency; the others
share the rest alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass

LENGTHS = (2, 4, 2, 6, 4, 8, 2, 4, 12, 6, 2, 20)
"""Messages of one conversation after another: questions and answers, mostly few."""

MESSAGES_AT_ONCE = 500
"""Of one step, apart from the rest of its last conversation."""

CHATBOTS_AT_ONCE = 50

LARGEST_SHARE = 10


@dataclass(frozen=True, slots=True)
class SeedSize:
    """How many of what all clients have together."""

    clients: int
    chatbots: int
    messages: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is stored at once: some of a client's chatbots, or some of its conversations.

    Attributes:
        client: The client's number, from 0.
        chatbots: How many the client has.
        new_chatbots: The numbers of those that are made. With the first of them comes the client.
        first: The number of the first conversation.
        lengths: How many messages each conversation has.
    """

    client: int
    chatbots: int
    new_chatbots: range = range(0)
    first: int = 0
    lengths: tuple[int, ...] = ()


def steps_of(size: SeedSize) -> Iterator[Step]:
    """Everything, client by client."""
    for client in range(size.clients):
        chatbots = _share(size.chatbots, client, size.clients)
        for first in range(0, max(chatbots, 1), CHATBOTS_AT_ONCE):
            new = range(first, min(first + CHATBOTS_AT_ONCE, chatbots))
            yield Step(client, chatbots, new)
        if chatbots:
            yield from _conversations(client, chatbots, _messages(size, client))


def _messages(size: SeedSize, client: int) -> int:
    """How many messages a client has."""
    with_chatbots = min(size.clients, size.chatbots)
    if with_chatbots == 1:
        return size.messages
    large = size.messages // LARGEST_SHARE
    if client == 0:
        return large
    return _share(size.messages - large, client - 1, with_chatbots - 1)


def _share(total: int, number: int, of: int) -> int:
    """What the one with this number gets when all share alike; the first get what is left over."""
    return total // of + (number < total % of)


def _conversations(client: int, chatbots: int, messages: int) -> Iterator[Step]:
    first, lengths, left = 0, list[int](), messages
    while left > 0:
        length = min(LENGTHS[(first + len(lengths)) % len(LENGTHS)], left)
        lengths.append(length)
        left -= length
        if sum(lengths) >= MESSAGES_AT_ONCE or left == 0:
            yield Step(client, chatbots, first=first, lengths=tuple(lengths))
            first, lengths = first + len(lengths), []

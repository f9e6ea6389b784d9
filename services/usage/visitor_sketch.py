"""How many different visitors there were, without keeping who: a HyperLogLog sketch.

A visitor's id is hashed to one of the registers and a rank, and a register keeps the highest rank
that it met. Sketches of hours put together give the visitors of a month, each counted once. With
this many registers the standard error is 0.8 %; small numbers are told nearly exactly. The estimate
is Ertl's of 2017, which has no range in which it is off to one side.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import log, sqrt

from documents.ids import PydanticObjectId

REGISTER_BITS = 14
REGISTERS = 1 << REGISTER_BITS
_HASH_BITS = 64
_RANK_BITS = _HASH_BITS - REGISTER_BITS
RANKS = 64
"""More than there are; the first one is that of registers which met nobody."""

_CORRECTION = 1 / (2 * log(2))


def register_of(visitor_id: PydanticObjectId) -> tuple[int, int]:
    """The register of a visitor, and the rank to which it is raised."""
    digest = blake2b(visitor_id.binary, digest_size=_HASH_BITS // 8).digest()
    hashed = int.from_bytes(digest, "big")
    rest = hashed & ((1 << _RANK_BITS) - 1)
    return hashed >> _RANK_BITS, _RANK_BITS - rest.bit_length() + 1


def visitors_in(registers: Mapping[int, int]) -> int:
    """About how many different visitors the registers have met."""
    ranks = Counter(registers.values())
    return visitors_of_ranks([ranks[rank] for rank in range(_RANK_BITS + 2)])


def visitors_of_ranks(ranks: Sequence[int]) -> int:
    """Likewise, from how many registers have which rank; those of rank 0 need not be among them."""
    met = sum(ranks[1:])
    if not met:
        return 0
    total = REGISTERS * _of_full(ranks[_RANK_BITS + 1] / REGISTERS)
    for rank in range(_RANK_BITS, 0, -1):
        total = (total + ranks[rank]) / 2
    total += REGISTERS * _of_empty(1 - met / REGISTERS)
    return round(_CORRECTION * REGISTERS * REGISTERS / total)


def _of_empty(share: float) -> float:
    """What the registers tell that have met nobody."""
    power, weight, total, before = share, 1.0, share, -1.0
    while total != before:
        power, before = power * power, total
        total += power * weight
        weight *= 2
    return total


def _of_full(share: float) -> float:
    """What the registers tell whose rank cannot rise any more."""
    if share in {0.0, 1.0}:
        return 0.0
    root, weight, total, before = share, 1.0, 1 - share, -1.0
    while total != before:
        root, before, weight = sqrt(root), total, weight / 2
        total -= (1 - root) ** 2 * weight
    return total / 3

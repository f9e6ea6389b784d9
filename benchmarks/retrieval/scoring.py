"""How good a ranking is: hit@k, MRR@10, and how well a score tells answerable questions apart."""

from collections.abc import Sequence

MOST_RANKS = 10


def hit_share(ranks: Sequence[int | None], within: int) -> float:
    """The share of questions whose first right passage is among the first `within` (from 1)."""
    return _mean([float(rank is not None and rank <= within) for rank in ranks])


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float:
    """MRR@10."""
    return _mean([1 / rank if rank is not None and rank <= MOST_RANKS else 0.0 for rank in ranks])


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that an answerable question has a higher score than an unanswerable one."""
    wins = sum((one > other) + 0.5 * (one == other) for one in positives for other in negatives)
    return wins / (len(positives) * len(negatives)) if positives and negatives else 0.0


def calibration_error(
    probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 5
) -> float:
    """Expected calibration error over bins of equally many answers."""
    pairs = sorted(zip(probabilities, outcomes, strict=True))
    error = 0.0
    for number in range(bins):
        part = pairs[number * len(pairs) // bins : (number + 1) * len(pairs) // bins]
        if part:
            said = _mean([one for one, _ in part])
            was = _mean([float(one) for _, one in part])
            error += abs(said - was) * len(part) / len(pairs)
    return error


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0

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
    """Expected calibration error over bins of equal width."""
    error = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        part = [
            (said, was)
            for said, was in zip(probabilities, outcomes, strict=True)
            if low <= said < high or (said >= 1 and high >= 1)
        ]
        gap = _mean([said for said, _ in part]) - _mean([float(was) for _, was in part])
        error += abs(gap) * len(part) / len(probabilities)
    return error


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0

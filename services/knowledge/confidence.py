"""How probable it is that evidence of a score holds the answer.

The knots are an isotonic regression on the tuning part of the questions in benchmarks/retrieval
(118 questions about Debian's handbooks in ten languages, 21 of them unanswerable), made by
`python -m benchmarks.retrieval.calibrate`; the benchmark prints the calibration error on the other
part. "Right" means that one of the five best passages comes from the section that answers.
"""

from itertools import pairwise

KNOTS = ((0.0, 0.0), (0.149, 0.045), (0.339, 0.225), (0.617, 0.603), (0.829, 0.682), (1.0, 0.939))
"""Scores of the gate with the probability at each; straight lines between them."""


def confidence(score: float) -> float:
    """The probability, 0 to 1, that the passages found answer the question."""
    for (low, below), (high, above) in pairwise(KNOTS):
        if score <= high:
            return below + (above - below) * (score - low) / (high - low)
    return KNOTS[-1][1]

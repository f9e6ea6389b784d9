"""Prometheus reads how telling others goes."""

from api.metrics import NOTICES, rendered
from services.integrations.figures import DeliveryFigures


def test_attempts_are_counted_by_kind_and_outcome_with_their_times() -> None:
    figures = DeliveryFigures(dead=2)
    figures.note("slack", 0.2, delivered=True)
    figures.note("slack", 3.0, delivered=False)
    NOTICES.figures = figures
    lines = rendered().decode().splitlines()
    NOTICES.figures = None
    assert 'parlance_notice_attempts_total{kind="slack",outcome="delivered"} 1.0' in lines
    assert 'parlance_notice_attempts_total{kind="slack",outcome="failed"} 1.0' in lines
    assert 'parlance_notice_seconds_bucket{kind="slack",le="0.25"} 1.0' in lines
    assert 'parlance_notice_seconds_bucket{kind="slack",le="5.0"} 2.0' in lines
    assert 'parlance_notice_seconds_count{kind="slack"} 2.0' in lines
    assert "parlance_notices_given_up_total 2.0" in lines

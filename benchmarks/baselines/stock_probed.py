"""Baseline: the stock server, with somebody who looks how long its loop is held up."""

from benchmarks.baselines.stock_strawberry import app
from benchmarks.loop_probe import watch_loop

watch_loop(app)

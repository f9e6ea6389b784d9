"""`parlance serve` with a synthetic model, and somebody who looks how long its loop is held up."""

import sys

from api.server import serve
from benchmarks.loop_probe import watch_loop
from benchmarks.product_ask import app

if __name__ == "__main__":
    watch_loop(app)
    sys.exit(serve(app.state.settings, app))

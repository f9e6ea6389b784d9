"""How much a job may say to the server. Apart, so that neither side loads the other's libraries."""

LARGEST_REQUEST_BYTES = 1024 * 1024
"""Of one request's body."""

MOST_HEAD_BYTES = 256 * 1024
"""Of what a job says about a request: its address and headers."""

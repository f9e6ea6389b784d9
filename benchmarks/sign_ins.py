"""Sign-ins per second against bare bcrypt, and what they do to somebody who follows an answer.

A sign-in is one bcrypt and little else, so bare bcrypt on as many threads as there are cores is the
ceiling. The product answers over HTTP meanwhile, and an answer goes on word by word beside it.
"""

import os
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import bcrypt
import httpx

from benchmarks.product_server import EMAIL, PASSWORD
from benchmarks.server_process import Server
from benchmarks.stalls import Follower, running_probed_product

ROUNDS = 12
CALLERS_PER_CORE = 4
PATIENCE_S = 120.0
SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { __typename }
}
"""


@dataclass(frozen=True)
class SignIns:
    """What one run has measured.

    Attributes:
        cores: On so many.
        bare_per_s: Bare bcrypt, each round's passwords per second.
        product_per_s: Sign-ins of the product per second, in the same rounds.
        refused: How many were refused because the waiting line was full.
        quiet_gap_s: The longest wait for a word while nobody signed in.
        gap_s: The longest while they did.
    """

    cores: int
    bare_per_s: list[float]
    product_per_s: list[float]
    refused: int
    quiet_gap_s: float
    gap_s: float

    @property
    def of_bare(self) -> float:
        """How much of bare bcrypt the product reaches."""
        return statistics.median(self.product_per_s) / statistics.median(self.bare_per_s)


def measure_sign_ins(seconds: float, rounds: int) -> SignIns:
    """Let bare bcrypt and the product take turns for so many seconds each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(ROUNDS))
    quiet, busy = [], []
    bare: list[float] = []
    product: list[float] = []
    kinds: Counter[str] = Counter()
    with running_probed_product() as server, Follower(server) as follower:
        for _ in range(rounds):
            follower.take()
            time.sleep(seconds)
            quiet.append(follower.take())
            signed_in = repeat(lambda: _sign_in(server, kinds), cores * CALLERS_PER_CORE, seconds)
            busy.append(follower.take())
            product.append(signed_in)
            bare.append(repeat(lambda: bcrypt.checkpw(PASSWORD.encode(), hashed), cores, seconds))
    unexpected = set(kinds) - {"SignInSuccess", "RateLimitedError"}
    if unexpected:
        raise RuntimeError(f"signIn gave {', '.join(unexpected)}")
    return SignIns(cores, bare, product, kinds["RateLimitedError"], max(quiet), max(busy))


def repeat(work: Callable[[], bool], threads: int, seconds: float) -> float:
    """How often a second the work is done by so many threads together; what is begun is ended."""
    began = time.perf_counter()

    def go_on() -> int:
        times = 0
        while time.perf_counter() - began < seconds:
            times += work()
        return times

    with ThreadPoolExecutor(threads) as pool:
        times = sum(one.result() for one in [pool.submit(go_on) for _ in range(threads)])
    return times / (time.perf_counter() - began)


def _sign_in(server: Server, kinds: Counter[str]) -> bool:
    body = {"query": SIGN_IN, "variables": {"email": EMAIL, "password": PASSWORD}}
    answer = httpx.post(
        f"{server.origin}/graphql", json=body, timeout=PATIENCE_S, trust_env=False
    ).json()
    if answer.get("errors"):
        raise RuntimeError(f"signIn gave {answer['errors']}")
    kind = str(answer["data"]["signIn"]["__typename"])
    kinds[kind] += 1
    return kind == "SignInSuccess"

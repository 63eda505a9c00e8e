"""Free TCP ports for tests, away from those the system deals out to outgoing connections."""

import os
import random
import socket

RANGE = (20_000, 32_000)
WORKERS_MAX = 8
"""Test workers beside one another that get a slice of the range each."""

_dice = random.Random(os.getpid())
_given: set[int] = set()


def free_ports(count: int = 1) -> int:
    """Return the first of `count` consecutive ports of 127.0.0.1 that are free and were not given out before."""
    low, high = _slice(os.environ.get("PYTEST_XDIST_WORKER", ""))
    for _ in range(1000):
        first = _dice.randrange(low, high - count)
        wanted = set(range(first, first + count))
        if not wanted & _given and all(map(_is_free, wanted)):
            _given.update(wanted)
            return first
    raise AssertionError(f"no {count} free ports in {RANGE}")


def _slice(worker: str) -> tuple[int, int]:
    """Return the ports of a test worker, such as `gw1`; of the only one, all."""
    if not worker:
        return RANGE
    width = (RANGE[1] - RANGE[0]) // WORKERS_MAX
    first = RANGE[0] + int(worker.removeprefix("gw")) % WORKERS_MAX * width
    return first, first + width


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

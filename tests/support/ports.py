"""Free TCP ports for tests, away from those the system deals out to outgoing connections."""

import os
import random
import socket

RANGE = (20_000, 32_000)

_dice = random.Random(os.getpid())
_given: set[int] = set()


def free_ports(count: int = 1) -> int:
    """Return the first of `count` consecutive ports of 127.0.0.1 that are free and were not given out before."""
    for _ in range(1000):
        first = _dice.randrange(*RANGE)
        wanted = set(range(first, first + count))
        if not wanted & _given and all(map(_is_free, wanted)):
            _given.update(wanted)
            return first
    raise AssertionError(f"no {count} free ports in {RANGE}")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

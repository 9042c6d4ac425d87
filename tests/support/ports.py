#!/usr/bin/env python3
"""A port of loopback that nobody listens on, below those that systems hand out (Linux: from 32768).

One of those could be given to somebody else before the daemon has bound it, or to the very connection that looks
whether the daemon answers: it would then talk to itself. Run as a script, prints one.
"""

import random
import socket


def free_port():
    """A port that nobody listens on now."""
    for port in random.SystemRandom().sample(range(12_000, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port of loopback is free")


if __name__ == "__main__":
    print(free_port())

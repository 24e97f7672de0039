"""Clients that guess passwords: from addresses of their own, and timed."""

import math
import random
import socket

import imapc


class Client(imapc.Imap):
    """From an address of its own."""

    def __init__(self, port, address, timeout=60):
        self.sock = socket.create_connection(
            ("127.0.0.1", port), timeout, source_address=(address, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = b""
        self.n = 0
        self.greeting = self.line()


def addresses(seed):
    """Different ones of 127.0.0.0/8, of many networks, without end."""
    rng = random.Random(seed)
    seen = set()
    while True:
        a = "127.%d.%d.%d" % (rng.randrange(50, 200), rng.randrange(256),
                              rng.randrange(1, 255))
        if a not in seen:
            seen.add(a)
            yield a


def smirnov(a, b):
    """Kolmogorov and Smirnov's D of two samples: the greatest distance of
    what part of each is below a value."""
    a, b = sorted(a), sorted(b)
    i = k = 0
    d = 0.0
    while i < len(a) and k < len(b):
        x = min(a[i], b[k])
        while i < len(a) and a[i] == x:
            i += 1
        while k < len(b) and b[k] == x:
            k += 1
        d = max(d, abs(i / len(a) - k / len(b)))
    return d


def smirnov_limit(n, m, alpha):
    """What D of two samples of the same thing is beyond once in 1 / alpha."""
    return math.sqrt(-math.log(alpha / 2) / 2 * (n + m) / (n * m))

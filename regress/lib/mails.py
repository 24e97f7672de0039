"""Messages made up for tests."""

import random

TEXT = ("The quick brown fox jumps over the lazy dog and goes on to the "
        "river where the others wait for bread and a little news. ").split()


def small(n):
    return (b"From: a@example.org\r\nTo: b@example.org\r\n"
            b"Subject: number %d\r\n\r\nbody %d\r\n" % (n, n))


def text_mail(n):
    """4 KiB of text; every one differs."""
    r = random.Random(n)
    body = b""
    while len(body) < 3900:
        body += " ".join(r.choice(TEXT) for _ in range(11)).encode() + b"\r\n"
    return (b"From: a@example.org\r\nTo: b@example.org\r\n"
            b"Subject: number %d\r\nMessage-ID: <%d@example.org>\r\n\r\n"
            % (n, n)) + body

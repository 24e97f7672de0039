"""How long an unmodified client waits for an APPEND, and for a command that it
writes in two pieces, alternating between an ordinary connection and one with
TCP_NODELAY."""

import imaplib
import json
import os
import socket
import ssl
import statistics
import subprocess
import time

import proc
import suite

APPENDS = 100
MORE_MS = 5             # without TCP_NODELAY (issue 10, Shows 4)
MAIL = (b"From: a@example.org\r\nSubject: by imaplib\r\n\r\n" + b"x" * 2000 +
        b"\r\n")


def difference(name, plain, nodelay):
    """Prints both medians (ms); fails when the first is much more. What
    counts is what each of the one took more than the one of the other
    right after it: a busy machine is so for both."""
    a, b = statistics.median(plain), statistics.median(nodelay)
    print("   %s: %.2f ms, with TCP_NODELAY %.2f ms" % (name, a, b))
    assert len(plain) == len(nodelay) == APPENDS, (len(plain), len(nodelay))
    more = statistics.median(x - y for x, y in zip(plain, nodelay))
    assert more < MORE_MS, (name, more, a, b)


def imaplib_client(s, tls, nodelay):
    if tls:
        m = imaplib.IMAP4_SSL("127.0.0.1", s.imaps_port,
                              ssl_context=ssl._create_unverified_context())
    else:
        m = imaplib.IMAP4("127.0.0.1", s.imap_port)
    if nodelay:
        m.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    m.login("ann", suite.PASSWORD)
    return m


def imaplib_appends():
    with suite.Suite() as s:
        for tls in (False, True):
            conns = [imaplib_client(s, tls, nodelay)
                     for nodelay in (False, True)]
            times = [], []
            for _ in range(APPENDS):
                for m, t in zip(conns, times):
                    start = time.monotonic()
                    assert m.append("INBOX", None, None, MAIL)[0] == "OK"
                    t.append((time.monotonic() - start) * 1000)
            for m in conns:
                m.logout()
            difference("imaplib" + (", TLS" if tls else ""), *times)


def program_appends(name, argv):
    """A program of others as append.rb: its figures, clear and TLS."""
    with suite.Suite() as s:
        for tls in (False, True):
            out = subprocess.run(
                argv + [str(s.imaps_port if tls else s.imap_port),
                        "%d" % tls, "ann", suite.PASSWORD, str(APPENDS)],
                check=True, stdout=subprocess.PIPE, timeout=120).stdout
            t = json.loads(out)
            difference(name + (", TLS" if tls else ""), t["plain"],
                       t["nodelay"])


def ruby_appends():
    program_appends("Ruby", ["ruby", os.path.join(proc.TOP,
                                                  "regress/lib/append.rb")])


def two_pieces():
    with suite.Suite() as s:
        for tls in (False, True):
            times = [], []
            conns = [imaplib_client(s, tls, nodelay)
                     for nodelay in (False, True)]
            for n in range(APPENDS):
                for m, t in zip(conns, times):
                    start = time.monotonic()
                    m.send(b"b%d NOOP" % n)
                    m.send(b"\r\n")
                    assert m.readline().startswith(b"b%d OK" % n)
                    t.append((time.monotonic() - start) * 1000)
            for m in conns:
                m.logout()
            difference("NOOP" + (", TLS" if tls else ""), *times)

#!/usr/bin/env python3
"""Logins a second (issue 13, Shows 10), of one client after the other and of
16 at once: sha512-crypt as it is by default, from the cache and without it,
beside what the hash alone costs; with TLS, as new handshakes and resumed; and
handshakes, full and resumed, with the key apart and inside (Shows 5).

usage: logins.py [--seconds N]"""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))

import proc                                             # noqa: E402
import suite                                            # noqa: E402

ASK = b"a LOGIN ann %s\r\nb LOGOUT\r\n" % suite.PASSWORD.encode()


def login(port, context=None, session=None):
    """The TLS session, if there is one."""
    with socket.create_connection(("127.0.0.1", port), 60) as c:
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            c = context.wrap_socket(c, session=session)
            assert session is None or c.session_reused
        with c, c.makefile("rb") as f:
            f.readline()
            c.sendall(ASK)
            assert b"\na OK" in b"\n" + f.read()
            return c.session if context is not None else None


def rate(seconds, fn, clients=1):
    """How often fn() ends in a second."""
    done = [0] * clients
    fn()
    began = time.monotonic()

    def run(n):
        while time.monotonic() - began < seconds:
            fn()
            done[n] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return sum(done) / (time.monotonic() - began)


def cpu(s):
    """Seconds of processor time that Pail's processes have used."""
    ticks = 0
    for pid in [s.p.pid] + [pid for pid, _ in s.children()]:
        with open("/proc/%d/stat" % pid) as f:
            ticks += sum(map(int, f.read().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def show(s, name, seconds, fn, clients=1, beside=""):
    """The rate, and the processor time of each, which depends less on what
    else the machine does."""
    before, began = cpu(s), time.monotonic()
    value = rate(seconds, fn, clients)
    each = (cpu(s) - before) / (value * (time.monotonic() - began))
    print("%-40s %8.1f  %7.3f ms of CPU  %s" % (
        name, value, 1000 * each, beside), flush=True)


def hash_cost(s):
    """Seconds of sha512-crypt alone, as the user's line has it."""
    with open(os.path.join(s.dir, "users")) as f:
        setting = f.read().strip().split(":", 1)[1].rpartition("$")[0] + "$"
    code = "import sys, time, warnings\nwarnings.simplefilter('ignore')\n" \
        "import crypt\nb = time.monotonic()\nfor _ in range(5):\n" \
        "    crypt.crypt(sys.argv[1], sys.argv[2])\n" \
        "print((time.monotonic() - b) / 5)\n"
    r = subprocess.run([sys.executable, "-c", code, suite.PASSWORD, setting],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return float(r.stdout) if r.returncode == 0 else None


def logins(seconds):
    for cache in "5m", "0s":
        s = suite.Suite(users=(), login_cache=cache,
                        processes="{imapd: auto, storaged: auto}")
        s.ctl("user", "add", "--scheme", "sha512-crypt", "ann",
              input=suite.PASSWORD.encode() + b"\n")
        with s:
            what = "cached" if cache != "0s" else "not cached"
            cost = None if cache != "0s" else hash_cost(s)
            beside = "" if cost is None else \
                "the hash alone: %.1f a core" % (1 / cost)
            show(s, "login, logout /s, " + what, seconds,
                 lambda: login(s.imap_port), beside=beside)
            show(s, "  16 at once", seconds, lambda: login(s.imap_port), 16,
                 beside)
            if cache == "0s":
                continue
            context = ssl._create_unverified_context()
            show(s, "with TLS 1.3, /s", seconds,
                 lambda: login(s.imaps_port, context))
            # A ticket is used once and again: each login brings new ones.
            kept = [login(s.imaps_port, context)]

            def again():
                kept[0] = login(s.imaps_port, context, kept[0])

            show(s, "  resumed", seconds, again)


def main(argv):
    seconds = float(argv[argv.index("--seconds") + 1]) \
        if "--seconds" in argv else 5
    logins(seconds)
    print("\nhandshakes a second, the key apart from the process and inside",
          flush=True)
    test = os.path.join(proc.TOP, suite.BUILD, "credd/handshake_test")
    return subprocess.call(["make", "-s", "-C", proc.TOP, "tests"],
                           stdout=subprocess.DEVNULL) or \
        subprocess.call([test, "bench"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

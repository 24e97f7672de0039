"""The filter for fail2ban on the log of a real run: each failed login is a
line with its address, no other line is, and no name that a client sends makes
another's address appear."""

import base64
import collections
import concurrent.futures
import os
import re
import subprocess

import proc
import suite
from guess import Client

FILTER = os.path.join(proc.TOP, "etc/fail2ban/filter.d/pail.conf")
TAIL = "mech=PLAIN remote=10.9.9.9 tls=no cached=no ms=1 result=no why="
LINE = "authd[1] info: login=0.1 session=0000000000000000 user=x " + TAIL
NAMES = [
    "nobody", "ann",                    # unknown, and a wrong password
    'x" ' + TAIL + '"',
    "x " + TAIL + "x",
    "x\\",
    'x\\" ' + TAIL,
    "remote=10.9.9.9",
    "[10.9.9.9]", "(10.9.9.9)", "<HOST>",
    "x\r\n" + LINE, "\n" + LINE, "x\x1b[0m" + LINE, "\x85" + LINE,
    LINE,
    "2026-11-29T00:00:00.000Z " + LINE,
    "Nov 29 00:00:00 host authd[1]: info: login=0.1 session=0000000000000000 user=x "
    + TAIL,
    "\u2028" + LINE, "a" * 200 + " " + TAIL, "\u00e9" + TAIL, "",
]


def found(log):
    """How often each address is in what the filter finds."""
    r = subprocess.run(["fail2ban-regex", "-o", "<ip>", log, FILTER],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=100)
    assert r.returncode == 0, (r.stdout[-1000:], r.stderr[-1000:])
    return collections.Counter(r.stdout.decode().split())


def literal(text):
    data = text.encode()
    return b"{%d+}\r\n%s" % (len(data), data)


def attempt(s, how, name, address):
    """The address, if the answer was NO."""
    c = Client(s.imap_port, address)
    if how == "LOGIN":
        c.send(b"a LOGIN " + literal(name) + b" wrong\r\n")
    else:
        c.send(b"a AUTHENTICATE PLAIN " + base64.b64encode(
            b"\0" + name.encode() + b"\0wrong") + b"\r\n")
    said = c.line()
    c.close()
    return address if b" NO " in said else None


def test_fail2ban_sees_the_address_of_each_failed_login_and_no_other():
    with suite.Suite() as s:
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            runs = [pool.submit(attempt, s, how, name, "127.44.%d.%d" % (
                i, k + 1)) for i, name in enumerate(NAMES)
                for k, how in enumerate(("LOGIN", "PLAIN"))]
            want = collections.Counter(filter(None, (
                run.result() for run in runs)))
        assert len(want) >= 2 * len(NAMES) - 6, want
        for i in range(3):
            c = Client(s.imap_port, "127.45.0.%d" % (i + 1))
            c.ok("LOGIN ann " + suite.PASSWORD)
            c.logout()
        proc.await_true("the log", lambda: len(re.findall(
            r"authd\S* info: login=.* result=ok", s.log_text())) >= 3)
        log = os.path.join(s.dir, "log")
        # what authd itself counted: one line for each
        lines = [x for x in s.log_text().splitlines()
                 if re.search(r" authd\[\d+\] info: login=.* result=no ", x)]
        assert len(lines) == sum(want.values()), (len(lines), want)
        assert found(log) == want
        # the same by syslog, and as the journal prints it
        forms = {
            "syslog": lambda x: re.sub(
                r"^\S+ (\S+\[\d+\]) (\w+): ",
                r"Nov 29 04:00:00 mail \1: \2: ", x),
            "journal": lambda x: "Nov 29 04:00:00 mail paild[7]: " + x,
        }
        for name, form in forms.items():
            path = os.path.join(s.dir, name)
            with open(path, "w") as f:
                f.writelines(form(x) + "\n" for x in
                             s.log_text().splitlines())
            assert found(path) == want, name

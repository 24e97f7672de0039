"""What sessions and large messages cost in memory (Shows 7)."""

import re
import resource
import socket
import time

import imapc
import measure
import proc
import suite
from run import asan
from test_requests import text_mail


def small(n):
    return (b"From: a@example.org\r\nTo: b@example.org\r\n"
            b"Subject: number %d\r\n\r\nbody %d\r\n" % (n, n))


def fill(c, box, count, seed=40):
    """count small messages in box, which is empty: some appended, the
    rest by copies of copies."""
    have = min(seed, count)
    for a in c.pipeline([("APPEND " + box, small(n)) for n in range(have)]):
        assert a.status == "OK", a
    c.ok("SELECT " + box)
    while have < count:
        take = min(have, count - have)
        c.ok("COPY 1:%d %s" % (take, box))
        have += take
    c.ok("UNSELECT")


def settled(s, seconds=40):
    """PSS once no user is open and it no longer changes by much."""
    proc.await_true("no user is open", lambda: open_users(s) == 0, seconds,
                    0.5)
    last = [0]

    def steady():
        was, last[0] = last[0], measure.pss(s)
        return abs(last[0] - was) <= was // 200
    proc.await_true("the memory is steady", steady, seconds, 1.5)
    return last[0]


def open_users(s):
    return sum(int(n) for n in re.findall(rb"users-open\D*(\d+)",
                                          s.ctl("status").stdout))


def idle_cost(s, users, tls):
    """KiB per session of ten of each user, INBOX selected."""
    before = settled(s)
    by = measure.pss_by_name(s)
    sessions = []
    for u in users:
        for _ in range(10):
            c = s.client(u, tls=tls)
            a = c.ok("SELECT INBOX")
            assert a.having("10000 EXISTS"), a.lines
            sessions.append(c)
    cost = (settled(s) - before) / len(sessions)
    after = measure.pss_by_name(s)
    print("   %.1f KiB a session%s:" % (cost, " with TLS" if tls else ""),
          {k: round((v - by.get(k, 0)) / len(sessions), 1)
           for k, v in after.items()})
    for c in sessions[::97]:
        assert c.ok("FETCH 10000 FLAGS").having("10000 FETCH")
    for c in sessions:
        c.close()
    return cost


def test_a_thousand_idle_sessions_of_a_hundred_users_are_cheap():
    users = ["u%d" % n for n in range(100)]
    s = suite.Suite(users=users)
    with s:
        for u in users:
            c = s.client(u)
            fill(c, "INBOX", 10000)
            c.logout()
        for tls, limit in (False, 25), (True, 60):
            s.stop()
            s.start()
            cost = idle_cost(s, users, tls)
            assert cost <= limit, cost

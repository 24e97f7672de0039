"""Whose lines of the log these are: session=... and trace=..., from the process
that begins the work to the one that does the last of it."""

import re

import proc


def lines_since(s, offset):
    return s.log_text()[offset:].splitlines()


def of_delivery(s, offset, user):
    """The session and the trace of the one delivery to a user since then, at
    level debug: lmtpd's line about it names those of the head's last PUT."""
    def look():
        lines = lines_since(s, offset)
        mine = [x for x in lines if "rcpt=" in x and "octets=" in x]
        puts = [x for x in lines if "method=PUT" in x and
                "/%s/head" % user in x]
        return mine and puts and (mine, puts[-1])
    mine, put = proc.await_true("delivered to " + user, look)
    assert len(mine) == 1, mine
    session = re.search(r" session=([0-9a-f]{16}) ", mine[0]).group(1)
    trace = re.search(r" trace=00-([0-9a-f]{32})-[0-9a-f]{16}-01$",
                      mine[0]).group(1)
    assert "session=" + session in put and trace in put, (mine, put)
    return session, trace

"""What one user requests is limited before other users notice it."""

import time

import measure
import siege
import suite
from mark import alone, normal_only

USERS = ("ann", "bob", "carol")
SMALL = b"From: a@example.com\r\nSubject: x\r\n\r\nx\r\n"


def fill(s, n):
    """n messages in ann's INBOX; the last step copies the mailbox."""
    c = s.client()
    first = min(n, 200)
    tags = [c.start("APPEND INBOX {%d+}\r\n%s" % (len(SMALL),
                                                  SMALL.decode()))
            for _ in range(first)]
    for t in tags:
        assert c.finish(t).status == "OK"
    c.ok("SELECT INBOX")
    have = first
    while have < n:
        part = min(have, n - have)
        c.ok("COPY 1:%d INBOX" % part)
        have += part
    return c


@alone("measures time")
def test_a_search_of_900_keys_holds_nobody_up():
    with suite.Suite(users=USERS) as s:
        fill(s, 100000).close()
        siege.endure(s, "search")


@alone("measures processor time")
def test_trivial_keys_are_folded():
    """990 ALL on 100,000 messages stood still for 9 s: now it costs what
    one ALL does (of processor time, which others on the machine do not
    add to)."""
    with suite.Suite() as s:
        c = fill(s, 100000)

        def took(text):
            best = 1e9
            for _ in range(3):
                start = sum(measure.cpu(s).values())
                assert len(c.ok(text).lines) == 1
                best = min(best, sum(measure.cpu(s).values()) - start)
            return best

        one = took("SEARCH ALL")
        for text in ("SEARCH" + " ALL" * 990,
                     "SEARCH" + " NOT NOT ALL" * 300,
                     "SEARCH (" + "((ALL) ALL) " * 150 + "ALL)"):
            assert took(text) < 4 * one + 0.05, (text[:30], one)
        assert len(c.ok("SEARCH" + " UNDRAFT" * 900).lines) == 1


@alone("measures time")
def test_patterns_of_wildcards_hold_nobody_up():
    with suite.Suite(users=USERS) as s:
        c = s.client()
        c.pipeline([("CREATE %s%03d" % ("a" * 400, i), None)
                    for i in range(100)])
        c.close()
        siege.endure(s, "list")


@normal_only("measures memory")
def test_those_that_never_read_hold_little():
    """100 sessions that ask and never read held 717 MB."""
    with suite.Suite(users=USERS) as s:
        fill(s, 20000).close()
        siege.endure(s, "deaf")


@alone("measures time")
def test_an_append_that_stops_ends_soon():
    """Its spool is held no longer than imap.literal-timeout."""
    s = suite.Suite(users=USERS, imap="{literal-timeout: 5s}")
    with s:
        c = s.client(timeout=30)
        c.send(b"a APPEND INBOX {60000000}\r\n")
        assert c.line().startswith(b"+")
        c.send(b"x" * 100000)
        start = time.monotonic()
        assert c.line().startswith(b"* BYE")
        assert time.monotonic() - start >= 4.5
        siege.endure(s, "unfinished")


def test_cut_answers_are_whole():
    """What is made in many turns is what was asked for."""
    with suite.Suite() as s:
        c = fill(s, 5000)
        a = c.ok("SEARCH" + " UNDRAFT" * 200 + " NOT 7")
        want = [n for n in range(1, 5001) if n != 7]
        assert [int(n) for n in a.lines[0].split()[2:]] == want
        a = c.ok("FETCH 1:* (UID FLAGS ENVELOPE)")
        assert len(a.lines) == 5000
        a = c.ok("FETCH 1:300 (" + "BODY.PEEK[HEADER] " * 30 + "UID)")
        assert len(a.having(" FETCH (")) == 300

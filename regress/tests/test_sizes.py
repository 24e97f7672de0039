"""How much memory sessions and large messages need (Shows 7)."""

import base64
import hashlib
import os
import re
import resource
import time

import imapc
import measure
import proc
import suite
from mails import small, text_mail
from mark import normal_only, time_limit

OTHERS = 1.0            # seconds for another's NOOP meanwhile


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


@time_limit(900)
@normal_only("measures memory")
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


@normal_only("counts descriptors of 10,000 sessions, at ASan's price each")
def test_ten_thousand_idle_sessions_are_held_by_two_imapds():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 10500:
        hard = 10500    # needs root
    resource.setrlimit(resource.RLIMIT_NOFILE, (10500, hard))
    try:
        hold_ten_thousand()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def hold_ten_thousand():
    users = ["u%d" % n for n in range(50)]
    s = suite.Suite(users=users, processes="{imapd: 2, storaged: 1}",
                    imap="{max-unauthenticated: 2000, "
                    "max-unauthenticated-per-address: 2000}")
    with s:
        sessions = []
        for u in users:
            c = s.client(u)
            c.append("INBOX", small(1))
            c.logout()
        for at in range(0, 10000, 500):
            batch = []
            for n in range(at, at + 500):
                c = imapc.Imap(s.imap_port)
                # Pipelined: the answers are read once all have asked.
                c.tags = [c.start("LOGIN %s %s" % (users[n % 50],
                                                   suite.PASSWORD)),
                          c.start("SELECT INBOX")]
                batch.append(c)
            for c in batch:
                for t in c.tags:
                    a = c.finish(t)
                    assert a.status == "OK", a
            sessions += batch
        held = s.ctl("status").stdout
        counts = [int(n) for n in re.findall(rb"selected=(\d+)", held)]
        assert len(counts) == 2 and sum(counts) == 10000, held
        assert min(counts) > 1000, counts       # both have some
        for c in sessions[::501]:
            assert c.ok("FETCH 1 FLAGS").having("1 FETCH")
        a = sessions[0]
        a.append("INBOX", small(2))
        for c in sessions[50::50]:              # the other 199 of that user
            assert c.ok("NOOP").having("2 EXISTS")
        for c in sessions:
            c.close()
        proc.await_true("all are gone", lambda: sum(
            int(n) for n in re.findall(rb"selected=(\d+)",
                                       s.ctl("status").stdout)) == 0)


def large_body(size):
    """A message of random octets in base64: nothing of it compresses away."""
    head = b"From: a@example.org\r\nSubject: large\r\n\r\n"
    text = base64.encodebytes(os.urandom(size * 3 // 4))
    return (head + text.replace(b"\n", b"\r\n"))[:size]


def append_large(c, body):
    t = c.tag()
    c.send("%s APPEND INBOX {%d+}\r\n" % (t, len(body)))
    for at in range(0, len(body), 1 << 20):
        c.send(body[at:at + (1 << 20)])
    c.send("\r\n")
    assert c.finish(t).status == "OK"


def fetch_large(c, body):
    t = c.start("FETCH 2 BODY.PEEK[]")
    while b"{%d}" % len(body) not in c._raw_line():
        pass
    got, have = hashlib.sha256(), 0
    while have < len(body):
        if not c.buf:
            c._more()
        piece = c.buf[:len(body) - have]
        c.buf = c.buf[len(piece):]
        got.update(piece)
        have += len(piece)
    assert c.finish(t).status == "OK"
    assert got.digest() == hashlib.sha256(body).digest()


def raises(s, name, fn, *args):
    """KiB by process at most while fn runs; over 8 MiB: it fails."""
    peak = measure.Peak(s)
    fn(*args)
    rise = peak.rise()
    print("   %s, KiB:" % name, rise)
    if not os.environ.get("REGRESS_ASAN"):
        assert max(rise.values()) <= 8192, rise


def warm(s):
    c = s.client()
    c.ok("SELECT INBOX")
    c.ok("FETCH 1 BODY.PEEK[]")
    return c


def test_a_large_message_raises_no_process_by_more_than_8_mib():
    body = large_body(100 * 1000 * 1000)
    s = suite.Suite(append_limit="128M")
    with s:
        s.client().append("INBOX", text_mail(1))
        c = warm(s)
        raises(s, "APPEND", append_large, c, body)
        c.ok("NOOP")
        raises(s, "FETCH", fetch_large, c, body)
        c.logout()


@normal_only("measures memory")
def test_nor_does_it_on_minio_with_a_cold_cache():
    body = large_body(100 * 1000 * 1000)
    s = suite.Suite(suite.store("minio"), append_limit="128M")
    with s:
        s.client().append("INBOX", text_mail(1))
        c = warm(s)
        raises(s, "APPEND", append_large, c, body)
        s.forget_objects()
        c = warm(s)
        raises(s, "FETCH, cold", fetch_large, c, body)
        raises(s, "FETCH, warm", fetch_large, c, body)
        c.logout()


def slowest(c, n=40):
    """Seconds that the slowest of n NOOPs took."""
    worst = 0
    for _ in range(n):
        start = time.monotonic()
        c.ok("NOOP")
        worst = max(worst, time.monotonic() - start)
    return worst


def test_a_client_that_never_reads_costs_a_bounded_buffer():
    s = suite.Suite(users=("ann", "bob"))
    with s:
        other = s.client("bob")
        c = s.client()
        for a in c.pipeline([("APPEND INBOX", b"Subject: x\r\n\r\n" +
                              b"x" * 70 + b"\r\n" * 500)] * 20):
            assert a.status == "OK", a
        body = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 250000
        c.append("INBOX", body)
        c.ok("SELECT INBOX")
        before = measure.pss_by_name(s)
        deaf = []
        for n in range(10):
            d = s.client()
            d.ok("SELECT INBOX")
            d.sock.settimeout(2)
            deaf.append(d)
        for d in deaf:
            # Answers of 40 MB each; the requests themselves end when the
            # server stops reading them.
            d.start("FETCH 21 BODY.PEEK[]")
            try:
                for _ in range(10):
                    d.send(b"".join(
                        b"x%d FETCH 1:* (FLAGS ENVELOPE BODY.PEEK[])\r\n" % n
                        for n in range(500)))
            except OSError:
                pass
        worst = slowest(other)
        after = measure.pss_by_name(s)
        rise = {k: (v - before.get(k, 0)) // len(deaf)
                for k, v in after.items()}
        print("   KiB for each that does not read:", rise,
              "NOOP of another: %.0f ms" % (worst * 1000))
        if not os.environ.get("REGRESS_ASAN"):
            assert rise["imapd"] <= 1024 and rise["storaged"] <= 2048, rise
            assert worst < OTHERS, worst
        # One that reads in the end gets all of it.
        d = deaf[0]
        d.sock.settimeout(60)
        d.line()
        a = d.finish("a3")
        assert a.status == "OK", a
        assert other.ok("NOOP").status == "OK"


def test_a_client_that_sends_an_octet_at_a_time_costs_nobody_time():
    s = suite.Suite(users=("ann", "bob"))
    with s:
        other = s.client("bob")
        slow = [imapc.Imap(s.imap_port) for _ in range(50)]
        before = measure.pss(s)
        text = b"a1 LOGIN ann " + suite.PASSWORD.encode() + b"\r\n"
        for octet in text:
            for c in slow:
                c.send(bytes([octet]))
            other.ok("NOOP")
        for c in slow:
            assert c.finish("a1").status == "OK"
        worst = slowest(other)
        cost = (measure.pss(s) - before) / len(slow)
        print("   %.1f KiB each; NOOP of another: %.0f ms" %
              (cost, worst * 1000))
        text = b"b1 APPEND INBOX {2000+}\r\n" + b"x" * 100
        for octet in text:
            for c in slow:
                c.send(bytes([octet]))
        assert other.ok("NOOP").status == "OK"
        if not os.environ.get("REGRESS_ASAN"):
            assert cost <= 40, cost
            assert worst < OTHERS, worst


MIX = (
    "NOOP", "STATUS Archive (MESSAGES UNSEEN UIDNEXT)", 'LIST "" "*"',
    "FETCH 1:5 (FLAGS ENVELOPE)", "FETCH 1 BODY.PEEK[]",
    "STORE 1:3 +FLAGS (\\Flagged)", "STORE 1:3 -FLAGS (\\Flagged k)",
    "SEARCH SUBJECT number", "UID SEARCH 1:* UNSEEN", "CREATE box",
    "COPY 1:2 box", "RENAME box other", "DELETE other", "CHECK",
    "FETCH 99999 FLAGS", "NONSENSE", "SEARCH BODY fox",
    "FETCH 1:3 (BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (FROM)])",
)


def mixed(c, rounds):
    n = 0
    for _ in range(rounds):
        cmds = [(t, None) for t in MIX]
        cmds += [("APPEND INBOX", text_mail(1)),
                 ("STORE * +FLAGS (\\Deleted)", None), ("EXPUNGE", None)]
        for (text, _), a in zip(cmds, c.pipeline(cmds)):
            want = "BAD" if text in ("NONSENSE", "FETCH 99999 FLAGS") else "OK"
            assert a.status == want, (text, a)
        n += len(cmds)
    return n


@time_limit(900)
def test_ten_thousand_mixed_commands_leak_nothing():
    s = suite.Suite()
    with s:
        c = s.client()
        for a in c.pipeline([("APPEND INBOX", text_mail(n))
                             for n in range(20)]):
            assert a.status == "OK", a
        c.ok("SELECT INBOX")
        curve, quiet, done = [], [], 0
        turns = 6 if os.environ.get("REGRESS_ASAN") else 14
        for n in range(turns):
            done += mixed(c, 80)
            curve.append(sum(measure.pss_by_name(s).values()))
            if n in (1, 7, 13):
                settled(s)
                quiet.append(measure.pss_by_name(s, "Pss_Anon"))
        print("   KiB after each of %d times %d:" % (turns, done // turns),
              curve, "and idle:", quiet)
        assert done >= 10000
        # Twice 10,000: the heap finds its shape once, a leak goes on.
        for name in quiet[0]:
            rises = [b[name] - a[name] for a, b in zip(quiet, quiet[1:])]
            assert min(rises, default=0) <= 300, (name, rises, quiet)
        c.logout()

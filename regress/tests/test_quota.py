"""Quotas (issue 14, section 3): who is at the limit is refused before octets
are sent, where IMAP allows it, and what makes room is not; two nodes that
race overrun the limit by one message; pailctl quota."""

import os
import re
import shutil
import threading

import nodes
import proc
import suite
from imapc import status
from mails import small
from mark import second_server


def mail(size):
    head = b"Subject: so large\r\n\r\n"
    return head + b"x" * (size - len(head) - 2) + b"\r\n"


def over(a):
    assert a.status == "NO" and a.code("OVERQUOTA") is not None, a


def usage(s, *args, check=True):
    """{user: [bytes, quota, messages, quota, used]}"""
    out = s.ctl("quota", "--exact", *args, check=check).stdout.decode()
    rows = [line.split() for line in out.splitlines()]
    assert rows[0][0] == "user", out
    return {r[0]: r[1:] for r in rows[1:]}


def own(s, user, quota):
    """Writes the user's own quota behind his hash."""
    path = os.path.join(s.dir, "users")
    with open(path) as f:
        lines = f.read().splitlines()
    for i, line in enumerate(lines):
        if line.startswith(user + ":"):
            lines[i] = "%s quota=%s" % (line.split(" ")[0], quota)
    with open(path + ".new", "w") as f:
        f.write("\n".join(lines) + "\n")
    os.chmod(path + ".new", os.stat(path).st_mode)
    shutil.chown(path + ".new", os.stat(path).st_uid, os.stat(path).st_gid)
    os.rename(path + ".new", path)


def test_who_is_at_the_quota_is_refused_before_octets_are_sent():
    """Shows 4: a message refused by quota costs no octets."""
    with suite.Suite(quota="{bytes: 20K}", users=("ann", "bob")) as s:
        c = s.client()
        c.ok("CREATE a")
        for _ in range(4):
            c.append("INBOX", mail(4096))
        # the grace: the one that crosses the limit, whatever its size
        c.append("INBOX", mail(100000))
        t = c.start("APPEND INBOX {5000000}")
        over(c.finish(t))           # no "+": nothing was sent
        over(c.cmd("APPEND INBOX", small(1)))
        t = c.start(b"APPEND INBOX {%d+}" % len(small(1)))
        c.send(small(1) + b"\r\n")  # unasked: after its octets
        over(c.finish(t))
        c.ok("SELECT INBOX")
        over(c.cmd("COPY 1 a"))
        c.ok("MOVE 5 a")            # adds nothing
        assert status(c, "INBOX") == 4 and status(c, "a") == 1
        assert usage(s) == {
            "ann": ["116384", "20480", "5", "-", "568%"],
            "bob": ["0", "20480", "0", "-", "0%"]}
        assert re.search(r"user=ann cmd=APPEND bytes=116384 bytes-max=20480 "
                         r"messages=5 messages-max=0 result=no "
                         r"why=\"over quota\"",
                         s.log_text()), s.log_tail()
        # what makes room works, and counts at once
        c.ok("SELECT a")
        c.ok("STORE 1 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
        c.ok("SELECT INBOX")
        over(c.cmd("COPY 1:3 a"))   # all but the last do not fit
        assert status(c, "a") == 0
        c.ok("COPY 1 a")
        over(c.cmd("COPY 1 a"))
        c.ok("DELETE a")
        c.ok("NOOP")
        assert usage(s, "ann") == {
            "ann": ["16384", "20480", "4", "-", "80%"]}


def test_a_changed_quota_counts_at_the_next_session():
    with suite.Suite(quota="{messages: 2}") as s:
        c = s.client()
        c.append("INBOX", small(1))
        c.append("INBOX", small(2))
        over(c.cmd("APPEND INBOX", small(3)))
        s.over["quota"] = "{messages: 3}"
        s.write_conf()
        s.ctl("reload")
        s.client().logout()
        c.append("INBOX", small(3))
        over(c.cmd("APPEND INBOX", small(4)))
        assert usage(s)["ann"][2:] == ["3", "3", "100%"]


def test_a_users_own_quota_goes_before_the_default():
    with suite.Suite(quota="{messages: 2}", users=("ann", "bob")) as s:
        own(s, "ann", "0:3")
        c = s.client()
        for n in range(3):
            c.append("INBOX", small(n))
        over(c.cmd("APPEND INBOX", small(3)))
        d = s.client("bob")
        d.append("INBOX", small(1))
        d.append("INBOX", small(2))
        over(d.cmd("APPEND INBOX", small(3)))
        # the file is edited: with a login after it was looked at again,
        # for this session, too
        own(s, "ann", "1G:4")

        def counts():
            s.client().logout()
            return c.cmd("APPEND INBOX", small(3)).status == "OK"
        proc.await_true("the new quota counts", counts)
        over(c.cmd("APPEND INBOX", small(4)))
        assert usage(s)["ann"][1:4] == [str(1 << 30), "4", "4"]


def test_pailctl_quota_opens_who_is_not_open_and_knows_who_is_nobody():
    with suite.Suite(users=("ann", "bob")) as s:
        c = s.client()
        c.append("INBOX", mail(3000))
        c.logout()
        s.start_anew()              # nobody is open, no index is there
        assert usage(s, "Ann") == {"ann": ["3000", "-", "1", "-", "-"]}
        p = s.ctl("quota", "nobody", "bob", check=False)
        assert p.returncode == 1, p
        assert b"pailctl: nobody: no such user" in p.stderr, p
        assert re.search(rb"^bob +0 +- +0 +- +-$", p.stdout, re.M), p
        out = s.ctl("quota").stdout.decode()
        assert re.search(r"^ann +2\.9K +- +1 +- +-$", out, re.M), out
        p = s.ctl("quota", "a\tb", check=False)
        assert p.returncode == 1 and b"invalid user name" in p.stderr, p


def race(kind):
    """Both nodes append until both are refused; then there is as much as
    one alone could have stored."""
    size, limit = 2000, 50000
    a, b = nodes.two(kind)
    for s in (a, b):
        s.over["quota"] = "{bytes: %d}" % limit
        s.write_conf()
    with a, b:
        took = []

        def run(s):
            c = s.client()
            n = 0
            while True:
                r = c.cmd("APPEND INBOX", mail(size))
                if r.status != "OK":
                    over(r)
                    break
                n += 1
            took.append(n)

        threads = [threading.Thread(target=run, args=(s,))
                   for s in (a, b) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(took) == 4, took
        n = sum(took)
        assert (n - 1) * size < limit <= n * size, took
        for s in (a, b):
            c = s.client()
            assert status(c, "INBOX") == n
            assert usage(s)["ann"] == [
                str(n * size), str(limit), str(n), "-", "100%"]
            over(c.cmd("APPEND INBOX", mail(size)))
        # one makes room, the other finds it at once
        c = a.client()
        c.ok("SELECT INBOX")
        c.ok("STORE 1:10 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        b.client().append("INBOX", mail(size))


def test_two_nodes_race_to_the_quota_on_files():
    """Shows 4: two nodes overrun it by at most the grace."""
    race("file")


@second_server
def test_two_nodes_race_to_the_quota_on_s3():
    """Shows 4: two nodes overrun it by at most the grace."""
    race("minio")

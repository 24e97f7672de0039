"""Quotas (issue 14, section 3): who is at the limit is refused before octets
are sent, where the protocol allows it, and what makes room is not; two nodes
that race overrun the limit by one message; pailctl quota."""

import os
import re
import shutil
import smtplib
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


def test_pailctl_sets_quotas_and_aliases():
    with listening(suite.Suite(users=("bob",)), quota="{messages: 9}") as s:
        def user(*args, check=True, input=None):
            return s.ctl("user", *args, check=check, input=input)
        user("add", "--quota", "0:2", "--alias", "Ann@Example.org",
             "--alias", "sales@example.org", "ann", input=b"password\n")
        assert usage(s, "ann")["ann"][1:4] == ["-", "0", "2"]

        def hears(address):
            with Sender(s) as a:
                return a.rcpt(address)[0]
        proc.await_true("it is known",
                        lambda: hears("sales@example.org") == "250")
        user("set", "--quota", "0:7", "--no-alias", "sales@example.org",
             "--alias", "info@example.org", "ann")
        proc.await_true("it is the other one",
                        lambda: hears("info@example.org") == "250")
        s.ctl("reload")         # lmtpd forgets what it was told
        assert hears("sales@example.org") == "550 5.1.1"
        assert hears("ann@example.org") == "250"
        assert usage(s, "ann")["ann"][1:4] == ["-", "0", "7"]
        user("set", "--quota", "default", "ann")
        proc.await_true("the default counts", lambda: usage(
            s, "ann")["ann"][1:4] == ["-", "0", "9"])
        path = os.path.join(s.dir, "users")
        before = open(path).read()
        for args, why in (
                (("set", "--quota", "much", "ann"), b"quota much: expected "),
                (("set", "--alias", "ann@example.org", "bob"),
                 b"ann@example.org is a name of ann"),
                (("set", "--no-alias", "none", "bob"),
                 b"bob has no alias none"),
                (("set", "bob"), b"usage: "),
                (("passwd", "--quota", "1", "bob"), b"usage: ")):
            p = user(*args, check=False)
            assert p.returncode == 1 and why in p.stderr, p
        assert open(path).read() == before


def listening(s, **over):
    """s, with a lmtpd that listens on s.lmtp."""
    s.lmtp = proc.free_port()
    s.over.update(over, listen="[imap://127.0.0.1:%d, lmtp://127.0.0.1:%d]" %
                  (s.imap_port, s.lmtp))
    s.write_conf()
    return s


class Sender:
    """An MTA's connection, and what it was answered: "250", "552 5.2.2"."""

    def __init__(self, s):
        self.c = smtplib.LMTP("127.0.0.1", s.lmtp, timeout=120)
        self.c.ehlo()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.c.close()

    @staticmethod
    def said(code, text):
        return "250" if code == 250 else "%d %s" % (
            code, text.split()[0].decode())

    def rcpt(self, *users, size=0, sender="eve"):
        """MAIL, and RCPT of each."""
        self.c.docmd("RSET")
        code, text = self.c.docmd("MAIL FROM:<%s@example.net> SIZE=%d" %
                                  (sender, size))
        assert code == 250, text
        return [self.said(*self.c.docmd("RCPT TO:<%s>" % u)) for u in users]

    def data(self, mail, n):
        """DATA, for n recipients."""
        code, text = self.c.docmd("DATA")
        assert code == 354, (code, text)
        self.c.send(mail + b".\r\n")
        return [self.said(*self.c.getreply()) for _ in range(n)]

    def mail(self, mail, *users):
        assert self.rcpt(*users) == ["250"] * len(users)
        return self.data(mail, len(users))


def test_lmtp_refuses_a_full_mailbox_before_octets_are_sent():
    """Shows 4: by LMTP, too, a message refused by quota costs no octets; the
    grace is one message; whoever has room has his copy."""
    with listening(suite.Suite(users=("ann", "bob")),
                   quota="{bytes: 20K}") as s, Sender(s) as a:
        for _ in range(3):
            assert a.mail(mail(5000), "ann") == ["250"]
        # the grace: the one that crosses the limit, whatever its size
        assert a.rcpt("ann", size=90000) == ["250"]
        assert a.data(mail(90000), 1) == ["250"]
        assert a.rcpt("ann") == ["552 5.2.2"]
        assert a.c.docmd("DATA")[0] == 503      # octets for nobody
        assert a.rcpt("ann", "bob", "ann", size=10) == [
            "552 5.2.2", "250", "552 5.2.2"]
        assert a.data(mail(100), 1) == ["250"]
        c = s.client()
        assert status(c, "INBOX") == 4 and status(
            s.client("bob"), "INBOX") == 1
        # he makes room, which counts at once
        c.ok("SELECT INBOX")
        c.ok("STORE 4 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
        assert a.mail(mail(100), "ann") == ["250"]


def test_lmtp_refuses_a_mailbox_that_fills_between_rcpt_and_data():
    """Shows 4: RCPT said that there is room; at the end of DATA there is
    none for one of them, and the other has it."""
    with listening(suite.Suite(users=("ann", "bob")),
                   quota="{bytes: 20K}") as s, Sender(s) as a, \
            Sender(s) as b:
        for size in (100, 300000):              # small, and an object
            assert a.rcpt("ann", "bob") == ["250", "250"]
            assert b.mail(mail(30000), "ann") == ["250"]
            assert a.data(mail(size), 2) == ["552 5.2.2", "250"]
            c, d = s.client(), s.client("bob")
            assert status(c, "INBOX") == 1 and status(d, "INBOX") == 1
            for x in (c, d):
                x.ok("SELECT INBOX")
                x.ok("STORE 1:* +FLAGS (\\Deleted)")
                x.ok("EXPUNGE")
                x.logout()


class Deaf(Sender):
    """Gone before an answer to its octets could come."""

    def data_and_go(self, mail):
        code, text = self.c.docmd("DATA")
        assert code == 354, (code, text)
        self.c.send(mail + b".\r\n")
        self.c.sock.close()
        self.c.sock = None


def test_lmtp_knows_again_what_filled_the_mailbox():
    """Issue 14, Shows 1: none bounced. The 250 of the mail that fills the
    mailbox is lost; the retry is answered 250 nevertheless. Other mail is
    refused, and before its octets if it is of another sender."""
    def named(i, size):
        head = b"Message-ID: <%d@full>\r\n" % i
        return head + mail(size - len(head))

    with listening(suite.Suite(users=("ann", "bob", "carl")),
                   quota="{bytes: 20K}") as s:
        # in the head, an object
        for i, size, other in (0, 30000, "bob"), (1, 600000, "carl"):
            with Deaf(s) as a:
                assert a.rcpt("ann") == ["250"]
                a.data_and_go(named(i, size))
            c = s.client()
            proc.await_true("it is stored",
                            lambda: status(c, "INBOX") == 1)
            c.logout()
            s.start_anew()              # without its index
            with Sender(s) as a:
                assert a.rcpt("ann", other) == ["250", "250"]
                assert a.data(named(i, size), 2) == ["250", "250"]
                # of the same sender, another one: refused at its end
                assert a.mail(named(5, 1000), "ann") == ["552 5.2.2"]
                # of another sender: before its octets
                assert a.rcpt("ann", sender="bob") == ["552 5.2.2"]
            c = s.client()
            assert status(c, "INBOX") == 1
            c.ok("SELECT INBOX")
            c.ok("STORE 1:* +FLAGS (\\Deleted)")
            c.ok("EXPUNGE")
            c.logout()


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


def race_by_lmtp(kind):
    """As race(): each of four MTAs delivers until it is refused."""
    size, limit = 2000, 50000
    a, b = (listening(s, quota="{bytes: %d}" % limit)
            for s in nodes.two(kind))
    with a, b:
        took, wrong = [], []

        def run(s, k):
            n = 0
            with Sender(s) as m:
                while True:
                    # of each another one: no MTA's second try
                    head = b"Message-ID: <%d.%d@race>\r\n" % (k, n)
                    said = m.rcpt("ann")
                    if said == ["250"]:
                        said = m.data(head + mail(size - len(head)), 1)
                    if said != ["250"]:
                        break
                    n += 1
                if said != ["552 5.2.2"]:
                    wrong.append(said)
            took.append(n)

        threads = [threading.Thread(target=run, args=(s, k))
                   for k, s in enumerate((a, b, a, b))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(took) == 4 and not wrong, (took, wrong)
        for s in (a, b):
            c = s.client()
            assert status(c, "INBOX") == sum(took), took
            got, _, messages, _, _ = usage(s)["ann"]
            assert int(messages) == sum(took), took
            # by less than the last of them: all are of one size
            one = int(got) // sum(took)
            assert limit <= int(got) < limit + one + 100, (got, took)
            with Sender(s) as m:    # eve's might be one of hers again
                assert m.rcpt("ann", sender="bob") == ["552 5.2.2"]


def test_two_nodes_race_over_lmtp_to_the_quota_on_files():
    """Shows 4: two nodes overrun it by at most the grace."""
    race_by_lmtp("file")


@second_server
def test_two_nodes_race_over_lmtp_to_the_quota_on_s3():
    """Shows 4: two nodes overrun it by at most the grace."""
    race_by_lmtp("minio")


def test_two_nodes_race_to_the_quota_on_files():
    """Shows 4: two nodes overrun it by at most the grace."""
    race("file")


@second_server
def test_two_nodes_race_to_the_quota_on_s3():
    """Shows 4: two nodes overrun it by at most the grace."""
    race("minio")

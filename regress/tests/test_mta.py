"""Debian's Postfix, Exim and OpenSMTPD deliver as pail-mta(7) says (issue 14,
Shows 1): its examples are what these tests run. Every mail that an MTA counted
as delivered is there once, none is doubled, none bounced, whatever happens to
the store meanwhile."""

import collections
import contextlib
import os
import re
import signal
import smtplib
import subprocess
import threading

import chroot
import mta
import proc
import s3
import s3proxy
import suite
from mark import normal_only, time_limit

WAYS = [(mta.Postfix, w) for w in ("unix", "tcp", "tls", "pipe")] + \
    [(mta.Exim, w) for w in ("unix", "tcp", "tls", "pipe")] + \
    [(mta.Opensmtpd, w) for w in ("unix", "tcp", "pipe")]
USERS = ("ann", "bob", "carl")


def start(stack, ways, store="file", **over):
    """A Suite that listens for all of these, and the MTAs; the first asks
    before it accepts mail, as the manual shows of Postfix."""
    mtas = [kind(way) for kind, way in ways]
    if ways is WAYS:
        mtas[0].main = mta.example("postfix verify")
    port = proc.free_port()
    s = suite.Suite(store, users=USERS, domains="[%s]" % mta.DOMAIN, **over)
    s.over["listen"] = "[imap://127.0.0.1:%d, imaps://127.0.0.1:%d, %s]" % (
        s.imap_port, s.imaps_port, ", ".join(sorted({
            m.listen(port) for m in mtas})))
    s.write_conf()
    stack.enter_context(s)
    for m in mtas:
        m.trust(s.cert)
        m.deliver_program(s.bin("pail-deliver"))
        stack.enter_context(m)
    return s, mtas


class Mails:
    """What was fed, and what should be where of it."""

    def __init__(self):
        self.expected = collections.Counter()   # (user, Message-ID)
        self.fed = collections.Counter()        # recipients, by MTA

    def some(self, m, n):
        """n mails, each to one of the users, every tenth to all."""
        for _ in range(n):
            k = self.fed[m]
            to = USERS if k % 10 == 9 else USERS[k % 3:k % 3 + 1]
            name = "%d.%s.%s@elsewhere.example" % (k, m.way, m.name)
            self.fed[m] += len(to)
            self.expected.update((u, name) for u in to)
            yield ["%s@%s" % (u, mta.DOMAIN) for u in to], (
                "Message-ID: <%s>\r\nSubject: mail %d\r\n\r\nline\r\n.\r\n"
                "%s\r\n" % (name, k, "x" * 60)).encode()


def in_mailboxes(s):
    """(user, Message-ID) of all messages."""
    out = collections.Counter()
    for u in USERS:
        c = s.client(u)
        if b" 0 EXISTS" not in b"".join(c.ok("EXAMINE INBOX").lines):
            text = b"".join(c.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS "
                                 "(MESSAGE-ID)]").lines).decode()
            out.update((u, x) for x in re.findall(r"<([^>]+)>", text))
        c.logout()
    return out


def check(s, mails, mtas):
    """All is there once, and each MTA knows it."""
    for m in mtas:
        m.await_empty(3600 if os.environ.get("SOAK") else 120)
        assert m.bounced() == 0, m.log_text()[-3000:]
        assert m.delivered() == mails.fed[m], (
            m.name, m.way, m.delivered(), mails.fed[m])
    got = in_mailboxes(s)
    assert got == mails.expected, (
        "missing", mails.expected - got, "too many", got - mails.expected)


@normal_only("the MTAs take the time")
def test_the_manuals_examples_deliver():
    with contextlib.ExitStack() as stack:
        s, mtas = start(stack, WAYS)
        mails = Mails()
        for m in mtas:
            m.feed(mails.some(m, 10))
        check(s, mails, mtas)
        with smtplib.SMTP("127.0.0.1", mtas[0].port, timeout=60) as c:
            c.helo()
            c.mail(mta.SENDER)
            code, text = c.rcpt("nobody@" + mta.DOMAIN)
            assert code == 550 and b"unverified" in text.lower() or \
                b"5.1.1" in text, (code, text)


def deferrals(mtas):
    return [m.deferred() for m in mtas]


def faults(mtas, mails, n, proxy, server):
    """n mails for each MTA, an eighth of them just before and one within each
    fault: the store refuses, hangs, and is killed, until each MTA has deferred
    something more."""
    def refused():
        proxy.away()

    def hung():
        proxy.away("hung")

    def killed():
        proc.end(server.p, signal.SIGKILL)

    for fault in refused, hung, killed:
        feed(mtas, mails, n // 8)
        before = deferrals(mtas)
        fault()                         # deliveries are under way
        feed(mtas, mails, n // 8)
        proc.await_true("all defer (%s)" % fault.__name__, lambda: all(
            a > b for a, b in zip(deferrals(mtas), before)), 120)
        if fault is killed:
            server.start()
        else:
            proxy.back()
    feed(mtas, mails, n - 6 * (n // 8))


def feed(mtas, mails, n):
    """All at the same time."""
    failed = []

    def one(m):
        try:
            m.feed(mails.some(m, n))
        except Exception as e:
            failed.append((m.name, m.way, e))
    threads = [threading.Thread(target=one, args=(m,)) for m in mtas]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, failed


def through_faults(ways, n):
    with contextlib.ExitStack() as stack:
        server = s3.Minio()
        stack.callback(server.stop)
        proxy = s3proxy.Proxy(server)
        stack.callback(proxy.close)
        s, mtas = start(stack, ways, (proxy, server.new_bucket()),
                        lmtp="{timeout: 5s}")
        mails = Mails()
        faults(mtas, mails, n, proxy, server)
        check(s, mails, mtas)


@normal_only("the MTAs take the time")
@time_limit(300, soak=7200)
def test_mail_is_there_once_though_the_store_was_refused_hung_and_killed():
    """Each MTA by TCP, socket or STARTTLS (all of them: make soak)."""
    ways, n = [(mta.Postfix, "tls"), (mta.Exim, "tcp"),
               (mta.Opensmtpd, "unix")], 100
    if os.environ.get("SOAK"):
        ways, n = [w for w in WAYS if w[1] != "pipe"], 1000
    through_faults(ways, n)


@normal_only("of pail-deliver itself there are unit tests")
def test_mail_1_and_fetchmail_deliver_with_pail_deliver():
    assert not chroot.missing(), chroot.missing()
    s = suite.Suite(users=("ann", "bob"))
    sock = os.path.join(s.dir, "lmtp.sock")
    s.over["listen"] = "[imap://127.0.0.1:%d, imaps://127.0.0.1:%d, " \
        "lmtp+unix:%s]" % (s.imap_port, s.imaps_port, sock)
    s.write_conf()
    deliver = "%s -S %s" % (s.bin("pail-deliver"), sock)
    for name, mode, text in (
            ("sendmail", 0o755, '#!/bin/sh\nexec %s "$@"\n' % deliver),
            ("mailrc", 0o600, "set sendmail=%s/sendmail\n" % s.dir),
            ("fetchmailrc", 0o600,
             "poll 127.0.0.1 protocol imap service %d auth password\n"
             "user ann password %s sslproto '' fetchall\n"
             'mda "%s -f %%F -- bob"\n' % (
                 s.imap_port, suite.PASSWORD, deliver))):
        with open(os.path.join(s.dir, name), "w") as f:
            f.write(text)
        os.chmod(f.name, mode)
    env = {"MAILRC": s.dir + "/mailrc", "PATH": os.environ["PATH"],
           "LD_LIBRARY_PATH": chroot.library_path(), "HOME": s.dir}

    def run(program, *args, input=b""):
        r = subprocess.run(
            [os.path.join(chroot.TOOLS, program), *args], input=input,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            env=env)
        assert r.returncode == 0, r
        return r.stdout

    def has_one(user):
        c = s.client(user)
        c.ok("EXAMINE INBOX")
        out = b"".join(c.ok("FETCH 1:* BODY.PEEK[]").lines)
        c.logout()
        return out.count(b"Subject: hello there") == 1 and \
            b"\r\nMessage-ID: <" in out
    with s:
        c = s.client("ann")     # (mail(1) does not wait for its sendmail)
        c.ok("SELECT INBOX")
        run("bsd-mailx/usr/bin/bsd-mailx", "-s", "hello there", "ann",
            input=b"text\n")
        proc.await_true("mail(1) delivers", lambda: b"1 EXISTS" in b"".join(
            c.ok("NOOP").lines))
        c.logout()
        assert has_one("ann")
        run("fetchmail/usr/bin/fetchmail", "-f", s.dir + "/fetchmailrc",
            "--nodetach", "--nosyslog", "-v", "--pidfile", s.dir + "/pid")
        assert has_one("bob")

"""Mail that comes in over LMTP: what each recipient is answered, what is
then in the mailboxes, and what a second try of the sender makes of it."""

import os
import re
import signal
import smtplib
import socket
import threading
import time

import nodes
import proc
import suite
import traces
from counted import Counted
from mark import normal_only

MAIL = (b"From: eve@example.net\r\nSubject: %s\r\nMessage-ID: <%s@example.net>"
        b"\r\n\r\nbody\r\n")


def delivering(store="file", users=("ann", "bob"), **over):
    """A suite with a lmtpd, which listens on s.lmtp."""
    s = suite.Suite(store, users=users[:1], **over)
    s.lmtp = proc.free_port()
    s.over.setdefault("listen", "[imap://127.0.0.1:%d, lmtp://127.0.0.1:%d]" %
                      (s.imap_port, s.lmtp))
    s.over.setdefault("domains", "[example.org]")
    s.over.setdefault("processes", "{imapd: 1, lmtpd: 1, storaged: 2}")
    s.write_conf()
    path = s.dir + "/users"             # all with one password: one hash
    with open(path) as f:
        line = f.read()
    with open(path, "a") as f:
        for user in users[1:]:
            f.write(line.replace(users[0] + ":", user + ":", 1))
    return s


def deliver(s, to, mail, sender="eve@example.net"):
    """The replies to RCPT and, of those accepted, to the message."""
    with smtplib.LMTP("127.0.0.1", s.lmtp, timeout=120) as c:
        c.ehlo_or_helo_if_needed()
        c.mail(sender)
        rcpt = [c.rcpt(x) for x in to]
        n = sum(code == 250 for code, _ in rcpt)
        if n == 0:
            return rcpt, []
        code, text = c.docmd("DATA")
        assert code == 354, (code, text)
        c.send(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        return rcpt, [c.getreply() for _ in range(n)]


def mails(s, user, box="INBOX"):
    c = s.client(user)
    c.ok("SELECT %s" % box)
    n = c.ok("FETCH 1:* BODY.PEEK[]")
    c.logout()
    return [line for line in n.lines if b"BODY[]" in line]


def test_each_recipient_has_an_answer_of_its_own():
    """Issue 14, 1: one answer for each recipient, each on its own; trace
    lines; a folder for a detail; Junk by rule; a retry is swallowed."""
    with delivering(lmtp="{detail: create, junk-header: 'X-Spam-Flag: YES'}",
                    ) as s:
        mail = MAIL % (b"one", b"1")
        to = ["ann@example.org", "nobody@example.org", "bob+Lists@example.org"]
        rcpt, answers = deliver(s, to, mail)
        assert [c for c, _ in rcpt] == [250, 550, 250], rcpt
        assert rcpt[1][1].startswith(b"5.1.1 "), rcpt
        assert [c for c, _ in answers] == [250, 250], answers
        got = mails(s, "ann")
        assert len(got) == 1, got
        assert re.search(
            rb"Return-Path: <eve@example.net>\r\n"
            rb"Delivered-To: ann@example.org\r\nReceived: from \S+ "
            rb"\(\[127.0.0.1\]\)\r\n\tby \S+ with LMTP\r\n\tid \S+; .*\r\n"
            rb"From: eve", got[0]), got
        assert got[0].count(b"body") == 1
        assert len(mails(s, "bob", "Lists")) == 1
        assert mails(s, "bob") == []

        _, answers = deliver(s, to, mail)           # the MTA's second try
        assert [c for c, _ in answers] == [250, 250], answers
        assert len(mails(s, "ann")) == 1
        assert len(mails(s, "bob", "Lists")) == 1
        _, answers = deliver(s, to[:1], MAIL % (b"two", b"2"))
        assert answers[0][0] == 250 and len(mails(s, "ann")) == 2

        _, answers = deliver(s, to[:1], b"X-Spam-Flag: YES\r\n" +
                             MAIL % (b"three", b"3"))
        assert answers[0][0] == 250 and len(mails(s, "ann", "Junk")) == 1


def test_300_details_of_one_user_are_300_recipients():
    """Issue 14, 1: one answer for each recipient; they share the sessions of
    their user, of whom storaged has at most 200."""
    with delivering() as s, \
            socket.create_connection(("127.0.0.1", s.lmtp), 120) as k:
        f = k.makefile("rb")
        f.readline()
        k.sendall(b"LHLO x\r\nMAIL FROM:<>\r\n" + b"".join(
            b"RCPT TO:<ann+%d@example.org>\r\n" % i for i in range(300)) +
            b"DATA\r\n" + MAIL % (b"many", b"many") + b".\r\nQUIT\r\n")
        while f.readline()[3:4] == b"-":
            pass
        said = f.read().splitlines()
        assert [x[:3] for x in said] == [b"250"] * 301 + [b"354"] + \
            [b"250"] * 300 + [b"221"], [x for x in said if x[:3] != b"250"]
        to = {re.search(rb"Delivered-To: (\S+)", m)[1] for m in mails(s, "ann")}
        assert len(to) == 300, len(to)


@normal_only("counts requests")
def test_a_message_to_100_costs_each_at_most_two_puts():
    """Issue 14, Shows 1: 100 recipients of one mail (at most 3 uploads a
    storaged process: lmtpd/delivery_test counts them, it is one)."""
    users = ["u%d" % i for i in range(100)]
    with delivering(suite.store("counted"), users=users) as s:
        # The first of all makes 100 users.
        for size, most in ((1000, 3), (1001, 1.1), (300000, 2.1)):
            mail = MAIL % (b"%d" % size, b"%d" % size) + \
                b"a line of the body\r\n" * (size // 20)
            with Counted() as n:
                rcpt, answers = deliver(
                    s, [u + "@example.org" for u in users], mail)
            assert {c for c, _ in rcpt + answers} == {250}, answers
            assert n.of("PutObject") <= most * len(users), n.n
        assert len(mails(s, "u99")) == 3


def test_what_was_answered_250_is_there_once_though_storaged_dies():
    """Issue 14, Shows 1: with the store killed in between, every mail that
    was counted as delivered is there once, none doubled, none bounced."""
    with delivering() as s:
        said = []
        killing = threading.Event()

        def sender(k):
            for i in range(12):
                mail = MAIL % (b"%d.%d" % (k, i), b"%d.%d" % (k, i))
                while True:
                    try:
                        rcpt, answers = deliver(
                            s, ["ann@example.org", "bob@example.org"], mail)
                    except (OSError, smtplib.SMTPException):
                        continue                # lmtpd is being started
                    said.extend(rcpt + answers)
                    if [c for c, _ in answers] == [250, 250]:
                        break
                if i == 3:
                    killing.set()

        threads = [threading.Thread(target=sender, args=(k,), daemon=True)
                   for k in range(4)]
        for t in threads:
            t.start()
        killing.wait(60)
        for kind in ("storaged", "storaged", "authd", "storaged"):
            for pid, name in s.children():
                if name.startswith(kind):
                    os.kill(pid, signal.SIGKILL)
                    break
            n = len(said)
            proc.await_true("deliveries go on", lambda: len(said) > n + 8 or
                            not any(t.is_alive() for t in threads))
        for t in threads:
            t.join(120)
            assert not t.is_alive()
        bounced = [x for x in said if x[0] // 100 == 5]
        assert not bounced, bounced
        for user in ("ann", "bob"):
            # All may have been done when the last one was killed.
            nodes.serves_again(s, time.monotonic() + 60, user)
            subjects = sorted(
                re.search(rb"Subject: (\S+)", m).group(1)
                for m in mails(s, user))
            assert subjects == sorted(b"%d.%d" % (k, i) for k in range(4)
                                      for i in range(12)), subjects


def test_each_transaction_has_a_trace_in_lmtpd_and_in_storaged():
    with delivering(suite.store("minio"), log="{level: debug}") as s:
        seen = []
        with smtplib.LMTP("127.0.0.1", s.lmtp, timeout=120) as c:
            c.ehlo_or_helo_if_needed()
            for user in ("ann", "bob"):
                start = len(s.log_text())
                c.sendmail("eve@example.net", [user + "@example.org"],
                           MAIL % (b"x", user.encode()))
                seen.append(traces.of_delivery(s, start, user))
            code, _ = c.mail("eve@example.net")
            code, _ = c.rcpt("nobody@example.org")
            assert code == 550
        refused, = [x for x in s.log_text().splitlines()
                    if "lmtpd" in x and "rcpt=nobody@example.org" in x]
        third = re.search(r" trace=00-([0-9a-f]{32})-", refused).group(1)
        # One connection, three transactions.
        assert seen[0][0] == seen[1][0] and seen[0][0] in refused, seen
        assert len({seen[0][1], seen[1][1], third}) == 3, (seen, third)

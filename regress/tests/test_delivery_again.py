"""The same mail delivered again, to another node, at once or much later: it is
answered 250, and stored once."""

import smtplib
import threading

import imapc
import nodes
import proc

MAILS = 20


def two_that_listen():
    both = nodes.two("file")
    for s in both:
        s.lmtp = proc.free_port()
        s.over.setdefault("listen", "[imap://127.0.0.1:%d, lmtp://127.0.0.1:"
                          "%d]" % (s.imap_port, s.lmtp))
        s.over.setdefault("domains", "[example.org]")
        s.write_conf()
    return both


def deliver(s, i):
    with smtplib.LMTP("127.0.0.1", s.lmtp, timeout=60) as c:
        refused = c.sendmail(
            "eve@example.net", ["ann@example.org"],
            b"Subject: %d\r\nMessage-ID: <%d@again>\r\n\r\nbody\r\n" % (i, i))
        assert refused == {}, refused


def count(s):
    c = s.client()
    n = imapc.status(c, "INBOX")
    c.logout()
    return n


def test_a_mail_that_two_nodes_are_given_at_once_is_there_once():
    """Issue 14, Shows 1: none doubled. A retry goes to the other node, or to
    one whose index is gone."""
    a, b = two_that_listen()
    with a, b:
        meet = threading.Barrier(2, timeout=60)
        failed = []

        def sender(s):
            try:
                for i in range(MAILS):
                    meet.wait()
                    deliver(s, i)
            except Exception as e:      # the other one is not to wait
                meet.abort()
                failed.append(e)

        threads = [threading.Thread(target=sender, args=(s,))
                   for s in (a, b)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not failed, failed
        assert count(a) == MAILS, count(a)
        b.start_anew()                  # without its index
        for i in range(MAILS):
            deliver(b, i)
        assert count(b) == MAILS, count(b)
        deliver(b, MAILS)
        assert count(a) == MAILS + 1, count(a)

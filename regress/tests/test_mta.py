"""Debian's Postfix, Exim and OpenSMTPD deliver as pail-mta(7) says (issue 14,
Shows 1): its examples are what these tests run."""

import contextlib
import os

import fronts
import lmtp_stub
import mta
import proc
import suite
from mark import normal_only

WAYS = [(mta.Postfix, w) for w in ("unix", "tcp", "tls", "pipe")] + \
    [(mta.Exim, w) for w in ("unix", "tcp", "tls", "pipe")] + \
    [(mta.Opensmtpd, w) for w in ("unix", "tcp", "pipe")]


def mail(k, to="ann@example.org"):
    return [to], (b"Message-ID: <%d@elsewhere.example>\r\nSubject: %d\r\n\r\n"
                  b"text %d\r\n" % (k, k, k))


@normal_only("of pail-deliver itself there are unit tests")
def test_the_manuals_examples_deliver():
    d = proc.tempdir("cert")
    cert, key = fronts.certificate(d, "localhost")
    program = os.path.join(proc.TOP, suite.BUILD, "bin/pail-deliver")
    with contextlib.ExitStack() as stack:
        pairs = []
        for kind, way in WAYS:      # all at once: they wait a lot
            m = kind(way)
            m.trust(cert)
            m.deliver_program(program)
            stub = stack.enter_context(lmtp_stub.Stub(
                m.socket, way == "tls" and (cert, key)))
            m.lmtp_port = stub.port
            stack.enter_context(m)
            m.feed(mail(k, "ann+x@example.org") for k in range(3))
            pairs.append((m, stub))
        for m, stub in pairs:
            m.await_empty()
            got = sorted((s, r, d.split(b"\r\n\r\n", 1)[1])
                         for s, r, d in stub.mails)
            assert got == [
                (mta.SENDER, "ann+x@example.org", b"text %d\r\n" % k)
                for k in range(3)], (m.name, m.way, got)
            assert (m.delivered(), m.bounced()) == (3, 0), m.log_text()
            assert (m.way == "tls") == ("STARTTLS" in stub.commands), m.way

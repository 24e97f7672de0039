"""SCRAM-SHA-256 and -PLUS as clients speak them: Python's hashlib on imaplib,
and GNU SASL, which verifies the server's signature as well."""

import hashlib
import imaplib
import re
import ssl
import subprocess
import time

import proc
import suite
from mark import alone
from scram import Scram

MECHANISMS = "[SCRAM-SHA-256, PLAIN]"


def attempt(s, *args, **kw):
    """(Scram, the error or None)."""
    sc = Scram(*args, **kw)
    m = imaplib.IMAP4("127.0.0.1", s.imap_port)
    try:
        m.authenticate("SCRAM-SHA-256", sc)
        m.select()
        return sc, None
    except imaplib.IMAP4.error as e:
        return sc, str(e)
    finally:
        m.shutdown()


def make_suite():
    s = suite.Suite(users=("plain",), sasl_mechanisms=MECHANISMS)
    for user in ("ann", "bob"):
        s.ctl("user", "add", "--scheme", "scram-sha-256", user,
              input=b"pass, with = signs\n")
    return s


def test_clients_log_in_with_scram():
    with make_suite() as s:
        for _ in range(2):
            sc, error = attempt(s, "ann", "pass, with = signs")
            assert error is None and sc.proved, error
        sc, error = attempt(s, "bob", "pass, with = signs", header="y,,")
        assert error is None and sc.proved
        sc, error = attempt(s, "bob", "pass, with = signs",
                            header="n,a=BOB,")
        assert error is None and sc.proved
        # the same keys, by PLAIN
        s.client(password='"pass, with = signs"').logout()
        for args, kw in (
                (("ann", "wrong"), {}),
                (("bob", "pass, with = signs"), {"header": "n,a=ann,"}),
                (("ann", "pass, with = signs"),
                 {"cut": lambda x: x.replace("c=biws", "c=eSws")}),
                (("ann", "pass, with = signs"), {"cut": lambda x: x + "x"})):
            sc, error = attempt(s, *args, **kw)
            assert error and "AUTHENTICATIONFAILED" in error and \
                not sc.proved, (args, error)
        # a password that is changed counts at once
        s.ctl("user", "passwd", "--scheme", "scram-sha-256", "ann",
              input=b"other\n")
        assert attempt(s, "ann", "pass, with = signs")[1]
        assert attempt(s, "ann", "other")[1] is None


def test_gsasl_logs_in_with_scram():
    with make_suite() as s:
        for password, good in ((b"pass, with = signs", True),
                               (b"wrong", False)):
            r = subprocess.run(
                ["gsasl", "--imap", "--no-starttls",
                 "--mechanism=SCRAM-SHA-256", "--authentication-id=ann",
                 "--password=" + password.decode(), "--no-cb",
                 "--connect=127.0.0.1:%d" % s.imap_port],
                input=b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=60)
            said = (r.stdout + r.stderr).decode()
            assert ("authentication finished" in said) == good, said
        lines = [x for x in s.log_text().splitlines()
                 if "mech=SCRAM-SHA-256" in x]
        assert [re.search(r"result=(\w+)", x).group(1) for x in lines] == [
            "ok", "no"], lines


def tls_client(s, version=ssl.TLSVersion.TLSv1_3):
    ctx = ssl._create_unverified_context()
    ctx.maximum_version = version
    return imaplib.IMAP4_SSL("127.0.0.1", s.imaps_port, ssl_context=ctx)


def end_point(m):
    """RFC 5929, of a certificate that is signed with SHA-256."""
    return hashlib.sha256(m.socket().getpeercert(binary_form=True)).digest()


def bound(s, mechanism, header, spoil=lambda x: x, **kw):
    """The error of a login that is bound by tls-server-end-point, or None."""
    m = tls_client(s, **kw)
    data = b"" if header[0] in "ny" else spoil(end_point(m))
    sc = Scram("ann", "pass, with = signs", header, binding=data)
    try:
        m.authenticate(mechanism, sc)
        assert sc.proved
        return None
    except imaplib.IMAP4.error as e:
        return str(e)
    finally:
        m.shutdown()


def test_scram_is_bound_to_the_connection():
    point, plus = "p=tls-server-end-point,,", "SCRAM-SHA-256-PLUS"
    with make_suite() as s:
        m = tls_client(s)
        assert "AUTH=" + plus in m.capabilities, m.capabilities
        m.shutdown()
        m = imaplib.IMAP4("127.0.0.1", s.imap_port)
        assert "AUTH=" + plus not in m.capabilities, m.capabilities
        m.shutdown()
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            assert bound(s, plus, point, version=version) is None
        assert bound(s, "SCRAM-SHA-256", "n,,") is None
        for mechanism, header, spoil, why in (
                (plus, point, lambda x: x[:-1] + bytes([x[-1] ^ 1]),
                 "channel binding: the proof is of another TLS connection"),
                (plus, point, lambda x: b"", "channel binding"),
                (plus, "p=tls-exporter,,", lambda x: x, "channel binding"),
                (plus, "p=tls-unique,,", lambda x: x,
                 "unsupported channel binding type"),
                ("SCRAM-SHA-256", "y,,", lambda x: x, "downgrade")):
            before = s.log_text().count(why)
            error = bound(s, mechanism, header, spoil)
            assert error and "AUTHENTICATIONFAILED" in error, (header, error)
            proc.await_true("the log: " + why, lambda w=why, b=before:
                            s.log_text().count(w) > b)
        error = bound(s, plus, "n,,")
        assert error and "BAD" in error, error


def test_gsasl_binds_scram_to_the_connection():
    """By tls-exporter, which Python's ssl does not have."""
    with make_suite() as s:
        def run(*args):
            r = subprocess.run(
                ["gsasl", "--imap", "--x509-ca-file=" + s.cert,
                 "--mechanism=SCRAM-SHA-256-PLUS", "--authentication-id=ann",
                 "--password=pass, with = signs", *args,
                 "--connect=localhost:%d" % s.imap_port],
                input=b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=60)
            return (r.stdout + r.stderr).decode()
        said = run("--starttls")
        assert "authentication finished" in said, said
        lines = [x for x in s.log_text().splitlines()
                 if "mech=SCRAM-SHA-256-PLUS" in x]
        assert len(lines) == 1 and "result=ok" in lines[0], lines


@alone("measures time")
def test_scram_tells_no_name():
    """Who has other hashes, and who is unknown, gets salt and iterations as
    those with keys do, always the same ones, and the answer at the same
    time."""
    with make_suite() as s:
        salts, times = {}, {}
        for user in ("ann", "bob", "plain", "nobody", "nobody2"):
            for _ in range(2):
                begun = time.monotonic()
                sc, error = attempt(s, user, "wrong")
                times.setdefault(user, []).append(time.monotonic() - begun)
                assert "AUTHENTICATIONFAILED" in error, error
                assert salts.setdefault(user, sc.salt) == sc.salt, user
        assert len(set(salts.values())) == 5, salts
        assert {(len(x), i) for x, i in salts.values()} == {(24, "65536")}
        assert all(t >= 1 for v in times.values() for t in v), times

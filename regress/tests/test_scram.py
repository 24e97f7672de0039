"""SCRAM-SHA-256 as clients speak it: Python's hashlib on imaplib, and GNU
SASL, which verifies the server's signature as well."""

import base64
import hashlib
import hmac
import imaplib
import re
import secrets
import subprocess
import time

import suite
from mark import normal_only

MECHANISMS = "[SCRAM-SHA-256, PLAIN]"


class Scram:
    """A client's side, for imaplib.authenticate()."""

    def __init__(self, user, password, header="n,,", cut=None):
        self.first = "n=%s,r=%s" % (user, secrets.token_urlsafe(18))
        self.password = password
        self.header = header
        self.cut = cut              # what to spoil
        self.salt = None
        self.proved = False

    def __call__(self, said):
        said = said.decode()
        if not said:
            return (self.header + self.first).encode()
        if said.startswith("v="):
            assert base64.b64decode(said[2:]) == self.signature, said
            self.proved = True
            return b""
        f = dict(x.split("=", 1) for x in said.split(","))
        assert f["r"].startswith(self.first.split("r=")[1]), said
        assert len(f["r"]) > len(self.first.split("r=")[1]) + 20, said
        self.salt = (f["s"], f["i"])
        key = hashlib.pbkdf2_hmac("sha256", self.password.encode(),
                                  base64.b64decode(f["s"]), int(f["i"]))
        client, server = (hmac.digest(key, x, "sha256")
                          for x in (b"Client Key", b"Server Key"))
        final = "c=%s,r=%s" % (base64.b64encode(
            self.header.encode()).decode(), f["r"])
        if self.cut:
            final = self.cut(final)
        message = ",".join((self.first, said, final)).encode()
        self.signature = hmac.digest(server, message, "sha256")
        mac = hmac.digest(hashlib.sha256(client).digest(), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, mac))
        return (final + ",p=" + base64.b64encode(proof).decode()).encode()


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


@normal_only("measures time")
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
        assert {(len(x), i) for x, i in salts.values()} == {(24, "100000")}
        assert all(t >= 1 for v in times.values() for t in v), times

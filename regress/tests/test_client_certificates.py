"""Client certificates and SASL EXTERNAL: who gets in, as whom, and who may
still use a password."""

import imaplib
import os
import re
import shutil
import socket
import ssl
import subprocess

import certs
import proc
import suite
from mark import normal_only

PASSWORD = suite.PASSWORD


def context(pem=None, version=None):
    ctx = ssl._create_unverified_context()
    if pem:
        ctx.load_cert_chain(pem)
    if version:
        ctx.minimum_version = ctx.maximum_version = version
    return ctx


class Client:
    """Python's imaplib, with a certificate or without one."""

    def __init__(self, s, pem=None, version=None, starttls=False):
        ctx = context(pem, version)
        if starttls:
            self.m = imaplib.IMAP4("127.0.0.1", s.imap_port, 60)
            self.m.starttls(ctx)
        else:
            self.m = imaplib.IMAP4_SSL("127.0.0.1", s.imaps_port,
                                       ssl_context=ctx, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.m.shutdown()

    @property
    def offered(self):
        return "AUTH=EXTERNAL" in self.m.capabilities

    def external(self, authzid=""):
        """None: logged in; else the answer."""
        try:
            self.m.authenticate("EXTERNAL", lambda _: authzid.encode())
        except imaplib.IMAP4.error as e:
            return str(e)
        assert self.m.select()[0] == "OK"
        return None

    def said(self, line):
        """The tagged answer to a raw line."""
        self.m.send(b"x " + line.encode() + b"\r\n")
        while True:
            got = self.m.readline().decode()
            if got.startswith("x ") or not got:
                return got


def entry(a, more=""):
    return "{type: certificate, ca-file: %s%s}" % (a.ca, more)


def curl(s, pem, user, *more):
    r = subprocess.run(
        ["curl", "-s", "-S", "-k", "--max-time", "60", "--cert", pem,
         "--login-options", "AUTH=EXTERNAL", "-u", user + ":", *more,
         "imaps://127.0.0.1:%d/" % s.imaps_port], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=90)
    return r.returncode == 0 and b"INBOX" in r.stdout


def shown(s, host, pem):
    """The session of openssl's client."""
    return subprocess.run(
        ["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:%d" %
         s.imaps_port, "-servername", host, "-cert", pem, "-key", pem],
        input=b"a AUTHENTICATE EXTERNAL =\r\nb LOGOUT\r\n",
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout


def failures(s, user):
    return re.findall(r'user="?%s"? mech=EXTERNAL .* result=(\w+) why="(.*)"' %
                      re.escape(user), s.log_text())


def test_who_has_a_certificate_needs_no_password():
    d = proc.tempdir("client-certs")
    a, other = certs.Authority(d), certs.Authority(d, "other-ca")
    ann = a.issue("ann", "email:Ann@example.org,DNS:host.example.org")
    deep = a.below("middle").issue("deep", "email:bob@example.org")
    with open(deep, "a") as f, open(a.path("middle.pem")) as m:
        f.write(m.read().split("-----BEGIN PRIVATE")[0])
    second = [os.path.join(d, n) for n in ("second.pem", "second.key")]
    certs.make(*second, "rsa", "second", ("second.example.org",))
    s = suite.Suite(users=("ann@example.org",))
    s.over = {"auth": "[{type: file, path: users}, %s]" % entry(a),
              "tls": "[{certificate: cert.pem, private-key: key.pem}, "
              "{certificate: %s, private-key: %s}]" % tuple(second)}
    s.write_conf()
    refused = {
        "another CA": other.issue("x", "email:ann@example.org"),
        "expired": a.issue("old", "email:ann@example.org", old=True),
        "a server's": a.issue("server", "email:ann@example.org",
                              usage="serverAuth"),
        "no name": a.issue("anon", "DNS:ann.example.org"),
        "two names": a.issue("two", "email:ann@example.org,email:b@c.d"),
        "none": None,
    }
    with s:
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            with Client(s, ann, version, version is ssl.TLSVersion.TLSv1_2
                        ) as c:
                assert c.offered and c.external() is None
        with Client(s, ann) as c:       # RFC 4959: "=" is an empty response
            assert c.said("AUTHENTICATE EXTERNAL =").startswith("x OK")
        with Client(s, ann) as c:
            assert c.external("ANN@Example.org") is None
        with Client(s, deep) as c:
            assert c.external() is None
        assert curl(s, ann, "ann@example.org")
        assert curl(s, ann, "ann@example.org", "--sasl-ir")
        assert not curl(s, ann, "bob@example.org")
        # Who it is not: the answer, and that a password is of use still.
        with Client(s, ann) as c:
            for authzid in "bob@example.org", "ann", "x" * 701:
                assert "AUTHENTICATIONFAILED" in c.external(authzid)
            for line in "=AAAA", "AGFubg==":
                assert c.said("AUTHENTICATE EXTERNAL " + line).startswith(
                    "x BAD"), line
            assert "AUTHENTICATIONFAILED" in c.said(
                "AUTHENTICATE EXTERNAL " + 2000 * "YWFh")
            assert c.external() is None
        for what, pem in refused.items():
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                with Client(s, pem, version) as c:
                    assert not c.offered, what
                    assert c.said("AUTHENTICATE EXTERNAL =") == \
                        "x NO Unsupported authentication mechanism\r\n", what
                    c.m.login("ann@example.org", PASSWORD)
        # In the clear there is none.
        c = s.client(None)
        assert b"EXTERNAL" not in b"".join(c.cmd("CAPABILITY").lines)
        c.close()
        # Each certificate of ours asks, and names the CA.
        for host in "unknown.example.org", "second.example.org":
            text = certs.see(s, "-servername", host, "-cert", ann, "-key",
                             ann)[2]
            assert re.search(r"Acceptable client certificate CA names\s+"
                             r"CN ?= ?clients-ca", text), text
            assert b"a OK" in shown(s, host, ann), host
        assert failures(s, "-") or failures(s, "")
        # A certificate's bytes are nobody's password.
        with open(ann) as f:
            der = ssl.PEM_cert_to_DER_cert(f.read().split(
                "-----BEGIN PRIVATE")[0])
        with Client(s) as c:
            c.m.send(b"x LOGIN ann@example.org {%d+}\r\n%s\r\n" % (
                len(der), der.replace(b"\0", b"\1")))
            while not (got := c.m.readline()).startswith(b"x "):
                pass
            assert got.startswith(b"x NO [AUTHENTICATIONFAILED]"), got


def offered(s, certificate):
    with Client(s, certificate) as c:
        return c.offered


def is_let_in(s, certificate):
    with Client(s, certificate) as c:
        return c.offered and c.external() is None


@normal_only("the same code as above, and the reload of others")
def test_a_lookup_a_crl_and_a_reload():
    d = proc.tempdir("client-certs")
    a = certs.Authority(d)
    new = certs.Authority(d, "new-ca")
    ann, eve, gone = (a.issue(n, subject="/CN=any/UID=" + n)
                      for n in ("ann", "eve", "gone"))
    a.revoke(gone)
    a.crl()
    s = suite.Suite(users=("ann", "gone"), auth="[%s]" % entry(
        a, ", crl-file: %s, name: uid, lookup: file, path: users" %
        a.path("crl.pem")))
    with s:
        with Client(s, ann) as c:
            assert c.external() is None
        with Client(s, eve) as c:
            assert c.offered and "AUTHENTICATIONFAILED" in c.external()
        assert failures(s, "eve") == [("no", "the certificate is right, but "
                                       "the lookup does not know the user")]
        with Client(s, gone) as c:
            assert not c.offered
        # Nobody has a password here.
        with Client(s) as c:
            assert not c.offered and "AUTH=PLAIN" not in c.m.capabilities
            assert "OK" not in c.said('LOGIN ann "%s"' % PASSWORD)
        # A session goes on whatever a reload says of its certificate; one
        # that is not logged in is judged by what was verified then.
        with Client(s, ann) as c:
            assert c.external() is None
            a.revoke(ann)
            a.crl()
            s.ctl("reload")
            assert c.m.noop()[0] == "OK"
        with Client(s, ann) as c:
            assert not c.offered
        # A CRL that is half written, as it seems, and stays so.
        with open(a.path("crl.pem")) as f:
            whole = f.read()
        with open(a.path("crl.pem"), "w") as f:
            f.write(whole[:len(whole) // 2])
        proc.await_true("it is told", lambda: "client certificates: "
                        "result=kept why=" in s.log_text())
        with Client(s, eve) as c:
            assert c.offered
        # Another CA, without a reload.
        shutil.copy(new.ca, a.ca)
        shutil.copy(new.crl(), a.path("crl.pem"))
        proc.await_true("it is used", lambda: "reload: the files of client "
                        "certificates have changed" in s.log_text())
        proc.await_true("by imapd", lambda: not offered(s, eve))
        new.issue("ann", subject="/UID=ann")
        proc.await_true("by authd", lambda: is_let_in(s, new.path("ann.pem")))
        proc.await_true("no reload goes on", lambda: re.findall(
            "reload: (.*)", s.log_text())[-1] == "done")
        # What cannot be read is told, and nothing changes.
        with open(a.ca, "w") as f:
            f.write("no PEM\n")
        r = s.ctl("reload", check=False)
        assert r.returncode != 0 and b"contains no certificate" in \
            r.stdout + r.stderr, r
        assert is_let_in(s, new.path("ann.pem"))


def resumed(ctx, port, session):
    """Was it, and the session of this connection."""
    with ctx.wrap_socket(socket.create_connection(("127.0.0.1", port), 60),
                         session=session) as c:
        assert c.recv(4096).startswith(b"* OK")
        return c.session_reused, c.session


def test_a_listener_asks_for_certificates_as_it_says():
    """One of each: as the rest, none, require."""
    d = proc.tempdir("client-certs-each")
    a, other = certs.Authority(d), certs.Authority(d, "other-ca")
    ann = a.issue("ann", "email:ann@example.org")
    wrong = other.issue("ann", "email:ann@example.org")
    s = suite.Suite(users=("ann@example.org",))
    ports = {"request": s.imaps_port, "none": proc.free_port(),
             "require": proc.free_port()}
    s.over = {
        "auth": "[{type: file, path: users}, %s]" % entry(a),
        "listen": "[%s]" % ", ".join(
            ["imap://127.0.0.1:%d" % s.imap_port] +
            ["{url: 'imaps://127.0.0.1:%d', client-certificates: %s}" %
             (port, what) for what, port in ports.items()])}
    s.write_conf()

    class There:
        def __init__(self, what):
            self.imaps_port = ports[what]

    def outcome(what, pem, version):
        """None: no handshake; else whether EXTERNAL lets in."""
        try:
            with Client(There(what), pem, version) as c:
                return c.offered and c.external() is None
        except (OSError, imaplib.IMAP4.abort):
            return None

    with s:
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            got = {what: [outcome(what, pem, version)
                          for pem in (ann, wrong, None)] for what in ports}
            assert got == {"request": [True, False, False],
                           "none": [False, False, False],
                           "require": [True, None, None]}, (version, got)
        # What was shown, or not shown, there counts for nothing here.
        for pem, where in ((ann, "none"), (None, "require")):
            ctx = context(pem, ssl.TLSVersion.TLSv1_3)
            _, session = resumed(ctx, ports["request"], None)
            assert resumed(ctx, ports["request"], session)[0]
            try:
                again, _ = resumed(ctx, ports[where], session)
                assert where == "none" and not again
            except ssl.SSLError:
                assert where == "require"

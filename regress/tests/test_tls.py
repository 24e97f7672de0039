"""TLS with the private keys in credd only: kinds of keys, names, renewal,
stapling; a credd that ends; and where the keys are in memory."""

import os
import re
import signal
import socket
import ssl

import certs
import memory
import proc
import suite
from mails import small
from mark import normal_only


def kinds(s):
    """A certificate of each kind; tls: of the suite."""
    parts = []
    for kind, names in (("rsa", ("first.example.org",)),
                        ("p256", ("Second.example.org", "both.example.org")),
                        ("p384", ("*.third.example.org",)),
                        ("ed25519", ("both.example.org",))):
        cert, key = (os.path.join(s.dir, "%s-%s.pem" % (kind, x))
                     for x in ("cert", "key"))
        certs.make(cert, key, kind, "is-" + kind, names)
        parts.append("{certificate: %s, private-key: %s}" % (cert, key))
    # Names that are configured count instead of the certificate's.
    parts[3] = parts[3][:-1] + ", names: [ed.example.net, '*.ed.example.net']}"
    return "[%s]" % ", ".join(parts)


def test_each_kind_of_key_serves_its_names_in_tls_1_2_and_1_3():
    rows = (((), "is-rsa"), (("first.example.org",), "is-rsa"),
            (("unknown.example.org",), "is-rsa"),
            (("SECOND.example.ORG",), "is-p256"),
            (("both.example.org",), "is-p256"),
            (("x.third.example.org",), "is-p384"),
            (("third.example.org",), "is-rsa"),
            (("x.y.third.example.org",), "is-rsa"),
            (("ed.example.net",), "is-ed25519"),
            (("a.ed.example.net",), "is-ed25519"))
    s = suite.Suite()
    s.over = {"tls": kinds(s)}
    s.write_conf()
    with s:
        for n, (host, want) in enumerate(rows):
            both = (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3"))
            for option, version in both[n % 2:] if host else both:
                name = ("-servername", *host) if host else ("-noservername",)
                got = certs.see(s, option, *name)
                assert got and got[:2] == (want, version), (host, got)
        for cipher in ("ECDHE-RSA-AES128-GCM-SHA256",
                       "ECDHE-RSA-CHACHA20-POLY1305"):
            assert certs.see(s, "-tls1_2", "-cipher", cipher)
        # With RSA key exchange credd would have to decrypt.
        for cipher in ("AES128-GCM-SHA256", "AES256-SHA"):
            assert not certs.see(s, "-tls1_2", "-cipher", cipher)
        for algs in ("RSA+SHA256", "RSA+SHA512", "RSA-PSS+SHA384"):
            assert certs.see(s, "-tls1_2", "-sigalgs", algs), algs
        assert not certs.see(s, "-tls1_2", "-sigalgs", "RSA+SHA1", "-cipher",
                             "DEFAULT:@SECLEVEL=0")
        got = certs.see(s, "-starttls", "imap", port=s.imap_port)
        assert got and got[0] == "is-rsa", got
        assert re.search(r"credd.* signatures=[1-9]\d+ signatures-refused=0 ",
                         s.ctl("status").stdout.decode()), s.ctl("status")


def test_versions_and_ciphers_are_those_that_are_configured():
    with suite.Suite(tls_min_version="TLSv1.3") as s:
        c = s.client(tls=True)
        assert certs.see(s, "-tls1_3") and not certs.see(s, "-tls1_2")
        s.over = {"tls-ciphers": "[TLS_AES_128_GCM_SHA256, "
                  "ECDHE-ECDSA-CHACHA20-POLY1305]"}
        s.write_conf()
        s.ctl("reload")
        for version, suites in (
                ("-tls1_2", ("ECDHE-ECDSA-CHACHA20-POLY1305",
                             "ECDHE-ECDSA-AES128-GCM-SHA256")),
                ("-tls1_3", ("TLS_AES_128_GCM_SHA256",
                             "TLS_AES_256_GCM_SHA384"))):
            option = "-cipher" if version == "-tls1_2" else "-ciphersuites"
            got = certs.see(s, version)
            assert got and "Cipher is " + suites[0] in got[2], got
            assert certs.see(s, version, option, suites[0])
            assert not certs.see(s, version, option, suites[1])
        c.ok("NOOP")
        c.logout()


def live_sessions(s, n):
    out = []
    for i in range(n):
        c = s.client(tls=i % 2 == 0)
        c.ok("SELECT INBOX")
        out.append(c)
    return out


def await_log(s, what, text):
    proc.await_true(what, lambda: re.search(text, s.log_text()))


@normal_only("waits 12 s for changes of files to be noticed")
def test_certificates_are_renewed_as_certbot_does_and_bad_ones_are_not_taken():
    s = suite.Suite()
    one = certs.Lineage(s.dir, "one", kind="rsa")
    two = certs.Lineage(s.dir, "two", names=("two.example.org",))
    s.over = {"tls": "[%s, %s]" % (one.conf, two.conf)}
    s.write_conf()
    with s:
        live = live_sessions(s, 20)
        assert certs.served(s) == "one-1"
        assert certs.served(s, "two.example.org") == "two-1"
        # The first credd, which has none, says 0.
        days = max(int(left) for left in re.findall(
            r"certificate-expires=(\d+)",
            s.ctl("status").stdout.decode())) / 86400
        assert 89 < days <= 90, days
        # The files change, and nobody says so.  One is soon over; another
        # has expired.
        one.renew(days=10)
        two.renew(days=0)
        proc.await_true("the renewed certificate",
                        lambda: certs.served(s) == "one-2")
        await_log(s, "the warning", r"warn: tls certificate=\S*one/fullchain"
                  r"\.pem\S* expires=")
        await_log(s, "what is wrong", r"two/fullchain.pem\S* result=kept "
                  "why=\"it has expired")
        # A key of another certificate; a torn file.
        spare = os.path.join(s.dir, "spare")
        certs.make(spare + ".pem", spare)
        one.renew(key=spare)
        with open(two.path("fullchain"), "r+") as f:
            f.truncate(100)
        await_log(s, "what is wrong", r"one/fullchain.pem\S* result=kept "
                  "why=\"the private key does not match")
        await_log(s, "what is wrong", r"two/fullchain.pem\S* result=kept "
                  "why=\"the certificate's file has no PEM")
        assert certs.served(s) == "one-2"
        assert certs.served(s, "two.example.org") == "two-1"
        # A reload says at once what is wrong with a file, and where.
        two.renew()
        r = s.ctl("reload", check=False)
        assert r.returncode != 0 and \
            b"does not match tls.0.cert" in r.stdout, r
        assert certs.served(s) == "one-2"
        one.renew()
        s.ctl("reload")
        proc.await_true("the certificates of a reload",
                        lambda: (certs.served(s), certs.served(
                            s, "two.example.org")) == ("one-4", "two-3"))
        for c in live:
            c.ok("NOOP")
            c.logout()


def kill_credds(s):
    was = s.pids("credd")
    for pid in was:
        os.kill(pid, signal.SIGKILL)
    proc.await_true("a handshake with the next ones", lambda: len(
        s.pids("credd") - was) == len(was) and certs.served(s))


def test_a_credd_that_is_killed_costs_no_session_and_handshakes_go_on():
    with suite.Suite() as s:
        live = live_sessions(s, 4)
        kill_credds(s)
        s.client(tls=True).logout()
        for c in live:
            c.append("INBOX", small(1))
            c.logout()
        imapd = {p for p, name in s.children() if name == "imapd"}
        # Stopped: the handshake fails, and the log says whose fault it is.
        for pid in s.pids("credd"):
            os.kill(pid, signal.SIGSTOP)
        assert certs.served(s) is None
        await_log(s, "the reason", "imapd.*handshake result=no why=\"credd "
                  "has not answered within 1000 ms\"")
        for pid in s.pids("credd"):
            os.kill(pid, signal.SIGCONT)
        proc.await_true("a handshake", lambda: certs.served(s))
        assert imapd == {p for p, name in s.children() if name == "imapd"}


class Resumer:
    """A client that keeps its TLS session."""

    def __init__(self):
        self.context = ssl._create_unverified_context()
        self.session = None

    def __call__(self, s):
        """Logs in: was the session resumed, and in which version?"""
        with self.context.wrap_socket(
                socket.create_connection(("127.0.0.1", s.imaps_port), 60),
                session=self.session) as c:
            f = c.makefile("rwb")
            f.readline()
            f.write(b"a LOGIN ann %s\r\nb LOGOUT\r\n" %
                    suite.PASSWORD.encode())
            f.flush()
            assert b"a OK" in f.read()
            self.session = c.session
            return c.session_reused, c.version()


def test_session_tickets_count_for_all_processes_and_over_a_restart():
    with suite.Suite(processes="{imapd: 2, storaged: 1}") as s:
        again = Resumer()
        assert again(s) == (False, "TLSv1.3")

        # Each process in turn, while the other is stopped.
        for pid in [p for p, name in s.children() if name == "imapd"]:
            os.kill(pid, signal.SIGSTOP)
            assert again(s) == (True, "TLSv1.3")
            os.kill(pid, signal.SIGCONT)
        kill_credds(s)
        assert again(s)[0]
        s.stop()
        s.start()
        assert again(s)[0]
        # A ticket of TLS 1.2 would have the keys of its connection.
        old = Resumer()
        old.context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert old(s) == (False, "TLSv1.2")
        assert not old.session.has_ticket
        assert old(s) == (False, "TLSv1.2")


def ca(s):
    """A CA's leaf and its OCSP response: (certificate, key, response)."""
    d = os.path.join(s.dir, "ca")
    os.mkdir(d)
    at = {n: os.path.join(d, n) for n in (
        "ca.pem", "ca.key", "leaf.pem", "leaf.key", "leaf.csr", "index",
        "ocsp.der")}
    certs.make(at["ca.pem"], at["ca.key"], name="ca")
    certs.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=leaf",
                  "-keyout", at["leaf.key"], "-out", at["leaf.csr"])
    certs.openssl("x509", "-req", "-in", at["leaf.csr"], "-CA", at["ca.pem"],
                  "-CAkey", at["ca.key"], "-set_serial", "0x1001", "-days",
                  "60", "-out", at["leaf.pem"])
    with open(at["leaf.pem"], "a") as f, open(at["ca.pem"]) as ca_pem:
        f.write(ca_pem.read())
    os.chmod(at["leaf.key"], 0o600)
    return at


def respond(at, status):
    with open(at["index"], "w") as f:
        f.write("%s\t991231235959Z\t%s\t1001\tunknown\t/CN=leaf\n" % (
            status, "250101000000Z" if status == "R" else ""))
    certs.openssl("ocsp", "-index", at["index"], "-CA", at["ca.pem"],
                  "-rsigner", at["ca.pem"], "-rkey", at["ca.key"], "-issuer",
                  at["ca.pem"], "-cert", at["leaf.pem"], "-respout",
                  at["ocsp.der"] + ".new", "-ndays", "1")
    os.replace(at["ocsp.der"] + ".new", at["ocsp.der"])


def test_an_ocsp_response_is_stapled_unless_it_is_not_good():
    s = suite.Suite()
    at = ca(s)
    respond(at, "V")
    s.over = {"tls": "{certificate: %s, private-key: %s, ocsp-response: %s}" %
              (at["leaf.pem"], at["leaf.key"], at["ocsp.der"])}
    s.write_conf()
    with s:
        for version in ("-tls1_2", "-tls1_3"):
            got = certs.see(s, version, "-status", "-CAfile", at["ca.pem"])
            assert "OCSP Response Status: successful" in got[2] and \
                "Cert Status: good" in got[2] and \
                "Verify return code: 0 (ok)" in got[2], got[2]
        respond(at, "R")
        s.ctl("reload")
        await_log(s, "why it is not taken", "ocsp-response=.* result=no "
                  "why=\"it does not say that the certificate is good")
        assert "Cert Status: good" in certs.see(s, "-status")[2]


def handshakes(s, n, host):
    ctx = ssl._create_unverified_context()
    for _ in range(n):
        with socket.create_connection(("127.0.0.1", s.imaps_port), 30) as c:
            ctx.wrap_socket(c, server_hostname=host).close()


@normal_only("searches all memory")
def test_private_keys_are_in_no_memory_but_credds():
    s = suite.Suite()
    lines = [certs.Lineage(s.dir, kind, kind=kind, names=(kind + ".org",))
             for kind in ("rsa", "p256")]
    s.over["tls"] = "[%s]" % ", ".join(x.conf for x in lines)
    s.write_conf()
    with s:
        for x in lines:
            handshakes(s, 250, x.name + ".org")
            x.renew()
        s.ctl("reload")
        for x in lines:
            proc.await_true("the new one", lambda: certs.served(
                s, x.name + ".org") == x.name + "-2")
            handshakes(s, 250, x.name + ".org")
        for again in ((1, 2), (2,)):
            what = {(x.name, n, k): v for x in lines for n in again
                    for k, v in certs.pieces(x.path("privkey", n)).items()}
            has, rows = memory.who_has(s, what)
            assert {p for p, _ in has} == {"credd"}, rows
            # That the newest are found there shows that the search works.
            assert {k[:2] for _, k in has} >= {(x.name, 2) for x in lines}
            kill_credds(s)              # its successor is given them, too

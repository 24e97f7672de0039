"""What a scanner sees of TLS (issue 13, Shows 6), on imaps and after STARTTLS;
and handshakes that no client makes: random and changed records."""

import os
import random
import socket
import ssl
import subprocess
import time
import xml.etree.ElementTree

import certs
import measure
import proc
import suite

SECONDS = int(os.environ.get("HANDSHAKE_SECONDS", "3"))
CIPHERS = {
    "TLSv1.3": {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                "TLS_AES_128_GCM_SHA256"},
    "TLSv1.2": {"ECDHE-%s-%s" % (kind, c) for kind in ("RSA", "ECDSA") for c in
                ("AES256-GCM-SHA384", "AES128-GCM-SHA256",
                 "CHACHA20-POLY1305")},
}
GROUPS = {"X25519MLKEM768", "x25519", "secp256r1 (NIST P-256)",
          "secp384r1 (NIST P-384)"}


def scan(port, *options):
    out = subprocess.check_output(["sslscan", "--xml=-", "--no-colour", *options,
                    "127.0.0.1:%d" % port], timeout=120)
    return xml.etree.ElementTree.fromstring(out).find("ssltest")


def check_scan(r, kind):
    def rows(tag, *names):
        return [tuple(e.get(n) for n in names) for e in r.iter(tag)]

    assert {v[1:] for v in rows("protocol", "type", "version", "enabled")
            if v[2] == "1"} == {("1.2", "1"), ("1.3", "1")}, rows("protocol")
    seen = rows("cipher", "sslversion", "cipher")
    want = {(version, c) for version, cs in CIPHERS.items() for c in cs
            if not c.startswith("ECDHE-") or kind in c}
    assert set(seen) == want, seen
    assert rows("renegotiation", "supported", "secure") == [("0", "0")]
    assert {v for _, v in rows("heartbleed", "sslversion", "vulnerable")} == \
        {"0"}
    assert not rows("compression", "supported") or \
        rows("compression", "supported") == [("0",)]
    # Others cost a loop 14 ms and more (ffdhe8192), before any login.
    groups = {g for _, g in rows("group", "sslversion", "name")}
    assert groups and groups <= GROUPS, groups


def test_a_scanner_finds_nothing_that_is_old_weak_or_slow():
    s = suite.Suite()
    rsa = certs.Lineage(s.dir, "rsa", kind="rsa")
    s.over = {"tls": rsa.conf}
    s.write_conf()
    with s:
        check_scan(scan(s.imaps_port), "RSA")
        s.over = {}
        s.write_conf()
        s.ctl("reload")
        proc.await_true("the other certificate",
                        lambda: certs.served(s) == "localhost")
        check_scan(scan(s.imap_port, "--starttls-imap"), "ECDSA")


def test_each_listener_has_the_tls_settings_that_it_names():
    """imap:// has those for all, imaps:// others; and after a reload."""
    s = suite.Suite(tls_min_version="TLSv1.2",
                    tls_ciphers="[TLS_AES_256_GCM_SHA384, "
                    "ECDHE-ECDSA-AES256-GCM-SHA384]")
    lmtp = proc.free_port()

    def listen(*settings):
        s.over["listen"] = "[imap://127.0.0.1:%d, {url: 'imaps://127.0.0.1:" \
            "%d', %s}, {url: 'lmtp://127.0.0.1:%d', tls-min-version: " \
            "TLSv1.3}]" % (s.imap_port, s.imaps_port, ", ".join(settings),
                           lmtp)
        s.write_conf()

    def seen(port, *options):
        return {(e.get("sslversion"), e.get("cipher")) for e in
                scan(port, *options).iter("cipher")}

    every = {("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
             ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")}
    listen("tls-min-version: TLSv1.3", "tls-ciphers: [TLS_AES_128_GCM_SHA256]")
    with s:
        assert seen(s.imap_port, "--starttls-imap") == every
        assert seen(s.imaps_port) == {("TLSv1.3", "TLS_AES_128_GCM_SHA256")}
        for version, ok in (("-tls1_2", False), ("-tls1_3", True)):
            got = certs.see(s, version, "-starttls", "lmtp", port=lmtp)
            assert bool(got) == ok, (version, got)
        c = s.client(tls=True)
        listen("tls-min-version: TLSv1.2")
        s.ctl("reload")
        assert seen(s.imaps_port) == every
        assert seen(s.imap_port, "--starttls-imap") == every
        c.ok("NOOP")
        c.logout()


class Hello:
    """A client without a socket: what it sends, and what it makes of the
    answer."""

    contexts = []

    def __init__(self, rnd):
        if not self.contexts:           # each costs milliseconds
            for n in range(4):
                c = ssl._create_unverified_context()
                if n % 2:
                    c.maximum_version = ssl.TLSVersion.TLSv1_2
                if n // 2:
                    c.set_alpn_protocols(["imap"])
                self.contexts.append(c)
        self.inward, self.outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = rnd.choice(self.contexts).wrap_bio(
            self.inward, self.outward,
            server_hostname=rnd.choice((None, "localhost", "a.example.org")))

    def say(self, answer=b""):
        self.inward.write(answer)
        try:
            self.tls.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLError):
            pass
        return self.outward.read()


def changed(rnd, data):
    """Some octets of it, or where its records end."""
    b = bytearray(data)
    for _ in range(rnd.randint(1, 4)):
        how = rnd.randrange(6)
        at = rnd.randrange(len(b)) if b else 0
        if how == 0 and b:
            del b[at:]
        elif how == 1:
            b[at:at] = rnd.randbytes(rnd.randint(1, 40))
        elif how == 2 and len(b) > 5:       # a record in two
            n = int.from_bytes(b[3:5], "big")
            k = rnd.randint(1, max(1, n - 1))
            b = b[:3] + k.to_bytes(2, "big") + b[5:5 + k] + b[:3] + \
                max(0, n - k).to_bytes(2, "big") + b[5 + k:]
        elif how == 3 and len(b) > 5:       # that lies of its length
            b[3:5] = rnd.choice((b"\0\0", b"\xff\xff", b"\x40\0",
                                 b"\x48\1", b"\0\1"))
        elif b:
            b[at] = rnd.choice((0, 0xff, rnd.randrange(256)))
    return bytes(b)


def record(rnd):
    """Any record, any octets, or another protocol's."""
    return rnd.choice((
        lambda: rnd.randbytes(rnd.randint(1, 300)),
        lambda: bytes([rnd.choice((20, 21, 22, 23, 24, 0)), 3,
                       rnd.randrange(5)]) + (n := rnd.randbytes(rnd.randint(
                           0, 99))).__len__().to_bytes(2, "big") + n,
        lambda: b"\x16\x03\x01\0\1\1" * rnd.randint(1, 200),    # one by one
        lambda: b"\x16\x03\x01\x40\0" + rnd.randbytes(0x4000),
        lambda: b"\x80\x2e\x01\0\2\0\x15\0\0\0\x10" + rnd.randbytes(37),
        lambda: b"\x15\x03\x01\0\2\2\x28" * rnd.randint(1, 50),
        lambda: b"a LOGIN ann x\r\n", lambda: b"GET / HTTP/1.1\r\n\r\n",
        lambda: b""))()


def attack(s, rnd):
    starttls = rnd.random() < 0.3
    with socket.create_connection(("127.0.0.1", s.imap_port if starttls else
                                   s.imaps_port), 60) as c:
        if starttls:
            c.sendall(b"a STARTTLS\r\n")
            f = c.makefile("rb", 0)
            while not f.readline().startswith(b"a OK"):
                pass
        hello = Hello(rnd)
        said = hello.say()
        try:
            if rnd.random() < 0.3:          # the second flight
                c.sendall(said)
                said = hello.say(c.recv(65536)) or b"\x14\3\3\0\1\1"
            c.sendall(record(rnd) if rnd.random() < 0.3 else
                      changed(rnd, said))
            c.shutdown(socket.SHUT_WR)
            while c.recv(65536):
                pass
        except OSError:         # it has refused it
            pass


def test_handshakes_that_no_client_makes_cost_nothing():
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    rnd = random.Random(seed)
    print("SEED=%d" % seed)
    asan = "asan" in suite.BUILD
    with suite.Suite() as s:
        live = [s.client(tls=True), s.client()]
        before = s.children()
        imapd = next(p for p, name in before if name == "imapd")

        def fds():
            return len(os.listdir("/proc/%d/fd" % imapd))

        n, fds_before, rss, logged = 0, fds(), None, len(s.log_text())
        begun = time.monotonic()
        while n < 300 or time.monotonic() < begun + (1 if asan else SECONDS):
            attack(s, rnd)
            n += 1
            if n == 200:
                rss = measure.rollup(imapd, "Rss")
            if n % 200 == 0:
                live[n // 200 % 2].ok("NOOP")
        print("   %d handshakes" % n)
        assert s.children() == before, s.log_tail()
        proc.await_true("no descriptor is left", lambda: fds() == fds_before)
        if not asan:
            grown = measure.rollup(imapd, "Rss") - rss
            assert grown < 8 * 1024, "%d KiB more" % grown
        for c in live:
            c.ok("NOOP")
            c.logout()
        assert certs.served(s) == "localhost"
        # What a stranger can make us write is limited: a burst, then a line
        # a second.
        lines = s.log_text()[logged:].count("\n")
        assert lines < 200 + 10 * (time.monotonic() - begun), (n, lines)

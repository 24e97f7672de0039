"""Clients that have not logged in do not affect those who have, or want to."""

import re
import socket
import ssl
import subprocess

import attacks
import proc
import siege
import suite
from mark import alone

USERS = ("ann", "bob", "carol")


def lines_of(s, *words):
    return [x for x in s.log_text().splitlines()
            if all(w in x for w in words)]


@alone("measures time")
def test_newcomers_push_out_silent_strangers():
    """23 addresses x 100 connections: more than max-unauthenticated."""
    with suite.Suite(users=USERS) as s:
        siege.endure(s, "crowd")


@alone("measures time")
def test_a_64_counts_as_one_address():
    """1,010 addresses of one /64 of IPv6."""
    net = attacks.NET64 + "::/64"
    route = ["ip", "-6", "route", "%s", "local", net, "dev", "lo"]
    subprocess.run([x.replace("%s", "replace") for x in route], check=True)
    try:
        s = suite.Suite(users=USERS)
        s.over["listen"] = "[imap://127.0.0.1:%d, 'imap://[::1]:%d']" % (
            s.imap_port, s.imaps_port)
        s.write_conf()
        with s:
            siege.endure(s, "net64", port=s.imaps_port)
    finally:
        subprocess.run([x.replace("%s", "del") for x in route], check=True)


@alone("measures time")
def test_a_close_in_the_middle_of_sasl_ends_the_connection():
    with suite.Suite(users=USERS) as s:
        for _ in range(50):
            c = siege.Line(s.imap_port)
            c.sock.sendall(b"t AUTHENTICATE PLAIN\r\n")
            assert c.file.readline().startswith(b"+")
            c.close()
        proc.await_true("none is held", lambda: re.search(
            r"connections\s+0\b|connections=0\b",
            s.ctl("status").stdout.decode()), 10)
        siege.endure(s, "sasl")


def test_a_half_closed_connection_gets_its_answers():
    with suite.Suite() as s:
        c = siege.Line(s.imap_port)
        c.sock.sendall(b"a LOGIN ann %s\r\nb SELECT INBOX\r\nc NOOP\r\n" %
                       suite.PASSWORD.encode())
        c.sock.shutdown(socket.SHUT_WR)
        text = c.file.read()
        assert b"\r\nc OK " in text, text


def test_refused_connections_write_a_handful_of_lines():
    """34,637 of them wrote as many."""
    n = 1500
    s = suite.Suite(imap="{max-unauthenticated: 20}")
    with s:
        for i in range(n):
            socket.create_connection(("127.0.0.1", s.imap_port), 10,
                                     ("127.60.0.%d" % (1 + i % 200), 0)
                                     ).close()
        siege.Line(s.imap_port).close()
    lines = s.log_text().splitlines()
    assert len(lines) < 150, len(lines)
    told = sum(int(m.group(1)) for m in re.finditer(
        r": (\d+) similar messages were suppressed in \d+ s", s.log_text()))
    assert told > n / 2, told


@alone("measures time")
def test_handshakes_hold_nobody_up():
    with suite.Suite(users=USERS) as s:
        siege.endure(s, "shakes", port=s.imaps_port)


@alone("measures time")
def test_a_flood_that_is_not_done_ends_idle():
    with suite.Suite(users=USERS) as s:
        c = siege.Line(s.imap_port)
        c.cmd("LOGIN ann %s" % suite.PASSWORD)
        c.sock.sendall(b"i IDLE\r\n")
        assert c.file.readline().startswith(b"+")
        sent = 0
        try:
            while sent < 32 << 20:
                sent += c.sock.send(b"x" * 65536)
        except OSError:
            pass
        assert sent < 16 << 20, sent
        siege.endure(s, "idle")


@alone("measures time")
def test_http_is_not_answered_line_by_line():
    with suite.Suite(users=USERS) as s:
        c = siege.Line(s.imap_port)
        c.sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n"
                       b"User-Agent: x\r\n\r\na LOGIN ann x\r\n")
        text = c.file.read()
        assert b"BAD" not in text and text.startswith(b"* BYE"), text
        c = siege.Line(s.imap_port)
        c.sock.sendall(b"EHLO mx.example.com\r\nMAIL FROM:<a@example.com>\r\n"
                       b"a NOOP\r\n")
        text = c.file.read()
        assert text.count(b"BAD") == 2 and b"a OK" not in text, text
        siege.endure(s, "chatter")


def handshake(s, *options):
    """What openssl's client says of it; None: refused."""
    r = subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % s.imaps_port,
         *options], input=b"a LOGOUT\r\n", stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=30)
    text = r.stdout.decode(errors="replace")
    m = re.search(r"Cipher is (\S+)", text)
    return None if m is None or m.group(1) == "(NONE)" else text


def test_a_foreign_alpn_is_refused():
    with suite.Suite() as s:
        assert handshake(s) is not None
        for offer in ("imap", "h2,imap"):
            assert "ALPN protocol: imap" in handshake(s, "-alpn", offer)
        for offer in ("h2", "http/1.1,h2", "imaps"):
            for version in ("-tls1_2", "-tls1_3"):
                assert handshake(s, "-alpn", offer, version) is None, offer
        ctx = ssl._create_unverified_context()
        ctx.set_alpn_protocols(["h2"])
        try:
            with socket.create_connection(("127.0.0.1", s.imaps_port)) as c:
                ctx.wrap_socket(c).close()
            raise AssertionError("h2 was taken")
        except ssl.SSLError as e:
            assert "no application protocol" in str(e), e


def test_tls_1_2_takes_aead_with_ephemeral_keys_only():
    out = subprocess.run(["openssl", "ciphers", "-tls1_2", "-s",
                          "ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0"],
                         stdout=subprocess.PIPE, check=True)
    names = [n for n in out.stdout.decode().strip().split(":")
             if "ECDSA" in n or n in ("CAMELLIA128-SHA", "AES128-SHA")]
    assert len(names) > 15, names
    with suite.Suite() as s:
        taken = [n for n in names if handshake(
            s, "-tls1_2", "-cipher", n + ":@SECLEVEL=0")]
        assert sorted(taken) == ["ECDHE-ECDSA-AES128-GCM-SHA256",
                                 "ECDHE-ECDSA-AES256-GCM-SHA384",
                                 "ECDHE-ECDSA-CHACHA20-POLY1305"], taken
        assert handshake(s, "-tls1_3") is not None


def test_over_the_session_limit_is_told_as_limit():
    with suite.Suite() as s:
        held = []
        while len(held) <= 250:
            c = siege.Line(s.imap_port)
            c.sock.sendall(b"x LOGIN ann %s\r\n" % suite.PASSWORD.encode())
            line = c.file.readline()
            if not line.startswith(b"x OK"):
                break
            held.append(c)
        assert line.startswith(b"x NO [LIMIT] Too many sessions for this user"), \
            line
        assert len(held) == 200, len(held)
        held.pop().close()
        proc.await_true("one may come again", lambda: logs_in(s), 10)


def logs_in(s):
    c = siege.Line(s.imap_port)
    c.sock.sendall(b"x LOGIN ann %s\r\n" % suite.PASSWORD.encode())
    line = c.file.readline()
    c.close()
    return line.startswith(b"x OK")

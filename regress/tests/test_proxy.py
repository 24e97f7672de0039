"""The PROXY protocol: HAProxy before the suite, and headers by hand. Proxies
connect from 127.0.0.2 and 127.0.0.3, clients from 127.0.0.9."""

import imaplib
import os
import socket
import ssl
import struct
import subprocess

import proc
import suite

PROXIES = "[127.0.0.2/31]"
V1 = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 143\r\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n"


def v2(values=b""):
    body = socket.inet_aton("192.0.2.8") + socket.inet_aton(
        "192.0.2.1") + struct.pack(">HH", 4711, 143) + values
    return V2 + b"\x21\x11" + struct.pack(">H", len(body)) + body


def tls_fact(bit):
    return b"\x20\0\5" + bytes([bit]) + b"\0\0\0\0"


def raw(s, data, source="127.0.0.3", port=None):
    c = socket.create_connection(("127.0.0.1", port or s.imap_port), 60,
                                 source_address=(source, 0))
    c.sendall(data)
    return c


def heard(c):
    """What it says until it closes."""
    got = b""
    try:
        while True:
            data = c.recv(65536)
            if not data:
                break
            got += data
    except ConnectionResetError:
        pass
    c.close()
    return got


SAY = b"a LOGIN ann %s\r\nb LOGOUT\r\n" % suite.PASSWORD.encode()


def test_headers_by_hand():
    with suite.Suite(proxy_protocol=PROXIES, plaintext_login="never") as s:
        # a header and a command in one segment; not loopback any more
        got = heard(raw(s, V1 + SAY))
        assert b"LOGINDISABLED" in got and b"a NO [PRIVACYREQUIRED]" in got
        assert b"STARTTLS" in got.split(b"\r\n")[0], got
        got = heard(raw(s, v2(tls_fact(0)) + SAY))
        assert b"a NO [PRIVACYREQUIRED]" in got, got
        got = heard(raw(s, v2(b"\1\0\4imap" + tls_fact(1)) + SAY))
        assert b"\r\na OK" in got, got
        assert b"STARTTLS" not in got.split(b"\r\n")[0], got
        # an octet at a time
        c = raw(s, b"")
        for k in range(len(V1)):
            c.sendall(V1[k:k + 1])
        c.sendall(SAY)
        assert b"a NO [PRIVACYREQUIRED]" in heard(c)
        # a health check: the proxy's own connection
        got = heard(raw(s, V2 + b"\x20\0\0\0" + SAY))
        assert got.startswith(b"* OK "), got
        s.log_settle()
        log = s.log_text()
        assert "remote=192.0.2.8 tls=yes" in log, log


def test_refused():
    """Without a header, with a bad one, or with one from anybody else."""
    with suite.Suite(proxy_protocol=PROXIES) as s:
        for data in (SAY, b"PROXY TCP4 192.0.2.7\r\n" + SAY,
                     V2 + b"\x21\x11\xff\xff" + SAY, b"\x16\3\1\2\0\1\0"
                     b"\1\xfc\3\3" + bytes(20)):
            got = heard(raw(s, data))
            assert got == b"", (data, got)
        got = heard(raw(s, V1 + SAY, source="127.0.0.9"))
        assert b"* OK" in got and b"BAD" in got and b"a OK" in got, got
        s.log_settle()
        log = s.log_text()
        for why in ("no PROXY protocol header", "malformed", "too long"):
            assert ("proxy=127.0.0.3 connection refused: " + why) in log, log
        assert "192.0.2.7" not in log, log


def test_crowd_without_header():
    """More silent ones than may wait close the oldest; the others, and whoever
    comes from elsewhere, are served."""
    with suite.Suite(proxy_protocol=PROXIES) as s:
        crowd = [raw(s, b"") for _ in range(1040)]
        assert b"a OK" in heard(raw(s, v2(tls_fact(1)) + SAY))
        assert b"a OK" in heard(raw(s, SAY, source="127.0.0.9"))
        assert heard(crowd[0]) == b""
        for c in crowd:
            c.close()


HAPROXY = """
global
    log stderr local0 emerg
defaults
    mode tcp
    timeout connect 30s
    timeout client 300s
    timeout server 300s
%s"""
PART = """
listen p%d
    bind 127.0.0.1:%d%s
    source 127.0.0.2
    server s 127.0.0.1:%d %s
"""


class HAProxy:
    """ports[k] of 127.0.0.1 goes to Pail as rows[k] says: (TLS at HAProxy,
    Pail's port, the server line's words)."""

    def __init__(self, s, rows):
        self.ports = [proc.free_port() for _ in rows]
        pem = os.path.join(s.dir, "haproxy.pem")
        with open(pem, "wb") as f:
            for name in ("cert.pem", "key.pem"):
                f.write(open(os.path.join(s.dir, name), "rb").read())
        conf = os.path.join(s.dir, "haproxy.cfg")
        with open(conf, "w") as f:
            f.write(HAPROXY % "".join(
                PART % (k, self.ports[k], " ssl crt " + pem if tls else "",
                        port, words)
                for k, (tls, port, words) in enumerate(rows)))
        self.p = proc.spawn(["haproxy", "-db", "-f", conf],
                            stderr=subprocess.DEVNULL)
        for port in self.ports:
            proc.await_true("HAProxy", lambda: proc.can_connect(port))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.kill()
        self.p.wait()


def login(port, tls, starttls=False):
    context = ssl._create_unverified_context()
    if tls:
        m = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context)
    else:
        m = imaplib.IMAP4("127.0.0.1", port)
    if starttls:
        m.starttls(context)
    m.login("ann", suite.PASSWORD)
    m.select()
    m.logout()


def test_haproxy():
    with suite.Suite(proxy_protocol=PROXIES) as s:
        with HAProxy(s, [
                (False, s.imap_port, "send-proxy"),
                (False, s.imap_port, "send-proxy-v2"),
                (True, s.imap_port, "send-proxy-v2-ssl"),
                (False, s.imaps_port, "send-proxy-v2"),
                (True, s.imaps_port, "send-proxy-v2-ssl-cn ssl verify none"),
                (False, s.imap_port, "")]) as h:
            login(h.ports[0], False)
            login(h.ports[1], False, starttls=True)
            login(h.ports[2], True)
            login(h.ports[3], True)
            login(h.ports[4], True)
            try:
                login(h.ports[5], False)
                raise AssertionError("without a header")
            except (imaplib.IMAP4.abort, OSError):
                pass
        s.log_settle()
        log = s.log_text()
        logins = [line for line in log.splitlines()
                  if "imapd" in line and " login remote=" in line]
        assert [("tls=yes" in x, "remote=127.0.0.1 " in x)
                for x in logins] == [(False, True)] + [(True, True)] * 4, \
            logins

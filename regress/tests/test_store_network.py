"""How the endpoint is reached: time limits, retries, connections, proxies. Rows
of test_store_options's table."""

import os
import re
import socket
import ssl
import struct
import threading
import time

import mails
import proc
import s3
import s3proxy
import suite
from mark import normal_only
from store_rows import (Heard, certificates, on_minio, other, refused, row,
                        serves, the_server)


class Listener:
    """Each connection is served by a thread."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(256)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            c, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(c,),
                             daemon=True).start()


def waited(c):
    """Seconds since it last said something: on a busy machine a connection is
    seen late. (tcp_info.tcpi_last_ack_recv, the 13th number of linux/tcp.h.)"""
    info = c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
    return struct.unpack_from("=I", info, 8 + 12 * 4)[0] / 1000


class Mute(Listener):
    """Takes connections and never says a word; how long they lasted."""

    region, access, secret = s3.REGION, s3.ACCESS, s3.SECRET

    def __init__(self, scheme):
        self.lasted = []
        super().__init__()
        self.endpoint = "%s://%s" % (scheme, self.address)

    def serve(self, c):
        begin = time.monotonic() - waited(c)
        try:
            while c.recv(65536):
                pass
        except OSError:
            pass
        self.lasted.append(time.monotonic() - begin)
        c.close()

    def longest(self):
        """Most of the others are cut by Pail's end."""
        return max(self.lasted)


def with_timeout(s, seconds):
    text = s.conf_text()
    assert "timeout: 30s" in text
    s.conf_text = lambda: text.replace("timeout: 30s",
                                       "timeout: %ds" % seconds)
    s.write_conf()
    return s


@row("connect-timeout")
@normal_only("takes 7 s")
def test_connecting_ends_after_its_time():
    for seconds, most in ((1, 2.9), (5, 60)):       # the default is 3 s
        mute = Mute("https")                        # TLS is part of it
        refused(suite.Suite((mute, "mail-bucket"), store_extra=", "
                            "connect-timeout: %ds, max-retries: 0" %
                            seconds),
                "SSL connection timeout")
        assert seconds * 0.9 < mute.longest() < most, mute.lasted


@row("stall-timeout")
@normal_only("takes 9 s")
def test_a_request_that_stands_still_ends():
    refused(suite.Suite((Mute("http"), "mail-bucket"),
                        store_extra=", stall-timeout: 2s"),
            "the last 2 seconds")


@row("timeout")
def test_a_request_ends_after_its_time():
    mute = Mute("http")
    refused(with_timeout(suite.Suite((mute, "mail-bucket")), 1), "time")
    assert 0.9 < mute.longest() < 9, mute.lasted     # stall-timeout: 10 s


@row("max-retries")
def test_a_request_is_sent_again_so_often():
    for n in (0, 2):
        heard = Heard(the_server())
        heard.faults(s3proxy.Fault("500", methods=("GET", "HEAD")))
        s = on_minio("max-retries: %d" % n, heard)
        s.start(wait=False)
        proc.await_true("it is away", lambda: "result=away" in s.log_text())
        proc.end(s.p)
        s.p = None
        tries = [int(x) for x in re.findall(r"tries=(\d+)", s.log_text())]
        assert max(tries, default=1) == n + 1, (n, tries)
        heard.close()


@row("max-connections")
def test_no_more_connections_than_that():
    proxy = s3proxy.Proxy(the_server())
    most = []

    def keep(r, data):
        most.append(len(proxy.conns))
        return data
    proxy.edit = keep
    s = on_minio("max-connections: 5", proxy)
    with s:
        proc.await_true("the probe is over", lambda: len(most) > 20)
        s.client().logout()
        del most[:]
        for n in range(3):
            c = s.client()
            c.append("INBOX", mails.small(n))
            c.logout()
    assert most and max(most) <= 5, max(most)
    proxy.close()


class Forward(Listener):
    """A proxy that leads every name to the one server: HTTP, CONNECT and
    SOCKS 5, by what its client says first."""

    region, access, secret = s3.REGION, s3.ACCESS, s3.SECRET

    def __init__(self, server):
        self.server = server
        self.said = []                  # how each connection began
        super().__init__()

    def serve(self, c):
        try:
            first = c.recv(65536)
            self.said.append(first)
            if first[:1] == b"\x05":
                c.sendall(b"\x05\0")
                self.said.append(c.recv(65536))
                c.sendall(b"\x05\0\0\x01" + bytes(6))
                first = b""
            elif first.startswith(b"CONNECT "):
                c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                first = b""
            up = socket.create_connection((self.server.host,
                                           self.server.port))
            up.sendall(first)
            threading.Thread(target=self.relay, args=(up, c),
                             daemon=True).start()
            self.relay(c, up)
        except OSError:
            c.close()

    def relay(self, a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for x in (a, b):
            try:
                x.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class TlsForward(Forward):
    """The same, over TLS."""

    def __init__(self, server, own):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(own.cert, os.path.join(own.dir, "key.pem"))
        super().__init__(server)

    def serve(self, c):
        try:
            c = self.tls.wrap_socket(c, server_side=True)
        except OSError:                 # it is not trusted
            c.close()
            return
        super().serve(c)


class Elsewhere:
    """The server, by a name that only a proxy finds."""

    host = "s3.pail.invalid"

    def __init__(self, server):
        self.server = server
        self.endpoint = "http://%s:9000" % self.host

    def __getattr__(self, name):
        return getattr(self.server, name)


@row("proxy")
@normal_only("takes 9 s")
def test_the_endpoint_is_reached_through_a_proxy():
    for scheme, begin in (("http", b"http://s3.pail.invalid:9000/"),
                          ("socks5h", b"\x0fs3.pail.invalid\x23\x28")):
        proxy = Forward(the_server())
        s = on_minio("proxy: '%s://%s'" % (scheme, proxy.address),
                     Elsewhere(the_server()))
        serves(s)
        assert any(begin in x for x in proxy.said), proxy.said[:3]
    own = suite.Suite()
    there = other(tls=certificates(os.path.join(own.dir, "tls"), own))
    proxy = Forward(there)
    serves(on_minio("tls-ca-file: '%s', proxy: 'http://%s'" % (
        own.cert, proxy.address), there))
    assert proxy.said and all(x.startswith(b"CONNECT 127.0.0.1:%d " %
                                           there.port) for x in proxy.said)


@row("proxy")
@normal_only("takes 6 s")
def test_a_proxy_with_tls_must_have_a_certificate_that_is_trusted():
    own = suite.Suite()
    there = other(tls=certificates(os.path.join(own.dir, "tls"), own))
    proxy = TlsForward(there, own)
    through = "proxy: 'https://%s'" % proxy.address
    refused(on_minio(through, there), "certificate")
    assert not any(proxy.said), proxy.said
    serves(on_minio(through + ", tls-ca-file: '%s'" % own.cert, there))
    assert any(x.startswith(b"CONNECT 127.0.0.1:%d " % there.port)
               for x in proxy.said), proxy.said[:3]


@row("no-proxy")
def test_some_hosts_need_no_proxy():
    proxy = Forward(the_server())
    serves(on_minio("proxy: 'http://%s', no-proxy: [s3.example.org, "
                    "127.0.0.1]" % proxy.address))
    assert not proxy.said, proxy.said[:3]

"""Every key below store: does what pail.yaml(5) says, against a real server:
one row for each key, by its name, here and in the other test_store_*.py. The
last test compares the rows with etc/pail.yaml and prints how many there are.
The rows here run on versitygw, too (S3_SERVER=versitygw)."""

import os
import re
import socket
import ssl
import threading
import time

import mails
import proc
import s3
import s3proxy
import suite
from mark import normal_only, second_server
from store_rows import (Heard, certificates, comes_back, on_minio, other,
                        refused, row, serves, the_server)


@row("type", "bucket", "endpoint", "access-key", "secret-key")
@second_server
def test_a_bucket_with_static_keys():
    serves(on_minio())


@row("credentials")
def test_keys_below_credentials():
    s = on_minio()
    text = s.conf_text()
    a, b = "access-key: %s, " % s3.ACCESS, "secret-key: {file: secret}, "
    assert a in text and b in text
    s.conf_text = lambda: text.replace(a, "").replace(
        b, "credentials: {source: static, %s%s}, " % (a, b[:-2]))
    s.write_conf()
    serves(s)


@row("region")
@second_server
def test_a_region_is_what_requests_are_signed_for():
    there = other(region="eu-central-2")
    serves(on_minio(server=there))
    s = on_minio(server=there)
    there.region = "eu-west-1"
    s.write_conf()
    there.region = "eu-central-2"
    refused(s, "eu-central-2")


@row("addressing")
@normal_only("takes 7 s")
@second_server
def test_the_bucket_in_the_path_or_in_the_host():
    there = other(domain="s3.localhost")
    for how, virtual in (("path", False), ("virtual", True),
                         ("auto", False)):
        heard = Heard(there, "s3.localhost")
        s = on_minio("addressing: " + how, heard)
        serves(s)
        bucket = s.store[1].encode()
        hosts = heard.headers(b"Host", ("PUT", "GET"))
        assert hosts and all(h.startswith(bucket + b".") == virtual
                             for h in hosts), (how, hosts)
        assert all(r.target.startswith("/" + s.store[1]) != virtual
                   for r in heard.heads), how
        heard.close()


@row("key-prefix")
@second_server
def test_all_keys_begin_with_the_prefix():
    s = on_minio("key-prefix: a/b")
    serves(s)
    keys = [k for k, _ in s.store[0].list(s.store[1])]
    assert keys and all(k.startswith("a/b/") for k in keys), keys


@row("tls-ca-file", "allow-invalid-certs")
@normal_only("takes 7 s")
@second_server
def test_a_certificate_is_verified_unless_told_otherwise():
    own = suite.Suite()             # for its certificate
    there = other(tls=certificates(os.path.join(own.dir, "tls"), own))
    refused(on_minio(server=there), "certificate")
    serves(on_minio("tls-ca-file: '%s'" % own.cert, there))
    s = on_minio("allow-invalid-certs: true", there)
    serves(s)
    # Loud at each start.
    assert s.log_text().count("warn: store: store.allow-invalid-certs") == 2


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


class Mute(Listener):
    """Takes connections and never says a word; how long they lasted."""

    region, access, secret = s3.REGION, s3.ACCESS, s3.SECRET

    def __init__(self, scheme):
        self.lasted = []
        super().__init__()
        self.endpoint = "%s://%s" % (scheme, self.address)

    def serve(self, c):
        begin = time.monotonic()
        try:
            while c.recv(65536):
                pass
        except OSError:
            pass
        self.lasted.append(time.monotonic() - begin)
        c.close()

    def median(self):
        """Some are seen late, and the last ones are cut by the end."""
        return sorted(self.lasted)[len(self.lasted) // 2]


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
        assert seconds * 0.9 < mute.median() < most, mute.lasted


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
    assert 0.9 < mute.median() < 9, mute.lasted     # stall-timeout: 10 s


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


@row("storage-class")
@second_server
def test_objects_get_their_storage_class():
    heard = Heard(the_server())
    s = on_minio("storage-class: REDUCED_REDUNDANCY", heard)
    serves(s)
    assert set(heard.headers(b"x-amz-storage-class")) == {
        b"REDUCED_REDUNDANCY"}
    assert set(heard.headers(b"x-amz-storage-class", ("GET",))) == {None}
    keys = [k for k, _ in the_server().list(s.store[1])
            if not k.startswith("probe/")]
    assert keys
    want = getattr(the_server(), "storage_class", "REDUCED_REDUNDANCY")
    for key in keys:
        h = {k.lower(): v for k, v in the_server().request(
            "HEAD", "/%s/%s" % (s.store[1], key))[1].items()}
        assert h.get("x-amz-storage-class") == want, (key, h)
    heard.close()


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


@row("parallel-deletes")
@second_server
def test_so_many_objects_are_deleted_by_a_request():
    # The probe removes what it has made.
    for n in (1, 10, 1000):
        heard = Heard(the_server())
        s = on_minio("parallel-deletes: %d" % n, heard)
        with s:
            proc.await_true("all is removed", lambda: not the_server().list(
                s.store[1], "probe/"))
        many = [r.body.count(b"<Key>") for r in heard.heads
                if r.method == "POST" and "delete=" in r.target]
        one = [r for r in heard.heads if r.method == "DELETE"]
        if n == 1:
            assert not many and len(one) > 20, (many, len(one))
        else:
            assert many and max(many) <= n, many
            assert max(many) == n or n == 1000, many
        heard.close()


@row("verify-after-write")
def test_a_reload_changes_how_puts_are_verified():
    heard = Heard(the_server())
    s = on_minio("verify-after-write: false", heard)
    with s:
        c = s.client()
        c.append("INBOX", mails.small(1))

        def heads_of_an_append():
            heard.heads.clear()
            c.append("INBOX", mails.small(2))
            return [r for r in heard.heads if r.method == "HEAD"]

        assert not heads_of_an_append()
        s.store_extra = ", verify-after-write: head"
        s.write_conf()
        s.ctl("reload")
        assert heads_of_an_append()
        c.logout()
    heard.close()


@row("request-headers")
@second_server
def test_all_requests_have_further_headers():
    heard = Heard(the_server())
    s = on_minio("request-headers: ['X-Team: the mail team', "
                 "'x-amz-meta-node: seven']", heard)
    serves(s)
    methods = ("GET", "PUT", "HEAD")
    for name, value in ((b"X-Team", b"the mail team"),
                        (b"x-amz-meta-node", b"seven")):
        assert set(heard.headers(name, methods)) == {value}
    for r in heard.heads:       # MinIO has checked the signature
        signed = s3proxy.header(r.head, b"Authorization")
        assert b";x-team," in signed or b";x-team;" in signed, signed
    heard.close()


@row("verify-after-write")
@normal_only("takes 5 s")
def test_each_put_is_verified_as_asked():
    for how, head, get in (("false", 0, 0), ("true", 1, 0), ("head", 1, 0),
                           ("read", 0, 1)):
        heard = Heard(the_server())
        s = on_minio("verify-after-write: " + how, heard)
        with s:
            c = s.client()
            c.ok("SELECT INBOX")
            heard.heads.clear()
            c.append("INBOX", mails.small(1))
            c.logout()
        puts = [r.target for r in heard.heads if r.method == "PUT"]
        assert puts, how
        for method, want in (("HEAD", head), ("GET", get)):
            after = [r.target for r in heard.heads if r.method == method and
                     s3proxy.header(r.head, b"If-None-Match") is None]
            assert all((t in after) == bool(want) for t in puts), (
                how, method, puts, after)
        heard.close()


@row("verify-after-write")
@second_server
def test_what_was_not_stored_is_found_by_reading_back():
    heard = Heard(the_server())
    s = on_minio("verify-after-write: read", heard)
    with s:
        c = s.client()
        heard.faults(s3proxy.Fault("lie"))
        a = c.start("APPEND INBOX", mails.small(1))
        proc.await_true("the lie", lambda: heard.hit.get("lie"))
        heard.faults()
        assert c.finish(a).status == "OK"
        c.logout()
        comes_back(s, mails.small(1))
    heard.close()


@row("compression")
@normal_only("takes 7 s")
def test_objects_are_compressed_as_asked():
    sizes = {}
    for how in ("none", "zstd:3", "gzip:6", "lz4"):
        s = on_minio("compression: " + how)
        serves(s, big=True)
        sizes[how] = sum(n for _, n in s.store[0].list(s.store[1]))
    assert all(n * 2 < sizes["none"] for how, n in sizes.items()
               if how != "none"), sizes


@row("dispersion")
@normal_only("takes 8 s")
def test_names_begin_with_as_many_digits_as_asked():
    for n, form in ((0, "u/ann/"), (2, "[0-9a-f]{2}/ann/"),
                    (8, "[0-9a-f]{8}/ann/")):
        s = on_minio("dispersion: %d" % n)
        serves(s)
        keys = [k for k, _ in s.store[0].list(s.store[1])
                if not k.startswith("probe/") and k != "pail"]
        assert keys and all(re.match(form, k) for k in keys), keys
    # The store keeps its number.
    t = on_minio("dispersion: 2")
    t.store = s.store
    t.write_conf()
    refused(t, 'store.dispersion is 2, but this store was created with 8: '
            'set "dispersion: 8"')


@row("dispersion")
@normal_only("takes 6 s")
def test_two_nodes_share_a_store_with_short_names():
    a = on_minio("dispersion: 2")
    b = suite.Suite(a.store, name="node-b", store_extra=a.store_extra)
    with a, b:
        ca, cb = a.client(), b.client()
        ca.append("INBOX", mails.small(1))
        cb.append("INBOX", mails.small(2))
        ca.append("INBOX", mails.small(3))
        for c in (ca, cb):
            c.ok("SELECT INBOX")
            got = b"".join(c.ok("FETCH 1:* BODY.PEEK[]").lines)
            assert all(mails.small(n) in got for n in (1, 2, 3)), got
        # What either removes, the other does not see.
        cb.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        cb.ok("EXPUNGE")
        proc.await_true("it is expunged", lambda: b"* 2 EXPUNGE" in b"".join(
            ca.ok("NOOP").lines))
        ca.logout()
        cb.logout()
        r = a.ctl("dump", "ann").stdout
        assert b"commit" in r, r[:200]


class OneASecond(s3proxy.Proxy):
    """A provider that accepts one write a second of the same key."""

    def __init__(self, server):
        super().__init__(server)
        self.when, self.refused = {}, []
        self.refuse = self.limit

    def limit(self, r):
        key, now = r.target.split("?")[0], time.monotonic()
        if r.method != "PUT":
            return None
        if now - self.when.get(key, -1) < 1:
            self.refused.append(key)
            return 429, "SlowDown"
        self.when[key] = now
        return None


@row("head-interval")
@second_server
@normal_only("takes 12 s")
def test_heads_are_written_once_in_an_interval():
    there = OneASecond(the_server())
    s = on_minio("head-interval: 1s", there)
    text = s.ctl("store", "check").stdout.decode()
    assert 'warn  rate: the server does not accept two writes of a key at ' \
        'once: write "head-interval: 1s"' in text, text
    assert "probe=good" in text, text
    with s:
        clients = [s.client() for _ in range(8)]
        clients[0].append("INBOX", mails.small(1))
        begin = time.monotonic()
        for _ in range(2):              # eight at a time go in one batch
            tags = [c.start("APPEND INBOX", mails.small(2))
                    for c in clients]
            for c, tag in zip(clients, tags):
                assert c.finish(tag).status == "OK"
        assert 1.5 < time.monotonic() - begin < 10
        assert not [k for k in there.refused if k.endswith("/head")]
        # Without it, the server refuses; what was answered was done.
        s.store_extra = ", head-interval: 0s"
        s.write_conf()
        s.ctl("reload")
        for c in clients[:3]:
            c.append("INBOX", mails.small(3))
        assert [k for k in there.refused if k.endswith("/head")]
        for c in clients:
            c.logout()
        comes_back(s, mails.small(1))
    there.close()


def test_every_option_has_a_row():
    with open(os.path.join(proc.TOP, "etc/pail.yaml")) as f:
        part = re.search(r"^store:\n(.*?)^\n", f.read(), re.M | re.S)[1]
    keys = set(re.findall(r"^#?  ([a-z-]+):", part, re.M)) - {"path"}
    rows, tests = set(), 0
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(here)):
        if name.startswith("test_store_") and name.endswith(".py"):
            with open(os.path.join(here, name)) as f:
                for x in re.findall(r"^@row\((.*?)\)$", f.read(),
                                    re.M | re.S):
                    rows |= set(re.findall(r'"([a-z-]+)"', x))
                    tests += 1
    assert len(keys) > 15 and keys == rows, keys ^ rows
    print("   store options: %d keys, %d tests" % (len(keys), tests))

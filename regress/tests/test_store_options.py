"""Every key below store: does what pail.yaml(5) says, against a real server:
one row for each key, by its name, here and in the other test_store_*.py. The
last tests compare the rows, and those of the sources of credentials, with
etc/pail.yaml, and print how many there are. All run on versitygw, too
(S3_SERVER=versitygw)."""

import os
import re
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


def rows_of(mark, files):
    """All names in that mark in these files, and in how many marks."""
    names, tests = set(), 0
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(here)):
        if re.fullmatch(files, name):
            with open(os.path.join(here, name)) as f:
                for x in re.findall(r"^@%s\((.*?)\)$" % mark, f.read(),
                                    re.M | re.S):
                    names |= set(re.findall(r'"([a-z-]+)"', x))
                    tests += 1
    return names, tests


def of_the_store():
    """What etc/pail.yaml has below store."""
    with open(os.path.join(proc.TOP, "etc/pail.yaml")) as f:
        return re.search(r"^store:\n(.*?)^\n", f.read(), re.M | re.S)[1]


def test_every_option_has_a_row():
    keys = set(re.findall(r"^#?  ([a-z-]+):", of_the_store(), re.M)) - {"path"}
    rows, tests = rows_of("row", r"test_store_.*\.py")
    assert len(keys) > 15 and keys == rows, keys ^ rows
    print("   store options: %d keys, %d tests" % (len(keys), tests))


def test_every_source_of_credentials_and_each_of_its_keys_has_a_row():
    with open(os.path.join(proc.TOP, "common/cred_source.h")) as f:
        names = set(re.findall(r'X\(\w+, "([a-z-]+)"\)', f.read()))
    names |= {"auto"} | set(re.findall(
        r"^#(?:    |      - |        )([a-z-]+):", of_the_store(),
        re.M)) - {"source"}
    rows, tests = rows_of("source", r"test_.*\.py")
    assert len(names) > 20 and names == rows, names ^ rows
    print("   sources of credentials: %d names, %d tests" % (
        len(names), tests))

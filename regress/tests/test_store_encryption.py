"""Encryption of the objects by the server does what pail.yaml(5) says: rows of
test_store_options's table."""

import base64
import os
import re
import signal
import time

import mails
import memory
import nodes
import suite
from mark import normal_only
from store_rows import (OtherMinio, OtherVersitygw, certificates, on_minio,
                        refused, row, serves)


@row("server-side-encryption", "kms-key-id")
@normal_only("takes 7 s")
def test_objects_are_encrypted_by_the_server():
    there = OtherMinio(MINIO_KMS_SECRET_KEY="one:" + base64.b64encode(
        b"0123456789abcdef0123456789abcdef").decode())
    for extra, want in (
            ("server-side-encryption: none", {}),
            ("server-side-encryption: AES256", {"": "AES256"}),
            ("server-side-encryption: 'aws:kms', kms-key-id: one",
             {"": "aws:kms", "-aws-kms-key-id": "one"})):
        s = on_minio(extra, there)
        serves(s)
        # What the probe made may still be on its way out.
        keys = [k for k, _ in there.list(s.store[1])
                if not k.startswith("probe/")]
        assert keys
        for key in keys:
            h = {k.lower(): v for k, v in there.request(
                "HEAD", "/%s/%s" % (s.store[1], key))[1].items()}
            got = {k[len("x-amz-server-side-encryption"):]: v
                   for k, v in h.items()
                   if k.startswith("x-amz-server-side-encryption")}
            # MinIO calls the key arn:aws:kms:one.
            got = {k: v if k == "" else v.rpartition(":")[2]
                   for k, v in got.items()}
            assert got == want, (key, h)
    assert "encryption" not in s.ctl("store", "check").stdout.decode()


def test_a_server_that_does_not_encrypt_is_warned_of():
    """versitygw takes the wish, and stores what is written as it is."""
    own = suite.Suite()
    there = OtherVersitygw(tls=certificates(os.path.join(own.dir, "tls"),
                                            own))
    path, _ = sse_key(own.dir, "sse-key")
    for key, extra in (
            ("server-side-encryption", "server-side-encryption: AES256"),
            ("customer-key", "customer-key: {file: '%s'}" % path)):
        s = on_minio("tls-ca-file: '%s', %s" % (own.cert, extra), there)
        text = s.ctl("store", "check").stdout.decode()
        assert re.search("^warn  encryption: the server does not confirm that "
                         "it encrypts: it seems to ignore store.%s$" % key,
                         text, re.M) and "probe=good" in text, text
    there.stop()


def sse_key(d, name):
    """The path of a new key for SSE-C, and the key."""
    path = os.path.join(d, name)
    key = base64.b64encode(os.urandom(32)).decode()
    with open(path, "w") as f:
        f.write(key + "\n")
    os.chmod(path, 0o600)
    return path, key


@row("customer-key")
@normal_only("takes 10 s")
def test_objects_are_encrypted_with_the_customers_key():
    own = suite.Suite()
    there = OtherMinio(tls=certificates(os.path.join(own.dir, "tls"), own))
    path, key = sse_key(own.dir, "sse-key")
    tls = "tls-ca-file: '%s', " % own.cert
    s = on_minio(tls + "customer-key: '%s'" % key, there)
    serves(s)
    keys = [k for k, _ in there.list(s.store[1])
            if not k.startswith("probe/")]
    assert keys
    for k in keys:              # nobody else can read it
        a = there.request("GET", "/%s/%s" % (s.store[1], k))
        assert a[0] == 400, a
    assert key not in s.log_text()
    text = s.ctl("store", "check").stdout.decode()
    assert "encryption" not in text and "probe=good" in text, text
    # With another key, and with none, the reason is the true one; so it is
    # where objects are encrypted otherwise.
    other, _ = sse_key(own.dir, "other-key")
    plain = on_minio(tls[:-2], there)
    with plain:
        plain.client().logout()
    for store, how, why in (
            (s.store, "customer-key: {file: '%s'}" % other,
             "encrypted with another key than store.customer-key"),
            (s.store, "server-side-encryption: none",
             "SSE-C., but there is no store.customer-key"),
            (plain.store, "customer-key: {file: '%s'}" % path,
             "not encrypted with a customer's key")):
        t = on_minio(tls + how, there)
        t.store = store
        t.write_conf()
        refused(t, why)


@row("customer-key")
@normal_only("takes 5 s, and 250 MiB")
def test_the_parts_of_an_upload_have_the_customers_key():
    own = suite.Suite()
    there = OtherMinio(tls=certificates(os.path.join(own.dir, "tls"), own))
    path, _ = sse_key(own.dir, "sse-key")
    s = suite.Suite((there, there.new_bucket()), append_limit="96M",
                    store_extra=", tls-ca-file: '%s', compression: none, "
                    "verify-after-write: read, "
                    "server-side-encryption: {file: '%s'}" % (own.cert, path))
    lines = [base64.b64encode(os.urandom(54)) + b"\r\n"
             for _ in range(10000)]
    text = mails.small(1) + b"".join(lines) * 100
    with s:
        c = s.client()
        c.append("INBOX", text)
        c.ok("SELECT INBOX")
        for at in (0, len(text) // 2, len(text) - 5000):
            got = b"".join(c.ok("FETCH 1 BODY.PEEK[]<%d.5000>" % at).lines)
            assert text[at:at + 5000] in got, (at, got[:100])
        c.logout()
    sizes = [n for _, n in there.list(s.store[1])]
    assert max(sizes) > 64 << 20, sizes


@row("customer-key", "url")
@normal_only("takes 4 s")
def test_the_customers_key_is_in_no_memory_but_storageds():
    own = suite.Suite()
    there = OtherMinio(tls=certificates(os.path.join(own.dir, "tls"), own))
    path, key = sse_key(own.dir, "sse-key")
    s = suite.Suite((there, there.new_bucket()), processes="{storaged: 2}")
    s.over["store"] = (
        '{url: "s3:https://%s:%s@127.0.0.1:%d/?bucket=%s&region=%s&'
        'ssl_client_ca_file=%s", customer-key: {file: "%s"}}' % (
            there.access, there.secret, there.port, s.store[1],
            there.region, own.cert, path))
    s.write_conf()
    needles = {"key": key[:43].encode(), "half": key[21:43].encode(),
               "bytes": base64.b64decode(key), "secret":
               there.secret.encode()}

    def appends(n):
        c = s.client()
        c.append("INBOX", mails.small(n))
        c.logout()

    with s:
        appends(1)
        has, rows = memory.who_has(s, needles)
        assert {p for p, n in has if n != "secret"} == {"storaged"}, rows
        assert {p for p, n in has if n == "secret"} == {"credd"}, rows
        assert sum(n == "bytes" for _, n, _ in rows) == 2 and all(
            "lo" in m.flags and "dd" in m.flags
            for _, n, m in rows if n == "bytes"), rows
        # They come back with all of it.
        for victim in ("storaged", "credd"):
            for pid, name in s.children():
                if name == victim:
                    os.kill(pid, signal.SIGKILL)
            nodes.serves_again(s, time.monotonic() + 60)
        appends(2)
        assert key not in s.log_text() and there.secret not in s.log_text()

"""Lines and configurations that administrators of Dovecot and of Stalwart have
serve in Pail: rows of test_store_options's table, and pail-migration(7)."""

import os
import re
import urllib.parse

import mails
import proc
import suite
from credentials import Imds, Keys, assume_role
from mark import normal_only
from store_rows import Heard, OtherMinio, certificates, row, serves


def with_store(server, bucket, text):
    """A suite with this map as its store."""
    s = suite.Suite((server, bucket))
    s.over["store"] = text
    s.write_conf()
    return s


def line(server, rest, scheme="s3", keys=True):
    """One of Dovecot's: rest stands behind the keys."""
    return "%s:http://%s%s" % (scheme, "%s:%s@" % tuple(
        urllib.parse.quote(x, safe="") for x in (
            server.access, server.secret)) if keys else "", rest)


@row("url")
@normal_only("takes 9 s")
def test_one_line_in_dovecots_form_is_enough():
    there = OtherMinio(domain="s3.localhost")
    heard = Heard(there, "s3.localhost")

    def one(text):
        return with_store(heard, bucket, '{url: "%s"}' % text)

    # The bucket is a parameter.
    bucket = there.new_bucket()
    s = one("compress:gz:6:" + line(
        there, "127.0.0.1:%d/?bucket=%s&region=%s&timeout_msecs=20000&"
        "max_retries=4&addhdr=X-Team:%%20mail&slow_warn_msecs=500" % (
            heard.port, bucket, there.region)))
    serves(s)
    assert set(heard.headers(b"X-Team")) == {b"mail"}, heard.headers(
        b"X-Team")
    assert "store.url: slow_warn_msecs has no meaning here" in s.log_text()
    assert there.secret not in s.log_text()
    # The host begins with it, and keys come from the metadata service.
    bucket = there.new_bucket()
    heard.heads.clear()
    with Imds(Keys(lambda: assume_role(there), 3600)) as imds:
        s = one(line(there, "%s.s3.localhost:%d/?region=%s&auth_role="
                     "mail-node&auth_host=%s" % (
                         bucket, heard.port, there.region,
                         imds.url.partition("//")[2]), "aws-s3", False))
        serves(s)
        assert "source=imds" in s.log_text()
    hosts = heard.headers(b"Host", ("PUT", "GET"))
    assert hosts and all(h.startswith(bucket.encode() + b".")
                         for h in hosts), hosts
    heard.close()


# What an administrator has, and what he writes for Pail. %(...)s: of the test.
STALWART = [("store.<name>", """
[store."minio"]
type = "s3"
bucket = "%(bucket)s"
region = "%(region)s"
access-key = "%(access)s"
secret-key = "%(secret)s"
endpoint = "%(endpoint)s"
session-token = "%(token)s"
security-token = "%(token)s"
max-retries = 4
timeout = "20s"
key-prefix = "stalwart/"
compression = "lz4"
""", """{type: s3, bucket: %(bucket)s, region: %(region)s,
  endpoint: "%(endpoint)s", max-retries: 4, timeout: 20s, compression: lz4,
  access-key: %(access)s, secret-key: "%(secret)s",
  session-token: "%(token)s", security-token: "%(token)s",
  key-prefix: stalwart, tls-ca-file: "%(ca)s"}"""),
            ("profile", """
[store."s3"]
type = "s3"
bucket = "%(bucket)s"
region = "%(region)s"
endpoint = "%(endpoint)s"
profile = "mail"
""", """{type: s3, bucket: %(bucket)s, region: %(region)s, profile: mail,
  endpoint: "%(endpoint)s", credentials-file: "%(aws)s/credentials",
  config-file: "%(aws)s/config", tls-ca-file: "%(ca)s"}"""),
            ("store.blob.s3", """
[store.blob.s3]
bucket = "%(bucket)s"
region = "%(region)s"
access-key = "%(root)s"
secret-key = "%(rootsecret)s"
endpoint = "%(endpoint)s"
#security-token = ""
#profile = ""
timeout = "30s"
""", """{type: s3, bucket: %(bucket)s, region: %(region)s, timeout: 30s,
  access-key: %(root)s, secret-key: "%(rootsecret)s",
  endpoint: "%(endpoint)s", tls-ca-file: "%(ca)s"}"""),
            ("BlobStore", """
{"@type": "S3", "bucket": "%(bucket)s", "accessKey": "%(access)s",
 "secretKey": "%(secret)s", "securityToken": "%(token)s",
 "region": {"@type": "Custom", "customRegion": "%(region)s",
            "customEndpoint": "%(endpoint)s"},
 "timeout": "30s", "maxRetries": 3, "verifyAfterWrite": true,
 "keyPrefix": "mail/", "allowInvalidCerts": true}
""", """{type: s3, bucket: %(bucket)s, region: %(region)s,
  endpoint: "%(endpoint)s", timeout: 30s, max-retries: 3, key-prefix: mail,
  verify-after-write: true, allow-invalid-certs: true,
  access-key: %(access)s, secret-key: "%(secret)s",
  security-token: "%(token)s"}""")]

# url: is the line itself.
DOVECOT = [("obox_fs", """
mail_location = obox:%%8Mu/%%u:INDEX=~/:CONTROL=~/
plugin {
  obox_fs = fscache:1G:%(cache)s/%%4Nu:compress:zstd:3:s3:https://"""
            "%(root)s:%(rootquoted)s@127.0.0.1:%(port)d/?bucket=%(bucket)s"
            "&region=%(region)s&timeout_msecs=20000&connect_timeout_msecs="
            "4000&max_retries=4&addhdr=X-Team:mail&bulk_delete_limit=100"
            "&ssl_client_ca_file=%(ca)s&slow_warn_msecs=9000&loghdr="
            "x-amz-request-id&no_trace_headers=1&read_timeout_msecs=1000" """
  obox_index_fs = compress:zstd:3:s3:https://127.0.0.1/?bucket=index
  obox_max_parallel_deletes = 100
}
""", None), ("aws-s3", """
plugin {
  obox_fs = compress:gz:6:aws-s3:https://%(bucket)s.s3.localhost:%(port)d/"""
             "?region=%(region)s&auth_role=mail-node&auth_host=%(imds)s"
             "&ssl_client_ca_file=%(ca)s&absolute_timeout=30s" """
}
""", None), ("Dovecot Pro 3", """
fs_s3_url = https://%(bucket)s.s3.localhost:%(port)d/
fs_s3_access_key = %(root)s
fs_s3_secret = %(rootsecret)s
fs_compress_write_method = zstd
fs_fscache_size = 1G
fs_fscache_path = %(cache)s
fs_http_slow_warning = 5s
""", """{type: s3, bucket: %(bucket)s, region: %(region)s, addressing: virtual,
  endpoint: "https://s3.localhost:%(port)d", access-key: %(root)s,
  secret-key: "%(rootsecret)s", compression: zstd, tls-ca-file: "%(ca)s"}""")]


def translated():
    """The first column of the tables in pail-migration(7)."""
    with open(os.path.join(proc.TOP, "man/pail-migration.7")) as f:
        rows = re.findall(r"^\.It Li (.*?)(?: Ta .*)?$", f.read(), re.M)
    return {x for row in rows for x in re.findall(r"[\w@.-]+", row)}


def names(theirs):
    """The options that a text of theirs sets."""
    out = set(re.findall(r"^[ #]*([a-z0-9_-]+) = ", theirs, re.M))
    out |= set(re.findall(r'"(@?\w+)":', theirs))
    out |= set(re.findall(r"[?&](\w+)=", theirs))
    return out | set(re.findall(r"\b(fscache|compress|aws-s3):", theirs))


def shared_files(d, server):
    """AWS's, with a profile "mail"."""
    os.makedirs(d)
    for name, text in (
            ("config", "[profile mail]\nregion = %s\n" % server.region),
            ("credentials", "[mail]\naws_access_key_id = %s\n"
             "aws_secret_access_key = %s\n" % (server.access,
                                              server.secret))):
        path = os.path.join(d, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o600)
    return d


@row("url", "session-token", "security-token", "profile", "credentials-file",
     "config-file", "auth-role")
@normal_only("takes 15 s")
def test_what_stalwart_and_dovecot_have_serves():
    own = suite.Suite()                 # for its certificate
    there = OtherMinio(tls=certificates(os.path.join(own.dir, "tls"), own),
                       domain="s3.localhost")
    known = translated()
    with Imds(Keys(lambda: assume_role(there), 3600)) as imds:
        for name, theirs, ours in STALWART + DOVECOT:
            access, secret, token = assume_role(there)
            s = suite.Suite((there, there.new_bucket()))
            v = {"bucket": s.store[1], "region": there.region,
                 "endpoint": there.endpoint, "port": there.port,
                 "access": access, "secret": secret, "token": token,
                 "root": there.access, "rootsecret": there.secret,
                 "rootquoted": urllib.parse.quote(there.secret, safe=""),
                 "aws": shared_files(os.path.join(s.dir, "aws"), there),
                 "ca": own.cert, "cache": os.path.join(s.dir, "cache"),
                 "imds": imds.url.partition("//")[2]}
            has = theirs % v
            unknown = names(has) - known
            assert not unknown, (name, unknown)
            s.over["store"] = (ours % v if ours else '{url: "%s"}' %
                               re.search(r"obox_fs = (\S+)", has)[1])
            if "fscache" in s.over["store"]:
                s.over["cache"] = "{keep-free: 256M}"
            s.write_conf()
            with s:
                c = s.client()
                c.append("INBOX", mails.small(7))
                c.ok("SELECT INBOX")
                assert mails.small(7) in b"".join(
                    c.ok("FETCH 1 BODY.PEEK[]").lines), name
                c.logout()
            assert any(k.endswith("/ann/head") for k, _ in there.list(
                s.store[1])), name
            print("   %s: %d options" % (name, len(names(has))))

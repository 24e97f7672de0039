"""Lines and configurations that administrators of Dovecot and of Stalwart have
serve in Pail: rows of test_store_options's table, and pail-migration(7)."""

import urllib.parse

import suite
from credentials import Imds, Keys, assume_role
from mark import normal_only
from store_rows import Heard, OtherMinio, row, serves


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
    there = OtherMinio(MINIO_DOMAIN="s3.localhost")
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

"""The cause of a store problem is reported, and only the first one, not what
follows from it: by `pailctl store check`, and in the log at startup."""

import datetime
import re

import imapc
import proc
import s3
import s3proxy
import suite

# What was said of every one of these.
FOLLOWS = ("s3:ListBucket", "atomic", "If-None-Match", "If-Match")


def check(s, verdict, cause):
    """pailctl store check says one thing."""
    r = s.ctl("store", "check", check=False, timeout=60)
    lines = r.stdout.decode().splitlines()
    assert r.returncode == 1, r
    assert re.match('probe=%s why="[^"]*%s' % (verdict, cause),
                    lines[-1]), lines
    bad = [x for x in lines if x.startswith("FAIL ")]
    assert len(bad) == 1 and re.search(cause, bad[0]), lines
    for word in FOLLOWS:
        assert word not in r.stdout.decode(), lines
    print("   " + lines[-1][:150])


def in_the_log(s, verdict, cause):
    """paild says it at start: it ends, or waits."""
    want = 'store: probe=%s why="[^"]*%s' % (verdict, cause)
    s.start(wait=False)
    proc.await_true("the log tells", lambda: re.search(want, s.log_text()))
    if verdict == "refused":
        assert s.p.wait(30) != 0
    proc.end(s.p)
    s.p = None
    for word in FOLLOWS:
        assert word not in s.log_text(), s.log_tail()


def both(store, verdict, cause):
    s = suite.Suite(store, name="cause")
    check(s, verdict, cause)
    in_the_log(s, verdict, cause)
    return s


def other(**kw):
    """MinIO as a configuration that is wrong in that sees it."""
    m = suite.minio()
    return s3.S3(m.host, m.port, **kw)


def test_a_wrong_secret_is_named():
    _, bucket = suite.store("counted")
    both((other(secret="not-this-secret"), bucket), "away",
         "store.secret-key does not match access key regress")


def test_an_unknown_access_key_is_named():
    _, bucket = suite.store("counted")
    both((other(access="nobody-knows-me"), bucket), "away",
         "does not know the access key nobody-knows-me")


def test_a_missing_bucket_is_named():
    both((suite.minio(), "there-is-none"), "refused",
         "there is no bucket there-is-none")


def test_a_wrong_region_is_named_with_the_right_one():
    _, bucket = suite.store("counted")
    both((other(region="eu-west-3"), bucket), "refused",
         "is in region us-east-1, not eu-west-3")


def later_date(_, data):
    """The answer of a server whose clock is 40 minutes ahead."""
    when = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(minutes=40)
    return re.sub(rb"(?i)\r\nDate: [^\r]*", b"\r\nDate: " + when.strftime(
        "%a, %d %b %Y %H:%M:%S GMT").encode(), data, count=1)


def test_a_skewed_clock_is_named_and_what_is_put_right_is_seen():
    server, bucket = suite.store("counted")
    proxy = s3proxy.Proxy(server)
    ago = datetime.datetime.now(datetime.timezone.utc) - \
        datetime.timedelta(minutes=40)
    proxy.stamp = ago.strftime("%Y%m%dT%H%M%SZ")
    proxy.edit = later_date
    s = both((proxy, bucket), "away",
             r"the clock of this host is 2[34]\d\d s behind the server's")
    s.start(wait=False)
    proc.await_true("it waits", lambda: "probe=away" in s.log_text())
    proxy.stamp = proxy.edit = None
    s.await_ready(20)
    with s:
        s.client().ok("SELECT INBOX")
    proxy.close()


# -- ETags --

def of_gets(etag):
    """A gateway that alters the ETag of GET's answers."""
    def edit(r, data):
        if r.method == "GET":
            return re.sub(rb'(?i)\r\nETag: "([^"\r]*)"', etag, data, count=1)
        return data
    return edit


def without_etag(r, data):
    if r.method == "PUT":
        return re.sub(rb"(?i)\r\nETag: [^\r]*", b"", data, count=1)
    return data


def refused(edit, cause):
    server, bucket = suite.store("counted")
    proxy = s3proxy.Proxy(server)
    proxy.edit = edit
    s = suite.Suite((proxy, bucket), name="etag")
    r = s.ctl("store", "check", check=False, timeout=60)
    line = r.stdout.decode().splitlines()[-1]
    assert r.returncode == 1 and re.match(
        'probe=refused why=".*' + cause, line), r.stdout.decode()
    print("   " + line[:150])
    s.start(wait=False)
    assert s.p.wait(30) != 0
    lines = s.store_errors()
    assert len(lines) == 1 and re.match('probe=refused why=".*' + cause,
                                        lines[0]), lines
    proc.end(s.p)
    proxy.close()


def test_etags_that_change_while_it_runs_are_named_and_no_damage():
    """A gateway that begins to alter them: the change ends soon, with the
    true reason, and all is well when the gateway is."""
    server, bucket = suite.store("counted")
    proxy = s3proxy.Proxy(server)
    with suite.Suite((proxy, bucket), name="etag") as s:
        c = s.client()
        c.append("INBOX", b"Subject: one\r\n\r\n")
        s.stop()                # the next one reads the head
        s.start()
        proxy.edit = of_gets(rb'\r\nETag: W/"\1"')
        c = s.client()
        c.ok("SELECT INBOX")
        try:
            a = c.cmd("APPEND INBOX", b"Subject: two\r\n\r\n")
            assert a.status == "NO", a
        except imapc.Closed:
            pass
        assert "does not accept the ETag" in s.log_text(), s.log_tail()
        assert "result=quarantined" not in s.log_text(), s.log_tail()
        proxy.edit = None
        c = s.client()
        c.append("INBOX", b"Subject: three\r\n\r\n")
        assert c.ok("STATUS INBOX (MESSAGES)").having("MESSAGES 2")
    proxy.close()


def test_a_gateway_that_makes_gets_etags_weak_is_refused():
    refused(of_gets(rb'\r\nETag: W/"\1"'), "with the PUT's ETag")


def test_a_gateway_that_marks_gets_etags_as_compressed_is_refused():
    refused(of_gets(rb'\r\nETag: "\1-gzip"'), "with the PUT's ETag")


def test_a_server_whose_puts_have_no_etag_is_refused():
    refused(without_etag, "200 without an ETag")

"""The commonest mistakes of a first run, each against a live server: `pailctl
store check` ends with one line that says what to change. One row a mistake."""

import concurrent.futures
import datetime
import json
import os
import re
import socket
import subprocess
import time

import credentials
import fronts
import proc
import s3
import s3proxy
import suite
from fronts import Front, Server, page
from mails import text_mail
from mark import normal_only, second_server, time_limit


def policy(bucket, *without, prefix=""):
    """What Pail needs, without some of it."""
    on = "arn:aws:s3:::" + bucket
    objects = [a for a in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject",
                           "s3:AbortMultipartUpload") if a not in without]
    rules = [{"Effect": "Allow", "Action": objects,
              "Resource": "%s/%s*" % (on, prefix)}]
    if "s3:ListBucket" not in without:
        rules.append({"Effect": "Allow", "Action": "s3:ListBucket",
                      "Resource": on})
    return json.dumps({"Version": "2012-10-17", "Statement": rules})


def temporary(server, keys):
    """The server, as who has these temporary keys sees it."""
    access, secret, token = keys
    return Server(server, access=access, secret=secret, token=token)


def limited(server, text):
    """As who has keys that may do that."""
    return temporary(server, credentials.assume_role(server, policy=text))


def suite_of(store, extra):
    s = suite.Suite(store, users=(), name="first", store_extra=extra)
    token = getattr(store[0], "token", None)
    if token:
        s.over["store"] = (
            "{type: s3, bucket: %s, region: %s, endpoint: '%s', credentials: "
            "{source: static, access-key: %s, secret-key: '%s', "
            "session-token: '%s'}%s}" % (
                store[1], store[0].region, store[0].endpoint,
                store[0].access, store[0].secret, token, extra))
        s.write_conf()
    return s


def printed(s):
    """The two policies of pailctl store check --policy."""
    text = s.ctl("store", "check", "--policy").stdout.decode()
    first, end = json.JSONDecoder().raw_decode(text)
    return first, json.loads(text[end:])


def actions(rule):
    a = rule["Action"]
    return [a] if isinstance(a, str) else a


def lacking(iam, action):
    """The policy without this action."""
    rules = [dict(r, Action=[a for a in actions(r) if a != action])
             for r in iam["Statement"]]
    return json.dumps(dict(iam, Statement=[r for r in rules
                                           if r["Action"]]))


def error(server, status, reason, code, inner="", more=""):
    """The server, with this refusal in AWS's words instead of its own."""
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code>'
            "<Message>Please send all future requests to this endpoint."
            "</Message>%s<RequestId>K2H6N7ZGQT6WHCEG</RequestId></Error>" % (
                code, inner)).encode()
    data = ("HTTP/1.1 %d %s\r\nContent-Type: application/xml\r\n"
            "Content-Length: %d\r\n%s\r\n" % (
                status, reason, len(body), more)).encode() + body
    proxy = s3proxy.Proxy(server)
    proxy.edit = lambda r, own: data if b" 400 Bad " in own[:20] else own
    return proxy


def clock(server, minutes):
    """A server whose clock is so far ahead."""
    def edit(_, data):
        return re.sub(rb"(?i)\r\nDate: [^\r]*", b"\r\nDate: " + (
            datetime.datetime.now(datetime.timezone.utc) + ahead).strftime(
                "%a, %d %b %Y %H:%M:%S GMT").encode(), data, count=1)

    ahead = datetime.timedelta(minutes=minutes)
    proxy = s3proxy.Proxy(server)
    # What it is sent is as far off for MinIO, whose clock is right.
    proxy.stamp = (datetime.datetime.now(datetime.timezone.utc) -
                   ahead).strftime("%Y%m%dT%H%M%SZ")
    proxy.edit = edit
    return proxy


class Table:
    def __init__(self, d):
        self.rows = []
        self.m, self.bucket = suite.store("counted")
        self.tls = fronts.TlsMinio()
        self.tls_bucket = self.tls.new_bucket()
        self.ca = ", tls-ca-file: '%s'" % self.tls.cert
        self.d = d
        self.identity()
        self.place()
        self.rights()
        self.certificates()
        self.between()

    def row(self, name, server, extra, want, bucket=None):
        self.rows.append((name, (server, bucket or self.bucket), extra, want))

    def m_with(self, **changes):
        return Server(self.m, **changes)

    def tls_with(self, **changes):
        return Server(self.tls, **changes)

    def identity(self):
        m = self.m
        self.row("secret key wrong", self.m_with(secret="not-this-one"), "",
                 "store.secret-key does not match access key regress")
        self.row("access key unknown", self.m_with(access="nobody"), "",
                 "does not know the access key nobody")
        self.row("key id and secret swapped", self.m_with(
            access="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            secret="AKIAIOSFODNN7EXAMPLE"), "",
            "store.access-key and store.secret-key are swapped")
        self.row("temporary keys of AWS without a token", self.m_with(
            access="ASIAIOSFODNN7EXAMPLE"), "",
            "session-token is missing")
        access, secret, token = credentials.assume_role(m)
        self.row("temporary keys of MinIO without a token", self.m_with(
            access=access, secret=secret), "", "session-token is missing")
        self.row("token of other keys", temporary(m, (
            access, secret, credentials.assume_role(m)[2])),
            ", timeout: 2s", "the session of access key")

    def place(self):
        self.row("region wrong", self.m_with(region="eu-west-3"), "",
                 "write .region: us-east-1")
        # AWS's: MinIO's only answer is 400, which is replaced by these.
        for name, args, want in (
                ("301 that tells the region", (
                    301, "Moved Permanently", "PermanentRedirect", "",
                    "x-amz-bucket-region: us-east-1\r\n"),
                 "write .region: us-east-1."),
                ("301 that tells the endpoint", (
                    301, "Moved Permanently", "PermanentRedirect",
                    "<Endpoint>%s.s3-us-west-2.amazonaws.com</Endpoint>"
                    "<Bucket>%s</Bucket>" % (self.bucket, self.bucket)),
                 "write .endpoint: https://s3-us-west-2.amazonaws.com."),
                ("307 to another endpoint", (
                    307, "Temporary Redirect", "TemporaryRedirect",
                    "<Endpoint>%s.s3.us-west-2.amazonaws.com</Endpoint>"
                    "<Bucket>%s</Bucket>" % (self.bucket, self.bucket),
                    "Location: https://s3.us-west-2.amazonaws.com/\r\n"),
                 "write .endpoint: https://s3.us-west-2.amazonaws.com.")):
            proxy = error(self.m, *args)
            self.row(name, Server(proxy, region="eu-west-3"), "", want)
        self.row("bucket missing", self.m, "",
                 "there is no bucket there-is-none", "there-is-none")
        self.row("http on an https port", self.tls_with(
            endpoint=self.tls.endpoint.replace("https", "http")), "",
            "must begin with https://", self.tls_bucket)
        self.row("https on an http port", self.m_with(
            endpoint=self.m.endpoint.replace("http", "https")), "",
            "must begin with http://")
        self.row("endpoint that holds the bucket", self.tls_with(
            endpoint="https://%s.s3.localhost:%d" % (
                self.tls_bucket, self.tls.port)), self.ca,
            "leave .%s.. out of" % self.tls_bucket, self.tls_bucket)
        self.row("the same, and virtual", self.tls_with(
            endpoint="https://%s.s3.localhost:%d" % (
                self.tls_bucket, self.tls.port)),
            self.ca + ", addressing: virtual",
            "write s3.localhost in place of", self.tls_bucket)
        self.row("name that does not resolve", self.m_with(
            endpoint="http://s3.invalid:9000"), "",
            "s3.invalid:9000 does not resolve: check store.endpoint")
        self.row("virtual, where only the endpoint resolves", self.m_with(
            endpoint="http://%s:9000" % socket.gethostname()),
            ", addressing: virtual", "set addressing: path")
        self.row("port closed", self.m_with(
            endpoint="http://127.0.0.1:%d" % proc.free_port()), "",
            "to http.*: check the port in store.endpoint")

    def rights(self):
        m, b = self.m, self.bucket
        other = m.new_bucket()
        for name, text, want in (
                ("bucket of another account", policy(other),
                 "no rights to %s: is the bucket of another account" % b),
                ("no right to list", policy(b, "s3:ListBucket"),
                 "lacks s3:ListBucket on"),
                ("no right to write", policy(b, "s3:PutObject"),
                 "lacks s3:PutObject on"),
                ("no right to read", policy(b, "s3:GetObject"),
                 "lacks s3:GetObject on"),
                ("no right to delete", policy(b, "s3:DeleteObject"),
                 "lacks s3:DeleteObject on"),
                ("no right to abort", policy(b, "s3:AbortMultipartUpload"),
                 "lacks s3:AbortMultipartUpload on"),
                ("keys that may only read",
                 policy(b, "s3:PutObject", "s3:DeleteObject"),
                 "lacks s3:PutObject, s3:DeleteObject on")):
            self.row(name, limited(m, text), "", want)
        self.row("key-prefix outside of the policy", limited(
            m, policy(b, "s3:ListBucket", prefix="mail/")),
            ", key-prefix: post", "store.key-prefix outside")

    def certificates(self):
        def front(name, **kw):
            cert = fronts.certificate(self.d, name, **kw)
            f = Front(to=(self.m.host, self.m.port), cert=cert)
            return f, ", tls-ca-file: '%s'" % cert[0]

        self.row("CA unknown", self.tls, "", "set store.tls-ca-file",
                 self.tls_bucket)
        self.row("certificate of another name", *front(
            "other", names="DNS:s3.example.org"),
            r"another name: write one of .* \(it is for: DNS:s3.example.org")
        self.row("certificate expired", *front("old", days=-1),
                 "has expired: renew it")

    def between(self):
        for name, minutes, word in (("behind", 40, "behind"),
                                    ("ahead", -40, "ahead of")):
            self.row("clock " + name, clock(self.m, minutes), "",
                     r"the clock of this host is 2[34]\d\d s %s the "
                     r"server's: set it .NTP." % word)
        for status, reason, want in (
                (407, "Proxy Authentication Required",
                 "user name and a password"),
                (403, "Forbidden", "a proxy or a firewall that denies"),
                (502, "Bad Gateway", "does not reach it: check store.proxy")):
            f = Front(page(status, reason))
            self.row("proxy that answers %d" % status, self.m,
                     ", proxy: '%s'" % f.endpoint, want)
            self.row("proxy that answers CONNECT with %d" % status, self.tls,
                     ", proxy: '%s'%s" % (f.endpoint, self.ca),
                     want if status == 407 else "does not connect to",
                     self.tls_bucket)
        self.row("another service", Front(page(200, "OK")), "",
                 "does not answer like an S3 server .store.endpoint")
        self.row("a service that is no HTTP", Front(b"220 mail ESMTP\r\n"),
                 "", "does not speak HTTP|does not answer like")


def check(row):
    name, store, extra, want = row
    s = suite_of(store, extra)
    r = s.ctl("store", "check", check=False, timeout=120)
    out = r.stdout.decode() + r.stderr.decode()
    lines = r.stdout.decode().splitlines()
    last = lines[-1] if lines else ""
    said = [x for x in lines
            if re.search(want, x) and not x.startswith("probe=")]
    bad = [x for x in lines if x.startswith("FAIL ")]
    ok = len(said) == 1 and (
        "clock" in name or (r.returncode == 1 and bad == said and
                            re.match("probe=(away|refused) ", last)))
    # What is taken for a key's ID may be a secret key.
    if "EXAMPLEKEY" in out or "cannot be encoded" in out:
        ok = False
    return None if ok else "%s: %s\n%s" % (name, want, out)


@normal_only("takes 9 s")
@time_limit(200)
def test_each_of_the_commonest_mistakes_ends_in_one_line():
    begin = time.monotonic()
    rows = Table(proc.tempdir("certs")).rows
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = [w for w in pool.map(check, rows) if w]
    print("   %d mistakes in %.0f s" % (len(rows),
                                        time.monotonic() - begin))
    assert not wrong, "%d of %d\n%s" % (len(wrong), len(rows),
                                        "\n".join(wrong))
    assert len(rows) >= 24


def test_a_region_that_a_server_teaches_is_the_one_to_write():
    """By 400, as MinIO does, and by AWS's 301."""
    m, bucket = suite.store("counted")
    moved = error(m, 301, "Moved Permanently", "PermanentRedirect", "",
                  "x-amz-bucket-region: %s\r\n" % m.region)
    for server in m, moved:
        region = "eu-north-1"
        for good in False, True:
            s = suite_of((Server(server, region=region), bucket), "")
            r = s.ctl("store", "check", check=False)
            last = r.stdout.decode().splitlines()[-1]
            assert (r.returncode == 0) == good, r
            assert last.startswith("probe=good" if good else
                                   "probe=refused"), last
            if not good:
                region = re.search(r'write \\?"region: ([\w-]+)', last)[1]
    moved.close()


class Policed(s3.Versitygw):
    """With a user who may what a bucket's policy says."""

    def command(self):
        argv, env = super().command()
        users = os.path.join(self.dir, "iam")
        os.makedirs(users, exist_ok=True)
        return ["--iam-dir", users, "--iam-cache-disable", *argv], env

    def add_user(self, access, secret):
        subprocess.run(
            [self.binary, "admin", "-a", self.access, "-s", self.secret,
             "-r", self.region, "-er", self.endpoint, "create-user", "-a",
             access, "-s", secret, "-r", "user"], check=True,
            stdout=subprocess.DEVNULL)
        self.user = Server(self, access=access, secret=secret)

    def denied(self, action):
        """A bucket of which all but this is allowed."""
        bucket = self.new_bucket()
        on = ["arn:aws:s3:::%s%s" % (bucket, x) for x in ("", "/*")]
        rules = [{"Effect": "Allow", "Principal": "mail", "Action": "s3:*",
                  "Resource": on}]
        if action:
            rules.append({"Effect": "Deny", "Principal": "mail", "Action":
                          action, "Resource": on[action != "s3:ListBucket"]})
        status, _, body = self.request(
            "PUT", "/" + bucket, {"policy": ""}, json.dumps(
                {"Version": "2012-10-17", "Statement": rules}).encode())
        assert status == 204, body
        return bucket


@second_server
def test_what_a_bucket_policy_denies_is_told_by_its_name():
    """versitygw's, which MinIO's root is not subject to."""
    there = Policed()
    there.add_user("mail", "mail-secret-key")

    def report(action):
        s = suite.Suite((there.user, there.denied(action)), users=())
        return action, s.ctl("store", "check", check=False)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for action, r in pool.map(report, (
                None, "s3:ListBucket", "s3:PutObject", "s3:GetObject",
                "s3:DeleteObject")):
            lines = r.stdout.decode().splitlines()
            if action is None:
                assert lines[-1].startswith("probe=good"), r
            else:
                assert r.returncode == 1 and re.match(
                    'probe=away why="rights: .*mail lacks %s' % action,
                    lines[-1]), (action, r)
    there.stop()


def test_a_good_report_has_one_line_for_each_step():
    """With keys of a service that says whose they are and when they end, and
    over TLS."""
    tls = fronts.TlsMinio()
    keys = credentials.Keys(lambda: credentials.assume_role(tls), 3600)
    with credentials.Imds(keys) as imds:
        s = suite.Suite((tls, tls.new_bucket()), users=())
        s.over["store"] = (
            "{type: s3, bucket: %s, region: %s, endpoint: '%s', tls-ca-file: "
            "'%s', credentials: {source: imds, endpoint: '%s'}}" % (
                s.store[1], tls.region, tls.endpoint, tls.cert, imds.url))
        s.write_conf()
        out = s.ctl("store", "check").stdout.decode()
    steps = [
        r"ok    credentials: access key \w+, source imds, expires "
        r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, with a session token",
        r"ok    name: 127.0.0.1 has address 127.0.0.1",
        r"ok    connection: 127.0.0.1 in \d+ ms",
        r"ok    TLS: certificate 1: CN = minio, for DNS:localhost, .*, issued "
        r"by CN = minio, expires \w+ +\d+ [\d:]+ 20\d\d GMT",
        r"ok    clock: \d s from the server's",
        r"ok    region: us-east-1",
        r"ok    addressing: path, https://127.0.0.1:\d+/mail-\w+",
        r"ok    rights: s3:ListBucket, s3:GetObject, s3:PutObject, "
        r"s3:DeleteObject, s3:AbortMultipartUpload"]
    lines = out.splitlines()
    for want, line in zip(steps, lines):
        assert re.fullmatch(want, line), (want, out)
    assert lines[-1].startswith("probe=good"), out
    # Nothing is left.
    assert not tls.list(*s.store[1:]), tls.list(*s.store[1:])
    tls.stop()


def test_a_certificate_that_ends_soon_is_a_warning():
    m, bucket = suite.store("counted")
    cert = fronts.certificate(proc.tempdir("certs"), "soon", days=3)
    front = Front(to=(m.host, m.port), cert=cert)
    s = suite_of((front, bucket), ", tls-ca-file: '%s'" % cert[0])
    out = s.ctl("store", "check").stdout.decode()
    assert re.search(r"^warn  TLS: certificate 1: CN = soon, .*: renew it$",
                     out, re.M) and "probe=good" in out, out
    front.close()


def test_mail_works_under_the_printed_policy_and_each_action_is_needed():
    m, bucket = suite.store("counted")
    s = suite.Suite((m, bucket), store_extra=", key-prefix: mail")
    iam, on_bucket = printed(s)
    assert on_bucket["Statement"], on_bucket
    granted = [a for r in iam["Statement"] for a in actions(r)]
    assert len(granted) == 5, granted
    s = suite_of((limited(m, json.dumps(iam)), bucket), ", key-prefix: mail")
    s.add_user("ann")
    out = s.ctl("store", "check").stdout.decode()
    assert "FAIL" not in out and "probe=good" in out, out
    big = b"Subject: big\r\n\r\n" + b"x" * 76 + b"\r\n" * (9 << 20)
    with s:
        c = s.client()
        c.append("INBOX", text_mail(1))
        c.append("INBOX", big)          # in parts
        c.ok("SELECT INBOX")
        c.ok("STORE 1 +FLAGS (\\Seen)")
        c.ok("COPY 1 Archive")
        c.ok("STORE 1 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
        c.logout()
        s.start_anew()
        c = s.client()
        c.ok("SELECT INBOX")
        assert big in b"".join(c.ok("FETCH 1 BODY.PEEK[]").lines)
        assert c.ok("STATUS Archive (MESSAGES)").having("MESSAGES 1")
        c.logout()
    for action in granted:
        s = suite_of((limited(m, lacking(iam, action)), bucket),
                     ", key-prefix: mail")
        r = s.ctl("store", "check", check=False)
        last = r.stdout.decode().splitlines()[-1]
        assert r.returncode == 1 and re.search(
            "lacks [^;]*" + action, last), (action, r)
    # Not below another prefix.
    s = suite_of((limited(m, json.dumps(iam)), bucket), ", key-prefix: post")
    r = s.ctl("store", "check", check=False)
    assert r.returncode == 1 and b"store.key-prefix outside" in r.stdout, r


def test_the_bucket_policy_is_accepted_and_lets_mail_through():
    m = suite.minio()
    bucket = m.new_bucket()
    s = suite.Suite((m, bucket))
    # MinIO's root is not subject to it: only that it is well-formed.
    _, on_bucket = printed(s)
    status, _, body = m.request("PUT", "/" + bucket, {"policy": ""},
                                json.dumps(on_bucket).encode())
    assert status in (200, 204), body
    with s:
        s.client().ok("SELECT INBOX")

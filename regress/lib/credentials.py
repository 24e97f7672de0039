"""Where credentials come from, in the tests: MinIO's own STS, and a metadata
service as strict as EC2's."""

import contextlib
import datetime
import http.server
import json
import os
import subprocess
import threading
import time
import urllib.parse
import xml.etree.ElementTree

import proc
import s3
import suite
from mails import small

CURL = "curl -sS --noproxy 127.0.0.1"   # as a credential process


def rfc3339(t):
    return datetime.datetime.fromtimestamp(
        t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def assume_role(server, seconds=900, policy=None):
    """Temporary keys of MinIO's STS: (access key, secret, token). policy: as
    JSON, what they may do of what the server's own may."""
    form = {"Action": "AssumeRole", "Version": "2011-06-15",
            "DurationSeconds": str(seconds)}
    if policy:
        form["Policy"] = policy
    body = urllib.parse.urlencode(form).encode()

    def answer():
        h = server.signed("POST", "/", "", body, {
            "content-type": "application/x-www-form-urlencoded"}, "sts")
        c = server.connect()
        c.request("POST", "/", body, h)
        r = c.getresponse()
        text = r.read()
        c.close()
        # What MinIO says until it has started in full.
        return b"Server not initialized" not in text and (r, text)

    r, text = proc.await_true("MinIO's STS has started", answer, 60, 0.05)
    assert r.status == 200, (r.status, text)
    found = {e.tag.split("}")[1]: e.text
             for e in xml.etree.ElementTree.fromstring(text).iter()}
    return (found["AccessKeyId"], found["SecretAccessKey"],
            found["SessionToken"])


class Service:
    """An HTTP service on loopback; self.seen has each request as (method,
    path, status), self.fault is what it does instead of answering: None,
    "silent", a status, or what it says; "expired": keys that have ended."""

    def __init__(self):
        service = self
        self.seen = []
        self.fault = None
        self.over = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                n = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(n)
                if service.fault == "silent":
                    service.seen.append((self.command, self.path, 0))
                    service.over.wait(60)
                    self.close_connection = True
                    return
                if isinstance(service.fault, bytes) and \
                        self.command == "GET" and self.path[-1] != "/":
                    status, headers, out = 200, {}, service.fault
                elif isinstance(service.fault, int):
                    status, headers, out = service.fault, {}, b"no"
                else:
                    status, headers, out = service.answer(
                        self.command, self.path, self.headers, body)
                service.seen.append((self.command, self.path, status))
                try:
                    self.send_response(status)
                    for k, v in headers.items():
                        self.send_header(k, v)
                    self.send_header("Content-Length", str(len(out)))
                    self.end_headers()
                    self.wfile.write(out)
                except OSError:         # it has given up
                    self.close_connection = True

            do_GET = do_PUT = do_POST = handle_any

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever,
                                       daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.http.server_port

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def with_source(store, text, **more):
    """A suite whose store's keys come from that source."""
    server, bucket = store
    s = suite.Suite(store, **more)
    s.over["store"] = (
        "{type: s3, bucket: %s, region: %s, endpoint: '%s', timeout: 5s, "
        "credentials: {%s}}" % (bucket, server.region, server.endpoint,
                                text))
    s.write_conf()
    return s


def write(path, text, mode=0o644):
    """A file that is replaced as a whole."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


@contextlib.contextmanager
def environment(**more):
    """paild's."""
    os.environ.update(more)
    try:
        yield
    finally:
        for k in more:
            del os.environ[k]


def appends(s, n=1, user="ann"):
    c = s.client(user)
    for i in range(n):
        c.append("INBOX", small(i))
    c.logout()


def told(s):
    return s.ctl("credentials").stdout.decode()


class Keys:
    """What a service gives: keys(), made anew for each question, that claim
    to be good for `life` seconds."""

    def __init__(self, make, life):
        self.make, self.life = make, life

    def document(self, life=None):
        access, secret, token = self.make()
        return {"Code": "Success", "Type": "AWS-HMAC",
                "LastUpdated": rfc3339(time.time()),
                "AccessKeyId": access, "SecretAccessKey": secret,
                "Token": token, "Expiration": rfc3339(
                    time.time() + (life or self.life))}


class Imds(Service):
    """EC2's instance metadata service, version 2 only: a token is got by PUT
    with a TTL of 1 to 21600 s, no request may have been forwarded, and
    nothing is told without a token that is still good."""

    ROLES = "/latest/meta-data/iam/security-credentials/"

    def __init__(self, keys, role="mail-node"):
        self.keys, self.role = keys, role
        self.tokens = {}
        super().__init__()

    def answer(self, method, path, headers, body):
        if headers.get("X-Forwarded-For") is not None:
            return 403, {}, b""
        if method == "PUT":
            ttl = headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
            if path != "/latest/api/token" or not ttl.isdigit() or \
                    not 1 <= int(ttl) <= 21600:
                return 400, {}, b""
            token = os.urandom(40).hex()
            self.tokens[token] = time.monotonic() + int(ttl)
            return 200, {"X-aws-ec2-metadata-token-ttl-seconds": ttl}, \
                token.encode()
        token = headers.get("X-aws-ec2-metadata-token")
        if method != "GET" or self.tokens.get(token, 0) < time.monotonic():
            return 401, {}, b""
        if path == self.ROLES:
            return 200, {}, self.role.encode()
        if path == self.ROLES + self.role:
            return 200, {}, json.dumps(self.keys.document(
                -60 if self.fault == "expired" else None)).encode()
        return 404, {}, b""


class MockedImds:
    """amazon-ec2-metadata-mock, IMDSv2 only: the same by others. keys: what
    it gives until life seconds are over."""

    def __init__(self, keys, role="mail-node", life=3600):
        roles = "/latest/meta-data/iam/security-credentials"
        access, secret, token = keys
        d = proc.tempdir("mock")
        with open(os.path.join(d, "conf.json"), "w") as f:
            json.dump({"metadata": {"paths": {
                "iam-security-credentials-role": roles,
                "iam-security-credentials": roles + "/" + role,
            }, "values": {
                "iam-security-credentials-role": role,
                "iam-security-credentials": {
                    "Code": "Success", "Type": "AWS-HMAC",
                    "LastUpdated": rfc3339(time.time()),
                    "AccessKeyId": access, "SecretAccessKey": secret,
                    "Token": token,
                    "Expiration": rfc3339(time.time() + life)}}}}, f)
        port = proc.free_port()
        self.url = "http://127.0.0.1:%d" % port
        self.p = proc.spawn(
            [s3.find("ec2-metadata-mock"), "--imdsv2", "-n", "127.0.0.1",
             "-p", str(port), "-c", f.name], cwd=d,
            env=dict(os.environ, HOME=d), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        proc.await_true("the mock listens", lambda: proc.can_connect(port))

    def __enter__(self):
        return self

    def __exit__(self, *args):
        proc.end(self.p)


class Container(Service):
    """The agent of a container's host: one path, one authorization token,
    and nothing for what was forwarded."""

    PATH = "/v1/credentials"

    def __init__(self, keys, token):
        self.keys, self.token = keys, token
        super().__init__()

    def answer(self, method, path, headers, body):
        if method != "GET" or path != self.PATH or \
                headers.get("X-Forwarded-For") is not None:
            return 404, {}, b"{}"
        if headers.get("Authorization") != self.token:
            return 401, {}, b"{}"
        return 200, {}, json.dumps(self.keys.document()).encode()


class Printed(Service):
    """What a credential process prints, for one that asks with curl."""

    def __init__(self, keys):
        self.keys = keys
        super().__init__()

    def answer(self, method, path, headers, body):
        d = self.keys.document()
        return 200, {}, json.dumps({
            "Version": 1, "AccessKeyId": d["AccessKeyId"],
            "SecretAccessKey": d["SecretAccessKey"],
            "SessionToken": d["Token"],
            "Expiration": d["Expiration"]}).encode()

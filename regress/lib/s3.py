"""A small S3 client for the tests (standard library only), MinIO, and its
request counters."""

import datetime
import hashlib
import hmac
import http.client
import os
import re
import shutil
import urllib.parse
import xml.etree.ElementTree

import proc

ACCESS, SECRET, REGION = "regress", "regress-secret-key", "us-east-1"


class S3:
    def __init__(self, host, port, access=ACCESS, secret=SECRET,
                 region=REGION):
        self.host, self.port = host, port
        self.access, self.secret, self.region = access, secret, region

    @property
    def endpoint(self):
        return "http://%s:%d" % (self.host, self.port)

    def signed(self, method, path, q="", body=b"", headers=None,
               service="s3"):
        """The headers of a request for a quoted path, signature included."""
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        h = {"host": "%s:%d" % (self.host, self.port), "x-amz-date": stamp,
             "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        h.update({k.lower(): v for k, v in (headers or {}).items()})
        h["authorization"] = self.signature(method, path, q, h, service)
        return h

    def signature(self, method, path, q, h, service="s3"):
        """The Authorization of a request; h: all headers to be signed, by
        their names in lower case."""
        stamp = h["x-amz-date"]
        day = stamp[:8]
        names = ";".join(sorted(h))
        canon = "\n".join([method, path, q] +
                          ["%s:%s" % (k, h[k]) for k in sorted(h)] +
                          ["", names, h["x-amz-content-sha256"]])
        scope = "%s/%s/%s/aws4_request" % (day, self.region, service)
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                             hashlib.sha256(canon.encode()).hexdigest()])
        key = ("AWS4" + self.secret).encode()
        for part in (day, self.region, service, "aws4_request", to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return ("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
                "Signature=%s" % (self.access, scope, names, key.hex()))

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def request(self, method, path, query=None, body=b"", headers=None):
        """One signed request: (status, headers, body)."""
        path = urllib.parse.quote(path)
        q = "&".join("%s=%s" % (urllib.parse.quote(k, safe=""),
                                urllib.parse.quote(v, safe=""))
                     for k, v in sorted((query or {}).items()))
        h = self.signed(method, path, q, body, headers)
        c = self.connect()
        try:
            c.request(method, path + ("?" + q if q else ""), body, h)
            r = c.getresponse()
            return r.status, dict(r.getheaders()), r.read()
        finally:
            c.close()

    def make_bucket(self, bucket):
        status, _, body = self.request("PUT", "/" + bucket)
        assert status == 200, body

    def new_bucket(self):
        name = "mail-" + os.urandom(6).hex()
        self.make_bucket(name)
        return name

    def get(self, bucket, key):
        status, _, body = self.request("GET", "/%s/%s" % (bucket, key))
        assert status == 200, (status, body)
        return body

    def put(self, bucket, key, data):
        status, _, body = self.request("PUT", "/%s/%s" % (bucket, key),
                                       body=data)
        assert status == 200, (status, body)

    def delete(self, bucket, key):
        status, _, body = self.request("DELETE", "/%s/%s" % (bucket, key))
        assert status == 204, (status, body)

    def list(self, bucket, prefix=""):
        """All (key, size) below the prefix."""
        out, after = [], ""
        while True:
            q = {"list-type": "2", "prefix": prefix}
            if after:
                q["start-after"] = after
            status, _, body = self.request("GET", "/" + bucket, q)
            assert status == 200, (status, body)
            root = xml.etree.ElementTree.fromstring(body)
            ns = root.tag.split("}")[0] + "}"
            rows = [(c.find(ns + "Key").text, int(c.find(ns + "Size").text))
                    for c in root.iter(ns + "Contents")]
            out += rows
            if not rows or root.find(ns + "IsTruncated").text != "true":
                return out
            after = rows[-1][0]


class Server(S3):
    """A server on a free port of loopback, its data in a temporary place;
    the subclasses say how it is started."""

    name = None             # of the program

    def __init__(self):
        super().__init__("127.0.0.1", proc.free_port())
        self.binary = find(self.name)
        self.dir = proc.tempdir(self.name)
        self.data = os.path.join(self.dir, "data")
        os.mkdir(self.data)
        self.start()

    def start(self):
        argv, env = self.command()
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.p = proc.spawn([self.binary, *argv], cwd=self.dir,
                                env=dict(os.environ, **env),
                                stdout=log, stderr=log)
        proc.await_true(self.name + " answers", self.alive, 60)

    def alive(self):
        try:
            return self.request("GET", "/")[0] == 200
        except OSError:
            return False

    def stop(self):
        proc.end(self.p)


class S3sFs(Server):
    """Looks at a condition first and writes a moment later."""

    name = "s3s-fs"

    def command(self):
        return ["--host", self.host, "--port", str(self.port),
                "--access-key", self.access, "--secret-key", self.secret,
                self.data], {}


class Rclone(Server):
    """Creates exactly, but loses If-Match updates."""

    name = "rclone"

    def command(self):
        return ["serve", "s3", "--addr", "%s:%d" % (self.host, self.port),
                "--auth-key", "%s,%s" % (self.access, self.secret),
                "--config", os.path.join(self.dir, "rclone.conf"),
                self.data], {}


class Versitygw(Server):
    """A second true one, in many things stricter than MinIO."""

    name = "versitygw"
    storage_class = "STANDARD"  # the only one that it has

    def command(self):
        return ["--port", "%s:%d" % (self.host, self.port), "--access",
                self.access, "--secret", self.secret, "--region",
                self.region, "--keep-alive", "posix", self.data], {}


class Minio(Server):
    name = "minio"

    def command(self):
        return ["server", "--address", "%s:%d" % (self.host, self.port),
                self.data], dict(MINIO_ROOT_USER=self.access,
            MINIO_ROOT_PASSWORD=self.secret, MINIO_BROWSER="off",
            MINIO_UPDATE="off", MINIO_REGION=self.region,
            MINIO_PROMETHEUS_AUTH_TYPE="public", GOMEMLIMIT="512MiB")

    def counts(self):
        """Requests by S3 operation since MinIO started, exact at once."""
        c = http.client.HTTPConnection(self.host, self.port, timeout=30)
        c.request("GET", "/minio/metrics/v3/api/requests")
        text = c.getresponse().read().decode()
        c.close()
        out = {}
        for m in re.finditer(r'^minio_api_requests_total\{([^}]*)\} (\S+)',
                             text, re.M):
            name = re.search(r'name="(\w+)"', m.group(1)).group(1)
            out[name] = out.get(name, 0) + int(float(m.group(2)))
        return out


def from_environment():
    """The server that S3_ENDPOINT (http://host:port) and the like name."""
    url = urllib.parse.urlsplit(os.environ["S3_ENDPOINT"])
    return S3(url.hostname, url.port or 80, os.environ["S3_ACCESS_KEY"],
              os.environ["S3_SECRET_KEY"],
              os.environ.get("S3_REGION", REGION))


def installed(name):
    """Where mk/testdeps.sh has put or found a server; None: nowhere. MINIO
    and the like in the environment name another."""
    for path in (os.environ.get(name.upper().replace("-", "_")),
                 shutil.which(name),
                 os.path.join(proc.TOP, "build/tools", name),
                 os.path.expanduser("~/go/bin/" + name),
                 os.path.expanduser("~/.cargo/bin/" + name)):
        if path and os.access(path, os.X_OK):
            return path
    return None


def find(name):
    path = installed(name)
    assert path, "no %s: run mk/testdeps.sh" % name
    return path


def since(before, after):
    """What was counted between two readings."""
    return {k: v - before.get(k, 0) for k, v in after.items()
            if v != before.get(k, 0)}

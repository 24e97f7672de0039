"""What the tests of the store's options share: servers that are special in one
way, and a store that serves or is refused."""

import http.client
import os
import re
import shutil
import ssl

import mails
import proc
import s3
import s3proxy
import suite


def row(*keys):
    """This test is what shows these keys of store:, or a form of one."""
    def mark(f):
        f.rows = keys
        return f
    return mark


def source(*names):
    """This test is what shows these sources of credentials, and these keys
    below store.credentials."""
    return row(*names)


class Heard(s3proxy.Proxy):
    """A proxy that keeps the heads of all requests."""

    def __init__(self, server, host="127.0.0.1"):
        super().__init__(server)
        self.heads = []
        self.host = host
        self.edit = self.keep

    def keep(self, r, data):
        self.heads.append(r)
        return data

    @property
    def endpoint(self):
        return "http://%s:%d" % (self.host, self.port)

    def headers(self, name, methods=("PUT",)):
        """{value: how often} of a header in requests of these methods."""
        out = {}
        for r in list(self.heads):
            if r.method in methods:
                v = s3proxy.header(r.head, name)
                out[v] = out.get(v, 0) + 1
        return out


class Special:
    """Of a server: with another region, a domain for virtual hosts, TLS (a
    directory as certificates() makes it), or more in its environment."""

    def __init__(self, region=s3.REGION, tls=None, domain=None, **env):
        self.env, self.tls, self.want = env, tls, region
        self.domain = domain
        super().__init__()

    def start(self):
        self.region = self.want
        super().start()

    @property
    def endpoint(self):
        return "%s://%s:%d" % ("https" if self.tls else "http", self.host,
                               self.port)

    def connect(self):
        if not self.tls:
            return super().connect()
        return http.client.HTTPSConnection(
            self.host, self.port, timeout=60,
            context=ssl._create_unverified_context())


class OtherMinio(Special, s3.Minio):
    def command(self):
        argv, env = super().command()
        if self.tls:
            argv = [*argv[:-1], "--certs-dir", self.tls, argv[-1]]
        if self.domain:
            env["MINIO_DOMAIN"] = self.domain
        return argv, dict(env, **self.env)


class OtherVersitygw(Special, s3.Versitygw):
    def command(self):
        argv, env = super().command()
        more = ["--virtual-domain", self.domain] if self.domain else []
        if self.tls:
            more += ["--cert", os.path.join(self.tls, "public.crt"),
                     "--key", os.path.join(self.tls, "private.key")]
        return more + argv, dict(env, **self.env)


def the_server():
    """MinIO; with S3_SERVER=versitygw that."""
    return suite.named() or suite.minio()


def other(**how):
    """Another one of that kind (Special)."""
    kind = OtherVersitygw if suite.named() else OtherMinio
    return kind(**how)


def serves(s, big=False):
    """A message goes in, and comes back from the bucket."""
    with s:
        c = s.client()
        text = mails.small(7) if not big else mails.small(7) + \
            b"x" * 70 + b"\r\n" * 20000
        c.append("INBOX", text)
        c.ok("SELECT INBOX")
        c.logout()
        comes_back(s, text)


def comes_back(s, text):
    s.start_anew()
    c = s.client()
    c.ok("SELECT INBOX")
    assert text in b"".join(c.ok("FETCH 1 BODY.PEEK[]").lines), \
        "another message"
    c.logout()


def refused(s, pattern):
    """It does not serve, and the log says why."""
    s.start(wait=False)
    proc.await_true(pattern, lambda: re.search(pattern, s.log_text()))
    proc.end(s.p)
    s.p = None


def on_minio(extra="", server=None):
    server = server or the_server()
    real = getattr(server, "server", server)
    return suite.Suite((server, real.new_bucket()),
                       store_extra=", " + extra if extra else "")


def certificates(d, s):
    os.makedirs(d)
    shutil.copy(s.cert, os.path.join(d, "public.crt"))
    shutil.copy(os.path.join(s.dir, "key.pem"),
                os.path.join(d, "private.key"))
    return d

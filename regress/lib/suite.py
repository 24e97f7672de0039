"""The suite under test: a configuration, its users, and paild in the
foreground with its children."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import imapc
import jail
import measure
import proc
import s3

BUILD = os.environ.get("REGRESS_BUILD", "build/normal")
PASSWORD = "regress-password"


class Suite:
    """One node. store: "file", or a (S3 server, bucket). Several nodes on
    one bucket: more Suites with the same store."""

    def __init__(self, store="file", users=("ann",), name="pail",
                 store_path=None, store_extra="", **over):
        self.dir = proc.tempdir(name)
        self.store = store
        self.store_path = store_path    # another node's file store
        self.store_extra = store_extra  # of the s3 store's map
        self.over = over        # top-level YAML, replacing ours
        self.imap_port = proc.free_port()
        self.imaps_port = proc.free_port()
        self.build = os.path.join(proc.TOP, BUILD)
        self.conf = os.path.join(self.dir, "pail.yaml")
        self.p = None
        self.prefix = ()        # before paild: ("prlimit", ...)
        self._certificate()
        self._secret()
        self.write_conf()
        self.logname = os.path.join(self.dir, "log")
        open(os.path.join(self.dir, "users"), "a").close()
        for u in users:
            self.add_user(u)

    def _certificate(self):
        self.cert = os.path.join(self.dir, "cert.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1,"
             "DNS:*.s3.localhost",
             "-keyout", os.path.join(self.dir, "key.pem"), "-out",
             self.cert], check=True, stderr=subprocess.DEVNULL)

    def _secret(self):
        if self.store != "file":
            path = os.path.join(self.dir, "secret")
            with open(path, "w") as f:
                f.write(self.store[0].secret + "\n")
            os.chmod(path, 0o600)

    def conf_text(self):
        parts = {
            "listen": "[imap://127.0.0.1:%d, imaps://127.0.0.1:%d]" %
                      (self.imap_port, self.imaps_port),
            "control-socket": "ctl/pail.sock",
            "tls": "{certificate: cert.pem, private-key: key.pem}",
            "cache": "{path: cache, size: 512M}",
            "auth": "[{type: file, path: users}]",
            "plaintext-login": "loopback",
            "processes": "{imapd: 1, storaged: 1}",
            "log": "{level: info, to: stderr}",
        }
        if self.store == "file":
            parts["store"] = "{type: file, path: store}"
        else:
            server, bucket = self.store
            parts["store"] = (
                "{type: s3, bucket: %s, region: %s, endpoint: '%s', "
                "access-key: %s, secret-key: {file: secret}, timeout: 30s%s}"
                % (bucket, server.region, server.endpoint, server.access,
                   self.store_extra))
        if jail.landlock() < 2:
            parts["sandbox"] = "best-effort"
        parts.update({k.replace("_", "-"): v for k, v in self.over.items()})
        if self.store_path:
            parts["store"] = "{type: file, path: %s}" % self.store_path
        return "".join("%s: %s\n" % kv for kv in parts.items())

    def write_conf(self):
        with open(self.conf, "w") as f:
            f.write(self.conf_text())

    def with_http(self, **over):
        """admind, too: on loopback, by TLS and at a Unix socket."""
        self.http_port, self.https_port = proc.free_port(), proc.free_port()
        self.http_sock = os.path.join(self.dir, "http.sock")
        self.over["listen"] = "[%s]" % ", ".join((
            "imap://127.0.0.1:%d" % self.imap_port,
            "imaps://127.0.0.1:%d" % self.imaps_port,
            "http://127.0.0.1:%d" % self.http_port,
            "https://127.0.0.1:%d" % self.https_port,
            "'http+unix:%s'" % self.http_sock))
        self.over.update(over)
        self.write_conf()
        return self

    def bin(self, name):
        return os.path.join(self.build, "bin", name)

    def ctl(self, *args, input=None, check=True, timeout=120):
        r = subprocess.run([self.bin("pailctl"), "-f", self.conf, *args],
                           input=input, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=timeout)
        if check and r.returncode != 0:
            raise AssertionError("pailctl %s: %d %s" % (
                " ".join(args), r.returncode, r.stderr.decode()))
        return r

    def add_user(self, user, password=PASSWORD):
        self.ctl("user", "add", user, input=password.encode() + b"\n")

    def start(self, wait=True, seconds=60):
        self.log = open(self.logname, "ab")
        self.p = proc.spawn([*self.prefix, self.bin("paild"), "-d", "-f",
                             self.conf],
                            stdout=subprocess.PIPE, stderr=self.log,
                            cwd=self.dir)
        if wait:
            self.await_ready(seconds)
        return self

    def await_ready(self, seconds=60):
        end = time.monotonic() + seconds
        seen = b""
        while b"ready" not in seen:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError("not ready in %ss\n%s" %
                                     (seconds, self.log_tail()))
            if select.select([self.p.stdout], [], [], left)[0]:
                data = os.read(self.p.stdout.fileno(), 4096)
                if not data:
                    raise AssertionError("paild ended with %s\n%s" % (
                        self.p.wait(), self.log_tail()))
                seen += data

    def stop(self):
        """SIGTERM; the exit status, which must be 0."""
        status = proc.end(self.p)
        self.p = None
        self.log.close()
        assert status == 0, "paild ended with %d\n%s" % (status,
                                                         self.log_tail())

    def kill_all(self):
        """kill -9 of paild and all its children at the same moment."""
        pids = [self.p.pid] + [pid for pid, _ in self.children()]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        proc.end(self.p)
        self.p = None

    def children(self):
        """(pid, name) of paild's children."""
        return measure.children(self.p.pid)

    def pids(self, name):
        """Of its children of this name."""
        return {pid for pid, n in self.children() if n == name}

    def forget(self, *what):
        """Delete local state: what is named below cache/, or all of it."""
        assert self.p is None
        for name in what or ("",):
            shutil.rmtree(os.path.join(self.dir, "cache", name))

    def start_anew(self):
        """Stop, and start with no local state: only the store counts."""
        self.stop()
        self.forget()
        self.start()

    def forget_objects(self):
        """Start anew with no objects in the cache; the index stays."""
        self.stop()
        self.forget(*[d for d in os.listdir(os.path.join(self.dir, "cache"))
                      if d.startswith("objects")])
        self.start()

    def log_settle(self):
        """What the children have logged is in the file: paild, which writes
        it there, has it there before it tells its status."""
        if self.p is None or self.p.poll() is not None:
            return
        with socket.socket(socket.AF_UNIX) as c:
            c.settimeout(6)
            try:
                c.connect(os.path.join(self.dir, "ctl/pail.sock"))
                c.sendall(b"status\n")
                while c.recv(65536):
                    pass
            except OSError:
                pass                    # it is about to start or to end

    def log_text(self):
        self.log_settle()
        with open(self.logname, errors="replace") as f:
            return f.read()

    def store_errors(self):
        """What storaged's errors of the store are, each a line."""
        return re.findall(r"storaged\[\d+\] error: store: (.*)",
                          self.log_text())

    def log_tail(self, n=30):
        return "\n".join(self.log_text().splitlines()[-n:])

    def client(self, user="ann", password=PASSWORD, tls=False, timeout=120):
        return imapc.Imap(self.imaps_port if tls else self.imap_port, user,
                          password, tls, timeout)

    def __enter__(self):
        if self.p is None:
            self.start()
        return self

    def __exit__(self, *exc):
        if self.p is not None:
            if exc[0] is None:
                self.stop()
            else:
                proc.end(self.p)
        if exc[0] is None:
            self.check_log()

    def check_log(self):
        """No sanitizer report and no crash went by unseen."""
        text = self.log_text()
        for bad in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
            assert bad not in text, "%s in the log\n%s" % (
                bad, text[text.index(bad) - 200:][:3000])


_minio = None
_named = None


def minio():
    """The run's MinIO, started when first asked for."""
    global _minio
    if _minio is None:
        _minio = s3.Minio()
        proc.share(_minio.p)
    return _minio


def store(kind):
    """A fresh store: "file", or (server, new bucket). "minio" is MinIO, or
    with S3_SERVER=versitygw a versitygw of the run, or the server that
    S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY and S3_SECRET_KEY name; "counted"
    is MinIO in any case, for its counters or its STS."""
    if kind == "file":
        return "file"
    server = minio() if kind == "counted" else named() or minio()
    return server, server.new_bucket()


def named():
    """The server that the environment asks for instead of MinIO, or None."""
    global _named
    if _named is None and os.environ.get("S3_ENDPOINT"):
        _named = s3.from_environment()
    elif _named is None and os.environ.get("S3_SERVER") == "versitygw":
        _named = s3.Versitygw()
        proc.share(_named.p)
    return _named

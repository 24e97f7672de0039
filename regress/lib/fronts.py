"""What stands where an S3 server should, or before it: a TLS endpoint with a
certificate of one's choice, a proxy that refuses, another service."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading

import s3


def certificate(d, name, days=30, names="DNS:localhost,IP:127.0.0.1"):
    """A self-signed certificate in the directory d: (certificate, key)."""
    cert, key, csr, ext = (os.path.join(d, name + x)
                           for x in (".crt", ".key", ".csr", ".ext"))
    with open(ext, "w") as f:
        f.write("subjectAltName=%s\n" % names)
    for argv in (["req", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                  "/CN=" + name, "-keyout", key, "-out", csr],
                 ["x509", "-req", "-in", csr, "-signkey", key, "-days",
                  str(days), "-extfile", ext, "-out", cert]):
        subprocess.run(["openssl", *argv], check=True,
                       stderr=subprocess.DEVNULL)
    return cert, key


class Server:
    """What suite.Suite wants of a server, with some of it changed."""

    def __init__(self, server, **changes):
        self.region, self.access = server.region, server.access
        self.secret, self.endpoint = server.secret, server.endpoint
        self.__dict__.update(changes)


class Front:
    """Listens on loopback; each connection is served by a thread. answer:
    the bytes that each request gets; to: (host, port) where all goes
    instead; cert: (certificate, key) for TLS."""

    region, access, secret = s3.REGION, s3.ACCESS, s3.SECRET

    def __init__(self, answer=None, to=None, cert=None):
        self.answer, self.to, self.tls = answer, to, None
        if cert:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*cert)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.endpoint = "%s://%s" % ("https" if cert else "http",
                                     self.address)
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,),
                             daemon=True).start()

    def serve(self, c):
        try:
            if self.tls:
                c = self.tls.wrap_socket(c, server_side=True)
            if self.to:
                up = socket.create_connection(self.to)
                threading.Thread(target=pump, args=(up, c),
                                 daemon=True).start()
                pump(c, up)
            while self.answer and c.recv(65536):
                c.sendall(self.answer)
        except OSError:
            pass
        finally:
            c.close()

    def close(self):
        self.listener.close()


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def page(status, reason, body=b"<html>no</html>", more=""):
    return ("HTTP/1.1 %d %s\r\nContent-Type: text/html\r\nContent-Length: "
            "%d\r\n%s\r\n" % (status, reason, len(body), more)).encode() + body


class TlsMinio(s3.Minio):
    """With a certificate for these names, and virtual hosts below domain."""

    domain = "s3.localhost"

    def __init__(self):
        self.names = "DNS:localhost,IP:127.0.0.1,DNS:%s,DNS:*.%s" % (
            self.domain, self.domain)
        super().__init__()

    def start(self):
        d = os.path.join(self.dir, "certs")
        os.mkdir(d)
        self.cert, key = certificate(self.dir, "minio", names=self.names)
        shutil.copy(self.cert, os.path.join(d, "public.crt"))
        shutil.copy(key, os.path.join(d, "private.key"))
        super().start()

    def command(self):
        argv, env = super().command()
        return ([*argv[:-1], "--certs-dir", os.path.join(self.dir, "certs"),
                 argv[-1]], dict(env, MINIO_DOMAIN=self.domain))

    @property
    def endpoint(self):
        return "https://%s:%d" % (self.host, self.port)

    def connect(self):
        return http.client.HTTPSConnection(
            self.host, self.port, timeout=60,
            context=ssl._create_unverified_context())

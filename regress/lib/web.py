"""HTTP to admind, by hand: s is a suite.Suite().with_http()."""

import http.client
import socket
import ssl


def connect(s, tls=False, unix=False, cert=None):
    if unix:
        c = socket.socket(socket.AF_UNIX)
        c.connect(s.http_sock)
        return c
    c = socket.create_connection(
        ("127.0.0.1", s.https_port if tls else s.http_port), timeout=20)
    if tls:
        ctx = ssl.create_default_context(cafile=s.cert)
        if cert:
            ctx.load_cert_chain(cert)
        c = ctx.wrap_socket(c, server_hostname="localhost")
    return c


def answers(c, n=1):
    """The next n answers: (status, headers, body) of each."""
    f = c.makefile("rb")
    got = []
    for _ in range(n):
        line = f.readline()
        assert line.startswith(b"HTTP/1.1 "), line
        head = http.client.parse_headers(f)
        body = f.read(int(head["Content-Length"]))
        got.append((int(line.split()[1]), head, body.decode()))
    return got


def ask(s, raw, **how):
    """One answer to these octets."""
    c = connect(s, **how)
    try:
        c.sendall(raw)
        return answers(c)[0]
    finally:
        c.close()


def get(s, path, *fields, method="GET", **how):
    return ask(s, ("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close"
                   "\r\n%s\r\n" % (method, path, "".join(
                       f + "\r\n" for f in fields))).encode(), **how)

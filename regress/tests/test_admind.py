"""Health by HTTP: what is told is true, only those who may are told why, and
nothing that comes in at that door reaches further."""

import contextlib
import http.client
import os
import re
import signal
import subprocess

import certs
import proc
import suite
from web import answers, ask, connect, get

TOKEN = "a-token-of-metrics"
HOST = b"Host: localhost\r\n"


def with_http(over=None, **more):
    return suite.Suite(**more).with_http(**over or {})


def pid_of(s, kind):
    return [p for p, name in s.children() if name == kind][0]


def test_healthz_says_which_process_is_wrong_and_why():
    with with_http() as s:
        status, head, body = get(s, "/healthz")
        assert (status, body) == (200, "ok\n"), body
        assert head["Content-Type"].startswith("text/plain"), head
        assert get(s, "/healthz", tls=True)[0] == 200
        assert get(s, "/healthz", unix=True)[0] == 200
        storaged = pid_of(s, "storaged")
        os.kill(storaged, signal.SIGSTOP)
        try:
            proc.await_true("one that hangs is seen", lambda: get(
                s, "/healthz")[::2] ==
                (503, "storaged 0 does not respond\n"))
        finally:
            os.kill(storaged, signal.SIGCONT)
        proc.await_true("and that it goes on", lambda: get(
            s, "/healthz")[0] == 200)
        # From the second one in a row on, a restart has to wait.
        def ends():
            for p, n in s.children():
                if n == "credd":
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(p, signal.SIGKILL)
            return get(s, "/healthz")[2].startswith("credd 0 is ")

        proc.await_true("one that ends is seen", ends)
        proc.await_true("and that it is back", lambda: get(
            s, "/healthz")[0] == 200)


def test_a_reload_says_that_the_first_address_needs_a_restart():
    with suite.Suite() as s:
        s.with_http()
        said = s.ctl("reload").stdout.decode()
        for url in ("http://127.0.0.1:%d" % s.http_port,
                    "http+unix:" + s.http_sock):
            assert "listen: %s: the first address of its protocol requires " \
                "a restart\n" % url in said, said
        assert "imap" not in said, said
        s.stop()
        s.start()
        assert get(s, "/healthz")[0] == 200
        assert "restart" not in s.ctl("reload").stdout.decode()


def test_only_who_shows_the_token_is_told_more_than_the_status():
    with with_http({"metrics_token": TOKEN}) as s:
        good = "Authorization: Bearer " + TOKEN
        assert get(s, "/healthz")[::2] == (200, "ok\n")
        storaged = pid_of(s, "storaged")
        os.kill(storaged, signal.SIGSTOP)
        try:
            proc.await_true("it is not healthy", lambda: get(
                s, "/healthz")[::2] == (503, "not healthy\n"))
            for tls in (False, True):
                for bad in ("", TOKEN[:-1], TOKEN + "x", TOKEN[:-1] + "N"):
                    field = "Authorization: Bearer " + bad
                    assert get(s, "/healthz", field, tls=tls)[::2] == (
                        503, "not healthy\n"), bad
                assert "storaged 0" in get(s, "/healthz", good, tls=tls)[2]
            # Who may open the socket may know.
            assert "storaged 0" in get(s, "/healthz", unix=True)[2]
        finally:
            os.kill(storaged, signal.SIGCONT)
        # Of wrong ones only; none of those who had none.
        proc.await_true("who guesses is told", lambda: s.log_text().count(
            "remote=127.0.0.1 token refused") == 8)
        assert TOKEN[:-1] not in s.log_text()


def test_what_is_no_plain_request_is_refused():
    """Smuggling, splitting, traversal and the like, each by its status; and
    after each of them the door is open to others."""
    get_ = b"GET /healthz HTTP/1.1\r\n"
    rows = [
        (b"POST /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"TRACE /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"CONNECT localhost:25 HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /healthz/ HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET //healthz HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /healthz\x00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /healthz#x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /health\r\nz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /healthz HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
        (b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        (b"\r\n" + get_ + HOST + b"\r\n", 400),
        (get_ + b"\r\n", 400),
        (get_ + HOST + HOST + b"\r\n", 400),
        (get_ + HOST + b"X : y\r\n\r\n", 400),
        (get_ + HOST + b"X: y\r\n z\r\n\r\n", 400),
        (get_ + HOST + b"X: y\nZ: a\r\n\r\n", 400),
        (get_ + HOST + b"X: y\rZ: a\r\n\r\n", 400),
        (get_ + HOST + b": y\r\n\r\n", 400),
        (get_ + HOST + b"Content-Length: 4\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (get_ + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (get_ + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (get_ + HOST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
         400),
        (get_ + HOST + b"Content-Length: +0\r\n\r\n", 400),
        (get_ + HOST + b"Content-Length: 0, 0\r\n\r\n", 400),
        (get_ + HOST + b"Content-Length: -1\r\n\r\n", 400),
        (get_ + HOST + b"Content-Length: 5\r\n\r\nhello", 413),
        (get_ + HOST + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (get_ + HOST + b"Expect: 100-continue\r\n\r\n", 417),
        (get_ + HOST + b"X: " + b"y" * 8192 + b"\r\n\r\n", 431),
        (get_ + HOST + b"X: y\r\n" * 100 + b"\r\n", 400),
        (b"GET /" + b"y" * 8192, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ]
    with with_http() as s:
        for raw, want in rows:
            status, head, body = ask(s, raw)
            assert status == want, (raw, status, body)
            assert ask(s, get_ + HOST + b"\r\n")[0] == 200, raw
        # What seemed to be a second request inside of one is none.
        for raw, _ in rows:
            if b"Content-Length: 5" in raw or b"chunked" in raw:
                c = connect(s)
                c.sendall(raw + get_ + HOST + b"\r\n")
                assert answers(c)[0][0] >= 400, raw
                assert c.recv(1) == b"", raw
        assert ask(s, b"GET http://localhost/healthz HTTP/1.1\r\n" + HOST +
                   b"\r\n")[0] == 200
        assert ask(s, b"GET /healthz?x=y HTTP/1.1\r\n" + HOST +
                   b"\r\n")[0] == 200
        head = get(s, "/healthz", method="POST")[1]
        assert head["Allow"] == "GET, HEAD", head
        assert [n for n in s.children() if n[1] == "admind"]
        assert "ended:" not in s.log_text()


def test_a_name_that_was_made_to_point_here_is_not_answered():
    """DNS rebinding, with curl as the browser."""
    def status(s, name, tls=False, path="/metrics"):
        port = s.https_port if tls else s.http_port
        return int(subprocess.run(
            ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}",
             "--noproxy", "*", "--resolve", "%s:%d:127.0.0.1" % (name, port),
             "http%s://%s:%d%s" % ("s" if tls else "", name, port, path)],
            stdout=subprocess.PIPE, check=True).stdout)

    with with_http({"http_hosts": "[monitor.example]"}) as s:
        for tls in (False, True):
            assert status(s, "evil.example", tls) == 421
            assert status(s, "evil.example", tls, "/healthz") == 421
            for good in ("localhost", "127.0.0.1", "monitor.example"):
                assert status(s, good, tls) == 200, good
        assert "remote=127.0.0.1 host=\"evil.example:%d\" refused" % \
            s.http_port in s.log_text()
        for host, want in ((b"localhost:%d" % s.http_port, 200),
                           (b"localhost:1", 421), (b"", 421)):
            assert ask(s, b"GET /healthz HTTP/1.1\r\nHost: " + host +
                       b"\r\n\r\n")[0] == want, host
    # A token is more than a page of a browser can have.
    with with_http({"metrics_token": TOKEN}) as s:
        assert status(s, "evil.example") == 401


def test_a_connection_takes_one_request_after_the_other():
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    with with_http() as s:
        for tls in (False, True):
            c = connect(s, tls)
            c.sendall(one * 20)         # pipelined
            assert [a[0] for a in answers(c, 20)] == [200] * 20
            for octet in one:           # and an octet at a time
                c.sendall(bytes([octet]))
            assert answers(c)[0][0] == 200
            c.sendall(one.replace(b"GET", b"HEAD"))
            f = c.makefile("rb")
            assert b" 200 " in f.readline()
            assert http.client.parse_headers(f)["Content-Length"] == "3"
            c.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert answers(c)[0][1]["Connection"] == "close"
            assert c.recv(1) == b""


def test_slow_and_many_clients_do_not_keep_others_out():
    with with_http() as s:
        silent = [connect(s) for _ in range(300)]
        for c in silent[:100]:
            try:
                c.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
            except OSError:
                pass                    # it was dropped
        for _ in range(3):
            for tls in (False, True):
                assert get(s, "/healthz", tls=tls)[0] == 200
        assert "connection dropped: too many" in s.log_text()
        for c in silent:
            c.close()


def test_a_storm_of_requests_costs_one_question():
    """paild is asked once a second, however many want to know."""
    with with_http(log="{level: debug, to: stderr}") as s:
        cs = [connect(s) for _ in range(50)]
        for _ in range(10):
            for c in cs:
                c.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
            for c in cs:
                assert answers(c)[0][0] == 200
        asked = len(re.findall("admind asks", s.log_text()))
        assert 1 <= asked <= 20, asked


def test_a_certificate_of_the_monitoring_ca_does_as_well_as_the_token():
    """On an address that others could reach: *."""
    s = suite.Suite()
    ca, other = certs.Authority(s.dir, "monitoring"), certs.Authority(
        s.dir, "others")
    s.with_http(metrics_token=TOKEN, metrics_ca_file=ca.ca)
    s.over["listen"] = s.over["listen"].replace(
        "https://127.0.0.1", "'https://*").replace(
        ":%d, 'http+unix" % s.https_port, ":%d', 'http+unix" % s.https_port)
    s.write_conf()
    with s:
        assert get(s, "/metrics", tls=True)[0] == 401
        assert get(s, "/metrics", tls=True, cert=other.issue("x"))[0] == 401
        for usage, status in (("clientAuth", 200), ("serverAuth", 401)):
            pem = ca.issue("prometheus-" + usage, usage=usage)
            assert get(s, "/metrics", tls=True, cert=pem)[0] == status
        deep = ca.below("scrapers").issue("z")
        with open(deep, "a") as f, open(ca.path("scrapers.pem")) as m:
            f.write(m.read().split("-----BEGIN PRIVATE")[0])
        assert get(s, "/metrics", tls=True, cert=deep)[0] == 200
        assert get(s, "/metrics", "Authorization: Bearer " + TOKEN,
                   tls=True)[0] == 200
        assert get(s, "/metrics")[0] == 401
        # The CAs are gone: nobody's certificate counts.
        s.over["metrics-ca-file"] = other.ca
        s.over.pop("metrics_ca_file")
        s.write_conf()
        s.ctl("reload")
        assert get(s, "/metrics", tls=True, cert=pem)[0] == 401
        assert get(s, "/metrics", tls=True, cert=other.issue("y"))[0] == 200

"""/readyz: clients are sent to a node only if it can write and read the store,
and the reasons that it gives are the true ones."""

import os
import re
import signal
import time

import clocks
import counted
import proc
import s3proxy
import suite
from mails import small
from mark import normal_only
from web import get


def ready(s):
    return get(s, "/readyz")[::2]


def await_ready(s, seconds=30):
    proc.await_true("it is ready", lambda: ready(s) == (200, "ok\n"),
                    seconds, 0.1)


def test_a_store_that_is_away_is_told_and_that_it_is_back():
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    with suite.Suite((proxy, bucket)).with_http(ready_within="2s") as s:
        await_ready(s)
        proxy.away()
        said = []
        proc.await_true("it is not", lambda: said.append(ready(s)) or
                        said[-1][0] == 503, 60, 0.1)
        assert re.match(r"the store was last written and read \d+ s ago",
                        said[-1][1]), said[-1]
        proc.await_true("it says why", lambda: re.search(
            r"s ago: (write|read): \w", ready(s)[1]), 60, 0.2)
        # All processes run.
        assert get(s, "/healthz")[::2] == (200, "ok\n")
        proxy.back()
        await_ready(s, 60)
        c = s.client()
        c.append("INBOX", small(1))
    proxy.close()
    assert not [k for k, _ in server.list(bucket) if k.startswith("ready/")]


def test_a_node_that_waits_for_its_bucket_says_so():
    """From its first moment; it is healthy, and nobody is to be sent there."""
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    proxy.away("refused")
    s = suite.Suite((proxy, bucket)).with_http()
    s.start(wait=False)
    proc.await_true("it answers", lambda: proc.can_connect(s.http_port))
    proc.await_true("it says why", lambda: re.match(
        r"Pail is starting\nwaiting for the store: .*Failed to connect",
        ready(s)[1]), 30, 0.1)
    assert ready(s)[0] == 503
    proc.await_true("it is healthy",
                    lambda: get(s, "/healthz")[::2] == (200, "ok\n"), 30, 0.1)
    assert not proc.can_connect(s.imap_port)
    assert b'process="storaged"' in get(s, "/metrics")[2].encode()
    # One that is started again meanwhile is asked, too.
    pid = [p for p, n in s.children() if n == "admind"][0]
    os.kill(pid, signal.SIGKILL)
    proc.await_true("another answers", lambda: any(
        n == "admind" and p != pid for p, n in s.children()) and
        ready(s)[0] == 503, 30, 0.1)
    proxy.back()
    with s:
        s.await_ready()
        await_ready(s)
        s.client().ok("SELECT INBOX")
    proxy.close()


def test_the_proof_is_a_write_and_a_read_and_a_commit_is_one():
    """Requests of an idle node, and of one that is busy, as the server counts
    them."""
    store = suite.store("counted")
    with suite.Suite(store, users=("ann",)).with_http(
            ready_within="2s") as s:
        await_ready(s)
        with counted_for(4) as c:
            pass
        n = c.n
        assert 1 <= n["PutObject"] <= 5, n
        # One may be under way, at either end.
        assert abs(n["PutObject"] - n["GetObject"]) <= 1, n
        assert abs(n["PutObject"] - n["DeleteObject"]) <= 1, n
        c = s.client()
        c.append("INBOX", small(1))
        await_ready(s)
    assert not [k for k, _ in store[0].list(store[1]) if k.startswith("ready/")]


class counted_for(counted.Counted):
    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.before = suite.minio().counts()
        return self

    def __exit__(self, *exc):
        time.sleep(self.seconds)        # what is not asked for cannot be
        import s3                       # awaited
        self.n = s3.since(self.before, suite.minio().counts())
        print("   counted:", self.n)


def test_without_admind_nothing_is_written_and_what_is_old_is_removed():
    s = suite.Suite()
    left = os.path.join(s.dir, "store/ready")
    with s:
        assert not os.path.exists(left)
        assert "store-proved" not in s.ctl("status").stdout.decode()
    s.with_http()
    s.start()
    await_ready(s)
    s.stop()
    # One that was killed in between.
    os.makedirs(left, exist_ok=True)
    for name, age in (("0" * 32, 7200), ("1" * 32, 0)):
        path = os.path.join(left, name)
        with open(path, "w") as f:
            f.write("x")
        os.utime(path, (time.time() - age, time.time() - age))
    os.system("chown -R --reference=%s/store %s" % (s.dir, left))
    s.start()
    await_ready(s)
    s.stop()
    assert os.listdir(left) == ["1" * 32], os.listdir(left)


@normal_only("preloads a library")
def test_a_clock_that_is_wrong_is_told():
    host = clocks.Host()
    s = host.of(suite.Suite(suite.store("counted"))).with_http(
        ready_within="2s")
    with s:
        await_ready(s)
        host.ahead(1200)
        proc.await_true("the clock is told", lambda: re.search(
            r"^this host's clock is 1[12]\d\d s ahead of the store's$",
            ready(s)[1], re.M), 60, 0.2)
        host.ahead(0)
        await_ready(s, 60)


def test_a_node_that_stops_is_not_ready_until_its_end():
    with suite.Suite().with_http() as s:
        await_ready(s)
        c = s.client()
        pid = [p for p, n in s.children() if n == "imapd"][0]
        os.kill(pid, signal.SIGSTOP)
        try:
            os.kill(s.p.pid, signal.SIGTERM)
            proc.await_true("it says so", lambda: ready(s)[1].startswith(
                "Pail is stopping\n"), 20, 0.1)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert s.p.wait(30) == 0
        c.close()

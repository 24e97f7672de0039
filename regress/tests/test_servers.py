"""S3 servers: those whose conditional writes work correctly are accepted, all
others are refused by the probe with one clear line. s3s-fs and rclone are
built by mk/testdeps.sh, and so is versitygw, which is accepted."""

import re

import measure
import proc
import s3
import s3proxy
import suite
from mark import normal_only, time_limit
from round_trip import put_list_read
from s3proxy import Fault

TIMES = 5       # a race is noticed every time, not most of the time


class Accepted(Exception):
    """The probe has found nothing."""


def noticed(one, *args):
    """Requests of a race that are to overlap may not do so on a machine that
    others load: it is tried for again there, and only there."""
    for left in range(9, -1, -1):
        try:
            return one(*args)
        except Accepted:
            if not left or measure.others() == 1:
                raise


def start_is_refused(store, want):
    """paild -d on such a server ends, and says why in one line."""
    s = suite.Suite(store)
    s.start(wait=False)
    proc.await_true("paild ends, or is ready", lambda: s.p.poll() is not None
                    or "probe=good" in s.log_text(), 30)
    if "probe=good" in s.log_text():
        s.stop()
        raise Accepted(s.log_tail())
    status = s.p.wait(30)
    lines = s.store_errors()
    assert status != 0 and len(lines) == 1, (status, s.log_tail())
    assert re.match('probe=refused why=".*%s.*"$' % want, lines[0]), lines
    assert "ready" not in s.p.stdout.read().decode()
    proc.end(s.p)
    return lines[0]


def check_is_refused(store, want):
    """pailctl store check says the same, with the other answers."""
    r = suite.Suite(store).ctl("store", "check", check=False, timeout=30)
    lines = r.stdout.decode().splitlines()
    if r.returncode == 0:
        raise Accepted(r)
    assert r.returncode == 1, r
    assert re.match('probe=refused why=".*%s.*"$' % want, lines[-1]), lines
    assert any(re.match("FAIL .*" + want, x) for x in lines), lines


def refused(store, want, times=1, late="(?!)"):
    """Nothing is left but the store object, if the server answers so slowly
    that it was created before the verdict, and, where the server itself brings
    back what it has removed, keys that match late."""
    for _ in range(times):
        line = noticed(start_is_refused, store, want)
        noticed(check_is_refused, store, want)
    server, bucket = store
    left = [key for key, _ in server.list(bucket) if key != "pail"]
    assert all(re.fullmatch(late, key) for key in left), left
    print("   " + line)


def behind(kind, want):
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    proxy.faults(Fault(kind))
    refused((proxy, bucket), want)
    proxy.close()


def test_a_server_that_ignores_conditional_headers_is_refused():
    behind("no-conditions",
           r"If-None-Match: \* on an existing key returns 412")


def test_a_server_that_ignores_if_match_is_refused():
    behind("no-if-match", "If-Match with a stale ETag returns 412")


def test_a_server_that_ignores_if_none_match_is_refused():
    behind("no-if-none-match",
           r"If-None-Match: \* on an existing key returns 412")


def real(server, want):
    # Of several writes of one key at once, which is what d0 is for, such a
    # server may finish one after it has answered all of them and removed and
    # listed what was there.
    refused((server, server.new_bucket()), want, TIMES, "probe/[^/]*/d0")
    server.stop()


@time_limit(600)
@normal_only("runs another's server, five times")
def test_s3s_fs_which_races_creates_is_refused():
    real(s3.S3sFs(), r"\d+ parallel creates, \d+ succeeded: If-None-Match is "
         "not atomic")


@time_limit(600)
@normal_only("runs another's server, five times")
def test_rclone_which_races_updates_is_refused():
    real(s3.Rclone(), "(writes are not atomic|If-Match is not atomic|"
         "a key is missing, out of order or has the wrong length)")


@normal_only("takes 12 s")
def test_minio_passes_the_probe_every_time():
    s = suite.Suite(suite.store("minio"))
    for _ in range(20):
        out = s.ctl("store", "check").stdout.decode()
        assert "FAIL" not in out and "warn" not in out, out
        assert out.splitlines()[-1].startswith("probe=good "), out


@normal_only("runs another's server, twenty times")
def test_versitygw_passes_the_probe_every_time():
    """Though it lists the temporary files of writes that are in progress."""
    server = s3.Versitygw()
    for _ in range(20):
        out = suite.Suite((server, server.new_bucket())).ctl(
            "store", "check").stdout.decode()
        assert out.splitlines()[-1].startswith("probe=good "), out
    put_list_read((server, server.new_bucket()))
    server.stop()

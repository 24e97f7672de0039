"""Servers: those whose conditional writes are true are served from, all
others are refused by the probe with one clear line. s3s-fs and rclone are
what mk/testdeps.sh has built; versitygw is looked at where it is there."""

import re

import proc
import s3
import s3proxy
import suite
import test_basic
from s3proxy import Fault

TIMES = 5       # a race is noticed every time, not most of the time


def start_is_refused(store, want):
    """paild -d on such a server ends, and says why in one line."""
    s = suite.Suite(store)
    s.start(wait=False)
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
    assert r.returncode == 1, r
    assert re.match('probe=refused why=".*%s.*"$' % want, lines[-1]), lines
    assert any(re.match("FAIL .*" + want, x) for x in lines), lines


def refused(store, want, times=1):
    for _ in range(times):
        line = start_is_refused(store, want)
        check_is_refused(store, want)
    server, bucket = store
    assert not server.list(bucket), server.list(bucket)
    print("   " + line)


def behind(kind, want):
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    proxy.faults(Fault(kind))
    refused((proxy, bucket), want)
    proxy.close()


def test_a_server_that_ignores_conditional_headers_is_refused():
    behind("no-conditions",
           r"If-None-Match: \* on an existing key gives 412")


def test_a_server_that_ignores_if_match_is_refused():
    behind("no-if-match", "If-Match with a stale ETag gives 412")


def test_a_server_that_ignores_if_none_match_is_refused():
    behind("no-if-none-match",
           r"If-None-Match: \* on an existing key gives 412")


def real(server, want):
    refused((server, server.new_bucket()), want, TIMES)
    server.stop()


def test_s3s_fs_which_races_creates_is_refused():
    real(s3.S3sFs(), r"of \d+ parallel creates \d+ win: If-None-Match is "
         "not atomic here")


def test_rclone_which_races_updates_is_refused():
    real(s3.Rclone(), "of .* a write is not atomic here"
         "|If-Match is not atomic here")


def test_minio_passes_the_probe_every_time():
    s = suite.Suite(suite.store("minio"))
    for _ in range(20):
        out = s.ctl("store", "check").stdout.decode()
        assert "FAIL" not in out and "warn" not in out, out
        assert out.splitlines()[-1].startswith("probe=good "), out


def test_versitygw_serves_if_it_is_there():
    if s3.installed("versitygw") is None:
        print("   no versitygw here")
        return
    server = s3.Versitygw()
    test_basic.put_list_read((server, server.new_bucket()))
    server.stop()

"""A clock that is wrong by more than S3 tolerates: nobody notices, and the
operator is told."""

import re

import clocks
import proc
import suite
from load import Load
from mails import small
from mark import normal_only


def clock(s):
    """(ahead, behind), as pailctl status tells them."""
    text = s.ctl("status").stdout.decode()
    m = re.search(r"clock-ahead=(\d+) clock-behind=(\d+)", text)
    return int(m.group(1)), int(m.group(2))


@normal_only("preloads a library")
def test_a_clock_20_minutes_off_and_healed_under_load_is_seen_by_no_user():
    """The host's own, and MinIO refuses what is signed by it."""
    host = clocks.Host()
    store = suite.store("counted")
    s = host.of(suite.Suite(store, users=("ann", "bob"), cache="{path: cache,"
                            " size: 64M}"))
    with s:
        load = Load(s, ("ann", "ann", "bob", "bob"))
        load.all_work()
        assert clock(s) == (0, 0)
        for off, word in ((1200, "ahead of"), (-1200, "behind")):
            host.ahead(off)
            proc.await_true("requests are signed by the server's clock",
                            lambda: load.errors or clock(s) != (0, 0), 60)
            load.all_work()
            told = clock(s)[0 if off > 0 else 1]
            assert abs(off) - 3 <= told <= abs(off) + 3, told
            host.ahead(0)
            proc.await_true("the offset is let go",
                            lambda: load.errors or clock(s) == (0, 0), 60)
            load.all_work()
            lines = re.findall(r"warn: store: clock=wrong why=\"the clock "
                               r"of this host is \d+ s %s the server's" %
                               word, s.log_text())
            assert len(lines) == 1, s.log_text()
        load.stop()
        log = s.log_text()
        assert log.count("clock=wrong") == 2, log
        assert log.count("clock=right") == 2, log
        assert "result=away" not in log, log


@normal_only("preloads a library")
def test_a_start_with_a_clock_that_is_off_works_and_the_check_warns():
    host = clocks.Host()
    s = host.of(suite.Suite(suite.store("minio")))
    host.ahead(-1200)
    with s:
        c = s.client()
        c.append("INBOX", small(1))
        c.ok("SELECT INBOX")
        c.logout()
        text = s.ctl("store", "check").stdout.decode()
        assert re.search(r"warn.*the clock of this host is 1[12]\d\d s "
                         r"behind the server's", text), text

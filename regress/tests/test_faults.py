"""The bucket behind a proxy that refuses, delays, drops, truncates, fails and
lies (s3proxy.py): nothing acknowledged is lost, nothing happens twice,
nothing that got NO appears later, and clients see a delay or NO
[UNAVAILABLE], never a broken session or a wrong response.

SOAK=1 in the environment makes the load ten times as long."""

import random
import re

import s3proxy
import suite
from faults_load import EACH, OPS, P, Load, mail, mix, read_box, under
from mark import normal_only, second_server, time_limit
from s3proxy import Fault


@time_limit(900, soak=7200)
@normal_only("takes 40 s; all faults at once run there")
def test_nothing_is_lost_doubled_or_denied_and_done_under_each_fault():
    with Load() as load:
        under(load, "refuse", [], flap=True)
        for kind in EACH:
            # (1 s of Retry-After each: a part of the load)
            under(load, kind, [Fault(kind, P, seconds=(0.1, 0.6))],
                  ops=OPS // 4 if kind == "503" else OPS)
        load.verify_from_the_bucket()


@time_limit(900, soak=7200)
@second_server
def test_nothing_is_lost_doubled_or_denied_and_done_under_all_faults():
    with Load() as load:
        under(load, "mix", mix(P), flap=True)
        under(load, "mix of PUTs", [Fault(f.kind, f.p, ("PUT",))
                                    for f in mix(0.5)])
        load.verify_from_the_bucket()


def test_the_checker_sees_a_loss():
    """Without verify-after-write the same 200 loses mail: a harness that
    does not see that proves nothing."""
    with Load(store_extra=", verify-after-write: false") as load:
        w = load.workers[0]
        load.proxy.faults(Fault("lie", key="/head"))
        w.do_append()
        assert w.acked and load.proxy.hit["lie"], load.proxy.hit
        load.proxy.faults()
        load.s.kill_all()
        load.s.forget()
        load.s.start()
        try:
            load.verify()
        except AssertionError as e:
            assert "missing: {1:" in str(e), e
        else:
            raise AssertionError("a lost mail went unseen")


@normal_only("takes 12 s")
def test_a_200_that_stored_nothing_is_caught_before_the_client_hears_ok():
    kind, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(kind)
    with suite.Suite((proxy, bucket)) as s:
        c = s.client()
        # A first login does not wait until the user's head is there.
        c.ok("STATUS INBOX (MESSAGES)")
        # Every PUT is a lie: no OK may come, and the client hears so.
        proxy.faults(Fault("lie"))
        t = c.start("APPEND INBOX", mail("lied-1", 1000, random.Random(1)))
        line = c.line()
        assert line.startswith(b"* OK Still trying"), line
        proxy.faults()
        assert c.finish(t).status == "OK"
        # A large message is an object of its own: NO, and it is nowhere.
        proxy.faults(Fault("lie", key="/msg/"))
        a = c.cmd("APPEND INBOX", mail("lied-2", 600000, random.Random(2)))
        assert a.status == "NO" and b"[UNAVAILABLE]" in a.text, a
        assert proxy.hit["lie"] > 2, proxy.hit
        proxy.faults()
        assert [t for t, _ in read_box(c, "INBOX").values()] == ["lied-1"]
        c.logout()
    proxy.close()


@time_limit(900)
@normal_only("takes a minute")
def test_a_server_that_fails_now_and_then_is_not_refused():
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    s = suite.Suite((proxy, bucket))
    proxy.faults(*[f for f in mix(P) if f.kind not in ("412", "lie")])
    # What had no answer is asked again, not the whole: that takes some
    # seconds, of delays and of Retry-After.
    proxy.log = []
    s.start(seconds=60)
    proxy.faults()
    begun = {m.group(1) for _, target, _ in proxy.log
             for m in [re.search("/probe/([0-9a-f]{32})/c", target)] if m}
    print("   raced in %d probes" % len(begun))
    assert 1 <= len(begun) <= 2, begun
    with s:
        s.client().logout()
        assert not s.store_errors(), s.store_errors()
    proxy.close()

"""A bucket that is unavailable for a minute, or far away.

SOAK=1 in the environment makes it a minute on the ASan build, too."""

import os
import random
import threading
import time

import measure
import proc
import s3proxy
import suite
from faults_load import login, mail, read_box
from mark import alone, time_limit

SLOW = 4 if os.environ.get("REGRESS_ASAN") else 1
AWAY = 15 if os.environ.get("REGRESS_ASAN") and not os.environ.get(
    "SOAK") else 60


def keep_appending(s, c, stop, out):
    """One client that goes on while the bucket is away; out: (when, how,
    token) of each answer."""
    r = random.Random(3)
    n = 0
    try:
        while not stop.is_set():
            n += 1
            a = c.cmd("APPEND INBOX", mail("away-%d" % n, 500, r))
            assert a.status == "OK" or a.text.startswith(
                b"[UNAVAILABLE]"), a
            out.append((time.monotonic(), a.status, "away-%d" % n))
            time.sleep(0.05)
    except BaseException as e:
        out.append((time.monotonic(), repr(e), None))


def returns(how):
    kind, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(kind)
    late = suite.Suite((proxy, bucket), name="late")
    with suite.Suite((proxy, bucket)) as s:
        idle, reader = s.client(), s.client()
        for c in idle, reader:
            c.ok("SELECT INBOX")
        reader.append("INBOX", mail("before", 500, random.Random(4)))
        tag = idle.start("IDLE")
        stop, out = threading.Event(), []
        t = threading.Thread(target=keep_appending,
                             args=(s, s.client(), stop, out))
        t.start()
        proc.await_true("appends", lambda: len(out) > 3)
        proxy.away(how)
        gone = time.monotonic()
        late.start(wait=False)
        # What the node has it goes on serving; it makes nothing up.
        reader.ok("FETCH 1:* (FLAGS ENVELOPE)")
        if how == "refused":    # else it would wait for 30 s
            a = reader.cmd("STATUS Sent (MESSAGES)")
            assert a.status == "NO" and b"[UNAVAILABLE]" in a.text, a
        time.sleep(max(0, gone + AWAY - time.monotonic()))
        proxy.back()
        back = time.monotonic()
        within = 5 * SLOW * measure.others()
        late.await_ready(within)
        c = late.client()
        took = {"late": time.monotonic() - back}
        a = login(s, "ann", within).append(
            "INBOX", mail("new", 500, random.Random(5)))
        took["new session"] = time.monotonic() - back
        proc.await_true("the appends go on", lambda: any(
            when > back and how == "OK" for when, how, _ in out), 30)
        took["running"] = next(when for when, how, _ in out
                               if when > back and how == "OK") - back
        stop.set()
        t.join(60)
        print("   %s for %d s; served again after %s; answers %s" % (
            how, AWAY,
            {k: round(v, 1) for k, v in took.items()},
            [h for _, h, _ in out].count("NO")))
        assert max(took.values()) < within, took
        idle.send("DONE\r\n")
        assert idle.finish(tag).status == "OK"
        want = sorted([x for _, how, x in out if how == "OK"] + ["before"])
        assert all(how in ("OK", "NO") for _, how, _ in out), out
        for seen in reader, c:
            have = sorted(x for x, _ in read_box(seen, "INBOX").values())
            have.remove("new")
            assert have == want, (have, want)
        late.__exit__(None, None, None)
    proxy.close()


@time_limit(900)
def test_a_bucket_that_was_away_is_served_from_again_within_5_s():
    """The three ways of being away at once, to save the time."""
    errors = []

    def one(how):
        try:
            returns(how)
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=one, args=(x,))
               for x in ("refused", "silent", "hung")]
    suite.minio()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for e in errors:
        raise e


class Busy:
    """Clients that change one user's mail on one node without a break."""

    def __init__(self, s, n):
        self.stop = threading.Event()
        self.done, self.errors = 0, []
        self.threads = [threading.Thread(target=self.run, args=(s, i))
                        for i in range(n)]

    def run(self, s, i):
        try:
            c, n = s.client(), 0
            c.ok("SELECT INBOX")
            while not self.stop.is_set():
                n += 1
                if n % 2:
                    c.append("INBOX", mail("near%d-%d" % (i, n), 500,
                                           random.Random(n)))
                else:
                    c.ok("STORE %d FLAGS.SILENT (k%d)" % (1 + i, n % 7))
                self.done += 1
            c.logout()
        except BaseException as e:
            self.errors.append(e)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.stop.set()
        for t in self.threads:
            t.join(60)
        assert not self.errors, self.errors


@alone("takes 10 s and compares times")
def test_a_far_node_commits_beside_a_busy_near_one():
    kind, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(kind)
    near = suite.Suite((kind, bucket), name="near")
    with near, suite.Suite((proxy, bucket), name="far") as far:
        c = near.client()
        for n in range(2):
            c.append("INBOX", mail("first-%d" % n, 500, random.Random(n)))
        far_client = far.client()
        far_client.ok("SELECT INBOX")
        proxy.faults(way=0.04)
        waits = []
        with Busy(near, 2) as busy:
            proc.await_true("the near node is busy", lambda: busy.done > 50)
            for n in range(12):
                begun = time.monotonic()
                far_client.append("INBOX", mail("far-%d" % n, 500,
                                                random.Random(n)))
                waits.append(time.monotonic() - begun)
                time.sleep(0.1 * (n % 3))
        print("   far: %s s; near: %d meanwhile" % (
            " ".join("%.1f" % w for w in waits), busy.done))
        assert max(waits) <= 2, waits
        proxy.faults()
        seen = [read_box(s.client(), "INBOX") for s in (near, far)]
        assert seen[0] == seen[1]
        assert len([t for t, _ in seen[0].values()
                    if t.startswith("far-")]) == 12
    proxy.close()

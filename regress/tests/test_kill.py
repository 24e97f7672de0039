"""kill -9 of each process, and of all at once, at random moments of a mixed
load, on mailboxes that belong to one worker and on two that all of them
change. Afterwards they contain what was acknowledged, and the suite serves
again within 5 s (a node that lost its local state reads the user's whole
history: longer in a long run). What was not acknowledged is there completely
or not at all. ROUNDS sets the number of rounds (make soak), SEED repeats a
run."""

import fcntl
import os
import random
import signal
import socket
import threading
import time

import dump
import model
import proc
import shared
import suite
import worker
from mark import second_server, time_limit
from nodes import SAY, serves_again

ROUNDS = 50
ROUNDS_ASAN = 10
SHARED = ["s0", "s1"]
KINDS = {"append", "store", "copy_to", "move", "expunge", "create", "delete",
         "rename", "mark"}
# What dies: one of the processes; all at once; all, and the local state
# with them; the parent alone (its children end by themselves).
DECK = ["imapd", "storaged", "storaged", "authd", "credd", "all", "all",
        "cold", "paild"]


def kill(s, r, which):
    """Kill, and start again what paild doesn't start by itself."""
    kids = s.children()
    if which == "paild":
        os.kill(s.p.pid, signal.SIGKILL)
        s.p.wait()
        proc.await_true("paild's children end with it", lambda: not [
            p for p, _ in kids if proc.lives(p)], 5)
    elif which in ("all", "cold"):
        s.kill_all()
        if which == "cold":
            s.forget()
    else:
        os.kill(r.choice([p for p, k in kids if k == which]),
                signal.SIGKILL)
        return
    s.start(wait=False)


def barrier(s, n):
    """A commit: what a connection that broke had under way is done by now,
    or can't be any more (a PUT of a killed storaged: its If-Match fails)."""
    c = s.client()
    c.ok("%sSUBSCRIBE INBOX" % ("" if n % 2 else "UN"))
    return c


def settle(s, workers, boxes, n):
    """What is there against what was acknowledged."""
    c = barrier(s, n)
    seen = {b.name: model.read_box(c, b.name) for b in boxes}
    c.logout()
    worlds = {w.name: w.world for w in workers}
    for b in boxes:
        b.settle(seen[b.name], worlds)
    for w in workers:
        w.verify(seen)


def one_round(s, r, workers, boxes, which, slow, n):
    threads = [threading.Thread(target=w.run, daemon=True)
               for w in workers]
    for w in workers:
        w.stop.clear()
    for t in threads:
        t.start()
    time.sleep(r.uniform(0.05, 0.6) * slow)     # the moment of death
    kill(s, r, which)
    begun = time.monotonic()
    for w in workers:
        w.stop.set()
    serves_again(s, begun + slow * (5 + (n / 100 if which == "cold" else 0)))
    for t in threads:
        t.join(60)
        assert not t.is_alive(), "a client hangs after a kill"
    for w in workers:
        if w.error:
            raise w.error
    settle(s, workers, boxes, n)


def agrees_with_the_bucket(s, workers, boxes):
    """The records in the bucket evaluate to what the clients know."""
    want = {b.name: b.marked() for b in boxes}
    for w in workers:
        for name, b in w.world.items():
            want.setdefault(name, {}).update(b.mails)
    have = {n: b for n, b in dump.of(s).items()
            if n in SHARED or n.split("-")[0] in [w.name for w in workers]}
    assert set(have) == set(want), (set(have), set(want))
    for name, mails in want.items():
        assert {u: f for u, (f, _) in have[name].mails.items()} == \
            {u: f for u, (_, f) in mails.items()}, name
    for w in workers:
        for name, b in w.world.items():
            assert have[name].validity == b.validity, name


def kill_rounds(kind, rounds):
    seed = model.seed()
    r = random.Random(seed)
    slow = 4 if os.environ.get("REGRESS_ASAN") else 1
    deck, said = [], time.monotonic()
    with suite.Suite(suite.store(kind)) as s:
        boxes = [shared.Shared(name) for name in SHARED]
        c = s.client()
        for b in boxes:
            c.ok("CREATE " + b.name)
        c.logout()
        workers = [worker.Worker(s, "w%d" % i, seed, boxes) for i in range(3)]
        for w in workers:
            w.create()
        for n in range(rounds):
            deck = deck or r.sample(DECK, len(DECK))
            which = deck.pop()
            try:
                one_round(s, r, workers, boxes, which, slow, n)
                if n % 25 == 24:
                    agrees_with_the_bucket(s, workers, boxes)
            except Exception:
                print("   SEED=%d round %d: %s killed\n%s" % (
                    seed, n, which, s.log_tail(60)))
                raise
            if time.monotonic() > said + SAY:
                said = time.monotonic()
                say(seed, n + 1, rounds, workers)
        for w in workers:
            w.whole.clear()     # all bytes once more
        settle(s, workers, boxes, rounds)
        agrees_with_the_bucket(s, workers, boxes)
        counts = say(seed, rounds, rounds, workers)
        total = sum(counts.values())
        assert total > rounds * 5, counts
        assert set(counts) == KINDS or total < 1000, counts


def say(seed, n, rounds, workers):
    """How far it is; the acknowledged operations by kind."""
    counts = {}
    for w in workers:
        for k, v in w.counts.items():
            counts[k] = counts.get(k, 0) + v
    print("   SEED=%d %d of %d rounds, acknowledged: %s" % (
        seed, n, rounds, ", ".join("%d %s" % (v, k)
                                   for k, v in sorted(counts.items()))),
          flush=True)
    return counts


def test_what_a_killed_paild_left_running_is_waited_for():
    """Its children hold the addresses and the cache until they end."""
    with suite.Suite() as s:
        s.stop()
        lock = open(os.path.join(s.dir, "cache/storaged.0.lock"), "r+")
        fcntl.flock(lock, fcntl.LOCK_EX)
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", s.imap_port))
        holder.listen()
        s.start(wait=False)
        release = [threading.Timer(0.7, holder.close),
                   threading.Timer(1.4, lock.close)]
        for t in release:
            t.start()
        s.await_ready(10)
        assert not any(t.is_alive() for t in release)
        s.client().logout()
        # one that stays is an error
        other = suite.Suite(name="other")
        other.imap_port = s.imap_port
        other.write_conf()
        other.start(wait=False)
        assert other.p.wait(30) == 1
        assert "Address already in use" in other.log_text()


def rounds():
    return int(os.environ.get("ROUNDS") or (
        ROUNDS_ASAN if os.environ.get("REGRESS_ASAN") else ROUNDS))


@time_limit(300 + 10 * rounds())
def test_what_was_acknowledged_survives_kills_on_the_file_store():
    kill_rounds("file", rounds())


@time_limit(300 + 10 * rounds())
@second_server
def test_what_was_acknowledged_survives_kills_on_minio():
    kill_rounds("minio", rounds())

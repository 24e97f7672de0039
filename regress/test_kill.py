"""kill -9 of one process or of all during a running load: afterwards the
mailboxes are what was acknowledged (Shows 4). What was not acknowledged is
there whole or not at all."""

import os
import random
import re
import signal
import threading
import time

import imapc
import suite
from run import asan

ROUNDS = 30
ROUNDS_ASAN = 10


class Worker:
    """One connection that changes two mailboxes of its own, and knows what
    must be in them: {uid: (token, flags)}. While an operation is not
    acknowledged there are two possible worlds: without and with it."""

    def __init__(self, s, name, seed):
        self.s, self.name = s, name
        self.r = random.Random(seed)
        self.boxes = {name + "-a": {}, name + "-b": {}}
        self.pending = None     # function: world -> world
        self.n = 0
        self.acked = 0
        self.stop = threading.Event()
        self.error = None

    def create(self):
        c = self.s.client()
        for b in self.boxes:
            c.ok("CREATE " + b)
        c.logout()

    def run(self):
        try:
            c = self.s.client()
            c.ok("SELECT %s-a" % self.name)
            while not self.stop.is_set():
                self.step(c)
        except (imapc.Closed, OSError):
            pass
        except BaseException as e:
            self.error = e

    def step(self, c):
        a = self.boxes[self.name + "-a"]
        what = self.r.choice(["append"] * 4 + ["big", "store", "store",
                                               "copy", "expunge"])
        if what in ("append", "big") or not a:
            self.append(c, 80000 if what == "big" else 1500)
        elif what == "store":
            self.store(c, self.r.choice(sorted(a)))
        elif what == "copy":
            self.copy(c, self.r.choice(sorted(a)))
        else:
            self.expunge(c, self.r.choice(sorted(a)))
        self.pending = None
        self.acked += 1

    def append(self, c, size):
        self.n += 1
        token = "%s-%d" % (self.name, self.n)
        pad = bytes(self.r.randrange(97, 123) for _ in range(size))
        mail = b"X-Token: %s\r\nSubject: t\r\n\r\n%s\r\n" % (
            token.encode(), b"\r\n".join(
                pad[i:i + 70] for i in range(0, size, 70)))
        self.pending = ("append", token)
        r = c.append(self.name + "-a", mail)
        uid = int(r.code("APPENDUID").split()[1])
        self.boxes[self.name + "-a"][uid] = (token, frozenset())

    def store(self, c, uid):
        a = self.boxes[self.name + "-a"]
        token, flags = a[uid]
        flag = self.r.choice(["\\Seen", "\\Flagged", "$Kept"])
        new = flags ^ {flag}
        self.pending = ("store", uid, frozenset(new))
        c.ok("UID STORE %d %sFLAGS.SILENT (%s)" % (
            uid, "+" if flag in new else "-", flag))
        a[uid] = (token, frozenset(new))

    def copy(self, c, uid):
        self.pending = ("copy", uid)
        r = c.ok("UID COPY %d %s-b" % (uid, self.name))
        dst = int(r.code("COPYUID").split()[2])
        self.boxes[self.name + "-b"][dst] = \
            self.boxes[self.name + "-a"][uid]

    def expunge(self, c, uid):
        a = self.boxes[self.name + "-a"]
        token, flags = a[uid]
        gone = frozenset(flags | {"\\Deleted"})
        self.pending = ("store", uid, gone)
        c.ok("UID STORE %d +FLAGS.SILENT (\\Deleted)" % uid)
        a[uid] = (token, gone)
        self.pending = ("expunge", uid)
        c.ok("UID EXPUNGE %d" % uid)
        del a[uid]

    def verify(self):
        """Hold the server's state against the two worlds; go on from what
        is there."""
        c = self.s.client()
        seen = {b: read_box(c, b) for b in self.boxes}
        c.logout()
        p, (an, bn) = self.pending, sorted(self.boxes)
        a, b = dict(self.boxes[an]), dict(self.boxes[bn])
        if p and p[0] == "append":
            new = set(seen[an]) - set(a)
            if new:
                assert len(new) == 1 and min(new) > max(a, default=0), \
                    (p, new)
                assert seen[an][min(new)] == (p[1], frozenset()), p
                a[min(new)] = seen[an][min(new)]
        elif p and p[0] == "copy":
            new = set(seen[bn]) - set(b)
            if new:
                assert len(new) == 1 and min(new) > max(b, default=0), \
                    (p, new)
                b[min(new)] = a[p[1]]
        elif p and p[0] == "store" and seen[an].get(p[1]) != a[p[1]]:
            a[p[1]] = (a[p[1]][0], p[2])
        elif p and p[0] == "expunge" and p[1] not in seen[an]:
            del a[p[1]]
        assert seen[an] == a, difference(an, p, seen[an], a)
        assert seen[bn] == b, difference(bn, p, seen[bn], b)
        self.boxes = {an: a, bn: b}
        self.pending = None


def difference(box, pending, have, want):
    return "%s: pending %r; only there: %r; missing: %r" % (
        box, pending,
        {k: v for k, v in have.items() if want.get(k) != v},
        {k: v for k, v in want.items() if have.get(k) != v})


def read_box(c, box):
    c.ok("EXAMINE " + box)
    out = {}
    for line in c.ok("FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS "
                     "(X-TOKEN)])").lines:
        m = re.match(rb"\* \d+ FETCH ", line)
        if not m:
            continue
        uid = int(re.search(rb"UID (\d+)", line).group(1))
        flags = re.search(rb"FLAGS \(([^)]*)\)", line).group(1).decode()
        token = re.search(rb"X-Token: (\S+)", line).group(1).decode()
        assert uid not in out
        out[uid] = (token, frozenset(set(flags.split()) - {"\\Recent"}))
    return out


def serves_again(s, deadline):
    while True:
        try:
            c = s.client(timeout=5)
            if c.cmd("STATUS INBOX (MESSAGES)").status == "OK":
                c.close()
                return
            c.close()
        except (OSError, imapc.Closed, imapc.No):
            pass
        assert time.monotonic() < deadline, "not served within 5 s\n" + \
            s.log_tail()
        time.sleep(0.02)


def kill_rounds(kind, rounds):
    r = random.Random(os.environ.get("SEED", "1"))
    slow = 4 if os.environ.get("PAIL_ASAN") else 1
    with suite.Suite(suite.store(kind)) as s:
        workers = [Worker(s, "w%d" % i, i) for i in range(3)]
        for w in workers:
            w.create()
        total = 0
        for n in range(rounds):
            threads = [threading.Thread(target=w.run) for w in workers]
            for w in workers:
                w.stop.clear()
            for t in threads:
                t.start()
            time.sleep(r.uniform(0.05, 0.6) * slow)     # the moment of death
            kids = s.children()
            which = r.choice(["all"] + sorted({k for _, k in kids}))
            if which == "all":
                s.kill_all()
                s.start(wait=False)
            else:
                os.kill(r.choice([p for p, k in kids if k == which]),
                        signal.SIGKILL)
            begun = time.monotonic()
            for w in workers:
                w.stop.set()
            serves_again(s, begun + 5 * slow)
            for t in threads:
                t.join(60)
                assert not t.is_alive(), "a client hangs after a kill"
            for w in workers:
                if w.error:
                    raise w.error
                w.verify()
            total = sum(w.acked for w in workers)
        print("   %d rounds, %d operations acknowledged" % (rounds, total))
        assert total > rounds * 5


def rounds():
    return ROUNDS_ASAN if os.environ.get("PAIL_ASAN") else ROUNDS


@asan
def test_what_was_acknowledged_survives_kills_on_the_file_store():
    kill_rounds("file", rounds())


@asan
def test_what_was_acknowledged_survives_kills_on_minio():
    kill_rounds("minio", rounds())

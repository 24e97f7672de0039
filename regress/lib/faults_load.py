"""Eight clients that change their own mailboxes through the faults of
s3proxy.py and know exactly what these must contain."""

import os
import random
import re
import threading
import time

import imapc
import s3proxy
import suite
from model import uid_list, uid_text
from s3proxy import Fault

OPS = 300 if os.environ.get("SOAK") else 30     # of each client, by fault
P = 0.2
USERS = ("ann", "bob")


def mail(token, size, r):
    pad = bytes(r.choices(range(97, 123), k=size))
    return b"X-Token: %s\r\nSubject: t\r\n\r\n%s\r\n" % (
        token.encode(), b"\r\n".join(
            pad[i:i + 70] for i in range(0, size, 70)))


class Worker:
    """One connection that changes two mailboxes of its own, and knows
    exactly what must be in them: {uid: (token, flags)}. What gets OK is
    done, what gets NO [UNAVAILABLE] is not, and there is no third."""

    FLAGS = ("\\Seen", "\\Flagged", "$Kept")

    def __init__(self, s, user, name):
        self.s, self.user, self.name = s, user, name
        self.r = random.Random(name)
        self.a, self.b = name + "-a", name + "-b"
        self.boxes = {self.a: {}, self.b: {}}
        self.folders = set()
        self.uidvalidity = {}
        self.mails = {}             # token -> bytes
        self.denied = set()         # tokens that got NO
        self.n = self.acked = self.refused = self.slowest = 0
        self.error = self.c = None

    def connect(self):
        self.c = login(self.s, self.user, 120)
        while self.tell("SELECT " + self.a) is None:
            pass

    def create(self):
        c = self.s.client(self.user)
        for b in self.boxes:
            c.ok("CREATE " + b)
            self.uidvalidity[b] = uidvalidity(c, b)
        c.logout()

    def run(self, ops):
        try:
            for _ in range(ops):
                self.step()
        except BaseException as e:
            self.error = e

    def tell(self, command, literal=None):
        """The answer to OK; None for NO [UNAVAILABLE]."""
        begun = time.monotonic()
        ans = self.c.cmd(command, literal)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        if ans.status == "OK":
            self.acked += 1
            return ans
        if ans.status == "NO" and ans.text.startswith(b"[UNAVAILABLE]"):
            self.refused += 1
            return None
        raise AssertionError("%s: %r" % (command, ans))

    def step(self):
        what = self.r.choice(
            ["append"] * 4 + ["big", "multi", "store", "store", "store",
             "copy", "move", "expunge", "folder", "read", "read", "again"])
        if not self.boxes[self.a] and what not in ("big", "multi"):
            what = "append"
        getattr(self, "do_" + what)()

    def some(self, box, most=1):
        uids = sorted(self.boxes[box])
        return sorted(self.r.sample(uids, min(len(uids),
                                              self.r.randint(1, most))))

    def new(self, size):
        self.n += 1
        token = "%s-%d" % (self.name, self.n)
        self.mails[token] = mail(token, size, self.r)
        return token

    def add(self, tokens, ans):
        if ans is None:
            self.denied.update(tokens)
            return
        uids = uid_list(ans.code("APPENDUID").split()[1])
        assert len(uids) == len(tokens), ans
        for uid, token in zip(uids, tokens):
            assert uid > max(self.boxes[self.a], default=0), "UIDs descend"
            self.boxes[self.a][uid] = (token, frozenset())

    def do_append(self, size=1500):
        t = self.new(size)
        self.add([t], self.tell("APPEND " + self.a, self.mails[t]))

    def do_big(self):
        self.do_append(self.r.choice([60000, 400000]))

    def do_multi(self):
        ts = [self.new(800) for _ in range(3)]
        rest = b"".join(b" {%d+}\r\n" % len(self.mails[t]) + self.mails[t]
                        for t in ts)
        self.add(ts, self.tell(b"APPEND " + self.a.encode() + rest))

    def do_store(self):
        box, uids = self.boxes[self.a], self.some(self.a, 5)
        flag, on = self.r.choice(self.FLAGS), self.r.random() < 0.5
        if self.tell("UID STORE %s %sFLAGS.SILENT (%s)" % (
                uid_text(uids), "+" if on else "-", flag)) is None:
            return
        for u in uids:
            token, flags = box[u]
            box[u] = (token, flags | {flag} if on else flags - {flag})

    def do_copy(self):
        uids = self.some(self.a, 3)
        ans = self.tell("UID COPY %s %s" % (uid_text(uids), self.b))
        if ans is not None:
            self.copied(uids, ans.code("COPYUID"))

    def do_move(self):
        uids = self.some(self.a, 2)
        ans = self.tell("UID MOVE %s %s" % (uid_text(uids), self.b))
        if ans is None:
            return
        code = [re.search(rb"\[COPYUID ([^\]]*)\]", x)
                for x in ans.lines + [ans.text]]
        self.copied(uids, next(m.group(1) for m in code if m))
        for u in uids:
            del self.boxes[self.a][u]

    def copied(self, uids, code):
        _, src, dst = code.split()
        assert uid_list(src) == uids, (src, uids)
        for u, d in zip(uids, uid_list(dst)):
            assert d > max(self.boxes[self.b], default=0), "UIDs descend"
            self.boxes[self.b][d] = self.boxes[self.a][u]

    def do_expunge(self):
        (u,) = self.some(self.a)
        if self.tell("UID STORE %d +FLAGS.SILENT (\\Deleted)" % u) is None:
            return
        token, flags = self.boxes[self.a][u]
        self.boxes[self.a][u] = (token, flags | {"\\Deleted"})
        if self.tell("UID EXPUNGE %d" % u) is not None:
            del self.boxes[self.a][u]

    def do_folder(self):
        mine = sorted(self.folders)
        self.n += 1
        name = "%s-f%d" % (self.name, self.n)
        what = self.r.choice(["CREATE", "RENAME", "DELETE"])
        if what == "CREATE" or not mine:
            if self.tell("CREATE " + name) is not None:
                self.folders.add(name)
        elif what == "RENAME":
            if self.tell("RENAME %s %s" % (mine[0], name)) is not None:
                self.folders.remove(mine[0])
                self.folders.add(name)
        elif self.tell("DELETE " + mine[0]) is not None:
            self.folders.remove(mine[0])

    def do_read(self):
        (u,) = self.some(self.a)
        ans = self.tell("UID FETCH %d (FLAGS BODY.PEEK[])" % u)
        if ans is not None:
            token, flags = self.boxes[self.a][u]
            (line,) = ans.having("BODY[]")
            assert self.mails[token] in line, (u, line[:200])
            assert flags_of(line) == flags, (u, line[:200])

    def do_again(self):
        """Leave and come back."""
        self.c.logout()
        self.connect()

    def verify(self, c):
        """Hold what a client sees against what was acknowledged."""
        for box, want in self.boxes.items():
            seen = read_box(c, box)
            assert seen == want, difference(box, seen, want, self.denied)
            assert uidvalidity(c, box) == self.uidvalidity[box], box
        names = {x.split()[-1].strip(b'"').decode() for x in
                 c.ok('LIST "" "%s-f*"' % self.name).lines}
        assert names == self.folders, (names, self.folders)


def login(s, user, seconds):
    """A login gets OK, or NO [UNAVAILABLE] and tries again."""
    end = time.monotonic() + seconds
    while True:
        c = imapc.Imap(s.imap_port, timeout=120)
        ans = c.cmd("LOGIN %s %s" % (user, suite.PASSWORD))
        if ans.status == "OK":
            ans = c.cmd("NOOP")
            assert ans.status == "OK", ans
            return c
        assert ans.text.startswith(b"[UNAVAILABLE]"), ans
        assert time.monotonic() < end, "no login in %d s" % seconds
        c.close()


def uidvalidity(c, box):
    a = c.ok("STATUS %s (UIDVALIDITY)" % box)
    return int(re.search(rb"UIDVALIDITY (\d+)", a.lines[0]).group(1))


def flags_of(line):
    words = re.search(rb"FLAGS \(([^)]*)\)", line).group(1).decode()
    return frozenset(set(words.split()) - {"\\Recent"})


def read_box(c, box):
    c.ok("EXAMINE " + box)
    out = {}
    for line in c.ok("FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS "
                     "(X-TOKEN)])").lines:
        if not re.match(rb"\* \d+ FETCH ", line):
            continue
        uid = int(re.search(rb"UID (\d+)", line).group(1))
        assert uid not in out
        token = re.search(rb"X-Token: (\S+)", line).group(1).decode()
        out[uid] = (token, flags_of(line))
    return out


def difference(box, have, want, denied):
    extra = {k: v for k, v in have.items() if want.get(k) != v}
    return "%s: only there: %r; missing: %r; denied, but there: %r" % (
        box, extra, {k: v for k, v in want.items() if have.get(k) != v},
        [t for t, _ in extra.values() if t in denied])


class Load:
    """A suite behind a proxy, and its eight clients."""

    def __init__(self, **over):
        kind, bucket = suite.store("minio")
        self.proxy = s3proxy.Proxy(kind)
        self.s = suite.Suite((self.proxy, bucket), users=USERS, **over)

    def __enter__(self):
        self.s.start()
        self.workers = [Worker(self.s, USERS[i % 2], "w%d" % i)
                        for i in range(8)]
        for w in self.workers:
            w.create()
            w.connect()
        return self

    def __exit__(self, *exc):
        self.proxy.faults()
        self.proxy.back()
        for w in self.workers:
            w.c.close()
        try:
            self.s.__exit__(*exc)
        finally:
            self.proxy.close()

    def run(self, ops=OPS):
        threads = [threading.Thread(target=w.run, args=(ops,))
                   for w in self.workers]
        for t in threads:
            t.start()
        for t in threads:
            t.join(290)
            assert not t.is_alive(), "a client hangs\n" + self.s.log_tail()
        for w in self.workers:
            if w.error:
                raise AssertionError("%s: %r\n%s" % (
                    w.name, w.error, self.s.log_tail(8))) from w.error

    def verify(self):
        self.proxy.faults()
        self.proxy.settle()
        for user in USERS:
            c = login(self.s, user, 60)
            for w in self.workers:
                if w.user == user:
                    w.verify(c)
            c.logout()

    def verify_from_the_bucket(self):
        """All local state is lost: only what is in the bucket counts."""
        for w in self.workers:
            w.c.logout()
        self.s.start_anew()
        self.verify()

    def counts(self):
        return (sum(w.acked for w in self.workers),
                sum(w.refused for w in self.workers),
                max(w.slowest for w in self.workers))


def under(load, name, faults, flap=False, ops=OPS):
    """The load under faults; what is there afterwards is what was
    acknowledged."""
    before = load.counts()
    begun = time.monotonic()
    load.proxy.hit.clear()
    for w in load.workers:
        w.slowest = 0
    load.proxy.faults(*faults)
    if flap:
        load.proxy.flap(True)
    try:
        load.run(ops)
    finally:
        hit = dict(load.proxy.hit)
        if flap:
            load.proxy.flap(False)
    load.verify()
    acked, refused, slowest = load.counts()
    print("   %-11s %3d done, %3d refused, slowest %.1f s; %.1f s; hit %s" %
          (name, acked - before[0], refused - before[1], slowest,
           time.monotonic() - begun, hit))
    assert acked > before[0], name
    assert hit, "no fault struck"


EACH = ("delay", "drop-before", "drop-after", "late", "twice", "cut", "500",
        "503", "409", "412", "403", "lie")


def mix(p):
    return [Fault(k, p / len(EACH) / (1 - p * i / len(EACH)))
            for i, k in enumerate(EACH)]

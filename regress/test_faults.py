"""The bucket behind a proxy that refuses, delays, drops, cuts, fails and
lies (s3proxy.py): nothing acknowledged is lost, nothing happens twice,
nothing that got NO appears later, and clients see a delay or NO
[UNAVAILABLE], never a broken session or a wrong answer. Also: a bucket that
is away for a while, a far node, servers that are no S3, heads that vanish.

SOAK=1 makes the bucket away for a minute and the load ten times as long."""

import os
import random
import re
import threading
import time

import imapc
import proc
import s3proxy
import suite
from run import asan
from s3proxy import Fault

SOAK = bool(os.environ.get("SOAK"))
SLOW = 4 if os.environ.get("PAIL_ASAN") else 1
AWAY = 60 if SOAK else 15
OPS = 300 if SOAK else 30           # of each of the eight clients, by fault
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
        uids = ranges(ans.code("APPENDUID").split()[1])
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
                commas(uids), "+" if on else "-", flag)) is None:
            return
        for u in uids:
            token, flags = box[u]
            box[u] = (token, flags | {flag} if on else flags - {flag})

    def do_copy(self):
        uids = self.some(self.a, 3)
        ans = self.tell("UID COPY %s %s" % (commas(uids), self.b))
        if ans is not None:
            self.copied(uids, ans.code("COPYUID"))

    def do_move(self):
        uids = self.some(self.a, 2)
        ans = self.tell("UID MOVE %s %s" % (commas(uids), self.b))
        if ans is None:
            return
        code = [re.search(rb"\[COPYUID ([^\]]*)\]", x)
                for x in ans.lines + [ans.text]]
        self.copied(uids, next(m.group(1) for m in code if m))
        for u in uids:
            del self.boxes[self.a][u]

    def copied(self, uids, code):
        _, src, dst = code.split()
        assert ranges(src) == uids, (src, uids)
        for u, d in zip(uids, ranges(dst)):
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


def commas(uids):
    return ",".join(map(str, uids))


def ranges(text):
    out = []
    for part in text.split(b","):
        lo, _, hi = part.partition(b":")
        out += range(int(lo), int(hi or lo) + 1)
    return out


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
        self.s.stop()
        self.s.forget()
        self.s.start()
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


def test_nothing_is_lost_doubled_or_denied_and_done_under_each_fault():
    with Load() as load:
        under(load, "refuse", [], flap=True)
        for kind in EACH:
            # (1 s of Retry-After each: a part of the load)
            under(load, kind, [Fault(kind, P, seconds=(0.1, 0.6))],
                  ops=OPS // 4 if kind == "503" else OPS)
        load.verify_from_the_bucket()


@asan
def test_nothing_is_lost_doubled_or_denied_and_done_under_all_faults():
    with Load() as load:
        under(load, "mix", mix(P), flap=True)
        under(load, "mix of PUTs", [Fault(f.kind, f.p, ("PUT",))
                                    for f in mix(0.5)])
        load.verify_from_the_bucket()


def test_a_200_that_stored_nothing_is_caught_before_the_client_hears_ok():
    kind, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(kind)
    with suite.Suite((proxy, bucket)) as s:
        c = s.client()
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


def returns(silent):
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
        proxy.away(silent)
        gone = time.monotonic()
        late.start(wait=False)
        # What the node has it goes on serving; it makes nothing up.
        reader.ok("FETCH 1:* (FLAGS ENVELOPE)")
        if not silent:      # where it would wait for 30 s
            a = reader.cmd("STATUS Sent (MESSAGES)")
            assert a.status == "NO" and b"[UNAVAILABLE]" in a.text, a
        time.sleep(max(0, gone + AWAY - time.monotonic()))
        proxy.back()
        back = time.monotonic()
        late.await_ready(5 * SLOW)
        c = late.client()
        took = {"late": time.monotonic() - back}
        a = login(s, "ann", 5).append(
            "INBOX", mail("new", 500, random.Random(5)))
        took["new session"] = time.monotonic() - back
        proc.await_true("the appends go on", lambda: any(
            when > back and how == "OK" for when, how, _ in out), 30)
        took["running"] = next(when for when, how, _ in out
                               if when > back and how == "OK") - back
        stop.set()
        t.join(60)
        print("   %s for %d s; served again after %s; answers %s" % (
            "silent" if silent else "refused", AWAY,
            {k: round(v, 1) for k, v in took.items()},
            [h for _, h, _ in out].count("NO")))
        assert max(took.values()) < 5 * SLOW, took
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


@asan
def test_a_bucket_that_was_away_is_served_from_again_within_5_s():
    """Both ways of being away at once, to save the time."""
    errors = []

    def one(silent):
        try:
            returns(silent)
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=one, args=(x,))
               for x in (False, True)]
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


# ---- servers that are no S3, and heads that vanish -----------------------

def store_lines(s, level="error"):
    return [x for x in s.log_text().splitlines()
            if re.search(r"storaged\[\d+\] %s: store: " % level, x)]


def refused(kind, want):
    """paild -d with such a server ends, and says why in one line; store
    check says the same."""
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    proxy.faults(Fault(kind))
    s = suite.Suite((proxy, bucket))
    s.start(wait=False)
    status = s.p.wait(30)
    lines = store_lines(s)
    assert status != 0 and len(lines) == 1, (status, s.log_tail())
    assert want in lines[0] and "probe=refused" in lines[0], lines
    assert "ready" not in s.p.stdout.read().decode()
    print("   %s" % lines[0].split("error: ")[1][:150])
    proc.end(s.p)
    proxy.close()


def test_a_server_that_ignores_conditional_headers_is_refused():
    refused("no-conditions",
            "If-None-Match: * on an existing key gives 412")


def test_a_server_that_ignores_if_match_is_refused():
    refused("no-if-match", "If-Match with a stale ETag gives 412")


def test_a_server_that_ignores_if_none_match_is_refused():
    refused("no-if-none-match",
            "If-None-Match: * on an existing key gives 412")


def test_a_server_that_fails_now_and_then_is_not_refused():
    server, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(server)
    s = suite.Suite((proxy, bucket))
    proxy.faults(*[f for f in mix(P) if f.kind not in ("412", "lie")])
    s.start()
    proxy.faults()
    with s:
        s.client().logout()
        assert not store_lines(s), store_lines(s)
    proxy.close()


def served_nothing(s, users=USERS):
    """No login sees a mailbox: each is told that something is wrong."""
    for user in users:
        c = imapc.Imap(s.imap_port, timeout=120)
        a = c.cmd("LOGIN %s %s" % (user, suite.PASSWORD))
        if a.status == "OK":
            try:
                a = c.cmd("STATUS INBOX (MESSAGES)")
            except imapc.Closed:
                continue
        assert a.status == "NO", (user, a, a.lines)
        assert b"[CORRUPTION]" in a.text or b"[UNAVAILABLE]" in a.text, a
        c.close()


def with_mail(store):
    s = suite.Suite(store, users=USERS)
    s.start()
    for user in USERS:
        c = s.client(user)
        c.append("INBOX", mail("kept", 500, random.Random(1)))
        c.logout()
    return s


def heads(server, bucket, user):
    (key,) = [k for k, _ in server.list(bucket)
              if k.endswith("/%s/head" % user)]
    return key


def test_a_head_deleted_behind_pails_back_is_never_an_empty_mailbox():
    server, bucket = suite.store("minio")
    s = with_mail((server, bucket))
    c = s.client()
    c.ok("SELECT INBOX")
    key = heads(server, bucket, "ann")
    assert server.request("DELETE", "/%s/%s" % (bucket, key))[0] == 204
    # In a session: a change, and a look at the bucket.
    for command in ("APPEND INBOX", "STATUS INBOX (MESSAGES)"):
        try:
            a = c.cmd(command, mail("x", 9, random.Random(1))
                      if "APPEND" in command else None)
            assert a.status == "NO", a
            assert not a.having("MESSAGES 0"), a.lines
        except imapc.Closed:
            break
    served_nothing(s, ("ann",))
    assert len(read_box(s.client("bob"), "INBOX")) == 1     # others go on
    assert "head has vanished" in s.log_text(), s.log_tail()
    for forget in ((), ("index",), ("",)):
        s.stop()
        if forget:
            s.forget(*forget)
        s.start()
        served_nothing(s, ("ann",))
        assert len(read_box(s.client("bob"), "INBOX")) == 1
    with s:
        pass


def elsewhere(change):
    """The configuration of a node that has served names another place: it
    ends with one clear line, and leaves nothing there."""
    server, bucket = suite.store("minio")
    s = with_mail((server, bucket))
    text = s.conf_text()
    s.stop()
    with open(s.conf, "w") as f:
        f.write(change(server, bucket, text))
    for forget in ((), ("index",)):
        if forget:
            s.forget(*forget)
        open(s.logname, "w").close()
        s.start(wait=False)
        status = s.p.wait(30)
        proc.end(s.p)
        s.p = None
        lines = store_lines(s)
        assert status != 0 and len(lines) == 1, s.log_tail()
        assert "of another store" in lines[0], lines
    print("   %s" % lines[0].split("error: ")[1])
    assert not [k for k, _ in server.list(bucket) if k.startswith("other/")]
    # And back: everything is there.
    with open(s.conf, "w") as f:
        f.write(text)
    s.start()
    with s:
        for user in USERS:
            assert len(read_box(s.client(user), "INBOX")) == 1


def test_another_prefix_is_never_an_empty_mailbox():
    elsewhere(lambda server, bucket, text: text.replace(
        "timeout: 30s", "timeout: 30s, key-prefix: other"))


def test_another_bucket_is_never_an_empty_mailbox():
    elsewhere(lambda server, bucket, text: text.replace(
        "bucket: %s," % bucket, "bucket: %s," % server.new_bucket()))


def test_another_store_is_never_an_empty_mailbox():
    """Another bucket that is a store of its own, with the same users."""
    server, other = suite.store("minio")
    with suite.Suite((server, other), users=USERS) as s:
        s.client("bob").logout()
    elsewhere(lambda server, bucket, text: text.replace(
        "bucket: %s," % bucket, "bucket: %s," % other))

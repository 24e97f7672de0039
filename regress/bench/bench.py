#!/usr/bin/env python3
"""The bench: Pail on the file store and on MinIO, beside a raw loop of
conditional PUTs and GETs on the same MinIO and beside Debian's Dovecot
(sdbox on local disk): the same client, the same mails, the same run.

usage: bench.py [--messages N] [--only file,minio,dovecot] [--rows WORD]
       bench.py --turns N
--rows: only those whose names contain WORD
--turns: only the rows that wait for the disk, N turns for 30.  In these
Pail's file store and Dovecot take turns: what the disk gives changes from
minute to minute"""

import os
import re
import select
import shutil
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))

import dovecot
import lmtp
import measure
import proc
import rawloop
import s3
import suite
from imapc import drain
from mails import text_mail

USERS = ["ann"] + ["u%d" % n for n in range(8)] + ["idle%d" % n
                                                   for n in range(10)] + \
    lmtp.USERS


def append_bytes(tag, data):
    return b"%s APPEND INBOX {%d+}\r\n%s\r\n" % (tag, len(data), data)


def talk(c, chunks, n, tagged=b" OK"):
    """Send all chunks, read until n tagged answers have come: seconds."""
    start = time.monotonic()
    w = threading.Thread(target=lambda: [c.sock.sendall(x) for x in chunks])
    w.start()
    seen, tail = 0, b""
    mark = re.compile(rb"(?:^|\n)t\d+" + tagged)
    while seen < n:
        data = c.sock.recv(1 << 18)
        assert data, "closed"
        tail += data
        end = tail.rfind(b"\n") + 1
        whole, tail = tail[:end], tail[end:]
        seen += len(mark.findall(whole))
        assert b" NO " not in whole and b" BAD " not in whole, whole[-300:]
    w.join()
    return time.monotonic() - start


def append_each(c, mails):
    chunks = [append_bytes(b"t1", m) for m in mails]
    start = time.monotonic()
    for chunk in chunks:
        c.sock.sendall(chunk)
        got = b""
        while b"t1 " not in got or not got.endswith(b"\r\n"):
            got += c.sock.recv(65536)
        assert b"t1 OK" in got, got
    return len(mails) / (time.monotonic() - start)


def append_in_turns(c, mails, count, turns=20):
    """After each share of them as many PUTs of the raw loop, of the size
    that the heads had.  Each turn of both begins with one that does not
    count: what was between has taken the caches."""
    share, took = len(mails) // turns, 0
    for at in range(0, share * turns, share):
        before = count.sent()
        append_each(c, mails[:1])
        took += share / append_each(c, mails[at:at + share])
        if count.puts:
            octets, n = (b - a for a, b in zip(before, count.sent()))
            count.puts.turn(octets // n, share)
    return share * turns / took


def append_pipelined(c, mails):
    took = talk(c, [b"".join(append_bytes(b"t%d" % n, m)
                             for n, m in enumerate(mails))], len(mails))
    return len(mails) / took


def append_multi(c, mails):
    start = time.monotonic()
    for at in range(0, len(mails), 500):
        part = mails[at:at + 500]
        talk(c, [b"t1 APPEND INBOX" + b"".join(
            b" {%d+}\r\n%s" % (len(m), m) for m in part) + b"\r\n"], 1)
    return len(mails) / (time.monotonic() - start)


def append_users(server, mails, users=8):
    """Eight at once, each one by one, from one loop (a thread each would
    measure Python's lock)."""
    left = {}
    poll = select.epoll()
    share = len(mails) // users
    for n in range(users):
        c = server.client("u%d" % n)
        left[c.sock.fileno()] = [c, mails[n * share:(n + 1) * share], b""]
        poll.register(c.sock, select.EPOLLIN)
    start = time.monotonic()
    for st in left.values():
        st[0].sock.sendall(append_bytes(b"t1", st[1].pop()))
    busy = users
    while busy:
        for fd, _ in poll.poll():
            st = left[fd]
            st[2] += st[0].sock.recv(65536)
            if b"t1 " not in st[2] or not st[2].endswith(b"\r\n"):
                continue
            assert b"t1 OK" in st[2], st[2]
            st[2] = b""
            if st[1]:
                st[0].sock.sendall(append_bytes(b"t1", st[1].pop()))
            else:
                busy -= 1
    took = time.monotonic() - start
    for st in left.values():
        st[0].close()
    return share * users / took


def best(c, command, times=3):
    """Messages do not change: the best of a few, the machine has other
    work."""
    return min(drain(c, command)[0] for _ in range(times))


def login_rate(server, n=200):
    start = time.monotonic()
    for _ in range(n):
        c = server.client("ann")
        c.ok("SELECT Archive")
        c.logout()
    return n / (time.monotonic() - start)


def idle_kib(server, pss, n=100):
    time.sleep(8)       # of what was before, all is closed by then
    before = pss()
    sessions = []
    for k in range(n):
        c = server.client("idle%d" % (k % 10))
        c.ok("SELECT INBOX")
        sessions.append(c)
    time.sleep(8)
    cost = (pss() - before) / n
    for c in sessions:
        c.close()
    return cost


class Counter:
    """S3 requests and bytes of a step; nothing for the others. puts: the
    raw loop's, which are not counted."""

    def __init__(self, server=None, puts=None):
        self.server, self.puts, self.rows = server, puts, {}

    def _bytes(self):
        text = self.s.ctl("status").stdout
        return {k: sum(int(n) for n in re.findall(
            b"store-bytes-%s=(\\d+)" % k.encode(), text))
            for k in ("in", "out")}

    def _requests(self):
        reqs = self.server.counts()
        reqs["PutObject"] = reqs.get("PutObject", 0) - self.puts.asked
        return reqs

    def sent(self):
        """Octets out and PUTs so far."""
        if self.server:
            return self._bytes()["out"], self._requests()["PutObject"]

    def start(self):
        if self.server:
            self.before = self._requests(), self._bytes()

    def stop(self, name):
        if not self.server:
            return
        reqs = s3.since(self.before[0], self._requests())
        b = self._bytes()
        self.rows[name] = (reqs, {k: b[k] - self.before[1][k] for k in b})


class Rows:
    """The rows of one server whose names contain word: {row: value}."""

    def __init__(self, count, word):
        self.count, self.word, self.out = count or Counter(), word, {}

    def wants(self, *names):
        return any(self.word in name for name in names)

    def __call__(self, name, fn, *args):
        """A rate that is asked for again stays unless it is better."""
        if not self.wants(name):
            return
        self.count.start()
        value = fn(*args)
        print("   %-34s %s" % (name, shown(name, value)), flush=True)
        if name not in self.out or value > self.out[name]:
            self.out[name] = value
            self.count.stop(name)


APPENDS = ("APPEND one by one /s", "APPEND pipelined /s",
           "8 users, one by one each /s", "MULTIAPPEND /s")
DOWNLOADS = ("FETCH BODY[] cold /s", "FETCH BODY[] warm /s")
QUERIES = (
    ("FETCH FLAGS ms", "FETCH 1:* FLAGS"),
    ("FETCH ENVELOPE ms", "FETCH 1:* ENVELOPE"),
    ("FETCH BODYSTRUCTURE ms", "FETCH 1:* BODYSTRUCTURE"),
    ("FETCH header fields ms",
     "FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT FROM DATE)]"),
    ("SEARCH SUBJECT ms", "SEARCH SUBJECT 4711"),
    ("SEARCH HEADER ms", "SEARCH HEADER Message-ID <4711@"))
CHANGES = ("STORE 1:* ms", "COPY 10,000 ms", "EXPUNGE 10,000 ms")


def appends(server, row, mails, n, few):
    """The rows of APPEND; n messages are in ann's INBOX in any case."""
    c = server.client("ann")
    if not row.wants(*APPENDS):
        append_multi(c, mails[:n])
    elif row.wants(*APPENDS[:2]):
        row(APPENDS[0], append_in_turns, c, mails[:few], row.count)
        row(APPENDS[1], append_pipelined, c, mails[few:n])
    row(APPENDS[2], append_users, server, mails[:few * 4])
    m = server.client("u0")
    row(APPENDS[3], append_multi, m, mails[:n // 2])
    m.close()
    c.close()


def downloads(server, row, mails, n, cold):
    size = sum(len(m) for m in mails[:n])

    def whole(c):
        took, got, _ = drain(c, "FETCH 1:* BODY.PEEK[]")
        assert got > size
        return n / took
    for _ in range(3):      # the best of them, as of the raw loop's
        cold()
        c = server.client("ann")
        c.ok("SELECT INBOX")
        c.ok("FETCH 1 (FLAGS ENVELOPE)")
        row(DOWNLOADS[0], whole, c)
        c.close()
    c = server.client("ann")
    c.ok("SELECT INBOX")
    row(DOWNLOADS[1], lambda c: max(whole(c) for _ in range(3)), c)
    c.close()


def changes(c, row):
    row(CHANGES[0], lambda: min(
        drain(c, "STORE 1:* %sFLAGS.SILENT (\\Flagged)" % sign)[0]
        for sign in "+-+-") * 1000)
    row(CHANGES[1], lambda: drain(c, "COPY 1:* Archive")[0] * 1000)
    c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    row(CHANGES[2], lambda: drain(c, "EXPUNGE")[0] * 1000)


def run(server, mails, n, count=None, pss=None, cold=None, few=500,
        word=""):
    """All rows of one server whose names contain word: {row: value}."""
    row = Rows(count, word)
    queries = [name for name, _ in QUERIES]
    if row.wants(*APPENDS, *DOWNLOADS, *queries, *CHANGES):
        appends(server, row, mails, n, few)
    if row.wants(*DOWNLOADS):
        downloads(server, row, mails, n, cold)
    c = server.client("ann")
    c.ok("SELECT INBOX")
    if row.wants(*queries):
        drain(c, "FETCH 1:* ENVELOPE")
    for name, cmd in QUERIES:
        row(name, lambda: best(c, cmd) * 1000)
    if row.wants(*CHANGES):
        changes(c, row)
    c.close()
    if server.lmtp_port:
        lmtp.rows(server, row, mails, n, few)
    row("login, select, logout /s", login_rate, server)
    if pss and row.wants("idle session KiB"):
        for k in range(10):
            i = server.client("idle%d" % k)
            i.append("INBOX", mails[0])
            i.close()
        row("idle session KiB", idle_kib, server, pss)
    return row.out


def shown(name, v):
    return "-" if v is None else ("%.1f" if v < 100 else "%.0f") % v


def tree_pss(pid):
    return (measure.rollup(pid, "Pss") +
            sum(tree_pss(k) for k, _ in measure.children(pid)))


def node(where, **over):
    s = suite.Suite(where, users=(),        # as many as by default
                    processes="{imapd: auto, storaged: auto}", **over)
    s.lmtp_port = proc.free_port()
    s.over["listen"] = "[imap://127.0.0.1:%d, imaps://127.0.0.1:%d, " \
        "lmtp://127.0.0.1:%d]" % (s.imap_port, s.imaps_port, s.lmtp_port)
    s.write_conf()
    dovecot.write_users(os.path.join(s.dir, "users"), USERS)
    return s


def pail(where, mails, n, count, few, word, **over):
    count.s = s = node(where, **over)
    with s:
        return run(s, mails, n, count, lambda: measure.pss(s),
                   s.forget_objects, few, word)


def ratio(name, ours, theirs):
    """How many times better: more is better for rates, less for the rest."""
    if not ours or not theirs:
        return "-"
    r = ours / theirs if name.endswith("/s") else theirs / ours
    return "%.2f" % r


def turns(n):
    """Rates of both, each turn: {row: (the medians, that of the ratios)}."""
    print("Pail, file store, and Dovecot in %d turns" % n, flush=True)
    mails, out = [text_mail(k) for k in range(400)], {}
    s = node("file")
    with s, dovecot.Dovecot(USERS) as dv:
        rows = ((APPENDS[0], lambda c, x: append_each(c, mails[:50])),
                (APPENDS[2], lambda c, x: append_users(x, mails)))
        for name, fn in rows:
            rates = {x: [] for x in (s, dv)}
            clients = {x: x.client("ann") for x in rates}
            for k in range(n + 1):
                for x in ((s, dv), (dv, s))[k % 2]:
                    rates[x].append(fn(clients[x], x))
            ours, theirs = rates[s][1:], rates[dv][1:]     # the first warms
            out[name] = (statistics.median(ours), statistics.median(theirs),
                         statistics.median(a / b
                                           for a, b in zip(ours, theirs)))
            print("   %-34s %.0f, Dovecot %.0f, ratio %.2f" % (
                (name,) + out[name]), flush=True)
            for c in clients.values():
                c.close()
    return out


def main(argv):
    if "--turns" in argv:
        return turns(int(argv[argv.index("--turns") + 1]))
    n = int(argv[argv.index("--messages") + 1]) if "--messages" in argv \
        else 10000
    only = argv[argv.index("--only") + 1].split(",") if "--only" in argv \
        else ["file", "minio", "dovecot"]
    if "dovecot" in only and shutil.which("dovecot") is None:
        print("no Dovecot to compare with: apt-get install dovecot-imapd "
              "dovecot-lmtpd")
        only.remove("dovecot")
    word = argv[argv.index("--rows") + 1] if "--rows" in argv else ""
    few = min(500, n // 4)
    mails = [text_mail(k) for k in range(n)]
    f, m, d, raw, count, took_turns = {}, {}, {}, {}, Counter(), {}
    if "file" in only:
        print("Pail, file store", flush=True)
        f = pail("file", mails, n, count, few, word)
    if "minio" in only:
        server, bucket = suite.store("minio")
        print("Pail, MinIO", flush=True)
        count = Counter(server, rawloop.Puts(server, bucket))
        m = pail((server, bucket), mails, n, count, few, word,
                 store_extra=", verify-after-write: false")
        print("raw loop, MinIO", flush=True)
        size = sum(len(x) for x in mails)
        raw = rawloop.rates(server, bucket, count.rows, count.puts, n,
                            m.get(DOWNLOADS[0], 0) * size / n)
    if "dovecot" in only:
        print("Dovecot", flush=True)
        with dovecot.Dovecot(USERS) as dv:
            d = run(dv, mails, n, pss=lambda: tree_pss(dv.p.pid),
                    cold=dv.cold, few=few, word=word)
        if "login, select, logout /s" in d:
            print("Dovecot, processes used again", flush=True)
            with dovecot.Dovecot(USERS, best=True) as dv:
                login_rate(dv, 20)
                d["login best"] = login_rate(dv)
    if "dovecot" in only and "file" in only and word in APPENDS[0]:
        took_turns = turns(30)
    table(f, m, d, raw, count, n, took_turns)


def table(f, m, d, raw, count, n, took_turns):
    print("\n%d messages of 4 KiB; ratios: above 1 is better than the other"
          % n)
    print("%-30s %9s %9s %9s %8s %9s %8s  %s" % (
        "", "file", "Dovecot", "f/Dovecot", "MinIO", "raw loop", "M/raw",
        "S3 requests, bytes out and in"))
    for name in m or f or d:
        reqs, b = count.rows.get(name, ({}, {}))
        what = " ".join("%s %d" % (k.replace("Object", ""), v)
                        for k, v in sorted(reqs.items()))
        if b:
            what += "  %d %d KiB" % (b["out"] // 1024, b["in"] // 1024)
        dv = d.get(name)
        print("%-30s %9s %9s %9s %8s %9s %8s  %s" % (
            name, shown(name, f.get(name)), shown(name, dv),
            ratio(name, f.get(name), dv), shown(name, m.get(name)),
            shown(name, raw.get(name)),
            ratio(name, m.get(name), raw.get(name)), what))
        if name in took_turns:
            print("%-30s %9.0f %9.0f %9.2f" % (
                ("  (in turns)",) + took_turns[name]))
        if name == DOWNLOADS[0] and "mail MB/s" in raw:
            print("%-30s %9s %9s %9s %8.0f %9.0f %8.2f" % (
                "  (as octets of mail, MB/s)", "", "", "",
                *raw["mail MB/s"]))
    if "login best" in d:
        print("%-30s %9s %9s %9s" % (
            "  (Dovecot's best)", shown("", f.get(
                "login, select, logout /s")), shown("", d["login best"]),
            ratio("/s", f.get("login, select, logout /s"),
                  d["login best"])))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Two nodes, one bucket, four clients on each that change the same
mailboxes for a minute (SECONDS: another time). Every client believes only
what it was told (view.py); at the end the history of all of them is proved
to have an order (history.py), and both nodes, their indexes, a third node
that never saw the user, and the records in the bucket agree. SEED repeats
the load, though not the races."""

import base64
import glob
import os
import random
import re
import threading
import time

import dump
import history
import imapc
import model
import proc
import suite
import view
from run import asan
from test_nodes import two

BOXES = ["h0", "h1", "h2"]
SECONDS = 60
SECONDS_ASAN = 20
LOAD = (["append"] * 4 + ["large", "multi"] + ["store"] * 5 +
        ["copy", "move", "move"] + ["expunge"] * 3 + ["fetch"] * 4 +
        ["search", "noop", "noop", "idle", "select", "status", "pipeline",
         "pipeline", "close", "names", "names"])
NAMES = ["x0", "x1", "x2"]      # created, renamed and deleted by all


class Client:
    def __init__(self, s, node, name, h, seed):
        self.s, self.node, self.name, self.h = s, node, name, h
        self.r = random.Random("%s %s" % (seed, name))
        self.n = 0
        self.error = None
        self.longest = 0.0      # wait for an answer

    def run(self, end):
        try:
            self.c = view.Session(self.s, self.told)
            self.select()
            while time.monotonic() < end:
                what = self.r.choice(LOAD)
                if len(self.c.view.uids) > 60 and self.r.random() < 0.3:
                    what = "expunge"
                getattr(self, "op_" + what)()
                self.h.count(what)
        except BaseException as e:
            self.error = e

    @property
    def box(self):
        return self.c.view.box

    def told(self, v, uid, flags, token, since):
        if uid is None:
            return
        if flags is not None:
            self.h.read(v.box, uid, flags, since, time.monotonic(),
                        self.node)
        if token is not None:
            self.h.token(v.box, uid, token)

    def cmd(self, command, literal=None, sync=False, expunged=False):
        """The answer and the operation's time; sync: its OK says that the
        node was at the bucket; expunged: NO [EXPUNGEISSUED] will do, which
        says that an EXPUNGE is there that cannot be told yet."""
        s = time.monotonic()
        a = self.c.cmd(command, literal)
        e = time.monotonic()
        self.longest = max(self.longest, e - s)
        if a.status != "OK" and not (
                expunged and a.code("EXPUNGEISSUED") is not None):
            raise imapc.No("%s: %r\n%s" % (command, a, self.c.tail()))
        if sync:
            self.h.sync(self.node, s, e)
        return a, s, e

    def select(self):
        a, s, e = self.cmd("SELECT " + self.r.choice(BOXES), sync=True)
        m = re.search(rb"UIDNEXT (\d+)", b"\n".join(a.lines))
        self.h.uidnexts.append((self.box, int(m.group(1)), s))
        self.learn()

    def learn(self):
        """Ask for the UIDs that the view lacks."""
        self.cmd("FETCH 1:* (UID FLAGS)", expunged=True)

    def known(self):
        v = self.c.view
        if None in v.uids:
            self.learn()
        return v.known()

    def some(self):
        """[(number, UID)] of a few messages of the view."""
        self.known()
        v = self.c.view
        rows = [(i + 1, u) for i, u in enumerate(v.uids) if u is not None]
        return sorted(self.r.sample(rows, min(len(rows),
                                              self.r.randint(1, 5))))

    def mail(self, large=False):
        self.n += 1
        token = "%s-%d" % (self.name, self.n)
        pad = base64.encodebytes(self.r.randbytes(50000)) if large else \
            b"word %d\n" % self.n * self.r.randint(1, 80)
        return token, b"X-Token: %s\r\nSubject: t\r\n\r\n%s" % (
            token.encode(), pad.replace(b"\n", b"\r\n"))

    def append(self, mails, flags):
        box = self.r.choice(BOXES)
        words = " (%s)" % " ".join(flags)
        command = ("APPEND %s%s" % (box, words)).encode()
        for _, data in mails[:-1]:
            command += b" {%d+}\r\n" % len(data) + data + words.encode()
        a, s, e = self.cmd(command, mails[-1][1], sync=True)
        uids = model.uid_list(a.code("APPENDUID").split()[1])
        assert len(uids) == len(mails), a
        for (token, _), u in zip(mails, uids):
            self.h.add(box, u, token, s, e, self.node, flags)

    def op_append(self):
        self.append([self.mail()], self.r.sample(
            history.FLAGS, self.r.randint(0, 2)))

    def op_large(self):
        self.append([self.mail(True)], [])

    def op_multi(self):
        self.append([self.mail() for _ in range(self.r.randint(2, 4))],
                    ["work"])

    def store_words(self, rows, byuid):
        how = self.r.choice(["+", "+", "-", "-", ""])
        flags = self.r.sample(history.FLAGS, self.r.randint(1, 2))
        silent = self.r.random() < 0.4
        return "%sSTORE %s %sFLAGS%s (%s)" % (
            "UID " if byuid else "", numbers(rows, byuid), how,
            ".SILENT" if silent else "", " ".join(flags)), \
            how, flags, silent

    def stored(self, rows, how, flags, silent, s, e):
        self.h.write(self.box, [u for _, u in rows], how, flags, s, e,
                     self.node)
        if silent:
            for _, u in rows:
                self.c.view.flags[u] = None

    def op_store(self):
        rows = self.some()
        if not rows:
            return
        words, how, flags, silent = self.store_words(
            rows, self.r.random() < 0.4)
        # NO: the rest of the messages is stored (RFC 2180, section 4.2)
        _, s, e = self.cmd(words, expunged=True)
        self.stored(rows, how, flags, silent, s, e)

    def op_copy(self, verb="COPY"):
        rows = self.some()
        if not rows:
            return
        src = self.box
        dst = self.r.choice([b for b in BOXES if b != src or verb == "COPY"])
        byuid = self.r.random() < 0.5
        a, s, e = self.cmd("%s%s %s %s" % (
            "UID " if byuid else "", verb, numbers(rows, byuid), dst),
            expunged=not byuid)
        if a.status != "OK":    # nothing was copied
            return
        text = a.code("COPYUID")
        for x in a.having("[COPYUID ") if text is None else []:
            text = re.search(rb"\[COPYUID ([^\]]*)\]", x).group(1)
        if text is None:        # all were gone
            return
        _, was, new = text.split()
        was, new = model.uid_list(was), model.uid_list(new)
        assert len(was) == len(new) and \
            set(was) <= {u for _, u in rows}, (rows, text)
        self.h.copied(src, dst, list(zip(was, new)), s, e, self.node,
                      verb == "MOVE")

    def op_move(self):
        self.op_copy("MOVE")

    def op_expunge(self):
        rows = self.some()
        if rows:
            _, s, e = self.cmd("UID STORE %s +FLAGS.SILENT (\\Deleted)" %
                               numbers(rows, True))
            self.stored(rows, "+", ["\\Deleted"], True, s, e)
        if rows and self.r.random() < 0.5:
            uids = {u for _, u in rows}
            self.note_expunge(uids, "UID EXPUNGE " + numbers(rows, True))
        else:
            self.note_expunge(None, "EXPUNGE")

    def note_expunge(self, uids, command):
        box = self.box
        _, s, e = self.cmd(command)
        self.h.expunges.append((box, uids, s, e))

    def op_close(self):
        self.note_expunge(None, "CLOSE")
        self.select()

    def op_fetch(self):
        self.learn()
        v = self.c.view
        rows = [(i + 1, u) for i, u in enumerate(v.uids) if u is not None]
        rows = rows[-3:] + self.r.sample(rows, min(3, len(rows)))
        if rows:
            byuid = self.r.random() < 0.5
            self.cmd("%sFETCH %s (UID FLAGS BODY.PEEK[HEADER.FIELDS "
                     "(X-TOKEN)])" % ("UID " if byuid else "",
                                      numbers(rows, byuid)), expunged=True)

    def op_search(self):
        byuid = self.r.random() < 0.5
        a, _, _ = self.cmd("UID SEARCH UNDELETED" if byuid
                           else "SEARCH UNSEEN")
        found = [int(x) for line in a.lines
                 if line.startswith(b"* SEARCH") for x in line.split()[2:]]
        n = len(self.c.view.uids)
        if not byuid:
            assert all(1 <= x <= n for x in found), (found, n)

    def op_noop(self):
        self.cmd("NOOP")

    def op_idle(self):
        t = self.c.start("IDLE")
        while not self.c.line().startswith(b"+"):
            pass
        self.c.sock.settimeout(self.r.uniform(0.05, 0.5))
        try:
            while True:
                self.c.line()
        except TimeoutError:
            pass
        self.c.sock.settimeout(120)
        self.c.send("DONE\r\n")
        assert self.c.finish(t).status == "OK"

    def op_select(self):
        self.select()

    def op_status(self):
        box = self.r.choice([b for b in BOXES if b != self.box])
        a, s, _ = self.cmd("STATUS %s (MESSAGES UIDNEXT)" % box, sync=True)
        m = re.search(rb"UIDNEXT (\d+)", b"\n".join(a.lines))
        self.h.uidnexts.append((box, int(m.group(1)), s))

    def op_pipeline(self):
        """Commands that may not tell EXPUNGE, by numbers, all sent before
        the first answer; a UID command may, and so is the last that has
        numbers before it (RFC 3501, section 5.5), or NOOP is."""
        rows = self.some()
        if not rows:
            return
        v, todo = self.c.view, []
        s = time.monotonic()
        for _ in range(self.r.randint(1, 3)):
            words = self.store_words(rows, False)
            todo.append((self.c.start(words[0]), words))
            todo.append((self.c.start("FETCH %s (UID FLAGS)" %
                                      numbers(rows, False)), None))
        if self.r.random() < 0.3:
            words = self.store_words(rows, True)
            todo.append((self.c.start(words[0]), words))
        last = self.c.start("NOOP")
        for tag, words in todo:
            a = self.c.finish(tag)
            assert a.status == "OK" or \
                a.code("EXPUNGEISSUED") is not None, \
                "%r\n%s" % (a, self.c.tail())
            if words:
                self.stored(rows, *words[1:], s, time.monotonic())
        assert self.c.finish(last).status == "OK"
        assert v is self.c.view

    def op_names(self):
        """Two may not both create or delete a name: counted in the
        records at the end."""
        one, other = self.r.sample(NAMES, 2)
        what = self.r.choice(["CREATE", "CREATE", "DELETE", "RENAME"])
        a = self.c.cmd("%s %s%s" % (what, one, " " + other
                                    if what == "RENAME" else ""))
        if a.status == "OK":
            self.h.count(what)
        else:
            assert a.code("ALREADYEXISTS" if what == "CREATE" else
                          "NONEXISTENT") is not None or (
                what == "RENAME" and a.code("ALREADYEXISTS") is not None), a

    # at the end

    def settle(self, want):
        """NOOP until the view is what is there."""
        def same():
            self.cmd("NOOP")
            self.known()
            return self.c.view.uids == sorted(want)
        try:
            proc.await_true("the view", same, 15, 0.3)
        except AssertionError:
            raise AssertionError("%s sees %r, there is %r\n%s" % (
                self.name, self.c.view.uids, sorted(want),
                self.c.tail())) from None
        for u, (_, flags) in want.items():
            told = self.c.view.flags.get(u)
            assert told is None or told == flags, \
                "%s was told %r of UID %d, it has %r\n%s" % (
                    self.name, told, u, flags, self.c.tail())


def numbers(rows, byuid):
    return ",".join(str(x[1 if byuid else 0]) for x in rows)


def seconds():
    return float(os.environ.get("SECONDS") or (
        SECONDS_ASAN if os.environ.get("PAIL_ASAN") else SECONDS))


def shown(s):
    c = s.client()
    out = {b: model.read_box(c, b) for b in BOXES}
    c.logout()
    return out


def agree(nodes, final):
    """Both nodes, their indexes, and the bucket's records."""
    boxes = dump.of(nodes[0])
    modseqs = {b: {u: m for u, (_, m) in boxes[b].mails.items()}
               for b in BOXES}
    for s in nodes:
        other = dump.of(s)
        for b in BOXES:
            assert other[b].mails == boxes[b].mails, b
            assert {u: f for u, (f, _) in boxes[b].mails.items()} == \
                {u: f for u, (_, f) in final[b].mails.items()}, b
        for path in glob.glob(os.path.join(s.dir, "cache/index/*.hot")):
            index = dump.index_modseqs(path)
            assert {b: index[b] for b in BOXES} == modseqs, path


def check_names(s, counts):
    """Each CREATE, DELETE and RENAME of NAMES that got OK is one record."""
    kinds, ids = {}, set()
    for _, (kind, w) in dump.records(dump.text(s)):
        if kind == "CREATE" and w["name"] in NAMES:
            ids.add(w["box"])
        if kind in ("CREATE", "DELETE", "RENAME") and w["box"] in ids:
            kinds[kind] = kinds.get(kind, 0) + 1
    for kind in ("CREATE", "DELETE", "RENAME"):
        assert kinds.get(kind, 0) == counts.get(kind, 0), (kinds, counts)


def run_history(kind):
    seed = model.seed()
    a, b = two(kind)
    h = history.History()
    with a, b:
        c = a.client()
        for box in BOXES:
            c.ok("CREATE " + box)
        c.logout()
        clients = [Client(s, s.dir, "c%d" % i, h, seed)
                   for i, s in enumerate([a, b] * 4)]
        end = time.monotonic() + seconds()
        threads = [threading.Thread(target=x.run, args=(end,))
                   for x in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print("   " + ", ".join("%d %s" % (v, k)
                                for k, v in sorted(h.counts.items())))
        for node in (a, b):
            mine = [x for x in clients if x.s is node]
            print("   %s: %d messages sent, longest wait %.1f s" % (
                node.dir.split("-")[2], sum(x.n for x in mine),
                max(x.longest for x in mine)), flush=True)
        for x in clients:
            if x.error:
                raise x.error
        final = shown(a)
        other = shown(b)
        assert model.difference(final, other) is None, \
            model.difference(final, other)
        h.check(final)
        for x in clients:
            x.settle(final[x.box].mails)
        agree((a, b), final)
        check_names(a, h.counts)
        third = suite.Suite(a.store, name="node-c", store_path=None
                            if kind != "file" else b.store_path)
        with third:
            assert model.difference(final, shown(third)) is None


@asan
def test_two_nodes_have_one_history_on_minio():
    run_history("minio")


@asan
def test_two_nodes_have_one_history_on_the_file_store():
    run_history("file")

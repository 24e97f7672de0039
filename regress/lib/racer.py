"""A client of test_history.py: sends random commands, and records what was
acknowledged and what it was told. It believes only that (view.py). Its node
may be killed meanwhile: the outcome of commands in flight is then unknown."""

import base64
import contextlib
import hashlib
import random
import re
import time

import history
import imapc
import model
import proc
import view

BOXES = ["h0", "h1", "h2"]
AWAY_MAX = 60           # seconds without a connection
LOAD = (["append"] * 4 + ["large", "multi"] + ["store"] * 5 +
        ["copy", "move", "move"] + ["expunge"] * 3 + ["fetch"] * 4 +
        ["search", "noop", "noop", "idle", "select", "status", "pipeline",
         "pipeline", "close", "names", "names"])
NAMES = ["x0", "x1", "x2"]      # created, renamed and deleted by all


class Broken(Exception):
    """The connection ended, as it may while its node is being killed."""


class Client:
    """node: a kills.Node."""

    def __init__(self, node, name, h, seed):
        self.node, self.name, self.h = node.name, name, h
        self.home = node
        self.r = random.Random("%s %s" % (seed, name))
        self.n = 0
        self.error = None
        self.longest = 0.0      # wait for an answer
        self.away = 0.0         # longest time without a connection
        self.unsure = []        # (s, f) of what was sent and not answered

    def run(self, end):
        try:
            self.connect()
            while time.monotonic() < end:
                try:
                    self.step()
                except Broken:
                    self.come_back()
        except BaseException as e:
            self.error = e

    def step(self):
        what = self.r.choice(LOAD)
        if len(self.c.view.uids) > 60 and self.r.random() < 0.3:
            what = "expunge"
        with self.breaks():
            getattr(self, "op_" + what)()
        self.h.count(what)

    @contextlib.contextmanager
    def breaks(self):
        """Only a session of a node that is killed meanwhile may end."""
        try:
            yield
        except (imapc.Closed, OSError, view.Bye) as e:
            if isinstance(e, TimeoutError) or \
                    not self.home.killed_since(self.life):
                raise
            raise Broken() from e

    def connect(self):
        begun = time.monotonic()
        while True:
            self.life = self.home.life
            try:
                with self.breaks():
                    self.c = view.Session(self.home.s, self.told)
                    self.select()
                break
            except (Broken, imapc.No):
                assert self.home.killed_since(self.life)
                assert time.monotonic() < begun + AWAY_MAX, "kept out"
                time.sleep(0.05)
        self.away = max(self.away, time.monotonic() - begun)

    def come_back(self):
        """A new connection, and a commit over it: what was under way on the
        old one is done by then or never will be (a PUT of a storaged that
        was killed: its If-Match fails)."""
        while True:
            try:
                self.connect()
                with self.breaks():
                    self.append([self.mail()], [])
                break
            except Broken:
                pass
        e = time.monotonic()
        for s, f in self.unsure:
            f(s, e)
        self.unsure = []

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

    def cmd(self, command, literal=None, sync=False, expunged=False,
            unsure=None):
        """The answer and the operation's time; sync: its OK says that the
        node was at the bucket; expunged: NO [EXPUNGEISSUED] will do, which
        says that an EXPUNGE is there that cannot be told yet. unsure(s, e)
        records the operation if it is never answered."""
        s = time.monotonic()
        if unsure is not None:
            self.unsure.append((s, unsure))
        a = self.c.cmd(command, literal)
        if unsure is not None:
            self.unsure.pop()
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
        self.h.validity(self.box, self.c.view.validity)
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
        data = b"X-Token: %s\r\nSubject: t\r\n\r\n%s" % (
            token.encode(), pad.replace(b"\n", b"\r\n"))
        self.h.mails[hashlib.sha256(data).hexdigest()] = token
        return token, data

    def append(self, mails, flags):
        box = self.r.choice(BOXES)
        words = " (%s)" % " ".join(flags)
        command = ("APPEND %s%s" % (box, words)).encode()
        for _, data in mails[:-1]:
            command += b" {%d+}\r\n" % len(data) + data + words.encode()
        a, s, e = self.cmd(
            command, mails[-1][1], sync=True,
            unsure=lambda s, e: self.h.unsure.append(history.Unsure(
                box, [t for t, _ in mails], s, e, self.node, flags)))
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

    def perhaps(self, rows, how, flags, _=None):
        """For what cmd() calls unsure."""
        box = self.box
        return lambda s, e: self.h.write(
            box, [u for _, u in rows], how, flags, s, e, self.node, False)

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
        words, *what = self.store_words(rows, self.r.random() < 0.4)
        # NO: the rest of the messages is stored (RFC 2180, section 4.2)
        _, s, e = self.cmd(words, expunged=True,
                           unsure=self.perhaps(rows, *what))
        self.stored(rows, *what, s, e)

    def op_copy(self, verb="COPY"):
        rows = self.some()
        if not rows:
            return
        src = self.box
        dst = self.r.choice([b for b in BOXES if b != src or verb == "COPY"])
        byuid = self.r.random() < 0.5
        a, s, e = self.cmd("%s%s %s %s" % (
            "UID " if byuid else "", verb, numbers(rows, byuid), dst),
            expunged=not byuid,
            unsure=lambda s, e: self.h.unsure.append(history.Unsure(
                dst, {u for _, u in rows}, s, e, self.node, src=src,
                move=verb == "MOVE")))
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
            what = ("+", ["\\Deleted"], True)
            _, s, e = self.cmd("UID STORE %s +FLAGS.SILENT (\\Deleted)" %
                               numbers(rows, True),
                               unsure=self.perhaps(rows, *what))
            self.stored(rows, *what, s, e)
        if rows and self.r.random() < 0.5:
            uids = {u for _, u in rows}
            self.note_expunge(uids, "UID EXPUNGE " + numbers(rows, True))
        else:
            self.note_expunge(None, "EXPUNGE")

    def note_expunge(self, uids, command):
        box = self.box
        _, s, e = self.cmd(command, unsure=lambda s, e:
                           self.h.expunges.append((box, uids, s, e, False)))
        self.h.expunges.append((box, uids, s, e, True))

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

        def store(byuid):
            words = self.store_words(rows, byuid)
            self.unsure.append((s, self.perhaps(rows, *words[1:])))
            todo.append((self.c.start(words[0]), words))

        for _ in range(self.r.randint(1, 3)):
            store(False)
            todo.append((self.c.start("FETCH %s (UID FLAGS)" %
                                      numbers(rows, False)), None))
        if self.r.random() < 0.3:
            store(True)
        last = self.c.start("NOOP")
        for tag, words in todo:
            a = self.c.finish(tag)
            assert a.status == "OK" or \
                a.code("EXPUNGEISSUED") is not None, \
                "%r\n%s" % (a, self.c.tail())
            if words:
                self.unsure.pop(0)
                self.stored(rows, *words[1:], s, time.monotonic())
        assert self.c.finish(last).status == "OK"
        assert v is self.c.view

    def op_names(self):
        """Two may not both create or delete a name: counted in the
        records at the end."""
        one, other = self.r.sample(NAMES, 2)
        what = self.r.choice(["CREATE", "CREATE", "DELETE", "RENAME"])
        self.unsure.append((0, lambda s, e: self.h.count("unsure " + what)))
        a = self.c.cmd("%s %s%s" % (what, one, " " + other
                                    if what == "RENAME" else ""))
        self.unsure.pop()
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

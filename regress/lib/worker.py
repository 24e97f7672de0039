"""A user of the suite who knows what must be there: Worker does one
operation after the other, or a few pipelined, on mailboxes of its own and on
its part of those that all share (shared.py): the mixed load of test_kill.py.
What is acknowledged holds; what is in flight when the connection breaks gives
more than one world: without it, with the first of it, and so on."""

import base64
import copy
import hashlib
import random
import re
import threading

import imapc
from model import (Box, Pending, World, difference, read_box, uid_list,
                   uid_text)

SYSTEM = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "$Kept", "work"]


def tree(name):
    return name.count("/") + 1


class Worker:
    """shared: the mailboxes (shared.Shared) of which self.world has the
    messages that are this worker's."""

    def __init__(self, s, name, seed, shared=()):
        self.s, self.name = s, name
        self.r = random.Random("%s %s" % (seed, name))
        self.shared = {x.name: x for x in shared}
        self.world = World({x: Box() for x in self.shared})
        self.mail = {}          # token: (size, SHA-256)
        self.whole = set()      # (validity, uid) read once
        self.pending = []       # in the order in which they were sent
        self.n = self.acked = 0
        self.validities = set()    # of all that ever were
        self.stop = threading.Event()
        self.error = None
        self.counts = {}

    def create(self):
        c = self.s.client()
        for b in "ab":
            self.make(c, "%s-%s" % (self.name, b))
        c.logout()

    def make(self, c, name):
        self.do(c, Pending("create", name, max(self.validities, default=0)),
                "CREATE " + name)

    def run(self):
        try:
            c = self.s.client()
            self.select(c)
            while not self.stop.is_set():
                self.step(c)
        except (imapc.Closed, OSError):
            pass
        except BaseException as e:
            self.error = e

    def select(self, c):
        self.box = self.other()
        a = c.ok("SELECT " + self.box)
        v = int(re.search(rb"UIDVALIDITY (\d+)", b" ".join(a.lines)).group(1))
        self.check_validity(self.box, v)

    def check_validity(self, name, v):
        box = self.world[name]
        if box.validity is None:
            assert v > box.floor and v not in self.validities, \
                "%s: UIDVALIDITY %d after %d" % (name, v, box.floor)
            box.validity = v
            self.validities.add(v)
        assert box.validity == v, "%s: UIDVALIDITY was %d, is %d" % (
            name, box.validity, v)

    def do(self, c, p, command, literal=None, code=None):
        """One operation; what it did, once acknowledged. code: the response
        code that has the new UIDs."""
        self.finish(c, self.send(c, p, command, literal), code)

    def send(self, c, p, command, literal=None):
        if p.target in self.shared:
            p.after = self.shared[p.target].high
        self.pending.append(p)
        return c.start(command, literal)

    def finish(self, c, tag, code=None):
        """The answer to the first of what is pending."""
        p, a = self.pending[0], c.finish(tag)
        if a.status != "OK":
            raise imapc.No("%r: %r" % (p, a))
        text = a.code(code) if code else None
        if code and text is None:       # MOVE says it untagged
            text = re.search(rb"\[" + code.encode() + rb" ([^\]]*)\]",
                             b"\n".join(a.lines)).group(1)
        if code:
            w = text.split()
            self.check_validity(p.target, int(w[0]))
            if code == "COPYUID":
                assert uid_list(w[1]) == list(p.args[2]), (p, text)
        uids = uid_list(w[-1]) if code else None
        p.apply(self.world, uids)
        if p.target in self.shared:
            self.give(self.shared[p.target], uids)
        self.pending.pop(0)
        self.count(p.what)

    def give(self, shared, uids):
        mails = self.world[shared.name].mails
        shared.give({u: mails[u][0] for u in uids})

    def count(self, what):
        self.acked += 1
        self.counts[what] = self.counts.get(what, 0) + 1

    def step(self, c):
        full = sum(len(b.mails) for b in self.world.values()) > 120
        what = self.r.choice(
            ["append"] * (1 if full else 3) + ["large", "multi"] +
            ["store"] * 3 + ["copy", "copy", "move", "move", "create",
             "rename", "delete", "select", "pipeline"] +
            ["expunge"] * (8 if full else 2))
        if not self.live() and what in ("store", "copy", "move", "expunge",
                                  "pipeline"):
            what = "append"
        getattr(self, "op_" + what)(c)

    def live(self):
        """Without \\Deleted: in a shared mailbox that is for marks alone."""
        return sorted(u for u, (_, f) in self.world[self.box].mails.items()
                      if "\\Deleted" not in f)

    def some(self):
        mails = self.live()
        if self.r.random() < 0.2:
            return mails
        return sorted(self.r.sample(mails, min(len(mails),
                                               self.r.randint(1, 4))))

    def other(self):
        """Any mailbox; as often a shared one as one of its own."""
        if self.shared and self.r.random() < 0.5:
            return self.r.choice(sorted(self.shared))
        return self.own()

    def own(self):
        return self.r.choice([b for b in sorted(self.world)
                              if b not in self.shared])

    def new_mail(self, size, random_bytes=False):
        self.n += 1
        token = "%s-%d" % (self.name, self.n)
        if random_bytes:
            pad = base64.b64encode(self.r.randbytes(size))
        else:
            pad = bytes(self.r.randrange(97, 123) for _ in range(size))
        data = b"X-Token: %s\r\nSubject: t\r\n\r\n%s\r\n" % (
            token.encode(), b"\r\n".join(
                pad[i:i + 70] for i in range(0, len(pad), 70)))
        self.mail[token] = (len(data), hashlib.sha256(data).digest())
        return token, data

    def append_one(self, c, token, data, flags):
        box = self.other()
        self.do(c, Pending("append", box, [token], flags, target=box, n=1),
                "APPEND %s (%s)" % (box, " ".join(flags)), data,
                code="APPENDUID")

    def op_append(self, c):
        self.append_one(c, *self.new_mail(1500),
                        self.r.sample(SYSTEM, self.r.randint(0, 2)))

    def op_large(self, c):
        """Too large for the head once compressed: an object of its own."""
        self.append_one(c, *self.new_mail(self.r.randint(50000, 150000),
                                          True), [])

    def op_multi(self, c):
        box = self.other()
        mails = [self.new_mail(self.r.choice([300, 1500, 60000]),
                               self.r.random() < 0.3)
                 for _ in range(self.r.randint(2, 5))]
        command = b"APPEND " + box.encode()
        for _, data in mails[:-1]:
            command += b" (work) {%d+}\r\n" % len(data) + data
        self.do(c, Pending("append", box, [t for t, _ in mails], ["work"],
                           target=box, n=len(mails)),
                command + b" (work)", mails[-1][1], code="APPENDUID")

    def op_store(self, c):
        self.do(c, *self.store())

    def store(self):
        uids, how = self.some(), self.r.choice(["+", "-", ""])
        flags = frozenset(self.r.sample(SYSTEM, self.r.randint(1, 3)))
        return (Pending("store", self.box, uids, how, flags),
                "UID STORE %s %sFLAGS%s (%s)" % (
                    uid_text(uids), how, self.r.choice(["", ".SILENT"]),
                    " ".join(sorted(flags))))

    def op_pipeline(self, c):
        """Sent before the first answer; done in this order."""
        sent = []
        for _ in range(self.r.randint(3, 8)):
            if self.r.random() < 0.4:
                sent.append((self.send(c, *self.store()), None))
                continue
            box, (token, data) = self.other(), self.new_mail(300)
            sent.append((self.send(
                c, Pending("append", box, [token], [], target=box, n=1),
                "APPEND " + box, data), "APPENDUID"))
        for tag, code in sent:
            self.finish(c, tag, code)

    def op_copy(self, c):
        uids, dst = self.some(), self.other()
        self.do(c, Pending("copy_to", self.box, dst, uids, target=dst,
                           n=len(uids)),
                "UID COPY %s %s" % (uid_text(uids), dst), code="COPYUID")

    def op_move(self, c):
        uids, dst = self.some(), self.other()
        if dst == self.box:
            return
        self.do(c, Pending("move", self.box, dst, uids, target=dst,
                           n=len(uids)),
                "UID MOVE %s %s" % (uid_text(uids), dst), code="COPYUID")

    def op_expunge(self, c):
        uids = self.some()
        if self.box in self.shared:
            self.expunge_shared(c, self.shared[self.box], uids)
            return
        self.do(c, Pending("store", self.box, uids, "+",
                           frozenset(["\\Deleted"])),
                "UID STORE %s +FLAGS.SILENT (\\Deleted)" % uid_text(uids))
        dead = sorted(u for u, (_, f) in self.world[self.box].mails.items()
                      if "\\Deleted" in f)
        if self.r.random() < 0.5:
            self.do(c, Pending("expunge", self.box, dead), "EXPUNGE")
        else:
            self.do(c, Pending("expunge", self.box, uids),
                    "UID EXPUNGE " + uid_text(uids))

    def expunge_shared(self, c, shared, uids):
        """Mark, then expunge all that is marked by whomever, the own, or
        leave it to the others."""
        mails = self.world[self.box].mails
        op = shared.mark({u: mails.pop(u) for u in uids}, self.name)
        c.ok("UID STORE %s +FLAGS.SILENT (\\Deleted)" % uid_text(uids))
        op.answered()
        self.count("mark")
        how = self.r.random()
        if how < 0.7:
            op = shared.expunge(uids if how < 0.3 else None)
            c.ok("UID EXPUNGE " + uid_text(uids) if how < 0.3 else "EXPUNGE")
            op.answered()
            self.count("expunge")

    def new_name(self, below=None):
        self.n += 1
        if below is not None and tree(below) < 3:
            return "%s/n%d" % (below, self.n)
        # a few names again and again: a new mailbox under an old name
        return "%s-%d" % (self.name, self.r.randrange(1000, 1006)) \
            if self.r.random() < 0.5 else "%s-%d" % (self.name, self.n)

    def op_create(self, c):
        name = self.new_name(self.own() if self.r.random() < 0.5 else None)
        if name not in self.world and len(self.world) < 10:
            self.make(c, name)

    def op_rename(self, c):
        old = self.own()
        new = self.new_name()
        if new not in self.world and not new.startswith(old + "/"):
            self.do(c, Pending("rename", old, new),
                    "RENAME %s %s" % (old, new))
            if self.box not in self.world:
                self.box = new + self.box[len(old):]

    def op_delete(self, c):
        own = set(self.world) - set(self.shared)
        leaves = [b for b in own if b != self.box and
                  not any(x.startswith(b + "/") for x in own)]
        if len(own) > 3 and leaves:
            name = self.r.choice(sorted(leaves))
            self.do(c, Pending("delete", name), "DELETE " + name)

    def op_select(self, c):
        self.select(c)

    def verify(self, shared):
        """Hold what the server shows against the possible worlds; go on
        from what is there. shared: {name: Box} of the shared mailboxes, all
        that is in them, already settled."""
        c = self.s.client()
        self.settle(self.read(c, shared))
        self.read_whole(c)
        c.logout()

    def settle(self, seen):
        worlds = [self.with_pending(seen, n)
                  for n in range(len(self.pending) + 1)]
        why = ["impossible" if w is None else difference(w, seen)
               for w in worlds]
        assert None in why, "pending %r\n%s" % (self.pending, "\n".join(
            "with %d of it: %s" % x for x in enumerate(why)))
        self.world = worlds[why.index(None)]
        self.pending = []
        for name, b in sorted(seen.items()):
            self.check_order(name, b)

    def with_pending(self, seen, n):
        """The world after the first n of what is pending; None: it cannot
        be."""
        after = copy.deepcopy(self.world)
        for p in self.pending[:n]:
            if p.target is None:
                p.apply(after)
                continue
            if p.target not in seen:
                return None
            box = after[p.target]
            uids = sorted(u for u in seen[p.target].mails
                          if u > max(p.after, box.high))[:p.n]
            if len(uids) != p.n:
                return None
            p.apply(after, uids)
        return after

    def check_order(self, name, seen):
        """UIDVALIDITY stays, UIDNEXT never goes back (of those shared,
        Shared knows)."""
        self.check_validity(name, seen.validity)
        if name in self.shared:
            return
        mine = self.world[name]
        assert seen.high >= mine.high, "%s: UIDNEXT %d, but %d was given" % (
            name, seen.high + 1, mine.high)
        mine.high = seen.high

    def read(self, c, shared):
        out = World({name: self.shared[name].part(b, self.name)
                     for name, b in shared.items()})
        for line in c.ok('LIST "" "%s-*"' % self.name).lines:
            name = line.split()[-1].strip(b'"').decode()
            assert b"\\Noselect" not in line and name not in out, line
            out[name] = read_box(c, name)
        return out

    def read_whole(self, c):
        """Every message that is new since the last look, byte for byte."""
        for name, b in sorted(self.world.items()):
            new = [u for u in sorted(b.mails)
                   if (b.validity, u) not in self.whole]
            if not new:
                continue
            c.ok("EXAMINE " + name)
            a = c.ok("UID FETCH %s (RFC822.SIZE BODY.PEEK[])" %
                     uid_text(new))
            got = {}
            for line in a.lines:
                m = re.match(rb"\* \d+ FETCH \(.*?BODY\[\] \{\d+\}\r\n",
                             line, re.S)
                if not m:
                    continue
                uid = int(re.search(rb"UID (\d+)", line[:m.end()] +
                                    line[-40:]).group(1))
                size = int(re.search(rb"RFC822.SIZE (\d+)",
                                     line).group(1))
                body = line[m.end():m.end() + size]
                got[uid] = (size, hashlib.sha256(body).digest())
            for u in new:
                assert got.get(u) == self.mail[b.mails[u][0]], \
                    "%s: UID %d is not what was appended" % (name, u)
                self.whole.add((b.validity, u))

"""A model of mailboxes: what they must contain, what each operation does to
them, what a server shows, and how the two differ. Also the seed of a run."""

import os
import random
import re


def seed():
    """The run's seed: SEED, or a new one; printed, to repeat a run."""
    n = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    print("   SEED=%d" % n, flush=True)
    return n


class Box:
    def __init__(self):
        self.mails = {}         # uid: (token, flags)
        self.high = 0           # the highest UID known to be given
        self.validity = None    # not known before it is first seen
        self.floor = 0          # it must be greater


class World(dict):
    """{name: Box}. Each method is what an operation does; uids are the ones
    that the server gave."""

    def append(self, box, tokens, flags, uids):
        for t, u in zip(tokens, uids):
            self[box].mails[u] = (t, frozenset(flags))

    def store(self, box, uids, how, flags):
        for u in uids:
            token, have = self[box].mails[u]
            new = {"+": have | flags, "-": have - flags, "": flags}[how]
            self[box].mails[u] = (token, frozenset(new))

    def copy_to(self, src, dst, what, uids):
        for s, u in zip(what, uids):
            self[dst].mails[u] = self[src].mails[s]

    def move(self, src, dst, what, uids):
        self.copy_to(src, dst, what, uids)
        self.expunge(src, what)

    def expunge(self, box, what):
        for u in what:
            del self[box].mails[u]

    def create(self, name, floor):
        self[name] = Box()
        self[name].floor = floor

    def delete(self, name):
        del self[name]

    def rename(self, old, new):
        for name in [n for n in self
                     if n == old or n.startswith(old + "/")]:
            self[new + name[len(old):]] = self.pop(name)


class Pending:
    """An operation not yet acknowledged: the name of World's method, its
    arguments but the UIDs, and the mailbox and number of new UIDs; after:
    the highest UID that was known there when it was sent."""

    def __init__(self, what, *args, target=None, n=0):
        self.what, self.args, self.target, self.n = what, args, target, n
        self.after = 0

    def __repr__(self):
        return "%s%r" % (self.what, self.args)

    def apply(self, world, uids=None):
        if self.target is not None:
            box = world[self.target]
            assert len(uids) == self.n == len(set(uids)), (self, uids)
            after = max(self.after, box.high)
            assert sorted(uids) == list(uids) and uids[0] > after, \
                "%r: UIDs %r, after %d" % (self, uids, after)
            getattr(world, self.what)(*self.args, uids)
            box.high = uids[-1]
        else:
            getattr(world, self.what)(*self.args)


def uid_list(text):
    out = []
    for part in text.decode().split(","):
        lo, _, hi = part.partition(":")
        out += range(int(lo), int(hi or lo) + 1)
    return out


def uid_text(uids):
    return ",".join(map(str, uids))


def read_box(c, box):
    """The mailbox as the server shows it."""
    a, out = c.ok("EXAMINE " + box), Box()
    text = b"\n".join(a.lines)
    out.validity = int(re.search(rb"UIDVALIDITY (\d+)", text).group(1))
    out.high = int(re.search(rb"UIDNEXT (\d+)", text).group(1)) - 1
    exists = int(re.search(rb"\* (\d+) EXISTS", text).group(1))
    for n, line in enumerate(x for x in c.ok(
            "FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (X-TOKEN)])").lines
            if b" FETCH (" in x):
        assert line.startswith(b"* %d " % (n + 1)), line
        uid = int(re.search(rb"UID (\d+)", line).group(1))
        flags = re.search(rb"FLAGS \(([^)]*)\)", line).group(1).decode()
        token = re.search(rb"X-Token: (\S+)", line).group(1).decode()
        assert uid > max(out.mails, default=0) and uid <= out.high, line
        out.mails[uid] = (token, frozenset(set(flags.split()) -
                                           {"\\Recent"}))
    assert exists == len(out.mails), (exists, len(out.mails))
    return out


def difference(want, seen):
    """What differs, in words; None when nothing does."""
    if set(want) != set(seen):
        return "mailboxes %r, want %r" % (sorted(seen), sorted(want))
    for name in sorted(want):
        a, b = want[name].mails, seen[name].mails
        if a != b:
            return "%s: only there: %r; missing: %r" % (
                name, {k: v for k, v in b.items() if a.get(k) != v},
                {k: v for k, v in a.items() if b.get(k) != v})
        if want[name].validity not in (None, seen[name].validity):
            return "%s: UIDVALIDITY %r, want %r" % (
                name, seen[name].validity, want[name].validity)
    return None

"""A mailbox that several workers (worker.py) change at once. Each message
belongs to the worker whose name its token begins with; only that one changes
its flags, copies or moves it, so that one worker's acknowledged operations
decide its fate, while UIDs and commits interleave. Once its owner has marked
it \\Deleted it is the mailbox's: any worker's EXPUNGE may take it, and what
may or must be gone follows from when the two were sent and answered."""

import itertools
import threading
import time

import model


class Op:
    """A mark ({uid: (token, flags before)}) or an EXPUNGE (uids, None for
    all), sent at s, answered at e (None: not)."""

    def __init__(self, uids, owner=None, s=None):
        self.uids, self.owner = uids, owner
        self.s, self.e = time.monotonic() if s is None else s, None

    def answered(self, e=None):
        self.e = time.monotonic() if e is None else e

    def __repr__(self):
        return "%s of %s" % ("mark" if self.owner else "EXPUNGE",
                             sorted(self.uids) if self.uids else "all")


class Shared:
    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.given = {}         # uid: token, all that ever were
        self.high = 0           # the highest UID known to be given
        self.validity = None
        self.marks = []
        self.expunges = []      # since the last look

    def give(self, mails):
        """{uid: token} that an acknowledged operation made."""
        with self.lock:
            for u, token in mails.items():
                assert u not in self.given, \
                    "%s: UID %d was given twice, to %s and %s" % (
                        self.name, u, self.given[u], token)
                self.given[u] = token
            self.high = max(self.high, max(mails))

    def mark(self, mails, owner, s=None):
        """owner is about to mark its mails, and lets go of them."""
        op = Op(mails, owner, s)
        with self.lock:
            self.marks.append(op)
        return op

    def expunge(self, uids=None, s=None):
        op = Op(uids, None, s)
        with self.lock:
            self.expunges.append(op)
        return op

    def marked(self):
        """{uid: (token, flags)} of what its owner let go of."""
        return {u: (t, f | {"\\Deleted"}) for m in self.marks
                for u, (t, f) in m.uids.items()}

    def part(self, seen, worker):
        """What worker still owns of the mailbox as seen."""
        box, gone = model.Box(), self.marked()
        box.validity, box.high = seen.validity, seen.high
        box.mails = {u: m for u, m in seen.mails.items()
                     if owner(m[0]) == worker and u not in gone}
        return box

    def settle(self, seen, workers):
        """Hold the marked and what all share against the mailbox as seen,
        when nothing is under way any more; go on from what is there. To be
        called before the workers ({name: World}) look at their parts."""
        self.check_numbers(seen, workers)
        unsure = [op for op in self.marks + self.expunges if op.e is None]
        why = []
        for n in range(len(unsure) + 1):
            for done in itertools.combinations(unsure, n):
                wrong = self.wrong(seen, done)
                if wrong is None:
                    self.adopt(seen, done, workers)
                    return
                why.append("with %r: %s" % (list(done), wrong))
        raise AssertionError("%s: %s" % (self.name, "\n".join(why)))

    def check_numbers(self, seen, workers):
        assert self.validity in (None, seen.validity), \
            "%s: UIDVALIDITY was %d, is %d" % (self.name, self.validity,
                                               seen.validity)
        assert seen.high >= self.high, "%s: UIDNEXT %d, but %d was given" % (
            self.name, seen.high + 1, self.high)
        self.validity, self.high = seen.validity, seen.high
        for u, (token, _) in seen.mails.items():
            assert owner(token) in workers, "%s: UID %d is nobody's: %s" % (
                self.name, u, token)
            have = self.given.setdefault(u, token)
            assert have == token, "%s: UID %d was %s, is %s" % (
                self.name, u, have, token)

    def wrong(self, seen, done):
        """What contradicts that of the unanswered just done took effect."""
        expunges = [x for x in self.expunges
                    if x.e is not None or x in done]
        for m in self.marks:
            for u, (token, flags) in m.uids.items():
                have = seen.mails.get(u)
                if m.e is None and m not in done:
                    if have != (token, flags):
                        return "UID %d is %r, nobody changed %r" % (
                            u, have, flags)
                    continue
                mine = [x for x in expunges
                        if x.uids is None or u in x.uids]
                if have is None:
                    if not any(x.e is None or x.e > m.s for x in mine):
                        return "UID %d (%s) is lost" % (u, token)
                elif m.e is not None and any(x.s > m.e for x in mine):
                    return "UID %d (%s) survived its EXPUNGE" % (u, token)
                elif have != (token, flags | {"\\Deleted"}):
                    return "UID %d is %r, want \\Deleted and %r" % (
                        u, have, flags)
        return None

    def adopt(self, seen, done, workers):
        for m in self.marks:
            if m.e is None and m not in done:
                workers[m.owner][self.name].mails.update(m.uids)
                m.uids = {}
            elif m.e is None:
                m.answered()
            m.uids = {u: x for u, x in m.uids.items() if u in seen.mails}
        self.marks = [m for m in self.marks if m.uids]
        self.expunges = []


def owner(token):
    return token.rpartition("-")[0]

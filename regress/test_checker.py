"""The checkers of test_kill.py and test_history.py can fail: each fault below
is found, and the same history without it passes."""

import history
import model
import shared
import view
from run import asan


def world():
    """Two messages in a, one copied to b and one moved there; node n."""
    h = history.History()
    h.add("a", 1, "t1", 0, 1, "n", [])
    h.add("a", 2, "t2", 2, 3, "n", ["\\Seen"])
    h.copied("a", "b", [(1, 1)], 4, 5, "n")
    h.copied("a", "b", [(2, 2)], 6, 7, "n", move=True)
    h.write("a", [1], "+", ["work"], 8, 9, "n")
    h.read("a", 1, {"work"}, 10, 11, "n")
    h.sync("m", 10, 11)
    h.read("a", 1, {"work"}, 12, 13, "m")
    h.uidnexts.append(("a", 3, 14))
    final = model.World(a=model.Box(), b=model.Box())
    final["a"].mails = {1: ("t1", frozenset(["work"]))}
    final["b"].mails = {1: ("t1", frozenset()),
                        2: ("t2", frozenset(["\\Seen"]))}
    return h, final


def expunge(h, final, uid, gone):
    h.write("b", [uid], "+", ["\\Deleted"], 20, 21, "n")
    h.expunges.append(("b", None, 22, 23))
    if gone:
        del final["b"].mails[uid]


FAULTS = {
    "given twice": lambda h, f: h.add("a", 1, "t9", 30, 31, "m", []),
    "moved twice": lambda h, f: h.move("a", 2, ("m", 30)),
    "is t1 and t2": lambda h, f: h.token("a", 1, "t2"),
    "is lost": lambda h, f: f["a"].mails.pop(1),
    "from nowhere": lambda h, f: f["a"].mails.update({
        7: ("t7", frozenset())}),
    "moved away, and is there": lambda h, f: f["a"].mails.update({
        2: ("t2", frozenset(["\\Seen"]))}),
    "is t3 and t2": lambda h, f: f["b"].mails.update({2: ("t3", frozenset())}),
    "was given after 9": lambda h, f: h.add("a", 9, "t", 30, 31, "m", []) or
    h.add("a", 8, "u", 32, 33, "n", []),
    "UIDNEXT 2": lambda h, f: h.uidnexts.append(("a", 2, 14)),
    "survived": lambda h, f: expunge(h, f, 1, False) or f["b"].mails.update({
        1: ("t1", frozenset(["\\Deleted"]))}),
    "shows no work": lambda h, f: h.read("a", 1, set(), 12, 13, "n"),
    "shows \\Seen": lambda h, f: h.read("a", 1, {"work", "\\Seen"}, 12, 13,
                                        "n"),
    "a read shows no work": lambda h, f: h.read("a", 1, set(), 15, 16, "m"),
    "shows no \\Seen": lambda h, f: h.write(
        "a", [1], "+", ["\\Seen"], 40, 41, "m"),
}


def fault(plant):
    h, final = world()
    try:
        plant(h, final)
        h.check(final)
    except AssertionError as e:
        return str(e)
    return None


@asan
def test_the_history_checker_finds_each_fault():
    h, final = world()
    expunge(h, final, 1, True)
    # what another node need not know yet
    h.read("a", 1, set(), 9.1, 9.5, "m")
    h.check(final)
    for word, plant in FAULTS.items():
        found = fault(plant)
        assert found is not None and word in found, (word, found)


def test_the_strict_view_finds_each_fault():
    def fresh():
        v = view.View("a")
        v.exists(3, True)
        for n, u in ((1, 5), (2, 7), (3, 9)):
            v.fetch(n, u, frozenset())
        return v
    v = fresh()
    v.expunge(2)
    v.exists(3, False)
    assert v.fetch(2, 9, None) == 9 and v.uids == [5, 9, None]
    assert v.fetch(3, 11, None) == 11
    for what in (lambda v: v.exists(2, False), lambda v: v.expunge(4),
                 lambda v: v.fetch(4, 12, None), lambda v: v.expunge(0),
                 lambda v: v.fetch(2, 9, None),
                 lambda v: v.exists(4, False) or v.fetch(4, 8, None),
                 lambda v: v.expunge(3) or v.exists(3, False) or
                 v.fetch(3, 9, None)):
        try:
            what(fresh())
        except view.Wrong:
            continue
        raise AssertionError("a fault was not seen")


class Killed:
    """Two workers and a mailbox that both change, at the moment when the
    connections are broken and the mailbox is read; each has marked a message
    and expunges: acknowledged and not, as the case wants."""

    def __init__(self):
        self.box = shared.Shared("s")
        self.a, self.b = (model.Worker(None, name, 0, [self.box])
                          for name in ("a", "b"))
        self.seen = model.Box()
        self.seen.validity, self.seen.high = 7, 20
        for uid, (w, n) in enumerate([(self.a, 1), (self.a, 2), (self.b, 1),
                                      (self.b, 2), (self.a, 3)], 1):
            self.add(w, "%s-%d" % (w.name, n), uid)

    def add(self, w, token, *uids, flags=frozenset()):
        """Acknowledged, and there."""
        p = model.Pending("append", "s", [token] * len(uids), flags,
                          target="s", n=len(uids))
        p.after = self.box.high
        p.apply(w.world, uids)
        w.give(self.box, uids)
        for u in uids:
            self.there(u, token, *flags)

    def there(self, uid, token, *flags):
        self.seen.mails[uid] = (token, frozenset(flags))

    def pend(self, w, what, *args, n=0):
        p = model.Pending(what, *args, target="s" if n else None, n=n)
        p.after = self.box.high
        w.pending.append(p)

    def mark(self, w, uids, s, e):
        mails = w.world["s"].mails
        op = self.box.mark({u: mails.pop(u) for u in uids}, w.name, s)
        op.e = e
        for u in uids:
            self.there(u, self.seen.mails[u][0], "\\Deleted")

    def expunge(self, uids, s, e):
        self.box.expunge(uids, s).e = e

    def gone(self, *uids):
        for u in uids:
            del self.seen.mails[u]

    def check(self):
        self.box.settle(self.seen, {w.name: w.world
                                    for w in (self.a, self.b)})
        for w in (self.a, self.b):
            w.settle(model.World(s=self.box.part(self.seen, w.name)))


def marked(k, s, e, *gone):
    """Messages 2 and 5 are marked for sure, 3 perhaps; an EXPUNGE."""
    k.mark(k.a, [2, 5], 10, 11)
    k.mark(k.b, [3], 12, None)
    k.expunge(None, s, e)
    k.gone(*gone)


def appended(k, *uids):
    """Two messages in one APPEND that was not acknowledged, then a flag."""
    k.pend(k.a, "append", "s", ["a-8", "a-9"], [], n=2)
    k.pend(k.a, "store", "s", [1], "+", {"work"})
    for uid, token in zip(uids, ["a-8", "a-9"]):
        k.there(uid, token)


def moved(k, *uids):
    """An unacknowledged MOVE of 1 and 2 within the mailbox."""
    k.pend(k.a, "move", "s", "s", [1, 2], n=2)
    for uid, token in zip(uids, ["a-1", "a-2"]):
        k.there(uid, token)


KILLED_RIGHT = [
    lambda k: None,
    lambda k: marked(k, 13, 14, 2, 5),
    lambda k: marked(k, 13, 14, 2, 5, 3),
    lambda k: marked(k, 13, 14, 2, 5) or k.there(3, "b-1"),
    lambda k: marked(k, 13, None, 2, 5),
    lambda k: marked(k, 13, None),
    lambda k: marked(k, 10.5, 14, 5),   # it was sent before the mark's OK
    lambda k: appended(k),
    lambda k: appended(k, 7, 9),
    lambda k: appended(k, 7, 9) or k.there(1, "a-1", "work"),
    lambda k: moved(k),
    lambda k: moved(k, 6, 7) or k.gone(1, 2),
    lambda k: k.add(k.b, "b-9", 7) or appended(k, 8, 9),
]

KILLED_FAULTS = [
    ("was given twice", lambda k: k.box.give({3: "a-9"})),
    ("UIDNEXT 4", lambda k: setattr(k.seen, "high", 3)),
    ("UIDVALIDITY was 7", lambda k: k.check() or setattr(
        k.seen, "validity", 8) or k.box.check_numbers(
            k.seen, {"a": 0, "b": 0})),
    ("is nobody's", lambda k: k.there(9, "x-1")),
    ("was b-1, is b-2", lambda k: k.there(3, "b-2")),
    ("after 5", lambda k: k.add(k.a, "a-9", 4)),
    ("after 5", lambda k: k.add(k.b, "b-9", 7, 6)),
    ("missing: {1:", lambda k: k.gone(1)),
    ("only there: {8:", lambda k: k.there(8, "a-1")),           # twice
    ("only there: {1:", lambda k: k.there(1, "a-1", "work")),
    # marks and EXPUNGE
    ("UID 2 (a-2) is lost", lambda k: marked(k, 8, 9, 2)),
    ("UID 2 (a-2) survived", lambda k: marked(k, 13, 14)),
    ("UID 5 (a-3) survived", lambda k: marked(k, 13, 14, 2)),
    ("UID 5 (a-3) survived", lambda k: marked(k, 13, None, 2)),  # half of it
    ("UID 3 (b-1) is lost", lambda k: marked(k, 8, 9, 3)),
    ("missing: {1:", lambda k: marked(k, 13, 14, 2, 5, 1)),     # not marked
    ("UID 5 is ('a-3', frozenset())", lambda k: marked(k, 20, None) or
     k.there(5, "a-3")),
    ("UID 2 (a-2) is lost", lambda k: k.mark(k.a, [2, 5], 10, 11) or
     k.expunge([5], 12, 13) or k.gone(2, 5)),
    ("UID 5 is", lambda k: k.mark(k.a, [2, 5], 10, None) or
     k.there(5, "a-3")),                                # half a mark
    # what was under way
    ("only there: {7:", lambda k: appended(k, 7)),      # half an APPEND
    ("only there: {7:", lambda k: appended(k, 7, 9) or  # twice
     k.there(10, "a-9")),
    ("missing: {1:", lambda k: appended(k) or           # the second alone
     k.there(1, "a-1", "work")),
    ("missing: {1:", lambda k: moved(k) or k.gone(1, 2)),
    ("only there: {6:", lambda k: moved(k, 6, 7)),
    ("only there: {6:", lambda k: moved(k, 6, 7) or k.gone(1)),
    ("missing: {1:", lambda k: moved(k, 6) or k.gone(1)),
    # given before it was sent, and now it is its own
    ("only there: {6:", lambda k: k.add(k.b, "b-9", 7) or appended(k, 6, 8)),
]


def killed(plant):
    k = Killed()
    try:
        plant(k)
        k.check()
    except AssertionError as e:
        return str(e)
    return None


@asan
def test_the_checker_of_kills_finds_each_fault():
    for i, plant in enumerate(KILLED_RIGHT):
        found = killed(plant)
        assert found is None, (i, found)
    for i, (word, plant) in enumerate(KILLED_FAULTS):
        found = killed(plant)
        assert found is not None and word in found, (i, word, found)

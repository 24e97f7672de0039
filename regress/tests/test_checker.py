"""The checkers of test_kill.py and test_history.py can fail: each of these
faults is detected, and the same history without it passes."""

import history
import model
import shared
import view
import worker


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


def records(h):
    """The bucket's, as they should be: all that h knows to be given, and of
    a message the token for its SHA-256."""
    h.mails.update({t: t for t in h.tokens.values()})
    out = [("CREATE", {"box": b, "name": b}) for b in "ab"]
    for (box, uid), x in sorted(h.adds.items()):
        if (box, uid) not in h.links:
            out.append(add(box, uid, x.token, box + str(uid) == "a2"))
            continue
        src, u = h.links[box, uid]
        out += copy(src, u, box, uid)[:1 + ((src, u) in h.moved)]
    out.append(("FLAGS", {"box": "a", "uids": "1", "how": "add",
                          "flags": "00", "keyword": ["work"]}))
    return list(enumerate(out))


def add(box, uid, token, seen=False):
    return "ADD", {"box": box, "uid": str(uid), "sha256": token,
                   "flags": "%02x" % seen, "keyword": []}


def copy(src, uids, dst, first):
    return [("COPY", {"box": src, "uids": str(uids), "dst": dst,
                      "first": str(first)}),
            ("EXPUNGE", {"box": src, "uids": str(uids)})]


def expunge(h, final, uid, gone):
    h.write("b", [uid], "+", ["\\Deleted"], 20, 21, "n")
    h.expunges.append(("b", None, 22, 23, True))
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


class Story:
    """The same, and what was under way at node n when it was killed at 50:
    an APPEND of two messages to a, a MOVE of a's 1 to b, a COPY of b's 1 and
    2 to a, that b's 2 gets or loses a flag, and an EXPUNGE of b. By 60 all of
    that was done or never would be."""

    def __init__(self):
        self.h, self.final = world()
        h = self.h
        h.mails.update({"t8": "t8", "t9": "t9"})
        h.unsure += [
            history.Unsure("a", ["t8", "t9"], 50, 60, "n", []),
            history.Unsure("b", {1}, 50, 60, "n", src="a", move=True),
            history.Unsure("a", {1, 2}, 50, 60, "n", src="b")]
        h.write("b", [2], "+", ["\\Deleted"], 40, 41, "n", False)
        h.expunges.append(("b", None, 50, 60, False))
        self.more = []          # records
        self.unrecorded = set()

    def appended(self, *uids):
        for u, token in zip(uids, ["t8", "t9"]):
            self.more.append(add("a", u, token))
            self.final["a"].mails[u] = (token, frozenset())

    def moved(self, uid):
        self.more += copy("a", 1, "b", uid)
        self.final["b"].mails[uid] = self.final["a"].mails.pop(1)

    def copied(self, first, *uids):
        self.more += copy("b", ",".join(map(str, uids)), "a", first)[:1]
        for i, u in enumerate(uids):
            self.final["a"].mails[first + i] = self.final["b"].mails[u]

    def flag(self, box, uid, *flags):
        token, have = self.final[box].mails[uid]
        self.final[box].mails[uid] = (token, have | set(flags))

    def gone(self, box, uid):
        del self.final[box].mails[uid]

    def check(self):
        rows = [x for _, x in records(self.h)
                if self.unrecorded.isdisjoint(map(str, x[1].values()))]
        self.h.check(self.final, list(enumerate(rows + self.more)))


STORY_RIGHT = [
    lambda x: None,
    lambda x: x.appended(3, 4),
    lambda x: x.appended(3, 6) or x.copied(4, 1, 2),
    lambda x: x.moved(3),
    lambda x: x.copied(3, 2),           # 1 was gone by then
    lambda x: x.flag("b", 2, "\\Deleted"),
    lambda x: x.gone("b", 2),
    lambda x: x.h.read("b", 2, {"\\Seen"}, 70, 71, "n"),
    lambda x: x.h.read("b", 2, {"\\Seen", "\\Deleted"}, 45, 46, "n"),
    lambda x: x.appended(3, 4) or x.h.read("a", 3, set(), 70, 71, "n"),
    # it began before 5 was given
    lambda x: x.appended(3, 4) or x.h.add("a", 5, "t5", 51, 52, "m", []) or
    x.final["a"].mails.update({5: ("t5", frozenset())}),
]

STORY_FAULTS = [
    ("of one APPEND", lambda x: x.appended(3)),
    ("appended twice", lambda x: x.appended(3, 4) or x.more.append(
        add("a", 5, "t8"))),
    ("was not under way", lambda x: x.more.append(add("a", 3, "t1"))),
    ("was not under way", lambda x: x.more.append(add("b", 3, "t8"))),
    ("comes from nowhere", lambda x: x.more.append(add("a", 3, "t7"))),
    ("UID 3 of a comes from nowhere", lambda x: x.final["a"].mails.update(
        {3: ("t8", frozenset())})),
    ("is in no record", lambda x: x.h.add("a", 3, "t7", 70, 71, "m", []) or
     x.unrecorded.add("t7")),
    ("is t3 and t7", lambda x: x.h.add("a", 3, "t3", 70, 71, "m", []) or
     x.unrecorded.add("t3") or x.h.mails.update(t7="t7") or
     x.more.append(add("a", 3, "t7"))),
    ("half a MOVE", lambda x: x.moved(3) or x.more.pop()),
    ("was moved away, and is there", lambda x: x.moved(3) or
     x.final["a"].mails.update({1: ("t1", frozenset(["work"]))})),
    ("was not under way", lambda x: x.moved(3) or
     x.more.extend(copy("a", 1, "b", 4))),              # twice
    ("was not under way", lambda x: x.copied(3, 1, 2) or x.copied(5, 2)),
    ("told a part", lambda x: x.h.copied("b", "a", [(1, 3)], 70, 71, "m") or
     x.unrecorded.add("3") or x.copied(3, 1, 2)),
    ("is lost", lambda x: x.gone("b", 1)),      # it never was \\Deleted
    ("is lost", lambda x: x.gone("a", 1)),      # the MOVE has no record
    ("is lost", lambda x: x.copied(3, 1, 2) or x.gone("a", 4)),
    ("shows \\Flagged", lambda x: x.flag("a", 1, "\\Flagged")),
    ("shows work", lambda x: x.flag("b", 2, "work")),
    ("shows work", lambda x: x.copied(3, 1) or x.flag("a", 3, "work")),
    ("shows no \\Seen", lambda x: x.h.write(
        "b", [2], "-", ["\\Seen"], 50, 60, "n", False) or x.h.write(
        "b", [2], "+", ["\\Seen"], 70, 71, "n") or x.final[
            "b"].mails.update({2: ("t2", frozenset())})),
    ("UID 3 was given after 5", lambda x: x.h.add(
        "a", 5, "t5", 48, 49, "m", []) or x.final["a"].mails.update(
            {5: ("t5", frozenset())}) or x.appended(3, 4)),
    ("UIDNEXT 4", lambda x: x.appended(3, 4) or x.h.uidnexts.append(
        ("a", 4, 61))),
    ("UIDVALIDITY was 7", lambda x: x.h.validity("a", 7) or
     x.h.validity("a", 8)),
]


def found_in(check, plant, *given):
    """What check() says once the fault is planted."""
    try:
        plant(*given)
        check()
    except AssertionError as e:
        return str(e)
    return None


def fault(plant):
    h, final = world()
    return found_in(lambda: h.check(final, records(h)), plant, h, final)


def story(plant):
    x = Story()
    return found_in(lambda: x.check(), plant, x)


def test_the_history_checker_finds_each_fault():
    h, final = world()
    expunge(h, final, 1, True)
    # what another node need not know yet
    h.read("a", 1, set(), 9.1, 9.5, "m")
    h.check(final, records(h))
    for word, plant in FAULTS.items():
        found = fault(plant)
        assert found is not None and word in found, (word, found)
    all_right(STORY_RIGHT, story)
    all_found(STORY_FAULTS, story)


def all_right(cases, run):
    for i, plant in enumerate(cases):
        found = run(plant)
        assert found is None, (i, found)


def all_found(cases, run):
    for i, (word, plant) in enumerate(cases):
        found = run(plant)
        assert found is not None and word in found, (i, word, found)


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
        self.a, self.b = (worker.Worker(None, name, 0, [self.box])
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
    return found_in(k.check, plant, k)


def test_the_checker_of_kills_finds_each_fault():
    all_right(KILLED_RIGHT, killed)
    all_found(KILLED_FAULTS, killed)

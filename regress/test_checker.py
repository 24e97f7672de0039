"""The checkers of test_history.py can fail: each fault below is found, and
the same history without it passes."""

import history
import model
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

"""Two nodes on one bucket, with four clients each, change the same mailboxes
for 40 seconds (SECONDS: another time). In the last third, storaged of one or
the other node, or the whole node, is killed now and then and restarted. Every
client believes only what it was told (racer.py, view.py); at the end, the
history of all of them is proved to have an order (history.py), and both
nodes, their indexes, a third node that has never seen the user, and the
records in the bucket agree. SEED repeats the load, but not the races."""

import glob
import os
import random
import signal
import threading
import time

import dump
import history
import model
import suite
from mark import second_server, time_limit
from nodes import SAY, serves_again, two
from racer import BOXES, NAMES, Client

SECONDS = 40
SECONDS_ASAN = 20
SLOW = 4 if os.environ.get("REGRESS_ASAN") else 1
# What is killed: storaged; the whole node; it, with its local state.
DECK = ["storaged", "storaged", "storaged", "node", "cold"]


class Node:
    """A suite that is killed now and then. life: counts up when a kill
    begins and when the node serves again."""

    def __init__(self, s):
        self.s, self.life = s, 0
        self.name = s.dir.split("-")[2]

    def killed_since(self, life):
        return self.life != life or life % 2 == 1

    def kill(self, what):
        self.life += 1
        if what == "storaged":
            pid = [p for p, n in self.s.children() if n == "storaged"][0]
            os.kill(pid, signal.SIGKILL)
        else:
            self.s.kill_all()
            if what == "cold":
                self.s.forget()
            self.s.start()
        # Without its cache it reads all of the history that there is.
        serves_again(self.s, time.monotonic() + 30 + (
            seconds() / 30 if what == "cold" else 0))
        self.life += 1


class Killer(threading.Thread):
    """Kills one of the nodes after the other from begin until end; says how
    far the run is."""

    def __init__(self, nodes, h, seed, begin, end):
        super().__init__(daemon=True)
        self.nodes, self.h, self.begin, self.end = nodes, h, begin, end
        self.r, self.seed = random.Random("killer %d" % seed), seed
        self.error = None

    def run(self):
        try:
            deck, first = [], time.monotonic()
            said, due = first, self.begin
            while time.monotonic() < self.end - 1:
                if time.monotonic() >= due:
                    deck = deck or self.r.sample(DECK, len(DECK))
                    what = deck.pop()
                    self.r.choice(self.nodes).kill(what)
                    self.h.count("killed " + what)
                    due = time.monotonic() + self.r.uniform(1, 3)
                if time.monotonic() >= said + SAY:
                    said = time.monotonic()
                    print("   SEED=%d %d of %d s: %s" % (
                        self.seed, said - first, self.end - first,
                        self.h.summary()), flush=True)
                time.sleep(0.1)
        except BaseException as e:
            self.error = e


def seconds():
    return float(os.environ.get("SECONDS") or (
        SECONDS_ASAN if os.environ.get("REGRESS_ASAN") else SECONDS))


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


def check_names(records, counts):
    """Each CREATE, DELETE and RENAME of NAMES that got OK is one record."""
    kinds, ids = {}, set()
    for _, (kind, w) in records:
        if kind == "CREATE" and w["name"] in NAMES:
            ids.add(w["box"])
        if kind in ("CREATE", "DELETE", "RENAME") and w["box"] in ids:
            kinds[kind] = kinds.get(kind, 0) + 1
    for kind in ("CREATE", "DELETE", "RENAME"):
        done = kinds.get(kind, 0) - counts.get(kind, 0)
        assert 0 <= done <= counts.get("unsure " + kind, 0), (kinds, counts)


def run_history(kind):
    seed = model.seed()
    a, b = two(kind)
    h = history.History()
    with a, b:
        c = a.client()
        for box in BOXES:
            c.ok("CREATE " + box)
        c.logout()
        nodes = [Node(a), Node(b)]
        clients = [Client(n, "c%d" % i, h, seed)
                   for i, n in enumerate(nodes * 4)]
        begun, took = time.monotonic(), seconds()
        killer = Killer(nodes, h, seed, begun + took * 2 / 3, begun + took)
        threads = [threading.Thread(target=x.run, args=(begun + took,),
                                    daemon=True) for x in clients] + [killer]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print("   " + h.summary())
        for n in nodes:
            mine = [x for x in clients if x.home is n]
            print("   %s: %d messages sent, longest wait %.1f s, away %.1f "
                  "s" % (n.name, sum(x.n for x in mine),
                         max(x.longest for x in mine),
                         max(x.away for x in mine)), flush=True)
        for x in clients + [killer]:
            if x.error:
                raise x.error
        final = shown(a)
        other = shown(b)
        assert model.difference(final, other) is None, \
            model.difference(final, other)
        records = dump.records(dump.text(a))
        h.check(final, records)
        for x in clients:
            x.settle(final[x.box].mails)
        agree((a, b), final)
        check_names(records, h.counts)
        third = suite.Suite(a.store, name="node-c", store_path=None
                            if kind != "file" else b.store_path)
        with third:
            assert model.difference(final, shown(third)) is None


@time_limit(600 + 5 * seconds())
@second_server
def test_two_nodes_have_one_history_on_minio():
    run_history("minio")


@time_limit(600 + 5 * seconds())
def test_two_nodes_have_one_history_on_the_file_store():
    run_history("file")

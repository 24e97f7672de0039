"""What several clients on several nodes did and were told, and the proof
that one order of all of it exists: UIDs are given once and ascend, what was
acknowledged is there, nothing is there from nowhere, and each read of a flag
shows a value that could be the newest at that time (on its own node; over
nodes, what was acknowledged before the node last asked the bucket).

Times are of one clock: (s, e) is from before an operation was sent until
after it was answered; or, of one that never was (its node was killed), until
it surely was done or never would be. Which of those added a UID, the records
in the bucket tell: whole or not at all, and once."""

import bisect
import random
import threading

import dump

FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "\\Draft",
         "$Kept", "work"]
READS_MAX = 200000      # a sample of them in a long run


class Add:
    def __init__(self, box, uid, token, s, e):
        self.box, self.uid, self.token, self.s, self.e = box, uid, token, s, e


class Unsure:
    """An APPEND (what: [token]) or a COPY or MOVE (what: {uid}, from src)
    that was not answered; found: {token: uid} or the pairs of UIDs."""

    def __init__(self, dst, what, s, e, node, flags=None, src=None,
                 move=False):
        self.dst, self.what, self.flags = dst, what, flags
        self.s, self.e, self.node = s, e, node
        self.src, self.move = src, move
        self.found = {}


class History:
    def __init__(self):
        self.lock = threading.Lock()
        self.adds = {}          # (box, uid): Add
        self.tokens = {}        # (box, uid): token, as told anywhere
        self.writes = {}        # (box, uid): [(s, e, node, {flag: value},
                                #   sure)]
        self.moved = {}         # (box, uid): who
        self.links = {}         # (box, uid): (box, uid), COPY and MOVE
        self.expunges = []      # (box, uids or None for all, s, e, sure)
        self.mails = {}         # SHA-256 of the bytes: token
        self.unsure = []
        self.reads = []         # (box, uid, flags, s, e, node)
        self.nreads = 0
        self.syncs = {}         # node: [(e, s)]
        self.uidnexts = []      # (box, uidnext, s)
        self.validities = {}    # box: its only UIDVALIDITY
        self.counts = {}
        self.r = random.Random(0)

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def summary(self):
        with self.lock:
            return ", ".join("%d %s" % (v, k)
                             for k, v in sorted(self.counts.items()))

    def validity(self, box, value):
        have = self.validities.setdefault(box, value)
        assert have == value, "%s: UIDVALIDITY was %d, is %d" % (
            box, have, value)

    def add(self, box, uid, token, s, e, node, flags=None):
        """flags None: a copy's, not known before explain()."""
        with self.lock:
            assert (box, uid) not in self.adds, \
                "UID %d of %s was given twice: %s and %s" % (
                    uid, box, self.adds[box, uid].token, token)
            self.adds[box, uid] = Add(box, uid, token, s, e)
            self._write((box, uid), s, e, node, {
                f: None if flags is None else f in flags for f in FLAGS})
        if token is not None:
            self.token(box, uid, token)

    def token(self, box, uid, token):
        have = self.tokens.setdefault((box, uid), token)
        assert have == token, "UID %d of %s is %s and %s" % (
            uid, box, have, token)

    def _write(self, key, s, e, node, values, sure=True):
        self.writes.setdefault(key, []).append((s, e, node, values, sure))

    def copied(self, src, dst, pairs, s, e, node, move=False):
        """A COPYUID: pairs of UIDs in src and dst."""
        for a, b in pairs:
            self.add(dst, b, None, s, e, node)
            self.links[dst, b] = (src, a)
            if move:
                self.move(src, a, (node, s))

    def write(self, box, uids, how, flags, s, e, node, sure=True):
        if how == "":
            values = {f: f in flags for f in FLAGS}
        else:
            values = {f: how == "+" for f in flags}
        with self.lock:
            for u in uids:
                self._write((box, u), s, e, node, values, sure)

    def move(self, box, uid, who):
        with self.lock:
            assert (box, uid) not in self.moved, \
                "UID %d of %s was moved twice" % (uid, box)
            self.moved[box, uid] = who

    def read(self, box, uid, flags, s, e, node):
        row = (box, uid, flags, s, e, node)
        with self.lock:
            self.nreads += 1
            if len(self.reads) < READS_MAX:
                self.reads.append(row)
            else:
                i = self.r.randrange(self.nreads)
                if i < READS_MAX:
                    self.reads[i] = row

    def sync(self, node, s, e):
        """The node asked the bucket between s and e."""
        with self.lock:
            self.syncs.setdefault(node, []).append((e, s))

    # The proof. final: {box: model.Box}; records: dump.records()

    def check(self, final, records):
        self.explain(final, records)
        self.sort_expunges()
        self.check_order()
        self.check_uidnexts()
        self.check_contents(final)
        self.check_expunges(final)
        self.check_reads(final)

    def explain(self, boxes, records):
        """Each UID that the records give was acknowledged or comes of one
        that was not answered, which is recorded now."""
        names, told, flags = {}, set(), {}
        for i, (_, (kind, w)) in enumerate(records):
            if kind == "CREATE":
                names[w["box"]] = w["name"]
            box = names.get(w.get("box"))
            if kind == "ADD" and box in boxes:
                told.add((box, int(w["uid"])))
                flags[box, int(w["uid"])] = dump.flags_of(w)
                self.explain_add(box, int(w["uid"]), w["sha256"])
            elif kind == "COPY" and box in boxes:
                uids, first = dump.uids_of(w["uids"]), int(w["first"])
                pairs = [(u, first + j) for j, u in enumerate(uids)]
                dst = names[w["dst"]]
                told.update((dst, u) for _, u in pairs)
                then = records[i + 1][1] if i + 1 < len(records) else (0, 0)
                self.explain_copy(box, dst, pairs, then[0] == "EXPUNGE" and
                                  then[1]["box"] == w["box"] and
                                  then[1]["uids"] == w["uids"])
                for a, b in pairs:
                    flags[dst, b] = flags[box, a]
                    self.copied_flags((dst, b), flags[dst, b])
            elif kind == "FLAGS" and box in boxes:
                for u in dump.uids_of(w["uids"]):
                    flags[box, u] = dump.changed(flags[box, u], w)
        for x in self.unsure:
            if x.src is None and x.found:
                self.appended(x)
        for key in self.adds:
            assert key in told, "UID %d of %s is in no record" % (
                key[1], key[0])

    def explain_add(self, box, uid, sha256):
        token = self.mails.get(sha256)
        assert token is not None, "UID %d of %s comes from nowhere" % (
            uid, box)
        if (box, uid) in self.adds:
            self.token(box, uid, token)
            return
        for x in self.unsure:
            if x.src is None and x.dst == box and token in x.what:
                assert token not in x.found, "%s was appended twice" % token
                x.found[token] = uid
                return
        raise AssertionError("UID %d of %s: %s was not under way" % (
            uid, box, token))

    def appended(self, x):
        assert set(x.found) == set(x.what), "of one APPEND of %r, %r" % (
            x.what, x.found)
        for token, uid in x.found.items():
            self.add(x.dst, uid, token, x.s, x.e, x.node, x.flags)

    def explain_copy(self, src, dst, pairs, moved):
        known = [(src, a) == self.links.get((dst, b)) for a, b in pairs]
        if all(known):
            return
        assert not any(known), "COPYUID told a part of %r" % (pairs,)
        uids = {a for a, _ in pairs}
        fit = [x for x in self.unsure if x.src == src and x.dst == dst and
               not x.found and uids <= x.what and (moved or not x.move)]
        assert fit, "%s of %r from %s to %s was not under way" % (
            "MOVE" if moved else "COPY (or half a MOVE)", pairs, src, dst)
        x = min(fit, key=lambda x: (not x.move, len(x.what)))
        x.found = dict(pairs)
        self.copied(src, dst, pairs, x.s, x.e, x.node, x.move)

    def copied_flags(self, key, flags):
        self.writes[key] = [
            (s, e, node, {f: f in flags for f in FLAGS}, sure)
            if None in v.values() else (s, e, node, v, sure)
            for s, e, node, v, sure in self.writes[key]]

    def check_order(self):
        """Of two additions that did not overlap, the later has the greater
        UID."""
        for box in {b for b, _ in self.adds}:
            adds = [a for a in self.adds.values() if a.box == box]
            ends = sorted((a.e, a.uid) for a in adds)
            top = i = 0
            for a in sorted(adds, key=lambda a: a.s):
                while i < len(ends) and ends[i][0] < a.s:
                    top = max(top, ends[i][1])
                    i += 1
                assert a.uid > top, "%s: UID %d was given after %d" % (
                    box, a.uid, top)

    def check_uidnexts(self):
        """STATUS and SELECT show what any node had acknowledged."""
        for box in {b for b, _, _ in self.uidnexts}:
            ends = sorted((a.e, a.uid) for a in self.adds.values()
                          if a.box == box)
            top = i = 0
            for _, n, s in sorted((x for x in self.uidnexts if x[0] == box),
                                  key=lambda x: x[2]):
                while i < len(ends) and ends[i][0] < s:
                    top = max(top, ends[i][1])
                    i += 1
                assert n > top, "%s: UIDNEXT %d, but %d was given" % (
                    box, n, top)

    def check_contents(self, final):
        for box, b in final.items():
            for uid, (token, _) in b.mails.items():
                a = self.adds.get((box, uid))
                assert a, "UID %d of %s comes from nowhere" % (uid, box)
                self.token(box, uid, token)
                assert (box, uid) not in self.moved, \
                    "UID %d of %s was moved away, and is there" % (uid, box)
        for key, src in self.links.items():
            while src in self.links:
                src = self.links[src]
            self.token(*key, self.adds[src].token)
        for (box, uid), a in self.adds.items():
            assert uid in final[box].mails or self.may_be_gone(box, uid), \
                "UID %d (%s) of %s is lost" % (uid, a.token, box)

    def may_be_gone(self, box, uid):
        return self.gone_from(box, uid) is not None

    def gone_from(self, box, uid):
        """From when on it may have been gone; None: it never could."""
        if (box, uid) in self.moved:
            return self.moved[box, uid][1]
        dead = min([s for s, _, _, v, _ in self.writes[box, uid]
                    if v.get("\\Deleted")],
                   default=None)
        if dead is None:
            return None
        some = [s for s, e in self.named.get((box, uid), []) if e > dead]
        every = self.every.get(box, [])
        i = bisect.bisect_right(every, (dead, 1e18))
        return min(some + ([every[i][1]] if i < len(every) else []),
                   default=None)

    def sort_expunges(self):
        """named: {(box, uid): [(s, e)]} of those with a set; every: {box:
        [(e, s)]} of those without, where s is the least from there on."""
        self.named, self.every = {}, {}
        for box, uids, s, e, _ in self.expunges:
            if uids is None:
                self.every.setdefault(box, []).append((e, s))
            for u in uids or ():
                self.named.setdefault((box, u), []).append((s, e))
        for rows in self.every.values():
            rows.sort()
            for i in range(len(rows) - 2, -1, -1):
                rows[i] = (rows[i][0], min(rows[i][1], rows[i + 1][1]))

    def check_expunges(self, final):
        """What was surely \\Deleted all through an EXPUNGE is gone."""
        for box, uids, s, e, sure in self.expunges:
            for uid in final[box].mails if sure else ():
                if uids is not None and uid not in uids:
                    continue
                w = [(ws, we, v["\\Deleted"], happened)
                     for ws, we, _, v, happened in self.writes[box, uid]
                     if "\\Deleted" in v]
                for ws, we, v, happened in w:
                    assert not (v and happened and we < s and all(
                        v2 or e2 < ws or s2 > e for s2, e2, v2, _ in w)), \
                        "UID %d of %s survived its EXPUNGE" % (uid, box)

    def check_reads(self, final):
        syncs = {}
        for node, rows in self.syncs.items():
            rows.sort()
            top, out = 0, []
            for e, s in rows:
                top = max(top, s)
                out.append((e, top))
            syncs[node] = out
        gone = {key: self.gone_from(*key) for key in self.adds
                if key[1] not in final[key[0]].mails}
        for box, uid, flags, s, e, node in self.reads:
            # a view that was not told yet shows what it was at its end
            s = min(s, gone.get((box, uid), s))
            rows = syncs.get(node, [])
            i = bisect.bisect_left(rows, (s,)) - 1
            self.check_read(box, uid, flags, e, node, s,
                            rows[i][1] if i >= 0 else 0)
        for box, b in final.items():
            for uid, (_, flags) in b.mails.items():
                self.check_read(box, uid, flags, 1e18, None, 1e18, 1e18)

    def check_read(self, box, uid, flags, e, node, own, others):
        """flags, read until e: of each flag, some write has this value and
        none that the node must know of came after it: those of the node
        that ended before own, those of all before others."""
        writes = self.writes.get((box, uid), [])
        known = [(ws, v) for ws, we, n, v, sure in writes
                 if sure and we < (own if n == node else others)]
        for f in FLAGS:
            after = max((ws for ws, v in known if f in v), default=0)
            ok = any(f in v and v[f] == (f in flags) and ws < e and
                     we >= after for ws, we, _, v, _ in writes)
            assert ok, "UID %d of %s: a read shows %s%s: %r, writes %r" % (
                uid, box, "" if f in flags else "no ", f, (own, e, node),
                [(ws, we, n, v[f], sure) for ws, we, n, v, sure in writes
                 if f in v])

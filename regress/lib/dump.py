"""Parses `pailctl dump` and evaluates the records independently, to compare
the content of the bucket with what the nodes show."""

import os
import re
import shutil
import sqlite3

import proc

BITS = {1: "\\Seen", 2: "\\Answered", 4: "\\Flagged", 8: "\\Deleted",
        16: "\\Draft"}
USED = {"box", "name", "uidvalidity", "uids", "uid", "dst", "first", "how",
        "flags", "sha256"}      # the rest takes room
WORD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


class Box:
    def __init__(self, name, validity):
        self.name, self.validity = name, validity
        self.mails = {}         # uid: (flags, modseq)
        self.high = 0           # the highest UID ever given


def uids_of(text):
    out = []
    for part in text.split(","):
        lo, _, hi = part.partition(":")
        out += range(int(lo), int(hi or lo) + 1)
    return out


def words(line):
    """{key: value} of one line, keywords as a list."""
    out = {"keyword": []}
    for k, v in WORD.findall(line):
        if v.startswith('"'):
            v = re.sub(r'\\(["\\])', r"\1", v[1:-1])
        if k == "keyword":
            out[k].append(v)
        elif k in USED:
            out[k] = v
    return out


def flags_of(w):
    bits = int(w["flags"], 16)
    return frozenset([n for b, n in BITS.items() if bits & b] +
                     w["keyword"])


def records(text):
    """The records in order; every number from 1 to the head's, once."""
    out = {}
    for line in text.splitlines():
        assert "damaged" not in line, line
        m = re.match(r"    (\d+) (\w+)(.*)$", line)
        if m:
            n = int(m.group(1))
            rec = (m.group(2), words(m.group(3)))
            assert n not in out, "record %d twice" % n
            out[n] = rec
    last = int(re.search(r"^head .* records=(\d+)", text, re.M).group(1))
    assert sorted(out) == list(range(1, last + 1)), \
        "records are missing: %d of %d" % (len(out), last)
    return sorted(out.items())


def add(box, uid, flags, modseq):
    assert uid > box.high, "record %d: UID %d of %s is not new" % (
        modseq, uid, box.name)
    box.high = uid
    box.mails[uid] = (flags, modseq)


def changed(have, w):
    """What a FLAGS record makes of the flags that a message has."""
    flags = flags_of(w)
    return {"set": flags, "add": have | flags,
            "remove": have - flags}[w["how"]]


def change(box, w, n):
    for u in uids_of(w["uids"]):
        have = box.mails[u][0]
        new = changed(have, w)
        assert new != have, "record %d changes nothing of UID %d" % (n, u)
        box.mails[u] = (new, n)


def replay(text):
    """{name: Box} that the records evaluate to. A record that does not fit
    what is before it is an error."""
    boxes, validity = {}, 0
    for n, (kind, w) in records(text):
        b = boxes.get(w.get("box"))
        if kind == "CREATE":
            assert b is None and int(w["uidvalidity"]) > validity, (n, w)
            validity = int(w["uidvalidity"])
            assert w["name"] not in [x.name for x in boxes.values()], (n, w)
            boxes[w["box"]] = Box(w["name"], validity)
        elif kind == "SUBSCRIBE":
            pass
        elif kind == "RENAME":
            assert w["name"] not in [x.name for x in boxes.values()], (n, w)
            b.name = w["name"]
        elif kind == "DELETE":
            del boxes[w["box"]]
        elif kind == "ADD":
            add(b, int(w["uid"]), flags_of(w), n)
        elif kind == "COPY":
            uid = int(w["first"])
            for i, u in enumerate(uids_of(w["uids"])):
                add(boxes[w["dst"]], uid + i, b.mails[u][0], n)
        elif kind == "FLAGS":
            change(b, w, n)
        elif kind == "EXPUNGE":
            for u in uids_of(w["uids"]):
                del b.mails[u]
        else:
            raise AssertionError("record of kind %s" % kind)
    return {b.name: b for b in boxes.values()}


def text(s, user="ann"):
    return s.ctl("dump", user, timeout=1200).stdout.decode()


def of(s, user="ann"):
    """What the bucket holds of the user, asked of the node s."""
    return replay(text(s, user))


def varint(data, at):
    """(value, what follows it)"""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def column(data, at, n, ramp):
    """One column of a packed group (storaged/format/mailpack.c): numbers and
    where the next begins."""
    low, at = varint(data, at)
    low = -(low >> 1) - 1 if low & 1 else low >> 1
    width, at = data[at], at + 1
    return [low + int.from_bytes(data[at + i * width:at + (i + 1) * width],
                                 "little") + (i if ramp else 0)
            for i in range(n)], at + n * width


def group_modseqs(data):
    """{uid: modseq} of the state of a group of messages."""
    n, at, cols = data[0] + 1, 1, []
    for ramp in True, False, False, False:
        col, at = column(data, at, n, ramp)
        cols.append(col)
    assert at == len(data)
    return dict(zip(cols[0], cols[3]))


def index_modseqs(path):
    """{name: {uid: modseq}} of a node's own index file.  Of a copy: nobody
    else can read what the node has open.  The log first, whose pages are at
    least as new as the file's."""
    where = proc.tempdir("index")
    for suffix in "-wal", "":
        shutil.copy(path + suffix, os.path.join(where, "hot" + suffix))
    db = sqlite3.connect(os.path.join(where, "hot"))
    try:
        out = {}
        for box, name in db.execute("SELECT id, name FROM box"):
            out[name] = {}
            for state, in db.execute("SELECT state FROM mail WHERE box = ?",
                                     (box,)):
                out[name].update(group_modseqs(state))
        return out
    finally:
        db.close()

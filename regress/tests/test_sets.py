"""Message sets of any shape (issue 10, section 6): a limit is never reported
as something else, and no shape of a set hits a limit before the mailbox does."""

import re
import time

import suite
from imapc import status
from mails import small
from mark import normal_only

# Copied over and over, then expunged: a gap behind each UID, and every
# other message is \\Flagged.
SEED = [("", 0), ("(\\Deleted)", 1), ("(\\Flagged)", 2), ("(\\Deleted)", 3)]


def gaps(c, box, count):
    """count messages (4 times a power of 2) with a gap behind each UID."""
    for flags, n in SEED:
        c.append(box, small(n), flags)
    c.ok("SELECT " + box)
    have = 4
    while have < 2 * count:
        c.ok("COPY 1:%d %s" % (have, box))
        have *= 2
    c.ok("NOOP")
    c.ok("CLOSE")


def exists(lines):
    return [int(m.group(1)) for m in
            (re.match(rb"\* (\d+) EXISTS", x) for x in lines) if m][-1]


def uids(text):
    """How many UIDs a set in a response names."""
    n = 0
    for part in text.split(b","):
        lo, _, hi = part.partition(b":")
        n += int(hi or lo) - int(lo) + 1
    return n


def all_sets(c, count):
    """Each command with a set, in a mailbox of count messages with gaps."""
    t = time.monotonic()
    assert exists(c.ok("SELECT INBOX").lines) == count
    half = count // 2
    for box in "whole", "half", "moved", "bin":
        c.ok("CREATE " + box)
    # 1:*, and every other: as many ranges as there can be
    a = c.ok("COPY 1:* whole")
    src, dst = a.code("COPYUID").split()[1:]
    assert uids(src) == uids(dst) == count
    assert status(c, "whole") == count
    a = c.ok("SEARCH RETURN (SAVE COUNT) FLAGGED")
    assert a.having("COUNT %d" % half), a.lines
    a = c.ok("COPY $ half")
    assert uids(a.code("COPYUID").split()[1]) == half
    assert status(c, "half") == half
    c.ok("UID COPY $ bin")
    assert len(c.ok("FETCH $ FLAGS").having("FETCH")) == half
    assert len(c.ok("UID FETCH $ RFC822.SIZE").having("FETCH")) == half
    a = c.ok("STORE $ +FLAGS (\\Answered)")
    assert len(a.having("\\Answered")) == half
    c.ok("STORE $ +FLAGS.SILENT (kw)")
    a = c.ok("UID SEARCH RETURN (COUNT) UID $ SUBJECT number")
    assert a.having("COUNT %d" % half), a.lines
    a = c.ok("SEARCH ANSWERED KEYWORD kw")
    assert len(a.having("SEARCH")[0].split()) == 2 + half
    # many at once: they wait for one another where they would take room
    for a in c.pipeline(20 * [("STORE $ +FLAGS.SILENT (kw)", None)]):
        assert a.status == "OK", a
    # another session's flags, told at once
    d = c.again()
    d.ok("SELECT INBOX")
    c.ok("STORE $ -FLAGS.SILENT (kw)")
    assert len(d.ok("NOOP").having("FETCH")) == half
    # what goes: by MOVE, and by UID EXPUNGE
    c.ok("SEARCH RETURN (SAVE) UNFLAGGED")
    a = c.ok("MOVE $ moved")
    assert uids(a.having("COPYUID")[0].split()[4]) == half
    assert len(a.having("EXPUNGE")) == half
    assert status(c, "moved") == half
    assert len(d.ok("NOOP").having("EXPUNGE")) == half
    c.ok("SELECT whole")
    a = c.ok("SEARCH RETURN (SAVE) FLAGGED")
    c.ok("STORE $ +FLAGS.SILENT (\\Deleted)")
    c.ok("SEARCH RETURN (SAVE) DELETED")
    a = c.ok("UID EXPUNGE $")
    assert len(a.having("EXPUNGE")) == half
    assert status(c, "whole") == half
    a = c.ok("MOVE 1:* bin")
    assert len(a.having("EXPUNGE")) == half
    assert status(c, "bin") == count and status(c, "whole") == 0
    print("   all sets of %d messages: %.1f s" % (
        count, time.monotonic() - t))


def run(count):
    with suite.Suite() as s:
        c = s.client(timeout=300)
        gaps(c, "INBOX", count)
        c.again = lambda: s.client(timeout=300)
        all_sets(c, count)
        assert "EXPUNGEISSUED" not in s.log_text()


def test_copy_and_move_of_65536_messages_with_a_gap_behind_each_uid():
    with suite.Suite() as s:
        c = s.client(timeout=300)
        gaps(c, "INBOX", 65536)
        c.ok("CREATE a")
        c.ok("CREATE b")
        assert exists(c.ok("SELECT INBOX").lines) == 65536
        a = c.ok("COPY 1:* a")
        assert uids(a.code("COPYUID").split()[1]) == 65536
        c.ok("MOVE 1:* b")
        assert [status(c, x) for x in ("a", "b", "INBOX")] == \
            [65536, 65536, 0]


@normal_only("takes 10 s")
def test_every_command_with_a_set_of_131072_ranges_of_262144_messages():
    run(262144)


def test_a_copy_of_what_others_have_expunged_still_says_so():
    with suite.Suite() as s:
        c, d = s.client(), s.client()
        for n in range(3):
            c.append("INBOX", small(n))
        c.ok("CREATE a")
        c.ok("SELECT INBOX")
        d.ok("SELECT INBOX")
        d.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        d.ok("EXPUNGE")
        a = c.cmd("COPY 1:3 a")
        assert a.status == "NO" and a.code("EXPUNGEISSUED") is not None, a

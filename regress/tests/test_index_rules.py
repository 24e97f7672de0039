"""The content of an index follows from the records, on every node and after
every rebuild: threads and keywords (issue 10, sections 1 and 4)."""

import re

import suite
from nodes import two

MAIL = (b"From: a@example.org\r\nSubject: s\r\nMessage-ID: <%s@x>\r\n"
        b"%s\r\ntext\r\n")


def mail(name, answers=None):
    more = b"In-Reply-To: <%s@x>\r\n" % answers.encode() if answers else b""
    return MAIL % (name.encode(), more)


def threads(s):
    """Of the messages, in the order of their records."""
    return re.findall(r" ADD .* thread=([0-9a-f]{16})",
                      s.ctl("dump", "ann").stdout.decode())


def test_a_thread_goes_on_when_the_cache_was_deleted():
    s = suite.Suite()
    names = ["a", "b", "c", "d"]
    for n, name in enumerate(names):
        with s:
            c = s.client()
            c.append("INBOX", mail(name, names[n - 1] if n else None))
            c.logout()
        s.forget()
    with s:
        seen = threads(s)
    assert len(seen) == 4 and len(set(seen)) == 1, seen


def test_a_thread_is_the_same_on_the_node_that_did_not_see_it_begin():
    a, b = two("file")
    with a, b:
        ca, cb = a.client(), b.client()
        for n, c in enumerate([ca, cb, ca, cb]):
            c.append("INBOX", mail("m%d" % n, "m%d" % (n - 1) if n else None))
        seen = threads(a)
        assert seen == threads(b)
    assert len(seen) == 4 and len(set(seen)) == 1, seen


def flags_line(lines):
    """FLAGS and PERMANENTFLAGS, the last of each, as sets of words."""
    out = []
    for what in rb"\* FLAGS \((.*)\)$", rb"PERMANENTFLAGS \((.*?)\)\]":
        found = [re.search(what, x) for x in lines]
        out.append(set([m.group(1).split() for m in found if m][-1]))
    return out


def use_many(c, first, last):
    """Keywords first to last, each on message 1 for a while."""
    for a in c.pipeline([("STORE 1 FLAGS.SILENT (k%d)" % n, None)
                         for n in range(first, last)]):
        assert a.status == "OK", a


def keep_many(c, first, last):
    for n in range(first, last, 50):
        c.ok("STORE 2 +FLAGS.SILENT (%s)" % " ".join(
            "k%d" % k for k in range(n, min(n + 50, last))))


def test_keywords_that_nothing_uses_are_free_again():
    """2,500 in a user's life, at most two at a time; a session that knew
    the old ones, one of another node, and a rebuilt index agree."""
    a, b = two("file")
    with a, b:
        c, other = a.client(), b.client()
        for n in range(2):
            c.append("INBOX", mail("m%d" % n))
        c.ok("SELECT INBOX")
        other.ok("SELECT INBOX")
        use_many(c, 0, 2500)
        c.ok("STORE 2 FLAGS (mine)")
        for x in c, other:
            flags, perm = flags_line(
                x.ok("NOOP").lines + x.ok("SELECT INBOX").lines)
            assert b"k2499" in flags and b"mine" in flags, flags
            assert b"k0" not in flags and b"k1000" not in flags
            assert b"\\*" in perm and flags - perm == set()
            assert len(flags) <= 1005
            got = x.ok("FETCH 1:2 FLAGS").lines
            assert b"k2499" in got[0] and b"mine" in got[1], got
        # the old name is as good as a new one
        other.ok("STORE 1 +FLAGS (k0)")
        c.ok("SELECT INBOX")
        assert c.ok("SEARCH KEYWORD k0").having("SEARCH 1")
        assert not c.ok("SEARCH KEYWORD k7").having("SEARCH 1")
        c.append("INBOX", mail("m3"), "(brand-new)")
    a.forget()
    with a:
        c = a.client()
        c.ok("SELECT INBOX")
        got = c.ok("FETCH 1:3 FLAGS").lines
        assert b"(k2499 k0)" in got[0].replace(b"\\Recent ", b"") and \
            b"mine" in got[1] and b"brand-new" in got[2], got


def test_when_no_keyword_is_left_mail_is_kept_without_it():
    with suite.Suite() as s:
        c, d = s.client(), s.client()
        for n in range(2):
            c.append("INBOX", mail("m%d" % n))
        c.ok("CREATE other")
        a = c.ok("SELECT INBOX")
        assert b"\\*" in flags_line(a.lines)[1]
        d.ok("SELECT other")
        keep_many(c, 0, 1000)
        # told to whoever has a mailbox selected, and at SELECT
        flags, perm = flags_line(d.ok("NOOP").lines)
        assert b"\\*" not in perm, perm
        a = c.ok("SELECT INBOX")
        flags, perm = flags_line(a.lines)
        assert b"\\*" not in perm and len(perm) == 1005, len(perm)
        # STORE sets what it can, and says what it did
        a = c.ok("STORE 1 +FLAGS (\\Flagged k7 surplus)")
        assert a.code("LIMIT") is not None, a
        assert re.search(rb"1 FETCH \(FLAGS \(\\Flagged( \\Recent)? k7\)\)",
                         b"".join(a.lines)), a.lines
        # APPEND keeps the mail
        a = c.append("INBOX", mail("m2"), "(\\Seen k8 surplus)")
        assert a.code("APPENDUID") is not None, a
        got = c.ok("FETCH 3 FLAGS").having("3 FETCH")[0]
        assert b"k8" in got and b"surplus" not in got, got
        # what used them goes: there is room again
        a = c.ok("STORE 2 FLAGS.SILENT (\\Deleted)")
        for lines in a.lines, d.ok("NOOP").lines:
            assert b"\\*" in flags_line(lines)[1]
        c.append("INBOX", mail("m4"), "(surplus)")
        got = c.ok("FETCH 4 FLAGS").having("4 FETCH")[0]
        assert b"surplus" in got, got

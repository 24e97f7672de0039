"""Malformed and huge messages (bad_mails.py): stored, returned octet by octet,
and searched; the responses about them are well formed, in bounded time and
memory."""

import re
import time

import bad_mails
import suite
from guard import ASAN, Guard

SECONDS = 60 if ASAN else 15    # for all that is asked about one mail


class Malformed(Exception):
    pass


def parse(data, at=0):
    """One IMAP value behind data[at:]: (value, where it ends). Lists become
    lists, iteratively: they may be deep."""
    stack, out = [], []
    token = re.compile(
        rb'\(|\)|"(?:[^"\\\r\n\0]|\\["\\])*"|\{(\d+)\}\r\n|'
        rb'[^\s()"{}\\\0\[]+(?:\[[^\]]*\](?:<\d+>)?)?|\\[A-Za-z]+')
    while True:
        while data[at:at + 1] == b" ":
            at += 1
        m = token.match(data, at)
        if not m:
            raise Malformed(data[at:at + 60])
        at = m.end()
        if m.group(0) == b"(":
            stack.append(out)
            out = []
        elif m.group(0) == b")":
            if not stack:
                raise Malformed("a parenthesis too many")
            value, out = out, stack.pop()
            out.append(value)
        elif m.group(1):
            n = int(m.group(1))
            out.append(data[at:at + n])
            at += n
        else:
            out.append(m.group(0))
        if not stack:
            return out[0], at


def fetched(line):
    m = re.match(rb"\* \d+ FETCH ", line)
    value, end = parse(line, m.end())
    if end != len(line):
        raise Malformed(line[end:][:60])
    return dict(zip(value[::2], value[1::2]))


def read(c, n, mail):
    """All that is asked about message n; what is wrong."""
    a = c.ok("FETCH %d (RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT X-LONG)] "
             "ENVELOPE BODYSTRUCTURE BODY)" % n)
    if len(a.lines) != 1:
        return "%d lines for one message" % len(a.lines)
    f = fetched(a.lines[0])
    if int(f[b"RFC822.SIZE"]) != len(mail):
        return "a size of %s" % f[b"RFC822.SIZE"]
    if len(f[b"ENVELOPE"]) != 10:
        return "an envelope of %d" % len(f[b"ENVELOPE"])
    whole = fetched(c.ok("FETCH %d BODY.PEEK[]" % n).lines[0])[b"BODY[]"]
    if whole != mail:
        return "BODY[] differs"
    h, t = (fetched(c.ok("FETCH %d BODY.PEEK[%s]" % (n, x)).lines[0])
            for x in ("HEADER", "TEXT"))
    h, t = (b"" if v in (b'""', b"NIL") else unquoted(v) for v in
            (h[b"BODY[HEADER]"], t[b"BODY[TEXT]"]))
    if h + t != mail:
        return "header and text do not make the mail: %d + %d of %d" % (
            len(h), len(t), len(mail))
    one = fetched(c.ok("FETCH %d BODY.PEEK[1]" % n).lines[0])[b"BODY[1]"]
    if not isinstance(f[b"BODYSTRUCTURE"][0], list) and \
            f[b"BODYSTRUCTURE"][0] != b'"message"' and \
            unquoted(one) not in (t, t or b"NIL"):
        return "BODY[1] is not the text"
    for item in ("BODY.PEEK[1.MIME]", "BODY.PEEK[2.1]",
                 "BODY.PEEK[1.1.1.1.1.1.1.1.1.1]", "PREVIEW"):
        a = c.cmd("FETCH %d %s" % (n, item))
        if a.status not in ("OK", "NO", "BAD"):
            return "%s: %s" % (item, a)
        for line in a.lines:
            fetched(line)
    for key in ("SUBJECT needle", "TEXT needle", "BODY nowhere",
                "HEADER X-None x", "SENTSINCE 1-Jan-2000", "FROM example"):
        if c.cmd("SEARCH %d %s" % (n, key)).status != "OK":
            return "SEARCH %s: NO" % key
    return None


def unquoted(v):
    return v[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\") \
        if v[:1] == b'"' else v


def test_broken_mail_is_kept_and_described():
    # NULs, which no literal may hold, are replaced (test_people_mail.py)
    with suite.Suite(users=("ann", "witness"), append_nul="replace") as s:
        with Guard(s) as g:
            c, wrong = s.client(), []
            c.ok("CREATE bad")
            c.ok("SELECT bad")
            n = 0
            for what, make in bad_mails.MAILS:
                mail = make()
                begun = time.monotonic()
                a = c.cmd("APPEND bad", mail)
                if a.status != "OK":
                    wrong.append("%s: APPEND %s" % (what, a))
                    continue
                n += 1
                try:
                    why = read(c, n, mail.replace(b"\0", b"\x80"))
                except (Malformed, KeyError, IndexError) as e:
                    why = "malformed: %r" % e
                took = time.monotonic() - begun
                if why is None and took > SECONDS:
                    why = "%.1f s" % took
                if why is not None:
                    wrong.append("%s: %s" % (what, why))
                if took > 1:
                    print("   %s: %.1f s" % (what, took))
                g.alive(what)
            a = c.cmd("SEARCH TEXT needle")
            assert a.status == "OK", a
            assert not wrong, "\n".join(wrong)
            print("   %d rows" % len(bad_mails.MAILS))
            c.logout()

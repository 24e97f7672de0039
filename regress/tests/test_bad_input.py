"""Malformed commands, literals and mailbox names (bad_commands.py,
bad_names.py): each gets the right response in bounded time and memory, no
process dies, and other sessions are not affected."""

import re
import threading

import bad_commands
import bad_names
import imapc
import suite
from guard import WAIT, Guard, Wire

MAIL = b"From: a@example.org\r\nSubject: one\r\n\r\nHello\r\n"


def connect(s, state):
    c = Wire(s.imap_port, timeout=WAIT)
    if state != "stranger":
        c.ok("LOGIN ann " + suite.PASSWORD)
    if state == "selected":
        c.ok("SELECT INBOX")
    return c


def run_table(s, g, state, rows):
    wrong = []
    c = None
    for what, octets, want in rows:
        if c is None or state == "stranger":
            c = connect(s, state)
        heard = c.provoke(octets)
        if not re.fullmatch(want, heard):
            wrong.append("%s: %s, not %s" % (what, heard or "nothing", want))
        if re.search("BYE|closed|silence", heard) or state == "stranger":
            c.close()
            c = None
        g.alive(what)
    return wrong


def suite_with_mail():
    s = suite.Suite(users=("ann", "witness"))
    s.start()
    c = s.client()
    for _ in range(3):
        c.append("INBOX", MAIL)
    c.logout()
    return s


def test_malformed_commands_are_refused():
    with suite_with_mail() as s:
        with Guard(s) as g:
            wrong = []
            for state, rows in (("stranger", bad_commands.STRANGER),
                                ("known", bad_commands.KNOWN),
                                ("selected", bad_commands.SELECTED)):
                wrong += run_table(s, g, state, rows)
            assert not wrong, "\n".join(wrong)
            print("   %d rows" % sum(map(len, (
                bad_commands.STRANGER, bad_commands.KNOWN,
                bad_commands.SELECTED))))


def test_a_connection_may_be_cut_anywhere():
    with suite_with_mail() as s:
        with Guard(s) as g:
            for what, octets in bad_commands.CUT:
                state = "selected" if b"FETCH" in octets else "known"
                if b"AUTHENTICATE" in octets:
                    state = "stranger"
                c = connect(s, state)
                c.send(octets)
                c.close()
                g.alive(what)
        c = s.client()
        a = c.ok("STATUS INBOX (MESSAGES)")
        assert b"MESSAGES 3" in a.lines[0], a.lines
        c.logout()


def create(c, name):
    try:
        return c.cmd("CREATE", name)
    except imapc.Closed:
        return imapc.Answer("BYE", b"", [])


def test_bad_mailbox_names_are_refused():
    with suite.Suite(users=("ann", "witness")) as s:
        with Guard(s) as g:
            c, wrong = s.client(), []
            for what, name, want in bad_names.NAMES:
                a = create(c, name)
                if not re.fullmatch(want, a.status):
                    wrong.append("%s: %s, not %s" % (what, a, want))
                if a.status == "OK":
                    wrong += use_name(c, what, name)
                else:
                    b = c.cmd("SELECT", name)
                    if b.status == "OK" and name.upper() != b"INBOX":
                        wrong.append("%s: selected all the same" % what)
                g.alive(what)
            assert not wrong, "\n".join(wrong)
            print("   %d rows" % len(bad_names.NAMES))
            c.logout()


def use_name(c, what, name):
    """It was made: it lists as it was said, and goes again."""
    name = name.rstrip(b"/")
    row = c.ok('LIST ""', name).having("LIST")
    out = []
    if len(row) != 1 or not (
            row[0].endswith(b" " + name) or
            row[0].endswith(b'"' + re.sub(rb'(["\\])', rb"\\\1", name) +
                            b'"') or row[0].endswith(b"\r\n" + name)):
        out.append("%s: made, but LIST says %r" % (what, row))
    for verb in ("SELECT", "UNSELECT", "DELETE"):
        a = c.cmd(verb, None if verb == "UNSELECT" else name)
        if a.status != "OK":
            out.append("%s: made, but %s: %s" % (what, verb, a))
    return out


def test_a_thousand_broken_connections_at_once_cost_nobody_anything():
    """Each ends in the middle of something while the others are there."""
    with suite_with_mail() as s:
        with Guard(s):
            def some(n):
                for what, octets in bad_commands.CUT * 8:
                    c = Wire(s.imap_port)
                    c.send(octets)
                    c.close()
            threads = [threading.Thread(target=some, args=(i,))
                       for i in range(10)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()

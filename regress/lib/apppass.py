"""App passwords: as pailctl makes and lists them, and as programs use them."""

import re

import imapc


def add(s, *args):
    said = s.ctl("app-password", "add", *args).stdout.decode()
    assert re.fullmatch(r"([a-z2-7]{4}-){6}[a-z2-7]{2}\n", said), said
    return said.strip()


def status(s, user, password):
    c = imapc.Imap(s.imap_port)
    a = c.cmd('LOGIN %s "%s"' % (user, password))
    c.close()
    return a.status


def rows(s, *args):
    lines = s.ctl("app-password", "list", *args).stdout.decode()
    return [x.split() for x in lines.splitlines()[1:]]


def ended(c):
    """Is the session over?"""
    try:
        c.cmd("NOOP")
        return False
    except imapc.Closed:
        return True

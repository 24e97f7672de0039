"""An imapd that has been taken over: the program hostile_imapd takes imapd's
place and tries to do more than its live sessions are allowed to (see the top
of hostile_imapd.c). Runs as root, with the real users."""

import grp
import imaplib
import os
import pwd
import shutil

import proc
import suite
from mark import normal_only

USERS = ("_pail_imap", "_pail_lmtp", "_pail_store", "_pail_auth",
         "_pail_cred")
BOX = "bobs-box"
PASSWORD2 = "another-password"
WRAPPER = """#!/bin/sh
exec unshare -m sh -c 'mount --bind %(dir)s/passwd /etc/passwd &&
    mount --bind %(dir)s/group /etc/group && exec %(dir)s/bin/paild.real "$@"
    ' paild "$@"
"""


def real_users(s, d):
    """The group of _pail_auth; paild sees the users, even where they are
    not installed."""
    try:
        for u in USERS:
            pwd.getpwnam(u)
        return grp.getgrnam("_pail_auth").gr_gid
    except KeyError:
        pass
    ids = {u: 64200 + i for i, u in enumerate(USERS)}
    for name, form in (("passwd", "%s:x:%d:%d::/nonexistent:/bin/false\n"),
                       ("group", "%s:x:%d:\n")):
        shutil.copy("/etc/" + name, os.path.join(d, name))
        with open(os.path.join(d, name), "a") as f:
            for u, i in ids.items():
                f.write(form % ((u, i, i) if name == "passwd" else (u, i)))
    real = os.path.join(d, "bin", "paild")
    os.rename(real, real + ".real")
    with open(real, "w") as f:
        f.write(WRAPPER % {"dir": d})
    os.chmod(real, 0o755)
    return ids["_pail_auth"]


def prepare(s):
    """A directory of programs of our own, in which imapd can be swapped."""
    d = os.path.join(s.dir, "hostile")
    shutil.copytree(os.path.join(s.build, "bin"), os.path.join(d, "bin"))
    program = os.path.join(s.build, "regress/lib/hostile_imapd")
    s.build = d
    gid = real_users(s, d)
    users = os.path.join(s.dir, "users")
    os.chown(users, 0, gid)
    os.chmod(users, 0o640)
    return d, program


def write_conf(s, d):
    paths = ["users", "secret", "pail.yaml", "key.pem", "store", "cache",
             "ctl/pail.sock"]
    with open(os.path.join(d, "bin", "hostile.conf"), "w") as f:
        for who, key in (("ann", "user"), ("bob", "victim")):
            f.write("%s %s\n" % (key, who))
        f.write("password %s\n" % suite.PASSWORD)
        f.write("victim-password %s\n" % PASSWORD2)
        f.write("victim-box %s\n" % BOX)
        for p in paths:
            f.write("path %s\n" % os.path.join(s.dir, p))


def servers(s):
    return sorted(c for c in s.children() if c[1] != "imapd")


def attack(kind):
    assert os.geteuid() == 0, "this test wants to be root"
    s = suite.Suite(suite.store(kind), users=("ann",),
                    processes="{imapd: 2, storaged: 1}")
    s.add_user("bob", PASSWORD2)
    d, program = prepare(s)
    s.start()
    with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
        c.login("bob", PASSWORD2)
        assert c.create(BOX)[0] == "OK"
    with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
        c.login("ann", suite.PASSWORD)
    s.stop()
    shutil.copy(program, os.path.join(d, "bin", "imapd"))
    write_conf(s, d)
    s.start()
    before = servers(s)

    def lines():
        return [l.split("hostile: ", 1)[1] for l in
                s.log_text().splitlines() if "hostile: " in l]

    def tried():
        if any("delivery's token" in l for l in lines()):
            return True
        s.ctl("deliver", "bob", input=b"Subject: x\r\n\r\nx\r\n",
              check=False)
        return False

    proc.await_true("the token of a delivery to the victim", tried, 120)
    proc.await_true("the attacks' end",
                    lambda: any(" passed, " in l for l in lines()), 300)
    for what in ("a handshake's signature", "changed handshakes: 0 signed",
                 "garbage to credd"):
        assert any("PASS" in l and what in l for l in lines()), lines()
    end = len(lines())
    proc.await_true("the witness after it", lambda: any(
        "witness" in l for l in lines()[end:]), 30)
    bad = [l for l in lines() if l.startswith("FAIL")]
    assert not bad, "\n".join(bad)
    for what in ("a handshake's signature", "changed handshakes: 0 signed",
                 "garbage to credd", "signal to any other process",
                 "300 processes", "connect to a port"):
        assert any("PASS" in l and what in l for l in lines()), (what, lines())
    assert servers(s) == before, "%s, before %s" % (servers(s), before)
    s.stop()
    s.check_log()


@normal_only("takes 25 s; the form with a bucket runs there")
def test_a_taken_over_imapd_gains_nothing_file():
    attack("file")


def test_a_taken_over_imapd_gains_nothing_s3():
    attack("s3")

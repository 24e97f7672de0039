"""An imapd, an lmtpd or an admind that has been taken over: hostile_imapd takes imapd's
place and tries to do more than its live sessions are allowed to, hostile_lmtpd
takes lmtpd's and tries to do more than append, hostile_admind takes admind's and
tries to do what only a logged-in administrator may (see the top of
hostile/hostile.h). Runs as root, with the real users."""

import grp
import imaplib
import os
import pwd
import re
import shutil
import threading

import proc
import suite
from mark import normal_only

USERS = ("_pail_imap", "_pail_lmtp", "_pail_store", "_pail_auth",
         "_pail_cred", "_pail_admin")
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


def prepare(s, name):
    """A directory of programs of our own, in which one can be swapped."""
    d = os.path.join(s.dir, "hostile")
    shutil.copytree(os.path.join(s.build, "bin"), os.path.join(d, "bin"))
    program = os.path.join(s.build, "regress/lib/" + name)
    s.build = d
    gid = real_users(s, d)
    users = os.path.join(s.dir, "users")
    os.chown(users, 0, gid)
    os.chmod(users, 0o640)
    return d, program


def write_conf(s, d, offers=0):
    paths = ["users", "secret", "pail.yaml", "key.pem", "store", "cache",
             "ctl/pail.sock"]
    with open(os.path.join(d, "bin", "hostile.conf"), "w") as f:
        for who, key in (("ann", "user"), ("bob", "victim")):
            f.write("%s %s\n" % (key, who))
        f.write("password %s\n" % suite.PASSWORD)
        f.write("victim-password %s\n" % PASSWORD2)
        f.write("victim-box %s\n" % BOX)
        f.write("offers %d\n" % offers)
        for p in paths:
            f.write("path %s\n" % os.path.join(s.dir, p))


def servers(s, but):
    return sorted(c for c in s.children() if c[1] != but)


def lines(s):
    return [l.split("hostile: ", 1)[1] for l in
            s.log_text().splitlines() if "hostile: " in l]


def await_end(s, witness=True):
    """The attacker has tried all, and the witness goes on after it."""
    proc.await_true("the attacks' end", lambda: any(
        " passed, " in l for l in lines(s)), 300)
    end = len(lines(s))
    if witness:
        proc.await_true("the witness after it", lambda: any(
            "witness" in l for l in lines(s)[end:]), 30)
    bad = [l for l in lines(s) if l.startswith("FAIL")]
    assert not bad, "\n".join(bad)


def passed(s, *whats):
    for what in whats:
        assert any("PASS" in l and what in l for l in lines(s)), (
            what, lines(s))


def attack(kind):
    assert os.geteuid() == 0, "this test wants to be root"
    s = suite.Suite(suite.store(kind), users=("ann",),
                    processes="{imapd: 2, storaged: 1}")
    s.add_user("bob", PASSWORD2)
    d, program = prepare(s, "hostile_imapd")
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
    before = servers(s, "imapd")

    def tried():
        if any("delivery's token" in l for l in lines(s)):
            return True
        s.ctl("deliver", "bob", input=b"Subject: x\r\n\r\nx\r\n",
              check=False)
        return False

    proc.await_true("the token of a delivery to the victim", tried, 120)
    await_end(s)
    passed(s, "a handshake's signature", "changed handshakes: 0 signed",
           "garbage to credd", "signal to any other process",
           "300 processes", "connect to a port")
    now = servers(s, "imapd")
    assert now == before, "%s, before %s" % (now, before)
    s.stop()
    s.check_log()


@normal_only("takes 25 s; the form with a bucket runs there")
def test_a_taken_over_imapd_gains_nothing_file():
    attack("file")


def test_a_taken_over_imapd_gains_nothing_s3():
    attack("s3")


def mails(c, box):
    """What a user has of it: flags and octets of each message."""
    c.ok("SELECT " + box)
    r = c.ok("UID FETCH 1:* (FLAGS BODY.PEEK[])")
    c.ok("UNSELECT")
    return [l.replace(b" \\Recent", b"").replace(b"\\Recent", b"")
            for l in r.lines if b"BODY[]" in l]


def boxes(c):
    return sorted(l for l in c.ok('LIST "" *').lines if b"LIST" in l)


def subjects(rows):
    return [re.search(rb"Subject: (.*)", l).group(1).strip().decode()
            for l in rows]


def in_a_row(got, word):
    """Those of that word are numbered, none missing, none twice."""
    n = [int(x.split()[1]) for x in got if x.startswith(word + " ")]
    assert n and n == list(range(1, len(n) + 1)), n
    return len(n)


class Honest:
    """The victim's mail client, while somebody attacks."""

    def __init__(self, s):
        self.s = s
        self.rounds = 0
        self.wrong = None
        self.over = threading.Event()
        self.t = threading.Thread(target=self.run)
        c = s.client("bob", PASSWORD2)
        c.ok("CREATE " + BOX)
        c.ok("CREATE Notes")
        for i in range(3):
            c.append("INBOX", b"Subject: before %d\r\n\r\nx\r\n" % i)
            c.append(BOX, b"Subject: box %d\r\n\r\nx\r\n" % i)
        c.ok("SELECT INBOX")
        c.ok("STORE 2 +FLAGS (\\Flagged mine)")
        self.before = self.state(c)
        c.logout()

    @staticmethod
    def state(c):
        return boxes(c), mails(c, "INBOX")[:3], mails(c, BOX)

    def run(self):
        try:
            while not self.over.wait(0.1):
                c = self.s.client("bob", PASSWORD2)
                c.append("Notes", b"Subject: note %d\r\n\r\nx\r\n" %
                         (self.rounds + 1))
                now = self.state(c)
                assert now == self.before, (now, self.before)
                c.logout()
                self.rounds += 1
        except Exception as e:
            self.wrong = e

    def end(self):
        self.over.set()
        self.t.join()
        assert self.wrong is None and self.rounds > 0, self.wrong


def mail_after(s, honest):
    """What is in the mailboxes when all is over."""
    c = s.client("bob", PASSWORD2)
    assert honest.state(c) == honest.before
    assert in_a_row(subjects(mails(c, "Notes")), "note") == honest.rounds
    got = subjects(mails(c, "INBOX"))
    seen = in_a_row(got, "witness")
    said = sum(int(x) for x in re.findall(
        r"the witness: (\d+) rounds", s.log_text()))
    assert seen >= said > 0, (seen, said)
    # what it was granted
    assert sorted(x for x in got[3:] if not x.startswith("witness ")) == [
        "attacker 1", "attacker 2", "lies"], got
    c.logout()
    c = s.client("ann")
    got = subjects(mails(c, "INBOX"))
    assert in_a_row(got, "own") == len(got), got
    # its digests were noise: that is for imapd to notice
    c.ok("SELECT lies")
    for what in ("ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[HEADER]",
                 "BODY.PEEK[1]", "PREVIEW"):
        c.cmd("FETCH 1:* " + what)
    c.logout()


def attack_lmtpd(kind):
    assert os.geteuid() == 0, "this test wants to be root"
    s = suite.Suite(suite.store(kind), users=("ann",),
                    processes="{imapd: 1, lmtpd: 2, storaged: 1}",
                    domains="[example.org]")
    s.over["listen"] = "[imap://127.0.0.1:%d, lmtp://127.0.0.1:%d]" % (
        s.imap_port, proc.free_port())
    objects = []
    if kind != "file":
        server = s.store[0]
        inbox = server.new_bucket()
        s.over["ingest"] = "[{bucket: %s, prefix: in, poll: 1s}]" % inbox
        objects = ["in/mail%d" % i for i in range(4)]
    s.write_conf()
    s.add_user("bob", PASSWORD2)
    d, program = prepare(s, "hostile_lmtpd")
    s.start()
    honest = Honest(s)
    s.stop()
    shutil.copy(program, os.path.join(d, "bin", "lmtpd"))
    write_conf(s, d, offers=min(1, len(objects)))
    s.start()
    before = servers(s, "")
    honest.t.start()
    for o in objects:
        server.request("PUT", "/%s/%s" % (inbox, o), body=b"X: y\n\nx\n",
                       headers={"x-amz-meta-recipients": "bob"})
    try:
        await_end(s)
    finally:
        honest.end()
    passed(s, "changed handshakes: 0 signed", "garbage to credd",
           "another lmtpd's parcels: 80 asked for, 80 are nobody's",
           "signal to any other process", "connect to a port",
           "EXPUNGE to the victim", "garbage to storaged")
    now = servers(s, "")
    assert now == before, "%s, before %s" % (now, before)
    mail_after(s, honest)
    assert servers(s, "") == before
    if objects:
        left = [k for k, _ in server.list(inbox, "in/mail")]
        assert left == objects, left
        failed = server.list(inbox, "in/failed/")
        assert not failed, failed
    s.stop()
    s.check_log()


def test_a_taken_over_lmtpd_may_only_append_file():
    """Issue 14, Shows 5: it can append to recipients that it was granted,
    read nothing, change nothing."""
    attack_lmtpd("file")


@normal_only("takes 10 s; the form with files runs there")
def test_a_taken_over_lmtpd_may_only_append_s3():
    """Issue 14, Shows 5; and what waits in a bucket is still there."""
    attack_lmtpd("s3")


def test_a_taken_over_admind_may_do_nothing_without_an_administrator():
    """With his token: what the page can do. bob is one, and reads his mail all
    the while."""
    assert os.geteuid() == 0, "this test wants to be root"
    s = suite.Suite(users=("ann",), processes="{imapd: 1, storaged: 1}",
                    admins="[bob]").with_http(admin_page="true")
    s.add_user("bob", PASSWORD2)
    d, program = prepare(s, "hostile_admind")
    s.start()
    honest = Honest(s)
    s.stop()
    shutil.copy(program, os.path.join(d, "bin", "admind"))
    write_conf(s, d)
    with open(os.path.join(s.dir, "users"), "rb") as f:
        users = f.read()
    s.start()
    before = servers(s, "admind")
    honest.t.start()
    try:
        await_end(s, witness=False)
    finally:
        honest.end()
    passed(s, "300 guessed tokens: 300 refused", "an administrator's own",
           "cut off: a key of credd's", "changed handshakes: 0 signed",
           "cut off: authd's word for an administrator",
           "cut off: garbage to paild", "signal to any other process")
    ends = [l for l in lines(s) if "PASS cut off" in l]
    cut = re.findall(r'paild\[\d+\] warn: proc="admind 0" pid=\d+ result=cut '
                     r'why="(?:mal|not al)', s.log_text())
    assert len(cut) == len(ends) > 5, (cut, ends)
    assert servers(s, "admind") == before
    with open(os.path.join(s.dir, "users"), "rb") as f:
        assert f.read() == users
    s.stop()
    s.check_log()

"""A user who reaches a limit gets a correct response, and no one else is
affected (issue 10, section 4, storaged's side)."""

import contextlib
import glob
import os
import subprocess

import proc
import suite
from guess import Client
from imapc import status
from mails import small


def test_a_mailbox_has_messages_per_mailbox_and_not_one_more():
    s = suite.Suite(messages_per_mailbox="10")
    with s:
        c = s.client()
        c.ok("CREATE a")
        for n in range(8):
            c.append("INBOX", small(n))
        c.ok("SELECT INBOX")
        c.ok("COPY 1:8 a")

        def refused(a):
            assert a.status == "NO" and a.code("LIMIT") is not None and \
                b"at most 10 messages" in a.text, a
        refused(c.cmd("COPY 1:3 a"))        # all or nothing
        refused(c.cmd("MOVE 1:8 a"))
        assert status(c, "a") == 8 and status(c, "INBOX") == 8
        c.ok("MOVE 1:2 a")
        assert status(c, "a") == 10 and status(c, "INBOX") == 6
        refused(c.cmd("APPEND a", small(10)))
        # before a large one is sent: no "+"
        t = c.start("APPEND a {1000000}")
        refused(c.finish(t))
        refused(c.cmd("UID COPY 1:* a"))
        c.append("INBOX", small(11))        # others have room
        d = s.client()
        d.ok("SELECT a")
        d.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)")
        d.ok("EXPUNGE")
        c.append("a", small(12))
        refused(c.cmd("COPY 1:3 a"))
        c.ok("COPY 1:2 a")
        # a reload counts at once
        s.over["messages_per_mailbox"] = "11"
        s.write_conf()
        s.ctl("reload")
        c.append("a", small(13))
        a = c.cmd("APPEND a", small(14))
        assert b"at most 11 messages" in a.text, a


MEG = 1 << 20


class Unfinished:
    """An APPEND of size octets of which some are sent, and no more."""

    def __init__(self, s, user, size, sent):
        self.c = s.client(user, timeout=60)
        self.tag = self.c.start(b"APPEND INBOX {%d+}" % size)
        line = os.urandom(49).hex().encode() + b"\r\n"
        self.chunk = b"Subject: long\r\n\r\n" + line * 655
        self.left = size
        self.send(sent)

    def send(self, octets):
        while octets > 0:
            part = self.chunk[:octets]
            self.c.send(part)
            octets -= len(part)
            self.left -= len(part)

    def finish(self):
        """The rest, and the answer, which comes when all is there."""
        self.send(self.left)
        self.c.send(b"\r\n")
        return self.c.finish(self.tag)


def spooled(s):
    """Octets on disk of the files without a name that storaged holds."""
    sizes = {}
    for pid, name in s.children():
        if "storaged" not in name:
            continue
        for fd in glob.glob("/proc/%d/fd/*" % pid):
            try:
                if ".spool." in os.readlink(fd):
                    st = os.stat(fd)
                    sizes[st.st_ino] = st.st_size
            except FileNotFoundError:
                pass
    return sum(sizes.values())


def big(n):
    return b"Subject: big\r\n\r\n" + os.urandom(n // 2).hex().encode() + \
        b"\r\n"


def test_a_user_over_his_share_of_the_spool_hears_so_and_nobody_else():
    s = suite.Suite(users=("ann", "eve"), append_limit="8M",
                    cache="{path: cache, spool-per-user: 24M, spool: 64M}")
    with s:
        eve = [Unfinished(s, "eve", 8 * MEG, 4 * MEG) for _ in range(8)]
        a = s.client("ann")
        for n in range(3):      # in turn, others' are taken up meanwhile
            a.append("INBOX", big(2 * MEG))
        proc.await_true("some of hers is there, and no more than may be",
                        lambda: 6 * MEG < spooled(s) <= 12 * MEG)
        told = [x.finish() for x in eve]
        no = [x for x in told if x.status != "OK"]
        assert 0 < len(no) < 8, told
        for x in no:
            assert x.status == "NO" and x.code("LIMIT") is not None and \
                b"Too much data sent at once" in x.text, x
        # what has gone makes room, for her too
        proc.await_true("the room is free", lambda: spooled(s) == 0)
        e = s.client("eve")
        for _ in range(3):
            e.append("INBOX", big(6 * MEG))
        assert "result=end" not in s.log_text()


def test_when_the_spool_of_all_is_used_up_the_heaviest_makes_room():
    users = ["u1", "u2", "u3", "ann"]
    s = suite.Suite(users=users, append_limit="8M",
                    cache="{path: cache, spool-per-user: 40M, spool: 40M}")
    with s:
        heavy = [Unfinished(s, u, 8 * MEG, 5 * MEG)
                 for u in users[:3] for _ in range(2)]
        a = s.client("ann")
        for _ in range(5):
            a.append("INBOX", big(2 * MEG))
        assert spooled(s) <= 40 * MEG
        no = [x for x in [x.finish() for x in heavy] if x.status != "OK"]
        assert no
        for x in no:
            assert x.status == "NO" and \
                x.code("UNAVAILABLE") is not None and \
                b"Not enough space" in x.text, x
        a.ok("SELECT INBOX")
        assert a.ok("FETCH 1:* RFC822.SIZE").having("5 FETCH")


@contextlib.contextmanager
def small_disk(s, size):
    """The cache on a file system of its own; False where we may not."""
    path = os.path.join(s.dir, "cache")
    os.mkdir(path, 0o700)
    r = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d,mode=700" %
                        size, "tmpfs", path], stderr=subprocess.DEVNULL)
    try:
        yield r.returncode == 0
    finally:
        if r.returncode == 0:
            subprocess.run(["umount", "-l", path], check=True)


def test_unfinished_appends_do_not_fill_the_disk_of_the_indexes():
    """40 sessions with an APPEND of 64 MiB each, on a disk of 96 MiB (root
    only; else the same against the share of the user)."""
    s = suite.Suite(users=("ann", "eve"), cache="{path: cache, size: 64M}")
    with small_disk(s, 96 * MEG) as is_small:
        if not is_small:
            s.over["cache"] = "{path: cache, size: 64M, spool: 256M, " \
                "spool-per-user: 128M}"
            s.write_conf()
        print("   on a disk of its own" if is_small else "   by the share")
        fill_disk(s, is_small)


def fill_disk(s, is_small):
    with s:
        a = s.client("ann")
        a.ok("SELECT INBOX")
        a.append("INBOX", big(MEG))
        eve = []
        room = 64 * MEG if is_small else 128 * MEG
        for n in range(40):
            eve.append(Unfinished(s, "eve", 64 * MEG, 5 * MEG))
            if n % 10 == 9:     # between: all that needs the index
                a.append("INBOX", big(MEG))
                a.ok("STORE 1:* +FLAGS.SILENT (k%d)" % n)
                assert spooled(s) <= room, spooled(s)
        s.client("eve").ok("SELECT INBOX")
        b = s.client("ann")
        assert status(b, "INBOX") == 5
        x = eve[-1].finish()
        for y in eve:
            y.c.close()
        assert x.status == "NO" and x.code(
            "UNAVAILABLE" if is_small else "LIMIT") is not None, x
        text = s.log_text()
        assert "could not be committed" not in text and \
            "the state" not in text, s.log_tail()


def test_a_user_and_an_address_have_so_many_sessions_through_all_processes():
    """login-limits.sessions-per-user, -per-address: two imapds."""
    with suite.Suite(users=("ann", "bob"),
                     processes="{imapd: 2, storaged: 1}",
                     login_limits="{sessions-per-user: 3, "
                     "sessions-per-address: 4}") as s:
        def try_one(user, address):
            c = Client(s.imap_port, address)
            return c, c.cmd("LOGIN %s %s" % (user, suite.PASSWORD))

        def refused(user, address):
            c, a = try_one(user, address)
            c.close()
            return a.status == "NO" and a.code("LIMIT") is not None
        mine = []
        for i in range(3):
            c, a = try_one("ann", "127.60.0.%d" % (i + 1))
            assert a.status == "OK", a
            mine.append(c)
        assert refused("ann", "127.60.0.9")
        other, a = try_one("bob", "127.60.0.9")
        assert a.status == "OK", a
        mine[0].logout()
        mine[1].sock.close()        # gone without a word
        for _ in range(2):          # each opens a session, and keeps it
            def room():
                c, a = try_one("ann", "127.60.0.10")
                mine.append(c)
                return a.status == "OK"
            proc.await_true("room for one", room)
        assert refused("ann", "127.60.0.11")
        assert "login-limits.sessions-per-user is reached" in s.log_text()
        # one address: the users are not the limit
        s.over["login_limits"] = "{sessions-per-address: 2}"
        s.write_conf()
        s.ctl("reload")
        held = []
        for user, address in (("ann", "127.61.0.1"), ("bob", "127.61.0.1"),
                              ("ann", "127.61.0.2")):
            c, a = try_one(user, address)
            assert a.status == "OK", a
            held.append(c)
        assert refused("ann", "127.61.0.1")
        # 127.0.0.1 may be a proxy
        loopback = [s.client("ann") for _ in range(4)]
        for c in (other, *mine, *held, *loopback):
            c.close()

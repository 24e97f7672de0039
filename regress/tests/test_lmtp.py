"""Mail comes in: lmtpd over TCP, a socket and STARTTLS, as an MTA would, and
what users then find in their mailboxes."""

import os
import re
import select
import smtplib
import socket
import ssl
import stat
import time

import imapc
import proc
import suite
from mark import normal_only

USERS = ("ann", "bob", "joe")
MAIL = b"Subject: %s\r\nMessage-ID: <%s@x>\r\n\r\n.dot\r\n..\r\nend\r\n"


def mail(name):
    return MAIL % (name.encode(), name.encode())


class Deliveries:
    """A suite that listens for LMTP."""

    def __init__(self, **over):
        self.port = proc.free_port()
        self.suite = s = suite.Suite(users=USERS, **over)
        self.socket = os.path.join(s.dir, "lmtp.sock")
        s.over.setdefault("domains", "[example.org]")
        self.listen()
        s.write_conf()

    def listen(self, unix=True):
        s = self.suite
        s.over["listen"] = "[imap://127.0.0.1:%d, lmtp://127.0.0.1:%d%s]" % (
            s.imap_port, self.port,
            ", 'lmtp+unix:%s'" % self.socket if unix else "")

    def __enter__(self):
        self.suite.__enter__()
        return self

    def __exit__(self, *exc):
        return self.suite.__exit__(*exc)

    def lmtp(self, unix=False):
        # smtplib takes a name that begins with a slash for a path.
        return smtplib.LMTP(self.socket if unix else "127.0.0.1",
                            0 if unix else self.port,
                            local_hostname="mx.example.org", timeout=60)

    def found(self, user, box="INBOX"):
        """The messages of a mailbox, whole."""
        c = self.suite.client(user)
        c.ok("SELECT " + box)
        lines = c.ok("FETCH 1:* BODY.PEEK[]").lines \
            if imapc.status(c, box) > 0 else []
        c.logout()
        return [x[x.index(b"\r\n") + 2:-1] for x in lines if b"BODY[]" in x]


def answers(f, n):
    """n answers read one by one: [(code, text)]."""
    return [(int(line[:3]), line[4:].strip().decode())
            for line in (f.readline() for _ in range(n))]


def test_smtplib_delivers_over_tcp_a_socket_and_starttls():
    """Also: trace lines, dots, one copy for each recipient."""
    with Deliveries() as d:
        s = d.suite
        assert stat.S_IMODE(os.stat(d.socket).st_mode) == 0o666
        for how in ("tcp", "unix", "tls"):
            c = d.lmtp(unix=how == "unix")
            if how == "tls":
                c.starttls(context=ssl._create_unverified_context())
            c.ehlo_or_helo_if_needed()
            assert {"pipelining", "size", "8bitmime", "smtputf8", "dsn",
                    "enhancedstatuscodes", "chunking", "binarymime"} <= \
                set(c.esmtp_features), c.esmtp_features
            assert ("starttls" in c.esmtp_features) == (how != "tls")
            refused = c.sendmail("sender@example.net",
                                 ["ann@example.org", "bob@example.org",
                                  "nobody@example.org"], mail(how))
            assert list(refused) == ["nobody@example.org"] and \
                refused["nobody@example.org"][0] == 550 and \
                refused["nobody@example.org"][1].startswith(b"5.1.1 "), refused
            c.quit()
        for user in ("ann", "bob"):
            got = d.found(user)
            assert len(got) == 3, got
            for how, text in zip(("tcp", "unix", "tls"), got):
                head = text[:-len(mail(how))]
                assert text.endswith(mail(how)), text
                assert b"Return-Path: <sender@example.net>\r\n" in head
                assert b"Delivered-To: %s" % user.encode() in head
                assert b"Received: from mx.example.org" in head
                assert (b"LMTPS" in head) == (how == "tls"), head
        assert d.found("joe") == []
        status = s.ctl("status").stdout.decode()
        assert re.search(r"lmtpd 0 .* messages=3 .*delivered=6 deferred=0 "
                         r"refused=3", status), status
        # What is over is gone: the socket, too.
        os.kill(s.p.pid, 15)
        assert s.p.wait(30) == 0
        assert not os.path.exists(d.socket)
        s.p = None


def test_pipelined_octets_cut_anywhere_and_a_message_by_bdat():
    with Deliveries() as d:
        with socket.create_connection(("127.0.0.1", d.port), 60) as k:
            f = k.makefile("rb")
            assert f.readline().startswith(b"220 ")
            k.sendall(b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.org>"
                      b"\r\nRCPT TO:<no@example.org>\r\nRCPT TO:<bob>\r\n"
                      b"DATA\r\n")
            while f.readline()[3:4] == b"-":
                pass
            got = answers(f, 5)
            assert [x for x, _ in got] == [250, 250, 550, 250, 354], got
            for i in range(0, len(mail("cut")), 7):
                k.sendall(mail("cut").replace(b"\r\n.", b"\r\n..")[i:i + 7])
            rest = mail("cut").replace(b"\r\n.", b"\r\n..")
            k.sendall(rest[(len(mail("cut")) + 6) // 7 * 7:])
            k.sendall(b".\r\nMAIL FROM:<a@x> BODY=BINARYMIME\r\n"
                      b"RCPT TO:<joe>\r\nBDAT %d\r\n%sBDAT 3 LAST\r\n\0\r\n"
                      b"QUIT\r\n" % (len(mail("bdat")), mail("bdat")))
            got = answers(f, 7)
            assert [x for x, _ in got] == [250, 250, 250, 250, 250, 554,
                                           221], got
            assert f.read() == b""
        assert [x.endswith(mail("cut")) for x in d.found("ann")] == [True]
        assert [x.endswith(mail("cut")) for x in d.found("bob")] == [True]
        assert d.found("joe") == []


def test_reload_changes_listeners_and_a_stop_lets_a_message_end():
    """A socket that is no longer configured goes, one that is comes back; a
    transaction outlives SIGTERM, and the next one is told 421."""
    d = Deliveries()
    with d:
        s = d.suite
        c = d.lmtp(unix=True)
        c.ehlo_or_helo_if_needed()
        d.listen(unix=False)
        s.write_conf()
        s.ctl("reload")
        proc.await_true("the socket is gone",
                        lambda: not os.path.exists(d.socket))
        assert c.noop()[0] == 250       # who is there stays
        c.quit()
        d.listen()
        s.write_conf()
        s.ctl("reload")
        proc.await_true("the socket is there",
                        lambda: os.path.exists(d.socket))
        c = d.lmtp(unix=True)
        other = d.lmtp()
        for x in (c, other):
            x.ehlo_or_helo_if_needed()
        assert c.mail("a@x")[0] == 250 and c.rcpt("ann")[0] == 250
        os.kill(s.p.pid, 15)
        assert other.getreply()[0] == 421
        c.putcmd("data")
        assert c.getreply()[0] == 354
        c.send(mail("late") + b".\r\n")
        assert c.getreply()[0] == 250
        assert s.p.wait(30) == 0
        s.p = None
        s.start()
        assert [x.endswith(b"\r\nend\r\n") for x in d.found("ann")] == [True]


def test_a_socket_that_was_left_is_replaced_and_nothing_else_is():
    d = Deliveries()
    s = d.suite
    with socket.socket(socket.AF_UNIX) as k:
        k.bind(d.socket)                # nobody listens
    with d:
        with d.lmtp(unix=True) as c:
            assert c.noop()[0] == 250
    with open(d.socket, "w") as f:
        f.write("a file")
    s.start(wait=False)
    assert s.p.wait(30) != 0
    s.p = None
    assert "is not a socket" in s.log_text()
    with open(d.socket) as f:
        assert f.read() == "a file"


def peak(pid):
    """KiB: the most memory that it has had so far."""
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))


@normal_only("measures memory")
def test_large_messages_and_many_recipients_within_8_mib():
    """Shows 2: 100 MB to two recipients, and a message to 300 at once (1,000
    took 2.1 MiB, and 15 seconds)."""
    with Deliveries(append_limit="128M",
                    cache="{path: cache, size: 512M, spool: 2G}") as d:
        s = d.suite
        pid = next(p for p, name in s.children() if name == "lmtpd")
        with d.lmtp() as c:
            c.sendmail("a@x", ["ann"], mail("small"))
        idle = peak(pid)
        line = b"x" * 998 + b"\r\n"
        c = d.lmtp()
        c.sendmail("a@x", ["ann", "bob"], b"Subject: large\r\n\r\n" +
                   line * 100000)
        assert c.getreply()[0] == 250       # bob's: smtplib reads one
        c.quit()
        large = peak(pid) - idle
        path = os.path.join(s.dir, "users")
        with open(path) as f:
            secret = f.readline().split(":", 1)[1]
        with open(path, "a") as f:
            f.write("".join("u%d:%s" % (i, secret) for i in range(300)))
        with socket.create_connection(("127.0.0.1", d.port), 120) as k:
            f = k.makefile("rb")
            f.readline()
            k.sendall(b"LHLO x\r\nMAIL FROM:<>\r\n" + b"".join(
                b"RCPT TO:<u%d>\r\n" % i for i in range(300)) +
                b"DATA\r\n" + mail("many").replace(b"\r\n.", b"\r\n..") +
                b".\r\nQUIT\r\n")
            while f.readline()[3:4] == b"-":
                pass
            codes = [x for x, _ in answers(f, 603)]
            assert codes == [250] * 301 + [354] + [250] * 300 + [221], codes
        many = peak(pid) - idle
        assert large <= 8192 and many <= 8192, (large, many)
        assert d.found("u299")[0].endswith(mail("many"))


class Raw:
    """A connection that says what it is told, from an address of its own."""

    def __init__(self, d, source="127.0.0.1"):
        self.sock = socket.create_connection(("127.0.0.1", d.port), 60,
                                             (source, 0))
        self.file = self.sock.makefile("rb")
        assert self.answer()[:3] == b"220"

    def answer(self):
        """The last line of an answer; b"": it was closed."""
        try:
            while True:
                line = self.file.readline()
                if line[3:4] != b"-":
                    return line
        except ConnectionResetError:
            return b""

    def say(self, line):
        self.sock.sendall(line + b"\r\n")
        return self.answer()

    def open(self):
        """Begins a transaction."""
        assert self.say(b"LHLO x")[:3] == b"250"
        assert self.say(b"MAIL FROM:<eve@example.net>")[:3] == b"250"
        return self

    def close(self):
        self.file.close()
        self.sock.close()


def test_who_takes_all_connections_shuts_nobody_out():
    """lmtp.max-connections: a stranger with a transaction on each of them
    replaces his own, and gives way to another address."""
    with Deliveries(lmtp="{max-connections: 6}") as d:
        flood = [Raw(d, "127.0.0.2").open() for _ in range(9)]
        for c in flood[:3]:         # replaced by the last three
            assert c.answer().startswith(b"421 4.3.2 "), c
            assert c.answer() == b""
        mta = Raw(d)
        assert flood[3].answer().startswith(b"421 4.3.2 ")
        more = [Raw(d, "127.0.0.2").open() for _ in range(8)]
        mta.open()
        assert mta.say(b"RCPT TO:<ann>")[:3] == b"250"
        assert mta.say(b"DATA")[:3] == b"354"
        assert mta.say(b"Subject: x\r\n\r\nx\r\n.")[:3] == b"250"
        for c in more[2:]:
            assert c.say(b"RSET")[:3] == (b"250" if c in more[3:] else b"421")
        for c in flood + more + [mta]:
            c.close()
        assert len(d.found("ann")) == 1


@normal_only("waits for seconds")
def test_who_is_silent_or_reads_nothing_is_disconnected():
    """lmtp.idle-timeout: before a command, in the middle of a message, in
    front of unread answers; not who says something now and then."""
    with Deliveries(lmtp="{idle-timeout: 5s}") as d:
        silent, amid, deaf, busy = (Raw(d) for _ in range(4))
        amid.open()
        assert amid.say(b"RCPT TO:<ann>")[:3] == b"250"
        assert amid.say(b"DATA")[:3] == b"354"
        amid.sock.sendall(b"Subject: never ends\r\n")
        deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sock.setblocking(False)

        def pushed():
            try:
                while True:
                    deaf.sock.send(b"NOOP\r\n" * 1000)
            except BlockingIOError:
                return False
            except OSError:         # it was closed
                return True
        left = {silent, amid}
        began = time.monotonic()
        while left or not pushed():
            assert time.monotonic() - began < 60
            assert busy.say(b"NOOP")[:3] == b"250"
            for c in select.select(list(x.sock for x in left), [], [], 1)[0]:
                x = next(x for x in left if x.sock is c)
                assert x.answer().startswith(b"421 4.4.2 "), x
                assert x.answer() == b""
                assert time.monotonic() - began > 4
                left.remove(x)
        assert busy.say(b"NOOP")[:3] == b"250"
        for c in (silent, amid, deaf, busy):
            c.close()
        assert d.found("ann") == []

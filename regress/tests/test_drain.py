"""pailctl drain: clients go one by one, what they have begun is finished, and a
load balancer knows before them. A node at a time is restarted so, and nobody
who uses the others notices more than a BYE."""

import contextlib
import re
import smtplib
import threading
import time

import container
import imapc
import proc
import suite
import web
from balancer import PROXY, Balancer
from mails import small
from mark import normal_only
from model import read_box


def ready(s):
    """The status of /readyz, and what it says; None: nobody answers."""
    try:
        status, _, body = web.get(s, "/readyz")
        return status, body
    except OSError:
        return None


def drain(s, *args):
    """pailctl drain, in a thread: .result is its CompletedProcess."""
    t = threading.Thread()
    t.run = lambda: setattr(t, "result", s.ctl("drain", *args, check=False))
    t.start()
    return t


def has_exited(s, t):
    t.join()
    assert t.result.returncode == 0, t.result
    assert s.p.wait() == 0
    s.stop()


def heard_bye(c):
    """Waits for its BYE, and the end: when that was."""
    line = c.line()
    assert line.startswith(b"* BYE "), line
    at = time.monotonic()
    try:
        raise AssertionError(c.line())
    except imapc.Closed:
        return at


def test_idle_sessions_end_one_by_one_and_commands_are_finished():
    s = suite.Suite(drain_within="4s").with_http()
    with s:
        proc.await_true("/readyz", lambda: ready(s) == (200, "ok\n"))
        busy = s.client()
        tag = busy.tag()
        busy.send("%s APPEND INBOX {%d+}\r\n" % (tag, len(small(1))))
        idle = [s.client() for _ in range(4)]
        for c in idle[:2]:
            c.start("IDLE")
            assert c.line().startswith(b"+")
        began = time.monotonic()
        t = drain(s)
        first = heard_bye(idle[0])          # the second of five
        assert "draining" in s.ctl("status").stdout.decode()
        assert ready(s) == (503, "Pail is draining\n")
        assert web.get(s, "/healthz")[0] == 200
        assert not proc.can_connect(s.imap_port)
        # what was begun is finished, though its turn has come
        busy.send(small(1) + b"\r\n")
        assert busy.finish(tag).status == "OK"
        heard_bye(busy)
        times = [first] + [heard_bye(c) for c in idle[1:]]
        for n, at in enumerate(times):
            assert at - began > 0.8 * (n + 1) - 0.2, (n, times, began)
        assert times[0] - began < 3, (times, began)
        has_exited(s, t)
        s.start()
        c = s.client()
        assert imapc.status(c, "INBOX") == 1


def test_stop_hurries_a_drain():
    with suite.Suite(drain_within="1h") as s:
        clients = [s.client() for _ in range(3)]
        t = drain(s)
        heard_bye(clients[0])
        s.ctl("drain", "--no-wait")         # it has begun: nothing changes
        assert imapc.status(clients[2], "INBOX") == 0
        s.ctl("stop")
        for c in clients[1:]:
            heard_bye(c)
        has_exited(s, t)


def test_lmtp_clients_finish_the_message_they_have_begun():
    port = proc.free_port()
    s = suite.Suite(domains="[example.org]")
    s.over["listen"] = "[imap://127.0.0.1:%d, lmtp://127.0.0.1:%d]" % (
        s.imap_port, port)
    s.write_conf()
    with s:
        idle, busy = [smtplib.LMTP("127.0.0.1", port, timeout=60)
                      for _ in range(2)]
        for c in idle, busy:
            assert c.ehlo()[0] == 250
        assert busy.mail("x@example.net")[0] == 250
        assert busy.rcpt("ann@example.org")[0] == 250
        t = drain(s)
        assert idle.getreply()[0] == 421
        assert busy.data(small(1))[0] == 250
        assert busy.getreply()[0] == 421
        has_exited(s, t)
        s.start()
        assert imapc.status(s.client(), "INBOX") == 1


def test_sigterm_hurries_a_drain_and_its_end_is_the_end_of_all():
    with suite.Suite(drain_within="1h") as s:
        clients = [s.client() for _ in range(2)]
        t = drain(s)
        heard_bye(clients[0])
        s.p.terminate()
        heard_bye(clients[1])
        has_exited(s, t)
    with suite.Suite(drain_within="1s") as s:
        c = imapc.Imap(s.imap_port)
        c.start("AUTHENTICATE PLAIN")
        assert c.line().startswith(b"+")
        t = drain(s)                        # it never says who it is
        heard_bye(c)
        has_exited(s, t)


class Bye(Exception):
    """It was said before the tagged response: the command was not begun."""


class Client(imapc.Imap):
    bye = False

    def line(self):
        line = super().line()
        self.bye = self.bye or line.startswith(b"* BYE ")
        return line

    def cmd(self, command, literal=None):
        try:
            return super().cmd(command, literal)
        except imapc.Closed:
            with contextlib.suppress(imapc.Closed):
                while not self.bye:
                    self.line()
            assert self.bye, "no answer to %r, and no BYE" % (command,)
            raise Bye() from None


class Mailer(threading.Thread):
    """Appends mails with tokens of its own, flags and reads each, and comes
    back when it was sent away, or after 20 mails if it does not stay."""

    def __init__(self, port, user, name, stop, stays):
        super().__init__()
        self.port, self.user, self.name, self.stop = port, user, name, stop
        self.stays = stays
        self.done, self.byes, self.error = 0, 0, None

    def connect(self):
        while True:
            try:
                c = Client(self.port)
                break
            except (imapc.Closed, OSError):
                pass                        # before the greeting
        c.ok("LOGIN %s %s" % (self.user, suite.PASSWORD))
        c.ok("SELECT INBOX")
        return c

    def one(self, c, uid):
        """One mail; uid: of the one that an earlier session has appended."""
        if uid is None:
            a = c.append("INBOX", b"X-Token: %s-%d\r\n" % (
                self.name.encode(), self.done) + small(self.done))
            uid = self.uid = int(a.code("APPENDUID").split()[1])
        c.ok("UID STORE %d +FLAGS.SILENT (\\Flagged)" % uid)
        lines = c.ok("UID FETCH %d FLAGS" % uid).having("FETCH")
        assert any(b"\\Flagged" in x for x in lines), lines
        self.uid = None
        self.done += 1

    def session(self):
        c = self.connect()
        n = 0
        while n < 20 or self.stays:
            self.one(c, self.uid)
            n += 1
            if self.stop.is_set():
                break
        c.logout()

    def run(self):
        self.uid = None
        try:
            while not self.stop.is_set() or self.uid is not None:
                try:
                    self.session()
                except Bye:
                    self.byes += 1
        except BaseException as e:
            self.error = e


def rolled(nodes):
    """Each of the nodes, which serve ann and bob behind one HAProxy, is
    drained and started again under a load that notices no more than a BYE."""
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        for s in nodes:
            stack.enter_context(s)
        b = stack.enter_context(Balancer(nodes))
        for s in nodes:
            proc.await_true("/readyz", lambda: ready(s) == (200, "ok\n"))
        mailers = [Mailer(b.port, "ann" if n % 2 else "bob", "m%d" % n, stop,
                          n < 2) for n in range(6)]
        for m in mailers:
            m.start()
        try:
            for s in nodes:
                proc.await_true("clients", lambda: re.search(
                    r"imapd 0 .* sessions=[1-9]",
                    s.ctl("status").stdout.decode()) or any(
                        m.error for m in mailers), step=0.1)
                has_exited(s, drain(s))
                s.start()
                proc.await_true("/readyz", lambda: ready(s) == (200, "ok\n"))
        finally:
            stop.set()
            for m in mailers:
                m.join()
        for m in mailers:
            assert m.error is None, (m.name, m.error)
            assert m.done > 0, m.name
        byes = sum(m.byes for m in mailers)
        assert byes > 0
        for user, mine in (("ann", mailers[1::2]), ("bob", mailers[::2])):
            c = imapc.Imap(b.port, user, suite.PASSWORD)
            box = read_box(c, "INBOX").mails.values()
            assert sorted(t for t, _ in box) == sorted(
                "%s-%d" % (m.name, n) for m in mine for n in range(m.done))
            assert all("\\Flagged" in flags for _, flags in box)
        print("   %d mails, %d sessions sent away" % (
            sum(m.done for m in mailers), byes))


def test_nodes_are_restarted_one_by_one_behind_haproxy():
    store = suite.store("minio")
    rolled([suite.Suite(store, users=("ann", "bob"), name="node-%s" % x,
                        proxy_protocol="[%s]" % PROXY,
                        plaintext_login="always",
                        drain_within="2s").with_http() for x in "abc"])


@normal_only("strips the programs")
def test_three_containers_are_rolled_behind_haproxy():
    """The image, from variables alone, as test_image runs it."""
    store = suite.store("minio")
    nodes = [container.Node(store, users=("ann", "bob"), name="node-%s" % x,
                            PAIL_PROXY_PROTOCOL="[%s]" % PROXY,
                            PAIL_PLAINTEXT_LOGIN="always",
                            PAIL_DRAIN_WITHIN="2s") for x in "abc"]
    print("   " + nodes[0].engine.how)
    rolled(nodes)

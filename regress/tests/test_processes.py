"""Channels and processes that crash, hang or run out of resources: what is
lost is one message or one process, never the service."""

import ctypes
import fcntl
import os
import re
import resource
import select
import signal
import socket
import subprocess
import termios

import imapc
import proc
import s3
import suite
from mark import alone


def limit(pid, n):
    """No more than n descriptors for a process that runs (asked as the user
    that it is, for not every root may); what it was."""
    with open("/proc/%d/status" % pid) as f:
        uid, gid = (int(re.search(r"^%s:\t(\d+)" % key, text, re.M)[1])
                    for text in [f.read()] for key in ("Uid", "Gid"))
    with open("/proc/%d/limits" % pid) as f:
        was = int(re.search(r"^Max open files +(\d+)", f.read(), re.M)[1])
    subprocess.run(["prlimit", "--pid=%d" % pid, "--nofile=%d:" % n],
                   check=True, **({} if os.geteuid() != 0 else
                                  {"user": uid, "group": gid}))
    return was


def pid_of(s, name, but=()):
    found = [p for p, n in s.children() if n == name and p not in but]
    return found[0] if found else None


def login(c, user="ann"):
    """Whether a LOGIN on this connection is answered with OK."""
    return c.finish(c.start("LOGIN %s %s" % (user, suite.PASSWORD))).status \
        == "OK"


def try_login(s, user="ann"):
    try:
        c = s.client(user)
    except (imapc.No, imapc.Closed, OSError):
        return False
    c.logout()
    return True


def strangers(s, addresses, each):
    """Connections that stay, of those that are let in or not."""
    out = []
    for a in range(addresses):
        for _ in range(each):
            c = socket.socket()
            c.bind(("127.0.1.%d" % (a + 1), 0))
            c.settimeout(10)
            try:
                c.connect(("127.0.0.1", s.imap_port))
                out.append(c)
            except OSError:
                c.close()
    return out


def test_no_login_is_lost_for_ever_when_strangers_take_all_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    s = suite.Suite(imap="{max-unauthenticated: 2000}")
    s.prefix = ("prlimit", "--nofile=1024:1024")
    with s:
        before = imapc.Imap(s.imap_port)
        held = strangers(s, 11, 100)
        login(before)
        before.close()
        for c in held:
            c.close()
        proc.await_true("logins go on", lambda: try_login(s))
        assert all(try_login(s) for _ in range(20))
        status = s.ctl("status").stdout.decode()
        assert "channel down" not in status, status
        # What was too high for the limit was lowered, and both are named.
        for key in ("imap.max-connections: reduced from 20000",
                    "imap.max-unauthenticated: reduced from 2000"):
            assert re.search(
                key + " to \\d+, .*1024 file descriptors",
                s.log_text()), s.log_tail()


def test_a_session_over_the_limit_of_descriptors_costs_only_itself():
    s = suite.Suite(users=("ann", "bob"))
    with s:
        first = s.client()
        storaged = pid_of(s, "storaged")
        was = limit(storaged, 60)
        held = [imapc.Imap(s.imap_port, timeout=20) for _ in range(60)]
        ok = [login(c) for c in held]
        assert ok[0] and not all(ok), ok
        # The others' sessions go on, and so does the channel.
        first.ok("NOOP")
        for c in held:
            c.close()
        proc.await_true("logins go on", lambda: try_login(s))
        limit(storaged, was)
        assert all(try_login(s, "bob") for _ in range(5))
        first.ok("NOOP")
        assert "out of file descriptors" in s.log_text()
        assert pid_of(s, "storaged") == storaged


def test_a_small_limit_of_descriptors_serves_fewer_sessions_and_lasts():
    s = suite.Suite()
    s.prefix = ("prlimit", "--nofile=60:60")
    with s:
        pids = dict(s.children())
        for _ in range(3):
            held = []
            for _ in range(60):
                try:
                    held.append(imapc.Imap(s.imap_port, timeout=10))
                except (imapc.Closed, OSError):
                    continue
            ok = 0
            for c in held:
                try:
                    ok += login(c)
                except (imapc.Closed, OSError):
                    pass
            assert ok > 0
            for c in held:
                c.close()
            proc.await_true("logins go on", lambda: try_login(s))
        assert dict(s.children()) == pids
        assert "sessions: reduced from 20000 to " in s.log_text()
        assert re.search(r"paild\[\d+\] warn: \d+ processes need \d+ "
                         r"file descriptors, but only \d+ of 60 are free",
                         s.log_text()), s.log_text()[:2000]
        assert "channel down" not in s.ctl("status").stdout.decode()


def test_a_channel_that_is_lost_is_shown_and_made_again():
    s = suite.Suite()
    with s:
        authd = pid_of(s, "authd", but=workers(s))
        was = limit(authd, 3)
        os.kill(pid_of(s, "imapd"), signal.SIGKILL)
        proc.await_true("the status shows what is missing", lambda: re.search(
            r"channel down for \d+s: imapd 0 - authd 0",
            s.ctl("status").stdout.decode()))
        limit(authd, was)
        proc.await_true("logins go on", lambda: try_login(s))
        assert "channel down" not in s.ctl("status").stdout.decode()
        assert authd in dict(s.children())
        assert re.search('channel="imapd 0 - authd 0" result=again',
                         s.log_text()), s.log_tail()


def workers(s):
    """The pids of authd's workers, as pailctl tells them."""
    return [int(x) for x in re.findall(
        r"^authworker \d+ +(\d+)", s.ctl("status").stdout.decode(), re.M)]


class Terminal:
    """A paild -d whose terminal is ours: its controlling one, on all three
    descriptors, as from a shell."""

    def __init__(self, s):
        self.master, slave = os.openpty()
        self.text = b""
        s.p = subprocess.Popen(
            [s.bin("paild"), "-d", "-f", s.conf], cwd=s.dir, stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        s.log = open(s.logname, "ab")
        proc.adopt(s.p)
        self.name = os.ttyname(slave)
        os.close(slave)
        proc.await_true("it serves", lambda: b"ready\r\n" in self.read())

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.text += data
        return self.text


def stat_of(pid):
    """The fields of /proc/PID/stat behind the name, from state on."""
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(") ")[2].split()


def links_of(pid):
    """What its descriptors are; none where root of a container may not
    look."""
    links = []
    try:
        for f in os.listdir("/proc/%d/fd" % pid):
            try:
                links.append(os.readlink("/proc/%d/fd/%s" % (pid, f)))
            except FileNotFoundError:
                pass            # closed meanwhile
    except PermissionError:
        pass
    return links


def test_no_child_has_the_operators_terminal():
    s = suite.Suite()
    t = Terminal(s)
    children = s.children()
    assert len(children) >= 5, children
    assert int(stat_of(s.p.pid)[4]) != 0        # paild has: it is no idle test
    for pid, name in children:
        state, _, group, session, tty = stat_of(pid)[:5]
        assert int(tty) == 0, (name, tty)
        assert int(session) == int(group) == pid, (name, session, group)
        links = links_of(pid)
        assert not [x for x in links if "/pts/" in x or "/tty" in x], links
    # Their log is there all the same, and Ctrl-C ends them all, in order.
    s.client().logout()
    proc.await_true("the children's log", lambda: b" imapd[" in t.read())
    os.write(t.master, b"\x03")
    proc.await_true("the end", lambda: t.read() and s.p.poll() is not None)
    assert s.p.wait() == 0 and b"stopped" in t.read(), t.text[-2000:]
    for pid, name in children:
        assert not os.path.exists("/proc/%d" % pid), name
    os.close(t.master)


def test_children_end_with_a_paild_that_is_killed():
    s = suite.Suite().start()
    children = s.children()
    s.p.kill()
    proc.await_true("they end", lambda: all(
        not os.path.exists("/proc/%d" % pid) or stat_of(pid)[0] == "Z"
        for pid, _ in children))
    proc.end(s.p)
    s.p = None


def test_a_log_that_nobody_reads_stops_nothing():
    s = suite.Suite(log="{level: debug, to: stderr}")
    ours, theirs = os.pipe()
    fcntl.fcntl(ours, 1031, 4096)               # F_SETPIPE_SZ
    s.log = open(s.logname, "ab")
    s.p = proc.spawn([s.bin("paild"), "-d", "-f", s.conf], cwd=s.dir,
                     stdout=subprocess.PIPE, stderr=theirs)
    flags = fcntl.fcntl(theirs, fcntl.F_GETFL)
    s.await_ready()
    for n in range(800):        # some 2 KiB of lines each, in all processes
        c = s.client(timeout=20)
        c.ok("SELECT INBOX")
        c.logout()
    # Who shares the pipe finds it as it was: it may block.
    assert fcntl.fcntl(theirs, fcntl.F_GETFL) == flags
    os.set_blocking(ours, False)
    text = b""

    def more():
        nonlocal text
        try:
            text += os.read(ours, 1 << 20)
        except BlockingIOError:
            s.client().logout()
        return re.search(rb" warn: (\d+) lines lost\n", text)

    lost = proc.await_true("what was lost is told", more)
    assert int(lost[1]) > 0
    # Every line is a whole one.
    for line in text.split(b"\n")[:-1]:
        assert re.match(rb"\d{4}-\d\d-\d\dT[\d:.]+Z [\w/]+\[\d+\] \w+: .",
                        line), line
    s.stop()
    os.close(ours)
    os.close(theirs)


def test_what_others_say_commands_no_terminal():
    s = suite.Suite()
    evil = "a\u202eb\u2066c\u200fd\u061ce\u009b2J"
    s.over = {"plaintext-login": '"%s"' % evil.replace("\u009b", "\\x9b")}
    s.write_conf()
    r = subprocess.run([s.bin("paild"), "-n", "-f", s.conf],
                       stderr=subprocess.PIPE)
    assert r.returncode == 1 and b"plaintext-login" in r.stderr, r
    said = [r.stderr.decode()]
    said.append(s.ctl("status", check=False).stderr.decode())
    s.over = {}
    s.write_conf()
    with s:
        c = imapc.Imap(s.imap_port)
        data = ("x" + evil).encode()
        c.send(b"b1 LOGIN {%d+}\r\n%s {1+}\r\nx\r\n" % (len(data), data))
        assert c.finish("b1").status == "NO"
        c.close()
        said.append(s.log_text())
        s.over = {"plaintext-login": '"%s"' % evil.replace("\u009b", "\\x9b")}
        s.write_conf()
        r = s.ctl("reload", check=False)
        assert r.returncode == 1
        said.append(r.stderr.decode() + r.stdout.decode())
        said.append(s.log_text())
    for text in said:
        assert text and not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e"
            "\u2066-\u2069]", text), text
    assert all("\\xe2\\x80\\xae" in text for text in said[:2]), said


def landlock():
    """The version that the kernel has; 0: none."""
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def test_every_process_enters_its_sandbox():
    with suite.Suite(log="{level: debug, to: stderr}",
                     processes="{imapd: 1, lmtpd: 1, storaged: 1}"
                     ).with_http() as s:
        kinds = {name for _, name in s.children()} | {"authworker"}
        said = dict(re.findall(r" (\w+)(?:/\d+)?\[\d+\] debug: sandbox: (.*)",
                               s.log_text()))
        assert set(said) == kinds and len(kinds) == 7, (said, kinds)
        version = landlock()
        want = {"imapd": "0 directories, 0", "authd": "0 directories, 0",
                "lmtpd": "0 directories, 0",
                "admind": "0 directories, 0",
                "credd": "0 directories, 0",
                "authworker": "1 directories, 0",
                "storaged": "3 directories, 0"} if version >= 2 else {}
        for kind, text in want.items():
            assert text in said[kind], (kind, said[kind])


def test_storaged_writes_nothing_outside_of_its_directories():
    """Whoever has taken it over, and root in it, too: its own code is led out
    of the cache by a link."""
    if landlock() < 2:
        return
    s = suite.Suite(users=("ann", "bob"))
    with s:
        s.client().logout()
        out = os.path.join(s.dir, "outside")
        index = os.path.join(s.dir, "cache", "index")
        os.mkdir(out)
        os.chmod(out, 0o777)
        os.rename(index, index + ".moved")
        os.symlink(out, index)
        assert not try_login(s, "bob")
        assert os.listdir(out) == []
        os.unlink(index)
        os.rename(index + ".moved", index)
        proc.await_true("logins go on", lambda: try_login(s, "bob"))


def by_row(s):
    """{"imapd 0": (pid, state, seconds up, restarts)} as pailctl tells."""
    return {m[1]: (int(m[2]), m[3], int(m[4]), int(m[5])) for m in re.finditer(
        r"^(\w+ \d+) +(\d+) (\w+) +(\d+)s +(\d+)",
        s.ctl("status").stdout.decode(), re.M)}


def test_a_process_of_any_kind_that_hangs_is_started_again():
    s = suite.Suite(watchdog="3s", processes="{imapd: 1, storaged: 2}")
    with s:
        c = s.client()
        before = by_row(s)
        assert len(before) >= 7, before
        for pid, _ in s.children():
            os.kill(pid, signal.SIGSTOP)
        proc.await_true("all are started again", lambda: not (
            {p for p, *_ in before.values()} &
            {p for p, _ in s.children()}))
        proc.await_true("logins go on", lambda: try_login(s))
        c.close()
        after = proc.await_true("all are ready", lambda: [
            rows for rows in [by_row(s)] if set(rows) == set(before) and
            all(r[1] == "ready" for r in rows.values())])[0]
        assert all(r[3] >= 1 for r in after.values()), after
        for name, row in before.items():
            assert re.search(
                r'proc="%s" pid=%d .*why="no response for 3s" '
                r'doing="serving" since=\d+s state="stopped"' % (
                    name, row[0]), s.log_text()), (name, s.log_tail())


@alone("measures time")
def test_who_works_or_waits_is_not_taken_for_one_that_hangs():
    """paild itself stopped, all of them stopped, and a storaged that waits
    for its bucket: each for longer than the watchdog's time."""
    with suite.Suite(watchdog="2s") as s:
        before = dict(s.children())
        c = s.client()
        for stopped in ([s.p.pid], [s.p.pid] + list(before)):
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            # The time itself is what is tried here.
            select.select([], [], [], 4)
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            c.ok("NOOP")
            select.select([], [], [], 1)
            assert dict(s.children()) == before
        assert try_login(s)
        assert "no response" not in s.log_text()
    server = s3.Minio()
    server.stop()
    w = suite.Suite(store=(server, "none"), watchdog="2s").start(wait=False)
    proc.await_true("it is there", lambda: w.ctl(
        "status", check=False).returncode == 0)
    rows = proc.await_true("it has waited for long", lambda: [
        rows for rows in [by_row(w)] if rows["storaged 0"][2] >= 5])[0]
    assert rows["storaged 0"][1] == "starting", rows
    assert all(r[3] == 0 for r in rows.values()), rows
    assert "no response" not in w.log_text()
    proc.end(w.p)
    w.p = None


def test_a_process_that_is_started_again_gets_each_channel_once():
    """The end of the old one, told late, is not taken for the new one's."""
    with suite.Suite() as s:
        for n in range(4):
            for name in ("storaged", "imapd", "credd"):
                was = pid_of(s, name)
                os.kill(was, signal.SIGKILL)
                proc.await_true("another " + name,
                                lambda: pid_of(s, name) not in (None, was))
                proc.await_true("logins go on", lambda: try_login(s))
        assert "result=again" not in s.log_text(), s.log_tail()

"""Logs that programs read: JSON on standard error, whatever peers write, and
datagrams for syslog and for systemd's journal, from a paild in the
background."""

import json
import os
import re
import socket
import subprocess

import proc
import suite
from mails import small

HOSTILE = ["\" result=ok x=\"", "\\\" } , { \"level\":\"error\"", "a b=c",
           "\u202eevil", "back\\slash", "q'uote=1 why='x'", "\u00e9\U0001f40c",
           "{}[]:,", "level=error pid=1 message=x time=0"]


def objects(s):
    """Each line of the log, which must be one object with all that all have."""
    s.log_settle()
    out = []
    with open(s.logname, "rb") as f:
        for line in f.read().split(b"\n")[:-1]:
            o = json.loads(line.decode("utf-8", "strict"))
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                            o["time"]), o
            assert o["level"] in ("error", "warn", "info", "debug"), o
            assert re.match(r"[a-z]+(/\d+)?$", o["process"]), o
            assert type(o["pid"]) is int and "message" in o, o
            out.append(o)
    return out


def fail_logins(port, names):
    """All at once: each answer takes its time."""
    socks = [socket.create_connection(("127.0.0.1", port)) for _ in names]
    for sock, name in zip(socks, names):
        sock.settimeout(60)
        sock.sendall(b"a LOGIN {%d+}\r\n%s wrong\r\n" % (len(name), name))
    for sock in socks:
        with sock, sock.makefile("rb") as f:
            while not f.readline().startswith(b"a "):
                pass


def test_every_line_is_an_object_whatever_peers_write():
    with suite.Suite(log="{level: debug, format: json}") as s:
        fail_logins(s.imap_port, [x.encode() for x in HOSTILE] +
                    [b"\xff\xfe\xc2\x9b\x01"])
        c = s.client()
        for name in HOSTILE:
            quoted = name.replace("\\", "\\\\").replace("\"", "\\\"")
            c.cmd("SELECT \"%s\"" % quoted.encode("ascii", "replace").decode())
        c.append("INBOX", small(1))
        c.logout()
        seen = objects(s)
        users = [o.get("user") for o in seen if o["process"] == "authd" and
                 o.get("result") == "no"]
        # What is printable stands there as it was written.
        for name in HOSTILE:
            want = re.sub("\u202e", r"\\xe2\\x80\\xae", name)
            assert want in users, (want, users)
        assert len({o["process"] for o in seen}) >= 5
        assert any(o.get("cmd") == "SELECT" for o in seen)
        # Another form without a restart.
        s.over["log"] = "{level: info}"
        s.write_conf()
        s.ctl("reload")
        assert re.search(r"^\d{4}-\S+ paild\[\d+\] info: reload: done$",
                         s.log_text(), re.M), s.log_tail()


class Background:
    """A paild that is a daemon, with a socket of ours in place of
    /dev/log and of the journal's."""

    def __init__(self, **over):
        self.s = suite.Suite(**over)
        self.paths = {}
        self.socks = {}

    def listen(self, variable):
        path = os.path.join(self.s.dir, variable)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(path)
        sock.settimeout(60)
        self.paths[variable] = path
        self.socks[variable] = sock

    def __enter__(self):
        s = self.s
        r = subprocess.run([s.bin("paild"), "-f", s.conf], cwd=s.dir,
                           env={**os.environ, **self.paths}, timeout=60)
        assert r.returncode == 0
        proc.await_true("serving", lambda: b", serving, " in
                        s.ctl("status", check=False).stdout)
        return self

    def __exit__(self, *exc):
        self.s.ctl("stop")

    def until(self, variable, pattern):
        """The datagrams up to the one that matches, which is the last."""
        out = []
        while not out or not re.search(pattern, out[-1], re.M):
            out.append(self.socks[variable].recv(65536).decode())
        return out


def test_lines_go_to_syslog():
    for form in ("text", "json"):
        b = Background(log="{to: syslog, format: %s}" % form)
        b.listen("LOG_SOCKET")
        with b:
            b.s.client().logout()
            lines = b.until("LOG_SOCKET", r"mech=\S+|\"mech\":")
        for line in lines:
            # mail.info, mail.warning; RFC 3164
            m = re.match(r"<2[0-3]>[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d "
                         r"([a-z]+(?:/\d+)?)\[(\d+)\]: (.*)$", line)
            assert m and "\n" not in line, line
            if form == "text":
                assert re.match(r"(info|warn): ", m.group(3)), line
            else:
                o = json.loads(m.group(3))
                assert (o["process"], str(o["pid"])) == m.group(1, 2), line


def test_lines_go_to_the_journal():
    b = Background(log="{to: journald}")
    b.listen("JOURNAL_SOCKET")
    with b:
        b.s.client().logout()
        last = b.until("JOURNAL_SOCKET", r"^PAIL_MECH=")[-1]
    fields = dict(x.split("=", 1) for x in last.splitlines())
    assert fields["PRIORITY"] == "6" and fields["SYSLOG_IDENTIFIER"] == \
        "authd" and fields["PAIL_USER"] == "ann" and \
        fields["PAIL_RESULT"] == "ok" and \
        "user=ann" in fields["MESSAGE"], last
    assert re.match(r"[0-9a-f]{8,16}$", fields["PAIL_SESSION"]), last


def test_without_a_journal_syslog_gets_the_lines():
    b = Background(log="{to: journald}")
    b.listen("LOG_SOCKET")
    b.paths["JOURNAL_SOCKET"] = os.path.join(b.s.dir, "nobody")
    with b:
        b.s.client().logout()
        lines = b.until("LOG_SOCKET", r"mech=")
    assert "logging to syslog instead" in lines[0], lines
    assert not any("instead" in x for x in lines[1:]), lines


def lines_since(s, offset):
    return s.log_text()[offset:].splitlines()


def test_each_line_of_each_process_names_the_session_it_is_for():
    with suite.Suite(store=suite.store("minio"), log="{level: debug}") as s:
        s.client().logout()
        # The other session is over, and the objects of the probe are gone.
        proc.await_true("quiet", lambda: all(x in s.log_text() for x in (
            "result=closed", " disconnect ", "method=POST key=?delete")))
        start = len(s.log_text())
        c = s.client()
        c.ok("SELECT INBOX")
        c.append("INBOX", small(1))
        c.logout()
        proc.await_true("closed", lambda: any(
            "result=closed" in x for x in lines_since(s, start)) and any(
            " disconnect " in x for x in lines_since(s, start)))
        # What the other session has left to do (its commit's turn).
        other = re.findall(r" session=[0-9a-f]+\b", s.log_text()[:start])
        lines = [x for x in lines_since(s, start)
                 if not any(o in x for o in other)]
        ids = [re.findall(r" session=([0-9a-f]{16})\b", x) for x in lines]
        assert all(x and x == ids[0] for x in ids), "\n".join(lines)
        assert {x.split(" ")[1].split("[")[0] for x in lines} >= \
            {"imapd", "authd", "storaged"}, lines
        # The APPEND's trace is that of the commit's requests.
        trace, = [re.search(r" trace=00-([0-9a-f]{32})-[0-9a-f]{16}-01$", x)
                  for x in lines if "cmd=\"APPEND\"" in x]
        puts = [x for x in lines if "method=PUT" in x and "/ann/head" in x]
        assert trace and puts and trace.group(1) in puts[-1], lines
        select, = [x for x in lines if "cmd=\"SELECT\"" in x]
        assert "trace=00-" in select and trace.group(1) not in select, select


def test_a_commit_of_several_commands_names_the_first_trace():
    with suite.Suite(store=suite.store("minio"), log="{level: debug}") as s:
        clients = [s.client() for _ in range(6)]
        clients[0].append("INBOX", small(1))
        for c in clients:
            c.ok("SELECT INBOX")

        def shared():
            """A PUT for several; those that come while one is under way go
            into the next."""
            start = len(s.log_text())
            for i, c in enumerate(clients):
                c.sock.sendall(b"x STORE 1 +FLAGS (k%d)\r\n" % i)
            proc.await_true("all of them", lambda: len(
                [x for x in lines_since(s, start) if "cmd=\"STORE\"" in x]) ==
                len(clients))
            lines = lines_since(s, start)
            return lines, [x for x in lines if "method=PUT" in x and
                           "/ann/head" in x and " others=" in x]
        lines, puts = proc.await_true("a commit of several", lambda: (
            lambda found: found if found[1] else None)(shared()))
        traces = [re.search(r"trace=(\S+)", x).group(1) for x in lines
                  if "cmd=\"STORE\"" in x]
        assert len(set(traces)) == len(clients), traces
        trace, others = re.search(r"trace=(\S+) others=(\d+)$",
                                  puts[0]).groups()
        assert trace in traces and 1 <= int(others) < len(clients), puts
        for c in clients:
            c.sock.close()

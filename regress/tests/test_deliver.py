"""pail-deliver (issue 14): what cron and MTAs call it with, and what it
answers them. A stub takes the place of lmtpd: what it says, a real one
cannot be made to say (tests with that are in test_mta)."""

import functools
import os
import re
import shutil
import subprocess

import lmtp_stub
import proc
import suite

MAIL = b"Subject: x\n\ntext\n.\nmore\n"


@functools.cache
def program():
    """Where nobody may run it: not below /root, for one."""
    d = proc.tempdir("program")
    os.chmod(d, 0o755)
    return shutil.copy(os.path.join(proc.TOP, suite.BUILD,
                                    "bin/pail-deliver"), d)


def deliver(stub, *args, input=MAIL, **kw):
    """As nobody."""
    return subprocess.run(
        [program(), *(("-S", stub.path) if stub else ()), *args], input=input,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, cwd="/",
        user=65534, group=65534, extra_groups=(), **kw)


def a_stub(say=lambda command: None):
    path = os.path.join(proc.tempdir("deliver"), "sock")
    stub = lmtp_stub.Stub(path, say=say)
    stub.path = path
    return stub


def test_what_cron_and_mtas_call_delivers():
    lines = (
        (("-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"), None, "root"),
        (("-oi", "-oem", "-f", "ann@x", "--", "bob@example.org"), "ann@x",
         "bob@example.org"),
        (("-f", "", "-V", "4XyzAb1", "--", "bob+x@example.org"), "",
         "bob+x@example.org"))
    with a_stub() as stub:
        for args, sender, rcpt in lines:
            r = deliver(stub, *args)
            assert r.returncode == 0 and not r.stderr, (args, r)
            got = stub.mails.pop()
            assert got[1] == rcpt and not stub.mails, got
            assert got[2].endswith(b"\r\n\r\ntext\r\n.\r\nmore\r\n"), got
            if sender is None:
                assert got[0].startswith("nobody@"), got
                assert re.search(rb'^From: "CronDaemon" <nobody@', got[2],
                                 re.M), got
            else:
                assert got[0] == sender, got
                assert got[2].startswith(b"Subject: x\r\n\r\n"), got
        assert any("ENVID=4XyzAb1" in c for c in stub.commands)


def test_the_recipients_of_the_header_get_it_without_bcc():
    with a_stub() as stub:
        r = deliver(stub, "-t", "carl", input=(
            b"To: Ann <ann@example.org>,\n bob\nBcc: dora\nSubject: x\n\n"))
        assert r.returncode == 0, r
        assert [m[1] for m in stub.mails] == ["carl", "ann@example.org",
                                              "bob", "dora"], stub.mails
        data = stub.mails[0][2]
        assert b"Bcc" not in data and b"\r\nDate: " in data, data


def test_each_answer_has_the_exit_status_that_mtas_understand():
    rows = (("550 5.1.1 unknown", 67, b"5.1.1 bob: unknown\n"),
            ("550 5.7.1 locked", 77, b"5.7.1 bob: locked\n"),
            ("552 5.2.2 full", 73, b"5.2.2 bob: full\n"),
            ("554 5.6.0 \x1b[1m", 65, b"5.6.0 bob: \\x1b[1m\n"),
            ("451 4.3.0 later", 75, b"4.3.0 bob: later\n"),
            (Exception, 75,
             b"4.4.2 bob: the server closed the connection\n"))
    for at in "RCPT", ". bob":
        for answer, status, text in rows:
            with a_stub(lambda c: answer if c.startswith(at) else None) as s:
                r = deliver(s, "-f", "ann@x", "bob")
                assert (r.returncode, r.stderr) == (status, text), (at, r)
                assert not s.mails


def test_what_has_to_be_tried_again_decides_for_several():
    def say(command):
        return {". ann": "550 5.1.1 unknown", ". bob": "451 4.3.0 later",
                ". carl": None}.get(command)
    with a_stub(say) as stub:
        r = deliver(stub, "ann", "bob", "carl")
        assert r.returncode == 75, r
        assert r.stderr == b"4.3.0 bob: later\n5.1.1 ann: unknown\n", r
        assert [m[1] for m in stub.mails] == ["carl"]


def test_faults_of_ours_are_no_reason_to_send_it_back():
    d = proc.tempdir("deliver")
    gone, closed = os.path.join(d, "gone"), os.path.join(d, "closed")
    lmtp_stub.Stub(closed).close()
    for path in gone, closed, "/" + "x" * 200:
        r = deliver(None, "-S", path, "bob")
        assert r.returncode == 75, r
        assert r.stderr.startswith(b"4.3.0 " + path.encode()), r
    stub = a_stub()
    os.chmod(stub.path, 0o600)
    r = deliver(stub, "bob")
    assert r.returncode == 75 and b"Permission denied" in r.stderr, r
    stub.close()


def test_wrong_calls_are_refused():
    with a_stub() as stub:
        for args, status in ((), 64), (("-bs",), 64), (("-q", "x"), 64), \
                (("a\nb",), 64), (("-Z", "x"), 64):
            r = deliver(stub, *args)
            assert r.returncode == status and b"usage" in r.stderr, (args, r)
        assert deliver(stub, "bob", input=b"").returncode == 66
        assert deliver(stub, "-t").returncode == 65
        assert not stub.commands

"""App passwords: made, listed, used and revoked by pailctl; whose sessions end
when; what a database with require-app-password accepts."""

import base64
import os
import re
import time

import imapc
import proc
import suite
from apppass import add, ended, rows, status

ON = {"app_passwords": "file", "app_passwords_file": "apps"}


def test_an_app_password_is_made_used_and_revoked():
    with suite.Suite(users=("ann", "bob"), **ON) as s:
        assert status(s, "ann", suite.PASSWORD) == "OK"     # no file yet
        assert rows(s) == []
        phone = add(s, "ann", "phone")
        pad = add(s, "--expires", "90d", "ANN", "my pad")
        with open(os.path.join(s.dir, "apps")) as f:
            text = f.read()
        for secret in (phone, pad):
            assert secret not in text
            assert secret.replace("-", "") not in text
        for typed in (phone, phone.upper(), phone.replace("-", ""),
                      phone.replace("-", " ")):
            assert status(s, "ann", typed) == "OK", typed
        assert status(s, "Ann", pad) == "OK"
        assert status(s, "bob", phone) == "NO"
        assert status(s, "ann", phone[:-1]) == "NO"
        assert status(s, "ann", suite.PASSWORD) == "OK"
        assert re.search(r"user=ann mech=PLAIN .* app=phone result=ok",
                         s.log_text())
        proc.await_true("the last use", lambda: all(re.fullmatch(
            r"20\d\d-\d\d-\d\d", x[-1]) for x in rows(s, "ann")), 60)
        assert rows(s, "bob") == [], rows(s, "bob")
        assert status(s, "ann", phone) == "OK"      # the file was written
        # a name is taken once; a user who is in no file does not exist
        assert s.ctl("app-password", "add", "ann", "phone",
                     check=False).returncode == 1
        assert s.ctl("app-password", "add", "nobody",
                     check=False).returncode == 1
        sessions = [s.client("ann"), imapc.Imap(s.imap_port, "ann", phone)]
        other = s.client("bob")
        s.ctl("app-password", "revoke", "ann", "phone")
        for c in sessions:
            proc.await_true("a session's end", lambda c=c: ended(c), 5)
        assert not ended(other)
        assert status(s, "ann", phone) == "NO"
        assert status(s, "ann", pad) == "OK"
        # who is deleted has no other way in
        s.ctl("user", "del", "ann")
        assert rows(s) == []
        assert status(s, "ann", pad) == "NO"


def test_an_app_password_expires():
    with suite.Suite(**ON) as s:
        soon = time.time() + 4
        old = add(s, "--expires", time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon)), "ann")
        c = imapc.Imap(s.imap_port, "ann", old)
        # five seconds after it has expired, or more on a slow machine
        proc.await_true("the session's end", lambda: ended(c), 40)
        print("   %.1f s after its expiry" % (time.time() - int(soon)))
        assert time.time() >= int(soon), "too early"
        assert status(s, "ann", old) == "NO"
        assert status(s, "ann", suite.PASSWORD) == "OK"
        assert rows(s)[0][-1] == "expired"


def test_where_app_passwords_are_required_no_other_is_accepted():
    with suite.Suite(auth="[{type: file, path: users, "
                     "require-app-password: true}]", **ON) as s:
        assert status(s, "ann", suite.PASSWORD) == "NO"
        assert "only app passwords are accepted" in s.log_text()
        app = add(s, "ann")
        assert status(s, "ann", app) == "OK"
        m = imapc.Imap(s.imap_port)
        a = m.cmd("AUTHENTICATE PLAIN " + base64.b64encode(
            b"\0ann\0" + app.encode()).decode())
        assert a.status == "OK", a
        m.close()


def test_a_users_failures_are_listed_and_forgiven():
    with suite.Suite() as s:
        for i in range(3):
            assert status(s, "ann", "wrong%d" % i) == "NO"
        said = s.ctl("throttle", "list").stdout.decode()
        assert re.search(r"^user-from-address ann from 127.0.0.1: 3 failures, "
                         r"paused until 20\S+Z, forgotten 20\S+Z$", said,
                         re.M), said
        assert "user ann: 3 failures" in said, said
        said = s.ctl("throttle", "clear", "ann").stdout.decode()
        assert said == "2 forgotten\n", said
        assert s.ctl("throttle", "list").stdout == b""
        assert status(s, "ann", "wrong") == "NO"
        assert s.ctl("throttle", "clear", "127.0.0.1").stdout == \
            b"1 forgotten\n"
        assert s.ctl("throttle", "clear").stdout == b"1 forgotten\n"
        assert s.ctl("throttle", "clear", "\x01",
                     check=False).returncode == 1

"""What an administrator can do on the admin page, by the messages that admind
sends: who may log in, how long that lasts, each command, and what an admind
gets that has been taken over. In admind's place is lib/fake_admind.py."""

import json
import os
import pwd
import re
import time

import fake_admind
import imapc
import jail
import proc
import suite

NEW = "a-new-password"
ON = {"admins": "[ann]", "app_passwords": "file", "app_passwords_file": "apps",
      "login_limits": "{failure-delay: 1s}"}


def start():
    s = fake_admind.desk(suite.Suite(users=("ann", "bob"), **ON).with_http(
        admin_page="true"))
    s.start()
    return s, fake_admind.Desk(s)


def token(d, user="ann", password=suite.PASSWORD):
    r = d.login(user, password)
    assert r.get("user") == user and re.fullmatch("[0-9a-f]{64}",
                                                  r["token"]), r
    return r["token"]


def done(d, t, *args, secret="", user="ann"):
    lines, doc = d.do(t, *args, secret=secret)
    assert lines == ["user " + user, "ok"] and "error" not in doc, (lines,
                                                                    doc)
    return doc


def is_out(d, t):
    return d.do(t, "status") == (["error: session"], None)


def app_password(s, *args):
    return json.loads(s.ctl("--json", "app-password", "add", *args).stdout)


def test_each_command_does_what_pailctl_does():
    s, d = start()
    with s:
        t = token(d)
        assert done(d, t, "status")["state"] == "serving"
        assert "verdict" in json.dumps(done(d, t, "store-check"))
        assert done(d, t, "user", "add", "--quota", "1G", "--alias", "carla",
                    "carl", secret=NEW) == {"user": "carl"}
        c = s.client("carl", NEW)
        [row] = done(d, t, "sessions", "carl")["sessions"]
        assert row["remote"] == "127.0.0.1" and \
            row["mechanism"] == "PLAIN" and row["backend"] == "file" and \
            row["app"] is None and row["service"] == "imap", row
        assert done(d, t, "session-end", row["id"]) == {"ended": row["id"]}
        assert b"ended by the administrator" in c.line()
        proc.await_true("no session of carl's", lambda: done(
            d, t, "sessions", "carl") == {"sessions": [], "total": 0})
        assert done(d, t, "user", "passwd", "carl",
                    secret=NEW + "2") == {"user": "carl"}
        assert done(d, t, "user", "set", "--quota", "2G", "carl") == {
            "user": "carl"}
        [u] = [u for u in done(d, t, "user", "list")["users"]
               if u["name"] == "carl"]
        assert u == {"name": "carl", "locked": False, "aliases": ["carla"],
                     "quota": {"bytes": 2 << 30, "messages": None}}, u
        assert done(d, t, "quota", "carl")["users"][0]["user"] == "carl"
        app = done(d, t, "app-password", "add", "--scope", "imap",
                   "--expires", "90d", "carl", "my phone; `id`")
        assert app["name"] == "my phone; `id`", app
        c = s.client("carl", app["password"])
        assert done(d, t, "sessions", "carl")["sessions"][0]["app"] == \
            app["name"]
        assert done(d, t, "app-password", "list", "carl")[
            "app_passwords"][0]["id"] == app["id"]
        assert done(d, t, "app-password", "revoke", "carl",
                    app["id"])["revoked"] == 1
        assert b"BYE" in c.line()
        for x in "credentials", "throttle-list":
            assert isinstance(done(d, t, x), dict)
        assert done(d, t, "throttle-clear", "carl") == {"forgotten": 0}
        assert done(d, t, "user", "del", "carl") == {"user": "carl"}

        # what fails says why, and what is not in the table is nothing
        lines, doc = d.do(t, "user", "del", "carl")
        assert lines == ["user ann", "ok"] and \
            doc["error"] == "carl does not exist", (lines, doc)
        assert "ingest" in d.do(t, "ingest-list")[1]["error"]
        lines, doc = d.do(t, "session-end", "0.999")
        assert doc == {"error": "no such session"}, doc
        for bad in (["dump", "ann"], ["stop"], ["deliver", "ann"],
                    ["user", "add", "--json", "x"], ["user", "list", "-f"],
                    ["status\nstop"], ["revoke", "ann"]):
            lines, doc = d.do(t, *bad)
            assert lines[0] == "user ann" and lines[1].startswith(
                "error: ") and doc is None, (bad, lines)
        log = s.log_text()
        assert 'admin user=ann remote=192.0.2.9 command="user passwd carl" ' \
            "result=ok" in log, log
        assert 'command="user del carl" result=no why="carl does not exist"' \
            in log, log
        assert NEW not in log and t not in log
        assert done(d, t, "logout") == {}
        assert is_out(d, t)


def test_a_password_of_mail_is_not_tried_here():
    s, d = start()
    with s:
        times = []
        for user, password in (("bob", suite.PASSWORD), ("bob", "wrong"),
                               ("nobody", "wrong"), ("ann", "wrong")):
            began = time.monotonic()
            r = d.login(user, password, "192.0.2.%d" % len(times))
            times.append(time.monotonic() - began)
            assert r == {"code": 0, "text": "Authentication failed"}, r
        assert min(times) >= 0.99, times
        page = app_password(s, "--scope", "admin", "bob", "page")["password"]
        mail = app_password(s, "ann", "phone")["password"]
        assert "token" not in d.login("ann", mail, "192.0.2.11")
        t = token(d, "bob", page)
        assert done(d, t, "status", user="bob")["state"] == "serving"
        try:
            s.client("bob", page)
            raise AssertionError("an admin's app password has read mail")
        except imapc.No as e:
            assert "AUTHENTICATIONFAILED" in str(e), e
        log = s.log_text()
        assert "service=admin result=no" in log and \
            'service=admin app=page result=ok' in log, log
        # and it ends with the app password
        s.ctl("app-password", "revoke", "bob", "page")
        proc.await_true("bob is out", lambda: is_out(d, t))


def test_a_session_outlives_admind_and_ends_with_what_it_proved():
    s, d = start()
    with s:
        t, two = token(d), token(d)
        assert t != two
        [pid] = [p for p, n in s.children() if n in ("admind", "python3")]
        os.kill(pid, 9)
        proc.await_true("another admind", lambda: any(
            n in ("admind", "python3") and p != pid
            for p, n in s.children()) and s.ctl("status").returncode == 0)
        d = None

        def again():
            nonlocal d
            try:
                d = fake_admind.Desk(s)
                return done(d, t, "status")
            except (OSError, ValueError, AssertionError):
                return False            # not yet
        proc.await_true("it answers", again)
        # a new password, by herself: the command is done, and she is out
        lines, doc = d.do(t, "user", "passwd", "ann", secret=NEW)
        assert lines == ["user ann", "ok"] and doc == {"user": "ann"}
        assert is_out(d, t) and is_out(d, two)
        t = token(d, "ann", NEW)
        s.ctl("user", "lock", "ann")
        assert is_out(d, t)
        assert d.login("ann", NEW, "192.0.2.44")["code"] == 0
        s.ctl("user", "unlock", "ann")
        t = token(d, "ann", NEW)
        # the configuration decides at any time
        s.over["admins"] = "[bob]"
        s.write_conf()
        s.ctl("reload")
        assert is_out(d, t)
        t = token(d, "bob")
        s.over["admin-page"] = "false"
        s.over.pop("admin_page")
        s.write_conf()
        s.ctl("reload")
        assert is_out(d, t)
        assert d.login("bob", suite.PASSWORD)["code"] == 1
        s.over["admin-page"] = "true"
        s.write_conf()
        s.ctl("reload")
        t = token(d, "bob")
        s.stop()
        s.start()
        assert is_out(fake_admind.Desk(s), t)


def test_the_unit_lets_files_be_changed():
    """Without the right to change owners, paild and its pailctl keep a file
    its group."""
    s = fake_admind.desk(suite.Suite(users=("ann",), **ON).with_http(
        admin_page="true"))
    users = os.path.join(s.dir, "users")
    try:
        group = pwd.getpwnam("_pail_auth").pw_gid
    except KeyError:
        group = pwd.getpwnam("nobody").pw_gid
    os.chown(users, 0, group)
    os.chmod(users, 0o640)
    jail.make_dirs(s)
    s.prefix = ("setpriv", "--bounding-set", jail.capabilities())
    with s:
        d = fake_admind.Desk(s)
        t = token(d)
        assert done(d, t, "user", "add", "bob", secret=NEW) == {"user": "bob"}
        app = done(d, t, "app-password", "add", "bob", "phone")["password"]
        s.client("bob", NEW).logout()
        s.client("bob", app).logout()
        proc.await_true("its use is noted", lambda: json.loads(s.ctl(
            "--json", "app-password", "list").stdout)["app_passwords"][0][
                "last_use"] is not None)
        st = os.stat(users)
        assert (st.st_gid, st.st_mode & 0o777) == (group, 0o640), st


def test_who_is_locked_gets_mail_and_no_session():
    with suite.Suite(users=("ann", "bob"), app_passwords="file",
                     app_passwords_file="apps") as s:
        app = app_password(s, "ann")["password"]
        c = s.client()
        rows = s.ctl("sessions", "list", "ann").stdout.decode()
        assert re.fullmatch(r"0\.\d+ ann from 127\.0\.0\.1 since \S+, PLAIN "
                            r"by file\n", rows), rows
        s.ctl("user", "lock", "ann")
        assert b"BYE" in c.line()
        proc.await_true("no sessions", lambda: s.ctl(
            "sessions", "list").stdout == b"no sessions\n")
        for password in suite.PASSWORD, app:
            try:
                s.client("ann", password)
                raise AssertionError("a locked user is in")
            except imapc.No:
                pass
        s.ctl("user", "passwd", "ann", input=NEW.encode() + b"\n")
        users = json.loads(s.ctl("--json", "user", "list").stdout)["users"]
        assert [u["locked"] for u in users] == [True, False], users
        s.ctl("user", "unlock", "ann")
        s.client("ann", NEW).logout()
        c = s.client("ann", app)
        i = s.ctl("sessions", "list").stdout.decode().split()[0]
        assert s.ctl("sessions", "end", i).stdout == b"told to end\n"
        assert b"ended by the administrator" in c.line()
        s.client("ann", app).logout()
        r = s.ctl("sessions", "end", "7.7", check=False)
        assert r.returncode == 1 and b"no such session" in r.stdout + \
            r.stderr, r


def test_an_admind_that_was_taken_over_gets_nothing_without_a_login():
    s, d = start()
    with s:
        own = "0123456789abcdef" * 4
        for t in ("", own, own[:-1], "x" * 64, "session"):
            assert is_out(d, t), t
            assert d.do(t, "user", "passwd", "ann", secret=NEW) == (
                ["error: session"], None)
        t = token(d)
        done(d, t, "logout")
        assert is_out(d, t)
        # guesses keep nobody waiting
        other = fake_admind.Desk(s)
        other.send(guess=20000)
        slowest = 0
        for _ in range(20):
            began = time.monotonic()
            assert b"serving" in s.ctl("status").stdout
            slowest = max(slowest, time.monotonic() - began)
        assert json.loads(other.f.readline()) == {"answer": "nothing"}
        assert slowest < 5, slowest
        assert s.log_text().count("no such session") < 100
        # more than may wait are refused, and the others are done
        t = token(d)
        for _ in range(120):
            d.send(do=[t, ["user", "list"], ""])
        got = [json.loads(d.f.readline())["answer"] for _ in range(120)]
        refused = [g for g in got if "too many commands at once" in g]
        assert 0 < len(refused) < 120 and all(
            g in refused or '"users"' in g for g in got), got
        # no word of it ends a session of imapd's
        c = s.client()
        d.ask(end=1)
        c.ok("NOOP")
        assert len(json.loads(s.ctl("--json", "sessions", "list").stdout)[
            "sessions"]) == 1
        c.logout()

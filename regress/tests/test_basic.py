"""A typical path from an IMAP command to the bucket and back, on both stores,
with Python's imaplib and the plain client."""

import os
import re

import suite
from mark import second_server
from round_trip import MAIL, put_list_read


def test_put_list_read_on_the_file_store():
    put_list_read(suite.store("file"))


@second_server
def test_put_list_read_on_minio():
    put_list_read(suite.store("minio"))


def test_a_wrong_password_and_an_unknown_user_get_the_same_no():
    with suite.Suite() as s:
        c = suite.imapc.Imap(s.imap_port)
        a = c.cmd("LOGIN ann wrong")
        b = c.cmd("LOGIN nobody wrong")
        assert a.status == b.status == "NO" and a.text == b.text, (a, b)
        assert a.code("AUTHENTICATIONFAILED") is not None
        said = [x for x in s.log_text().splitlines()
                if " imapd[" in x and "result=no" in x]
        assert len(said) == 2 and all(
            re.search(r' why="[^"]+"$', x) for x in said), said
        c.ok("LOGIN ann " + suite.PASSWORD)
        c.logout()


def test_a_password_is_hashed_by_the_scheme_that_is_asked_for():
    begins = {"yescrypt": "$y$", "argon2id": "$argon2id$v=19$m=65536,t=3,p=1$",
              "bcrypt": "$2b$10$", "sha512-crypt": "$6$rounds=100000$",
              "scram-sha-256": "SCRAM-SHA-256$65536:"}
    with suite.Suite() as s:
        for scheme, begin in begins.items():
            s.ctl("user", "add", "--scheme", scheme, scheme,
                  input=b"first\n")
            s.ctl("user", "passwd", "--scheme", scheme, scheme,
                  input=b"second\n")
        with open(os.path.join(s.dir, "users")) as f:
            found = dict(x.rstrip("\n").split(":", 1) for x in f)
        assert all(found[k].startswith(v) for k, v in begins.items()), found
        for scheme in begins:
            c = suite.imapc.Imap(s.imap_port)
            assert c.cmd("LOGIN %s first" % scheme).status == "NO"
            c.ok("LOGIN %s second" % scheme)
            c.logout()
        for args in (("add", "--scheme", "md5", "eve"),
                     ("del", "--scheme", "bcrypt", "ann"),
                     ("add", "--scheme", "bcrypt")):
            r = s.ctl("user", *args, input=b"x\n", check=False)
            assert r.returncode != 0 and r.stderr, args
        assert s.ctl("user", "list").stdout.decode().split() == [
            "ann", *begins]


def test_a_session_has_one_number_in_all_logs():
    with suite.Suite(users=("ann", "bob"),
                     log="{level: debug, to: stderr}") as s:
        clients = [s.client(), s.client("bob"), s.client()]
        for c in clients:
            c.ok("SELECT INBOX")
        numbers = []
        for user in ("ann", "bob"):
            said = {name: set(re.findall(
                r" %s\[\d+\] \w+: (?=[^\n]* user=%s )(?=[^\n]*%s)"
                r"[^\n]*\bsession=(\w+) " % (name, user, what),
                s.log_text())) for name, what in (
                    ("imapd", "login [^\n]*result=ok"),
                    ("authd", "result=ok"), ("storaged", "result=open"))}
            assert said["imapd"] == said["authd"] == said["storaged"], said
            numbers += said["imapd"]
        assert len(set(numbers)) == 3, numbers
        for c in clients:
            c.logout()


def test_the_mailboxes_of_a_new_user_are_those_that_are_written():
    for written, boxes in (
            ("[]", {b"INBOX"}),
            ("[{name: Lists}]", {b"INBOX", b"Lists"}),
            (None, {b"INBOX", b"Drafts", b"Sent", b"Junk", b"Trash",
                    b"Archive"})):
        over = {"mailboxes": written} if written else {}
        with suite.Suite(**over) as s:
            c = s.client()
            lines = c.ok('LIST "" *').lines
            names = {x.split()[-1].strip(b'"') for x in lines
                     if x.startswith(b"* LIST")}
            assert names == boxes, (written, lines)
            c.logout()


def test_deliver_puts_mail_that_imap_reads():
    with suite.Suite() as s:
        s.ctl("deliver", "ann", input=MAIL.replace(b"\r\n", b"\n"))
        s.ctl("deliver", "ann", "Archive", input=MAIL)
        c = s.client(tls=True)
        for box in ("INBOX", "Archive"):
            c.ok("SELECT " + box)
            a = c.ok("FETCH 1:* BODY.PEEK[]")
            assert a.lines[0].endswith(b"{%d}\r\n" % len(MAIL) + MAIL + b")")
        c.logout()
        r = s.ctl("deliver", "ann", "Nowhere", input=MAIL, check=False)
        assert r.returncode != 0 and b"TRYCREATE" in r.stderr, r
        dump = s.ctl("dump", "ann").stdout
        assert b"ADD" in dump and b"Archive" in dump, dump
        status = s.ctl("status").stdout
        assert b"storaged" in status, status


def test_users_are_added_changed_and_deleted_while_it_runs():
    with suite.Suite() as s:
        s.add_user("bob", "first")
        c = s.client("bob", "first")
        r = s.ctl("user", "add", "bob", input=b"again\n", check=False)
        assert r.returncode == 1
        s.ctl("user", "passwd", "bob", input=b"second\n")
        try:
            while c.cmd("NOOP").status == "OK":
                pass
        except suite.imapc.Closed:
            pass
        assert suite.imapc.Imap(s.imap_port).cmd(
            "LOGIN bob first").status == "NO"
        s.client("bob", "second").logout()
        assert b"bob" in s.ctl("user", "list").stdout
        s.ctl("user", "del", "bob")
        assert b"bob" not in s.ctl("user", "list").stdout
        assert suite.imapc.Imap(s.imap_port).cmd(
            "LOGIN bob second").status == "NO"


def test_a_strange_name_forges_no_key_of_the_log():
    """Neither one that is let in, at every level of the log, nor one that
    is not."""
    name = 'x result=ok user=bob "user=bob\\'
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    with suite.Suite(users=[name],
                     log="{level: debug, to: stderr}") as s:
        c = s.client('"%s"' % quoted)
        c.append("INBOX", b"Subject: x\r\n\r\nx\r\n")
        c.ok("SELECT INBOX")
        assert c.cmd("SELECT none").status == "NO"
        c.logout()
        for bad in (name + "y", "z\r\nauthd[1] info: user=bob"):
            c = s.client(None)
            data = bad.encode()
            c.send(b"b1 LOGIN {%d+}\r\n%s {1+}\r\nx\r\n" % (len(data), data))
            assert c.finish("b1").status == "NO"
            c.close()
        s.ctl("user", "passwd", name, input=b"another\n")  # it revokes
        s.stop()
        seen = set()
        for line in s.log_text().splitlines():
            bare = re.sub(r'"(\\.|[^"\\])*"', "Q", line)
            assert "bob" not in bare and '"' not in bare, line
            if "user=Q" in bare:
                seen.add(re.search(r" (\w+)\[", line).group(1))
        assert seen >= {"authd", "imapd", "storaged", "paild"}, seen

"""One natural path from an IMAP command to the bucket and back, on both
stores, with Python's imaplib and the plain client."""

import imaplib
import re
import ssl

import suite
from run import asan

MAIL = (b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
        b"Subject: one\r\nDate: Mon, 02 Nov 2026 10:00:00 +0100\r\n"
        b"Message-ID: <1@example.org>\r\n\r\nHello,\r\nBob.\r\n")


def put_list_read(store):
    with suite.Suite(store) as s:
        with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
            c.starttls(ssl._create_unverified_context())
            c.login("ann", suite.PASSWORD)
            assert c.append("INBOX", "\\Flagged", None, MAIL)[0] == "OK"
            assert c.select("INBOX") == ("OK", [b"1"])
            typ, data = c.fetch("1", "(FLAGS RFC822.SIZE BODY.PEEK[])")
            assert data[0][1] == MAIL
            assert b"\\Flagged" in data[0][0]
            assert c.store("1", "+FLAGS", "(\\Deleted $Work)")[0] == "OK"
            assert c.copy("1", "Archive")[0] == "OK"
            assert c.expunge()[0] == "OK"
            assert c.search(None, "ALL") == ("OK", [b""])
            assert c.select("Archive") == ("OK", [b"1"])
            assert c.uid("SEARCH", "SUBJECT", "one") == ("OK", [b"1"])
        names = set()
        with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
            c.login("ann", suite.PASSWORD)
            for row in c.list()[1]:
                names.add(re.search(rb'"?([^" ]+)"?$', row).group(1))
        assert names == {b"INBOX", b"Drafts", b"Sent", b"Junk", b"Trash",
                         b"Archive"}, names
        # All local state gone: the bucket alone brings it back.
        s.stop()
        s.forget()
        s.start()
        with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
            c.login("ann", suite.PASSWORD)
            assert c.select("INBOX") == ("OK", [b"0"])
            assert c.select("Archive") == ("OK", [b"1"])
            data = c.fetch("1", "(FLAGS BODY.PEEK[])")[1]
            assert data[0][1] == MAIL
            assert b"$Work" in data[0][0] and b"\\Deleted" in data[0][0]


@asan
def test_put_list_read_on_the_file_store():
    put_list_read(suite.store("file"))


@asan
def test_put_list_read_on_minio():
    put_list_read(suite.store("minio"))


@asan
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


@asan
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


@asan
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


@asan
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

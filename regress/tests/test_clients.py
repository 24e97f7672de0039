"""What unmodified clients get: Python's imaplib, Ruby's net-imap, and the
command syntax of mutt and others (issue 10, section 6 and Shows 4).
bench/clients.py (make clients) adds a client that takes long to build."""

import os
import subprocess

import nodelay
import suite
from mark import alone
from nodelay import MAIL


@alone("compares times")
def test_imaplib_appends_as_fast_without_nodelay_as_with_it():
    nodelay.imaplib_appends()


@alone("compares times")
def test_ruby_appends_as_fast_without_nodelay_as_with_it():
    nodelay.ruby_appends()


@alone("compares times")
def test_a_command_in_two_pieces_is_not_kept_waiting():
    nodelay.two_pieces()


WILD = '"50% &- more"', '"5*50"', '"%"', '"*/%"'


def test_names_with_wildcards_are_names_like_others():
    with suite.Suite() as s:
        c = s.client()
        for name in WILD:
            c.ok("CREATE " + name)
            c.append(name, MAIL)
            c.ok("SELECT " + name)
            c.ok("COPY 1 INBOX")
            assert c.ok("STATUS %s (MESSAGES)" % name).lines == [
                b"* STATUS %s (MESSAGES 1)" % name.encode()]
            c.ok("SUBSCRIBE " + name)
        s.stop()        # and after a restart, from the records
        s.start()
        c = s.client()
        lines = c.ok('LIST "" *').lines + c.ok('LSUB "" *').lines
        for name in WILD:
            assert len([x for x in lines
                        if x.endswith(b" " + name.encode())]) == 2, lines
            c.ok("EXAMINE " + name)
            c.ok("UNSELECT")
        assert len(c.ok('LIST "" 5%').lines) == 2
        c.ok("RENAME %s plain" % WILD[0])
        for name in WILD[1:]:
            c.ok("DELETE " + name)


def test_a_name_that_is_no_utf7_does_not_exist():
    with suite.Suite() as s:
        c = s.client()
        c.ok("SELECT INBOX")
        for command, lit in (("STATUS R&D (MESSAGES)", None),
                             ("CREATE R&D", None), ("DELETE R&D", None),
                             ("RENAME R&D x", None),
                             ("RENAME Sent R&D", None),
                             ("SUBSCRIBE R&D", None),
                             ("APPEND R&D", MAIL),
                             ("SELECT R&D", None)):
            a = c.cmd(command, lit)
            assert a.status == "NO" and b"UTF-7" in a.text, (command, a)
        a = c.cmd("CLOSE")      # the SELECT that failed has left INBOX
        assert a.status == "BAD", a
        for command in ('LIST "" R&D', 'LSUB "" R&D', 'LIST R&D *'):
            assert c.ok(command).lines == [], command


def test_a_deleted_name_has_one_flag_that_says_so():
    with suite.Suite() as s:
        c = s.client()
        c.ok("CREATE gone")
        c.ok("SUBSCRIBE gone")
        c.ok("DELETE gone")
        lines = c.ok('LIST (SUBSCRIBED) "" gone').lines
        assert lines == [b'* LIST (\\NonExistent \\HasNoChildren '
                         b'\\Subscribed) "/" gone'], lines


def test_no_expunge_before_an_append_is_complete():
    with suite.Suite() as s:
        a, b = s.client(), s.client()
        for _ in range(3):
            a.append("INBOX", MAIL)
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        b.ok("STORE 1:3 +FLAGS (\\Deleted)")
        a.ok("NOOP")
        for uid in 1, 2, 3:
            b.ok("UID EXPUNGE %d" % uid)
            # a's session has it: the commit is the same storaged's
            c = a.cmd("APPEND nowhere {5}")
            assert c.status == "NO" and not c.having("EXPUNGE"), c.lines
            assert a.ok("NOOP").having("EXPUNGE"), uid


def test_curl_puts_and_finds_mail_in_a_name_with_wildcards():
    with suite.Suite() as s:
        url = "imap://ann:%s@127.0.0.1:%d/" % (suite.PASSWORD, s.imap_port)
        box = url + "50%25%20%26-%20more"

        def curl(*args):
            return subprocess.run(["curl", "-sS", "-m", "30", *args],
                                  check=True, stdout=subprocess.PIPE).stdout

        curl(url, "-X", 'CREATE "50% &- more"')
        path = os.path.join(s.dir, "mail")
        with open(path, "wb") as f:
            f.write(MAIL)
        curl(box, "-T", path)
        assert curl(box + "?SUBJECT%20imaplib") == b"* SEARCH 1\r\n"
        assert curl(box + ";MAILINDEX=1") == MAIL
        assert b'"50% &- more"' in curl(url)
        curl(box, "-X", "FETCH 1  (FLAGS  UID ) ")

"""Who gets the mail (issue 14, sections 1 and 3): recipients in the users' file
and in a directory (Debian's slapd), by address, alias, local part and detail;
what is never said while a database is away."""

import contextlib
import json
import os
import smtplib
import socket
import subprocess

import proc
import slapd
import suite

PEOPLE = (slapd.person("cyd", "cyd's", mail=["cyd@example.org",
                                             "sales@example.net"]) +
          slapd.person("dan", "dan's", mail=["twice@example.org"],
                       description=["0:1"]) +
          slapd.person("eve", "eve's", mail=["twice@example.org"]))
MAIL = (b"From: <a@example.net>\r\nMessage-ID: <%s@example.net>\r\n"
        b"Subject: %s\r\n\r\nhello\r\n")


class Lmtp(smtplib.LMTP):
    """smtplib's, of a Unix socket without a host."""

    def _get_socket(self, host, port, timeout):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(host)
        return s

    def connect(self, host="localhost", port=0, source_address=None):
        return smtplib.SMTP.connect(self, host, port, source_address)


@contextlib.contextmanager
def server(auth, lines="", **over):
    s = suite.Suite(users=(), auth=json.dumps(auth), **over)
    s.over["listen"] = "[imap://127.0.0.1:%d, lmtp+unix:%s/lmtp]" % (
        s.imap_port, s.dir)
    s.write_conf()
    with open(os.path.join(s.dir, "users"), "w") as f:
        f.write(lines)
    os.chmod(os.path.join(s.dir, "users"), 0o644)
    with s:
        c = Lmtp(os.path.join(s.dir, "lmtp"), local_hostname="mta")
        try:
            c.ehlo()
            yield s, c
        finally:
            c.close()


def rcpt(c, *addresses, sender="a@example.net"):
    """The answers to RCPT TO, as "250" or "550 5.1.1"."""
    c.rset()
    c.docmd("MAIL", "FROM:<%s> SMTPUTF8" % sender)
    got = []
    for a in addresses:
        c.send(("RCPT TO:<%s>\r\n" % a).encode())
        code, text = c.getreply()
        got.append("250" if code == 250 else
                   "%d %s" % (code, text.split()[0].decode()))
    return got


def deliver(c, address, subject):
    assert rcpt(c, address) == ["250"], address
    code, text = c.data(MAIL % (subject, subject))
    assert code == 250, (code, text)


def delivered(c, address, subject):
    """As an MTA does: who was revoked a moment ago is told to come again."""
    got = rcpt(c, address)
    assert got[0][0] in "24", got
    return got == ["250"] and c.data(MAIL % (subject, subject))[0] == 250


def fill(c, address):
    """Mail to one whose quota is one message."""
    deliver(c, address, b"s-1")
    # of the same sender it could be the same mail again
    got = rcpt(c, address, sender="b@example.net")
    assert got == ["552 5.2.2"], got


def subjects(s, user, password):
    c = s.client(user, password)
    c.ok("SELECT INBOX")
    a = c.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
    c.logout()
    return [w for w in b" ".join(a.lines).split() if w.startswith(b"s-")]


def test_recipients_are_found_by_address_alias_local_part_and_detail():
    """Shows 1: 250, or 550 5.1.1 for a user whom nobody knows."""
    lines = ("ann:%s aliases=info@example.org,j\u00f6rg@example.org "
             "quota=10G:1000\nroot@example.net:*\nbob:!\n"
             "tiny:* quota=:1\n" % subprocess.run(
                 ["openssl", "passwd", "-6", suite.PASSWORD], check=True,
                 stdout=subprocess.PIPE).stdout.decode().strip())
    with server([{"type": "file", "path": "users"}], lines,
                domains="[example.org, b\u00fccher.example]",
                lmtp="{postmaster: ann}") as (s, c):
        want = {
            "ann@example.org": "250", "Ann@Example.ORG": "250",
            "info@example.org": "250", "ann+x@example.org": "250",
            "info+x@example.org": "250", "j\u00f6rg@example.org": "250",
            "ann@xn--bcher-kva.example": "250", "bob@example.org": "250",
            "root@example.net": "250", "postmaster": "250",
            "Postmaster@example.org": "250", "\"ann\"@example.org": "250",
            "ann@example.net": "550 5.1.1", "info@example.net": "550 5.1.1",
            "nobody@example.org": "550 5.1.1",
            "postmaster@example.net": "550 5.1.1",
        }
        got = dict(zip(want, rcpt(c, *want)))
        assert got == want, (got, s.log_tail())
        for i, a in enumerate(["ann@example.org", "info+x@example.org",
                               "postmaster", "ann@b\u00fccher.example"]):
            deliver(c, a, b"s-%d" % i)
        assert subjects(s, "ann", suite.PASSWORD) == [
            b"s-0", b"s-1", b"s-2", b"s-3"], s.log_tail()
        # pailctl keeps what follows the hash, and a new alias counts at once
        s.ctl("user", "passwd", "ann", input=b"new\n")
        proc.await_true("delivered", lambda: delivered(
            c, "info@example.org", b"s-4"))
        assert len(subjects(s, "info@example.org", "new")) == 5
        fill(c, "tiny@example.org")
        s.ctl("user", "del", "bob")
        proc.await_true("bob is unknown", lambda: rcpt(
            c, "bob@example.org") == ["550 5.1.1"])


def test_a_recipient_is_not_unknown_while_a_directory_is_away():
    """Shows 1: 451 4.3.x for every fault of a directory (never 5xx)."""
    with slapd.Slapd(PEOPLE) as d, server([
            {"type": "ldap", "url": [d.tls_url], "ca-file": d.ca,
             "base": "ou=people," + slapd.SUFFIX,
             "service-dn": slapd.SERVICE, "service-password": slapd.SECRET,
             "attributes": {"aliases": "mail", "quota": "description"},
             "timeout": "2s", "connect-timeout": "2s"},
            {"type": "file", "path": "users"}],
            "fred:*\n", domains="[example.org]", login_cache="0s") as (s, c):
        ok = ["cyd@example.org", "sales@example.net", "cyd+x@example.org",
              "fred@example.org"]
        no = ["nobody@example.org", "cyd@example.net",
              "*@example.org", "c*@example.org"]
        assert rcpt(c, *ok) == ["250"] * 4, s.log_tail()
        assert rcpt(c, *no) == ["550 5.1.1"] * 4, s.log_tail()
        # two entries have it: whose it is has to be put right first
        assert rcpt(c, "twice@example.org")[0].startswith("451 4.3"), \
            s.log_tail()
        deliver(c, "sales@example.net", b"s-1")
        assert subjects(s, "cyd", "cyd's") == [b"s-1"]
        fill(c, "dan@example.org")      # attributes.quota
        d.kill()
        # (addresses that lmtpd holds no channel of)
        others = ["sales+2@example.net", "nobody@example.org",
                  "fred+2@example.org"]
        got = rcpt(c, *others)
        assert all(g.startswith("451 4.3") for g in got), got
        d.start()
        proc.await_true("service again", lambda: rcpt(c, *others) == [
            "250", "550 5.1.1", "250"])

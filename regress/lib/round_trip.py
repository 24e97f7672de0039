"""A typical path from an IMAP command to the bucket and back, with Python's
imaplib."""

import imaplib
import re
import ssl

import suite

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
        s.start_anew()
        with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
            c.login("ann", suite.PASSWORD)
            assert c.select("INBOX") == ("OK", [b"0"])
            assert c.select("Archive") == ("OK", [b"1"])
            data = c.fetch("1", "(FLAGS BODY.PEEK[])")[1]
            assert data[0][1] == MAIL
            assert b"$Work" in data[0][0] and b"\\Deleted" in data[0][0]

"""How many S3 requests things cost, counted at the server (Shows 3)."""

import random

import proc
import realmail
import s3
import suite

TEXT = ("The quick brown fox jumps over the lazy dog and goes on to the "
        "river where the others wait for bread and a little news. ").split()


def text_mail(n):
    """4 KiB of text; every one differs."""
    r = random.Random(n)
    body = b""
    while len(body) < 3900:
        body += " ".join(r.choice(TEXT) for _ in range(11)).encode() + b"\r\n"
    return (b"From: a@example.org\r\nTo: b@example.org\r\n"
            b"Subject: number %d\r\nMessage-ID: <%d@example.org>\r\n\r\n"
            % (n, n)) + body


def settled():
    """The counts once they stand still: a log object may be written, and
    looked at, behind the commit that made the head full."""
    last = []

    def still():
        last.append(suite.minio().counts())
        return last[-4:] == [last[-1]] * 4

    proc.await_true("nothing is under way", still, step=0.1)
    return last[-1]


class Counted:
    """Requests at MinIO between enter and exit."""

    def __enter__(self):
        self.before = settled()
        self.n = {}
        return self

    def __exit__(self, *exc):
        self.n = s3.since(self.before, settled())
        print("   counted:", self.n)

    def of(self, name):
        return self.n.get(name, 0)


def test_appends_stores_and_copies_cost_few_puts():
    with suite.Suite(suite.store("counted")) as s:
        c = s.client()
        c.ok("SELECT INBOX")
        with Counted() as k:
            for n in range(1000):
                c.append("INBOX", text_mail(n))
        assert k.of("PutObject") <= 1100, k.n
        assert k.of("HeadObject") <= k.of("PutObject"), k.n
        with Counted() as k:
            for a in c.pipeline([("UID STORE %d +FLAGS.SILENT (\\Flagged)"
                                  % (n + 1), None) for n in range(1000)]):
                assert a.status == "OK", a
        assert k.of("PutObject") <= 20, k.n
        with Counted() as k:
            for a in c.pipeline([("APPEND INBOX", text_mail(n))
                                 for n in range(1000, 2000)]):
                assert a.status == "OK", a
        assert k.of("PutObject") <= 60, k.n
        c.ok("STORE 1 +FLAGS (\\Seen)")  # takes a full head's records along
        with Counted() as k:
            c.ok("COPY 1:* Archive")
        assert k.of("PutObject") == 1, k.n
        c.logout()


def test_metadata_of_6046_mails_costs_none_and_a_download_few():
    rows = realmail.mails()
    store = suite.store("counted")
    with suite.Suite(store) as s:
        c = s.client()
        for at in range(0, len(rows), 500):
            for a in c.pipeline([("APPEND INBOX", realmail.wire(d))
                                 for d, _, _ in rows[at:at + 500]]):
                assert a.status == "OK", a
        c.ok("SELECT INBOX")
        c.ok("FETCH 1:* (FLAGS)")
        with Counted() as k:
            c.ok("FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE "
                 "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])")
        assert not k.n, k.n
        c.logout()
        s.stop()
        s.forget()
        s.start()
        c = s.client()
        c.ok("SELECT INBOX")
        c.ok("FETCH 1:* (FLAGS ENVELOPE)")      # the rebuild is done
        # The rebuild filled the cache: what counts is the download alone,
        # so the cache goes and the index stays.
        c.logout()
        s.forget_objects()
        c = s.client()
        c.ok("SELECT INBOX")
        stored, large = stored_bytes(store)
        with Counted() as k:
            a = c.ok("FETCH 1:* BODY.PEEK[]")
        for line, (data, _, _) in zip(a.having("FETCH"), rows):
            assert line[line.index(b"\r\n") + 2:-1] == realmail.wire(data)
        assert len(a.having("FETCH")) == 6046
        limit = stored // 65536 + 1 + large
        assert 0 < k.of("GetObject") <= limit, (k.n, limit)
        c.logout()


def stored_bytes(store):
    """(bytes of log objects, packs and the head; number of large
    messages)."""
    server, bucket = store
    small = large = 0
    for key, size in server.list(bucket):
        if "/msg/" in key:
            large += 1
        else:
            small += size
    return small, large

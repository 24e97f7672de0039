"""How many S3 requests operations need, counted at the server (Shows 3)."""

import realmail
import suite
from counted import Counted
from mails import text_mail
from mark import normal_only


@normal_only("counts requests, which are the same")
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


@normal_only("counts requests, which are the same")
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
        s.start_anew()
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

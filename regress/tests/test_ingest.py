"""Mail that SES, or anything else, drops in a bucket: it is delivered once,
whatever happens to the nodes, and what cannot be delivered is kept, with the
reason (issue 14, Shows 3)."""

import json
import os
import random
import re

import mark
import proc
import realmail
import suite


def ses_name(rnd):
    """As SES names a mail's object."""
    return "".join(rnd.choice("0123456789abcdefghijklmnopqrstuv")
                   for _ in range(40))


def drop(server, bucket, key, data, recipients=None):
    h = {"x-amz-meta-recipients": recipients} if recipients else {}
    status, _, body = server.request("PUT", "/%s/%s" % (bucket, key),
                                     body=data, headers=h)
    assert status == 200, body


def mails_there(server, bucket, prefix="in/"):
    """The mails that are still to be delivered."""
    ours = [prefix + d for d in ("claims/", "done/", "failed/")]
    return [k for k, _ in server.list(bucket, prefix)
            if not k.startswith(tuple(ours))]


def numbers(c, box="INBOX"):
    """X-Number of each message."""
    c.ok("SELECT " + box)
    r = c.ok("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (X-Number)])")
    return sorted(int(n) for n in re.findall(
        rb"X-Number: (\d+)", b"".join(r.lines)))


def entry(bucket, **keys):
    rows = dict(bucket=bucket, prefix="in", poll="1s")
    rows.update(keys)
    return "{%s}" % ", ".join("%s: %s" % (k.replace("_", "-"), v)
                              for k, v in rows.items())


@mark.time_limit(300, soak=1800)
def test_objects_are_delivered_once_though_one_of_two_nodes_is_killed():
    n = 1000 if os.environ.get("SOAK") else 100
    rnd = random.Random(14)
    server, bucket = suite.store("minio")
    inbox = server.new_bucket()
    rows = realmail.mails()
    for i in range(n):
        drop(server, inbox, "in/" + ses_name(rnd), b"X-Number: %d\n" % i +
             rows[i * 5][0], "ann")
    over = {"ingest": "[%s]" % entry(inbox, claim_time="2s")}
    a, b = (suite.Suite((server, bucket), name="node-" + w, **over)
            for w in "ab")
    with a:
        with b:
            proc.await_true("some are delivered", lambda: len(
                mails_there(server, inbox)) < n - n // 10, 120)
            a.kill_all()
            proc.await_true("all are delivered", lambda: not mails_there(
                server, inbox), 240)
            c = b.client()
            got = numbers(c)
            assert got == list(range(n)), (len(got), [
                i for i in range(n) if got.count(i) != 1])
            c.logout()
            assert not server.list(inbox, "in/failed/"), \
                server.list(inbox, "in/failed/")
            # A claim that the killed node left is swept one day.
            out = b.ctl("ingest", "list").stdout
            assert out.startswith(b"nothing waits"), out


def test_what_fails_is_kept_with_its_reason_and_retry_delivers_it():
    server, bucket = suite.store("minio")
    inbox = server.new_bucket()
    over = {"ingest": "[%s, %s]" % (entry(inbox, after="done"), entry(
        inbox, prefix="other", recipients="[headers]",
        catch_all="ann"))}
    with suite.Suite((server, bucket), **over) as s:
        drop(server, inbox, "in/both", b"X-Number: 1\n\nhello\n",
             "Ann <ann>, later")
        drop(server, inbox, "in/none", b"X-Number: 2\n\nhello\n")
        drop(server, inbox, "other/all", b"X-Number: 3\r\n\r\nhello\r\n",
             "nobody")
        big = b"X-Number: 4\r\n\r\n" + b"0123456789abcde\n" * 200000
        drop(server, inbox, "in/big", big, "ann")
        proc.await_true("all are settled", lambda: not mails_there(
            server, inbox) and not mails_there(server, inbox, "other/"), 60)
        c = s.client()
        assert numbers(c) == [1, 3, 4]
        kept = server.list(inbox, "in/done/")
        assert [k.split("/")[3] for k, _ in kept] == ["big"], kept
        failed = [k for k, _ in server.list(inbox, "in/failed/")]
        assert len(failed) == 4, failed
        reasons = {r["key"]: r for r in (
            json.loads(server.get(inbox, k).decode()) for k in failed
            if k.endswith("/reason.json"))}
        assert [(x["recipient"], x["code"]) for x in
                reasons["in/both"]["answers"]] == [("ann", 250),
                                                   ("later", 550)], reasons
        assert reasons["in/none"]["answers"] == [], reasons
        assert "no recipient" in reasons["in/none"]["why"], reasons
        out = s.ctl("ingest", "list").stdout.decode()
        assert "%s/in/both: later: 550 5.1.1" % inbox in out, out
        out = s.ctl("ingest", "retry", check=False).stdout.decode()
        assert "error: 2 of 2 were not delivered" in out, out
        # The reason is gone: it is delivered, to him alone.
        s.add_user("later")
        which = [k.split("/")[2] for k in failed if k.endswith("reason.json")
                 and json.loads(server.get(inbox, k).decode())["key"] ==
                 "in/both"][0]
        out = s.ctl("ingest", "retry", which).stdout.decode()
        assert out == "delivered %s\n" % which, out
        assert numbers(s.client("later")) == [1]
        assert numbers(c) == [1, 3, 4]
        left = [k for k, _ in server.list(inbox, "in/failed/")]
        assert len(left) == 2 and which not in " ".join(left), left
        c.ok("SELECT INBOX")
        r = c.ok("UID FETCH 1:* BODY.PEEK[]")
        lines = [x for x in r.lines if b"X-Number: 4" in x]
        assert lines and realmail.wire(big) in lines[0], len(lines)
        assert b"Received: from " + inbox.encode() in lines[0], \
            lines[0][:400]

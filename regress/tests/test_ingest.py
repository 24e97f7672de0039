"""Mail that SES, or anything else, drops in a bucket, told of by LIST or by a
queue: it is delivered once,
whatever happens to the nodes, and what cannot be delivered is kept, with the
reason (issue 14, Shows 3)."""

import json
import os
import random
import re
import threading
import time

import credentials
import guard
import mark
import memory
import moto
import proc
import realmail
import sqs
import store_rows
import sts
import suite
import traces
import web


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


def test_a_mail_from_a_bucket_has_a_session_and_a_trace_of_its_own():
    server, bucket = suite.store("minio")
    inbox = server.new_bucket()
    with suite.Suite((server, bucket), log="{level: debug}",
                     ingest="[%s]" % entry(inbox)) as s:
        seen = set()
        for name in ("one", "two"):
            start = len(s.log_text())
            drop(server, inbox, "in/" + name, b"X-Number: 1\n\n" +
                 name.encode(), "ann")
            session, trace = traces.of_delivery(s, start, "ann")
            seen |= {session, trace}
            # From its claim to its end; LISTs are of none.
            lines = proc.await_true("it is settled", lambda: (
                lambda v: v if any("result=ok" in x for x in v) and
                not mails_there(server, inbox) else None)(
                    [x for x in traces.lines_since(s, start) if
                     re.search("/%s |in/claims/[0-9a-f]|ingest=0" % name, x)]))
            assert len(lines) >= 3 and all(
                session in x and trace in x for x in lines), "\n".join(lines)
            # (Once ann is known: who is new is looked for by LIST.)
            assert name == "one" or not [
                x for x in traces.lines_since(s, start)
                if session in x and "list-type" in x]
        assert len(seen) == 4, seen


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


class Account(store_rows.OtherMinio):
    """Of another account and region: a server with keys of its own."""

    def __init__(self, access="other-account", secret="the-other-secret-key"):
        self.keys = access, secret
        super().__init__(region="eu-north-1")

    def start(self):
        self.access, self.secret = self.keys
        super().start()

    def entry(self, bucket, **keys):
        """Of a suite that has the key: see give()."""
        return entry(bucket, region=self.region, endpoint="'%s'" %
                     self.endpoint, credentials="{source: static, access-key: "
                     "%s, secret-key: {file: other}}" % self.access, **keys)

    def give(self, s, secret=None):
        path = os.path.join(s.dir, "other")
        with open(path, "w") as f:
            f.write((secret or self.secret) + "\n")
        os.chmod(path, 0o600)
        return s


def test_a_bucket_of_another_server_region_and_account():
    """Beside a store that is a directory, and beside one in a bucket with keys
    of its own: each request is signed with the keys of its bucket."""
    other = Account()
    inbox = other.new_bucket()
    for kind in ("file", suite.store("minio")):
        drop(other, inbox, "in/one", b"X-Number: 1\r\n\r\nhello\r\n", "ann")
        s = suite.Suite(kind, ingest="[%s]" % other.entry(inbox))
        with other.give(s, "not-the-right-key"):
            proc.await_true("the key is refused", lambda: "ingest=0 bucket="
                            in s.log_text(), 30)
            other.give(s)
            s.ctl("reload")
            proc.await_true("it is delivered", lambda: not mails_there(
                other, inbox), 60)
            assert numbers(s.client()) == [1]
            out = s.ctl("credentials").stdout.decode()
            assert "\ningest.0:\nsource         static\n" in out, out
            if not guard.ASAN:        # whose memory takes minutes to search
                has, rows = memory.who_has(s, {"it": other.secret.encode()})
                assert has == {("credd", "it")}, rows
    other.stop()


def expiries(s):
    """{whose credentials: when they expire}, by /metrics."""
    return {of: float(v) for of, v in re.findall(
        r'^credential_expiry_timestamp_seconds\{.*of="(.*?)".*\} (\S+)$',
        web.get(s, "/metrics")[2], re.M)}


def test_a_reload_gives_a_place_a_role_of_its_own_and_takes_it_again():
    """And what has expired is still told, with that time."""
    server, bucket = suite.store("counted")
    inbox = server.new_bucket()
    role = "arn:aws:iam::123456789012:role/inbox"
    made = []

    def make():
        made.append(credentials.assume_role(server))
        return made[-1]

    with sts.Sts(server.region, {server.access: server.secret},
                 {role: {"by": server.access, "keys": make, "life": 8}}) as t:
        own = entry(inbox, credentials="{source: store, assume-role: "
                    "[{role-arn: '%s', sts-endpoint: '%s'}]}" % (role, t.url))
        plain = entry(inbox, credentials="{source: store}")

        def place(text, name):
            s.over["ingest"] = "[%s]" % text
            s.write_conf()
            if name:
                s.ctl("reload")
                drop(server, inbox, "in/" + name, b"X-Number: 1\n\n" +
                     name.encode(), "ann")
                proc.await_true(name + " is delivered", lambda:
                                not mails_there(server, inbox), 60)

        s = credentials.with_source(
            (server, bucket), "source: static, access-key: %s, secret-key: "
            "'%s'" % (server.access, server.secret)).with_http()
        place(plain, None)
        with s:
            place(plain, "before")
            assert not made and "ingest.0" not in credentials.told(s)
            place(own, "with")
            assert made, "the store's keys are used still"
            proc.await_true("they are told", lambda: made[-1][0] in
                            credentials.told(s).split("ingest.0:")[-1])
            t.deny = {role: (403, "AccessDenied", "no more")}
            # (What /metrics says may be a second old.)
            proc.await_true("so does /metrics", lambda: list(expiries(s)) ==
                            ["ingest.0"])
            proc.await_true("they have expired", lambda: "credentials=expired"
                            in s.log_text(), 60)
            late = expiries(s)
            assert 0 < late["ingest.0"] <= time.time(), late
            # Without the role it goes on, with the store's.
            place(plain, "after")
            assert "ingest.0:" not in credentials.told(s)
            proc.await_true("nothing expires", lambda: expiries(s) == {})
            assert len(numbers(s.client())) == 3


class Told:
    """A bucket and queues, all of one account: S3 is MinIO's, SQS moto's, which
    looks at every signature."""

    def __init__(self):
        self.aws = moto.Moto()
        self.s3 = Account(self.aws.access, self.aws.secret)
        self.inbox = self.s3.new_bucket()

    def suite(self, *entries, **keys):
        text = ", ".join(self.s3.entry(self.inbox, **e) for e in entries)
        return self.s3.give(suite.Suite(ingest="[%s]" % text,
                                        domains="[example.org]", **keys))

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.s3.stop()
        self.aws.stop()


@mark.time_limit(300, soak=1800)
def test_a_queue_tells_two_nodes_of_whom_one_is_killed():
    n = 1000 if os.environ.get("SOAK") else 60
    rnd = random.Random(15)
    rows = realmail.mails()
    with Told() as t:
        queue = sqs.Queue(t.aws, t.s3.region)
        names = ["in/" + ses_name(rnd) for _ in range(n)]
        notes = []
        for i, name in enumerate(names):
            # Without the envelope, these are for nobody.
            drop(t.s3, t.inbox, name, b"X-Number: %d\n" % i + rows[i * 5][0])
            note = sqs.ses(t.inbox, name, ["ann@example.org"])
            notes.append(note if i % 2 else sqs.sns(note))
        # At least once: some come twice.
        queue.send(*notes, *notes[:n // 10], sqs.TEST_EVENT)
        store = suite.store("minio")
        a, b = (t.suite(dict(queue="'%s'" % queue.url, claim_time="2s"),
                        store=store, name="node-" + w) for w in "ab")
        with a:
            with b:
                proc.await_true("some are delivered", lambda: len(
                    mails_there(t.s3, t.inbox)) < n - n // 10, 200)
                a.kill_all()
                proc.await_true("all are delivered", lambda: not mails_there(
                    t.s3, t.inbox), 600)
                proc.await_true("the queue is empty", lambda: queue.left() ==
                                (0, 0), 60)
                c = b.client()
                got = numbers(c)
                assert got == list(range(n)), (len(got), [
                    i for i in range(n) if got.count(i) != 1])
                r = c.ok("UID FETCH 1 BODY.PEEK[HEADER]")
                assert b"Return-Path: <sender@example.net>" in b"".join(
                    r.lines)
                c.logout()
                assert not t.s3.list(t.inbox, "in/failed/"), \
                    t.s3.list(t.inbox, "in/failed/")


def drop_told(t, queue, key, text, to, wrap=lambda x: x):
    drop(t.s3, t.inbox, key, text)
    queue.send(wrap(sqs.ses(t.inbox, key, to)))


def eventbridge(bucket, key):
    return json.dumps({"version": "0", "detail-type": "Object Created",
                       "source": "aws.s3", "detail": {
                           "bucket": {"name": bucket},
                           "object": {"key": key, "size": 1}}})


def test_what_a_queue_tells_and_what_it_must_not():
    """Each kind of notification; messages that are refused stay in the queue,
    and harm nothing; what fails keeps its envelope for the retry; what no
    message told of is found by LIST."""
    with Told() as t:
        queue = sqs.Queue(t.aws, t.s3.region)
        other = t.s3.new_bucket()
        drop(t.s3, other, "in/x", b"X-Number: 99\n\n")
        drop(t.s3, t.inbox, "out/x", b"X-Number: 98\n\n")
        refused = ["hello", '{"a": 1}', sqs.ses(other, "in/x", ["ann@example."
                   "org"]), sqs.s3_event(t.inbox, "out/x"),
                   sqs.s3_event(t.inbox, "in/../out/x")]
        ignored = [sqs.TEST_EVENT, sqs.s3_event(t.inbox, "in/claims/x"),
                   sqs.s3_event(t.inbox, "in/y", "ObjectRemoved:Delete"),
                   sqs.ses(t.inbox, "in/gone", ["ann@example.org"])]
        to_ann = b"X-Original-To: ann@example.org\n"
        drop(t.s3, t.inbox, "in/a b+c", b"X-Number: 1\n" + to_ann + b"\n")
        drop(t.s3, t.inbox, "in/event", b"X-Number: 2\n" + to_ann + b"\n")
        queue.send(*refused, *ignored, sqs.s3_event(t.inbox, "in/a b+c"),
                   eventbridge(t.inbox, "in/event"))
        # The envelope goes before the header.
        drop_told(t, queue, "in/both", b"X-Number: 3\n" + to_ann + b"\n",
                  ["bob@example.org", "later@example.org"], sqs.sns)
        s = t.suite(dict(queue="'%s'" % queue.url, claim_time="30s"),
                    users=("ann", "bob"))
        with s:
            proc.await_true("all are settled", lambda: not mails_there(
                t.s3, t.inbox), 60)
            proc.await_true("only refused ones are left", lambda: queue.left()
                            == (0, len(refused)), 30)
            text = s.log_text()
            for why in ("it is not a JSON object", "neither S3's nor SES's",
                        "%s/in/x, which is not in this place" % other,
                        "%s/out/x, which is not in" % t.inbox,
                        "the name of %s/in/../out/x cannot" % t.inbox):
                assert text.count(why) == 1, (why, text[-3000:])
            assert t.s3.get(other, "in/x") and t.s3.get(t.inbox, "out/x")
            assert numbers(s.client()) == [1, 2]
            assert numbers(s.client("bob")) == [3]
            out = s.ctl("ingest", "list").stdout.decode()
            assert "in/both: later@example.org: 550 5.1.1" in out, out
            s.add_user("later")
            s.ctl("ingest", "retry")
            assert numbers(s.client("later")) == [3]
            assert numbers(s.client("bob")) == [3]
            assert not t.s3.list(t.inbox, "in/failed/")


class Busy(threading.Thread):
    """A queue that always brings something."""

    def __init__(self, queue):
        super().__init__()
        self.queue = queue
        self.over = threading.Event()
        self.queue.send(*[sqs.TEST_EVENT] * 50)

    def run(self):
        while not self.over.is_set():
            if self.queue.left()[0] < 50:
                self.queue.send(*[sqs.TEST_EVENT] * 30)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *args):
        self.over.set()
        self.join()


@mark.normal_only("waits for a LIST of a place that has a queue")
def test_mails_that_no_message_told_of_are_found_and_tagged_ones_stay():
    """Though the queue is never empty."""
    with Told() as t, Busy(sqs.Queue(t.aws, t.s3.region)) as busy:
        queue = busy.queue
        head = b"X-Original-To: ann@example.org\n\n"
        s = t.suite(dict(queue="'%s'" % queue.url, list_after="1s"),
                    dict(prefix="stay", after="tag"))
        with s:
            drop(t.s3, t.inbox, "in/astray", b"X-Number: 1\n" + head)
            drop(t.s3, t.inbox, "stay/one", b"X-Number: 2\n" + head)
            proc.await_true("it is found", lambda: not mails_there(
                t.s3, t.inbox), 60)
            proc.await_true("the other is tagged", lambda: b"delivered" in
                            t.s3.request("GET", "/%s/stay/one" % t.inbox,
                                         {"tagging": ""})[2], 60)
            proc.await_true("its claim is, too", lambda: [
                k for k, _ in t.s3.list(t.inbox, "stay/claims/")
                if b"delivered" in t.s3.request("GET", "/%s/%s" % (
                    t.inbox, k), {"tagging": ""})[2]], 30)
            assert numbers(s.client()) == [1, 2]
            s.start_anew()
            # Of another mail the end shows that the first was looked at.
            drop(t.s3, t.inbox, "stay/two", b"X-Number: 3\n" + head)
            proc.await_true("another is delivered", lambda: numbers(
                s.client()) != [1, 2], 60)
            assert numbers(s.client()) == [1, 2, 3]
            assert s.log_text().count("key=\"stay/one\"") == 1


@mark.normal_only("measures memory")
def test_a_mail_of_40_mb_streams():
    """Through storaged and lmtpd, which hold a part of it at a time."""
    server, bucket = suite.store("minio")
    inbox = server.new_bucket()
    text = b"X-Number: 1\r\n\r\n" + (b"0123456789abcdef" * 4 + b"\r\n") * (
        40 * 1024 * 1024 // 66)
    with suite.Suite((server, bucket),
                     ingest="[%s]" % entry(inbox)) as s:
        drop(server, inbox, "in/small", b"X-Number: 0\r\n\r\n", "ann")
        proc.await_true("a small one", lambda: not mails_there(
            server, inbox), 30)
        pids = {name: pid for pid, name in s.children()}
        before = {n: guard.peak_kib(pids[n]) for n in ("lmtpd", "storaged")}
        drop(server, inbox, "in/large", text, "ann")
        proc.await_true("it is delivered", lambda: not mails_there(
            server, inbox), 60)
        for n, kib in before.items():
            grown = guard.peak_kib(pids[n]) - kib
            print("%s grew by %d KiB" % (n, grown))
            assert grown < 16 * 1024, (n, grown)
        c = s.client()
        assert numbers(c) == [0, 1]
        r = c.ok("UID FETCH 1:* RFC822.SIZE")
        assert max(int(x) for x in re.findall(
            rb"RFC822.SIZE (\d+)", b"".join(r.lines))) > len(text)

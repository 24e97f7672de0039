"""A client that pipelines receives the same responses as one that waits (RFC
3501, section 5.5), even if several commands become one commit or another
node's commits come in between (issue 10, section 6)."""

import random
import re
import threading

import suite
from counted import Counted

MAIL = b"Subject: x\r\n\r\ny\r\n"
SEED = 20261128
ROUNDS = 40


def a_set(r):
    a = r.randint(1, 6)
    return r.choice(["%d:*" % a, "*", "%d:%d" % (a, a + r.randint(0, 2)),
                     "%d,%d" % (a, r.randint(1, 6)), "%d" % a, "%d" % a])


def a_command(r):
    """(text, literal or None), as imapd/pipeline_test.c has them."""
    uid = r.choice(["", "UID "])
    kind = r.randrange(11)
    if kind < 4:
        return "%sSTORE %s %sFLAGS%s (%s)" % (
            uid, a_set(r), r.choice("+- ").strip(),
            r.choice([".SILENT", "", "", ""]),
            r.choice(["\\Deleted", "\\Seen", "\\Flagged",
                      "\\Deleted \\Draft", "one", "two three", ""])), None
    if kind < 6:
        return "EXPUNGE", None
    if kind < 7:
        return "UID EXPUNGE " + a_set(r), None
    if kind < 9:
        name, box = r.choice([("COPY", "INBOX"), ("COPY", "Sent"),
                              ("MOVE", "Sent")])
        return "%s%s %s %s" % (uid, name, a_set(r), box), None
    if kind < 10:
        return "APPEND %s (%s)" % (r.choice(["INBOX", "Sent", "none"]),
                                   r.choice(["\\Deleted", "four", ""])), MAIL
    return r.choice(["NOOP", "FETCH 1:* (UID FLAGS)", "UID SEARCH ALL",
                     "SEARCH DELETED", "STATUS Sent (MESSAGES UIDNEXT)"]), None


def told(answer):
    """What counts: the untagged lines, the status, the code but for the
    UIDVALIDITY."""
    code = re.match(rb"\[[^\]]*\]", answer.text)
    lines = [re.sub(rb"UID [0-9]+ ", b"UID v ", x, count=1)
             if b"COPYUID" in x else x for x in answer.lines]
    return (lines, answer.status,
            re.sub(rb"UID \d+ ", b"UID v ", code.group()) if code else b"")


def rounds(waits, pipes, count=ROUNDS):
    r = random.Random(SEED)
    for n in range(count):
        for c in waits, pipes:
            c.ok("SELECT INBOX")
            for _ in range(3):
                c.append("INBOX", MAIL)
        commands = [a_command(r) for _ in range(r.randint(2, 12))]
        slow = [told(waits.cmd(*x)) for x in commands]
        fast = [told(a) for a in pipes.pipeline(commands)]
        for x, a, b in zip(commands, slow, fast):
            assert a == b, "round %d of seed %d\n%s\nat: %r\n" \
                "one by one: %r\nat once:    %r" % (
                    n, SEED, "\n".join(c for c, _ in commands), x, a, b)


def test_a_pipeline_is_told_what_single_commands_are():
    with suite.Suite(users=("ann", "bob")) as s:
        rounds(s.client("ann"), s.client("bob"))


def test_a_pipeline_is_told_the_same_when_another_node_is_first():
    """The other node's commits, to another mailbox of the same user, make
    the batch of the pipeline lose its races and be evaluated anew."""
    store = suite.store("minio")
    a = suite.Suite(store, users=("ann", "bob"), name="node-a")
    b = suite.Suite(store, users=("ann", "bob"), name="node-b")
    with a, b:
        for user in "ann", "bob":
            a.client(user).ok("CREATE other")
        over = threading.Event()
        made = []

        def race():
            c = b.client("bob")
            while not over.is_set():
                c.append("other", MAIL)
                made.append(1)

        t = threading.Thread(target=race)
        t.start()
        try:
            rounds(a.client("ann"), a.client("bob"), ROUNDS // 2)
        finally:
            over.set()
            t.join()
        print("   %d commits of the other node meanwhile" % len(made))
        assert len(made) > ROUNDS // 2, len(made)


def test_store_and_expunge_at_once():
    with suite.Suite() as s:
        c = s.client()
        for _ in range(3):
            c.append("INBOX", MAIL)
        c.ok("SELECT INBOX")
        answers = c.pipeline([("STORE 1 +FLAGS (\\Deleted)", None),
                              ("EXPUNGE", None),
                              ("STORE 1 +FLAGS (\\Flagged)", None),
                              ("STORE 1 -FLAGS (\\Flagged)", None)])
        assert [a.lines for a in answers] == [
            [b"* 1 FETCH (FLAGS (\\Deleted \\Recent))"],
            [b"* 1 EXPUNGE"],
            [b"* 1 FETCH (FLAGS (\\Flagged \\Recent))"],
            [b"* 1 FETCH (FLAGS (\\Recent))"]], [a.lines for a in answers]


def test_stores_of_different_messages_at_once_share_commits():
    """What waits is only what is ambiguous."""
    with suite.Suite(suite.store("counted")) as s:
        c = s.client()
        for a in c.pipeline([("APPEND INBOX", MAIL)] * 200):
            assert a.status == "OK", a
        c.ok("SELECT INBOX")
        with Counted() as k:
            for n, a in enumerate(c.pipeline(
                    [("STORE %d +FLAGS (\\Flagged)" % (n + 1), None)
                     for n in range(200)])):
                assert a.lines == [b"* %d FETCH (FLAGS (\\Flagged \\Recent))"
                                   % (n + 1)], a.lines
        assert k.of("PutObject") <= 20, k.n

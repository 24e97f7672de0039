"""A head that disappears, or a different store under a node that has served
before: no one ever sees an empty mailbox."""

import random

import imapc
import proc
import suite
from faults_load import USERS, mail, read_box
from mark import second_server


def served_nothing(s, users=USERS):
    """No login sees a mailbox: each is told that something is wrong."""
    for user in users:
        c = imapc.Imap(s.imap_port, timeout=120)
        a = c.cmd("LOGIN %s %s" % (user, suite.PASSWORD))
        if a.status == "OK":
            try:
                a = c.cmd("STATUS INBOX (MESSAGES)")
            except imapc.Closed:
                continue
        assert a.status == "NO", (user, a, a.lines)
        assert b"[CORRUPTION]" in a.text or b"[UNAVAILABLE]" in a.text, a
        c.close()


def with_mail(store):
    s = suite.Suite(store, users=USERS)
    s.start()
    for user in USERS:
        c = s.client(user)
        c.append("INBOX", mail("kept", 500, random.Random(1)))
        c.logout()
    return s


def heads(server, bucket, user):
    (key,) = [k for k, _ in server.list(bucket)
              if k.endswith("/%s/head" % user)]
    return key


@second_server
def test_a_head_deleted_behind_pails_back_is_never_an_empty_mailbox():
    server, bucket = suite.store("minio")
    s = with_mail((server, bucket))
    c = s.client()
    c.ok("SELECT INBOX")
    key = heads(server, bucket, "ann")
    assert server.request("DELETE", "/%s/%s" % (bucket, key))[0] == 204
    # In a session: a change, and a look at the bucket.
    for command in ("APPEND INBOX", "STATUS INBOX (MESSAGES)"):
        try:
            a = c.cmd(command, mail("x", 9, random.Random(1))
                      if "APPEND" in command else None)
            assert a.status == "NO", a
            assert not a.having("MESSAGES 0"), a.lines
        except imapc.Closed:
            break
    served_nothing(s, ("ann",))
    assert len(read_box(s.client("bob"), "INBOX")) == 1     # others go on
    assert "head has vanished" in s.log_text(), s.log_tail()
    for forget in ((), ("index",), ("",)):
        s.stop()
        if forget:
            s.forget(*forget)
        s.start()
        served_nothing(s, ("ann",))
        assert len(read_box(s.client("bob"), "INBOX")) == 1
    with s:
        pass


def elsewhere(change):
    """The configuration of a node that has served names another place: it
    ends with one clear line, and leaves nothing there."""
    server, bucket = suite.store("minio")
    s = with_mail((server, bucket))
    text = s.conf_text()
    s.stop()
    with open(s.conf, "w") as f:
        f.write(change(server, bucket, text))
    for forget in ((), ("index",)):
        if forget:
            s.forget(*forget)
        open(s.logname, "w").close()
        s.start(wait=False)
        status = s.p.wait(30)
        proc.end(s.p)
        s.p = None
        lines = s.store_errors()
        assert status != 0 and len(lines) == 1, s.log_tail()
        assert "belongs to another store" in lines[0], lines
    print("   " + lines[0])
    left = [k for k, _ in server.list(bucket) if k.startswith("other/")]
    assert not left, left
    # And back: everything is there.
    with open(s.conf, "w") as f:
        f.write(text)
    s.start()
    with s:
        for user in USERS:
            assert len(read_box(s.client(user), "INBOX")) == 1


@second_server
def test_another_prefix_is_never_an_empty_mailbox():
    elsewhere(lambda server, bucket, text: text.replace(
        "timeout: 30s", "timeout: 30s, key-prefix: other"))


@second_server
def test_another_bucket_is_never_an_empty_mailbox():
    elsewhere(lambda server, bucket, text: text.replace(
        "bucket: %s," % bucket, "bucket: %s," % server.new_bucket()))


@second_server
def test_another_store_is_never_an_empty_mailbox():
    """Another bucket that is a store of its own, with the same users."""
    server, other = suite.store("minio")
    with suite.Suite((server, other), users=USERS) as s:
        s.client("bob").logout()
    elsewhere(lambda server, bucket, text: text.replace(
        "bucket: %s," % bucket, "bucket: %s," % other))

"""Two nodes that share nothing but a bucket."""

import threading

from mails import text_mail
from mark import second_server
from model import read_box
from nodes import two


def race(kind):
    a, b = two(kind)
    with a, b:
        errors = []

        def load(s, who):
            try:
                c = s.client()
                c.ok("SELECT INBOX")
                for n in range(40):
                    c.append("INBOX", b"X-Token: %s-%d\r\n" % (
                        who.encode(), n) + text_mail(n)[:600])
                    c.ok("STORE 1:* +FLAGS (from-%s)" % who)
                c.logout()
            except BaseException as e:
                errors.append(e)

        threads = [threading.Thread(target=load, args=x)
                   for x in ((a, "a"), (b, "b"), (a, "c"), (b, "d"))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not errors, errors
        seen = [read_box(s.client(), "INBOX").mails for s in (a, b)]
        assert seen[0] == seen[1]
        tokens = sorted(t for t, _ in seen[0].values())
        assert tokens == sorted("%s-%d" % (w, n) for w in "abcd"
                                for n in range(40))


@second_server
def test_two_nodes_append_and_store_at_once_on_minio():
    race("minio")


def test_two_nodes_append_and_store_at_once_on_the_file_store():
    race("file")


@second_server
def test_an_idle_client_hears_of_another_nodes_mail():
    a, b = two("minio")
    with a, b:
        c = a.client()
        c.ok("SELECT INBOX")
        t = c.start("IDLE")
        assert c.line().startswith(b"+")
        d = b.client()
        d.append("INBOX", text_mail(1))
        while b"EXISTS" not in c.line():
            pass
        c.send("DONE\r\n")
        assert c.finish(t).status == "OK"

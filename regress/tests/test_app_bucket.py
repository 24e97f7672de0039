"""App passwords in the bucket: two nodes know the same ones, whoever changes
them, and what the bucket does meanwhile."""

import os
import re
import threading
import time

import imapc
import objects
import proc
import s3proxy
import suite
from apppass import add, ended, rows, status

POLL = 1                # seconds
ON = {"app_passwords": "bucket", "app_passwords_file": "apps",
      "app_passwords_poll": "%ds" % POLL}
KEY = "app-passwords"


def node(store, name, **over):
    return suite.Suite(store, users=("ann", "bob"), name=name, **ON, **over)


def knows(s, user, password, want="OK", seconds=POLL + 15):
    proc.await_true("%s: %s" % (user, want),
                    lambda: status(s, user, password) == want, seconds)


def text(s):
    with open(os.path.join(s.dir, "apps")) as f:
        return f.read()


def errors(s):
    """Requests to the store that have failed."""
    return int(re.search(r" store-errors=(\d+)", s.ctl(
        "status").stdout.decode()).group(1))


def test_two_nodes_have_the_same_app_passwords():
    store = suite.store("minio")
    with node(store, "node-a") as a, node(store, "node-b") as b:
        assert rows(a) == [] and rows(b) == []
        phone = add(a, "ann", "phone")
        assert status(a, "ann", phone) == "OK"      # at once, where it was made
        knows(b, "ann", phone)
        assert [x[:3] for x in rows(b)] == [x[:3] for x in rows(a)]
        assert phone not in text(b)
        # One for the admin page is there, too, and reads no mail.
        page = add(a, "--scope", "admin", "ann", "page")
        proc.await_true("its scope", lambda: ["ann", "page", "admin"] in [
            [x[0], *x[2:4]] for x in rows(b)], POLL + 15)
        assert status(b, "ann", page) == "NO"
        b.ctl("app-password", "revoke", "ann", "page")
        # The same name is taken on both, and each has its own last use.
        r = b.ctl("app-password", "add", "ann", "phone", check=False)
        assert r.returncode == 1 and b"already has" in r.stderr, r
        # Both change it at once: nothing is lost.
        made, errors = {}, []

        def some(s, who):
            try:
                for n in range(5):
                    name = "%s%d" % (who, n)
                    made[name] = add(s, "bob", name)
            except BaseException as e:
                errors.append(e)

        threads = [threading.Thread(target=some, args=x) for x in
                   ((a, "a"), (b, "b"), (a, "c"), (b, "d"))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not errors, errors
        for s in a, b:
            proc.await_true("all of them", lambda s=s: {
                x[2] for x in rows(s, "bob")} == set(made), POLL + 15)
            for name in "a4", "d4":
                assert status(s, "bob", made[name]) == "OK"
        # Revoked here, its sessions end there.
        c = imapc.Imap(b.imap_port, "ann", phone)
        other = imapc.Imap(b.imap_port, "bob", made["b0"])
        a.ctl("app-password", "revoke", "ann", "phone")
        began = time.monotonic()
        assert status(a, "ann", phone) == "NO"
        proc.await_true("the session's end", lambda: ended(c), POLL + 15)
        print("   %.1f s until it ended on the other node" % (
            time.monotonic() - began))
        assert status(b, "ann", phone) == "NO" and not ended(other)
        r = b.ctl("app-password", "revoke", "ann", "phone", check=False)
        assert r.returncode == 1 and b"has no app password" in r.stderr, r
        # Who is deleted here has none left there.
        a.ctl("user", "del", "bob")
        proc.await_true("bob's are gone", lambda: rows(b) == [], POLL + 15)
        assert re.match(r"# The bucket's app passwords, serial \d+: a copy",
                        text(b))


def test_a_bucket_that_is_away_damaged_or_older_takes_no_app_password_away():
    kind, bucket = suite.store("minio")
    proxy = s3proxy.Proxy(kind)
    try:
        a = node((proxy, bucket), "node-a", store_extra=", max-retries: 0")
        b = node((kind, bucket), "node-b")
        there = objects.Bucket(kind, bucket)
        with a, b:
            one = add(b, "ann", "one")
            knows(a, "ann", one)
            old = there.get(KEY)
            proxy.away()
            two = add(b, "ann", "two")
            said = []
            t = threading.Thread(target=lambda: said.append(add(
                a, "bob", "while away")))
            t.start()
            before = errors(a)
            proc.await_true("it is tried", lambda: errors(a) > before + 2)
            assert status(a, "ann", one) == "OK" and not said
            proxy.back()
            t.join()
            for s in a, b:
                knows(s, "ann", two)
                knows(s, "bob", said[0])
            new = there.get(KEY)
            for what, data in (("damaged", new[:-1] + b"?"),
                               ("has serial", old), ("missing", None)):
                if data is None:
                    there.delete(KEY)
                else:
                    there.put(KEY, data)
                for s in a, b:
                    proc.await_true(what, lambda s=s: re.search(
                        r"app-passwords result=no why=\"[^\"]*" + what,
                        s.log_text()), POLL + 15)
                    assert status(s, "ann", one) == "OK"
                    assert status(s, "ann", two) == "OK"
                    r = s.ctl("app-password", "revoke", "ann", "one",
                              check=False)
                    assert r.returncode == 1, r
                    assert what.encode() in r.stderr, r
            # A node that starts again knows it, too.
            b.stop()
            b.start()
            assert status(b, "ann", two) == "OK"
            there.put(KEY, new)
            b.ctl("app-password", "revoke", "ann", "one")
            knows(a, "ann", one, "NO")
            assert status(a, "ann", two) == "OK"
    finally:
        proxy.close()


def test_a_nodes_own_file_is_imported_and_not_overwritten():
    s = suite.Suite(users=("ann",), app_passwords="file",
                    app_passwords_file="apps")
    with s:
        own = add(s, "ann", "own")
    s.over["app_passwords"] = "bucket"
    s.write_conf()
    with s:
        assert status(s, "ann", own) == "OK"
        r = s.ctl("app-password", "add", "ann", "new", check=False)
        assert r.returncode == 1 and b"import" in r.stderr, r
        os.rename(os.path.join(s.dir, "apps"), os.path.join(s.dir, "was"))
        said = s.ctl("app-password", "import",
                     os.path.join(s.dir, "was")).stdout
        assert said == b"1 imported\n", said
        assert status(s, "ann", own) == "OK"
        assert {x[2] for x in rows(s)} == {"own", "new"}, rows(s)
    r = s.ctl("app-password", "revoke", "ann", "own", check=False)
    assert r.returncode == 1 and b"is paild running" in r.stderr, r

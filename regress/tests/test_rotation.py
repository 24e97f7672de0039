"""Certificates, the users' file, the directory's password and the
configuration are replaced under 1,000 sessions (issue 13, Shows 7): none is
dropped, what is new counts from then on, and a new one that is broken changes
nothing and says why."""

import json
import os
import re

import certs
import imapc
import proc
import slapd
import suite
from mark import time_limit

SESSIONS = 100 if "asan" in suite.BUILD else 1000
USERS = ["u%d" % n for n in range(20)]
PEOPLE = ["p%d" % n for n in range(5)]
PW = "a person's pässword"


def hold(s, n):
    """n sessions, every second one with TLS; each tenth is idle."""
    out = []
    for at in range(0, n, 50):
        batch = []
        for i in range(at, at + 50):
            c = imapc.Imap(s.imaps_port if i % 2 else s.imap_port,
                           tls=i % 2 == 1)
            c.tags = [c.start("LOGIN %s %s" % (USERS[i % 20],
                                               suite.PASSWORD)),
                      c.start("SELECT INBOX")]
            batch.append(c)
        for c in batch:
            for t in c.tags:
                a = c.finish(t)
                assert a.status == "OK", a
        out += batch
    for c in out[::10]:
        c.idle = c.start("IDLE")
        assert c.line().startswith(b"+"), "IDLE"
    return out


def all_live(sessions):
    """Each answers, on the channel and the connection that it had."""
    for n, c in enumerate(sessions):
        if n % 10:
            c.tags = [c.start("NOOP"), c.start("STATUS INBOX (UIDNEXT)")]
        else:
            c.send("DONE\r\n")
            c.tags = [c.idle, c.start("NOOP")]
    for c in sessions:
        for t in c.tags:
            a = c.finish(t)
            assert a.status == "OK", a
    for c in sessions[::10]:
        c.idle = c.start("IDLE")
        assert c.line().startswith(b"+"), "IDLE"


def login(s, user, password):
    """OK, or the answer's code."""
    c = imapc.Imap(s.imap_port)
    a = c.cmd(b'LOGIN %s "%s"' % (user.encode(), password.encode()))
    c.close()
    m = re.match(rb"\[([A-Z]+)", a.text)
    return a.status if a.status == "OK" or m is None else m.group(1).decode()


def log_has(s, at, *what):
    proc.await_true("the log has %s" % (what,), lambda: all(
        re.search(w, s.log_text()[at:]) for w in what))


def certificates(s, line, old):
    at = len(s.log_text())
    line.renew()
    s.ctl("reload")
    new = "one-%d" % line.n
    proc.await_true("the new certificate", lambda: certs.served(s) == new)
    assert new != old
    # A torn file; a reload names it, too.
    line.renew()
    with open(line.path("fullchain"), "r+") as f:
        f.truncate(100)
    r = s.ctl("reload", check=False)
    assert r.returncode != 0 and b"fullchain" in r.stdout + r.stderr, r
    assert certs.served(s) == new
    line.renew()
    s.ctl("reload")
    proc.await_true("the next one",
                    lambda: certs.served(s) == "one-%d" % line.n)
    return at


def users_file(s):
    path = os.path.join(s.dir, "users")
    s.add_user("eve", "eve's")
    proc.await_true("the new user", lambda: login(s, "eve", "eve's") == "OK")
    at = len(s.log_text())
    with open(path) as f:
        good = f.read()
    with open(path + ".new", "w") as f:
        f.write(good.replace("eve:", "a line of no sense\nfay:"))
    os.chmod(path + ".new", 0o644)
    os.replace(path + ".new", path)
    assert login(s, "fay", "eve's") == "OK", s.log_tail()
    log_has(s, at, r"users:21: .* ignored")
    # Without one nobody hears that his password is wrong, who was in a moment
    # ago gets in, and nobody is taken for removed.
    os.rename(path, path + ".away")
    assert login(s, "gus", "eve's") == "UNAVAILABLE", s.log_tail()
    log_has(s, at, r"users: No such file")
    assert login(s, "fay", "eve's") == "OK", s.log_tail()
    os.rename(path + ".away", path)
    proc.await_true("the file again",
                    lambda: login(s, USERS[1], suite.PASSWORD) == "OK")


def directory(s, d, secret):
    # One that was right lately is not asked of the directory again.
    people = iter(PEOPLE)

    def write(text):
        with open(secret, "w") as f:
            f.write(text + "\n")

    def said():
        return login(s, next(people), PW)

    assert said() == "OK", s.log_tail()
    write("another")
    d.set_password(slapd.SERVICE, "another")
    d.kill()
    d.start()
    assert said() == "OK", s.log_tail()
    at = len(s.log_text())
    d.set_password(slapd.SERVICE, "a third")
    d.kill()
    d.start()
    assert said() == "UNAVAILABLE", s.log_tail()
    log_has(s, at, "service-dn")
    assert login(s, PEOPLE[0], PW) == "OK", s.log_tail()
    write("a third")
    assert said() == "OK", s.log_tail()


def configuration(s):
    other = proc.free_port()
    before = s.conf_text()
    s.over["listen"] = "[imap://127.0.0.1:%d, imaps://127.0.0.1:%d, " \
        "imap://127.0.0.1:%d]" % (s.imap_port, s.imaps_port, other)
    s.write_conf()
    s.ctl("reload")
    proc.await_true("the other port", lambda: proc.can_connect(other))
    for bad, why in (("lissten: []\n", b"lissten"),
                     ("imap: {idle-timeout: soon}\n", b"idle-timeout"),
                     ("\x00", b"pail.yaml:")):
        with open(s.conf, "w") as f:
            f.write(before + bad)
        r = s.ctl("reload", check=False)
        assert r.returncode != 0 and why in r.stdout + r.stderr, r
        assert proc.can_connect(other)
    s.write_conf()
    s.ctl("reload")


@time_limit(120)
def test_a_thousand_sessions_live_while_all_that_they_came_by_is_replaced():
    with slapd.Slapd("".join(slapd.person(p, PW) for p in PEOPLE)) as d:
        s = suite.Suite(users=USERS[:1])
        # All have the same password; one hash is enough.
        path = os.path.join(s.dir, "users")
        with open(path) as f:
            one = f.read()
        with open(path, "w") as f:
            f.write("".join(one.replace("u0:", u + ":", 1) for u in USERS))
        secret = os.path.join(s.dir, "ldap-secret")
        with open(secret, "w") as f:
            f.write(slapd.SECRET + "\n")
        os.chmod(secret, 0o600)
        line = certs.Lineage(s.dir, "one")
        s.over = {"tls": line.conf, "auth": json.dumps([
            {"type": "file", "path": "users"},
            {"type": "ldap", "url": [d.tls_url], "ca-file": d.ca,
             "base": "ou=people," + slapd.SUFFIX,
             "service-dn": slapd.SERVICE,
             "service-password": {"file": secret}}])}
        s.write_conf()
        with s:
            before = s.children()
            sessions = hold(s, SESSIONS)
            for step in (lambda: certificates(s, line, certs.served(s)),
                         lambda: users_file(s),
                         lambda: directory(s, d, secret),
                         lambda: configuration(s)):
                step()
                all_live(sessions)
            assert s.children() == before, s.log_tail()
            held = s.ctl("status").stdout.decode()
            assert re.search(r"selected=%d\b" % SESSIONS, held), held
            for c in sessions:
                c.close()

"""Logins by a directory (Debian's slapd): each way to reach it and to find a
user, names that want to be more than names, servers that go away and come
back, and what the client is told meanwhile."""

import base64
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import subprocess
import threading

import imapc
import mails
import proc
import slapd
import suite
from mark import normal_only
from slapd import SECRET, SERVICE, SUFFIX

PW = "ann's pässword"
PEOPLE = (slapd.person("ann", PW, mail=["ann.alias@example.org"]) +
          slapd.person("bob", "bob's") + slapd.group("mail", "ann"))
DN = "uid=%u,ou=people," + SUFFIX


def safe(d, **keys):
    """An entry by ldaps."""
    return {"type": "ldap", "url": [d.tls_url], "ca-file": d.ca, **keys}


def search(**keys):
    """The keys of a search."""
    return {"base": "ou=people," + SUFFIX, "service-dn": SERVICE,
            "service-password": SECRET, **keys}


def make_suite(*entries, users=(), **over):
    over.setdefault("login_cache", "0s")
    return suite.Suite(users=users, auth=json.dumps(entries), **over)


def login(s, user, password, c=None):
    """The answer to AUTHENTICATE PLAIN."""
    c = c or imapc.Imap(s.imap_port)
    if isinstance(user, str):
        user = user.encode()
    a = c.cmd("AUTHENTICATE PLAIN " + base64.b64encode(
        b"\0" + user + b"\0" + password.encode()).decode())
    c.close()
    return a


def said(answer):
    for code in "AUTHENTICATIONFAILED", "UNAVAILABLE", "EXPIRED":
        if answer.code(code) is not None:
            return code
    return answer.status


def check_users(s, member_only=False):
    """ann may log in, and nobody else in her place."""
    tries = [("ann", PW, "OK"), ("ann", "bob's", "no"), ("bob", "", "no"),
             ("nobody", PW, "no"), ("bob", "bob's",
                                    "no" if member_only else "OK")]
    got = {}

    def one(user, password):
        got[user, password] = said(login(s, user, password))

    threads = [threading.Thread(target=one, args=t[:2]) for t in tries]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for user, password, want in tries:
        assert got[user, password] == (
            "OK" if want == "OK" else "AUTHENTICATIONFAILED"), (
                user, password, got[user, password], s.log_tail())


def test_each_way_to_a_directory_lets_in_who_has_the_password():
    group = {"group-base": "ou=groups," + SUFFIX,
             "group-filter": "(&(cn=mail)(member=%D))"}
    with slapd.Slapd(PEOPLE) as d:
        rows = [
            (safe(d, **{"bind-dn": DN, "tls-minimum": "1.3",
                        "attributes": {"id": "uid"}}, **group), True),
            ({**safe(d, **search(**group)), "url": [d.url],
              "start-tls": True}, True),
            ({**search(attributes={"aliases": "mail"}), "type": "ldap",
              "url": [d.local_url]}, False),
            ({"type": "ldap", "url": [d.url], "allow-plaintext": True,
              "bind-dn": DN}, False),
        ]
        with contextlib.ExitStack() as stack, \
                concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
            suites = [stack.enter_context(make_suite(r[0])) for r in rows]
            list(pool.map(check_users, suites, [r[1] for r in rows]))
            check_alias(suites[[r[0]["url"] for r in rows].index(
                [d.local_url])])


def check_alias(s):
    c = s.client("ann", '{%d+}\r\n%s' % (len(PW.encode()), PW))
    c.append("INBOX", mails.small(1))
    c.logout()
    c = imapc.Imap(s.imap_port)
    c.ok("LOGIN ann.alias@example.org {%d+}\r\n%s" % (len(PW.encode()), PW))
    assert b"MESSAGES 1" in c.ok("STATUS INBOX (MESSAGES)").lines[0]
    c.logout()


def test_a_password_is_not_sent_where_it_can_be_read():
    s = make_suite({"type": "ldap", "url": ["ldap://127.0.0.1"],
                    "bind-dn": DN})
    r = subprocess.run([s.bin("paild"), "-n", "-f", s.conf],
                       stderr=subprocess.PIPE)
    assert r.returncode != 0 and b"does not use TLS" in r.stderr, r.stderr


def test_a_server_that_is_not_the_one_gets_no_password():
    with slapd.Slapd(PEOPLE) as d, slapd.Slapd(PEOPLE, name="other") as o, \
            slapd.Slapd(PEOPLE, names="DNS:elsewhere.example") as w:
        rows = [({**safe(d), "ca-file": o.ca}, d),
                ({**safe(d), "url": [d.url], "start-tls": True,
                  "ca-file": o.ca}, d),
                (safe(w), w), ({**safe(w), "url": [w.url],
                                "start-tls": True}, w)]
        for entry, server in rows:
            with make_suite({**entry, "bind-dn": DN}) as s:
                assert said(login(s, "ann", PW)) == "UNAVAILABLE"
                assert "ertificate" in s.log_text(), s.log_tail()
            assert "BIND" not in server.log_text(), server.log_text()


def await_said(s, want, user="ann", password=PW):
    proc.await_true(
        "%s is answered with %s" % (user, want),
        lambda: said(login(s, user, password)) == want)


@normal_only("takes 3 s; the code is the same as in others")
def test_a_directory_that_is_killed_costs_nobody_his_login():
    with slapd.Slapd(PEOPLE) as d:
        with make_suite(safe(d, **search()), login_cache="5m") as s:
            assert said(login(s, "ann", PW)) == "OK"
            d.kill()
            # What was right a moment ago still is; of the others nothing is
            # known.
            assert said(login(s, "ann", PW)) == "OK"
            assert said(login(s, "ann", "wrong")) == "UNAVAILABLE"
            assert said(login(s, "bob", "bob's")) == "UNAVAILABLE"
            assert "refused" in s.log_text(), s.log_tail()
            d.start()
            await_said(s, "OK", "bob", "bob's")
            assert said(login(s, "ann", "wrong")) == "AUTHENTICATIONFAILED"


@normal_only("takes 5 s; the code is the same as in others")
def test_a_directory_that_hangs_holds_up_nobody_but_its_users():
    """Under logins that it does not answer."""
    with slapd.Slapd(PEOPLE) as d:
        entry = safe(d, timeout="3s", **search())
        file = {"type": "file", "path": "users"}
        with make_suite(entry, file, users=("fred",), login_cache="5m") as s:
            assert said(login(s, "ann", PW)) == "OK"
            d.p.send_signal(signal.SIGSTOP)
            end, got = threading.Event(), []

            def many(i):
                while not end.is_set():
                    got.append(said(login(s, "u%d" % i, "x")))

            threads = [threading.Thread(target=many, args=(i,))
                       for i in range(8)]
            for t in threads:
                t.start()
            proc.await_true("logins fail", lambda: got)
            for _ in range(3):
                assert said(login(s, "ann", PW)) == "OK"
                assert said(login(s, "fred", suite.PASSWORD)) == "OK"
            end.set()
            d.p.send_signal(signal.SIGCONT)
            for t in threads:
                t.join()
            # The other database has no such user: still nobody knows.
            assert got[0] == "UNAVAILABLE", got
            await_said(s, "OK", "bob", "bob's")


@normal_only("takes 6 s; authd/recheck_test is run with ASan, too")
def test_sessions_of_who_was_removed_end_and_no_others():
    """And none while the directory is away."""
    names = "ann", "bob", "carl"
    people = "".join(slapd.person(n, "pw") for n in names)
    with slapd.Slapd(people + slapd.group("mail", *names)) as d:
        entry = safe(d, **search(**{
            "group-base": "ou=groups," + SUFFIX,
            "group-filter": "(&(cn=mail)(member=%D))"}))
        with make_suite(entry, login_recheck="1s", login_cache="5m") as s:
            c = {n: s.client(n, "pw") for n in names}
            d.kill()
            was = len(s.log_text())
            proc.await_true("lookups fail", lambda: s.log_text()[
                was:].count("refused") >= 3)
            d.start()
            d.modify("dn: uid=ann,ou=people,%s\nchangetype: delete\n"
                     % SUFFIX)
            d.modify("dn: cn=mail,ou=groups,%s\nchangetype: modify\n"
                     "delete: member\nmember: uid=bob,ou=people,%s\n"
                     % (SUFFIX, SUFFIX))
            for n in "ann", "bob":
                assert c[n].line().startswith(b"* BYE"), s.log_tail()
                assert "user=%s cmd=recheck result=no" % n in s.log_text()
            c["carl"].ok("NOOP")
            assert s.log_text().count("cmd=recheck") == 2
            assert said(login(s, "ann", "pw")) == "AUTHENTICATIONFAILED"


def test_another_server_takes_over():
    with slapd.Slapd(PEOPLE) as a, slapd.Slapd(PEOPLE, name="other") as b:
        ca = os.path.join(a.dir, "both.pem")
        with open(ca, "w") as f:
            f.write(open(a.ca).read() + open(b.ca).read())
        entry = {**safe(a, **search()), "url": [a.tls_url, b.tls_url],
                 "ca-file": ca}
        with make_suite(entry) as s:
            assert said(login(s, "ann", PW)) == "OK"
            assert "BIND" not in b.log_text()
            a.kill()
            for _ in range(6):          # every worker
                assert said(login(s, "ann", PW)) == "OK", s.log_tail()
            b.kill()
            await_said(s, "UNAVAILABLE")
            a.start()
            await_said(s, "OK")


def test_the_service_password_is_replaced_while_paild_runs():
    with slapd.Slapd(PEOPLE) as d:
        secret = os.path.join(d.dir, "secret")

        def write(text):
            with open(secret, "w") as f:
                f.write(text + "\n")
            os.chmod(secret, 0o600)

        write(SECRET)
        entry = safe(d, **search(**{"service-password": {"file": secret}}))
        with make_suite(entry) as s:
            assert said(login(s, "ann", PW)) == "OK"
            write("another")
            d.set_password(SERVICE, "another")
            d.kill()
            d.start()
            for _ in range(6):
                assert said(login(s, "ann", PW)) == "OK", s.log_tail()
            # Neither right: that is not the user's fault.
            d.set_password(SERVICE, "a third")
            d.kill()
            d.start()
            assert said(login(s, "ann", PW)) == "UNAVAILABLE"
            assert "service-dn" in s.log_text(), s.log_tail()
            assert "another" not in s.log_text()


@normal_only("takes 3 s; the code is the same as in others")
def test_what_the_directory_says_of_an_account_is_logged():
    locked = ("dn: uid=bob,ou=people,%s\nchangetype: modify\n"
              "add: pwdAccountLockedTime\npwdAccountLockedTime: "
              "000001010000Z\n" % SUFFIX)
    people = PEOPLE + slapd.person("twin", PW) + slapd.person(
        "twin", PW, ou="groups") + slapd.person(
            "new", PW, pwdReset=["TRUE"],
            pwdPolicySubentry=["cn=must-change," + SUFFIX])
    with slapd.Slapd(people) as d:
        d.modify(locked)
        with make_suite(safe(d, **search(base=SUFFIX))) as s:
            assert said(login(s, "bob", "bob's")) != "OK"
            assert "the account is locked" in s.log_text(), s.log_tail()
            # That is told only to who has the right password.
            assert said(login(s, "new", PW)) == "EXPIRED", s.log_tail()
            assert said(login(s, "new", "wrong")) == "AUTHENTICATIONFAILED"
            # Two of a name are nobody.
            assert said(login(s, "twin", PW)) == "AUTHENTICATIONFAILED"
            assert "more than one entry" in s.log_text(), s.log_tail()
            # A base that is not there says nothing of the user.
        with make_suite(safe(d, **search(base="ou=none," + SUFFIX))) as s:
            assert said(login(s, "ann", PW)) == "UNAVAILABLE"
            assert "No such object" in s.log_text(), s.log_tail()


# RFC 4518: what directories compare as equal.
SAME = {"\uff41nn".encode(), "\uff41\uff4e\uff4e".encode(),
        "ann\u00ad".encode(), "ann\u200b".encode(), "a\u200dnn".encode(),
        "ann\ufeff".encode()}


def bad_names():
    """200 names that would be ann's, or everybody's, if they were read as
    anything but a name."""
    parts = ["*", "a*", "*n", "a*n", "(", ")", "\\", "\\2a", "\\61nn", "%61nn",
             "ann)(uid=*", "*)(uid=*", "ann)(|(uid=*", "*)(objectClass=*",
             "ann)(&", "x)(|(uid=ann", "!(uid=bob", "ann,ou=people",
             "ann," + "ou=people," + SUFFIX, "ann+cn=x", "ann\\,x", "ann\\",
             'ann"', '"ann"', "ann;x", "<ann>", "ann#", "#616e6e", "ann=",
             "uid=ann", "ann/", "/ann", "ann\t", "%u", "%n", "%D", "%%",
             "ann%00", "ann\\00", "ann@", "ann@example.org", "@", "@ann",
             "ann\x7f", "ann\u00ad", "\uff41nn", "\uff41\uff4e\uff4e",
             "an\u0274", "\u0430nn", "ann\u200b", "ann\u0301", "a\u200dnn",
             "\ufb01", "ann\ufeff", "\u202eann", "ann\u2028", "\U0001f4e7",
             "a nn", "ann x", "x ann"]
    names = [p.encode() for p in parts]
    names += [b"ann" + bytes([c]) for c in range(0x80, 0x100, 4)]
    names += [b"ann\xc0\x80", b"\xff\xfe", b"ann\xed\xa0\x80", b"ann\r\nx"]
    long = ["*", "a", ")", "(uid=*)", "\\2a", "ann,", "ü", "\U0001f4e7"]
    for n in 100, 190, 200, 250, 1000, 8000, 65536:
        names += [(p * n)[:n].encode() for p in long]
    names = list(dict.fromkeys(names))
    k = 0
    while len(names) < 200:
        k += 1
        names.append(b"*)(uid=ann)(%d" % k)
    return names


@normal_only("takes 4 s; the code is the same as in others")
def test_a_name_is_never_more_than_a_name():
    names = bad_names()
    assert len(names) >= 200
    odd = ["we,ird", "st*r", "par(en)", "back\\slash", "j\u00e4ger",
           'quo"te', "plus+x", "#hash"]
    people = PEOPLE + "".join(slapd.person(u, "odd " + u) for u in odd)
    with slapd.Slapd(people) as d:
        for entry in safe(d, **search()), safe(d, **{"bind-dn": DN}):
            with make_suite(entry, login_limits="{waiting: 1000, "
                            "waiting-per-address: 1000}",
                            imap="{max-unauthenticated-per-address: 1000}"
                            ) as s:
                got = {}

                def one(name):
                    try:
                        got[name] = login(s, name, PW).status
                    except imapc.Closed:
                        got[name] = "closed"        # longer than a command

                threads = [threading.Thread(target=one, args=(n,))
                           for n in names]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                assert set(got.values()) <= {"NO", "BAD", "closed", "OK"}
                # In a search the entry says who it is: what the directory
                # takes for ann's (in another width, say) is ann's.
                same = {n for n in names if got[n] == "OK"}
                assert new_users(s) == ({"ann"} if same else set()), same
                assert same <= SAME and ("base" in entry or not same), same
                # Names that only look dangerous are names.
                for u in odd:
                    assert said(login(s, u, "odd " + u)) == "OK", (
                        u, s.log_tail())


def new_users(s):
    """The ids of all who have logged in."""
    return set(re.findall(r"storaged\[\d+\] info: user=(.*) result=new",
                          s.log_text()))


def test_a_mechanism_that_no_user_can_use_is_refused():
    s = make_suite({"type": "ldap", "url": ["ldaps://127.0.0.1"],
                    "bind-dn": DN}, sasl_mechanisms="[SCRAM-SHA-256, PLAIN]")
    r = subprocess.run([s.bin("paild"), "-n", "-f", s.conf],
                       stderr=subprocess.PIPE)
    assert r.returncode != 0 and b"nobody can use SCRAM" in r.stderr, r.stderr

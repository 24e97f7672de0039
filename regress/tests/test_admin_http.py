"""The admin page as a browser and as an attacker see it: sessions, forms, and
thirty attacks that fail."""

import os
import re
import signal
import socket
import time
import urllib.parse

import proc
import suite
import web
from admin_web import Browser, Page

MARKUP = ("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
          "'><b>x</b>", "</title><script>x</script>",
          "a\u202eb</td></tr></table>")


def start(**over):
    return suite.Suite(users=("ann", "bob"), **over).with_http(
        admin_page="true", admins="[ann]")


def pid_of(s, kind):
    return [p for p, name in s.children() if name == kind][0]


def session_is(b, alive):
    page = b.get("/admin")
    assert page.status == (200 if alive else 303), page.body
    if not alive:
        assert page.head["Location"].startswith("/admin/login"), page.head


def test_a_session_from_login_to_logout():
    with start() as s:
        for tls in (True, False):
            b = Browser(s, tls)
            page = b.get("/admin/user?name=bob&x=y")
            assert page.status == 303 and page.head["Location"] == \
                "/admin/login?back=%2Fadmin%2Fuser%3Fname%3Dbob"
            # A wrong password: one sentence, and the name is kept.
            page = b.login(password="wrong", back="/admin/user?name=bob")
            assert page.status == 403 and "is wrong" in page.text
            assert page.forms[0][1]["user"] == "ann"
            assert page.forms[0][1]["password"] == ""
            page = b.post("/admin/login", dict(
                page.forms[0][1], password=suite.PASSWORD))
            assert page.head["Location"] == "/admin/user?name=bob"
            page = b.follow(page)
            assert page.status == 200 and "User bob" in page.text
            assert ">ann<" in page.body and "Pail 0.1 on " in page.text
            b.csrf = page.forms[0][1]["csrf"]
            # admind knows no sessions: its end ends none.
            os.kill(pid_of(s, "admind"), signal.SIGKILL)
            proc.await_true("admind is back", lambda: answers(b))
            session_is(b, True)
            # Post, redirect, get; and what was done.
            page = b.follow(b.act("/admin/user", "set", name="bob",
                                  quota="%dG" % (1 + tls)))
            assert 'role="status">' in page.body and \
                "%d.0 GiB" % (1 + tls) in page.text, page.text
            page = b.act("/admin/users", "add", name="bob", password="x" * 12,
                         again="x" * 12, quota="", alias="")
            assert page.status == 400 and "exists" in page.text, page.body
            cookie = dict(b.cookies)
            page = b.post("/admin/logout", {"csrf": b.csrf})
            assert b.name not in b.cookies
            assert "logged out" in b.follow(page).text
            b.cookies = cookie
            session_is(b, False)
        assert len(re.findall("admin user=ann remote=127.0.0.1 "
                              "command=\"user set --quota .G bob\" result=ok",
                              s.log_text())) == 2, s.log_tail()


def answers(b):
    try:
        return b.get("/admin/login").status == 200
    except (OSError, AssertionError):
        return False


# -- attacks: each gets a suite, a browser that is logged in, and a stranger --

def csrf_without_a_token(s, b, x):
    page = b.post("/admin/user", {"action": "del", "name": "bob"})
    assert page.status == 403


def csrf_with_the_token_of_another_session(s, b, x):
    other = Browser(s)
    other.enter()
    page = b.post("/admin/user", {"action": "del", "name": "bob",
                                  "csrf": other.csrf})
    assert page.status == 403


def csrf_by_get(s, b, x):
    page = b.get("/admin/user?action=del&name=bob&csrf=" + b.csrf)
    assert page.status == 200 and "action" not in page.head


def csrf_from_another_origin(s, b, x):
    for fields in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                   {"Origin": "http://" + b.host},
                   {"Origin": "https://" + b.host + ".evil.example"},
                   {"Sec-Fetch-Site": "cross-site"},
                   {"Sec-Fetch-Site": "same-site"}):
        page = b.ask("POST", "/admin/user", urllib.parse.urlencode(
            {"action": "del", "name": "bob", "csrf": b.csrf}).encode(),
            **fields)
        assert page.status == 403, fields


def csrf_of_the_login(s, b, x):
    page = x.post("/admin/login", {"csrf": "0" * 64, "user": "ann",
                                   "password": suite.PASSWORD})
    assert page.status == 403 and b.name not in x.cookies


def csrf_of_the_logout(s, b, x):
    assert b.post("/admin/logout", {}).status == 403
    assert b.get("/admin/logout").status == 405
    session_is(b, True)


def a_form_of_another_type(s, b, x):
    body = b"csrf=%s&action=del&name=bob" % b.csrf.encode()
    for kind in ("text/plain", "multipart/form-data; boundary=x",
                 "application/json", ""):
        page = b.ask("POST", "/admin/user", body, Content_Type=kind)
        assert page.status == 415, kind


def fixation(s, b, x):
    """The token that somebody gave to the browser before is not the one that
    the login makes."""
    victim = Browser(s)
    victim.cookies[victim.name] = "ab" * 32
    victim.enter()
    assert victim.cookies[victim.name] != "ab" * 32
    x.cookies[x.name] = "ab" * 32
    session_is(x, False)
    x.cookies.clear()


def two_cookies_of_our_name(s, b, x):
    page = x.get("/admin", Cookie="%s=%s; %s=%s" % (
        b.name, b.cookies[b.name], b.name, "ab" * 32))
    assert page.status == 400 and "cookies" in page.text
    x.cookies.clear()


def a_cookie_of_the_clear_in_tls(s, b, x):
    page = x.get("/admin", Cookie="pail=" + b.cookies[b.name])
    assert page.status == 303


def guessed_tokens(s, b, x):
    good = b.cookies[b.name]
    for bad in ("0" * 64, good[:-1], good + "0", good[:-1] + "g",
                good.upper(), "%00" + good, good + "\t0", "'" + good):
        page = x.get("/admin", Cookie="%s=%s" % (x.name, bad))
        assert page.status == 303 and "ready" not in page.text, bad
        x.cookies.clear()


def traversal(s, b, x):
    for path in ("/admin/../metrics", "/admin/..%2fmetrics", "/admin/%2e%2e/",
                 "/admin//users", "/admin/users/", "/admin/users%00",
                 "/admin/style.css/../../etc/passwd", "/admin/Users",
                 "/admin/;/users", "/admin\\users"):
        assert b.get(path).status == 404, path


def traversal_by_the_absolute_form(s, b, x):
    page = b.raw(b"GET https://evil.example/admin HTTP/1.1\r\nHost: %s\r\n"
                 b"Connection: close\r\n\r\n" % b.host.encode())
    assert page.status == 421


def a_name_that_was_made_to_point_here(s, b, x):
    assert b.get("/admin", Host="evil.example").status == 421


def a_redirect_to_elsewhere(s, b, x):
    for back in ("//evil.example", "https://evil.example/admin",
                 "/admin/../x", "/\\evil.example", "javascript:alert(1)",
                 "/admin\r\nX: y", "/admin/users\r\nSet-Cookie: a=b"):
        x.cookies.clear()
        page = x.login(back=back)
        assert page.head["Location"] == "/admin", page.head["Location"]


def header_injection(s, b, x):
    """In what is kept in a redirect."""
    name = "bob\r\nSet-Cookie: pail=x\r\n\r\n<script>"
    page = b.act("/admin/user", "lock", name=name)
    assert page.head["Set-Cookie"] is None and "<script>" not in page.body, \
        (page.status, page.body)
    page = x.get("/admin/user?name=" + urllib.parse.quote(name))
    assert page.head["Set-Cookie"] is None and page.head["Location"] == \
        "/admin/login?back=" + urllib.parse.quote(
            "/admin/user?name=" + urllib.parse.quote(name, safe=""), safe="")


def log_injection(s, b, x):
    bad = "ann\n2026-01-01 paild[1] info: admin user=evil result=ok \x1b[2J"
    assert x.login(user=bad).status == 403
    b.act("/admin/user", "lock", name=bad)
    text = s.log_text()
    assert "\x1b" not in text
    assert not re.search("^2026-01-01 paild", text, re.M)


def xss_by_addresses(s, b, x):
    for text in MARKUP:
        q = urllib.parse.quote(text, safe="")
        for path in ("/admin/user?name=", "/admin/users?q=", "/admin?done=",
                     "/admin/login?back=", "/admin/users?page="):
            page = b.get(path + q)      # Page has the checks
            assert page.status in (200, 303, 400), (path, page.status)


def xss_by_user_names(s, b, x):
    for i, text in enumerate(MARKUP):
        page = b.act("/admin/users", "add", name=text + str(i),
                     password="a-long-one", again="a-long-one", quota="",
                     alias="")
        assert page.status in (303, 400), page.body
    page = b.get("/admin/users")
    assert "alert(1)" in page.text, page.text
    for link in page.links:
        if link.startswith("/admin/user?"):
            assert b.get(link).status == 200, link


def xss_by_login_names(s, b, x):
    for text in MARKUP[:2]:
        page = x.login(user=text)
        assert page.status == 403
        assert page.forms[0][1]["user"] == text, page.forms
    assert b.get("/admin/throttle").status == 200


def commands_in_arguments(s, b, x):
    """No shell, and no option that is not in the form."""
    for name in ("; touch pwned `touch pwned` $(touch pwned)", "--help",
                 "-f/etc/passwd"):
        assert b.act("/admin/user", "lock", name=name).status == 400, name
    assert not os.path.exists(os.path.join(s.dir, "pwned"))


def large_bodies(s, b, x):
    page = b.post("/admin/users", {"csrf": b.csrf, "x": "y" * 65536})
    assert page.status == 413 and "too large" in page.text
    page = x.post("/admin/login", {"password": "y" * 4096})
    assert page.status == 413
    page = b.ask("POST", "/admin/users", Content_Length="9" * 30)
    assert page.status == 413
    # Who is still sending when that is said has no broken connection.
    c = web.connect(s, tls=True)
    c.sendall(b.head("POST", "/admin/users", {"Content-Length": "99999"}))
    assert web.answers(c)[0][0] == 413
    for _ in range(3):
        c.sendall(b"y" * 1000)
    c.close()


def many_fields(s, b, x):
    page = b.post("/admin/users", [("csrf", b.csrf)] + [("a", "b")] * 64)
    assert page.status == 400


def a_field_that_is_there_twice(s, b, x):
    page = b.post("/admin/user", [("csrf", b.csrf), ("action", "del"),
                                  ("name", "ann"), ("name", "bob")])
    assert page.status == 400


def broken_escapes(s, b, x):
    for form in (b"name=%", b"name=%4", b"name=%zz", b"name=%ff", b"name=%00",
                 b"name=\xff"):
        page = b.ask("POST", "/admin/user", b"csrf=%s&action=lock&" %
                     b.csrf.encode() + form)
        assert page.status == 400, form


def smuggling(s, b, x):
    """What two programs could read in two ways ends the connection: what
    comes behind is not a request."""
    inner = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for fields in ({"Transfer-Encoding": "chunked"},
                   {"Transfer-Encoding": "chunked", "Content-Length": None},
                   {"Content-Length": "0\r\nContent-Length: 5"},
                   {"Content-Length": "+5"}, {"Content-Length": "5, 5"},
                   {"Content-Length": "0x5"},
                   {"Content-Length ": "5"}, {"X": "y\nContent-Length: 5"},
                   {"Expect": "100-continue", "Content-Length": "5"}):
        fields = dict({"Content-Length": "5", "Connection": None}, **fields)
        c = web.connect(s, tls=True)
        c.sendall(b.head("POST", "/admin/users", fields) + b"0\r\n\r\n" +
                  inner)
        got = b""
        while data := c.recv(65536):
            got += data
        c.close()
        assert got.count(b"HTTP/1.1 ") == 1 and got[9:12] in (
            b"400", b"417", b"501"), (fields, got)


def a_body_that_holds_a_request(s, b, x):
    """It is a form, and the request behind it is the next one."""
    form = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    c = web.connect(s, tls=True)
    c.sendall(b.head("POST", "/admin/users", {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(form)), "Connection": None}) + form +
        b.head("GET", "/admin/none", {}))
    first, second = web.answers(c, 2)
    c.close()
    assert (first[0], second[0]) == (403, 404), (first, second)


def begin_slowly(s, b):
    """Connections whose forms never come; they are not waited for."""
    cs = [web.connect(s, tls=True) for _ in range(40)]
    for c in cs:
        c.sendall(b.head("POST", "/admin/login", {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": "4000", "Connection": None}) + b"csrf=")
    began = time.monotonic()
    session_is(b, True)
    assert time.monotonic() - began < 5
    return cs


def slow_clients(s, b, x):
    for c in s.slow:
        assert web.answers(c)[0][0] == 408
        c.close()


def clickjacking_and_caches(s, b, x):
    for path in ("/admin", "/admin/users", "/admin/login", "/admin/none"):
        page = b.get(path)      # Page has the checks of the headers
        assert page.body.startswith("<!DOCTYPE html>"), path
        assert page.head["Referrer-Policy"] == "same-origin"
        assert page.head["Access-Control-Allow-Origin"] is None


def the_unix_socket_is_another_door(s, b, x):
    page = Page(*web.get(s, "/admin/login", unix=True))
    assert page.status == 404


def methods_that_are_none(s, b, x):
    for method in ("PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "get"):
        assert b.ask(method, "/admin/users").status == 405, method


def the_password_of_who_is_no_administrator(s, b, x):
    for user, password in (("bob", suite.PASSWORD), ("nobody", "x"),
                           ("ann", suite.PASSWORD + "\0")):
        page = x.login(user=user, password=password)
        assert page.status in (400, 403) and x.name not in x.cookies, user


def brute_force(s, b, x):
    """As with IMAP, each failure makes the next one later; and who is logged
    in does not notice."""
    began = time.monotonic()
    for i in range(4):
        assert x.login(password="guess-%d" % i).status == 403
    assert time.monotonic() - began > 3
    session_is(b, True)
    found = re.findall("login=.* user=ann .* service=admin result=no",
                       s.log_text())
    assert len(found) >= 4, s.log_tail()


ATTACKS = (
    csrf_without_a_token, csrf_with_the_token_of_another_session, csrf_by_get,
    csrf_from_another_origin, csrf_of_the_login, csrf_of_the_logout,
    a_form_of_another_type, fixation, two_cookies_of_our_name,
    a_cookie_of_the_clear_in_tls, guessed_tokens, traversal,
    traversal_by_the_absolute_form, a_name_that_was_made_to_point_here,
    a_redirect_to_elsewhere, header_injection, log_injection,
    xss_by_addresses, xss_by_user_names, xss_by_login_names,
    commands_in_arguments, large_bodies, many_fields,
    a_field_that_is_there_twice, broken_escapes, smuggling,
    a_body_that_holds_a_request, clickjacking_and_caches,
    the_unix_socket_is_another_door, methods_that_are_none,
    the_password_of_who_is_no_administrator, brute_force, slow_clients)


def test_thirty_attacks_fail():
    assert len(ATTACKS) >= 30
    with start(login_limits="{failure-delay: 1s}") as s:
        with open(os.path.join(s.dir, "users"), "rb") as f:
            bob = [l for l in f if l.startswith(b"bob:")]
        b = Browser(s)
        b.enter()
        before = pid_of(s, "admind")
        s.slow = begin_slowly(s, b)
        for attack in ATTACKS:
            began = time.monotonic()
            try:
                attack(s, b, Browser(s))
            except Exception as e:
                raise AssertionError("%s: %r\n%s" % (
                    attack.__name__, e, s.log_tail())) from e
            if b.get("/admin/users").status == 303:
                b.enter()       # an administrator has only so many sessions
            print("%-45s %.1f s" % (attack.__name__,
                                    time.monotonic() - began))
        session_is(b, True)
        assert pid_of(s, "admind") == before
        with open(os.path.join(s.dir, "users"), "rb") as f:
            assert [l for l in f if l.startswith(b"bob:")] == bob

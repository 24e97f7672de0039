"""The admin page in Chromium: each action by clicking, without JavaScript, and
by the keyboard alone; at the width of a desk and of a phone; and what axe-core
says of each page (issue 15, Shows 2)."""

import json
import os
import re
import subprocess

import browser
import imapc
import mark
import proc
import suite

PAGES = ("", "/users", "/user?name=bob", "/user?name=bob&ask=del",
         "/sessions", "/queues", "/store", "/throttle")
AXE = os.path.join(proc.TOP, "build/tools/axe/package/axe.min.js")
DROPPED = b"Subject: dropped\r\nX-Number: 1\r\n\r\nhello\r\n"


class Site:
    """A node with something on each page: a mail that nobody took, sessions,
    failed logins.  ann administers."""

    def __init__(self):
        server, bucket = suite.store("minio")
        self.inbox = server.new_bucket()
        status, _, body = server.request(
            "PUT", "/%s/in/dropped" % self.inbox, body=DROPPED,
            headers={"x-amz-meta-recipients": "carl"})
        assert status == 200, body
        self.s = suite.Suite(
            (server, bucket), users=("ann", "bob"), ingest="[{bucket: %s, "
            "prefix: in, poll: 1s}]" % self.inbox)
        self.s.with_http(**{"admin-page": "true", "admins": "[ann]",
                            "app-passwords": "file",
                            "app-passwords-file": "apps"})
        self.s.start()
        self.url = "http://127.0.0.1:%d/admin" % self.s.http_port
        proc.await_true("the mail is nobody's", lambda: b"carl" in
                        self.s.ctl("ingest", "list").stdout)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.s.__exit__(*exc)

    def guess(self, user):
        c = imapc.Imap(self.s.imap_port)
        assert c.cmd("LOGIN %s wrong" % user).status == "NO"
        c.close()


def named(kind, text, nth=1):
    """XPath of what people know by that text."""
    if kind == "button":
        return ("(//button[normalize-space(.)='%s' or @aria-label='%s'])[%d]"
                % (text, text, nth))
    if kind == "link":
        return "(//a[normalize-space(.)='%s'])[%d]" % (text, nth)
    return "//*[@id=(//label[normalize-space(.)='%s']/@for)]" % text


class Mouse:
    def __init__(self, b):
        self.b = b

    def press(self, kind, text, nth=1):
        """It leads to another page, whatever it is."""
        was = self.b.find("html")
        self.use(named(kind, text, nth))
        proc.await_true("another page", lambda: self.b.find("html") != was)

    def use(self, what):
        self.b.click(what)

    def fill(self, **fields):
        for label, text in fields.items():
            self.b.type(named("field", label.replace("_", " ")), text)


class Keyboard(Mouse):
    """Nothing but Tab, Enter and letters."""

    def use(self, what):
        self.b.tab_to(what)
        self.b.keys(browser.ENTER)

    def fill(self, **fields):
        for label, text in fields.items():
            self.b.tab_to(named("field", label.replace("_", " ")))
            self.b.keys(text)


def says(b, text):
    try:
        proc.await_true(text, lambda: text in b.text(), 20)
    except AssertionError:
        raise AssertionError("the page does not say %r, but:\n%s" % (
            text, b.text()))


def ended(c):
    """The session of c ends, with BYE."""
    c.sock.settimeout(20)
    try:
        while True:
            line = c.line()
            assert line.startswith(b"* BYE"), line
    except imapc.Closed:
        pass


def login(hand, site, password=suite.PASSWORD):
    hand.b.go(site.url)
    hand.fill(User_name="ann", Password=password)
    hand.press("button", "Log in")


def users(hand, site):
    b = hand.b
    hand.press("link", "Users")
    says(b, "2 users")
    hand.fill(Name="carl", Password="first-password",
              Password_again="first-passwort", Alias="charles")
    hand.press("button", "Add user")
    says(b, "The two passwords are not the same.")
    hand.fill(Password="first-password", Password_again="first-password")
    hand.press("button", "Add user")
    says(b, "3 users")
    site.s.client("carl", "first-password").logout()
    hand.fill(Name_or_alias="charles")
    hand.press("button", "Search")
    says(b, "1 user")
    hand.press("link", "carl")
    says(b, "User carl")


def one_user(hand, site):
    """Of carl's page, which is open."""
    b, s = hand.b, site.s
    hand.fill(New_password="another-password",
              New_password_again="another-password")
    hand.press("button", "Change the password")
    says(b, "The password has been changed")
    s.client("carl", "another-password").logout()
    hand.fill(New_quota="10M")
    hand.press("button", "Set the quota")
    says(b, "10.0 MiB")
    hand.fill(New_alias="carlo")
    hand.press("button", "Add the alias")
    says(b, "carlo")
    s.client("carlo", "another-password").logout()
    hand.press("button", "Remove the alias carlo")
    proc.await_true("the alias is gone", lambda: "carlo" not in b.text())
    hand.fill(Program="phone")
    hand.press("button", "Create")
    says(b, "it is not shown again")
    secret = b.text("code.secret")
    c = s.client("carl", secret)
    hand.press("link", "Back to the user")
    hand.press("button", "Revoke the app password phone")
    says(b, "This user has no app passwords.")
    ended(c)
    hand.press("button", "Lock the user")
    says(b, "locked")
    c = imapc.Imap(s.imap_port)
    assert c.cmd("LOGIN carl another-password").status == "NO"
    c.close()
    hand.press("button", "Unlock the user")
    says(b, "active")
    s.client("carl", "another-password").logout()


def others(hand, site):
    """The sessions, the mail that nobody took, the probe, failed logins."""
    b, s = hand.b, site.s
    c = s.client("bob")
    hand.press("link", "Sessions")
    hand.fill(Sessions_of_user="bob")
    hand.press("button", "Show")
    hand.press("button", "End the session of bob")
    says(b, "The session is being ended.")
    ended(c)
    hand.press("link", "Ingestion")
    says(b, "carl")
    hand.press("button", "Retry all that have failed")
    says(b, "Delivered.")
    assert len(numbers(s.client("carl", "another-password"))) == 1
    hand.press("link", "Store")
    hand.press("button", "Check the store")
    says(b, "The store can be used.")
    site.guess("bob")
    hand.press("link", "Failed logins")
    says(b, "bob")
    hand.press("button", "Forget the failures of bob")
    says(b, "The failures have been forgotten.")


def numbers(c):
    c.ok("SELECT INBOX")
    return re.findall(rb"X-Number: (\d+)", b"".join(c.ok(
        "UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (X-Number)])").lines))


def delete_and_leave(hand, site):
    b = hand.b
    hand.press("link", "Users")
    hand.press("link", "carl")
    hand.press("link", "Delete the user…")
    says(b, "The mail remains in the bucket.")
    hand.press("button", "Delete the user")
    says(b, "2 users")
    hand.press("button", "Log out")
    says(b, "You are logged out.")
    b.go(site.url + "/users")
    assert b.url().startswith(site.url + "/login"), b.url()


def each_action(hand, site):
    login(hand, site, "wrong")
    says(hand.b, "The user name or the password is wrong")
    hand.fill(Password=suite.PASSWORD)
    hand.press("button", "Log in")
    says(hand.b, "Overview")
    users(hand, site)
    one_user(hand, site)
    others(hand, site)
    delete_and_leave(hand, site)


def test_each_action_is_done_by_clicking_without_javascript():
    with Site() as site, browser.Browser(scripts=False) as b:
        each_action(Mouse(b), site)


@mark.normal_only("another test has asked Pail the same on ASan")
def test_each_action_is_done_by_the_keyboard_alone_on_a_phone():
    with Site() as site, browser.Browser(width=390, height=844) as b:
        each_action(Keyboard(b), site)
        quiet(b, site)


def quiet(b, site):
    """Nothing came from elsewhere, and the browser has nothing to complain
    of (a form that failed has a status of its own)."""
    asked = set()
    for line in b.log("performance"):
        event = json.loads(line["message"])["message"]
        if event["method"] == "Network.requestWillBeSent" and \
                event["params"]["documentURL"].startswith(site.url):
            asked.add(event["params"]["request"]["url"])
    assert site.url + "/style.css" in asked, asked
    assert all(u.startswith(site.url) or u.endswith("/favicon.ico")
               for u in asked), asked
    for line in b.log():
        assert line["source"] == "recommendation" or re.search(
            r"status of (400|403|404)|favicon", line["message"]), line


def found(b, script):
    """What axe-core finds that is serious."""
    b.run(script)
    got = b.run_async(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', "
        "'wcag22aa', 'best-practice']}).then(arguments[0])")
    assert len(got["passes"]) > 10, got
    return [(v["id"], v["impact"], [n["html"] for n in v["nodes"]][:3])
            for v in got["violations"]
            if v["impact"] in ("serious", "critical")]


@mark.normal_only("another test has asked Pail the same on ASan")
def test_axe_core_finds_nothing_and_no_page_is_wider_than_its_window():
    shots = os.environ.get("SHOTS")     # a directory: to look at them
    with open(AXE) as f:
        script = f.read()
    with Site() as site, browser.Browser() as b:
        site.guess("bob")
        site.s.client("bob")
        b.cdp("Page.setBypassCSP", enabled=True)     # for axe itself
        for page in ("/login", "/none") + PAGES:
            if page == "":
                login(Mouse(b), site)
            for width, scheme in ((1280, "light"), (390, "dark"),
                                  (390, "light"), (320, "light")):
                b.size(width, 844)
                b.scheme(scheme)
                b.go(site.url + page)
                assert b.title().endswith(" on " + os.uname().nodename)
                wide = b.run("return document.documentElement.scrollWidth")
                assert wide <= width, (page, width, wide)
                if width != 320:
                    bad = found(b, script)
                    assert not bad, (page, width, scheme, bad)
                if shots and scheme == "light" and width != 320:
                    b.shot(os.path.join(shots, "%s-%d.png" % (re.sub(
                        r"\W+", "-", page or "overview").strip("-"), width)))


def test_over_tls_the_cookie_is_secure_and_the_page_is_the_same():
    with Site() as site, browser.Browser(scripts=False) as b:
        site.url = "https://localhost:%d/admin" % site.s.https_port
        login(Mouse(b), site)
        says(b, "Overview")
        (c,) = [c for c in b.cookies() if len(c["value"]) == 64]
        assert c["name"] == "__Host-pail" and c["secure"] and \
            c["httpOnly"] and c["sameSite"] == "Strict", c
        cert = subprocess.run(
            ["openssl", "x509", "-in", site.s.cert, "-noout", "-enddate"],
            stdout=subprocess.PIPE, check=True).stdout.decode()
        Mouse(b).press("link", "Store")
        says(b, "localhost")
        assert cert.split()[-2] in b.text(), (cert, b.text())

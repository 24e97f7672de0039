"""A browser for the admin page, without a window: cookies, forms, redirects;
and what must hold of every page that it gets. s is a suite with_http()."""

import html.parser
import re
import urllib.parse

import suite
import web

FORM = "application/x-www-form-urlencoded"
# Elements without an end.
VOID = {"meta", "link", "input", "br", "hr", "img", "circle", "line", "path",
        "polyline", "rect"}
POLICY = ("default-src 'none'; style-src 'self'; form-action 'self'; "
          "base-uri 'none'; frame-ancestors 'none'")


class Page(html.parser.HTMLParser):
    """What a browser sees; that it is well-formed, and has nothing to run."""

    def __init__(self, status, head, body):
        super().__init__()
        self.status, self.head, self.body = status, head, body
        self.open, self.forms, self.ids, self.text = [], [], set(), ""
        self.links = []
        if body.startswith("<!DOCTYPE html>"):
            self.feed(body)
            self.close()
            assert not self.open, self.open
            assert head["Content-Security-Policy"] == POLICY, head
            assert head["X-Frame-Options"] == "DENY"
            assert head["Cache-Control"] == "no-store"
            assert head["X-Content-Type-Options"] == "nosniff"

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        assert len(a) == len(attrs), (tag, attrs)
        assert tag not in ("script", "iframe", "object", "embed", "base",
                           "style", "b", "img"), self.body
        assert not [n for n in a if n.startswith("on") or n == "style"], a
        for name in ("href", "action", "src"):
            assert a.get(name, "/").startswith(("/", "#")) and \
                not a.get(name, "/").startswith("//"), a
        if "id" in a:
            assert a["id"] not in self.ids, a["id"]
            self.ids.add(a["id"])
        if tag == "form":
            self.forms.append((a.get("action"), {}))
        elif tag == "input" and self.forms and "name" in a:
            self.forms[-1][1][a["name"]] = a.get("value", "")
        elif tag == "a":
            self.links.append(a["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, (tag, self.open)
            self.open.pop()

    def handle_data(self, data):
        self.text += data

    def form(self, action):
        """The hidden fields of the form with this action= (a word)."""
        for _, fields in self.forms:
            if fields.get("action") == action:
                return dict(fields)
        raise AssertionError("no form %s: %s" % (action, self.forms))


class Browser:
    def __init__(self, s, tls=True):
        self.s, self.tls, self.cookies = s, tls, {}
        self.name = "__Host-pail" if tls else "pail"
        self.host = "localhost:%d" % (s.https_port if tls else s.http_port)
        self.csrf = None

    def raw(self, octets):
        return Page(*web.ask(self.s, octets, tls=self.tls))

    def head(self, method, path, fields):
        lines = {"Host": self.host, "Connection": "close"}
        if self.cookies:
            lines["Cookie"] = "; ".join("%s=%s" % kv for kv in
                                        self.cookies.items())
        lines.update(fields)
        return ("%s %s HTTP/1.1\r\n" % (method, path) + "".join(
            "%s: %s\r\n" % kv for kv in lines.items() if kv[1] is not None) +
            "\r\n").encode()

    def ask(self, method, path, body=b"", **fields):
        """One answer; its cookies are kept, as a browser does."""
        fields = {k.replace("_", "-"): v for k, v in fields.items()}
        if method == "POST":
            fields.setdefault("Content-Type", FORM)
            fields.setdefault("Content-Length", str(len(body)))
        page = self.raw(self.head(method, path, fields) + body)
        for line in page.head.get_all("Set-Cookie") or ():
            m = re.fullmatch(r"([\w-]+)=(\w*); Path=/; (Secure; )?HttpOnly; "
                             r"SameSite=Strict(; Max-Age=0)?", line)
            assert m and bool(m[3]) == self.tls, line
            if m[4]:
                self.cookies.pop(m[1], None)
            else:
                self.cookies[m[1]] = m[2]
        return page

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def post(self, path, values, **fields):
        return self.ask("POST", path, urllib.parse.urlencode(
            values).encode(), **fields)

    def follow(self, page):
        assert page.status == 303, (page.status, page.body)
        return self.get(page.head["Location"])

    def login(self, user="ann", password=suite.PASSWORD, back=""):
        """The answer to the form."""
        page = self.get("/admin/login" + (
            "?back=" + urllib.parse.quote(back, safe="") if back else ""))
        fields = page.forms[0][1]
        fields.update(user=user, password=password)
        return self.post("/admin/login", fields)

    def enter(self, **how):
        page = self.follow(self.login(**how))
        assert page.status == 200, page.body
        self.csrf = page.forms[0][1]["csrf"]
        return page

    def act(self, path, action, **fields):
        """A form of ours, without its page."""
        return self.post(path, dict(fields, csrf=self.csrf, action=action))

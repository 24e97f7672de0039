"""Chromium by the WebDriver protocol (W3C, HTTP and JSON): pages are clicked
and typed at as people do, by mouse or by the keyboard alone."""

import base64
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import proc

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"     # WebDriver, section 11
TAB, ENTER = "\ue004", "\ue006"
NO_SCRIPTS = {"profile.managed_default_content_settings.javascript": 2}


class Refused(Exception):
    """An error of WebDriver, by its code: "no such element" ..."""


class Browser:
    """width: of the window; scripts False: as if the page had none.  scheme:
    what prefers-color-scheme says."""

    def __init__(self, width=1280, height=900, scripts=True, scheme="light"):
        self.port = proc.free_port()
        self.dir = proc.tempdir("browser")
        self.driver = proc.spawn(
            [shutil.which("chromedriver"), "--port=%d" % self.port,
             "--log-path=" + os.path.join(self.dir, "log")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        args = ["--headless=new", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--hide-scrollbars",
                "--force-prefers-reduced-motion",
                "--window-size=%d,%d" % (width, height),
                "--user-data-dir=" + os.path.join(self.dir, "profile")]
        if scheme == "dark":
            args.append("--force-dark-mode")
        options = {"args": args, "binary": shutil.which("chromium"),
                   "prefs": {} if scripts else NO_SCRIPTS}
        proc.await_true("chromedriver", self._up)
        got = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": True,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": options}}})
        self.base = "/session/" + got["sessionId"]
        self.size(width, height)
        # A click does not always wait for the page that it leads to.
        self.call("POST", "/timeouts", implicit=10000)

    def _up(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _call(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        req = urllib.request.Request(
            "http://127.0.0.1:%d%s" % (self.port, path), data,
            {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(req, timeout=60) as r:
                return json.load(r)["value"]
        except urllib.error.HTTPError as e:
            v = json.load(e)["value"]
            raise Refused("%s: %s" % (v["error"], v["message"][:300]))

    def call(self, method, path, **body):
        return self._call(method, self.base + path, body)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            self.call("DELETE", "")
        finally:
            proc.end(self.driver)

    # -- what is shown --

    def size(self, width, height):
        """Of the page, not of the window around it; phones are narrower than
        a window may be."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}])

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", cmd=command,
                         params=params)

    def go(self, url):
        self.call("POST", "/url", url=url)

    def url(self):
        return self._call("GET", self.base + "/url")

    def title(self):
        return self._call("GET", self.base + "/title")

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", script=script,
                         args=list(args))

    def run_async(self, script, *args):
        return self.call("POST", "/execute/async", script=script,
                         args=list(args))

    def text(self, css="main"):
        """"": a page is just taking the place of another."""
        try:
            return self._call("GET", "%s/element/%s/text" % (
                self.base, self.find(css)))
        except Refused as e:
            if not str(e).startswith(("stale element", "no such element")):
                raise
            return ""

    def shot(self, path):
        """The whole page as a PNG."""
        got = self.cdp("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as f:
            f.write(base64.b64decode(got["data"]))

    def log(self, kind="browser"):
        """What has come since the last time."""
        return self.call("POST", "/se/log", type=kind)

    def cookies(self):
        return self._call("GET", self.base + "/cookie")

    # -- elements: by CSS, or by XPath if it begins with / or ( --

    def find(self, what):
        how = "xpath" if what.startswith(("/", "(")) else "css selector"
        return self.call("POST", "/element", using=how, value=what)[ELEMENT]

    def click(self, what):
        """As with a mouse: what is covered or out of sight cannot be."""
        self.call("POST", "/element/%s/click" % self.find(what))

    def type(self, what, text):
        e = self.find(what)
        self.call("POST", "/element/%s/clear" % e)
        self.call("POST", "/element/%s/value" % e, text=text)

    # -- the keyboard alone --

    def keys(self, *names):
        """Each is pressed and let go of."""
        self.call("POST", "/actions", actions=[{
            "type": "key", "id": "keyboard", "actions": [
                {"type": way, "value": key} for text in names for key in text
                for way in ("keyDown", "keyUp")]}])

    def focused(self):
        return self._call("GET", self.base + "/element/active")[ELEMENT]

    def tab_to(self, what, most=150):
        """Tab is pressed until it is the focus, which must be seen then."""
        want = self.find(what)
        for _ in range(most):
            if self.focused() == want:
                return
            self.keys(TAB)
        raise AssertionError("the keyboard does not reach " + what)

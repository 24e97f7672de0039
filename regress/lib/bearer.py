"""Logins with bearer tokens, by the clients that know them."""

import base64
import concurrent.futures
import imaplib
import json
import subprocess

import proc

MECHANISMS = ("OAUTHBEARER", "XOAUTH2")


class Bearer:
    """A client's side, for imaplib.authenticate(). error: what the server
    says of a token that it refuses."""

    def __init__(self, mechanism, token, user=None):
        auth = "auth=Bearer %s" % token
        if mechanism == "XOAUTH2":
            text = "user=%s\1%s\1\1" % (user, auth)
        else:
            text = "n,%s,\1host=localhost\1port=143\1%s\1\1" % (
                "a=" + user if user else "", auth)
        self.text = text.encode()
        self.error = None

    def __call__(self, said):
        if not said:
            return self.text
        self.error = json.loads(said)
        return b"\1"


def attempt(s, token, user=None, mechanism="OAUTHBEARER"):
    """None if that is a login, else (the NO's text, the error in JSON)."""
    b = Bearer(mechanism, token, user)
    m = imaplib.IMAP4("127.0.0.1", s.imap_port)
    try:
        m.authenticate(mechanism, b)
        assert m.select()[0] == "OK"
        return None
    except imaplib.IMAP4.error as e:
        return str(e), b.error
    finally:
        m.shutdown()


def works(s, token, user=None):
    return attempt(s, token, user) is None


def await_works(s, token, user=None):
    return proc.await_true("the token is taken",
                           lambda: works(s, token, user), 60, 0.3)


def code(s, token, user=None):
    """The response code of the NO, "" if it was none."""
    no = attempt(s, token, user)
    return no[0].split("[", 1)[-1].split("]")[0] if no else ""


def capabilities(s):
    m = imaplib.IMAP4("127.0.0.1", s.imap_port)
    try:
        return m.capabilities
    finally:
        m.shutdown()


def curl(s, token, user):
    """curl's exit status, and what it wrote. It takes OAUTHBEARER if it can
    (Debian 12's whatever it is told)."""
    r = subprocess.run(
        ["curl", "-sv", "--noproxy", "*", "--oauth2-bearer", token, "--user",
         user + ":", "imap://127.0.0.1:%d/" % s.imap_port],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60)
    return r.returncode, r.stdout.decode()


def attempts(s, tokens):
    """The same for many tokens at once: each waits for its answer."""
    with concurrent.futures.ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(lambda t: attempt(s, t), tokens))


def claims(token):
    """Of a JWT, as anybody may read them."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

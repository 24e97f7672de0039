"""Credentials that an STS gives: for a token of an identity provider, and for
roles that are assumed one after the other; and what is told if it refuses."""

import os
import re
import ssl

import proc
import suite
from credentials import (Service, appends, assume_role, environment, told,
                         with_source, write)
from moto import ROLES, Moto
from store_rows import OtherMinio, source
from sts import Oidc, OidcMinio, Sts

ONE = "arn:aws:iam::123456789012:role/one"
TWO = "arn:aws:iam::210987654321:role/mail/two"


def expires_in(text):
    return int(re.search(r"expires .*\(in (\d+)s\)", text).group(1))


@source("web-identity", "web-identity-token-file", "role-arn", "sts-endpoint")
def test_a_token_of_an_identity_provider_is_used_and_read_anew():
    """MinIO's own STS, whose keys end with the token."""
    path = os.path.join(proc.tempdir("token"), "token")
    with Oidc() as oidc:
        server = OidcMinio(oidc)
        tokens = [oidc.token(600), oidc.token(900)]
        write(path, tokens[0] + "\n")
        store = server, server.new_bucket()
        with with_source(
                store, "source: web-identity, web-identity-token-file: '%s', "
                "role-arn: '%s', sts-endpoint: '%s'" % (
                    path, server.role_arn, server.endpoint)) as s:
            appends(s)
            write(path, tokens[1] + "\n")
            s.ctl("reload")
            proc.await_true("keys that end with the second token",
                            lambda: s.log_text().count(
                                "credentials=new source=web-identity") >= 2,
                            60)
            appends(s)
            text, log = told(s), s.log_text()
            assert "web-identity" in text, text
            assert 600 < expires_in(text) <= 900, text
            assert "result=no" not in log and "expired" not in log, log
            # A third one, which is nobody's: the old keys stay.
            third = oidc.token(900)[:-40] + "A" * 40
            write(path, third + "\n")
            s.ctl("reload")
            proc.await_true("the reason", lambda: "credentials=kept "
                            "result=no" in s.log_text(), 60)
            appends(s)
            text, log = told(s), s.log_text()
            assert "(status 400)" in text, text
            assert "InvalidParameterValue" in text, text
            for token in tokens + [third]:
                assert token[-60:] not in log + text
                assert token.split(".")[1] not in log + text
        server.stop()


@source("env", "assume-role")
def test_the_role_of_minios_own_sts_is_used():
    """By the keys of a user; the token file's variables are not needed."""
    server, bucket = store = suite.store("counted")
    more = {"AWS_ACCESS_KEY_ID": server.access,
            "AWS_SECRET_ACCESS_KEY": server.secret}
    with environment(**more), with_source(
            store, "source: env, sts-endpoint: '%s', assume-role: "
            "[{role-arn: '%s', duration: 15m}]" % (
                server.endpoint, ONE)) as s:
        appends(s)
        text = told(s)
    key = text.split("access key")[1].split()[0]
    assert key != server.access, text
    assert 500 < expires_in(text) <= 900, text


@source("static", "assume-role", "session-name", "external-id", "duration",
        "policy")
def test_a_chain_of_roles_is_renewed_and_its_failing_step_told():
    store = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(store[0]))
        return made[-1]

    roles = {ONE: {"by": "AKIAUSER"},
             TWO: {"by": ONE, "external_id": "4711:x", "keys": make,
                   "life": 8}}
    with Sts(store[0].region, {"AKIAUSER": "user/secret+key"}, roles) as sts:
        with with_source(
                store, "source: static, access-key: AKIAUSER, secret-key: "
                "'user/secret+key', sts-endpoint: '%s', assume-role: ["
                "{role-arn: '%s', session-name: node=1}, {role-arn: '%s', "
                "external-id: '4711:x', duration: 1h, policy: "
                "'{\"Version\": \"2012-10-17\"}'}]" % (
                    sts.url, ONE, TWO)) as s:
            appends(s)
            text = told(s)
            assert "identity       arn:aws:sts::210987654321:assumed-role/" \
                "mail/two/pail" in text, text
            assert "next renewal" in text and made[-1][0] in text, text
            first, second = [q for _, q in sts.given[:2]]
            assert first["RoleSessionName"] == "node=1", first
            assert "DurationSeconds" not in first, first
            assert second["ExternalId"] == "4711:x", second
            assert second["DurationSeconds"] == "3600", second
            assert second["Policy"] == '{"Version": "2012-10-17"}', second
            proc.await_true("two renewals", lambda: len(made) >= 3, 60)
            appends(s)
            log = s.log_text()
            assert "expired" not in log and "result=no" not in log, log
            # Each step is asked anew for each set.
            arns = [arn for arn, _ in sts.given]
            assert arns[:4] == [ONE, TWO, ONE, TWO], arns
            for arn, step in ((TWO, "2 of 2, " + TWO), (ONE, "1 of 2, " +
                                                        ONE)):
                sts.deny = {arn: (403, "AccessDenied",
                                  "the trust policy says no")}
                proc.await_true("the step that failed", lambda: "static: "
                                "assume-role %s: %s: AccessDenied (status "
                                "403): the trust policy says no" % (
                                    step, sts.url) in told(s), 60)
            sts.deny = {}
            n = len(made)
            proc.await_true("another set", lambda: len(made) > n, 60)
            appends(s)
            log = s.log_text() + told(s)
        for secret in [k for keys in made for k in keys[1:]] + \
                ["user/secret+key"]:
            assert secret not in log


class KeyedMinio(OtherMinio):
    """With another's keys as its own."""

    def __init__(self, other):
        self.keys = other.access, other.secret
        super().__init__()

    def start(self):
        self.access, self.secret = self.keys
        super().start()


@source("static", "sts-endpoint")
def test_an_sts_tells_whose_the_keys_are_and_nobody_waits_for_it():
    """moto's, which knows the user whose keys are MinIO's, too."""
    with Moto("one", "two") as sts:
        server = KeyedMinio(sts)
        with with_source(
                (server, server.new_bucket()), "access-key: %s, secret-key: "
                "'%s', sts-endpoint: '%s'" % (sts.access, sts.secret,
                                              sts.url)) as s:
            proc.await_true("the identity", lambda: re.search(
                "^identity +%s$" % sts.user, told(s), re.M), 60)
            assert told(s) in s.ctl("status").stdout.decode()
            appends(s)
            assert 'access-key="%s" identity="%s"' % (
                sts.access, sts.user) in s.log_text(), s.log_text()
            # Whether the check runs in the node or by itself.
            line = "ok    credentials: access key %s, source static, " \
                "identity %s, expires never" % (sts.access, sts.user)
            text = s.ctl("store", "check").stdout.decode()
            assert line in text and "probe=good" in text, text
            s.stop()
            text = s.ctl("store", "check").stdout.decode()
            assert line in text and "probe=good" in text, text
            sts.stop()
            s.start()
            appends(s)
            text = told(s)
            assert "identity" not in text and "reason" not in text, text
            text = s.ctl("store", "check").stdout.decode()
            assert line.replace("identity %s, " % sts.user, "") in text, text
        server.stop()


@source("static", "assume-role")
def test_a_chain_of_roles_of_motos_iam_is_assumed():
    server, bucket = suite.store("counted")
    with Moto("one", "two") as sts:
        s = with_source((server, bucket), "access-key: %s, secret-key: '%s', "
                        "sts-endpoint: '%s', assume-role: [{role-arn: "
                        "'%sone'}, {role-arn: '%stwo', session-name: node-7, "
                        "duration: 1h}]" % (sts.access, sts.secret, sts.url,
                                            ROLES, ROLES))
        text = s.ctl("store", "check", check=False).stdout.decode()
    assert re.search(
        r"^ok    credentials: access key ASIA\w+, source static, identity "
        r"arn:aws:sts::123456789012:assumed-role/two/node-7, expires "
        r"20[-\d:TZ]+, with a session token$", text, re.M), text


class Tls(Service):
    """A service whose certificate nobody has signed."""

    def __init__(self, cert, key):
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.http.socket = context.wrap_socket(
            self.http.socket, server_side=True,
            do_handshake_on_connect=False)
        self.http.handle_error = lambda *_: None    # it is hung up on

    @property
    def url(self):
        return "https://127.0.0.1:%d" % self.http.server_port

    def answer(self, method, path, headers, body):
        return 500, {}, b""


def test_an_sts_must_have_a_valid_certificate_whatever_the_store_may():
    s = suite.Suite(suite.store("counted"))
    with Tls(s.cert, os.path.join(s.dir, "key.pem")) as sts:
        s.over["store"] = (
            "{type: s3, bucket: mail, region: us-east-1, endpoint: '%s', "
            "allow-invalid-certs: true, timeout: 1s, credentials: {source: "
            "static, access-key: k, secret-key: s, sts-endpoint: '%s', "
            "assume-role: [{role-arn: '%s'}]}}" % (sts.url, sts.url, ONE))
        s.write_conf()
        s.start(wait=False)
        proc.await_true("the reason", lambda: "assume-role 1 of 1, %s: %s: "
                        "cannot connect: " % (ONE, sts.url) in s.log_text(),
                        60)
        log = s.log_text()
        assert "certificate" in log.split("cannot connect: ")[1], log
        assert [m for m, _, _ in sts.seen if m == "POST"] == [], sts.seen
        s.kill_all()

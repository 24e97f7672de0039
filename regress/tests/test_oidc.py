"""Logins with bearer tokens of an identity provider: OAUTHBEARER and XOAUTH2,
what is announced, what is refused, and a provider that is away."""

import json
import os
import re

import bearer
import proc
import sts
import suite
from mark import normal_only


def with_provider(p, more="", first="", users=(), **over):
    return suite.Suite(
        auth="[%s{type: oidc, issuer: '%s', audience: %s, claim: sub%s}]" % (
            first, p.url, p.CLIENT, more), users=users, **over)


def test_clients_log_in_with_tokens_of_a_provider():
    """imaplib and curl, with both mechanisms; beside it passwords go on."""
    with sts.Oidc() as p, \
            with_provider(p, first="{type: file, path: users}, ",
                          users=("ann",)) as s:
        caps = bearer.capabilities(s)
        assert {"AUTH=PLAIN", "AUTH=OAUTHBEARER", "AUTH=XOAUTH2"} <= set(
            caps) and "LOGINDISABLED" not in caps, caps
        s.client().logout()
        bob = p.token(600, "bob")
        for m in bearer.MECHANISMS:
            for user in ("bob", "Bob"):
                assert bearer.attempt(s, bob, user, m) is None
            s.over["sasl_mechanisms"] = "[PLAIN, %s]" % m
            s.write_conf()
            s.ctl("reload")
            status, said = bearer.curl(s, bob, "bob")
            assert status == 0 and "AUTHENTICATE " + m in said, said
            status, said = bearer.curl(s, bob + "x", "bob")
            assert status == 67, said           # CURLE_LOGIN_DENIED
            del s.over["sasl_mechanisms"]
            s.write_conf()
            s.ctl("reload")
        assert bearer.attempt(s, bob) is None   # it says itself who it is
        # the mailbox is the user's, whichever way he came
        lines = [x for x in s.log_text().splitlines() if "mech=" in x]
        users = {re.search(r"user=(\S+)", x).group(1) for x in lines
                 if "result=ok" in x and "PLAIN" not in x}
        assert users == {"bob"}, lines
        assert bob not in s.log_text()


def test_a_token_that_is_refused_is_explained_in_json():
    with sts.Oidc() as p, sts.Oidc() as other, \
            with_provider(p, ", claims: [azp=pail]") as s:
        # nobody has a password here
        caps = bearer.capabilities(s)
        assert "LOGINDISABLED" in caps and "AUTH=OAUTHBEARER" in caps and \
            not {"AUTH=PLAIN", "AUTH=LOGIN"} & set(caps), caps
        good = p.token(600, "ann")
        for _ in range(3):
            assert bearer.works(s, good)
        asked = [x[1] for x in p.seen]          # by one or both workers
        assert asked.count("/keys") <= 2 and len(asked) <= 4, asked
        head, body, signature = good.split(".")
        none = sts.b64url(json.dumps({"alg": "none"}).encode())
        bad = {
            "another issuer's": other.token(600, "ann"),
            "has expired": p.token(-60, "ann"),
            "algorithm": "%s.%s.%s" % (none, body, signature),
            "not base64url": "%s.%sx.%s" % (head, body, signature),
            "no client-id": "ya29.opaque",
            "login name": p.token(600, ""),
        }
        for what, answer in zip(bad, bearer.attempts(s, list(bad.values()))):
            code = "EXPIRED" if "expired" in what else "AUTHENTICATIONFAILED"
            assert answer and "[%s]" % code in answer[0], (what, answer)
            assert answer[1] == {
                "status": "invalid_token", "scope": "",
                "openid-configuration":
                    p.url + "/.well-known/openid-configuration"}, what
        no, error = bearer.attempt(s, good, "bob", "XOAUTH2")
        assert "AUTHENTICATIONFAILED" in no and error == {
            "status": "401", "schemes": "bearer", "scope": ""}, (no, error)
        reasons = re.findall(r'result=no why="(.*?)"', s.log_text())
        for word in (*bad, "another user's"):
            assert any(word in x for x in reasons), (word, reasons)
        # and then none of it has stayed
        assert bearer.works(s, good, "ann")


def test_a_file_can_say_who_may_log_in_with_a_token():
    """The token proves who it is, and a file has the users: any lookup goes
    with any verifier."""
    with sts.Oidc() as p, with_provider(
            p, ", lookup: file, path: users") as s:
        with open(os.path.join(s.dir, "users"), "w") as f:
            f.write("ann:*\n")
        for user in (None, "ann"):
            assert bearer.attempt(s, p.token(600, "ann"), user) is None
        no, error = bearer.attempt(s, p.token(600, "bob"))
        assert "AUTHENTICATIONFAILED" in no and \
            error["status"] == "invalid_token", (no, error)
        assert "the lookup does not know the user" in s.log_text()


@normal_only("waits until the provider may be asked again")
def test_a_provider_that_is_away_is_not_a_wrong_token():
    """Who has a token of a key that is known goes on logging in; another
    one is told that the provider is away, until it is back."""
    with sts.Oidc() as p, with_provider(p) as s:
        proc.await_true("both workers have the keys", lambda: p.seen.count(
            ("GET", "/keys", 200)) == 2, 60)
        p.fault = 503
        ann = p.token(600, "ann")
        answer = bearer.attempt(s, ann)
        assert answer is None, (answer, s.log_tail())
        head, body, signature = ann.split(".")
        kid = sts.b64url(json.dumps({"alg": "RS256", "kid": "2"}).encode())
        new = "%s.%s.%s" % (kid, body, signature)
        # Just after the set was fetched it is called wrong.
        for fault, code in ((503, "UNAVAILABLE"),
                            (None, "AUTHENTICATIONFAILED")):
            p.fault = fault
            proc.await_true(code, lambda: bearer.code(s, new) == code, 60,
                            0.3)
            answer = bearer.attempt(s, ann)
            assert answer is None, (answer, s.log_tail())
        assert "cmd=keys result=unavailable" in s.log_text()

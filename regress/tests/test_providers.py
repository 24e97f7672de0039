"""Logins with tokens of real identity providers, Debian's glewlwyd and npm's
oidc-provider: each algorithm, opaque tokens, keys that change, and a provider
that is killed and comes back."""

import re

import bearer
import proc
import providers
import suite
from mark import normal_only


def users(s):
    """Those who have logged in with a token."""
    return set(re.findall(r"user=(\S+) mech=\S+ .* result=ok", s.log_text()))


def try_tokens(s, p):
    """Every kind of token, with every client, for two users."""
    for kind in p.KINDS:
        for user in ("ann", "bob"):
            token = p.token(user, kind)
            for m in bearer.MECHANISMS:
                assert bearer.attempt(s, token, user, m) is None, (kind, m)
            assert bearer.attempt(s, token) is None
        status, said = bearer.curl(s, token, "bob")
        assert status == 0, said
        no = bearer.attempt(s, token, "ann")
        assert "AUTHENTICATIONFAILED" in no[0] and no[1]["scope"] == "mail"
    assert users(s) == {"ann", "bob"}


def try_rotation(s, p):
    """A token of a key that nobody has seen is taken, without a reload."""
    before = p.token()
    assert bearer.works(s, before)
    p.rotate()
    after = p.token()
    assert bearer.claims(before)["iss"] == bearer.claims(after)["iss"]
    bearer.await_works(s, after)


def try_away(s, p):
    """Killed: those whom it has known go on. Back: all is as before."""
    token = p.token()
    bearer.await_works(s, token)
    p.kill()
    for m in bearer.MECHANISMS:
        assert bearer.attempt(s, token, "ann", m) is None
    p.start()
    assert bearer.works(s, token)
    bearer.await_works(s, p.token("bob"))


@normal_only("starts a provider, and waits until it may be asked again")
def test_tokens_of_glewlwyd():
    with providers.Glewlwyd() as p, suite.Suite(
            auth=p.auth(), users=()) as s:
        try_tokens(s, p)
        try_rotation(s, p)
        jwk = p.jwk()           # of 31 octets each, in base64url
        assert len(jwk["x"]) == len(jwk["y"]) == 42, jwk
        try_away(s, p)


@normal_only("starts a provider, and waits until it may be asked again")
def test_tokens_of_oidc_provider():
    with providers.OidcProvider("the secret of before") as p, suite.Suite(
            auth=p.auth(), users=()) as s:
        try_tokens(s, p)
        # opaque ones, which it is asked about
        opaque = p.token("bob", "opaque")
        assert bearer.code(s, opaque, "bob") == "UNAVAILABLE"
        p.write_secret("secret-of-pail")
        proc.await_true("the new secret is used, without a reload",
                        lambda: bearer.works(s, opaque, "bob"), 60, 0.3)
        assert "." not in opaque and bearer.works(s, opaque, "bob")
        assert bearer.works(s, opaque)
        for what, token in (
                ("scope", p.token(scope="other")),
                ("audience", p.token(aud="pail2")),
                ("scope", p.token(kind="opaque", scope="other")),
                ("audience", p.token(kind="opaque", aud="pail2")),
                ("not active", opaque + "x")):
            no = bearer.attempt(s, token)
            assert no and "AUTHENTICATIONFAILED" in no[0], what
            reasons = re.findall(r'result=no why="(.*?)"', s.log_text())
            assert any(what in x for x in reasons[-2:]), (what, reasons)
        try_rotation(s, p)
        try_away(s, p)
        # Its opaque tokens have gone with it; one that it is asked about
        # while it is away is not wrong.
        opaque = p.token("bob", "opaque")
        proc.await_true("taken", lambda: bearer.works(s, opaque), 60, 0.3)
        p.kill()
        assert bearer.works(s, opaque)
        assert bearer.code(s, opaque + "x") == "UNAVAILABLE"
        p.start()
        proc.await_true("called wrong", lambda: bearer.code(s, opaque + "x")
                        == "AUTHENTICATIONFAILED", 60, 0.3)

"""Credentials that come from profiles of AWS's shared files: keys, commands
and roles, as AWS's own tools would find them."""

import re

import proc
import suite
from credentials import (CURL, Imds, Keys, Printed, appends, assume_role,
                         environment, told, with_source, write)
from mark import normal_only
from moto import ROLES, Moto
from store_rows import source
from sts import Oidc, OidcMinio, Sts

ONE = "arn:aws:iam::123456789012:role/one"
TWO = "arn:aws:iam::210987654321:role/mail/two"


def section(name, *lines):
    return "\n".join(("[%s]" % name,) + lines) + "\n"


def with_keys(name, keys):
    """A section of AWS's credentials file."""
    return section(name, *("%s = %s # none" % p for p in zip(
        ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
        keys)))


def use(s, config, lines, what, why):
    """The profile "mail" of the config file is this from now on: until
    pailctl credentials tells what()."""
    write(config, section("profile mail", *lines), 0o600)
    s.ctl("reload")
    proc.await_true(why, lambda: what() in told(s), 60)
    appends(s)


@source("profile")
def test_profiles_of_the_shared_files_are_used():
    """Static and temporary keys, a command, another source; then one that
    needs a person.  Where the files are is in the environment."""
    server, bucket = suite.store("counted")
    own = (server.access, server.secret)
    made = []

    def make():
        made.append(assume_role(server))
        return made[-1]

    d = proc.tempdir("aws")
    temporary = assume_role(server)
    write(d + "/credentials", with_keys("default", own) +
          with_keys("temporary", temporary), 0o600)
    write(d + "/config", "# AWS\n[default]\nregion = us-east-1\ns3 =\n"
          "  max_queue_size = 10\n", 0o600)
    with environment(AWS_SHARED_CREDENTIALS_FILE=d + "/credentials",
                     AWS_CONFIG_FILE=d + "/config"), \
            Printed(Keys(make, 3600)) as printed, \
            Imds(Keys(make, 3600)) as imds:
        with with_source((server, bucket), "source: profile, endpoint: '%s'" %
                         imds.url) as s:
            assert "profile" in told(s) and own[0] in told(s), told(s)
            appends(s)
            s.over["store"] = s.over["store"].replace(
                "source: profile", "source: profile, profile: temporary")
            s.write_conf()
            s.ctl("reload")
            proc.await_true("temporary keys", lambda: temporary[0] in told(s),
                            60)
            appends(s)
            s.over["store"] = s.over["store"].replace("temporary", "mail")
            s.write_conf()
            use(s, d + "/config", ["credential_process = %s -H \"X: a b\" %s/"
                                   % (CURL, printed.url)],
                lambda: made[-1][0] if made else "none yet", "a command")
            n = len(made)
            use(s, d + "/config", ["credential_source = Ec2InstanceMetadata"],
                lambda: made[-1][0] if len(made) > n else "none yet",
                "the instance's role")
            # What it cannot use it tells, and goes on with what it has.
            use(s, d + "/config", ["region = r", "sso_session = x"],
                lambda: "config:3: sso_session: profile mail needs a person",
                "the reason")
            assert made[-1][0] in told(s), told(s)
            log = s.log_text()
    assert "source=profile access-key=\"%s\"" % own[0] in log, log
    for keys in made + [temporary, own]:
        assert all(secret not in log for secret in keys[1:])


@source("profile", "sts-endpoint")
@normal_only("waits for keys to end")
def test_a_chain_of_profiles_assumes_role_after_role():
    """With a user's keys in the credentials file; the role that fails is
    named."""
    server, bucket = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(server))
        return made[-1]

    d = proc.tempdir("aws")
    write(d + "/credentials", with_keys("user", ("AKIAUSER", "user/secret")),
          0o600)
    write(d + "/config", section(
        "profile mail", "role_arn = " + TWO, "source_profile = first",
        "external_id = 4711:x", "duration_seconds = 3600") + section(
        "profile first", "role_arn = " + ONE, "source_profile = user",
        "role_session_name = node=1"), 0o600)
    roles = {ONE: {"by": "AKIAUSER"},
             TWO: {"by": ONE, "external_id": "4711:x", "keys": make,
                   "life": 10}}
    with Sts(server.region, {"AKIAUSER": "user/secret"}, roles) as sts:
        s = suite.Suite((server, bucket))
        s.over["store"] = (
            "{type: s3, bucket: %s, region: %s, endpoint: '%s', profile: "
            "mail, credentials-file: '%s/credentials', config-file: "
            "'%s/config', credentials: {source: profile, sts-endpoint: '%s'}}"
            % (bucket, server.region, server.endpoint, d, d, sts.url))
        s.write_conf()
        with s:
            appends(s)
            first, second = [q for _, q in sts.given[:2]]
            assert first["RoleSessionName"] == "node=1", first
            assert "ExternalId" not in first, first
            assert second["RoleSessionName"] == "pail", second
            assert second["DurationSeconds"] == "3600", second
            assert "assumed-role/mail/two/pail" in told(s), told(s)
            proc.await_true("another set", lambda: len(made) >= 2, 60)
            appends(s)
            sts.deny = {ONE: (403, "AccessDenied", "not today")}
            proc.await_true("the role that failed", lambda: "profile: "
                            "role_arn %s: %s: AccessDenied (status 403): not "
                            "today" % (ONE, sts.url) in told(s), 60)
            sts.deny = {}
            n = len(made)
            proc.await_true("another set", lambda: len(made) > n, 60)
            appends(s)
            log = s.log_text()
            # A circle is seen before anyone is asked.
            write(d + "/config", section(
                "profile mail", "role_arn = " + TWO,
                "source_profile = first") + section(
                "profile first", "role_arn = " + ONE,
                "source_profile = mail"), 0o600)
            s.ctl("reload")
            proc.await_true("the circle", lambda: "config:6: source_profile: "
                            "profiles that lead in a circle" in told(s), 60)
    for secret in [k for keys in made for k in keys[1:]] + ["user/secret"]:
        assert secret not in log


@source("profile", "web-identity")
def test_minios_own_sts_gives_roles_to_profiles():
    """For a user's keys, and for a token of an identity provider."""
    d = proc.tempdir("aws")
    with Oidc() as oidc:
        server = OidcMinio(oidc)
        write(d + "/credentials", with_keys(
            "user", (server.access, server.secret)), 0o600)
        write(d + "/config", section(
            "profile mail", "role_arn = " + ONE, "source_profile = user",
            "duration_seconds = 900"), 0o600)
        write(d + "/token", oidc.token(900) + "\n", 0o600)
        store = server, server.new_bucket()
        with environment(AWS_SHARED_CREDENTIALS_FILE=d + "/credentials",
                         AWS_CONFIG_FILE=d + "/config", AWS_PROFILE="mail"):
            with with_source(store, "source: profile, sts-endpoint: '%s'" %
                             server.endpoint) as s:
                appends(s)
                text = told(s)
                key = text.split("access key")[1].split()[0]
                assert key != server.access, text
                write(d + "/config", section(
                    "profile mail", "role_arn = " + server.role_arn,
                    "web_identity_token_file = %s/token" % d), 0o600)
                s.ctl("reload")
                proc.await_true("other keys", lambda: key not in told(s) and
                                "expires" in told(s), 60)
                appends(s)
                assert "result=no" not in s.log_text(), s.log_text()
        server.stop()


@source("profile", "credentials-file", "config-file")
def test_roles_that_motos_iam_knows_are_assumed_one_after_the_other():
    """moto looks at the signature of each step; what each gives is what the
    next is signed with."""
    d = proc.tempdir("aws")
    write(d + "/config", section(
        "profile mail", "role_arn = %stwo" % ROLES,
        "source_profile = first", "role_session_name = node-7") + section(
        "profile first", "role_arn = %sone" % ROLES,
        "source_profile = user"), 0o600)
    with Moto("one", "two") as sts:
        write(d + "/credentials", with_keys("user", (
            sts.access, sts.secret)), 0o600)
        s = with_source(
            suite.store("counted"), "source: profile, profile: mail, "
            "credentials-file: '%s/credentials', config-file: '%s/config', "
            "sts-endpoint: '%s'" % (d, d, sts.url))
        text = s.ctl("store", "check", check=False).stdout.decode()
    assert re.search(
        r"^ok    credentials: access key ASIA\w+, source profile, "
        r"identity arn:aws:sts::123456789012:assumed-role/two/node-7, "
        r"expires 20[-\d:TZ]+, with a session token$", text, re.M), text

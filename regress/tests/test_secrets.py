"""Where secrets are: the secret key in no memory but credd's, session tokens
in credd's and storaged's only, and neither in a log or an answer."""

import glob
import os
import re
import resource
import shutil
import signal

import certs
import memory
import proc
import suite
from credentials import (Imds, Keys, Printed, assume_role, environment, told,
                         with_source, write)
from mails import small
from mark import normal_only
from sts import Oidc, OidcMinio

DEBUG = "{level: debug, to: stderr}"
NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def parts(keys):
    """What to look for: a half may be left where the rest was overwritten."""
    _, secret, token = keys
    return {"secret": secret.encode(), "secret's half": secret[20:].encode(),
            "token": token.encode(), "token's part": token[60:120].encode()}


def use(s):
    c = s.client()
    c.append("INBOX", small(1))
    c.ok("SELECT INBOX")
    c.ok("FETCH 1 BODY[]")
    c.logout()


def check_memory(s, keys, environment=False):
    """environment: paild was given them there, and has them there."""
    has, rows = memory.who_has(s, parts(keys))
    if environment:
        has -= {("paild", n) for name, n, m in rows if name == "paild" and
                m.name == "[stack]"}
        assert not [m for name, _, m in rows if name == "paild" and
                    m.name != "[stack]"], rows
    # That credd has them shows that the search finds what is there.
    want = {("credd", n) for n in parts(keys)} | {
        ("storaged", n) for n in parts(keys) if n.startswith("token")}
    assert has == want, rows


def check_apart(s, keys):
    """The bucket's secret is in one credd, private keys are in the others."""
    s.client(tls=True).logout()
    private = certs.pieces(os.path.join(s.dir, "key.pem"))
    has = [{"bucket" if needle in parts(keys) else "tls" for needle, _ in
            memory.search(pid, {**parts(keys), **private})}
           for pid in s.pids("credd")]
    assert sorted(has, key=str) == [{"bucket"}, {"tls"}], has


def check_texts(s, sets):
    s.ctl("store", "check")
    texts = {"log": s.log_text()}
    for args in (("status",), ("credentials",), ("dump", "ann"),
                 ("store", "check")):
        texts[" ".join(args)] = s.ctl(*args).stdout.decode()
    for keys in sets:
        for where, text in texts.items():
            for what, x in parts(keys).items():
                assert x.decode() not in text, (where, what)
    assert sets[-1][0] in texts["log"] and sets[-1][0] in \
        texts["credentials"]


def check_cores(s):
    """None is written, even if the limit is raised."""
    for pid, name in [(s.p.pid, "paild")] + s.children():
        with open("/proc/%d/coredump_filter" % pid) as f:
            assert int(f.read(), 16) == 0, name
        with open("/proc/%d/limits" % pid) as f:
            assert re.search(r"Max core file size +0 +0 ", f.read()), name
    pid = next(pid for pid, name in s.children() if name == "storaged")
    # The kernel gives to root what is of a process that is not dumpable.
    assert os.stat("/proc/%d/maps" % pid).st_uid == 0
    with open("/proc/%d/status" % pid) as f:
        assert not re.search(r"Uid:\t0\t", f.read())
    where = os.readlink("/proc/%d/cwd" % pid)
    before = set(glob.glob(os.path.join(where, "core*")))
    try:
        resource.prlimit(pid, resource.RLIMIT_CORE, (-1, -1))
    except PermissionError:             # a container's root may not do it
        print("   RLIMIT_CORE stays at 0")
    os.kill(pid, signal.SIGABRT)
    proc.await_true("another storaged is there", lambda: [
        1 for p, name in s.children() if name == "storaged" and p != pid])
    assert set(glob.glob(os.path.join(where, "core*"))) == before
    assert "core dumped" not in s.log_text()


def storageds_core(s, needles):
    return memory.core(next(pid for pid, name in s.children()
                            if name == "storaged"), needles)


def static(store, form, keys):
    """A suite that has these in its configuration."""
    server, bucket = store
    s = suite.Suite(store, log=DEBUG)
    for name, value in zip(NAMES, keys):
        with open(os.path.join(s.dir, name), "w") as f:
            f.write(value + "\n")
        os.chmod(f.name, 0o600)
    how = {"value": "%.0s'%s'", "file": "{file: %s}%.0s",
           "env": "{env: %s}%.0s"}[form]
    s.over["store"] = (
        "{type: s3, bucket: %s, region: %s, endpoint: '%s', timeout: 5s, "
        "credentials: {source: static, access-key: %s, secret-key: %s, "
        "session-token: %s}}" % (
            bucket, server.region, server.endpoint,
            *(how % pair for pair in zip(NAMES, keys))))
    s.write_conf()
    os.chmod(s.conf, 0o600)
    return s


def check_static(form):
    store = suite.store("counted")
    keys = assume_role(store[0])
    env = form == "env"
    given = dict(zip(NAMES, keys)) if env else {}
    with environment(**given), static(store, form, keys) as s:
        use(s)
        check_memory(s, keys, env)
        s.ctl("reload")
        use(s)
        check_memory(s, keys, env)
        # Its successor is given them, too, and paild forgets them again.
        for pid in s.pids("credd"):
            os.kill(pid, signal.SIGKILL)
        proc.await_true("another credd has credentials", lambda: len(
            re.findall("credd.*credentials=new", s.log_text())) > 1)
        use(s)
        check_memory(s, keys, env)
        check_apart(s, keys)
        check_texts(s, [keys])


@normal_only("searches all memory")
def test_keys_in_the_configuration_are_in_no_memory_but_credds():
    check_static("value")


@normal_only("searches all memory")
def test_keys_in_files_are_in_no_memory_but_credds():
    check_static("file")


@normal_only("searches all memory")
def test_keys_in_the_environment_are_in_no_other_memory_but_credds():
    check_static("env")


@normal_only("searches all memory")
def test_keys_of_an_instance_role_are_in_no_other_memory_and_in_no_core():
    store = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(store[0]))
        return made[-1]

    with Imds(Keys(make, 3600)) as imds:
        with with_source(store, "source: imds, endpoint: '%s'" % imds.url,
                         log=DEBUG) as s:
            use(s)
            check_memory(s, made[-1])
            check_texts(s, made)
            for token in imds.tokens:
                assert token not in s.log_text()
            # A debugger gets what storaged has to have, and no more.
            assert storageds_core(s, parts(made[-1])) == {
                "token", "token's part"}
            use(s)
            check_cores(s)
            use(s)


@normal_only("searches all memory")
def test_keys_that_a_command_prints_are_in_no_memory_but_credds():
    store = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(store[0]))
        return made[-1]

    with Printed(Keys(make, 3600)) as printed:
        with with_source(store, "source: process, command: '%s -s %s/'" % (
                shutil.which("curl"), printed.url), log=DEBUG) as s:
            use(s)
            check_memory(s, made[-1])
            check_texts(s, made)


@normal_only("searches all memory")
def test_a_web_identity_token_is_in_no_memory_but_credds_and_in_no_log():
    path = os.path.join(proc.tempdir("token"), "token")
    with Oidc() as oidc:
        server = OidcMinio(oidc)
        # As long as one with many groups in it.
        token = oidc.token(900, "mail-node" + "x" * 3200)
        write(path, token + "\n")
        with with_source(
                (server, server.new_bucket()), "source: web-identity, "
                "web-identity-token-file: '%s', role-arn: '%s', "
                "sts-endpoint: '%s'" % (path, server.role_arn,
                                        server.endpoint), log=DEBUG) as s:
            core = None
            for _ in range(2):
                use(s)
                key = told(s).split("access key")[1].split()[0]
                needles = {"token": token.encode(),
                           "its head": token[:80].encode(),
                           "its claims": token.split(".")[1].encode(),
                           "its signature": token[-60:].encode()}
                has, rows = memory.who_has(s, dict(needles,
                                                   key=key.encode()))
                # The key's ID shows that the search finds what is there.
                assert {("credd", "key"), ("storaged", "key")} <= has, rows
                assert {name for name, what in has
                        if what != "key"} <= {"credd"}, rows
                if core is None:
                    core = storageds_core(s, dict(needles, key=key.encode()))
                for text in (s.log_text(), told(s),
                             s.ctl("status").stdout.decode()):
                    assert not [x for x in needles.values()
                                if x.decode() in text], text
                s.ctl("reload")
                proc.await_true("credentials that are new", lambda: key not
                                in told(s), 60)
        server.stop()
    assert core == {"key"}, core


@normal_only("searches all memory")
def test_keys_of_a_profile_are_in_no_memory_but_credds():
    """In a file that is longer than a first buffer, which paild reads."""
    store = suite.store("counted")
    keys = assume_role(store[0])
    path = os.path.join(proc.tempdir("aws"), "credentials")
    write(path, "".join("[other%d]\n# %s\n" % (i, "x" * 100)
                        for i in range(80)) +
          "[mail]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
          "aws_session_token = %s\n" % keys, 0o600)
    with with_source(store, "source: profile, profile: mail, "
                     "credentials-file: '%s'" % path, log=DEBUG) as s:
        use(s)
        check_memory(s, keys)
        s.ctl("reload")
        use(s)
        check_memory(s, keys)
        check_texts(s, [keys])

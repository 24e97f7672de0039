"""Credentials that come from elsewhere and end: mail goes on, and nobody who
has no need of a secret has it."""

import os
import threading

import imapc
import proc
import s3proxy
import suite
from credentials import (CURL, Container, Imds, Keys, MockedImds, Printed,
                         appends, assume_role, environment, told, with_source,
                         write)
from mails import small
from mark import normal_only
from store_rows import refused, source


@source("imds", "endpoint")
def test_an_instance_role_is_used_and_renewed():
    store = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(store[0]))
        return made[-1]

    with Imds(Keys(make, 8)) as imds:
        with with_source(store, "source: imds, endpoint: '%s'" %
                         imds.url) as s:
            appends(s, 3)
            proc.await_true("a third set of keys", lambda: len(made) >= 3,
                            60)
            appends(s, 3)
            log = s.log_text()
        assert "source=imds access-key=\"%s\"" % made[0][0] in log, log
        assert all(status == 200 for _, _, status in imds.seen), imds.seen
        # The session token is good for hours: asked for once.
        assert [m for m, _, _ in imds.seen].count("PUT") == 1, imds.seen
        for access, secret, token in made:
            assert secret not in log and token not in log


@source("imds")
def test_the_metadata_service_of_amazons_mock_is_understood():
    store = suite.store("counted")
    keys = assume_role(store[0])
    with MockedImds(keys) as mock:
        with with_source(store, "source: imds, endpoint: '%s'" %
                         mock.url) as s:
            appends(s, 2)
            text = told(s)
    assert "imds" in text and keys[0] in text, text


@source("imds", "endpoint-mode")
def test_the_metadata_service_has_an_ipv6_address_too():
    """Which this host does not have: the reason names it."""
    refused(with_source(suite.store("counted"), "source: imds, "
                        "endpoint-mode: ipv6"), r"fd00:ec2::254")


@normal_only("waits for keys to end, for long")
def test_logins_are_unavailable_without_credentials_and_changes_wait():
    store = suite.store("counted")
    keys = Keys(lambda: assume_role(store[0]), 8)
    with Imds(keys) as imds:
        with with_source(store, "source: imds, endpoint: '%s'" %
                         imds.url, users=("ann", "bob")) as s:
            c = s.client()
            imds.fault = 500
            proc.await_true("the keys have ended",
                            lambda: "credentials=expired" in s.log_text(), 60)
            # What is asked for now is done when there are keys again.
            tag = c.start("APPEND INBOX", small(1))
            b = imapc.Imap(s.imap_port)
            r = b.cmd("LOGIN bob " + suite.PASSWORD)
            assert r.status == "NO" and r.code("UNAVAILABLE") is not None, r
            b.close()
            imds.fault = None
            r = c.finish(tag)
            assert r.status == "OK", r
            s.client("bob").logout()
            c.logout()


def test_keys_that_the_server_rejects_are_replaced_and_nobody_notices():
    """Each set is rejected, in the words of AWS and of MinIO, while clients
    write and read."""
    server, bucket = suite.store("counted")
    proxy = s3proxy.Proxy(server)
    made, rejected, errors, done = [], {}, [], []

    def make():
        made.append(assume_role(server))
        return made[-1]

    def refuse(r):
        for access, answer in list(rejected.items()):
            if b"Credential=%s/" % access.encode() in r.head:
                return answer

    def client(s, user, stop):
        try:
            while not stop.is_set():
                appends(s, 3, user)
                done.append(user)
        except Exception as e:          # told below
            errors.append(e)
            stop.set()

    proxy.refuse = refuse
    stop = threading.Event()
    with Imds(Keys(make, 3600)) as imds:
        with with_source((proxy, bucket), "source: imds, endpoint: '%s'" %
                         imds.url, users=("ann", "bob")) as s:
            threads = [threading.Thread(target=client, args=(s, u, stop))
                       for u in ("ann", "ann", "bob")]
            for t in threads:
                t.start()
            for n, answer in enumerate((
                    (400, "ExpiredToken"), (403, "InvalidAccessKeyId"),
                    (400, "InvalidToken"), (403, "InvalidTokenId"))):
                # All work with the set at hand: one request does not meet
                # so many rejections that its time is over.
                was = len(done)
                proc.await_true("clients work", lambda: errors or {
                    "ann", "bob"} <= set(done[was:]), 60)
                access = made[-1][0]
                rejected[access] = answer
                proc.await_true("credd has another set", lambda: errors or
                    len(made) > n + 1 and "access-key=\"%s\"" % made[-1][0] in
                    s.log_text(), 60)
            stop.set()
            for t in threads:
                t.join()
            assert not errors, errors
            text = told(s)
            assert "imds" in text and made[-1][0] in text, text
            assert "expires" in text and "next renewal" in text, text
            for access, secret, token in made:
                assert secret not in text and token not in text
            log = s.log_text()
            # credd is told once for each, not by every request.
            assert log.count("result=refused") <= len(rejected), log
    proxy.close()


@source("container")
def test_a_container_role_is_used_and_its_token_file_read_anew():
    store = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(store[0]))
        return made[-1]

    path = os.path.join(proc.tempdir("token"), "token")

    def rotate(agent, token):
        write(path, token + "\n")
        agent.token = token

    with Container(Keys(make, 8), None) as agent:
        rotate(agent, "first-token")
        # The orchestrator sets these.
        with environment(
                AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.url + agent.PATH,
                AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=path), \
                with_source(store, "source: container") as s:
            appends(s, 2)
            rotate(agent, "second-token")
            n = len(made)
            proc.await_true("another set", lambda: len(made) > n, 60)
            appends(s, 2)
            log = s.log_text()
    assert "source=container" in log, log
    assert "first-token" not in log and "second-token" not in log


@source("auto", "env")
def test_auto_takes_the_first_source_that_has_keys_and_says_why():
    store = suite.store("counted")
    server = store[0]
    access, secret, token = assume_role(server)
    more = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_SESSION_TOKEN": token}
    with environment(**more), with_source(store, "source: auto") as s:
        appends(s, 2)
        log, text = s.log_text(), told(s)
    assert "source=env access-key=\"%s\"" % access in log, log
    assert "skipped=\"static: store.access-key is missing\"" in log, log
    assert "env" in text and access in text, text


@source("static", "access-key", "secret-key", "session-token")
@normal_only("waits for keys to end, for long")
def test_a_secret_in_a_file_is_replaced_without_a_restart():
    """As systemd or Kubernetes do it: by a rename."""
    store = suite.store("counted")
    first, second = assume_role(store[0]), assume_role(store[0])
    folder = proc.tempdir("keys")

    def write(keys):
        for name, value in zip(("access", "secret", "token"), keys):
            with open(os.path.join(folder, "new"), "w") as f:
                f.write(value + "\n")
            os.chmod(os.path.join(folder, "new"), 0o600)
            os.rename(os.path.join(folder, "new"),
                      os.path.join(folder, name))

    write(first)
    with with_source(store, "access-key: {file: '%s/access'}, secret-key: "
                     "{file: '%s/secret'}, session-token: {file: '%s/token'}"
                     % (folder, folder, folder)) as s:
        appends(s, 1)
        assert first[0] in told(s)
        write(second)
        proc.await_true("the new ones are used", lambda: second[0] in
                        told(s), 60, 0.5)
        appends(s, 1)
        log = s.log_text()
    for keys in (first, second):
        assert keys[1] not in log and keys[2] not in log


@source("process", "command")
@normal_only("waits for keys to end")
def test_a_command_prints_keys_and_is_run_again_before_they_end():
    store = suite.store("counted")
    made = []

    def make():
        made.append(assume_role(store[0]))
        return made[-1]

    with Printed(Keys(make, 8)) as printed:
        with with_source(store, "source: process, command: '/bin/sh -c "
                         "\"echo some words >&2; exec %s %s/\"'" %
                         (CURL, printed.url)) as s:
            appends(s, 2)
            proc.await_true("a third set of keys", lambda: len(made) >= 3,
                            60)
            appends(s, 2)
            log = s.log_text()
    assert "source=process access-key=\"%s\"" % made[0][0] in log, log
    assert "command=done said=\"some words\"" in log, log
    for access, secret, token in made:
        assert secret not in log and token not in log


@normal_only("waits for the time limit of a command")
def test_a_command_that_hangs_or_prints_garbage_costs_nobody_his_keys():
    store = suite.store("counted")
    keys = assume_role(store[0])
    d = proc.tempdir("command")
    good = ("echo '{\"Version\": 1, \"AccessKeyId\": \"%s\", "
            "\"SecretAccessKey\": \"%s\", \"SessionToken\": \"%s\"}'\n" %
            keys)
    write(d + "/keys", good)

    def left():
        """What the command has started, and was not ended."""
        out = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    if f.read() == b"sleep\x0086399\0":
                        out.append(pid)
            except OSError:
                pass
        return out

    with with_source(store, "source: process, command: 'sh %s/keys'" %
                     d) as s:
        appends(s, 1)
        for text, why in (
                ("trap '' TERM; sleep 86399 & sleep 86399; wait",
                 "it did not exit in time, and was killed"),
                ("setsid sleep 86399 & echo " + "x" * 1000,
                 "not a JSON object"),
                ("yes", "more than 64 KiB"),
                ("echo %s; echo not today >&2; exit 3" % keys[1],
                 "exit status 3: not today")):
            write(d + "/keys", text + "\n")
            s.ctl("reload")             # asks at once
            proc.await_true(why, lambda: "credentials=kept result=no why=\"pr"
                            "ocess: store.credentials.command: " in
                            s.log_text() and why in s.log_text(), 60)
            appends(s, 1)
        write(d + "/keys", good)
        s.ctl("reload")
        proc.await_true("they are got again", lambda: "reason" not in
                        told(s), 60, 0.2)
        proc.await_true("nothing is left", lambda: not left(), 30, 0.1)
        appends(s, 1)
        log = s.log_text()
        # One that runs when paild ends does not outlive it.
        write(d + "/keys", "trap '' TERM HUP; sleep 86399; sleep 86399\n")
        s.ctl("reload")
        proc.await_true("it runs", left, 60, 0.1)
    proc.await_true("it is gone", lambda: not left(), 30, 0.1)
    assert keys[1] not in log and keys[2] not in log, log


@source("imds", "role")
def test_an_auth_role_is_the_role_that_is_asked_for():
    server, bucket = suite.store("counted")
    with Imds(Keys(lambda: assume_role(server), 3600)) as imds:
        s = suite.Suite((server, bucket))
        s.over["store"] = (
            "{type: s3, bucket: %s, region: %s, endpoint: '%s', "
            "auth-role: mail-node, credentials: {source: imds, "
            "endpoint: '%s'}}" % (bucket, server.region, server.endpoint,
                                  imds.url))
        s.write_conf()
        with s:
            appends(s, 1)
        # Its name is known: nobody has asked for it.
        assert all(not path.endswith("/security-credentials/")
                   for _, path, _ in imds.seen), imds.seen

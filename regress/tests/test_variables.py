"""A configuration from variables of the environment: without a file, or in
the place of what it says."""

import os
import socket
import subprocess

import imapc
import jail
import proc
import suite

FILE = "/etc/pail.yaml"


def variables(s, port, server, bucket):
    more = {"PAIL_SANDBOX": "best-effort"} if jail.landlock() < 2 else {}
    return {
        "PAIL_LISTEN": "[imap://127.0.0.1:%d]" % port,
        "PAIL_STORE_TYPE": "s3",
        "PAIL_BUCKET": bucket,
        "PAIL_STORE_REGION": server.region,
        "PAIL_STORE_ENDPOINT": server.endpoint,
        "PAIL_STORE_ACCESS_KEY": server.access,
        "PAIL_STORE_SECRET_KEY": server.secret,
        "PAIL_CACHE_PATH": os.path.join(s.dir, "cache"),
        "PAIL_CONTROL_SOCKET": os.path.join(s.dir, "ctl/pail.sock"),
        "PAIL_AUTH": "[{type: file, path: %s/users}]" % s.dir,
        "PAIL_PROCESSES_IMAPD": "1",
        "PAIL_PROCESSES_STORAGED": "1",
        **more}


def paild(s, env, *args):
    """With no variables but these, and without -f."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PAIL_")}
    return subprocess.run([s.bin(args[0]), *args[1:]], env={**clean, **env},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)


def test_pail_serves_without_a_file():
    assert not os.path.exists(FILE), "this test needs a host without " + FILE
    server, bucket = suite.store("minio")
    s = suite.Suite((server, bucket))
    port = proc.free_port()
    env = variables(s, port, server, bucket)
    r = paild(s, env, "paild", "-n")
    assert r.returncode == 0 and b"configuration OK" in r.stderr, r
    with open(s.logname, "w") as log:
        s.p = proc.spawn([s.bin("paild"), "-d"], stdout=subprocess.PIPE,
                         stderr=log, env={**os.environ, **env})
        s.await_ready()
        imapc.Imap(port, "ann", suite.PASSWORD).logout()
        # pailctl knows the same; a child knows nothing of it.
        r = paild(s, env, "pailctl", "status")
        assert r.returncode == 0 and b"serving" in r.stdout, r
        assert paild(s, env, "pailctl", "reload").returncode == 0
        for pid, name in s.children():
            with open("/proc/%d/environ" % pid, "rb") as f:
                seen = f.read()
            assert b"PAIL_" not in seen.replace(b"PAIL_LOG=paild", b""), seen
        imapc.Imap(port, "ann", suite.PASSWORD).logout()
        # A process that is started again gets its secret from there.
        for pid, name in s.children():
            if name == "credd":
                os.kill(pid, 9)
        proc.await_true("credd has the key", lambda: server.access.encode()
                        in paild(s, env, "pailctl", "credentials").stdout)
        assert proc.end(s.p) == 0


def test_variables_come_before_the_file():
    s = suite.Suite()
    port = proc.free_port()
    s.prefix = ("env", "PAIL_LISTEN_0=imap://127.0.0.1:%d" % port,
                "PAIL_LOG_LEVEL=debug")
    with s:
        s.client(tls=True).logout()             # as the file says
        imapc.Imap(port, "ann", suite.PASSWORD).logout()
        try:
            socket.create_connection(("127.0.0.1", s.imap_port)).close()
            raise AssertionError("the file's address is listened on")
        except ConnectionRefusedError:
            pass
        assert " debug: " in s.log_text()


def test_a_wrong_variable_is_named_with_the_nearest():
    s = suite.Suite()
    for var, want in (
            ("PAIL_STORE_REGOIN=x", "PAIL_STORE_REGOIN: no key has this "
             "variable (did you mean PAIL_STORE_REGION?)\n"),
            ("PAIL_STORE_TIMEOUT=fast", "PAIL_STORE_TIMEOUT: store.timeout"),
            ("PAIL_LISTEN=imap://127.0.0.1:1", "PAIL_LISTEN: listen is a "
             "single value")):
        name, value = var.split("=", 1)
        r = paild(s, {name: value}, "paild", "-n", "-f", s.conf)
        assert r.returncode == 1, r
        assert want in r.stderr.decode(), r
    # Neither a wrong variable nor its value is told to who may not see it.
    r = paild(s, {"PAIL_STORE_SECRET_KEY": "hush"}, "paild", "-n", "-f",
              s.conf)
    assert r.returncode == 1 and b"hush" not in r.stderr, r
    assert b"PAIL_STORE_SECRET_KEY: store.secret-key cannot be used" in \
        r.stderr, r


def test_all_variables_are_listed():
    s = suite.Suite()
    r = paild(s, {}, "paild", "-n", "--env")
    lines = dict(line.split(None, 1) for line in r.stdout.decode()
                 .splitlines())
    assert r.returncode == 0 and len(lines) > 200, r
    assert lines["PAIL_BUCKET"] == "store.bucket", lines
    for name, path in (("PAIL_STORE_REGION", "store.region"),
                       ("PAIL_AUTH_N_TYPE", "auth.*.type"),
                       ("PAIL_LISTEN", "listen"),
                       ("PAIL_LISTEN_N", "listen.*")):
        assert lines[name].startswith(path + ": "), (name, lines[name])
